"""The simulated study: what is planted is found and nothing else, files say what was drawn, the truth is true."""

import itertools
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from scipy.stats import norm

from rejsens.declarations import load_settings, read_yaml
from rejsens.definitions import load_instruments
from rejsens.events import event_rows
from rejsens.exports import read_export
from rejsens.inference.families import test_family as run_family
from rejsens.ingest import read_answers
from rejsens.problems import Refused
from rejsens.score_wave import wave_scores
from rejsens.scoring import keyed
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.simulate import read_parameters, simulate, simulate_study, write_wave
from rejsens.simulate.events import draw_events, draw_tendencies, event_levels, implied_effects
from rejsens.simulate.export import planted_rows
from rejsens.simulate.items import ItemModel, item_models
from rejsens.simulate.latent import draw_people, draw_states, levels, module_states, with_modules
from rejsens.study import load_study
from rejsens.validate import validate

ROOT = Path(__file__).parents[2]
PARAMETERS = read_parameters()
SEED = 20260105
WAVES = [wave["name"] for wave in PARAMETERS["waves"]]
ROW_KINDS = {  # planted row -> the rule of config/config.yaml that must set it aside
    "exact_duplicate": "duplicate", "second_submission": "duplicate", "inattentive": "attention", "speeder": "speed",
    "straight_liner": "long_string",
}  # fmt: skip
FIRST_ROW = {"plain": 2, "qualtrics": 4}  # spreadsheet row of the first person
FAMILIES = [read_yaml(path, "hypotheses") for path in sorted((ROOT / "config" / "hypotheses").glob("*.yaml"))]
HYPOTHESES = {h["id"]: h for family in FAMILIES for h in family["hypotheses"]}


@pytest.fixture(scope="module")
def study():
    return simulate(PARAMETERS, SEED)


@pytest.fixture(scope="module")
def checked(study, tmp_path_factory):
    """Wave name -> (instruments, validated wave), through files and the study's own screening."""
    folder = tmp_path_factory.mktemp("waves")
    settings, definitions = load_settings(ROOT), load_instruments()
    found = {}
    for wave in study.waves:
        sidecar = load_wave(write_wave(wave, folder, study.seed, study.parameters))
        asked = instruments_asked(sidecar, definitions)
        found[wave.name] = asked, validate(sidecar, asked, settings["screening"], settings["out_of_range"])
    return found


@pytest.fixture(scope="module")
def scores(checked):
    frames = []
    for number, (name, (asked, validated)) in enumerate(checked.items(), start=1):
        role = "wave" if name in WAVES else "retest"
        frames.append(wave_scores(validated.checked_answers, asked, name, number, role))
    return pd.concat(frames, ignore_index=True).copy()


@pytest.fixture(scope="module")
def rated_events(scores, checked):
    return pd.concat([event_rows(scores[scores["wave"] == name], asked) for name, (asked, _) in checked.items()])


def planted_in(study):
    """The planted defects with the rows of each wave's own export."""
    return planted_rows(study, {wave.name: FIRST_ROW[wave.declared["platform"]] for wave in study.waves})


def small(folder, **changed):
    path = folder / "simulation.yaml"
    path.write_text(yaml.safe_dump({**PARAMETERS, "people": 60, **changed}), encoding="utf-8")
    return path


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- drawing ---


def test_one_seed_gives_the_same_bytes_and_another_seed_gives_other_people(tmp_path):
    parameters = small(tmp_path)
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        simulate_study(seed, tmp_path / folder, parameters)
    a, b, c = (contents(tmp_path / folder) for folder in "abc")
    assert a == b and a.keys() == c.keys()
    assert not any(a[f"data/waves/{name}.csv"] == c[f"data/waves/{name}.csv"] for name in [*WAVES, "retest"])


def test_the_repository_holds_what_its_seed_and_parameters_give(study, tmp_path):
    shipped = yaml.safe_load((ROOT / "data" / "truth" / "latent.yaml").read_text(encoding="utf-8"))
    assert shipped["seed"] == SEED == load_settings(ROOT)["seed"]
    simulate_study(SEED, tmp_path)
    fresh = {name: content for name, content in contents(tmp_path).items() if name.startswith("data/")}
    assert len(fresh) == 2 * 7 + 2
    assert [name for name, content in fresh.items() if (ROOT / name).read_bytes() != content] == []
    assert sum(map(len, fresh.values())) < 8e6


