"""Runs a family of hypotheses: which coefficient decides, every companion, one correction, one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from rejsens.inference.bootstrap import cross_sectional_bootstrap, generator
from rejsens.inference.covariates import carry_constants, person_waves, require
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable, estimates_frame
from rejsens.inference.mixed import fixed_effects, within_between
from rejsens.inference.regression import change_on_change, cross_sectional
from rejsens.inference.verdicts import decide
from rejsens.measured_alike import NOT_ASSESSED

CLUSTERED_RATIO = 1.25  # clustered standard error over the model's, from which a warning is due
HYPOTHESIS_COLUMNS = (
    "hypothesis", "family", "label", "claim", "claim_ids", "estimand", "predictor", "outcome", "direction", "sesoi",
    "claim_type", "correction", "confirmatory",
)  # fmt: skip


def test_family(scores: pd.DataFrame, family: Mapping[str, Any], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Every coefficient of every hypothesis of one family, and one verdict for each hypothesis.

    scores      one row per participant and wave: participant, wave, wave_number, role, covariates and scores; only role
                "wave" is used
    family      a family file as parsed (schemas/hypotheses.schema.yaml)
    settings    alpha, ci_level, bootstrap_draws, seed
    returns     the estimates table. A wave counts when somebody has both outcome and predictor in it. What decides:
                one wave     `cross_sectional` coefficient (metric beta)
                two waves    `change` coefficient (metric beta_within)
                three or more  `within_between` within coefficient (metric beta_within)
                Everything else is reported without a verdict: the cross-sectional coefficient, partial correlation and
                bootstrap of each wave, the between coefficient, the person-clustered companion. A hypothesis that
                cannot run gives a deciding row "not testable" with the reason, and the others still run
    missing     complete cases, stated in each row; nothing is imputed. A covariate that does not vary takes the
                person's first observed value
    random      bootstraps draw from a generator seeded by the seed, the hypothesis and the wave

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> scores = pd.DataFrame({"participant": [f"p{k}" for k in range(80)], "wave": "w1", "wave_number": 1,
    ...                        "role": "wave", "x": rng.normal(size=80), "y": rng.normal(size=80)})
    >>> hypothesis = {"id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "covariates": [],
    ...               "direction": "positive", "sesoi": 0.10, "claim_type": "difference"}
    >>> family = {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [hypothesis]}
    >>> table = test_family(scores, family, {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 500, "seed": 1})
    >>> table.loc[table["decides"], ["analysis", "verdict"]].to_dict("records")
    [{'analysis': 'cross_sectional', 'verdict': 'inconclusive'}]
    """
    panel = person_waves(scores)
    rows: list[Estimate] = []
    for hypothesis in family["hypotheses"]:
        identity = {
            "hypothesis": hypothesis["id"], "family": family["family"], "label": hypothesis["label"],
            "direction": hypothesis.get("direction") or "", "claim_type": hypothesis["claim_type"],
            "sesoi": float(hypothesis["sesoi"]), "confirmatory": bool(family["confirmatory"]),
        }  # fmt: skip
        found = hypothesis_rows(panel, hypothesis, settings, random_slope=bool(family.get("random_slope", False)))
        rows += [replace(row, **identity) for row in found]
    return estimates_frame(decide(rows, family["correction"], settings["alpha"]))


test_family.__test__ = False  # a name that pytest would otherwise collect


def hypothesis_rows(
    panel: pd.DataFrame, hypothesis: Mapping[str, Any], settings: Mapping[str, Any], *, random_slope: bool = False
) -> list[Estimate]:
    """All rows of one hypothesis, the deciding one first; no identity, correction or verdict yet."""
    outcome, predictor, covariates = hypothesis["outcome"], hypothesis["predictor"], hypothesis["covariates"]
    asked = {"outcome": outcome, "predictor": predictor, "covariates": covariates}
    levels = {"ci_level": settings["ci_level"], "alpha": settings["alpha"]}
    try:
        require(panel, [outcome, predictor, *(covariate["name"] for covariate in covariates)])
        waves = usable_waves(panel, outcome, predictor)
    except NotTestable as refusal:
        return [_refused(refusal, outcome, predictor, "", "", decides=True)]

    panel, changes = carry_constants(panel, covariates)
    panel = panel[panel["wave"].isin(waves)].reset_index(drop=True)
    rows = _over_waves(panel, len(waves), asked, levels, random_slope)
    for wave in waves:
        frame = panel[panel["wave"] == wave].reset_index(drop=True)
        rows += _one_wave(frame, wave, hypothesis, asked, levels, settings)
    rows = [replace(row, warnings="; ".join(filter(None, [row.warnings, *changes]))) for row in rows]
    return [replace(rows[0], decides=True), *rows[1:]]


