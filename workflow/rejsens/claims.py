"""The claim ledger: what the source documents claim, joined with what this study measures and what came out of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.benchmarks import beside
from rejsens.problems import Problem, Refused, listed
from rejsens.sentences import counted as number_of
from rejsens.sentences import sentence
from rejsens.validation_steps import MET, NOT_MET
from rejsens.verdict_words import (
    AS_CLAIMED,
    NOT_AS_CLAIMED,
    against_claim,
    beyond_sesoi,
    directions,
    outcome,
    why_inconclusive,
)

COLUMNS = (
    "claim", "construct", "document", "quotation", "measured_by", "hypothesis", "verdict", "reason", "label", "kind",
    "claim_type", "metric", "estimate", "ci_level", "ci_low", "ci_high", "sesoi", "n_people", "invariance", "theme", "evidence", "benchmarks",
)  # fmt: skip
NUMBERS = ("estimate", "ci_level", "ci_low", "ci_high", "sesoi", "n_people")
CONSTRUCT_MAP = (
    *(f"C1{kind}" for kind in "abcdefghi"), *(f"C2{kind}" for kind in "abc"), *(f"C{k}" for k in range(3, 48)),
    *(f"Z{k}" for k in range(1, 5)),
)  # fmt: skip
NOT_TESTED = "not tested"
NOT_TESTABLE = "not testable"
NO_TEST = "no test is defined for this claim"
OWN_THEME = "Further claims of this study"
CLAIMED = "equivalence is what the claim says"
TESTED = ("supported", "opposite", "equivalent", "inconclusive")
DIFFERENT = "with different verdicts"
OVERALL = (
    "supported", "opposite", f"equivalent ({AS_CLAIMED})", f"equivalent ({NOT_AS_CLAIMED})", "inconclusive",
    f"{DIFFERENT} (all {AS_CLAIMED})", f"{DIFFERENT} (all {NOT_AS_CLAIMED})", DIFFERENT, NOT_TESTABLE, NOT_TESTED,
)  # fmt: skip
_Row = dict[str, Any]


def ledger(
    content: Mapping[str, Any],
    dictionary: pd.DataFrame,
    estimates: pd.DataFrame,
    hypotheses: pd.DataFrame,
    validation: pd.DataFrame | None = None,
    benchmarks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every claim with its verdict, or with the reason why it has none.

    Parameters
    ----------
    content : mapping
        `config/claims.yaml` as read: `documents` (id -> title), `themes`, `claims` and `measurement`.
    dictionary, estimates, hypotheses : :py:class:`pandas.DataFrame`
        The contract tables; the last two may be empty.
    validation, benchmarks : :py:class:`pandas.DataFrame`, optional
        The contract tables: what the measurement claims rest on, and the published results beside a claim.

    Returns
    -------
    :py:class:`pandas.DataFrame`
        Columns `COLUMNS`; text but for `NUMBERS` (float64, missing where nothing was estimated). A claim has one row per
        hypothesis of the study that names it in `claim_ids`, and one row for the rest: its tests that this study does
        not plan, the measure it lacks, or why no survey can test it. A measurement claim has one row: every step of
        the validation plan met, or not. A claim that only the study's own hypotheses name has its rows last.

    Raises
    ------
    Refused
        The content leaves out a claim of the construct map (`CONSTRUCT_MAP`), or a claim came out without a row.

    Notes
    -----
    A hypothesis tests a claim only when the study's family file says so. The ids alone do not link them: another study
    may call another hypothesis H1.
    """
    found = narrative.findings(estimates, hypotheses, dictionary)
    measures, rows = measuring(dictionary), []
    for claim in content["claims"]:
        published = [] if benchmarks is None else beside(benchmarks, claim["id"], {})
        rows += _rows(claim, content["documents"], measures, found, "; ".join(published))
    rows += [_measurement(claim, validation) for claim in content.get("measurement", ())]
    rows += _own_claims({claim["id"] for claim in content["claims"]}, measures, found)
    _complete(rows)
    themes = _themes(content, [row["claim"] for row in rows])
    frame = pd.DataFrame([row | {"theme": themes[row["claim"]]} for row in rows])
    return frame.reindex(columns=list(COLUMNS)).astype(dict.fromkeys(NUMBERS, "float64"))


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
    return [] if apa.is_missing(cell) else re.findall(r"C\d+[a-z]?\b", str(cell))


def in_order(name: str) -> tuple[int, str]:
    """What sorts ids by their number: H2 before H10, H7 before H7b.

    >>> sorted(["H10", "H7b", "H2", "H7"], key=in_order)
    ['H2', 'H7', 'H7b', 'H10']
    """
    return int("".join(filter(str.isdigit, name)) or 0), name


