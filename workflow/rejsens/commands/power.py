"""Say what a planned study would find, and how precisely."""

from __future__ import annotations

import os
import sys
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 0.80
OFTEN = 0.10  # share of studies without an estimate from which that, not their number of people, is what to mend
UNREADABLE = 2


class Kind(StrEnum):
    within = "within"
    between = "between"
    lagged = "lagged"
    interaction = "interaction"


def power(
    effect: Annotated[
        float, typer.Option(help="Expected effect in standard deviations, between scores without error. 0: no effect.")
    ],
    kind: Annotated[Kind, typer.Option(help="Which effect: see docs/plan-a-study.md.")] = Kind.within,
    people: Annotated[
        str, typer.Option(metavar="NUMBERS", help="People in the first wave; several as 200,300,400.")
    ] = "300",
    waves: Annotated[str, typer.Option(metavar="NUMBERS", help="Waves; several as 3,4,6.")] = "4",
    attrition: Annotated[float, typer.Option(help="Share of those still in who leave before each later wave.")] = 0.0,
    reliability_predictor: Annotated[float, typer.Option(help="Reliability of the predictor in one wave.")] = 1.0,
    reliability_outcome: Annotated[float, typer.Option(help="Reliability of the outcome in one wave.")] = 1.0,
    reliability_moderator: Annotated[float, typer.Option(help="Reliability of the moderator.")] = 1.0,
    icc: Annotated[float, typer.Option(help="Share of a score's variance that is a person's stable level.")] = 0.5,
    slope_sd: Annotated[
        float, typer.Option(help="How far the within-person effect differs between people, as SD.")
    ] = 0.0,
    main_effect: Annotated[float, typer.Option(help="Interaction: the effect at the moderator's mean.")] = 0.0,
    carry_over: Annotated[float, typer.Option(help="Lagged: each score's own path from wave to wave.")] = 0.3,
    alpha: Annotated[float, typer.Option(help="Two-sided level, before correction.")] = 0.05,
    tests: Annotated[
        int, typer.Option(help="Tests in the family: each is made at alpha / tests, Holm's first step.")
    ] = 1,
    ci_level: Annotated[float, typer.Option(help="Level of the interval whose width is expected.")] = 0.95,
    sesoi: Annotated[
        float | None, typer.Option(help="Smallest effect of interest: also count the verdict “equivalent”.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Simulated studies for each line.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 1,
    cores: Annotated[int, typer.Option(help="How many processor cores to use.")] = 1,
    simulate: Annotated[bool, typer.Option("--simulate", help="Simulate also where a formula would do.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Also write the table into this file.", show_default=False)] = None,
) -> None:
    """Plan a study: power, expected precision and smallest detectable effect, for several numbers of people or waves.

    Each line stands for many simulated studies, each analysed with the model that would carry the verdict. No
    covariates are simulated: state effects net of them. Ends with 2 when such a study cannot be simulated.
    """
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")  # small tables: starting threads would take longer than the sums
    from rejsens.inference.planned_panel import Plan
    from rejsens.inference.planner import power_table
    from rejsens.problems import Refused
    from rejsens.spreadsheet import csv_text
    from rejsens.whole_files import write_whole

    try:
        plans = [
            Plan(
                kind.value, n, t, effect, attrition, reliability_predictor, reliability_outcome, reliability_moderator,
                icc, slope_sd, main_effect, carry_over, alpha, tests, ci_level,
            )
            for n in _numbers("people", people)
            for t in _numbers("waves", waves)
        ]  # fmt: skip
        smallest = float("nan") if sesoi is None else sesoi
        table = power_table(
            plans, draws=draws, seed=seed, sesoi=smallest, simulate_all=simulate, cores=cores, progress=_progress
        )
    except Refused as refused:
        print(str(refused).replace(" cannot be used: ", " cannot be simulated: ", 1))
        raise typer.Exit(UNREADABLE) from None
    _show(table, plans[0], sesoi)
    if csv:
        write_whole(csv, csv_text(table))
        print(f"Wrote {csv}.")
    print(f"\n{_next(table, plans[0])}")


def _numbers(option: str, text: str) -> list[int]:
    """Whole numbers between commas, each once, in order."""
    from rejsens.problems import Problem, Refused

    try:
        return sorted({int(part) for part in text.replace(" ", "").strip(",").split(",")})
    except ValueError:
        cause, allowed = "Plans that cannot be simulated", "whole numbers between commas, such as 200,300,400"
        raise Refused(Problem(option, cause, f"“{text}”", allowed, "correct it"), "The plan") from None


def _progress(plan: Any, done: int, draws: int) -> None:
    """One line that is written over and over, in a terminal only."""
    if sys.stderr.isatty():
        end = "\r\033[K" if done == draws else ""
        print(f"\r{plan.people} people, {plan.waves} waves: {done} of {draws} studies {end}", end="", file=sys.stderr)


def _show(table: pd.DataFrame, plan: Any, sesoi: float | None) -> None:
    """Right-aligned columns, two spaces apart: they fit 80 columns and nothing is cut off when they are redirected."""
    print("\n".join([_heading(plan), *_assumed(plan)]) + "\n")
    columns = [[heading, *cells] for heading, cells in _columns(table, plan, sesoi).items()]
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns, strict=True):
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print()
    for note in _notes(table, plan):
        print(textwrap.fill(note, 79))


def _heading(plan: Any) -> str:
    from rejsens import apa

    names = {
        "within": "Within-person effect",
        "between": "Association between people",
        "lagged": "Within-person effect on the next wave",
        "interaction": "Interaction with a characteristic of the person",
    }
    level = f"{plan.alpha:g}" if plan.tests == 1 else f"{plan.alpha:g} / {plan.tests}"
    return f"{names[plan.kind]}: {apa.number(plan.effect)}, two-sided test at {level}"


def _assumed(plan: Any) -> list[str]:
    """What the numbers rest on, beside people and waves, so that a copied table says it too; nothing where all is at its least."""
    from rejsens import apa

    reliabilities = [("predictor", plan.reliability_predictor), ("outcome", plan.reliability_outcome)]
    reliabilities += [("moderator", plan.reliability_moderator)] if plan.kind == "interaction" else []
    said = [f"{100 * plan.attrition:g}% leave before each later wave"] if plan.attrition else []
    if any(value < 1 for _, value in reliabilities):
        said.append(f"reliability {', '.join(f'{apa.r(value)} ({name})' for name, value in reliabilities)}")
    said += [f"ICC {apa.r(plan.icc)}"] if plan.panel else []
    said += [f"the effect differs between people by an SD of {apa.number(plan.slope_sd)}"] if plan.slope_sd else []
    said += [f"{apa.number(plan.main_effect)} at the moderator's mean"] if plan.kind == "interaction" else []
    said += [f"carry-over {apa.number(plan.carry_over)}"] if plan.kind == "lagged" else []
    return textwrap.wrap(f"Assumed: {'; '.join(said)}.", 79) if said else []


def _columns(table: pd.DataFrame, plan: Any, sesoi: float | None) -> dict[str, list[str]]:
    from rejsens import apa

    def printed(name: str) -> list[str]:
        return [apa.number(value, 3) for value in table[name]]

    simulated = bool(table["draws"].any())
    columns = {"People": [f"{n:,}" for n in table["people"]], "Waves": [str(n) for n in table["waves"]]}
    columns["Power" if plan.effect else "Rejections"] = [apa.r(value, 3) for value in table["power"]]
    if simulated:
        bounds = zip(table["power_low"], table["power_high"], strict=True)
        columns["Range"] = [apa.interval(low, high, bounded=True) for low, high in bounds]
    columns["Estimate"] = printed("expected")
    columns["Width"] = printed("width")
    columns["Detectable"] = printed("smallest_detectable")
    if plan.effect:
        columns["Needed"] = [apa.count(value) for value in table["people_needed"]]
    if sesoi is not None:
        columns["Equivalent"] = [apa.r(value, 3) for value in table["within_sesoi"]]
    if table["not_testable"].any():
        columns["No estimate"] = [apa.r(value, 3) for value in table["not_testable"]]
    return columns


def _notes(table: pd.DataFrame, plan: Any) -> list[str]:
    from rejsens import apa

    notes = [
        f"Estimate: expected between scores as they are observed. Width: of its {apa.level(plan.ci_level)} interval.",
        "Detectable: the estimate found with 80% power." + (" Needed: people for that power." if plan.effect else ""),
    ]
    if table["draws"].any():
        notes.append(
            f"{table['draws'].max():,} simulated studies a line. Range: where the power may lie, as no more were drawn (Monte "
            "Carlo error, 95%)."
        )
    else:
        notes.append("By formula (noncentral t), without simulation.")
    if plan.panel and min(plan.reliability_predictor, plan.reliability_outcome) < 1:
        from rejsens.inference.planned_panel import change_reliability

        shares = (change_reliability(r, plan.icc) for r in (plan.reliability_predictor, plan.reliability_outcome))
        predictor, outcome = (apa.r(share) for share in shares)
        notes.append(f"Reliability of ups and downs within people: {predictor} (predictor), {outcome} (outcome).")
    reasons = [reason for reason in dict.fromkeys(table["reason"]) if reason]
    return [*notes, *(f"No estimate: {reason}." for reason in reasons)]


def _next(table: pd.DataFrame, plan: Any) -> str:
    from rejsens.problems import counted

    if not plan.effect:
        return "Next: state an effect other than 0 to see the power."
    reached = table[table["power"] >= ENOUGH]
    if reached.empty and table["not_testable"].iloc[-1] > OFTEN:
        share = f"{table['not_testable'].iloc[-1]:.0%}"
        return f"Next: {share} of the studies in the last line give no estimate, which more waves mend sooner than more people."
    if reached.empty:
        return "Next: no line reaches 80% power; plan more people or waves, or a measure with less error."
    first = reached.iloc[0]
    size = f"{counted(first['people'], 'person').replace('persons', 'people')}, {counted(first['waves'], 'wave')}"
    return f"Next: {size} is the first line with 80% power; write the family, then `rejsens plan freeze STUDY`."
