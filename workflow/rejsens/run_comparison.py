"""Two finished runs held against each other, number by number: rows are found by what they are about, never by place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rejsens.problems import Problem, Refused
from rejsens.registry import AGGREGATES, TABLES, sha256
from rejsens.spreadsheet import restored_frame
from rejsens.table_keys import ROW_NAMES, TOLD_APART
from rejsens.tabular import COLUMNS

RELATIVE, ABSOLUTE = 1e-9, 1e-12  # what another processor may move a number by, and what is as good as nil
CHANGES = ["table", "row", "column", "kind", "before", "after", "difference", "relative"]
ONLY_A, ONLY_B = "only in A", "only in B"
RECORD, NUMBERS = "report/provenance.json", "manuscript/numbers.json"


@dataclass(frozen=True)
class Run:
    """A finished run: its aggregate tables as text, the record of what made them, the numbers of its text as printed.

    record    None where there is none that can be read
    numbers   hypothesis -> name of a number -> how it is printed; None likewise
    stale     tables that are no longer those that the record is about
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    record: Mapping[str, Any] | None
    numbers: Mapping[str, Mapping[str, Any]] | None
    stale: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether any answers of it are simulated."""
        waves = self.tables.get("waves")
        told = waves is not None and "simulated" in waves and waves["simulated"].eq("True").any()
        return bool(told or (self.record or {}).get("settings", {}).get("study", {}).get("simulated"))

    @property
    def title(self) -> str:
        return str((self.record or {}).get("settings", {}).get("study", {}).get("title", ""))


def read_run(place: Path | str) -> Run:
    """A run from a study's folder or from a results folder, such as a copy of one.

    raises   Refused: no aggregate table is there, or one cannot be read as a table
    """
    place = Path(place)
    results = place / "results" if (place / "results").is_dir() else place
    files = {name: results / Path(TABLES[name]).relative_to("results") for name in AGGREGATES}
    tables = {name: _table(path, name) for name, path in files.items() if path.is_file()}
    if not tables:
        found = "no results are there" if place.is_dir() else "there is no such folder"
        fix = "name two folders of studies that were run, or copies of their results folders"
        raise Refused(Problem(str(place), "Nothing to compare", found, "", fix), "The comparison")
    record = _json(results / RECORD)
    told = (record or {}).get("results", {})
    stale = [n for n in tables if TABLES[n] in told and told[TABLES[n]] != sha256(files[n])]
    numbers = _json(results / NUMBERS)
    return Run(str(place), tables, record, numbers, tuple(stale))


def _table(path: Path, name: str) -> pd.DataFrame:
    """Every cell as text: an earlier version of the pipeline may have had other columns."""
    try:
        return restored_frame(pd.read_csv(path, dtype="str", keep_default_na=False))
    except (ValueError, UnicodeDecodeError):
        found = f"the table “{name}” cannot be read"
        fix = "`rejsens verify` says whether it is as the run left it; `rejsens run` makes it again"
        raise Refused(Problem(str(path), "A table that cannot be read", found, "", fix), "The comparison") from None


def _json(path: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


@dataclass(frozen=True)
class Difference:
    """What two runs differ in.

    changes    one row per cell that moved, and per row that only one run has: the columns CHANGES
    compared   table -> how many numbers both runs have of it
    alike      tables in which several rows bear the same name, and were matched by what else they hold
    absent     tables that only one run has, with "only in A" or "only in B"
    """

    a: Run
    b: Run
    changes: pd.DataFrame
    compared: Mapping[str, int]
    alike: tuple[str, ...]
    absent: Mapping[str, str]

    @property
    def nothing(self) -> bool:
        return self.changes.empty and not self.absent


def compare_runs(a: Run, b: Run, relative: float = RELATIVE, absolute: float = ABSOLUTE) -> Difference:
    """Every cell of every aggregate table of two runs.

    relative, absolute   numbers with decimals agree when they differ by no more than `relative` times the larger of them, or by
                         no more than `absolute`; counts and texts must be equal; a blank equals a blank and nothing else
    """
    parts, compared, alike = [], {}, []
    for name in (name for name in AGGREGATES if name in a.tables and name in b.tables):
        rows, n, doubled = compare_tables(name, a.tables[name], b.tables[name], relative, absolute)
        parts.append(rows)
        compared[name] = n
        alike += [name] * doubled
    found = [part for part in parts if len(part)]
    changes = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=CHANGES)
    absent = {
        name: ONLY_A if name in a.tables else ONLY_B for name in AGGREGATES if (name in a.tables) != (name in b.tables)
    }
    return Difference(a, b, changes, compared, tuple(alike), absent)


def compare_tables(
    name: str, a: pd.DataFrame, b: pd.DataFrame, relative: float = RELATIVE, absolute: float = ABSOLUTE
) -> tuple[pd.DataFrame, int, bool]:
    """The rows CHANGES of one table, how many numbers both have, and whether rows of it bear the same name.

    a, b   frames of text, as they stand in the files

    >>> a = pd.DataFrame({"score": ["x", "y"], "wave": "w1", "mean": ["1.5", "2"]})
    >>> moved, n, _ = compare_tables("descriptives", a, a[::-1].replace("2", "3"))
    >>> moved[["row", "column", "before", "after"]].values.tolist(), n
    ([['score=y; wave=w1', 'mean', '2', '3']], 2)
    """
    keys = [key for key in ROW_NAMES.get(name, _texts(name, a)) if key in a and key in b]
    left, right, doubled = _paired(name, a, b, keys)
    both = left.index.intersection(right.index, sort=False)
    columns = [column for column in a.columns if column in b.columns and column not in keys]
    parts = [_moved(name, left.loc[both], right.loc[both], column, keys, relative, absolute) for column in columns]
    parts += [_alone(name, left.drop(both), keys, ONLY_A), _alone(name, right.drop(both), keys, ONLY_B)]
    counted = sum(
        np.isfinite(_numbers(left.loc[both, c])).sum() for c in columns if _kind(name, c) not in ("str", "bool")
    )
    found = [part for part in parts if len(part)]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=CHANGES)
    return frame, int(counted), doubled


def _texts(name: str, frame: pd.DataFrame) -> Sequence[str]:
    """Columns of text, of a table of which nobody said what names its rows."""
    return [column for column in frame if COLUMNS.get(name, {}).get(column, "str").startswith("str")]


def _paired(name: str, a: pd.DataFrame, b: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Both tables with one label per row; rows that mean the same bear the same label, wherever they stand.

    Rows of the same name are told apart by the words of their method (without its numbers, which follow the data), and those
    that still are alike by their contents; the last of what is returned says whether there are such.
    """
    apart = [column for column in TOLD_APART.get(name, ()) if column in a and column in b]
    (left, alike), (right, too) = _labelled(name, a, keys, apart), _labelled(name, b, keys, apart)
    lone_left, lone_right = left.index.difference(right.index), right.index.difference(left.index)
    if apart and len(lone_left) and len(lone_right):  # the method itself may have changed
        left, right = (_relabelled(frame, lone, keys) for frame, lone in ((left, lone_left), (right, lone_right)))
    return left, right, alike or too


