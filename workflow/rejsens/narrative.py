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
from rejsens.beside_finding import beside, groups_of
from rejsens.result_names import (
    APPLIES,
    analysis_of,
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
from rejsens.verdict_words import (
    OF_NO_DIFFERENCE,
    as_claimed,
    beyond_sesoi,
    directions,
    equivalent,
    outcome,
    share,
    simpler_model,
    why_inconclusive,
)

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
    whole = not rule or (rule.startswith(WHOLE_CASES) and not rule.startswith(APPLIES))
    return made and apa.is_missing(row.get("m")) and whole


def findings(estimates: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per declared hypothesis, those of a primary family first: its declaration, its deciding estimate, labels.

    estimates, hypotheses, dictionary   the contract tables
    returns   rows with every column of `hypotheses` and of the deciding row of `estimates` (absent when nothing was
              estimated), plus predictor_label, outcome_label ("A and B" where there are several), third_label (of a
              moderator or mediator) and about, which says whom the number is about, groups (of people that are contrasted), share,
              share_low and share_high where the number is the distance of a share from a half, and paths where it is
              one of two. Ids of scores in reason, status,
              warnings and invariance are replaced by their labels
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
        key = stated["family"], stated["hypothesis"]
        row = {**stated, **deciding.get(key, {})}
        row |= beside(row, estimates, names)
        said = {key: spelled(row[key], names) for key in ("reason", "status", "warnings", "invariance") if key in row}
        rows.append({**row, **said, **_labels(stated, row, names)})
    return rows


def _labels(stated: Row, row: Row, names: Mapping[str, str]) -> dict[str, str]:
    """What a finding is about; a declaration names several outcomes or predictors with a semicolon between them."""

    def label(cell: Any) -> str:
        given = [] if apa.is_missing(cell) else re.split(r"\s*;\s*", str(cell))
        return listed([label_of(name, names) for name in given])

    inside = {"x": label(stated["predictor"]), "y": label(stated["outcome"]), "third": label(third_of(row))}
    template = _contrasted(stated, row, names) or analysis_of(row).about
    if not inside["x"] and "{x}" in template:
        template = "{y}"
    if "{third}" in template and not inside["third"]:
        template = "{x} with {y}"
    groups = groups_of(stated, row)
    about = template.format(**inside) + (f" ({groups})" if groups else "")
    capital = {
        "predictor_label": inside["x"],
        "outcome_label": inside["y"],
        "third_label": inside["third"],
        "groups": groups,
    }
    return {key: _upper_first(text) for key, text in (capital | {"about": about}).items()}


def _contrasted(stated: Row, row: Row, names: Mapping[str, str]) -> str:
    """Whom the contrast of two predictors of several is about: the two, and the others as in the model."""
    given = [] if apa.is_missing(stated["predictor"]) else re.split(r"\s*;\s*", str(stated["predictor"]))
    pair = [name.removesuffix("_within") for name in str(row.get("term")).split(" - ")]
    others = [label_of(name, names) for name in given if name not in pair]
    if len(pair) != 2 or not others or not set(pair) <= set(given):
        return ""
    one, other = (label_of(name, names) for name in pair)
    return f"{one} less {other}, with {{y}}, at equal {listed(others)}"


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


def lost_words(row: Row) -> str:
    """What became of the observations that an analysis leaves out; one that is not about everybody did not lose them all.

    >>> lost_words({"missing_rule": "complete cases where it applies, since who met no such event was not asked to rate it"})
    'lost or not asked about'
    """
    if not str(row.get("missing_rule")).startswith(APPLIES):
        return "lost"
    return "lost or without a first drop" if row.get("analysis") == "piecewise_recovery" else "lost or not asked about"


def sample(row: Row) -> str:
    """Who is behind the estimate, who was lost and by which rule."""
    if apa.is_missing(row.get("estimate")) or apa.is_missing(row.get("n_people")) or not row["n_people"]:
        return ""
    people = counted(row["n_people"], "person", "people")
    rows = f" with {counted(row['n_obs'], 'observation')}" if _differs(row.get("n_obs"), row["n_people"]) else ""
    lost = "" if apa.is_missing(row.get("n_lost")) else f"; {counted(row['n_lost'], 'observation')} {lost_words(row)}"
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
        text = equivalent(row)
    if given == "supported" and row.get("claim_type") == "non-inferiority":
        text = "Supported: the adjusted one-sided p is below the declared level"
    if given == "opposite" and row.get("claim_type") in OF_NO_DIFFERENCE:
        text = "Opposite: the whole interval lies beyond the bounds"
    if given in ("not testable", "not tested"):
        text += f": {row['reason']}" if not apa.is_missing(row.get("reason")) else ""
    return sentence(text)


def _differs_by(row: Row) -> str:
    """What a product says in words: that an association differs, or that there is an indirect one."""
    third = lower_first(row["third_label"])
    return f"there is an indirect association by way of {third}" if row.get("metric") == "indirect" else (
        f"the association differs by {third}"
    )  # fmt: skip


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
        said += filter(None, [simpler_model(row)])
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
    term = lower_first(term_of(row, known))
    if str(row.get("term")).endswith("_lagged"):  # a panel of two scores has the same term for either
        term += f" with {lower_first(reported(label_of(str(row['outcome']), known)))}"
    return sentence(f"{analysis_of(row).name}{place}{n}: {term}, {said}")


def target(row: Row) -> str:
    """What is estimated, briefly: the declared estimand where the coefficient gives it, else what it gives instead."""
    given = declared(row)
    if apa.is_missing(row.get("estimate")) or not given.startswith(_DECLARED):
        return " ".join(filter(None, [estimated(row), given]))
    return "Estimated" + given.removeprefix(_DECLARED)


def found(row: Row) -> list[str]:
    """What was estimated and what came out; empty sentences are left out."""
    of_people = f"Share of people: {share(row)}." if share(row) else ""
    return [
        text for text in (estimated(row), declared(row), result(row), of_people, both_paths(row), sample(row)) if text
    ]


def both_paths(row: Row) -> str:
    """Either path of a cycle with its own numbers."""
    return sentence(f"Both paths: {row['paths']}") if row.get("paths") else ""


def judged(row: Row) -> list[str]:
    """What the result decides, how far the sample reaches, and every caution; empty sentences are left out."""
    decided = why_inconclusive(row) or verdict(row)
    said = [decided, as_claimed(row), directions(row), beyond_sesoi(row), smallest_detectable(row), invariance(row)]
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
    """How many hypotheses have each verdict, in a fixed order; equivalent ones apart by what they claim.

    >>> verdict_counts([{"verdict": "inconclusive"}, {"verdict": ""}, {"verdict": "supported"}])
    {'supported': 1, 'inconclusive': 1, 'not tested': 1}
    """
    given = sorted(map(outcome, rows))  # "as claimed" before "not as claimed"
    order = [name for verdict in _VERDICTS for name in dict.fromkeys(given) if name.partition(" (")[0] == verdict]
    return {name: given.count(name) for name in order}


def _differs(a: Any, b: Any) -> bool:
    return not apa.is_missing(a) and not math.isclose(a, b)
