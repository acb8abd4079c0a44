"""Ratings of single events: one row per person, wave and kind; and questions that are not asked of everybody."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.errors
import pytest
import yaml
from tests.conftest import seal, write_study

from rejsens import claims
from rejsens.administration import administer
from rejsens.assess_instrument import assess_instrument
from rejsens.assess_structure import assess_structure
from rejsens.collect import keying
from rejsens.declarations import SHIPPED as HERE
from rejsens.declarations import read_yaml
from rejsens.definitions import instrument_from, load_instruments
from rejsens.describe import descriptives, missing_answers
from rejsens.events import OF_RATERS, event_rows, person_scores, raters, with_events
from rejsens.explore_instrument import explore_instrument
from rejsens.inference.correlation import correlations
from rejsens.pool import dictionary, pool_answers, pool_scores
from rejsens.problems import Refused, explain
from rejsens.score_wave import wave_scores
from rejsens.study import load_study
from rejsens.tabular import read_all, read_table, write_table
from rejsens.validate import validate

NAN = float("nan")
SHIPPED = load_instruments(only=["mreii_events", "mreii_event_order", "gad7"])
UNCLEAR, CLEAR = (administer(SHIPPED["mreii_events"], **{"as": kind}) for kind in ("unclear", "clear"))
ASKED = [UNCLEAR, CLEAR, SHIPPED["mreii_event_order"], SHIPPED["gad7"]]
SCORES = [score.id for score in SHIPPED["mreii_events"].scores]


def answers(kinds: dict[str, list[list[float]]], people: list[str], **more: list[float]) -> pd.DataFrame:
    """kind -> thirteen ratings of each person; a person's first rating missing: no such event."""
    columns: dict[str, list] = {"participant": people, "row": list(range(2, 2 + len(people)))}
    for kind, rated in kinds.items():
        for n in range(13):
            columns[f"{kind}_mreii_a{n + 1:02}"] = [row[n] for row in rated]
        columns |= {f"{kind}_mreii_a{n + 1:02}__na": [np.isnan(row[0]) for row in rated] for n in range(13)}
    return pd.DataFrame(columns | {f"gad7_{i:02}": [1.0] * len(people) for i in range(1, 8)} | more)


NONE = [NAN] * 13
UNCLEAR_EVENT = [6, 6, 7, 2, 5, 2, 3, 5, 3, 1, 6, 5, 6]  # ambiguity (6 + 7 + 8 - 2) / 3
CLEAR_EVENT = [4, 2, 1, 7, 1, 6, 5, 2, 6, 7, 1, 2, 5]  # ambiguity (2 + 1 + 8 - 7) / 3
HALF = [3, 2, NAN, 7, 1, 6, 5, 2, 6, 7, 1, 2, 5]  # one of the three ratings of ambiguity was left out
PEOPLE = ["ann", "bob", "cem"]
RATED = answers(
    {"unclear": [UNCLEAR_EVENT, HALF, NONE], "clear": [CLEAR_EVENT, NONE, CLEAR_EVENT]},
    PEOPLE,
    event_first=[1.0, 2.0, NAN],
)


def scored(rated: pd.DataFrame = RATED, asked=ASKED, wave: str = "w1", number: int = 1) -> pd.DataFrame:
    return wave_scores(rated, asked, wave, number, "wave")


# --- rows ------------------------------------------------------------------------------------------------------------


def test_each_event_that_was_rated_is_a_row_and_a_person_without_one_has_none() -> None:
    rows = event_rows(scored(), ASKED)
    assert rows[["participant", "wave", "event"]].to_numpy().tolist() == [
        ["ann", "w1", "unclear"], ["ann", "w1", "clear"], ["bob", "w1", "unclear"], ["cem", "w1", "clear"],
    ]  # fmt: skip
    assert rows["mreii_a_hurt"].tolist() == [6, 4, 3, 4]
    assert rows["mreii_a_ambiguity"].round(4).tolist()[:2] == [6.3333, 1.3333]
    assert np.isnan(rows["mreii_a_ambiguity"][2]) and rows["mreii_a_ambiguity__n_answered"].tolist() == [3, 3, 2, 3]
    assert not rows["mreii_a_ambiguity__prorated"].any()
    assert [c for c in rows if "mreii" in c and "__" not in c] == SCORES


