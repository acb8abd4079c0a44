"""The sheet on which an expert rates each item, and the same sheet filled by a program, as an example."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from rejsens.catalogue import construct_names
from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, Refused
from rejsens.questionnaire.contents import Contents
from rejsens.spreadsheet import Sheet, write_csv, write_xlsx
from rejsens.whole_files import write_all_whole

COLUMNS = (
    "rater",
    "item",
    "scale",
    "wording",
    "reversed",
    "construct",
    "definition",
    "relevance",
    "clarity",
    "comment",
)
RELEVANCE = {1: "not relevant", 2: "somewhat relevant", 3: "quite relevant", 4: "highly relevant"}
CLARITY = {1: "not clear", 2: "needs major changes", 3: "needs minor changes", 4: "clear"}
SIMULATED = "simulated rater"  # begins the name of every rater that is none
WIDTHS = {"wording": 42, "definition": 60, "construct": 24, "comment": 40, "scale": 24}
MADE = date(2026, 1, 1)  # what the workbook states as its day; a clock would change its bytes


def review_sheet(found: Contents) -> pd.DataFrame:
    """One row for each item that measures something; `rater`, ratings and comment are empty.

    returns   rater, item, scale, wording, reversed ("yes" or ""), construct (id and name), definition (what belongs to the
              scale and what does not), relevance, clarity, comment
    raises    Refused: no item that measures something
    """
    names = construct_names()
    rows = []
    for instrument, item in found.items():
        scale = found.scale_of(instrument, item.id)
        measured = _measured(instrument, item)
        if not measured or not scale.reviewed:
            continue
        constructs = "; ".join(f"{c} {names.get(c, '')}".strip() for c in measured)
        definition = f"Belongs to it: {scale.inside}. Does not: {scale.outside}."
        turned = "yes" if item.reverse else ""
        rows.append(("", item.id, scale.name, item.wording, turned, constructs, definition, "", "", ""))
    if not rows:
        said = "no item with wording stands for a construct"
        fix = "state under `measures:` of the instrument, of a score or of the items what they are for"
        raise Refused(Problem(found.id, "Nothing to rate", said, "", fix), "The review sheet")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measured(instrument: Instrument, item: Item) -> list[str]:
    """Construct ids of an item: its own, else those of the scores that use it, else its instrument's; each once."""
    if item.instructed is not None:
        return []  # it watches over the data's quality
    scores = [score for score in instrument.scores if item in instrument.items_of(score)]
    scored = [construct for score in scores for construct in score.measures]
    return list(dict.fromkeys(item.measures or scored or instrument.measures))


def how_to_rate() -> pd.DataFrame:
    """What an expert reads before rating."""
    lines = [
        ("rater", "your name or initials, the same in every row; one sheet for each rater"),
        ("relevance", "how well the item stands for its definition: " + _scale(RELEVANCE)),
        ("clarity", "how well it is understood: " + _scale(CLARITY)),
        (
            "reversed",
            "yes: the item states the opposite of its scale's name, and is just as relevant if it does so well",
        ),
        ("comment", "what you would change, and what you miss in the scale"),
        ("blank", "leave a rating empty if you cannot judge an item"),
    ]
    return pd.DataFrame(lines, columns=["column", "meaning"])


def _scale(words: dict[int, str]) -> str:
    return ", ".join(f"{code} {word}" for code, word in words.items())


def write_review(found: Contents, folder: Path) -> list[Path]:
    """The sheet as CSV and as a workbook with the instructions on a page of their own.

    raises   Refused: as `review_sheet`
    """
    sheet = review_sheet(found)
    csv, workbook = folder / "review.csv", folder / "review.xlsx"
    pages = [
        Sheet("Items", sheet, WIDTHS, ("wording", "definition", "comment", "construct")),
        Sheet("How to rate", how_to_rate(), {"meaning": 90}, ("meaning",)),
    ]
    with tempfile.TemporaryDirectory() as beside:
        made = {path: Path(beside) / path.name for path in (csv, workbook)}
        write_csv(sheet, made[csv])
        write_xlsx(pages, made[workbook], MADE, f"{found.title}: review of content")
        write_all_whole({path: staged.read_bytes() for path, staged in made.items()})
    return [csv, workbook]


def simulated_reviews(found: Contents, raters: int = 8, seed: int = 20260105) -> Iterator[tuple[str, pd.DataFrame]]:
    """Sheets that a program filled: nobody judged anything. For trying out what follows.

    Each item has its own share of raters who find it relevant, nearly all for most items; one item in 25 is left blank.
    """
    sheet = review_sheet(found)
    rng = np.random.default_rng(seed)
    share = rng.beta(18, 1.2, size=len(sheet))
    for number in range(1, raters + 1):
        relevance = np.where(
            rng.random(len(sheet)) < share, rng.integers(3, 5, len(sheet)), rng.integers(1, 3, len(sheet))
        )
        clarity = rng.choice([2, 3, 4], p=[0.05, 0.25, 0.7], size=len(sheet))
        blank = rng.random(len(sheet)) < 0.04
        ratings = {
            "relevance": ["" if b else str(r) for b, r in zip(blank, relevance, strict=True)],
            "clarity": ["" if b else str(c) for b, c in zip(blank, clarity, strict=True)],
        }
        yield f"{SIMULATED} {number}", sheet.assign(rater=f"{SIMULATED} {number}", **ratings)


def write_simulated(found: Contents, folder: Path) -> list[Path]:
    """Filled sheets of eight simulated raters, named so."""
    paths = []
    for name, sheet in simulated_reviews(found):
        paths.append(folder / f"{name.replace(' ', '-')}.csv")
        write_csv(sheet, paths[-1])
    return paths
