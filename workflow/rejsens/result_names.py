"""What each metric and each analysis of the estimates table is called in print: one line each, and nowhere else.

A metric or analysis that an estimator can write and that has no line here fails a test. Adding an estimator means
adding its line: the sentences, the printed tables, the report and the forest figures read it from here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.sentences import lower_first, reported

Row = Mapping[str, Any]
# How a rule of missing data begins where a person-wave that is left out need not be lost: the question was not put to it.
APPLIES = "complete cases where it applies"


@dataclass(frozen=True)
class Metric:
    """One kind of number.

    symbol     printed before its value
    kind       what it is, in a sentence after "Estimated for X with Y:"
    unit       of the estimate, its interval and the SESOI, after the number; "" where it has none
    statistic  what `statistic` holds: t (z where its degrees of freedom are infinite), F, χ², LR or nothing to print
    bounded    cannot exceed 1 in size and is printed without a leading zero
    decimals   of the printed estimate
    noun       what the SESOI is the smallest one of
    """

    symbol: str
    kind: str
    unit: str = ""
    statistic: str = "t"
    bounded: bool = False
    decimals: int = 2
    noun: str = "association"


@dataclass(frozen=True)
class Analysis:
    """One way to an estimate.

    name    printed in tables
    about   whom the number is about; {x}, {y} and {third} stand for the labels of predictor, outcome and moderator or
            mediator. "" where the hypothesis' own outcome and predictor say it
    kind    what its deciding number is, where that says more than the metric
    short   printed in figures, beside the name of the hypothesis; the id in plain words where there is none
    """

    name: str
    about: str = "{x} with {y}"
    kind: str = ""
    short: str = ""


_SD, _WITHIN, _DIFFERENCE = "SDs", "within-person SDs", "difference"
METRICS: Mapping[str, Metric] = {
    "beta_within": Metric(
        "β within persons", "the concurrent association within persons, in pooled within-person standard deviations",
        _WITHIN),
    "beta_between": Metric("β between persons", "the association between persons across waves", "SDs of person means"),
    "beta": Metric("β", "the association between persons in one wave, in standard deviations", _SD),
    "beta_interaction": Metric(
        "β of the difference",
        "how far the association within persons differs by it, in pooled within-person standard deviations for each "
        "standard deviation of it", _WITHIN, noun=_DIFFERENCE),
    "beta_difference": Metric("difference of β", "one standardised coefficient less the other", _SD, noun=_DIFFERENCE),
    "beta_change": Metric("β of change", "the association with change, the first wave held", _SD),
    "r": Metric("r", "the correlation", bounded=True),
    "r_between": Metric("r between persons", "the correlation of the persons' own levels", bounded=True),
    "r_within": Metric("r within persons", "the correlation of deviations from the persons' own levels", bounded=True),
    "indirect": Metric(
        "indirect association", "the product of two standardised paths, an indirect association", _SD, statistic="",
        decimals=3),
    "slope_within": Metric(
        "slope per wave", "the change from wave to wave, in pooled within-person standard deviations",
        "within-person SDs per wave", noun="change"),
    "slope_difference": Metric(
        "difference of slopes", "one change from wave to wave less another", "within-person SDs per wave",
        noun=_DIFFERENCE),
    "rise_within": Metric("step", "the step at one wave", _WITHIN, noun="change"),
    "sd_slope": Metric(
        "SD of slopes", "how far people differ in their change", "within-person SDs per wave", statistic="LR"),
    "dz": Metric(
        "dz", "the mean difference, in standard deviations of the differences",
        "SDs of the differences", noun=_DIFFERENCE),
    "d": Metric(
        "d", "the difference of two group means, in pooled standard deviations", "pooled SDs", noun=_DIFFERENCE),
    "d_change": Metric(
        "d of change", "the mean change, in standard deviations of change", "SDs of change", noun="change"),
    "b": Metric("b", "the coefficient in the units of the measures", "units of the measure"),
    "difference": Metric(
        "difference", "the difference of two adjusted means, in standard deviations", _SD, noun=_DIFFERENCE),
    "adjusted_mean": Metric(
        "adjusted mean", "the mean with the covariates at theirs", "units of the measure", statistic=""),
    "share": Metric("share", "the share of people", bounded=True, noun="share"),
    "share_difference": Metric(
        "share less reference", "the share of people less the share that it is held against", bounded=True,
        noun=_DIFFERENCE),
    "delta_r2": Metric(
        "ΔR²", "the share of variance that it explains beside the covariates", statistic="F", bounded=True, decimals=3,
        noun="share of variance"),
    "r2": Metric("R²", "the share of variance explained", bounded=True, noun="share of variance"),
    "isotonic_r2": Metric(
        "E²", "the share of variance that an ordered step function explains", statistic="", bounded=True,
        noun="share of variance"),
    "breakpoint": Metric("breakpoint", "where the line bends", "units of the measure", statistic="LR"),
    "johnson_neyman": Metric(
        "bound", "where the interval of a simple slope starts or stops to hold 0", "units of the measure", ""),
    "wald_f": Metric("joint test", "one test of several coefficients", statistic="F"),
    "chi2": Metric("model test", "a test of the model", statistic="χ²"),
    "aic": Metric("AIC", "Akaike's information criterion", statistic="", decimals=1),
    "aic_difference": Metric(
        "difference of AIC", "one Akaike information criterion less the other", statistic="", decimals=1),
    "log_odds": Metric("log odds ratio", "the difference in log odds", "log odds", noun=_DIFFERENCE),
    "odds_ratio": Metric("odds ratio", "the ratio of odds", noun="ratio"),
    "log_rate": Metric("log rate ratio", "the difference in the log rate", "log rate", noun=_DIFFERENCE),
    "rate_ratio": Metric("rate ratio", "the ratio of rates", noun="ratio"),
    "dispersion": Metric("dispersion", "the dispersion of the counts", statistic=""),
    "poisson_dispersion": Metric(
        "Pearson dispersion", "the dispersion of the counts against a Poisson model", statistic="LR"),
}  # fmt: skip

_LAGGED = (
    "how far above a person's own level in one wave goes with how far above it in the next, in within-person standard "
    "deviations; the order in time is in the model, what brought it about is not"
)
ANALYSES: Mapping[str, Analysis] = {
    "cross_sectional": Analysis("Cross-sectional regression"),
    "cross_sectional_bootstrap": Analysis("Cross-sectional, bootstrap interval"),
    "partial_correlation": Analysis("Correlation"),
    "within_between": Analysis("Within–between mixed model"),
    "change": Analysis(
        "Change on change",
        kind="the association of change with change between two waves, in pooled within-person standard deviations",
    ),
    "fixed_effects": Analysis("Person fixed effects"),
    "inverse_probability": Analysis("Person fixed effects, weighted for who is missing", short="weighted"),
    "incremental_variance": Analysis("Added variance"),
    "cross_level": Analysis("Moderation within persons, mixed model", "{x} with {y}, by {third}"),
    "cross_level_fixed_effects": Analysis(
        "Moderation within persons, person fixed effects", "{x} with {y}, by {third}", short="fixed effects",
    ),
    "moderation": Analysis(
        "Moderation in one wave", "{x} with {y}, by {third}",
        "how far the association between persons in one wave differs for each standard deviation of it, "
        "in standard deviations",
    ),
    "dose_response": Analysis("Form of the association in one wave"),
    "cumulative_exposure": Analysis(
        "Earlier waves beside the present one", "Earlier {x} with {y}",
        "the association of the mean of all earlier waves within persons, beside that of the present wave, in pooled "
        "within-person standard deviations",
    ),
    "mediation": Analysis(
        "Indirect association in one wave", "{x} with {y}, by way of {third}",
        "an indirect association, the product of two standardised coefficients; the order in time is not established",
    ),
    "lagged_indirect": Analysis(
        "Indirect association over waves", "{x} with later {y}, by way of {third}",
        "an indirect association within persons, the product of two paths from wave to wave; the order "
        "in time is in the model, but not that nothing else goes with both",
    ),
    "ri_clpm": Analysis("Random-intercept cross-lagged panel", "{x} with later {y}", _LAGGED),
    "ri_clpm_both": Analysis(
        "Random-intercept cross-lagged panel, both directions", "{x} with later {y}, and back",
        f"{_LAGGED}; both directions are claimed, and the path with the larger p is shown and decides",
    ),
    "fixed_effects_sem": Analysis("Fixed-effects panel model", "{x} with later {y}", _LAGGED, "fixed-effects panel"),
    "outcome_contrast": Analysis(
        "Two outcomes in one wave", "{x} with {y}",
        "the coefficient for the first outcome less that for the second, in standard deviations"
    ),
    "predictor_contrast": Analysis(
        "Predictors beside each other in one wave", "{x} with {y}",
        "the coefficient of the first predictor less that of the second, in standard deviations",
    ),
    "within_contrast": Analysis(
        "Contrast within persons", "{x} with {y}",
        "one coefficient within persons less the other, the first named less the second, in "
        "within-person standard deviations",
    ),
    "paired_contrast": Analysis("Two ratings of the same people", "{y}, the first less the second"),
    "event_level": Analysis(
        "Mixed model of events", "{x} with {y}",
        "the association over single events within persons, in within-person standard deviations",
    ),
    "group_contrast": Analysis("Two groups of people", "{y}, by {x}"),
    "proportion": Analysis("Share of people", "{y}"),
    "piecewise_recovery": Analysis(
        "Growth after the first drop", "{y}, after the first drop of {x}",
        "the change from wave to wave after the first drop, in pooled within-person standard deviations",
    ),
    "latent_growth": Analysis("Latent growth", "{y}, over the waves"),
    "latent_change": Analysis("Latent change"),
    "negative_binomial": Analysis("Regression of counts"),
    "proportional_odds": Analysis("Regression of ordered answers"),
    "attrition": Analysis("Who left the study", "{x}"),
    "none": Analysis("No analysis"),
}  # fmt: skip
EVENT_CONTRAST = Analysis(
    "Mixed model of events", "{y}, {x} events contrasted",
    "the mean difference between two kinds of event within persons, in standard deviations of the differences",
)  # fmt: skip


def metric_of(row: Row) -> Metric:
    """The metric of a row; one without a line of its own is called by its plain name."""
    name = row.get("metric")
    plain = "" if apa.is_missing(name) else str(name)
    return METRICS.get(plain) or Metric(plain.replace("_", " ") or apa.MISSING, "the estimate")


def analysis_of(row: Row) -> Analysis:
    """The analysis of a row; the contrast of two kinds of event is told from the slope over events by its metric."""
    name = "none" if apa.is_missing(row.get("analysis")) else str(row["analysis"])
    if name == "event_level" and row.get("metric") in ("dz", "b"):
        return EVENT_CONTRAST
    return ANALYSES.get(name) or Analysis(name.replace("_", " ").capitalize())


def kind_of(row: Row) -> str:
    """What the number of a deciding row is."""
    return analysis_of(row).kind or metric_of(row).kind


def heading(metric: str) -> str:
    """A metric over a panel of a figure.

    >>> heading("beta_within"), heading("r"), heading("d"), heading("r_within")
    ('β within persons, in within-person SDs', 'Correlation', 'd, in pooled SDs', 'r within persons')
    """
    own = metric_of({"metric": metric})
    name = {"r": "correlation"}.get(metric, own.symbol)
    start = name[:1].upper() + name[1:] if re.match(r"[a-z]{3,}", name) else name  # a symbol keeps its case
    return f"{start}, in {own.unit}" if own.unit else start


# --- numbers ---------------------------------------------------------------------------------------------------------


def written(row: Row, key: str) -> str:
    """One value in the metric of its row.

    >>> written({"metric": "r", "estimate": 0.456}, "estimate"), written({"metric": "delta_r2", "sesoi": 0.01}, "sesoi")
    ('.46', '.010')
    """
    metric = metric_of(row)
    return (apa.r if metric.bounded else apa.number)(row.get(key), metric.decimals)


def interval(row: Row, low: str = "ci_low", high: str = "ci_high") -> str:
    """An interval in the metric of its row, with up to two more decimals where an end would round onto 0 or the SESOI.

    >>> interval({"metric": "beta", "ci_low": 0.0026, "ci_high": 0.119}), interval({"metric": "r", "ci_low": -1, "ci_high": 0})
    ('[0.003, 0.119]', '[−1.00, .00]')
    >>> interval({"metric": "share_difference", "ci_low": -0.156, "ci_high": -0.103, "sesoi": 0.1})
    '[−.156, −.103]'
    """
    metric = metric_of(row)
    ends: list[Any] = [row.get(low), row.get(high)]
    guides = [0.0] if apa.is_missing(row.get("sesoi")) else [0.0, row["sesoi"]]
    pairs = [(abs(end), guide) for end in ends if not apa.is_missing(end) for guide in guides if abs(end) != guide]
    pairs = [(end, guide) for end, guide in pairs if math.isfinite(end)]
    decimals = metric.decimals
    while decimals < metric.decimals + 2 and any(
        apa.rounded(end, decimals) == apa.rounded(guide, decimals) for end, guide in pairs
    ):
        decimals += 1
    return apa.interval(ends[0], ends[1], decimals, bounded=metric.bounded)


def bounds(row: Row) -> str:
    """The SESOI with its sign (none where nothing lies below 0) and unit; a dash where the row has none.

    >>> bounds({"metric": "beta_within", "sesoi": 0.1}), bounds({"metric": "delta_r2", "sesoi": 0.01}), bounds({"metric": "r"})
    ('±0.10 within-person SDs', '.010', '—')
    """
    if apa.is_missing(row.get("sesoi")):
        return apa.MISSING
    return f"{'' if from_0(row) else '±'}{written(row, 'sesoi')} {metric_of(row).unit}".rstrip()


def from_0(row: Row) -> bool:
    """Whether a number cannot lie below 0, so that its SESOI bounds it on one side."""
    return metric_of(row).noun == "share of variance"


def numerator_df(method: Any) -> int | None:
    """The first degrees of freedom of an F statistic, which the method of its row states; None where it states none.

    >>> numerator_df("Wald F test on 2 and 310 degrees of freedom"), numerator_df("mixed model, F with 4 numerator df")
    (2, 4)
    """
    found = re.search(r"\bF (?:test )?(?:on|with) (\d+)\b", "" if apa.is_missing(method) else str(method))
    return int(found[1]) if found else None


def denominator_df(row: Row) -> float | None:
    """The second degrees of freedom of an F statistic: the row's own, or what its method states."""
    if not apa.is_missing(row.get("df")):
        return row["df"]
    found = re.search(r"\bF on \d+ and (\d+(?:\.\d+)?)", str(row.get("method")))
    return float(found[1]) if found else None


