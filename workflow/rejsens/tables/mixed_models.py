"""Mixed Models"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens.layout import PrintedTable
from rejsens.result_names import analysis_of, labels_of, term_of
from rejsens.tables import _coefficients

TABLES = ("estimates", "dictionary")
MIXED = "mixed model"
NOTES = (
    "Fitted by restricted maximum likelihood, degrees of freedom by Satterthwaite. β within and between persons: in pooled "
    "standard deviations of the deviations, and of the persons' own means.",
    "Every model holds the covariates that its hypothesis declares, each within and between persons; their own "
    "coefficients are not kept.",
)


def lay_out(*, estimates: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """The fixed coefficients of every mixed model, of people over waves and of events."""
    names = labels_of(dictionary)
    mixed = estimates["method"].fillna("").str.contains(MIXED)
    repeated = estimates["missing_rule"].fillna("").str.contains(_coefficients.COMPLETE)

    notes = (*NOTES, *((_coefficients.REPEATED,) if (mixed & repeated).any() else ()))
    return _coefficients.lay_out(
        __doc__, estimates[mixed & ~repeated], names, lambda row: term_of(row, names) or analysis_of(row).name, notes
    )
