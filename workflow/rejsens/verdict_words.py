"""What a verdict means, and how it stands to what the hypothesis claims; the word of the verdict itself stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rejsens import apa
from rejsens.result_names import bounds, interval, metric_of
from rejsens.sentences import listed, sentence

Row = Mapping[str, Any]
AS_CLAIMED, NOT_AS_CLAIMED = "as claimed", "not as claimed"
OF_NO_DIFFERENCE = ("equivalence", "non-inferiority")  # what an equivalent result bears out
MEANINGS: Mapping[str, str] = {
    "supported": "the result differs from 0 in the declared direction, also after the correction for the number of tests. "
    "Whether it is as far from 0 as the smallest effect of interest (SESOI) is said beside it.",
    "opposite": "the same against the declared direction; where no difference was claimed, the whole "
    "interval lies beyond the smallest effect of interest (SESOI).",
    "equivalent": "the result is nearer to 0 than the smallest effect of interest (SESOI), on both sides. Where no "
    "difference was claimed, that is what was claimed (as claimed). Where a difference was claimed, none of interest was found (not as "
    "claimed), even where the result differs from 0 in the declared direction.",
    "inconclusive": "the data do not settle the claim: a value of interest is not ruled out, and the claimed difference is "
    "not shown. Where no difference was claimed, one may be shown; open is whether it is of interest.",
    "not testable": "the design or the model cannot answer it; the reason stands with it.",
    "not tested": "it has no verdict, as its number is only reported or none was made; the reason stands with it.",
}
_BEYOND = {
    "yes": "The whole interval lies beyond the smallest effect of interest",
    "no": "The whole interval lies inside the smallest effect of interest",
    "uncertain": "The interval holds values on both sides of the smallest effect of interest",
}
_SLOPE = "The declared model lets the coefficient differ from person to person"
_SIMPLER = {
    "random slope not admissible: random intercept only": "the data did not carry that, and one coefficient for everybody "
    "was estimated",
    "variance of the random slope estimated as 0": "the estimate of how far people differ in it was 0",
    "random slope kept without its correlation with the intercept": "its correlation with people’s own levels was left out",
}


def against_claim(row: Row) -> str:
    """Whether a verdict bears out what the hypothesis claims; empty where it decides nothing.

    >>> against_claim({"verdict": "equivalent", "claim_type": "equivalence"})
    'as claimed'
    >>> against_claim({"verdict": "equivalent", "claim_type": "difference"}), against_claim({"verdict": "inconclusive"})
    ('not as claimed', '')
    """
    if row.get("verdict") == "equivalent":
        return AS_CLAIMED if row.get("claim_type") in OF_NO_DIFFERENCE else NOT_AS_CLAIMED
    return {"supported": AS_CLAIMED, "opposite": NOT_AS_CLAIMED}.get(str(row.get("verdict")), "")


def outcome(row: Row) -> str:
    """The verdict, and with "equivalent" whether that is what was claimed: the one word stands for two outcomes.

    >>> outcome({"verdict": "equivalent", "claim_type": "difference"}), outcome({"verdict": "supported"}), outcome({})
    ('equivalent (not as claimed)', 'supported', 'not tested')
    """
    given = "not tested" if apa.is_missing(row.get("verdict")) else str(row["verdict"])
    return f"{given} ({against_claim(row)})" if given == "equivalent" else given


def differs_from_0(row: Row) -> bool:
    """Whether the test of a difference is below the level of the interval: the adjusted p where a difference is claimed,
    the interval where none is, since then the adjusted p is that of equivalence."""
    if row.get("claim_type") in OF_NO_DIFFERENCE:
        ends: list[Any] = [row.get("ci_low"), row.get("ci_high")]
        return not any(map(apa.is_missing, ends)) and (ends[0] > 0 or ends[1] < 0)
    given: list[Any] = [row.get("p_adjusted"), row.get("ci_level")]
    return not any(map(apa.is_missing, given)) and given[0] < 1 - given[1]


def direction(row: Row) -> str:
    """The declared and the found direction in words; empty where none was declared or nothing was estimated.

    >>> direction({"direction": "positive", "estimate": -0.14, "ci_low": -0.17, "ci_high": -0.11})
    'declared: positive; found: negative'
    >>> direction({"direction": "positive", "estimate": 0.01, "ci_low": -0.02, "ci_high": 0.04})
    'declared: positive; found: positive, with 0 inside the interval'
    """
    if apa.is_missing(row.get("direction")) or apa.is_missing(row.get("estimate")):
        return ""
    found = "positive" if row["estimate"] > 0 else "negative"
    if row.get("analysis") == "ri_clpm_both" and "opposite signs" in str(row.get("warnings")):
        found = "one path positive, one negative"
    elif not apa.is_missing(row.get("ci_low")) and row["ci_low"] <= 0 <= row["ci_high"]:
        found += ", with 0 inside the interval"
    return f"declared: {row['direction']}; found: {found}"


def directions(row: Row) -> str:
    """The two directions as a sentence."""
    given = direction(row)
    return sentence(given) if given else ""


def of_interest(row: Row) -> str:
    """What a hypothesis of a difference claims.

    >>> of_interest({"metric": "beta"}), of_interest({"metric": "dz"})
    ('an association of interest', 'a difference of interest')
    """
    noun = metric_of(row).noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun} of interest"


def equivalent(row: Row) -> str:
    """An equivalent result against its claim: it may differ from 0 and yet be nearer to it than what is of interest."""
    inside = f"the equivalence interval {interval(row, 'ci90_low', 'ci90_high')} lies inside {bounds(row)}"
    if row.get("claim_type") in OF_NO_DIFFERENCE:
        return f"Equivalent: {inside}"
    claim = of_interest(row)
    if not differs_from_0(row):
        return f"Equivalent: no {claim.partition(' ')[2]}; {inside}, and the claim of one is not borne out"
    side = "in" if (row["estimate"] > 0) == (row.get("direction") == "positive") else "against"
    adjusted = apa.p(row["p_adjusted"], apa.draws_in(row.get("method")), relation=True)
    differs = f"the result differs from 0 {side} the declared direction (adjusted p {adjusted})"
    return f"Equivalent: {differs}, but {inside}; the claim of {claim} is not borne out"


def as_claimed(row: Row) -> str:
    """That an equivalent result is what the hypothesis claims; empty for every other."""
    claimed = row.get("verdict") == "equivalent" and row.get("claim_type") in OF_NO_DIFFERENCE
    return f"That is what the hypothesis claims: no {metric_of(row).noun} of interest." if claimed else ""


def why_inconclusive(row: Row) -> str:
    """Why an inconclusive result decides nothing; empty for every other verdict."""
    if row.get("verdict") != "inconclusive":
        return ""
    bound = f"the equivalence interval {interval(row, 'ci90_low', 'ci90_high')} reaches beyond {bounds(row)}"
    noun = metric_of(row).noun
    outside = f"{bound}, so {of_interest(row)} is not ruled out"
    if row.get("claim_type") == "equivalence":
        if not differs_from_0(row):
            return sentence(f"Inconclusive: {outside}")
        p = apa.p(row.get("p"), apa.draws_in(row.get("method")), relation=True)
        return sentence(f"Inconclusive: the result differs from 0 (p {p}), but {bound}: open is whether the {noun} is one "
                        "of interest")  # fmt: skip
    adjusted = apa.p(row.get("p_adjusted"), apa.draws_in(row.get("method")), relation=True)
    return sentence(f"Inconclusive: the adjusted p {adjusted} is not below the declared level, and {outside}")


def beyond_sesoi(row: Row) -> str:
    """Where the interval lies against the smallest effect of interest (SESOI)."""
    given = row.get("exceeds_sesoi")
    if apa.is_missing(given) or apa.is_missing(row.get("sesoi")) or str(given) not in _BEYOND:
        return ""
    return sentence(f"{_BEYOND[str(given)]} (SESOI, {bounds(row)})")


def simpler_model(row: Row) -> str:
    """In one plain sentence, where the declared model was replaced by a simpler one; empty where it was not.

    >>> status = "random slope not admissible: random intercept only (in 3 of 20 imputations)"
    >>> simpler_model({"status": status}).removeprefix("The declared model lets the coefficient differ from person to person")
    ': in 3 of 20 completed panels the data did not carry that, and one coefficient for everybody was estimated.'
    """
    said = []
    for part, words in _SIMPLER.items():
        found = re.search(rf"{re.escape(part)}(?: \(in (\d+) of (\d+) imputations\))?", str(row.get("status")))
        if found:
            said.append(f"in {found[1]} of {found[2]} completed panels {words}" if found[1] else words)
    return sentence(f"{_SLOPE}: {listed(said)}") if said else ""


def share(row: Row) -> str:
    """A share of people with its interval, where the deciding number is its distance from a half.

    >>> share({"share": 0.37, "share_low": 0.344, "share_high": 0.397, "ci_level": 0.95})
    '37%, 95% CI [34%, 40%]'
    """
    if apa.is_missing(row.get("share")):
        return ""
    value, low, high = (f"{apa.percent(100 * row[key], 0)}%" for key in ("share", "share_low", "share_high"))
    return f"{value}, {apa.level(row['ci_level'])} CI [{low}, {high}]"
