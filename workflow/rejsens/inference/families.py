"""Runs a family of hypotheses: which coefficient decides, every companion, one correction, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from rejsens.declarations import read_yaml
from rejsens.hypotheses import Hypothesis, outcomes, predictors, variables
from rejsens.inference.analyses import refused, rows_of
from rejsens.inference.covariates import person_waves
from rejsens.inference.estimates import Estimate, NotTestable, estimates_frame
from rejsens.inference.event_models import with_scores
from rejsens.inference.lagged_mediation import ANALYSIS as LAGGED_MEDIATION
from rejsens.inference.questions import Question, complete, put
from rejsens.inference.verdicts import decide
from rejsens.scoring import DOES_NOT_APPLY

HYPOTHESIS_COLUMNS = (
    "hypothesis", "family", "label", "claim", "claim_ids", "estimand", "predictor", "outcome", "direction", "sesoi",
    "claim_type", "correction", "confirmatory",
)  # fmt: skip


def test_family(
    scores: pd.DataFrame,
    family: Mapping[str, Any],
    settings: Mapping[str, Any],
    events: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every coefficient of every hypothesis of one family, and one verdict for each hypothesis.

    scores      one row per participant and wave: participant, wave, wave_number, role, covariates and scores; only role
                "wave" is used
    family      a family file as parsed (schemas/hypotheses.schema.yaml)
    settings    alpha, ci_level, bootstrap_draws, seed, imputation (m, most: how many panels are drawn at least and at most)
    events      one row per person, wave and kind of event; None where the study asks about none
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
    >>> table = test_family(scores, family, {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 500, "seed": 1,
    ...                                      "imputation": {"m": 0, "most": 0}})
    >>> table.loc[table["decides"], ["analysis", "verdict"]].to_dict("records")
    [{'analysis': 'cross_sectional', 'verdict': 'inconclusive'}]
    """
    if any("set_aside" in hypothesis for hypothesis in family["hypotheses"]):
        return declined(family)
    try:
        panel = person_waves(scores)
    except ValueError as fault:  # told for each hypothesis; other families do not read other scores, and say the same
        return declined(family, str(fault))
    rated = rated_events(scores, events)
    completed = complete(panel, family, settings)
    slope = bool(family.get("random_slope", False))
    rows: list[Estimate] = []
    for hypothesis in family["hypotheses"]:
        ask = partial(put, hypothesis, panel, rated, settings, slope, completed.get(hypothesis["id"]))
        found = _answered(hypothesis, ask)
        rows += [_while_order_is_open(replace(row, **identity(hypothesis, family)), hypothesis) for row in found]
    return estimates_frame(decide(rows, family["correction"], settings["alpha"]))


def declined(family: Mapping[str, Any], reason: str = "") -> pd.DataFrame:
    """The rows of a family that is not put to the data: each hypothesis is not testable, with the reason.

    family   as for `test_family`, or what could be read of a file at fault (`rejsens.hypothesis_checks.SetAside.readable`)
    reason   for hypotheses that state none of their own under `set_aside`

    >>> hypothesis = {"id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "covariates": [],
    ...               "sesoi": 0.10, "claim_type": "difference", "set_aside": "its file is at fault"}
    >>> declined({"family": "demo", "confirmatory": True, "correction": "holm", "hypotheses": [hypothesis]})["reason"].tolist()
    ['its file is at fault']
    """
    rows = [
        replace(refused(h, h.get("set_aside") or reason), decides=True, **identity(h, family))
        for h in family["hypotheses"]
    ]
    return estimates_frame(decide(rows, family["correction"]))


test_family.__test__ = False  # type: ignore[attr-defined]  # pytest would collect the name otherwise, and asks for this


def identity(hypothesis: Hypothesis, family: Mapping[str, Any]) -> dict[str, Any]:
    """What every row of a hypothesis says of it."""
    return {
        "hypothesis": hypothesis["id"], "family": family["family"], "label": hypothesis["label"],
        "direction": hypothesis.get("direction") or "", "claim_type": hypothesis["claim_type"],
        "sesoi": float(hypothesis["sesoi"]), "confirmatory": confirms(hypothesis, family),
    }  # fmt: skip


