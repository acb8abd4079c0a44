"""The section on the instruments: their keys, licences and permissions, and how reliable their scores are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.document import Block, Entries, Paragraph, Section, Strong
from rejsens.sections.places import Given, Row

KEYS = {
    "verified": "verified",
    "rule_only": "rule verified",
    "own": "this project’s own",
    "user_supplied": "user-supplied, not verified",
}
ASK_FIRST = "Ask the holder of the rights before collecting data with this instrument."


def instruments(given: Given) -> Section:
    known = list(given.provenance.get("instruments", ()))
    blocks: list[Block] = [Paragraph(line, "status") for line in status_lines(given.tables["dictionary"])]
    blocks += [_doubtful(row) for row in known if row.get("user_supplied")]
    if known:
        blocks.append(Entries(tuple(_instrument(row) for row in known), "instruments"))
    return Section(
        "instruments",
        "Instruments and reliability",
        (*blocks, *given.placed("instruments")),
        "Instruments and reliability",
    )


def status_lines(dictionary: pd.DataFrame) -> list[str]:
    """The lines that instruments ask to have printed wherever they appear, each once."""
    return [line for line in dict.fromkeys(dictionary["status_line"]) if not apa.is_missing(line)]


def _doubtful(row: Row) -> Paragraph:
    said = f" The scoring key of {row['title']} comes from this study and has not been verified by the project."
    return Paragraph((Strong("User-supplied key."), said), "warning")


def _instrument(row: Row) -> tuple[Paragraph, ...]:
    """What must be known of one instrument before its scores are used; rows of `instrument_facts`."""
    found = [Paragraph((Strong(row["title"]), _key(row)))]
    if row["citation"]:
        found.append(
            Paragraph(f"{row['citation']}{' https://doi.org/' + row['doi'] if row['doi'] else ''}", "citation")
        )
    if row["terms"]:
        found.append(Paragraph(f"Licence: {row['terms']}", "terms"))
    if row["permission_required"]:
        found.append(Paragraph((Strong("Permission required."), f" {row['notice'] or ASK_FIRST}"), "warning"))
    elif row["notice"]:
        found.append(Paragraph(row["notice"], "terms"))
    for key, said in (("permission", "Permission"), ("risk_protocol", "Risk protocol")):
        if row.get(key):
            found.append(Paragraph(f"{said}, as stated for the wave: {row[key]}", "terms"))
    return tuple(found)


def _key(row: dict[str, Any] | Row) -> str:
    window = f", window: {row['window']}" if row["window"] else ""
    changed = ", answered on another range than the published one" if row.get("range_changed") else ""
    return f"{window}{changed}. Key: {KEYS.get(row['key_status'], row['key_status'])}."
