"""Indices of careless responding, each with its definition, and each saying when it could not run.

They are signs and no proof: somebody who answers with care may look unusual. No cut-off is built in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc

from rejsens.psychometrics.cases import SINGULAR, answers, constant, named, not_varying
from rejsens.psychometrics.items import Bound, bounds
from rejsens.response_patterns import response_variability, string_lengths

PAIR = 0.60  # correlation over people beyond which two items are synonyms, or antonyms
LEAST_PAIRS, LEAST_SCALES, LEAST_STEPS = 3, 3, 3
PEOPLE = 16_384  # looked at together: of all people a copy for each index would be more than memory holds
DEFINITIONS = {
    "long_string": "longest run of one and the same answer, as clicked, in the order asked; a blank ends a run, and so "
    "does a change of range",
    "average_string": "mean length of the runs of one and the same answer",
    "irv": "intra-individual response variability: SD (n − 1) of a person's answers, as clicked, each mapped to 0–1 by its "
    "declared range",
    "mahalanobis_d2": "squared Mahalanobis distance from the mean of all people",
    "mahalanobis_p": "share of people expected at that distance or beyond: the distance is (n − 1)² ÷ n times a beta variable with "
    "k ÷ 2 and (n − k − 1) ÷ 2 (k items), since mean and covariances come from the same n people; exact for normal answers only",
    "even_odd": "correlation, over scales, of the means of a person's odd and even items, keyed and mapped to 0–1, stepped "
    "up by Spearman and Brown, not below −1; low is inconsistent",
    "synonyms": "correlation, over the pairs of items that correlate above .60 over all people, of a person's answers; low "
    "is inconsistent",
    "antonyms": "correlation, over the pairs of items that correlate below −.60 over all people, of a person's answers; "
    "high is inconsistent",
    "guttman_errors": "Guttman errors of keyed answers as a share of the most that the person's scale scores allow, over "
    "scales; high is inconsistent",
}


@dataclass(frozen=True, eq=False)
class Careless:
    """Indices of careless responding.

    indices  people x indices, in the order of the people; NaN where an index has no value for somebody
    checks   a row per index: ``index``, ``definition``, ``n`` (people with a value), ``status`` ("estimated", with a
             remark, or "not run: " and the reason)
    pairs    item pairs behind synonyms and antonyms, where they are wanted: ``kind``, ``x``, ``y``, ``r``
    """

    indices: pd.DataFrame
    checks: pd.DataFrame
    pairs: pd.DataFrame


def careless(
    items: pd.DataFrame,
    low: Bound,
    high: Bound,
    *,
    reverse: Collection[str] = (),
    scales: Mapping[str, Sequence[str]] | None = None,
    correlations: pd.DataFrame | None = None,
    wanted: Collection[str] = tuple(DEFINITIONS),
) -> Careless:
    """Indices of careless responding of every person.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, **as clicked**: in the order asked, nothing reversed.
    low, high : float, or mapping of item to float
        Theoretical range of the items.
    reverse : collection of str
        Items that the key turns round; used where answers must be keyed (even-odd, Guttman errors).
    scales : mapping of str to list of str, or None
        Items of each scale. Without it even-odd consistency and Guttman errors do not run.
    correlations : :py:class:`pandas.DataFrame` or None
        Items x items: the correlations by which pairs are chosen, such as those of more people; None takes these people's.
    wanted : collection of str
        Indices to work out; all of them unless said.

    Returns
    -------
    careless : :py:class:`Careless`
        ``indices`` has those that are wanted of ``long_string``, ``average_string``, ``irv``, ``mahalanobis_d2``, ``mahalanobis_p``,
        ``even_odd``, ``synonyms``, ``antonyms``, ``guttman_errors``; ``checks`` holds their definitions.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice, hold infinite values or values outside the range, if a range is empty, or
        if ``reverse`` or ``scales`` name items that are not there.

    Notes
    -----
    Missing data: runs end at a blank; ``irv`` needs two answers, Mahalanobis' distance all of them, synonyms and
    antonyms three pairs answered, even-odd three scales with an answer in either half, Guttman errors a scale without a
    blank. Somebody who gives one answer throughout has no within-person correlation; the long string finds them.

    Long string, average string, even-odd, synonyms and antonyms are those of Meade and Craig [1]_, but for the chance
    element with which R's careless package fills in undefined synonym scores; IRV is Dunn et al.'s [2]_ with ranges
    brought to one; with mean and covariances estimated from the same n people, squared distances of normal answers to k
    items are :math:`(n-1)^2/n` times a beta variable with :math:`k/2` and :math:`(n-k-1)/2` [4]_; a high even-odd value is consistent here, where that package since 1.2.0 turns the sign. Guttman
    errors are those of item steps: a step taken although a more popular one is not, ties in the order of items [3]_.

    Checked against base R (``rle``, ``sd``, ``mahalanobis``, ``pbeta``, ``cor``, and every answer pattern counted out, in
    tests/reference/validity.R), to 1e-8.

    References
    ----------
    .. [1] Meade, A. W., & Craig, S. B. (2012). Identifying careless responses in survey data. Psychological Methods,
           17(3), 437–455. https://doi.org/10.1037/a0028085

    .. [2] Dunn, A. M., Heggestad, E. D., Shanock, L. R., & Theilgard, N. (2018). Intra-individual response variability
           as an indicator of insufficient effort responding. Journal of Business and Psychology, 33(1), 105–121.
           https://doi.org/10.1007/s10869-016-9479-0

    .. [3] Emons, W. H. M. (2008). Nonparametric person-fit analysis of polytomous item scores. Applied Psychological
           Measurement, 32(3), 224–247. https://doi.org/10.1177/0146621607302479

    .. [4] Gnanadesikan, R., & Kettenring, J. R. (1972). Robust estimates, residuals, and outlier detection with
           multiresponse data. Biometrics, 28(1), 81–124.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import careless
    >>> items = pd.DataFrame([[1, 1, 1, 1], [1, 2, 5, 5], [3, 3, None, 2]], columns=["a", "b", "c", "d"])
    >>> found = careless(items, 1, 5)
    >>> found.indices[["long_string", "average_string", "irv"]].round(2)
       long_string  average_string   irv
    0            4            4.00  0.00
    1            2            1.33  0.52
    2            2            1.50  0.14
    >>> found.checks.set_index("index").loc["synonyms", "status"]
    'estimated; from 3 pairs of items, so that each correlation has 3 points at most'
    """
    values = answers(items)
    names = [str(name) for name in items.columns]
    ranges = _ranges(low, high, names, values)
    positions = _checked_scales(names, reverse, scales)
    turned = np.isin(names, [str(name) for name in reverse])
    columns, status = {}, {}
    if {"long_string", "average_string"} & {*wanted}:
        columns["long_string"], columns["average_string"] = string_lengths(_in_blocks(values, ranges))
    if "irv" in wanted:
        columns["irv"] = response_variability(_scaled(values, ranges, j) for j in range(len(names)))
    if {"mahalanobis_d2", "mahalanobis_p"} & {*wanted}:
        distances, status["mahalanobis_d2"] = _mahalanobis(values, names)
        columns["mahalanobis_d2"] = distances
        columns["mahalanobis_p"], alike = _upper_tail(distances, len(names))
        status["mahalanobis_p"] = status["mahalanobis_d2"] or alike
    if "even_odd" in wanted:
        columns["even_odd"], status["even_odd"] = _even_odd(values, ranges, turned, positions)
    paired = [kind for kind in ("synonyms", "antonyms") if kind in wanted]
    over_people = pd.DataFrame(values, columns=names).corr() if paired and correlations is None else correlations
    found = _pairs(over_people if paired else pd.DataFrame(), names)
    for kind in paired:
        columns[kind], status[kind] = _pair_consistency(values, ranges, found[found["kind"] == kind], names, kind)
    if "guttman_errors" in wanted:
        columns["guttman_errors"], status["guttman_errors"] = _guttman(values, ranges, turned, positions)
    indices = pd.DataFrame({name: columns[name] for name in DEFINITIONS if name in wanted}, index=items.index)
    return Careless(indices, _checks(indices, status), found)


Ranges = tuple[np.ndarray, np.ndarray]


def _scaled(values: np.ndarray, ranges: Ranges, own: int | Sequence[int]) -> np.ndarray:
    """Some items mapped to 0–1, by their place."""
    return (values[:, own] - ranges[0][own]) / (ranges[1][own] - ranges[0][own])


def _checks(indices: pd.DataFrame, status: Mapping[str, str]) -> pd.DataFrame:
    rows = []
    for name, definition in ((name, DEFINITIONS[name]) for name in indices):
        n = int(indices[name].notna().sum())
        says = status.get(name, "") or ("estimated" if n else "not run: nobody has enough answers")
        rows.append((name, definition, n, says))
    return pd.DataFrame(rows, columns=["index", "definition", "n", "status"])


def _ranges(low: Bound, high: Bound, names: list[str], values: np.ndarray) -> Ranges:
    lows, highs = bounds(low, names, "low"), bounds(high, names, "high")
    if not (lows < highs).all():  # also where one is not stated
        raise ValueError("every item needs a range from low to high")
    if (outside := np.any((values < lows) | (values > highs), axis=0)).any():
        raise ValueError(f"values outside the theoretical range: {named(names, outside)}")
    return lows, highs


def _checked_scales(
    names: list[str], reverse: Collection[str], scales: Mapping[str, Sequence[str]] | None
) -> dict[str, list[int]]:
    """Positions of the items of each scale."""
    if absent := sorted(set(map(str, reverse)) - set(names)):
        raise ValueError(f"reverse names items that are not there: {', '.join(absent)}")
    out = {}
    for name, own in (scales or {}).items():
        if absent := [str(item) for item in own if str(item) not in names]:
            raise ValueError(f"the data lack these items of {name}: {', '.join(absent)}")
        out[str(name)] = [names.index(str(item)) for item in own]
    return out


# --- runs and spread of answers --------------------------------------------------------------------------------------


def _in_blocks(values: np.ndarray, ranges: Ranges) -> Iterable[tuple[np.ndarray, bool]]:
    for j, column in enumerate(values.T):
        yield column, j > 0 and (ranges[0][j], ranges[1][j]) != (ranges[0][j - 1], ranges[1][j - 1])


# --- distance from everybody else ------------------------------------------------------------------------------------


def _mahalanobis(values: np.ndarray, names: list[str]) -> tuple[np.ndarray, str]:
    out = np.full(len(values), np.nan)
    complete = ~np.isnan(values).any(axis=1)
    own = values[complete]
    n, k = own.shape
    if n <= k:
        return out, f"not run: {n} complete {'row' if n == 1 else 'rows'} for {k} items, too few"
    if flat := not_varying(names, constant(own)):
        return out, f"not run: {flat}"
    covariance = _centred(own)
    spread = np.sqrt(np.diag(covariance))
    if k > 1 and np.linalg.eigvalsh(covariance / spread[:, None] / spread)[0] < SINGULAR:
        return out, "not run: the items are linearly dependent: one repeats another, or a sum of others"
    distances = []
    for part in _parts(n):
        away = np.array(own[part])
        distances.append(np.einsum("ij,ij->i", away, np.linalg.solve(covariance, away.T).T))
    out[complete] = np.concatenate(distances)
    return out, ""


def _centred(values: np.ndarray) -> np.ndarray:
    """Covariances (divisor n − 1) of people x items, whose means are taken off in place: `np.cov` would copy them twice.

    >>> values = np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 6.0]])
    >>> bool((_centred(values.copy()) == np.cov(values, rowvar=False)).all())
    True
    """
    values -= values.mean(axis=0)
    found: np.ndarray = np.dot(values.T, values)
    found *= 1 / (len(values) - 1)
    return found


def _parts(n: int) -> Iterable[slice]:
    return (slice(start, start + PEOPLE) for start in range(0, max(n, 1), PEOPLE))


def _upper_tail(distances: np.ndarray, k: int) -> tuple[np.ndarray, str]:
    """Share of people beyond each squared distance, with mean and covariances of those same people.

    >>> tail, _ = _upper_tail(np.array([0.0, 2.0, 4.0, 2.0, 0.5, 3.5]), 2)  # 1 − x to the power of (n − 3) / 2
    >>> tail[1].round(6), np.sqrt((1 - 2 * 6 / 25) ** 3).round(6)
    (np.float64(0.374977), np.float64(0.374977))
    """
    n = int((~np.isnan(distances)).sum())
    if n == k + 1:
        return np.full(len(distances), np.nan), "not run: with one person more than items everybody is equally far away"
    if n <= k:
        return distances, ""
    beta = np.clip(distances * n / (n - 1) ** 2, 0.0, 1.0)
    return betainc((n - k - 1) / 2, k / 2, 1 - beta), ""  # the lower tail of 1 − beta keeps its digits


# --- consistency within a person -------------------------------------------------------------------------------------


def _even_odd(
    values: np.ndarray, ranges: Ranges, turned: np.ndarray, scales: Mapping[str, list[int]]
) -> tuple[np.ndarray, str]:
    out = np.full(len(values), np.nan)

    def keyed(own: list[int]) -> np.ndarray:
        scaled = _scaled(values, ranges, own)
        return np.where(turned[own], 1 - scaled, scaled)

    if not scales:
        return out, "not run: no scales were named"
    wide = {name: own for name, own in scales.items() if len(own) > 1}
    if len(wide) < LEAST_SCALES:
        return out, f"not run: {len(wide)} of {LEAST_SCALES} scales with two items or more"
    odd = np.column_stack([_means(keyed(own[0::2])) for own in wide.values()])
    even = np.column_stack([_means(keyed(own[1::2])) for own in wide.values()])
    r = _row_correlations(odd, even, LEAST_SCALES)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(np.where(r > -1, 2 * r / (1 + r), np.where(np.isnan(r), np.nan, -1.0)), -1.0), ""


def _means(values: np.ndarray) -> np.ndarray:
    count = (~np.isnan(values)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(values, axis=1) / count


def _pairs(over_people: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Pairs of items that correlate beyond ±.60 over people (pairs of answers)."""
    correlations = over_people.reindex(index=names, columns=names).to_numpy(dtype=float)
    rows = [
        ("synonyms" if correlations[i, j] > 0 else "antonyms", names[i], names[j], float(correlations[i, j]))
        for i, j in zip(*np.triu_indices(len(names), 1), strict=True)
        if abs(correlations[i, j]) > PAIR
    ]
    return pd.DataFrame(rows, columns=["kind", "x", "y", "r"])


