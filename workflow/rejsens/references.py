"""Works that a text cites, from a bibliography of checked entries; the only module that imports citeproc.

The entries are CSL-JSON (`workflow/report/bibliography/references.json`): every instrument that ships with a published
source, and every method that a draft names. Style: `author-date.csl` beside it.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from html import unescape
from typing import Any

from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc.source.json import CiteProcJSON

from rejsens.document import Document, Emphasis, Paragraph, Part, Text, walk
from rejsens.registry import SHIPPED

FOLDER = SHIPPED / "workflow" / "report" / "bibliography"
ENTRIES, STYLE = FOLDER / "references.json", FOLDER / "author-date.csl"
DOI = "https://doi.org/"


class References:
    """What a text has cited so far.

    >>> of = References()
    >>> of.cite("holm1979", "feldt1987")
    '(Feldt et al., 1987; Holm, 1979)'
    >>> [plain(text)[:14] for text in of.listed()]
    ['Feldt, L. S., ', 'Holm, S. (1979']
    """

    def __init__(self) -> None:
        self.cited: set[str] = set()

    def cite(self, *keys: str) -> str:
        """Works in parentheses, by author and year.

        raises   KeyError: the bibliography has no such entry
        """
        unknown = [key for key in keys if key not in entries()]
        if unknown:
            raise KeyError(f"no entry in {ENTRIES.name}: {', '.join(unknown)}")
        self.cited |= set(keys)
        return f"({'; '.join(sorted((_in_text()[key] for key in set(keys)), key=str.casefold))})"

    def listed(self) -> tuple[Text, ...]:
        """The works cited, in alphabetical order, as entries of a list of references."""
        return tuple(text for key, text in _in_full().items() if key in self.cited)


def key_of(doi: str | None) -> str:
    """The entry with a DOI; empty where there is none.

    >>> key_of("10.1037/T01038-000"), key_of("10.1/none"), key_of(None)
    ('rosenberg1965', '', '')
    """
    return _by_doi().get((doi or "").lower(), "")


def cited(document: Document) -> list[dict[str, Any]]:
    """The entries, as CSL-JSON, of the works in a document's list of references."""
    listed = {plain(b.text) for b in walk(document.sections) if isinstance(b, Paragraph) and b.role == "reference"}
    return [entries()[key] for key, text in _in_full().items() if plain(text) in listed]


def as_json(found: Iterable[Mapping[str, Any]]) -> str:
    """Entries as CSL-JSON, which Zotero, Word's add-ins, Quarto and pandoc read."""
    return json.dumps(list(found), ensure_ascii=False, indent=1) + "\n"


def plain(text: Text) -> str:
    """A text without its marks."""
    return "".join(part if isinstance(part, str) else getattr(part, "text", "") for part in _parts(text))


def _parts(text: Text) -> tuple[Part, ...]:
    return (text,) if isinstance(text, str) else text


@cache
def entries() -> dict[str, dict[str, Any]]:
    """The bibliography by key."""
    return {entry["id"]: entry for entry in json.loads(ENTRIES.read_text(encoding="utf-8"))}


@cache
def _by_doi() -> dict[str, str]:
    return {entry["DOI"].lower(): key for key, entry in entries().items() if "DOI" in entry}


def _rendered(style: str) -> tuple[CitationStylesBibliography, dict[str, Citation]]:
    """The whole bibliography in a style, and a citation of each entry by its key."""
    found = CitationStylesBibliography(
        CitationStylesStyle(io.BytesIO(style.encode()), validate=False), CiteProcJSON(list(entries().values()))
    )
    citations = {key: Citation([CitationItem(key)]) for key in entries()}
    for citation in citations.values():
        found.register(citation)
    return found, citations


@cache
def _in_text() -> dict[str, str]:
    """Author and year of each entry. Where two would read the same their authors are named in full, as APA has it."""
    short = _citations(STYLE.read_text(encoding="utf-8"))
    alike = {text for text, n in Counter(short.values()).items() if n > 1}
    whole = _citations(STYLE.read_text(encoding="utf-8").replace('<citation et-al-min="3"', '<citation et-al-min="21"'))
    return {key: whole[key] if text in alike else text for key, text in short.items()}


def _citations(style: str) -> dict[str, str]:
    found, citations = _rendered(style)
    return {key: unescape(str(found.cite(citation, _absent))) for key, citation in citations.items()}


def _absent(item: CitationItem) -> None:
    raise KeyError(item.key)


@cache
def _in_full() -> dict[str, Text]:
    """Each entry as it stands in a list of references, in the order of the list."""
    found, _ = _rendered(STYLE.read_text(encoding="utf-8"))
    found.sort()
    return dict(zip(found.keys, map(_marked, map(str, found.bibliography())), strict=True))


def _marked(html: str) -> Text:
    """The processor's HTML as parts; a title that ends in a question mark has no full stop."""
    pieces = re.split(r"<i>(.*?)</i>", unescape(html.replace("?.", "?").replace("</i><i>", "")))
    return tuple(Emphasis(text) if k % 2 else text for k, text in enumerate(pieces) if text)
