"""A wave's files: written whole or not at all, checked before they stand where the pipeline would read them."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rejsens.adding.ids import store_key
from rejsens.adding.proposal import Proposal
from rejsens.adding.request import yaml_text
from rejsens.check import check_wave
from rejsens.problems import Problem
from rejsens.registry import SHIPPED
from rejsens.sidecars import administered_name, load_wave
from rejsens.spreadsheet import safe
from rejsens.study import wave_with_instruments
from rejsens.validate import validate
from rejsens.whole_files import write_all_whole

WAVES, CODEBOOKS = Path("data/waves"), Path("data/codebook")
SHADOWED = ("config", "schemas", "figures", "tables")


def stored_csv(columns: Mapping[str, Sequence[str]], rows: Sequence[int] | None = None) -> bytes:
    """A stored wave: UTF-8, comma, LF, one header row; a text that a spreadsheet would run is kept from it.

    rows   put each row of cells into this row of the file, by blank lines before it; for messages that name rows

    >>> stored_csv({"id": ["a"], "note": ["=1+1"]})
    b"id,note\\na,'=1+1\\n"
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(safe(name) for name in columns)
    at = 2
    safely: dict[str, str] = {}
    for k, cells in enumerate(zip(*columns.values(), strict=True)):
        if rows is not None and rows[k] > at:
            text.write("\n" * (rows[k] - at))
            at = rows[k]
        writer.writerow([safely[c] if c in safely else safely.setdefault(c, safe(c)) for c in cells])
        at += 1
    return text.getvalue().encode()


def sidecar_with(proposal: Proposal, data: bytes) -> dict[str, Any]:
    """The sidecar with the fingerprint of the file that stands beside it."""
    return {**proposal.sidecar, "sha256": hashlib.sha256(data).hexdigest()}


def readable_part(proposal: Proposal, sidecar: Mapping[str, Any]) -> dict[str, Any]:
    """The sidecar without the instruments that cannot be read yet, so that the faults of the others are told at once."""
    gone = {item.id for i in proposal.asked if i.name in proposal.unread for item in i.items}
    entries = [e for e in sidecar["instruments"] if administered_name(e) not in proposal.unread]
    headers = {column: item for column, item in sidecar.get("headers", {}).items() if item not in gone}
    return {**sidecar, "instruments": entries, "headers": headers}


UNREADABLE = "(cannot be read)"


def _without_own_words(proposal: Proposal) -> dict[str, list[str]]:
    """What would be stored, but for cells in people's own words: these are told already, and stand in no file."""
    columns = dict(proposal.columns)
    for name, words in proposal.own_words.items():
        columns[name] = [UNREADABLE if cell in words else cell for cell in columns[name]]
    return columns


# --- checked before it is written ------------------------------------------------------------------------------------


def check(proposal: Proposal) -> list[Problem]:
    """What `rejsens check` would say of the wave if it stood in the study; the study itself is not touched.

    Rows are those of the original export; the wave stands as data/waves/NAME.yaml in every sentence.
    """
    name = proposal.request.name
    with _shadow(name) as study:
        rows = [int(row) for row in proposal.export.rows]
        data = stored_csv(_without_own_words(proposal), rows if rows and rows[0] > 1 else None)
        (study / WAVES / f"{name}.csv").write_bytes(data)
        sidecar = study / WAVES / f"{name}.yaml"
        sidecar.write_text(yaml_text(readable_part(proposal, sidecar_with(proposal, data))), encoding="utf-8")
        found = [finding.problem for finding in check_wave(sidecar).found]
        return [_here(problem, study, name) for problem in found]


@contextmanager
def _shadow(name: str) -> Iterator[Path]:
    """A study like the one we stand in, all links, with room for one more wave; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rejsens-") as place:
        study = Path(place).resolve()
        (study / WAVES).mkdir(parents=True)
        for folder in SHADOWED:
            if Path(folder).exists():
                (study / folder).symlink_to(Path(folder).resolve())
        if not (study / "config/config.yaml").exists():
            shutil.copytree(SHIPPED / "config", study / "config")
        for file in WAVES.glob("*"):
            if file.stem != name and not file.name.startswith((".", "_")) and file.is_file():
                (study / WAVES / file.name).symlink_to(file.resolve())
        yield study


def _here(problem: Problem, study: Path, name: str) -> Problem:
    """A sentence about the shadow as one about the study; of the stored file nobody has heard yet."""
    from dataclasses import replace

    def text(words: str) -> str:
        return words.replace(str(study / WAVES / f"{name}.csv"), "The export").replace(f"{study}{os.sep}", "")

    where, found, allowed, fix = (text(part) for part in (problem.where, problem.found, problem.allowed, problem.fix))
    return replace(problem, where=where, found=found, allowed=allowed, fix=fix)


# --- written ---------------------------------------------------------------------------------------------------------


def write(proposal: Proposal, stem: str, codebook: bool) -> list[Path]:
    """Write a wave's files; either all of them stand there afterwards, or none is changed.

    stem      NAME, or _NAME for a draft
    codebook  whether the wave can be read as it is, so that a codebook can be made
    returns   what was written, the key file first when it is new
    """
    written: list[Path] = []
    data = stored_csv(proposal.columns)
    finals = {WAVES / f"{stem}.csv": data, WAVES / f"{stem}.yaml": yaml_text(sidecar_with(proposal, data)).encode()}
    if codebook:
        finals[CODEBOOKS / f"{stem}.csv"] = _codebook(proposal, data)
    if proposal.who.new_key and proposal.who.key:
        written.append(store_key(proposal.who.key, Path(".")))
    try:
        in_order = sorted(finals.items(), key=lambda file: file[0].suffix == ".yaml")  # the sidecar last
        write_all_whole(dict(in_order), closed={WAVES / f"{stem}.csv"})
    except BaseException:
        for key in written:
            key.unlink(missing_ok=True)
        raise
    return [*written, *finals]


def _codebook(proposal: Proposal, data: bytes) -> bytes:
    """The wave's codebook: what was asked, item by item, with counts that tell of nobody."""
    from rejsens.codebook import codebook_for_wave, write_wave_codebook
    from rejsens.declarations import load_settings
    from rejsens.disclosure import policy_of

    name = proposal.request.name
    settings = load_settings(".")
    with _shadow(name) as study:
        (study / WAVES / f"{name}.csv").write_bytes(data)
        sidecar = study / WAVES / f"{name}.yaml"
        sidecar.write_text(yaml_text(sidecar_with(proposal, data)), encoding="utf-8")
        _, instruments = wave_with_instruments(str(sidecar))
        wave = load_wave(sidecar)
        rule = policy_of(settings)
        found = validate(wave, instruments, settings["screening"], settings["out_of_range"], rule.min_cell)
        write_wave_codebook(codebook_for_wave(wave, instruments, found.variables), study / "codebook.csv", rule)
        return (study / "codebook.csv").read_bytes()
