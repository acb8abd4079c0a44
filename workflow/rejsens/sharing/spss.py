"""SPSS files (.sav), one for each table: variable labels, value labels, declared missing codes, level of measurement.

Each file is read back and held against its table before the export appears. What SPSS cannot hold is mapped (a name) or cut
(a label), told in names.csv and complete in the dictionary; a text that it cannot hold is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens.pool import stamp_sav
from rejsens.problems import Problem, Refused, counted
from rejsens.sharing import facts
from rejsens.sharing.package import Package
from rejsens.sharing.plain_csv import write_beside
from rejsens.sharing.readme import rows_of
from rejsens.spreadsheet import write_csv

NAME, LABEL, VALUE_LABEL, TEXT = 64, 255, 120, 32_767  # bytes that SPSS holds
RESERVED = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
_NAME = re.compile(r"[^\W\d_][\w.$#@]*(?<![._])\Z")
LEVELS = {"nominal": "nominal", "ordinal": "ordinal", "interval": "scale"}
MAPPED = "names.csv"
MOST_CODES = 3  # separate codes that SPSS can declare as missing


def write(package: Package, folder: Path) -> dict[str, str]:
    """TABLE.sav for each table, the dictionary, and names.csv where a name was mapped.

    returns   path in the folder -> what it holds
    raises    Refused: a text that SPSS cannot hold
    """
    mapped = []
    for name, frame in package.tables.items():
        names = spss_names(list(frame.columns))
        mapped += [{"table": name, "variable": own, "name_in_file": new} for own, new in names.items() if own != new]
        write_table(frame, package.columns(name), names, folder / f"{name}.sav", f"{package.facts.title}: {name}")
    told = {f"{name}.sav": what for name, what in rows_of(package).items()} | write_beside(package, folder)
    if mapped:
        write_csv(pd.DataFrame(mapped), folder / MAPPED)
        told[MAPPED] = f"{counted(len(mapped), 'name')} that SPSS cannot hold, and how each is called in the files"
    return told


def write_table(
    frame: pd.DataFrame, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], path: Path, title: str
) -> None:
    """One file, read back before it counts.

    rows    of the dictionary, one per column
    names   column -> its name in the file
    """
    import pyreadstat

    _refuse_texts(frame, path.name)
    by_name = {names[row["variable"]]: row for row in rows}
    ready = _plain(frame).rename(columns=dict(names))
    missing: dict[str, list[Any]] = {name: codes for name, row in by_name.items() if (codes := missing_codes(row))}
    pyreadstat.write_sav(
        ready,
        str(path),
        file_label=cut(title, LABEL // 4),
        column_labels={name: cut(row["label"], LABEL) for name, row in by_name.items()},
        variable_value_labels={name: labels for name, row in by_name.items() if (labels := value_labels(row))},
        variable_measure={name: LEVELS.get(row["level"], "unknown") for name, row in by_name.items()},
        missing_ranges=missing,
        row_compress=True,
    )
    stamp_sav(str(path))
    read, _ = pyreadstat.read_sav(str(path), user_missing=True)
    if not same(ready, read):
        found = "what was read back from the file differs from the table"
        raise Refused(
            Problem(path.name, "A table that SPSS cannot hold", found, "", "use another format"), "The export"
        )


def spss_names(columns: Sequence[str]) -> dict[str, str]:
    """Column -> a name that SPSS takes: the same where it can be, else its beginning and eight signs that tell it apart.

    >>> spss_names(["rses_sum", "to", "2nd"])
    {'rses_sum': 'rses_sum', 'to': 'to_663ea1bf', '2nd': 'v_2nd_c21365c7'}
    """
    found: dict[str, str] = {}
    for name in columns:
        taken = {other.casefold() for other in found.values()}
        fits = _NAME.match(name) and len(name.encode()) <= NAME and name.upper() not in RESERVED
        found[name] = name if fits and name.casefold() not in taken else _mapped(name)
    return found


def _mapped(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    start = plain if plain[:1].isalpha() else f"v_{plain}"
    return f"{start[: NAME - 9].rstrip('_')}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def cut(text: str, most: int) -> str:
    """A text of at most so many bytes; what is cut ends in an ellipsis.

    >>> cut("short", 10), cut("a longer text", 10)
    ('short', 'a longe…')
    """
    text = " ".join(text.replace("\0", " ").split())
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore") + "…"


def value_labels(row: Mapping[str, Any]) -> dict[Any, str]:
    """Value -> label as the file holds them: of its values, of yes and no, and of the codes that mean no answer."""
    if row["type"] == "boolean":
        return {0: "no", 1: "yes"}
    labels = {value: label for value, label in facts.labels_of(row).items() if label}
    if row["type"] == "string":
        return {value: cut(label, VALUE_LABEL) for value, label in labels.items()}
    known = {float(value): cut(label, VALUE_LABEL) for value, label in labels.items()}
    return known | {code: "no answer" for code in missing_codes(row)}


def missing_codes(row: Mapping[str, Any]) -> list[float]:
    """Codes of the export that mean no answer, declared as missing, though every such cell is empty already.

    At most three, which is what SPSS can declare one by one, and none that could be an answer.
    """
    if row["type"] not in ("integer", "number"):
        return []
    codes = [float(code) for code in json.loads(row["missing_codes"] or "[]") if isinstance(code, (int, float))]
    outside = [code for code in codes if code < row["minimum"] or code > row["maximum"]]
    return outside[:MOST_CODES]


def same(table: pd.DataFrame, read: pd.DataFrame) -> bool:
    """Whether a file says what the table says: names, numbers to the last digit, texts, and what is missing."""
    if list(table.columns) != list(read.columns) or len(table) != len(read):
        return False
    for name in table:
        own, other = table[name], read[name]
        if pd.api.types.is_numeric_dtype(own):
            alike = own.astype("float64").reset_index(drop=True).equals(other.astype("float64"))
        else:
            alike = own.fillna("").tolist() == other.fillna("").tolist()
        if not alike:
            return False
    return True


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as SPSS keeps them, all of one kind; yes and no as 1 and 0."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    kinds = {name: "float64" for name in frame.columns if name not in texts}
    kinds |= {name: "int64" for name in frame.select_dtypes(["bool"]).columns}
    return frame.astype(kinds).assign(**{name: frame[name].astype("object") for name in texts})


def _refuse_texts(frame: pd.DataFrame, where: str) -> None:
    """A text that ends in a blank, holds a null sign or is too long would be another text in SPSS."""
    for name in frame.select_dtypes(exclude=["number", "bool"]):
        texts = [text for text in frame[name].dropna().unique()]
        unfit = [text for text in texts if text != text.rstrip(" ") or "\0" in text or len(text.encode()) > TEXT]
        if unfit:
            found = f"{counted(len(unfit), 'text')} of the column {name}, which SPSS would change (a blank at the end, or too long)"
            fix = "export as csv, datapackage or psych-ds"
            raise Refused(Problem(where, "A table that SPSS cannot hold", found, "", fix), "The export")
