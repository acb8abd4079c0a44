"""Regressions of One Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens.layout import PrintedTable
from rejsens.result_names import labels_of, term_of
from rejsens.tables import _coefficients
from rejsens.tables._cells import latest

TABLES = ("estimates", "dictionary", "waves")
ANALYSES = (
    "cross_sectional", "moderation", "outcome_contrast", "predictor_contrast", "incremental_variance",
    "negative_binomial", "proportional_odds",
)  # fmt: skip
PRODUCTS = "with covariate by predictor"  # as the method of such a row begins to say
NOTES = (
    "Of a regression that was run in several waves the newest is shown. β: in standard deviations of predictor and outcome; "
    "r: the partial correlation beside it.",
    "Every model holds the covariates that its hypothesis declares; their own coefficients are not kept.",
)


def lay_out(
    *, estimates: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """The coefficients of every regression of people, of each hypothesis in the newest wave that it was run in."""
    names = labels_of(dictionary)
    own = estimates[estimates["analysis"].isin(ANALYSES)]
    newest = own.groupby(["hypothesis", "analysis", "outcome"], sort=False)["wave"].transform(
        lambda run: latest(pd.DataFrame({"wave": run}), waves) or run.iloc[0]
    )

    def stub(row: Mapping[str, Any]) -> str:
        return term_of(row, names) + (", products with covariates held" if PRODUCTS in str(row["method"]) else "")

    return _coefficients.lay_out(__doc__, own[own["wave"] == newest], names, stub, NOTES)
