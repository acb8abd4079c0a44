"""How likely a person's answers are under a graded response model, for somebody with that score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rejsens.psychometrics.graded import GradedModel
from rejsens.psychometrics.graded_likelihood import category_chances, split


def person_fit(items: pd.DataFrame, model: GradedModel) -> pd.DataFrame:
    """Standardised log-likelihood lz of each person's answers.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, keyed as the model's were; every item of the model is a column.
    model : :py:class:`GradedModel`
        From :py:func:`graded_response`.

    Returns
    -------
    fit : :py:class:`pandas.DataFrame`
        With the index of ``items``: ``trait`` (expected-a-posteriori score), ``answered`` (items), ``lz``,
        ``deviation`` and ``variance`` (above and, squared, below the line of the formula), ``status``. ``lz`` is far
        below 0 for answers that do not go together; all three are NaN, with the reason, for people with fewer than two
        answers and for a model that is not admissible.

    Raises
    ------
    ValueError
        If ``items`` lack an item or hold an answer that the model has not seen.

    Notes
    -----
    Missing data: the items that a person answered.

    .. math:: l_z = \\frac{l_0 - E(l_0)}{\\sqrt{Var(l_0)}}, \\quad l_0 = \\sum_i \\ln P_{i x_i}(\\hat\\theta), \\quad
              E(l_0) = \\sum_i \\sum_k P_{ik} \\ln P_{ik}

    with P the chance of each answer at the person's score [1]_. With an estimated score and few items lz is narrower
    than the standard normal, so that it orders people and gives no p.

    Checked against mean and variance of the log-likelihood over every pattern of answers, counted out.

    References
    ----------
    .. [1] Drasgow, F., Levine, M. V., & Williams, E. A. (1985). Appropriateness measurement with polychotomous item
           response models and standardized indices. British Journal of Mathematical and Statistical Psychology, 38(1),
           67–86. https://doi.org/10.1111/j.2044-8317.1985.tb00817.x

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import graded_response, person_fit
    >>> rng = np.random.default_rng(1)
    >>> behind = rng.normal(size=(600, 1)) + 0.7 * rng.normal(size=(600, 6))
    >>> items = pd.DataFrame(np.digitize(behind, [-1, 0, 1])).rename(columns="i{}".format)
    >>> model = graded_response(items)
    >>> odd = pd.DataFrame([[3, 0, 3, 0, 3, 0], [1, 2, 1, 1, 2, 1]], columns=items.columns)
    >>> person_fit(odd, model)["lz"].round(1).tolist()
    [-5.6, 1.1]
    """
    scores = model.scores(items)
    out = scores[["trait", "answered"]].assign(lz=np.nan, deviation=np.nan, variance=np.nan, status="")
    if not model.admissible or model.parameters is None:
        return out.assign(status=f"not run: the model is not admissible ({model.status})")
    few = scores["answered"] < 2
    out["status"] = np.where(few, "not run: fewer than two answers", "estimated")
    trait = np.nan_to_num(scores["trait"].to_numpy())
    names = model.items["item"].tolist()
    values = items[names].to_numpy(dtype=float, na_value=np.nan)
    likelihood, expected, variance = np.zeros(len(items)), np.zeros(len(items)), np.zeros(len(items))
    for own, levels, answers in zip(split(model.parameters, tuple(map(len, model.levels))), model.levels, values.T, strict=True):  # fmt: skip
        chances = category_chances(own, trait)
        logs = np.log(chances)
        seen = ~np.isnan(answers)
        code = np.searchsorted(levels, np.where(seen, answers, levels[0]))
        mean = (chances * logs).sum(axis=0)
        likelihood += np.where(seen, logs[code, np.arange(len(code))], 0)
        expected += np.where(seen, mean, 0)
        variance += np.where(seen, (chances * logs**2).sum(axis=0) - mean**2, 0)
    out["deviation"], out["variance"] = np.where(few, np.nan, [likelihood - expected, variance])
    return out.assign(lz=standardised(out["deviation"], out["variance"]))


def person_fit_over(fits: Sequence[pd.DataFrame]) -> pd.Series:
    """lz of each person over several scales, as if they were one test: deviations and variances added up.

    Parameters
    ----------
    fits : list of :py:class:`pandas.DataFrame`
        From :py:func:`person_fit`, of the same people; at least one.

    Returns
    -------
    lz : :py:class:`pandas.Series`
        float; NaN for people without a value on any scale.

    Notes
    -----
    Missing data: the scales on which a person has a value.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"deviation": [-3.0, 1.0, None], "variance": [4.0, 4.0, None]})
    >>> other = pd.DataFrame({"deviation": [-1.0, None, None], "variance": [12.0, None, None]})
    >>> person_fit_over([one, other]).tolist()
    [-1.0, 0.5, nan]
    """
    deviation, variance = (
        pd.concat([fit[part] for fit in fits], axis=1).sum(axis=1, min_count=1) for part in ("deviation", "variance")
    )
    return standardised(deviation, variance)


def standardised(deviation: pd.Series, variance: pd.Series) -> pd.Series:
    """Deviation in standard deviations; NaN where nothing could vary."""
    return deviation / np.sqrt(variance.where(variance > 0))
