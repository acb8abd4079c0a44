"""The population values of every hypothesis: their estimators agree with the study's models, and the truth is as planted."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.declarations import read_yaml
from rejsens.definitions import load_instruments
from rejsens.hypotheses import variables
from rejsens.inference.analyses import rows_of
from rejsens.inference.covariates import person_waves
from rejsens.inference.event_models import with_scores
from rejsens.inference.lagged_mediation import lagged_indirect
from rejsens.inference.latent_growth import latent_growth
from rejsens.inference.questions import put
from rejsens.simulate import estimands, population_estimands, read_parameters
from rejsens.simulate import truth as population

ROOT = Path(__file__).parents[2]
PARAMETERS = read_parameters()
WAVES = [wave["name"] for wave in PARAMETERS["waves"]]
KINDS = list(PARAMETERS["modules"]["events"]["none"])
FAMILIES = [read_yaml(path, "hypotheses") for path in sorted((ROOT / "config" / "hypotheses").glob("*.yaml"))]
HYPOTHESES = {h["id"]: h for family in FAMILIES for h in family["hypotheses"]}
EVERY_NAME = {name for h in HYPOTHESES.values() for of in variables(h).values() for name in of}


def drawn_panel(people):
    """Scores of a small population; the same as the long tables that the study's models read, of waves and of events."""
    values = population.draw_population(PARAMETERS, EVERY_NAME, people, (5, "test"))
    number = np.tile(np.arange(1, 7), people)
    about = {"participant": np.repeat([f"p{k:05}" for k in range(people)], 6), "wave_number": number, "role": "wave"}
    about["wave"] = [WAVES[k - 1] for k in number]
    long = {name: np.asarray(v, dtype=float).ravel() for name, v in values.items()}
    frame = pd.DataFrame({**about, **long})
    rated = [
        pd.DataFrame({**about, "event": kind, **{n.removeprefix(f"{kind}_"): v for n, v in long.items() if kind in n}})
        for kind in KINDS
    ]
    events = pd.concat(rated).dropna(subset=["mreii_a_hurt"])
    return values, frame, events.sort_values(["participant", "wave_number", "event"], ignore_index=True)


@pytest.fixture(scope="module")
def population_and_tables():
    return drawn_panel(400)


# One of each model, and of each way in which rows are chosen: where, a source that is absent, one wave, events.
OF_EACH = ["H1", "H7", "H7b", "H13", "H14", "H15", "H18b", "H19", "H20", "H22a", "H23a", "H29", "H39", "H40", "H41a", "H42",
           "H43", "H47"]  # fmt: skip


@pytest.mark.parametrize("name", OF_EACH)
def test_the_estimators_of_the_truth_agree_with_the_models_of_the_study(name, population_and_tables):
    """Two codes on the same people: least squares agree to rounding, maximum with restricted likelihood to a
    twentieth of a standard error."""
    values, frame, events = population_and_tables
    h = HYPOTHESES[name]
    family = next(f for f in FAMILIES if h in f["hypotheses"])
    settings = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 20, "seed": 1, "imputation": {"m": 0, "most": 0}}
    panel, completed = person_waves(frame), None
    question = put(h, panel, with_scores(events, frame, []), settings, bool(family.get("random_slope")), completed)
    rows = {(row.analysis, row.wave, row.metric): row for row in reversed(rows_of(question))}
    asked = estimands.Asked(h, values, WAVES, KINDS, bool(family.get("random_slope")))
    found = estimands.estimands(asked)
    assert found and rows[found[0][0]].decides
    for key, value in found:
        row = rows[key]
        likelihood = key[0] in (
            "within_between",
            "cross_level",
            "within_contrast",
            "event_level",
            "cumulative_exposure",
        )
        assert row.status != "not testable", (key, row.reason)
        near = 0.05 * row.se if likelihood or key[0] == "ri_clpm" else 1e-9
        assert abs(row.estimate - value) < near, (key, row.estimate, value)


def test_paths_by_way_of_a_mediator_and_growth_agree_with_their_structural_equations():
    """On complete answers both codes maximise one likelihood, and the mean slope of balanced waves is that of their means."""
    rng = np.random.default_rng(3)
    level, own, waves = rng.normal(size=(500, 3)), rng.normal(size=(500, 3)), []
    steps = np.array([[0.3, 0.4, 0.0], [0.0, 0.3, -0.4], [0.0, 0.0, 0.3]])
    for number in range(5):
        waves.append(level + own + [0, 0, 0.2 * number])
        own = own @ steps + 0.9 * rng.normal(size=(500, 3))
    values = {name: np.column_stack([wave[:, k] for wave in waves]) for k, name in enumerate("xmy")}
    slopes = 0.3 * rng.normal(size=(500, 1)) + 0.1
    values["z"] = rng.normal(size=(500, 1)) + slopes * np.arange(5.0) + 0.5 * rng.normal(size=(500, 5))
    frame = pd.DataFrame({"participant": np.repeat(np.arange(500), 5), "wave": list("abcde") * 500,
                          "wave_number": [1, 2, 3, 4, 5] * 500, **{name: v.ravel() for name, v in values.items()}})  # fmt: skip

    def truth(**hypothesis: object) -> tuple[tuple[str, str, str], float]:
        (found,) = estimands.estimands(estimands.Asked({"covariates": [], **hypothesis}, values, list("abcde")))
        return found

    key, product = truth(model="mediation", outcome="y", predictor="x", mediator="m")
    indirect, a, b, _ = lagged_indirect(frame, "y", "x", mediator="m", draws=200, rng=rng)
    assert key == (indirect.analysis, indirect.wave, indirect.metric)
    assert product == pytest.approx(a.estimate * b.estimate, abs=1e-4) and product < -0.05
    key, slope = truth(model="growth", outcome="z")
    mean = latent_growth(frame, "z")[0]
    assert key == (mean.analysis, mean.wave, mean.metric)
    assert slope == pytest.approx(mean.estimate, abs=1e-5) and slope > 0.05


