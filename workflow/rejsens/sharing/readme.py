"""The page that lies on top of an export: what it is, whether people are in it, on what terms, and how to cite it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rejsens.problems import counted, listed
from rejsens.sharing.package import TITLES, Package

# also &lt; and its like, a line under a word, and what begins a list, a rule or a heading at the start of a paragraph
_MARKUP = re.compile(r"([\\`*\[\]<>|~$]|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|^[-+=#]|(?<=^\d)[.)](?=\s))")
WHAT = {
    "full": "Every row of a study, with its dictionary.",
    "public": "A copy of a study for the public, with its dictionary.",
    "synthetic": "A synthetic twin of a study, with its dictionary: drawn by a program, nobody's rows.",
}
GUARD = (
    "In the CSV files a text that begins with =, +, - or @ has an apostrophe before it, so that no spreadsheet runs it as a "
    "formula; plain numbers have none. An empty cell is a missing value; the column blank_means of the dictionary says why."
)


def masked(text: str) -> str:
    r"""A study's own words on one line, in which nothing is markup.

    >>> print(masked("A *bold*\n<b>title</b>"))
    A \*bold\* \<b\>title\</b\>
    >>> print(masked("- a_b _c_ &lt;"), masked("1. d"), masked("# e"))
    \- a_b \_c\_ \&lt; 1\. d \# e
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def readme(package: Package, files: Mapping[str, str], standard: str = "") -> str:
    """The page as Markdown.

    files      path in the export -> what it holds, in the order of print
    standard   a sentence about the format
    """
    facts = package.facts
    lines = [f"# {masked(facts.title)}", WHAT[package.kind] + (f" {standard}" if standard else "")]
    lines += ["## Is anybody in it?", whose(package), *(f"- {masked(note)}" for note in more_notes(package))]
    if facts.description:
        lines += ["## The study", masked(facts.description)]
    lines += ["## The files", *(f"- `{name}`: {masked(what)}" for name, what in files.items())]
    if any(name.endswith(".csv") for name in files):
        lines.append(GUARD)
    lines += ["## The waves", *(_wave(wave) for wave in facts.waves)]
    lines += ["## Terms", f"Licence of the data: {masked(facts.licence or 'none is stated; ask before you use them')}."]
    lines.append(
        "Each scale has terms of its own; they stand in the column licence of the dictionary. The wording of published scales is not handed on."
    )
    if facts.contact:
        lines.append(f"Questions to: {masked(facts.contact)}")
    lines += ["## How to cite", "Cite the study, the authors of every scale you use (column source), and the software:"]
    lines.append(f"> {masked(facts.citation)}")
    lines += [f"- {name}: {masked(text)}" for name, text in facts.statements if name not in SAID]
    return "\n".join(_spaced(lines)) + "\n"


SAID = ("Licence of the data", "Source of the data", "Mode", "Language", "Population")  # the waves say it already


def whose(package: Package) -> str:
    """Whose rows these are, in a sentence or two that every export carries."""
    if package.kind == "synthetic":
        base = " The study itself was simulated too." if package.facts.simulated else ""
        return f"**Synthetic data: no row is a person's.** Do not report them as results.{base}"
    if package.facts.simulated:
        return "**Simulated data: nobody answered these questions.**"
    if package.kind == "public":
        return "**These are answers of people**, coarsened so that they can be shared. Do not try to find out who somebody is, nor link the rows to other data."
    return "**These are answers of people.** Rows can give somebody away: keep this folder closed, never publish it or pass it on."


def more_notes(package: Package) -> list[str]:
    """The package's notes, without what `whose` says already."""
    return [note for note in package.notes if note not in whose(package).replace("**", "")]


def rows_of(package: Package) -> dict[str, str]:
    """Table -> what it holds, with its size and its key."""
    return {
        name: f"{TITLES.get(name, name)} ({counted(len(frame), 'row')}, {counted(len(frame.columns), 'column')}; "
        f"key: {listed(package.key(name))})"
        for name, frame in package.tables.items()
    }


def _wave(wave: Mapping[str, str]) -> str:
    days = f"{wave['from']} to {wave['to']}"
    more = [wave["platform"], wave["population"], wave["mode"], wave["language"]]
    return f"- {masked(wave['name'])}: {masked(wave['title'] or 'no title')}; {days}; " + "; ".join(
        masked(" ".join(text.split()).rstrip(".")) for text in more if text
    )


def _spaced(lines: list[str]) -> list[str]:
    """A blank line around headings and paragraphs, none between the points of a list."""
    spaced: list[str] = []
    for line in lines:
        if spaced and not (line.startswith("- ") and spaced[-1].startswith("- ")):
            spaced.append("")
        spaced.append(line)
    return spaced
