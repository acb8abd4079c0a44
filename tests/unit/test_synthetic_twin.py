"""A synthetic twin: as many people who do not exist, no row of anybody, scores that agree with their answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.unit.example_panel import example_answers, example_package, example_study

from rejsens.definitions import load_instruments
from rejsens.problems import Refused
from rejsens.scoring import score
from rejsens.sharing import closeness, exposure, spss, usefulness
from rejsens.sharing.columns import dictionary_of
from rejsens.sharing.copula import Column, fit
from rejsens.sharing.synthetic import synthetic_twin
from rejsens.sharing.twin_rows import draw_answers, model_of, pooled, wide

GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
UCLA3 = [f"ucla3_{i:02}" for i in range(1, 4)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    own = example_study(tmp_path_factory.mktemp("twin") / "study", waves=2)
    return replace(own, settings={**own.settings, "min_cell": 10})


@pytest.fixture(scope="module")
def package(study):
    answers = example_answers(study, people=600)
    rng = np.random.default_rng(1)
    lazy = rng.random(len(answers)) < 0.15
    holes = lazy[:, None] & (rng.random((len(answers), 10)) < 0.4)
    return example_package(study, answers.assign(**answers[GAD7 + UCLA3].mask(holes)))


@pytest.fixture(scope="module")
def twin(study, package):
    return synthetic_twin(package, study)


def test_nobodys_row_is_in_it(package, twin):
    real, made = package.tables["answers"], twin.tables["syntheticAnswers"]
    for wave in real["wave"].unique():
        rows = [t.loc[t["wave"] == wave, GAD7 + UCLA3].dropna().astype(int) for t in (real, made)]
        held = rows[0].value_counts()
        seldom = set(held[held < 10].index)
        assert seldom and not seldom & set(rows[1].itertuples(index=False, name=None))
    assert not set(real["participant"]) & set(made["participant"])


def test_rows_of_people_come_back_when_nobody_looks(study, package, monkeypatch):
    """The test above can fail: among ten short answers some rows are somebody's by chance."""
    monkeypatch.setattr("rejsens.sharing.closeness.copied", lambda rows, taken: np.zeros(len(rows), bool))
    made = synthetic_twin(package, study).tables["syntheticAnswers"]
    with pytest.raises(AssertionError):
        test_nobodys_row_is_in_it(package, replace(package, tables={"syntheticAnswers": made}))


def test_scores_are_those_of_the_answers(twin):
    answers, scores = twin.tables["syntheticAnswers"], twin.tables["syntheticScores"]
    pd.testing.assert_frame_equal(answers[["participant", "wave"]], scores[["participant", "wave"]])
    again = score(answers[GAD7].astype(float), [load_instruments(only=["gad7"])["gad7"]])
    pd.testing.assert_series_equal(again["gad7_sum"], scores["gad7_sum"])
    assert (again["gad7_sum__n_answered"] == scores["gad7_sum__n_answered"]).all()


def test_it_is_labelled_everywhere(package, twin):
    assert twin.kind == "synthetic" and twin.facts.title.startswith("Synthetic twin of: ")
    assert twin.facts.simulated == package.facts.simulated
    for name, table in twin.tables.items():
        assert name.startswith("synthetic") and table["synthetic"].all()
        assert [row["variable"] for row in twin.columns(name)] == list(table.columns)
        assert table["participant"].str.startswith("synthetic-").all()
    assert any(note.startswith("Synthetic data") for note in twin.notes)
    assert not any("every row" in note.casefold() for note in twin.notes)


def test_values_are_allowed_ones(package, twin):
    for name, rows in package.dictionary[package.dictionary["table"] == "answers"].groupby("variable"):
        values = twin.tables["syntheticAnswers"][name].dropna()
        low, high = rows["minimum"].iloc[0], rows["maximum"].iloc[0]
        if rows["type"].iloc[0] in ("integer", "number") and name != "wave_number":
            assert values.between(low if low == low else -np.inf, high if high == high else np.inf).all()


def test_gender_stays_a_persons_own(twin):
    answers = twin.tables["syntheticAnswers"]
    assert answers.groupby("participant")["gender"].nunique().max() == 1
    assert answers["relationship_status"].notna().all()


