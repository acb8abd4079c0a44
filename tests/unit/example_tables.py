"""Synthetic tables in the shape that jobs hand to figures, printed tables and the report.

Six waves of a simulated panel. Row-level scores are drawn once from a seeded generator; what can be computed from them
is (descriptives, correlations, sample, change), the rest carries plausible fixed values. Nothing here is a result.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import example_explored
import example_multiverse
import numpy as np
import pandas as pd
from scipy.stats import norm

from rejsens.benchmarks import benchmarks
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.tabular import COLUMNS

WAVES = ("2026a", "2026b", "2026c", "2026d", "2026e", "2026f")
PEOPLE = (486, 441, 418, 402, 391, 377)
RAW = (531, 472, 446, 428, 415, 399)
STATUS_LINE = "MREII is a new, unvalidated research inventory. No norms, no cut-offs, not diagnostic."
FREE = "No permission is required to reproduce, translate, display or distribute."
MREII = "Micro-Rejection Exposure and Impact Inventory"
TITLES = {
    "mreii_exposure": f"{MREII}, reported exposure",
    "mreii_impact": f"{MREII}, impact",
    "mreii_climate": f"{MREII}, early climate",
    "rses": "Rosenberg Self-Esteem Scale",
    "a_rsq": "Adult Rejection Sensitivity Questionnaire",
    "scs_sf": "Self-Compassion Scale, short form",
    "ucla3": "UCLA Loneliness Scale, 3 items",
    "gad7": "Generalized Anxiety Disorder scale, 7 items",
    "phq8": "Patient Health Questionnaire, 8 items",
    "brief_cope": "Brief COPE",
}
# score|label|instrument|model|method|items, low, high|higher means|measures|mean, sd, loading on reported exposure
SPECIFICATIONS = """\
mreii_e_freq|Reported exposure, frequency (MREII)|mreii_exposure|formative|mean|12 0 4|more of it|C8|1.15 .62 1
mreii_e_variety|Reported exposure, variety (MREII)|mreii_exposure|formative|count|12 0 12|more kinds|C8|7.4 2.6 .85
mreii_e_weighted|Reported exposure, events (MREII)|mreii_exposure|formative|weighted_sum|12 0 288|more|C8|38 24 .9
mreii_o_freq|Reported overt rejection (MREII)|mreii_exposure|formative|mean|4 0 4|more overt rejection||0.55 .5 .4
mreii_hv|Social hypervigilance (MREII)|mreii_impact|reflective|mean|6 1 5|more hypervigilance|C9|2.9 .78 .32
mreii_sb|Self-blame (MREII)|mreii_impact|reflective|mean|6 1 5|more self-blame|C10|2.7 .8 .28
mreii_sw|Self-worth (MREII)|mreii_impact|reflective|mean|6 1 5|more self-worth|C11|3.4 .75 -.27
mreii_st|Self-trust (MREII)|mreii_impact|reflective|mean|5 1 5|more self-trust|C12|3.3 .74 -.2
mreii_in|Invisibility (MREII)|mreii_impact|reflective|mean|5 1 5|feeling more invisible|C14|2.6 .8 .3
rses_sum|Self-esteem (RSES)|rses|reflective|sum|10 10 40|more self-esteem|C11|28.6 5.4 -.25
a_rsq|Rejection sensitivity (A-RSQ)|a_rsq|reflective|product_mean|9 1 36|more rejection sensitivity|C30|8.8 3.6 .22
scs_sf|Self-compassion (SCS-SF)|scs_sf|reflective|mean|12 1 5|more self-compassion|C38|3 .66 -.15
ucla3|Loneliness (UCLA-3)|ucla3|reflective|sum|3 3 9|more loneliness|C15|5.1 1.7 .2
gad7_sum|Anxiety (GAD-7)|gad7|reflective|sum|7 0 21|more anxiety|C16|6.3 4.4 .2
phq8_sum|Depressive symptoms (PHQ-8)|phq8|reflective|sum|8 0 24|more depressive symptoms||6.9 4.8 .2
brief_cope_self_blame|Self-blame (Brief COPE)|brief_cope|formative|sum|2 2 8|more self-blame as coping|C10|4.4 1.6 .2
mreii_w|Early emotional climate (MREII)|mreii_climate|reflective|mean|5 1 5|a colder climate|C28|2.5 .85 .1
"""


class Spec(NamedTuple):
    """What one simulated score is."""

    label: str
    instrument: str
    model: str
    method: str
    n_items: int
    low: float
    high: float
    higher_means: str
    measures: str
    mean: float
    sd: float
    loading: float

    @property
    def own(self) -> bool:
        return self.instrument.startswith("mreii")

    @property
    def licence(self) -> str:
        return FREE if self.instrument in ("gad7", "phq8") else ""


def _spec(line: str) -> tuple[str, Spec]:
    name, label, instrument, model, method, size, higher_means, measures, moments = line.split("|")
    return name, Spec(
        label, instrument, model, method, *map(int, size.split()), higher_means, measures, *map(float, moments.split())
    )


SCORES = MappingProxyType(dict(map(_spec, SPECIFICATIONS.splitlines())))
# id, label, outcome, direction, claims; estimate, low, high, p, adjusted p, p of equivalence, beyond SESOI, verdict
HYPOTHESES = (
    (
        "H1",
        "Reported exposure and self-esteem",
        "rses_sum",
        "negative",
        "C8;C11",
        *(-0.128, -0.171, -0.085, 0.0000004, 0.0000012, 0.89, "uncertain", "supported"),
    ),
    (
        "H2",
        "Reported exposure and hypervigilance",
        "mreii_hv",
        "positive",
        "C8;C9",
        *(0.041, -0.004, 0.086, 0.0741, 0.1482, 0.0052, "no", "equivalent"),
    ),
    (
        "H3",
        "Reported exposure and self-blame",
        "mreii_sb",
        "positive",
        "C8;C10",
        *(0.061, -0.0065, 0.1285, 0.0764, 0.1482, 0.129, "uncertain", "inconclusive"),
    ),
)


def _frame(name: str, rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS[name]))


@cache
def _scores() -> pd.DataFrame:
    """Row-level scores, participant by wave, with attrition and a few missing scores."""
    draw = np.random.default_rng(20260105)
    n = PEOPLE[0]
    person = {
        "age": np.clip(np.round(draw.gamma(6.0, 4.2, n) + 16), 18, 79),
        "gender": draw.choice(["woman", "man", "non-binary"], n, p=[0.56, 0.41, 0.03]),
        "relationship_status": draw.choice(["single", "dating", "partnered"], n, p=[0.34, 0.18, 0.48]),
    }
    leaves = draw.permutation(n)
    trait = {name: draw.normal(0, 1, n) for name in SCORES}
    between = draw.normal(0, 1, n)
    frames = []
    for number, (wave, people) in enumerate(zip(WAVES, PEOPLE, strict=True), start=1):
        exposure = 0.8 * between + 0.6 * draw.normal(0, 1, n)
        columns: dict[str, Any] = {"participant": [f"p{k:04d}" for k in range(1, n + 1)], "wave": wave}
        columns |= {"wave_number": number, "role": "wave", **person}
        for name, spec in SCORES.items():
            own = 0.75 * trait[name] + 0.66 * draw.normal(0, 1, n)
            z = spec.loading * exposure + np.sqrt(max(1 - spec.loading**2, 0)) * own
            step = 1 if spec.method in ("sum", "count") else 1 / spec.n_items
            value = np.clip(np.round((spec.mean + spec.sd * z) / step) * step, spec.low, spec.high)
            value[draw.random(n) < 0.012] = np.nan
            prorated = (draw.random(n) < 0.008) & ~np.isnan(value) & (spec.model == "reflective")
            if name == "mreii_w" and number > 1:  # asked once
                value[:] = np.nan
            columns[name] = value
            columns[f"{name}__n_answered"] = np.where(np.isnan(value), 0.0, float(spec.n_items))
            columns[f"{name}__prorated"] = prorated & ~np.isnan(value)
        frames.append(pd.DataFrame(columns)[leaves < people])
    return pd.concat(frames, ignore_index=True)


def _waves() -> pd.DataFrame:
    starts = pd.date_range("2026-01-12", periods=6, freq="35D")
    days = [(start.strftime("%Y-%m-%d"), (start + pd.Timedelta(days=9)).strftime("%Y-%m-%d")) for start in starts]
    rows = [
        (wave, k, f"Wave {k}", "wave", "qualtrics" if k < 4 else "limesurvey", *day, raw, kept, f"{k + 9:x}" * 64, True)
        for k, (wave, day, raw, kept) in enumerate(zip(WAVES, days, RAW, PEOPLE, strict=True), start=1)
    ]
    return _frame("waves", rows)


def _flow() -> pd.DataFrame:
    rules = {
        "test_runs": "Test runs and previews",
        "no_consent": "No consent",
        "attention": "Failed both attention checks",
        "duplicates": "Duplicate participant",
    }
    rows = []
    for wave, raw, kept in zip(WAVES, RAW, PEOPLE, strict=True):
        lost = raw - kept
        parts = (lost // 8, lost // 4, lost - lost // 8 - lost // 4 - lost // 10, lost // 10)
        rows.append((wave, 0, "raw", "Rows in the export", 0, raw))
        for order, (rule, n) in enumerate(zip(rules, parts, strict=True), start=1):
            raw -= n
            rows.append((wave, order, rule, rules[rule], n, raw))
    return _frame("flow", rows)


def _quality() -> pd.DataFrame:
    rows = []
    for wave, n in zip(WAVES, PEOPLE, strict=True):
        rows.append((wave, "attention", "Attention items", n, 9, "exclude", ""))
        rows.append((wave, "long_string", "Long string of one answer", n, 14, "flag", ""))
        rows.append((wave, "duration", "Page time", 0, 0, "flag", "no duration column in this export"))
    return _frame("quality", rows)


def _notices() -> pd.DataFrame:
    nan = float("nan")
    turned = "correlates −.31 with the other items of rses_sum, 99% interval −.40 to −.21 (n = 402); it is not a reversed item"
    lacking = "could not run: 12 people are in wave w1 too, 30 are needed"
    rows = [
        ("w1", "items_turned", "Items that run against their scale", "rses_05", "worth a look", 402, "r", -0.31, -0.40, -0.21, turned, "look"),
        ("w1", "constant", "Columns that say nothing", "", "nothing seen", 402, "", nan, nan, nan, "", ""),
        *((w, "ids_link", "Ids that seem to link the wrong people", "", "not run", 12, "", nan, nan, nan, lacking, "") for w in WAVES[1:3]),
    ]  # fmt: skip
    return _frame("notices", rows)


def _dictionary() -> pd.DataFrame:
    rows = [
        (
            name,
            *s[:2],
            "",
            TITLES[s.instrument],
            *s[2:8],
            STATUS_LINE if s.own else "",
            "own" if s.own else "verified",
            s.measures,
            s.licence,
            name if s.model == "reflective" else "",
        )
        for name, s in SCORES.items()
    ]
    return _frame("dictionary", rows)


def _sample(scores: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple] = []
    for wave, frame in scores.groupby("wave"):
        age = frame["age"]
        moments = (age.mean(), age.std(), age.min(), age.max())
        rows.append((wave, "age", "Age (years)", "", len(age), 0, np.nan, *moments))
        for variable in ("gender", "relationship_status"):
            label = variable.replace("_", " ").capitalize()
            for level, n in frame[variable].value_counts().sort_index().items():
                rows.append((wave, variable, label, level, n, 0, 100 * n / len(frame), *[np.nan] * 4))
    return _frame("sample", rows)


def _descriptives(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, spec in SCORES.items():
        rule = "all applicable items answered" if spec.model == "formative" else "at least 80% of the items answered"
        for wave in WAVES:
            frame = scores[scores["wave"] == wave]
            x = frame[name].dropna()
            if x.empty:
                continue
            n, mean, se = len(x), x.mean(), x.std() / np.sqrt(len(x))
            counts = (n, len(frame) - n, int(frame[f"{name}__prorated"].sum()))
            moments = (mean, x.std(), se, mean - 1.965 * se, mean + 1.965 * se)
            ends = (100 * (x == spec.low).mean(), 100 * (x == spec.high).mean())
            shape = (*np.percentile(x, [0, 25, 50, 75, 100]), x.skew(), x.kurt(), spec.low, spec.high, *ends)
            rows.append((name, spec.label, spec.instrument, wave, *counts, *moments, *shape, rule))
    return _frame("descriptives", rows)


def _correlations(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for wave in WAVES:
        frame = scores.loc[scores["wave"] == wave, list(SCORES)].dropna(axis=1, how="all")
        names = list(frame.columns)
        for i, x in enumerate(names):
            for y in names[i + 1 :]:
                pair = frame[[x, y]].dropna()
                r, n = pair[x].corr(pair[y]), len(pair)
                z, half = np.arctanh(r), 1.959964 / np.sqrt(n - 3)
                p = 2 * norm.sf(abs(r) * np.sqrt((n - 2) / (1 - r**2)))
                rows.append((wave, x, y, n, r, np.tanh(z - half), np.tanh(z + half), float(p)))
    return _frame("correlations", rows)


def _responses() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    rows = []
    for name, stem, k, low, high in (
        ("rses", "rses_", 10, 1, 4),
        ("gad7", "gad7_", 7, 0, 3),
        ("mreii_exposure", "mreii_e", 12, 0, 4),
        ("mreii_giving", "mreii_r", 10, 0, 3),
    ):
        for item in range(1, k + 1):
            reverse = item % 3 == 0 and name == "rses"
            for wave, n in zip(WAVES, PEOPLE, strict=True):
                values = np.arange(low, high + 1)
                counts = draw.multinomial(n, draw.dirichlet(np.full(len(values), 6.0)))
                for value, count in zip(values, counts, strict=True):
                    answer = (wave, float(value), count, 100 * count / n, reverse)
                    rows.append((name, f"{stem}{item:02d}", f"item_{item}", *answer))
    return _frame("responses", rows)


def _missing(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for wave in WAVES:
        frame = scores[scores["wave"] == wave]
        n = len(frame)
        for variable in ("age", "gender", "relationship_status"):
            rows.append((wave, "background", variable, variable.replace("_", " ").capitalize(), n, 0, 0.0))
        rows += [(wave, "item", item, item, n, 4, 400 / n) for item in ("rses_03", "gad7_04")]
        for name, spec in SCORES.items():
            gone = int(frame[name].isna().sum())
            if gone < n:
                rows.append((wave, "score", name, spec.label, n, gone, 100 * gone / n))
    return _frame("missing", rows)


def _reliability() -> pd.DataFrame:
    rows = []
    for k, (name, spec) in enumerate(SCORES.items()):
        if spec.model == "formative":
            continue
        for j, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True)):
            if name == "mreii_w" and j:
                continue
            a = 0.78 + 0.012 * (k % 9) + 0.003 * j
            start = (spec.instrument, name, wave)
            alpha, omega = (a, a - 0.028, a + 0.024, "Feldt"), (a + 0.008, a - 0.022, a + 0.031, "one-factor ML")
            rows.append((*start, "alpha", n, 9, spec.n_items, *alpha, "ok"))
            rows.append((*start, "omega_u", n, 9, spec.n_items, *omega, "ok"))
        start = (spec.instrument, name, "retest")
        rows.append((*start, "retest_icc2", 86, 4, 2, 0.81 + 0.004 * k, 0.72, 0.88, "ICC(2,1)", "estimated"))
        rows.append((*start, "retest_r", 86, 4, 2, 0.82 + 0.004 * k, 0.73, 0.88, "Pearson", "estimated"))
        rows.append((*start, "sem_agreement", 86, 4, 2, 1.62, 1.41, 1.9, "standard error of measurement", "estimated"))
        rows.append((*start, "sdc95_agreement", 86, 4, 2, 4.49, 3.91, 5.27, "1.96 √2 times it", "estimated"))
        rows.append((spec.instrument, name, "all", "r_c", 305, 181, spec.n_items, 0.68, 0.65, 0.7, "R_C", "estimated"))
    return _frame("reliability", [*rows, *example_explored.further_reliability()])


def _predictions() -> pd.DataFrame:
    said = "0 of 1 testable prediction failed (0 %), 1 of 2 not testable: construct validity is supported"
    rows = [
        (
            "mreii",
            "self_worth_self_esteem",
            WAVES[0],
            "mreii_sw",
            "rses_sum",
            0.65,
            0.85,
            480,
            22,
            0.71,
            0.66,
            0.76,
            "met",
            "",
            said,
        ),
        (
            "mreii",
            "fear",
            WAVES[0],
            "mreii_hv",
            "bfne",
            0.4,
            0.7,
            0,
            502,
            *(math.nan,) * 3,
            "not testable",
            "bfne was not asked",
            said,
        ),
    ]
    return _frame("predictions", rows)


def _factor_models() -> pd.DataFrame:
    fit = (0.061, 0.975, 0.968, 0.041, 0.022, 0.058, 0.813, 0.0312, math.nan, math.nan, math.nan, "")
    said = ("MLR", "every row with an answer (FIML)")
    rows = [
        (
            "mreii_impact",
            "mreii_hv",
            "Hypervigilance (MREII-HV)",
            "one_factor",
            wave,
            *said,
            n,
            3,
            "admissible",
            "reported",
            16.2,
            9,
            *fit,
        )
        for wave, n in zip(WAVES, PEOPLE, strict=True)
    ]
    rows.append(("mreii_impact", "mreii_impact_method", "Five correlated factors and one of reversed items", "method", WAVES[0], *said,
                 PEOPLE[0], 0, "negative residual variance: mreii_hv03_r", "not reported: negative residual variance: mreii_hv03_r",
                 math.nan, 330, *(math.nan,) * 11, ""))  # fmt: skip
    rows.append(("ucla3", "ucla3", "Loneliness (UCLA-3)", "one_factor", WAVES[0], "WLSMV", "complete rows", PEOPLE[0], 12, "admissible",
                 "not reported: the model is just identified (0 degrees of freedom)", math.nan, 0, *(math.nan,) * 11, ""))  # fmt: skip
    return _frame("factor_models", rows)


def _loadings() -> pd.DataFrame:
    rows = [
        ("mreii_impact", "mreii_hv", WAVES[0], "mreii_hv", f"mreii_hv{j:02d}", f"label_{j}", j % 3 == 0, 0.5 + 0.04 * j, 0.03,
         0.55 + 0.03 * j, 0.5 + 0.03 * j, 0.6 + 0.03 * j, "admissible")
        for j in range(1, 7)
    ]  # fmt: skip
    return _frame("loadings", rows)


def _validation() -> pd.DataFrame:
    start = ("mreii", f"{MREII}, validation plan")
    asked, first = "Do people understand the items as they are meant?", ("mreii_impact", WAVES[0])
    rows = [
        (*start, 1, "interviews", asked, "Interviews in which about ten people think aloud", "", "", "", math.nan,
         "no result given", "outside the data, not provided", ""),
        (*start, 2, "exploration", "Does an exploration find the intended scales?", "Random half of the first wave", "Five factors",
         *first, 243, "4 factors advised, 5 intended; KMO = .88", "not met", "validation_loadings"),
        (*start, 3, "consistency", "Does the scale hang together?", "Alpha and omega", "Social hypervigilance (MREII-HV)", *first,
         486, "alpha = .82 [.80, .84]", "met", "reliability"),
        (*start, 4, "consistency", "Does the scale hang together?", "Alpha and omega", "Self-blame (MREII-SB)", *first,
         math.nan, "no coefficient", "could not run", "reliability"),
    ]  # fmt: skip
    return _frame("validation", rows)


def _validation_loadings() -> pd.DataFrame:
    rows = []
    for j in range(1, 7):
        start = ("mreii", "mreii_impact", "mreii_impact_correlated", WAVES[0])
        item = (f"mreii_hv{j:02d}", f"label_{j}", j % 3 == 0)
        for factor, scale, loading in (("F1", "mreii_hv", 0.6 + 0.02 * j), ("F2", "mreii_sb", -0.01 * j)):
            rows.append(
                (*start, "exploration", factor, scale, *item, loading, math.nan, math.nan, 243, 0, "admissible")
            )
        end = (0.61 + 0.02 * j, 0.55, 0.75, 243, 0, "admissible")
        rows.append((*start, "confirmation", "mreii_hv", "mreii_hv", *item, *end))
    return _frame("validation_loadings", rows)


PARTIAL = {  # rung -> released, and the test of the rung without it
    "scalar": ("intercepts of mreii_hv02", 5.1, 4, 0.277, "not rejected"),
    "strict": ("intercepts of mreii_hv02", 6.2, 6, 0.401, "not rejected"),
}


def _invariance() -> pd.DataFrame:
    rows = []
    for between, compared in (("gender", "man; woman"), ("waves", "; ".join(WAVES))):
        for k, rung in enumerate(("configural", "metric", "scalar", "strict")):
            fit = (20.5 + 9 * k, 18 + 5 * k, 0.31, 0.994 - 0.004 * k, 0.991, 0.021, 0.0, 0.038, 0.019)
            against = ("configural", "metric", "scalar")[k - 1] if k else ""
            change = (9.0, 5, 0.0004 if k == 2 else 0.109, -0.004, 0.001, 0.002) if k else (math.nan,) * 6
            holds = "" if not k else "rejected" if k == 2 else "not rejected"
            rows.append(("mreii_impact", "mreii_hv", between, compared, rung, "MLR", "every row with an answer (FIML)", 1364, 1, 68 * (between == "gender"),
                         "admissible", *fit, against, *change, holds, *PARTIAL.get(rung, ("", math.nan, None, math.nan, ""))))  # fmt: skip
    few = "not testable: thresholds of three categories or fewer can always be made equal"
    for rung, status in (("configural", "admissible"), ("thresholds", few)):
        rows.append(("ucla3", "ucla3", "waves", "; ".join(WAVES), rung, "WLSMV", "complete rows", 361, 1130, 0, status,
                     *(math.nan,) * 9, "", *(math.nan,) * 6, "", "", math.nan, None, math.nan, ""))  # fmt: skip
    return _frame("invariance", rows)


def _items() -> pd.DataFrame:
    rows = []
    for score, instrument, stem, k in (("rses_sum", "rses", "rses_", 10), ("mreii_hv", "mreii_impact", "mreii_hv", 6)):
        for wave, n in zip(WAVES, PEOPLE, strict=True):
            for j in range(1, k + 1):
                item_rest = 0.17 if (score, j) == ("mreii_hv", 3) else 0.52 + 0.02 * (j % 5)
                warning = "item-rest correlation below .20" if item_rest < 0.2 else ""
                start = (instrument, score, wave, f"{stem}{j:02d}", f"label_{j}", j % 3 == 0, n)
                rows.append((*start, 2.8 + 0.05 * j, 0.8, item_rest, 0.84, 3.1, 9.4, warning))
    return _frame("items", rows)


def _discriminant() -> pd.DataFrame:
    """Two declared pairs, one of them not asked, and a pair within an instrument whose model is not admissible."""
    method = "Pearson correlations of the items; intervals by resampling people (95%, 5,000 draws); variance extracted by maximum likelihood"
    ave = "not reported: the model is not admissible (negative residual variance: mreii_st01)"
    absent, nothing = "not run: bfne was not asked", (math.nan,) * 6
    asked = (*(461, 25, 0.41, 0.31, 0.5, 0.4, 0.3, 0.49, 0.85, "below", "estimated; 4 negative correlations taken without sign"),
             *(0.33, 0.25, 0.41, 0.84, 0.86, 0.39, 0.3, 0.48, "estimated"))  # fmt: skip
    rows = [
        ("mreii_impact", "", WAVES[0], "mreii_sw", "mreii_st", *asked, math.nan, math.nan, math.nan, "", ave, 5000, method),
        ("mreii", "hypervigilance_anxiety", WAVES[0], "mreii_hv", "gad7_sum", *asked, 0.45, 0.41, 0.15, "holds", "estimated", 5000, method),
        ("mreii", "hypervigilance_evaluation", "", "mreii_hv", "bfne", 0, 0, *nothing, 0.85, "", absent, *nothing,
         *(math.nan,) * 2, absent, *(math.nan,) * 3, "", absent, 0, ""),
    ]  # fmt: skip
    return _frame("discriminant", rows)


def _method_variance() -> pd.DataFrame:
    weak = "estimated; “weak” check: a share below one half does not rule method variance out, and a share above it has other causes too"
    values = {"first_component": 0.21, "first_over_second": 3.4, "one_factor_cfi": 0.52, "one_factor_rmsea": 0.081}
    rows = [
        (wave, "single factor", name, "", "", n - 20, 20, 48, math.nan, math.nan, value, math.nan, weak)
        for wave, n in zip(WAVES[:-1], PEOPLE[:-1], strict=True)
        for name, value in values.items()
    ]
    few = "not run: fewer than two reflective scales were asked"
    none = "not run: no marker variable is declared (setting marker in config/config.yaml)"
    rows.append((WAVES[-1], "single factor", "first_component", "", "", 0, 0, 0, *(math.nan,) * 4, few))
    rows += [(wave, "marker variable", "adjusted_r", "", "", 0, 0, 0, *(math.nan,) * 4, none) for wave in WAVES]
    return _frame("method_variance", rows)


def _careless() -> pd.DataFrame:
    """An index as it is, one with a cut-off, and one that could not run."""
    rows = []
    for wave, n in zip(WAVES, PEOPLE, strict=True):
        rows += [
            (wave, "long_string", "Longest run of one answer", "longest run of one and the same answer", 92, n, 5.4, 2.1, "", math.nan,
             math.nan, "estimated"),
            (wave, "even_odd", "Even–odd consistency", "correlation of the halves of scales", 60, n - 4, 0.71, 0.2, "below 0", 12,
             1200 / (n - 4), "estimated"),
            (wave, "antonyms", "Agreement of opposite items", "correlation of opposite items", 60, 0, math.nan, math.nan, "", math.nan,
             math.nan, "not run: no pair of items correlates below −.60"),
        ]  # fmt: skip
    return _frame("careless", rows)


def _missing_patterns() -> pd.DataFrame:
    waves, asked, n = "; ".join(WAVES), "mreii_impact; rses; gad7; ucla3", PEOPLE[0]
    rows = [
        ("all", "waves", waves, 1, 1, 351, 100 * 351 / 520, 0, ""),
        ("all", "waves", waves, 2, 1, 91, 100 * 91 / 520, 1, WAVES[-1]),
        ("all", "waves", waves, 3, 1, 60, 100 * 60 / 520, 5, "; ".join(WAVES[1:])),
        ("all", "waves", waves, 0, 7, 18, 100 * 18 / 520, math.nan, ""),
        (WAVES[0], "instruments", asked, 1, 1, 441, 100 * 441 / n, 0, ""),
        (WAVES[0], "instruments", asked, 2, 1, 33, 100 * 33 / n, 3, "rses; gad7; ucla3"),
        (WAVES[0], "instruments", asked, 0, 4, 12, 100 * 12 / n, math.nan, ""),
    ]
    return _frame("missing_patterns", rows)


def _little() -> pd.DataFrame:
    remark = "“weak” evidence: it looks at means alone"
    rows = [(wave, n, 0, 14, 31, 268.4, 251, 0.215, "estimated", remark) for wave, n in zip(WAVES[:-1], PEOPLE[:-1], strict=True)]  # fmt: skip
    nothing = (math.nan, math.nan, math.nan, "not estimated: nothing is missing")
    rows.append((WAVES[-1], PEOPLE[-1], 0, 14, 0, *nothing, remark))
    return _frame("little", rows)


def _keying() -> pd.DataFrame:
    rows = [
        (wave, "between scales", "gad7_sum", "rses_sum", "negative", -0.41 + 0.01 * k, n, "as expected")
        for k, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True))
    ]
    return _frame("keying", rows)


def _erosion(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for score, source, reliability in (("rses_change", "rses_sum", 0.84), ("sw_change", "mreii_sw", 0.79)):
        wide = scores.pivot(index="participant", columns="wave", values=source)
        for first, later in pairwise(WAVES):
            change = (wide[later] - wide[first]).dropna()
            mean, se = change.mean(), change.std() / np.sqrt(len(change))
            sdc = 1.96 * np.sqrt(2) * wide[first].std() * np.sqrt(1 - reliability)
            moments = (len(change), mean, change.std(), mean - 1.966 * se, mean + 1.966 * se, sdc)
            beyond = (int((change < -sdc).sum()), int((change > sdc).sum()))
            rows.append((score, source, first, later, *moments, *beyond, reliability, "retest ICC(A,1)", "ok"))
    return _frame("erosion", rows)


def _stored_totals() -> pd.DataFrame:
    rows = [
        ("2026a", "SC_rses", "rses_sum", 486, 0, 0.0, 0.01, "agrees"),
        ("2026b", "SC_rses", "rses_sum", 441, 2, 3.0, 0.01, "2 of 441 people differ"),
    ]
    return _frame("stored_totals", rows)


def _estimates() -> pd.DataFrame:
    """The mixed model's within coefficient decides; between, cross-sectional and bootstrap rows stand beside it."""
    rows = []
    for h, label, outcome, direction, _, b, low, high, p, adjusted, equivalence, beyond, verdict in HYPOTHESES:
        shared = {"hypothesis": h, "family": "primary", "label": label, "outcome": outcome, "direction": direction}
        shared |= {"ci_level": 0.95, "sesoi": 0.10, "claim_type": "difference", "confirmatory": True, "status": "ok"}
        shared |= {"missing_rule": "complete cases", "decides": False}
        mixed = {"analysis": "within_between", "wave": "all", "method": "mixed model, REML, Satterthwaite"}
        mixed |= {"invariance": "scalar", "n_people": 473, "n_obs": 2391, "n_lost": 124}
        se = (high - low) / 3.92
        decides = {"decides": True, "verdict": verdict, "exceeds_sesoi": beyond, "smallest_detectable": 0.0614}
        decides |= {"p_adjusted": adjusted, "p_equivalence": equivalence, "reason": "see the rules of inference"}
        within = {"term": "mreii_e_freq_within", "metric": "beta_within", **_t(b, se, 1834.27, p, low, high)}
        between = {"term": "mreii_e_freq_between", "metric": "beta_between", **_t(2.1 * b, 0.045, 466.9, 0.0011)}
        rows += [shared | mixed | within | decides, shared | mixed | between]
        for k, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True)):
            one = shared | {"wave": wave, "term": "mreii_e_freq", "metric": "beta", "n_lost": 9}
            one |= {"n_people": n - 9, "n_obs": n - 9}
            ols = _t(1.8 * b + 0.01 * k, 0.047, float(n - 16), 0.0034)
            draws = ols | {"se": 0.048, "statistic": np.nan, "df": np.nan, "p": 0.0}
            rows.append(one | ols | {"analysis": "cross_sectional", "method": "OLS, HC3"})
            rows.append(one | draws | {"analysis": "cross_sectional_bootstrap", "method": "BCa bootstrap, 5000 draws"})
    rows += _indirect(shared)
    nothing = {column: "" if kind.startswith("str") else np.nan for column, kind in COLUMNS["estimates"].items()}
    return _frame("estimates", [nothing | row for row in rows])


