"""Method and results of a study as a draft for a manuscript: the report's tables and sentences, in the order of a paper.

It takes what the report takes and gives a document for any writer. Every number comes by its key; what the tables do
not know stands in brackets for the author.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from rejsens import house_style
from rejsens.document import Block, Bullets, Document, Paragraph, Section
from rejsens.layout import PrintedTable
from rejsens.references import References
from rejsens.report import MARK, NOBODY, gathered, newest
from rejsens.sections import closing
from rejsens.sections.method import method, unwritten
from rejsens.sections.places import Given, of_family
from rejsens.sections.results import results

SIMULATED = "simulated data"
ABOUT = (
    "A draft of method and results, made from the study’s own tables. What stands in brackets is to be written; the "
    "introduction and the discussion are not here. Tables and figures of the supplement are in submission.zip."
)


@dataclass(frozen=True)
class Numbered:
    """One table or figure as it is numbered for submission.

    label   such as "Table 1", and "Figure S2" in the supplement
    kind    Table or Figure
    name    what it is called in the report and its folders
    """

    label: str
    kind: str
    name: str
    title: str


def compose(
    tables: Mapping[str, pd.DataFrame],
    figures: Sequence[Mapping[str, Any]],
    printed: Mapping[str, PrintedTable],
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
    of_instruments: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    of_families: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    of_waves: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Document:
    """The draft as data. Parameters as :py:func:`rejsens.report.compose` takes them; equal input gives an equal document."""
    house_style.use(study)
    given = gathered(tables, figures, printed, study, provenance, of_instruments, of_families, of_waves)
    of = References()
    sections = (method(given, of), results(given), _limitations(given), _references(of))
    title = given.study["title"]
    labelled = given.simulated and "simulated" not in title.lower()
    draft = Document(
        title=f"{title} ({SIMULATED})" if labelled else title,
        lead=ABOUT,
        sections=sections,
        mark=MARK if given.simulated else "",
        notice=NOBODY if given.simulated else "",
        date=newest(given.tables["waves"]),
    )
    whole = replace(draft, sections=(*sections, _supplement(draft, given)))
    return house_style.on_document(whole, given.study, laid_out=printed)


def figures_of(
    figures: Sequence[Mapping[str, Any]], of_families: Mapping[str, Sequence[Mapping[str, Any]]] | None
) -> list[Mapping[str, Any]]:
    """The figures of the study, then those of its families of hypotheses, each under the name that the draft gives it."""
    named = (of_families or {}).items()
    return [*figures, *({**one, "stem": of_family(one["stem"], family)} for family, own in named for one in own)]


def numbered(
    draft: Document, printed: Mapping[str, PrintedTable], figures: Sequence[Mapping[str, Any]]
) -> list[Numbered]:
    """Every table and figure of a study: those of the draft as it numbers them, then those of the supplement, S1, S2, …"""
    tables = [Numbered("", "Table", name, table.title) for name, table in printed.items()]
    drawn = [Numbered("", "Figure", one["stem"], one.get("title") or one["caption"]) for one in figures]
    there, beside = [], []
    for group in (tables, drawn):
        rest = 0
        for one in group:
            if label := draft.numbers.get(f"{one.kind.lower()}-{one.name}"):
                there.append(replace(one, label=label))
            else:
                rest += 1
                beside.append(replace(one, label=f"{one.kind} S{rest}"))
    place = {label: k for k, label in enumerate(draft.numbers.values())}
    return [*sorted(there, key=lambda one: place[one.label]), *beside]


def _limitations(given: Given) -> Section:
    said = (*closing.stated(given), *given.study["notes"], *given.study["set_aside"])
    about = "what these results mean, and for whom they may hold"
    return Section("limitations", "Limitations", (Bullets(said), unwritten(about)))


def _references(of: References) -> Section:
    entries: tuple[Block, ...] = tuple(Paragraph(text, "reference") for text in of.listed())
    return Section("references", "References", entries or (Paragraph("Nothing is cited.", "absent"),))


def _supplement(draft: Document, given: Given) -> Section:
    shown = {name: table for name, table in given.printed.items() if table.rows}
    rest = [one for one in numbered(draft, shown, figures_of(given.figures, given.of_families)) if " S" in one.label]
    listed: tuple[Block, ...] = (Bullets(tuple(f"{one.label}. {one.title.rstrip('.')}." for one in rest)),)
    return Section("supplement", "Supplementary material", listed if rest else (Paragraph("None.", "absent"),))