def test_waves_people_and_instruments_are_those_declared(study):
    panel, retest = study.waves[:-1], study.waves[-1]
    starts = [date.fromisoformat(wave.declared["from"]) for wave in panel]
    assert [wave.name for wave in panel] == [f"2026{letter}" for letter in "abcdef"]
    assert {(later - earlier).days for earlier, later in itertools.pairwise(starts)} == {35}
    assert (date.fromisoformat(retest.declared["from"]) - starts[0]).days == 14
    people = [set(wave.complete["participant"]) for wave in study.waves]
    assert len(people[0]) == 1500 and len(people[-1]) == 150 < len(people[5]) and people[-1] <= people[0]
    assert all(later < earlier for earlier, later in itertools.pairwise(people[:6]))  # leaving is for good
    assert [wave.complete.shape[1] - 1 for wave in study.waves] == [301, 253, 253, 253, 253, 308, 301]
    asked = {name for wave in study.waves for name in (i.name for i in wave.instruments) if name.startswith("mreii")}
    asked |= {i.id for wave in study.waves for i in wave.instruments if i.event}
    assert asked >= {name for name in load_instruments() if name.startswith("mreii")}  # all of the inventory


def test_complete_answers_lie_in_their_range_and_only_what_is_not_shown_is_missing(study):
    for wave in study.waves:
        for instrument in wave.instruments:
            for item in instrument.items:
                answers = wave.complete[item.id]
                if item.asked_if:
                    gates = wave.complete[list(item.asked_if.any_of)]
                    open_ = (gates >= item.asked_if.at_least) & (gates != 9)
                    assert (answers.notna() == open_.any(axis=1)).all(), (wave.name, item.id)
                    assert 0 < answers.isna().mean() < 0.9
                    answers = answers.dropna()
                allowed = answers.between(item.low, item.high) | answers.isin(item.not_applicable)
                assert allowed.all() and (answers % 1 == 0).all(), (wave.name, item.id)


def test_modules_disturb_no_other_answer(study):
    """With another module block, or none, every other cell of every export is the same, and so is what was planted."""
    without = simulate({name: value for name, value in PARAMETERS.items() if name != "modules"}, SEED)
    for wave, clean in zip(study.waves, without.waves, strict=True):
        assert len(clean.complete.columns) < len(wave.complete.columns)
        for ours, theirs in ((wave.complete, clean.complete), (wave.cells, clean.cells)):
            pd.testing.assert_frame_equal(ours[theirs.columns], theirs)
        pd.testing.assert_frame_equal(wave.planted.drop(columns="detail"), clean.planted.drop(columns="detail"))


def test_who_lacks_a_person_lacks_them_in_both_forms_and_as_long_as_the_status_lasts(study):
    sources = ("partner", "friend", "work", "dating", "family")
    first, fifth, last = (study.waves[k].complete.set_index("participant") for k in (0, 4, 5))
    assert "mreii_matrix" in {i.id for i in study.waves[5].instruments}
    short = first[[f"mreii_src_{s}" for s in sources]].eq(9).set_axis(sources, axis=1)
    status = first["relationship_status"]
    assert (short["partner"] == (status != 1)).all() and short.loc[status == 1, "dating"].all()
    assert not short.loc[status == 2, "dating"].any() and 0.58 < short.loc[status == 0, "dating"].mean() < 0.72
    for later, names in ((fifth, "mreii_src_{}"), (last, "mreii_e01_{}")):
        same = later.index[later["relationship_status"] == status[later.index]]
        lacking = later.loc[same, [names.format(s) for s in sources]].eq(9).set_axis(sources, axis=1)
        pd.testing.assert_frame_equal(lacking, short.loc[same])
    for source in sources:  # the long form asks once
        rest = last[[f"mreii_e{k:02}_{source}" for k in range(2, 13)]]
        assert (rest.isna().all(axis=1) == (last[f"mreii_e01_{source}"] == 9)).all()
        assert (rest.isna().any(axis=1) == (last[f"mreii_e01_{source}"] == 9)).all()