def usable_waves(panel: pd.DataFrame, outcome: str, predictor: str) -> list[str]:
    """Waves, in order, in which at least one person has both; raises NotTestable when there is none."""
    both = panel.dropna(subset=[outcome, predictor])
    if both.empty:
        raise NotTestable(f"no wave holds both {outcome} and {predictor}")
    return both.drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()


def _over_waves(
    panel: pd.DataFrame, n_waves: int, asked: Mapping[str, Any], levels: Mapping[str, float], random_slope: bool
) -> list[Estimate]:
    """Rows that use several waves; with three or more the within coefficient first, with two the change coefficient."""
    if n_waves == 1:
        return []
    slope = random_slope and n_waves > 2  # two waves cannot tell a random slope from the residual
    rows = _attempt(
        lambda: within_between(panel, **asked, random_slope=slope, **levels), "within_between", "all", asked
    )
    if n_waves == 2:
        rows = _attempt(lambda: [change_on_change(panel, **asked, **levels)], "change", "all", asked) + rows
    else:
        rows += _attempt(lambda: [fixed_effects(panel, **asked, **levels)], "fixed_effects", "all", asked)
        ratio = rows[-1].se / rows[0].se
        if ratio > CLUSTERED_RATIO:
            warning = f"the person-clustered standard error is {ratio:.1f} times the model's"
            rows[0] = replace(rows[0], warnings="; ".join(filter(None, [rows[0].warnings, warning])))
    return [replace(row, invariance=NOT_ASSESSED) for row in rows]


def _one_wave(
    frame: pd.DataFrame,
    wave: str,
    hypothesis: Mapping[str, Any],
    asked: Mapping[str, Any],
    levels: Mapping[str, float],
    settings: Mapping[str, Any],
) -> list[Estimate]:
    """The cross-sectional coefficient, its partial correlation, and the bootstrap when there is one to accompany."""
    rows = _attempt(lambda: cross_sectional(frame, **asked, wave=wave, **levels), "cross_sectional", wave, asked)
    if rows[0].status == NOT_TESTABLE:
        return rows
    rng = generator(settings["seed"], hypothesis["id"], wave)
    draws, ci_level = settings["bootstrap_draws"], settings["ci_level"]
    return [*rows, cross_sectional_bootstrap(frame, **asked, draws=draws, rng=rng, wave=wave, ci_level=ci_level)]


def _attempt(run, analysis: str, wave: str, asked: Mapping[str, Any]) -> list[Estimate]:
    """The rows of an analysis, or one row that says why there are none."""
    try:
        return list(run())
    except NotTestable as refusal:
        return [_refused(refusal, asked["outcome"], asked["predictor"], analysis, wave)]


def _refused(
    refusal: NotTestable, outcome: str, predictor: str, analysis: str, wave: str, decides: bool = False
) -> Estimate:
    within = analysis not in ("", "cross_sectional")
    return Estimate(
        analysis=analysis or "none", wave=wave or "all", outcome=outcome, metric="beta_within" if within else "beta",
        term=f"{predictor}_within" if within else predictor, method="none", status=NOT_TESTABLE, reason=str(refusal),
        decides=decides,
    )  # fmt: skip


def hypotheses_frame(families: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What the family files declare, one row per hypothesis, for the report's list of hypotheses.

    returns   columns hypothesis, family, label, claim ("quotation" [document]), claim_ids (joined by "; "), estimand,
              predictor, outcome, direction, sesoi, claim_type, correction, confirmatory
    """
    rows = [
        (
            h["id"], family["family"], h["label"], f"“{h['claim']['quotation']}” [{h['claim']['document']}]",
            "; ".join(h["claim_ids"]), h["estimand"], h["predictor"], h["outcome"], h.get("direction") or "",
            float(h["sesoi"]), h["claim_type"], family["correction"], bool(family["confirmatory"]),
        )
        for family in families
        for h in family["hypotheses"]
    ]  # fmt: skip
    dtypes = dict.fromkeys(HYPOTHESIS_COLUMNS, "str") | {"sesoi": "float64", "confirmatory": "bool"}
    return pd.DataFrame(rows, columns=list(HYPOTHESIS_COLUMNS)).astype(dtypes)
