"""Every single fault of a shipped key changes a worked example: a reversal turned, an item moved, a range or rule changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rejsens.administration import administer
from rejsens.definitions import Instrument, Score, load_instruments
from rejsens.scoring import score

SHIPPED = {name: found for name, found in load_instruments().items() if found.scores}
Group = tuple[Instrument, pd.DataFrame, pd.DataFrame, list[dict]]


def worked(instrument: Instrument) -> list[Group]:
    """The examples of an instrument's file, those of equal settings together: as administered, answers, what does not
    apply, and the scores expected."""
    groups: dict[str, Group] = {}
    for example in instrument.examples:
        settings = example.get("settings", {})
        empty = (administer(instrument, **settings), pd.DataFrame(), pd.DataFrame(), [])
        asked, answers, absences, expected = groups.get(repr(settings), empty)
        ids = [item.id for item in asked.items]
        given = dict.fromkeys(ids, example["given"]["all"]) if "all" in example["given"] else example["given"]
        absent = {item.id: given.get(item.id) in item.not_applicable for item in asked.items}
        cells = {i: np.nan if given.get(i) is None or absent[i] else float(given[i]) for i in ids}
        answers = pd.concat([answers, pd.DataFrame([cells])], ignore_index=True)
        absences = pd.concat([absences, pd.DataFrame([absent])], ignore_index=True)
        groups[repr(settings)] = (asked, answers, absences, [*expected, example["expect"]])
    return list(groups.values())


def affected(right: Instrument, faulty: Instrument) -> Instrument:
    """The faulty key with only the scores that the fault can reach, and what they are made of."""
    items = {new.id for old, new in zip(right.items, faulty.items, strict=True) if old != new}
    reached: set[str] = set()
    for old, new in zip(right.scores, faulty.scores, strict=True):
        own = {*new.items, *(i for pair in new.pairs for i in pair)}
        reached |= {new.id} if old != new or own & items or set(new.of) & reached else set()
    parts = {part for declared in faulty.scores if declared.id in reached for part in declared.of}
    return replace(faulty, scores=tuple(d for d in faulty.scores if d.id in reached | parts))


def holds(faulty: Instrument, answers: pd.DataFrame, absent: pd.DataFrame, expected: list[dict]) -> bool:
    """Whether a key gives the scores that the examples work out; one that cannot score at all does not."""
    try:
        found = score(answers, [faulty], absent)
    except (KeyError, ValueError):
        return False
    wanted = pd.DataFrame(expected).astype(float)[[declared.id for declared in faulty.scores]]
    return bool(np.allclose(found[list(wanted)].to_numpy(float), wanted.to_numpy(), atol=1e-9, equal_nan=True))


def _scores(instrument: Instrument, at: int, **changes: object) -> Instrument:
    scores = list(instrument.scores)
    scores[at] = replace(scores[at], **changes)
    return replace(instrument, scores=tuple(scores))


def _item(instrument: Instrument, at: int, **changes: object) -> Instrument:
    items = list(instrument.items)
    items[at] = replace(items[at], **changes)
    return replace(instrument, items=tuple(items))


def faults(instrument: Instrument) -> Iterator[tuple[str, Instrument]]:
    """Each key with one fault in it, and what the fault is."""
    used = {
        i for declared in instrument.scores for i in (*declared.items, *(p for pair in declared.pairs for p in pair))
    }
    for at, item in enumerate(instrument.items):
        if item.id in used:
            yield f"{item.id} reversed the other way", _item(instrument, at, reverse=not item.reverse)
            if item.must_be_reversed:
                yield f"{item.id} reversed from a range one too high", _item(instrument, at, high=item.high + 1)
                yield f"{item.id} reversed from a range one too low", _item(instrument, at, low=item.low - 1)
    for at, declared in enumerate(instrument.scores):
        yield from _faults_of_score(instrument, at, declared)


def _faults_of_score(instrument: Instrument, at: int, declared: Score) -> Iterator[tuple[str, Instrument]]:
    for i in () if declared.pairs else declared.items:
        rest = tuple(name for name in declared.items if name != i)
        if rest:
            yield f"{declared.id} without {i}", _scores(instrument, at, items=rest)
        others = [n for n, s in enumerate(instrument.scores) if i not in s.items and s.method == declared.method]
        for other in others[:1] if rest else ():
            moved, target = _scores(instrument, at, items=rest), instrument.scores[other]
            yield f"{i} moved from {declared.id} to {target.id}", _scores(moved, other, items=(*target.items, i))
    for part in declared.of:
        yield f"{declared.id} without {part}", _scores(instrument, at, of=tuple(p for p in declared.of if p != part))
    for pair in declared.pairs:
        yield (
            f"{declared.id} without {pair}",
            _scores(instrument, at, pairs=tuple(p for p in declared.pairs if p != pair)),
        )
    swap = {"mean": "sum", "sum": "mean", "mean_of_scores": "sum_of_scores", "sum_of_scores": "mean_of_scores"}
    if declared.method in swap and len(declared.items or declared.of) > 1:
        yield f"{declared.id} as a {swap[declared.method]}", _scores(instrument, at, method=swap[declared.method])
    if declared.method in ("mean", "sum"):
        yield f"{declared.id} times two", _scores(instrument, at, multiply=declared.multiply * 2)
    if declared.method == "count":
        yield f"{declared.id} counts from one more", _scores(instrument, at, at_least=declared.at_least + 1)
        yield f"{declared.id} counts from one less", _scores(instrument, at, at_least=declared.at_least - 1)
    for code, worth in declared.weights.items():
        yield (
            f"{declared.id}: {code:g} is worth one more",
            _scores(instrument, at, weights={**declared.weights, code: worth + 1}),
        )
    if declared.model != "formative" and not declared.of:
        yield f"{declared.id} asks for one answer more", _scores(instrument, at, min_answered=declared.min_answered + 1)
        yield f"{declared.id} asks for one answer less", _scores(instrument, at, min_answered=declared.min_answered - 1)


# What no example shows, because another rule pins it independently of the file: how many answers a score needs
# (test_instruments and test_mreii: four fifths, or every one), which items of the MREII are reversed (KEY in test_mreii).
PINNED = re.compile(r".* asks for one answer (more|less)|mreii_s03 reversed the other way")


def halves(name: str) -> list[Group]:
    """Two of four for the items of each short MREII score, 0 to one half and 4 to the other: to leave one out shows."""
    if name not in ("mreii_coping", "mreii_matrix"):
        return []
    asked = administer(SHIPPED[name])
    four = {i for s in asked.scores if not s.of for i in s.items[: len(s.items) // 2]}
    ids = [item.id for item in asked.items]
    answers = pd.DataFrame([{i: 4.0 if i in four else 0.0 for i in ids}])
    odd = {"mreii_c_self_validation": 4 / 3, "mreii_matrix_conc": 1 / 5}  # one of three; five equal sources
    expected = {s.id: odd.get(s.id, 2.0) for s in asked.scores}
    return [(asked, answers, pd.DataFrame([dict.fromkeys(ids, False)]), [expected])]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_fault_of_a_key_changes_a_worked_example(name: str) -> None:
    groups = worked(SHIPPED[name]) + halves(name)
    assert groups and all(holds(*group) for group in groups)
    seen: dict[str, bool] = {}
    for asked, answers, absent, expected in groups:
        for fault, faulty in faults(asked):
            seen[fault] = seen.get(fault, False) or not holds(affected(asked, faulty), answers, absent, expected)
    assert len(seen) > len(SHIPPED[name].scores)
    assert [fault for fault, shown in seen.items() if not shown and not PINNED.fullmatch(fault)] == []


def test_the_check_of_keys_can_fail() -> None:
    """Without the examples that have gaps, the faults that they show are missed."""
    dull = [example for example in SHIPPED["rses"].examples if "all" in example["given"]]
    groups = worked(replace(SHIPPED["rses"], examples=tuple(dull)))
    missed = [f for g in groups for f, faulty in faults(g[0]) if holds(affected(g[0], faulty), *g[1:])]
    assert dull and any("asks for one answer" in fault for fault in missed)
