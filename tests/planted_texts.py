"""What a file of results says, whatever its form; and whether each planted text that stands in it stands there whole."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
from markdown_it import MarkdownIt

from rejsens.spreadsheet import restored

TAG = re.compile(r"q\d{3}z")
# what a line's end adds, and marks of direction, which a printed page does not show
UNSEEN = re.compile("[\\s\u00ad\u200b\u2060\u200e\u200f\u202a-\u202e]")
CUT = "…"  # at the end of a text for which a figure, or a line above a page, has no room
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Page(HTMLParser):
    """What a page is made of: its elements, the names of their attributes, where links lead, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text, self.words = "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction", "data")]
        self.words += "\n".join(value or "" for name, value in attrs if name not in ("href", "src", "d", "style"))

    def handle_data(self, data: str) -> None:
        self.text += data


def texts_of(name: str, data: bytes) -> Iterator[str]:
    """Every text of a file, read as the program reads it for which it was made; of an archive those of its files."""
    match name.rpartition(".")[2]:
        case "html":
            page = Page(data.decode())
            yield from (page.text, page.words)
        case "md":
            yield Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(data.decode())).text
        case "csv":
            cells = (cell for row in csv.reader(io.StringIO(data.decode(), newline="")) for cell in row)
            yield from (text for cell in cells for text in _of_cell(cell))
        case "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(data))
            cells = (cell.value for sheet in book for row in sheet.iter_rows() for cell in row)
            yield from (text for cell in cells if isinstance(cell, str) for text in _of_cell(cell))
        case "json" | "jsonld":
            yield from _within(json.loads(data))
        case "docx":
            yield from _paragraphs(data)
        case "typ":
            yield "".join(found.replace("\\\\", "\\").replace('\\"', '"') for found in _typst_strings(data.decode()))
        case "pdf":
            yield pages_of(data)
        case "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                for part in parts.namelist():
                    yield from texts_of(part, parts.read(part))


def _of_cell(cell: str) -> Iterator[str]:
    """A cell's text; of a list or an object in JSON, such as codes and their labels, the texts in it."""
    text = restored(cell)
    try:
        held = json.loads(text) if text[:1] in ("[", "{") else None
    except json.JSONDecodeError:
        held = None
    yield from (text,) if held is None else _within(held)


def _within(value: Any) -> Iterator[str]:
    """Texts of what JSON holds."""
    match value:
        case dict():
            for key, held in value.items():
                yield from (key, *_within(held))
        case list():
            for held in value:
                yield from _within(held)
        case str():
            yield value


def _paragraphs(data: bytes) -> Iterator[str]:
    """Every paragraph of a Word file; each of its parts is XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for part in parts.namelist():
            if part.endswith((".xml", ".rels")):
                for paragraph in ElementTree.fromstring(parts.read(part)).iter(f"{WORD}p"):
                    yield "".join(text.text or "" for text in paragraph.iter(f"{WORD}t"))


def _typst_strings(source: str) -> list[str]:
    """What stands in strings; whatever stands outside is markup, and no text of a study may."""
    strings = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
    assert not TAG.search(strings.sub("", source))
    return strings.findall(source)


def pages_of(data: bytes) -> str:
    """The text of a PDF without what stands above and below each page."""
    said = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    pages = [page.splitlines() for page in said.split("\f")]
    numbered = [re.fullmatch(r"\d+ / \d+", page[-1]) is not None if page else False for page in pages]
    kept = [page[k > 0 : -1] if has else page for k, (page, has) in enumerate(zip(pages, numbered, strict=True))]
    return "\n".join(line for page in kept for line in page)


def plain(text: str) -> str:
    return UNSEEN.sub("", text)


def broken(texts: Iterator[str] | list[str], planted: Mapping[str, str], cut: bool = False) -> list[str]:
    """Where a planted text begins and does not go on as it was planted: its place, and what stands there.

    cut   whether one may end in an ellipsis
    """
    whole = {found[0]: (place, plain(text)) for place, text in planted.items() if (found := TAG.search(text))}
    found_broken = []
    for text in map(plain, texts):
        for at in TAG.finditer(text):
            place, wanted = whole[at[0]]
            start = at.start() - wanted.index(at[0])
            seen = text[start : start + len(wanted)]
            if seen != wanted and not (cut and CUT in seen and wanted.startswith(seen.partition(CUT)[0])):
                found_broken.append(f"{place}: {text[max(start, 0) : start + len(wanted)]}")
    return found_broken


def planted_in(texts: Iterator[str] | list[str], planted: Mapping[str, str]) -> set[str]:
    """Places whose text stands in one of these."""
    found = {tag for text in texts for tag in TAG.findall(text)}
    return {place for place, text in planted.items() if (tag := TAG.search(text)) and tag[0] in found}


def files_below(folder: Path, *endings: str) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name.endswith(endings)]
