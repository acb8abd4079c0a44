"""Every declared way of analysis: against regressions made by hand from the export, and against the deciding rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from example_multiverse import OPTIONS, multiverse
from example_tables import study as facts
from tests.conftest import seal, write_study, write_wave

from rejsens.definitions import load_instruments
from rejsens.figure_layout import faults_of_layout
from rejsens.figures import specification_curve
from rejsens.inference.families import test_family as run_family
from rejsens.inference.multiverse import run_multiverse
from rejsens.inference.multiverse_specifications import Ground, distinct, sampled
from rejsens.inference.multiverse_summary import effects_of_choices, summarise_multiverse
from rejsens.multiverse_file import CHOICES
from rejsens.plan import Plan
from rejsens.problems import Refused
from rejsens.rescored import rescored, rescored_study
from rejsens.study import Study, load_study
from rejsens.tables.multiverse import lay_out
from rejsens.tabular import tidy

AGE = {"name": "age", "type": "number", "varies": False}
MOST = {"regression": 500, "mixed": 500, "imputed": 500, "apart": 500}
SCREENING = [
    {"id": "grown", "label": "Under 25", "check": "condition", "column": "age", "at_least": 25, "action": "exclude"},
    {"id": "old", "label": "Over 50", "check": "condition", "column": "age", "at_most": 50, "action": "flag"},
]
CROSSED = {
    "exclusions": [{"label": "as declared"}, {"label": "all ages", "keep": ["grown"]}, {"label": "25 to 50", "leave_out": ["old"]}],
    "scoring": [{"label": "80 %"}, {"label": "every item", "answered": "all"}, {"label": "any item", "answered": "any"}],
    "items": [{"label": "all items"}, {"label": "one less", "remove": ["gad7_07"]}],
    "covariates": [{"label": "age"}, {"label": "none", "without": "all"}],
    "outliers": [{"label": "kept"}, {"label": "set to 1.5 SD", "winsorise": 1.5}, {"label": "left out", "leave_out_beyond": 1.5}],
}  # fmt: skip
NOBODY = pd.DataFrame({"participant": [], "wave": [], "beyond_cutoff": []}, dtype=str)
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 200, "seed": 1, "imputation": {"m": 0, "most": 0}}


def declare(folder: Path, choices: dict[str, Any], hypotheses: tuple[str, ...] = ("L1",), **most: int) -> None:
    content = {"hypotheses": list(hypotheses), "most": MOST | most, "choices": choices}
    (folder / "config/multiverse.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def with_gaps(folder: Path, wave: str) -> pd.DataFrame:
    """Blanks in the export, some of them in people who answered nearly nothing."""
    path = folder / f"data/waves/{wave}.csv"
    frame = pd.read_csv(path).astype(object)
    rng = np.random.default_rng(3)
    frame = frame.mask((rng.random(frame.shape) < 0.06) & ~frame.columns.isin(["id", "age"]), "")
    frame.to_csv(path, index=False)
    seal(folder, wave)
    return frame


def written(folder: Path, waves: int) -> Path:
    write_study(folder, waves)
    for number in range(waves):
        write_wave(folder, f"w{number + 1}", month=number + 1, people=120)
        with_gaps(folder, f"w{number + 1}")
    config, family = folder / "config/config.yaml", folder / "config/hypotheses/loneliness.yaml"
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"screening": SCREENING}))
    content = yaml.safe_load(family.read_text())
    content["random_slope"], content["hypotheses"][0]["covariates"] = True, [AGE]
    family.write_text(yaml.safe_dump(content))
    return folder


def run(study: Study, known: pd.DataFrame | None = None, **settings: Any) -> pd.DataFrame:
    family = study.families["loneliness"]
    source, items = rescored_study(study, family, study.multiverse, NOBODY)
    return tidy(run_multiverse(source, study.multiverse, family, SETTINGS | settings, items, known), "multiverse")


@pytest.fixture(scope="module")
def one_wave(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, pd.DataFrame]:
    folder = written(tmp_path_factory.mktemp("multiverse") / "one", 1)
    declare(folder, CROSSED, regression=40)
    study = load_study(folder)
    return study, run(study)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = written(tmp_path_factory.mktemp("multiverse") / "panel", 3)
    models = [
        {"label": "declared"},
        {"label": "intercept", "random_slope": False},
        {"label": "persons", "person_fixed_effects": True},
    ]
    missing = [{"label": "declared"}, {"label": "complete", "complete_cases": True}]
    declare(folder, {"model": models, "missing": missing})
    return load_study(folder)


# --- specifications against the same regression made by hand ---------------------------------------------------------


def by_hand(export: Path, row: pd.Series) -> tuple[float, float, int]:
    """Standardised coefficient, HC3 standard error and n from the export, by statsmodels."""
    data = pd.read_csv(export)
    bounds = {"as declared": (25, 99), "all ages": (0, 99), "25 to 50": (25, 50)}[row["exclusions"]]
    data = data[data["age"].between(*bounds)]
    gad7 = [f"gad7_{i:02}" for i in range(1, 8 if row["items"] == "all items" else 7)]
    ucla3 = [f"ucla3_{i:02}" for i in range(1, 4)]
    allowed = {"80 %": (1, 0), "every item": (0, 0), "any item": (len(gad7) - 1, 2)}[row["scoring"]]
    scores = {"age": data["age"]}
    for name, items, blank in (("y", gad7, allowed[0]), ("x", ucla3, allowed[1])):
        sums = data[items].mean(axis=1) * len(items)
        scores[name] = sums.where(data[items].isna().sum(axis=1) <= blank)
    frame = pd.DataFrame(scores)
    low, high = frame.mean() - 1.5 * frame.std(), frame.mean() + 1.5 * frame.std()
    for name in ("x", "y"):
        if row["outliers"] == "set to 1.5 SD":
            frame[name] = frame[name].clip(low[name], high[name])
    if row["outliers"] == "left out":
        inside = [(frame[n].between(low[n], high[n]) | frame[n].isna()) for n in ("x", "y")]
        frame = frame[inside[0] & inside[1]]
    used = frame.dropna()
    used = (used - used.mean()) / used.std()
    names = ["x", "age"] if row["covariates"] == "age" else ["x"]
    fit = sm.OLS(used["y"], sm.add_constant(used[names])).fit()
    return fit.params["x"], fit.HC3_se["x"], len(used)


def test_every_specification_is_the_regression_that_one_makes_by_hand(one_wave):
    study, table = one_wave
    assert set(table["possible"]) == {3 * 3 * 2 * 2 * 3} and table["declared"].tolist() == [True] + [False] * 39
    export = Path(study.folder) / "data/waves/w1.csv"
    expected = pd.DataFrame(
        [by_hand(export, row) for _, row in table.iterrows()], columns=["estimate", "se", "n_people"]
    )
    np.testing.assert_allclose(table["estimate"], expected["estimate"], atol=1e-10)
    np.testing.assert_allclose(table["se"], expected["se"], atol=1e-10)
    assert table["n_people"].tolist() == expected["n_people"].tolist()
    assert table["estimate"].round(6).nunique() > 36  # the options do differ


def test_the_declared_specification_is_the_deciding_row(panel):
    """Imputed with its random slope; and each complete-case model is the companion row of the estimates table."""
    family, settings = panel.families["loneliness"], SETTINGS | {"imputation": {"m": 2, "most": 3}}
    source, _ = rescored_study(panel, family, panel.multiverse, NOBODY)
    known = run_family(source.scores({}), family, settings)
    deciding, table = known[known["decides"]].iloc[0], run(panel, **settings)
    assert table["kind"].tolist() == ["imputed", "regression", "mixed", "mixed", "imputed", "imputed"]
    for name in ("estimate", "se", "df", "p", "n_people", "n_obs", "m", "method", "missing_rule", "ci90_low"):
        assert table[name][0] == deciding[name], name
    complete = known[
        (known["analysis"] == "within_between") & known["m"].isna() & (known["metric"] == "beta_within")
    ].iloc[0]
    slopes = table[(table["kind"] == "mixed") & (table["model"] == "declared")].iloc[0]
    assert slopes["estimate"] == complete["estimate"] != deciding["estimate"]
    persons = table[table["kind"] == "regression"].iloc[0]
    assert persons["estimate"] == known.loc[known["analysis"] == "fixed_effects", "estimate"].iloc[0]
    assert (run(panel, known, **settings)["estimate"] == table["estimate"]).all()


def test_the_verdict_is_by_the_specifications_own_p(one_wave):
    table = one_wave[1]
    inside = (table["ci90_low"] > -0.1) & (table["ci90_high"] < 0.1)
    supported = (table["p"] < 0.05) & (table["estimate"] > 0) & ~inside
    assert (table["verdict"].eq("supported") == supported).all() and supported.nunique() >= 1


def test_a_specification_without_an_estimate_is_a_row_with_its_reason(one_wave, tmp_path):
    folder = written(tmp_path / "s", 1)
    declare(folder, {"outliers": [{"label": "kept"}, {"label": "hardly anybody", "leave_out_beyond": 0.05}]})
    table = run(load_study(folder))
    assert table["verdict"].tolist()[1] == "not testable" and "no wave holds" in table["reason"][1]
    summary = summarise_multiverse(table).iloc[0]
    assert (summary["n"], summary["n_estimated"], summary["share_same_sign"]) == (2, 1, 1.0)
    assert summary["reason"] == table["reason"][1]


def test_scoring_rules_change_reflective_scores_alone():
    exposure, a_rsq = (load_instruments(only=[name])[name] for name in ("mreii_exposure", "a_rsq"))
    assert rescored(exposure, "any").scores == exposure.scores
    product = {score.id: score for score in rescored(a_rsq, "all", ["a_rsq_01_concern"]).scores}
    assert product["a_rsq"].min_answered == len(product["a_rsq"].pairs)


def test_rows_beyond_a_cut_off_leave_in_their_own_wave_alone(panel):
    """Five rows of one wave and three of another are beyond a cut-off, two are looked at and within every one."""
    family = panel.families["loneliness"]
    ids = rescored_study(panel, family, panel.multiverse, NOBODY)[0].scores({})["participant"].unique()
    beyond = [(name, "w1", "long_string") for name in ids[:5]] + [(name, "w2", "mahalanobis_p") for name in ids[5:8]]
    looked_at = [*beyond, (ids[8], "w1", ""), (ids[9], "w3", np.nan)]
    careless = pd.DataFrame(looked_at, columns=["participant", "wave", "beyond_cutoff"])
    source, _ = rescored_study(panel, family, panel.multiverse, careless)
    whole, left = source.scores({}), source.scores({"leave_out_careless": True})
    key = ["participant", "wave"]
    gone = set(whole[key].itertuples(index=False, name=None)) - set(left[key].itertuples(index=False, name=None))
    assert (
        gone == {(name, wave) for name, wave, _ in beyond} & set(whole[key].itertuples(index=False, name=None)) != set()
    )
    kept = whole.merge(left[key], on=key)
    pd.testing.assert_frame_equal(kept, left.reset_index(drop=True))
    screened = source.scores({"keep": ["grown"], "leave_out_careless": True})  # both rules at once
    more = set(source.scores({"keep": ["grown"]})[key].itertuples(index=False, name=None))
    assert set(screened[key].itertuples(index=False, name=None)) == more - {(name, wave) for name, wave, _ in beyond}


# --- which specifications there are ----------------------------------------------------------------------------------


def ground(**more: Any) -> Ground:
    hypothesis = {"outcome": "y", "predictor": "x", "covariates": [AGE]}
    return Ground(**{"hypothesis": hypothesis, "waves": 3, "random_slope": True, "imputes": True, "items": {}} | more)


MODELS = [{"label": "d"}, {"label": "i", "random_slope": False}, {"label": "p", "person_fixed_effects": True}]


def test_combinations_that_come_to_the_same_are_one():
    choices = {
        "covariates": [{"label": "d"}, {"label": "other", "without": ["gender"]}, {"label": "none", "without": "all"}],
        "items": [{"label": "d"}, {"label": "less", "remove": ["z1"]}],
        "scores": [{"label": "d"}, {"label": "part", "instead": {"a_rsq": "a_rsq_concern"}}],
        "model": MODELS,
    }
    plan = {"choices": choices}
    assert len(distinct(plan, ground())) == 2 * 3
    assert len(distinct(plan, ground(waves=2))) == 2  # change on change: there is no mixed model
    assert len(distinct(plan, ground(items={"y": frozenset({"z1", "z2"})}))) == 2 * 2 * 3
    assert distinct(plan, ground(random_slope=False))[1].kind == "imputed"


def test_too_many_are_drawn_with_the_seed_and_counted():
    more = [{"label": str(k), "leave_out_beyond": 2 + k / 10} for k in range(30)]
    add = {"label": "m", "add": [{"name": "z", "type": "number"}], "possible_mediator": True}
    plan = {"choices": {"outliers": [{"label": "kept"}, *more], "model": MODELS, "covariates": [{"label": "d"}, add],
                        "missing": [{"label": "d"}, {"label": "c", "complete_cases": True}]}}  # fmt: skip
    found, most = distinct(plan, ground()), {"regression": 7, "mixed": 3, "imputed": 2, "apart": 4}
    drawn = sampled(found, most, seed=1)
    counts = pd.Series([(one.kind, one.apart, possible) for one, possible in drawn]).value_counts().to_dict()
    assert counts == {
        ("regression", False, 31): 7,
        ("regression", True, 31): 4,
        ("mixed", False, 62): 3,
        ("imputed", False, 93): 2,
    }
    assert drawn[0][0].declared and not any(one.declared for one, _ in drawn[1:])
    assert all(one.differs_from(found[0]) <= 1 for one, _ in drawn if one.imputed)
    assert drawn == sampled(found, most, seed=1) != sampled(found, most, seed=2)
    assert len(sampled(found, MOST, seed=1)) == 31 + 31 + 62 + 93


# --- what they say together ------------------------------------------------------------------------------------------


def told(estimates: list[float], verdicts: list[str], **options: list[str]) -> pd.DataFrame:
    n = len(estimates)
    rows = {"hypothesis": "H1", "family": "f", "label": "l", "declared": [True] + [False] * (n - 1), "apart": False,
            "kind": "regression", "possible": n, "estimate": estimates, "verdict": verdicts, "reason": ""}  # fmt: skip
    return pd.DataFrame(rows | dict.fromkeys(CHOICES, "d") | options)


def test_shares_counted_by_hand():
    verdicts = ["supported", "inconclusive", "supported", "opposite", "equivalent", "not testable", "supported"]
    table = told([0.3, 0.1, 0.2, -0.4, 0.02, np.nan, 9.0], verdicts)
    table["apart"] = [False] * 6 + [True]
    rows = summarise_multiverse(table).set_index("part")
    of_all = rows.loc["all"]
    assert (of_all["n"], of_all["n_estimated"], of_all["n_supported"], of_all["n_opposite"]) == (6, 5, 2, 1)
    assert (of_all["share_supported"], of_all["share_same_sign"], of_all["share_same_verdict"]) == (0.4, 0.8, 0.4)
    assert (of_all["median"], of_all["low"], of_all["high"], of_all["declared"]) == (0.1, -0.4, 0.3, 0.3)
    assert rows.loc["with possible mediators", "median"] == 9.0
    turned = summarise_multiverse(table.assign(estimate=-table["estimate"]))
    assert turned["share_same_sign"][0] == 0.8  # the sign of the declared specification, whichever it is


def test_the_spread_of_a_choice_is_the_range_of_its_means_in_a_full_crossing():
    rng = np.random.default_rng(5)
    table = told(
        list(rng.normal(size=6)), ["supported"] * 6, scoring=["d", "a", "b"] * 2, outliers=["d"] * 3 + ["w"] * 3
    )
    spreads = effects_of_choices(table).drop_duplicates("choice").set_index("choice")["spread"]
    for choice in ("scoring", "outliers"):
        means = table.groupby(choice)["estimate"].mean()
        assert spreads[choice] == pytest.approx(means.max() - means.min())
    assert summarise_multiverse(table)["moves_most"][0] == spreads.idxmax()


def test_the_spread_is_balanced_where_specifications_were_drawn_and_absent_where_options_never_part():
    move = {"d": 0.0, "a": 0.5, "w": -0.2}
    pairs = [("d", "d"), ("d", "d"), ("d", "d"), ("a", "w"), ("a", "d"), ("d", "w"), ("a", "w")]
    table = told(
        [1 + move[a] + move[b] for a, b in pairs],
        ["supported"] * 7,
        scoring=[a for a, _ in pairs],
        outliers=[b for _, b in pairs],
    )
    effects = effects_of_choices(table).set_index(["choice", "option"])
    assert effects.loc[("scoring", "a"), "difference"] == pytest.approx(0.5)
    assert effects.loc[("outliers", "w"), "spread"] == pytest.approx(0.2)
    never = effects_of_choices(told([1.0, 2.0], ["supported"] * 2, scoring=["d", "a"], items=["d", "less"]))
    assert never["spread"].isna().all() and never["status"].str.contains("never vary apart").all()


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_study_without_the_file_has_no_multiverse(tmp_path):
    study = load_study(write_study(tmp_path / "s", 1))
    assert study.multiverse is None and Plan(study).families_in_multiverse == []
    assert summarise_multiverse(tidy(pd.DataFrame(), "multiverse")).empty
    assert effects_of_choices(tidy(pd.DataFrame(), "multiverse")).empty


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"exclusions": [{"label": "all ages", "keep": ["grown"]}, {"label": "declared"}]}, "first option that is not the declared one"),
        ({"exclusions": [{"label": "declared"}, {"label": "all ages", "keep": ["grownn"]}]}, "Did you mean “grown”?"),
        ({"exclusions": [{"label": "declared"}, {"label": "all ages", "keep": ["old"]}]}, "has `action: flag`"),
        ({"scores": [{"label": "declared"}, {"label": "other", "instead": {"ucla3": "gad7_sun"}}]}, "Did you mean “gad7_sum”?"),
        ({"covariates": [{"label": "declared"}, {"label": "other", "without": ["agee"]}]}, "Did you mean “age”?"),
        ({"items": [{"label": "declared"}, {"label": "less", "remove": ["ucla3_01", "ucla3_02", "ucla3_03"]}]}, "would have none left"),
        ({"model": [{"label": "declared"}, {"label": "other", "random_slop": False}]}, "Did you mean “random_slope”?"),
        ({"model": [{"label": "declared"}, {"label": "declared", "random_slope": False}]}, "Two options with one label"),
        ({"model": [{"label": "declared"}, {"label": "other"}]}, "Options that change nothing"),
        ({"covariates": [{"label": "declared"}, {"label": "none", "without": "all", "possible_mediator": True}]},
         "A possible mediator that is not named"),
        ({"covariates": [{"label": "declared"}, *({"label": f"way {k}", "without": "all"} for k in range(399))],
          "outliers": [{"label": "kept"}, *({"label": f"way {k}", "winsorise": 2 + k / 100} for k in range(299))]},
         "120,000 combinations"),
    ],
)  # fmt: skip
def test_faults_of_the_file_are_told(choices, sentence, one_wave):
    folder = Path(one_wave[0].folder)
    declare(folder, choices)
    try:
        with pytest.raises(Refused, match=r"multiverse\.yaml") as refused:
            load_study(folder)
    finally:
        declare(folder, CROSSED)
    assert sentence in str(refused.value)


def test_unknown_hypotheses_are_told_with_near_matches(one_wave):
    folder = Path(one_wave[0].folder)
    declare(folder, CROSSED, ("L11",))
    try:
        with pytest.raises(Refused) as refused:
            load_study(folder)
    finally:
        declare(folder, CROSSED)
    assert "Did you mean “L1”?" in str(refused.value)


def test_a_family_that_is_set_aside_is_no_second_fault(tmp_path):
    folder = write_study(tmp_path / "s", 1)
    family = folder / "config/hypotheses/loneliness.yaml"
    declare(folder, {"covariates": [{"label": "declared"}, {"label": "other", "without": ["age"]}]})
    family.write_text(family.read_text().replace("outcome: gad7_sum", "outcome: gad7_sun"))
    study = load_study(folder)
    assert "loneliness" in study.set_aside and Plan(study).families_in_multiverse == []


def test_a_hypothesis_in_a_file_that_cannot_be_read_is_not_called_unknown(tmp_path):
    folder = write_study(tmp_path / "s", 1)
    declare(folder, {"covariates": [{"label": "declared"}, {"label": "none", "without": "all"}]}, ("L1", "M1"))
    with pytest.raises(Refused) as refused:
        load_study(folder)
    assert "M1" in str(refused.value)
    (folder / "config/hypotheses/mine.yaml").write_text("family: mine\nhypotheses: [{id: M1\n", encoding="utf-8")
    study = load_study(folder)
    assert "mine" in study.set_aside and list(study.families) == ["loneliness"]
    assert study.multiverse["hypotheses"] == ["L1", "M1"]


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_the_curve_shows_every_estimate_once_and_the_apart_ones_last():
    tables = {name: tidy(frame, name) for name, frame in multiverse().items()}
    made = specification_curve.draw(
        multiverse=tables["multiverse"], multiverse_summary=tables["multiverse_summary"], study=facts()
    )
    assert faults_of_layout(made.figure) == []
    curves = [axes for axes in made.figure.axes if axes.axison]
    for axes, (_, own) in zip(curves, tables["multiverse"].groupby("hypothesis"), strict=True):
        points = np.concatenate(
            [np.column_stack(line.get_data()) for line in axes.lines if line.get_label() == "estimate"]
        )
        points = points[points[:, 0].argsort()]
        apart = own[own["apart"]]["estimate"].sort_values()
        rest = own[~own["apart"]]["estimate"].dropna().sort_values()
        np.testing.assert_allclose(points[:, 1], [*rest, *apart])
        assert np.diff(points[:, 0])[len(rest) - 1] > 1  # a gap
        hollow = [
            line for line in axes.lines if line.get_label() == "estimate" and line.get_markerfacecolor() == "#FFFFFF"
        ]
        assert sum(len(line.get_xdata()) for line in hollow) == len(apart)
    below = [axes for axes in made.figure.axes if not axes.axison][-2:]
    marks = sum(
        len(c.get_segments()) for axes in below for c in axes.collections if c.get_label() in sum(OPTIONS.values(), ())
    )
    assert marks == 5 * len(made.data)  # one for each choice and specification
    assert "apart" in made.data and "from −" in made.alt and "no test" in made.note


def test_the_printed_table_names_what_moves_the_estimate_most():
    tables = {name: tidy(frame, name) for name, frame in multiverse().items() if name != "multiverse"}
    printed = lay_out(**tables, study=facts())
    kinds = [row[0] for row in printed.rows[:4]]  # of H1, before what puts the kinds together
    assert [kind.partition("^")[0] for kind in kinds] == [
        "Complete-case regressions", "Complete-case mixed models", "All of these, as drawn",
        "Apart: possible mediators as covariates",
    ]  # fmt: skip
    together = printed.rows[2]
    assert together[0].endswith("^a") and together[1] == "48" and together[-1].startswith("covariates 0.05")
    assert printed.specific == (("a", "9 complete cases."),)
    assert lay_out(**{name: frame.iloc[:0] for name, frame in tables.items()}, study=facts()).rows == ()


def test_a_source_that_is_not_there_is_treated_as_the_declared_analysis_treats_it() -> None:
    rng, sources = np.random.default_rng(4), ["partner", "work", "club"]
    scores = pd.DataFrame(rng.normal(size=(200, 4)), columns=[*sources, "age"])
    scores["y"] = scores["partner"] + rng.normal(size=len(scores))
    scores = scores.assign(participant=range(200), wave="w1", wave_number=1, role="wave")
    scores.loc[scores["participant"] % 3 == 0, "club"] = np.nan

    class Source:
        def scores(self, *_: Any) -> pd.DataFrame:
            return scores

    hypothesis = {"id": "H1", "label": "sources", "model": "contrast_of_predictors", "outcome": "y", "predictors": sources,
                  "direction": "positive", "covariates": [AGE], "sesoi": 0.10, "claim_type": "difference"}  # fmt: skip
    family = {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [hypothesis]}
    choices = {"covariates": [{"label": "as declared"}, {"label": "none", "without": "all"}]}
    table = run_multiverse(Source(), {"hypotheses": ["H1"], "most": MOST, "choices": choices}, family, SETTINGS, {})
    decided = run_family(scores, family, SETTINGS).query("decides").iloc[0]
    own = ["estimate", "se", "df", "n_obs", "n_lost"]
    assert table.loc[0, own].astype(float).tolist() == pytest.approx(decided[own].astype(float).tolist(), rel=1e-9)
    assert table["n_obs"].tolist() == [200, 200]


def test_unequal_rates_of_the_kinds_stand_in_table_and_note():
    found = multiverse()
    tables = {name: tidy(frame, name) for name, frame in found.items()}
    even = specification_curve.draw(
        multiverse=tables["multiverse"],
        multiverse_summary=tables["multiverse_summary"].assign(possible=48),
        study=facts(),
    )
    uneven = tables["multiverse_summary"].copy()
    uneven.loc[uneven["part"] == "regression", "possible"] = 2 * uneven["n"]
    uneven.loc[uneven["part"] == "mixed", "possible"] = 500 * uneven["n"]
    curve = specification_curve.draw(multiverse=tables["multiverse"], multiverse_summary=uneven, study=facts())
    printed = lay_out(multiverse_summary=uneven, multiverse_choices=tables["multiverse_choices"], study=facts())
    said = "50% of the complete-case regressions that the options allow and 0.2% of the complete-case mixed models"
    for text in (curve.note, " ".join(printed.general)):
        assert said in text and "unequal rates" in text
    assert "unequal" not in even.note
    assert "of complete-case regressions 100% supported" in curve.alt
