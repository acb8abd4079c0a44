"""What the figures of one instrument ask of its tables: admissible models, their people, their waves, their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens import apa, style
from rejsens.figures._study import in_time, min_cell, spoken

ADMISSIBLE = "admissible"
REVERSED = " (R)"


def with_people(models: pd.DataFrame, study: dict[str, Any], people: bool) -> pd.DataFrame:
    """Models of enough people for a figure that may be shared."""
    return models[models["n"].ge(1 if people else min_cell(study))]


def waves_in_time(present: Sequence[str], waves: pd.DataFrame) -> list[str]:
    """The waves of a table in time order, short retests last; one that the study no longer lists stands at the end."""
    known = [str(wave) for wave in in_time(waves)["wave"]] if len(waves) else []
    there = list(dict.fromkeys(map(str, present)))
    return [wave for wave in known if wave in there] + [wave for wave in there if wave not in known]


def spread(waves: Sequence[str], most: int) -> list[str]:
    """At most so many of the waves: the first, the last, and what lies evenly between.

    >>> spread(["a", "b", "c", "d", "e"], 3), spread(["a", "b"], 3), spread(["a", "b"], 1)
    (['a', 'c', 'e'], ['a', 'b'], ['a'])
    """
    places = np.linspace(0, len(waves) - 1, min(len(waves), most)).round().astype(int)
    return [waves[place] for place in places]


def item_label(label: Any, item: Any, reverse: bool, width: float, size: float = style.SMALLEST) -> str:
    """An item's short label on one line of `width` mm, with (R) where the key reverses it."""
    text = spoken(label) if isinstance(label, str) and label else spoken(item)
    if not reverse:
        return style.wrap(text, width, size, lines=1)
    return style.wrap(text, width - style.width_of(REVERSED, size), size, lines=1) + REVERSED


def few(reasons: Sequence[str], most: int = 4) -> str:
    """Some of many reasons, and how many more there are.

    >>> few(["a: b", "c: d"]), few(list("abcdef"), most=2)
    ('a: b; c: d', 'a; b; and 4 more')
    """
    more = [f"and {len(reasons) - most} more"] if len(reasons) > most else []
    return "; ".join([*reasons[:most], *more])


def not_admissible(models: pd.DataFrame) -> list[str]:
    """What a figure says of models that it does not draw: 'Loneliness, wave w2: negative variance'."""
    failed = models[models["status"].ne(ADMISSIBLE)]
    return [f"{row.label}, wave {row.wave}: {row.status}" for row in failed.itertuples()]


def counts(rows: pd.DataFrame) -> str:
    """People by wave: 'Wave 2026a, n = 1,433'; from the fewest to the most where a wave has several models."""
    parts: list[str] = []
    for wave, own in rows.groupby("wave", sort=False):
        low, high = apa.count(own["n"].min()), apa.count(own["n"].max())
        parts.append(f"{'wave' if parts else 'Wave'} {wave}, n = {low if low == high else f'{low} to {high}'}")
    return "; ".join(parts)
