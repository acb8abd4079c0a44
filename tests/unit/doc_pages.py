"""The fenced blocks of every page, and what the pages tell to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache

from tests.conftest import ROOT

PAGES = sorted(
    page
    for places in ("*.md", "docs/**/*.md", "config/*.md", "data/*.md", "tests/**/README.md", ".github/*.md")
    for page in ROOT.glob(places)
)
FENCE = re.compile(r"^( *)(`{3,}|~{3,})(.*?)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- not run: (.+?) -->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    body: str
    reason: str  # why it is not run; "" when it is

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for fence in FENCE.finditer(text):
            before = text[: fence.start()]
            reason = COMMENT.search(before)
            name, line = page.relative_to(ROOT).as_posix(), before.count("\n") + 1
            found.append(Block(name, line, fence[3].strip(), fence[4], reason[1] if reason else ""))
    return tuple(found)


def of(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language]


def first_line(block: Block) -> str:
    return block.body.split("\n", 1)[0]


def path_of(block: Block) -> str:
    return first_line(block).rpartition(" ")[2]


@dataclass(frozen=True)
class Typed:
    words: tuple[str, ...]
    shown: tuple[str, ...]  # what the page prints below
    block: Block


@cache
def typed() -> tuple[Typed, ...]:
    """Every line after a `$`, continued lines joined and comments left out."""
    found = []
    for block in of("console"):
        before, *parts = re.split(r"^\$ ", block.body.replace("\\\n", ""), flags=re.MULTILINE)
        assert not before and parts, f"{block.place}: begins with no `$ `"
        for part in parts:
            line, *shown = part.rstrip("\n").split("\n")
            words = tuple(shlex.split(re.sub(r"\s+# .*", "", line)))
            found.append(Typed(words, tuple(shown), block))
    return tuple(found)


def inline() -> list[tuple[str, str]]:
    """Page and words of the commands within sentences."""
    texts = [(page.relative_to(ROOT).as_posix(), FENCE.sub("", page.read_text(encoding="utf-8"))) for page in PAGES]
    return [(page, words) for page, text in texts for words in re.findall(r"`((?:rejsens|snakemake) [^`]+)`", text)]
