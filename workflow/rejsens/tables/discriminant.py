"""Discriminant Validity"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import cover_note, labels, marked, marks, sentence, status_of, text_of, withheld

TABLES = ("discriminant", "dictionary")
GUIDE = 0.85
STATUSES = ("status", "corrected_status", "ave_status")


def lay_out(*, discriminant: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Declared pairs first, then the pairs within each instrument: the ratio with its interval, and what stands beside it."""
    names, titles = labels(dictionary), dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    letters = marks([_why(text) for _, row in discriminant.iterrows() for text in row[list(STATUSES)]])
    guides = list(dict.fromkeys(discriminant["below"]))
    covered = any(withheld(n, study) for n in discriminant["n"])
    declared = discriminant["pair"].map(text_of).ne("")
    groups: dict[str, list[tuple[str, ...]]] = {}
    for is_declared, frame in ((True, discriminant[declared]), (False, discriminant[~declared])):
        for row in frame.to_dict("records"):
            name = f"Declared pairs ({row['set'].upper()})" if is_declared else titles.get(row["set"], row["set"])
            groups.setdefault(name, []).append(_row(row, names, letters, several=len(guides) > 1))
    waves = list(dict.fromkeys(filter(None, map(text_of, discriminant["wave"]))))
    return PrintedTable(
        title=__doc__,
        columns=("Scale", "With", "n", "HTMT", "Interval lies", "HTMT2", "r", "Corrected r", "AVE", "Shared"),
        **grouped(groups),
        alignment=("left", "left", "right", "right", "left", *("right",) * 5),
        general=(
            f"Brackets hold {apa.level(study['ci_level'])} intervals from resampling people. People who answered every item of "
            f"both scales, in the first wave that asked both ({', '.join(waves) or 'none'}).",
            "HTMT: heterotrait-monotrait ratio of the items' correlations, an estimate of how the two constructs correlate "
            f"without error; its interval is held against {_listed(guides)}, which is a guide. HTMT2: the same with geometric "
            "means. Corrected r: correlation of the scores divided by the root of the product of their alphas.",
            "AVE: average variance extracted by each of the two factors, of which both should exceed what the factors share "
            "(Fornell and Larcker). Both ratios take correlations without their sign.",
            *cover_note(study, covered),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )  # fmt: skip


def _why(status: Any) -> str:
    """What a reader should know of a number; that signs are left out holds of every row and stands in the notes."""
    return re.sub(r"(^|; )\d+ negative correlations? taken without sign", "", status_of(status)).removeprefix("; ")


def _listed(guides: list[float]) -> str:
    return " or ".join(apa.r(guide) for guide in guides) or apa.r(GUIDE)


def _row(
    row: Mapping[str, Any], names: Mapping[str, str], letters: Mapping[str, str], several: bool
) -> tuple[str, ...]:
    ratio, corrected, extracted = (_why(row[name]) for name in STATUSES)
    ave = f"{apa.r(row['ave_x'])}, {apa.r(row['ave_y'])}" if not apa.is_missing(row["ave_x"]) else apa.MISSING
    outcome = text_of(row["outcome"])
    held = {"below": "below", "above": "above", "uncertain": "on both sides"}.get(outcome, apa.MISSING)
    return (
        names.get(row["x"], row["x"]),
        names.get(row["y"], row["y"]),
        apa.count(row["n"]) if row["n"] else apa.MISSING,
        marked(apa.coefficient(row["htmt"], row["htmt_ci_low"], row["htmt_ci_high"]), ratio, letters),
        f"{held} ({apa.r(row['below'])})" if several and outcome else held,
        apa.number(row["htmt2"]),
        apa.r(row["r"]),
        marked(
            apa.coefficient(row["corrected"], row["corrected_ci_low"], row["corrected_ci_high"]), corrected, letters
        ),
        marked(ave, extracted, letters),
        apa.r(row["shared"]),
    )
