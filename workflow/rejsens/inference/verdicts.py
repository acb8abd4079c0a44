"""From estimates to verdicts: equivalence, correction within the family, the verdict and the sentence that explains it.

The order is fixed: not testable, equivalent, supported or opposite, inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from rejsens import apa
from rejsens.inference.estimates import BOTH_PATHS, NOT_TESTABLE, POWER, Estimate
from rejsens.problems import counted

SUPPORTED, OPPOSITE, EQUIVALENT, INCONCLUSIVE = "supported", "opposite", "equivalent", "inconclusive"
CORRECTION_WORDS = {"holm": "Holm", "benjamini-hochberg": "Benjamini–Hochberg", "none": "unadjusted"}
_SIGN = {"positive": 1, "negative": -1}


def decide(rows: Sequence[Estimate], correction: str, alpha: float = 0.05) -> list[Estimate]:
    """Fill in p_equivalence, p_adjusted, verdict, exceeds_sesoi and reason over all rows of one family.

    rows        every row of the family; those with `decides` carry the verdicts and alone enter the correction. A
                hypothesis that is not testable made no test and does not count in it. Exploratory hypotheses beside
                confirmatory ones do not count either and keep their raw p; in a family of exploratory ones alone the
                correction is theirs. A claim of equivalence is decided by its 90 % interval alone and is no test of a
                difference: it does not count, and its p_adjusted is the p of its own two one-sided tests
    correction  holm | benjamini-hochberg | none, applied to `claim_p` of the deciding rows that count; the reason says
                how many they are
    returns     the rows in the same order

    >>> row = Estimate(estimate=-0.2, se=0.04, df=300, p=1e-6, ci_low=-0.28, ci_high=-0.12, ci90_low=-0.266,
    ...                ci90_high=-0.134, sesoi=0.1, direction="negative", claim_type="difference", decides=True)
    >>> decided = decide([row], "holm")[0]
    >>> decided.verdict, decided.exceeds_sesoi
    ('supported', 'yes')
    """
    rows = [row if math.isfinite(row.p_equivalence) else replace(row, p_equivalence=equivalence_p(row)) for row in rows]
    deciding = [i for i, row in enumerate(rows) if row.decides and not row.verdict]
    confirming = [i for i in deciding if rows[i].confirmatory] or deciding
    corrected = [i for i in confirming if rows[i].claim_type != "equivalence"]
    for own, rule in ((corrected, correction), ([i for i in deciding if i not in corrected], "none")):
        p = [claim_p(rows[i]) for i in own]
        tests = sum(map(math.isfinite, p))
        for i, p_adjusted in zip(own, adjust(p, rule), strict=True):
            rows[i] = _decided(replace(rows[i], p_adjusted=float(p_adjusted)), rule, alpha, tests)
    return rows


def _decided(row: Estimate, correction: str, alpha: float, tests: int) -> Estimate:
    word = verdict(row, alpha)
    exceeds = "" if word == NOT_TESTABLE else exceeds_sesoi(row.ci_low, row.ci_high, row.sesoi)
    row = replace(row, verdict=word, exceeds_sesoi=exceeds)
    return replace(row, reason=row.reason or reason(row, correction, alpha, tests))


def adjust(p: Sequence[float], correction: str) -> np.ndarray:
    """p values adjusted within a family; missing ones stay missing and do not count.

    p           the m raw p, sorted as p(1) .. p(m)
    correction  holm: max over j <= i of (m - j + 1) p(j); benjamini-hochberg: min over j >= i of m p(j) / j; none.
                At most 1
    source      Holm (1979), Scandinavian Journal of Statistics, 6, 65-70; Benjamini & Hochberg (1995),
                doi 10.1111/j.2517-6161.1995.tb02031.x
    checked against R's p.adjust

    >>> adjust([0.01, 0.04, float("nan"), 0.03], "holm").round(3).tolist()
    [0.03, 0.06, nan, 0.06]
    >>> adjust([0.01, 0.04, 0.03], "benjamini-hochberg").round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    adjusted = np.array(p, dtype=float)
    tested = np.flatnonzero(~np.isnan(adjusted))
    if correction == "none":
        return adjusted
    order = tested[np.argsort(adjusted[tested], kind="stable")]
    m, rank = len(order), np.arange(1, len(order) + 1)
    if correction == "holm":
        corrected = np.maximum.accumulate((m - rank + 1) * adjusted[order])
    elif correction == "benjamini-hochberg":
        corrected = np.minimum.accumulate((m / rank * adjusted[order])[::-1])[::-1]
    else:
        raise ValueError(f"unknown correction {correction!r}")
    adjusted[order] = np.minimum(corrected, 1)
    return adjusted


def tost(estimate: float, se: float, df: float, sesoi: float) -> tuple[float, float]:
    """Two one-sided t tests: p against "at or below -sesoi" and p against "at or above +sesoi".

    Both below .05 says the same as a 90 % interval inside +-sesoi.

    source    Schuirmann (1987), doi 10.1007/BF01068419

    >>> [round(p, 4) for p in tost(0.02, 0.03, 200, 0.10)]
    [0.0, 0.0041]
    """
    return float(stats.t.sf((estimate + sesoi) / se, df)), float(stats.t.cdf((estimate - sesoi) / se, df))


