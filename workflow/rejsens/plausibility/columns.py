"""Columns that look shifted, coded otherwise, empty or repeated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from rejsens.definitions import Instrument, Item
from rejsens.plausibility.correlation import correlate, interval, meng, told
from rejsens.plausibility.model import MIN_PEOPLE, Answered, Notice, not_run, people_in_both
from rejsens.problems import counted, listed

RUN = 3  # fewest neighbouring columns that make a shift
SURE = 4.0  # Stouffer's z of such a run; its terms share people, so more is asked than of an independent sum
ONE_IN_A_MILLION = 1e-6
SUSPICIOUS = (77, 88, 98, 99, 777, 888, 998, 999, 9999)  # numbers that questionnaires use for "no answer"


def shifted_columns(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Runs of columns that go with their neighbour's earlier answers rather than with their own.

    Two kinds of evidence: correlations of the same people, or (any people) the profile of the items' means.
    """
    if before is None:
        return
    items = [i for i, item in wave.scored_items().items() if i in before.answers and item.type == "scale"]
    if len(items) < RUN + 1:
        return
    now, then = people_in_both(wave, before)
    if len(now) < MIN_PEOPLE:
        yield not_run(
            wave.name,
            "shifted_columns",
            f"{len(now)} people are in wave {before.name} too, {MIN_PEOPLE} are needed",
            len(now),
        )
    found = _by_people(wave, before, items, now, then) if len(now) >= MIN_PEOPLE else None
    if notice := found or _by_profile(wave, before, items):
        yield notice


def _by_people(
    wave: Answered, before: Answered, items: Sequence[str], now: np.ndarray, then: np.ndarray
) -> Notice | None:
    x, y = wave.table(items)[now], before.table(items)[then]
    own, n = correlate(x, y)
    best = None
    for shift in (1, -1):
        neighbour = np.clip(np.arange(len(items)) + shift, 0, len(items) - 1)
        other, _ = correlate(x, y[:, neighbour])
        between, _ = correlate(y, y[:, neighbour])
        z = meng(np.abs(own), np.maximum(other, 0), between, n)  # a scale turned round is not shifted
        z[(neighbour == np.arange(len(items))) | np.isnan(z)] = 0  # the column at the end has no neighbour
        first, last, total = _strongest_run(z)
        if total > SURE and (best is None or total > best[0]):
            best = (total, shift, first, last, np.nanmean(own[first : last + 1]), np.nanmean(other[first : last + 1]))
    if best is None:
        return None
    _, shift, first, last, r_own, r_other = best
    text = (
        f"{last - first + 1} columns, {wave.column(items[first])} to {wave.column(items[last])}, correlate {told(r_other)} "
        f"on average with the answers of the same {len(now):,} people to the {'next' if shift > 0 else 'previous'} question in "
        f"wave {before.name}, and {told(r_own)} with those to their own"
    )
    return _shift(wave, items[first], text, len(now), "r", float(r_other))


def _strongest_run(z: np.ndarray) -> tuple[int, int, float]:
    """First and last position, and Stouffer's z, of the neighbouring columns whose evidence is the strongest."""
    best = (0, -1, -math.inf)
    sums = np.concatenate([[0], np.cumsum(z)])
    for first in range(len(z) - RUN + 1):
        lengths = np.arange(RUN, len(z) - first + 1)
        stouffer = (sums[first + lengths] - sums[first]) / np.sqrt(lengths)
        top = int(stouffer.argmax())
        if stouffer[top] > best[2]:
            best = (first, first + int(lengths[top]) - 1, float(stouffer[top]))
    return best


def _by_profile(wave: Answered, before: Answered, items: Sequence[str]) -> Notice | None:
    """Item means, each from 0 to 1 of its range and about its instrument's mean, that fit the neighbour's earlier ones."""
    for instrument in wave.instruments:
        own = [i for i in items if i in {item.id for item in instrument.items}]
        if len(own) < 2 * RUN or min(wave.n, before.n) < MIN_PEOPLE:
            continue
        now, then = (_profile(answered.table(own)) for answered in (wave, before))
        (straight,), _ = correlate(now, then)
        for shift in (1, -1):
            a, b = (now[:-1], then[1:]) if shift > 0 else (now[1:], then[:-1])
            (shifted,), (k,) = correlate(a, b)
            low, _ = interval(shifted, k)
            _, high = interval(straight, len(own))
            if low > high:
                text = (
                    f"the {len(own)} items' means follow those of the {'next' if shift > 0 else 'previous'} question in wave "
                    f"{before.name} (r = {told(shifted)} over {k} items) rather than their own ({told(straight)})"
                )
                return _shift(wave, own[0], text, wave.n, "r", float(shifted))
    return None


def _profile(table: np.ndarray) -> np.ndarray:
    seen = ~np.isnan(table)
    return np.where(seen, table, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)


def _shift(wave: Answered, first: str, text: str, n: int, measure: str, value: float) -> Notice:
    advice = "a column may have been inserted, deleted or renamed: compare the header with the questionnaire, and correct `columns:` or `headers:`"
    return Notice(wave.name, "shifted_columns", wave.column(first), text, advice, n, measure, value)


