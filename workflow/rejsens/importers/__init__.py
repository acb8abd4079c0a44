"""Every export, whatever platform wrote it and whatever file holds it, as one table of text cells.

A *container* is what kind of file it is (text.py, workbook.py, spss.py); a *platform* is who wrote it. Nothing here
changes an answer: columns are mapped and answers turned into numbers by `rejsens.ingest`, by what the sidecar declares.

Each platform module has
    TITLE         its name for people
    COMPANION     what its own description of the questions is called; "" when it has none
    IDS           columns that say who answered, best first
    PERSONAL      column -> what it tells about the person: the platform's own identifying columns
    DATES         (column of the start, column of the end), or None
    DURATION      column -> how many seconds its unit has (1 for seconds); empty when there is none
    NOT_ANSWERS   (column, values, label) of rows that no participant gave: previews, tests, spam
    recognise(head)            the evidence in words, or ""
    read(head, companion)      a Layout: names, header rows, questions, choices
    faults(cells, rows, path)  (some) what no wave can hold, such as several rows for one person
Each panel module (demographics of a recruiting panel) has the same, and
    ID            the column with the panel's id of the person
    IN_SURVEY     columns under which a questionnaire usually keeps that id, best first
    BACKGROUND    its column -> our background item, or None
    STATUS        (column, values, label) of submissions that did not count
    NO_ANSWER     texts that stand for no answer
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.compute as pc

from rejsens.importers import (
    formr,
    google_forms,
    limesurvey,
    mturk,
    plain,
    prolific,
    qualtrics,
    redcap,
    rows,
    spss,
    workbook,
)  # fmt: skip
from rejsens.importers.cells import name_text
from rejsens.importers.model import Export, Head, Layout, Source
from rejsens.importers.text import not_a_table, open_text
from rejsens.limits import CELL_CHARACTERS, COLUMN_NAME, COLUMNS, EXPORT_BYTES
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed

__all__ = ["PANELS", "PLATFORMS", "Export", "Head", "Layout", "open_export", "recognise"]

PANELS: dict[str, ModuleType] = {"prolific": prolific, "mturk": mturk}
PLATFORMS: dict[str, ModuleType] = {
    "qualtrics": qualtrics, "redcap": redcap, "limesurvey": limesurvey, "formr": formr, "google_forms": google_forms,
    "spss": spss, "excel": workbook, "plain": plain,
}  # fmt: skip
# What a file is when it is no table; by how it begins.
NO_TABLES = {
    b"\xd0\xcf\x11\xe0": ("the file is an old Excel workbook (.xls), or one with a password", workbook.SAVE_AS_CSV),
    b"%PDF": ("the file is a PDF", "export the wave as CSV"),
    b"\x1f\x8b": ("the file is compressed (.gz)", "unpack it first"),
    b"\x89PNG": ("the file is a picture", "export the wave as CSV"),
    b"<stata_dta>": ("the file is a Stata data file (.dta)", "save it as .sav or CSV"),
    b"<!doctype html": ("the file is a web page, often the platform's log-in page", "log in and download the export again"),
    b"<html": ("the file is a web page, often the platform's log-in page", "log in and download the export again"),
    b"<?xml": ("the file is XML", "export the wave as CSV"),
    b"{\\rtf": ("the file is a text document (.rtf)", "export the wave as CSV"),
    b'[{"': ("the file is JSON", "export the wave as CSV"),
    b'{"': ("the file is JSON", "export the wave as CSV"),
}  # fmt: skip


def open_export(
    path: Path | str,
    platform: str | None = None,
    companion: Path | str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    *,
    participant: str | None = None,
    leave_out: Sequence[Mapping[str, Any]] = (),
    advice: str = "the sidecar",
    data: bytes | None = None,
) -> Export:
    """Read any export: text, workbook or SPSS file, of any platform.

    platform      name of a platform; found by looking at the file when None
    companion     the platform's own description of the questions (REDCap data dictionary, LimeSurvey structure file,
                  formr item table)
    encoding      of a text file; found when None
    delimiter     of a text file; found when None
    participant   the column that says who answered, when it is known
    leave_out     rows that the sidecar leaves out; they stay in the export, but no fault is made of them
    advice        the file or option in which settings may be declared, for messages
    data          the file's bytes, when they were read already
    returns       one text per cell; blank rows are left out, and counted in `notes`
    raises        Refused with every fault found
    """
    path = str(path)
    source = _source(path, _bytes(path) if data is None else data, encoding, delimiter, advice)
    name, evidence = (known_platform(platform), "as declared") if platform else _recognised(source.head)
    head, notes = _with_names(source.head)
    if name not in ("qualtrics", *PANELS) and qualtrics.has_import_ids(head):
        name, evidence = "qualtrics", qualtrics.recognise(head)
    module = PLATFORMS.get(name) or PANELS[name]
    layout = module.read(head, _companion(companion, module))
    _refuse_repeated_names(path, layout.names)
    cells, numbers = source.read(layout, participant)
    _refuse_endless_cells(path, cells)
    blank = rows.blank_rows(cells, participant)
    if blank.any():
        notes.append(f"{counted(int(blank.sum()), 'row')} without any content left out")
        cells, numbers = cells.filter(~blank), numbers[~blank]
    if cells.num_rows == 0:
        raise Refused(
            Problem(path, "The export is empty", "there is a header and no answer row", "", "export the wave again"),
            path,
        )
    if problems := _faults(module, cells, numbers, path, leave_out):
        raise Refused(problems, path)
    return Export(
        path, name, cells, numbers, source.head.container, source.encoding, source.delimiter,
        questions={**source.questions, **layout.questions}, choices={**source.choices, **layout.choices}, missing=source.missing,
        personal=layout.personal, notes=(f"{module.TITLE}: {evidence}", *source.notes, *layout.notes, *notes),
    )  # fmt: skip


def recognise(path: Path | str) -> tuple[str, str]:
    """Name of the platform (or panel) that wrote a file, and the evidence in words.

    raises   Refused: no file, or one that holds no table
    """
    return _recognised(_source(str(path), _bytes(str(path)), None, None, "the sidecar").head)


def _recognised(head: Head) -> tuple[str, str]:
    head = _with_names(head)[0]
    found = ((name, module.recognise(head)) for name, module in (PANELS | PLATFORMS).items())
    return next((name, evidence) for name, evidence in found if evidence)  # each container has a plain one at the end


def _bytes(path: str) -> bytes:
    if not Path(path).is_file():
        raise Refused(
            Problem(path, "An export is missing", "there is no such file", "", "correct the file's name"), path
        )
    refuse_endless(path, path)
    return Path(path).read_bytes()


def refuse_endless(path: str, named: str) -> None:
    """A file larger than the memory of a computer is not read into it.

    named    the file's name for messages
    raises   Refused: more than `limits.EXPORT_BYTES`
    """
    if (size := Path(path).stat().st_size) > EXPORT_BYTES:
        found = f"the file has {size >> 20:,} MB; at most {EXPORT_BYTES >> 20:,} are read"
        raise Refused(not_a_table(named, found, "split it into one file for each wave"), named)


def _source(path: str, data: bytes, encoding: str | None, delimiter: str | None, advice: str) -> Source:
    """The file opened as the container that its first bytes show."""
    if not data[:4096].strip() and not data.strip():
        raise Refused(Problem(path, "The export is empty", "the file holds no text", "", "export the wave again"), path)
    if data[:4] == b"PK\x03\x04":
        return workbook.open_workbook(path, data)
    if data[:4] in (b"$FL2", b"$FL3"):
        return spss.open_spss(path, data, encoding, advice)
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, (found, fix) in NO_TABLES.items():
        if start.startswith(mark.lower()):
            raise Refused(not_a_table(path, found, fix), path)
    return open_text(path, data, encoding, delimiter, advice)


def _companion(companion: Path | str | None, module: ModuleType) -> Path | None:
    if companion and not module.COMPANION:
        raise Refused(
            Problem(
                str(companion),
                "A companion that nothing reads",
                f"{module.TITLE} has no description of the questions that could be read",
                "",
                "leave it out, or name the platform that it belongs to",
            ),
            str(companion),
        )
    return Path(companion) if companion else None


# --- names -----------------------------------------------------------------------------------------------------------


def _with_names(head: Head) -> tuple[Head, list[str]]:
    """The head with tidy names. Columns without a name get one that no export has; a delimiter too many makes none."""
    _refuse_endless_names(head)
    names = [name_text(name) for name in head.names]
    named = max((position for position, name in enumerate(names, start=1) if name), default=0)
    every_row_ends_so = bool(head.rows) and len(head.rows[0]) == len(
        names
    )  # nothing reads what follows a delimiter too many
    names = names if every_row_ends_so else names[:named]
    unnamed = [position for position, name in enumerate(names, start=1) if not name]
    if len(names) - len(unnamed) < 2:
        raise Refused(_no_header(head, len(names) - len(unnamed)), head.path)
    if head.container != "spss" and sum(map(_is_number, names)) * 2 > len(names):
        raise Refused(_answers_as_header(head), head.path)
    filled = tuple(name or f"(no name {position})" for position, name in enumerate(names, start=1))
    notes = (
        [f"{counted(len(unnamed), 'column')} without a name: {listed([filled[p - 1] for p in unnamed])}"]
        if unnamed
        else []
    )
    return Head(head.path, head.container, filled, head.rows), notes


def _refuse_endless_names(head: Head) -> None:
    """More columns, or longer names, than a table of answers has; before a message or a page repeats them."""
    longest = max(map(len, head.names), default=0)
    if len(head.names) <= COLUMNS and longest <= COLUMN_NAME:
        return
    many = f"its first row holds {len(head.names):,} cells; at most {COLUMNS:,} are read"
    long = f"its first row holds a cell of {longest:,} characters; at most {COLUMN_NAME:,} are read"
    advice = "look whether the file has line ends and the delimiter that it should, and export the wave again"
    raise Refused(not_a_table(head.path, many if len(head.names) > COLUMNS else long, advice), head.path)


def _refuse_endless_cells(path: str, cells: Any) -> None:
    """A cell that no person typed, named by its column."""
    for name, column in zip(cells.column_names, cells.columns, strict=True):
        for chunk in column.chunks:
            texts = getattr(chunk, "dictionary", chunk)
            longest = pc.max(pc.binary_length(texts)).as_py() or 0
            if longest > CELL_CHARACTERS:
                raise Refused(
                    Problem(
                        f"{path}, {name}",
                        "A cell that is too long",
                        f"one holds {longest:,} characters",
                        f"at most {CELL_CHARACTERS:,}",
                        "look whether a quotation mark was never closed, and export the wave again",
                    ),
                    path,
                )


def _is_number(name: str) -> bool:
    try:
        return bool(float(name)) or True
    except ValueError:
        return False


def _no_header(head: Head, named: int) -> Problem:
    if any(sum(map(bool, row)) > 2 for row in head.rows):
        return Problem(
            f"{head.path}, row 1",
            "The first row does not hold the column names",
            f"it holds {counted(named, 'cell')}, the rows under it more",
            "column names in the first row",
            "remove the title above them",
        )
    return not_a_table(
        head.path, f"its first row holds {counted(named, 'column name')}", "export the wave as CSV with a header row"
    )


def _answers_as_header(head: Head) -> Problem:
    return Problem(
        f"{head.path}, row 1",
        "The first row does not hold the column names",
        f"{sum(map(_is_number, head.names))} of its {len(head.names)} cells are numbers",
        "column names in the first row",
        "export the wave with a header row",
    )


def _refuse_repeated_names(path: str, names: Sequence[str]) -> None:
    if repeated := sorted(name for name, times in Counter(names).items() if times > 1):
        raise Refused(
            Problem(
                f"{path}, row 1",
                "Two columns with one name",
                listed([f"“{name}”" for name in repeated]),
                "",
                "rename one of them in the export",
            ),
            path,
        )


# --- rows ------------------------------------------------------------------------------------------------------------


def _faults(
    module: ModuleType, cells: Any, numbers: np.ndarray, path: str, leave_out: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    kept = ~np.logical_or.reduce(rows.left_out(cells, leave_out)) if leave_out else None
    if kept is not None and not kept.all():
        cells, numbers = cells.filter(kept), numbers[kept]
    again = rows.header_rows(cells)
    problems = [rows.repeated_header(path, numbers[again])] if again.any() else []
    return problems + (module.faults(cells, numbers, path) if hasattr(module, "faults") else [])


def known_platform(name: str) -> str:
    """A platform's (or panel's) name as declared, checked.

    raises   Refused with the nearest name
    """
    if name in PLATFORMS or name in PANELS:
        return name
    raise Refused(
        Problem(
            "--platform",
            "Unknown platform",
            f"“{name}”",
            listed(list(PLATFORMS), 20),
            did_you_mean(name, PLATFORMS) or "choose one of these",
        ),
        "The export",
    )
