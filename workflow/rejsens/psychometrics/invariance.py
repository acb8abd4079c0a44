"""Does a scale measure the same thing in every group, or at every wave? A ladder of ever more equal models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine.table import COVARIANCE, LOADING, MEAN, THRESHOLD, Parameter, Table
from rejsens.psychometrics.factor import fit_tables, ordered_of
from rejsens.psychometrics.factor_model import ADMISSIBLE, FactorModel, Fit
from rejsens.psychometrics.factor_structure import Design, Equal, design
from rejsens.psychometrics.gathering import Found, Settings, gather, require_frame
from rejsens.psychometrics.nested import Difference, compare_models

RUNGS = {"configural": (), "metric": ("loadings",), "scalar": ("loadings", "intercepts"),
         "strict": ("loadings", "intercepts", "residuals")}  # fmt: skip
ORDERED_RUNGS = {
    "configural": (), "thresholds": ("thresholds",), "loadings": ("thresholds", "loadings"),
    "intercepts": ("thresholds", "loadings", "intercepts"),
    "unique variances": ("thresholds", "loadings", "intercepts", "residuals"),
}  # fmt: skip
KINDS = ("thresholds", "loadings", "intercepts", "residuals")
GUIDE = (
    "Changes of CFI and RMSEA are printed as guides for maximum likelihood; they decide nothing, and under WLSMV they "
    "have no cut-offs at all."
)


@dataclass(frozen=True, eq=False)
class Rungs:
    """What the rungs of one ladder are made of: any of them can be fitted again with something released."""

    plan: Design
    units: list[_Unit]
    found: Found
    settings: Settings
    thresholds: dict[str, int]
    released: frozenset[tuple[str, str]] = frozenset()

    def kinds(self, rung: str) -> tuple[str, ...]:
        return (ORDERED_RUNGS if self.settings.ordered else RUNGS)[rung]

    def table(self, rung: str, released: frozenset[tuple[str, str]]) -> Table:
        equal = Equal(frozenset(self.kinds(rung)), released)
        return ladder_table(self.plan, self.units, equal, self.thresholds, True)

    def fit(self, rung: str, released: frozenset[tuple[str, str]], **shared: Any) -> FactorModel:
        table = self.table(rung, released)
        return fit_tables(table, table, self.found, self.settings, **shared)


@dataclass(frozen=True, repr=False, eq=False)
class Invariance:
    """A ladder of models.

    table     one row per rung: rung, status, n, chi2, df, p, cfi, tli, rmsea, rmsea_ci_low, rmsea_ci_high, srmr; then
              the test against the last rung that was fitted: against, d_chi2, d_df, d_p, d_cfi, d_rmsea, d_srmr; and
              released, what is free although the rung says equal. With MLM, MLR and WLSMV chi2 and p are the corrected
              ones; cfi, tli and rmsea are the robust ones of MLM and MLR, the scaled ones of WLSMV.
    models    the fitted rungs by name
    status    "admissible" where every rung that can be tested is; otherwise the first reason
    highest   the last rung before a failure ("" where the first fails)
    between   the names of the groups or waves
    notes     sentences to be printed with it
    fit, loadings   those of the highest rung; every rung's own stand in `models`
    """

    table: pd.DataFrame
    models: dict[str, FactorModel]
    status: str
    highest: str
    between: tuple[str, ...]
    notes: tuple[str, ...] = ()
    source: Rungs = field(kw_only=True, repr=False)

    def __repr__(self) -> str:
        """What a notebook shows: between what, the status, the ladder."""
        named = ["rung", "n", "chi2", "df", "cfi", "rmsea", "d_chi2", "d_df", "d_p", "status"]
        return "\n".join(
            [f"between {', '.join(self.between)}: {self.status}", self.table[named].round(3).to_string(index=False)]
        )

    @property
    def fit(self) -> Fit:
        return self._highest.fit

    @property
    def loadings(self) -> pd.DataFrame:
        return self._highest.loadings

    @property
    def _highest(self) -> FactorModel:
        if not self.highest:
            raise AttributeError(f"no rung could be fitted ({self.status})")
        return self.models[self.highest]

    def release_candidates(self, rung: str) -> pd.DataFrame:
        """What making each equality of a rung free again would gain (score tests).

        Parameters
        ----------
        rung : str
            A rung of ``models``.

        Returns
        -------
        candidates : :py:class:`pandas.DataFrame`
            ``kind``, ``item``, ``chi2`` (expected fall), ``df``, ``p``; largest first. They are uncorrected for
            non-normal answers, and a release chosen by them is exploratory.
        """
        from rejsens.psychometrics.partial_invariance import score_tests

        source = self.source
        return score_tests(source, rung, self.models[rung], source.released, source.kinds(rung))


def invariance(
    data: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    groups: str | None = None,
    waves: Mapping[str, Mapping[str, str]] | None = None,
    structure: str = "correlated",
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: Sequence[str] | None = None,
    release: Sequence[tuple[str, str]] = (),
    residual_covariances: Sequence[tuple[str, str]] = (),
    reversed_items: Sequence[str] = (),
    general: str = "general",
    method: str = "method",
    ci_level: float = 0.95,
) -> Invariance:
    """Measurement invariance over groups, or over waves.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Over waves: one row per person, one column per item and wave.
    model : mapping of str to list of str
        Items of each factor.
    groups : str or None
        Column of ``data`` that tells the groups.
    waves : mapping of wave to mapping of item to column, or None
        Instead of groups: the column that holds each item of ``model`` at each wave. The residuals of an item at
        different waves covary.
    structure, estimator, missing, ordered, residual_covariances, reversed_items, general, method, ci_level
        As in :py:func:`cfa`. With ``estimator="WLSMV"`` the rungs are those of ordered items; continuous items among
        them have equal loadings, intercepts and residual variances at the rungs of the same name.
    release : list of (kind, item)
        Partial invariance: what stays free in every group or wave although its rung makes it equal. ``kind`` is
        ``"thresholds"``, ``"loadings"``, ``"intercepts"`` or ``"residuals"``.

    Returns
    -------
    ladder : :py:class:`Invariance`
        A rung that is not admissible has its reason as its status, and bars the rungs above it.

    Raises
    ------
    ValueError
        As :py:func:`cfa` does; if not exactly one of ``groups`` and ``waves`` is given, if there are fewer than two, if
        a wave lacks an item, or if ``release`` names something that is not in the model.

    Notes
    -----
    Continuous items: configural; metric (loadings equal); scalar (and intercepts; latent means free from the second
    group or wave on); strict (and residual variances). Ordered items: configural, thresholds, loadings, intercepts,
    unique variances, in the parameterisation of residual variances and the identification of Wu and Estabrook [1]_.
    Equal thresholds cannot be tested with three categories or fewer, nor equal loadings with two: those rungs say so,
    and the next is compared with the last that was fitted.

    A test says whether a rung fits worse than the one below, not by how much; over many people it always will.

    Missing data: as in :py:func:`cfa`. Checked against lavaan 0.6.14 (tests/reference/sem.R).

    References
    ----------
    .. [1] Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
           invariance for ordered categorical outcomes. Psychometrika, 81(4), 1014–1045.
           https://doi.org/10.1007/s11336-016-9506-0

    Examples
    --------
    Two simulated groups; the second answers the third item higher, whatever its trait.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import invariance
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(600, 1))
    >>> data = pd.DataFrame(0.8 * trait + 0.6 * rng.normal(size=(600, 4)), columns=list("abcd"))
    >>> data["group"] = ["one"] * 300 + ["two"] * 300
    >>> data.loc[data["group"] == "two", "c"] += 0.5
    >>> ladder = invariance(data, {"f": list("abcd")}, groups="group")
    >>> ladder.table[["rung", "df", "d_df", "status"]]
             rung  df  d_df      status
    0  configural   4  <NA>  admissible
    1      metric   7     3  admissible
    2      scalar  10     3  admissible
    3      strict  14     4  admissible
    >>> (ladder.table["d_p"] < 0.001).tolist()
    [False, False, True, False]
    >>> ladder.release_candidates("scalar").loc[0, ["kind", "item"]].tolist()
    ['intercepts', 'c']
    """
    if (groups is None) == (waves is None):
        raise ValueError("invariance is over groups or over waves: give one of them")
    require_frame(data)
    names = list(data.columns) if waves is None else _items(waves)
    plan = design(
        names, model, structure, reversed_items=reversed_items, residual_covariances=residual_covariances,
        general=general, method=method,
    )  # fmt: skip
    chosen = ordered_of(plan.items, ordered, estimator)
    if chosen is not None and waves is not None:
        chosen = tuple(wave[item] for wave in waves.values() for item in chosen)
    settings = Settings(estimator, missing, ci_level, "as given", chosen)
    _check_releases(plan, release, settings)
    columns = plan.items if waves is None else _columns(data, plan, waves)
    found = gather(data, columns, settings, groups)
    units = _units(plan, found.groups, waves)
    return _climb(plan, units, found, settings, frozenset(release))


def _items(waves: Mapping[str, Mapping[str, str]]) -> list[str]:
    if len(waves) < 2:
        raise ValueError("invariance over waves needs two waves or more")
    first = list(next(iter(waves.values())))
    return [item for item in first if all(item in columns for columns in waves.values())]


def _columns(data: pd.DataFrame, plan: Design, waves: Mapping[str, Mapping[str, str]]) -> list[str]:
    columns = [wave[item] for wave in waves.values() for item in plan.items]
    if absent := [column for column in columns if column not in data.columns]:
        raise ValueError(f"the data lack these columns of waves: {', '.join(absent)}")
    if len(set(columns)) < len(columns):
        raise ValueError("two items, or two waves, name the same column")
    return columns


def _check_releases(plan: Design, release: Sequence[tuple[str, str]], settings: Settings) -> None:
    for kind, item in release:
        if kind not in KINDS or (kind == "thresholds" and not settings.ordered):
            raise ValueError(f"release names the kind “{kind}”, which is not one of {', '.join(KINDS)}")
        if item not in plan.items:
            raise ValueError(f"release names {item}, which is no item of the model")


# --- the table of one rung -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Unit:
    """One group, or one wave: its number, its group in the table, and what its items and factors are called."""

    number: int
    group: int
    columns: dict[str, str]
    factors: dict[str, str]


def _units(plan: Design, groups: tuple[str, ...], waves: Mapping[str, Mapping[str, str]] | None) -> list[_Unit]:
    if waves is None:
        same, factors = {item: item for item in plan.items}, {factor: factor for factor in plan.factors}
        return [_Unit(k, k, same, factors) for k in range(max(len(groups), 2))]
    return [
        _Unit(
            k, 0, {item: columns[item] for item in plan.items}, {factor: f"{factor}.{name}" for factor in plan.factors}
        )
        for k, (name, columns) in enumerate(waves.items())
    ]


def ladder_table(
    plan: Design, units: Sequence[_Unit], equal: Equal, thresholds: Mapping[str, int], means: bool
) -> Table:
    """Rows of one rung. `thresholds` (of each ordered item, as many in every unit) makes it a table of ordered items."""
    rows = [row for unit in units for row in _unit_rows(plan, unit, equal, thresholds, means)]
    over_waves = units[0].group == units[-1].group
    if over_waves:
        rows += _across_waves(plan, units)
    columns = [unit.columns[item] for unit in units for item in plan.items]
    factors = [unit.factors[factor] for unit in units for factor in plan.factors]
    counts = {unit.columns[item]: thresholds[item] for unit in units for item in plan.items if item in thresholds}
    return Table(
        tuple(dict.fromkeys(columns)), tuple(dict.fromkeys(factors)), tuple(rows), 1 if over_waves else len(units),
        means and not thresholds, counts, "theta",
    )  # fmt: skip


def _unit_rows(plan: Design, unit: _Unit, equal: Equal, thresholds: Mapping[str, int], means: bool) -> list[Parameter]:
    first, group = unit.number == 0, unit.group
    rows = [
        Parameter(
            unit.factors[factor],
            LOADING,
            unit.columns[item],
            group,
            label=equal.label("loadings", item, f"{factor}=~{item}"),
        )
        for factor, items in plan.loads.items()
        for item in items
    ]
    if plan.above:
        name, below = plan.above
        rows += [
            Parameter(
                unit.factors[name],
                LOADING,
                unit.factors[factor],
                group,
                label=f"{name}=~{factor}" if "loadings" in equal.kinds else "",
            )
            for factor in below
        ]
    scaled = first or "loadings" not in equal.kinds
    rows += [Parameter(name, COVARIANCE, name, group, fixed=1.0 if scaled else None) for name in unit.factors.values()]
    pairs = [(unit.factors[a], unit.factors[b]) for a, b in plan.correlated_pairs]
    pairs += [(unit.columns[a], unit.columns[b]) for a, b in plan.residual_covariances]
    rows += [Parameter(a, COVARIANCE, b, group) for a, b in pairs]
    for item in plan.items:
        rows += (
            _ordered_item(unit, item, equal, thresholds[item])
            if item in thresholds
            else _plain_item(unit, item, equal, means)
        )
    if not first and "intercepts" in equal.kinds:
        rows += [Parameter(unit.factors[factor], MEAN, "", group) for factor in plan.loads]
    return rows


def _plain_item(unit: _Unit, item: str, equal: Equal, means: bool) -> list[Parameter]:
    column = unit.columns[item]
    rows = [Parameter(column, COVARIANCE, column, unit.group, label=equal.label("residuals", item, f"{item}~~{item}"))]
    if means:
        rows.append(Parameter(column, MEAN, "", unit.group, label=equal.label("intercepts", item, f"{item}~1")))
    return rows


def _ordered_item(unit: _Unit, item: str, equal: Equal, count: int) -> list[Parameter]:
    """Once its thresholds are equal, an item's intercept and unique variance are free from the second unit on, until
    their own rung."""
    column, group = unit.columns[item], unit.group
    rows = [
        Parameter(column, THRESHOLD, f"t{k}", group, label=equal.label("thresholds", item, f"{item}|t{k}"))
        for k in range(1, count + 1)
    ]
    moves = unit.number > 0 and bool(equal.label("thresholds", item, "yes"))
    intercept_free = moves and not equal.label("intercepts", item, "yes")
    unique_free = moves and not equal.label("residuals", item, "yes")
    rows.append(
        Parameter(column, MEAN, "", group, fixed=None if intercept_free else 0.0, start=0.0 if intercept_free else None)
    )
    rows.append(
        Parameter(
            column, COVARIANCE, column, group, fixed=None if unique_free else 1.0, start=1.0 if unique_free else None
        )
    )
    return rows


def _across_waves(plan: Design, units: Sequence[_Unit]) -> list[Parameter]:
    """Covariances between waves: of each item's residuals, and of factors."""
    apart = plan.uncorrelated
    free = [name for name in plan.loads if name not in apart]
    rows = []
    for later in range(1, len(units)):
        for earlier in range(later):
            a, b = units[earlier], units[later]
            rows += [Parameter(a.columns[item], COVARIANCE, b.columns[item]) for item in plan.items]
            rows += [Parameter(a.factors[x], COVARIANCE, b.factors[y]) for x in free for y in free]
            rows += [Parameter(a.factors[x], COVARIANCE, b.factors[x]) for x in apart if x in plan.factors]
            if plan.above:
                rows.append(Parameter(a.factors[plan.above[0]], COVARIANCE, b.factors[plan.above[0]]))
    return rows


