"""Whether a mutated export was treated rightly: the same scores, differences that are all named, or a sentence."""

from __future__ import annotations

import hashlib
import re
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from typer.testing import CliRunner

from rejsens.adding.ids import hash_all
from rejsens.check import Unreadable as CannotBeChecked
from rejsens.check import check_wave
from rejsens.cli import app
from rejsens.declarations import SHIPPED, load_settings
from rejsens.definitions import Instrument, load_instruments
from rejsens.problems import Refused
from rejsens.quality import screen
from rejsens.responses import cells_outside, without
from rejsens.score_wave import wave_scores
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.simulate import read_parameters, simulate, write_wave
from rejsens.simulate.platforms import WRITERS
from rejsens.validate import NOT_APPLICABLE, validate
from tests.flags import flags
from tests.fuzz.mutator import CANARY, Mutated, Valid, mutation, valid_export
from tests.fuzz.reference import Reading, Unreadable, read

SEED, PEOPLE, WAVE = 11, 24, "2026b"
KEY = b"a key of the tests, thirty-two bytes long"[:32]
PLATFORMS = tuple(WRITERS)
PROGRAMMERS_WORDS = re.compile(r"Traceback|<class|Error\(|Exception|NoneType|\bdtype\b|0x[0-9a-f]{6}|object at ")


class Wrong(AssertionError):
    """A mutated export that was not treated rightly; the message says how to see it again."""


@dataclass(frozen=True)
class Case:
    """A valid export of one platform, where it stands, and what it gives."""

    folder: Path
    valid: Valid
    sidecar: Path
    settings: Mapping[str, Any]
    instruments: tuple[Instrument, ...]
    scores: pd.DataFrame


@cache
def screening() -> list[dict[str, Any]]:
    return load_settings(SHIPPED)["screening"]


@cache
def parameters() -> dict[str, Any]:
    """A short questionnaire with every kind of question: numbers, categories, boxes, instructed and reversed items."""
    found = read_parameters()
    kept = ("background", "mreii_exposure", "mreii_quality", "rses", "gad7")
    asked = [entry for entry in found["instruments"]["every_wave"] if entry["id"] in kept]
    waves = [{**wave, "orders": {"rses": "B"}} for wave in found["waves"]]
    return {**found, "people": PEOPLE, "waves": waves, "instruments": {"every_wave": asked, "first_wave": []},
            "modules": {}}  # fmt: skip


@cache
def _wave() -> Any:
    return next(wave for wave in simulate(parameters(), SEED).waves if wave.name == WAVE)


def case(platform: str, folder: Path) -> Case:
    """Write one platform's export into a study folder and read it."""
    wave = _wave()
    _settings_of(folder)
    sidecar = write_wave(wave, folder / "data/waves", SEED, parameters(), platform)
    content = yaml.safe_load(sidecar.read_text(encoding="utf-8"))
    valid = valid_export(platform, wave, SEED, content)
    asked = tuple(instruments_asked(load_wave(sidecar), load_instruments()))
    return Case(folder, valid, sidecar, content, asked, _read(sidecar, asked)[1])


