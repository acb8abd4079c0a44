"""Documents as Markdown that pandoc, Quarto and any editor read: pipe tables under their titles, figures as links.

A document is text and nothing else: what could be read as markup is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from rejsens import apa
from rejsens.document import (
    Block,
    Bullets,
    Code,
    Document,
    Emphasis,
    Entries,
    Facts,
    Figure,
    Finding,
    Link,
    Paragraph,
    Part,
    Record,
    Section,
    See,
    Strong,
    Table,
    Text,
)
from rejsens.layout import PrintedTable, header_runs, name_runs, split_mark
from rejsens.writers.word_tables import Raised, notes_of, seen

DEEPEST = 6
_ADDRESS = "/:?#@!$&'*+,;=%~-._[]"  # what an address keeps; a blank, a bracket or a quotation mark would end it
# a dollar and a tilde are markup to pandoc; &lt; and its like are read as the character that they name
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~^$]|&(?=\w+;))")
_LINE = re.compile(r"^(\s*)([-+](?=\s)|\d+(?=[.)]\s))", re.MULTILINE)
SIDES = {"left": ":--", "right": "--:", "center": ":-:"}


def write(document: Document, results: str = "..") -> str:
    """The document as text.

    results   the folder of results, seen from where the text will stand
    """
    lines = [f"# {_plain(document.title)}"]
    if document.notice:
        lines.append(_text(document.notice, document))
    if document.lead:
        lines.append(_text(document.lead, document))
    if document.facts:
        lines += _block(Facts(document.facts), document, 1, results)
    for section in document.sections:
        lines += _block(section, document, 1, results)
    return "\n\n".join(lines) + "\n"


def _block(block: Block, document: Document, level: int, results: str) -> list[str]:
    match block:
        case Section():
            inner = [line for one in block.blocks for line in _block(one, document, level + 1, results)]
            about = [_plain(block.summary)] if block.summary else []
            return [f"{'#' * min(level + 1, DEEPEST)} {_plain(block.heading)}", *about, *inner]
        case Paragraph():
            return [_text(block.text, document)]
        case Bullets():
            return ["\n".join(f"- {_text(item, document)}" for item in block.items)] if block.items else []
        case Entries():
            return [_text(paragraph.text, document) for entry in block.items for paragraph in entry]
        case Facts():
            return ["\n".join(f"- **{_plain(name)}**: {_text(text, document)}" for name, text in block.pairs)]
        case Table():
            return _table(block.printed, document.numbers[block.anchor])
        case Record():
            return _table(PrintedTable(block.title, block.columns, block.rows, ("left", "left")), "")
        case Figure():
            return _figure(block, document.numbers[block.anchor], results)
        case Finding():
            return _finding(block, level)


def _finding(finding: Finding, level: int) -> list[str]:
    claimed = f" ({finding.claimed})" if finding.claimed else ""
    value = f". {finding.metric} {finding.value} {finding.interval}" if finding.value else ""
    details = "; ".join(f"{_runs(name_runs(name))}: {_sentence(text)}" for name, text in finding.details)
    return [
        f"{'#' * min(level + 1, DEEPEST)} {_plain(f'{finding.eyebrow} {finding.heading}')}",
        f"**{_plain(finding.verdict)}**{_sentence(f'{claimed}{value}')}",
        _sentence(finding.estimated),
        *filter(None, [details, _sentence(finding.why)]),
    ]


def _figure(figure: Figure, label: str, results: str) -> list[str]:
    alt = _plain(" ".join(figure.alt.split()))
    note = [f"*Note.* {_sentence(figure.note)}"] if figure.note else []
    head = [f"**{label}**", *([f"*{_plain(figure.title)}*"] if figure.title else [])]
    picture = [f"![{alt}]({results}/{figure.file}.png)"] if figure.file else []
    return [*head, *picture, _sentence(figure.caption), *note]


def _table(printed: PrintedTable, label: str) -> list[str]:
    """Number and title, the table, its notes. A heading over rows is a row of its own, in bold type."""
    width, headings = len(printed.columns), dict(printed.sections)
    rows = [_line(_runs(header_runs(head)) for head in printed.columns), _line(SIDES[a] for a in printed.alignment)]
    for k, row in enumerate(printed.rows):
        if k in headings:
            rows.append(_line([f"**{_plain(headings[k])}**", *[""] * (width - 1)]))
        rows.append(
            _line(
                _cell(*split_mark(cell, printed), bold=place == 0 and k in printed.heads)
                for place, cell in enumerate(row)
            )
        )
    if not printed.rows:
        rows.append(_line(["No rows.", *[""] * (width - 1)]))
    head = [f"**{label}**"] if label else []
    return [*head, f"*{_plain(printed.title)}*", "\n".join(rows), *(_runs(note) for note in notes_of(printed))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str, mark: str, bold: bool) -> str:
    said = _sentence(" ".join(text.splitlines()))
    said = f"**{said}**" if bold and said else said
    return f"{said}^{mark}^" if mark else said


# --- texts -----------------------------------------------------------------------------------------------------------


def _text(text: Text, document: Document) -> str:
    parts = (text,) if isinstance(text, str) else text
    return _LINE.sub(r"\1\\\2", "".join(_part(part, document) for part in parts))


def _part(part: Part, document: Document) -> str:
    match part:
        case Strong():
            return f"**{_plain(part.text)}**"
        case Emphasis():
            return f"*{_plain(part.text)}*"
        case Code():
            return _code(part.text)
        case Link():
            return f"[{_plain(part.text)}]({quote(part.target, safe=_ADDRESS)})"
        case See():
            return document.numbers.get(part.anchor, "")
    return _sentence(part)


def _sentence(text: str) -> str:
    return _runs(apa.italic_runs(text))


def _runs(runs: Iterable[tuple[str, bool]]) -> str:
    """Runs of text, and raised marks of notes."""
    return "".join(_run(text, italic) for text, italic in runs)


def _run(text: str, italic: bool) -> str:
    if isinstance(text, Raised):
        return f"^{_plain(text)}^"
    return f"*{_plain(text)}*" if italic and text else _plain(text)


def _plain(text: str) -> str:
    r"""A text in which nothing is markup, on one line.

    >>> _plain("a_b *c* <d> [e]")
    'a\\_b \\*c\\* \\<d\\> \\[e\\]'
    """
    return _MARKUP.sub(r"\\\1", seen(text))


def _code(text: str) -> str:
    """Between more grave accents than stand in it side by side.

    >>> _code("a"), _code("a`b")
    ('`a`', '`` a`b ``')
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    mark = "`" * (longest + 1)
    return f"{mark} {seen(text)} {mark}" if longest else f"{mark}{seen(text)}{mark}"
