"""The claim ledger: what the source documents claim, joined with what this study measures and what came out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa, narrative

COLUMNS = ("claim", "construct", "document", "quotation", "measured_by", "hypothesis", "verdict", "reason", "evidence")
NOT_TESTED = "not tested"
NOT_TESTABLE = "not testable"
NO_TEST = "no test is defined for this claim"


def ledger(
    content: Mapping[str, Any], dictionary: pd.DataFrame, estimates: pd.DataFrame, hypotheses: pd.DataFrame
) -> pd.DataFrame:
    """Every claim with its verdict, or with the reason why it has none.

    Parameters
    ----------
    content : mapping
        `config/claims.yaml` as read: `documents` (id -> title) and `claims`.
    dictionary, estimates, hypotheses : :py:class:`pandas.DataFrame`
        The contract tables; the last two may be empty.

    Returns
    -------
    :py:class:`pandas.DataFrame`
        Columns `COLUMNS`, all text. A claim has one row per hypothesis of the study that names it in `claim_ids`, and
        one row for the rest: its tests that this study does not plan, the measure it lacks, or why no survey can
        test it.

    Notes
    -----
    A hypothesis tests a claim only when the study's family file says so. The ids alone do not link them: another study
    may call another hypothesis H1.
    """
    found = narrative.findings(estimates, hypotheses, dictionary)
    measures = measuring(dictionary)
    rows = [row for claim in content["claims"] for row in _rows(claim, content["documents"], measures, found)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def measuring(dictionary: pd.DataFrame) -> dict[str, list[str]]:
    """Claim -> the scores of the study that measure it; a score of several kinds of event is named once."""
    kinds = dictionary["event"] if "event" in dictionary else [""] * len(dictionary)
    measures: dict[str, list[str]] = {}
    for score, kind, named in zip(dictionary["score"], kinds, dictionary["measures"], strict=True):
        name = score.removeprefix(f"{kind}_") if kind else score
        for claim in claim_ids(named):
            if name not in measures.setdefault(claim, []):
                measures[claim].append(name)
    return measures


def claim_ids(cell: Any) -> list[str]:
    """The claim ids of a hypothesis, however they are separated.

    >>> claim_ids("C8; C11"), claim_ids("C1a, C9"), claim_ids(float("nan"))
    (['C8', 'C11'], ['C1a', 'C9'], [])
    """
    return [] if apa.is_missing(cell) else re.findall(r"C\d+[a-i]?\b", str(cell))


def _rows(
    claim: Mapping[str, Any],
    documents: Mapping[str, str],
    measures: Mapping[str, list[str]],
    found: Sequence[Mapping[str, Any]],
) -> list[dict[str, str]]:
    measured = measures.get(claim["id"], [])
    common = {
        "claim": claim["id"],
        "construct": claim["construct"],
        "document": documents[claim["document"]],
        "quotation": claim["quotation"],
        "measured_by": "; ".join(measured),
        "evidence": claim.get("evidence", ""),
    }
    tested = [row for row in found if claim["id"] in claim_ids(row.get("claim_ids"))]
    rows = [common | {"hypothesis": row["hypothesis"], **_verdict(row)} for row in tested]
    rest = [h for h in claim["hypotheses"] if h not in {row["hypothesis"] for row in tested}]
    if rest or not tested:
        rows.append(common | {"hypothesis": "; ".join(rest), **_no_verdict(claim, measured, bool(rest))})
    return rows


def _verdict(row: Mapping[str, Any]) -> dict[str, str]:
    given = row.get("verdict")
    if apa.is_missing(given):
        return {"verdict": NOT_TESTED, "reason": "planned in this study, but no estimate carries the verdict"}
    if given == NOT_TESTABLE:
        return {"verdict": NOT_TESTABLE, "reason": row.get("reason") or ""}
    why = narrative.why_inconclusive(row)
    return {"verdict": str(given), "reason": f"{narrative.numbers(row)}{'. ' if why else ''}{why}".removesuffix(".")}


def _no_verdict(claim: Mapping[str, Any], measured: Sequence[str], has_tests: bool) -> dict[str, str]:
    own = claim.get("reason", "")
    if not claim.get("testable", True):
        return {"verdict": NOT_TESTABLE, "reason": own}
    if not measured:
        why = "its measure is not in this study"
    else:
        why = "not in this study’s plan" if has_tests else own or NO_TEST
    return {"verdict": NOT_TESTED, "reason": f"{why}; {own}" if own and own != why else why}