def test_a_row_says_whether_its_kind_was_asked_about_first() -> None:
    first = event_rows(scored(), ASKED)["came_first"]
    # ann: unclear first, bob: clear first and only an unclear event, cem: not known
    assert first.tolist()[:3] == [1, 0, 0] and first.isna().tolist() == [False, False, False, True]
    without = [i for i in ASKED if i.id != "mreii_event_order"]
    assert event_rows(scored(RATED.drop(columns="event_first"), without), without)["came_first"].isna().all()


def test_scores_of_people_hold_none_of_events() -> None:
    everything = scored()
    people = person_scores(everything, ASKED)
    assert [c for c in people if "mreii_a" in c] == [] and "event_first" in people
    assert people["gad7_sum"].tolist() == [7, 7, 7] and people["participant"].tolist() == PEOPLE
    # nothing is lost: both tables together are the scores of the wave
    again = with_events(people, event_rows(everything, ASKED), ASKED)
    pd.testing.assert_frame_equal(again[everything.columns], everything, check_dtype=False)


def test_one_kind_of_event_works_alone() -> None:
    asked = [UNCLEAR, SHIPPED["gad7"]]
    rows = event_rows(scored(RATED, asked), asked)
    assert rows["participant"].tolist() == ["ann", "bob"] and set(rows["event"]) == {"unclear"}


def test_two_instruments_about_one_kind_share_its_row() -> None:
    content = {"id": "more", "title": "M", "version": "1", "answers": {"min": 1, "max": 7}, "events": {"unclear": "Think."},
               "items": [{"id": "more_01", "label": "more"}],
               "scores": [{"id": "more", "label": "M", "method": "mean", "min_answered": 1, "range": [1, 7],
                           "higher_means": "", "model": "single_item"}]}  # fmt: skip
    asked = [*ASKED, administer(instrument_from(content), **{"as": "unclear"})]
    rows = event_rows(scored(RATED.assign(unclear_more_01=[NAN, 2.0, 3.0]), asked), asked)
    unclear = rows[rows["event"] == "unclear"].set_index("participant")
    assert unclear["more"].fillna(0).to_dict() == {"ann": 0, "bob": 2, "cem": 3}
    assert unclear["mreii_a_hurt"].fillna(0).to_dict() == {"ann": 6, "bob": 3, "cem": 0}


# --- the table -------------------------------------------------------------------------------------------------------


def test_a_study_without_events_has_the_table_and_no_row_of_it(tmp_path: Path) -> None:
    asked = [SHIPPED["gad7"]]
    for wave in ("w1", "w2"):
        write_table(event_rows(scored(RATED, asked, wave), asked), tmp_path / wave / "events.parquet")
    pooled = pool_scores([read_all([tmp_path / wave / "events.parquet"], "events") for wave in ("w1", "w2")])
    write_table(pooled, tmp_path / "events.parquet")
    empty = read_table(tmp_path / "events.parquet")
    assert empty.empty and list(empty) == ["participant", "wave", "wave_number", "role", "event", "came_first"]
    people = person_scores(scored(RATED, asked), asked)
    assert with_events(people, empty, asked) is people


def test_waves_that_asked_different_kinds_are_put_together(tmp_path: Path) -> None:
    later = [UNCLEAR, SHIPPED["gad7"]]
    waves = {
        "w1": (scored(), ASKED),
        "w2": (scored(RATED, later, "w2", 2), later),
        "w3": (scored(RATED, ASKED[3:], "w3", 3), ASKED[3:]),
    }
    for wave, (scores, asked) in waves.items():
        write_table(event_rows(scores, asked), tmp_path / wave / "events.parquet")
    write_table(
        pool_scores([read_all([tmp_path / w / "events.parquet"], "events") for w in waves]), tmp_path / "events.parquet"
    )
    pooled = read_table(tmp_path / "events.parquet")
    assert pooled.groupby(["wave", "event"]).size().to_dict() == {
        ("w1", "clear"): 2,
        ("w1", "unclear"): 2,
        ("w2", "unclear"): 2,
    }
    assert pooled["mreii_a_hurt__n_answered"].dtype == "int64" and pooled["came_first"].dtype == "Int64"
    assert pooled["came_first"].isna().tolist() == [False, False, False, True, True, True]


