"""The graded response model: discriminations, thresholds, information, scores, and what items share beside the trait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from rejsens.psychometrics.cases import answers
from rejsens.psychometrics.factor_model import ADMISSIBLE
from rejsens.psychometrics.graded_likelihood import (
    POINTS,
    WEIGHTS,
    Answered,
    answered,
    blocks,
    category_chances,
    item_information,
    log_likelihood,
    log_likelihood_and_products,
    moments,
    observed_information,
    split,
)
from rejsens.psychometrics.ordered_answers import MOST_CATEGORIES

PROBIT = 1.702  # a logistic discrimination of the size of a normal-ogive one
RUNAWAY = 15.0  # a discrimination beyond this is a loading of .995: a Heywood case
ITERATIONS = 100
POLISH = 8
NEAR = 1e-2  # gradient (per root of people) at which the observed information takes over
CLOSE = 1e-6
CURVE = np.round(np.linspace(-4, 4, 81), 1)
MISSING_RULE = "every row with an answer, maximum likelihood"


@dataclass(frozen=True, eq=False)
class GradedModel:
    """One fitted graded response model. Nothing may be computed from it unless `status` is "admissible".

    status        "admissible", or every reason why it is not
    items         item, categories, a (discrimination, logistic metric), se, ci_low, ci_high, loading (of the
                  corresponding factor model of polychorics: a / 1.702 turned into a correlation)
    thresholds    item, threshold (1, 2, ...), above (the answer that it opens), b (place on the trait), se, ci_low,
                  ci_high
    loglik, n_parameters, aic, bic
    reliability_marginal    of the trait's score in the population: information against the trait's variance of 1
    reliability_empirical   variance of the scores over that variance plus their mean squared error, in these people
    n, n_lost     people used, and people without any answer
    """

    status: str
    items: pd.DataFrame
    thresholds: pd.DataFrame
    loglik: float
    n_parameters: int
    aic: float
    bic: float
    reliability_marginal: float
    reliability_empirical: float
    n: int
    n_lost: int
    ci_level: float
    missing_rule: str = MISSING_RULE
    levels: tuple[np.ndarray, ...] = field(default=(), repr=False)
    parameters: np.ndarray | None = field(default=None, repr=False)  # None without estimates

    @property
    def admissible(self) -> bool:
        return self.status == ADMISSIBLE

    def information(self, trait: np.ndarray = CURVE) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Item and test information curves.

        Parameters
        ----------
        trait : :py:class:`numpy.ndarray`
            Points of the trait (standard deviations of the population).

        Returns
        -------
        items, test : :py:class:`pandas.DataFrame`
            ``item``, ``trait``, ``information``; and ``trait``, ``information`` (of the answers alone), ``se`` (its
            inverse root) and ``reliability`` (information / (information + 1)). No rows for a model without estimates.
        """
        trait = np.asarray(trait, dtype=float)
        if self.parameters is None:
            return pd.DataFrame(columns=["item", "trait", "information"]), pd.DataFrame(
                columns=["trait", "information", "se", "reliability"]
            )
        curves = [item_information(own, trait) for own in self._split()]
        names = self.items["item"].tolist()
        items = pd.DataFrame(
            {"item": np.repeat(names, len(trait)), "trait": np.tile(trait, len(names)),
             "information": np.concatenate(curves)}
        )  # fmt: skip
        total = np.sum(curves, axis=0)
        with np.errstate(divide="ignore"):
            se = 1 / np.sqrt(total)
        test = pd.DataFrame({"trait": trait, "information": total, "se": se, "reliability": total / (total + 1)})
        return items, test

    def scores(self, data: pd.DataFrame) -> pd.DataFrame:
        """Expected-a-posteriori scores of people, new ones or those of the model.

        Parameters
        ----------
        data : :py:class:`pandas.DataFrame`
            People x items; every item of the model is a column, and every answer one that the model knows.

        Returns
        -------
        scores : :py:class:`pandas.DataFrame`
            With the index of `data`: ``trait`` (mean of the posterior), ``se`` (its standard deviation) and
            ``answered`` (items); NaN for people without any answer, and for a model that is not admissible.

        Raises
        ------
        ValueError
            If `data` lacks an item or holds an answer that the model has not seen.
        """
        values = self._answers(data)
        given = (~np.isnan(values)).sum(axis=1)
        out = pd.DataFrame({"trait": np.nan, "se": np.nan, "answered": given}, index=data.index)
        if self.admissible and self.parameters is not None and given.any():
            codes = _coded(values, self.items["item"].tolist(), self.levels)
            known = answered(codes, tuple(len(own) for own in self.levels))
            _, mean, squares = moments(known, self.parameters)
            spread = np.sqrt(np.maximum(squares - mean**2, 0))
            out["trait"], out["se"] = mean[known.of_person], spread[known.of_person]
            out.loc[given == 0, ["trait", "se"]] = np.nan
        return out

    def local_dependence(self, data: pd.DataFrame) -> pd.DataFrame:
        """Yen's Q3: what pairs of items share beside the trait.

        Parameters
        ----------
        data : :py:class:`pandas.DataFrame`
            The people of the model.

        Returns
        -------
        pairs : :py:class:`pandas.DataFrame`
            ``item``, ``other``, ``q3`` (correlation of the answers minus those expected at the person's score),
            ``q3_above_mean`` (the mean of all pairs taken off), ``n`` (people who answered both); the largest
            ``q3_above_mean`` first. No rows for a model that is not admissible.

        Notes
        -----
        Without dependence Q3 is about −1/(items − 1), not 0 [1]_; what stands .20 above the mean is worth a look,
        though no single limit is right for all designs [2]_.

        References
        ----------
        .. [1] Yen, W. M. (1984). Effects of local item dependence on the fit and equating performance of the
               three-parameter logistic model. Applied Psychological Measurement, 8(2), 125–145.
               https://doi.org/10.1177/014662168400800201

        .. [2] Christensen, K. B., Makransky, G., & Horton, M. (2017). Critical values for Yen's Q3: Identification of
               local dependence in the Rasch model using residual correlations. Applied Psychological Measurement,
               41(3), 178–194. https://doi.org/10.1177/0146621616677520
        """
        columns = ["item", "other", "q3", "q3_above_mean", "n"]
        if not self.admissible:
            return pd.DataFrame(columns=columns)
        codes = _coded(self._answers(data), self.items["item"].tolist(), self.levels)
        trait = self.scores(data)["trait"].to_numpy()
        expected = np.column_stack([
            np.arange(len(own)) @ category_chances(own, np.nan_to_num(trait)) for own in self._split()
        ])  # fmt: skip
        residuals = pd.DataFrame(np.where(codes >= 0, codes - expected, np.nan))
        correlations = residuals.corr(min_periods=3).to_numpy()
        left, right = np.triu_indices(len(correlations), 1)
        names = self.items["item"].to_numpy()
        both = (codes >= 0).T.astype(int) @ (codes >= 0)
        q3 = correlations[left, right]
        table = pd.DataFrame({"item": names[left], "other": names[right], "q3": q3, "n": both[left, right]})
        table["q3_above_mean"] = q3 - np.nanmean(q3)
        return table.sort_values("q3_above_mean", ascending=False, kind="stable", ignore_index=True)[columns]

    def _split(self) -> list[np.ndarray]:
        assert self.parameters is not None  # asked of models with estimates only
        return split(self.parameters, tuple(len(own) for own in self.levels))

    def _answers(self, data: pd.DataFrame) -> np.ndarray:
        names, data = self.items["item"].tolist(), data.rename(columns=str)
        if absent := [name for name in names if name not in data.columns]:
            raise ValueError(f"the data lack these items: {', '.join(absent)}")
        return answers(data[names])


