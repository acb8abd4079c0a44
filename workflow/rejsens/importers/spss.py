"""SPSS files (.sav, .zsav) as cells: codes as text, value labels as choices, user-missing values as the file declares them.

Values, labels and ranges are those of the file (pyreadstat with `user_missing=True`: values that SPSS calls missing are
delivered as they are, and `missing_ranges` says which they are, single values as ranges of one).
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rejsens.importers.cells import clean, encoded, number_text
from rejsens.importers.model import Head, Layout, Source
from rejsens.importers.text import HEAD_ROWS, encoding_setting, not_a_table
from rejsens.limits import CELLS
from rejsens.problems import Problem, Refused

TITLE = "SPSS"
COMPANION = ""
IDS = ("participant", "participant_id", "subject", "subject_id", "id", "ID", "CASE", "case")
PERSONAL: dict[str, str] = {}
DATES = None
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()


def recognise(head: Head) -> str:
    return "it is an SPSS data file" if head.container == "spss" else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names in the first row; an SPSS file has told the rest already, and a stored wave of it is a plain table."""
    return Layout(head.names)


def open_spss(path: str, data: bytes, encoding: str | None, advice: str) -> Source:
    """One SPSS file; case number 1 is its first row.

    raises   Refused: a damaged or cut-off file; text that cannot be decoded
    """
    columns, about = _load(path, data, encoding, advice)
    names = tuple(about.column_names)
    if names and len(columns[names[0]]) * len(names) > CELLS:
        found = f"the SPSS file unpacks to more than {CELLS:,} cells"
        raise Refused(not_a_table(path, found, "export the wave as CSV"), path)
    texts = [_texts(columns[name]) for name in names]
    n = len(texts[0]) if texts else 0
    head = Head(path, "spss", names, tuple(zip(*(column[:HEAD_ROWS] for column in texts), strict=True)))

    def read_cells(layout: Layout, participant: str | None) -> tuple[pa.Table, np.ndarray]:
        return encoded(texts, layout.names, participant), np.arange(1, n + 1)

    labels = {column: _labels(of) for column, of in about.variable_value_labels.items()}
    missing = {column: tuple(map(_declared, ranges)) for column, ranges in about.missing_ranges.items()}
    return Source(
        head, read_cells, encoding=str(about.file_encoding or "").lower(),
        questions={column: clean(text) for column, text in about.column_names_to_labels.items() if text},
        choices=labels, missing=missing, notes=(_note(n, labels, missing),),
    )  # fmt: skip


def _load(path: str, data: bytes, encoding: str | None, advice: str) -> tuple[Mapping[str, list[Any]], Any]:
    import pyreadstat

    settings: dict[str, Any] = {"user_missing": True, "output_format": "dict", "encoding": encoding}
    try:
        columns = len(pyreadstat.read_sav(io.BytesIO(data), metadataonly=True, encoding=encoding)[1].column_names)
        settings["row_limit"] = CELLS // max(columns, 1) + 1  # a packed file may state fewer rows than it unpacks to
        try:
            return pyreadstat.read_sav(io.BytesIO(data), **settings)
        except OverflowError:  # a date that no calendar has; numbers are then as good
            return pyreadstat.read_sav(io.BytesIO(data), disable_datetime_conversion=True, **settings)
    except Exception as error:  # whatever the reader finds, a researcher can only fetch the file again
        if "convert string" in str(error) or isinstance(error, UnicodeDecodeError):
            raise Refused(
                Problem(
                    path,
                    "The export cannot be decoded",
                    "the file holds text in another encoding than it states",
                    "",
                    f"state {encoding_setting(advice)}, or save the file as Unicode in SPSS",
                ),
                path,
            ) from None
        raise Refused(
            not_a_table(path, "the SPSS file is damaged or cut off", "download it again, or export the wave as CSV"),
            path,
        ) from None


def _texts(values: list[Any]) -> list[str]:
    known: dict[object, str] = {None: ""}
    return [known[v] if v in known else known.setdefault(v, _text(v)) for v in values]


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else number_text(value)
    if isinstance(value, datetime.datetime):
        return str(value.replace(microsecond=0)).removesuffix(" 00:00:00")
    return str(value).rstrip()  # SPSS pads texts with blanks


def _labels(labels: Mapping[object, str]) -> dict[str, str]:
    return {_text(code): clean(label) for code, label in labels.items()}


def _declared(values: Mapping[str, object]) -> object:
    low, high = (clean(v) if isinstance(v, str) else v for v in (values["lo"], values["hi"]))
    return low if low == high else (low, high)


def _note(n: int, labels: Mapping[str, Any], missing: Mapping[str, Any]) -> str:
    return f"SPSS file of {n:,} cases: value labels for {len(labels)} variables, missing values declared for {len(missing)}"