def statistic_of(row: Row) -> str:
    """The test statistic with its symbol and degrees of freedom; empty where a row has none to print.

    >>> statistic_of({"metric": "beta", "statistic": -2.5, "df": 310.0})
    't(310) = −2.50'
    >>> statistic_of({"metric": "beta_within", "statistic": 2.5, "df": float("inf")})
    'z = 2.50'
    >>> statistic_of({"metric": "wald_f", "statistic": 3.1, "df": 310.0, "method": "Wald F test on 2 and 310 df"})
    'F(2, 310) = 3.10'
    """
    symbol, value = metric_of(row).statistic, row.get("statistic")
    if not symbol or apa.is_missing(value):
        return ""
    own: Any = row.get("df")
    if symbol == "F":
        first, second = numerator_df(row.get("method")), denominator_df(row)
        inside = f"({first}, {apa.df(second)})" if first and second else ""
    elif symbol == "LR" or apa.is_missing(own):
        inside = ""  # its null is a mixture or a bootstrap, not a distribution on degrees of freedom
    elif math.isinf(own):
        symbol, inside = "z", ""
    else:
        inside = f"({apa.df(own)})"
    if symbol == "t" and not inside:
        return ""
    return f"{symbol}{inside} = {apa.number(value)}"


def numbers(row: Row) -> str:
    """Estimate, interval, standard error, test and p values of one row, in the order that APA asks for."""
    draws = apa.draws_in(row.get("method"))
    parts = [] if apa.is_missing(row.get("estimate")) else [f"{metric_of(row).symbol} = {written(row, 'estimate')}"]
    if not apa.is_missing(row.get("ci_low")):
        level = "" if apa.is_missing(row.get("ci_level")) else f"{apa.level(row['ci_level'])} "
        parts.append(f"{level}CI {interval(row)}")
    if not apa.is_missing(row.get("se")):
        parts.append(f"SE = {apa.number(row['se'], 3)}")
    parts += filter(None, [statistic_of(row)])
    for key, name in p_values(row):
        if not apa.is_missing(row.get(key)):
            parts.append(f"{name} {apa.p(row[key], draws, relation=True)}")
    return ", ".join(parts)


