"""What the report says of the hypotheses, family by family: one line for each first, the rest folded under it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from rejsens import apa, narrative
from rejsens.document import Block, Facts, Finding, Paragraph, Section, Strong, passage
from rejsens.frozen_plan import in_short
from rejsens.glossary import OF_HYPOTHESES
from rejsens.measured_alike import NOT_ASSESSED
from rejsens.result_names import bounds, from_0, interval, metric_of, p_values, written
from rejsens.sections.measures import words
from rejsens.sections.places import Given, Row, figure, of_family
from rejsens.sentences import sentence
from rejsens.verdict_words import (
    MEANINGS,
    against_claim,
    as_claimed,
    beyond_sesoi,
    direction,
    share,
    simpler_model,
    why_inconclusive,
)

HALF = 160.0  # half the width of a strip
OF_A_FAMILY = "B"  # figures of the families are numbered apart: B1, B2, ...
LEGEND = (
    "Open a line to read what was estimated and what decided. In each strip: the point is the estimate, the thin line its "
    "interval, the thick part the equivalence interval, and the shaded band lies inside the smallest effect of interest "
    "(SESOI). Strips of one measure share one axis."
)


def tested(given: Given) -> Section:
    """The first page: every hypothesis in one line, with what unfolds under it."""
    heading, short = "What was tested and what came out", "What was tested"
    aside = tuple(Paragraph((Strong("Set aside."), f" {text}"), "warning") for text in given.study["set_aside"])
    if not given.findings:
        said = f"{narrative.NO_HYPOTHESIS} The report describes the data, the instruments and the scores."
        return Section("tested", heading, (*aside, Paragraph(said, "absent")), short, role="first")
    blocks: list[Block] = [
        *aside,
        Paragraph(f"{summary(given.findings)} Each hypothesis is one test."),
        Facts(tuple(MEANINGS.items()), "verdicts"),
    ]
    told = given.tables["plan"]
    if plan := in_short(list(told["status"]), list(told["sentence"])):
        blocks.append(Paragraph((plan, *given.see("plan"))))
    blocks += [Paragraph(LEGEND, "legend"), *_lines(given.findings)]
    return Section("tested", heading, tuple(blocks), short, role="first")


def in_detail(given: Given) -> Section:
    """The same in tables and in prose, and every coefficient."""
    blocks: list[Block] = [words("Words used of hypotheses", OF_HYPOTHESES)] if given.findings else []
    blocks += [*given.placed("hypotheses"), *_paragraphs(given)]
    if coefficients := given.placed("coefficients"):
        about = "All analyses of all hypotheses, also those without a verdict"
        blocks.append(Section("", "Every coefficient", coefficients, folded=True, summary=about))
    return Section("hypotheses", "Hypotheses in detail", tuple(blocks), "Hypotheses in detail")


def _lines(findings: Sequence[Row]) -> list[Section]:
    reach = _reach(findings)
    cards = [(str(row["family"]), _card(k, row, reach)) for k, row in enumerate(findings, start=1)]
    found = []
    for family, own in families(findings).items():
        lines = tuple(card for name, card in cards if name == family)
        found.append(Section("", family_heading(family), lines, summary=_about(own), role="findings"))
    return found


def _paragraphs(given: Given) -> list[Section]:
    """A folded section for each family: its figures, then what was found of each hypothesis."""
    found = []
    for place, (family, own) in enumerate(families(given.findings).items(), start=1):
        drawn = [
            figure(f, of_family(f["stem"], family), OF_A_FAMILY) for f in (given.of_families or {}).get(family, ())
        ]
        prose = [_prose(row, given.tables["claims"]) for row in own]
        found.append(
            Section(f"family-{place}", family_heading(family), (*drawn, *prose), folded=True, summary=_about(own))
        )
    return found


def families(findings: Sequence[Row]) -> dict[str, list[Row]]:
    """The findings by family, in the order declared."""
    families: dict[str, list[Row]] = {}
    for row in findings:
        families.setdefault(str(row["family"]), []).append(row)
    return families


def family_heading(family: str) -> str:
    words = family.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]} family"


def _about(own: Sequence[Row]) -> str:
    return f"{corrections(own)}; {_counts(own)}"


def corrections(own: Sequence[Row]) -> str:
    """The correction of a family; where its exploratory hypotheses have another, both.

    >>> stated = {"correction": "holm", "confirmatory": True}
    >>> corrections([{"correction": "none", "confirmatory": False}, stated]), corrections([stated])
    ('Holm correction, exploratory hypotheses: no correction', 'Holm correction')
    """
    ordered = sorted(own, key=lambda row: not narrative.is_true(row.get("confirmatory")))
    first, *others = dict.fromkeys(narrative.correction_name(row) for row in ordered)
    return first + "".join(f", exploratory hypotheses: {other}" for other in others)


def summary(findings: Sequence[Row]) -> str:
    """How many hypotheses there are and what became of them, in one sentence."""
    if not findings:
        return ""
    total = "1 hypothesis was" if len(findings) == 1 else f"{apa.count(len(findings))} hypotheses were"
    return f"{total} declared: {_counts(findings)}."


def _counts(findings: Sequence[Row]) -> str:
    return ", ".join(f"{apa.count(n)} {name}" for name, n in narrative.verdict_counts(findings).items())


def _card(k: int, row: Row, reach: Mapping[str, float]) -> Finding:
    """What the first page says of one hypothesis: its line, and what unfolds under it."""
    family = narrative.family_name(row)
    return Finding(
        id=f"finding-{k}",
        eyebrow=row["hypothesis"] + (" · exploratory" if "exploratory" in family else ""),
        heading=row["label"],
        verdict="not tested" if apa.is_missing(row.get("verdict")) else str(row["verdict"]),
        estimated=narrative.target(row),
        claimed=against_claim(row) if row.get("verdict") == "equivalent" else "",
        **_estimate(row),
        details=tuple(_details(row)),
        why=" ".join(filter(None, _why(row))),
        strip=_strip(row, reach),
    )


def _why(row: Row) -> list[str]:
    """What decided, and what a reader must know of it without opening the details."""
    said = [
        why_inconclusive(row) or narrative.verdict(row),
        as_claimed(row),
        narrative.both_paths(row),
    ]
    if row.get("verdict") in ("supported", "opposite"):
        said.append(beyond_sesoi(row))
    said += [narrative.invariance(row)] if NOT_ASSESSED in str(row.get("invariance")) else []
    said.append(simpler_model(row))
    return [*said, "" if apa.is_missing(row.get("warnings")) else sentence(f"Caution: {row['warnings']}")]


def _estimate(row: Row) -> dict[str, str]:
    if apa.is_missing(row.get("estimate")):
        return {}
    level = "" if apa.is_missing(row.get("ci_level")) else f"{apa.level(row['ci_level'])} CI {interval(row)}"
    return {"metric": metric_of(row).symbol, "value": written(row, "estimate"), "interval": level}


def _details(row: Row) -> list[tuple[str, str]]:
    draws = apa.draws_in(row.get("method"))
    made = not apa.is_missing(row.get("estimate"))
    seen = (row.get("n_people") or None) if made else None
    rule = row.get("missing_rule") if made else None
    found = [
        ("n (people)", apa.count(seen)),
        ("Observations", apa.count(row.get("n_obs") if seen else None)),
        (narrative.lost_words(row).capitalize(), apa.count(row.get("n_lost") if seen else None)),
        ("Missing data", apa.MISSING if apa.is_missing(rule) else str(rule)),
        *((name, apa.p(row.get(key), draws)) for key, name in p_values(row)),
        ("Groups", row.get("groups") or apa.MISSING),
        ("Direction", direction(row) or apa.MISSING),
        ("Share of people", share(row) or apa.MISSING),
        ("SESOI", bounds(row)),
        ("Smallest detectable", written(row, "smallest_detectable")),
    ]
    return [
        (name[:1].upper() + name[1:] if name[:2] == "ad" else name, text) for name, text in found if text != apa.MISSING
    ]


# --- strips ----------------------------------------------------------------------------------------------------------


def _reach(findings: Sequence[Row]) -> dict[str, float]:
    """Half the width of the strips' axis, for each metric: strips of one metric share an axis."""
    keys = ("ci_low", "ci_high", "sesoi", "estimate")
    ends: dict[str, list[float]] = {}
    for row in findings:
        own = [abs(row[k]) for k in keys if not apa.is_missing(row.get(k)) and math.isfinite(row[k])]
        ends.setdefault(str(row.get("metric")), []).extend(own)
    return {metric: 1.15 * max(values, default=1.0) or 1.0 for metric, values in ends.items()}