def graded_response(items: pd.DataFrame, *, ci_level: float = 0.95) -> GradedModel:
    """Samejima's graded response model of one trait, by marginal maximum likelihood.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, ordered answers, keyed already; three items or more of 2 to 20 categories.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    model : :py:class:`GradedModel`
        See there. ``model.status`` is ``"admissible"`` or says why the model may not be used: it could not be
        estimated (too few items or people, an item that does not vary), the search did not arrive (judged by the
        gradient), the information matrix is not positive definite, or a discrimination runs off.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, or if ``ci_level`` has no meaning.

    Notes
    -----
    Missing data: every row with an answer, under the assumption that what is missing depends on what is observed.

    :math:`P(X_j \\ge k \\mid \\theta) = 1 / (1 + \\exp(-a_j (\\theta - b_{jk})))` with a standard normal trait [1]_
    (logistic metric, no constant of 1.702). Categories are the answers that occur. The trait points the way of the
    sum of the items; an item with a negative discrimination is likely keyed the wrong way. The likelihood is a sum
    over 61 points from −6 to 6 and is maximised with analytic derivatives, at last by Newton's method; standard errors
    come from the observed information, those of thresholds by the delta method.

    Checked against a likelihood written out in R on Gauss-Hermite points with numerical derivatives, with and without
    missing answers (tests/reference/exploration.R): log-likelihood to 1e-4, estimates to 1e-3, standard errors to
    1e-3; in a simulation against the true parameters; and against WLSMV loadings (:py:func:`cfa`), which differ by
    estimator and link.

    References
    ----------
    .. [1] Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika,
           34(S1), 1–97. https://doi.org/10.1007/BF03372160

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import graded_response
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(500, 1))
    >>> latent = 1.5 * trait + rng.logistic(size=(500, 4))
    >>> items = pd.DataFrame(np.digitize(latent, [-1.5, 0, 1.5]), columns=["a", "b", "c", "d"])
    >>> model = graded_response(items)
    >>> model.status, model.n
    ('admissible', 500)
    >>> model.items[["item", "a", "se", "loading"]].round(2)
      item     a    se  loading
    0    a  1.37  0.17     0.63
    1    b  1.52  0.19     0.67
    2    c  1.34  0.17     0.62
    3    d  1.28  0.17     0.60
    >>> print(f"{model.reliability_marginal:.2f}", model.scores(items).loc[0].round(2).tolist())
    0.68 [-0.21, 0.57, 4.0]
    """
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")
    values, names = answers(items), [str(name) for name in items.columns]
    kept = values[~np.isnan(values).all(axis=1)]
    n, n_lost = len(kept), len(values) - len(kept)
    levels = tuple(np.unique(column[~np.isnan(column)]) for column in values.T)
    if reason := _why_not(kept, names, levels):
        return _without_estimates(names, levels, f"not estimated: {reason}", n, n_lost, ci_level)
    categories = tuple(len(own) for own in levels)
    data = answered(_coded(kept, names, levels), categories)
    parameters, gradient, information = _maximise(data)
    faults = []
    if gradient > 1e-3:
        faults.append(f"the search did not converge (gradient {gradient:.1e})")
    slopes = np.array([own[0] for own in split(parameters, categories)])
    if (off := np.abs(slopes) > RUNAWAY).any():
        whose = ", ".join(name for name, yes in zip(names, off, strict=True) if yes)
        faults.append(f"the discrimination of {whose} runs off: a Heywood case")
    covariance = None
    if np.linalg.eigvalsh(information)[0] > 1e-6 * np.abs(information.diagonal()).max() ** 0.5:
        covariance = np.linalg.inv(information)
    else:
        faults.append("the information matrix is not positive definite")
    status = "; ".join(faults) or ADMISSIBLE
    return _result(data, parameters, covariance, names, levels, status, n, n_lost, ci_level)


