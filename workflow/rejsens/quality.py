"""Careless responding, eligibility and duplicates: checks, and the ledger of who was set aside by which rule, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.response_patterns import response_variability as spread_of_answers
from rejsens.response_patterns import string_lengths


class CouldNotRun(Exception):
    """A check whose ingredients this wave does not have; it passes nobody and says so."""


def screen(
    answers: pd.DataFrame,
    instruments: Sequence[Instrument],
    rules: Sequence[Mapping[str, Any]],
    wave: str,
    left_out: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Apply the study's screening rules in order.

    answers      participant, row, item columns (before any row has left)
    rules        entries of `screening:` in config/config.yaml
    left_out     participant, row, rule, label of rows that were no answers and stand nowhere in `answers`; they leave first
    returns      flow     wave, order, rule, label, n_excluded, n_remaining; the counts add up to the raw rows
                 quality  wave, check, label, n_checked, n_flagged, action, reason; one row per rule, also those that only flag
                 rows     participant, row, excluded_by ("" for rows kept), one boolean column per rule
    """
    remaining = np.ones(len(answers), dtype=bool)
    excluded_by = np.full(len(answers), "", dtype=object)
    flow = _before_screening(wave, len(answers), left_out)
    quality, flags = [], {}
    for rule in rules:
        if wave not in rule.get("waves", [wave]):
            continue
        try:
            hit = _hits(rule, answers, instruments, remaining)
            reason, n_checked = "", int(remaining.sum())
        except CouldNotRun as lacking:
            hit, reason, n_checked = np.zeros(len(answers), dtype=bool), f"could not run: {lacking}", 0
        flags[rule["id"]] = hit
        quality.append((wave, rule["id"], rule["label"], n_checked, int(hit.sum()), rule["action"], reason))
        if rule["action"] == "exclude":
            excluded_by[hit] = rule["id"]
            remaining &= ~hit
            flow.append((wave, len(flow), rule["id"], rule["label"], int(hit.sum()), int(remaining.sum())))
    return (
        pd.DataFrame(flow, columns=["wave", "order", "rule", "label", "n_excluded", "n_remaining"]),
        pd.DataFrame(quality, columns=["wave", "check", "label", "n_checked", "n_flagged", "action", "reason"]),
        pd.DataFrame(
            {"participant": answers["participant"], "row": answers["row"], "excluded_by": excluded_by, **flags}
        ),
    )


def _before_screening(wave: str, n_answers: int, left_out: pd.DataFrame | None) -> list[tuple[Any, ...]]:
    """The ledger's first lines: every row of the export, then those that the sidecar leaves out, entry by entry."""
    remaining = n_answers + (0 if left_out is None else len(left_out))
    flow = [(wave, 0, "raw", "Rows in the export", 0, remaining)]
    for (rule, label), group in () if left_out is None else left_out.groupby(["rule", "label"], sort=False):
        remaining -= len(group)
        flow.append((wave, len(flow), rule, label, len(group), remaining))
    return flow


def _hits(
    rule: Mapping[str, Any], answers: pd.DataFrame, instruments: Sequence[Instrument], remaining: np.ndarray
) -> np.ndarray:
    """Remaining rows that a rule catches; a row that has left is nobody's first row."""
    if rule["check"] != "duplicate_participant":
        return CHECKS[rule["check"]](answers, instruments, rule) & remaining
    hit = np.zeros(len(answers), dtype=bool)
    hit[remaining] = duplicate_participant(answers.loc[remaining, ["participant"]], instruments, rule)
    return hit


def duplicate_participant(
    answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]
) -> np.ndarray:
    """Every row of a participant but the first (or the last)."""
    return answers["participant"].duplicated(keep=rule.get("keep", "first")).to_numpy()


