"""Results in sentences: one function per kind of sentence, every value taken by its key from one row.

No sentence names a cause, grades a size, or speaks of erosion from one wave; what others did is "reported exposure".
A sentence holds no number that is not in its row. Symbols are plain text; the document writers set them in italics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from rejsens import apa

Row = Mapping[str, Any]

# Words that claim more than a survey shows. Text between “ and ” is a quotation of the documents and exempt.
BANNED = (
    r"caus(?:e|es|ed|ing|al|ally)",
    r"lead(?:s|ing)? to",
    r"led to",
    r"(?<!smallest )effects? (?:of|on)",
    r"affect(?:s|ed|ing)?",
    r"impacts? (?:of|on)",
    r"erod(?:e|es|ed|ing)",
    r"results? in",
    r"due to",
    r"because of",
    r"influenc(?:e|es|ed|ing)",
    r"determin(?:e|es|ed)",
    r"predict(?:s|ed)",
    r"buffers?",
    r"amplif(?:y|ies|ied)",
    r"prov(?:e|es|ed|en)",
    r"confirms?",
    r"large",
    r"small",
    r"medium",
    r"moderate",
    r"strong",
    r"weak",
    r"substantial",
    r"considerable",
    r"negligible",
    r"huge",
    r"tiny",
    r"modest",
    r"robust(?:ly)?",
    r"(?:highly|marginally|nearly) \w+",
    r"(?:non-?|in)?significan(?:t|tly|ce)",
    r"trend(?:s|ed|ing)? towards?",
)
_BANNED = re.compile(rf"\b(?:{'|'.join(BANNED)})\b", re.IGNORECASE)
POWER = 0.80  # of the smallest detectable association, as inference/estimates.py computes it
NO_CHANGE = "Erosion is not measurable in one wave: a change needs at least two waves."
NO_HYPOTHESIS = "This study declares no hypothesis, so nothing is tested here."

METRIC_NAMES = {"beta": "β", "beta_within": "β within persons", "beta_between": "β between persons", "r": "r", "b": "b"}
ANALYSIS_NAMES = {
    "cross_sectional": "Cross-sectional regression",
    "cross_sectional_bootstrap": "Cross-sectional, bootstrap interval",
    "within_between": "Within–between mixed model",
    "change": "Change on change",
    "fixed_effects": "Person fixed effects",
    "none": "No analysis",
}
_KINDS = {  # by analysis where it says more than the metric
    "change": "the association of change with change between two waves, in pooled within-person standard deviations",
    "beta": "the association between persons in one wave, in standard deviations",
    "beta_within": "the concurrent association within persons, in pooled within-person standard deviations",
    "beta_between": "the association between persons across waves",
    "r": "the correlation",
    "b": "the coefficient in the units of the measures",
}
_VERDICTS = {
    "supported": "Supported: the adjusted p is below the declared level and the sign is the declared one",
    "opposite": "Opposite: the adjusted p is below the declared level and the sign is against the declared one",
    "equivalent": "Equivalent: the equivalence interval lies inside the bounds",
    "inconclusive": "Inconclusive",
    "not testable": "Not testable",
}
_DECLARED = "Declared estimand"
_CORRECTIONS = {
    "holm": "Holm correction",
    "bh": "Benjamini–Hochberg correction",
    "fdr_bh": "Benjamini–Hochberg correction",
    "benjamini_hochberg": "Benjamini–Hochberg correction",
    "bonferroni": "Bonferroni correction",
    "none": "no correction",
}
_BEYOND = {
    "yes": "The whole interval lies beyond the smallest association of interest",
    "no": "The whole interval lies inside the smallest association of interest",
    "uncertain": "The interval holds values on both sides of the smallest association of interest",
}


def banned_words(text: str) -> list[str]:
    """Banned words of a text, quotations between “ and ” left out.

    >>> banned_words("One “leads to” the other"), banned_words("One leads to a strong other")
    ([], ['leads to', 'strong'])
    """
    return _BANNED.findall(re.sub(r"“[^”]*”", " ", text))


def reported(label: str) -> str:
    """A label in which exposure is always called reported.

    >>> reported("Exposure, frequency"), reported("Reported ambiguous exposure (MREII)"), reported("Self-esteem")
    ('Reported exposure, frequency', 'Reported ambiguous exposure (MREII)', 'Self-esteem')
    """

    def said(match: re.Match[str]) -> str:
        before = re.search(r"\breported(?: \w+){0,2} $", label[: match.start()], flags=re.IGNORECASE)
        return match[0] if before else f"reported {match[0].lower()}"

    text = re.sub(r"\bexposure\b", said, label, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:] if label[:1].isupper() else text


def lower_first(label: str) -> str:
    """A label inside a sentence: a capitalised word becomes lower case, an abbreviation does not.

    >>> lower_first("Self-esteem (RSES)"), lower_first("GAD-7 sum")
    ('self-esteem (RSES)', 'GAD-7 sum')
    """
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def is_true(value: Any) -> bool:
    """A yes-or-no cell of a table that may have passed through text.

    >>> is_true(True), is_true("True"), is_true(float("nan")), is_true("False")
    (True, True, False, False)
    """
    return str(value).lower() == "true"


def metric_name(metric: Any) -> str:
    """The printed name of an estimate's metric."""
    return apa.MISSING if apa.is_missing(metric) else METRIC_NAMES.get(str(metric), str(metric).replace("_", " "))


