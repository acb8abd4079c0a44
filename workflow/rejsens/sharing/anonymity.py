"""Who could be told from whom: people in classes of equals over all their waves, and what has to be coarsened.

A person is one record, however many waves they answered. What an outsider may know of them is the value of each
quasi-identifier in each wave and, since rows show it, in which waves they took part. k-anonymity (Sweeney, 2002,
10.1142/S0218488502001648) asks that everybody shares all of that with at least k - 1 others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

ABSENT, NO_ANSWER = 0, 1  # codes of a wave somebody did not take part in, and of a question left out there
AS_IS: Mapping[str, Any] = {}
NEVER = -1  # the earlier class of who was in no release


@dataclass(frozen=True)
class People:
    """What outsiders may know of n people in w waves.

    ids       (n,)
    waves     in order of time
    present   (n, w) bool, who has a row in which wave
    values    quasi-identifier -> (n, w) float, NaN = no answer or no row
    retests   (w,) bool, waves that repeat another after a short time
    """

    ids: np.ndarray
    waves: tuple[str, ...]
    present: np.ndarray
    values: Mapping[str, np.ndarray]
    retests: np.ndarray

    def with_strangers(self, n: int) -> People:
        """The same people, and behind them n of whom nothing is known but that they have no row."""
        return People(
            np.concatenate([self.ids, np.full(n, "", dtype=object)]),
            self.waves,
            np.vstack([self.present, np.zeros((n, len(self.waves)), bool)]),
            {name: np.vstack([v, np.full((n, len(self.waves)), np.nan)]) for name, v in self.values.items()},
            self.retests,
        )


def people_of(answers: pd.DataFrame, names: Sequence[str]) -> People:
    """People from a table with one row per person and wave (participant, wave, wave_number, role and the named columns)."""
    waves = tuple(answers["wave"].drop_duplicates())
    code, ids = pd.factorize(answers["participant"])
    column = pd.Index(waves).get_indexer(answers["wave"])
    present = np.zeros((len(ids), len(waves)), bool)
    present[code, column] = True
    values = {}
    for name in names:
        values[name] = np.full(present.shape, np.nan)
        values[name][code, column] = answers[name].to_numpy(dtype=float, na_value=np.nan)
    retest = answers.drop_duplicates("wave")["role"].eq("retest").to_numpy()
    return People(np.asarray(ids, dtype=object), waves, present, values, retest)


# --- coarsening ------------------------------------------------------------------------------------------------------


def kept_rows(people: People, participation: str) -> np.ndarray:
    """Which rows stay, (n, w) bool.

    participation   "as_is": all; "until_gap": of the panel's waves, those up to the first that a person missed after the
                    first one they answered, and no retest; "first": only the first of the panel's waves
    """
    if participation == "as_is":
        return people.present.copy()
    panel = people.present & ~people.retests
    if participation == "first":
        first = np.flatnonzero(~people.retests)[:1]
        return panel & np.isin(np.arange(panel.shape[1]), first)
    kept, begun, ended = np.zeros_like(panel), np.zeros(len(panel), bool), np.zeros(len(panel), bool)
    for w in np.flatnonzero(~people.retests):
        ended |= begun & ~panel[:, w]
        begun |= panel[:, w]
        kept[:, w] = panel[:, w] & ~ended
    return kept


def coarsened(values: np.ndarray, present: np.ndarray, how: Mapping[str, Any]) -> np.ndarray:
    """The values that a coarsened quasi-identifier shows, (n, w) float; NaN = no answer, no row, or not shown at all.

    how   drop: true (not shown); at: entry (the first answer of a person, in all their rows); merge: {label: [codes]} (the
          first code stands for all); bands: width, with `from` and `to`, beyond which the ends are open; the value
          is the lower edge of its band, and below `from` it is `from` minus the width

    >>> ages = np.array([[19.0, 20.0], [44.0, 45.0]])
    >>> coarsened(ages, np.ones((2, 2), bool), {"bands": 10, "from": 20, "at": "entry"}).tolist()
    [[10.0, 10.0], [40.0, 40.0]]
    """
    shown = np.where(present, values, np.nan)
    if how.get("drop"):
        return np.full(shown.shape, np.nan)
    if how.get("at") == "entry":
        answered = ~np.isnan(shown)
        first = np.where(answered.any(axis=1), shown[np.arange(len(shown)), answered.argmax(axis=1)], np.nan)
        shown = np.where(present, first[:, None], np.nan)
    for codes in (how.get("merge") or {}).values():
        shown = np.where(np.isin(shown, codes), codes[0], shown)
    if how.get("bands"):
        width, start = float(how["bands"]), float(how.get("from", 0))
        shown = start + np.floor((shown - start) / width) * width
        shown = np.maximum(shown, start - width) if "from" in how else shown
        shown = np.minimum(shown, float(how["to"])) if "to" in how else shown
    return shown


def band_label(edge: float, how: Mapping[str, Any]) -> str:
    """What a band is called.

    >>> [band_label(edge, {"bands": 10, "from": 20, "to": 60}) for edge in (10, 20, 60)]
    ['under 20', '20 to 29', '60 and over']
    """
    if "from" in how and edge < how["from"]:
        return f"under {how['from']:g}"
    if "to" in how and edge >= how["to"]:
        return f"{how['to']:g} and over"
    return f"{edge:g} to {edge + how['bands'] - 1:g}" if how["bands"] > 1 else f"{edge:g}"


def codes_of(shown: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Values as whole numbers, (n, w): 0 without a row, 1 without an answer."""
    numbers = pd.factorize(shown.ravel())[0].reshape(shown.shape)  # NaN: -1
    return np.where(present, np.where(numbers < 0, NO_ANSWER, numbers + 2), ABSENT)