def codes(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Instruments whose lowest (or highest) code nobody uses any more, or whose lowest code nobody uses at all."""
    for instrument in (i for i in wave.instruments if i.scores):
        items = [item for item in instrument.items if item.type == "scale" and not item.choice_of]
        if len(items) < 2 or wave.n < MIN_PEOPLE:
            continue
        values = wave.table([item.id for item in items])
        n = int((~np.isnan(values)).sum())
        for end, name in (("low", "lowest"), ("high", "highest")):
            if n and not _uses(values, items, end):
                yield from _unused(wave, before, instrument, items, n, end, name)


def _uses(values: np.ndarray, items: Sequence[Item], end: str) -> int:
    return int((values == np.array([getattr(item, end) for item in items])).sum())


def _unused(
    wave: Answered, before: Answered | None, instrument: Instrument, items: Sequence[Item], n: int, end: str, name: str
) -> Iterator[Notice]:
    then = [item for item in items if before and item.id in before.answers]
    earlier = before.table([item.id for item in then]) if before and then else np.empty((0, 0))
    answered = int((~np.isnan(earlier)).sum())
    share = _uses(earlier, then, end) / answered if answered else 0
    code = f"{getattr(items[0], end):g}"
    if before and share and (1 - share) ** n < ONE_IN_A_MILLION:
        seen = f"{100 * share:.0f} % of the answers in wave {before.name} are this code"
    elif not answered and end == "low" and n >= 300 and len(items) >= RUN and items[0].high - items[0].low >= 3:
        seen = "every other code is higher"
    else:
        return
    text = f"nobody gave the {name} code, {code}, in {n:,} answers to {len(items)} items; {seen}"
    advice = "another wave's or another platform's codes look like this: state `labels:`, `range:` or `anchor_direction:` for this wave"
    yield Notice(wave.name, "codes", instrument.name, text, advice, n, "share", share)


def missing_code(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """A number far above all others, given by several people, of the kind that stands for "no answer"."""
    for item in (item for item in wave.items().values() if item.type == "number"):
        values = wave.answers[item.id]
        values = values[~np.isnan(values)]
        for code in (c for c in SUSPICIOUS if (values == c).sum() >= 3 and values.max() == c):
            others = values[values != code]
            if len(others) >= MIN_PEOPLE and code - others.max() >= max(5, 3 * others.std()) / 3:
                n = int((values == code).sum())
                text = f"{n:,} people gave {code}, far above every other answer"
                advice = "if it means no answer, add it to `missing_codes:`"
                yield Notice(wave.name, "missing_code", wave.column(item.id), text, advice, n, "count", n)


def constant(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Items that nobody answered, or that everybody answered alike."""
    if not wave.n:
        return
    for instrument in wave.instruments:
        items = [item for item in instrument.items if item.id not in wave.unread]
        empty = [item.id for item in items if np.isnan(wave.answers[item.id]).all()]
        if empty:
            names = listed([wave.column(i) for i in empty])
            advice = "list the items that were asked (`items:`), or look whether the export lost the column's answers"
            text = f"nobody answered {counted(len(empty), 'item')} of {len(instrument.items)} ({names})"
            yield Notice(wave.name, "constant", instrument.name, text, advice, wave.n, "count", len(empty))
        for item in instrument.items:
            values = wave.answers[item.id]
            values = values[~np.isnan(values)]
            if len(values) >= MIN_PEOPLE and np.ptp(values) == 0 and _may_vary(item):
                text = f"all {len(values):,} answers are {values[0]:g}"
                if item.labels and values[0] in item.labels:
                    text += f" ({item.labels[values[0]]})"
                yield Notice(
                    wave.name,
                    "constant",
                    wave.column(item.id),
                    text,
                    "look whether the column was filled down, or read from the wrong place",
                    len(values),
                    "count",
                    len(values),
                )


def _may_vary(item: Item) -> bool:
    """Not so: an instructed answer, a tick box, a yes or no such as a consent (those who said no are not here)."""
    return item.instructed is None and not item.choice_of and len(item.labels) not in (1, 2)


def sorted_column(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Items whose answers rise (or fall) from the first row to the last and have nothing to do with the rest of the scale.

    A whole sheet sorted by an item keeps its rows together; one column sorted alone does not.
    """
    for instrument in (i for i in wave.instruments if i.scores and len(i.items) > 1):
        for item in instrument.items:
            values = wave.answers[item.id]
            values = values[~np.isnan(values)]
            steps = np.diff(values)
            if len(values) < MIN_PEOPLE or not ((steps >= 0).all() or (steps <= 0).all()) or len(np.unique(values)) < 3:
                continue
            others = wave.table([other.id for other in instrument.items if other.id != item.id])
            r, n = correlate(np.repeat(wave.answers[item.id][:, None], others.shape[1], axis=1), others)
            low, high = interval(r, n)
            if not ((low > 0) | (high < 0)).any():
                text = (
                    f"its {len(values):,} answers stand in order of size, and go with no other item of {instrument.name} "
                    f"(r at most {told(float(np.nanmax(np.abs(r))))}, signs aside)"
                )
                advice = "a column sorted apart from its rows looks like this: export the wave again"
                most = float(np.nanmax(np.abs(r)))
                yield Notice(wave.name, "sorted_column", wave.column(item.id), text, advice, len(values), "r", most)


def same_columns(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Two items with the same answer from everybody."""
    seen: dict[bytes, str] = {}
    for name in (name for name, item in wave.items().items() if not item.choice_of):
        values = wave.answers[name]
        first = seen.setdefault(values.tobytes(), name)
        known = values[~np.isnan(values)]
        # where hardly anybody differs from the rest, columns are equal by chance
        if (
            first != name
            and len(known) >= MIN_PEOPLE
            and np.unique(known, return_counts=True)[1].max() <= len(known) - 10
        ):
            text = f"everybody ({len(known):,} people) answered it exactly as {wave.column(first)}"
            yield Notice(
                wave.name, "same_columns", wave.column(name), text,
                "look whether one column was copied over the other, or read twice", len(known), "count", len(known),
            )  # fmt: skip
