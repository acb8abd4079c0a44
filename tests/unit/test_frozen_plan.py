"""A frozen plan: what it records, that it is not overwritten, and that every later difference is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import example_tables
import pandas as pd
import pytest
import typer
import yaml

from rejsens import frozen_plan
from rejsens.check import check_study
from rejsens.commands.plan import Action, plan
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.frozen_plan import LOCK, _with_hashes, _without_hashes, account, deviations, freeze, in_short, story
from rejsens.plan import Plan
from rejsens.problems import Refused
from rejsens.report import compose
from rejsens.study import gather_study
from rejsens.tables.plan import lay_out
from rejsens.tabular import schema, tidy
from rejsens.writers import html

SETTINGS = {"study": {"title": "Planned", "simulated": True}, "screening": [
    {"id": "speed", "label": "Finished in under 2 minutes", "check": "duration", "column": "duration_seconds",
     "below": 120, "action": "exclude"}]}  # fmt: skip
DAY = date(2026, 1, 5)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Settings and one family, and no wave yet."""
    (tmp_path / "config/hypotheses").mkdir(parents=True)
    (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(SETTINGS))
    shutil.copy(SHIPPED / "config/hypotheses/primary.yaml", tmp_path / "config/hypotheses")
    return tmp_path


def change(file: Path, edit: Callable[[Any], Any]) -> None:
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def told(study: Path) -> list[str]:
    return [deviation.sentence for deviation in deviations(gather_study(study, []))]


def test_freezing_needs_no_wave_and_records_what_binds(study: Path) -> None:
    assert deviations(gather_study(study, [])) is None
    assert account(gather_study(study, []))[0].startswith("No plan was frozen")
    lock = freeze(study, today=DAY)
    assert read_yaml(study / LOCK, "plan_lock") == lock
    assert list(lock["families"]["primary"]["hypotheses"]) == ["H1", "H2", "H3"]
    assert set(lock["instruments"]) == {"background", "mreii_exposure", "mreii_impact", "rses"}
    for family in ("context", "secondary"):  # predictors, outcomes and ratings of events in the plural
        shutil.copy(SHIPPED / f"config/hypotheses/{family}.yaml", study / "config/hypotheses")
    more = set(freeze(study, again="more families", today=DAY)["instruments"])
    assert {"mreii_sources", "mreii_events", "djg6", "rrq"} <= more
    assert lock["settings"]["alpha"] == 0.05 and lock["settings"]["screening"][0]["id"] == "speed"
    assert told(study) == []
    whole = account(gather_study(study, []))
    assert whole[0] == "The plan was frozen on 2026-01-05, before any wave."
    assert whole[-1] == "Nothing differs from it."


def test_every_later_difference_is_a_sentence(study: Path) -> None:
    freeze(study, today=DAY)

    def edit(family: dict) -> None:
        first, second, third = family["hypotheses"]
        first |= {"sesoi": 0.05, "direction": "positive", "outcome": "ucla3"}
        kept = [dict(c) for c in first["covariates"] if c["name"] != "age"]
        kept[0]["type"] = "number"
        first["covariates"] = [*kept, {"name": "phq8_sum", "type": "number"}]
        family["hypotheses"] = [first, third, {**second, "id": "H9"}]
        family["correction"] = "none"

    change(study / "config/hypotheses/primary.yaml", edit)
    change(study / "config/config.yaml", lambda s: (s.update(alpha=0.10), s["screening"][0].update(below=60)))
    shutil.copy(SHIPPED / "config/hypotheses/secondary.yaml", study / "config/hypotheses")
    added = [h["id"] for h in read_yaml(SHIPPED / "config/hypotheses/secondary.yaml", "hypotheses")["hypotheses"]]
    assert told(study) == [
        "family primary: correction changed from “holm” to “none”.",
        "H1 (family primary): outcome changed from “rses_sum” to “ucla3”.",
        "H1 (family primary): covariates: age was removed.",
        "H1 (family primary): covariates: gender: type changed from “category” to “number”.",
        "H1 (family primary): covariates: phq8_sum was added.",
        "H1 (family primary): direction changed from “negative” to “positive”.",
        "H1 (family primary): smallest effect of interest changed from 0.1 to 0.05.",
        "H2 (family primary): removed after the plan was frozen.",
        "H9 (family primary): added after the plan was frozen.",
        f"family secondary: added after the plan was frozen, with {len(added)} hypotheses: {', '.join(added[:8])} and "
        f"{len(added) - 8} more.",
        "settings: alpha changed from 0.05 to 0.1.",
        "settings: screening: speed: below changed from 120 to 60.",
    ]


