"""Do items run with their scale, and scales with each other and with their earlier selves, as their keys say?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rejsens.definitions import Instrument, Item, Score
from rejsens.plausibility.correlation import correlate, interval, meng, told
from rejsens.plausibility.model import MIN_PEOPLE, Answered, Notice, not_run, people_in_both

DECIDED = 2.58  # a standard normal deviate that is passed by chance once in a hundred times (two-sided)


def items_turned(wave: Answered) -> Iterator[Notice]:
    """Items, or all reversed items of a scale together, whose interval against the rest lies wholly below 0."""
    done: set[str] = set()
    for instrument, score in _scales(wave):
        items = [instrument.item(i) for i in score.items]
        keyed = _keyed(wave, items)
        n = int((~np.isnan(keyed)).all(axis=1).sum())
        if n < MIN_PEOPLE:
            yield not_run(wave.name, "items_turned", f"{score.id}: {n} complete rows, {MIN_PEOPLE} are needed", n)
            continue
        turned, r, low, high, answered = _against_the_rest(keyed)
        negative = [position for position in np.flatnonzero(turned) if items[position].id not in done]
        done |= {items[position].id for position in negative}
        together = _reversed_against_straight(keyed, items)
        if (other := _order_that_fits(wave, instrument, score)) and (negative or together):
            yield _another_order(wave, instrument, score, other, len(negative), n)
        elif together:
            done |= {item.id for item in items}
            yield _all_reversed(wave, instrument, score, items, together)
        else:
            for p in negative:
                yield _one_item(wave, score, items[p], r[p], low[p], high[p], int(answered[p]))


def _scales(wave: Answered) -> Iterator[tuple[Instrument, Score]]:
    """Reflective scores of three or more items, the largest first: its items are judged once."""
    scales = [
        (instrument, score)
        for instrument in wave.instruments
        for score in instrument.scores
        if score.model == "reflective" and score.method in ("mean", "sum") and len(score.items) >= 3
    ]
    seen: set[frozenset[str]] = set()
    for instrument, score in scales:
        if frozenset(score.items) not in seen:
            seen.add(frozenset(score.items))
            yield instrument, score


def _keyed(wave: Answered, items: Sequence[Item], reverse: Sequence[bool] | None = None) -> np.ndarray:
    """People x items, keyed; each item from 0 to 1 of its declared range."""
    columns = []
    for position, item in enumerate(items):
        values = (wave.answers[item.id] - item.low) / (item.high - item.low)
        turn = item.must_be_reversed if reverse is None else reverse[position]
        columns.append(1 - values if turn else values)
    return np.column_stack(columns)


def _against_the_rest(keyed: np.ndarray) -> tuple[np.ndarray, ...]:
    """Which items correlate negatively with the mean of the others, r, its interval and n."""
    seen = ~np.isnan(keyed)
    filled = np.where(seen, keyed, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = (filled.sum(axis=1, keepdims=True) - filled) / (seen.sum(axis=1, keepdims=True) - seen)
    r, n = correlate(keyed, rest)
    low, high = interval(r, n)
    return (high < 0) & (n >= MIN_PEOPLE), r, low, high, n


def _reversed_against_straight(keyed: np.ndarray, items: Sequence[Item]) -> tuple[float, float, float, int] | None:
    """r, interval and n of the reversed items' mean with the others' mean, where the whole interval is below 0."""
    reverse = np.array([item.reverse for item in items])
    if not 1 < reverse.sum() < len(items) - 1:
        return None
    complete = keyed[~np.isnan(keyed).any(axis=1)]
    r, n = correlate(complete[:, reverse].mean(axis=1), complete[:, ~reverse].mean(axis=1))
    low, high = interval(r, n)
    return (float(r[0]), float(low[0]), float(high[0]), int(n[0])) if high[0] < 0 else None


def _order_that_fits(wave: Answered, instrument: Instrument, score: Score) -> str | None:
    """Another item order under which no item of the scale would run against it."""
    if instrument.order is None:
        return None
    reverse = {item.id: item.must_be_reversed for item in instrument.items}
    prefix = instrument.name.removesuffix(instrument.id)
    for name, order in instrument.orders.items():
        named = [prefix + i for i in order if prefix + i in reverse]
        if name == instrument.order or len(named) != len(instrument.columns) or len(score.items) < len(named):
            continue
        items = [instrument.item(column) for column in instrument.columns]  # position by position, as presented
        keyed = _keyed(wave, items, [reverse[i] for i in named])
        if not _against_the_rest(keyed)[0].any() and _mean_r(keyed) > _mean_r(_keyed(wave, items)) + 0.1:
            return name
    return None


def _mean_r(keyed: np.ndarray) -> float:
    complete = keyed[~np.isnan(keyed).any(axis=1)]
    complete = complete[:, np.ptp(complete, axis=0) > 0] if len(complete) else complete[:, :0]
    if complete.shape[1] < 2:
        return 0.0
    r = np.corrcoef(complete, rowvar=False)
    return float(r[np.triu_indices(len(r), 1)].mean())


def _another_order(wave: Answered, instrument: Instrument, score: Score, other: str, k: int, n: int) -> Notice:
    return Notice(
        wave.name,
        "items_turned",
        score.id,
        f"{k or 'the reversed'} items run against the scale under the declared `order: {instrument.order}`, "
        f"none would under `order: {other}` (n = {n:,})",
        f"look at the questionnaire: was the item order {other}?",
        n,
        "count",
        k,
    )


def _all_reversed(
    wave: Answered, instrument: Instrument, score: Score, items: Sequence[Item], found: tuple[float, float, float, int]
) -> Notice:
    r, low, high, n = found
    turned = [item.id for item in items if item.reverse]
    declared = [i for i in turned if instrument.item(i).already_reversed]
    if declared:
        said = "although `already_reversed:` says that the export stores them turned"
        advice = "remove `already_reversed:` if the export holds the answers as they were given"
    else:
        said = "after they were reversed: stored reversed, and reversed again?"
        advice = (
            f"state `already_reversed: all` for {instrument.id} in the sidecar if the export stores these items turned"
        )
    text = f"the {len(turned)} reversed items correlate {told(r)} with the other {len(items) - len(turned)}, {said} (n = {n:,})"
    return Notice(wave.name, "items_turned", score.id, text, advice, n, "r", r, low, high)


def _one_item(wave: Answered, score: Score, item: Item, r: float, low: float, high: float, n: int) -> Notice:
    if item.reverse and item.already_reversed:
        said = "it is declared as stored reversed (`already_reversed:`)"
    elif item.reverse:
        said = "it is a reversed item: stored reversed, and reversed again?"
    else:
        said = "it is not a reversed item"
    text = (
        f"correlates {told(r)} with the other items of {score.id}, 99% interval {told(low)} to {told(high)} "
        f"(n = {n:,}); {said}"
    )
    advice = "look at the questionnaire and at how the export codes this column; `already_reversed:` names items that are stored turned"
    return Notice(wave.name, "items_turned", wave.column(item.id), text, advice, n, "r", r, low, high)


def scale_turned(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Scales that correlate negatively with themselves in an earlier wave, or with the wrong sign with other scales."""
    turned_since = set()
    for score in _turned_since(wave, before) if before else ():
        turned_since.add(score.variable)
        yield score
    pairs = [pair for pair in _expected_pairs(wave) if not turned_since & {pair[0], pair[1]}]
    yield from _blamed(wave, pairs)