def equivalence_p(row: Estimate) -> float:
    """p of the claim that the effect is smaller than the SESOI: the larger of the two one-sided p; for a
    non-inferiority claim the one-sided p against an effect of -SESOI or worse, seen in the declared direction.
    Missing where a row has no test, or no standard error to speak of (a share of nobody or of all); a normal reference
    where it has no degrees of freedom."""
    if row.analysis == BOTH_PATHS:
        return math.nan  # its interval spans two paths, and the p of one would not speak for both
    if not all(map(math.isfinite, (row.estimate, row.se, row.p, row.sesoi))) or row.se == 0:
        return math.nan
    below, above = tost(row.estimate, row.se, row.df if math.isfinite(row.df) else math.inf, row.sesoi)
    if row.claim_type == "non-inferiority":
        return below if row.direction == "positive" else above
    return max(below, above)


def claim_p(row: Estimate) -> float:
    """The p that tests the claim itself: of the difference, of equivalence, or of non-inferiority."""
    return row.p if row.claim_type == "difference" else row.p_equivalence


def exceeds_sesoi(ci_low: float, ci_high: float, sesoi: float) -> str:
    """Is the effect at least as large as the SESOI? "yes": the interval lies wholly beyond +sesoi or -sesoi;
    "no": wholly between them; "uncertain": anything else, touching included.

    >>> exceeds_sesoi(0.12, 0.3, 0.1), exceeds_sesoi(-0.02, 0.08, 0.1), exceeds_sesoi(0.04, 0.2, 0.1)
    ('yes', 'no', 'uncertain')
    """
    if ci_low > sesoi or ci_high < -sesoi:
        return "yes"
    return "no" if -sesoi < ci_low and ci_high < sesoi else "uncertain"


def verdict(row: Estimate, alpha: float = 0.05) -> str:
    """The verdict of one deciding row, in the fixed order.

    not testable    the row says so, or has no number to judge
    equivalent      the 90 % interval lies strictly inside +-SESOI
    then, by what the family claims:
    difference      supported when p_adjusted is below alpha and the sign is the declared one, opposite when below
                    alpha with the other sign
    equivalence     opposite when the whole interval lies beyond the SESOI ("equivalent" above is its support)
    non-inferiority supported when p_adjusted (of the one-sided test against -SESOI in the declared direction) is below
                    alpha, opposite when the whole interval lies beyond the SESOI on the wrong side
    inconclusive    otherwise
    """
    numbers = [row.estimate, row.ci_low, row.ci_high, row.ci90_low, row.ci90_high]
    numbers += [] if row.claim_type == "equivalence" else [row.p_adjusted]
    if row.status == NOT_TESTABLE or not all(map(math.isfinite, numbers)):
        return NOT_TESTABLE
    if -row.sesoi < row.ci90_low and row.ci90_high < row.sesoi:
        return EQUIVALENT
    sign = _SIGN[row.direction] if row.direction else 0
    if row.claim_type == "equivalence":
        return OPPOSITE if exceeds_sesoi(row.ci_low, row.ci_high, row.sesoi) == "yes" else INCONCLUSIVE
    if row.claim_type == "non-inferiority":
        if row.p_adjusted < alpha:
            return SUPPORTED
        wrong_side = max(sign * row.ci_low, sign * row.ci_high)
        return OPPOSITE if wrong_side < -row.sesoi else INCONCLUSIVE
    if row.p_adjusted < alpha:
        return SUPPORTED if row.estimate * sign > 0 else OPPOSITE
    return INCONCLUSIVE


def reason(row: Estimate, correction: str, alpha: float = 0.05, tests: int = 1) -> str:
    """One sentence that says what the verdict rests on; for "inconclusive" also what this study could have detected.

    tests   how many tests the correction is over, said beside its p
    """
    if row.verdict == NOT_TESTABLE:
        return "the analysis gave no estimate"
    interval = f"the {apa.level(row.ci_level)} interval {apa.interval(row.ci_low, row.ci_high, 3)}"
    interval90 = f"the 90% interval {apa.interval(row.ci90_low, row.ci90_high, 3)}"
    bounds = f"±{apa.number(row.sesoi)}"
    over = "" if correction == "none" else f" over {counted(tests, 'test')}"
    test = f"{CORRECTION_WORDS[correction]} p {apa.p(row.p_adjusted, relation=True)}{over}"
    if row.verdict == EQUIVALENT:
        return f"{interval90} lies inside {bounds}"
    size = {"yes": "lies beyond", "no": "lies inside", "uncertain": "does not settle whether the effect reaches"}
    place = f"{interval} {size[row.exceeds_sesoi]} {bounds}"
    if row.verdict in (SUPPORTED, OPPOSITE) and row.claim_type == "difference":
        return f"{test} with the {'declared' if row.verdict == SUPPORTED else 'opposite'} sign; {place}"
    if row.verdict in (SUPPORTED, OPPOSITE):
        return f"{test}; {place}"
    detectable = apa.number(row.smallest_detectable)
    detectable = f"smallest effect detectable with {POWER:.0%} power, before correction: {detectable}"
    if row.claim_type != "difference":
        return f"{test}; {interval90} reaches beyond {bounds}; {detectable}"
    zero = "includes 0"
    if not row.ci_low <= 0 <= row.ci_high:
        zero = f"excludes 0, but {test} is not below {apa.number(alpha)}"
    return f"{interval} {zero}, and {interval90} reaches beyond {bounds}; {detectable}"
