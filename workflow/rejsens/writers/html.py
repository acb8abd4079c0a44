"""Documents as one self-contained HTML page.

The page asks nothing of the network, runs no script but its own (named by its hash, so that a browser refuses any
other), and carries no time stamp and no machine path: equal documents give equal bytes. Every text is escaped. Without
scripts the page is whole; with them it has tools to filter, sort, copy and download (`workflow/report/companion.js`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import Any

from markupsafe import Markup

from rejsens import layout, pages
from rejsens.document import Code, Document, Emphasis, Figure, Link, Part, See, Strong, Table, Text
from rejsens.embedded import image
from rejsens.writers.page_fonts import faces

FONTS_HERE = Markup("/*<fonts>*/")  # filled when it is known which characters the page holds; no masked text holds a <
FORMS = ("PDF", "SVG", "PNG", "CSV")  # in which the study's folder holds each figure; CSV: what was plotted


def write(document: Document) -> str:
    """The page as text."""
    environment = pages.environment()
    environment.filters |= {
        "kind": lambda block: type(block).__name__,
        "text": lambda text: _text(text, document),
        "name": lambda name: Markup(layout.runs_html(layout.name_runs(name))),
        "table": lambda table: _table(table, document),
        "picture": lambda figure: _picture(figure, document),
    }
    script = (pages.TEMPLATES / "companion.js").read_text(encoding="utf-8")
    page = environment.get_template("document.html.j2").render(
        document=document, script=Markup(script), script_hash=Markup(_hash(script)), fonts=FONTS_HERE
    )
    return page.replace(str(FONTS_HERE), faces(re.sub(r'data:[^"]*', "", page)), 1)


def _hash(script: str) -> str:
    """What a content security policy calls a script that may run.

    >>> _hash("alert(1)")
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _text(text: Text, document: Document) -> Markup:
    parts = (text,) if isinstance(text, str) else text
    apart = len(parts) > 1 and all(isinstance(part, str) for part in parts)  # each can be copied on its own
    return Markup(
        "".join(f"<span>{_part(part, document)}</span>" if apart else _part(part, document) for part in parts)
    )


def _part(part: Part, document: Document) -> str:
    if isinstance(part, Strong):
        return f"<strong>{layout.italics(part.text)}</strong>"
    if isinstance(part, Emphasis):
        return f"<em>{escape(part.text)}</em>"
    if isinstance(part, Code):
        return f"<code>{escape(part.text)}</code>"
    if isinstance(part, Link):
        return f'<a href="{escape(part.target)}">{escape(part.text)}</a>'
    if isinstance(part, See):
        number = document.numbers.get(part.anchor)
        return f'<a href="#{escape(part.anchor)}">{escape(number)}</a>' if number else ""
    return layout.italics(part)


def _table(table: Table, document: Document) -> Markup:
    fragment = layout.to_html(table.printed, table.name, document.anchors)
    return Markup(layout.numbered(fragment, document.numbers[table.anchor]))


def _picture(figure: Figure, document: Document) -> dict[str, Any]:
    words = {
        "svg": figure.svg,
        "alt": figure.alt,
        "caption": figure.caption,
        "title": figure.title,
        "note": figure.note,
    }
    drawn = image(words, document.numbers.get(figure.anchor, ""), figure.name)
    return drawn | {
        "files": [(form, f"../{figure.file}.{form.lower()}") for form in FORMS if figure.file],
        "by_wave": [(wave, _picture(one, document)) for wave, one in figure.by_wave],
    }