def _turned_since(wave: Answered, before: Answered) -> Iterator[Notice]:
    now, then = people_in_both(wave, before)
    shared = [s.id for i in wave.instruments for s in i.scores if s.id in wave.scores and s.id in before.scores]
    if not shared or len(now) < MIN_PEOPLE:
        return
    x = np.column_stack([wave.scores[s][now] for s in shared])
    y = np.column_stack([before.scores[s][then] for s in shared])
    r, n = correlate(x, y)
    low, high = interval(r, n)
    for p in np.flatnonzero((high < 0) & (n >= MIN_PEOPLE)):
        text = (
            f"correlates {told(r[p])} with the same score of the same {n[p]:,} people in wave {before.name}, "
            f"99% interval {told(low[p])} to {told(high[p])}"
        )
        advice = "look whether codes run the other way in this export: `anchor_direction:`, `labels:` or `already_reversed:` in the sidecar"
        yield Notice(
            wave.name, "scale_turned", shared[p], text, advice, int(n[p]), "r", float(r[p]), float(low[p]), float(high[p])
        )  # fmt: skip


def _expected_pairs(wave: Answered) -> list[tuple[str, str, str, float, int]]:
    """(x, y, expected sign, r, n) of each pair of scores for which a definition states a sign and n suffices."""
    pairs: dict[frozenset[str], tuple[str, str, str]] = {}
    for instrument in wave.instruments:
        prefix = instrument.name.removesuffix(instrument.id)
        for score in instrument.scores:
            for other, sign in score.expects.items():
                y = next((name for name in (other, other.removeprefix(prefix)) if name in wave.scores), None)
                if y and score.id in wave.scores:
                    pairs.setdefault(frozenset((score.id, y)), (score.id, y, sign))
    found = []
    for x, y, sign in pairs.values():
        r, n = correlate(wave.scores[x], wave.scores[y])
        if n[0] >= MIN_PEOPLE and not np.isnan(r[0]):
            found.append((x, y, sign, float(r[0]), int(n[0])))
    return found


