"""Mokken's scalability coefficients of pairs, items and the scale, with standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from rejsens.psychometrics.cases import MISSING_RULE, complete_cases, constant, named, why_no_rows

ESTIMATED = "estimated"
LOWER_BOUND = 0.30
NEGATIVE = "negative: keyed the wrong way?"
WEAK = "below .30, Mokken's lower bound of a scale"


@dataclass(frozen=True, eq=False)
class Scalability:
    """Mokken's H.

    scale   a row: h, se, ci_low, ci_high
    items   item, h, se, ci_low, ci_high, warning
    pairs   item, other, h, se, ci_low, ci_high
    status  "estimated", or "not estimated: " and the reason
    """

    status: str
    scale: pd.DataFrame
    items: pd.DataFrame
    pairs: pd.DataFrame
    n: int
    n_lost: int
    ci_level: float
    missing_rule: str = MISSING_RULE


Added = Callable[[int], tuple[np.ndarray, np.ndarray]]  # of a pair, people's parts of its covariance and of the largest
Coefficients = tuple[np.ndarray, np.ndarray, Added]


def scalability(items: pd.DataFrame, *, ci_level: float = 0.95) -> Scalability:
    """Mokken's scalability coefficients Hij, Hi and H.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, ordered answers, keyed already; two items or more.
    ci_level : float
        Level of the (Wald) intervals.

    Returns
    -------
    result : :py:class:`Scalability`

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, or if ``ci_level`` has no meaning.

    Notes
    -----
    Missing data: rows with an answer to every item.

    :math:`H_{ij} = \\mathrm{cov}(X_i, X_j) / \\mathrm{cov}^{max}(X_i, X_j)`, the largest covariance that the two
    margins allow; :math:`H_i` and *H* are ratios of the sums of these over an item's pairs and over all pairs [1]_.
    Standard errors by the delta method on the frequencies of answer patterns, the order of the item steps held [2]_.
    H says that people can be ordered by the sum, not that the items measure one thing; .30, .40 and .50 are Mokken's
    conventions. Checked against the definitions written out in R with numerical derivatives
    (tests/reference/exploration.R), coefficients to 1e-6, standard errors to
    1e-4.

    References
    ----------
    .. [1] Sijtsma, K., & Molenaar, I. W. (2002). Introduction to nonparametric item response theory. Sage.
           https://doi.org/10.4135/9781412984676

    .. [2] Kuijpers, R. E., van der Ark, L. A., & Croon, M. A. (2013). Standard errors and confidence intervals for
           scalability coefficients in Mokken scale analysis using marginal models. Sociological Methodology, 43(1),
           42–69. https://doi.org/10.1177/0081175013481958

    Examples
    --------
    Four people, of whom none contradicts the order of the items, and then one who does.

    >>> import pandas as pd
    >>> from rejsens.psychometrics import scalability
    >>> perfect = pd.DataFrame({"easy": [0, 1, 1, 1], "hard": [0, 0, 0, 1]})
    >>> float(scalability(perfect).scale.loc[0, "h"])
    1.0
    >>> broken = pd.DataFrame({"easy": [0, 1, 1, 0], "hard": [0, 0, 1, 1]})
    >>> float(scalability(broken).scale.loc[0, "h"])
    0.0
    """
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")
    complete, n_lost = complete_cases(items)
    names = [str(name) for name in items.columns]
    left, right = np.triu_indices(len(names), 1)
    reason = _why_not(items, complete, names)
    if reason:
        blank, nobody = np.full(len(left), np.nan), np.full(len(complete), np.nan)
        coefficients: Coefficients = (blank, blank, lambda q: (nobody, nobody))
    else:
        coefficients = _covariances(complete, left, right)
    belongs = [np.flatnonzero((left == j) | (right == j)) for j in range(len(names))]
    z = float(ndtri((1 + ci_level) / 2))
    pairs = _table([np.array([q]) for q in range(len(left))], coefficients, z)
    own = _table(belongs, coefficients, z)
    own["warning"] = np.where(own["h"] < 0, NEGATIVE, np.where(own["h"] < LOWER_BOUND, WEAK, ""))
    own.insert(0, "item", names)
    pairs.insert(0, "item", [names[i] for i in left])
    pairs.insert(1, "other", [names[j] for j in right])
    return Scalability(
        f"not estimated: {reason}" if reason else ESTIMATED, _table([np.arange(len(left))], coefficients, z),
        own.astype({"item": "str", "warning": "str"}), pairs, len(complete), n_lost, ci_level,
    )  # fmt: skip


def _why_not(items: pd.DataFrame, complete: np.ndarray, names: list[str]) -> str:
    if len(names) < 2:
        return "one item"
    if not len(complete):
        return why_no_rows(items)
    if (flat := constant(complete)).any():
        return f"{named(names, flat)} {'does' if flat.sum() == 1 else 'do'} not vary"
    return ""


def _covariances(values: np.ndarray, left: np.ndarray, right: np.ndarray) -> Coefficients:
    """Covariance and largest covariance of each pair (divisor n), and what each person adds to them, pair by pair: people
    x pairs would be more than memory holds.

    The largest covariance is that of the margins coupled in order: over all pairs of item steps s of one and t of
    the other, the sum of min(p_s, p_t) − p_s p_t with p the share of people at or above the step.
    """
    centred = [column - centre for column, centre in zip(values.T, values.mean(axis=0), strict=True)]
    found = np.array([(centred[i] * centred[j]).mean() for i, j in zip(left, right, strict=True)])
    steps = [_steps(column) for column in values.T]
    shares = [passed.mean(axis=0) for passed, _ in steps]
    largest = np.empty(len(left))
    for q, (i, j) in enumerate(zip(left, right, strict=True)):
        excess = np.minimum(shares[i][:, None], shares[j]) - np.outer(shares[i], shares[j])
        largest[q] = steps[i][1] @ excess @ steps[j][1]

    def added(q: int) -> tuple[np.ndarray, np.ndarray]:
        i, j = left[q], right[q]
        (a, width_a), (b, width_b), above_a, above_b = steps[i], steps[j], shares[i], shares[j]
        rarer = np.where(above_a[:, None] == above_b, 0.5, above_a[:, None] < above_b)
        moves = (a - above_a) @ (width_a * ((rarer - above_b) @ width_b))
        moves += (b - above_b) @ (width_b * (width_a @ (1 - rarer - above_a[:, None])))
        return centred[i] * centred[j] - found[q], moves

    return found, largest, added


def _steps(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each person passed each item step (people x steps), and how wide the steps are."""
    levels = np.unique(column)
    return column[:, None] >= levels[1:], np.diff(levels)


def _table(sums: list[np.ndarray], coefficients: Coefficients, z: float) -> pd.DataFrame:
    """Ratios of sums over pairs, with the delta-method error."""
    found, largest, added = coefficients
    rows = []
    for pairs in sums:
        total = largest[pairs].sum() if len(pairs) else np.nan
        h = found[pairs].sum() / total
        moved, moves = _all_added(added, pairs)
        influence = (moved - h * moves) / total
        se = float(np.sqrt((influence**2).sum()) / len(influence)) if len(influence) else np.nan
        rows.append((h, se, h - z * se, h + z * se))
    return pd.DataFrame(rows, columns=["h", "se", "ci_low", "ci_high"], dtype=float)


def _all_added(added: Added, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each person adds to several pairs together; nobody where there is no pair."""
    moved, moves = np.zeros(0), np.zeros(0)
    for place, q in enumerate(pairs):
        one, other = added(q)
        moved, moves = (moved + one, moves + other) if place else (one, other)
    return moved, moves