def test_shares_gaps_and_waves_are_kept(package, twin):
    real, made = package.tables["answers"], twin.tables["syntheticAnswers"]
    assert made["participant"].nunique() == real["participant"].nunique()
    for wave in real["wave"].unique():
        a, b = (t[t["wave"] == wave] for t in (real, made))
        assert len(b) == pytest.approx(len(a), rel=0.12)
        complete = [t[GAD7 + UCLA3].notna().all(axis=1).mean() for t in (a, b)]
        assert complete[1] == pytest.approx(complete[0], abs=0.06)
    table = twin.beside["utility_answers"]
    assert table["distance"].mean() < 0.05 and (table["unanswered"] - table["unanswered_synthetic"]).abs().max() < 0.05


def test_scales_are_kept(twin):
    scales = twin.beside["utility_scales"]
    assert set(scales["score"]) == {"gad7_sum", "ucla3"}
    assert (scales["alpha"] - scales["alpha_synthetic"]).abs().max() < 0.06
    assert scales["loading_furthest"].max() < 0.15


def test_risk_is_told_against_what_people_share_anyway(twin):
    risk = twin.beside["risk"].set_index("measure")
    assert len(risk) == 6 and risk["n"].min() > 100
    auc = risk.loc["who was in it, told by nearness: area under the curve", "value"]
    assert 0.4 < auc < 0.6


def test_the_same_study_gives_the_same_twin(study, package, twin):
    again = synthetic_twin(package, study)
    for name in twin.tables:
        pd.testing.assert_frame_equal(again.tables[name], twin.tables[name])
    other = synthetic_twin(package, replace(study, settings={**study.settings, "seed": 5}))
    assert not other.tables["syntheticAnswers"][GAD7].equals(twin.tables["syntheticAnswers"][GAD7])


def test_a_study_of_one_short_scale_says_that_rows_were_not_compared():
    """Seven answers are shared by many people: near means nothing there, and a twin is made all the same."""
    rng = np.random.default_rng(2)
    rows = rng.integers(0, 4, (60, 7)).astype(float)
    halves = {"used": rows[:30], "held": rows[30:], "twin": rows[:30]}
    found = closeness.risk(rows, rows[::-1], np.full(7, 3.0), halves, rng)
    assert found[["value", "n"]].to_numpy().tolist() == [[0.0, 0]] and "not held against" in found["meaning"].iloc[0]


def test_too_few_people_are_refused(study, package):
    few = package.tables["answers"]["participant"].unique()[:40]
    tables = {name: table[table["participant"].isin(few)] for name, table in package.tables.items()}
    with pytest.raises(Refused, match="40 people"):
        synthetic_twin(replace(package, tables=tables), study)


def aged(study, package, by: dict[str, float]):
    """The same people, whose age moves by so much from wave to wave."""
    answers = package.tables["answers"]
    moved = answers["age"].astype(float) + answers["wave"].map(by).astype(float)
    return example_package(study, answers.astype({"age": float}).assign(age=moved))


def test_people_grow_older_together(study, package):
    """An age that moves by two years between the waves does so in the twin, for each of its people."""
    older = aged(study, package, {"w1": 0.0, "w2": 2.0})
    made = synthetic_twin(older, study).tables["syntheticAnswers"].astype({"age": float})
    both = made.pivot(index="participant", columns="wave", values="age").dropna()
    inside = both[both["w1"] < made["age"].max() - 2]
    assert len(inside) > 200 and (inside["w2"] - inside["w1"]).eq(2).all()


def test_how_much_people_changed_rests_on_enough_of_them(study, package):
    """Were fewer than `least` in two waves, the change would be theirs: age is drawn in each wave for itself."""
    answers = aged(study, package, {"w1": 0.0, "w2": 2.0}).tables["answers"]
    first = answers["wave"] == "w1"
    stayed = answers["participant"].isin(answers.loc[~first, "participant"].iloc[:9])
    rows = answers.assign(participant=answers["participant"].where(first | stayed, "late-" + answers["participant"]))
    both = rows.groupby("participant")["wave"].nunique()
    assert (both == 2).sum() == 9
    assert "age" not in model_of(wide(rows), study, 10).persons
    assert model_of(wide(rows), study, 9).drift["age"] == {"w1": 0.0, "w2": 2.0}


