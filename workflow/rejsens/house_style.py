"""The style that a study asks for, at one place: how numbers are printed (`numbers:`) and words spelt (`spelling:`).

Numbers are printed by `apa`, which is told the profile once per job. What reaches a printed table, a drawing or the
report in APA's manner, such as a reason from a table of data or a convention in a note, is retold here, and here words
are spelt. The default, APA's numbers and British spelling, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from rejsens import apa
from rejsens.document import Code, Document, Figure, Link, Paragraph, Record, See, Table
from rejsens.spelling import DEFAULTS, TOUCHED, american, apart, asked

if TYPE_CHECKING:
    from rejsens.layout import PrintedTable
    from rejsens.style import Drawing

LANGUAGES = {"british": "en-GB", "american": "en-US"}
AS_THEY_ARE = (Code, Link, See, Record, Table, Figure)  # a figure was retold where it was drawn
NAMES = ("id", "role", "anchor", "kind", "series", "folded", "strip")  # fields of a document that hold no sentence


def use(study: Mapping[str, Any]) -> None:
    """Print numbers in the study's profile from now on, in this process."""
    apa.use(study.get("numbers", DEFAULTS["numbers"]))


def retold(text: str, study: Mapping[str, Any]) -> str:
    """A text of the project's own in the study's style."""
    if not asked(study) or not TOUCHED.search(text):
        return text
    write = american if study.get("spelling") == "american" else str
    parts = apart(text, study.get("as_written", ()))
    return "".join(part if stays else apa.retold(write(part)) for part, stays in parts)


def on_table(table: PrintedTable, study: Mapping[str, Any], quotes: str = "") -> PrintedTable:
    """A printed table in the study's style.

    quotes   what its cells hold of others and keep: "words", "all" (their numbers too), or nothing
    """
    if not asked(study):
        return table
    in_cells = dict(study) | ({"spelling": DEFAULTS["spelling"]} if quotes else {})

    def told(value: Any, style: Mapping[str, Any] = study) -> Any:
        return tuple(told(own, style) for own in value) if isinstance(value, tuple) else retold(value, style)

    said = ("title", "columns", "general", "probability")
    changed = {name: told(getattr(table, name)) for name in said}
    changed["specific"] = tuple((mark, told(text)) for mark, text in table.specific)
    changed["sections"] = tuple((row, told(heading)) for row, heading in table.sections)
    return replace(table, **changed, rows=table.rows if quotes == "all" else told(table.rows, in_cells))


def on_drawing(drawing: Drawing, study: Mapping[str, Any]) -> Drawing:
    """A drawing in the study's style: its words, every text on it, and the numbers of its axes; its data stay."""
    if not asked(study):
        return drawing
    from matplotlib.text import Text

    from rejsens.axis_numbers import print_axes

    for text in drawing.figure.findobj(Text):
        text.set_text(retold(text.get_text(), study))
    print_axes(drawing.figure)
    words: dict[str, Any] = {
        name: retold(getattr(drawing, name), study) for name in ("alt", "note", "title", "caption")
    }
    return replace(drawing, **words)


def on_document(document: Document, study: Mapping[str, Any], laid_out: Collection[str] = ()) -> Document:
    """A report in the study's style; its title and lead are the study's own words.

    laid_out   names of printed tables that came in this style
    """
    if not asked(study):
        return document
    return replace(
        document,
        sections=tuple(_told(section, study, laid_out) for section in document.sections),
        facts=tuple((name, retold(said, study)) for name, said in document.facts),
        notice=_told(document.notice, study, laid_out),
        language=LANGUAGES[study.get("spelling", DEFAULTS["spelling"])],
    )


def _told(value: Any, study: Mapping[str, Any], laid_out: Collection[str]) -> Any:
    """A piece of a document with its sentences retold; what is looked up by a name keeps it."""
    if isinstance(value, str):
        return retold(value, study)
    if isinstance(value, tuple):
        return tuple(_told(own, study, laid_out) for own in value)
    if isinstance(value, Table) and value.name not in laid_out:
        return replace(value, printed=on_table(value.printed, study))
    cited = isinstance(value, Paragraph) and value.role in ("citation", "reference")
    if cited or isinstance(value, AS_THEY_ARE) or not is_dataclass(value) or isinstance(value, type):
        return value
    told = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in NAMES}
    return replace(value, **{name: _told(part, study, laid_out) for name, part in told.items()})
