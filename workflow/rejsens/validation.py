"""A validation plan run through: each step a row with what was asked, done and found, and whether a declared guide is met.

What earlier jobs have estimated is read from their tables by key; only the two halves of a wave are estimated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from rejsens import apa, halves
from rejsens.assessment_words import behind, fit_words
from rejsens.content_validity import ITEM, RATERS, SCALE
from rejsens.definitions import Instrument
from rejsens.phrases import labelled, quoted, shipped_labels, spoken
from rejsens.problems import listed
from rejsens.psychometrics import ExploratoryModel, FactorModel
from rejsens.scoring import keyed_name
from rejsens.seeds import generator
from rejsens.spreadsheet import restored_frame
from rejsens.tabular import by_wave
from rejsens.validation_plan import ValidationPlan
from rejsens.validation_steps import NOT_PROVIDED, NOT_RUN, OUTSIDE, Asked, Row, from_tables, guided, step_row

PER_ITEM, LEAST = 7, 100  # people that COSMIN asks for in a factor analysis: per item, and at least


def validate(
    answers: pd.DataFrame,
    asked: Mapping[str, Sequence[Instrument]],
    plans: Mapping[str, ValidationPlan],
    tables: Mapping[str, pd.DataFrame],
    *,
    seed: int,
    ci_level: float,
    min_cell: int = 1,
) -> dict[str, pd.DataFrame]:
    """The tables `validation` and `validation_loadings`: every plan of which the study asked a structure.

    answers   pooled answers, raw
    asked     wave -> instruments as that wave administered them
    tables    reliability, items, responses, factor_models, invariance, predictions, discriminant
    seed      of the study; the halves of a wave are drawn from it and the names of plan and wave
    min_cell  a half in which fewer people than this, but somebody, answered every item is not reported

    Missing data: as each step states. A step that cannot run has a row that says why.
    """
    labels = {s.id: s.label for instruments in asked.values() for i in instruments for s in i.scores}
    rows: list[Row] = []
    loadings: list[pd.DataFrame] = []
    for name, plan in plans.items():
        first = {model: found for model in plan.structures if (found := _first(answers, asked, model))}
        if not first:
            continue  # a study that never asked the inventory has no plan to run
        steps = [*_outside(plan)]
        for model in plan.structures:
            made, of_halves = _halves(plan, model, first.get(model), seed, ci_level, min_cell)
            steps += made
            loadings += [table.assign(set=name) for table in of_halves]
        steps += from_tables(plan, list(first.values()), tables, labels)
        rows += [{"set": name, "title": plan.title} | row for row in steps]
    found = pd.DataFrame(rows)
    return {
        "validation": found.assign(order=range(1, len(found) + 1)) if len(found) else found,
        "validation_loadings": pd.concat(loadings, ignore_index=True) if loadings else pd.DataFrame(),
    }


def _first(answers: pd.DataFrame, asked: Mapping[str, Sequence[Instrument]], name: str) -> Asked | None:
    """The first wave of the panel whose instruments declare the model."""
    panel = ((wave, people) for wave, people in by_wave(answers) if (people["role"] == "wave").all())
    for wave, people in panel:  # a large table is not copied to leave retests out
        for instrument in asked.get(wave, ()):
            for model in instrument.models:
                if model.id == name:
                    return Asked(wave, people, instrument, model)
    return None


# --- outside the data ------------------------------------------------------------------------------------------------


def _outside(plan: ValidationPlan) -> Iterator[Row]:
    question = "Do experts find the items relevant to what they are to measure?"
    done = (
        f"Review sheets of at least {RATERS} experts, scored by rejsens content-validity: "
        f"I-CVI of {apa.r(ITEM)} and S-CVI/Ave of {apa.r(SCALE)} or higher"
    )
    if plan.experts:
        yield step_row("experts", question, done, *_experts(plan))
    else:
        yield step_row("experts", question, done, "no result given", NOT_PROVIDED)
    yield step_row(
        "interviews",
        "Do people understand the items as they are meant?",
        "Interviews in which about ten people think aloud",
        "no result given",
        NOT_PROVIDED,
    )


def _experts(plan: ValidationPlan) -> tuple[str, str]:
    """What the review sheets gave; simulated ratings are called so and meet nothing."""
    items, scales = (restored_frame(pd.read_csv(plan.experts[kind])) for kind in ("items", "scales"))
    relevance = items[items["rated"] == "relevance"]
    total = scales[(scales["rated"] == "relevance") & (scales["scale"] == "all items")].iloc[0]
    again = int((relevance["verdict"] == "look at it again").sum())
    result = (
        f"S-CVI/Ave = {apa.r(total['s_cvi_ave'])} from {apa.count(total['raters_least'])} raters or more; "
        f"I-CVI below {apa.r(ITEM)} for {again} of {len(relevance)} items"
    )
    if bool(items["simulated"].any()):
        return f"simulated ratings, which judge nothing: {result}", OUTSIDE
    if total["raters_least"] < RATERS:
        return f"fewer than {RATERS} raters: {result}", NOT_RUN
    return result, guided(total["verdict"] == "reached" and not again)


# --- two halves ------------------------------------------------------------------------------------------------------


def _halves(
    plan: ValidationPlan, name: str, found: Asked | None, seed: int, ci_level: float, min_cell: int
) -> tuple[list[Row], list[pd.DataFrame]]:
    """Exploration and confirmation of one structure, and the loadings of both."""
    how = plan.exploration
    steps = {
        "exploration": (
            "Does an exploration find the intended scales?",
            f"Random half of the first wave that asked it: {how['correlations'].replace('pearson', 'Pearson')} correlations, parallel analysis "
            f"(95th percentile), {how['extraction']} with {how['rotation']}; rows with every answer",
        ),
        "confirmation": (
            "Do the intended factors fit people who were not explored?",
            f"The other half: CFI of {apa.r(plan.guides['cfi'])} or higher, RMSEA up to {apa.r(plan.guides['rmsea'])}, "
            f"SRMR up to {apa.r(plan.guides['srmr'])} as guides, held against the estimates; none of them decides under WLSMV",
        ),
    }
    if found is None:
        return [
            step_row(step, *words, "no wave asked it", NOT_RUN, part=shipped_labels().get(name, spoken(name)))
            for step, words in steps.items()
        ], []
    split = halves.halves(found.people, seed, "validation", plan.id, found.wave)
    # stays beside the gate: nothing is explored for a half that the gate would blank
    few = {half for half, people in split.items() if halves.too_few(people, found.instrument, found.model, min_cell)}
    split = {half: people.iloc[:0] if half in few else people for half, people in split.items()}
    rng = generator(seed, "validation", plan.id, found.wave, name)
    explored = halves.explore(split[halves.EXPLORED], found.instrument, found.model, how, rng)
    confirmed = halves.confirm(
        split[halves.CONFIRMED], found.instrument, found.model, ci_level, how["correlations"] == "polychoric"
    )
    about = {"part": found.model.label, "instrument": found.instrument.name, "wave": found.wave}
    items = {keyed_name(item): item.label for item in found.instrument.items}
    withheld = f"not reported: fewer than {min_cell} people answered every item"
    results = {halves.EXPLORED: (_explored(explored, found), explored.solution.n),
               halves.CONFIRMED: (_confirmed(confirmed, plan), confirmed.model.n)}  # fmt: skip
    rows = [
        step_row(
            half,
            *steps[half],
            *((withheld, NOT_RUN) if half in few else (labelled(said, items), outcome)),
            n=n,
            **about,
        )
        for half, ((said, outcome), n) in results.items()
    ]
    table = halves.loading_rows(found.instrument, explored, confirmed)
    table["status"] = table["status"].mask(table["half"].isin(few), withheld)
    where = {"instrument": found.instrument.name, "model": name, "wave": found.wave}
    return [row | {"where": "validation_loadings"} for row in rows], [table.assign(**where)]


def _explored(explored: halves.Explored, found: Asked) -> tuple[str, str]:
    if explored.parallel.status != "estimated" or explored.solution.status != "admissible":
        return explored.status, NOT_RUN
    advised, intended, k = explored.parallel.factors(), len(found.model.factors), len(explored.homes)
    astray = explored.astray
    wrong = f" (not: {listed(_labels(found.instrument, astray), 10)})" if astray else ""
    result = (
        f"{advised} factors advised, {intended} intended; {k - len(astray)} of {k} items have their highest loading on "
        f"the factor of their own scale{wrong}; KMO = {apa.r(explored.adequacy.kmo)} ({_people(explored.solution)})"
        f"{_enough(explored.solution.n, k)}"
    )
    return result, guided(advised == intended and not astray)


def _labels(instrument: Instrument, columns: Sequence[str]) -> list[str]:
    named = {keyed_name(item): quoted(item.label) for item in instrument.items}
    return [named.get(column, column) for column in columns]


def _enough(n: float | None, k: int) -> str:
    """Where a factor analysis has fewer people than COSMIN asks for."""
    asked_for = max(PER_ITEM * k, LEAST)
    return f"; COSMIN asks for {apa.count(asked_for)} people" if n is not None and n < asked_for else ""


def _confirmed(confirmed: halves.Confirmed, plan: ValidationPlan) -> tuple[str, str]:
    model = confirmed.model
    if not model.admissible:
        return model.status, NOT_RUN
    result = f"{fit_words(model.estimator, model.fit.df, model.reported)} ({_people(model)})"
    result += _enough(model.n, len(model.residual_variances))
    if confirmed.ordered is not None:
        ordered = confirmed.ordered
        words = fit_words(ordered.estimator, ordered.fit.df, ordered.reported) if ordered.admissible else ordered.status
        result += f"; on polychoric correlations {words} ({_people(ordered)})"
    if model.estimator == "WLSMV":
        return f"{result}; no guide decides", NOT_RUN
    ends = (model.reported["rmsea_ci_low"], model.reported["rmsea_ci_high"])
    return result, guided(within_guides(model.reported, plan.guides), ends[0] < plan.guides["rmsea"] < ends[1])


def _people(model: ExploratoryModel | FactorModel) -> str:
    return behind({"n": model.n, "n_lost": model.n_lost, "missing_rule": model.missing_rule})


def within_guides(fit: Mapping[str, float], guides: Mapping[str, float]) -> bool:
    """Whether CFI, RMSEA and SRMR are all inside their guides; a missing one is not."""
    return fit["cfi"] >= guides["cfi"] and fit["rmsea"] <= guides["rmsea"] and fit["srmr"] <= guides["srmr"]
