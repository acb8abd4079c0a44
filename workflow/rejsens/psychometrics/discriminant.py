"""Do scales measure different things, and how closely would they go together without error?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import complete_cases, constant, why_no_model
from rejsens.psychometrics.correlation_matrix import KINDS, correlations_of
from rejsens.psychometrics.engine.normal import sample_from_rows
from rejsens.psychometrics.engine.table import Structure, compile_table
from rejsens.psychometrics.factor_reliability import fitted_omega
from rejsens.psychometrics.factor_structure import Design, factor_table
from rejsens.psychometrics.intervals import Draws, bootstrap, check_draws, check_level, correlation_interval
from rejsens.psychometrics.reliability import ESTIMATED, raw_alpha
from rejsens.psychometrics.resampled_moments import bootstrap_covariances, correlations

HTMT = {
    "htmt": "heterotrait-monotrait ratio, arithmetic means of absolute correlations",
    "htmt2": "heterotrait-monotrait ratio, geometric means of absolute correlations",
}
CORRECTED = "correlation corrected for attenuation by {}"
COEFFICIENTS = ("alpha", "omega_u")
PAIR_COLUMNS = (
    "x", "y", "coefficient", "n", "n_lost", "estimate", "ci_low", "ci_high", "ci_level", "method", "draws", "failed",
    "status",
)  # fmt: skip


def htmt(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    ci_level: float = 0.95,
    *,
    kind: str = "htmt",
    correlation: str = "pearson",
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Heterotrait-monotrait ratio of correlations of each pair of scales.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that ``scales`` does not name are ignored.
    scales : mapping of str to list of str
        Items of each scale, two or more; no item in two scales.
    ci_level : float
        Level of the intervals.
    kind : str
        ``"htmt"``, or ``"htmt2"``, which does not take all loadings of a scale for equal.
    correlation : str
        ``"pearson"``, or ``"polychoric"`` for ordered items.
    draws : int
        Resamples of people for percentile intervals. With 0 there are none.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    ratios : :py:class:`pandas.DataFrame`
        A row per pair: ``x``, ``y``, ``coefficient``, ``n``, ``n_lost``, ``estimate``, ``ci_low``, ``ci_high``,
        ``ci_level``, ``method``, ``draws``, ``failed``, ``status``. The status remarks negative correlations, whose
        sign the ratio does not see.

    Raises
    ------
    ValueError
        If ``scales`` names fewer than two scales, a scale of one item, an absent item or one twice, if items are not
        numeric, if correlations are given and draws asked for, or if an argument has no meaning.

    Notes
    -----
    Missing data: rows complete on all items named; ``n_lost`` counts the others.

    .. math:: HTMT_{xy} = \\frac{\\overline{|r_{ij}|}_{i \\in x, j \\in y}}
              {\\sqrt{\\overline{|r_{ij}|}_{i < j \\in x}\\;\\overline{|r_{ij}|}_{i < j \\in y}}}

    an estimate of how the two constructs correlate [1]_; with geometric means it is one of congeneric scales too [2]_.
    An interval that holds 1 is no evidence that the scales differ; .85 and .90 are customary guides.

    Checked against semTools 0.5.6, ``htmt()`` (tests/reference/validity.R), to 1e-5.

    References
    ----------
    .. [1] Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing discriminant validity in
           variance-based structural equation modeling. Journal of the Academy of Marketing Science, 43(1), 115–135.
           https://doi.org/10.1007/s11747-014-0403-8

    .. [2] Roemer, E., Schuberth, F., & Henseler, J. (2021). HTMT2: An improved criterion for assessing discriminant
           validity in structural equation modeling. Industrial Management & Data Systems, 121(12), 2637–2650.
           https://doi.org/10.1108/IMDS-02-2021-0082

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import htmt
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400).T
    >>> values = 0.8 * np.column_stack([a, a, a, b, b, b]) + 0.6 * rng.normal(size=(400, 6))
    >>> items = pd.DataFrame(values, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> scales = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}
    >>> htmt(items, scales, draws=200, rng=rng)[["x", "y", "estimate", "ci_low", "ci_high", "status"]].round(2)
       x  y  estimate  ci_low  ci_high     status
    0  a  b      0.47    0.37     0.55  estimated
    """
    check_level(ci_level)
    check_draws(draws, rng)
    if kind not in HTMT:
        raise ValueError(f"kind is “htmt” or “htmt2”, not “{kind}”")
    if correlation not in KINDS:
        raise ValueError(f"correlation is “pearson” or “polychoric”, not “{correlation}”")
    scales = _checked(items, scales)
    named_items = [item for own in scales.values() for item in own]
    found = correlations_of(items[named_items], correlation)
    if draws and found.values is None:
        raise ValueError(
            "draws are of people, and a table of correlations has none: give the answers, or leave draws at 0"
        )
    method = f"{HTMT[kind]}, {correlation}"
    pairs, frame = list(combinations(scales, 2)), items[named_items]
    at = {name: np.array([named_items.index(item) for item in own]) for name, own in scales.items()}

    def ratios(matrices: np.ndarray) -> np.ndarray:
        return np.stack([_ratio(np.abs(matrices), at[x], at[y], kind) for x, y in pairs], axis=-1)

    def resampled(people: np.ndarray) -> Draws:
        if correlation == "pearson":
            return bootstrap_covariances(people, lambda drawn: ratios(correlations(drawn)), draws, rng)
        return bootstrap(len(people), lambda rows: ratios(_polychorics(people[rows], frame)), draws, rng)

    shape = {"coefficient": kind, "n": found.n, "n_lost": found.n_lost, "ci_level": ci_level, "method": method}
    negative = {pair: _negative(found.matrix, at[pair[0]], at[pair[1]]) for pair in pairs}
    values = np.full(len(pairs), np.nan) if found.reason else ratios(found.matrix)
    drawn = partial(resampled, found.values) if draws and found.values is not None else None
    return _pair_table(pairs, values, found.reason, shape, drawn, negative)


