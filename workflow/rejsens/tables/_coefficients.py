"""What the tables of regressions, mixed models and mediation share: rows of estimates by hypothesis, in the manner of APA."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.result_names import interval, label_of, metric_of, spelled, statistic_of, written
from rejsens.tables._cells import marked, marks, sentence, text_of

Row = Mapping[str, Any]
COLUMNS = ("Coefficient", "Measure", "Estimate", "CI", "SE", "Test", "p")
COMPLETE = "sensitivity to the imputation"  # rows that repeat an imputed result with complete cases
REPEATED = "What repeats an imputed result with complete cases is in the table of every coefficient."


def lay_out(
    title: str,
    rows: pd.DataFrame,
    names: Mapping[str, str],
    stub: Callable[[Row], str],
    general: Iterable[str],
    outcomes: bool = True,
) -> PrintedTable:
    """One section per model, headed by hypothesis, outcome, wave and people; one row per coefficient.

    rows      of the estimates table, in the order of print; a mark says why one has no number
    names     score -> label as it stands inside a sentence
    stub      what the first column calls a row
    outcomes  whether every outcome is a model of its own
    """
    said = rows.to_dict("records")
    letters = marks([_absent(row, names) for row in said])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in said:
        groups.setdefault(_heading(row, names, outcomes), []).append(_cells(row, stub(row), names, letters))
    levels = sorted({apa.level(x) for x in rows["ci_level"] if not apa.is_missing(x)})
    return PrintedTable(
        title=title, columns=COLUMNS, **grouped(groups), alignment=("left", "left", *("right",) * 5),
        general=(*general, f"CI: {' or '.join(levels)} interval.", *_imputed(said)) if levels else (),
        specific=tuple((letter, sentence(text)) for text, letter in letters.items()),
    )  # fmt: skip


def _heading(row: Row, names: Mapping[str, str], outcomes: bool) -> str:
    about = [f"{row['hypothesis']} {row['label']}"]
    about += [f"outcome {label_of(str(row['outcome']).replace(' - ', ' less '), names)}"] if outcomes else []
    about += [f"wave {row['wave']}"] if text_of(row["wave"]) not in ("", "all") else []
    about += [f"n = {apa.count(row['n_people'])}"] if row["n_people"] else []
    about += [f"{apa.count(row['n_obs'])} rows"] if row["n_obs"] > row["n_people"] else []
    return "; ".join(about)


def _absent(row: Row, names: Mapping[str, str]) -> str:
    if not (apa.is_missing(row["estimate"]) and apa.is_missing(row["statistic"])):
        return ""
    return spelled(row["reason"], names) or spelled(row["status"], names)


def _cells(row: Row, stub: str, names: Mapping[str, str], letters: Mapping[str, str]) -> tuple[str, ...]:
    return (
        marked(stub, _absent(row, names), letters),
        metric_of(row).symbol.removesuffix(" persons"),
        written(row, "estimate"),
        interval(row),
        apa.number(row["se"], 3),
        statistic_of(row) or apa.MISSING,
        apa.p(row["p"], apa.draws_in(row["method"])),
    )


def _imputed(rows: Iterable[Row]) -> tuple[str, ...]:
    """How missing answers were taken, each way once; of drawn panels from how many to how many."""
    told = [row for row in rows if text_of(row["missing_rule"])]
    drawn = [row["m"] for row in told if not apa.is_missing(row["m"])]
    ways = dict.fromkeys(text_of(row["missing_rule"]).partition(",")[0] for row in told if apa.is_missing(row["m"]))
    said = list(ways)
    if drawn:
        most = f" to {apa.count(max(drawn))}" if max(drawn) > min(drawn) else ""
        said.append(f"multiple imputation, m = {apa.count(min(drawn))}{most}")
    return (f"Missing answers: {'; '.join(said)}.",) if said else ()