def p_values(row: Row) -> list[tuple[str, str]]:
    """Columns of p values with their names: a claim of equivalence is decided by its interval, and no p of it is adjusted.

    >>> p_values({"claim_type": "equivalence"})
    [('p', 'p'), ('p_equivalence', 'p of equivalence')]
    """
    claim = str(row.get("claim_type"))
    if claim == "equivalence":
        return [("p", "p"), ("p_equivalence", f"p of {claim}")]
    if claim == "non-inferiority":
        return [("p", "p"), ("p_equivalence", f"p of {claim}"), ("p_adjusted", f"adjusted p of {claim}")]
    return [("p", "p"), ("p_adjusted", "adjusted p")]


# --- labels ----------------------------------------------------------------------------------------------------------

_PARTS = {
    "_within": "", "_between": "", "_lagged": " one wave earlier", "_level": ", the person's own level",
    "_deviation": ", deviation from the person's own level", "_before": " in earlier waves",
}  # fmt: skip
_SIGNS = {
    " - ": " less ", ": ": ", ", ":": " by ", " > ": " – ", " = ": " equal to ", " | ": ", at ",
    " -1 SD": " one SD lower",
    " +0 SD": " mean", " +1 SD": " one SD higher", " at p25": " at its 25th percentile",
    " at p75": " at its 75th percentile",
}  # fmt: skip