def disattenuated_correlations(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    ci_level: float = 0.95,
    *,
    coefficient: str = "alpha",
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Correlations of scale scores, corrected for attenuation by their reliabilities.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that ``scales`` does not name are ignored.
    scales : mapping of str to list of str
        Items of each scale; no item in two scales.
    ci_level : float
        Level of the intervals.
    coefficient : str
        ``"alpha"`` (two items or more), or ``"omega_u"`` (three or more).
    draws : int
        Resamples of people: percentile intervals, everything estimated anew in each. With 0 the interval is that of the
        plain correlation, its ends corrected alike, as if the reliabilities were known.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    correlations : :py:class:`pandas.DataFrame`
        A row per pair: as :py:func:`htmt`, and ``r``, ``reliability_x``, ``reliability_y``. A corrected correlation
        outside ±1 stands as it came out, and the status says so. Withheld where a reliability is not above 0.

    Raises
    ------
    ValueError
        As :py:func:`htmt`.

    Notes
    -----
    Missing data: rows complete on all items named; ``n_lost`` counts the others.

    .. math:: r_c = \\frac{r_{xy}}{\\sqrt{\\rho_x \\rho_y}}

    with the correlation of the unweighted sums [1]_. The correction is as good as the reliabilities: errors that the two
    scales share (same day, same method) make it too large, a coefficient that is too low does so too.

    Checked against psych 2.2.9, ``correct.cor()`` (tests/reference/validity.R), to 1e-5.

    References
    ----------
    .. [1] Spearman, C. (1904). The proof and measurement of association between two things. American Journal of
           Psychology, 15(1), 72–101. https://doi.org/10.2307/1412159

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import disattenuated_correlations
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400).T
    >>> values = 0.8 * np.column_stack([a, a, a, b, b, b]) + 0.6 * rng.normal(size=(400, 6))
    >>> items = pd.DataFrame(values, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> table = disattenuated_correlations(items, {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]})
    >>> table[["x", "y", "r", "reliability_x", "reliability_y", "estimate"]].round(2)
       x  y    r  reliability_x  reliability_y  estimate
    0  a  b  0.4           0.85           0.84      0.47
    """
    check_level(ci_level)
    check_draws(draws, rng)
    if coefficient not in COEFFICIENTS:
        raise ValueError(f"coefficient is one of {', '.join(COEFFICIENTS)}, not “{coefficient}”")
    scales = _checked(items, scales, least=2 if coefficient == "alpha" else 3)
    named_items = [item for own in scales.values() for item in own]
    frame = items[named_items]
    complete, n_lost = complete_cases(frame)
    reason = why_no_model(frame, complete) or ("" if len(complete) > 3 else "fewer than four complete rows")
    at = {name: np.array([named_items.index(item) for item in own]) for name, own in scales.items()}
    pairs = list(combinations(scales, 2))
    parts = _Attenuation(at, coefficient)
    plain = None if reason else parts.of(complete)
    shape = {"coefficient": "r_disattenuated", "n": len(complete), "n_lost": n_lost, "ci_level": ci_level,
             "method": CORRECTED.format(coefficient)}  # fmt: skip

    def corrected(values: np.ndarray) -> np.ndarray:
        found = parts.of(values)
        return np.array([found.corrected(x, y) for x, y in pairs])

    def by_alpha(covariances: np.ndarray) -> np.ndarray:
        return np.stack([_corrected_by_alpha(covariances, at[x], at[y]) for x, y in pairs], axis=-1)

    def resampled() -> Draws:
        if coefficient == "alpha":
            return bootstrap_covariances(complete, by_alpha, draws, rng)
        return bootstrap(len(complete), lambda rows: corrected(complete[rows]), draws, rng)

    values = np.full(len(pairs), np.nan) if reason else corrected(complete)
    table = _pair_table(pairs, values, reason, shape, resampled if draws else None, {})
    for column, value in _beside(plain, pairs).items():
        table[column] = value
    return _with_known_reliabilities(table, draws, coefficient)


# --- pairs of scales -------------------------------------------------------------------------------------------------


def _checked(items: pd.DataFrame, scales: Mapping[str, Sequence[str]], least: int = 2) -> dict[str, tuple[str, ...]]:
    if len(scales) < 2:
        raise ValueError("a pair needs two scales")
    for name, own in scales.items():
        if isinstance(own, str) or len(own) < least:
            raise ValueError(f"the scale {name} needs a list of {least} items or more")
        if absent := [str(item) for item in own if item not in items.columns]:
            raise ValueError(f"the data lack these items of {name}: {', '.join(absent)}")
    everything = [item for own in scales.values() for item in own]
    if twice := sorted({str(item) for item in everything if everything.count(item) > 1}):
        raise ValueError(f"items stand in two scales, or twice in one: {', '.join(twice)}")
    return {str(name): tuple(own) for name, own in scales.items()}


def _ratio(matrices: np.ndarray, x: np.ndarray, y: np.ndarray, kind: str) -> np.ndarray:
    """Heterotrait-monotrait ratio from absolute correlations, ... x items x items; NaN where a mean is not above 0."""
    mean = np.mean if kind == "htmt" else _geometric_mean

    def inside(own: np.ndarray) -> np.ndarray:
        rows, columns = np.tril_indices(len(own), -1)
        return mean(matrices[..., own[rows], own[columns]], axis=-1)

    between = mean(matrices[..., np.repeat(x, len(y)), np.tile(y, len(x))], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        product = inside(x) * inside(y)
        return np.where(product > 0, between / np.sqrt(product), np.nan)


def _geometric_mean(values: np.ndarray, axis: int) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.exp(np.log(values).mean(axis=axis))


def _polychorics(values: np.ndarray, frame: pd.DataFrame) -> np.ndarray:
    """Polychoric correlations of resampled rows; NaN where there are none."""
    if constant(values).any():
        return np.full((values.shape[1],) * 2, np.nan)
    return correlations_of(pd.DataFrame(values, columns=frame.columns), "polychoric").matrix


def _negative(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> str:
    both = np.concatenate([x, y])
    count = int((matrix[np.ix_(both, both)] < 0).sum() // 2)
    return f"; {count} negative {'correlation' if count == 1 else 'correlations'} taken without sign" if count else ""


def _pair_table(
    pairs: list[tuple[str, str]],
    values: np.ndarray,
    reason: str,
    shape: dict[str, Any],
    resampled: Callable[[], Draws] | None,
    remarks: Mapping[tuple[str, str], str],
) -> pd.DataFrame:
    """A row per pair: an estimate, and an interval where draws were made."""
    made = resampled() if resampled and not reason else None
    draws = made.n if made else 0
    rows = []
    for j, (x, y) in enumerate(pairs):
        row = shape | {"x": x, "y": y, "estimate": values[j], "ci_low": np.nan, "ci_high": np.nan, "draws": draws,
                       "failed": 0, "status": ESTIMATED + remarks.get((x, y), "")}  # fmt: skip
        if reason:
            row["status"] = f"not reported: {reason}"
        elif not np.isfinite(values[j]):
            row["status"] = "not reported: it has no value (a mean correlation or a reliability is not above 0)"
        elif made is not None:
            own = made.of(j)
            row["ci_low"], row["ci_high"] = own.interval(shape["ci_level"])
            row |= {"failed": own.failed, "status": row["status"] + own.remark,
                    "method": f"{shape['method']}, percentile bootstrap interval"}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


# --- correction for attenuation --------------------------------------------------------------------------------------


def _corrected_by_alpha(covariances: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Corrected correlation of two sums from covariances, draws x items x items; NaN where an alpha is not above 0."""

    def total(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return covariances[:, a[:, None], b].sum(axis=(1, 2))

    def alpha(own: np.ndarray) -> np.ndarray:
        k = len(own)
        return k / (k - 1) * (1 - covariances[:, own, own].sum(axis=1) / total(own, own))

    with np.errstate(invalid="ignore", divide="ignore"):
        r, both = total(x, y) / np.sqrt(total(x, x) * total(y, y)), np.minimum(alpha(x), alpha(y))
        return np.where(both > 0, r / np.sqrt(alpha(x) * alpha(y)), np.nan)


@dataclass(frozen=True, eq=False)
class _Scales:
    """Correlations of scale sums, and the reliability of each."""

    correlations: pd.DataFrame
    reliabilities: dict[str, float]

    def corrected(self, x: str, y: str) -> float:
        product = self.reliabilities[x] * self.reliabilities[y]
        usable = min(self.reliabilities[x], self.reliabilities[y]) > 0
        return float(self.correlations.loc[x, y] / np.sqrt(product)) if usable else np.nan


class _Attenuation:
    """Correlations and reliabilities from rows, again and again (omega starts where it ended before)."""

    def __init__(self, at: dict[str, np.ndarray], coefficient: str) -> None:
        self.at, self.coefficient = at, coefficient
        self.starts: dict[str, np.ndarray] = {}
        self.structures = {name: _one_factor(len(own)) for name, own in at.items()} if coefficient != "alpha" else {}

    def of(self, values: np.ndarray) -> _Scales:
        names = list(self.at)
        sums = np.column_stack([values[:, own].sum(axis=1) for own in self.at.values()])
        with np.errstate(invalid="ignore", divide="ignore"):
            correlations = pd.DataFrame(np.corrcoef(sums, rowvar=False), names, names)
        return _Scales(correlations, {name: self._reliability(name, values[:, own]) for name, own in self.at.items()})

    def _reliability(self, name: str, own: np.ndarray) -> float:
        if self.coefficient == "alpha":
            covariance = np.cov(own, rowvar=False)
            return raw_alpha(covariance) if covariance.sum() > 0 else np.nan
        value, parameters = fitted_omega(self.structures[name], sample_from_rows(own), self.starts.get(name))
        if np.isfinite(value):
            self.starts.setdefault(name, parameters)
        return value


def _one_factor(k: int) -> Structure:
    names = tuple(f"i{j}" for j in range(k))
    return compile_table(factor_table(Design(names, {"factor": names})))


def _beside(plain: _Scales | None, pairs: list[tuple[str, str]]) -> dict[str, list[float]]:
    """What each corrected correlation is made of; NaN where there is none."""
    if plain is None:
        return dict.fromkeys(("r", "reliability_x", "reliability_y"), [np.nan] * len(pairs))
    return {
        "r": [float(plain.correlations.loc[x, y]) for x, y in pairs],
        "reliability_x": [float(plain.reliabilities[x]) for x, _ in pairs],
        "reliability_y": [float(plain.reliabilities[y]) for _, y in pairs],
    }


def _with_known_reliabilities(table: pd.DataFrame, draws: int, coefficient: str) -> pd.DataFrame:
    """Intervals from the plain correlation where none were drawn, and a remark on what lies outside ±1."""
    for j in range(len(table)):
        row = table.loc[j]
        if not np.isfinite(row["estimate"]):
            continue
        if not draws:
            scale = row["estimate"] / row["r"] if row["r"] else 1.0
            ends = correlation_interval(row["r"], row["n"], row["ci_level"])
            table.loc[j, ["ci_low", "ci_high"]] = [end * scale for end in ends]
            table.loc[j, "method"] = f"{row['method']}, interval as if the reliabilities were known"
        if abs(row["estimate"]) > 1:
            table.loc[j, "status"] += f"; outside ±1: {coefficient} is too low for these scales, or they share error"
    return table