def test_two_rows_for_one_event_are_refused(tmp_path: Path) -> None:
    rows = event_rows(scored(), ASKED)
    with pytest.raises(pandera.errors.SchemaError, match="unique"):
        write_table(pd.concat([rows, rows.iloc[:1]]), tmp_path / "events.parquet")


# --- what describes them, and what leaves them out -------------------------------------------------------------------


def test_events_are_described_kind_by_kind_and_stand_in_no_correlation() -> None:
    people, rows = person_scores(scored(), ASKED), event_rows(scored(), ASKED)
    beside = with_events(people, rows, ASKED)
    found = descriptives(beside, ASKED, 0.95, 1).set_index("score")
    assert found.loc[["unclear_mreii_a_hurt", "clear_mreii_a_hurt"], "mean"].tolist() == [4.5, 4]
    assert found.loc["unclear_mreii_a_hurt", ["n", "n_missing"]].tolist() == [2, 1]
    assert found.loc["clear_mreii_a_hurt", "label"] == "Hurt (MREII-A), clear"
    pooled = pool_answers({"w1": RATED}, {"w1": 1}, {"w1": "wave"})
    missing = missing_answers(pooled, beside, {"w1": ASKED}).set_index("variable")
    # of the two who had an unclear event, one left a rating of ambiguity out
    assert missing.loc["unclear_mreii_a03", ["n", "n_missing"]].tolist() == [2, 1]
    assert correlations(people, ["gad7_sum", "unclear_mreii_a_hurt", "mreii_a_hurt"]).empty


def test_reliability_and_expected_signs_are_those_of_one_kind() -> None:
    rng = np.random.default_rng(20261122)
    n = 200
    ratings = {
        kind: np.clip(np.round(4 + loading * rng.normal(size=(n, 1)) * np.array([1, 1, 1, -1] + [0] * 5 + [-1, 1, 1, 0])
                               + rng.normal(size=(n, 13))), 1, 7).tolist()
        for kind, loading in (("unclear", 1.5), ("clear", 0.5))
    }  # fmt: skip
    rated = answers(ratings, [f"p{i}" for i in range(n)], event_first=[1.0] * n)
    pooled = pool_answers({"w1": rated}, {"w1": 1}, {"w1": "wave"})
    omega = {}
    items = []
    for asked in (UNCLEAR, CLEAR):
        reliability, rows = assess_instrument(pooled, {"w1": asked}, 0.95)
        omega[asked.event] = reliability.set_index(["score", "coefficient"])["estimate"][
            (f"{asked.event}_mreii_a_ambiguity", "omega_u")
        ]
        items.append(rows)
    assert omega["unclear"] > omega["clear"] + 0.2
    everything = scored(rated)
    beside = with_events(person_scores(everything, ASKED), event_rows(everything, ASKED), ASKED)
    signs = keying(beside, pd.concat(items), ASKED, 0.95)
    signs = signs[signs["check"] == "between scales"]
    assert signs["status"].eq("as expected").sum() >= 4
    assert all(x.partition("_")[0] == y.partition("_")[0] for x, y in zip(signs["x"], signs["y"], strict=True))


def test_who_rated_no_event_is_not_lost_to_its_statistics(monkeypatch) -> None:
    monkeypatch.setattr("rejsens.explore_instrument.DRAWS", 20)
    rng = np.random.default_rng(7)
    ratings = np.clip(np.round(4 + rng.normal(size=(150, 1)) + rng.normal(size=(150, 13))), 1, 7)
    ratings[:40] = NAN  # could think of no such event
    ratings[40:45, 1] = NAN  # of ambiguity
    rated = answers({"clear": ratings.tolist()}, [f"p{i}" for i in range(150)], event_first=[1.0] * 150)
    pooled = pool_answers({"w1": rated}, {"w1": 1}, {"w1": "wave"})
    assert len(raters(pooled, CLEAR)) == 110 and len(raters(pooled, SHIPPED["gad7"])) == 150
    of, asked = "clear_mreii_a_ambiguity", {"w1": CLEAR}
    explored = explore_instrument(pooled, asked, seed=1, ci_level=0.95)
    how = {"alpha": 0.05, "ci_level": 0.95, "min_people": 100, "max_columns": 30}
    models = assess_structure(pooled, asked, {}, **how)["factor_models"].query("model == @of").iloc[0]
    assert models[["n", "n_lost"]].tolist() == [110, 0] and models["missing_rule"].endswith(OF_RATERS)
    tables = explored | {"reliability": assess_instrument(pooled, asked, 0.95)[0]}
    for name in ("dimensionality", "scalability", "reliability"):
        rows = tables[name][tables[name]["set" if name == "dimensionality" else "score"] == of]
        assert rows[["n", "n_lost"]].drop_duplicates().to_numpy().tolist() == [[105, 5]], name
    assert explored["item_response"]["missing_rule"].str.endswith(OF_RATERS).all()