def _labelled(name: str, frame: pd.DataFrame, keys: list[str], apart: list[str]) -> tuple[pd.DataFrame, bool]:
    ordered = frame.sort_values([*keys, *(c for c in frame if c not in keys)], kind="stable")
    words = {column: ordered[column].str.replace(r"\d+(\.\d+)?", "#", regex=True) for column in apart}
    # a number that names a row may differ in its last digits, as any number may
    floats = {key: ordered[key].map(_short) for key in keys if _kind(name, key) == "float"}
    told = ordered[keys].assign(**words, **floats, _="")
    place = told.groupby(list(told), sort=False).cumcount()
    labels = ["\x1f".join((*row, str(k))) for row, k in zip(told.itertuples(index=False), place, strict=True)]
    in_place = pd.Series(labels, index=ordered.index, dtype="object").reindex(frame.index)
    return ordered.set_axis(labels).loc[in_place], bool(place.gt(0).any())


def _short(number: str) -> str:
    try:
        return f"{float(number):.9g}"
    except ValueError:
        return number


def _relabelled(frame: pd.DataFrame, lone: pd.Index, keys: list[str]) -> pd.DataFrame:
    """Rows without a counterpart named by their keys alone, the one that decides first."""
    rows = frame.loc[lone]
    decides = rows["decides"].ne("True") if "decides" in rows else pd.Series(False, index=rows.index)
    rows = rows.assign(_last=decides).sort_values([*keys, "_last"], kind="stable").drop(columns="_last")
    place = rows.groupby(keys, sort=False).cumcount()
    told = zip(rows[keys].itertuples(index=False), place, strict=True)
    new = dict(zip(rows.index, ["\x1e".join((*row, str(k))) for row, k in told], strict=True))
    return frame.rename(index=new)


def _kind(name: str, column: str) -> str:
    """What a column holds; one that the pipeline does not know (any more) is read as numbers where they are some."""
    return COLUMNS.get(name, {}).get(column, "float").rstrip("?")


def _numbers(cells: pd.Series) -> np.ndarray:
    """Cells as numbers; what is none is missing."""
    return pd.to_numeric(cells, errors="coerce").to_numpy(dtype="float64")


def _moved(
    name: str, a: pd.DataFrame, b: pd.DataFrame, column: str, keys: list[str], relative: float, absolute: float
) -> pd.DataFrame:
    """Cells of one column that differ by more than the tolerance."""
    before, after = a[column], b[column]
    x, y = _numbers(before), _numbers(after)
    kind = _kind(name, column)
    both = np.isfinite(x) & np.isfinite(y) & (kind != "str")
    exact = kind in ("int", "count", "people", "bool")
    with np.errstate(invalid="ignore"):
        gap = np.where(both, np.abs(x - y), np.nan)
        larger = np.where(both, np.maximum(np.abs(x), np.abs(y)), np.nan)
        allowed = np.zeros_like(gap) if exact else np.maximum(relative * larger, absolute)
        differ = np.where(both, gap > allowed, before.to_numpy() != after.to_numpy())
    if not differ.any():
        return pd.DataFrame(columns=CHANGES)
    said = "text" if kind in ("str", "bool") else "count" if exact else "number"
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(larger > 0, gap / larger, 0.0)
        difference = y - x
    return pd.DataFrame(
        {
            "table": name,
            "row": _named(a[differ], keys),
            "column": column,
            "kind": said,
            "before": before[differ].to_numpy(),
            "after": after[differ].to_numpy(),
            "difference": difference[differ] if said != "text" else np.nan,
            "relative": np.where(both, share, np.nan)[differ] if said != "text" else np.nan,
        }
    )


def _alone(name: str, rows: pd.DataFrame, keys: list[str], kind: str) -> pd.DataFrame:
    blank = {"column": "", "kind": kind, "before": "", "after": "", "difference": np.nan, "relative": np.nan}
    return pd.DataFrame({"table": name, "row": _named(rows, keys), **blank}, columns=CHANGES)


def _named(rows: pd.DataFrame, keys: list[str]) -> list[str]:
    """What rows are about, in words that bear looking up: “score=gad7_sum; wave=w1”."""
    return [
        "; ".join(f"{key}={value}" for key, value in zip(keys, row, strict=True) if value != "")
        for row in rows[keys].itertuples(index=False)
    ]