def _why_not(values: np.ndarray, names: list[str], levels: tuple[np.ndarray, ...]) -> str:
    flat = [name for name, own in zip(names, levels, strict=True) if len(own) < 2]
    many = [name for name, own in zip(names, levels, strict=True) if len(own) > MOST_CATEGORIES]
    size = sum(len(own) for own in levels)
    if len(names) < 3:
        return "fewer than three items"
    if flat:
        return f"{', '.join(flat)} {'does' if len(flat) == 1 else 'do'} not vary"
    if many:
        return f"{many[0]} has more than {MOST_CATEGORIES} different answers, too many to be ordered categories"
    return f"{len(values)} people for {size} parameters, too few" if len(values) <= size else ""


def _coded(values: np.ndarray, names: list[str], levels: tuple[np.ndarray, ...]) -> np.ndarray:
    """Answers as 0, 1, ... of the item's levels, -1 where missing."""
    codes = np.full(values.shape, -1, dtype=np.int64)
    for j, own in enumerate(levels):
        seen = ~np.isnan(values[:, j])
        place = np.searchsorted(own, values[seen, j]) if len(own) else np.zeros(0, dtype=int)
        place = np.minimum(place, max(len(own) - 1, 0))
        if len(place) and (own[place] != values[seen, j]).any():
            raise ValueError(f"{names[j]} holds answers that the model has not seen")
        codes[seen, j] = place
    return codes