def _strip(row: Row, reach: Mapping[str, float]) -> dict[str, str] | None:
    """Where the interval, the estimate and the SESOI band stand on an axis 0 to 320; None without an estimate."""
    keys = ("ci_low", "ci_high", "estimate", "sesoi")
    if any(apa.is_missing(row.get(k)) for k in keys):
        return None
    half = reach[str(row.get("metric"))]
    narrow = [k for k in ("ci90_low", "ci90_high") if not apa.is_missing(row.get(k))]
    x = {k: HALF * (1 + row[k] / half) for k in (*keys, *(narrow if len(narrow) == 2 else ()))}
    x["minus"] = HALF * (1 - (0 if from_0(row) else row["sesoi"]) / half)
    x["band"] = x["sesoi"] - x["minus"]
    bound = written(row, "sesoi")
    wide = x["band"] > 70  # room between the bounds for the zero
    return {k: f"{v:.1f}" for k, v in x.items()} | {
        "high": bound,
        "low": "0" if from_0(row) else f"{apa.minus()}{bound}",
        "zero": "0" if wide and not from_0(row) else "",
    }


# --- prose -----------------------------------------------------------------------------------------------------------


def _prose(row: Row, claims: pd.DataFrame) -> Section:
    told = (narrative.found(row), narrative.judged(row))
    blocks = [
        Paragraph(f"{narrative.family_name(row)}, {narrative.correction_name(row)}", "eyebrow"),
        *(Paragraph(passage(sentences)) for sentences in told if sentences),
        *(
            Paragraph((Strong("Published evidence beside this result."), f" {text}"), "evidence")
            for text in evidence(row["hypothesis"], claims)
        ),
    ]
    return Section("", f"{row['hypothesis']} {row['label']}", tuple(blocks), role="prose")


def evidence(hypothesis: str, claims: pd.DataFrame) -> list[str]:
    """Published evidence on the claims that a hypothesis tests, for and against."""
    if "evidence" not in claims:
        return []
    own = claims[(claims["hypothesis"] == hypothesis) & claims["evidence"].astype(bool)]
    return list(dict.fromkeys(own["evidence"]))