def test_events_that_nobody_can_think_of_and_reasons_of_those_who_did_nothing_are_blank(study):
    wave = study.waves[0].complete
    declared = PARAMETERS["modules"]["events"]["none"]
    for kind, share in declared.items():
        none = wave[f"{kind}_mreii_a01"] == 9
        assert abs(none.mean() - share) < 4 * math.sqrt(share * (1 - share) / len(wave))
        assert (wave[[f"{kind}_mreii_a{k:02}" for k in range(2, 14)]].isna().all(axis=1) == none).all()
    did = [c for c in wave if c.startswith("mreii_g") and c[7:].isdigit()]
    assert len(did) == 8 and (wave["mreii_r01"].isna() == (wave[did] == 0).all(axis=1)).all()
    assert set(wave["event_first"]) == {1, 2} and abs(wave["event_first"].mean() - 1.5) < 0.05
    assert wave["mreii_p01"].min() == -3 and wave["mreii_p01"].max() == 3


def test_a_sidecar_names_what_earlier_waves_asked_and_its_wave_does_not():
    missing = {name: yaml.safe_load((ROOT / f"data/waves/{name}.yaml").read_text()).get("not_asked", []) for name in
               [*WAVES, "retest"]}  # fmt: skip
    only_first = ["a_rsq", "mreii_climate", "mreii_perceived_change", "ecr_rs", "ius12", "brs"]
    assert missing["2026a"] == missing["retest"] == [] and missing["2026b"] == missing["2026e"] == only_first
    assert sorted(missing["2026f"]) == sorted([*only_first, "mreii_sources"])


def test_the_truth_about_events_is_that_of_their_levels():
    """Two hundred thousand people: means between kinds, and least squares on the direct causes, against latent.yaml."""
    shipped = yaml.safe_load((ROOT / "data" / "truth" / "latent.yaml").read_text(encoding="utf-8"))["events"]
    assert shipped == implied_effects(PARAMETERS)
    rng, n = np.random.default_rng(3), 200_000
    people = with_modules(PARAMETERS, draw_people(PARAMETERS, n, rng), rng)
    states = draw_states(PARAMETERS, people, rng)
    person = levels(PARAMETERS, people, {**states, **module_states(PARAMETERS, people, states, rng)}, 0)
    events, tendencies = draw_events(PARAMETERS, n, rng), draw_tendencies(PARAMETERS, n, rng)
    found = {
        kind: event_levels(PARAMETERS, events, kind, tendencies, people, person, 0) for kind in ("unclear", "clear")
    }
    for name, difference in shipped["difference_between_kinds"]["clear"].items():
        paired = found["clear"][name] - found["unclear"][name]
        assert paired.mean() == pytest.approx(difference, abs=4.5 * paired.std() / math.sqrt(n)), name
    declared = PARAMETERS["modules"]["events"]["variables"]
    for name, variable in declared.items():
        causes = variable.get("events", {}) | variable.get("people", {})
        columns = [found["clear"].get(cause, person.get(cause)) for cause in causes]
        fit = sm.OLS(found["clear"][name], sm.add_constant(np.column_stack(columns))).fit() if columns else None
        for k, size in enumerate(causes.values(), start=1):
            assert abs(fit.params[k] - size) < 4.5 * fit.bse[k], (name, list(causes)[k - 1])
    # H18: as much hurt; H44: hurt and attribution to oneself do not depend on intent; H19: ambiguity makes people think back
    assert abs(shipped["difference_between_kinds"]["clear"]["hurt"]) < 0.05
    total = shipped["total_effects"]
    assert total["hurt"]["intent"] == total["about_me"]["intent"] == 0 and total["thinking_back"]["ambiguity"] > 0.2


