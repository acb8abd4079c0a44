"""The report of a study as one document: what was tested first, then everything that a reader needs to judge it.

It carries no time stamp and no machine path: equal tables give an equal document, whichever writer sets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa, house_style, narrative
from rejsens.document import Document, Strong
from rejsens.layout import PrintedTable
from rejsens.sections import closing, hypotheses, instruments, measures, people, reporting
from rejsens.sections.places import Given, Tables
from rejsens.statements import design

MARK = "Simulated data"
UNSTATED = {"description": "", "support": "", "contact": "", "notes": (), "statements": (), "set_aside": ()}
NOBODY = (Strong("Simulated data."), " Nobody answered these questions.")


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
    """The report as data, for the writers of :py:mod:`rejsens.writers`.

    Parameters
    ----------
    tables : mapping of str to :py:class:`pandas.DataFrame`
        Aggregate contract tables by name; a name that is absent counts as an empty table. No row of a person is read.
    figures : sequence of mappings
        `stem`, `svg` (text), `alt`, `caption`, and where there is one `title`, `note` and `png` (bytes), in the order
        of print.
    printed : mapping of str to :py:class:`rejsens.layout.PrintedTable`
        Printed tables by module name. Names that no section knows stand under "Further tables".
    study : mapping
        title, simulated, ci_level, alpha, min_cell, support, contact, seed, score_order, description; optional `notes`,
        `statements` (pairs of :py:func:`rejsens.statements.statements`) and `set_aside`: a sentence for each family of hypotheses that is not tested until its file is mended.
    provenance : mapping
        instruments : list of dicts of :py:func:`rejsens.definitions.instrument_facts`
        software : name -> version
        inputs : name of an input -> sha256
        config_sha256, lock_sha256 : str
    of_instruments : mapping of str to sequence of mappings, optional
        Instrument -> its own figures, each like one of `figures`.
    of_families : mapping of str to sequence of mappings, optional
        Family of hypotheses -> its own figures, likewise.
    of_waves : mapping of str to sequence of mappings, optional
        Wave -> the figures of the study that show one wave, drawn of that one, likewise.

    Returns
    -------
    :py:class:`rejsens.document.Document`
        Equal input gives an equal document.
    """
    house_style.use(study)
    given = gathered(tables, figures, printed, study, provenance, of_instruments, of_families, of_waves)
    document = Document(
        title=given.study["title"],
        lead=given.study["description"],
        facts=tuple(_facts(given.panel, given.tables["waves"], given.findings, given.simulated)),
        sections=(
            hypotheses.tested(given),
            people.data(given),
            people.differences(given),
            people.participants(given),
            people.missing(given),
            instruments.instruments(given),
            measures.validation(given),
            measures.measures(given),
            people.descriptives(given),
            hypotheses.in_detail(given),
            closing.change(given),
            closing.figures(given),
            closing.claims(given),
            *reporting.statements(given),
            closing.limitations(given),
            *closing.further(given),
            closing.reproduce(given),
            reporting.standards(given),
        ),
        mark=MARK if given.simulated else "",
        notice=NOBODY if given.simulated else "",
        date=newest(given.tables["waves"]),
    )
    return house_style.on_document(reporting.numbered(document), given.study, laid_out=printed)


def gathered(
    tables: Mapping[str, pd.DataFrame],
    figures: Sequence[Mapping[str, Any]],
    printed: Mapping[str, PrintedTable],
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
    of_instruments: Mapping[str, Sequence[Mapping[str, Any]]] | None,
    of_families: Mapping[str, Sequence[Mapping[str, Any]]] | None,
    of_waves: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Given:
    """What the sections of a document read, from what :py:func:`compose` takes."""
    filled = Tables(tables)
    return Given(
        tables=filled,
        printed=printed,
        study=UNSTATED | dict(study),
        provenance=provenance,
        findings=narrative.findings(filled["estimates"], filled["hypotheses"], filled["dictionary"]),
        panel=filled["waves"].query("role == 'wave'") if len(filled["waves"]) else filled["waves"],
        figures=figures,
        of_instruments=of_instruments,
        of_families=of_families,
        of_waves=of_waves,
    )


def _facts(
    panel: pd.DataFrame, waves: pd.DataFrame, findings: Sequence[Mapping[str, Any]], simulated: bool
) -> list[tuple[str, str]]:
    facts = [("Design", design(waves["role"]))] if len(waves) else []
    facts.append(("Waves", apa.count(len(panel))))
    if len(waves) > len(panel):
        facts.append(("Retest samples", apa.count(len(waves) - len(panel))))
    if len(panel):
        ordered = panel.sort_values("wave_number")
        facts.append(("People in the first wave", apa.count(ordered["n_kept"].iloc[0])))
        if len(panel) > 1:
            facts.append(("People in the latest wave", apa.count(ordered["n_kept"].iloc[-1])))
        days = [
            d for d in [ordered["collected_from"].iloc[0], ordered["collected_to"].iloc[-1]] if not apa.is_missing(d)
        ]
        if len(days) == 2:
            facts.append(("Collected", f"{days[0]} to {days[1]}"))
    facts.append(("Hypotheses", apa.count(len(findings))))
    return [*facts, ("Data", "simulated")] if simulated else facts


def newest(waves: pd.DataFrame) -> str:
    """The day on which the newest wave ended; empty where no wave says it."""
    days = [str(day)[:10] for day in waves.get("collected_to", ()) if not apa.is_missing(day)]
    return max(days, default="")