def _indirect(shared: dict[str, Any]) -> list[dict[str, Any]]:
    """Beside the last hypothesis the paths of an indirect association over waves, and their product."""
    own = shared | {"analysis": "lagged_indirect", "wave": "all", "missing_rule": "full information maximum likelihood"}
    own |= {"n_people": 473, "n_obs": 2391, "n_lost": 13, "method": "random-intercept cross-lagged panel, MLR, FIML"}
    ends = {"outcome": "rses_sum", "metric": "indirect"}
    drawn = {"method": "random-intercept cross-lagged panel; Monte Carlo, 5000 draws", "estimate": 0.0123, "se": 0.0061}
    rows = [
        own | ends | drawn | {"term": "mreii_e_freq > mreii_sb > rses_sum", "ci_low": 0.002, "ci_high": 0.026, "p": 0.0}
    ]
    for outcome, term, b in (
        ("mreii_sb", "mreii_e_freq", 0.112),
        ("rses_sum", "mreii_sb", -0.11),
        ("rses_sum", "mreii_e_freq", -0.05),
    ):
        path = {"outcome": outcome, "term": f"{term}_lagged", "metric": "beta_within"}
        rows.append(own | path | _t(b, 0.024, np.inf, 0.021))
    return rows


def _t(b: float, se: float, df: float, p: float, low: float = np.nan, high: float = np.nan) -> dict[str, float]:
    ends = (b - 1.966 * se, b + 1.966 * se) if np.isnan(low) else (low, high)
    wide = {"ci_low": ends[0], "ci_high": ends[1], "ci90_low": b - 1.645 * se, "ci90_high": b + 1.645 * se}
    return {"estimate": b, "se": se, "statistic": b / se, "df": df, "p": p, **wide}


