"""The method of a draft: data, people, measures and analyses, each sentence filled from the tables by key.

What no table knows (recruitment, consent, how many people were meant to take part) is left to the author, in brackets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from rejsens import apa, narrative
from rejsens.assessment_words import COEFFICIENTS, OF_EVERY_WAVE, consistency, later_consistency
from rejsens.document import Block, Bullets, Facts, Paragraph, Section, Strong
from rejsens.frozen_plan import in_short
from rejsens.references import References, key_of
from rejsens.result_names import analysis_of, kind_of, third_of
from rejsens.sections.hypotheses import corrections, families, family_heading
from rejsens.sections.instruments import status_lines
from rejsens.sections.places import Given, Row, drawn, shown_table
from rejsens.sentences import counted, listed, reported, sentence
from rejsens.tables.instruments import METHODS
from rejsens.verdict_words import MEANINGS

NOBODY = "The data of this manuscript are simulated: nobody answered these questions, and no number here is a finding about people."
OF_COEFFICIENTS = {  # coefficient of reliability -> the works that it and its interval come from
    "alpha": ("feldt1987",),
    "omega_u": ("flora2020", "raykov2002"),
    "spearman_brown": ("eisinga2013",),
}
OF_METHODS = {  # what the description of an analysis holds -> the work that it comes from
    "HC3": "mackinnon1985",
    "Satterthwaite": "satterthwaite1946",
    "person-clustered": "arellano1987",
    "BCa": "efron1987",
    "cross-lagged": "hamaker2015",
}
OF_CORRECTIONS = {"Holm correction": "holm1979", "Benjamini–Hochberg correction": "benjamini1995"}
GENERAL = "general"  # the window of a scale that asks about no period
IMPUTED = "multiple imputation"
OF_PRODUCTS = ("cross_level", "moderation")  # drawn so that they fit the model in which the product stands
UNWRITTEN = {
    "people": "how people were recruited and paid, who could take part, consent and approval by an ethics committee",
    "size": "how the number of people was decided",
}


def unwritten(what: str) -> Paragraph:
    """A place for what only the author knows."""
    return Paragraph(f"[To be written: {what}.]", "unwritten")


def method(given: Given, of: References) -> Section:
    parts = (_openness(given, of), _people(given), _measures(given, of), _analyses(given, of))
    return Section("method", "Method", parts)


# --- data and people -------------------------------------------------------------------------------------------------


def _openness(given: Given, of: References) -> Section:
    blocks: list[Block] = [Paragraph((Strong("Simulated data."), f" {NOBODY}"), "warning")] if given.simulated else []
    told = given.tables["plan"]
    if plan := in_short(list(told["status"]), list(told["sentence"])):
        blocks.append(Paragraph(plan))
    versions = given.provenance.get("software", {})
    if versions:
        named = [f"{name} {version}" for name, version in versions.items()]
        seed = given.study.get("seed")
        drew = "" if apa.is_missing(seed) else f" Every random draw comes from a generator seeded by {seed}."
        blocks.append(Paragraph(f"Scores, analyses, tables and figures were made with {listed(named)}.{drew}"))
    return Section("openness", "Transparency and openness", (*blocks, unwritten(UNWRITTEN["size"])))


def _people(given: Given) -> Section:
    ordered = given.panel.sort_values("wave_number") if len(given.panel) else given.panel
    blocks: list[Block] = []
    if len(ordered):
        retests = len(given.tables["waves"]) - len(ordered)
        beside = f" with {counted(retests, 'retest sample')}" if retests else ""
        first, latest = (apa.count(ordered["n_kept"].iloc[k]) for k in (0, -1))
        several = f"people kept in the first wave: {first}, in the latest: {latest}"
        people = several if len(ordered) > 1 else f"people kept: {first}"
        kind = "a panel of" if len(ordered) > 1 else "a survey of"
        blocks.append(Paragraph(f"The study is {kind} {counted(len(ordered), 'wave')}{beside}; {people}."))
        blocks.append(Bullets(tuple(narrative.wave(row) for row in given.tables["waves"].to_dict("records"))))
    else:
        blocks.append(Paragraph("This study has no wave of answers.", "absent"))
    blocks.append(unwritten(UNWRITTEN["people"]))
    blocks += [*shown_table(given, "flow"), *drawn(given, "participant_flow")]
    return Section("people", "Design and participants", tuple(blocks))


# --- measures --------------------------------------------------------------------------------------------------------


def _measures(given: Given, of: References) -> Section:
    dictionary, used = given.tables["dictionary"], _used(given)
    own = dictionary[dictionary["score"].isin(used)]
    if own.empty:
        return Section("instruments", "Measures", (Paragraph("No instrument of this study has scores.", "absent"),))
    known = {str(row["id"]): row for row in given.provenance.get("instruments", ())}
    blocks: list[Block] = [*_coefficients(given, of), *(Paragraph(line) for line in status_lines(own))]
    for name, rows in own.groupby("instrument", sort=False):
        blocks += _instrument(known.get(str(name), {}), rows, given, of)
    others = dictionary[~dictionary["instrument"].isin(own["instrument"])]["title"].drop_duplicates()
    if len(others):
        blocks.append(Paragraph(f"Also asked, with scores that stand in no hypothesis: {listed(list(others))}."))
    return Section("instruments", "Measures", tuple(blocks))


def _used(given: Given) -> set[str]:
    """Scores that a hypothesis names or the settings show first."""
    named = {str(name) for name in given.study.get("score_order", ())}
    for row in given.findings:
        cells = (row.get("predictor"), row.get("outcome"), third_of(row))
        named |= {name for cell in cells if not apa.is_missing(cell) for name in re.split(r"\s*;\s*", str(cell))}
    return named


def _coefficients(given: Given, of: References) -> tuple[Block, ...]:
    reliability = given.tables["reliability"]
    there = set(reliability["coefficient"]) if len(reliability) else set()
    said = [f"{COEFFICIENTS[kind]} {of.cite(*works)}" for kind, works in OF_COEFFICIENTS.items() if kind in there]
    if not said:
        return ()
    level = apa.level(given.study["ci_level"])
    cosmin = f"The report answers the questions of COSMIN {of.cite('mokkink2010')} for each instrument."
    return (Paragraph(f"Internal consistency is given as {listed(said)}, each with its {level} interval. {cosmin}"),)


def _instrument(facts: Row, rows: pd.DataFrame, given: Given, of: References) -> list[Block]:
    """What an instrument is and where it comes from, then its scores with their reliability."""
    title = str(rows["title"].iloc[0])
    if key := key_of(facts.get("doi")):
        source = f" {of.cite(key)}"
    else:
        source = f" (source: {facts['citation'].rstrip('.')})" if facts.get("citation") else ""
    window = facts.get("window")
    asked = f" Period asked about: {window}." if window and window != GENERAL else ""
    scores = tuple(" ".join(filter(None, _score(row, given))) for row in rows.to_dict("records"))
    start = Paragraph((Strong(title), f"{source}.{asked}"))
    return [start, Bullets(scores)]


def _score(row: Row, given: Given) -> list[str]:
    ends = " to ".join(
        apa.number(row[end], 0 if float(row[end]).is_integer() else 2) for end in ("range_low", "range_high")
    )
    made = f"{METHODS.get(row['method'], row['method'])} of {counted(row['n_items'], 'item')}"
    higher = "" if apa.is_missing(row["higher_means"]) else f"; a higher score means {row['higher_means']}"
    said = [sentence(f"{reported(str(row['label']))}: {made}, from {ends}{higher}")]
    if row["model"] == "formative":
        return [*said, "A formative index, to which internal consistency does not apply."]
    return said + _reliability(str(row["score"]), str(row["label"]), given)


def _reliability(score: str, label: str, given: Given) -> list[str]:
    frame = given.tables["reliability"]
    if frame.empty:
        return []
    own = frame[(frame["score"] == score) & frame["coefficient"].isin(OF_EVERY_WAVE)]
    order = [str(wave) for wave in given.panel.sort_values("wave_number")["wave"]] if len(given.panel) else []
    first = next((wave for wave in order if wave in set(own["wave"])), None)
    if first is None:
        return []
    then = consistency(own[own["wave"] == first], label).removeprefix(f"{reported(label)}, ")  # just named
    return [sentence(then), later_consistency(own[own["wave"] != first])]


# --- analyses --------------------------------------------------------------------------------------------------------


def _analyses(given: Given, of: References) -> Section:
    if not given.findings:
        return Section("analyses", "Analyses", (Paragraph(narrative.NO_HYPOTHESIS, "absent"),))
    blocks: list[Block] = [
        *(block for name, own in families(given.findings).items() for block in _family(name, own, of)),
        Paragraph(_levels(given, of)),
        Facts(tuple(MEANINGS.items()), "verdicts"),
        Paragraph("The number that decides each hypothesis comes from one analysis:"),
        Bullets(tuple(_models(given.findings, of))),
        Paragraph("Missing answers were dealt with so, in the analyses that decide:"),
        Bullets(tuple(_missing(given.findings, of))),
    ]
    if said := _beside(given, of):
        blocks.append(Paragraph(said))
    return Section("analyses", "Analyses", tuple(blocks))


def _family(name: str, own: Sequence[Row], of: References) -> tuple[Block, ...]:
    """How many hypotheses a family has, its correction, and what is estimated for each."""
    kinds = {narrative.correction_name(row) for row in own}
    works = [work for kind, work in OF_CORRECTIONS.items() if kind in kinds]
    cited = f" {of.cite(*works)}" if works else ""
    n = Counter(narrative.is_true(row.get("confirmatory")) for row in own)
    kinds_of = [
        f"{apa.count(n[is_so])} {kind}" for is_so, kind in ((True, "confirmatory"), (False, "exploratory")) if n[is_so]
    ]
    about = f" {sentence(f'{listed(kinds_of)}; {corrections(own)}{cited}')}"
    hypotheses = tuple((Strong(f"{row['hypothesis']}."), f" {row['label']}. {narrative.target(row)}") for row in own)
    return Paragraph((Strong(f"{family_heading(name)}."), about)), Bullets(hypotheses)


def _levels(given: Given, of: References) -> str:
    study = given.study
    said = f"Tests are held against a level of {apa.r(study['alpha'])}; intervals are {apa.level(study['ci_level'])} intervals."
    if any(not apa.is_missing(row.get("p_equivalence")) for row in given.findings):
        said += (
            " Equivalence is judged by two one-sided tests against the smallest effect of interest (SESOI) that each "
            f"hypothesis declares {of.cite('schuirmann1987')}."
        )
    return f"{said} The words of the verdicts are used in these meanings:"


def _models(findings: Sequence[Row], of: References) -> list[str]:
    """Each kind of analysis once, with how many hypotheses it decides, what its number is, and how it was fitted."""
    found: dict[str, list[Row]] = {}
    for row in findings:
        if not apa.is_missing(row.get("estimate")):
            found.setdefault(analysis_of(row).name, []).append(row)
    said = []
    for name, rows in found.items():
        fitted = "; ".join(dict.fromkeys(_fitted(row) for row in rows))
        works = [work for part, work in OF_METHODS.items() if part in fitted]
        cited = f" {of.cite(*works)}" if works else ""
        kinds = listed(list(dict.fromkeys(kind_of(row) for row in rows)))
        said.append(sentence(f"{name}, {_hypotheses(rows)}: {kinds}; fitted as {fitted}{cited}"))
    return said or ["No analysis gave an estimate."]


def _fitted(row: Row) -> str:
    """How an analysis was fitted, without what differs from one hypothesis to the next, such as degrees of freedom."""
    told = "an estimate" if apa.is_missing(row.get("method")) else str(row["method"])
    return re.sub(r" on \d+ and \d+(?=;|,|$)", "", told)


def _hypotheses(rows: Sequence[Row]) -> str:
    return counted(len(rows), "hypothesis", "hypotheses")


def _missing(findings: Sequence[Row], of: References) -> list[str]:
    """Each rule of missing data once, with how many hypotheses go by it."""
    rules: dict[str, list[Row]] = {}
    for row in findings:
        if not apa.is_missing(row.get("estimate")) and not apa.is_missing(row.get("missing_rule")):
            rules.setdefault(re.sub(r", m = \d+$", "", str(row["missing_rule"])), []).append(row)
    said = []
    for rule, rows in rules.items():
        draws = [row["m"] for row in rows if not apa.is_missing(row.get("m"))]
        told = f", {_span(draws)} draws" if draws else ""
        cited = f" {of.cite(*_imputing(rows))}" if rule.startswith(IMPUTED) else ""
        said.append(sentence(f"{rule}{cited}: {_hypotheses(rows)}{told}"))
    return said or ["No analysis gave an estimate."]


def _span(values: Sequence[float]) -> str:
    low, high = apa.count(min(values)), apa.count(max(values))
    return low if low == high else f"{low} to {high}"


def _imputing(rows: Sequence[Row]) -> tuple[str, ...]:
    works = ("rubin1987", "vanbuuren2011", "barnard1999")
    return (*works, "bartlett2015") if any(row.get("analysis") in OF_PRODUCTS for row in rows) else works


def _beside(given: Given, of: References) -> str:
    """Analyses that decide nothing and stand in the report or its supplement."""
    said = []
    if len(given.tables["little"]):
        said.append(f"whether scores are missing completely at random was tested wave by wave {of.cite('little1988')}")
    if len(given.tables["multiverse_summary"]):
        said.append(f"hypotheses were tested again under every declared choice of analysis {of.cite('steegen2016')}")
    if len(given.tables["diagnostics"]):
        said.append("the assumptions of each deciding analysis were checked, and the result is told without them")
    return " ".join(map(sentence, said))