def overall(rows: pd.DataFrame) -> str:
    """What became of one claim: the verdict that all of its tests share, else that they differ.

    Tests that were not made, or could not be, count only where there is no other. Verdicts that differ may agree on the
    claim: a difference that was claimed and found, an equality that was claimed and found.

    >>> overall(pd.DataFrame({"verdict": ["supported", "not tested", "supported"]}))
    'supported'
    >>> overall(pd.DataFrame({"verdict": ["supported", "inconclusive"]}))
    'with different verdicts'
    >>> overall(pd.DataFrame({"verdict": ["supported", "equivalent"], "claim_type": ["difference", "equivalence"]}))
    'with different verdicts (all as claimed)'
    """
    made = [row for row in rows.to_dict("records") if row["verdict"] not in (NOT_TESTED, NOT_TESTABLE)]
    given, tested = list(rows["verdict"]), list(dict.fromkeys(map(outcome, made)))
    if len(tested) > 1:
        sides = {against_claim(row) for row in made}
        return f"{DIFFERENT} (all {sides.pop()})" if len(sides) == 1 else DIFFERENT
    return tested[0] if tested else NOT_TESTABLE if NOT_TESTABLE in given else NOT_TESTED


def counted(claims: pd.DataFrame) -> list[str]:
    """The ledger in sentences: how many claims, how many tests, and what became of them; none of an empty ledger."""
    if claims.empty:
        return []
    measured = claims["claim"].str.startswith("Z")
    became = Counter(overall(rows) for _, rows in claims[~measured].groupby("claim", sort=False))
    sentences = [f"Of {number_of(sum(became.values()), 'claim')}: {tally(became)}."]
    tests = claims[~measured & claims["verdict"].isin(TESTED)].drop_duplicates("hypothesis")
    if len(tests):
        verdicts = tally(Counter(map(outcome, tests.to_dict("records"))))
        sentences.append(f"The {number_of(len(tests), 'test')} behind them: {verdicts}.")
    if measured.any():
        held = Counter(claims.loc[measured, "verdict"])
        claims_said = number_of(int(measured.sum()), "claim")
        sentences.append(f"Of {claims_said} about the measures: {tally(held, tuple(held))}.")
    return sentences


def tally(found: Mapping[str, int], order: Sequence[str] = OVERALL) -> str:
    """How many of each, in words, in the order of the ledger."""
    return ", ".join(f"{apa.count(found[name])} {name}" for name in order if found.get(name))


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(
    claim: Mapping[str, Any],
    documents: Mapping[str, str],
    measures: Mapping[str, list[str]],
    found: Sequence[Mapping[str, Any]],
    published: str,
) -> list[_Row]:
    measured = measures.get(claim["id"], [])
    common = {
        "claim": claim["id"],
        "construct": claim["construct"],
        "document": documents[claim["document"]],
        "quotation": claim["quotation"],
        "measured_by": "; ".join(measured),
        "evidence": claim.get("evidence", ""),
        "benchmarks": published,
    }
    tested = [row for row in found if claim["id"] in claim_ids(row.get("claim_ids"))]
    rows = [common | _tested(row) for row in sorted(tested, key=lambda row: in_order(row["hypothesis"]))]
    rest = [h for h in claim["hypotheses"] if h not in {row["hypothesis"] for row in tested}]
    if rest or not tested:
        rows.append(common | _untested("; ".join(rest), **_no_verdict(claim, measured, bool(rest))))
    return rows


def _tested(row: Mapping[str, Any]) -> _Row:
    """One hypothesis of the study: its verdict, the reason, the estimate with its interval, and the invariance status."""
    given = row.get("verdict")
    missing = apa.is_missing(given)
    numbers = {name: math.nan if apa.is_missing(row.get(name)) else float(row[name]) for name in NUMBERS}
    if math.isnan(numbers["estimate"]):
        numbers = dict.fromkeys(NUMBERS, math.nan)
    return {
        "hypothesis": row["hypothesis"], "label": row["label"], "claim_type": row["claim_type"],
        "kind": "confirmatory" if narrative.is_true(row.get("confirmatory")) else "exploratory",
        "metric": "" if math.isnan(numbers["estimate"]) else str(row["metric"]),
        "verdict": NOT_TESTED if missing else str(given),
        "reason": "planned in this study, but no estimate carries the verdict" if missing else _reason(row),
        "invariance": "" if apa.is_missing(row.get("invariance")) else str(row["invariance"]), **numbers,
    }  # fmt: skip