def test_how_things_are_printed_is_no_part_of_a_plan(study: Path) -> None:
    freeze(study, today=DAY)
    change(
        study / "config/config.yaml",
        lambda s: s.update(numbers="lancet", spelling="american", figures={"preset": "elsevier"}),
    )
    assert told(study) == []
    change(study / "config/config.yaml", lambda s: s.update(seed=7))
    assert told(study) != []


def test_choices_of_the_multiverse_are_frozen_and_every_later_difference_is_told(study: Path) -> None:
    file = study / "config/multiverse.yaml"
    assert freeze(study, today=DAY)["multiverse"] == {}
    shutil.copy(SHIPPED / "config/multiverse.yaml", file)
    assert told(study) == ["multiverse: added after the plan was frozen, about H1, H2, H3 and H23a."]
    lock = freeze(study, again="the choices are settled", today=DAY)
    assert lock["multiverse"] == yaml.safe_load(file.read_text()) and told(study) == []

    def edit(content: dict) -> None:
        content["hypotheses"].remove("H3")
        content["most"]["apart"] = 3
        del content["choices"]["covariates"][2]
        content["choices"]["outliers"][1]["winsorise"] = 2

    change(file, edit)
    assert told(study) == [
        "multiverse: hypotheses changed from “H1”, “H2”, “H3” and “H23a” to “H1”, “H2” and “H23a”.",
        "multiverse: most changed from (regression: 80, mixed: 16, imputed: 3, apart: 12) to (regression: 80, mixed: 16, "
        "imputed: 3, apart: 3).",
        "multiverse: covariates: without relationship status was removed.",
        "multiverse: outliers: set to 3 SD of the wave: winsorise changed from 3 to 2.",
    ]
    file.write_text("most: [")
    assert told(study) == ["multiverse: its file cannot be read, so that nothing shows what changed in it."]
    file.unlink()
    assert told(study) == ["multiverse: removed after the plan was frozen, about H1, H2, H3 and H23a."]


def test_a_lock_without_the_multiverse_says_that_it_recorded_none(study: Path) -> None:
    freeze(study, today=DAY)
    early = {part: yaml.safe_load((study / LOCK).read_text())[part] for part in ("families", "settings", "instruments")}
    lock = {"frozen": [{"date": "2026-01-05", "reason": "", "waves": [], "deviations": []}]}
    (study / LOCK).write_text(yaml.safe_dump(lock | _with_hashes(_without_hashes(early))))
    assert told(study) == []
    shutil.copy(SHIPPED / "config/multiverse.yaml", study / "config")
    assert told(study)[0].startswith("multiverse: the plan was frozen before the record held config/multiverse.yaml")


def test_comments_and_words_of_an_instrument_do_not_count_but_its_scoring_does(study: Path) -> None:
    freeze(study)
    own = study / "schemas/instruments/rses.yaml"
    own.parent.mkdir(parents=True)
    content = yaml.safe_load((SHIPPED / "schemas/instruments/rses.yaml").read_text())
    own.write_text("# ours\n" + yaml.safe_dump(content | {"replaces": "rses", "title": "Another title"}))
    assert told(study) == []
    change(own, lambda c: c["items"][0].update(reverse=True))
    assert told(study) == ["instrument rses: its scoring changed (version 1 then, 1 now)."]


def test_a_frozen_plan_is_overwritten_for_a_reason_only_and_keeps_its_past(study: Path) -> None:
    with pytest.raises(Refused, match="nothing was frozen before"):
        freeze(study, again="no reason to")
    first = freeze(study, today=DAY)
    change(study / "config/config.yaml", lambda s: s.update(alpha=0.01))
    before = (study / LOCK).read_text()
    for reason in ("", "  "):
        with pytest.raises(Refused, match="it was frozen on 2026-01-05"):
            freeze(study, again=reason)
    assert (study / LOCK).read_text() == before
    second = freeze(study, again="the board asked for it", today=date(2026, 2, 1))
    assert second["hash"] != first["hash"] and second["frozen"][0] == first["frozen"][0]
    assert account(gather_study(study, [])) == [
        "The plan was frozen on 2026-01-05, before any wave.",
        "The plan was frozen again on 2026-02-01, before any wave: the board asked for it.",
        "Changed by then: settings: alpha changed from 0.05 to 0.01.",
        "Nothing differs from it.",
    ]


