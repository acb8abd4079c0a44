"""The repository's study in one plain process: the yardstick of `make bench`. Same library functions, each called once."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from rejsens import absence, collect, describe, events, pool, predictions, standards, status_lines
from rejsens.assess_instrument import assess_instrument
from rejsens.assess_structure import assess_structure
from rejsens.claims import ledger
from rejsens.codebook import codebook, write_codebook
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.definitions import instrument_facts
from rejsens.differences import compare_waves
from rejsens.explore_instrument import explore_instrument
from rejsens.figure_files import save
from rejsens.finished import outline, read_figures
from rejsens.frozen_plan import story
from rejsens.inference.correlation import correlations
from rejsens.inference.diagnostics import diagnose_family
from rejsens.inference.families import hypotheses_frame, test_family
from rejsens.inference.multiverse import run_multiverse
from rejsens.inference.multiverse_summary import effects_of_choices, summarise_multiverse
from rejsens.layout import to_csv, to_html
from rejsens.measured_alike import with_invariance
from rejsens.plan import Plan
from rejsens.provenance import as_json, provenance
from rejsens.registry import AGGREGATES, TABLES, load_plugin
from rejsens.report import compose
from rejsens.rescored import rescored_study
from rejsens.score_wave import compare_stored, wave_scores
from rejsens.study import load_study
from rejsens.tabular import tidy, write_table
from rejsens.validate import validate
from rejsens.writers import html


def main(out: Path) -> None:
    study = load_study(".")
    plan, settings, facts = Plan(study), study.settings, study.facts
    tables: dict[str, pd.DataFrame] = {}
    checked = {
        w.name: validate(w, list(study.asked[w.name]), settings["screening"], settings["out_of_range"], 1)
        for w in study.waves
    }
    variables = {name: c.variables for name, c in checked.items()}
    tables["differences"] = compare_waves(variables, study.waves_before, {})
    for name in ("flow", "quality", "columns", "notices"):
        tables[name] = pd.concat([getattr(c, name) for c in checked.values()], ignore_index=True)
    scored, rated, totals = [], [], []
    for wave in study.waves:
        answers = checked[wave.name].checked_answers
        asked_then, number, role = study.asked[wave.name], study.wave_numbers[wave.name], study.roles[wave.name]
        found = wave_scores(answers, asked_then, wave.name, number, role)
        scored.append(events.person_scores(found, asked_then))
        rated.append(events.event_rows(found, asked_then))
        totals.append(compare_stored(answers, found, wave.stored_totals or {}, wave.name)[0])
    tables["stored_totals"] = tidy(pd.concat(totals, ignore_index=True), "stored_totals")
    answers = pool.pool_answers(
        {name: c.checked_answers for name, c in checked.items()}, study.wave_numbers, study.roles
    )
    tables["scores"] = scores = pool.pool_scores(scored)
    tables["notices"] = pool.notices(tables["notices"], answers, scores, study, tables["columns"])
    tables["waves"] = pool.wave_list(study.waves, study.wave_numbers, tables["flow"])
    names = ("scores", "dictionary", "scores_csv", "scores_sav", "scores_dictionary")
    endings = (".parquet", ".csv", ".csv", ".sav", ".csv")
    pool.write_scores(
        scores,
        study,
        SimpleNamespace(
            **{
                n: str(out / f"{n.removesuffix('_csv').removesuffix('_sav')}{e}")
                for n, e in zip(names, endings, strict=True)
            }
        ),
    )
    instruments, ci_level = list(study.instruments.values()), settings["ci_level"]
    tables["dictionary"] = pool.dictionary(instruments)
    tables["sample"] = describe.sample_table(scores, study.background, settings["sample_table"], 1)
    beside = events.with_events(scores, tidy(pool.pool_scores(rated), "events"), instruments)
    tables["descriptives"] = describe.descriptives(beside, instruments, ci_level, 1)
    tables["correlations"] = correlations(scores, list(study.scores), ci_level)
    tables["responses"] = describe.responses(answers, study.asked)
    tables["missing"] = describe.missing_answers(answers, beside, study.asked)
    explored = [
        explore_instrument(answers, asked(study, name), **plan.params("psychometrics", name)["explored"])
        for name in study.scored
    ]
    tables |= {name: pd.concat([found[name] for found in explored], ignore_index=True) for name in explored[0]}
    assessed = [
        assess_instrument(answers, asked(study, name), ci_level, 1, dimensionality=found["dimensionality"])
        for name, found in zip(study.scored, explored, strict=True)
    ]
    tables["reliability"], tables["items"] = (pd.concat(t, ignore_index=True) for t in zip(*assessed, strict=True))
    structures = [
        assess_structure(answers, asked(study, name), **plan.params("psychometrics", name)["structure"])
        for name in study.scored
    ]
    tables |= {name: pd.concat([found[name] for found in structures], ignore_index=True) for name in structures[0]}
    changes = pool.change_scores(scores, instruments)
    tables["keying"] = collect.keying(beside, tables["items"], instruments, ci_level)
    tables["predictions"] = collect.convergent(scores, predictions.read_all(), ci_level)
    tables["erosion"] = collect.erosion(scores, changes, tables["reliability"], instruments, ci_level)
    tables["codebook"] = codebook(
        study.waves, study.asked, variables, study.waves_before, tables["descriptives"], tables["reliability"], 1
    )
    forms = {form: str(out / f"codebook_.{form}") for form in ("xlsx", "html", "jsonld")}
    write_codebook(tables["codebook"], study.codebook_facts, SimpleNamespace(csv=str(out / "codebook.csv"), **forms))
    families = [read_yaml(f"config/hypotheses/{f}.yaml", "hypotheses") for f in study.families]
    tables["estimates"] = pd.concat([test_family(scores, f, settings) for f in families], ignore_index=True)
    tables["diagnostics"] = pd.concat([diagnose_family(scores, f, settings, tables["estimates"]) for f in families])
    tables |= in_every_way(study, families, tables["estimates"])
    tables["hypotheses"] = hypotheses_frame(families)
    tables["estimates"] = with_invariance(
        tables["estimates"], tables["hypotheses"], tables["invariance"], tables["dictionary"]
    )
    named = absence.declared(families, list(study.scores), study.background, settings["sample_table"])
    labels = absence.labels_of(study.scores, study.background)
    tables["attrition"] = absence.absence(scores, *named, labels, ci_level=ci_level)
    tables["plan"] = tidy(pd.DataFrame(story(study)), "plan")
    claims = read_yaml(SHIPPED / "config" / "claims.yaml", "claims")
    tables["claims"] = ledger(claims, tables["dictionary"], tables["estimates"], tables["hypotheses"])
    for name in AGGREGATES:
        if name != "standards":  # what the finished report is held against
            tables[name] = tidy(tables[name], name)
            write_table(tables[name], out / f"{name}.csv", name)
    for figure in plan.figures:
        module = load_plugin(f"rejsens.figures.{figure}")
        save(
            status_lines.on_drawing(
                module.draw(**{t: tables[t] for t in module.TABLES}, study=facts, people=True), facts
            ),
            out / figure,
        )
    of_instruments = {name: instrument_figures(name, plan, tables, facts, out) for name in plan.modelled}
    record = provenance(
        plan.inputs, settings, [instrument_facts(i) for i in instruments if i.scores], [TABLES[a] for a in AGGREGATES]
    )
    given = {a: tables[a] for a in AGGREGATES if a != "standards"}
    held = outline(given, facts, record, plan.params("check_standards")["titles"])
    given["standards"] = standards.checked(standards.load_standards(), standards.run_of(study, given, record, held))
    write_table(given["standards"], out / "standards.csv", "standards")
    printed = {name: printed_table(name, given | tables, facts, out) for name in plan.tables}
    report = compose(
        given, read_figures(out / f"{f}.svg" for f in plan.figures), printed, facts, record, of_instruments
    )
    (out / "index.html").write_text(html.write(report))
    (out / "provenance.json").write_text(as_json(record))


def printed_table(name, tables, facts, out):
    """One printed table, also as files."""
    module = load_plugin(f"rejsens.tables.{name}")
    table = status_lines.on_table(module.lay_out(**{t: tables[t] for t in module.TABLES}, study=facts), facts)
    (out / f"{name}.printed.csv").write_text(to_csv(table))
    (out / f"{name}.html").write_text(to_html(table, name))
    return table


def in_every_way(study, families, estimates):
    """The tables of the multiverse."""
    nobody = pd.DataFrame({"participant": [], "wave": [], "beyond_cutoff": []}, dtype=str)
    found = []
    for family in families:
        source, items = rescored_study(study, family, study.multiverse, nobody)
        found.append(run_multiverse(source, study.multiverse, family, study.settings, items, estimates))
    every = pd.concat([one for one in found if len(one)], ignore_index=True)
    return {
        "multiverse": every,
        "multiverse_summary": summarise_multiverse(every),
        "multiverse_choices": effects_of_choices(every),
    }


def instrument_figures(name, plan, tables, facts, out):
    """The figures of one instrument, from its own rows of the tables."""
    (out / name).mkdir()
    own = {t: rows[rows["instrument"] == name] if "instrument" in rows else rows for t, rows in tables.items()}
    for figure in plan.figures_of_instruments:
        module = load_plugin(f"rejsens.figures.{figure}")
        drawing = module.draw(**{t: own[t] for t in module.TABLES}, study=facts, people=True, instrument=name)
        save(status_lines.on_drawing(drawing, facts), out / name / figure)
    return read_figures(out / name / f"{figure}.svg" for figure in plan.figures_of_instruments)


def asked(study, name):
    return {wave: i for wave, instruments in study.asked.items() for i in instruments if i.name == name}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