def condition(answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]) -> np.ndarray:
    """Rows that do not meet a stated condition on one column; an unanswered question does not meet it."""
    values = _column(answers, rule["column"])
    met = np.ones(len(values), dtype=bool)
    tests: dict[str, Callable[[Any], np.ndarray]] = {
        "equals": lambda wanted: values == wanted,
        "one_of": lambda wanted: np.isin(values, wanted),
        "above": lambda wanted: values > wanted,
        "at_least": lambda wanted: values >= wanted,
        "below": lambda wanted: values < wanted,
        "at_most": lambda wanted: values <= wanted,
    }
    for name, test in tests.items():
        if name in rule:
            met &= test(rule[name])
    return ~met


def instructed_items(answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]) -> np.ndarray:
    """Rows that answered at least `failed_at_least` instructed items otherwise than instructed; a blank is no failure."""
    items = [item for instrument in instruments for item in instrument.items if item.instructed is not None]
    if not items:
        raise CouldNotRun("no instructed item was asked")
    values = answers[[item.id for item in items]].to_numpy()
    failed = (values != np.array([item.instructed for item in items])) & ~np.isnan(values)
    return failed.sum(axis=1) >= rule.get("failed_at_least", 1)


def duration(answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]) -> np.ndarray:
    """Rows faster than `below` (seconds, or whatever the column counts); a missing time flags nobody."""
    return _column(answers, rule["column"]) < rule["below"]


def long_string(answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]) -> np.ndarray:
    """Rows whose longest run of one and the same answer reaches `at_least`."""
    return longest_run(answers, instruments) >= rule["at_least"]


def longest_run(answers: pd.DataFrame, instruments: Sequence[Instrument]) -> np.ndarray:
    """Longest run of identical consecutive raw answers, over the scored items in the order they were presented.

    The run goes on across instruments that share a range and ends where the range changes; a blank ends it.
    """
    items = [(i, instrument.item(i)) for instrument in instruments if instrument.scores for i in instrument.columns]
    if not items:
        raise CouldNotRun("no scored instrument was asked")
    return string_lengths(_in_blocks(answers, items))[0]


def _in_blocks(answers: pd.DataFrame, items: Sequence[tuple[str, Item]]) -> Iterator[tuple[np.ndarray, bool]]:
    """Each item's answers as clicked, and whether its range differs from the item's before."""
    previous = None
    for column, item in items:
        yield clicked(answers, column, item), previous != (item.low, item.high)
        previous = (item.low, item.high)


def low_variability(answers: pd.DataFrame, instruments: Sequence[Instrument], rule: Mapping[str, Any]) -> np.ndarray:
    """Rows whose intra-individual response variability lies below `below`."""
    return response_variability(answers, instruments) < rule["below"]


def response_variability(answers: pd.DataFrame, instruments: Sequence[Instrument]) -> np.ndarray:
    """Intra-individual response variability: SD (n − 1) of a person's raw answers, each mapped to 0–1 by its declared range."""
    items = [item for instrument in instruments if instrument.scores for item in instrument.items]
    if len(items) < 2:
        raise CouldNotRun("fewer than two scored items were asked")
    return spread_of_answers((clicked(answers, item.id, item) - item.low) / (item.high - item.low) for item in items)


def clicked(answers: pd.DataFrame, column: str, item: Item) -> np.ndarray:
    """Answers as they were given: what an export stores reversed is turned back."""
    values = answers[column].to_numpy()
    return item.low + item.high - values if item.already_reversed and item.reverse else values


def _column(answers: pd.DataFrame, column: str) -> np.ndarray:
    if column not in answers:
        raise CouldNotRun(f"“{column}” was not asked")
    return answers[column].to_numpy()


CHECKS: dict[str, Callable[[pd.DataFrame, Sequence[Instrument], Mapping[str, Any]], np.ndarray]] = {
    "duplicate_participant": duplicate_participant,
    "condition": condition,
    "instructed_items": instructed_items,
    "duration": duration,
    "long_string": long_string,
    "intra_individual_variability": low_variability,
}
