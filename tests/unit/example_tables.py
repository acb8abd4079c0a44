"""Synthetic tables in the shape that jobs hand to figures, printed tables and the report.

Six waves of a simulated panel. Row-level scores are drawn once from a seeded generator; every table that can be computed from
them is (descriptives, correlations, sample, change), the rest carries plausible fixed values. Nothing here is a result.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

import numpy as np
import pandas as pd

WAVES = ("2026a", "2026b", "2026c", "2026d", "2026e", "2026f")
PEOPLE = (486, 441, 418, 402, 391, 377)
STATUS_LINE = "MREII is a new, unvalidated research inventory. No norms, no cut-offs, not diagnostic."

# score: label, instrument, title, model, method, n_items, low, high, higher_means, key_status, measures, mean, sd, loading on exposure
SCORES = MappingProxyType(
    {
        "mreii_e_freq": ("Reported exposure, frequency (MREII)", "mreii_exposure", "Micro-Rejection Exposure and Impact Inventory: exposure", "formative", "mean", 12, 0, 4, "more reported exposure", "own", "C1a C1b C8", 1.15, 0.62, 1.0),
        "mreii_e_variety": ("Reported exposure, variety (MREII)", "mreii_exposure", "Micro-Rejection Exposure and Impact Inventory: exposure", "formative", "count", 12, 0, 12, "more kinds of reported exposure", "own", "C8", 7.4, 2.6, 0.85),
        "mreii_e_weighted": ("Reported exposure, events per 4 weeks (MREII)", "mreii_exposure", "Micro-Rejection Exposure and Impact Inventory: exposure", "formative", "weighted_sum", 12, 0, 288, "more reported events", "own", "C8", 38.0, 24.0, 0.9),
        "mreii_o_freq": ("Reported overt rejection (MREII)", "mreii_exposure", "Micro-Rejection Exposure and Impact Inventory: exposure", "formative", "mean", 4, 0, 4, "more reported overt rejection", "own", "", 0.55, 0.5, 0.4),
        "mreii_hv": ("Social hypervigilance (MREII)", "mreii_impact", "Micro-Rejection Exposure and Impact Inventory: impact", "reflective", "mean", 6, 1, 5, "more hypervigilance", "own", "C9", 2.9, 0.78, 0.32),
        "mreii_sb": ("Self-blame (MREII)", "mreii_impact", "Micro-Rejection Exposure and Impact Inventory: impact", "reflective", "mean", 6, 1, 5, "more self-blame", "own", "C10", 2.7, 0.8, 0.28),
        "mreii_sw": ("Self-worth (MREII)", "mreii_impact", "Micro-Rejection Exposure and Impact Inventory: impact", "reflective", "mean", 6, 1, 5, "more self-worth", "own", "C11", 3.4, 0.75, -0.27),
        "mreii_st": ("Self-trust (MREII)", "mreii_impact", "Micro-Rejection Exposure and Impact Inventory: impact", "reflective", "mean", 5, 1, 5, "more self-trust", "own", "C12", 3.3, 0.74, -0.2),
        "mreii_in": ("Invisibility (MREII)", "mreii_impact", "Micro-Rejection Exposure and Impact Inventory: impact", "reflective", "mean", 5, 1, 5, "feeling more invisible", "own", "C14", 2.6, 0.8, 0.3),
        "rses_sum": ("Self-esteem (RSES)", "rses", "Rosenberg Self-Esteem Scale", "reflective", "sum", 10, 10, 40, "more self-esteem", "verified", "C11", 28.6, 5.4, -0.25),
        "a_rsq": ("Rejection sensitivity (A-RSQ)", "a_rsq", "Adult Rejection Sensitivity Questionnaire", "reflective", "product_mean", 9, 1, 36, "more rejection sensitivity", "verified", "C30", 8.8, 3.6, 0.22),
        "scs_sf": ("Self-compassion (SCS-SF)", "scs_sf", "Self-Compassion Scale, short form", "reflective", "mean", 12, 1, 5, "more self-compassion", "verified", "C38", 3.0, 0.66, -0.15),
        "ucla3": ("Loneliness (UCLA-3)", "ucla3", "UCLA Loneliness Scale, 3 items", "reflective", "sum", 3, 3, 9, "more loneliness", "verified", "C15", 5.1, 1.7, 0.2),
        "gad7_sum": ("Anxiety (GAD-7)", "gad7", "Generalized Anxiety Disorder scale, 7 items", "reflective", "sum", 7, 0, 21, "more anxiety", "verified", "C16", 6.3, 4.4, 0.2),
        "phq8_sum": ("Depressive symptoms (PHQ-8)", "phq8", "Patient Health Questionnaire, 8 items", "reflective", "sum", 8, 0, 24, "more depressive symptoms", "verified", "", 6.9, 4.8, 0.2),
        "brief_cope_self_blame": ("Self-blame (Brief COPE)", "brief_cope", "Brief COPE", "formative", "sum", 2, 2, 8, "more self-blame as coping", "verified", "C10", 4.4, 1.6, 0.2),
        "mreii_w": ("Early emotional climate (MREII)", "mreii_climate", "Micro-Rejection Exposure and Impact Inventory: early climate", "reflective", "mean", 5, 1, 5, "colder early climate", "own", "C28", 2.5, 0.85, 0.1),
    }
)  # fmt: skip

HYPOTHESES = (
    ("H1", "Reported exposure and self-esteem", "rses_sum", "negative", "C8;C11", -0.128, -0.171, -0.085, "supported"),
    ("H2", "Reported exposure and hypervigilance", "mreii_hv", "positive", "C8;C9", 0.041, -0.004, 0.086, "equivalent"),
    ("H3", "Reported exposure and self-blame", "mreii_sb", "positive", "C8;C10", 0.061, -0.0065, 0.1285, "inconclusive"),
)


@cache
def _scores() -> pd.DataFrame:
    """Row-level scores, participant by wave, with attrition and a little item missingness."""
    draw = np.random.default_rng(20260105)
    n = PEOPLE[0]
    ids = [f"p{k:04d}" for k in range(1, n + 1)]
    age = np.clip(np.round(draw.gamma(6.0, 4.2, n) + 16), 18, 79)
    gender = draw.choice(["woman", "man", "non-binary"], n, p=[0.56, 0.41, 0.03])
    status = draw.choice(["single", "dating", "partnered"], n, p=[0.34, 0.18, 0.48])
    leaves = draw.permutation(n)
    trait = {name: draw.normal(0, 1, n) for name in SCORES}
    between = draw.normal(0, 1, n)
    frames = []
    for number, (wave, people) in enumerate(zip(WAVES, PEOPLE, strict=True), start=1):
        state = draw.normal(0, 1, n)
        exposure = 0.8 * between + 0.6 * state
        frame = pd.DataFrame({"participant": ids, "wave": wave, "wave_number": number, "role": "wave"})
        frame["age"], frame["gender"], frame["relationship_status"] = age, gender, status
        for name, spec in SCORES.items():
            low, high, mean, sd, loading = spec[6], spec[7], spec[11], spec[12], spec[13]
            own = 0.75 * trait[name] + 0.66 * draw.normal(0, 1, n)
            z = loading * exposure + np.sqrt(max(1 - loading**2, 0)) * own
            step = 1 if spec[4] in ("sum", "count") else 1 / spec[5]
            value = np.clip(np.round((mean + sd * z) / step) * step, low, high)
            value[draw.random(n) < 0.012] = np.nan
            frame[name] = value
            frame[f"{name}__n_answered"] = np.where(np.isnan(value), 0.0, float(spec[5]))
            frame[f"{name}__prorated"] = (draw.random(n) < 0.008) & ~np.isnan(value) & (spec[3] == "reflective")
        if number > 1:
            frame["mreii_w"] = np.nan
        frames.append(frame[leaves < people])
    return pd.concat(frames, ignore_index=True)


def _waves() -> pd.DataFrame:
    starts = pd.date_range("2026-01-12", periods=6, freq="35D")
    raw = (531, 472, 446, 428, 415, 399)
    return pd.DataFrame(
        {
            "wave": WAVES,
            "wave_number": range(1, 7),
            "title": [f"Wave {k}" for k in range(1, 7)],
            "role": "wave",
            "platform": ["qualtrics"] * 3 + ["limesurvey"] * 3,
            "collected_from": starts.strftime("%Y-%m-%d"),
            "collected_to": (starts + pd.Timedelta(days=9)).strftime("%Y-%m-%d"),
            "n_raw": raw,
            "n_kept": PEOPLE,
            "sha256": [f"{k:x}" * 64 for k in range(10, 16)],
            "simulated": True,
        }
    )


def _flow() -> pd.DataFrame:
    rules = (("test_runs", "Test runs and previews"), ("no_consent", "No consent"), ("attention", "Failed both attention checks"), ("duplicates", "Duplicate participant"))
    rows = []
    for wave, raw, kept in zip(WAVES, _waves()["n_raw"], PEOPLE, strict=True):
        lost = raw - kept
        parts = (lost // 8, lost // 4, lost - lost // 8 - lost // 4 - lost // 10, lost // 10)
        rows.append((wave, 0, "raw", "Rows in the export", 0, raw))
        remaining = raw
        for order, ((rule, label), n) in enumerate(zip(rules, parts, strict=True), start=1):
            remaining -= n
            rows.append((wave, order, rule, label, n, remaining))
    return pd.DataFrame(rows, columns=["wave", "order", "rule", "label", "n_excluded", "n_remaining"])


def _quality() -> pd.DataFrame:
    rows = []
    for wave, n in zip(WAVES, PEOPLE, strict=True):
        rows.append((wave, "attention", "Attention items", n, 9, "exclude", ""))
        rows.append((wave, "long_string", "Long string of one answer", n, 14, "flag", ""))
        rows.append((wave, "duration", "Page time", 0, np.nan, "flag", "no duration column in this export"))
    return pd.DataFrame(rows, columns=["wave", "check", "label", "n_checked", "n_flagged", "action", "reason"])


def _dictionary() -> pd.DataFrame:
    rows = [
        (name, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], STATUS_LINE if s[1].startswith("mreii") else "", s[9], s[10], "No permission is required to reproduce, translate, display or distribute." if s[1] in ("gad7", "phq8") else "")
        for name, s in SCORES.items()
    ]  # fmt: skip
    columns = "score label instrument title model method n_items range_low range_high higher_means status_line key_status measures license_notice"
    return pd.DataFrame(rows, columns=columns.split())


def _sample(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for wave, frame in scores.groupby("wave"):
        a = frame["age"]
        rows.append((wave, "age", "Age (years)", "", a.notna().sum(), a.isna().sum(), np.nan, a.mean(), a.std(), a.min(), a.max()))
        for variable, label in (("gender", "Gender"), ("relationship_status", "Relationship status")):
            counts = frame[variable].value_counts()
            for level in sorted(counts.index):
                rows.append((wave, variable, label, level, counts[level], 0, 100 * counts[level] / len(frame)) + (np.nan,) * 4)
    return pd.DataFrame(rows, columns="wave variable label level n n_missing percent mean sd min max".split())


def _descriptives(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, spec in SCORES.items():
        for wave in WAVES:
            frame = scores[scores["wave"] == wave]
            x = frame[name].dropna()
            if x.empty:
                continue
            se = x.std() / np.sqrt(len(x))
            q25, q50, q75 = np.percentile(x, [25, 50, 75])
            rule = "all applicable items answered" if spec[3] == "formative" else "at least 80% of the items answered"
            rows.append(
                (name, spec[0], spec[1], wave, len(x), len(frame) - len(x), int(frame[f"{name}__prorated"].sum()), x.mean(), x.std(), se)
                + (x.mean() - 1.965 * se, x.mean() + 1.965 * se, x.min(), q25, q50, q75, x.max(), x.skew(), x.kurt(), spec[6], spec[7])
                + (100 * (x == spec[6]).mean(), 100 * (x == spec[7]).mean(), rule)
            )  # fmt: skip
    columns = "score label instrument wave n n_missing n_prorated mean sd se ci_low ci_high min q25 median q75 max skew kurtosis range_low range_high floor_percent ceiling_percent missing_rule"
    return pd.DataFrame(rows, columns=columns.split())


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
                t = abs(r) * np.sqrt((n - 2) / (1 - r**2))
                rows.append((wave, x, y, n, r, np.tanh(z - half), np.tanh(z + half), 2 * _upper(t)))
    return pd.DataFrame(rows, columns="wave x y n r ci_low ci_high p".split())


def _upper(t: float) -> float:
    from scipy.stats import norm

    return float(norm.sf(t))


def _responses() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    rows = []
    for name, spec in (("rses", (10, 1, 4)), ("gad7", (7, 0, 3)), ("mreii_exposure", (12, 0, 4))):
        stem = "mreii_e" if name == "mreii_exposure" else f"{name}_"
        for k in range(1, spec[0] + 1):
            for wave, n in zip(WAVES, PEOPLE, strict=True):
                values = np.arange(spec[1], spec[2] + 1)
                counts = draw.multinomial(n, draw.dirichlet(np.full(len(values), 6.0)))
                for value, count in zip(values, counts, strict=True):
                    rows.append((name, f"{stem}{k:02d}", f"item_{k}", wave, float(value), count, 100 * count / n, k % 3 == 0 and name == "rses"))
    return pd.DataFrame(rows, columns="instrument item label wave value n percent reverse".split())


def _missing(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for wave in WAVES:
        frame = scores[scores["wave"] == wave]
        for variable in ("age", "gender", "relationship_status"):
            rows.append((wave, "background", variable, variable.replace("_", " ").capitalize(), len(frame), 0, 0.0))
        for item in ("rses_03", "gad7_04"):
            rows.append((wave, "item", item, item, len(frame), 4, 400 / len(frame)))
        for name, spec in SCORES.items():
            if frame[name].notna().any():
                gone = int(frame[name].isna().sum())
                rows.append((wave, "score", name, spec[0], len(frame), gone, 100 * gone / len(frame)))
    return pd.DataFrame(rows, columns="wave kind variable label n n_missing percent_missing".split())


def _reliability() -> pd.DataFrame:
    rows = []
    for k, (name, spec) in enumerate(SCORES.items()):
        if spec[3] == "formative":
            continue
        for j, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True)):
            if name == "mreii_w" and j:
                continue
            alpha = 0.78 + 0.012 * (k % 9) + 0.003 * j
            rows.append((spec[1], name, wave, "alpha", n, spec[5], alpha, alpha - 0.028, alpha + 0.024, "Feldt", "ok"))
            rows.append((spec[1], name, wave, "omega_u", n, spec[5], alpha + 0.008, alpha - 0.022, alpha + 0.031, "one-factor ML, percentile bootstrap", "ok"))
        rows.append((spec[1], name, WAVES[0], "icc_a1", 86, 2, 0.81 + 0.004 * k, 0.72, 0.87, "two-way random, absolute agreement", "ok"))
    return pd.DataFrame(rows, columns="instrument score wave coefficient n k estimate ci_low ci_high method status".split())


def _items() -> pd.DataFrame:
    rows = []
    for score, instrument, k in (("rses_sum", "rses", 10), ("mreii_hv", "mreii_impact", 6)):
        for wave, n in zip(WAVES, PEOPLE, strict=True):
            for j in range(1, k + 1):
                item = f"rses_{j:02d}" if score == "rses_sum" else f"mreii_hv{j:02d}"
                item_rest = 0.52 + 0.02 * (j % 5) if (score, j) != ("mreii_hv", 3) else 0.17
                warning = "item-rest correlation below .20" if item_rest < 0.2 else ""
                rows.append((instrument, score, wave, item, f"label_{j}", j % 3 == 0, n, 2.8 + 0.05 * j, 0.8, item_rest, 0.84, 3.1, 9.4, warning))
    columns = "instrument score wave item label reverse n mean sd item_rest alpha_if_dropped floor_percent ceiling_percent warning"
    return pd.DataFrame(rows, columns=columns.split())


def _keying() -> pd.DataFrame:
    rows = [(wave, "between scales", "gad7_sum", "rses_sum", "negative", -0.41 + 0.01 * k, n, "as expected") for k, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True))]
    return pd.DataFrame(rows, columns="wave check x y expected r n status".split())


def _erosion(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    wide = {s: scores.pivot(index="participant", columns="wave", values=s) for s in ("rses_sum", "mreii_sw")}
    for score, source, reliability in (("rses_change", "rses_sum", 0.84), ("sw_change", "mreii_sw", 0.79)):
        for a, b in zip(WAVES, WAVES[1:], strict=False):
            change = (wide[source][b] - wide[source][a]).dropna()
            se = change.std() / np.sqrt(len(change))
            sdc = 1.96 * np.sqrt(2) * wide[source][a].std() * np.sqrt(1 - reliability)
            rows.append(
                (score, source, a, b, len(change), change.mean(), change.std(), change.mean() - 1.966 * se, change.mean() + 1.966 * se, sdc)
                + (int((change < -sdc).sum()), int((change > sdc).sum()), reliability, "SDC95 from retest ICC(A,1)", "ok")
            )  # fmt: skip
    columns = "score source from_wave to_wave n mean_change sd_change ci_low ci_high sdc95 n_decline n_improve reliability method status"
    return pd.DataFrame(rows, columns=columns.split())


def _stored_totals() -> pd.DataFrame:
    rows = [("2026a", "SC_rses", "rses_sum", 486, 0, 0.0, 0.01, "agrees"), ("2026b", "SC_rses", "rses_sum", 441, 2, 3.0, 0.01, "differs")]
    return pd.DataFrame(rows, columns="wave column score n_compared n_differ max_difference tolerance status".split())


ESTIMATE_COLUMNS = (
    "hypothesis family analysis wave outcome term metric estimate se ci_level ci_low ci_high ci90_low ci90_high statistic df p p_adjusted p_equivalence sesoi direction claim_type "
    "n_people n_obs n_lost missing_rule m fmi method invariance status verdict exceeds_sesoi warnings decides label confirmatory smallest_detectable reason"
).split()


def _estimates() -> pd.DataFrame:
    rows = []
    p_raw = {"H1": 0.0000004, "H2": 0.0741, "H3": 0.0764}
    p_adjusted = {"H1": 0.0000012, "H2": 0.1482, "H3": 0.1482}
    p_equivalence = {"H1": 0.89, "H2": 0.0052, "H3": 0.129}
    reasons = {
        "H1": "",
        "H2": "the 90% interval lies inside the equivalence bounds",
        "H3": "the 90% interval crosses the bound and the adjusted p is not below alpha",
    }
    for h, label, outcome, direction, _, estimate, low, high, verdict in HYPOTHESES:
        common = {"hypothesis": h, "family": "primary", "outcome": outcome, "ci_level": 0.95, "sesoi": 0.10, "direction": direction, "claim_type": "difference", "label": label, "confirmatory": True, "status": "ok", "warnings": "", "fmi": np.nan, "m": np.nan, "missing_rule": "complete cases", "reason": "", "invariance": ""}  # fmt: skip
        se = (high - low) / 3.92
        rows.append(
            common
            | {"analysis": "within_between", "wave": "all", "term": "mreii_e_freq_within", "metric": "beta_within", "estimate": estimate, "se": se, "ci_low": low, "ci_high": high, "ci90_low": estimate - 1.645 * se, "ci90_high": estimate + 1.645 * se, "statistic": estimate / se, "df": 1834.27, "p": p_raw[h], "p_adjusted": p_adjusted[h], "p_equivalence": p_equivalence[h], "n_people": 473, "n_obs": 2391, "n_lost": 124, "method": "mixed model, REML, Satterthwaite", "invariance": "scalar", "verdict": verdict, "exceeds_sesoi": {"H1": "uncertain", "H2": "no", "H3": "uncertain"}[h], "decides": True, "smallest_detectable": 0.0614, "reason": reasons[h]}
        )  # fmt: skip
        rows.append(
            common
            | {"analysis": "within_between", "wave": "all", "term": "mreii_e_freq_between", "metric": "beta_between", "estimate": 2.1 * estimate, "se": 0.045, "ci_low": 2.1 * estimate - 0.0884, "ci_high": 2.1 * estimate + 0.0884, "statistic": 2.1 * estimate / 0.045, "df": 466.9, "p": 0.0011, "n_people": 473, "n_obs": 2391, "n_lost": 124, "method": "mixed model, REML, Satterthwaite", "invariance": "scalar", "decides": False}
        )  # fmt: skip
        for k, (wave, n) in enumerate(zip(WAVES, PEOPLE, strict=True)):
            b, s = 1.8 * estimate + 0.01 * k, 0.047
            row = common | {"wave": wave, "term": "mreii_e_freq", "metric": "beta", "estimate": b, "n_people": n - 9, "n_obs": n - 9, "n_lost": 9, "decides": False}
            rows.append(row | {"analysis": "cross_sectional", "se": s, "ci_low": b - 1.966 * s, "ci_high": b + 1.966 * s, "ci90_low": b - 1.649 * s, "ci90_high": b + 1.649 * s, "statistic": b / s, "df": float(n - 16), "p": 0.0034, "method": "OLS, HC3"})
            rows.append(row | {"analysis": "cross_sectional_bootstrap", "se": s + 0.001, "ci_low": b - 1.97 * s, "ci_high": b + 1.99 * s, "p": 0.0, "method": "BCa bootstrap, 5000 draws"})
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS)).fillna({"verdict": "", "exceeds_sesoi": "", "reason": ""})


def _hypotheses() -> pd.DataFrame:
    rows = [
        (h, "primary", label, "People who report more exposure report " + {"rses_sum": "lower self-esteem", "mreii_hv": "more hypervigilance", "mreii_sb": "more self-blame"}[outcome], claims, "concurrent within-person association, net of reported overt rejection, in pooled within-person standard deviations", "mreii_e_freq", outcome, direction, 0.10, "difference", "holm", True)
        for h, label, outcome, direction, claims, *_ in HYPOTHESES
    ]  # fmt: skip
    columns = "hypothesis family label claim claim_ids estimand predictor outcome direction sesoi claim_type correction confirmatory"
    return pd.DataFrame(rows, columns=columns.split())


def tables() -> dict[str, pd.DataFrame]:
    """Every contract table by its stem, plus row-level `scores`."""
    scores = _scores()
    return {
        "scores": scores.copy(),
        "waves": _waves(),
        "flow": _flow(),
        "quality": _quality(),
        "dictionary": _dictionary(),
        "sample": _sample(scores),
        "descriptives": _descriptives(scores),
        "correlations": _correlations(scores),
        "responses": _responses(),
        "missing": _missing(scores),
        "reliability": _reliability(),
        "items": _items(),
        "keying": _keying(),
        "erosion": _erosion(scores),
        "stored_totals": _stored_totals(),
        "estimates": _estimates(),
        "hypotheses": _hypotheses(),
    }


def without_hypotheses(full: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same study with no family declared."""
    return full | {"estimates": full["estimates"].iloc[:0], "hypotheses": full["hypotheses"].iloc[:0]}


