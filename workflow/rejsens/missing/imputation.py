"""Multiple imputation by chained equations, in wide form: one row per person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from rejsens.missing.compatible import draw_lines, nearest, posterior, slope_of_others
from rejsens.missing.drawn_from import Plan, constant, plan_of
from rejsens.missing.draws import draw_categories, draw_line, match


@dataclass(frozen=True, eq=False)
class Imputations(Sequence[Any]):
    """Completed frames, one after the other as a sequence, and how they were made.

    frames      m frames like the one that came in, without gaps, products that were asked for added at the end; or what
                was asked to be kept of each
    methods     column -> method, of the columns that were imputed
    predictors  column -> columns that its values were drawn from one by one
    means       column -> groups of columns, of which those that do not stand there predicted it by their mean
    n_missing   column -> values that were missing
    trace       a row per imputation, iteration and imputed column of numbers: mean and sd of what was drawn. Chains
                that drift have not arrived: more iterations are needed.
    notes       sentences on columns that were not imputed in the way that was asked for
    """

    frames: tuple[Any, ...]
    methods: Mapping[str, str]
    predictors: Mapping[str, tuple[str, ...]]
    n_missing: Mapping[str, int]
    trace: pd.DataFrame
    means: Mapping[str, tuple[tuple[str, ...], ...]]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, place: int | slice) -> Any:
        return self.frames[place]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.frames)


def impute(
    frame: pd.DataFrame,
    m: int = 20,
    seed: int | np.random.Generator = 0,
    methods: Mapping[str, str] | None = None,
    predictors: Mapping[str, Sequence[str]] | None = None,
    *,
    products: Mapping[str, Sequence[str]] | None = None,
    outcomes: Mapping[str, Sequence[str]] | None = None,
    slopes: Sequence[tuple[Sequence[str], Sequence[str]]] = (),
    means: Mapping[str, Sequence[Sequence[str]]] | None = None,
    iterations: int = 10,
    donors: int = 5,
    keep: Callable[[pd.DataFrame], Any] | None = None,
) -> Imputations:
    """Multiple imputation by chained equations.

    Parameters
    ----------
    frame : :py:class:`pandas.DataFrame`
        One row per person (all waves side by side), numbers or categories (text, booleans, pandas categories). It
        holds every variable of the analysis, the outcome and its other waves included, and no ids.
    m : int
        Imputations: at least the larger of 20 and 100 × the fraction of missing information
        (:py:func:`rejsens.missing.enough_imputations`).
    seed : int or :py:class:`numpy.random.Generator`
        The study's seed, or the generator of one analysis (:py:func:`rejsens.inference.bootstrap.generator`). The
        i-th imputation is the same whatever `m`.
    methods : mapping of column to str, or None
        ``"pmm"``: predictive mean matching (items, counts, anything that must keep its values; the default of
        numbers); ``"linear"``: Bayesian linear regression (scales); ``"logistic"``: (multinomial) logistic
        regression, the default of categories. Ordered categories and those of two levels may take ``"pmm"``.
    predictors : mapping of column to columns, or None
        From what each column is drawn; those not named are drawn from all others.
    products : mapping of new column to columns, or None
        Interactions of the analysis, kept passively: computed again from their parts after each draw, and used to
        draw the other columns, never their own parts.
    outcomes : mapping of product to columns, or None
        The outcomes of the models that a product stands in. Its parts are then drawn so that they fit those models
        (substantive-model-compatible imputation [3]_): without, intervals of the interaction cover too seldom.
    slopes : sequence of pairs of columns
        Waves of a predictor, and the same waves of an outcome whose slope on it differs between people: three or more.
        Each draw of one of them then has the person's slope over the other waves among its predictors.
    means : mapping of column to groups of columns, or None
        Of each group those that are neither the column nor among its predictors predict it by their mean, each in its
        own standard deviation: of many waves, those far away. Numbers only, and not with products.
    iterations : int
        Rounds of the chain before a frame is taken.
    donors : int
        Observed people among whom predictive mean matching draws.
    keep : callable or None
        What is kept of each completed frame, as soon as it is drawn; the frame itself unless said. Many frames of many
        people need not fit into memory all at once.

    Returns
    -------
    imputations : :py:class:`Imputations`
        A sequence of `m` frames, or of what `keep` made of them. A frame without gaps comes back `m` times.

    Raises
    ------
    ValueError
        If a column holds no value or infinite ones, if names do not fit the frame, or if an argument has no meaning.

    Notes
    -----
    Missing data: this is what fills them, under the assumption that what is missing depends on what is observed
    (missing at random), which no test can show.

    Each imputation is a chain of its own: gaps start as random draws from the observed values, then every column is
    drawn in turn from its posterior given the others [1]_. Linear regressions draw a residual variance and
    coefficients [2]_; matching compares predictions of the observed rows at the estimate with predictions of the
    missing ones at the draw (mice's type 1), and takes the value of one of the nearest donors. Text stays text, and
    whole numbers stay whole.

    A part x of a product with outcomes is drawn from f(x | rest) f(outcomes | x, products, rest), both linear with normal
    residuals. The outcomes are linear in x whatever it is multiplied by, so x given all is normal, with a mean and variance
    of each row's own, and no rejection is needed. Both regressions use the completed values of all rows, as in R's smcfcs;
    ``"pmm"`` takes the observed value nearest to the draw. Checked against smcfcs 1.7 (tests/reference/compatible.R) and by
    coverage (docs/calibration.md). A person's slope over the other waves is an approximation: most of the slopes' variance
    is kept, not all (docs/hypothesis-models.md).

    Checked against mice 3.15 (tests/reference/missing.R): pooled regressions on 60 imputations of the same simulated
    data agree within Monte Carlo error, for each method.

    References
    ----------
    .. [1] van Buuren, S., & Groothuis-Oudshoorn, K. (2011). mice: Multivariate imputation by chained equations in R.
           Journal of Statistical Software, 45(3), 1–67. https://doi.org/10.18637/jss.v045.i03

    .. [2] Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys. Wiley.
           https://doi.org/10.1002/9780470316696

    .. [3] Bartlett, J. W., Seaman, S. R., White, I. R., & Carpenter, J. R. (2015). Multiple imputation of covariates by
           fully conditional specification: Accommodating the substantive model. Statistical Methods in Medical Research,
           24(4), 462–487. https://doi.org/10.1177/0962280214521348

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.missing import impute
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> frame = pd.DataFrame({"x": x, "y": np.round(x + rng.normal(size=200))}).mask(rng.random((200, 2)) < 0.2)
    >>> completed = impute(frame, m=3, seed=1, methods={"x": "linear"}, products={"x_by_y": ["x", "y"]})
    >>> len(completed), int(completed[0].isna().sum().sum()), completed.methods
    (3, 0, {'x': 'linear', 'y': 'pmm'})
    >>> set(completed[0]["y"]) <= set(frame["y"].dropna())
    True
    >>> bool(np.allclose(completed[1]["x_by_y"], completed[1]["x"] * completed[1]["y"]))
    True
    """
    for what, number, least in (("m", m, 1), ("iterations", iterations, 1), ("donors", donors, 1)):
        if number < least:
            raise ValueError(f"{what} is {least} or more, not {number}")
    plan, notes = plan_of(
        frame, methods or {}, predictors or {}, products or {}, outcomes or {}, slopes, means or {}, donors
    )
    streams = np.random.default_rng(seed).spawn(m)
    frames, traces = [], []
    for number, rng in enumerate(streams, start=1):
        values, trace = _chain(plan, iterations, rng)
        done = _completed(frame, plan, values)
        frames.append(keep(done) if keep else done)
        traces.append(trace.assign(imputation=number))
    order = ["imputation", "iteration", "column", "mean", "sd"]
    return Imputations(
        tuple(frames), plan.methods, {name: plan.predictors[name] for name in plan.methods},
        {name: int(plan.columns[name].missing.sum()) for name in plan.methods},
        pd.concat(traces, ignore_index=True)[order],
        {name: tuple(rest.group for rest in plan.rests[name]) for name in plan.methods}, notes,
    )  # fmt: skip


# --- one chain -------------------------------------------------------------------------------------------------------


def _chain(plan: Plan, iterations: int, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    values = {name: column.values.copy() for name, column in plan.columns.items()}
    missing = {name: np.flatnonzero(plan.columns[name].missing) for name in plan.methods}
    for name, rows in missing.items():
        values[name][rows] = rng.choice(plan.columns[name].values[~plan.columns[name].missing], size=len(rows))
    for name, parts in plan.parts.items():
        values[name] = np.prod([values[part] for part in parts], axis=0)
    n = len(next(iter(values.values()))) if values else 0
    matrix = np.column_stack([np.ones(n), *(plan.columns[name].columns(own) for name, own in values.items())])
    sums = [matrix[:, [plan.places[name].start for name in group]].sum(axis=1) for group in plan.groups]
    matrix = np.asfortranarray(np.column_stack([matrix, *sums]))
    state = _State(plan, values, missing, matrix, matrix.T @ matrix, rng)
    trace = []
    for iteration in range(1, iterations + 1):
        for name, method in plan.methods.items():
            state.draw(name, method)
            if not plan.columns[name].categorical:
                drawn = values[name][missing[name]]
                trace.append((iteration, name, drawn.mean(), drawn.std(ddof=1) if len(drawn) > 1 else np.nan))
    return values, pd.DataFrame(trace, columns=["iteration", "column", "mean", "sd"])


class _State:
    """The completed values of one chain, their matrix and its cross-products, which each draw brings up to date."""

    def __init__(
        self,
        plan: Plan,
        values: dict[str, Any],
        missing: Mapping[str, Any],
        matrix: np.ndarray,
        cross: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        self.plan, self.values, self.missing, self.rng = plan, values, missing, rng
        self.matrix, self.cross = matrix, cross  # column after column, of which a draw reads a few
        self.by_row = np.ascontiguousarray(matrix)  # the same row after row, of which a draw changes a few
        self.observed = {name: np.flatnonzero(~plan.columns[name].missing) for name in missing}
        self.predicting = {name: plan.predicting(name) for name in missing}
        self.turning = {name: plan.turning(name) for name in missing}
        self.interacting = {name: plan.interacting(name) for name in missing}
        self.start: dict[str, np.ndarray] = {}  # coefficients of categories at the last round
        self.flat = {name for name in missing if constant(plan.columns[name])}
        self.sums = {
            name: [plan.behind + k for k, own in enumerate(plan.groups) if name in own] for name in plan.places
        }

    def draw(self, name: str, method: str) -> None:
        if name in self.flat:
            return
        column, rows = self.plan.columns[name], self.missing[name]
        if method == "logistic":
            drawn = self._categories(name)
        else:
            drawn = self._compatible(name, method) if self.interacting[name] else self._numbers(name, method)
        self.values[name][rows] = drawn
        self._update(name, rows, column.columns(drawn))
        for product_name, parts in self.plan.parts.items():
            if name in parts:
                whole = np.prod([self.values[part] for part in parts], axis=0)
                self.values[product_name] = whole
                self._update(product_name, slice(None), self.plan.columns[product_name].columns(whole))

    def _numbers(self, name: str, method: str) -> np.ndarray:
        """Cross-products of the observed rows are those of all rows less those of the missing ones, which are few."""
        (read, turn), rows, seen = self.turning[name], self.missing[name], self.observed[name]
        column, target, used = self.plan.columns[name], self._target(name), len(self.predicting[name])
        each, beside = self.matrix[:, read], self._own_slopes(name)
        with_means = partial(_with_means, used=used, turn=turn)
        absent = np.column_stack([with_means(each[rows]), beside[rows]])
        aside = with_means(beside.T @ each).T
        cross = with_means(with_means(self.cross[np.ix_(read, read)]).T)
        cross = np.block([[cross, aside], [aside.T, beside.T @ beside]]) - absent.T @ absent
        moment = with_means(each.T @ target if column.categorical else self.cross[read, self._place(name)])
        moment = np.concatenate([moment, beside.T @ target]) - absent.T @ target[rows]
        known = target[seen]
        line = draw_line(cross, moment, float(known @ known), len(seen), self.rng)
        predicted = absent @ line.drawn
        if method == "linear":
            drawn = predicted + line.sigma * self.rng.normal(size=len(rows))
            return column.centre + column.spread * drawn
        one_by_one, of_means, of_slopes = np.split(line.estimate, [used, used + turn.shape[1]])
        weights = turn @ of_means
        weights[:used] += one_by_one
        expected = each @ weights + beside @ of_slopes
        return column.values[seen][match(expected[seen], predicted, self.plan.donors, self.rng)]

    def _own_slopes(self, name: str) -> np.ndarray:
        """Predictors that let slopes differ between people: people x pairs of waves that `name` belongs to."""
        found = []
        for pair in self.plan.slopes:
            for own, other in (pair, pair[::-1]):
                if name in own:
                    x, y, deviating = (self.matrix[:, [self._place(c) for c in names]] for names in (*pair, other))
                    found.append(slope_of_others(x, y, own.index(name), deviating))
        return np.column_stack(found) if found else np.zeros((len(self.matrix), 0))

    def _compatible(self, name: str, method: str) -> np.ndarray:
        """A part of an interaction: from its regression on the rest and the outcomes' regressions on it, over all rows."""
        column, rows = self.plan.columns[name], self.missing[name]
        outcomes = list(dict.fromkeys(other for own in self.interacting[name].values() for other in own))
        rest, place = self.plan.predicting(name, without=outcomes), np.array([self._place(name)])
        targets = np.array([self._place(other) for other in outcomes])
        products = np.array([self._place(other) for other in self.interacting[name]])
        n, cross, design = len(self.matrix), self.cross, np.concatenate([rest, place, products])
        of_x = draw_lines(*_sums(cross, rest, place), n, self.rng)
        of_y = draw_lines(*_sums(cross, design, targets), n, self.rng)

        here = self.matrix[rows]
        steps = [np.ones(len(rows)), *(self._step(name, other, rows) for other in self.interacting[name])]
        slopes = np.column_stack(steps) @ of_y.drawn[len(rest) :]
        at_zero = here[:, design] @ of_y.drawn - slopes * here[:, place]  # the outcomes, were x 0
        mean, variance = posterior(
            here[:, rest] @ of_x.drawn[:, 0], float(of_x.sigma[0, 0]), slopes, here[:, targets] - at_zero, of_y.sigma
        )
        drawn = column.centre + column.spread * (mean + np.sqrt(variance) * self.rng.normal(size=len(rows)))
        return drawn if method == "linear" else nearest(column.values[self.observed[name]], drawn)

    def _step(self, name: str, product_name: str, rows: np.ndarray) -> np.ndarray:
        """By how much the product's column rises when that of `name` does by 1."""
        others = [self.values[part][rows] for part in self.plan.parts[product_name] if part != name]
        return np.prod(others, axis=0) * self.plan.columns[name].spread / self.plan.columns[product_name].spread

    def _categories(self, name: str) -> np.ndarray:
        (read, turn), column = self.turning[name], self.plan.columns[name]
        seen, rows = self.observed[name], self.missing[name]
        predictors = _with_means(self.matrix[:, read], len(self.predicting[name]), turn)
        drawn, self.start[name] = draw_categories(
            predictors[seen], column.values[seen], predictors[rows],
            len(column.levels), self.rng, self.start.get(name),
        )  # fmt: skip
        return drawn

    def _place(self, name: str) -> int:
        return self.plan.places[name].start

    def _target(self, name: str) -> np.ndarray:
        """The column as a regression's outcome: standardised numbers, or the codes of (ordered) categories."""
        column = self.plan.columns[name]
        return self.values[name] if column.categorical else self.matrix[:, self._place(name)]

    def _update(self, name: str, rows: np.ndarray | slice, columns: np.ndarray) -> None:
        """Cross-products change by the rows that do; a sum of columns changes as its column does.

        With the rows' change D, X'X rises by D'X + X'D - D'D, X as it is afterwards.
        """
        place, sums = self.plan.places[name], self.sums[name]
        moved = [*range(place.start, place.stop), *sums]
        step = columns - self.matrix[rows, place]
        for matrix in (self.matrix, self.by_row):
            matrix[rows, place] = columns
            for total in sums:
                matrix[rows, total] += step[:, 0]
        step = np.column_stack([step, *(step[:, 0] for _ in sums)])
        change = self.by_row[rows].T @ step
        among = self.cross[np.ix_(moved, moved)] + change[moved] + change[moved].T - step.T @ step
        self.cross[:, moved] += change
        self.cross[moved, :] = self.cross[:, moved].T
        self.cross[np.ix_(moved, moved)] = among


def _with_means(values: np.ndarray, used: int, turn: np.ndarray) -> np.ndarray:
    """(..., columns) -> (..., predictors): the first `used` as they are, then the means."""
    return np.concatenate([values[..., :used], values @ turn], axis=-1)


def _sums(cross: np.ndarray, design: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X'X, X'Y and Y'Y of those columns."""
    return cross[np.ix_(design, design)], cross[np.ix_(design, targets)], cross[np.ix_(targets, targets)]


def _completed(frame: pd.DataFrame, plan: Plan, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    out = {name: plan.columns[str(name)].series(values[str(name)], frame[name]) if str(name) in plan.methods
           else frame[name] for name in frame}  # fmt: skip
    out |= {name: pd.Series(values[name], index=frame.index) for name in plan.parts}
    return pd.DataFrame(out, index=frame.index)
