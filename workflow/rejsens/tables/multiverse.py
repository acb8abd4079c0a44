"""Every Declared Way of Analysis, Summarised"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.multiverse_words import KIND_WORDS, drawn_unequally
from rejsens.tables._cells import marked, marks, sentence, text_of

TABLES = ("multiverse_summary", "multiverse_choices")
PARTS = {kind: f"{words[:1].upper()}{words[1:]}" for kind, words in KIND_WORDS.items()} | {
    "all": "All of these, as drawn",
    "with possible mediators": "Apart: possible mediators as covariates",
}  # in the order of print: kinds before what puts them together
CHOICES = {
    "exclusions": "who is analysed", "scoring": "scoring rule", "items": "items removed", "scores": "product or component",
    "covariates": "covariates", "missing": "missing answers", "outliers": "outliers", "model": "model",
}  # fmt: skip


def lay_out(
    *, multiverse_summary: pd.DataFrame, multiverse_choices: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """Shares of verdicts and the range of the estimates, first by kind of analysis; choices by how far they move the estimate."""
    letters = marks([text_of(t) for t in multiverse_summary["reason"]])
    rows = multiverse_summary.to_dict("records")
    groups: dict[str, list[tuple[str, ...]]] = {_heading(row): [] for row in rows}
    for row in sorted(rows, key=lambda row: list(PARTS).index(row["part"])):
        groups[_heading(row)].append(_row(row, letters, multiverse_choices))
    columns = (
        "Analyses", "Run", "Of", "Supported", "Opposite", "Equivalent", "Inconclusive", "Same sign", "Median", "Range",
        "Moves most (spread)",
    )  # fmt: skip
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    alignment: tuple[Alignment, ...] = ("left", *("right",) * 9, "left")
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=alignment,
        general=(*drawn_unequally(multiverse_summary), *GENERAL) if groups else (),
        specific=specific,
    )  # fmt: skip


GENERAL = (
    "Each analysis has its verdict by its own p value, with nothing adjusted; Same sign: of those with an estimate, as the "
    "declared analysis.",
    "Analyses share their people: shares describe the choices and are no test.",
    "Of: different combinations of the declared options. Where fewer were run, regressions were drawn at random, and of "
    "the other kinds those nearest to the declared analysis first.",
    "Spread: largest less smallest difference between the options of a choice, the other choices alike; possible "
    "mediators are left out of it.",
)


def _heading(row: Mapping[str, Any]) -> str:
    return f"{row['hypothesis']} {row['label']}"


def _row(row: Mapping[str, Any], letters: Mapping[str, str], choices: pd.DataFrame) -> tuple[str, ...]:
    counts = (f"n_{verdict}" for verdict in ("supported", "opposite", "equivalent", "inconclusive"))
    return (
        marked(PARTS.get(row["part"], row["part"]), text_of(row["reason"]), letters),
        apa.count(row["n"]),
        apa.count(row["possible"]),
        *(apa.count(row[name]) for name in counts),
        _share(row["share_same_sign"]),
        apa.number(row["median"]),
        apa.MISSING if apa.is_missing(row["low"]) else f"{apa.number(row['low'])} to {apa.number(row['high'])}",
        _moving(row["hypothesis"], choices) if row["part"] == "all" else apa.MISSING,
    )


def _share(share: Any) -> str:
    return apa.MISSING if apa.is_missing(share) else f"{apa.percent(100 * share, 0)}%"


def _moving(hypothesis: str, choices: pd.DataFrame) -> str:
    """The three choices that move the estimate most, each with its spread."""
    own = choices[(choices["hypothesis"] == hypothesis) & choices["spread"].notna()].drop_duplicates("choice")
    first = own.sort_values("spread", ascending=False, kind="stable").head(3)
    named = [f"{CHOICES.get(row.choice, row.choice)} {apa.number(row.spread, 3)}" for row in first.itertuples()]
    return "; ".join(named) or apa.MISSING
