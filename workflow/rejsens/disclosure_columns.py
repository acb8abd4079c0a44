"""What each column of each aggregate may tell of people: the declarations that the disclosure guard reads.

Every column of every table outside results/participants/ stands here once, beside its type in `tabular.COLUMNS`.
Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# What a column holds, by the word under which it is declared.
MEANINGS = {
    "open": "names, labels, declared facts, hashes and counts of things that are not people",
    "said": "sentences that the pipeline makes; a number of people in them below the limit is not named",
    "outcome": "what was concluded from the row's numbers; blank when these are withheld",
    "people": "people that the row's numbers rest on",
    "ledger": "people or rows counted by what was done with them (lost, excluded, unanswered), exact by declaration",
    "counts": "people who share an answer or a property",
    "shares": "a count as a percentage; blank with it",
    "moments": "means and standard deviations, rounded so that no single answer follows from two of them",
    "intervals": "interval and standard error of a mean, given around the rounded mean",
    "orders": "quartiles: rounded, and blank where fewer people than the limit lie on a side",
    "shapes": "skew and kurtosis, rounded to one decimal",
    "ends": "share at an end of a scale, blank where it tells of few people",
    "extremes": "lowest and highest observed value",
    "numbers": "statistics of all people of the row, with the declared number of figures",
}


SPREAD = 0.5  # people's full range of answers that the rounding of a mean covers
OF_ITEMS = 3.0  # where counts of the answers are given too: more has to stay open


@dataclass(frozen=True)
class Guarded:
    """The declaration of one table.

    columns   meaning -> columns, as in `MEANINGS`
    of        counts that add up to a total which is known: the columns that name such a group
    level     the column that tells the counts of a group apart
    over      a group that is the same people again (waves of a panel): what is hidden in one is hidden in all
    rests     a table without a count of its own: the table beside it that has one, and the columns that link both
    measured  a column that says when `value` is a share or a number of people: (that column, value)
    told      column -> what stands there when a row's numbers are withheld; "{}" takes the reason
    spread    of moments: how many people's full range of answers the rounding covers
    """

    columns: dict[str, tuple[str, ...]]
    of: tuple[str, ...] = ()
    level: str = ""
    over: str = ""
    rests: tuple[str, tuple[str, ...]] | None = None
    measured: tuple[str, str] | None = None
    told: dict[str, str] = field(default_factory=dict)
    spread: float = SPREAD

    def of_meaning(self, *meanings: str) -> list[str]:
        """The table's columns with any of the meanings, in order."""
        return [column for meaning in meanings for column in self.columns.get(meaning, ())]


def _guarded(columns: dict[str, str], **more: Any) -> Guarded:
    return Guarded({meaning: tuple(names.split()) for meaning, names in columns.items()}, **more)


STATUS = {"status": "{}"}

