"""Claims of the Source Documents and Their Verdicts"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.benchmarks import beside
from rejsens.claims import DIFFERENT, overall, tally
from rejsens.layout import PrintedTable
from rejsens.result_names import interval, metric_of, spelled, written
from rejsens.tables._cells import joined, labels, sentence, text_of
from rejsens.verdict_words import outcome

TABLES = ("claims", "benchmarks", "dictionary")
QUOTES = "words"  # its cells hold the words of others
MOST_MEASURES = 3  # labels that are printed; the CSV names them all
COLUMNS = ("Claim, and its tests beneath", "Verdict", "Estimate", "Reason, and what stands beside it")


def lay_out(
    *, claims: pd.DataFrame, benchmarks: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """Every claim once, by theme, with its verdict; its tests beneath it, and what is not tested with the reason."""
    names = labels(dictionary) | _event_labels(dictionary)
    rows: list[tuple[str, ...]] = []
    sections, heads = [], []
    for theme, of_theme in claims.groupby("theme", sort=False):
        sections.append((len(rows), str(theme)))
        for _, own in of_theme.groupby("claim", sort=False):
            heads.append(len(rows))
            tests = [_test(row, names) for row in own.to_dict("records") if text_of(row["label"])]
            rows += [_claim(own, names, _published(own.iloc[0], benchmarks, names)), *tests]
    return PrintedTable(
        title=__doc__,
        columns=COLUMNS,
        rows=tuple(rows),
        sections=tuple(sections),
        heads=tuple(heads),
        alignment=("left",) * 4,
        general=_notes(claims, study),
    )


def _notes(claims: pd.DataFrame, study: Mapping[str, Any]) -> tuple[str, ...]:
    notes = [
        "Text between “ and ” is quoted from the documents.",
        "Supported and opposite tell the sign of a result that differs from 0. Equivalent tells that it lies inside the "
        "bounds of what was declared to be of interest: as claimed where no difference was claimed, not as claimed where "
        "one was. Inconclusive tells that the data do not settle the claim.",
        f"Brackets hold {apa.level(study['ci_level'])} intervals.",
        "Claims that are not tested are listed with the reason. What could measure a claim, the command "
        "“rejsens instruments --measures C12” says.",
    ]
    if (claims["benchmarks"].map(text_of) != "").any():
        notes.append(
            "Published results come from other people, asked in another way; none of them is a pass or a fail."
        )
    return tuple(notes)


def _claim(own: pd.DataFrame, names: Mapping[str, str], published: Sequence[str]) -> tuple[str, ...]:
    """The row of a claim: what became of it, where it stands, what measures it, and what others found."""
    first, untested = own.iloc[0], own[own["label"].map(text_of) == ""]
    quotation = text_of(first["quotation"])
    said = [f"“{quotation}”, in “{first['document']}”" if quotation else first["document"]]
    for row in untested.to_dict("records"):
        named = text_of(row["hypothesis"])
        said.append(f"{named}: {row['verdict']}, {row['reason']}" if named else row["reason"])
    measured = [names.get(part, part) for part in text_of(first["measured_by"]).split("; ") if part]
    further = [f"{len(measured) - MOST_MEASURES} further scores"] if len(measured) > MOST_MEASURES + 1 else []
    shown = measured[: MOST_MEASURES if further else None]
    said += [f"Measured by: {joined([*shown, *further])}"] if measured else []
    said += [f"Published evidence: {text}" for text in (text_of(first["evidence"]),) if text]
    said += [f"Published beside it: {text}" for text in published]
    return (f"{first['claim']} {first['construct']}", _verdict(own), "", " ".join(map(sentence, said)))


def _verdict(own: pd.DataFrame) -> str:
    """The verdict that all tests of a claim share, else how many have each."""
    found = overall(own)
    tests = own[own["label"].map(text_of) != ""].to_dict("records")
    words = tally(Counter(map(outcome, tests))) if found.startswith(DIFFERENT) else found
    return words[:1].upper() + words[1:]


def _published(claim: pd.Series, benchmarks: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Published results that this study has a number for, or that have none anywhere; those told as evidence only once."""
    evidence = text_of(claim["evidence"])
    told = [bool(text_of(doi)) and text_of(doi) in evidence for doi in benchmarks["doi"]]
    comparable = (benchmarks["metric"] == "none") | benchmarks["estimate"].notna()
    return beside(benchmarks[comparable & ~pd.Series(told, index=benchmarks.index, dtype=bool)], claim["claim"], names)


def _test(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    """The row of one hypothesis."""
    estimate = apa.MISSING
    if not apa.is_missing(row["estimate"]):
        estimate = f"{metric_of(row).symbol} = {written(row, 'estimate')} {interval(row)}"
        estimate += "" if apa.is_missing(row["n_people"]) else f", n = {apa.count(row['n_people'])}"
    said = [text_of(row["reason"])]
    said += [f"Invariance: {text}" for text in (spelled(row["invariance"], names),) if text]
    name = f"{row['hypothesis']} {row['label']}{' (exploratory)' if row['kind'] == 'exploratory' else ''}"
    return (name, outcome(row), estimate, " ".join(map(sentence, filter(None, said))))


def _event_labels(dictionary: pd.DataFrame) -> dict[str, str]:
    """Score of single events, without its kind -> its label without the kind: the ledger names such a score once."""
    rated = dictionary[dictionary["event"].map(text_of) != ""]
    rows = zip(rated["score"], rated["label"], rated["event"], strict=True)
    return {score.removeprefix(f"{kind}_"): label.removesuffix(f", {kind}") for score, label, kind in rows}