def test_defects_and_missing_answers_disturb_no_honest_answer(study):
    missing = {**PARAMETERS["missing"], "skippers": 0, "refused": 0}
    untouched = simulate({**PARAMETERS, "defects": {}, "missing": missing}, SEED)
    for wave, clean in zip(study.waves, untouched.waves, strict=True):
        pd.testing.assert_frame_equal(wave.complete, clean.complete)
        pd.testing.assert_frame_equal(clean.cells, clean.complete)
        assert clean.planted.empty
        honest = ~wave.cells.index.isin(wave.planted["position"])
        kept, true = wave.cells[honest].iloc[:, 1:], wave.complete.loc[wave.cells.index[honest]].iloc[:, 1:]
        assert ((kept == true) | kept.isna()).all(axis=None)


def test_households_are_whole_and_disturb_no_other_answer(study):
    """Everybody ticks at least one box, nobody lives alone with somebody, a partner is of those in a relationship."""
    chances = {**PARAMETERS["background"]["lives_with"], "children": 0.9, "relatives": 0.0}
    other = simulate(
        {**PARAMETERS, "background": {**PARAMETERS["background"], "lives_with": chances, "moves": 0.5}}, SEED
    )
    boxes = [item.id for item in load_instruments()["background"].items if item.choice_of == "lives_with"]
    for wave, changed in zip(study.waves, other.waves, strict=True):
        ticked = wave.complete[boxes]
        assert ticked.isin([0, 1]).all(axis=None) and (ticked.sum(axis=1) >= 1).all()
        assert (ticked["lives_with_alone"] == (ticked.drop(columns="lives_with_alone").sum(axis=1) == 0)).all()
        assert (wave.complete["relationship_status"][ticked["lives_with_partner"] == 1] == 1).all()
        assert not ticked.equals(changed.complete[boxes])
        for frame in ("complete", "cells"):
            ours, theirs = (getattr(w, frame).drop(columns=boxes) for w in (wave, changed))
            pd.testing.assert_frame_equal(ours, theirs)
    before, after = (wave.complete.set_index("participant") for wave in study.waves[:2])
    both = after.index[after["relationship_status"] == before.loc[after.index, "relationship_status"]]
    assert 0.015 < (before.loc[both, boxes] != after.loc[both, boxes]).any(axis=1).mean() < 0.06  # 5 % draw anew
    left_out = study.waves[0].cells[boxes].isna()
    assert left_out.any().all() and (left_out.all(axis=1) == left_out.any(axis=1)).all()


def test_skipped_cells_are_a_few_per_cent_and_unrelated_to_the_answers(study):
    wave = study.waves[0]
    scored = [item.id for instrument in wave.instruments if instrument.scores for item in instrument.items]
    cells = wave.cells.iloc[: len(wave.complete)]
    assert 0.04 < cells[scored].isna().mean().mean() < 0.08
    skips = cells[scored].isna().mean(axis=1) > 0.1
    esteem = keyed(wave.complete, [i for n in wave.instruments if n.id == "rses" for i in n.items]).sum(axis=1)
    standard_error = esteem.std() * math.sqrt(1 / skips.sum() + 1 / (~skips).sum())
    assert abs(esteem[skips].mean() - esteem[~skips].mean()) < 3.5 * standard_error


@pytest.mark.parametrize("reverse", [False, True])
def test_an_items_categories_follow_from_its_thresholds_and_its_key(reverse):
    item = next(i for i in load_instruments()["rses"].items if i.reverse == reverse)
    model = ItemModel(item, "self_esteem", 0.7, (-1.5, -0.5, 0.5))
    rng = np.random.default_rng(1)
    level = rng.standard_normal(200_000)
    answers = model.answers(level, rng)
    keyed_shares = np.diff([0, *norm.cdf([-1.5, -0.5, 0.5]), 1])  # of 1, 2, 3, 4 in the direction of the scale
    found = [(answers == code).mean() for code in (1, 2, 3, 4)]
    assert found == pytest.approx(keyed_shares[::-1] if reverse else keyed_shares, abs=0.005)
    above = norm.pdf([-1.5, -0.5, 0.5]).sum() * 0.7  # cov(level, keyed) = loading x sum of densities at the thresholds
    assert np.cov(level, answers)[0, 1] == pytest.approx(-above if reverse else above, abs=0.01)


