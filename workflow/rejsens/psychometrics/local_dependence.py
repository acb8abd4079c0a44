"""What pairs of items share beside the one thing that the scale measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.psychometrics.factor import cfa
from rejsens.psychometrics.factor_model import FactorModel
from rejsens.psychometrics.graded import GradedModel, graded_response

ESTIMATED = "estimated"
NOTABLE_Q3 = 0.20
NOTABLE_RESIDUAL = 0.10


@dataclass(frozen=True, eq=False)
class LocalDependence:
    """Pairs of items, those that share most first.

    pairs   item, other, q3, q3_above_mean, residual, n, notable
    status  "estimated", or why a column is empty, as sentences
    """

    status: str
    pairs: pd.DataFrame


def local_dependence(items: pd.DataFrame, *, estimator: str = "WLSMV") -> LocalDependence:
    """Yen's Q3 and the residual correlations of a one-factor model, pair by pair.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, ordered answers, keyed already; three items or more.
    estimator : str
        Of the one-factor model, as in :py:func:`cfa`.

    Returns
    -------
    dependence : :py:class:`LocalDependence`
        ``q3``: correlation of answers minus those expected at the person's score in the graded response model, and
        ``q3_above_mean``: the mean of all pairs taken off; ``residual``: correlation observed minus implied (with WLSMV
        polychoric); ``n``: people who answered both; ``notable``: q3_above_mean above .20 or a residual beyond ±.10.
        A column of a model that may not be used is NaN. With three items the factor model has no residuals to show.

    Raises
    ------
    ValueError
        As :py:func:`cfa` and :py:func:`graded_response`.

    Notes
    -----
    Missing data: Q3 uses every answer, residuals the rows with an answer to every item.

    The limits are conventions that point to pairs worth reading side by side: wording that repeats, one stem for two
    items. Checked through its parts: Q3 against R (tests/reference/exploration.R), residuals against lavaan.

    References
    ----------
    .. [1] Yen, W. M. (1984). Effects of local item dependence on the fit and equating performance of the
           three-parameter logistic model. Applied Psychological Measurement, 8(2), 125–145.
           https://doi.org/10.1177/014662168400800201

    .. [2] Christensen, K. B., Makransky, G., & Horton, M. (2017). Critical values for Yen's Q3: Identification of
           local dependence in the Rasch model using residual correlations. Applied Psychological Measurement, 41(3),
           178–194. https://doi.org/10.1177/0146621616677520

    Examples
    --------
    Items a and b share something of their own.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import local_dependence
    >>> rng = np.random.default_rng(1)
    >>> latent = 1.3 * rng.normal(size=(600, 1)) + rng.logistic(size=(600, 6))
    >>> latent[:, :2] += rng.normal(size=(600, 1))
    >>> items = pd.DataFrame(np.digitize(latent, [-1, 0.5]), columns=list("abcdef"))
    >>> found = local_dependence(items)
    >>> found.status, [found.pairs.loc[0, name] for name in ("item", "other")], bool(found.pairs.loc[0, "notable"])
    ('estimated', ['a', 'b'], True)
    """
    return shared_beside(
        items, graded_response(items), cfa(items, {"factor": list(items.columns)}, estimator=estimator)
    )


def shared_beside(items: pd.DataFrame, graded: GradedModel | None, factor: FactorModel) -> LocalDependence:
    """As :py:func:`local_dependence`, from models that are fitted already; without a graded one there is no Q3."""
    left, right = np.triu_indices(items.shape[1], 1)
    names = np.array([str(name) for name in items.columns])
    answered = items.notna().to_numpy()
    pairs = pd.DataFrame(
        {"item": names[left], "other": names[right], "n": (answered[:, left] & answered[:, right]).sum(axis=0)}
    )
    q3 = (
        graded.local_dependence(items)
        if graded
        else pd.DataFrame(columns=["item", "other", "q3", "q3_above_mean", "n"])
    )
    pairs = pairs.merge(q3.drop(columns="n"), on=["item", "other"], how="left")
    pairs["residual"] = _residuals(factor, left, right)
    pairs[["q3", "q3_above_mean"]] = pairs[["q3", "q3_above_mean"]].astype("float64")
    pairs["notable"] = (pairs["q3_above_mean"] > NOTABLE_Q3) | (pairs["residual"].abs() > NOTABLE_RESIDUAL)
    order = ["item", "other", "q3", "q3_above_mean", "residual", "n", "notable"]
    faults = [f"Q3 {graded.status}"] if graded and not graded.admissible else []
    faults += [f"residuals: {factor.status}"] if not factor.admissible else []
    faults += ["residuals: the factor model fits always"] if factor.admissible and factor.fit.df == 0 else []
    ranked = pairs.sort_values(["q3_above_mean", "residual"], ascending=False, kind="stable", ignore_index=True)
    return LocalDependence("; ".join(faults) or ESTIMATED, ranked[order])


def _residuals(factor: FactorModel, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if not factor.admissible or factor.fit.df == 0:
        return np.full(len(left), np.nan)
    return factor.residuals.to_numpy()[left, right]
