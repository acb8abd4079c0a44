"""The Pandera schema of a wave's answers, derived from the instruments it asked, and its failures in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, Refused, listed


def answers_schema(instruments: list[Instrument]) -> pa.DataFrameSchema:
    """One nullable float column per item, whose values are the item's allowed answers and nothing else."""
    columns = {item.id: _column(item, instrument) for instrument in instruments for item in instrument.items}
    return pa.DataFrameSchema(
        {"participant": pa.Column("str"), "row": pa.Column("int64"), **columns}, strict=True, name="answers"
    )


def _column(item: Item, instrument: Instrument) -> pa.Column:
    check = pa.Check(lambda values: allowed(values, item), error=f"{item.allowed} ({instrument.file})")
    return pa.Column("float64", check, nullable=True)


def allowed(values: pd.Series | np.ndarray, item: Item) -> pd.Series | np.ndarray:
    """Which answers lie in the item's declared range (and are whole, and are declared codes, where that is required)."""
    inside = (values >= item.low) & (values <= item.high)
    if item.type == "category":
        return np.isin(values, list(item.labels)) if isinstance(values, np.ndarray) else values.isin(list(item.labels))
    return inside if item.type == "number" else inside & (values == np.floor(values))


def check_answers(
    frame: pd.DataFrame, instruments: list[Instrument], out_of_range: str, where: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the schema. Answers outside their range stop the wave, or are set aside cell by cell, as the study declares.

    frame         answers as read: participant, row, one float column per item
    out_of_range  "stop" or "missing"
    returns       (answers, set_aside); set_aside has participant, row, column, found, allowed, one row per cell
    raises        Refused with one sentence per column
    """
    try:
        return answers_schema(instruments).validate(frame, lazy=True, inplace=True), pd.DataFrame()
    except pandera.errors.SchemaErrors as errors:
        cells = errors.failure_cases
    lost = cells[cells["index"].isna()]
    if len(lost):
        raise Refused(
            [
                Problem(
                    where, "The table has not the promised shape", f"{case.column or case.failure_case}: {case.check}"
                )
                for case in lost.itertuples()
            ],
            where,
        )
    position = cells["index"].astype(int).to_numpy()
    set_aside = pd.DataFrame(
        {
            "participant": frame["participant"].to_numpy()[position],
            "row": frame["row"].to_numpy()[position],
            "column": cells["column"].astype("str").to_numpy(),
            "found": cells["failure_case"].astype(float).to_numpy(),
            "allowed": cells["check"].astype("str").to_numpy(),
        }
    ).sort_values(["column", "row"], kind="stable", ignore_index=True)
    if out_of_range == "stop":
        raise Refused(range_problems(set_aside), where)
    frame = frame.copy()
    for column, group in set_aside.groupby("column"):
        frame.loc[frame["row"].isin(group["row"]), column] = np.nan
    return answers_schema(instruments).validate(frame, lazy=True), set_aside


def range_problems(cells: pd.DataFrame) -> list[Problem]:
    """One sentence per column: which participants, in which rows, hold what."""
    problems = []
    for column, group in cells.groupby("column"):
        found = [f"{cell.participant} (row {cell.row}): {cell.found:g}" for cell in group.itertuples()]
        problems.append(
            Problem(
                str(column),
                "Answers outside the range",
                f"participants {listed(found)}",
                group["allowed"].iloc[0],
                "correct the cells, or declare the code in `missing_codes:` if it means no answer; `out_of_range: missing` in config/config.yaml sets such cells aside",
            )
        )
    return problems
