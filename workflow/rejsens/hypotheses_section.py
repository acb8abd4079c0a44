"""What the report says of the hypotheses, family by family: one line for each first, the rest folded under it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.embedded import image
from rejsens.measured_alike import NOT_ASSESSED
from rejsens.result_names import bounds, from_0, interval, metric_of, p_values, written
from rejsens.verdict_words import against_claim, direction, share, simpler_model

Row = Mapping[str, Any]
HALF = 160.0  # half the width of a strip


def hypotheses_section(
    findings: Sequence[Row], claims: pd.DataFrame, figures: Mapping[str, Sequence[Mapping[str, str]]]
) -> list[dict[str, Any]]:
    """The families in the order declared, each with its lines, its paragraphs and its figures.

    findings   rows of :py:func:`rejsens.narrative.findings`
    claims     the claim ledger, for published evidence
    figures    family -> its figures, as the report takes them
    returns    dicts: name, about (correction and counts of verdicts), cards, prose, figures
    """
    reach, number = _reach(findings), itertools.count(1)
    families: dict[str, list[tuple[int, Row]]] = {}
    for k, row in enumerate(findings, start=1):
        families.setdefault(str(row["family"]), []).append((k, row))
    return [
        {
            "id": f"family-{place}",
            "name": f"{family.replace('_', ' ')[:1].upper()}{family.replace('_', ' ')[1:]} family",
            "about": f"{_corrections([row for _, row in own])}; {_counts([row for _, row in own])}",
            "cards": [_card(k, row, reach) for k, row in own],
            "prose": [_prose(row, claims) for _, row in own],
            "figures": [image(f, f"B{next(number)}", f"{f['stem']}-{family}") for f in figures.get(family, ())],
        }
        for place, (family, own) in enumerate(families.items(), start=1)
    ]


def summary(findings: Sequence[Row]) -> str:
    """How many hypotheses there are and what became of them, in one sentence."""
    if not findings:
        return ""
    total = "1 hypothesis was" if len(findings) == 1 else f"{apa.count(len(findings))} hypotheses were"
    return f"{total} declared: {_counts(findings)}."


def _corrections(own: Sequence[Row]) -> str:
    """The correction of a family; where its exploratory hypotheses have another, both.

    >>> stated = {"correction": "holm", "confirmatory": True}
    >>> _corrections([{"correction": "none", "confirmatory": False}, stated]), _corrections([stated])
    ('Holm correction, exploratory hypotheses: no correction', 'Holm correction')
    """
    ordered = sorted(own, key=lambda row: not narrative.is_true(row.get("confirmatory")))
    first, *others = dict.fromkeys(narrative.correction_name(row) for row in ordered)
    return first + "".join(f", exploratory hypotheses: {other}" for other in others)


def _counts(findings: Sequence[Row]) -> str:
    return ", ".join(f"{apa.count(n)} {name}" for name, n in narrative.verdict_counts(findings).items())


def _card(k: int, row: Row, reach: Mapping[str, float]) -> dict[str, Any]:
    """What the first page says of one hypothesis: its line, and what unfolds under it."""
    return {
        "id": f"finding-{k}",
        "name": row["hypothesis"],
        "family": narrative.family_name(row),
        "label": row["label"],
        "estimated": narrative.target(row),
        "verdict": "not tested" if apa.is_missing(row.get("verdict")) else str(row["verdict"]),
        "estimate": _estimate(row),
        "strip": _strip(row, reach),
        "details": _details(row),
        "claimed": against_claim(row) if row.get("verdict") == "equivalent" else "",
        "why": " ".join(filter(None, _why(row))),
    }


def _why(row: Row) -> list[str]:
    """What decided, and what a reader must know of it without opening the details."""
    said = [
        narrative.why_inconclusive(row) or narrative.verdict(row),
        narrative.as_claimed(row),
        narrative.both_paths(row),
    ]
    if row.get("verdict") in ("supported", "opposite"):
        said.append(narrative.beyond_sesoi(row))
    said += [narrative.invariance(row)] if NOT_ASSESSED in str(row.get("invariance")) else []
    said.append(simpler_model(row))
    return [*said, "" if apa.is_missing(row.get("warnings")) else narrative.sentence(f"Caution: {row['warnings']}")]


def _estimate(row: Row) -> dict[str, str] | None:
    if apa.is_missing(row.get("estimate")):
        return None
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
        "low": "0" if from_0(row) else f"{apa.MINUS}{bound}",
        "zero": "0" if wide and not from_0(row) else "",
    }


# --- prose -----------------------------------------------------------------------------------------------------------


def _prose(row: Row, claims: pd.DataFrame) -> dict[str, Any]:
    return {
        "heading": f"{row['hypothesis']} {row['label']}",
        "family": f"{narrative.family_name(row)}, {narrative.correction_name(row)}",
        "paragraphs": [narrative.found(row), narrative.judged(row)],
        "evidence": _evidence(row["hypothesis"], claims),
    }


def _evidence(hypothesis: str, claims: pd.DataFrame) -> list[str]:
    """Published evidence on the claims that a hypothesis tests, for and against."""
    if "evidence" not in claims:
        return []
    own = claims[(claims["hypothesis"] == hypothesis) & claims["evidence"].astype(bool)]
    return list(dict.fromkeys(own["evidence"]))
