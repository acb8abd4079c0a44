"""A study folder as one object: waves in order of time, retests, own instruments, and all faults at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import seal, write_study, write_wave

from rejsens.declarations import SHIPPED
from rejsens.frozen_plan import deviations, freeze
from rejsens.inference.families import declined, hypotheses_frame
from rejsens.plan import Plan
from rejsens.problems import Refused, explain
from rejsens.study import load_study, wave_with_instruments
from rejsens.study_checks import plugin_problems


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def change(file: Path, edit: Callable[[dict], Any]) -> None:
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def sidecar(study: Path, wave: str) -> Path:
    return study / f"data/waves/{wave}.yaml"


def config(study: Path, **settings: Any) -> None:
    change(study / "config/config.yaml", lambda c: c.update(settings))


def family(study: Path, edit: Callable[[dict], Any], name: str = "loneliness") -> None:
    change(study / f"config/hypotheses/{name}.yaml", edit)


def refusal(study: Path) -> str:
    with pytest.raises(Refused) as refused:
        load_study(study)
    return str(refused.value)


def aside(study: Path) -> str:
    """What is told of a study that can be used but for some families of hypotheses."""
    return explain(load_study(study).told_aside)


def own_instrument(study: Path, name: str, **more: Any) -> None:
    """The shipped GAD-7 under another id, or with other settings, as a study's own file."""
    content = yaml.safe_load((SHIPPED / "schemas/instruments/gad7.yaml").read_text())
    text = yaml.safe_dump(content | {"examples": []} | more).replace("gad7", name)
    (study / "schemas/instruments").mkdir(parents=True, exist_ok=True)
    (study / f"schemas/instruments/{name}.yaml").write_text(text)


# --- waves -----------------------------------------------------------------------------------------------------------


def test_waves_are_numbered_in_order_of_time_and_not_of_name(study: Path) -> None:
    write_wave(study, "a_late_one", month=9)
    found = load_study(study)
    assert [wave.name for wave in found.waves] == ["w1", "w2", "a_late_one"]
    assert found.wave_numbers == {"w1": 1, "w2": 2, "a_late_one": 3}


def test_a_retest_carries_the_number_of_its_wave_and_shifts_no_other(study: Path) -> None:
    write_wave(study, "again", month=1, people=20)
    change(
        sidecar(study, "again"),
        lambda c: c.update(role="retest", retest_of="w1", collected={"from": "2026-01-15", "to": "2026-01-20"}),
    )
    found = load_study(study)
    assert [wave.name for wave in found.waves] == ["w1", "again", "w2"]
    assert found.wave_numbers == {"w1": 1, "again": 1, "w2": 2}
    assert found.roles == {"w1": "wave", "again": "retest", "w2": "wave"}


@pytest.mark.parametrize("of", ["w9", None, "again"])
def test_a_retest_of_nothing_of_the_panel_is_refused(study: Path, of: str | None) -> None:
    write_wave(study, "again", month=3)
    change(sidecar(study, "again"), lambda c: c.update({"role": "retest"} | ({"retest_of": of} if of else {})))
    message = refusal(study)
    assert "A retest of an unknown wave" in message and f"retest_of: {of}" in message and "w1 and w2" in message


def test_a_file_with_an_underscore_is_not_plugged_in(study: Path) -> None:
    for name in ("w2.csv", "w2.yaml"):
        (study / "data/waves" / name).rename(study / "data/waves" / f"_{name}")
    assert [wave.name for wave in load_study(study).waves] == ["w1"]


def test_a_study_without_waves_says_so(study: Path) -> None:
    shutil.rmtree(study / "data")
    assert "No wave to read" in refusal(study)


# --- what was asked --------------------------------------------------------------------------------------------------


def test_the_instruments_of_a_study_are_those_that_any_wave_asked(study: Path) -> None:
    change(sidecar(study, "w2"), lambda c: c["instruments"].append({"id": "phq8", "as": "before"}))
    found = load_study(study)
    assert list(found.instruments) == ["gad7", "ucla3", "background", "before_phq8"]
    assert found.scored == ["gad7", "ucla3", "before_phq8"]
    assert list(found.scores) == ["gad7_sum", "ucla3", "before_phq8_sum"]
    assert found.asked["w1"] != found.asked["w2"]


