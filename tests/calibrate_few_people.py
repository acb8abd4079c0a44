"""How often clustered errors reject a true null among few people who vary unequally. Nothing here is a test.

python -m tests.calibrate_few_people 25 60     people of each study; 1,500 studies each (a minute or two)
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.mixed_blocks import blocks_of
from rejsens.inference.mixedlm_adapter import fit_mixed_model

STUDIES, SEED = 1500, 20260511


def rejects(people: int, rng: np.random.Generator) -> tuple[bool, bool] | None:
    """Whether the mixed model's own error, and the clustered one, find a slope of x that is nil on average.

    Two to six person-waves each; people's slopes differ (SD .5), and so does how far x moves in them (log SD .5).
    """
    waves = rng.integers(2, 7, size=people)
    person = np.repeat(np.arange(people), waves)
    moves = np.exp(rng.normal(0, 0.5, people))[person]
    columns = pd.DataFrame({"x": rng.normal(size=len(person)) * moves, "z": rng.normal(size=len(person))})
    columns -= columns.groupby(person).transform("mean").to_numpy()
    slopes = 0.5 * rng.normal(size=people)
    y = rng.normal(size=people)[person] + slopes[person] * columns["x"].to_numpy() + rng.normal(size=len(person))
    fit = fit_mixed_model(y, columns, person)
    if fit.problem:
        return None
    blocks = blocks_of(fit, y, columns, person)
    place = blocks.names.index("x")
    estimate, se = abs(blocks.coefficients[place]), np.sqrt(blocks.clustered()[place, place])
    by_model = 2 * stats.t.sf(estimate / fit.se["x"], fit.df["x"])
    return by_model < 0.05, 2 * stats.t.sf(estimate / se, blocks.clustered_df) < 0.05


def main() -> None:
    for people in map(int, sys.argv[1:] or ["25", "60"]):
        rng = np.random.default_rng([SEED, people])
        found = [one for one in (rejects(people, rng) for _ in range(STUDIES)) if one is not None]
        model, clustered = 100 * np.mean(found, axis=0)
        print(
            f"{people} people: the model rejects {model:.1f} %, clustered errors {clustered:.1f} % ({len(found)} studies)"
        )


if __name__ == "__main__":
    main()
