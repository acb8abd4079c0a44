"""Scores of a wave that have no item in common: what a table may set side by side without counting an answer twice."""

from __future__ import annotations

from collections.abc import Sequence

from rejsens.definitions import Instrument, Score


def distinct(instruments: Sequence[Instrument], reflective: bool = False) -> list[tuple[Instrument, Score]]:
    """Scores in the order of the instruments, without those that share an item with one before them.

    reflective  only reflective scores of two items or more; of a product score, the subscales that it multiplies
    Ratings of single events stand in no wave of their own and are left out; so are scores that are made of other scores.

    >>> from rejsens.definitions import load_instruments
    >>> own = load_instruments(only=["rses", "a_rsq"])
    >>> [score.id for _, score in distinct([own["rses"], own["a_rsq"]])]
    ['rses_sum', 'a_rsq']
    >>> [score.id for _, score in distinct([own["rses"], own["a_rsq"]], reflective=True)]
    ['rses_sum', 'a_rsq_concern', 'a_rsq_expectancy']
    """
    kept = []
    used: set[str] = set()
    for instrument in (i for i in instruments if not i.event):
        for score in instrument.scores:
            own = {item.id for item in instrument.items_of(score)}
            if score.of or not own or own & used or (reflective and not of_items(score)):
                continue
            used |= own
            kept.append((instrument, score))
    return kept


def of_items(score: Score) -> bool:
    """Whether a score is a reflective scale of two items or more, and not made of products or of other scores."""
    return score.model == "reflective" and not score.pairs and not score.of and len(score.items) > 1
