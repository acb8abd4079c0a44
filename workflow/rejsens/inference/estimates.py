"""One row of the estimates table, the table itself, and the t interval that most of its rows carry."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd
from scipy import special, stats

MISSING_RULE = "complete cases, provisional"
OK = "ok"
NOT_TESTABLE = "not testable"
EXACT = 1e-10  # a standard error below this share of its estimate is rounding: the fit is exact
NO_ERROR = "the model fits these people without error, as when one variable is another one in other units"
BOTH_PATHS = "ri_clpm_both"  # the analysis whose one verdict is about two paths
POWER = 0.80  # power at which the smallest detectable effect is stated
_DTYPES = {"str": "str", "float": "float64", "int": "int64", "bool": "bool"}


class NotTestable(Exception):
    """The design or the data cannot identify the coefficient; the message is the reason, as a clause."""


@dataclass(frozen=True)
class Estimate:
    """One coefficient with everything a reader needs to judge it; the fields are the columns of the estimates table.

    hypothesis, family, label   who asked; empty until a family fills them in
    analysis    cross_sectional | cross_sectional_bootstrap | change | within_between | fixed_effects
    wave        wave name, or "all" for a coefficient over several waves
    term        name of the predictor, with _within or _between where it was split
    metric      beta (standardised) | beta_within (pooled within-person SD units) | beta_between (SD units of person
                means) | r | b (raw)
    ci90_*      90 % interval, for equivalence at alpha .05
    n_people    people analysed; n_obs: person-waves analysed; n_lost: person-waves of the same waves left out (of an
                imputed row: those that could not be drawn, such as a score that the wave did not ask), and those
                whose condition (`where`) was not answered
    m, fmi      number of imputations and fraction of missing information; missing for complete cases
    status      "ok", "not testable", or what was done instead
    decides     True on the one row per hypothesis that carries the verdict
    """

    hypothesis: str = ""
    family: str = ""
    analysis: str = ""
    wave: str = ""
    outcome: str = ""
    term: str = ""
    metric: str = ""
    estimate: float = math.nan
    se: float = math.nan
    ci_level: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    ci90_low: float = math.nan
    ci90_high: float = math.nan
    statistic: float = math.nan
    df: float = math.nan
    p: float = math.nan
    p_adjusted: float = math.nan
    p_equivalence: float = math.nan
    sesoi: float = math.nan
    direction: str = ""
    claim_type: str = ""
    n_people: int = 0
    n_obs: int = 0
    n_lost: int = 0
    missing_rule: str = MISSING_RULE
    m: float = math.nan
    fmi: float = math.nan
    method: str = ""
    invariance: str = ""
    status: str = OK
    verdict: str = ""
    exceeds_sesoi: str = ""
    warnings: str = ""
    decides: bool = False
    label: str = ""
    confirmatory: bool = False
    smallest_detectable: float = math.nan
    reason: str = ""


def estimates_frame(rows: Iterable[Estimate]) -> pd.DataFrame:
    """The estimates table: one row per coefficient, columns and dtypes fixed even when there are no rows.

    rows      Estimate objects
    returns   DataFrame; text is `str` ("" where nothing applies), numbers float64 (NaN where nothing applies),
              counts int64, flags bool

    >>> frame = estimates_frame([Estimate(hypothesis="H1", estimate=-0.12)])
    >>> frame.shape, frame.loc[0, "verdict"], str(frame["decides"].dtype)
    ((1, 39), '', 'bool')
    """
    dtypes = {field.name: _DTYPES[str(field.type)] for field in fields(Estimate)}
    return pd.DataFrame([asdict(row) for row in rows], columns=list(dtypes)).astype(dtypes)


def t_interval(estimate: float, se: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Two-sided t interval: estimate -+ t(1 - (1 - level) / 2; df) * se.

    >>> [round(end, 3) for end in t_interval(-0.10, 0.04, 200)]
    [-0.179, -0.021]
    """
    half = stats.t.ppf(0.5 + level / 2, df) * se
    return float(estimate - half), float(estimate + half)


def t_columns(estimate: float, se: float, df: float, level: float, alpha: float = 0.05) -> dict[str, Any]:
    """Test and intervals of one coefficient as columns of the estimates table.

    p                     two-sided, t = estimate / se on df degrees of freedom
    ci_low, ci_high       t interval at `level`; ci90_low and ci90_high at 90 %
    smallest_detectable   see `smallest_detectable`

    raises   NotTestable: the standard error is zero up to rounding, as of a variable that is another one in other units

    >>> columns = t_columns(-0.10, 0.04, 200, 0.95)
    >>> round(columns["p"], 4), round(columns["ci90_high"], 3)
    (0.0132, -0.034)
    """
    if not se > EXACT * max(1.0, abs(estimate)):
        raise NotTestable(NO_ERROR)
    low, high = t_interval(estimate, se, df, level)
    low90, high90 = t_interval(estimate, se, df, 0.90)
    return {
        "estimate": float(estimate), "se": float(se), "df": float(df), "statistic": float(estimate / se),
        "p": float(2 * stats.t.sf(abs(estimate / se), df)), "ci_level": level, "ci_low": low, "ci_high": high,
        "ci90_low": low90, "ci90_high": high90, "smallest_detectable": smallest_detectable(se, df, alpha),
    }  # fmt: skip


def smallest_detectable(se: float, df: float, alpha: float = 0.05, power: float = POWER) -> float:
    """The effect that the two-sided t test finds with the stated power, given the standard error that was reached.

    se, df    standard error of the coefficient and its degrees of freedom
    alpha     two-sided level before any correction within the family
    returns   se * d, where d solves P(T'(df, d) > t(1 - alpha / 2; df)) = power with T' noncentral t. The far tail is
              left out (below 1e-5). About 2.8 * se when df is large. A statement about the design, not evidence on
              the effect: it does not use the estimate.
    checked against R's pt(ncp = )

    >>> round(smallest_detectable(0.04, 200), 4), round(smallest_detectable(0.04, 1e6) / 0.04, 3)
    (0.1126, 2.802)
    """
    return float(se * special.nctdtrinc(df, 1 - power, stats.t.ppf(1 - alpha / 2, df)))