def labels_of(dictionary: pd.DataFrame) -> dict[str, str]:
    """Score id -> label as it stands inside a sentence; of a rating of events also without the kind of event.

    >>> given = {"score": ["clear_hurt", "x"], "label": ["Hurt, clear", "Exposure"], "event": ["clear", ""]}
    >>> labels_of(pd.DataFrame(given))
    {'clear_hurt': 'hurt, clear', 'hurt': 'hurt', 'x': 'reported exposure'}
    """
    names: dict[str, str] = {}
    kinds = dictionary["event"] if "event" in dictionary else [""] * len(dictionary)
    for score, label, kind in zip(dictionary["score"], dictionary["label"], kinds, strict=True):
        inside = lower_first(reported(str(label)))
        names[score] = inside
        if not apa.is_missing(kind):
            names[score.removeprefix(f"{kind}_")] = inside.removesuffix(f", {kind}")
    return names


def label_of(name: str, names: Mapping[str, str]) -> str:
    """One variable inside a sentence; one that is no score is called by its plain name.

    >>> label_of("relationship_status", {}), label_of("x_before_within", {"x": "frequency"})
    ('relationship status', 'frequency in earlier waves')
    """
    words, rest = "", name
    while rest not in names and (part := next((p for p in _PARTS if rest.endswith(p)), None)):
        words, rest = _PARTS[part] + words, rest.removesuffix(part)
    return names[rest] + words if rest in names else name.replace("_", " ")


