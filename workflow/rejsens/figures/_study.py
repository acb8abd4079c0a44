"""What several figures ask of a study: which scores come first, which waves there are, what a score is called."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from rejsens import apa, style

MIN_CELL = 10  # people behind any number in a figure that may be shared, when the study does not say


def min_cell(study: dict[str, Any]) -> int:
    return int(study.get("min_cell") or MIN_CELL)


def level(study: dict[str, Any]) -> str:
    """The level of the study's intervals in percent, e.g. '95%'."""
    return apa.level(study.get("ci_level") or 0.95)


def first_scores(
    study: dict[str, Any], dictionary: pd.DataFrame, known: Collection[str], most: int
) -> tuple[list[str], int]:
    """Scores to show, and how many known ones are left out: the study's own choice, or else every score in turn."""
    wanted = [score for score in study.get("score_order") or [] if score in known]
    chosen = list(dict.fromkeys(wanted or [score for score in dictionary["score"] if score in known]))[:most]
    return chosen, len(set(known)) - len(chosen)


def labels(dictionary: pd.DataFrame) -> dict[str, str]:
    """Score id to printed label; a score without a label is called by its id."""
    return {row.score: str(row.label) if pd.notna(row.label) else spoken(row.score) for row in dictionary.itertuples()}


def spoken(name: str) -> str:
    return str(name).replace("_", " ")


def in_time(waves: pd.DataFrame) -> pd.DataFrame:
    """Waves in time order, short retests last."""
    ordered = waves.assign(retest=waves["role"].eq("retest")).sort_values(["retest", "wave_number"], kind="stable")
    return ordered.drop(columns="retest")


def panel_waves(waves: pd.DataFrame) -> list[str]:
    """The waves of the panel in time order; a short retest is no wave of the panel."""
    return [str(wave) for wave in in_time(waves[waves["role"].ne("retest")])["wave"]]


def span(counts: pd.Series) -> str:
    """How many there are, from the fewest to the most.

    >>> span(pd.Series([941, 1060])), span(pd.Series([86]))
    ('941 to 1,060', '86')
    """
    low, high = apa.count(counts.min()), apa.count(counts.max())
    return low if low == high else f"{low} to {high}"


def wave_ticks(waves: Sequence[str], room: float) -> tuple[list[str], str]:
    """Wave names for an axis, and the label of that axis when the names had to be cut to what tells them apart.

    room   mm for each name

    >>> wave_ticks(["2026a", "2026b"], 9.0), wave_ticks(["2026a", "2026b"], 5.0)
    ((['2026a', '2026b'], ''), (['a', 'b'], 'waves 2026a to 2026b'))
    """
    if all(style.width_of(wave, style.SMALLEST) + 1.2 <= room for wave in waves):
        return list(waves), ""
    alike = (len(set(letters)) == 1 for letters in zip(*waves, strict=False))
    cut = sum(itertools.takewhile(bool, alike))
    short = [wave[cut:] for wave in waves]
    if cut >= 2 and all(short) and all(style.width_of(wave, style.SMALLEST) + 1.2 <= room for wave in short):
        return short, f"waves {waves[0]} to {waves[-1]}"
    return [str(number) for number in range(1, len(waves) + 1)], "waves in time order"


def opening(words: str) -> str:
    """Words as they open a title."""
    return words[:1].upper() + words[1:]


def counted(count: int, word: str) -> str:
    """A count with its noun.

    >>> counted(1, "score"), counted(9, "score")
    ('1 score', '9 scores')
    """
    return f"{apa.count(count)} {word}" if count == 1 else f"{apa.count(count)} {word}s"


def unvalidated(dictionary: pd.DataFrame, scores: Sequence[str]) -> str:
    """The status lines of the shown scores' instruments, each once."""
    lines = dictionary.loc[dictionary["score"].isin(scores), "status_line"].dropna()
    return " ".join(dict.fromkeys(str(line).strip() for line in lines if str(line).strip()))


def sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)