def _settings_of(study: Path) -> None:
    (study / "config").mkdir(parents=True, exist_ok=True)
    settings = {"study": {"title": "Mutated", "simulated": True}, "screening": screening(), "out_of_range": "missing"}
    (study / "config/config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def _read(sidecar: Path, asked: tuple[Instrument, ...]) -> tuple[Any, pd.DataFrame]:
    wave = load_wave(sidecar)
    found = validate(wave, asked, screening(), "missing")
    return found, wave_scores(found.checked_answers, asked, wave.name, 1, "wave")


def judge(it: Case, seed: int) -> str:
    """Read one mutated export; "same", "named" (differences that the ledger or the mutator names) or "refused".

    raises   Wrong
    """
    mutated = mutation(it.valid, seed)
    file = Path(load_wave(it.sidecar).file)
    file.write_bytes(mutated.content)
    digest = hashlib.sha256(mutated.content).hexdigest()
    it.sidecar.write_text(yaml.safe_dump({**it.settings, "sha256": digest}, sort_keys=False), encoding="utf-8")
    again = f"platform {it.valid.platform}, seed {seed}: {'; '.join(mutated.steps)} [{file}]"
    try:
        found, scores = _read(it.sidecar, it.instruments)
    except Refused as refused:
        _refused_in_a_sentence(str(refused), mutated, again)
        if not refused.problems or not all(p.cause and p.found for p in refused.problems):
            raise Wrong(f"{again}\nrefused without a sentence:\n{str(refused)[:2000]}") from None
        return "refused"
    except Exception:
        raise Wrong(f"{again}\n{traceback.format_exc()}") from None
    try:
        expected = read(mutated.content, it.settings, it.instruments)
    except Unreadable as reason:
        raise Wrong(f"{again}\nread although {reason}") from None
    _same_as(expected, found, scores, it, again)
    if mutated.kind == "harmless":
        _nothing_changed(scores, it, again)
    elif mutated.kind == "legal":
        _only_these(mutated, found, scores, it, again)
    same = len(scores) == len(it.scores) and scores.equals(it.scores)
    return "same" if same else "named"


def judge_added(it: Case, seed: int) -> str:
    """The same for `rejsens add-wave`, which reads the file as somebody downloaded it and writes wave and sidecar.

    raises   Wrong
    """
    mutated = mutation(it.valid, seed)
    study, file = it.folder / "added", it.folder / f"download{it.valid.exported.suffix}"
    shutil.rmtree(study, ignore_errors=True)
    _settings_of(study)
    file.write_bytes(mutated.content)
    (it.folder / "key").write_bytes(KEY)
    typed = ["add-wave", str(file), "--name", WAVE, "--study", str(study), "--simulated", "--ids", "hash", "--yes"]
    typed += ["--platform", it.settings["platform"]]  # a mutated file may no longer look like its platform's
    typed += flags(it.valid.platform, it.valid.exported, _wave(), it.folder, labels=True)
    again = f"add-wave, platform {it.valid.platform}, seed {seed}: {'; '.join(mutated.steps)} [{file}]"
    said = CliRunner().invoke(app, typed, env={"REJSENS_ID_KEY": str(it.folder / "key")})
    if not isinstance(said.exception, SystemExit | None) or "fault of the software" in said.output:
        raise Wrong(f"{again}\n{said.output}\n{said.exception!r}")
    sidecar = study / f"data/waves/{WAVE}.yaml"
    if said.exit_code:
        _refused_in_a_sentence(said.output, mutated, again)
        if sidecar.exists() or sidecar.with_suffix(".csv").exists():
            raise Wrong(f"{again}\nrefused, and written nevertheless")
        return "refused"
    asked = tuple(instruments_asked(load_wave(sidecar), load_instruments()))
    found, scores = _read(sidecar, asked)
    how = {name: it.settings[name] for name in ("file", "encoding", "delimiter") if name in it.settings}
    stored = yaml.safe_load(sidecar.read_text(encoding="utf-8"))
    stored = {k: v for k, v in stored.items() if k not in ("file", "encoding", "delimiter")} | how
    try:
        expected = read(mutated.content, stored, asked)
    except Unreadable as reason:
        raise Wrong(f"{again}\nread although {reason}") from None
    expected.answers["participant"] = pd.Series(hash_all(expected.answers["participant"].tolist(), KEY), dtype="str")
    _same_as(expected, found, scores, replace(it, instruments=asked), again, rows=False)
    honest = it.scores.assign(participant=hash_all(it.scores["participant"].tolist(), KEY))
    same = set(scores) == set(honest) and scores[list(honest)].equals(
        honest.astype(scores.dtypes)
    )  # whatever comes first
    if mutated.kind == "harmless" and not same:
        raise Wrong(f"{again}\nother scores from the same answers")
    return "same" if same else "named"


def judge_checked(it: Case, seed: int) -> str:
    """`rejsens check` finds a fault in each file that is refused, in none that is read, and never breaks off.

    raises   Wrong
    """
    said = judge(it, seed)
    again = f"check, platform {it.valid.platform}, seed {seed} [{it.sidecar}]"
    try:
        blocking = [finding for finding in check_wave(it.sidecar).found if finding.problem.blocks]
    except CannotBeChecked as unreadable:
        blocking = unreadable.problems
    except Exception:
        raise Wrong(f"{again}\n{traceback.format_exc()}") from None
    if (said == "refused") != bool(blocking):
        raise Wrong(f"{again}\n{said} when read, and {blocking or 'nothing'} found by the check")
    return said


def _refused_in_a_sentence(said: str, mutated: Mutated, again: str) -> None:
    if mutated.kind != "any":
        raise Wrong(f"{again}\nrefused although every answer is legal:\n{said}")
    if len(said) > 100_000 or PROGRAMMERS_WORDS.search(said) or CANARY in said:
        raise Wrong(f"{again}\nnot a researcher's sentence:\n{said[:4000]}")


def _same_as(expected: Reading, found: Any, scores: pd.DataFrame, it: Case, again: str, rows: bool = True) -> None:
    """What was read is what stands in the file; what is not scored is named by the ledgers."""
    frame = expected.answers.astype({"row": "int64"})
    outside = cells_outside(frame, list(it.instruments))
    answers = without(frame, outside)
    flow, _, screened = screen(answers, it.instruments, screening(), WAVE)
    kept = (screened["excluded_by"] == "").to_numpy()
    beside = expected.not_applicable.add_suffix(NOT_APPLICABLE)
    theirs = wave_scores(
        pd.concat([answers, beside], axis=1)[kept].reset_index(drop=True), it.instruments, WAVE, 1, "wave"
    )
    try:
        pd.testing.assert_frame_equal(scores, theirs, check_dtype=False, check_exact=True)
        columns = ["participant", *(["row"] if rows else []), "column", "found"]
        cells = [f[columns].astype(object).values.tolist() if len(f) else [] for f in (found.set_aside, outside)]
        assert sorted(cells[0], key=str) == sorted(cells[1], key=str), "cells set aside"
        ours = found.flow[found.flow["rule"].str.startswith("left_out") == False]  # noqa: E712
        assert ours["n_excluded"].tolist() == flow["n_excluded"].tolist(), "the ledger of rows"
        assert ours["n_remaining"].tolist()[1:] == flow["n_remaining"].tolist()[1:], "the ledger of rows"
    except AssertionError as difference:
        raise Wrong(f"{again}\nread otherwise than it stands in the file: {difference}") from None


def _nothing_changed(scores: pd.DataFrame, it: Case, again: str) -> None:
    if not scores.equals(it.scores):
        raise Wrong(f"{again}\nother scores from the same answers")


def _only_these(mutated: Mutated, found: Any, scores: pd.DataFrame, it: Case, again: str) -> None:
    """Exactly the scores of the changed items of the changed rows differ; a row may also enter or leave by a rule."""
    first = it.valid.exported.first_row
    ids = found.quality_rows.set_index("row")["participant"]
    touched: dict[str, set[str]] = {}
    for change in mutated.changes:
        if change.position + first in ids.index:  # a preview is no participant
            touched.setdefault(ids[change.position + first], set()).update(change.items)
    before, after = (frame.set_index("participant") for frame in (it.scores, scores))
    moved = set(before.index) ^ set(after.index)
    if not moved <= set(touched):
        raise Wrong(f"{again}\n{moved - set(touched)} entered or left without a change")
    uses = {s.id: _items(s.id, it.instruments) for i in it.instruments for s in i.scores}
    for person in before.index.intersection(after.index):
        old, new = before.loc[person], after.loc[person]
        differ = {c for c in before.columns if not _equal(old[c], new[c])}
        items = touched.get(person, set())
        may = {
            f"{s}{end}" for s, used in uses.items() if used & items for end in ("", "__n_answered", "__prorated")
        } | items
        if not differ <= may:
            raise Wrong(f"{again}\n{person}: {sorted(differ - may)} changed")


def _items(score: str, instruments: tuple[Instrument, ...]) -> set[str]:
    known = {s.id: s for i in instruments for s in i.scores}
    return set(known[score].items) | {item for part in known[score].of for item in _items(part, instruments)}


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) or (isinstance(a, float) and isinstance(b, float) and np.isnan(a) and np.isnan(b))
