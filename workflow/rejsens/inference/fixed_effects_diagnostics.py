"""Assumptions of the coefficient with person fixed effects: who moves it, and what a mixed model makes of the same data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejsens.inference.mixed_blocks import Blocks
from rejsens.inference.mixed_diagnostics import (
    Check,
    MixedModel,
    fixed_effects_instead,
    influence_check,
    remedied,
    shape,
    tried,
)
from rejsens.inference.person_effects import Deviations


def fixed_effects_checks(model: MixedModel, left_out: int = 10) -> list[Check]:
    """Checks of the coefficient with person fixed effects; clustered errors need no check of the variances.

    model      the mixed model with the same columns
    returns    person effects  skewness and excess kurtosis of the people's levels | the mixed model, which takes them as
                               normal and unrelated to the rest
               dfbetas         largest change by one person, in clustered standard errors | without those who move it most

    >>> rng = np.random.default_rng(1)
    >>> person, x = np.repeat(np.arange(60), 3), rng.normal(size=180)
    >>> model = MixedModel(x + rng.normal(size=180), pd.DataFrame({"x": x}), person, "x", np.tile([1.0, 2, 3], 60))
    >>> [check["check"] for check in fixed_effects_checks(model)]
    ['person effects', 'person effects', 'dfbetas']
    """
    levels = pd.Series(model.y).groupby(model.person).mean().to_numpy()

    def mixed() -> dict[str, object]:
        numbers, said = model.refit()
        return {"instead": f"mixed model{said}", "numbers": numbers, "n_instead": len(np.unique(model.person))}

    checks = shape("person effects", "levels", levels, remedied(mixed))
    return [*checks, *tried(lambda: _influence(model, left_out), "dfbetas")]


def _influence(model: MixedModel, left_out: int) -> list[Check]:
    def fewer(kept: np.ndarray, words: str) -> dict[str, object]:
        return fixed_effects_instead(model.kept(kept)) | {"instead": words}

    return influence_check(model.person, *influence_of_people(model), left_out, fewer)


def influence_of_people(model: MixedModel) -> tuple[np.ndarray, np.ndarray]:
    """Labels of people with two rows or more, and their DFBETAS: exact, as no variance is estimated."""
    data = Deviations(model.y, model.columns, model.person)
    names, rows = data.independent, data.repeated
    y, person = model.y[rows], model.person[rows]
    none = np.zeros((len(rows), 1))
    blocks = Blocks(y, model.columns.iloc[rows][names], person, none, np.zeros((1, 1)), 1.0, within=True)
    place = names.index(model.focal)
    return blocks.labels, blocks.without_each[:, place] / model.with_person_effects().se