def _blamed(wave: Answered, pairs: list[tuple[str, str, str, float, int]]) -> Iterator[Notice]:
    """The scores that have most of the wrong signs, one after the other, until every wrong sign is explained."""
    wrong = [pair for pair in pairs if _opposite(*pair[2:])]
    right = [pair for pair in pairs if _as_expected(*pair[2:])]
    while wrong:
        names = sorted({name for pair in wrong for name in pair[:2]})
        counts = {name: sum(name in pair[:2] for pair in wrong) for name in names}
        against = {name: sum(name in pair[:2] for pair in right) for name in names}
        worst = max(names, key=lambda name: (counts[name], -against[name]))
        blamed = [name for name in names if (counts[name], against[name]) == (counts[worst], against[worst])]
        mine = [pair for pair in wrong if worst in pair[:2]]
        blamed = [name for name in blamed if all(name in pair[:2] for pair in mine)]
        yield _wrong_signs(wave, blamed, mine, against[worst])
        wrong = [pair for pair in wrong if pair not in mine]


def _opposite(sign: str, r: float, n: int) -> bool:
    low, high = interval(r, n)
    return bool(high < 0 if sign == "positive" else low > 0)


def _as_expected(sign: str, r: float, n: int) -> bool:
    return _opposite("negative" if sign == "positive" else "positive", r, n)


def _wrong_signs(wave: Answered, blamed: Sequence[str], pairs: Sequence[tuple[Any, ...]], right: int) -> Notice:
    r, n = pairs[0][3:]
    low, high = interval(r, n)
    told_pairs = "; ".join(f"{x} with {y} {told(r)} (n = {n:,}), {sign} was expected" for x, y, sign, r, n in pairs)
    text = f"correlates with the wrong sign: {told_pairs}" + (f"; {right} other signs are as expected" if right else "")
    if len(blamed) > 1:
        text = f"one of them looks turned round: {told_pairs}"
    advice = (
        "look at the direction of the codes and at items that are stored reversed: `anchor_direction:` and `already_reversed:`"
        " in the sidecar"
    )
    return Notice(
        wave.name, "scale_turned", " or ".join(blamed), text, advice, n, "r", r, float(low), float(high)
    )  # fmt: skip