def test_what_only_the_first_wave_asked_is_not_forgotten(study: Path) -> None:
    """Gender is asked once, at the start; the whole scale in wave 1 and three of its items in wave 2."""
    change(sidecar(study, "w1"), lambda c: c["instruments"][2].update(items=["age", "gender"]))
    change(sidecar(study, "w2"), lambda c: c["instruments"][2].update(items=["duration_seconds"]))
    change(sidecar(study, "w2"), lambda c: c["instruments"][0].update(items=["gad7_01", "gad7_02"]))
    found = load_study(study)
    assert set(found.background) == {"age", "gender", "duration_seconds"}
    assert list(found.scores) == ["gad7_sum", "ucla3"] and found.scored == ["gad7", "ucla3"]
    assert len(found.instruments["gad7"].items) == 7
    assert [score.id for instrument in found.asked["w2"] for score in instrument.scores] == ["ucla3"]


def test_one_scale_in_two_ranges_is_refused_since_its_change_would_mean_nothing(study: Path) -> None:
    change(sidecar(study, "w2"), lambda c: c["instruments"][0].update(range=[1, 4]))
    message = refusal(study)
    assert (
        "One score in two metrics" in message
        and "gad7_sum runs from 7 to 28" in message
        and "0 to 21, as in wave w1" in message
    )


def test_two_ranges_under_two_names_are_two_scales(study: Path) -> None:
    change(sidecar(study, "w2"), lambda c: c["instruments"].append({"id": "gad7", "as": "four_point", "range": [1, 4]}))
    assert (load_study(study).scores["four_point_gad7_sum"].low, load_study(study).scores["gad7_sum"].low) == (7, 0)