def _diagnostics() -> pd.DataFrame:
    """Of the first hypothesis a check beyond its guide that changes nothing; of the second one whose interval would differ."""
    shared = {
        "family": "primary",
        "analysis": "within_between",
        "wave": "all",
        "metric": "beta_within",
        "ci_level": 0.95,
    }
    shared |= {"n_people": 473, "status": "ok", "term": "", "df": np.nan, "p": np.nan, "n_instead": 473.0}
    rows = []
    for k, (h, _, _, _, _, b, low, high, *_) in enumerate(HYPOTHESES):
        own = shared | {"hypothesis": h, "estimate": b, "ci_low": low, "ci_high": high}
        alike = {"changes": "no", "effect": "the interval lies below 0, like that of the analysis"}
        unequal = {
            "check": "equal variances",
            "statistic": "chi2",
            "value": 31.2,
            "df": 16.0,
            "p": 0.013,
            "guide": "p below 0.05",
        }
        clustered = {"instead": "person-clustered errors", "estimate_instead": b, "ci_low_instead": low - 0.01,
                     "ci_high_instead": high + 0.01}  # fmt: skip
        rows.append(own | unequal | clustered | alike | {"flagged": k < 2})
        moves = {
            "check": "dfbetas",
            "statistic": "largest",
            "value": 0.14,
            "guide": "1",
            "flagged": False,
            "n_instead": 463.0,
        }
        fewer = {"instead": "without the 10 people who move it most", "estimate_instead": b / 2, "ci_low_instead": low / 2,
                 "ci_high_instead": high / 2}  # fmt: skip
        differs = {"changes": "yes", "effect": "the interval includes 0, where that of the analysis lies above 0"}
        rows.append(own | moves | fewer | (differs if k else alike))
        slope = {
            "check": "random slope",
            "statistic": "likelihood ratio",
            "value": 0.0,
            "df": 2.0,
            "p": 1.0,
            "flagged": False,
        }
        none = {name: np.nan for name in ("estimate_instead", "ci_low_instead", "ci_high_instead", "n_instead")}
        empty = {"instead": "", "changes": "", "effect": "", "guide": "left out and p below 0.05"}
        rows.append(own | slope | none | empty | {"status": "with a random slope: the mixed model is singular"})
    return _frame("diagnostics", rows)


