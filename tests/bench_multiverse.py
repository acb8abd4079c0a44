"""`make bench`: specifications of one hypothesis over simulated people, the three kinds timed apart. Nothing here is a test.

500 complete-case regressions of one wave (600 people), as many with person fixed effects over six waves, and a declared
subset of mixed and of imputed ones; each on one core, in processor seconds.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import time

import numpy as np
import pandas as pd

from rejsens.inference.multiverse import run_multiverse

PEOPLE = 600
COVARIATES = ["age", "status", "overt"]
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 200, "seed": 1, "imputation": {"m": 20, "most": 20}}


class Simulated:
    """One panel, whatever is asked of it."""

    def __init__(self, waves: int):
        rng, size = np.random.default_rng(1), PEOPLE * waves
        person = np.repeat(np.arange(PEOPLE), waves)
        overt = rng.normal(size=size)
        x = 0.5 * rng.normal(size=PEOPLE)[person] + 0.3 * overt + rng.normal(size=size)
        y = (
            0.5 * rng.normal(size=PEOPLE)[person]
            + (0.2 + 0.2 * rng.normal(size=PEOPLE)[person]) * x
            + rng.normal(size=size)
        )
        self.frame = pd.DataFrame(
            {"participant": person, "wave": np.tile([f"w{k}" for k in range(waves)], PEOPLE), "role": "wave",
             "wave_number": np.tile(np.arange(1, waves + 1), PEOPLE), "x": x, "y": y, "overt": overt,
             "age": rng.normal(size=PEOPLE)[person], "status": rng.integers(1, 4, size=size).astype(float)}
        )  # fmt: skip
        self.frame[["x", "y", "overt"]] = self.frame[["x", "y", "overt"]].mask(rng.random((size, 3)) < 0.05)

    def scores(self, exclusions, scoring, removed):
        return self.frame


def multiverse(**most: int) -> dict:
    """8 sets of covariates, 63 outlier rules; three models and two missing-data rules where there are waves."""
    subsets = [[n for place, n in enumerate(COVARIATES) if code >> place & 1] for code in range(1, 8)]
    bounds = [{"label": f"winsorised at {2 + k / 20:.2f} SD", "winsorise": 2 + k / 20} for k in range(62)]
    choices = {
        "covariates": [{"label": "declared"}, *({"label": f"without {', '.join(s)}", "without": s} for s in subsets)],
        "outliers": [{"label": "kept"}, *bounds],
        "missing": [{"label": "imputed"}, {"label": "complete cases", "complete_cases": True}],
        "model": [{"label": "random slope"}, {"label": "random intercept", "random_slope": False},
                  {"label": "person fixed effects", "person_fixed_effects": True}],
    }  # fmt: skip
    return {
        "hypotheses": ["H1"],
        "most": {"regression": 1, "mixed": 1, "imputed": 1, "apart": 1} | most,
        "choices": choices,
    }


def seconds(waves: int, **most: int) -> float:
    """Processor seconds of one multiverse."""
    covariates = [
        {"name": n, "type": "category" if n == "status" else "number", "varies": n != "age"} for n in COVARIATES
    ]
    hypothesis = {"id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "covariates": covariates,
                  "direction": "positive", "sesoi": 0.1, "claim_type": "difference"}  # fmt: skip
    family = {
        "family": "bench",
        "confirmatory": True,
        "correction": "holm",
        "random_slope": True,
        "hypotheses": [hypothesis],
    }
    source, plan = Simulated(waves), multiverse(**most)
    began = time.process_time()
    run_multiverse(source, plan, family, SETTINGS, {})
    return time.process_time() - began


if __name__ == "__main__":
    print(
        f"500 complete-case regressions, one wave, 600 people             {seconds(1, regression=500):6.1f} s of one core"
    )
    one_of_each = seconds(6)  # what is needed whatever else is run; taken off the times below
    for words, kind, count in (
        ("500 with person fixed effects, six waves, 600 people            ", "regression", 500),
        ("20 complete-case mixed models, six waves, 600 people            ", "mixed", 20),
        ("3 imputed mixed models (20 draws each), six waves, 600 people   ", "imputed", 3),
    ):
        print(f"{words}{seconds(6, **{kind: count}) - one_of_each:6.1f} s of one core", flush=True)
