"""What the sections are made from, and which printed table stands in which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from rejsens import narrative
from rejsens.document import Block, Figure, Paragraph, Part, See, Table
from rejsens.layout import PrintedTable
from rejsens.tables.reasons import REASONS

Row = Mapping[str, Any]
NO_PLAN = "No validation plan names a factor model of this study."
NO_CHANGE_SCORE = "No score of this study declares a change score, so no change is reported."
# section -> printed tables in it: (module, the table that must have rows, what is said when it has none)
PLACES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "data": (
        ("waves", "waves", ""),
        ("quality", "quality", "This study declares no data quality check."),
        ("careless", "careless", "No answer was given that an index of careless answers could be made of."),
        ("notices", "notices", "No plausibility check was made."),
    ),
    "differences": (("wave_differences", "differences", "There is one wave, and none to compare it with."),),
    "participants": (
        ("participants", "sample", "No sample table is declared."),
        ("flow", "flow", "No rows were read."),
    ),
    "missing": (
        ("missing_data", "missing", "No table of missing values was made."),
        ("missing_patterns", "missing_patterns", "No instrument of this study has scores."),
        ("little", "little", "No score was computed."),
        ("attrition", "attrition", "There is one wave, so nobody could be absent later."),
    ),
    "instruments": (
        ("instruments", "dictionary", "No instrument of this study has scores."),
        ("reliability", "reliability", "No coefficient of reliability could be computed."),
        ("reliability_further", "reliability", ""),
        ("reliability_over_time", "reliability", "No score has a coefficient of reliability."),
        ("item_analysis", "items", "No reflective score has an item analysis."),
        (
            "item_response",
            "item_response",
            "No scale of this study has three items, so no item response model was fitted.",
        ),
        ("scalability", "scalability", "No scale of this study has two items or more."),
        ("local_dependence", "local_dependence", "No scale of this study has three items, so no pairs were looked at."),
        ("dimensionality", "dimensionality", "No reflective score was asked, so no number of factors was looked for."),
        ("exploratory_loadings", "exploratory_loadings", "No reflective score of three items or more was asked."),
        ("factor_models", "factor_models", "No scale of this study has three items, so no factor model was fitted."),
        ("factor_loadings", "loadings", ""),
        ("invariance", "invariance", "No scale was asked in two waves or of two groups with enough people."),
        ("predictions", "predictions", "No set of predictions names a score of this study."),
        (
            "discriminant",
            "discriminant",
            "No two reflective scales of one instrument, and no declared pair, were asked together.",
        ),
        ("method_variance", "method_variance", "No scale was asked."),
        (
            "keying",
            "keying",
            "No pair of scores declares an expected sign, so the keys were not checked against each other.",
        ),
        (
            "stored_totals",
            "stored_totals",
            "No wave stores totals of its own, so none were compared with the recomputed scores.",
        ),
    ),
    "validation": (("validation", "validation", NO_PLAN), ("validation_loadings", "validation_loadings", "")),
    "descriptives": (
        ("descriptives", "descriptives", "No score was computed."),
        ("correlations", "correlations", "No correlation was computed."),
        ("reasons", "responses", ""),
    ),
    "hypotheses": (
        ("plan", "plan", ""),
        ("hypotheses", "hypotheses", narrative.NO_HYPOTHESIS),
        ("precision", "estimates", ""),
        ("diagnostics", "diagnostics", ""),
        ("multiverse", "multiverse_summary", ""),
    ),
    "coefficients": (
        ("regressions", "estimates", ""),
        ("mixed_models", "estimates", ""),
        ("mediation", "estimates", ""),
        ("estimates", "estimates", ""),
    ),
    "standards": (("standards", "standards", "This report was not held against the list of reporting standards."),),
    "change": (("erosion", "erosion", NO_CHANGE_SCORE),),
    "claims": (
        ("claims", "claims", "This study has no claim ledger."),
        ("benchmarks", "benchmarks", ""),
    ),
}


class Tables(dict[str, pd.DataFrame]):
    """Tables by name; one that was not made is empty, with the columns that the report reads."""

    NEEDED: ClassVar = {
        "waves": ["wave", "role", "simulated"],
        "differences": ["wave"],
        "dictionary": ["score", "label", "instrument", "status_line"],
        "estimates": ["hypothesis", "family", "decides"],
        "hypotheses": ["hypothesis", "family"],
        "claims": ["claim", "verdict", "hypothesis"],
        "plan": ["status", "sentence"],
        "validation": ["set", "title", "step", "outcome"],
    }

    def __missing__(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(columns=self.NEEDED.get(name, []))


@dataclass(frozen=True)
class Given:
    """Everything that the sections read.

    tables          aggregate contract tables by name
    printed         printed tables by module name
    study           as :py:func:`rejsens.report.compose` takes it, every text there
    provenance      likewise
    findings        rows of :py:func:`rejsens.narrative.findings`
    panel           rows of the table of waves that are no retest sample
    figures         of the study, in the order of print; of_instruments, of_families and of_waves: by the name of what they belong to
    """

    tables: Tables
    printed: Mapping[str, PrintedTable]
    study: Mapping[str, Any]
    provenance: Mapping[str, Any]
    findings: Sequence[Row]
    panel: pd.DataFrame
    figures: Sequence[Row] = ()
    of_instruments: Mapping[str, Sequence[Row]] | None = None
    of_families: Mapping[str, Sequence[Row]] | None = None
    of_waves: Mapping[str, Sequence[Row]] | None = None

    @cached_property
    def shown(self) -> frozenset[str]:
        """Printed tables that a section holds, by name: those made from a table that has rows."""
        return frozenset(
            name
            for places in PLACES.values()
            for name, source, _ in places
            if name in self.printed and self.printed[name].rows and self._filled(source)
        )

    def _filled(self, source: str) -> bool:
        frame = self.tables[source]
        if source == "erosion":  # one wave: a row that only says so
            return len(frame) > 0 and bool((frame["n"] > 0).any())
        if source == "responses":  # printed for the reasons alone
            return len(frame) > 0 and bool((frame["instrument"] == REASONS[0]).any())
        return len(frame) > 0

    def placed(self, section: str) -> tuple[Block, ...]:
        """The printed tables of a section, and a sentence once where a table has no rows."""
        blocks: list[Block] = []
        for name, _, absent in PLACES[section]:
            if section == "change" and len(self.panel) < 2:
                absent = narrative.NO_CHANGE
            said = Paragraph(absent, "absent")
            if name in self.shown:
                blocks.append(Table(name, self.printed[name]))
            elif absent and said not in blocks:
                blocks.append(said)
        return tuple(blocks)

    def further(self) -> tuple[Block, ...]:
        """Printed tables that no section knows, such as a study's own."""
        known = {name for places in PLACES.values() for name, *_ in places}
        return tuple(Table(name, self.printed[name]) for name in sorted(self.printed) if name not in known)

    def see(self, name: str) -> tuple[Part, ...]:
        """A link to a printed table after a sentence; nothing where no section holds it."""
        return (" ", See(f"table-{name}")) if name in self.shown else ()

    @cached_property
    def simulated(self) -> bool:
        """Whether any wave is simulated, whatever the settings say."""
        return bool(self.study["simulated"]) or any(map(narrative.is_true, self.tables["waves"].get("simulated", ())))


def figure(drawn: Row, name: str, series: str = "") -> Figure:
    """A figure as the jobs hand it over: stem, svg, png, title, alt, caption, note, file."""
    words: dict[str, Any] = {key: drawn.get(key) or "" for key in ("title", "note", "file")}
    return Figure(
        name, drawn["svg"], drawn["alt"], drawn["caption"], **words, png=drawn.get("png") or b"", series=series
    )


def shown_table(given: Given, name: str) -> tuple[Block, ...]:
    """A printed table by its name, where it has rows."""
    return (Table(name, given.printed[name]),) if name in given.shown else ()


def drawn(given: Given, stem: str) -> tuple[Block, ...]:
    """A figure of the study by its name, where it was drawn."""
    return tuple(figure(one, stem) for one in given.figures if one["stem"] == stem)


def of_family(stem: str, family: str) -> str:
    """The name of a figure of one family of hypotheses, since every family has one of that stem."""
    return f"{stem}-{family}"


def nothing(text: str) -> tuple[Block, ...]:
    """The sentence that stands where something could stand."""
    return (Paragraph(text, "absent"),)