def _hypotheses() -> pd.DataFrame:
    words = {"rses_sum": "lower self-esteem", "mreii_hv": "more hypervigilance", "mreii_sb": "more self-blame"}
    estimand = "concurrent within-person association, net of reported overt rejection, in within-person SDs"
    how = ("difference", "holm", True)
    rows = [
        (h, "primary", label, words[outcome], claims, estimand, "mreii_e_freq", outcome, direction, 0.10, *how)
        for h, label, outcome, direction, claims, *_ in HYPOTHESES
    ]
    return _frame("hypotheses", rows)


def _attrition() -> pd.DataFrame:
    ends = (0.95, 0.71, 1.02, 0.082, 486, 121, 4)
    rows = []
    for wave in WAVES[1:]:
        rows += [
            (wave, "background", "age", "", "Age in years", 0.85, *ends, "ok"),
            (wave, "background", "gender=2", "gender=1", "Gender: man, against woman", 1.12, 0.95, 0.88, 1.43, 0.355, 486, 121, 4,
             "ok"),
            (wave, "rses_sum", "rses_sum", "", "Self-esteem (RSES)", 0.85, *ends, "ok"),
        ]  # fmt: skip
    return _frame("attrition", rows)


def _plan() -> pd.DataFrame:
    changed = "H1 (family primary): smallest effect of interest changed from 0.1 to 0.05."
    return _frame("plan", [
        ("frozen", "2026-01-05", "", "The plan was frozen on 2026-01-05, before any wave."),
        ("differs", "", "H1 (family primary)", changed),
    ])  # fmt: skip