def _reason(row: Mapping[str, Any]) -> str:
    """What the verdict rests on, in words."""
    if row["verdict"] in (NOT_TESTABLE, NOT_TESTED):
        return "" if apa.is_missing(row.get("reason")) else str(row["reason"])
    stated = why_inconclusive(row) or narrative.verdict(row)
    said = [sentence(stated.removeprefix(f"{row['verdict'].capitalize()}: "))]  # the verdict stands beside it
    if row["verdict"] == "equivalent" and against_claim(row) == AS_CLAIMED:
        said.append(sentence(CLAIMED))
    elif row["verdict"] in ("supported", "opposite"):
        said += [directions(row), beyond_sesoi(row)]
    return " ".join(filter(None, said)).removesuffix(".")


def _untested(hypothesis: str, verdict: str, reason: str) -> _Row:
    blank = {
        "label": "",
        "kind": "",
        "claim_type": "",
        "metric": "",
        "invariance": "",
        **dict.fromkeys(NUMBERS, math.nan),
    }
    return blank | {"hypothesis": hypothesis, "verdict": verdict, "reason": reason}


def _no_verdict(claim: Mapping[str, Any], measured: Sequence[str], has_tests: bool) -> dict[str, str]:
    own = claim.get("reason", "")
    if not claim.get("testable", True):
        return {"verdict": NOT_TESTABLE, "reason": own}
    if not measured:
        why = "its measure is not in this study"
    else:
        why = "not in this study’s plan" if has_tests else own or NO_TEST
    return {"verdict": NOT_TESTED, "reason": f"{why}; {own}" if own and own != why else why}


def _measurement(claim: Mapping[str, Any], validation: pd.DataFrame | None) -> _Row:
    """A claim about the project's own inventory: what the steps of its validation plan gave, parts not met by name."""
    rows = [] if validation is None else validation.to_dict("records")
    own = [row for row in rows if row["step"] in claim["steps"] and row["outcome"].startswith((MET, NOT_MET))]
    failed = [row for row in own if row["outcome"].startswith(NOT_MET)]
    common = {"claim": claim["id"], "construct": claim["construct"], "document": claim["document"], "quotation": ""}
    common |= {"measured_by": "", "evidence": "", "benchmarks": ""}
    if not own:
        return common | _untested("", NOT_TESTED, "no step of the validation plan could run in this study")
    reason = f"{apa.count(len(own) - len(failed))} of {apa.count(len(own))} checks of the validation plan met"
    if failed:
        parts = [row["question"] if apa.is_missing(row["part"]) else row["part"] for row in failed]
        reason += f"; not met: {listed(list(dict.fromkeys(parts)), 12)}"
    return common | _untested("", NOT_MET if failed else MET, reason)


def _own_claims(known: set[str], measures: Mapping[str, list[str]], found: Sequence[Mapping[str, Any]]) -> list[_Row]:
    """Rows of claims that only the study's own hypotheses name, so that none of its tests is lost."""
    rows = []
    named = [(claim, row) for row in found for claim in claim_ids(row.get("claim_ids")) if claim not in known]
    for claim, row in sorted(named, key=lambda pair: in_order(pair[0])):
        said = "" if apa.is_missing(row.get("claim")) else str(row["claim"])
        quoted = re.fullmatch(r"“(.*)” \[(.*)\]", said)
        rows.append(
            {"claim": claim, "construct": row["label"], "document": quoted[2] if quoted else "",
             "quotation": quoted[1] if quoted else "", "measured_by": "; ".join(measures.get(claim, ())), "evidence": "",
             "benchmarks": ""} | _tested(row)
        )  # fmt: skip
    return rows


def _complete(rows: Sequence[Mapping[str, Any]]) -> None:
    absent = [claim for claim in CONSTRUCT_MAP if claim not in {row["claim"] for row in rows}]
    if absent:
        cause = "A claim of the construct map has no row in the ledger"
        fix = "write it into config/claims.yaml, with its quotation and its hypotheses, or the reason why it has none"
        raise Refused(
            [Problem("config/claims.yaml", cause, listed(absent, 10), "every claim", fix)], "The claim ledger"
        )


def _themes(content: Mapping[str, Any], claims: Sequence[str]) -> dict[str, str]:
    """Claim -> the heading under which it stands: the last that starts at it or before it."""
    starts = {theme["starts"]: theme["title"] for theme in content["themes"]}
    listed_here = {claim["id"] for part in ("claims", "measurement") for claim in content.get(part, ())}
    found, title = {}, ""
    for claim in claims:
        title = starts.get(claim, title)
        found[claim] = title if claim in listed_here else OWN_THEME
    return found
