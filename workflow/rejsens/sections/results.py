"""The results of a draft: people, scores, each hypothesis with its verdict, change; the sentences of the report."""

from __future__ import annotations

import pandas as pd

from rejsens import apa, narrative
from rejsens.document import Block, Bullets, Figure, Paragraph, Part, Section, Strong
from rejsens.sections.hypotheses import evidence, families, family_heading, summary
from rejsens.sections.people import MISSING
from rejsens.sections.places import NO_CHANGE_SCORE, Given, Row, drawn, figure, of_family, shown_table
from rejsens.verdict_words import as_claimed, beyond_sesoi, share, why_inconclusive

SHOWN = {"participants": "Who took part is described in", "correlations": "Scores and their correlations stand in"}


def results(given: Given) -> Section:
    return Section("results", "Results", (_people(given), _hypotheses(given), _change(given)))


def _people(given: Given) -> Section:
    told = [(" ", said, *given.see(name), ".") for name, said in SHOWN.items() if name in given.shown]
    blocks = (
        Paragraph((MISSING, *(part for parts in told for part in parts))),
        *drawn(given, "scores_by_wave"),
        *(table for name in SHOWN for table in shown_table(given, name)),
    )
    return Section("sample", "Participants and scores", blocks)


def _hypotheses(given: Given) -> Section:
    heading = "Tests of the hypotheses"
    aside = tuple(Paragraph((Strong("Set aside."), f" {text}"), "warning") for text in given.study["set_aside"])
    if not given.findings:
        return Section("tests", heading, (*aside, Paragraph(narrative.NO_HYPOTHESIS, "absent")))
    blocks: list[Block] = [*aside, Paragraph((summary(given.findings), *_all(given)))]
    blocks += drawn(given, "exposure_outcome_curve")
    for family, own in families(given.findings).items():
        told = [block for row in own for block in _found(row, given.tables["claims"])]
        blocks.append(Section("", family_heading(family), (*_drawn(family, given), *told)))
    return Section("tests", heading, (*blocks, *shown_table(given, "hypotheses")))  # it lies on pages of its own


def _drawn(family: str, given: Given) -> tuple[Figure, ...]:
    own = (given.of_families or {}).get(family, ())
    return tuple(figure(one, of_family(one["stem"], family)) for one in own)


def _all(given: Given) -> tuple[Part, ...]:
    return (*given.see("hypotheses"), " has them all.") if "hypotheses" in given.shown else ()


def _found(row: Row, claims: pd.DataFrame) -> list[Block]:
    """One hypothesis: what was found and what it decides, and what others found. What is estimated stands in the method."""
    said = " ".join(filter(None, [*_numbers(row), *_judged(row)]))
    exploratory = "" if narrative.is_true(row.get("confirmatory")) else " (exploratory)"
    beside = [
        Paragraph((Strong("Published evidence beside this result."), f" {text}"), "evidence")
        for text in evidence(row["hypothesis"], claims)
    ]
    return [Paragraph((Strong(f"{row['hypothesis']}{exploratory}. {row['label']}."), f" {said}")), *beside]


def _numbers(row: Row) -> list[str]:
    if apa.is_missing(row.get("estimate")):
        return [narrative.estimated(row)]
    of_people = f"Share of people: {share(row)}." if share(row) else ""
    return [narrative.result(row), of_people, narrative.both_paths(row), narrative.sample(row)]


def _judged(row: Row) -> list[str]:
    decided = why_inconclusive(row) or narrative.verdict(row)
    return [decided, as_claimed(row), beyond_sesoi(row), narrative.invariance(row), *narrative.cautions(row)]


def _change(given: Given) -> Section:
    heading = "Change in scores between waves"
    if len(given.panel) < 2:
        return Section("change", heading, (Paragraph(narrative.NO_CHANGE, "absent"),))
    table = shown_table(given, "erosion")
    rows = given.tables["erosion"].to_dict("records") if table else []
    names = given.tables["dictionary"].set_index("score")["label"].to_dict()
    order = given.panel.sort_values("wave_number")["wave"]
    whole = (str(order.iloc[0]), str(order.iloc[-1]))
    said = tuple(
        narrative.changed(row | {"source_label": names.get(row["source"], row["source"])})
        for row in rows
        if (str(row["from_wave"]), str(row["to_wave"])) == whole and row["n"]
    )
    lines: tuple[Block, ...] = (Bullets(said),) if said else ()
    none = () if table else (Paragraph(NO_CHANGE_SCORE, "absent"),)
    return Section("change", heading, (*lines, *table, *none))