def _pair_consistency(
    values: np.ndarray, ranges: Ranges, found: pd.DataFrame, names: list[str], kind: str
) -> tuple[np.ndarray, str]:
    side = "above .60" if kind == "synonyms" else "below −.60"
    if found.empty:
        return np.full(len(values), np.nan), f"not run: no pair of items correlates {side}"
    if len(found) < LEAST_PAIRS:
        few = f"{len(found)} {'pair' if len(found) == 1 else 'pairs'} of items"
        does = "correlates" if len(found) == 1 else "correlate"
        return np.full(len(values), np.nan), f"not run: {few} {does} {side}, {LEAST_PAIRS} are needed"
    left, right = ([names.index(name) for name in found[side]] for side in ("x", "y"))
    points = f"estimated; from {len(found)} pairs of items, so that each correlation has {len(found)} points at most"
    correlations = [
        _row_correlations(_scaled(values[part], ranges, left), _scaled(values[part], ranges, right), LEAST_PAIRS)
        for part in _parts(len(values))
    ]
    return np.concatenate(correlations), points


def _row_correlations(a: np.ndarray, b: np.ndarray, least: int) -> np.ndarray:
    """Correlation of two rows of each person over the places where both have a value, `least` of them."""
    both = ~(np.isnan(a) | np.isnan(b))
    count = both.sum(axis=1)
    enough = count >= least
    a, b = np.where(both, a, 0.0), np.where(both, b, 0.0)
    divisor = np.maximum(count, 1)[:, None]
    a = np.where(both, a - a.sum(axis=1, keepdims=True) / divisor, 0.0)
    b = np.where(both, b - b.sum(axis=1, keepdims=True) / divisor, 0.0)
    spread = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    usable = enough & (spread > 1e-12)
    return np.where(usable, (a * b).sum(axis=1) / np.where(usable, spread, 1.0), np.nan)