def one_wave(full: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The first wave only: the cross-sectional coefficient decides, and nothing is said of change."""
    kept = {name: frame[frame["wave"] == WAVES[0]].reset_index(drop=True) if "wave" in frame else frame for name, frame in full.items()}
    estimates = kept["estimates"].copy()
    deciding = estimates["analysis"] == "cross_sectional"
    estimates.loc[deciding, "decides"] = True
    estimates.loc[deciding, "verdict"] = "supported"
    estimates.loc[deciding, "p_adjusted"] = 0.0102
    estimates.loc[deciding, "smallest_detectable"] = 0.1312
    return kept | {"estimates": estimates, "erosion": kept["erosion"].iloc[:0], "stored_totals": kept["stored_totals"].iloc[:0]}


def study(**changes) -> dict:
    """The study dict that printed tables and the report take."""
    return {
        "title": "Reported micro-rejections and self-esteem: a six-wave panel",
        "simulated": True,
        "ci_level": 0.95,
        "alpha": 0.05,
        "min_cell": 10,
        "support": "If reading this brings up something heavy, talk to someone you trust or to your local support line.",
        "contact": "The study team, panel@example.org",
        "seed": 20260105,
        "score_order": ["mreii_e_freq", "mreii_o_freq", "mreii_hv", "mreii_sb", "mreii_sw", "mreii_in", "rses_sum", "a_rsq", "scs_sf", "ucla3", "gad7_sum", "phq8_sum"],
        "description": "Adults answered the same questionnaires six times, five weeks apart. Every answer in this study is simulated.",
    } | changes  # fmt: skip


def provenance() -> dict:
    """Content hashes and versions; instruments as the loader knows them."""
    instruments = [
        {"id": "rses", "title": "Rosenberg Self-Esteem Scale", "version": "1", "window": "general", "citation": "Rosenberg, M. (1965). Society and the adolescent self-image. Princeton University Press.", "doi": None, "terms": "Public domain.", "permission_required": False, "notice": None, "key_status": "verified", "status_line": None, "user_supplied": False},
        {"id": "gad7", "title": "Generalized Anxiety Disorder scale, 7 items", "version": "1", "window": "past 2 weeks", "citation": "Spitzer, R. L., Kroenke, K., Williams, J. B. W., & Löwe, B. (2006). A brief measure for assessing generalized anxiety disorder: The GAD-7. Archives of Internal Medicine, 166(10), 1092–1097.", "doi": "10.1001/archinte.166.10.1092", "terms": "No permission is required to reproduce, translate, display or distribute.", "permission_required": False, "notice": None, "key_status": "verified", "status_line": None, "user_supplied": False},
        {"id": "sses", "title": "State Self-Esteem Scale", "version": "1", "window": "right now", "citation": "Heatherton, T. F., & Polivy, J. (1991). Development and validation of a scale for measuring state self-esteem. Journal of Personality and Social Psychology, 60(6), 895–910.", "doi": "10.1037/0022-3514.60.6.895", "terms": "No explicit grant found.", "permission_required": True, "notice": "Ask the publisher before collecting data with this scale.", "key_status": "verified", "status_line": None, "user_supplied": False},
        {"id": "house_scale", "title": "House scale", "version": "1", "window": "general", "citation": "", "doi": None, "terms": "", "permission_required": False, "notice": None, "key_status": "user_supplied", "status_line": None, "user_supplied": True},
        {"id": "mreii_exposure", "title": "Micro-Rejection Exposure and Impact Inventory: exposure", "version": "1", "window": "past 4 weeks", "citation": "Written for this project.", "doi": None, "terms": "Free to use with the source named.", "permission_required": False, "notice": None, "key_status": "own", "status_line": STATUS_LINE, "user_supplied": False},
    ]  # fmt: skip
    return {
        "instruments": instruments,
        "software": {"rejsens": "0.1.0", "python": "3.11", "pandas": "3.1.1", "pingouin": "0.7.0", "statsmodels": "0.15.0", "scipy": "1.17.1", "snakemake": "9.27.0"},
        "inputs": {f"data/waves/{w}.csv": f"{k:x}" * 64 for k, w in enumerate(WAVES, start=10)} | {"config/hypotheses/primary.yaml": "1" * 64},
        "config_sha256": "c" * 64,
        "lock_sha256": "d" * 64,
    }  # fmt: skip


SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="510pt" height="240pt" viewBox="0 0 510 240"><rect width="510" height="240" fill="#fff"/>
<path d="M60 200H480M60 200V30" stroke="#444" fill="none"/><path d="M60 150 L144 140 L228 146 L312 128 L396 120 L480 110" stroke="#0072B2" stroke-width="2" fill="none"/>
<path d="M60 60 L144 72 L228 70 L312 84 L396 88 L480 96" stroke="#D55E00" stroke-width="2" stroke-dasharray="6 3" fill="none"/></svg>"""


def figures() -> list[dict]:
    """Two stand-in figures as the report takes them."""
    return [
        {"stem": "exposure_by_wave", "svg": SVG, "alt": "Line chart of mean reported exposure and mean self-esteem over six waves.", "caption": "Reported exposure and self-esteem by wave", "note": "Lines are means; bands are 95% intervals."},
        {"stem": "forest", "svg": SVG, "alt": "Forest plot of three hypotheses with 95% intervals.", "caption": "Hypotheses with intervals", "note": ""},
    ]  # fmt: skip