def _standards() -> pd.DataFrame:
    """One item of each outcome, and one that only a command provides."""
    jars, strobe = ("JARS–Quant", "reporting in psychology"), ("STROBE", "reporting cohorts")
    place, config = ("limitations", "Section “Limitations and support”"), "config/config.yaml"
    key, command = "study.statements.funding", "rejsens plan freeze"
    asked = "Who paid for the study, and what part they had in it."
    rows = [
        (
            *jars,
            "jars_limitations",
            "Discussion",
            "Limits of the study.",
            "waves.csv",
            "satisfied",
            *place,
            "",
            "",
            "",
            "",
        ),
        (*jars, "jars_plan", "Registration", "A plan.", "plan.csv", "NOT PROVIDED", "", "", "", "", command, ""),
        (*strobe, "strobe_22", "22 Funding", asked, f"config.yaml: {key}", "NOT PROVIDED", "", "", config, key, "", ""),
        (
            *strobe,
            "strobe_10",
            "10 Study size",
            "People aimed at.",
            "waves.csv",
            "not applicable",
            *[""] * 5,
            "Nobody took part.",
        ),
    ]
    return _frame("standards", rows)


def _benchmarks(*tables: pd.DataFrame) -> pd.DataFrame:
    published = read_yaml(SHIPPED / "config/benchmarks.yaml", "benchmarks")
    return _frame("benchmarks", benchmarks(published, *tables).to_dict("records"))