# --- the ladder ------------------------------------------------------------------------------------------------------


def _climb(
    plan: Design, units: list[_Unit], found: Found, settings: Settings, released: frozenset[tuple[str, str]]
) -> Invariance:
    rungs = ORDERED_RUNGS if settings.ordered else RUNGS
    thresholds, found = _thresholds(plan, units, found, settings)
    source = Rungs(plan, units, found, settings, thresholds, released)
    models: dict[str, FactorModel] = {}
    rows, last, status = [], "", ADMISSIBLE
    shared: dict[str, Any] = {}
    for rung, kinds in rungs.items():
        if status != ADMISSIBLE:
            rows.append({"rung": rung, "status": f"barred: the rung {last} is not admissible"})
            continue
        if settings.ordered and (reason := _untestable(rung, thresholds)):
            rows.append({"rung": rung, "status": f"not testable: {reason}"})
            continue
        fitted = source.fit(rung, released, **shared)
        if fitted.fitted is not None and not shared:
            shared = {"baseline": fitted.fitted.baseline}
        rows.append(_row(rung, fitted, models.get(last), last, released_words(released, kinds)))
        models[rung], last, status = fitted, rung, fitted.status
    admissible = [rung for rung, model in models.items() if model.admissible]
    between = tuple(found.groups) or tuple(
        unit.factors[plan.factors[0]].removeprefix(f"{plan.factors[0]}.") for unit in units
    )
    return Invariance(
        _table(rows), models, status if status == ADMISSIBLE else f"{last}: {status}",
        admissible[-1] if admissible else "", between, (*found.notes, GUIDE), source=source,
    )  # fmt: skip


