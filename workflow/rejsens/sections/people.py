"""The sections on the waves and the people: what was asked, who took part, what is missing, what they answered."""

from __future__ import annotations

from rejsens import narrative
from rejsens.document import Block, Bullets, Code, Link, Paragraph, Section
from rejsens.sections.places import Given

CODEBOOK = (
    "What each wave asked, item by item, with its wording, answers and numbers, is in the ",
    Link("codebook", "../codebook/codebook.html"),
    ", in the folder ",
    Code("codebook"),
    " beside that of this report.",
)
MISSING = (
    "Nothing is imputed silently. Each score states the rule by which it is missing or prorated, and each result states "
    "how many observations it lost."
)


def data(given: Given) -> Section:
    told = [narrative.wave(row) for row in given.tables["waves"].to_dict("records")]
    waves: tuple[Block, ...] = (Bullets(tuple(told), "plain"),) if told and "waves" not in given.printed else ()
    return Section("data", "Data and provenance", (*waves, *given.placed("data")), "Data and provenance")


def differences(given: Given) -> Section:
    blocks = (Paragraph(CODEBOOK), *given.placed("differences"))
    return Section("differences", "What changed between waves", blocks, "What changed between waves")


def participants(given: Given) -> Section:
    return Section("participants", "Participants", given.placed("participants"), "Participants")


def missing(given: Given) -> Section:
    return Section("missing", "Missing data", (Paragraph(MISSING), *given.placed("missing")), "Missing data")


def descriptives(given: Given) -> Section:
    return Section("descriptives", "Descriptive results", given.placed("descriptives"), "Descriptive results")
