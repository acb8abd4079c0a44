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
from rejsens.result_names import (
    analysis_of,
    bounds,
    kind_of,
    label_of,
    labels_of,
    metric_of,
    numbers,
    spelled,
    term_of,
    third_of,
    written,
)
from rejsens.sentences import counted, listed, lower_first, reported, sentence

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

_VERDICTS = {
    "supported": "Supported: the adjusted p is below the declared level and the sign is the declared one",
    "opposite": "Opposite: the adjusted p is below the declared level and the sign is against the declared one",
    "equivalent": "Equivalent: the equivalence interval lies inside the bounds",
    "inconclusive": "Inconclusive",
    "not testable": "Not testable",
    "not tested": "Not tested",
}
_DECLARED = "Declared estimand"
_CORRECTIONS = {
    "holm": "Holm correction",
    "bh": "Benjamini–Hochberg correction",
    "fdr_bh": "Benjamini–Hochberg correction",
    "benjamini-hochberg": "Benjamini–Hochberg correction",
    "benjamini_hochberg": "Benjamini–Hochberg correction",
    "bonferroni": "Bonferroni correction",
    "none": "no correction",
}
_BEYOND = {
    "yes": "The whole interval lies beyond the smallest {noun} of interest",
    "no": "The whole interval lies inside the smallest {noun} of interest",
    "uncertain": "The interval holds values on both sides of the smallest {noun} of interest",
}
PRIMARY = "primary"  # the family that stands first wherever there is one
WHOLE_CASES = "complete cases"  # how a rule of missing data begins that imputes nothing and uses no likelihood


def banned_words(text: str) -> list[str]:
    """Banned words of a text, quotations between “ and ” left out.

    >>> banned_words("One “leads to” the other"), banned_words("One leads to a strong other")
    ([], ['leads to', 'strong'])
    """
    return _BANNED.findall(re.sub(r"“[^”]*”", " ", text))


def is_true(value: Any) -> bool:
    """A yes-or-no cell of a table that may have passed through text.

    >>> is_true(True), is_true("True"), is_true(float("nan")), is_true("False")
    (True, True, False, False)
    """
    return str(value).lower() == "true"


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
    """Whether a result was made from complete cases; full information and imputation are not provisional.

    >>> is_provisional({"estimate": 0.1, "missing_rule": "complete cases", "m": float("nan")})
    True
    >>> is_provisional({"estimate": 0.1, "missing_rule": "full information maximum likelihood", "m": float("nan")})
    False
    """
    rule = "" if apa.is_missing(row.get("missing_rule")) else str(row["missing_rule"])
    made = not apa.is_missing(row.get("estimate"))
    return made and apa.is_missing(row.get("m")) and (not rule or rule.startswith(WHOLE_CASES))