def test_more_answers_than_one_model_holds_are_refused(study, package, monkeypatch):
    monkeypatch.setattr("rejsens.sharing.twin_rows.MOST", 20)
    with pytest.raises(Refused, match="28 items, counted in every wave that asked them"):
        synthetic_twin(package, study)


# --- what somebody could learn ---------------------------------------------------------------------------------------


def test_a_twin_that_copies_people_is_found_out():
    """The risk table on people themselves, a little disturbed, given out as their twin: every measure tells."""
    rng = np.random.default_rng(3)
    people = rng.integers(0, 5, (300, 30)).astype(float)
    copy = np.where(rng.random(people.shape) < 0.1, rng.integers(0, 5, people.shape), people)
    copy[:20] = people[:20]
    halves = {"used": people[:150], "held": people[150:], "twin": copy[:150]}
    risk = closeness.risk(people, copy, np.full(30, 4.0), halves, rng)
    assert risk["value"].iloc[0] >= 20 and risk["comparison"].iloc[0] == 0
    assert risk["value"].iloc[1] < 0.5 * risk["comparison"].iloc[1]
    assert risk["value"].iloc[3] < 0.5 < risk["comparison"].iloc[3]
    assert risk["value"].iloc[4] > 0.95 > risk["comparison"].iloc[4]
    assert risk["value"].iloc[5] > 0.8 > 0.4 > risk["comparison"].iloc[5]


def test_distances_equal_a_count_by_hand():
    rows = np.full((1, 12), 1.0)
    others = np.full((2, 12), 1.0)
    others[0, :3] = 3.0
    others[1, :4] = np.nan
    found = closeness.distances(rows, others, np.full(12, 4.0))
    assert found[0, 0] == pytest.approx(3 * 0.5 / 12) and np.isinf(found[0, 1])


def test_a_table_of_one_person_or_of_nobody_has_no_ratio_and_no_halves():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 5, (12, 30)).astype(float)
    nobody = {"used": rows[:6], "held": rows[6:], "twin": rows[:0]}
    risk = closeness.risk(rows[:1], rows[1:], np.full(30, 4.0), nobody, rng)
    assert len(risk) == 4 and risk[["value", "comparison"]].iloc[3].isna().all()
    by_hand = np.abs(rows[1:] - rows[0]).mean(axis=1) / 4
    assert risk["value"].iloc[1] == pytest.approx(np.median(by_hand))


def test_utility_says_nothing_of_answers_that_few_gave(study, package):
    """Below `least` people a question has no row; what the twin lacks a column of is not compared."""
    answers = package.tables["answers"]
    first = answers["wave"].eq("w1")
    rare = answers.assign(ucla3_03=answers["ucla3_03"].where(first & (answers.groupby("wave").cumcount() < 9)))
    panel = wide(rare)
    table = usefulness.answers(panel, panel, study, 10)
    assert "ucla3_03" not in set(table["variable"]) and set(GAD7) <= set(table["variable"])
    assert table["distance"].eq(0).all()
    assert "ucla3_03" in set(usefulness.answers(panel, panel, study, 9).query("wave == 'w1'")["variable"])
    without = replace(panel, answers={w: frame.drop(columns="ucla3_02") for w, frame in panel.answers.items()})
    assert "ucla3_02" not in set(usefulness.answers(without, without, study, 10)["variable"])
    assert usefulness.scales(without, without, study, 10)["score"].unique().tolist() == ["gad7_sum"]


# --- questions that do not apply, events, tick boxes -----------------------------------------------------------------


@pytest.fixture(scope="module")
def matrix_study(tmp_path_factory):
    """A study with a score of sources, of which some do not apply, and events of two kinds."""
    import yaml

    folder = tmp_path_factory.mktemp("events") / "study"
    study = example_study(folder, waves=1)
    path = folder / "data/waves/w1.yaml"
    content = yaml.safe_load(path.read_text())
    content["instruments"] += [{"id": "mreii_sources"}, {"id": "mreii_events", "as": "unclear"}]
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    from rejsens.study import load_study

    return replace(load_study(folder), settings={**study.settings, "min_cell": 5})


