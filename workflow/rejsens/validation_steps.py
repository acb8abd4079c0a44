"""The steps of a validation plan that read what earlier jobs have estimated: consistency, items, answers, retest, invariance,
fixed predictions, and scales that must be told apart. Each becomes one row, its numbers taken by key from a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.definitions import Instrument, Model, Score
from rejsens.phrases import quoted, shipped_labels, sided, spoken
from rejsens.problems import listed
from rejsens.psychometrics.predictions import MOST_FAILED
from rejsens.validation_plan import ValidationPlan

MET, NOT_MET, NOT_RUN = "met", "not met", "could not run"
OUTSIDE, NOT_PROVIDED = "done outside the data", "outside the data, not provided"
HOLDS = ", the interval holds the guide"  # behind met or not met: other samples might have given the other
RUNGS = {"MLR": ("metric", "scalar"), "WLSMV": ("thresholds", "loadings", "intercepts")}  # below strict
NAMES = {"alpha": "alpha", "omega_u": "omega", "omega_categorical": "categorical omega"}  # the coefficients of the plan
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One intended structure where it was first asked."""

    wave: str
    people: pd.DataFrame
    instrument: Instrument
    model: Model

    @property
    def scores(self) -> list[Score]:
        own = set(self.model.items)
        return [s for s in self.instrument.scores if s.model == "reflective" and s.items and set(s.items) <= own]


def step_row(step: str, question: str, done: str, result: str, outcome: str, **more: Any) -> Row:
    return {"step": step, "question": question, "done": done, "result": result, "outcome": outcome} | more


def guided(met: bool, held: bool = False) -> str:
    """The outcome of a guide; `held`, where it lies inside the interval."""
    return (MET if met else NOT_MET) + (HOLDS if held else "")


def inside(guide: float, rows: pd.DataFrame) -> bool:
    """Whether the guide lies inside the interval of any row."""
    return bool(((rows["ci_low"] < guide) & (guide < rows["ci_high"])).any())


def from_tables(
    plan: ValidationPlan, asked: Sequence[Asked], tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str]
) -> list[Row]:
    """The steps that read what earlier jobs have estimated, in the plan's order."""
    by_score: tuple[Callable[..., Row], ...] = (_consistency, _items, _categories, _retest, _invariance)
    rows = [_formative(plan, tables)] if plan.formative else []
    for step in by_score:
        for found in asked:
            about = {"instrument": found.instrument.name, "wave": found.wave}
            rows += [about | step(plan, found, score, tables) | {"part": score.label} for score in found.scores]
    return [*rows, *_predictions(plan, tables), *_discriminant(plan, tables, labels)]


def _formative(plan: ValidationPlan, tables: Mapping[str, pd.DataFrame]) -> Row:
    modelled = sorted(set(tables["factor_models"]["instrument"]) & set(plan.formative))
    result = f"{len(modelled)} of {len(plan.formative)} instruments of such items have a factor model"
    return step_row(
        "formative",
        "Are indices of what happened, and strategies, left out of every factor model?",
        "Their items need not go together, so that neither a factor model nor internal consistency applies",
        result,
        guided(not modelled),
        where="factor_models",
    )


def _of(table: pd.DataFrame, **keys: str) -> pd.DataFrame:
    """Rows of a table by its key columns."""
    for column, value in keys.items():
        table = table[table[column] == value]
    return table


def _consistency(plan: ValidationPlan, found: Asked, score: Score, tables: Mapping[str, pd.DataFrame]) -> Row:
    guide = plan.guides["consistency"]
    rows = _of(tables["reliability"], instrument=found.instrument.name, score=score.id, wave=found.wave)
    rows = rows[rows["coefficient"].isin(NAMES)].drop_duplicates("coefficient")
    words = (
        "Does the scale hang together?",
        f"Alpha and omega, {apa.r(guide)} or higher (COSMIN); the estimates decide, whatever their intervals hold",
    )
    held = rows[rows["estimate"].notna()]
    if held.empty:
        return step_row(
            "consistency",
            *words,
            listed(list(dict.fromkeys(rows["status"])), 3) or "no coefficient",
            NOT_RUN,
            where="reliability",
        )
    result = "; ".join(f"{NAMES[row['coefficient']]} = {_beside(guide, row)}" for row in held.to_dict("records"))
    met = guided(bool((held["estimate"] >= guide).all()), inside(guide, held))
    return step_row("consistency", *words, result, met, n=held["n"].iloc[0], where="reliability")


def _beside(guide: float, row: Mapping[str, Any] | pd.Series) -> str:
    """An estimate that should not lie below a guide, with its interval."""
    ends = apa.interval(row["ci_low"], row["ci_high"], bounded=True)
    return sided(row["estimate"], low=guide) + ("" if ends == apa.MISSING else f" {ends}")


