"""Sentences about a score beside other measures, about how it is spread, and about what was done outside the data.

As in :py:mod:`rejsens.assessment_words`, each reads one row, or rows of one table, every value by its key.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rejsens import apa
from rejsens.assessment_words import WHOLE, Row, behind, people
from rejsens.phrases import not_run, relabelled, shipped_labels, sided, spoken
from rejsens.sentences import counted, lower_first, reported, sentence

OUTCOMES = {
    "below": "the whole interval below",
    "above": "the whole interval above",
    "uncertain": "an interval that holds",
}
AT_AN_END = 15  # per cent at the lowest or highest score (Terwee et al. 2007, 10.1016/j.jclinepi.2006.03.012)


# --- other measures --------------------------------------------------------------------------------------------------


def prediction(row: Row, names: Mapping[str, str]) -> str:
    """One correlation whose range was written down before the data."""
    pair = f"{reported(_name(row['x'], names))} with {lower_first(reported(_name(row['y'], names)))}"
    ends = apa.interval(row["low"], row["high"], bounded=True)
    start = f"{pair}, wave {row['wave']}, r expected in {ends}"
    if apa.is_missing(row["estimate"]):
        return sentence(
            f"{start}: {row['outcome']}: {reported(relabelled(row['reason'], shipped_labels() | dict(names)))}"
        )
    found = (
        f"{sided(row['estimate'], row['low'], row['high'])} {apa.interval(row['ci_low'], row['ci_high'], bounded=True)}"
    )
    outcome = "met" if row["outcome"] == "met" else f"not met, {row['reason']}"
    return sentence(
        f"{start} (n = {apa.count(row['n'])}, {apa.count(row['n_lost'])} lost; people with both scores): r = {found}, {outcome} (by the estimate)"
    )


def _name(score: str, names: Mapping[str, str]) -> str:
    """A score's label in the study, or in the shipped files where the study did not ask it."""
    return names.get(score) or shipped_labels().get(score) or spoken(score)


def discriminant(row: Row, names: Mapping[str, str]) -> str:
    """Whether two scales can be told apart."""
    pair = f"{reported(_name(row['x'], names))} and {lower_first(reported(_name(row['y'], names)))}"
    start = f"{pair}, wave {row['wave']} ({behind(row, WHOLE)})"
    if apa.is_missing(row["htmt"]):
        return sentence(f"{start}: {not_run(row['status'])}")
    said = f"HTMT = {apa.coefficient(row['htmt'], row['htmt_ci_low'], row['htmt_ci_high'], bounded=True)}"
    if not apa.is_missing(row["below"]):
        said += f", {OUTCOMES.get(row['outcome'], 'beside')} the guide of {apa.r(row['below'])}"
    if not apa.is_missing(row["r"]):
        said += f"; r = {apa.r(row['r'])}"
        said += "" if apa.is_missing(row["corrected"]) else f", corrected for unreliability {apa.r(row['corrected'])}"
    return sentence(f"{start}: {said}")


def expected_signs(rows: pd.DataFrame) -> str:
    """Signs that the definition expects of correlations with other scores."""
    fine = int((rows["status"] == "as expected").sum())
    waves = counted(rows["wave"].nunique(), "wave")
    return sentence(
        f"{fine} of {counted(len(rows), 'expected sign')} found in {waves} ({people(rows['n'])}; people with both scores)"
    )


# --- how scores are spread -------------------------------------------------------------------------------------------


def distribution(row: Row) -> str:
    """Mean, spread, and who stands at either end of the range."""
    rule = "" if apa.is_missing(row["missing_rule"]) else f"; {row['missing_rule']}"
    start = f"{reported(row['label'])}, wave {row['wave']} (n = {apa.count(row['n'])}, {apa.count(row['n_missing'])} missing{rule})"
    if apa.is_missing(row["mean"]):
        return sentence(f"{start}: no score")
    ends = f"{apa.df(row['range_low'])} to {apa.df(row['range_high'])}"
    said = f"M = {apa.number(row['mean'])}, SD = {apa.number(row['sd'])} on a range of {ends}"
    return sentence(f"{start}: {said}; {_ends(row)}")


def _ends(row: Row) -> str:
    shares = {"lowest": row["floor_percent"], "highest": row["ceiling_percent"]}
    known = {end: share for end, share in shares.items() if not apa.is_missing(share)}
    if not known:
        return "the shares at the ends are not shown, since they stand for few people"
    said = " and ".join(f"{apa.percent(share)}% at the {end} score" for end, share in known.items())
    above = [end for end, share in known.items() if share > AT_AN_END]
    return (
        f"{said}, more than the guide of {AT_AN_END}% at the {' and the '.join(above)}"
        if above
        else f"{said} (guide: up to {AT_AN_END}%)"
    )


def plan_step(row: Row) -> str:
    """One step of a validation plan."""
    return sentence(f"{row['question']} {row['done']}: {row['result']} ({row['outcome']})")