def concern_expectancy(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Concern and acceptance ratings that look swapped: all of them (seen across waves), or single situations."""
    for instrument in wave.instruments:
        stated = dict.fromkeys(pair for score in instrument.scores for pair in score.pairs)
        pairs = [(a, b) for a, b in stated if instrument.item(a).role and instrument.item(b).role]
        if len(pairs) < 3:
            continue
        concern = [a if instrument.item(a).role == "concern" else b for a, b in pairs]
        other = [b if instrument.item(a).role == "concern" else a for a, b in pairs]
        if before and all(i in before.answers for i in (*concern, *other)):
            yield from _all_swapped(wave, before, instrument, concern, other)
        elif wave.number > 1:
            yield not_run(
                wave.name,
                "concern_expectancy",
                f"no earlier wave that could be read asked the whole of {instrument.name}",
            )
        yield from _some_swapped(wave, instrument, concern, other)


def _all_swapped(
    wave: Answered, before: Answered, instrument: Instrument, concern: Sequence[str], other: Sequence[str]
) -> Iterator[Notice]:
    now, then = people_in_both(wave, before)
    if len(now) < MIN_PEOPLE:
        reason = f"{instrument.name}: {len(now)} people are in wave {before.name} too, {MIN_PEOPLE} are needed"
        yield not_run(wave.name, "concern_expectancy", reason, len(now))
        return
    items = [instrument.item(i) for i in (*concern, *other)]
    k = len(concern)
    c_now, a_now = (m.mean(axis=1) for m in np.hsplit(_keyed(wave, items)[now], [k]))
    c_then, a_then = (m.mean(axis=1) for m in np.hsplit(_keyed(before, items)[then], [k]))
    z_c, own_c, cross_c, n = _crosswise(c_now, c_then, a_then)
    z_a, own_a, cross_a, _ = _crosswise(a_now, a_then, c_then)
    if min(z_c, z_a) > DECIDED:
        text = (
            f"what stands as concern goes with the acceptance ratings of wave {before.name} (r = {told(cross_c)}) "
            f"rather than with its concern ratings ({told(own_c)}), and the other way round ({told(cross_a)} and {told(own_a)}; n = {n:,})"
        )
        yield _swapped(wave, instrument.name, text, n, cross_c)


def _crosswise(now: np.ndarray, own: np.ndarray, other: np.ndarray) -> tuple[float, float, float, int]:
    """z of "goes with the other rather than with its own", both correlations, n; signs aside."""
    (r_own,), (n,) = correlate(now, own)
    (r_other,), _ = correlate(now, other)
    (between,), _ = correlate(own, other)
    between *= np.sign(r_own) * np.sign(r_other) or 1
    return float(meng(abs(r_own), abs(r_other), between, n)), float(r_own), float(r_other), int(n)


def _some_swapped(
    wave: Answered, instrument: Instrument, concern: Sequence[str], other: Sequence[str]
) -> Iterator[Notice]:
    """Situations whose concern goes with the acceptances of the others, and whose acceptance with their concerns."""
    keyed = _keyed(wave, [instrument.item(i) for i in (*concern, *other)])
    keyed = keyed[~np.isnan(keyed).any(axis=1)]
    if len(keyed) < MIN_PEOPLE:
        reason = f"{instrument.name}: {len(keyed)} complete rows, {MIN_PEOPLE} are needed"
        yield not_run(wave.name, "concern_expectancy", reason, len(keyed))
        return
    c, a = np.hsplit(keyed, [len(concern)])
    for p in range(len(concern)):
        rest = np.arange(len(concern)) != p
        own, others = c[:, rest].mean(axis=1), a[:, rest].mean(axis=1)
        z_c, own_c, cross_c, n = _crosswise(c[:, p], own, others)
        z_a, own_a, cross_a, _ = _crosswise(a[:, p], others, own)
        if min(z_c, z_a) > DECIDED:
            text = (
                f"its concern goes with the other situations' acceptance (r = {told(cross_c)}) rather than with their "
                f"concern ({told(own_c)}), and the other way round ({told(cross_a)} and {told(own_a)}; n = {n:,})"
            )
            names = f"{wave.column(concern[p])} and {wave.column(other[p])}"
            yield _swapped(wave, names, text, n, cross_c)


def _swapped(wave: Answered, variable: str, text: str, n: int, r: float) -> Notice:
    advice = "compare the export's question texts with the questionnaire, and correct `columns:` or `headers:`"
    return Notice(wave.name, "concern_expectancy", variable, text, advice, n, "r", r)
