"""Means, Standard Deviations and Correlations in the Latest Wave"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import cover_note, labels, latest, withheld

TABLES = ("correlations", "descriptives", "reliability", "dictionary", "waves")


def lay_out(
    *,
    correlations: pd.DataFrame,
    descriptives: pd.DataFrame,
    reliability: pd.DataFrame,
    dictionary: pd.DataFrame,
    waves: pd.DataFrame,
    study: Mapping[str, Any],
) -> PrintedTable:
    """Lower triangle of the scores in `study["score_order"]`, alpha on the diagonal."""
    wave = latest(descriptives, waves)
    now = {
        name: frame[frame["wave"] == wave]
        for name, frame in (("r", correlations), ("d", descriptives), ("a", reliability))
    }
    described = now["d"].set_index("score")
    scores = [s for s in (study["score_order"] or list(dictionary["score"])) if s in described.index]
    cells = _cells(now["r"])
    alphas = now["a"][now["a"]["coefficient"] == "alpha"].set_index("score")["estimate"].to_dict()
    rows = tuple(
        _row(k, s, scores, cells, described.loc[s], alphas, labels(dictionary)) for k, s in enumerate(scores, start=1)
    )
    columns = ("Score", "M", "SD", *(str(k) for k in range(1, len(scores) + 1)))
    covered = any(withheld(n, study) for n in [*described["n"], *now["r"]["n"]])
    return PrintedTable(
        title=__doc__, columns=columns, rows=rows, general=(*_note(wave, now["r"], scores), *cover_note(study, covered))
    )


def _cells(correlations: pd.DataFrame) -> dict[frozenset[str], str]:
    return {frozenset((row["x"], row["y"])): apa.r(row["r"]) for _, row in correlations.iterrows()}


def _row(
    k: int,
    score: str,
    scores: Sequence[str],
    cells: Mapping[frozenset[str], str],
    described: pd.Series,
    alphas: Mapping[str, float],
    names: Mapping[str, str],
) -> tuple[str, ...]:
    moments = [apa.number(described[c]) for c in ("mean", "sd")]
    below = [cells.get(frozenset((score, other)), apa.MISSING) for other in scores[: k - 1]]
    alpha = alphas.get(score)
    diagonal = apa.MISSING if apa.is_missing(alpha) else f"({apa.r(alpha)})"
    return (f"{k}. {names.get(score, score)}", *moments, *below, diagonal, *("",) * (len(scores) - k))


def _note(wave: str, correlations: pd.DataFrame, scores: Sequence[str]) -> list[str]:
    used = correlations[correlations["x"].isin(scores) & correlations["y"].isin(scores)]
    notes = [f"Wave {wave}."] if wave else []
    if len(used):
        low, high = apa.count(used["n"].min()), apa.count(used["n"].max())
        notes.append(f"Pairs have n = {low}." if low == high else f"Pairs have n = {low} to {high}.")
    notes.append(
        "Coefficient alpha stands in brackets on the diagonal; a dash marks a score to which it does not apply."
    )
    notes.append("Intervals and exact p values of every pair are in the table of correlations.")
    return notes
