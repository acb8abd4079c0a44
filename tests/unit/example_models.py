"""One hypothesis for each of the models that a hypothesis may name, and a companion row for every other metric.

Nothing here is a result. The verdicts are the pipeline's own, made from the numbers below.
"""

from __future__ import annotations

import math
from dataclasses import replace

import example_tables
import pandas as pd

from rejsens.inference.estimates import NOT_TESTABLE, Estimate, estimates_frame
from rejsens.inference.verdicts import decide
from rejsens.tabular import COLUMNS

X, Y, M = "mreii_e_freq", "rses_sum", "scs_sf"
IMPUTED = {"missing_rule": "multiple imputation, m = 24", "m": 24.0, "fmi": 0.187}
FIML = {"missing_rule": "full information maximum likelihood", "df": math.inf}
REFUSED = {"status": NOT_TESTABLE, "reason": "no wave holds both mreii_e_freq and rses_sum", "estimate": math.nan}
# model, predictors, outcomes, analysis, metric, term, wave, SESOI, claim, what else differs
DECIDING = (
    ("association", X, Y, "within_between", "beta_within", f"{X}_within", "all", 0.1, "difference", IMPUTED),
    ("association", X, Y, "change", "beta_within", f"{X}_within", "all", 0.1, "difference", {}),
    ("association", X, Y, "cross_sectional", "beta", X, "2026a", 0.1, "difference", {}),
    ("correlation", X, Y, "partial_correlation", "r", X, "2026a", 0.1, "non-inferiority", {}),
    ("added_variance", X, Y, "incremental_variance", "delta_r2", X, "2026a", 0.01, "difference",
     {"df": math.nan, "method": "added R squared, BCa bootstrap, 5000 draws; HC3 Wald F on 1 and 470"}),
    ("moderation", X, Y, "cross_level", "beta_interaction", f"{X}_within:{M}", "all", 0.1, "difference", IMPUTED),
    ("moderation", X, Y, "moderation", "beta", f"{X}:{M}", "2026a", 0.1, "difference", {"estimate": -0.31, "p": 0.000002}),
    ("dose_response", X, Y, "dose_response", "beta", X, "2026a", 0.1, "difference", {}),
    ("cumulative", X, Y, "cumulative_exposure", "beta_within", f"{X}_before_within", "all", 0.05, "difference", IMPUTED),
    ("mediation", X, Y, "lagged_indirect", "indirect", f"{X} > {M} > {Y}", "all", 0.01, "difference", FIML),
    ("mediation", X, Y, "mediation", "indirect", f"{X} > {M} > {Y}", "2026a", 0.01, "difference",
     {"method": "percentile bootstrap, 5000 draws"}),
    ("lagged", X, Y, "ri_clpm", "beta_within", f"{X}_lagged", "all", 0.05, "difference", FIML),
    ("lagged", X, Y, "ri_clpm_both", "beta_within", f"{X}_lagged and back", "all", 0.05, "difference", FIML),
    ("contrast_of_outcomes", X, "ucla3; gad7_sum", "within_contrast", "beta_difference", f"{X}_within", "all", 0.1,
     "difference", IMPUTED),
    ("contrast_of_predictors", "mreii_e_freq; mreii_o_freq", Y, "predictor_contrast", "beta_difference",
     "mreii_e_freq - mreii_o_freq", "2026a", 0.1, "difference", {}),
    ("contrast_of_pairs", "", "mreii_hv; mreii_sb", "paired_contrast", "dz", "mreii_hv - mreii_sb", "2026a", 0.2,
     "equivalence", {"estimate": 0.02, "se": 0.03}),
    ("contrast_of_events", "unclear; clear", "mreii_a_hurt", "event_level", "dz", "event unclear - clear", "all", 0.2,
     "equivalence", {"estimate": 0.31}),
    ("event_slope", "mreii_a_ambiguity", "mreii_a_hurt", "event_level", "beta_within", "mreii_a_ambiguity_within",
     "all", 0.1, "difference", {}),
    ("difference_of_groups", "relationship_status", Y, "group_contrast", "d", "2 - 1", "2026a", 0.2, "difference", {}),
    ("proportion", "", "mreii_sb", "proportion", "share_difference", "mreii_sb at least 4", "2026a", 0.1, "difference",
     {"estimate": -0.131, "df": math.inf}),
    ("recovery", X, Y, "piecewise_recovery", "slope_within", f"waves after first drop of {X}", "all", 0.1,
     "difference", {}),
    ("growth", "", Y, "latent_growth", "slope_within", f"slope of {Y}", "all", 0.1, "difference", FIML),
    ("association", X, Y, "none", "beta", X, "all", 0.1, "difference", REFUSED),
)  # fmt: skip
NO_TEST = {"statistic": math.nan, "df": math.nan, "p": math.nan}
F = {"estimate": math.nan, "se": math.nan, "ci_low": math.nan, "ci_high": math.nan, "statistic": 3.217}
# analysis, metric, term, what else differs: what may stand beside a hypothesis, the first two by their numbers alone
BESIDE = (
    ("within_contrast", "wald_f", f"{X}_within = mreii_o_freq_within = {M}_within",
     F | {"method": "mixed model, REML, Satterthwaite, F with 2 numerator df"}),
    ("dose_response", "wald_f", f"{X}, departure from a line",
     F | {"method": "OLS, HC3, Wald F test on 3 and 470 degrees of freedom"}),
    ("ri_clpm", "chi2", "model fit", F | {"df": 14.0}),
    ("dose_response", "aic", "spline", NO_TEST),
    ("dose_response", "breakpoint", X, {"df": math.nan, "method": "one breakpoint, wild bootstrap, 999 draws"}),
    ("dose_response", "isotonic_r2", X, {"statistic": 0.04}),
    ("dose_response", "adjusted_mean", f"{X} at p25", NO_TEST),
    ("dose_response", "difference", f"{X} at 1 - at 0", {}),
    ("moderation", "johnson_neyman", f"{X} | {M} bound", NO_TEST | {"se": math.nan}),
    ("latent_growth", "sd_slope", f"SD of slopes of {Y}", FIML),
    ("latent_growth", "aic_difference", "step at 2026e against line", NO_TEST),
    ("piecewise_recovery", "slope_difference", f"waves after - before first drop of {X}", {}),
    ("piecewise_recovery", "rise_within", f"at first drop of {X}", {}),
    ("within_between", "beta_between", f"{X}_between", {}),
    ("ri_clpm", "r_between", f"{X}_level", FIML),
    ("ri_clpm", "r_within", f"{X}_deviation", FIML),
    ("incremental_variance", "r2", "covariates", NO_TEST | {"se": math.nan}),
    ("paired_contrast", "b", "mreii_hv - mreii_sb", {}),
    ("proportion", "share", "mreii_sb at least 4", {"df": math.inf}),
    ("latent_change", "beta_change", f"{X} at 2026a", FIML),
    ("latent_change", "d_change", f"change of {Y}", FIML),
    ("proportional_odds", "log_odds", X, {"df": math.inf}),
    ("proportional_odds", "odds_ratio", X, {"se": math.nan, "df": math.inf}),
    ("negative_binomial", "log_rate", X, {"df": math.inf}),
    ("negative_binomial", "rate_ratio", X, {"se": math.nan, "df": math.inf}),
    ("negative_binomial", "dispersion", "dispersion", NO_TEST),
    ("negative_binomial", "poisson_dispersion", "dispersion", {"df": 1.0}),
    ("attrition", "log_odds", f"{Y} at 2026a", {"df": math.inf}),
    ("cross_sectional_bootstrap", "beta", X, NO_TEST | {"method": "BCa bootstrap, 5000 draws"}),
    ("fixed_effects", "beta_within", f"{X}_within", {}),
    ("fixed_effects_sem", "beta_within", f"{X}_lagged", FIML),
    ("inverse_probability", "beta_within", f"{X}_within", {"missing_rule": "inverse-probability weights"}),
    ("cross_level_fixed_effects", "beta_interaction", f"{X}_within:{M}", {}),
    ("outcome_contrast", "beta_difference", f"{X}: ucla3 - gad7_sum", {}),
)  # fmt: skip