# --- the search ------------------------------------------------------------------------------------------------------


def _maximise(data: Answered) -> tuple[np.ndarray, float, np.ndarray]:
    """Parameters at the maximum, the largest element of the gradient there, and the observed information.

    Steps by the outer products of the scores (Berndt, Hall, Hall & Hausman, 1974), which climb from far off, then by
    the observed information, which arrives.
    """
    parameters = _start(data)
    value, gradient, products = log_likelihood_and_products(data, parameters)
    for _ in range(ITERATIONS):
        if np.abs(gradient).max() < NEAR * len(data.of_person) ** 0.5:
            break
        stepped = _climb(data, parameters, value, _direction(products, gradient))
        if stepped is None:
            break
        parameters = stepped
        value, gradient, products = log_likelihood_and_products(data, parameters)
    information = observed_information(data, parameters)
    for _ in range(POLISH):
        if np.abs(gradient).max() < CLOSE:
            break
        stepped = _climb(data, parameters, value, _direction(information, gradient))
        if stepped is None:
            break
        parameters = stepped
        value, gradient = log_likelihood(data, parameters)
        information = observed_information(data, parameters)
    if sum(own[0] for own in split(parameters, data.categories)) < 0:
        turned = np.concatenate([np.r_[-1.0, np.ones(k - 1)] for k in data.categories])
        parameters, information = parameters * turned, information * np.outer(turned, turned)
    return parameters, float(np.abs(gradient).max()), information