def test_a_lock_that_was_edited_or_broken_is_told(study: Path) -> None:
    freeze(study)
    change(study / LOCK, lambda lock: lock["families"]["primary"]["hypotheses"]["H1"].update(sesoi=0.2))
    assert told(study)[0].startswith("config/plan.lock.yaml: it was edited by hand")
    (study / LOCK).write_text("frozen: []\n")
    with pytest.raises(Refused, match="“hash”"):
        deviations(gather_study(study, []))


def test_faults_of_the_plan_are_refused(study: Path) -> None:
    change(study / "config/hypotheses/primary.yaml", lambda family: family["hypotheses"][0].pop("sesoi"))
    with pytest.raises(Refused, match="“sesoi” is not stated"):
        freeze(study)
    (study / "config/hypotheses/primary.yaml").unlink()
    with pytest.raises(Refused, match="there is no family"):
        freeze(study)
    assert not (study / LOCK).exists()


def test_check_and_command_tell_the_deviations(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(Action.freeze, study)
    assert "Froze 3 hypotheses of 1 family in" in capsys.readouterr().out
    with pytest.raises(typer.Exit) as same:
        plan(Action.show, study)
    assert same.value.exit_code == 0
    change(study / "config/config.yaml", lambda s: s.update(alpha=0.01))
    with pytest.raises(typer.Exit) as differs:
        plan(Action.show, study)
    assert differs.value.exit_code == 1 and "alpha changed from 0.05 to 0.01" in capsys.readouterr().out
    notices = [f.problem for f in check_study(study).notices if f.problem.cause == "Different from the frozen plan"]
    assert [(n.where, n.found) for n in notices] == [("settings", "alpha changed from 0.05 to 0.01")]
    change(study / "config/config.yaml", lambda s: s.update(alpha="a tenth"))
    assert not [f for f in check_study(study).notices if f.problem.cause == "Different from the frozen plan"]
    with pytest.raises(typer.Exit) as again:
        plan(Action.freeze, study)
    assert again.value.exit_code == 1
    with pytest.raises(typer.Exit) as nowhere:
        plan(Action.freeze, study / "nowhere")
    assert nowhere.value.exit_code == 2


def test_the_report_of_a_study_that_left_its_plan_says_so(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    lock = "config/plan.lock.yaml"
    before = Plan(gather_study(study, [])).tell_plan()["depends"][lock]
    assert [row["status"] for row in story(gather_study(study, []))] == ["never frozen"]
    freeze(study, today=DAY)
    assert before == "missing" != Plan(gather_study(study, [])).tell_plan()["depends"][lock]
    assert [row["status"] for row in story(gather_study(study, []))] == ["frozen", "as frozen"]
    change(study / "config/hypotheses/primary.yaml", lambda family: family["hypotheses"][0].update(sesoi=0.05))
    told_plan = schema("plan").validate(tidy(pd.DataFrame(story(gather_study(study, []))), "plan"))
    assert list(told_plan["status"]) == ["frozen", "differs"] and told_plan["where"].iloc[1] == "H1 (family primary)"
    said = "The plan was frozen on 2026-01-05, before any wave. Since then 1 thing has changed."
    assert in_short(told_plan["status"], told_plan["sentence"]) == said
    full, facts = example_tables.tables(), example_tables.study()
    tables = {name: full[name] for name in ("estimates", "hypotheses", "dictionary", "waves")} | {"plan": told_plan}
    page = html.write(compose(tables, [], {"plan": lay_out(plan=told_plan, study=facts)}, facts, {}))
    assert f'<p>{said} <a href="#table-plan">Table 1</a></p>' in page
    assert "H1 (family primary): smallest effect of interest changed from 0.1 to 0.05." in page


def test_what_came_and_what_went_is_told_apart_from_what_changed() -> None:
    old = {"imputed": True, "bound": 0.05, "note": "as before", "gone": [1, 2]}
    new = {"imputed": False, "bound": 0.0500001, "note": "as before", "come": {"a": "b"}}
    assert frozen_plan._changes(old, new) == [
        "imputed changed from yes to no",
        "bound changed from 0.05 to 0.0500001",
        "gone 1 and 2 was removed",
        "come (a: “b”) was added",
    ]