def analysis_name(analysis: Any) -> str:
    """The printed name of an analysis."""
    text = str(analysis)
    return ANALYSIS_NAMES.get(text, text.replace("_", " ").capitalize())


def family_name(row: Row) -> str:
    """A family and whether it was declared confirmatory.

    >>> family_name({"family": "primary", "confirmatory": True})
    'Primary family, confirmatory'
    """
    name = str(row["family"]).replace("_", " ")
    kind = "confirmatory" if is_true(row.get("confirmatory")) else "exploratory"
    return f"{name[:1].upper()}{name[1:]} family, {kind}"


def correction_name(row: Row) -> str:
    """The multiplicity correction of a family in words."""
    given = "none" if apa.is_missing(row.get("correction")) else str(row["correction"])
    return _CORRECTIONS.get(given.lower(), f"{given} correction")


def is_provisional(row: Row) -> bool:
    """Whether a result was made from complete cases, before any imputation."""
    return not apa.is_missing(row.get("estimate")) and apa.is_missing(row.get("m"))


def findings(estimates: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per declared hypothesis, in the order declared: its declaration, its deciding estimate and plain labels.

    estimates, hypotheses, dictionary   the contract tables
    returns   rows with every column of `hypotheses` and of the deciding row of `estimates` (absent when nothing was
              estimated), plus predictor_label and outcome_label
    raises    ValueError when two rows of one hypothesis decide

    Notes
    -----
    A hypothesis belongs to its family: the same id in two families is two hypotheses.
    """
    names = dict(zip(dictionary["score"], dictionary["label"], strict=True))
    deciding: dict[tuple[str, str], dict[str, Any]] = {}
    for row in estimates.to_dict("records"):
        if not is_true(row["decides"]):
            continue
        key = (row["family"], row["hypothesis"])
        if key in deciding:
            raise ValueError(f"hypothesis {row['hypothesis']} of family {row['family']} has two deciding rows")
        deciding[key] = row
    rows = []
    for declared in hypotheses.to_dict("records"):
        own = deciding.get((declared["family"], declared["hypothesis"]), {})
        outcome = own.get("outcome") or declared["outcome"]
        plain = {
            "predictor_label": reported(names.get(declared["predictor"], str(declared["predictor"]))),
            "outcome_label": reported(names.get(outcome, str(outcome))),
        }
        rows.append({**declared, **own, **plain})
    return rows


# --- one hypothesis --------------------------------------------------------------------------------------------------


def estimated(row: Row) -> str:
    """What this study's coefficient is, by its analysis and metric."""
    pair = f"{lower_first(row['predictor_label'])} with {lower_first(row['outcome_label'])}"
    what = _KINDS.get(str(row.get("analysis"))) or _KINDS.get(str(row.get("metric")), "the association")
    return sentence(f"{'Planned' if apa.is_missing(row.get('estimate')) else 'Estimated'} for {pair}: {what}")


def declared(row: Row) -> str:
    """The estimand in the family file's words; one wave cannot give an estimand within persons, and says so."""
    if apa.is_missing(row.get("estimand")):
        return ""
    between = row.get("metric") in ("beta", "r", "b") and "within-person" in str(row["estimand"])
    start = "One wave cannot give the declared estimand" if between else _DECLARED
    return sentence(f"{start}: {lower_first(reported(' '.join(str(row['estimand']).split())))}")


def sample(row: Row) -> str:
    """Who is behind the estimate, who was lost and by which rule."""
    if apa.is_missing(row.get("n_people")) or not row["n_people"]:
        return ""
    people = counted(row["n_people"], "person", "people")
    rows = f" with {counted(row['n_obs'], 'observation')}" if _differs(row.get("n_obs"), row["n_people"]) else ""
    lost = "" if apa.is_missing(row.get("n_lost")) else f"; {counted(row['n_lost'], 'observation')} lost"
    rule = "" if apa.is_missing(row.get("missing_rule")) else f" (missing data: {row['missing_rule']})"
    return sentence(f"Based on {people}{rows}{lost}{rule}")


def result(row: Row) -> str:
    """Estimate, interval, test and p values."""
    if apa.is_missing(row.get("estimate")):
        return ""
    pair = f"{row['predictor_label']} with {lower_first(row['outcome_label'])}"
    return sentence(f"{pair}: {numbers(row)}")


def numbers(row: Row) -> str:
    """Estimate, interval, test and p values of one row, in the order that APA asks for."""
    metric, draws = str(row["metric"]), apa.draws_in(row.get("method"))
    parts = [_equals(metric_name(metric), _written(row, "estimate"))]
    if not apa.is_missing(row.get("ci_low")):
        ends = apa.interval(row["ci_low"], row["ci_high"], bounded=apa.is_bounded(metric))
        parts.append(
            f"{apa.level(row['ci_level'])} CI {ends}" if not apa.is_missing(row.get("ci_level")) else f"CI {ends}"
        )
    if not apa.is_missing(row.get("se")):
        parts.append(_equals("SE", apa.number(row["se"], 3)))
    if not apa.is_missing(row.get("statistic")) and not apa.is_missing(row.get("df")):
        parts.append(_equals(f"t({apa.df(row['df'])})", apa.number(row["statistic"])))
    if not apa.is_missing(row.get("p")):
        parts.append(f"p {apa.p(row['p'], draws, relation=True)}")
    if not apa.is_missing(row.get("p_adjusted")):
        parts.append(f"adjusted p {apa.p(row['p_adjusted'], draws, relation=True)}")
    return ", ".join(parts)


def verdict(row: Row) -> str:
    """The verdict with the rule that gave it."""
    given = row.get("verdict")
    if apa.is_missing(given):
        return "Not tested: no deciding estimate was made."
    text = _VERDICTS.get(str(given), str(given).capitalize())
    if given == "equivalent" and not apa.is_missing(row.get("sesoi")):
        ends = apa.interval(row.get("ci90_low"), row.get("ci90_high"), bounded=apa.is_bounded(str(row.get("metric"))))
        text = f"Equivalent: the equivalence interval {ends} lies inside ±{apa.number(row['sesoi'])}"
        if row.get("claim_type") not in ("equivalence", "non-inferiority"):
            text += ", against the declared difference"
    if given == "supported" and row.get("claim_type") == "non-inferiority":
        text = "Supported: the adjusted one-sided p is below the declared level"
    if given == "opposite" and row.get("claim_type") in ("equivalence", "non-inferiority"):
        text = "Opposite: the whole interval lies beyond the bounds"
    if given == "not testable":
        text += f": {row['reason']}" if not apa.is_missing(row.get("reason")) else ""
    return sentence(text)


def why_inconclusive(row: Row) -> str:
    """Why an inconclusive result decides nothing; empty for every other verdict."""
    if row.get("verdict") != "inconclusive":
        return ""
    ends = apa.interval(row.get("ci90_low"), row.get("ci90_high"), bounded=apa.is_bounded(str(row.get("metric"))))
    bound = f"the equivalence interval {ends} reaches beyond ±{apa.number(row.get('sesoi'))}"
    outside = f"{bound}, so an association of interest is not ruled out"
    if row.get("claim_type") == "equivalence":  # its p values decide nothing
        return sentence(f"Inconclusive: {outside}")
    adjusted = apa.p(row.get("p_adjusted"), apa.draws_in(row.get("method")), relation=True)
    return sentence(f"Inconclusive: the adjusted p {adjusted} is not below the declared level, and {outside}")


def beyond_sesoi(row: Row) -> str:
    """Where the interval lies against the smallest association of interest."""
    given = row.get("exceeds_sesoi")
    if apa.is_missing(given) or apa.is_missing(row.get("sesoi")) or str(given) not in _BEYOND:
        return ""
    return sentence(f"{_BEYOND[str(given)]} (±{apa.number(row['sesoi'])})")


def smallest_detectable(row: Row) -> str:
    """The smallest association that this sample could detect."""
    if apa.is_missing(row.get("smallest_detectable")):
        return ""
    return sentence(f"The smallest association that this sample could detect is {_written(row, 'smallest_detectable')}")


def invariance(row: Row) -> str:
    """The invariance status of the scales, for a row that compares waves or groups."""
    if apa.is_missing(row.get("invariance")):
        return ""
    return sentence(f"Invariance of the scales: {row['invariance']}")


def cautions(row: Row) -> list[str]:
    """Warnings of the model, its status when it is not in order, and whether the result is provisional."""
    said = []
    if not apa.is_missing(row.get("status")) and row["status"] not in ("ok", row.get("verdict")):
        said.append(sentence(f"Model status: {row['status']}"))
    if not apa.is_missing(row.get("warnings")):
        said.append(sentence(f"Caution: {row['warnings']}"))
    if is_provisional(row) and "provisional" not in str(row.get("missing_rule")):
        said.append("Complete cases, provisional: nothing was imputed.")
    return said


def other_estimate(row: Row) -> str:
    """One coefficient that carries no verdict."""
    place = "" if apa.is_missing(row.get("wave")) or row["wave"] == "all" else f", wave {row['wave']}"
    n = "" if apa.is_missing(row.get("n_people")) else f" (n = {apa.count(row['n_people'])})"
    return sentence(f"{analysis_name(row['analysis'])}{place}{n}: {row['term']}, {numbers(row)}")


def target(row: Row) -> str:
    """What is estimated, briefly: the declared estimand where the coefficient gives it, else what it gives instead."""
    given = declared(row)
    if apa.is_missing(row.get("estimate")) or not given.startswith(_DECLARED):
        return " ".join(filter(None, [estimated(row), given]))
    return "Estimated" + given.removeprefix(_DECLARED)


def found(row: Row) -> list[str]:
    """What was estimated and what came out; empty sentences are left out."""
    return [text for text in (estimated(row), declared(row), result(row), sample(row)) if text]


def judged(row: Row) -> list[str]:
    """What the result decides, how far the sample reaches, and every caution; empty sentences are left out."""
    said = [why_inconclusive(row) or verdict(row), beyond_sesoi(row), smallest_detectable(row), invariance(row)]
    return [text for text in [*said, *cautions(row)] if text]


# --- rows of other tables --------------------------------------------------------------------------------------------


def described(row: Row) -> str:
    """Mean, standard deviation and n of one score in one wave."""
    numbers = f"M = {apa.number(row['mean'])}, SD = {apa.number(row['sd'])}, n = {apa.count(row['n'])}"
    ends = (
        f", interval of the mean {apa.interval(row['ci_low'], row['ci_high'])}"
        if not apa.is_missing(row.get("ci_low"))
        else ""
    )
    return sentence(f"{reported(row['label'])}, wave {row['wave']}: {numbers}{ends}")


def wave(row: Row) -> str:
    """One wave: platform, dates and rows."""
    days = "" if apa.is_missing(row.get("collected_from")) else f", {row['collected_from']} to {row['collected_to']}"
    source = "" if apa.is_missing(row.get("platform")) else f" ({row['platform']}{days})"
    return sentence(f"Wave {row['wave']}{source}: {apa.count(row['n_kept'])} of {counted(row['n_raw'], 'row')} kept")


def changed(row: Row) -> str:
    """Change of one score between two waves, with the band of the smallest detectable change."""
    label = lower_first(reported(row.get("source_label", row["source"])))
    ends = apa.interval(row["ci_low"], row["ci_high"])
    numbers = (
        f"M = {apa.number(row['mean_change'])} {ends}, SD = {apa.number(row['sd_change'])}, n = {apa.count(row['n'])}"
    )
    pair = f"Change in {label} from wave {row['from_wave']} to wave {row['to_wave']}"
    return sentence(f"{pair}: {numbers}, SDC95 = {apa.number(row['sdc95'])}")


def correlated(row: Row) -> str:
    """One correlation with its interval."""
    pair = f"{reported(row.get('x_label', row['x']))} and {lower_first(reported(row.get('y_label', row['y'])))}"
    ends = apa.interval(row["ci_low"], row["ci_high"], bounded=True)
    numbers = f"r = {apa.r(row['r'])} {ends}, p {apa.p(row['p'], relation=True)}, n = {apa.count(row['n'])}"
    return sentence(f"{pair}, wave {row['wave']}: {numbers}")


def verdict_counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many hypotheses have each verdict, in a fixed order.

    >>> verdict_counts([{"verdict": "inconclusive"}, {"verdict": ""}, {"verdict": "supported"}])
    {'supported': 1, 'inconclusive': 1, 'not tested': 1}
    """
    given = ["not tested" if apa.is_missing(row.get("verdict")) else str(row["verdict"]) for row in rows]
    return {name: given.count(name) for name in (*_VERDICTS, "not tested") if name in given}


# --- pieces ----------------------------------------------------------------------------------------------------------


def sentence(text: str) -> str:
    """A text with a capital first letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _written(row: Row, key: str) -> str:
    return (apa.r if apa.is_bounded(str(row.get("metric"))) else apa.number)(row[key])


def _equals(symbol: str, value: str) -> str:
    return f"{symbol} = {value}"


def counted(n: Any, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{apa.count(n)} {one if n == 1 else many or one + 's'}"


def _differs(a: Any, b: Any) -> bool:
    return not apa.is_missing(a) and not math.isclose(a, b)