def _thresholds(plan: Design, units: list[_Unit], found: Found, settings: Settings) -> tuple[dict[str, int], Found]:
    """Thresholds of each item, which must be as many in every unit."""
    if not settings.ordered:
        return {}, found
    named = {item: units[0].columns[item] for item in plan.items}
    if settings.ordered_items is not None:
        named = {item: column for item, column in named.items() if column in settings.ordered_items}
    return {item: 3 if found.reason else found.thresholds[column] for item, column in named.items()}, found


def _untestable(rung: str, thresholds: Mapping[str, int]) -> str:
    if rung == "thresholds" and max(thresholds.values()) <= 2:
        return "thresholds of three categories or fewer can always be made equal"
    if rung in ("thresholds", "loadings") and min(thresholds.values()) == 1:
        return "with two categories, loadings cannot be told from unique variances"
    return ""


def released_words(released: frozenset[tuple[str, str]], kinds: Sequence[str]) -> str:
    return ", ".join(f"{kind} of {item}" for kind, item in sorted(released) if kind in kinds)


def _row(rung: str, fitted: FactorModel, before: FactorModel | None, last: str, released: str) -> dict[str, Any]:
    row = {"rung": rung, "status": fitted.status, "n": fitted.n, "df": fitted.fit.df, "released": released}
    own = fitted.reported
    row |= own
    if before is None:
        return row
    difference = compare_models(fitted, before) if fitted.admissible else Difference(np.nan, 0, np.nan, "")
    below = before.reported
    row |= {"against": last, "d_chi2": difference.chi2, "d_p": difference.p}
    if fitted.admissible:
        row |= {"d_df": difference.df} | {f"d_{name}": own[name] - below[name] for name in ("cfi", "rmsea", "srmr")}
    return row


COLUMNS = (
    "rung", "status", "n", "chi2", "df", "p", "cfi", "tli", "rmsea", "rmsea_ci_low", "rmsea_ci_high", "srmr",
    "against", "d_chi2", "d_df", "d_p", "d_cfi", "d_rmsea", "d_srmr", "released",
)  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = {"n": "Int64", "df": "Int64", "d_df": "Int64"}
    words = {
        name: pd.Series([row.get(name, "") for row in rows], dtype="str")
        for name in ("rung", "status", "against", "released")
    }
    numbers = [name for name in COLUMNS if name not in whole and name not in words]
    return table.assign(**words).astype(whole | dict.fromkeys(numbers, "float64"))