def test_people_with_low_self_esteem_at_the_start_leave_more_often(study):
    first = study.waves[0]
    esteem = keyed(first.complete, [i for n in first.instruments if n.id == "rses" for i in n.items]).sum(axis=1)
    z = ((esteem - esteem.mean()) / esteem.std()).to_numpy()
    left = study.present[:, :-1] & ~study.present[:, 1:]
    at_risk = study.present[:, :-1]
    fit = sm.Logit(left[at_risk].astype(float), sm.add_constant(np.repeat(z[:, None], 5, axis=1)[at_risk])).fit(disp=0)
    declared = PARAMETERS["attrition"]["log_odds_per_sd"]
    assert abs(fit.params[1] - declared) < 3 * fit.bse[1] and fit.params[1] < -5 * fit.bse[1]
    assert 0.08 < left.sum() / at_risk.sum() < 0.10


# --- defects ---


def test_screening_finds_every_planted_row_by_its_rule_and_sets_no_honest_row_aside(study, checked):
    planted = planted_in(study)
    for wave in study.waves:
        rows = checked[wave.name][1].quality_rows.set_index("row")["excluded_by"]
        expected = planted[(planted["wave"] == wave.name) & planted["kind"].isin(ROW_KINDS)]
        assert set(expected["kind"]) == set(ROW_KINDS)
        assert rows[rows != ""].to_dict() == expected.set_index("row")["kind"].map(ROW_KINDS).to_dict()


def test_planted_cells_are_set_aside_one_by_one(study, checked):
    planted = planted_in(study)
    for wave in study.waves:
        validated = checked[wave.name][1]
        here = planted[planted["wave"] == wave.name]
        outside = here[here["kind"] == "out_of_range"]
        cells_of = [set(zip(f["row"], f["column"], strict=True)) for f in (validated.set_aside, outside)]
        assert cells_of[0] == cells_of[1]
        answers = validated.checked_answers.set_index("row")
        cells = here[here["kind"].isin(["out_of_range", "missing_code"])]
        assert len(cells) and all(np.isnan(answers.loc[c.row, c.column]) for c in cells.itertuples())


def test_planted_rows_name_the_person_and_the_row_of_the_file(study, tmp_path):
    planted = planted_in(study)
    for wave in (study.waves[0], study.waves[1]):
        write_wave(wave, tmp_path, SEED, PARAMETERS)
        lines = (tmp_path / f"{wave.name}.csv").read_text(encoding="utf-8").splitlines()
        for defect in planted[planted["wave"] == wave.name].itertuples():
            assert defect.participant in lines[defect.row - 1].split(",")


def test_no_setting_of_the_screening_lies_close_to_honest_answers(checked):
    from rejsens.quality import longest_run, response_variability

    rules = {rule["id"]: rule for rule in load_settings(ROOT)["screening"]}
    for asked, validated in checked.values():
        answers = validated.checked_answers
        assert longest_run(answers, asked).max() <= rules["long_string"]["at_least"] - 5
        assert (response_variability(answers, asked) < rules["low_variability"]["below"]).mean() < 0.002
        assert answers["duration_seconds"].min() > rules["speed"]["below"] + 60


# --- files ---


def answers_in(path):
    wave = load_wave(path)
    asked = instruments_asked(wave, load_instruments())
    return read_answers(read_export(wave), wave, asked)


@pytest.mark.parametrize("name", ["2026b", "2026e", "retest"])
def test_a_qualtrics_export_and_a_plain_one_hold_the_same_answers(study, tmp_path, name):
    wave = next(w for w in study.waves if w.name == name)
    plain = answers_in(write_wave(wave, tmp_path / "plain", SEED, PARAMETERS, "plain"))
    qualtrics = answers_in(write_wave(wave, tmp_path / "qualtrics", SEED, PARAMETERS, "qualtrics"))
    assert (qualtrics.frame["row"] - plain.frame["row"] == FIRST_ROW["qualtrics"] - FIRST_ROW["plain"]).all()
    pd.testing.assert_frame_equal(plain.frame.drop(columns="row"), qualtrics.frame.drop(columns="row"))
    pd.testing.assert_frame_equal(plain.not_applicable, qualtrics.not_applicable)
    drawn = wave.cells.replace({-99.0: np.nan})
    for item in plain.frame.columns[2:]:
        expected = drawn[item].where(drawn[item] != 9) if item in plain.not_applicable else drawn[item]
        np.testing.assert_array_equal(plain.frame[item], expected, err_msg=item)
    assert plain.not_applicable.to_numpy().any()


