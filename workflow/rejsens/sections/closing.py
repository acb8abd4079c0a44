"""The last sections: change of scores, figures, claims, limitations, and what the report was made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from rejsens import apa, narrative
from rejsens.claims import counted
from rejsens.disclosure_account import account
from rejsens.document import Block, Bullets, Figure, Link, Paragraph, Record, Section, Strong
from rejsens.measured_alike import NOT_ASSESSED
from rejsens.problems import listed
from rejsens.sections.instruments import status_lines
from rejsens.sections.places import Given, figure, nothing

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
AUDIT = (
    "How each file came about, step by step with its code, its times and the fingerprints behind it, stands in the ",
    Link("audit trail", "audit.html"),
    " beside this page, which “make report” and “rejsens run --audit” write.",
)
WHO = (
    "Whoever has the input files, the code and the versions of the lock file makes every file again: byte for byte on one "
    "type of processor, elsewhere with numbers that agree within one part in a billion. What made the results, down to the "
    "fingerprint of every module, stands in the ",
    Link("record", "provenance.json"),
    " beside this page. “rejsens verify” tells whether files are as their run left them, “rejsens compare” which numbers two "
    "runs differ in.",
)
GUARD = (
    "Every number outside the folder of participants has passed the disclosure guard: nothing is given that rests on fewer "
    "than {} people{}. What is left out stands as a dash or a blank.{} Rows read, set aside, lost and unanswered are counted exactly: reporting standards ask for them, and they hold no answer of anybody. "
    "This does not make the results anonymous to somebody who knows much about a participant."
)
LEDGER = (
    "The ledger lists every claim of the source documents, tested or not, so that what is not tested is not forgotten."
)


def change(given: Given) -> Section:
    return Section("change", "Change in scores between waves", given.placed("change"), "Change in scores")


def figures(given: Given) -> Section:
    drawn = tuple(replace(figure(one, one["stem"]), by_wave=_in_waves(one["stem"], given)) for one in given.figures)
    return Section("figures", "Figures", drawn or nothing("No figure was drawn."), "Figures")


def _in_waves(stem: str, given: Given) -> tuple[tuple[str, Figure], ...]:
    """The same figure of each wave, where it is drawn by wave."""
    found = ((wave, one) for wave, own in (given.of_waves or {}).items() for one in own if one["stem"] == stem)
    return tuple((wave, figure(one, f"{stem}-{wave}")) for wave, one in found)


def claims(given: Given) -> Section:
    said = " ".join(counted(given.tables["claims"]))
    opening = (Paragraph(f"{said} {LEDGER}"),) if said else ()
    return Section("claims", "Claim ledger", (*opening, *given.placed("claims")), "Claim ledger")


def limitations(given: Given) -> Section:
    blocks: list[Block] = []
    if _asks_about_self_harm(given):
        blocks.append(Paragraph((Strong("Risk notice."), f" {RISK}"), "warning"))
    blocks.append(Bullets((*stated(given), *given.study["notes"], *given.study["set_aside"])))
    if given.study["support"]:
        blocks.append(Paragraph(given.study["support"], "support"))
    if given.study["contact"]:
        blocks.append(Paragraph(f"Questions about this study: {given.study['contact']}"))
    return Section("limitations", "Limitations and support", tuple(blocks), "Limitations and support")


def further(given: Given) -> tuple[Section, ...]:
    own = given.further()
    return (Section("further", "Further tables", own, "Further tables"),) if own else ()


def reproduce(given: Given) -> Section:
    said = "Equal inputs, settings, seed and versions give an equal report. A SHA-256 is the fingerprint of a file’s content."
    records = tuple(record for record in _records(given) if record.rows)
    cited = given.provenance.get("cite")
    cite = (Paragraph(cited, "citation"),) if cited else ()
    blocks = (Paragraph(said), Paragraph(WHO), Paragraph(AUDIT), *cite, *records, *_withheld(given))
    return Section("reproduce", "Reproducing this report", blocks, "Reproducing this report")


def _withheld(given: Given) -> tuple[Block, ...]:
    """What the disclosure guard did, by table and rule; nothing is said of simulated people, whom it does not guard."""
    if given.study["simulated"]:
        return ()
    rules = given.study.get("disclosure") or {"secondary": True, "rounding": True}
    further = ", and nothing from which what is left out would follow" if rules["secondary"] else ""
    rounded = (
        " Means are rounded by the number of people behind them, other statistics to five figures."
        if rules["rounding"]
        else ""
    )
    said = GUARD.format(given.study.get("min_cell", "the fewest allowed"), further, rounded)
    rows = tuple((f"{table}: {what}", f"{n:,} of {of:,}") for table, what, n, of in account(given.tables))
    return (
        Paragraph(said),
        *((Record("Left Out by the Disclosure Guard", ("What", "How many"), rows),) if rows else ()),
    )


def stated(given: Given) -> list[str]:
    """Every limitation of the study, those of its own settings left out."""
    found, dictionary = list(LIMITATIONS), given.tables["dictionary"]
    provisional = [row["hypothesis"] for row in given.findings if narrative.is_provisional(row)]
    unassessed = [row["hypothesis"] for row in given.findings if NOT_ASSESSED in str(row.get("invariance"))]
    for said, concerned in ((PROVISIONAL, provisional), (UNASSESSED, unassessed)):
        found += [said.format(listed(concerned, 100))] if concerned else []
    if len(given.panel) < 2:
        found.append(narrative.NO_CHANGE)
    asked = set(dictionary["instrument"])
    found += [text for name, text in OVERLAPS.items() if any(i == name or i.endswith(f"_{name}") for i in asked)]
    return [*found, *status_lines(dictionary)]


def _asks_about_self_harm(given: Given) -> bool:
    return any(str(name).endswith("phq9") for name in given.tables["dictionary"]["instrument"])


def _records(given: Given) -> tuple[Record, ...]:
    """Versions and content hashes in a fixed order; an input is named without any machine's folders."""
    made = given.provenance
    inputs = {_without_machine(name): digest for name, digest in made.get("inputs", {}).items()}
    rest = [
        ("Settings (SHA-256)", made.get("config_sha256")),
        ("Lock file (SHA-256)", made.get("lock_sha256")),
        ("Seed", given.study.get("seed")),
        ("Level of each test, two-sided", given.study.get("alpha")),
        ("Level of intervals", given.study.get("ci_level")),
        ("Fewest people behind a shared number", given.study.get("min_cell")),
    ]
    return (
        Record(
            "Settings and Seed",
            ("What", "Value"),
            tuple((name, str(value)) for name, value in rest if not apa.is_missing(value)),
        ),
        Record("Input Files", ("File", "SHA-256"), _in_order(inputs)),
        Record("Software", ("Package", "Version"), _in_order(made.get("software", {}))),
    )


def _in_order(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(texts.items()))


def _without_machine(name: str) -> str:
    """An absolute path keeps its last part only."""
    path = name.replace("\\", "/")
    return PurePosixPath(path).name if path.startswith("/") or re.match(r"[A-Za-z]:/", path) else path