def _differences() -> pd.DataFrame:
    """What a change of platform and one new wording leave; the other waves asked the same."""
    known = "118 items asked before; compared were the wording of 34 and the answer labels of 12"
    rows = []
    for first, later in pairwise(WAVES):
        rows.append((later, first, "compared", "", "", "118 items", "118 items", "compared", known))
    rows += [
        ("2026d", "2026c", "renamed", f"{scale}_{k:02d}", scale, f"{scale}_{k:02d}", f"Q{j}_{k}", "noted", "")
        for j, scale in enumerate(("rses", "gad7", "phq8", "ucla3"), start=1)
        for k in (1, 2, 3)
    ]
    old, new = "I keep looking for signs of coldness.", "I look out for signs of coldness."
    rows.append(("2026d", "2026c", "reworded", "mreii_hv01", "mreii_impact", old, new, "replaced", "plainer words"))
    left = (
        "2026b",
        "2026a",
        "instrument not asked",
        "",
        "mreii_climate",
        "5 items",
        "",
        "noted",
        "as the sidecar says",
    )
    return _frame("differences", [*rows, left])


def tables() -> dict[str, pd.DataFrame]:
    """Every contract table by its name but the claim ledger, plus row-level `scores`; copies, free to change."""
    return {name: frame.copy() for name, frame in _tables().items()}


