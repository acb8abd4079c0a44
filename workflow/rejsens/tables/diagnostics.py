"""Assumptions of the Tested Hypotheses, and Whether the Results Rest on Them"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.result_names import ANALYSES, metric_of
from rejsens.tables._cells import joined, sentence

TABLES = ("diagnostics", "hypotheses")
NAMES = {
    "residuals": "normal residuals",
    "equal variances": "equal variances",
    "person effects": "normal differences between people",
    "dfbetas": "single people",
    "cook distance": "single people, all coefficients",
    "collinearity": "collinearity",
    "linearity": "straight line",
    "covariate products": "same at all values of the covariates",
    "random slope": "one slope for everybody",
    "autocorrelation": "waves unrelated once people are",
    "model fit": "fit of the model",
    "equal paths": "equal paths over the waves",
    "normal answers": "normal answers",
}
CHANGED, INSIDE, SAME, CLEAR = (
    "The interval would speak otherwise once a check beyond its guide is taken into account",
    "The interval would speak otherwise, but only by a check that is inside its guide",
    "A check is beyond its guide, and the interval speaks alike",
    "Every check is inside its guide, and the interval speaks alike",
)
COLUMNS = (
    "Hypothesis", "Analysis", "Measure", "Checks", "Beyond their guide", "Estimate", "CI", "Lowest to highest",
    "What would speak otherwise",
)  # fmt: skip


def lay_out(*, diagnostics: pd.DataFrame, hypotheses: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One line per hypothesis: the checks beyond their guide, and what the estimate becomes with all of them."""
    labels = hypotheses.set_index("hypothesis")["label"].to_dict()
    groups: dict[str, list[tuple[str, ...]]] = {heading: [] for heading in (CHANGED, INSIDE, SAME, CLEAR)}
    for name, own in diagnostics.groupby("hypothesis", sort=False):
        groups[_heading(own)].append((f"{name} {labels.get(name, '')}".rstrip(), *_row(own)))
    found = grouped(groups)
    notes = _notes(diagnostics) if found["rows"] else ("No hypothesis of this study has an analysis with such checks.",)
    alignment: tuple[Alignment, ...] = (*("left",) * 3, "right", "left", *("right",) * 3, "left")
    return PrintedTable(title=__doc__, columns=COLUMNS, **found, alignment=alignment, general=notes)


def _heading(own: pd.DataFrame) -> str:
    flagged, changes = own["flagged"].astype(bool), own["changes"] == "yes"
    if (flagged & changes).any():
        return CHANGED
    if changes.any():
        return INSIDE
    return SAME if flagged.any() else CLEAR


def _row(own: pd.DataFrame) -> tuple[str, ...]:
    first = own.iloc[0]
    metric = metric_of(first)
    write = apa.r if metric.bounded else apa.number
    remedied = own["estimate_instead"].dropna()
    reached = [first["estimate"], *remedied]
    spread = [write(end, metric.decimals) for end in (min(reached), max(reached))] if len(remedied) else []
    flagged = own.loc[own["flagged"].astype(bool), "check"]
    changed = own.loc[own["changes"] == "yes", "instead"]
    return (
        ANALYSES[first["analysis"]].name,
        metric.symbol.removesuffix(" persons"),
        apa.count(own["check"].nunique()),
        joined(dict.fromkeys(NAMES.get(check, check) for check in flagged)) or "none",
        write(first["estimate"], metric.decimals),
        apa.interval(first["ci_low"], first["ci_high"], metric.decimals, metric.bounded),
        " to ".join(spread) or apa.MISSING,
        joined(dict.fromkeys(changed)) or "nothing",
    )


def _notes(diagnostics: pd.DataFrame) -> tuple[str, ...]:
    levels = " or ".join(sorted({apa.level(x) for x in diagnostics["ci_level"]}))
    failed = diagnostics[diagnostics["status"] != "ok"]
    without = f"{apa.count(len(failed))} checks, or what would be done about them, gave no number, and say why there."
    return (
        f"CI: {levels} interval. Estimates are those of complete cases, on which the checks are made, so that one made "
        "with imputation differs a little from the one that decides.",
        "Lowest to highest: of the estimate and of what it becomes when each check is taken into account, one at a time.",
        "An interval speaks otherwise when it changes between lying above 0, below 0, around 0, and (90%) inside the "
        "smallest effect of interest (SESOI); the p value is not corrected again.",
        "A guide is a custom, not a limit: with many people a test of an assumption finds departures that change nothing.",
        "Single people: at least ten are left out together, and nobody is told apart.",
        sentence("every value, its guide and what was done is in diagnostics.csv"),
        *((without,) if len(failed) else ()),
    )