GUARDED: dict[str, Guarded] = {
    "waves": _guarded({"open": "wave wave_number title role platform collected_from collected_to sha256 simulated",
                       "ledger": "n_raw n_kept"}),
    "flow": _guarded({"open": "wave order rule label", "ledger": "n_excluded n_remaining"}),
    "quality": _guarded({"open": "wave check label action", "ledger": "n_checked n_flagged", "said": "reason"}),
    "notices": _guarded({"open": "wave check label variable status measure advice", "ledger": "n",
                         "numbers": "value ci_low ci_high", "said": "finding"}, measured=("measure", "value")),
    "columns": _guarded({"open": "wave column used_as name"}),
    "variables": _guarded(
        {"open": "wave variable instrument subscale position column platform label question_text question_source language "
                 "defined_text type choices choices_source defined_choices missing_codes min max reverse_keyed "
                 "already_reversed item_order anchor_direction scored_in replaces",
         "people": "n", "counts": "n_not_applicable", "ledger": "n_missing", "moments": "mean sd", "orders": "median",
         "shapes": "skew kurtosis", "ends": "floor_pct ceiling_pct"}, spread=OF_ITEMS),
    "differences": _guarded({"open": "wave previous_wave change variable instrument before after status reason"}),
    "codebook": _guarded(
        {"open": "variable wave label question_text instrument subscale position type choices missing_codes min max reverse_keyed "
                 "scored_in replaces wording_changed display_logic required unit source licence column question_source language "
                 "already_reversed item_order anchor_direction higher_means missing_rule key_status status_line data_source "
                 "data_licence simulated",
         "people": "n", "counts": "n_not_applicable", "ledger": "n_missing pct_missing", "moments": "mean sd",
         "orders": "median", "shapes": "skew kurtosis", "ends": "floor_pct ceiling_pct", "numbers": "alpha omega"}),
    "dictionary": _guarded({"open": "score label instrument event title model method n_items range_low range_high higher_means "
                                    "status_line key_status measures license_notice modelled_by"}),
    "sample": _guarded({"open": "wave variable label level", "counts": "n", "shares": "percent", "ledger": "n_missing",
                        "moments": "mean sd", "extremes": "min max"}, of=("wave", "variable"), level="level", over="wave"),
    "descriptives": _guarded(
        {"open": "score label instrument wave range_low range_high missing_rule", "people": "n", "ledger": "n_missing n_prorated",
         "moments": "mean sd", "intervals": "se ci_low ci_high", "orders": "q25 median q75", "shapes": "skew kurtosis",
         "ends": "floor_percent ceiling_percent", "extremes": "min max"}),
    "correlations": _guarded({"open": "wave x y", "people": "n", "numbers": "r ci_low ci_high p"}),
    "responses": _guarded({"open": "instrument item label wave value reverse", "counts": "n", "shares": "percent"},
                          of=("instrument", "item", "wave"), level="value"),
    "missing": _guarded({"open": "wave kind variable label", "people": "n", "ledger": "n_missing percent_missing"}),
    "reliability": _guarded({"open": "instrument score wave coefficient k method", "people": "n", "ledger": "n_lost",
                             "numbers": "estimate ci_low ci_high", "said": "status"}, told=STATUS),
    "items": _guarded({"open": "instrument score wave item label reverse", "people": "n",
                       "numbers": "mean sd item_rest alpha_if_dropped", "ends": "floor_percent ceiling_percent",
                       "outcome": "warning"}),
    "factor_models": _guarded(
        {"open": "instrument model label structure wave estimator missing_rule df", "people": "n", "ledger": "n_lost",
         "numbers": "chi2 p cfi tli rmsea rmsea_ci_low rmsea_ci_high p_close srmr loglik aic bic",
         "said": "status fit_status", "outcome": "notes"}, told={"status": "{}", "fit_status": "{}"}),
    "loadings": _guarded({"open": "instrument model wave factor item label reverse", "numbers": "estimate se std std_ci_low std_ci_high",
                          "said": "status"}, rests=("factor_models", ("instrument", "model", "wave"))),
    "factor_correlations": _guarded({"open": "instrument model wave x y", "numbers": "estimate se ci_low ci_high", "said": "status"},
                                    rests=("factor_models", ("instrument", "model", "wave"))),
    "invariance": _guarded(
        {"open": "instrument model between compared rung estimator missing_rule df against d_df partial_d_df", "people": "n",
         "ledger": "n_lost n_left_out", "said": "status",
         "numbers": "chi2 p cfi tli rmsea rmsea_ci_low rmsea_ci_high srmr d_chi2 d_p d_cfi d_rmsea d_srmr partial_d_chi2 partial_d_p",
         "outcome": "holds released partial_holds"}, told=STATUS),
    "dimensionality": _guarded(
        {"open": "instrument set label wave correlations missing_rule k method bartlett_df", "people": "n", "ledger": "n_lost",
         "numbers": "kmo bartlett_chi2 bartlett_p factors_parallel factors_map", "said": "status"}, told=STATUS),
    "eigenvalues": _guarded({"open": "instrument set wave kind number", "numbers": "eigenvalue random_mean random_high"},
                            rests=("dimensionality", ("instrument", "set", "wave"))),
    "exploratory_loadings": _guarded(
        {"open": "instrument set wave factors extraction rotation factor item label reverse missing_rule", "people": "n",
         "ledger": "n_lost", "numbers": "loading communality", "said": "status"}, told=STATUS),
    "item_response": _guarded({"open": "instrument score wave item label reverse missing_rule parameter", "people": "n",
                               "ledger": "n_lost", "numbers": "estimate se ci_low ci_high", "said": "status"}, told=STATUS),
    "information": _guarded({"open": "instrument score wave item theta", "numbers": "information se"},
                            rests=("scalability", ("instrument", "score", "wave"))),
    "scalability": _guarded({"open": "instrument score wave item label missing_rule", "people": "n", "ledger": "n_lost",
                             "numbers": "h se ci_low ci_high", "said": "status"}, told=STATUS),
    "local_dependence": _guarded({"open": "instrument score wave x y statistic missing_rule", "people": "n", "ledger": "n_lost",
                                  "numbers": "value", "outcome": "flagged", "said": "status"}, told=STATUS),
    "discriminant": _guarded(
        {"open": "set pair wave x y below draws method", "people": "n", "ledger": "n_lost",
         "numbers": "htmt htmt_ci_low htmt_ci_high htmt2 htmt2_ci_low htmt2_ci_high r r_ci_low r_ci_high reliability_x reliability_y "
                    "corrected corrected_ci_low corrected_ci_high ave_x ave_y shared",
         "outcome": "outcome fornell_larcker", "said": "status corrected_status ave_status"},
        told={"status": "{}", "corrected_status": "{}", "ave_status": "{}"}),
    "method_variance": _guarded({"open": "wave check statistic x y k", "people": "n", "ledger": "n_lost",
                                 "numbers": "r r_marker estimate p", "said": "status"}, told=STATUS),
    "careless": _guarded({"open": "wave index label definition k cutoff", "people": "n", "moments": "mean sd", "counts": "n_flagged",
                          "shares": "percent_flagged", "said": "status"}, told=STATUS),
    "missing_patterns": _guarded({"open": "wave level asked pattern n_patterns n_missing missing", "counts": "n", "shares": "percent"},
                                 of=("wave", "level"), level="pattern"),
    "little": _guarded({"open": "wave k patterns df remark", "people": "n", "ledger": "n_lost", "numbers": "chi2 p", "said": "status"},
                       told=STATUS),
    "attrition": _guarded({"open": "wave model term against label ci_level", "people": "n", "counts": "n_absent", "ledger": "n_lost",
                           "numbers": "odds_ratio ci_low ci_high p", "said": "status"}, told=STATUS),
    "predictions": _guarded({"open": "set prediction wave x y low high", "people": "n", "ledger": "n_lost",
                             "numbers": "estimate ci_low ci_high", "outcome": "outcome", "said": "reason sentence"},
                            told={"outcome": "not testable", "reason": "{}"}),
    "validation": _guarded({"open": "set title order step question done part instrument wave where", "people": "n",
                            "said": "result", "outcome": "outcome"},
                           told={"result": "{}", "outcome": "could not run"}),
    "validation_loadings": _guarded({"open": "set instrument model wave half factor scale item label reverse", "people": "n",
                                     "ledger": "n_lost", "numbers": "loading ci_low ci_high", "said": "status"}, told=STATUS),
    "keying": _guarded({"open": "wave check x y expected", "people": "n", "numbers": "r", "said": "status"}, told=STATUS),
    "erosion": _guarded({"open": "score source from_wave to_wave method", "people": "n", "moments": "mean_change sd_change",
                         "intervals": "ci_low ci_high", "numbers": "sdc95 reliability", "counts": "n_decline n_improve",
                         "said": "status"}, told=STATUS),
    "stored_totals": _guarded({"open": "wave column score tolerance", "ledger": "n_compared n_differ", "extremes": "max_difference",
                               "said": "status"}),
    "claims": _guarded({"open": "claim construct document quotation measured_by hypothesis label kind claim_type metric ci_level sesoi "
                                "invariance theme evidence benchmarks",
                        "people": "n_people", "numbers": "estimate ci_low ci_high", "outcome": "verdict", "said": "reason"},
                       told={"verdict": "not testable", "reason": "{}"}, measured=("metric", "estimate")),
    "plan": _guarded({"open": "status date where sentence"}),
    "benchmarks": _guarded({"open": "benchmark finding source doi sample metric value sd low high against note x y wave claims",
                            "people": "n", "numbers": "estimate ci_low ci_high z", "said": "comparison"}, told={"comparison": "{}"}),
    "standards": _guarded({"open": "standard about item part asks data outcome anchor place file key command reason"}),
    "hypotheses": _guarded({"open": "hypothesis family label claim claim_ids estimand predictor outcome direction sesoi claim_type "
                                    "correction confirmatory"}),
    "estimates": _guarded(
        {"open": "hypothesis family analysis wave outcome term metric ci_level sesoi direction claim_type missing_rule m method "
                 "invariance decides label confirmatory", "people": "n_people", "ledger": "n_obs n_lost",
         "numbers": "estimate se ci_low ci_high ci90_low ci90_high statistic df p p_adjusted p_equivalence fmi smallest_detectable",
         "outcome": "verdict exceeds_sesoi", "said": "status warnings reason"},
        told={"status": "not testable", "verdict": "not testable", "reason": "{}", "warnings": ""},
        measured=("metric", "estimate")),
    "multiverse": _guarded(
        {"open": "hypothesis family label specification declared apart kind possible exclusions scoring items scores covariates missing "
                 "outliers model analysis metric ci_level sesoi direction claim_type missing_rule m method",
         "people": "n_people", "ledger": "n_obs n_lost", "numbers": "estimate se ci_low ci_high ci90_low ci90_high df p",
         "outcome": "verdict", "said": "status reason warnings"},
        told={"status": "not testable", "verdict": "not testable", "reason": "{}", "warnings": ""},
        measured=("metric", "estimate")),
    "multiverse_summary": _guarded(
        {"open": "hypothesis family label part possible n n_estimated n_supported n_opposite n_equivalent n_inconclusive "
                 "share_supported share_same_sign share_same_verdict declared_verdict moves_most",
         "numbers": "median low high declared spread", "said": "reason"}),
    "multiverse_choices": _guarded({"open": "hypothesis family choice option declared n", "numbers": "difference spread",
                                    "said": "status"}),
    "diagnostics": _guarded(
        {"open": "hypothesis family analysis wave metric check term statistic guide ci_level instead", "people": "n_people n_instead",
         "numbers": "value df p estimate ci_low ci_high estimate_instead ci_low_instead ci_high_instead",
         "outcome": "flagged changes effect", "said": "status"}, told=STATUS, measured=("metric", "estimate")),
}  # fmt: skip
