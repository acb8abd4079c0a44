"""Are they the same people? Ids, and what cannot have changed from one wave to the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np

from rejsens.plausibility.correlation import correlate
from rejsens.plausibility.model import MIN_PEOPLE, Answered, Notice, not_run, people_in_both, plain_id
from rejsens.problems import counted

FEW_KNOWN = 0.10  # share of a wave's people who took part before, below which a panel looks unlinked
WEAK = 0.25  # mean retest correlation that people who are themselves can hardly fall below
GENDER_CHANGES = 0.05  # share of people whose gender differs from an earlier wave, above which ids look mixed up


def ids_spelling(wave: Answered, earlier: Sequence[Answered]) -> Iterator[Notice]:
    """Ids that no earlier wave knows but for leading zeros, capitals, spaces or a decimal point."""
    latest = earlier[::-1]  # most people are in the wave before: few need to be looked for in all of them
    unknown = [p for p, i in enumerate(map(str, wave.participants)) if not any(i in other.ids for other in latest)]
    plain = [(p, plain_id(str(wave.participants[p]))) for p in unknown]
    again = [p for p, i in plain if any(i in other.plain_ids for other in latest)]
    if len(again) >= 3 or (again and len(again) == len(unknown)):
        text = (
            f"{counted(len(again), 'id')} of {wave.n:,} {'is' if len(again) == 1 else 'are'} unknown as written, but known from earlier waves but for leading "
            "zeros, capitals, spaces or a decimal point"
        )
        advice = "a spreadsheet takes leading zeros away and adds decimals: export the ids again as text, spelt as in the earlier waves"
        yield Notice(
            wave.name, "ids_spelling", "", text, advice, wave.n, "share", len(again) / wave.n,
            people=wave.who(np.array(again)),
        )  # fmt: skip


def ids_known(wave: Answered, earlier: Sequence[Answered]) -> Iterator[Notice]:
    """A wave with hardly anybody from an earlier wave; ids that count up without a gap look newly given."""
    if not earlier or not wave.n:
        return
    latest = earlier[::-1]
    shared = sum(any(i in other.ids for other in latest) for i in map(str, wave.participants))
    if shared < FEW_KNOWN * wave.n:
        text = f"{shared:,} of {wave.n:,} participants took part in an earlier wave"
        if _counts_up(wave.participants):
            text += "; the ids count up without a gap, as if newly given"
        advice = "if these should be the same people, look how the ids were made (another key, another platform's id, renumbered rows)"
        yield Notice(wave.name, "ids_known", "", text, advice, wave.n, "share", shared / wave.n)


def _counts_up(participants: Iterable[str]) -> bool:
    numbers = [re.sub(r"\D", "", str(i)) for i in participants]
    if len(numbers) < 10 or not all(numbers):
        return False
    values = sorted(map(int, numbers))
    return values[-1] - values[0] == len(values) - 1


def ids_link(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """Scores of the same ids in two waves that do not go together at all: sorted, shifted or renumbered ids."""
    if before is None:
        return
    now, then = people_in_both(wave, before)
    names = [
        s.id
        for i in wave.instruments
        for s in i.scores
        if s.model == "reflective" and s.method != "product_mean" and s.id in wave.scores and s.id in before.scores
    ]
    if not names:
        return
    if len(now) < MIN_PEOPLE:
        reason = f"{len(now)} people are in wave {before.name} too, {MIN_PEOPLE} are needed"
        yield not_run(wave.name, "ids_link", reason, len(now))
        return
    r, n = correlate(
        np.column_stack([wave.scores[s][now] for s in names]),
        np.column_stack([before.scores[s][then] for s in names]),
    )
    usable = ~np.isnan(r) & (n >= MIN_PEOPLE)
    if not usable.any():
        return
    z = float(
        np.arctanh(np.clip(np.abs(r[usable]), 0, 0.999)).mean()
    )  # a scale that is turned round links all the same
    chance = float(np.sqrt(2 / np.pi) / np.sqrt(n[usable] - 3).mean())  # mean of |z| where nothing is linked
    if z < min(WEAK, 3 * chance):
        best = float(np.abs(r[usable]).max())
        text = (
            f"the {counted(int(usable.sum()), 'score')} of the same {len(now):,} ids in wave {before.name} correlate "
            f"{np.abs(r[usable]).mean():.2f} on average and {best:.2f} at most, signs aside"
        )
        advice = "ids that were sorted, shifted or renumbered apart from their rows look like this: export ids and answers together again"
        yield Notice(wave.name, "ids_link", "", text, advice, len(now), "r", float(np.abs(r[usable]).mean()))


def background(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """People who are younger than before, or older by more than the time that passed; gender that changed for many."""
    if before is None:
        return
    now, then = people_in_both(wave, before)
    if "age" in wave.answers and "age" in before.answers and len(now):
        years = _years(before, wave)
        change = wave.answers["age"][now] - before.answers["age"][then]
        impossible = np.flatnonzero((change < 0) | (change > years + 1))
        if len(impossible):
            text = (
                f"{_people(len(impossible))} of {int((~np.isnan(change)).sum()):,} {'is' if len(impossible) == 1 else 'are'} younger than in wave {before.name}, or older "
                f"by more than the {years:.1f} years between the waves allow"
            )
            advice = "look whether the ids link the right people, and whether one of the two ages is a slip"
            yield Notice(
                wave.name, "background", wave.column("age"), text, advice, len(change), "count", len(impossible),
                people=wave.who(now[impossible]),
            )  # fmt: skip
    for name in ("gender", "sex"):
        if name in wave.answers and name in before.answers and len(now):
            a, b = wave.answers[name][now], before.answers[name][then]
            both = ~(np.isnan(a) | np.isnan(b))
            changed = np.flatnonzero(both & (a != b))
            if len(changed) >= 3 and len(changed) > GENDER_CHANGES * both.sum():
                text = f"it differs from wave {before.name} for {len(changed):,} of {int(both.sum()):,} people"
                advice = (
                    "look whether the codes are the same in both exports, and whether the ids link the right people"
                )
                yield Notice(
                    wave.name, "background", wave.column(name), text, advice, int(both.sum()), "share",
                    len(changed) / both.sum(), people=wave.who(now[changed]),
                )  # fmt: skip


def _years(before: Answered, wave: Answered) -> float:
    """Years from the first day of the earlier wave to the last day of the later one."""
    try:
        first, last = date.fromisoformat(before.collected["from"]), date.fromisoformat(wave.collected["to"])
    except (KeyError, ValueError):
        return 1.0
    return max((last - first).days / 365.25, 0)


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"