def test_what_does_not_apply_has_no_answer(matrix_study):
    """Flags of one cause stay together, conditions follow from the answers, and no flagged question is answered."""
    study, rng, n = matrix_study, np.random.default_rng(2), 400
    [wave] = study.waves
    frame = pd.DataFrame(
        {"participant": [f"p{i}" for i in range(n)], "wave": wave.name, "wave_number": 1, "role": "wave"}
    )
    single, none = rng.random(n) < 0.3, rng.random(n) < 0.2
    items = [item for instrument in study.asked[wave.name] for item in instrument.items]
    flags = {}
    for item in items:
        values = rng.integers(int(item.low), int(min(item.high, item.low + 4)) + 1, n).astype(float)
        if item.not_applicable or item.asked_if:
            off = none if item.id.startswith("unclear") else single if "partner" in item.id else np.zeros(n, bool)
            values[off], flags[f"{item.id}__na"] = np.nan, off
        frame[item.id] = values
    real = wide(frame.assign(**flags))
    drawn = draw_answers(model_of(real, study, 5), 400, rng)
    table = pooled(drawn, study, [f"s{i}" for i in range(400)])
    for name in flags:
        assert not table.loc[table[name], name.removesuffix("__na")].notna().any()
        if flags[name].any():
            assert table[name].mean() == pytest.approx(flags[name].mean(), abs=0.08)
    events = [name for name in flags if name.startswith("unclear")]
    assert table[events].nunique(axis=1).eq(1).all()


def test_the_dictionary_says_what_a_column_of_flags_is(matrix_study):
    """A flag has the label, the instrument and the waves of its question, and the question points at its flag."""
    study = matrix_study
    [wave] = study.waves
    items = [item for instrument in study.asked[wave.name] for item in instrument.items if item.not_applicable]
    item = items[0]
    flag = f"{item.id}__na"
    told = pd.DataFrame(
        [{"variable": item.id, "wave": wave.name, "subscale": "sources", "scored_in": "", "choices": "", "missing_codes": "", "question_text": ""}]
    )  # fmt: skip
    frame = pd.DataFrame({"participant": ["p1"], "wave": [wave.name], item.id: [1.0], flag: [False]})
    found = dictionary_of({"answers": frame}, study, told).set_index("variable")
    assert found.loc[flag, "label"] == f"{found.loc[item.id, 'label']}: does not apply"
    assert (found.loc[flag, "type"], found.loc[flag, "level"]) == ("boolean", "nominal")
    same = ["instrument", "subscale", "waves"]
    assert found.loc[flag, same].tolist() == found.loc[item.id, same].tolist()
    assert found.loc[flag, "waves"] == wave.name
    assert found.loc[item.id, "not_applicable"] == flag and flag in found.loc[item.id, "blank_means"]
    with pytest.raises(KeyError, match="no instrument of the study has “shoe_size”"):
        dictionary_of({"answers": frame.assign(shoe_size=1)}, study, told)


def test_a_value_that_nobody_has_gives_nothing_away():
    answers = pd.DataFrame({"participant": list("abcd"), "wave": "w1", "age_band": [20.0, 20, 40, 40], "empty": np.nan})
    same = answers.assign(told=[1.0, 1, 2, 3])
    found = exposure.alike(same, same[["participant", "wave"]], ["age_band"], ["empty", "told"]).set_index("column")
    assert found.loc["empty", ["n_classes", "n_alike", "n_people"]].tolist() == [0, 0, 0]
    assert np.isnan(found.loc["empty", "furthest"])
    # both of 20 said 1, as two of four did: shares of (1, 0, 0) against (1/2, 1/4, 1/4) are half of 1 apart
    assert found.loc["told"].tolist() == [2, 1, 2, 0.5]


def test_columns_that_are_all_left_out_make_an_empty_model():
    few = Column("x", np.array([1.0, 2.0, 3.0]))
    empty = fit([few, Column("y", np.ones(50))], 10)
    assert empty.draw(4, np.random.default_rng(1)) == {}


@pytest.mark.parametrize(
    "changed",
    [
        lambda t: t.rename(columns={"a": "z"}),
        lambda t: t.head(1),
        lambda t: t.assign(a=[1.0, 2.0000000001]),
        lambda t: t.assign(b=["x", "y"]),
        lambda t: t[["b", "a"]],
    ],
)
def test_a_file_that_says_anything_else_is_not_the_table(changed):
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    assert spss.same(table, table.fillna({"b": ""})) and not spss.same(table, changed(table))
