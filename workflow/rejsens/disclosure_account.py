"""What the disclosure guard withheld, for the report: by table and rule, how much of how much; never what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rejsens.disclosure import COUNTED
from rejsens.disclosure_columns import GUARDED

if TYPE_CHECKING:
    import pandas as pd

NAMES = {  # of tables whose file does not say in plain words what it holds
    "sample": "Characteristics of participants",
    "descriptives": "Descriptive statistics of scores",
    "responses": "Answers to each item",
    "items": "Item statistics",
    "missing": "Missing answers",
    "careless": "Signs of careless answers",
    "erosion": "Change from wave to wave",
    "item_response": "Item response models",
    "estimates": "Tests of the hypotheses",
}
# tables in which a row without people of its own says something else: that nothing was measured, or nothing was asked
NATURALLY_BLANK = ("invariance", "validation", "claims", "benchmarks", "diagnostics")
CLOSED_SETS = ("sample", "responses", "missing_patterns", "erosion")
# their ends, shapes and quartiles are blank by the guard alone
ALWAYS_DESCRIBED = ("descriptives", "items", "codebook")
BESIDE_FEW = "not reported: an answer beside it"  # how `explore_instrument` says that it hides a threshold
WORDS = {
    "ends": "shares at an end of a scale",
    "extremes": "lowest and highest values",
    "orders": "medians and quartiles",
    "shapes": "skew and kurtosis",
}


def account(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, str, int, int]]:
    """What is blank in the finished tables: (table, what, how many are blank, of how many).

    >>> import pandas as pd
    >>> r = pd.DataFrame({"wave": "w1", "x": "a", "y": ["b", "c"], "n": [None, 40], "r": [None, .5]})
    >>> account({"correlations": r})
    [('Correlations (correlations.csv)', 'rows that rest on few people', 1, 2)]
    """
    found = []
    for name in GUARDED:
        frame = tables.get(name)
        if frame is not None and not frame.empty:
            title = f"{NAMES.get(name, name.replace('_', ' ').capitalize())} ({name}.csv)"
            found += [(title, what, blank, of) for what, blank, of in _of_table(name, frame) if blank]
    return found


def _of_table(name: str, frame: pd.DataFrame) -> Iterator[tuple[str, int, int]]:
    table = GUARDED[name]
    people = table.of_meaning("people")
    few = frame[people[0]].isna() if people and name not in NATURALLY_BLANK else frame.index < 0
    yield "rows that rest on few people", int(few.sum()), len(frame)
    rest = frame[~few]
    if name in CLOSED_SETS:
        blank = rest[table.of_meaning("counts")].isna()
        yield "counts of few people, and others that would reveal them", int(blank.sum().sum()), blank.size
    if name in ALWAYS_DESCRIBED:
        described = rest[rest["mean"].notna()]
        for meaning, words in WORDS.items():
            own = described
            if "type" in own and meaning == "ends":  # a number has no scale that ends
                own = own[own["type"].isin((*COUNTED, "score"))]
            cells = own[table.of_meaning(meaning)].isna()
            yield words, int(cells.sum().sum()), cells.size
    if "status" in frame:
        beside = rest["status"].str.startswith(BESIDE_FEW)
        yield "thresholds beside an answer that few people gave", int(beside.sum()), len(rest)