def test_the_qualtrics_wave_looks_like_one(study, tmp_path):
    wave = study.waves[1]
    path = write_wave(wave, tmp_path, SEED, PARAMETERS)
    export, sidecar = read_export(load_wave(path)), read_yaml(path, "wave")
    assert sidecar["platform"] == "qualtrics" and export.first_row == 4
    assert export.questions["Q4_1"] == "I sent a personal message and got no answer."
    assert {"Q4_1", "Duration (in seconds)", "ResponseId", "Status"} <= set(export.columns)
    assert not {"IPAddress", "RecipientEmail", "LocationLatitude", "RecipientFirstName"} & set(export.columns)
    texts = set(export.cells["Q4_1"].unique().to_pylist())
    assert "Once or twice" in texts and texts <= {*sidecar["labels"]["mreii_exposure"], ""}
    lines = (tmp_path / "2026b.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) - len(set(lines)) == (wave.planted["kind"] == "exact_duplicate").sum()


def test_the_other_printed_order_of_the_rosenberg_scale_is_read_item_by_item(study, checked, tmp_path):
    wave = next(w for w in study.waves if w.name == "2026e")
    path = write_wave(wave, tmp_path, SEED, PARAMETERS)
    raw = pd.read_csv(tmp_path / "2026e.csv")
    second = raw["rses_02"].dropna()  # the second question of order B is item 10
    assert second.eq(wave.cells.loc[second.index, "rses_10"]).all()
    worst = []
    for name in ("2026d", "2026e", "2026f"):
        asked, validated = checked[name]
        items = keyed(validated.checked_answers, next(i for i in asked if i.id == "rses").items).dropna()
        worst.append(min(items[c].corr(items.drop(columns=c).sum(axis=1)) for c in items))
    assert min(worst) > 0.35
    sidecar = path.read_text(encoding="utf-8")
    path.write_text(sidecar.replace("order: B", "order: A"), encoding="utf-8")
    misread = answers_in(path).frame
    items = keyed(misread.replace(11, np.nan), load_instruments()["rses"].items).dropna()
    assert min(items[c].corr(items.drop(columns=c).sum(axis=1)) for c in items) < 0.1  # what the declaration prevents


def test_the_repository_loads_as_a_study():
    study = load_study(ROOT)
    assert [wave.name for wave in study.waves] == ["2026a", "retest", *WAVES[1:]]
    assert study.roles["retest"] == "retest" and study.wave_numbers["retest"] == 1
    assert all(wave.simulated and wave.licence == "CC0-1.0" for wave in study.waves)
    assert {"primary", "secondary"} <= set(study.families) and study.facts["simulated"]


def test_a_simulated_study_stands_alone_and_its_settings_are_never_overwritten(tmp_path):
    parameters = small(tmp_path)
    simulate_study(3, tmp_path / "study", parameters)
    assert load_study(tmp_path / "study").facts["simulated"]
    settings = tmp_path / "study" / "config" / "config.yaml"
    settings.write_text("study: {title: Mine, simulated: true}\n", encoding="utf-8")
    simulate_study(4, tmp_path / "study", parameters)
    assert settings.read_text(encoding="utf-8") == "study: {title: Mine, simulated: true}\n"


ANXIETY = {**PARAMETERS["variables"]["anxiety"], "percent": [50, 40, 5, 4]}
MODULES = PARAMETERS["modules"]


def circle():
    """Hurt that comes of the message, which comes of hurt."""
    variables = MODULES["events"]["variables"]
    hurt = {**variables["hurt"], "events": {"message": 0.2}}
    return {**MODULES["events"], "variables": {**variables, "hurt": hurt}}


AGAINST_ALL = {**PARAMETERS["dimensions"], "correlations": (np.full((5, 5), -0.9) + 1.9 * np.eye(5)).tolist()}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"effects": [{"x": "exposure", "y": "self_esteen", "size": 0.1}]}, "Did you mean “self_esteem”?"),
        ({"effects": [{"x": "exposure", "y": "self_esteem", "size": 0.95}]}, "more than all of its variance"),
        ({"variables": {**PARAMETERS["variables"], "anxiety": ANXIETY}}, "add up to 99"),
        ({"dimensions": AGAINST_ALL}, "contradict one another"),
        ({"dimensions": {**AGAINST_ALL, "correlations": np.eye(4).tolist()}}, "not a symmetric table"),
        ({"dimensions": {**AGAINST_ALL, "correlations": np.tri(5).tolist()}}, "not a symmetric table"),
        ({"poeple": 3}, "Did you mean “people”?"),
        ({"modules": {**MODULES, "events": circle()}}, "cause of itself"),
        ({"modules": {**MODULES, "effects": [{"x": "exposure", "y": "trust", "size": 0.1}]}}, "“trust”"),
    ],
)
def test_parameters_that_cannot_be_true_are_refused(tmp_path, changed, said):
    with pytest.raises(Refused, match=said):
        read_parameters(small(tmp_path, **changed))