def test_the_dictionary_names_the_kind_and_the_ledger_finds_the_measure() -> None:
    words = dictionary([UNCLEAR, SHIPPED["gad7"]]).set_index("score")
    assert words["event"].to_dict()["unclear_mreii_a_intent"] == "unclear" and words.loc["gad7_sum", "event"] == ""
    content = read_yaml(HERE / "config" / "claims.yaml", "claims")
    none = pd.DataFrame(columns=["hypothesis", "verdict"])
    ledger = claims.ledger(content, words.reset_index(), none, none).set_index("claim")
    assert (
        ledger.loc["C5", "measured_by"] == "mreii_a_intent" and ledger.loc["C5", "reason"] == "not in this study’s plan"
    )
    assert ledger.loc["C9", "reason"] == "its measure is not in this study"


# --- a study ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def ask(study: Path, wave: str, *entries: dict, **columns: object) -> None:
    """Add instruments and their columns to one wave."""
    export, sidecar = (study / f"data/waves/{wave}.{end}" for end in ("csv", "yaml"))
    content = yaml.safe_load(sidecar.read_text())
    content["instruments"] += entries
    sidecar.write_text(yaml.safe_dump(content, sort_keys=False))
    pd.read_csv(export).assign(**columns).to_csv(export, index=False, lineterminator="\n")
    seal(study, wave)


def test_a_wave_says_which_kind_of_event_was_rated(study: Path) -> None:
    ask(study, "w1", {"id": "mreii_events"})
    ask(study, "w2", {"id": "mreii_events", "as": "uncler"})
    with pytest.raises(Refused) as refused:
        load_study(study)
    text = str(refused.value)
    assert "An event of an unknown kind" in text and "`as:` is missing" in text
    assert "“uncler”" in text and "unclear and clear" in text and "Did you mean “unclear”?" in text


def test_a_score_of_events_is_named_with_its_kind_or_in_a_model_of_events(study: Path) -> None:
    ask(study, "w1", {"id": "mreii_events", "as": "unclear"})
    loaded = load_study(study)
    assert "unclear_mreii_events" in loaded.scored and not [s for s in loaded.scores if "mreii_a" in s]
    path = study / "config/hypotheses/loneliness.yaml"

    def name(**keys) -> None:
        content = yaml.safe_load(path.read_text())
        content["hypotheses"][0] |= keys
        path.write_text(yaml.safe_dump(content))

    name(outcome="unclear_mreii_a_hurt")
    assert "loneliness" in load_study(study).families
    name(outcome="mreii_a_hurt")
    told = explain(load_study(study).told_aside)
    assert re.search(r"(?s)unknown score.*score of single events.*kind of event before it.*event_slope", told)
    name(model="event_slope", predictor="mreii_a_intent", covariates=[])
    assert "loneliness" in load_study(study).families


def test_a_model_says_what_it_needs_and_what_it_has_no_use_for(study: Path) -> None:
    path = study / "config/hypotheses/loneliness.yaml"
    content = yaml.safe_load(path.read_text())
    content["hypotheses"][0] |= {"model": "moderation", "mediator": "rses_sum"}
    path.write_text(yaml.safe_dump(content))
    told = explain(load_study(study).told_aside)
    assert re.search(r"(?s)model “moderation” needs “moderator”.*model “moderation” does not use “mediator”", told)


