"""Exports that would fill the memory, read other files or name a file elsewhere: refused with a sentence, before they are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from rejsens import importers
from rejsens.importers import open_export, spss, workbook
from rejsens.problems import Refused

SHEET = "xl/worksheets/sheet1.xml"


def book(rows: int = 3) -> bytes:
    made = Workbook()
    made.active.append(["id", "gad7_01", "gad7_02"])
    for k in range(rows):
        made.active.append([f"p{k}", 1, 2])
    made.save(memory := io.BytesIO())
    return memory.getvalue()


def changed(part: str, change: Callable[[bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """The workbook with one part changed and others beside it."""
    with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new:  # fmt: skip
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def refused(tmp_path: Path, data: bytes, name: str = "export.xlsx") -> str:
    """What is said of a file; it names the file, what was found, what is allowed and what to do."""
    (file := tmp_path / name).write_bytes(data)
    with pytest.raises(Refused) as caught:
        open_export(file)
    (problem,) = caught.value.problems
    assert str(file) in problem.where and problem.found and problem.allowed and problem.fix
    return problem.found


LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip
ELSEWHERE = "<!DOCTYPE l [<!ENTITY i SYSTEM 'file:///etc/hostname'>]>"


@pytest.mark.parametrize("head", [LAUGHS, ELSEWHERE], ids=["laughs", "other file"])
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
def test_a_workbook_that_declares_entities_is_refused(tmp_path, head, part):
    def declare(xml: bytes) -> bytes:
        body = xml.partition(b"?>")[2] if xml.startswith(b"<?xml") else xml
        return b'<?xml version="1.0"?>' + head.encode() + body.replace(b"<v>1</v>", b"<v>&i;</v>", 1)

    assert "declares entities" in refused(tmp_path, changed(part, declare))


def test_entities_hidden_in_another_encoding_are_found(tmp_path):
    def declare(xml: bytes) -> bytes:
        body = (xml.partition(b"?>")[2] if xml.startswith(b"<?xml") else xml).decode()
        return f'<?xml version="1.0" encoding="utf-16"?>{LAUGHS}{body}'.encode("utf-16")

    assert "declares entities" in refused(tmp_path, changed(SHEET, declare))


def test_an_archive_that_unpacks_to_many_times_its_size_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "_declares", lambda *_: pytest.fail("a part was unpacked"))
    found = refused(tmp_path, changed("", bytes, {"xl/media/x.bin": bytes(40 << 20)}))
    assert "times its size; at most 200 are read" in found


def test_an_archive_of_many_files_or_much_content_is_refused(tmp_path, monkeypatch):
    found = refused(tmp_path, changed("", bytes, {f"x{k}": b"" for k in range(workbook.PARTS)}))
    assert "at most 2,000 are read" in found
    monkeypatch.setattr(workbook, "UNPACKED_BYTES", 1 << 20)
    assert "at most 1 are read" in refused(tmp_path, changed("", bytes, {"x": bytes(2 << 20)}))


def test_an_archive_in_an_archive_is_no_export_and_nothing_of_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(out := io.BytesIO(), "w") as made:
        made.writestr("../../../x.csv", "id,a\np1,1\n")
        made.writestr("inner.zip", book())
    assert "an archive (.zip)" in refused(tmp_path, out.getvalue(), "export.zip")
    assert [path.name for path in tmp_path.rglob("*")] == ["export.zip"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b'<row r="99999999999"><c r="A99999999999"><v>2</v></c></row>', "below row 1,048,576"),
        (b'<row r="5"><c r="XFD5"><v>1</v></c></row>', "holds 16,384 cells; at most 10,000"),
    ],
)
def test_a_cell_far_away_does_not_fill_the_memory(tmp_path, row, says):
    data = changed(SHEET, lambda xml: xml.replace(b"</sheetData>", row + b"</sheetData>"))
    assert says in refused(tmp_path, data)


def test_a_sheet_that_spreads_over_too_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "CELLS", 11)
    assert "spreads over more than" in refused(tmp_path, book())
    monkeypatch.setattr(workbook, "CELLS", 12)
    (tmp_path / "fits.xlsx").write_bytes(book())
    assert open_export(tmp_path / "fits.xlsx").cells.num_rows == 3


def test_an_spss_file_that_unpacks_to_too_many_cells_is_refused(tmp_path, monkeypatch):
    import pyreadstat

    pyreadstat.write_sav(pd.DataFrame({"id": range(50), "a": 1}), file := tmp_path / "w.zsav", compress=True)
    assert open_export(file).cells.num_rows == 50
    monkeypatch.setattr(spss, "CELLS", 40)
    assert "unpacks to more than 40 cells" in refused(tmp_path, file.read_bytes(), "w.zsav")


@pytest.mark.parametrize(
    ("text", "limit", "says"),
    [
        (",".join(f"c{k}" for k in range(10_001)) + "\n" + ",".join("1" * 10_001), "", "holds 10,001 cells; at most 10,000"),
        ("id," + "x" * 5_001 + "\np1,1\n", "", "a cell of 5,001 characters; at most 5,000"),
        ('id,a\np1,"' + "x" * 101 + '"\n', "CELL_CHARACTERS", "one holds 101 characters"),
        ("id,a\np1,1\n", "EXPORT_BYTES", "the file has 0 MB; at most 0 are read"),
    ],
    ids=["columns", "name", "cell", "file"],
)  # fmt: skip
def test_a_text_without_an_end_is_refused(tmp_path, monkeypatch, text, limit, says):
    if limit:
        monkeypatch.setattr(importers, limit, {"CELL_CHARACTERS": 100, "EXPORT_BYTES": 5}[limit])
    assert says in refused(tmp_path, text.encode(), "w.csv")


def test_zero_bytes_and_packed_text_are_refused(tmp_path):
    (file := tmp_path / "w.csv").write_bytes(b"id,a\n" + b"p1,1\n" * 50 + b"p2,\0\n")
    with pytest.raises(Refused, match="Zero bytes in the export"):
        open_export(file)
    import gzip

    (file := tmp_path / "w.csv.gz").write_bytes(gzip.compress(b"id,a\n" + b"0,0\n" * 100_000))
    with pytest.raises(Refused):
        open_export(file)