def test_as_many_percentages_as_an_item_has_categories(tmp_path):
    """Anxiety is answered in four categories; with three percentages its thresholds would be those of another scale."""
    three = {**PARAMETERS["variables"]["anxiety"], "percent": [50, 40, 10]}
    parameters = read_parameters(small(tmp_path, variables={**PARAMETERS["variables"], "anxiety": three}))
    with pytest.raises(Refused, match=r"3 percentages(.|\n)*0 to 3"):
        item_models(parameters, list(load_instruments(only=["gad7"]).values()))


def test_hypotheses_of_a_study_without_settings_are_left_alone(tmp_path):
    own = tmp_path / "config" / "hypotheses"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("family: mine\n", encoding="utf-8")
    simulate_study(3, tmp_path, small(tmp_path))
    assert [path.name for path in own.iterdir()] == ["mine.yaml"]
    assert (tmp_path / "config" / "config.yaml").exists()


# --- truth: see also test_truth.py ---


def test_the_pipeline_finds_the_truth_in_the_shipped_data(scores, rated_events):
    """One hypothesis of each kind: no estimate further from its estimand than three standard errors, verdicts as planted."""
    shipped = pd.read_csv(ROOT / "data" / "truth" / "estimands.csv").set_index(["hypothesis", "analysis", "metric"])
    settings = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 20, "seed": 1, "imputation": {"m": 0, "most": 60}}
    expected = {"H1": "supported", "H2": "supported", "H4": "equivalent", "H6": "opposite", "H18": "equivalent",
                "H19": "supported", "H22a": None, "H43": "supported", "H44a": "equivalent", "H47": "supported",
                "H7": None, "H20": None, "H29": None, "H39": "supported"}  # fmt: skip
    found = {}
    for family in FAMILIES:
        asked = [h for h in family["hypotheses"] if h["id"] in expected]
        rows = run_family(scores, {**family, "hypotheses": asked}, settings, rated_events)
        for row in rows[rows["decides"]].itertuples():
            found[row.hypothesis] = row.verdict
            truth = shipped.loc[[(row.hypothesis, row.analysis, row.metric)], "estimand"].iloc[0]
            assert abs(row.estimate - truth) < 3 * row.se, (row.hypothesis, row.estimate, truth, row.se)
    assert {h: found[h] for h, verdict in expected.items() if verdict} == {h: v for h, v in expected.items() if v}


def test_a_written_study_runs_as_it_is(tmp_path) -> None:
    """Its own settings set the planted defects aside; without them the first planted cell would stop the run."""
    simulate_study(5, tmp_path)
    study = load_study(tmp_path)
    wave = next(wave for wave in study.waves if wave.name == "2026c")
    own = replace(wave, file=str(tmp_path / "data/waves/2026c.csv"))
    checked = validate(own, list(study.asked["2026c"]), study.settings["screening"], study.settings["out_of_range"])
    assert len(checked.set_aside) > 0
    assert checked.flow["n_excluded"].sum() > 0
