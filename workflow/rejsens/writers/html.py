"""Documents as one self-contained HTML page.

The page asks nothing of the network, runs no script, and carries no time stamp and no machine path: equal documents give
equal bytes. Every text is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Any

from markupsafe import Markup

from rejsens import layout, pages
from rejsens.document import Code, Document, Emphasis, Figure, Link, Part, See, Strong, Table, Text
from rejsens.embedded import image


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
    return environment.get_template("document.html.j2").render(document=document)


def _text(text: Text, document: Document) -> Markup:
    return Markup("".join(_part(part, document) for part in ((text,) if isinstance(text, str) else text)))


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
    return image(words, document.numbers[figure.anchor], figure.name)
