"""Do scales measure different things, and may they go together because of how they were asked?

What each statistic is stands in `rejsens.psychometrics`; here are the scales of a study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Score
from rejsens.distinct_scores import distinct
from rejsens.events import base_of, raters
from rejsens.predictions import GUIDE, Pair
from rejsens.psychometrics import cfa, disattenuated_correlations, fornell_larcker, htmt, marker_check
from rejsens.psychometrics import single_factor_check as harman
from rejsens.psychometrics.intervals import correlation_interval
from rejsens.scoring import units, units_of_scales
from rejsens.seeds import generator
from rejsens.tabular import waves_in_order

METHOD = "Pearson correlations of the items; intervals by resampling people ({}%, {:,} draws); variance extracted by maximum likelihood"
FEWER_DRAWS = "; {:,} draws were asked for, and {:,} people are resampled in fewer"
RESAMPLED, LEAST_DRAWS = 25_000_000, 1_000  # draws x people at most, but never fewer draws than these
SHARED = "the two scores have items in common"
NEAR_ZERO = (
    "; correlations between the two scales lie on both sides of 0, or do so within their error: the ratio takes them without "
    "sign, so that it lies too high and its interval cannot reach 0"
)
SINGLE_FACTOR, MARKER = "single factor", "marker variable"
STATISTICS = ("first_component", "first_over_second", "one_factor_cfi", "one_factor_rmsea")
Asked = Mapping[str, Sequence[Instrument]]


# --- discriminant validity -------------------------------------------------------------------------------------------


def discriminant(
    answers: pd.DataFrame,
    asked: Asked,
    declared: Mapping[str, Sequence[Pair]],
    *,
    ci_level: float,
    draws: int,
    seed: int,
    min_cell: int = 1,
) -> pd.DataFrame:
    """The table `discriminant`: pairs of reflective scores within an instrument, and the pairs that were declared.

    answers   pooled answers, raw
    asked     wave -> instruments as that wave administered them
    declared  set -> its pairs; a set of which no pair was asked has no rows
    draws     resamples of people, fewer where draws x people would pass 25 million (1,000 at least)
    min_cell  a pair that fewer people answered has no numbers
    Each pair is looked at in the first wave of the panel that asked both scales, on people who answered all their items;
    of ratings of an event, people who rated none are no part of it.
    """
    people = {wave: rows for wave, rows in waves_in_order(answers).items() if (rows["role"] == "wave").all()}
    sets = (_of_set(name, pairs, asked, people) for name, pairs in declared.items())
    rows = []
    for head, scales in chain(_within(asked, people), *sets):
        if isinstance(scales, str):
            rows.append(
                head | {"n": 0, "n_lost": 0, "draws": 0, "outcome": "", "method": "", **_statuses(f"not run: {scales}")}
            )
            continue
        rng = generator(seed, "discriminant", head["set"], head["x"], head["y"])
        how: dict[str, Any] = {"ci_level": ci_level, "draws": draws, "rng": rng, "min_cell": min_cell}
        x, y, about = scales()  # one pair's answers at a time
        row = head | pair_of_scales(x, y, head["below"], **how)
        rows.append(row | {"method": base_of(row["method"], about)})
    return pd.DataFrame(rows)


def pair_of_scales(
    x: pd.DataFrame,
    y: pd.DataFrame,
    below: float,
    *,
    ci_level: float,
    draws: int,
    rng: np.random.Generator,
    min_cell: int = 1,
) -> dict[str, object]:
    """Everything that one pair of scales shows, one row of the table `discriminant` without its names.

    x, y      people x items, keyed, two items or more each
    below     what the heterotrait-monotrait ratio is held against: the outcome is `below` or `above` it when the whole
              interval is, `uncertain` when the interval holds it
    """
    items, scales = pd.concat([x, y], axis=1), {"x": list(x), "y": list(y)}
    answered = items.notna().all(axis=1)
    n = int(answered.sum())
    if few := _too_few(n, min_cell):
        return {"n": 0, "n_lost": len(items), "draws": 0, "outcome": "", "method": "", **_statuses(few)}
    made = min(draws, max(LEAST_DRAWS, RESAMPLED // max(n, 1)))
    fewer = FEWER_DRAWS.format(draws, n) if made < draws else ""
    how: dict[str, Any] = {"ci_level": ci_level, "draws": made}
    ratio, second = (
        htmt(items, scales, kind=kind, rng=stream, **how).iloc[0]
        for kind, stream in zip(("htmt", "htmt2"), rng.spawn(2), strict=True)
    )
    corrected = disattenuated_correlations(items, scales, rng=rng, **how).iloc[0]
    r_interval = correlation_interval(corrected["r"], int(ratio["n"]), ci_level) if ratio["n"] > 3 else (np.nan, np.nan)
    return {
        "n": ratio["n"], "n_lost": ratio["n_lost"], "htmt": ratio["estimate"],
        "htmt_ci_low": ratio["ci_low"], "htmt_ci_high": ratio["ci_high"], "htmt2": second["estimate"],
        "htmt2_ci_low": second["ci_low"], "htmt2_ci_high": second["ci_high"],
        "outcome": _outcome(ratio["ci_low"], ratio["ci_high"], below), "status": ratio["status"] + _near_zero(items[answered], scales, ratio["estimate"], r_interval),
        "r": corrected["r"], "r_ci_low": r_interval[0], "r_ci_high": r_interval[1],
        "reliability_x": corrected["reliability_x"], "reliability_y": corrected["reliability_y"],
        "corrected": corrected["estimate"], "corrected_ci_low": corrected["ci_low"],
        "corrected_ci_high": corrected["ci_high"], "corrected_status": corrected["status"],
        **_variance_extracted(items, scales), "draws": made,
        "method": METHOD.format(f"{100 * ci_level:g}", made) + fewer,
    }  # fmt: skip


def _near_zero(
    complete: pd.DataFrame, scales: Mapping[str, list[str]], ratio: float, interval: tuple[float, float]
) -> str:
    """A remark where r may be 0, or where correlations between the scales stand on both sides of it."""
    if not np.isfinite(ratio):
        return ""
    between = complete.corr().loc[scales["x"], scales["y"]].to_numpy()
    both_sides = (between < 0).any() and (between > 0).any()
    return NEAR_ZERO if both_sides or interval[0] <= 0 <= interval[1] else ""


def _too_few(n: int, min_cell: int) -> str:
    """Stays beside the gate: thousands of resamples are not drawn for a row that the gate would blank."""
    return f"not reported: fewer than {min_cell} people answered everything" if 0 < n < min_cell else ""


def _variance_extracted(items: pd.DataFrame, scales: Mapping[str, list[str]]) -> dict[str, object]:
    """Average variance extracted by each of two correlated factors, what they share, and whether both exceed it."""
    criterion = fornell_larcker(cfa(items, scales)).iloc[0]
    holds = criterion["holds"]
    words = "" if pd.isna(holds) else "holds" if holds else "does not hold"
    return {"ave_x": criterion["ave_x"], "ave_y": criterion["ave_y"], "shared": criterion["shared"],
            "fornell_larcker": words, "ave_status": criterion["status"]}  # fmt: skip


def _outcome(low: float, high: float, below: float) -> str:
    if not np.isfinite([low, high]).all():
        return ""
    return "below" if high < below else "above" if low > below else "uncertain"


def _statuses(text: str) -> dict[str, str]:
    return dict.fromkeys(("status", "corrected_status", "ave_status"), text)


Pairing = tuple[pd.DataFrame, pd.DataFrame, Instrument]  # the items of both scales, and who was asked
Found = tuple[dict[str, Any], Callable[[], Pairing] | str]  # what gives them, or why nothing does


def _within(asked: Asked, people: Mapping[str, pd.DataFrame]) -> Iterator[Found]:
    """Pairs of reflective scores of one instrument that share no item, each in the first wave that asked both."""
    done = set()
    for wave, rows in people.items():
        for instrument in asked[wave]:
            scales = [score for score in instrument.scores if score.model == "reflective"]
            for x, y in combinations(scales, 2):
                if (x.id, y.id) in done or _common(instrument, x, instrument, y):
                    continue
                if min(_n_units(instrument, score) for score in (x, y)) > 1:
                    done.add((x.id, y.id))
                    yield (
                        {"set": instrument.name, "pair": "", "wave": wave, "x": x.id, "y": y.id, "below": GUIDE},
                        partial(_answers, rows, (instrument, x), (instrument, y)),
                    )


def _answers(rows: pd.DataFrame, x: tuple[Instrument, Score], y: tuple[Instrument, Score]) -> Pairing:
    people = raters(raters(rows, x[0]), y[0])
    return units(people, *x), units(people, *y), y[0] if y[0].event else x[0]


def _n_units(instrument: Instrument, score: Score) -> int:
    return len(score.pairs if score.method == "product_mean" else instrument.items_of(score))


def _of_set(name: str, pairs: Sequence[Pair], asked: Asked, people: Mapping[str, pd.DataFrame]) -> Iterable[Found]:
    """The pairs of one set: their items, or why there is nothing to compare; nothing at all where no pair was asked."""
    found = [_declared(name, pair, asked, people) for pair in pairs]
    return found if any(head["wave"] for head, _ in found) else []


def _declared(name: str, pair: Pair, asked: Asked, people: Mapping[str, pd.DataFrame]) -> Found:
    head = {"set": name, "pair": pair.id, "wave": "", "x": pair.x, "y": pair.y, "below": pair.below}
    homes = {wave: {s.id: (i, s) for i in asked[wave] for s in i.scores} for wave in people}
    wave = next((wave for wave, home in homes.items() if pair.x in home and pair.y in home), None)
    if wave is None:
        absent = [x for x in (pair.x, pair.y) if not any(x in home for home in homes.values())]
        were = "was" if len(absent) == 1 else "were"
        return head, f"{' and '.join(absent)} {were} not asked" if absent else "no wave asked both"
    head["wave"], x, y = wave, homes[wave][pair.x], homes[wave][pair.y]
    for instrument, score in (x, y):
        if score.model != "reflective" or _n_units(instrument, score) < 2:
            return head, f"{score.id} is no reflective scale of two items or more"
    return head, SHARED if _common(*x, *y) else partial(_answers, people[wave], x, y)


def _common(one: Instrument, x: Score, other: Instrument, y: Score) -> bool:
    return bool({item.id for item in one.items_of(x)} & {item.id for item in other.items_of(y)})


# --- how it was asked ------------------------------------------------------------------------------------------------


def method_variance(
    answers: pd.DataFrame, scores: pd.DataFrame, asked: Asked, marker: str, shown: Sequence[str], min_cell: int = 1
) -> pd.DataFrame:
    """The table `method_variance`: in each wave one factor for all items of the reflective scales, and what a marker
    variable takes out of the correlations of the scores `shown`. Neither can rule method variance out.

    marker    a score that by theory has nothing to do with the others, asked in the same way; "" where there is none
    min_cell  a check of fewer people has no numbers
    """
    tables = []
    for wave, rows in waves_in_order(answers).items():
        tables.append(single_factor(rows, asked[wave], min_cell).assign(wave=wave, check=SINGLE_FACTOR))
        people = scores[scores["wave"] == wave]
        tables.append(
            held_against(people, marker, shown, min_cell).assign(wave=wave, check=MARKER, statistic="adjusted_r")
        )
    return pd.concat(tables, ignore_index=True)


def single_factor(people: pd.DataFrame, instruments: Sequence[Instrument], min_cell: int = 1) -> pd.DataFrame:
    """Harman's check of the items of all reflective scales of one wave; one row that says why where it cannot be made."""
    scales = distinct(instruments, reflective=True)
    if len(scales) < 2:
        return _not_run("fewer than two reflective scales were asked", statistic=STATISTICS[0])
    items = units_of_scales(people, scales)
    if few := _too_few(int(items.notna().all(axis=1).sum()), min_cell):
        return _not_made(few, len(items), statistic=STATISTICS[0])
    return harman(items)


def held_against(people: pd.DataFrame, marker: str, shown: Sequence[str], min_cell: int = 1) -> pd.DataFrame:
    """The marker check of one wave; one row that says why where it cannot be made."""
    there = [name for name in dict.fromkeys([*shown, marker]) if name in people and people[name].notna().any()]
    if not marker:
        return _not_run("no marker variable is declared (setting marker in config/config.yaml)")
    if marker not in there:
        return _not_run(f"the marker variable, {marker}, was not asked")
    if len(there) < 3:
        return _not_run("fewer than two scores stand beside the marker variable")
    if few := _too_few(len(people[there].dropna()), min_cell):
        return _not_made(few, len(people))
    return marker_check(people[there], marker).assign(k=len(there))


def _not_run(reason: str, statistic: str = "") -> pd.DataFrame:
    return _not_made(f"not run: {reason}", 0, statistic)


def _not_made(status: str, n_lost: int, statistic: str = "") -> pd.DataFrame:
    return pd.DataFrame([{"statistic": statistic, "n": 0, "n_lost": n_lost, "k": 0, "status": status}])