def findings(estimates: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per declared hypothesis, those of a primary family first: its declaration, its deciding estimate, labels.

    estimates, hypotheses, dictionary   the contract tables
    returns   rows with every column of `hypotheses` and of the deciding row of `estimates` (absent when nothing was
              estimated), plus predictor_label, outcome_label ("A and B" where there are several), third_label (of a
              moderator or mediator) and about, which says whom the number is about. Ids of scores in reason, status and
              warnings are replaced by their labels
    raises    ValueError when two rows of one hypothesis decide

    Notes
    -----
    A hypothesis belongs to its family: the same id in two families is two hypotheses.
    """
    names = labels_of(dictionary)
    deciding: dict[tuple[str, str], dict[str, Any]] = {}
    for row in estimates.to_dict("records"):
        if not is_true(row["decides"]):
            continue
        key = (row["family"], row["hypothesis"])
        if key in deciding:
            raise ValueError(f"hypothesis {row['hypothesis']} of family {row['family']} has two deciding rows")
        deciding[key] = row
    rows = []
    in_order = sorted(hypotheses.to_dict("records"), key=lambda stated: stated["family"] != PRIMARY)
    for stated in in_order:
        row = {**stated, **deciding.get((stated["family"], stated["hypothesis"]), {})}
        said = {key: spelled(row[key], names) for key in ("reason", "status", "warnings") if key in row}
        rows.append({**row, **said, **_labels(stated, row, names)})
    return rows


def _labels(stated: Row, row: Row, names: Mapping[str, str]) -> dict[str, str]:
    """What a finding is about; a declaration names several outcomes or predictors with a semicolon between them."""

    def label(cell: Any) -> str:
        given = [] if apa.is_missing(cell) else re.split(r"\s*;\s*", str(cell))
        return listed([label_of(name, names) for name in given])

    inside = {"x": label(stated["predictor"]), "y": label(stated["outcome"]), "third": label(third_of(row))}
    template = analysis_of(row).about
    if not inside["x"] and "{x}" in template:
        template = "{y}"
    if "{third}" in template and not inside["third"]:
        template = "{x} with {y}"
    about = template.format(**inside)
    capital = {"predictor_label": inside["x"], "outcome_label": inside["y"], "third_label": inside["third"]}
    return {key: _upper_first(text) for key, text in (capital | {"about": about}).items()}


def _upper_first(label: str) -> str:
    """A label at the start of a sentence."""
    return label[:1].upper() + label[1:]


# --- one hypothesis --------------------------------------------------------------------------------------------------


def estimated(row: Row) -> str:
    """What this study's coefficient is, by its analysis and metric."""
    start = "Planned" if apa.is_missing(row.get("estimate")) else "Estimated"
    what = "the association" if analysis_of(row).name == "No analysis" else kind_of(row)
    return sentence(f"{start} for {lower_first(row['about'])}: {what}")


def declared(row: Row) -> str:
    """The estimand in the family file's words; one wave cannot give an estimand within persons, and says so."""
    if apa.is_missing(row.get("estimand")):
        return ""
    between = row.get("metric") in ("beta", "r", "b") and row.get("wave") != "all"
    between = between and "within-person" in str(row["estimand"])
    start = "One wave cannot give the declared estimand" if between else _DECLARED
    estimand = re.sub(
        r"(?<=\w)- (?!and\b|or\b)(?=\w)", "-", " ".join(str(row["estimand"]).split())
    )  # a word cut at its hyphen
    return sentence(f"{start}: {lower_first(reported(estimand))}")


def sample(row: Row) -> str:
    """Who is behind the estimate, who was lost and by which rule."""
    if apa.is_missing(row.get("estimate")) or apa.is_missing(row.get("n_people")) or not row["n_people"]:
        return ""
    people = counted(row["n_people"], "person", "people")
    rows = f" with {counted(row['n_obs'], 'observation')}" if _differs(row.get("n_obs"), row["n_people"]) else ""
    lost = "" if apa.is_missing(row.get("n_lost")) else f"; {counted(row['n_lost'], 'observation')} lost"
    unknown = "" if apa.is_missing(row.get("fmi")) else f", fraction of missing information {apa.r(row['fmi'])}"
    rule = "" if apa.is_missing(row.get("missing_rule")) else f" (missing data: {row['missing_rule']}{unknown})"
    return sentence(f"Based on {people}{rows}{lost}{rule}")


def result(row: Row) -> str:
    """Estimate, interval, test and p values."""
    if apa.is_missing(row.get("estimate")):
        return ""
    return sentence(f"{row['about']}: {numbers(row)}")


def verdict(row: Row) -> str:
    """The verdict with the rule that gave it."""
    given = row.get("verdict")
    if apa.is_missing(given):
        return "Not tested: no deciding estimate was made."
    text = _VERDICTS.get(str(given), str(given).capitalize())
    if given in ("supported", "opposite") and row.get("third_label") and "{third}" in analysis_of(row).about:
        text = text.replace(": ", f": {_differs_by(row)}; ", 1)
    if given == "equivalent" and not apa.is_missing(row.get("sesoi")):
        text = f"Equivalent: the equivalence interval {_equivalence_interval(row)} lies inside {bounds(row)}"
        if row.get("claim_type") not in ("equivalence", "non-inferiority"):
            text += ", against the declared difference"
    if given == "supported" and row.get("claim_type") == "non-inferiority":
        text = "Supported: the adjusted one-sided p is below the declared level"
    if given == "opposite" and row.get("claim_type") in ("equivalence", "non-inferiority"):
        text = "Opposite: the whole interval lies beyond the bounds"
    if given in ("not testable", "not tested"):
        text += f": {row['reason']}" if not apa.is_missing(row.get("reason")) else ""
    return sentence(text)


def as_claimed(row: Row) -> str:
    """That an equivalent result is what the hypothesis claims; empty for every other."""
    claimed = row.get("verdict") == "equivalent" and row.get("claim_type") == "equivalence"
    return "That is what the hypothesis claims: no difference of interest." if claimed else ""


def _differs_by(row: Row) -> str:
    """What a product says in words: that an association differs, or that there is an indirect one."""
    third = lower_first(row["third_label"])
    return f"there is an indirect association by way of {third}" if row.get("metric") == "indirect" else (
        f"the association differs by {third}"
    )  # fmt: skip


def why_inconclusive(row: Row) -> str:
    """Why an inconclusive result decides nothing; empty for every other verdict."""
    if row.get("verdict") != "inconclusive":
        return ""
    bound = f"the equivalence interval {_equivalence_interval(row)} reaches beyond {bounds(row)}"
    noun = metric_of(row).noun
    outside = f"{bound}, so {'an' if noun[0] in 'aeiou' else 'a'} {noun} of interest is not ruled out"
    if row.get("claim_type") == "equivalence":  # its p values decide nothing
        return sentence(f"Inconclusive: {outside}")
    adjusted = apa.p(row.get("p_adjusted"), apa.draws_in(row.get("method")), relation=True)
    return sentence(f"Inconclusive: the adjusted p {adjusted} is not below the declared level, and {outside}")


def _equivalence_interval(row: Row) -> str:
    """The 90 % interval, with one more decimal where rounding would put an end on the bound."""
    metric, bound = metric_of(row), row.get("sesoi")
    ends = [row.get("ci90_low"), row.get("ci90_high")]
    given = [apa.rounded(abs(x), metric.decimals) for x in (*ends, bound) if not apa.is_missing(x)]
    more = len(given) == 3 and given[2] in given[:2]
    return apa.interval(*ends, metric.decimals + more, bounded=metric.bounded)


def beyond_sesoi(row: Row) -> str:
    """Where the interval lies against the smallest association of interest."""
    given = row.get("exceeds_sesoi")
    if apa.is_missing(given) or apa.is_missing(row.get("sesoi")) or str(given) not in _BEYOND:
        return ""
    return sentence(f"{_BEYOND[str(given)].format(noun=metric_of(row).noun)} ({bounds(row)})")


def smallest_detectable(row: Row) -> str:
    """The smallest association that this sample could detect."""
    if apa.is_missing(row.get("smallest_detectable")):
        return ""
    noun = metric_of(row).noun
    return sentence(f"The smallest {noun} that this sample could detect is {written(row, 'smallest_detectable')}")


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


def other_estimate(row: Row, names: Mapping[str, str] | None = None) -> str:
    """One coefficient that carries no verdict; `names` as from `result_names.labels_of`."""
    place = "" if apa.is_missing(row.get("wave")) or row["wave"] == "all" else f", wave {row['wave']}"
    n = "" if apa.is_missing(row.get("n_people")) or not row["n_people"] else f" (n = {apa.count(row['n_people'])})"
    known = names or {}
    said = numbers(row) or spelled(row.get("reason"), known) or "no estimate"
    return sentence(f"{analysis_of(row).name}{place}{n}: {lower_first(term_of(row, known))}, {said}")


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
    decided = why_inconclusive(row) or verdict(row)
    said = [decided, as_claimed(row), beyond_sesoi(row), smallest_detectable(row), invariance(row)]
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
    return {name: given.count(name) for name in _VERDICTS if name in given}


def _differs(a: Any, b: Any) -> bool:
    return not apa.is_missing(a) and not math.isclose(a, b)