def test_what_is_not_computed_says_why():
    key, why = estimands.omitted(HYPOTHESES["H28"])
    assert key == ("ri_clpm_both", "all", "beta_within") and "larger p" in why
    one_way = {name: value for name, value in HYPOTHESES["H28"].items() if name != "both_directions"}
    assert estimands.omitted(one_way) is None
    assert estimands.omitted(HYPOTHESES["H37"])[0][0] == "piecewise_recovery"


def test_the_truth_is_written_for_the_families_of_the_study(tmp_path, monkeypatch):
    (tmp_path / "config" / "hypotheses").mkdir(parents=True)
    for name in ("primary", "giving"):
        text = (ROOT / "config" / "hypotheses" / f"{name}.yaml").read_text("utf-8")
        (tmp_path / "config" / "hypotheses" / f"{name}.yaml").write_text(text, "utf-8")
    asked = []

    def found(parameters, families, report):
        asked.extend(family["family"] for family in families)
        return pd.DataFrame([("H1", "within_between", "all", "beta_within", -0.123456789, 0.0012345678, 1000, "")],
                            columns=list(population.COLUMNS))  # fmt: skip

    monkeypatch.setattr(population, "population_estimands", found)
    population.write_truth(tmp_path)
    assert asked == ["giving", "primary"]
    written = (tmp_path / "data" / "truth" / "estimands.csv").read_text("utf-8").splitlines()
    assert written == [",".join(population.COLUMNS), "H1,within_between,all,beta_within,-0.123457,0.001235,1000,"]


def test_a_score_that_is_made_of_scores_is_drawn_with_them():
    (found,) = population._needed([{"id": "sses"}], load_instruments(only=["sses"]), {"sses"})
    assert {score.id for score in found.scores} == {"sses", "sses_performance", "sses_social", "sses_appearance"}
    (found,) = population._needed([{"id": "sses"}], load_instruments(only=["sses"]), {"sses_social"})
    assert [score.id for score in found.scores] == ["sses_social"]
    assert population._needed([{"id": "sses"}], load_instruments(only=["sses"]), {"another"}) == []


def test_the_shipped_estimands_are_those_of_the_parameters_and_families():
    """Those of the primary family from another draw; every hypothesis has a value or a reason."""
    shipped = pd.read_csv(ROOT / "data" / "truth" / "estimands.csv")
    assert list(shipped.columns) == list(population.COLUMNS) and set(shipped["hypothesis"]) == set(HYPOTHESES)
    known = shipped[shipped["estimand"].notna()]
    assert (known["n_people"] == 1_000_000).all() and known["mc_error"].between(0, 0.004).all()
    left = shipped[shipped["estimand"].isna()].set_index("hypothesis")["reason"]
    assert left.str.len().gt(20).all() and set(left.index) == {"H28", "H37"}
    other_draw = {**PARAMETERS, "truth": {**PARAMETERS["truth"], "seed": 99}}
    simpler = [{**f, "random_slope": False} for f in FAMILIES if f["family"] in ("primary", "giving")]
    fresh = population_estimands(other_draw, simpler, people=20_000, batches=1)
    both = shipped.merge(fresh, on=["hypothesis", "analysis", "wave", "metric"], validate="one_to_one")
    assert len(both) == len(fresh)
    error = both["mc_error_x"] * math.sqrt(1_000_000 / 20_000)
    assert ((both["estimand_x"] - both["estimand_y"]).abs() < 4.5 * np.maximum(error, 0.0025)).all()


def test_the_truth_holds_signs_as_declared_nulls_a_reversal_and_an_interaction():
    shipped = pd.read_csv(ROOT / "data" / "truth" / "estimands.csv").dropna(subset=["estimand"])
    deciding = shipped.drop_duplicates("hypothesis").set_index("hypothesis")
    value, error = deciding["estimand"], deciding["mc_error"]
    assert value["H1"] < -0.12 and value["H2"] > 0.12 and value["H3"] > 0.12
    assert abs(value["H4"]) < 3 * error["H4"] < 0.003
    assert value["H6"] < -0.12 and HYPOTHESES["H6"]["direction"] == "positive"
    assert value["H22a"] < -0.04 and HYPOTHESES["H22a"]["direction"] == "negative"
    nulls = ["H36a", "H36b", "H35", "H44a", "H44b", "H22b", "H24a", "H24b", *(h for h in HYPOTHESES if h[:3] == "H34")]
    assert value[nulls].abs().max() < 0.012  # none by a path; a common cause or a nonlinear score may leave a little
    assert abs(value["H18"]) < 0.02  # unclear events hurt as much as clear ones


def test_a_hypothesis_about_a_module_has_an_estimand_and_moves_no_other():
    asked = {"outcome": "mreii_to", "predictor": "mreii_e_freq", "covariates": HYPOTHESES["H1"]["covariates"]}
    both = [{"hypotheses": [HYPOTHESES["H1"], {"id": "H5", **asked}]}]
    alone = population_estimands(PARAMETERS, [{"hypotheses": [HYPOTHESES["H1"]]}], people=4000, batches=1)
    found = population_estimands(PARAMETERS, both, people=4000, batches=1)
    pd.testing.assert_frame_equal(found[found["hypothesis"] == "H1"].reset_index(drop=True), alone)
    value = found.set_index(["hypothesis", "analysis"]).loc[("H5", "within_between"), "estimand"].item()
    assert -0.18 < value < -0.08  # -.16 between states, less in scores