def _items(plan: ValidationPlan, found: Asked, score: Score, tables: Mapping[str, pd.DataFrame]) -> Row:
    guide = plan.guides["item_rest"]
    rows = _of(tables["items"], instrument=found.instrument.name, score=score.id, wave=found.wave)
    rows = rows[rows["item_rest"].notna()].sort_values("item_rest", kind="stable")
    words = ("Does each item go with the rest of its scale?", f"Item–rest correlations, each {apa.r(guide)} or higher")
    if rows.empty:
        return step_row("items", *words, "no item analysis", NOT_RUN, where="item_analysis")
    low, high = rows.iloc[0], rows.iloc[-1]
    result = (
        f"from {sided(low['item_rest'], low=guide)} ({quoted(low['label'])}) to {apa.r(high['item_rest'])} "
        f"({quoted(high['label'])}), {len(rows)} items"
    )
    met = guided(low["item_rest"] >= guide)
    return step_row("items", *words, result, met, n=rows["n"].min(), where="item_analysis")


def _categories(plan: ValidationPlan, found: Asked, score: Score, tables: Mapping[str, pd.DataFrame]) -> Row:
    least = plan.guides["category_people"]
    rows = _of(tables["responses"], instrument=found.instrument.name, wave=found.wave)
    rows = rows[rows["item"].isin(score.items)]
    words = ("Is every answer of every item used?", f"At least {apa.count(least)} people behind each answer")
    if rows.empty:
        return step_row("categories", *words, "the items have too many answers to count each", NOT_RUN)
    rare = rows[~(rows["n"] >= least)]  # a count of few people is blank
    shares = rows["percent"].dropna()
    result = (
        f"{apa.percent(shares.min())}% to {apa.percent(shares.max())}% of people behind each answer"
        if len(shares)
        else ""
    )
    if len(rare):
        items = listed([quoted(label) for label in dict.fromkeys(rare["label"])], 6)
        result += f"; {len(rare)} of {len(rows)} answers were given by fewer ({items})"
    n = rows.groupby("item")["n"].sum().min() if rows["n"].notna().all() else None
    return step_row("categories", *words, result.removeprefix("; "), guided(rare.empty), n=n)


def _retest(plan: ValidationPlan, found: Asked, score: Score, tables: Mapping[str, pd.DataFrame]) -> Row:
    guide = plan.guides["retest_icc"]
    rows = _of(tables["reliability"], instrument=found.instrument.name, score=score.id).set_index("coefficient")
    words = (
        "Does the scale give the same after a short time?",
        f"Retest: ICC(A,1) of {apa.r(guide)} or higher, which its estimate decides; SEM and SDC95 beside it",
    )
    if "retest_icc2" not in rows.index and "stability_icc2" in rows.index:
        return step_row(
            "retest", *words, "asked again only after more than four weeks", NOT_RUN, where="reliability_over_time"
        )
    if "retest_icc2" not in rows.index:
        return step_row("retest", *words, "no retest of this scale", NOT_RUN, where="reliability_over_time")
    icc = _one(rows, "retest_icc2")
    if apa.is_missing(icc["estimate"]):
        return step_row("retest", *words, str(icc["status"]), NOT_RUN, where="reliability_over_time")
    result = f"ICC(A,1) = {_beside(guide, icc)}"
    for name, symbol in (("sem_agreement", "SEM"), ("sdc95_agreement", "SDC95")):
        if name in rows.index:
            result += f", {symbol} = {apa.number(_one(rows, name)['estimate'])}"
    met = guided(icc["estimate"] >= guide, icc["ci_low"] < guide < icc["ci_high"])
    return step_row("retest", *words, result, met, n=icc["n"], wave=icc["wave"], where="reliability_over_time")


def _one(rows: pd.DataFrame, name: str) -> pd.Series:
    """The first row of a coefficient: a second retest has its rows in the table."""
    return rows.loc[[name]].iloc[0]


def _invariance(plan: ValidationPlan, found: Asked, score: Score, tables: Mapping[str, pd.DataFrame]) -> Row:
    guides = plan.guides
    words = (
        "Does the scale measure the same in every wave and group?",
        f"Metric and scalar rungs: CFI down by at most {apa.r(guides['d_cfi'], 3)}, RMSEA up by at most "
        f"{apa.r(guides['d_rmsea'], 3)}, as guides: with few degrees of freedom RMSEA moves far by chance, so that the test "
        "of the difference stands beside a rung outside them. Under WLSMV, and over a rung without fit, that test decides",
    )
    rows = _of(tables["invariance"], instrument=found.instrument.name, model=score.id)
    judged = [_rungs(guides, between, ladder) for between, ladder in rows.groupby("between", sort=False)]
    if not judged:
        return step_row("invariance", *words, "no two waves or groups to compare", NOT_RUN, where="invariance")
    result = "; ".join(text for text, _ in judged)
    outcomes = [outcome for _, outcome in judged]
    worst = next(word for word in (NOT_MET, NOT_RUN, MET) if word in outcomes)
    return step_row("invariance", *words, result, worst, n=rows["n"].min(), where="invariance")