def tables() -> dict[str, pd.DataFrame]:
    """The example tables with these hypotheses; ratings of events have labels."""
    full = example_tables.tables()
    declared = [_declared(k, *given) for k, given in enumerate(DECIDING, start=1)]
    rows = [
        _estimate(k, *given[3:7], sesoi=given[7], claim=given[8], **given[9])
        for k, given in enumerate(DECIDING, start=1)
    ]
    rows = [replace(row, decides=True) for row in rows]
    rows += [_estimate(1, *given, wave="all", sesoi=0.1, claim="difference", **own) for *given, own in BESIDE]
    dictionary = pd.concat([full["dictionary"], _events(full["dictionary"])], ignore_index=True)
    return full | {
        "estimates": estimates_frame(decide(rows, "holm")),
        "hypotheses": pd.DataFrame(declared, columns=list(COLUMNS["hypotheses"])),
        "dictionary": dictionary,
    }


def _events(dictionary: pd.DataFrame) -> pd.DataFrame:
    rated = {
        "unclear_mreii_a_hurt": "Hurt (MREII-A), unclear",
        "unclear_mreii_a_ambiguity": "Ambiguity (MREII-A), unclear",
    }
    own = dictionary.iloc[[0] * len(rated)].assign(score=list(rated), label=list(rated.values()), event="unclear")
    return own.reset_index(drop=True)


def _declared(k: int, model: str, predictors: str, outcomes: str, *rest) -> tuple:
    estimand = f"what the model {model.replace('_', ' ')} estimates, net of reported overt rejection"
    direction = "" if rest[5] == "equivalence" else "negative"
    return (f"H{k}", "models", f"Model {model.replace('_', ' ')}", "", "", estimand, predictors, outcomes, direction,
            rest[4], rest[5], "holm", k % 2 == 1)  # fmt: skip


def _estimate(k: int, analysis: str, metric: str, term: str, wave: str, sesoi: float, claim: str, **own) -> Estimate:
    """Numbers that differ from row to row, so that a number of another row is noticed."""
    b, se = own.pop("estimate", -0.0621 - 0.0137 * k), own.pop("se", 0.0214 + 0.0013 * k)
    numbers = {"ci_level": 0.95, "df": 470.0, "p": 0.0007 * k * k, "statistic": b / (se or 1)}
    if not math.isnan(b):
        ends = {
            f"{name}_{side}": b + sign * z * se
            for name, z in (("ci", 1.966), ("ci90", 1.648))
            for side, sign in (("low", -1), ("high", 1))
        }
        numbers |= ends | {"smallest_detectable": 2.81 * se, "n_people": 470 + k, "n_obs": 2300 + k, "n_lost": 30 + k}
    row = Estimate(
        hypothesis=f"H{k}", family="models", label=f"Model {DECIDING[k - 1][0].replace('_', ' ')}", analysis=analysis,
        metric=metric, term=term, wave=wave, outcome=Y, sesoi=sesoi, claim_type=claim, estimate=b, se=se,
        direction="" if claim == "equivalence" else "negative", confirmatory=k % 2 == 1,
    )  # fmt: skip
    return replace(row, **numbers | own)