def test_healing_is_asked_from_the_second_wave_on(study: Path) -> None:
    ask(study, "w2", {"id": "mreii_healing"})
    load_study(study)
    ask(study, "w1", {"id": "mreii_healing"})
    with pytest.raises(Refused, match=r"(?s)Asked before there was anything to look back at.*w1.*from wave 2 on"):
        load_study(study)
    # a short retest of the first wave is the first wave again
    shutil.copy(study / "data/waves/w2.csv", study / "data/waves/w3.csv")
    content = yaml.safe_load((study / "data/waves/w2.yaml").read_text())
    content |= {"role": "retest", "retest_of": "w1", "collected": {"from": "2026-03-01", "to": "2026-03-02"}}
    (study / "data/waves/w3.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(Refused, match=r"w3\.yaml › instruments › mreii_healing"):
        load_study(study)


# --- asked of some ---------------------------------------------------------------------------------------------------

DID = [f"mreii_g{n}" for n in ("01", "03", "04", "05", "06", "08", "09", "12")]
WHY = [f"mreii_r{n:02}" for n in range(1, 11)]


def test_reasons_left_blank_by_those_who_did_nothing_are_not_missing(study: Path) -> None:
    people = 60
    did = np.zeros((people, 8))
    did[1, 3] = 2  # did one thing, gave reasons
    did[2, 0] = 1  # did one thing, left the reasons blank
    did[4, 7] = 1
    did = did.astype(object)
    did[3, 5] = ""  # one of the eight is not known, the others are zero
    why = np.full((people, 10), "", dtype=object)
    why[1], why[4], why[5] = (
        2,
        9,
        1,
    )  # person 4 says that none applies although one thing was done; person 5 answers anyway
    columns = dict(zip(DID, did.T, strict=True)) | dict(zip(WHY, why.T, strict=True)) | {"mreii_g_clear": [4] * people}
    ask(study, "w1", {"id": "mreii_giving"}, **columns)
    loaded = load_study(study)
    wave = loaded.waves[0]
    checked = validate(wave, list(loaded.asked["w1"]), [], "stop").checked_answers
    assert checked["mreii_r01__na"].tolist()[:6] == [True, False, False, False, True, False]
    assert checked["mreii_r01__na"].tolist()[6:] == [True] * (people - 6)
    scores = wave_scores(checked, loaded.asked["w1"], "w1", 1, "wave")
    assert scores["mreii_g_avoidance"].fillna(-1).tolist()[:7] == [-1, 2, -1, -1, -1, 1, -1]
    answered = validate(wave, list(loaded.asked["w1"]), [], "stop").variables.set_index("variable").loc["mreii_r01"]
    # missing: who did something and left it blank, and of whom it is not known
    assert answered[["n", "n_missing", "n_not_applicable"]].tolist() == [2, 2, people - 4]
    assert answered["question_text"].startswith("When you did such a thing, how much") and answered[
        "question_text"
    ].endswith("– I wanted to avoid a quarrel.")


def test_a_condition_is_carried_by_the_prefix_and_dropped_with_its_items() -> None:
    condition = CLEAR.item("clear_mreii_a02").asked_if
    assert (condition.any_of, condition.at_least) == (("clear_mreii_a01",), 1)
    alone = administer(SHIPPED["mreii_events"], items=["mreii_a02", "mreii_a03", "mreii_a04"])
    assert alone.item("mreii_a02").asked_if is None
    with pytest.raises(Refused, match=r"(?s)Codes that decide who is asked.*mreii_a02"):
        administer(SHIPPED["mreii_events"], range=[0, 6])


@pytest.mark.parametrize(
    ("item", "cause"),
    [({"row_of": "wher"}, "Unknown questions"), ({"choice_of": "wher"}, "Unknown questions"),
     ({"asked_if": {"any_of": ["x_1"], "at_least": 1}}, "Unknown items")],
)  # fmt: skip
def test_an_item_refers_to_what_its_file_holds(item: dict, cause: str) -> None:
    content = {"id": "x", "title": "X", "version": "1", "answers": {"min": 0, "max": 1}, "questions": {"where": "Where?"},
               "items": [{"id": "x_01", "label": "one"}, {"id": "x_02", "label": "two", **item}]}  # fmt: skip
    with pytest.raises(
        Refused, match=f"(?s){cause}.*x_02.*Did you mean “{'where' if 'questions' in cause else 'x_01'}”"
    ):
        instrument_from(content)