def test_a_job_reads_its_own_sidecar_and_no_other(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    sidecar(study, "w2").write_text("not: [a, sidecar")
    wave, instruments = wave_with_instruments("data/waves/w1.yaml")
    assert wave.name == "w1" and [i.name for i in instruments] == ["gad7", "ucla3", "background"]


# --- a study's own instruments ---------------------------------------------------------------------------------------


def test_an_own_instrument_is_found_and_called_user_supplied(study: Path) -> None:
    own_instrument(study, "worry7")
    change(sidecar(study, "w1"), lambda c: c["instruments"].append({"id": "worry7"}))
    found = load_study(study).instruments
    assert found["worry7"].user_supplied and not found["gad7"].user_supplied
    assert found["worry7"].file == "schemas/instruments/worry7.yaml"


def test_an_own_file_with_a_shipped_id_must_say_that_it_replaces(study: Path) -> None:
    own_instrument(study, "gad7", title="Our GAD-7")
    message = refusal(study)
    assert "Two instruments with one id" in message and "state `replaces: gad7`" in message
    own_instrument(study, "gad7", title="Our GAD-7", replaces="gad7")
    found = load_study(study).instruments["gad7"]
    assert found.title == "Our GAD-7" and found.user_supplied  # whatever key status the file claims


def test_replacing_another_id_replaces_nothing(study: Path) -> None:
    own_instrument(study, "gad7", replaces="phq8")
    assert "Two instruments with one id" in refusal(study)


# --- faults ----------------------------------------------------------------------------------------------------------


def test_all_faults_of_all_files_are_told_at_once(study: Path) -> None:
    config(study, bootstrap_drawz=300)
    change(sidecar(study, "w1"), lambda c: c.update(plattform="plain"))
    change(sidecar(study, "w2"), lambda c: c["instruments"].extend([{"id": "gad_7"}, {"id": "cerq"}, {"id": "rses"}]))
    family(study, lambda c: c["hypotheses"][0].pop("predictor"))
    (study / "data/waves/stray.csv").write_text("id\n")
    message = refusal(study)
    for sentence in ("“bootstrap_drawz”", "“plattform”", "“gad_7” is not defined", "two item orders circulate", "rses does not state `order`",
                     "“predictor” is not stated", "stray.yaml does not exist"):  # fmt: skip
        assert sentence in message, sentence
    assert "8 faults" in message  # `rses` lacks two settings


def test_several_missing_settings_of_one_place_are_one_fault(study: Path) -> None:
    def remove(content: dict) -> None:
        del content["title"], content["platform"]

    change(sidecar(study, "w1"), remove)
    message = refusal(study)
    assert "1 fault." in message and "“title” and “platform” are not stated" in message


def test_a_family_at_fault_is_set_aside_whole_and_the_others_stand(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole: its correction counts its hypotheses, and without one the others would get smaller p values."""
    families = study / "config/hypotheses"
    shutil.copy(families / "loneliness.yaml", families / "worry.yaml")

    def worry(content: dict) -> None:
        other = content["hypotheses"][0] | {"id": "W2", "claim_ids": ["C15"]}
        content.update(
            family="worry", hypotheses=[content["hypotheses"][0] | {"id": "W1", "predictor": "ucla4"}, other]
        )

    family(study, worry, "worry")
    (families / "torn.yaml").write_text("family: torn\n\thypotheses: [")
    found = load_study(study)
    assert (list(found.families), sorted(found.set_aside)) == (["loneliness"], ["torn", "worry"])
    assert list(found.planned) == ["loneliness", "worry"] and found.family_names == ["loneliness", "torn", "worry"]
    assert found.hypotheses_aside == {"W1", "W2"}
    assert [problem.stops for problem in found.told_aside] == [False, False]
    monkeypatch.chdir(study)
    plan = Plan(load_study("."))
    assert plan.write_report()["study"]["set_aside"] == plan.study.words_aside
    assert (plan.test_hypotheses("loneliness")["set_aside"], *plan.collect_estimates()["set_aside"]) == (
        None, "config/hypotheses/torn.yaml", "config/hypotheses/worry.yaml",
    )  # fmt: skip
    assert "torn" in found.words_aside[0] and "“ucla4”" in found.words_aside[1] and "“ucla3”?" in found.words_aside[1]


def test_the_hypotheses_of_a_family_set_aside_are_not_testable_with_the_reason(study: Path) -> None:
    """As far as they can be read: here the file breaks its schema in both, and one has no id."""

    def spoil(content: dict) -> None:
        second = content["hypotheses"][0] | {"id": "L2", "claim_ids": ["C15", 7], "sesoi": "small"}
        content["hypotheses"][0]["directions"] = content["hypotheses"][0].pop("direction")
        content["hypotheses"] += [second, {"label": "No id"}]

    family(study, spoil)
    readable = load_study(study).set_aside["loneliness"].readable
    rows, planned = declined(readable), hypotheses_frame([readable])
    assert rows["hypothesis"].tolist() == planned["hypothesis"].tolist() == ["L1", "L2"]
    assert rows["verdict"].tolist() == ["not testable"] * 2 and rows["decides"].all()
    assert "“directions” is not a setting here" in rows["reason"][0] and "“small”" in rows["reason"][1]
    assert planned["claim_ids"].tolist() == ["C16", "C15"] and planned["sesoi"].isna().tolist() == [False, True]


@pytest.mark.parametrize("content", ["", "[]", "family: [loneliness]", "hypotheses: 3", "hypotheses: [3, {id: 4}]"])
def test_a_family_file_of_any_form_stops_no_study(study: Path, content: str) -> None:
    (study / "config/hypotheses/loneliness.yaml").write_text(content)
    found = load_study(study)
    assert not found.families and declined(found.set_aside["loneliness"].readable).empty
    assert hypotheses_frame([found.set_aside["loneliness"].readable]).empty


def test_a_fault_elsewhere_still_refuses_the_study_and_tells_the_family_too(study: Path) -> None:
    family(study, lambda c: c["hypotheses"][0].update(predictor="ucla4"))
    config(study, scores_shown=["gad7_total"])
    message = refusal(study)
    assert "The study cannot be used: 2 faults." in message and "“ucla4”" in message and "“gad7_total”" in message


def test_a_plan_that_was_frozen_is_compared_with_a_family_that_is_set_aside(study: Path) -> None:
    freeze(study)
    family(study, lambda c: c["hypotheses"][0].update(predictor="ucla4"))
    assert ["from “ucla3” to “ucla4”" in d.text for d in deviations(load_study(study))] == [True]
    (study / "config/hypotheses/loneliness.yaml").write_text("family: loneliness\n\ttitle: [")
    assert ["cannot be read" in d.text for d in deviations(load_study(study))] == [True]


@pytest.mark.parametrize("field", ["predictor", "outcome", "covariate"])
def test_a_hypothesis_that_names_an_unknown_score_sets_its_family_aside(study: Path, field: str) -> None:
    def misspell(content: dict) -> None:
        if field == "covariate":
            content["hypotheses"][0]["covariates"] = [{"name": "agee", "type": "number", "varies": False}]
        else:
            content["hypotheses"][0][field] = "agee"

    family(study, misspell)
    message = aside(study)
    assert "config/hypotheses/loneliness.yaml › L1" in message and "Did you mean “age”?" in message


def test_a_hypothesis_may_use_what_only_an_earlier_wave_asked(study: Path) -> None:
    change(sidecar(study, "w2"), lambda c: c["instruments"].pop(1))
    assert "loneliness" in load_study(study).families


def test_two_hypotheses_with_one_id_set_both_families_aside(study: Path) -> None:
    shutil.copy(study / "config/hypotheses/loneliness.yaml", study / "config/hypotheses/again.yaml")
    family(study, lambda c: c.update(family="again"), "again")
    message = aside(study)
    assert not load_study(study).families
    assert (
        "Two hypotheses with one id" in message
        and "config/hypotheses/again.yaml and config/hypotheses/loneliness.yaml" in message
    )


def test_a_family_bears_the_name_of_its_file(study: Path) -> None:
    (study / "config/hypotheses/loneliness.yaml").rename(study / "config/hypotheses/lonely.yaml")
    assert "the file says family “loneliness”" in aside(study)


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ({"check": "condition", "column": "age"}, "at least one of equals, one_of, above, at_least, below, at_most"),
        ({"check": "condition", "above": 18}, "“column” is not stated"),
        ({"check": "duration", "column": "age"}, "“below” is not stated"),
        ({"check": "long_string"}, "“at_least” is not stated"),
        ({"check": "intra_individual_variability"}, "“below” is not stated"),
        ({"check": "long_strings", "at_least": 3}, "Did you mean “long_string”?"),
        ({"check": "long_string", "at_least": 3, "waves": ["w3"]}, "A screening rule for an unknown wave"),
    ],
)
def test_a_screening_rule_that_could_never_work_is_refused_before_anything_runs(
    study: Path, lacking: dict, sentence: str
) -> None:
    config(study, screening=[{"id": "mine", "label": "Mine", "action": "exclude", **lacking}])
    message = refusal(study)
    assert sentence in message and "screening › mine" in message


def test_two_screening_rules_with_one_id_are_refused(study: Path) -> None:
    rule = {"id": "mine", "label": "Mine", "action": "flag", "check": "duplicate_participant"}
    config(study, screening=[rule, rule | {"keep": "last"}])
    assert "Two screening rules with one id" in refusal(study)


# --- settings --------------------------------------------------------------------------------------------------------


def test_a_study_inherits_settings_but_never_another_studys_name(study: Path) -> None:
    (study / "config/config.yaml").write_text(
        yaml.safe_dump({"study": {"title": "Ours", "simulated": False}, "ci_level": 0.9})
    )
    found = load_study(study)
    assert found.settings["ci_level"] == 0.9 and found.settings["alpha"] == 0.05
    assert found.facts["title"] == "Ours" and not found.facts["simulated"]
    assert (found.facts["description"], found.facts["contact"]) == ("", "")


def test_small_cells_are_hidden_unless_the_people_are_simulated(study: Path) -> None:
    config(study, min_cell=7)
    assert load_study(study).min_cell == 1
    change(study / "config/config.yaml", lambda c: c.update(study={"title": "Real", "simulated": False}))
    assert load_study(study).min_cell == 7


def test_a_job_depends_on_its_own_export_and_not_on_that_of_another_wave(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    before = Plan(load_study(".")).validate_wave("w1"), Plan(load_study(".")).validate_wave("w2")
    with open("data/waves/w2.csv", "a") as export:
        export.write("p999,30,1,1,1,1,1,1,1,1,1,1\n")
    seal(study, "w2")
    after = Plan(load_study(".")).validate_wave("w1"), Plan(load_study(".")).validate_wave("w2")
    assert after[0] == before[0] and after[1] != before[1]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("figures", "SHOWS_PEOPLE = False\n", "does not define TABLES"),
        ("figures", "TABLES = ('flow',)\n", "does not define SHOWS_PEOPLE"),
        ("tables", "TABLES = tuple(names)\n", "malformed node"),
        ("tables", "TABLES = ('flows',)\n", "“flows” is no table"),
        ("tables", "TABLES = ('flow')\n", "“flow” is no list of names"),  # a comma was forgotten
        ("tables", "TABLES = 5\n", "“5” is no list of names"),
        ("tables", "TABLES = ('flow',\n", "line 2 is not Python"),
        ("figures", "TABLES = ('flow',)\nSHOWS_PEOPLE = False\nOF = 'wave'\n", "“wave”"),
    ],
)
def test_a_studys_own_figure_that_could_not_be_drawn_is_told_in_a_sentence(
    tmp_path: Path, kind: str, text: str, told: str
) -> None:
    (tmp_path / kind).mkdir()
    (tmp_path / kind / "mine.py").write_text(f'"""Mine"""\n{text}')
    (problem,) = plugin_problems(tmp_path)
    assert told in problem.found and problem.where.startswith(str(tmp_path / kind / "mine.py"))
    good = tmp_path / "good" / kind / "mine.py"
    good.parent.mkdir(parents=True)
    good.write_text('"""Mine"""\nTABLES = ("flow", "waves")\nSHOWS_PEOPLE = False\n')
    assert plugin_problems(tmp_path / "good") == []
