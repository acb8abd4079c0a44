"""A small multiverse of two hypotheses in the shape that its job writes; nothing here is a result."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from rejsens.inference.multiverse_summary import effects_of_choices, summarise_multiverse
from rejsens.multiverse_file import CHOICES
from rejsens.tabular import COLUMNS

OPTIONS = {
    "exclusions": ("as declared", "failed attention items kept"),
    "scoring": ("at least 80 % of the items", "every item answered", "any item answered"),
    "covariates": ("as declared", "none", "with depressive symptoms (PHQ-8)"),
    "outliers": ("kept", "beyond 3 SD left out"),
    "model": ("as declared", "person fixed effects"),
}
MOVES = {
    "failed attention items kept": -0.03,
    "none": 0.05,
    "with depressive symptoms (PHQ-8)": -0.06,
    "every item answered": 0.01,
}


def multiverse() -> dict[str, pd.DataFrame]:
    """The three tables; one specification of H1 gave no estimate."""
    rows = []
    for name, start, sign in (("H1", -0.128, "negative"), ("H3", 0.062, "positive")):
        for number, chosen in enumerate(itertools.product(*OPTIONS.values()), start=1):
            rows.append(_row(name, start, sign, number, dict(zip(OPTIONS, chosen, strict=True))))
    rows[5] |= {
        "estimate": np.nan,
        "verdict": "not testable",
        "status": "not testable",
        "reason": "9 complete cases",
        "n_people": 0,
    }
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS["multiverse"]))
    return {
        "multiverse": table,
        "multiverse_summary": summarise_multiverse(table),
        "multiverse_choices": effects_of_choices(table),
    }


def _row(name: str, start: float, direction: str, number: int, chosen: dict[str, str]) -> dict[str, object]:
    estimate, se = start + sum(MOVES.get(option, 0.0) for option in chosen.values()) + 0.001 * (number % 7), 0.022
    mixed = chosen["model"] == "as declared"
    clear = abs(estimate) > 1.966 * se
    right = (estimate < 0) == (direction == "negative")
    text = dict.fromkeys((c for c, kind in COLUMNS["multiverse"].items() if kind.startswith("str")), "")
    return text | dict.fromkeys(CHOICES, "as declared") | chosen | {
        "hypothesis": name, "family": "primary", "label": "Reported exposure and self-esteem" if name == "H1" else "Reported exposure and self-blame",
        "specification": number, "declared": number == 1, "apart": "PHQ-8" in chosen["covariates"],
        "kind": "mixed" if mixed else "regression", "possible": 48 if mixed else 24, "analysis": "within_between",
        "metric": "beta_within", "estimate": estimate, "se": se, "ci_level": 0.95, "ci_low": estimate - 1.966 * se,
        "ci_high": estimate + 1.966 * se, "ci90_low": estimate - 1.645 * se, "ci90_high": estimate + 1.645 * se, "df": 1500.0,
        "p": 0.001 if clear else 0.2, "sesoi": 0.10, "direction": direction, "claim_type": "difference", "n_people": 486,
        "n_obs": 2400, "n_lost": 115, "missing_rule": "complete cases, provisional", "m": np.nan, "method": "made up", "status": "ok",
        "verdict": ("supported" if right else "opposite") if clear else "inconclusive", "reason": "made up",
    }  # fmt: skip