# --- classes of equals -----------------------------------------------------------------------------------------------


def classes(columns: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The number of the class of each of n people, (n,): two share it when they are equal in every column. Exact, no hash.

    A missing value is a value like any other, equal to itself.

    >>> classes([np.array([1, 1, 2]), np.array([5, 5, 5])], 3).tolist()
    [0, 0, 1]
    """
    found = np.zeros(n, np.int64)
    for column in columns:
        own = pd.factorize(column, use_na_sentinel=False)[0]
        found = pd.factorize(found * (own.max(initial=0) + 1) + own)[0]
    return found


def class_sizes(found: np.ndarray) -> np.ndarray:
    """How many people share each person's class, (n,)."""
    return np.bincount(found)[found] if len(found) else np.zeros(0, int)


@dataclass(frozen=True)
class Release:
    """What a release shows of n people: which rows, and which of them keep their quasi-identifiers.

    rows      (n, w) bool
    blank     (n,) bool, whose quasi-identifiers are blanked in every row
    """

    rows: np.ndarray
    blank: np.ndarray

    @property
    def gone(self) -> np.ndarray:
        """Who has no row in the release, (n,) bool."""
        return ~np.any(self.rows, axis=1)


def shown_classes(people: People, release: Release, coarsening: Mapping[str, Mapping[str, Any]]) -> np.ndarray:
    """Classes of equals in a release, (n,): by the rows somebody has and what these show; those without rows are one class."""
    columns = [release.blank & ~release.gone, *release.rows.T]
    for name, values in people.values.items():
        codes = codes_of(coarsened(values, release.rows, coarsening.get(name, AS_IS)), release.rows)
        codes = np.where(release.blank[:, None] & release.rows, NO_ANSWER, codes)
        columns += [codes[:, w] for w in range(codes.shape[1])]
    return classes(columns, len(people.ids))


def joint_classes(shown: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Classes of who is equal in this release and in all earlier ones, (n,): what somebody sees who joined them all."""
    return classes([earlier, shown], len(shown))


def too_few(joint: np.ndarray, release: Release, earlier: np.ndarray, k: int) -> np.ndarray:
    """Who shares their class with fewer than k - 1 others, (n,) bool. Who was never in any release is nobody's concern."""
    sizes = class_sizes(joint)
    return (sizes < k) & ~(release.gone & (earlier == NEVER))


# --- setting aside the few -------------------------------------------------------------------------------------------

Draw = Callable[[Sequence[int], int], list[int]]  # (candidates, how many) -> those drawn, by a secret


def set_apart(
    people: People,
    coarsening: Mapping[str, Mapping[str, Any]],
    rows: np.ndarray,
    k: int,
    earlier: np.ndarray,
    draw: Draw,
) -> Release:
    """A release in which every class has k people or more, by taking as little as possible from those in small ones.

    Whoever stands in a small class loses their quasi-identifiers; where those without are too few, others of the same waves
    join them; where nobody can, their last wave is left out, and so on up to leaving out the person. Who leaves a study
    between two releases leaves together with others of their class, so that no comparison shows who it was.
    Every step takes something away, so it ends; at worst with nobody left.
    """
    release = Release(rows.copy(), np.zeros(len(rows), bool))
    while True:
        shown = shown_classes(people, release, coarsening)
        joint = joint_classes(shown, earlier)
        few = too_few(joint, release, earlier, k)
        if not few.any():
            return release
        gone = release.gone
        full = few & ~release.blank & ~gone
        if full.any():
            release = replace(release, blank=release.blank | full)
        elif (few & ~gone).any():
            release = _joined_or_shortened(release, joint, few & ~gone, earlier, k, draw)
        else:
            release = _left_together(release, joint, few, earlier, k, draw)


def _joined_or_shortened(
    release: Release, joint: np.ndarray, few: np.ndarray, earlier: np.ndarray, k: int, draw: Draw
) -> Release:
    """Others of the same waves lose their quasi-identifiers too; without others, a last wave is left out."""
    rows, blank = release.rows.copy(), release.blank.copy()
    patterns = classes([earlier, *rows.T], len(rows))
    for group in np.unique(joint[few]):
        members = np.flatnonzero(joint == group)
        others = np.flatnonzero((patterns == patterns[members[0]]) & ~blank)
        if len(others):
            blank[_spared(others, joint, k - len(members), k, draw)] = True
        else:
            last = rows.shape[1] - 1 - np.argmax(rows[members][:, ::-1], axis=1)
            rows[members, last] = False
    return Release(rows, blank)


def _left_together(
    release: Release, joint: np.ndarray, few: np.ndarray, earlier: np.ndarray, k: int, draw: Draw
) -> Release:
    """Too few of an earlier class have left: more of that class are left out with them."""
    rows = release.rows.copy()
    for group in np.unique(joint[few]):
        members = np.flatnonzero(joint == group)
        others = np.flatnonzero((earlier == earlier[members[0]]) & ~release.gone)
        if not len(others):  # an earlier release that was too fine already; nothing taken away now can mend it
            raise PastMending(len(members))
        rows[_spared(others, joint, k - len(members), k, draw)] = False
    return Release(rows, release.blank)


class PastMending(Exception):
    """Fewer than k people of a class of an earlier release are in the study's files at all."""


def _spared(others: np.ndarray, joint: np.ndarray, wanted: int, k: int, draw: Draw) -> list[int]:
    """Whom a group takes in: a few of a class that can spare them, else the smallest class as a whole."""
    sizes = np.bincount(joint[others], minlength=joint.max() + 1)
    able = np.flatnonzero(sizes >= wanted + k)
    if len(able):
        source = able[np.argmax(sizes[able])]
        return draw(others[joint[others] == source].tolist(), wanted)
    held = np.flatnonzero(sizes)
    return others[joint[others] == held[np.argmin(sizes[held])]].tolist()