def _rungs(guides: Mapping[str, float], between: str, ladder: pd.DataFrame) -> tuple[str, str]:
    """One ladder in words, and its outcome: the rungs below strict."""
    rungs = ladder[ladder["rung"].isin(RUNGS.get(ladder["estimator"].iloc[0], ()))]
    judged = [_rung(guides, row) for row in rungs.to_dict("records")]
    outcomes = [outcome for _, outcome in judged]
    worst = next((word for word in (NOT_MET, NOT_RUN, MET) if word in outcomes), NOT_RUN)
    return f"{spoken(between)}: {'; '.join(text for text, _ in judged) or 'no rung to compare'}", worst


def _rung(guides: Mapping[str, float], row: Mapping[str, Any]) -> tuple[str, str]:
    """One rung in words, and its outcome; none where it cannot be tested by its nature (thresholds of three categories)."""
    name = row["rung"]
    if row["status"] != "admissible":
        return f"{name} {row['status']}", "" if str(row["status"]).startswith("not testable") else NOT_RUN
    if row["estimator"] != "WLSMV" and not apa.is_missing(row["d_cfi"]):
        cfi, rmsea = (
            sided(row["d_cfi"], low=-guides["d_cfi"], decimals=3),
            sided(row["d_rmsea"], high=guides["d_rmsea"], decimals=3),
        )
        outside = [
            index
            for index, fine in (
                ("CFI", -row["d_cfi"] <= guides["d_cfi"]),
                ("RMSEA", row["d_rmsea"] <= guides["d_rmsea"]),
            )
            if not fine
        ]
        why = f", outside the guide by {' and '.join(outside)} ({_tested(row)})" if outside else ""
        return f"{name} ΔCFI = {cfi}, ΔRMSEA = {rmsea}{why}", guided(not outside)
    if row["holds"] not in ("rejected", "not rejected"):
        return f"{name} not tested", NOT_RUN
    return f"{name} {row['holds']}, p {apa.p(row['d_p'], relation=True)}", guided(row["holds"] == "not rejected")


def _tested(row: Mapping[str, Any]) -> str:
    """Degrees of freedom of a rung, and the test of its difference from the one below."""
    test = f"Δχ²({apa.df(row['d_df'])}) = {apa.number(row['d_chi2'])}, p {apa.p(row['d_p'], relation=True)}"
    return f"df = {apa.df(row['df'])}{'' if apa.is_missing(row['d_p']) else f'; {test}'}"


def _predictions(plan: ValidationPlan, tables: Mapping[str, pd.DataFrame]) -> list[Row]:
    if not plan.predictions:
        return []
    rows = _of(tables["predictions"], set=plan.predictions)
    words = (
        "Do the scales go with other measures as written down beforehand?",
        f"Correlations held against fixed ranges by their estimates; the scales fail when more than {MOST_FAILED:.0%} of those that can be "
        "tested lie outside (COSMIN)",
    )
    tested = rows[rows["outcome"] != "not testable"]
    if tested.empty:
        return [step_row("predictions", *words, "no other measure of the plan was asked", NOT_RUN, where="predictions")]
    failed = int((tested["outcome"] == "failed").sum())
    met = guided(failed <= MOST_FAILED * len(tested))
    n = tested["n"].min()
    return [
        step_row(
            "predictions", *words, rows["sentence"].iloc[0], met, n=n, wave=rows["wave"].iloc[0], where="predictions"
        )
    ]


def _discriminant(plan: ValidationPlan, tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str]) -> list[Row]:
    """HTMT of the pairs whose scales must be told apart (Z2)."""
    if not plan.discriminant:
        return []
    rows = _of(tables["discriminant"], set=plan.discriminant)
    words = (
        "Can the scale be told apart from a close neighbour?",
        "HTMT, its whole bootstrap interval below the guide: one that holds the guide does not meet it",
    )
    if rows.empty:
        return [
            step_row("discriminant", *words, "no pair of the plan was asked together", NOT_RUN, where="discriminant")
        ]
    return [_pair(row, words, labels) for row in rows.to_dict("records")]


def _pair(row: Mapping[str, Any], words: tuple[str, str], labels: Mapping[str, str]) -> Row:
    x, y = (labels.get(score) or shipped_labels().get(score, score) for score in (row["x"], row["y"]))
    pair = f"{x} and {y}"
    about = {"part": pair, "wave": row["wave"], "where": "discriminant"}
    if apa.is_missing(row["htmt"]):
        return step_row("discriminant", *words, row["status"], NOT_RUN, **about)
    ends = apa.coefficient(row["htmt"], row["htmt_ci_low"], row["htmt_ci_high"], bounded=True)
    result = f"HTMT = {ends}, guide {apa.r(row['below'])}"
    met = (
        NOT_RUN if apa.is_missing(row["outcome"]) else guided(row["outcome"] == "below", row["outcome"] == "uncertain")
    )
    return step_row("discriminant", *words, result, met, n=row["n"], **about)
