"""How near made-up rows come to people's: copies, distances, and what somebody could learn who compared the two."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

LEAST_SHARED = 10  # answers that two rows must both have before they can be called near
SHOWN = 1000  # rows of a side that are compared, drawn at random where there are more
BLOCK = 500  # rows compared at once


def fingerprints(rows: np.ndarray, least: int = 1) -> set[bytes]:
    """Rows of answers, as bytes, that fewer than `least` people share; rows with few answers are nobody's in particular."""
    held = rows[(~np.isnan(rows)).sum(axis=1) >= LEAST_SHARED]
    if not len(held):
        return set()
    whole, counts = np.unique(np.where(np.isnan(held), -9999.0, held), axis=0, return_counts=True)
    return {row.tobytes() for row in whole[counts < least]}


def copied(rows: np.ndarray, taken: set[bytes]) -> np.ndarray:
    """Which rows are one of those taken, (n,) bool."""
    whole = np.where(np.isnan(rows), -9999.0, rows)
    return np.array([row.tobytes() in taken for row in whole], bool)


def distances(rows: np.ndarray, others: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Mean difference of the answers that two rows both have, in parts of the item's range, (n, m); inf where they share few.

    rows, others   (n, p) and (m, p), NaN = no answer
    spans          (p,), the range of each item
    """
    found = np.full((len(rows), len(others)), np.inf, dtype=np.float32)
    b = (others / spans).astype(np.float32)
    gb = (~np.isnan(b)).astype(np.float32)
    for start in range(0, len(rows), BLOCK):
        a = (rows[start : start + BLOCK] / spans).astype(np.float32)
        ga = (~np.isnan(a)).astype(np.float32)
        shared = ga @ gb.T
        total = np.zeros_like(shared)
        for j in range(a.shape[1]):
            total += np.nan_to_num(np.abs(a[:, j][:, None] - b[:, j][None, :]), copy=False)
        found[start : start + BLOCK] = np.where(shared >= LEAST_SHARED, total / np.maximum(shared, 1), np.inf)
    return found


def risk(
    real: np.ndarray, twin: np.ndarray, spans: np.ndarray, halves: Mapping[str, np.ndarray], rng: np.random.Generator
) -> pd.DataFrame:
    """What of people shows in the twin; measure, value, compared_with, comparison, n, meaning.

    real, twin   rows of one wave, (n, p) and (m, p)
    halves       "used": rows that a second twin was made from, "held": rows it never saw, "twin": that second twin
    """
    real, twin = _sampled(real, rng), _sampled(twin, rng)
    if not min(len(real), len(twin)):
        return pd.DataFrame([_nothing_to_compare()], columns=COLUMNS)
    to_people = distances(twin, real, spans)
    among = distances(real, real, spans)
    np.fill_diagonal(among, np.inf)
    near, own = to_people.min(axis=1), among.min(axis=1)
    rows: list[tuple[str, float, str, float, int, str]] = [
        (
            "rows equal to a person's in every answer that both gave",
            float((near == 0).sum()),
            "people equal to another person in that way",
            float((own == 0).sum()),
            len(twin),
            f"of rows with {LEAST_SHARED} answers or more in common; 0 is wanted, or no more than people share among themselves",
        )
    ]
    for name, q in (("median", 0.5), ("5th percentile", 0.05)):
        rows.append(
            (
                f"distance to the nearest person, {name}",
                _quantile(near, q),
                "distance of a person to the nearest other person",
                _quantile(own, q),
                len(twin),
                "no smaller than between people is wanted; 0 to 1, in parts of the items' ranges",
            )
        )
    rows.append(
        (
            "nearest over second nearest person, median",
            _ratio(to_people),
            "the same of people among themselves",
            _ratio(among),
            len(twin),
            "near 1: a row of the twin stands by no person in particular",
        )
    )
    return pd.DataFrame(rows + _of_halves(halves, spans, rng), columns=COLUMNS)


COLUMNS = ["measure", "value", "compared_with", "comparison", "n", "meaning"]


def _nothing_to_compare() -> tuple[str, float, str, float, int, str]:
    """The one row of a study whose waves ask too little for one person's answers to be told from another's."""
    return (
        "rows that were compared with people's",
        0.0,
        f"people with {LEAST_SHARED} answers or more to scales in one wave",
        0.0,
        0,
        "so few answers are shared by many people: rows of the twin were not held against theirs",
    )


def _of_halves(
    halves: Mapping[str, np.ndarray], spans: np.ndarray, rng: np.random.Generator
) -> list[tuple[str, float, str, float, int, str]]:
    """Whether a twin of half the people tells those from the other half: by nearness, and by what it lets one guess."""
    used, held, twin = (_sampled(halves[name], rng) for name in ("used", "held", "twin"))
    if not min(map(len, (used, held, twin))):
        return []
    of_used, of_held = (distances(rows, twin, spans) for rows in (used, held))
    auc = area_under_curve(-of_used.min(axis=1), -of_held.min(axis=1))
    error = math.sqrt((1 / len(used) + 1 / len(held)) / 12)
    known = np.arange(used.shape[1]) % 2 == 0
    guesses = [_guessed(rows, twin, spans, known) for rows in (used, held)]
    return [
        (
            "who was in it, told by nearness: area under the curve",
            auc,
            "two standard errors around chance, upper end",
            0.5 + 2 * error,
            len(used) + len(held),
            "0.5 is chance: a twin of a random half of the people, and people of both halves",
        ),
        (
            "answers guessed rightly from the nearest row, of people the twin was made from",
            guesses[0],
            "the same of people it was not made from",
            guesses[1],
            len(used),
            "half of the answers known, the other half guessed; equal when the twin tells nothing of single people",
        ),
    ]


def _guessed(rows: np.ndarray, twin: np.ndarray, spans: np.ndarray, known: np.ndarray) -> float:
    nearest = twin[distances(rows[:, known], twin[:, known], spans[known]).argmin(axis=1)][:, ~known]
    asked = rows[:, ~known]
    both = ~np.isnan(asked) & ~np.isnan(nearest)
    return float((asked == nearest)[both].mean()) if both.any() else math.nan


def area_under_curve(higher: np.ndarray, lower: np.ndarray) -> float:
    """How often a value of the first stands above one of the second, ties for half.

    >>> area_under_curve(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([higher, lower]))
    n, m = len(higher), len(lower)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _sampled(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    held = rows[(~np.isnan(rows)).sum(axis=1) >= LEAST_SHARED]
    return held if len(held) <= SHOWN else held[np.sort(rng.choice(len(held), SHOWN, replace=False))]


def _quantile(values: np.ndarray, q: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, q)) if len(finite) else math.nan


def _ratio(found: np.ndarray) -> float:
    if found.shape[1] < 2:
        return math.nan
    two = np.partition(found, 1, axis=1)[:, :2]
    two = two[np.isfinite(two).all(axis=1) & (two[:, 1] > 0)]
    return float(np.median(two[:, 0] / two[:, 1])) if len(two) else math.nan