@cache
def _tables() -> dict[str, pd.DataFrame]:
    scores = _scores()
    return {
        "scores": scores,
        "waves": _waves(),
        "flow": _flow(),
        "quality": _quality(),
        "differences": _differences(),
        "notices": _notices(),
        "dictionary": _dictionary(),
        "sample": _sample(scores),
        "descriptives": _descriptives(scores),
        "correlations": _correlations(scores),
        "responses": _responses(),
        "missing": _missing(scores),
        "reliability": _reliability(),
        "items": _items(),
        "factor_models": _factor_models(),
        **example_explored.tables(),
        "loadings": _loadings(),
        "validation": _validation(),
        "validation_loadings": _validation_loadings(),
        "predictions": _predictions(),
        "invariance": _invariance(),
        "keying": _keying(),
        "discriminant": _discriminant(),
        "method_variance": _method_variance(),
        "careless": _careless(),
        "missing_patterns": _missing_patterns(),
        "little": _little(),
        "attrition": _attrition(),
        "erosion": _erosion(scores),
        "stored_totals": _stored_totals(),
        "estimates": _estimates(),
        "diagnostics": _diagnostics(),
        "hypotheses": _hypotheses(),
        "plan": _plan(),
        "standards": _standards(),
        "benchmarks": _benchmarks(_correlations(scores), _descriptives(scores), _reliability()),
    } | example_multiverse.multiverse()