def spelled(text: Any, names: Mapping[str, str]) -> str:
    """A text in which scores are called by their labels instead of their ids.

    >>> spelled("no wave holds both x_freq and rses_sum", {"x_freq": "frequency", "rses_sum": "self-esteem (RSES)"})
    'no wave holds both frequency and self-esteem (RSES)'
    """
    plain = "" if apa.is_missing(text) else str(text)
    return re.sub(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\b[a-z][a-z0-9]+\b", lambda m: _known(m[0], names), plain)


def _known(name: str, names: Mapping[str, str]) -> str:
    return label_of(name, names) if name in names or "_" in name else name


def term_of(row: Row, names: Mapping[str, str]) -> str:
    """The term of a row in words.

    >>> term_of({"term": "x_freq_within:mreii_w"}, {"x_freq": "frequency", "mreii_w": "climate"})
    'Frequency by climate'
    """
    text = "" if apa.is_missing(row.get("term")) else str(row["term"])
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    text = spelled(text, names)
    return text[:1].upper() + text[1:] if text[1:2].islower() else text


def third_of(row: Row) -> str:
    """The moderator or mediator of a row, as its term names it; empty where there is none.

    >>> third_of({"term": "x_within:m"}), third_of({"term": "x > m > y"}), third_of({"term": "x"})
    ('m', 'm', '')
    """
    term = "" if apa.is_missing(row.get("term")) else str(row["term"])
    product, path = term.split(":"), term.split(" > ")
    if len(product) == 2 and " - " not in term:
        return product[1]
    return path[1] if len(path) == 3 else ""
