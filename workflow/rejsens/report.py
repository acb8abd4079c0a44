"""One self-contained HTML page per study: what was tested first, then everything that a reader needs to judge it.

The page asks nothing of the network, runs no script, and carries no time stamp and no machine path: equal tables give
equal bytes. Every text from a study is escaped; printed tables and figures come finished from their own jobs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, ClassVar

import pandas as pd
from markupsafe import Markup

from rejsens import apa, layout, narrative, pages
from rejsens.claims import counted
from rejsens.embedded import image
from rejsens.frozen_plan import in_short
from rejsens.glossary import GLOSSARY, OF_HYPOTHESES
from rejsens.hypotheses_section import hypotheses_section, summary
from rejsens.measured_alike import NOT_ASSESSED
from rejsens.measures_section import NO_PLAN, instruments_section, validation_words
from rejsens.problems import listed
from rejsens.tables.reasons import REASONS
from rejsens.verdict_words import MEANINGS

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
    "coefficients": (("estimates", "estimates", ""),),
    "change": (("erosion", "erosion", NO_CHANGE_SCORE),),
    "claims": (
        ("claims", "claims", "This study has no claim ledger."),
        ("benchmarks", "benchmarks", ""),
    ),
}
# Items that say the same in two measures: a correlation between them is partly built in.
OVERLAPS = {
    "scs_sf": "SCS-SF items 11 and 12 (self-judgement) overlap with self-blame; items 4 and 8 overlap with loneliness.",
    "djg6": "The DJG-6 holds an item on feeling rejected, which overlaps with reported exposure.",
    "ucla20": "The UCLA-20 holds an item on feeling left out, which overlaps with reported exposure.",
    "ucla3": "The UCLA-3 holds an item on feeling left out, which overlaps with reported exposure.",
    "phq8": "PHQ item 6 overlaps with self-esteem.",
    "phq9": "PHQ item 6 overlaps with self-esteem.",
    "ecr_r": "Attachment anxiety overlaps with rejection sensitivity.",
    "ecr_rs": "Attachment anxiety overlaps with rejection sensitivity.",
}
LIMITATIONS = (
    "Every measure is self-report. What is called reported exposure is what people say others did, not observed "
    "behaviour, and people who are sensitive to rejection, or low in mood, may report more of it.",
    "Predictors and outcomes come from the same questionnaire at the same time, so part of an association may belong "
    "to the method.",
    "The study is observational: an association does not show what brought it about, nor which came first.",
    "Nothing here is diagnostic. Scores describe groups and have no cut-off for a person.",
)
PROVISIONAL = "The results of {} are from complete cases and provisional: people with missing answers may differ from those without."
UNASSESSED = (
    "Whether every scale of {} measures the same in what it compares could not be assessed; the comparison assumes it."
)
RISK = (
    "An item of this study asks about thoughts of self-harm. Such answers need a declared protocol for reaching people "
    "at risk."
)


def write_report(
    tables: Mapping[str, pd.DataFrame],
    figures: Sequence[Mapping[str, str]],
    printed: Mapping[str, str],
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
    of_instruments: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    of_families: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> str:
    """The report as one HTML text.

    Parameters
    ----------
    tables : mapping of str to :py:class:`pandas.DataFrame`
        Aggregate contract tables by name; a name that is absent counts as an empty table. No row of a person is read.
    figures : sequence of mappings
        `stem`, `svg` (text), `alt`, `caption`, and where there is one `title` and `note`, in the order of print.
    printed : mapping of str to str
        Printed tables by module name, as :py:func:`rejsens.layout.to_html` wrote them. Names that no section knows
        stand under "Further tables".
    study : mapping
        title, simulated, ci_level, alpha, min_cell, support, contact, seed, score_order, description; optional `notes`
        and `set_aside`: a sentence for each family of hypotheses that is not tested until its file is mended.
    provenance : mapping
        instruments : list of dicts of :py:func:`rejsens.definitions.instrument_facts`
        software : name -> version
        inputs : name of an input -> sha256
        config_sha256, lock_sha256 : str
    of_instruments : mapping of str to sequence of mappings, optional
        Instrument -> its own figures, each like one of `figures`.
    of_families : mapping of str to sequence of mappings, optional
        Family of hypotheses -> its own figures, likewise.

    Returns
    -------
    str
        HTML; equal input gives equal text.
    """
    filled = _Tables(tables)
    findings = narrative.findings(filled["estimates"], filled["hypotheses"], filled["dictionary"])
    simulated = bool(study["simulated"]) or any(map(narrative.is_true, filled["waves"].get("simulated", ())))
    panel = filled["waves"].query("role == 'wave'") if len(filled["waves"]) else filled["waves"]
    sections, further, numbers = _placed(filled, printed, len(panel))
    environment = pages.environment()
    environment.filters["italics"] = lambda text: Markup(layout.italics(text))
    return environment.get_template("report.html.j2").render(
        study={"description": "", "support": "", "contact": "", "notes": (), "set_aside": ()} | dict(study),
        simulated=simulated,
        facts=_facts(panel, filled["waves"], findings, simulated),
        summary=summary(findings),
        plan=in_short(list(filled["plan"]["status"]), list(filled["plan"]["sentence"])),
        findings=findings,
        families=hypotheses_section(findings, filled["claims"], of_families or {}),
        sections=sections,
        further=further,
        plans=validation_words(filled["validation"]),
        glossary=GLOSSARY,
        words=OF_HYPOTHESES,
        verdicts=MEANINGS,
        measures=instruments_section(filled, of_instruments or {}, numbers),
        numbers=numbers,
        waves=[] if "waves" in printed else [narrative.wave(row) for row in filled["waves"].to_dict("records")],
        instruments=list(provenance.get("instruments", ())),
        doubtful=[row for row in provenance.get("instruments", ()) if row.get("user_supplied")],
        status_lines=_status_lines(filled["dictionary"]),
        figures=[image(figure, k, figure["stem"]) for k, figure in enumerate(figures, start=1)],
        claims=" ".join(counted(filled["claims"])),
        limitations=_limitations(findings, filled["dictionary"], len(panel)),
        risk=RISK if _asks_about_self_harm(filled["dictionary"]) else "",
        provenance=_record(provenance, study),
        no_hypothesis=narrative.NO_HYPOTHESIS,
    )


class _Tables(dict):
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


# --- first page ------------------------------------------------------------------------------------------------------


def _facts(
    panel: pd.DataFrame, waves: pd.DataFrame, findings: Sequence[Mapping[str, Any]], simulated: bool
) -> list[tuple[str, str]]:
    facts = [("Waves", apa.count(len(panel)))]
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


# --- sections --------------------------------------------------------------------------------------------------------


def _placed(
    tables: _Tables, printed: Mapping[str, str], waves: int
) -> tuple[dict[str, list[dict[str, Any]]], list[Markup], dict[str, str]]:
    """Numbered printed tables by section, a sentence where a table has no rows, the tables no section knows, and numbers."""
    sections: dict[str, list[dict[str, Any]]] = {}
    numbers: dict[str, str] = {}
    filled = {name: len(tables[name]) > 0 for places in PLACES.values() for _, name, _ in places}
    filled["erosion"] = filled["erosion"] and bool(
        (tables["erosion"]["n"] > 0).any()
    )  # one wave: a row that only says so
    filled["responses"] = filled["responses"] and bool(
        (tables["responses"]["instrument"] == REASONS[0]).any()
    )  # printed for the reasons alone
    for section, places in PLACES.items():
        sections[section] = []
        for name, source, absent in places:
            if section == "change" and waves < 2:
                absent = narrative.NO_CHANGE
            if filled[source] and name in printed:
                numbers[name] = f"Table {len(numbers) + 1}"
                sections[section].append({"html": Markup(layout.numbered(printed[name], numbers[name])), "text": ""})
            elif absent and absent not in [part["text"] for part in sections[section]]:
                sections[section].append({"html": "", "text": absent})
    known = {name for places in PLACES.values() for name, *_ in places}
    rest = [printed[name] for name in sorted(printed) if name not in known]
    last = [Markup(layout.numbered(html, f"Table {k}")) for k, html in enumerate(rest, start=len(numbers) + 1)]
    return sections, last, numbers


def _status_lines(dictionary: pd.DataFrame) -> list[str]:
    return [line for line in dict.fromkeys(dictionary["status_line"]) if not apa.is_missing(line)]


def _limitations(findings: Sequence[Mapping[str, Any]], dictionary: pd.DataFrame, waves: int) -> list[str]:
    found = list(LIMITATIONS)
    provisional = [row["hypothesis"] for row in findings if narrative.is_provisional(row)]
    unassessed = [row["hypothesis"] for row in findings if NOT_ASSESSED in str(row.get("invariance"))]
    for said, concerned in ((PROVISIONAL, provisional), (UNASSESSED, unassessed)):
        found += [said.format(listed(concerned, 100))] if concerned else []
    if waves < 2:
        found.append(narrative.NO_CHANGE)
    asked = set(dictionary["instrument"])
    found += [text for name, text in OVERLAPS.items() if any(i == name or i.endswith(f"_{name}") for i in asked)]
    return [*found, *_status_lines(dictionary)]


def _asks_about_self_harm(dictionary: pd.DataFrame) -> bool:
    return any(str(name).endswith("phq9") for name in dictionary["instrument"])


def _record(provenance: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """Versions and content hashes in a fixed order; an input is named without any machine's folders."""
    inputs = {_without_machine(name): digest for name, digest in provenance.get("inputs", {}).items()}
    rest = [
        ("Settings (SHA-256)", provenance.get("config_sha256")),
        ("Lock file (SHA-256)", provenance.get("lock_sha256")),
        ("Seed", study.get("seed")),
    ]
    return {
        "software": sorted(provenance.get("software", {}).items()),
        "inputs": sorted(inputs.items()),
        "rest": [(name, str(value)) for name, value in rest if not apa.is_missing(value)],
    }


def _without_machine(name: str) -> str:
    """An absolute path keeps its last part only."""
    path = name.replace("\\", "/")
    return PurePosixPath(path).name if path.startswith("/") or re.match(r"[A-Za-z]:/", path) else path