def without_hypotheses(full: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same study with no family declared."""
    none = ("estimates", "diagnostics", "hypotheses", "multiverse", "multiverse_summary", "multiverse_choices")
    return full | {name: full[name].iloc[:0] for name in none}


def twenty_people(tables: dict) -> dict:
    """Twenty people in one wave: nothing could be estimated of the scales."""
    tables = one_wave(tables)
    tables["waves"] = tables["waves"].assign(n_raw=21, n_kept=20)
    too_few = {"estimate": float("nan"), "ci_low": float("nan"), "ci_high": float("nan"), "n": 20}
    tables["reliability"] = tables["reliability"].assign(**too_few, status="not estimated: too few people")
    return tables


def one_wave(full: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The first wave only: the cross-sectional coefficient decides, and nothing is said of change."""
    first = {name: f[f["wave"] == WAVES[0]].reset_index(drop=True) if "wave" in f else f for name, f in full.items()}
    deciding = first["estimates"]["analysis"] == "cross_sectional"
    judged = {"decides": True, "verdict": "supported", "p_adjusted": 0.0102, "smallest_detectable": 0.1312}
    estimates = first["estimates"].copy()
    estimates.loc[deciding, list(judged)] = list(judged.values())
    return first | {"estimates": estimates, "erosion": full["erosion"].iloc[:0]}


def study(**changes: Any) -> dict[str, Any]:
    """The study dict that printed tables and the report take."""
    shown = (
        "mreii_e_freq mreii_o_freq mreii_hv mreii_sb mreii_sw mreii_in rses_sum a_rsq scs_sf ucla3 gad7_sum phq8_sum"
    )
    return {
        "title": "Reported micro-rejections and self-esteem: a six-wave panel",
        "description": "Adults answered six times, five weeks apart. Every answer in this study is simulated.",
        "simulated": True,
        "ci_level": 0.95,
        "alpha": 0.05,
        "min_cell": 10,
        "support": "If reading this brings up something heavy, talk to someone you trust or to a support line.",
        "contact": "The study team, panel@example.org",
        "statements": [("Design", "panel survey, 6 waves"), ("Funding", "None.")],
        "seed": 20260105,
        "score_order": shown.split(),
    } | changes


def _instrument(name: str, title: str, window: str, citation: str, **more: Any) -> dict[str, Any]:
    plain = {"version": "1", "doi": None, "terms": "", "permission_required": False, "notice": None}
    plain |= {
        "key_status": "verified",
        "status_line": None,
        "user_supplied": False,
        "range_changed": False,
        "order": None,
    }
    return {"id": name, "title": title, "window": window, "citation": citation} | plain | more


def provenance() -> dict[str, Any]:
    """Content hashes, versions and instruments as the report takes them."""
    rosenberg = "Rosenberg, M. (1965). Society and the adolescent self-image. Princeton University Press."
    spitzer = (
        "Spitzer, R. L., Kroenke, K., Williams, J. B. W., & Löwe, B. (2006). A brief measure for assessing generalized "
        "anxiety disorder: The GAD-7. Archives of Internal Medicine, 166(10), 1092–1097."
    )
    heatherton = (
        "Heatherton, T. F., & Polivy, J. (1991). Development and validation of a scale for measuring state self-esteem."
        " Journal of Personality and Social Psychology, 60(6), 895–910."
    )
    ask = {"permission_required": True, "notice": "Ask the publisher before collecting data with this scale."}
    own = {"terms": "Free to use with the source named.", "key_status": "own", "status_line": STATUS_LINE}
    instruments = [
        _instrument("rses", TITLES["rses"], "general", rosenberg, terms="Public domain."),
        _instrument("gad7", TITLES["gad7"], "past 2 weeks", spitzer, doi="10.1001/archinte.166.10.1092", terms=FREE),
        _instrument("sses", "State Self-Esteem Scale", "now", heatherton, doi="10.1037/0022-3514.60.6.895", **ask),
        _instrument("house", "House scale", "general", "", key_status="user_supplied", user_supplied=True),
        _instrument("mreii_exposure", TITLES["mreii_exposure"], "past 4 weeks", "Written for this project.", **own),
    ]
    exports = {f"data/waves/{wave}.csv": f"{k:x}" * 64 for k, wave in enumerate(WAVES, start=10)}
    return {
        "instruments": instruments,
        "software": {"rejsens": "0.1.0", "python": "3.11", "pandas": "3.1.1", "scipy": "1.17.1", "snakemake": "9.27.0"},
        "inputs": exports | {"config/hypotheses/primary.yaml": "1" * 64},
        "config_sha256": "c" * 64,
        "lock_sha256": "d" * 64,
    }


SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="510pt" height="240pt" viewBox="0 0 510 240">
<rect width="510" height="240" fill="#fff"/><path d="M60 200H480M60 200V30" stroke="#444" fill="none"/>
<path d="M60 150 L144 140 L228 146 L312 128 L396 120 L480 110" stroke="#0072B2" stroke-width="2" fill="none"/>
<path d="M60 60 L144 72 L228 70 L312 84 L396 88 L480 96" stroke="#D55E00" stroke-width="2" fill="none"/></svg>"""


def figures() -> list[dict[str, str]]:
    """Two stand-in figures as the report takes them."""
    return [
        {
            "stem": "exposure_by_wave",
            "svg": SVG,
            "alt": "Line chart of mean reported exposure and mean self-esteem over six waves.",
            "title": "Reported exposure and self-esteem by wave",
            "caption": "Lines are means of the people who answered in each wave.",
            "note": "Bands are 95% intervals.",
        },
        {
            "stem": "forest",
            "svg": SVG,
            "alt": "Forest plot of three hypotheses with 95% intervals.",
            "caption": "Each row is one coefficient with its interval.",
            "note": "",
        },
    ]