# --- person-fit ------------------------------------------------------------------------------------------------------


def _guttman(
    answered: np.ndarray, ranges: Ranges, turned: np.ndarray, scales: Mapping[str, list[int]]
) -> tuple[np.ndarray, str]:
    """Guttman errors over the most that could be, summed over the scales without a blank."""
    nothing = np.full(len(answered), np.nan)
    if not scales:
        return nothing, "not run: no scales were named"
    made, most, left_out = np.zeros(len(answered)), np.zeros(len(answered)), []
    for name, own in scales.items():
        values, complete = _steps(answered[:, own], ranges[0][own], ranges[1][own], turned[own])
        if len(own) < 2 or values is None:
            left_out.append(name)
            continue
        if complete.any():
            errors, limit = guttman_errors(values)
            made[complete] += errors
            most[complete] += limit
    if len(left_out) == len(scales):
        return nothing, "not run: Guttman errors need scales of two items or more, answered in whole steps"
    with np.errstate(invalid="ignore", divide="ignore"):
        out = np.where(most > 0, made / np.where(most > 0, most, 1.0), np.nan)
    return out, f"estimated; without {', '.join(left_out)} (one item, or no whole steps)" if left_out else ""


def _steps(
    clicked: np.ndarray, low: np.ndarray, high: np.ndarray, turned: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """How many steps of each item the people took who answered all of them (None: not whole ones), and who these are.

    clicked   people x items, which is changed: of many people no second copy is made
    """
    for j in range(len(low)):
        column = clicked[:, j]
        clicked[:, j] = (low[j] + high[j] - column if turned[j] else column) - low[j]
        rest = column % 1
        if (rest[~np.isnan(rest)] != 0).any():
            return None, np.zeros(len(clicked), dtype=bool)
    complete = ~np.isnan(clicked).any(axis=1)
    return clicked[complete].astype(np.int32), complete


def guttman_errors(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Guttman errors of each person, and the most that people with the same sum can make.

    steps     people x items, how many steps of each item were taken: 0, 1, 2, ...
    returns   errors: pairs of item steps of which the more popular was not taken and the less popular was. With steps
              ranked from the most popular and s of them taken, that is the sum of their ranks less s (s + 1) / 2; the
              most at a given s is found item by item (a step of an item is taken only after those below it)

    >>> errors, most = guttman_errors(np.array([[2, 0], [1, 1], [0, 2], [2, 1], [1, 0]]))
    >>> errors.tolist(), most.tolist()
    ([1, 0, 3, 0, 0], [3, 3, 3, 1, 1])
    """
    highest = steps.max(axis=0)
    popularity = np.concatenate([[(steps[:, j] >= m).mean() for m in range(1, highest[j] + 1)] for j in range(len(highest))])  # fmt: skip
    ranks = np.empty(len(popularity), dtype=int)
    ranks[np.argsort(-popularity, kind="stable")] = np.arange(1, len(popularity) + 1)
    starts = np.cumsum([0, *highest])
    worth = [np.concatenate([[0], np.cumsum(ranks[starts[j] : starts[j + 1]])]) for j in range(len(highest))]
    taken = steps.sum(axis=1)
    least = taken * (taken + 1) // 2
    errors = sum(own[steps[:, j]] for j, own in enumerate(worth)) - least
    best = np.zeros(1, dtype=int)
    for own in worth:  # the largest sum of ranks for each number of steps, one item more at a time
        wider = np.full(len(best) + len(own) - 1, -1)
        for m, value in enumerate(own):
            wider[m : m + len(best)] = np.maximum(wider[m : m + len(best)], best + value)
        best = wider
    return errors, best[taken] - least