def _direction(curvature: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Newton's step, each direction taken by the size of its curvature."""
    scale = np.sqrt(np.maximum(np.abs(curvature.diagonal()), 1e-8))
    values, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
    size = np.maximum(np.abs(values), 1e-6)
    return (vectors @ ((vectors.T @ (gradient / scale)) / size)) / scale


def _climb(data: Answered, parameters: np.ndarray, value: float, step: np.ndarray) -> np.ndarray | None:
    """The step, halved until intercepts still fall and the likelihood does not; none where no step helps."""
    step = step * min(1.0, 2.0 / np.abs(step).max())
    for _ in range(25):
        candidate = parameters + step
        if _ordered(candidate, data.categories):
            new = log_likelihood(data, candidate)[0]
            if new > value - 1e-11 * abs(value):
                return candidate
        step = step / 2
    return None


def _start(data: Answered) -> np.ndarray:
    """Every item discriminates by 1 the way of the others' sum; intercepts fit the margins."""
    totals = np.sum([part.counts @ part.marks for part in blocks(data)], axis=0)  # whole numbers: exact in any order
    codes = np.column_stack([own @ np.arange(own.shape[1], dtype=float) for own in _by_item(data.marks, data)])
    total = codes.sum(axis=1)
    parts = []
    for j, own in enumerate(np.split(totals, np.cumsum(data.categories)[:-1])):
        weights = np.sqrt(data.counts)
        sign = np.corrcoef(codes[:, j] * weights, (total - codes[:, j]) * weights)[0, 1]
        above = np.clip(1 - np.cumsum(own)[:-1] / own.sum(), 1e-6, 1 - 1e-6)
        intercepts = 1.2 * np.log(above / (1 - above))
        falling = intercepts - 1e-3 * np.arange(len(intercepts))
        parts.append(np.concatenate([[-1.0 if sign < 0 else 1.0], falling]))
    return np.concatenate(parts)


def _by_item(marks: np.ndarray, data: Answered) -> list[np.ndarray]:
    return np.split(marks, np.cumsum(data.categories)[:-1], axis=1)


def _ordered(parameters: np.ndarray, categories: tuple[int, ...]) -> bool:
    return all((np.diff(own[1:]) < 0).all() for own in split(parameters, categories))


# --- the result ------------------------------------------------------------------------------------------------------


def _result(
    data: Answered, parameters: np.ndarray, covariance: np.ndarray | None, names: list[str], levels: tuple[Any, ...], status: str,
    n: int, n_lost: int, ci_level: float,
) -> GradedModel:  # fmt: skip
    size, z = len(parameters), float(ndtri((1 + ci_level) / 2))
    spread = np.full((size, size), np.nan) if covariance is None else covariance
    starts = np.concatenate([[0], np.cumsum(data.categories)[:-1]])
    rows, cuts = [], []
    for name, own, first, level in zip(names, split(parameters, data.categories), starts, levels, strict=True):
        error = spread[first, first] ** 0.5
        normal = own[0] / PROBIT
        rows.append(
            (name, len(level), own[0], error, own[0] - z * error, own[0] + z * error, normal / np.hypot(1, normal))
        )
        for k, intercept in enumerate(own[1:], start=1):
            pair = np.array([first, first + k])
            slope = np.array([intercept / own[0] ** 2, -1 / own[0]])
            b, error = -intercept / own[0], np.sqrt(slope @ spread[np.ix_(pair, pair)] @ slope)
            cuts.append((name, k, level[k], b, error, b - z * error, b + z * error))
    logs, mean, squares = moments(data, parameters)
    loglik = float(data.counts @ logs)
    squared_error = float(data.counts @ (squares - mean**2)) / n
    variance = float(data.counts @ (mean - data.counts @ mean / n) ** 2) / (n - 1)
    total = np.sum([item_information(own, POINTS) for own in split(parameters, data.categories)], axis=0)
    return GradedModel(
        status=status,
        items=pd.DataFrame(rows, columns=["item", "categories", "a", "se", "ci_low", "ci_high", "loading"]),
        thresholds=pd.DataFrame(cuts, columns=["item", "threshold", "above", "b", "se", "ci_low", "ci_high"]),
        loglik=loglik,
        n_parameters=size,
        aic=-2 * loglik + 2 * size,
        bic=float(-2 * loglik + np.log(n) * size),
        reliability_marginal=float(WEIGHTS @ (total / (total + 1))),
        reliability_empirical=variance / (variance + squared_error),
        n=n,
        n_lost=n_lost,
        ci_level=ci_level,
        levels=levels,
        parameters=parameters,
    )


def _without_estimates(
    names: list[str], levels: tuple[Any, ...], status: str, n: int, n_lost: int, ci_level: float
) -> GradedModel:
    rows = pd.DataFrame({"item": names, "categories": [len(own) for own in levels]})
    rows[["a", "se", "ci_low", "ci_high", "loading"]] = np.nan
    cuts = pd.DataFrame(columns=["item", "threshold", "above", "b", "se", "ci_low", "ci_high"])
    nan = float("nan")
    return GradedModel(status, rows, cuts, nan, 0, nan, nan, nan, nan, n, n_lost, ci_level, levels=levels)
