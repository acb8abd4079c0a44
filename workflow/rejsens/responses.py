"""The Pandera schema of a wave's answers, derived from the instruments it asked, and its failures in sentences.

`rejsens check` finds the same cells without Pandera, whose import costs as much as reading a wave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.numerals import quotable
from rejsens.problems import Problem, Refused, people_named

if TYPE_CHECKING:
    from rejsens.pandera_adapter import pa

CELLS = ["participant", "row", "column", "found", "allowed"]


def answers_schema(instruments: list[Instrument]) -> pa.DataFrameSchema:
    """One nullable float column per item, whose values are the item's allowed answers and nothing else."""
    from rejsens.pandera_adapter import pa

    def column(item: Item, instrument: Instrument) -> pa.Column:
        check = pa.Check(lambda values: allowed(values, item), error=_allowed(item, instrument))
        return pa.Column("float64", check, nullable=True)

    columns = {item.id: column(item, instrument) for instrument in instruments for item in instrument.items}
    return pa.DataFrameSchema(
        {"participant": pa.Column("str"), "row": pa.Column("int64"), **columns}, strict=True, name="answers"
    )


def _allowed(item: Item, instrument: Instrument) -> str:
    return f"{item.allowed} ({instrument.file})"


def allowed(values: pd.Series | np.ndarray, item: Item) -> pd.Series | np.ndarray:
    """Which answers lie in the item's declared range (and are whole, and are declared codes, where that is required)."""
    inside = (values >= item.low) & (values <= item.high)
    if item.type == "category":
        return np.isin(values, list(item.labels)) if isinstance(values, np.ndarray) else values.isin(list(item.labels))
    return inside if item.type == "number" else inside & (values == np.floor(values))


def _lost(case: Any) -> str:
    """What of a table itself is not as promised; of a column that it lacks the schema's name stands where its own belongs."""
    if case.check == "column_in_dataframe":
        return f"the column {case.failure_case} is not there"
    return f"{case.column or case.failure_case}: {case.check}"


def cells_refused(frame: pd.DataFrame, instruments: list[Instrument], where: str) -> pd.DataFrame:
    """The cells that the schema refuses: participant, row, column, found, allowed, ordered by column and row.

    frame    answers as read: participant, row, one float column per item
    raises   Refused when the table itself has not the promised shape
    """
    from rejsens.pandera_adapter import SchemaErrors

    try:
        answers_schema(instruments).validate(frame, lazy=True, inplace=True)
        return pd.DataFrame(columns=CELLS)
    except SchemaErrors as errors:
        cells = errors.failure_cases
    lost = cells[cells["index"].isna()]
    if len(lost):
        raise Refused(
            [Problem(where, "The table has not the promised shape", _lost(case)) for case in lost.itertuples()], where
        )
    position = cells["index"].astype(int).to_numpy()
    return pd.DataFrame(
        {
            "participant": frame["participant"].to_numpy()[position],
            "row": frame["row"].to_numpy()[position],
            "column": cells["column"].astype("str").to_numpy(),
            "found": cells["failure_case"].astype(float).to_numpy(),
            "allowed": cells["check"].astype("str").to_numpy(),
        }
    ).sort_values(["column", "row"], kind="stable", ignore_index=True)


def cells_outside(frame: pd.DataFrame, instruments: list[Instrument], where: str = "") -> pd.DataFrame:
    """The same cells as `cells_refused`, found without Pandera; the shape of the table is not looked at."""
    found = []
    for instrument in instruments:
        for item in instrument.items:
            values = frame[item.id].to_numpy()  # one column at a time: a million people need no second table
            bad = np.flatnonzero(~(allowed(values, item) | np.isnan(values)))
            found += [(position, item.id, values[position], _allowed(item, instrument)) for position in bad.tolist()]
    position = [cell[0] for cell in found]
    cells = pd.DataFrame(
        {
            "participant": frame["participant"].to_numpy()[position],
            "row": frame["row"].to_numpy()[position],
            "column": [cell[1] for cell in found],
            "found": [float(cell[2]) for cell in found],
            "allowed": [cell[3] for cell in found],
        },
        columns=CELLS,
    )
    return cells.sort_values(["column", "row"], kind="stable", ignore_index=True) if len(cells) else cells


def without(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The frame with these cells missing; the frame itself is not changed."""
    if not len(cells):
        return frame
    frame = frame.copy()
    for column, group in cells.groupby("column"):
        frame.loc[frame["row"].isin(group["row"]), column] = np.nan
    return frame


def _told(value: float) -> str:
    """A number as a message repeats it."""
    whole = f"{abs(value):.0f}"
    return f"{value:g}" if quotable(whole) else f"a number of {len(whole)} digits"


def range_problems(cells: pd.DataFrame) -> list[Problem]:
    """One sentence per column: which participants, in which rows, hold what."""
    problems = []
    for column, group in cells.groupby("column"):
        found = [f"{cell.participant} (row {cell.row}): {_told(cell.found)}" for cell in group.itertuples()]
        problems.append(
            Problem(
                str(column),
                "Answers outside the range",
                people_named(found),
                group["allowed"].iloc[0],
                "correct the cells, or declare the code in `missing_codes:` if it means no answer; `out_of_range: missing` in config/config.yaml sets such cells aside",
                cells=tuple((str(cell.participant), int(cell.row)) for cell in group.itertuples()),
            )
        )
    return problems