def _while_order_is_open(row: Estimate, hypothesis: Hypothesis) -> Estimate:
    """An indirect association confirms nothing in fewer than three waves, whatever its family declares."""
    is_open = hypothesis.get("model") == "mediation" and row.analysis != LAGGED_MEDIATION
    return replace(row, confirmatory=False) if is_open else row


def confirms(hypothesis: Hypothesis, family: Mapping[str, Any]) -> bool:
    return bool(family["confirmatory"]) and not hypothesis.get("exploratory", False)


def _answered(hypothesis: Hypothesis, ask: Callable[[], Question]) -> list[Estimate]:
    """All rows of one hypothesis; one that cannot run says why, and the others still run."""
    try:
        return rows_of(ask())
    except NotTestable as refusal:
        return [replace(refused(hypothesis, str(refusal)), decides=True)]


def family_of(path: str, aside: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A family file as parsed; of one that is set aside what could be read, and what is told of it is printed."""
    if aside is None:
        return read_yaml(path, "hypotheses")
    print(*aside["told"], sep="\n")
    readable: Mapping[str, Any] = aside["readable"]
    return readable


def columns_read(family: Mapping[str, Any]) -> list[str]:
    """The columns of the scores that a family is put to: what its hypotheses name and its auxiliary variables, and beside
    each whether it applies. A study has hundreds of others; those of events stand in a table of their own.

    >>> hypothesis = {"id": "H1", "outcome": "y", "predictor": "x", "covariates": [{"name": "age"}]}
    >>> columns_read({"hypotheses": [hypothesis], "auxiliary": ["b"]})[:4]
    ['y', 'x', 'age', 'b']
    """
    if any("set_aside" in hypothesis for hypothesis in family["hypotheses"]):
        return []
    named = [name for h in family["hypotheses"] for names in variables(h).values() for name in names]
    columns = list(dict.fromkeys([*named, *family.get("auxiliary", ())]))
    return [*columns, *(name + DOES_NOT_APPLY for name in columns)]


def rated_events(scores: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame:
    """Rated events of the panel, each with the scores and background of its person's wave."""
    if events is None or events.empty:
        return pd.DataFrame(columns=["participant", "wave", "wave_number", "role", "event"])
    beside = [name for name in scores if name not in events and "__" not in name]
    return with_scores(events, scores, beside)


def planned_families(paths: Sequence[str], set_aside: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Family files as parsed, in order; of those that are set aside what could be read."""
    return [set_aside[path]["readable"] if path in set_aside else read_yaml(path, "hypotheses") for path in paths]


def hypotheses_frame(families: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What the family files declare, one row per hypothesis, for the report's list of hypotheses.

    returns   columns hypothesis, family, label, claim ("quotation" [document]), claim_ids (joined by "; "), estimand,
              predictor, outcome, direction, sesoi, claim_type, correction, confirmatory
    """
    rows = [
        (
            h["id"], family["family"], h["label"], f"“{h['claim']['quotation']}” [{h['claim']['document']}]",
            "; ".join(h["claim_ids"]), h["estimand"], "; ".join(predictors(h)), "; ".join(outcomes(h)),
            h.get("direction") or "", float(h["sesoi"]), h["claim_type"], _correction(h, family), confirms(h, family),
        )
        for family in families
        for h in family["hypotheses"]
    ]  # fmt: skip
    dtypes = dict.fromkeys(HYPOTHESIS_COLUMNS, "str") | {"sesoi": "float64", "confirmatory": "bool"}
    return pd.DataFrame(rows, columns=list(HYPOTHESIS_COLUMNS)).astype(dtypes)


def _correction(hypothesis: Hypothesis, family: Mapping[str, Any]) -> str:
    """The family's, but none for an exploratory hypothesis beside confirmatory ones."""
    beside = any(confirms(other, family) for other in family["hypotheses"])
    return "none" if beside and not confirms(hypothesis, family) else family["correction"]
