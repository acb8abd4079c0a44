"""Finds every number of a text back in the row that it came from; written without the code that prints numbers."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser

NUMBER = re.compile(r"(?<![\w.])([<>]\s)?(−?)((?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?)(%?)(?![\w])")
NAMES = ("SDC95",)


def strange_numbers(text: str, rows: Iterable[Mapping]) -> list[str]:
    """Numbers of a text that no row holds: neither as a rounded value, nor inside one of its texts."""
    rows = list(rows)
    values = [
        float(v)
        for row in rows
        for v in row.values()
        if isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
    ]
    for words in sorted(
        {v for row in rows for v in row.values() if isinstance(v, str) and any(map(str.isdigit, v))} | set(NAMES),
        key=len,
        reverse=True,
    ):
        text = text.replace(words, " ")
    text = text.replace("\u00a0", " ")
    return [m[0] for m in NUMBER.finditer(text) if m[3] and not _found(m[1] or "", m[2], m[3], m[4], values)]


def _found(relation: str, sign: str, digits: str, percent: str, values: list[float]) -> bool:
    printed = Decimal(digits.replace(",", "")) * (-1 if sign else 1)
    if relation.startswith("<"):
        return any(0 <= v < float(printed) for v in values)
    if relation.startswith(">"):
        return any(float(printed) <= v <= 1 for v in values)
    places = Decimal(1).scaleb(-len(digits.partition(".")[2]))
    exact = [Decimal(repr(v)) * (100 if percent else 1) for v in values]
    return any(v.quantize(places, rounding=ROUND_HALF_UP) == printed for v in exact)


class Page(HTMLParser):
    """A page as a reader and a link checker see it."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[tuple[str, str, str]] = []
        self.tags: list[tuple[str, dict]] = []
        self.articles: dict[str, list[str]] = {}
        self.headings: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._article: list[str] = []
        self.feed(html)
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._text))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [
            (tag, name, given[name]) for name in ("href", "src", "srcset", "action", "data") if name in given
        ]
        if tag == "article":
            self._article = self.articles.setdefault(given.get("class", ""), [])
            self._article.append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes <{self.open[-1] if self.open else ''}>")
        else:
            self.open.pop()

    def handle_data(self, data):
        if {"style", "script", "svg"} & set(self.open):
            return
        self._text.append(data)
        if "article" in self.open:
            self._article[-1] += data + " "
        if {"h1", "h2", "h3"} & set(self.open):
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, text + data)
