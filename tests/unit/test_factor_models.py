"""The factor-model engine against lavaan (tests/reference/sem.R): estimators, structures, groups, waves, path models."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.psychometrics import Parameter, Table, cfa, compare_models, fit_model, invariance

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "sem.json").read_text(encoding="utf-8"))
NAMES = (
    "groups",
    "skewed",
    "holes",
    "waves",
    "dropout",
    "bifactor",
    "ordinal3",
    "ordinal4",
    "ordinal5",
    "ordinal_waves",
    "empty",
)
DATA = {name: pd.read_csv(REFERENCE / f"sem_{name}.csv") for name in NAMES}
DATA["continuous"] = pd.read_csv(REFERENCE / "psychometrics_continuous.csv")
THREE = {"f": ["x1", "x2", "x3"], "g": ["x4", "x5", "x6"], "h": ["x7", "x8", "x9"]}
BIFACTOR = {"f": ["b1", "b2", "b3"], "g": ["b4", "b5", "b6"], "h": ["b7", "b8", "b9"]}
SIX = [f"q{i}" for i in range(1, 7)]
TWO = {"f": SIX[:3], "g": SIX[3:]}
BINARY = DATA["ordinal4"].assign(**{q: (DATA["ordinal4"][q] > 1).astype(int) for q in SIX})
PANEL = DATA["dropout"][["i1_w1", "i1_w2", "i1_w3", "i4_w1", "i4_w2", "i4_w3"]].set_axis(
    ["x1", "x2", "x3", "y1", "y2", "y3"], axis=1
)

MODELS = {
    "ml": lambda: cfa(DATA["continuous"], THREE),
    "mlm": lambda: cfa(DATA["skewed"], THREE, estimator="MLM"),
    "mlr": lambda: cfa(DATA["skewed"], THREE, estimator="MLR"),
    "fiml": lambda: cfa(DATA["holes"], THREE, missing="fiml"),
    "fiml_mlr": lambda: cfa(DATA["holes"], THREE, missing="fiml", estimator="MLR"),
    "residual": lambda: cfa(DATA["skewed"], THREE, residual_covariances=[("x1", "x4"), ("x2", "x7")]),
    "groups": lambda: cfa(DATA["groups"], THREE, groups="group"),
    "groups_mlm": lambda: cfa(DATA["groups"], THREE, groups="group", estimator="MLM"),
    "groups_mlr": lambda: cfa(DATA["groups"], THREE, groups="group", estimator="MLR"),
    "bifactor": lambda: cfa(DATA["bifactor"], BIFACTOR, structure="bifactor", identification="variance"),
    "second_order": lambda: cfa(DATA["skewed"], THREE, structure="second_order"),
    "second_order_variance": lambda: cfa(DATA["skewed"], THREE, structure="second_order", identification="variance"),
    "one_factor": lambda: cfa(DATA["skewed"], THREE, structure="one_factor"),
    "method": lambda: cfa(DATA["bifactor"], BIFACTOR, structure="method", reversed_items=["b3", "b6", "b9"]),
    "riclpm": lambda: fit_model(PANEL, riclpm(), missing="fiml"),
    "growth": lambda: fit_model(PANEL, growth(), missing="fiml"),
    "wlsmv4": lambda: cfa(DATA["ordinal4"], TWO, estimator="WLSMV"),
    "wlsmv5": lambda: cfa(DATA["ordinal5"], TWO, estimator="WLSMV"),
    "wlsmv3": lambda: cfa(DATA["ordinal3"], TWO, estimator="WLSMV"),
    "wlsmv2": lambda: cfa(BINARY, TWO, estimator="WLSMV"),
    "wlsmv_one": lambda: cfa(DATA["ordinal4"], {"f": SIX}, estimator="WLSMV"),
    "wlsmv_residual": lambda: cfa(DATA["ordinal4"], TWO, estimator="WLSMV", residual_covariances=[("q1", "q4")]),
    "wlsmv_groups": lambda: cfa(DATA["ordinal5"], TWO, estimator="WLSMV", groups="group"),
    "wlsmv_empty": lambda: cfa(DATA["empty"], TWO, estimator="WLSMV", groups="group"),
}  # fmt: skip
CLOSE = {"chi2": "chisq", "chi2_scaled": "chisq.scaled", "loglik": "logl", "aic": "aic", "bic": "bic"}
INDICES = {
    "p": "pvalue", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "rmsea_ci_low": "rmsea.ci.lower", "rmsea_ci_high": "rmsea.ci.upper",
    "srmr": "srmr", "p_scaled": "pvalue.scaled", "cfi_scaled": "cfi.scaled", "tli_scaled": "tli.scaled",
    "rmsea_scaled": "rmsea.scaled", "rmsea_scaled_ci_low": "rmsea.ci.lower.scaled", "rmsea_scaled_ci_high": "rmsea.ci.upper.scaled",
    "cfi_robust": "cfi.robust", "tli_robust": "tli.robust", "rmsea_robust": "rmsea.robust",
    "rmsea_robust_ci_low": "rmsea.ci.lower.robust", "rmsea_robust_ci_high": "rmsea.ci.upper.robust",
}  # fmt: skip


def riclpm() -> Table:
    """Random-intercept cross-lagged panel of x and y at three waves."""
    rows, wave = [], (1, 2, 3)
    for v in "xy":
        rows += [Parameter(f"r{v}", "=~", f"{v}{t}", fixed=1) for t in wave] + [Parameter(f"r{v}", "~~", f"r{v}")]
        for t in wave:
            rows += [
                Parameter(f"w{v}{t}", "=~", f"{v}{t}", fixed=1),
                Parameter(f"w{v}{t}", "~~", f"w{v}{t}"),
                Parameter(f"{v}{t}", "~1"),
            ]
            rows += [Parameter(f"w{v}{t}", "~", f"w{u}{t - 1}") for u in "xy" if t > 1]
    rows += [Parameter(f"wx{t}", "~~", f"wy{t}") for t in wave] + [Parameter("rx", "~~", "ry")]
    factors = ("rx", "ry", *(f"w{v}{t}" for v in "xy" for t in wave))
    return Table(tuple(f"{v}{t}" for v in "xy" for t in wave), factors, tuple(rows), means=True)


def growth() -> Table:
    rows = [Parameter("level", "=~", f"x{t}", fixed=1) for t in (1, 2, 3)]
    rows += [Parameter("slope", "=~", f"x{t}", fixed=t - 1) for t in (1, 2, 3)]
    rows += [Parameter("level", "~~", "level"), Parameter("level", "~~", "slope"), Parameter("slope", "~~", "slope")]
    rows += [Parameter(f"x{t}", "~~", f"x{t}", label="e") for t in (1, 2, 3)]
    rows += [Parameter("level", "~1"), Parameter("slope", "~1")]
    return Table(("x1", "x2", "x3"), ("level", "slope"), tuple(rows), means=True)


# lavaan leaves the groups' weights out of the baseline's trace where items are ordered, so that the scaling of the
# baseline grows with the number of groups. We do not; with two groups the difference is in the fourth decimal.
LOOSE = ("cfi_robust", "tli_robust")


def compare_fit(fit, lavaan: dict, loose: Collection[str] = ()) -> None:
    assert fit.df == lavaan["df"]
    for ours, theirs in CLOSE.items():
        if theirs in lavaan:
            assert getattr(fit, ours) == pytest.approx(lavaan[theirs], abs=1e-3, rel=1e-5), ours
    for ours, theirs in INDICES.items():
        if lavaan.get(theirs) is not None:
            assert getattr(fit, ours) == pytest.approx(lavaan[theirs], abs=5e-4 if ours in loose else 1e-4), ours


def compare_estimates(model, rows: list[dict]) -> None:
    rows = pd.DataFrame(rows)
    ours = model.estimates.copy()
    if model.groups:
        ours["group"] = [model.groups.index(name) + 1 for name in ours["group"]]
    key = [name for name in ("lhs", "op", "rhs", "group") if name in ours and name in rows]
    if "group" not in key and "group" in rows:
        rows = rows.drop(columns="group")
    both = ours.merge(rows, on=key, validate="one_to_one")
    assert len(both) == len(ours)
    np.testing.assert_allclose(both["estimate"], both["est"], atol=2e-4, rtol=2e-4)
    np.testing.assert_allclose(both["std"], both["est.std"], atol=1e-4)
    free = both["free"]
    np.testing.assert_allclose(both.loc[free, "se_x"], both.loc[free, "se_y"], atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(both["std_se"].fillna(0), both["se.std"].fillna(0), atol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_fit_equals_lavaan(name):
    model = MODELS[name]()
    assert model.status == "admissible" or name in ("bifactor", "method"), model.status
    assert model.n == R["models"][name]["n"]
    compare_fit(model.fit, R["models"][name]["fit"])


@pytest.mark.parametrize("name", MODELS)
def test_estimates_equal_lavaan(name):
    compare_estimates(MODELS[name](), R["models"][name]["estimates"])


@pytest.mark.parametrize("name", ["ml", "mlm", "residual", "groups", "wlsmv4", "wlsmv_one"])
def test_modification_indices_equal_lavaan(name):
    model = MODELS[name]()
    ours, rows = model.modification_indices(), pd.DataFrame(R["models"][name]["modification"])
    if model.groups:
        ours["group"] = [model.groups.index(g) + 1 for g in ours["group"]]
    key = [column for column in ("lhs", "op", "rhs", "group") if column in ours]
    both = rows.merge(ours, on=key, suffixes=("_r", ""), how="left", validate="one_to_one")
    both = both[~((both["op"] == "~~") & (both["lhs"] == both["rhs"]))]
    assert both["mi"].notna().all() and len(both) >= 15
    np.testing.assert_allclose(both["mi"], both["mi_r"], atol=1e-3)
    np.testing.assert_allclose(both["epc"], both["epc_r"], atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(both["std_epc"], both["sepc.all"], atol=1e-3)


@pytest.mark.parametrize("name", ["ml", "mlm", "wlsmv4"])
def test_correlation_residuals_equal_lavaan(name):
    model = MODELS[name]()
    np.testing.assert_allclose(model.residuals, R["models"][name]["residuals"], atol=1e-4)


# --- invariance ------------------------------------------------------------------------------------------------------

WAVES = {f"w{t}": {f"i{j}": f"i{j}_w{t}" for j in (1, 2, 3, 4)} for t in (1, 2, 3)}
ITEMS = {"f": ["i1", "i2", "i3", "i4"]}
LADDERS = {
    ("groups", "ml"): lambda: invariance(DATA["groups"], THREE, groups="group"),
    ("groups", "mlr"): lambda: invariance(DATA["groups"], THREE, groups="group", estimator="MLR"),
    ("groups", "mlm"): lambda: invariance(DATA["groups"], THREE, groups="group", estimator="MLM"),
    ("groups", "partial"): lambda: invariance(DATA["groups"], THREE, groups="group", release=[("intercepts", "x5")]),
    ("waves", "ml"): lambda: invariance(DATA["waves"], ITEMS, waves=WAVES),
    ("waves", "fiml"): lambda: invariance(DATA["dropout"], ITEMS, waves=WAVES, missing="fiml"),
    ("waves", "fiml_mlr"): lambda: invariance(DATA["dropout"], ITEMS, waves=WAVES, missing="fiml", estimator="MLR"),
    ("ordered", "groups4"): lambda: invariance(DATA["ordinal4"], TWO, groups="group", estimator="WLSMV"),
    ("ordered", "groups5"): lambda: invariance(DATA["ordinal5"], TWO, groups="group", estimator="WLSMV"),
    ("ordered", "groups3"): lambda: invariance(DATA["ordinal3"], TWO, groups="group", estimator="WLSMV"),
    ("ordered", "waves"): lambda: invariance(DATA["ordinal_waves"], ITEMS, waves=WAVES, estimator="WLSMV"),
}  # fmt: skip


@pytest.mark.parametrize("name", LADDERS)
def test_each_rung_equals_lavaan(name):
    ladder, reference = LADDERS[name](), R[name[0]][name[1]]
    assert (ladder.status, ladder.highest) == ("admissible", list(ladder.table["rung"])[-1])
    for rung, model in ladder.models.items():
        compare_fit(model.fit, reference["fit"][rung], LOOSE if name[0] == "ordered" else ())
    tested = ladder.table[ladder.table["against"] != ""]
    for row, lavaan in zip(tested.itertuples(), reference["difference"], strict=True):
        assert row.d_df == lavaan["df"]
        assert row.d_chi2 == pytest.approx(lavaan["chi2"], abs=1e-3, rel=1e-5)
        assert row.d_p == pytest.approx(lavaan["p"], abs=1e-4)


def test_satorra_2000_equals_lavaan():
    models = list(LADDERS["groups", "mlm"]().models.values())
    for free, restricted, lavaan in zip(models, models[1:], R["groups"]["satorra2000"], strict=False):
        difference = compare_models(restricted, free, "satorra_2000")
        assert difference.df == lavaan["df"] and difference.status == "tested"
        assert difference.chi2 == pytest.approx(lavaan["chi2"], abs=1e-3, rel=1e-5)


def test_thresholds_and_loadings_that_cannot_be_tested():
    three = LADDERS["ordered", "groups3"]().table
    assert three.loc[1, "status"] == "not testable: thresholds of three categories or fewer can always be made equal"
    assert three.loc[2, ["against", "d_df"]].tolist() == ["configural", 4]
    two = invariance(BINARY, TWO, groups="group", estimator="WLSMV")
    assert two.table["status"].str.startswith("not testable").tolist() == [False, True, True, False, False]
    compare_fit(two.models["configural"].fit, R["ordered"]["groups2"]["fit"]["configural"], LOOSE)


def test_score_tests_of_a_rung_equal_lavaan():
    kinds = {"=~": "loadings", "~1": "intercepts"}
    reference = {(kinds[row["op"]], row["item"]): row["chi2"] for row in R["groups"]["score"]}
    rows = LADDERS["groups", "ml"]().release_candidates("scalar")
    assert rows.loc[0, ["kind", "item", "df"]].tolist() == ["intercepts", "x5", 1]
    assert len(rows) == len(reference) == 18
    for row in rows.itertuples():
        assert row.chi2 == pytest.approx(reference[row.kind, row.item], abs=1e-3), (row.kind, row.item)


def test_partial_invariance_names_what_it_releases():
    table = LADDERS["groups", "partial"]().table
    assert table["released"].tolist() == ["", "", "intercepts of x5", "intercepts of x5"]
    ladder = invariance(
        DATA["ordinal5"], TWO, groups="group", estimator="WLSMV", release=[("thresholds", "q2"), ("loadings", "q4")]
    )
    assert ladder.status == "admissible"
    # Of the thresholds rung: 4 thresholds less intercept and scale, by 5 items; of the loadings rung: 5 items less 2.
    assert ladder.table["d_df"].tolist()[1:] == [10, 3, 3, 5]
    assert ladder.table.loc[1, "released"] == "thresholds of q2"


def test_a_failure_bars_the_rungs_above_it():
    heywood = pd.read_csv(REFERENCE / "psychometrics_heywood.csv")
    both = pd.concat([heywood.assign(group="one"), heywood.assign(group="two")])
    ladder = invariance(both, {"f": list(heywood)}, groups="group")
    assert ladder.status.startswith("configural: negative residual variance: h1 (group 1)")
    assert ladder.highest == "" and list(ladder.models) == ["configural"]
    assert ladder.table.loc[1:, "status"].tolist() == ["barred: the rung configural is not admissible"] * 3
    assert ladder.table.loc[1:, "chi2"].isna().all()


# --- what the engine refuses, and says -------------------------------------------------------------------------------


def test_an_empty_category_is_joined_and_said_aloud():
    model = MODELS["wlsmv_empty"]()
    assert model.notes == ("q2: a group has no answer 4, which is joined with 3",)
    assert (model.estimates["op"] == "|").sum() == 2 * (4 * 4 + 2 * 3)  # q2 and q5 lost a category
    assert invariance(DATA["empty"], TWO, groups="group", estimator="WLSMV").notes[0] == model.notes[0]
    split = DATA["ordinal4"].assign(q1=lambda d: d["group"].eq("one").astype(int))
    assert cfa(split, TWO, estimator="WLSMV", groups="group").status == "not estimated: one: q1 does not vary"


def test_the_same_model_in_other_words_fits_the_same():
    bifactor = cfa(DATA["bifactor"], BIFACTOR, structure="bifactor")
    rows = [Parameter("general", "=~", item) for items in BIFACTOR.values() for item in items]
    rows += [Parameter(f, "=~", item) for f, items in BIFACTOR.items() for item in items]
    rows += [Parameter(f, "~~", f, fixed=1) for f in ("general", "f", "g", "h")]
    items = tuple(item for own in BIFACTOR.values() for item in own)
    rows += [Parameter(item, "~~", item) for item in items]
    table = Table(items, ("general", "f", "g", "h"), tuple(rows))
    assert fit_model(DATA["bifactor"], table).fit.chi2 == pytest.approx(bifactor.fit.chi2, abs=1e-6)
    assert list(table.frame.columns)[:3] == ["lhs", "op", "rhs"] and len(table.frame) == len(rows)


def test_fiml_of_complete_rows_is_ml():
    ml, fiml = cfa(DATA["skewed"], THREE), cfa(DATA["skewed"], THREE, missing="fiml")
    assert fiml.fit.chi2 == pytest.approx(ml.fit.chi2, abs=1e-8)
    assert fiml.missing_rule == "full information maximum likelihood"
    np.testing.assert_allclose(fiml.loadings["std"], ml.loadings["std"], atol=1e-8)


def test_fiml_keeps_every_row_with_an_answer():
    listwise, fiml = cfa(DATA["holes"], THREE), cfa(DATA["holes"], THREE, missing="fiml")
    assert (fiml.n, fiml.n_lost) == (349, 1) and listwise.n + listwise.n_lost == 350
    assert fiml.loadings["std_se"].mean() < listwise.loadings["std_se"].mean()
    never = DATA["holes"].assign(x1=lambda d: d["x1"].where(d["x2"].isna()))
    assert cfa(never, THREE, missing="fiml").status == "not estimated: nobody answered both x1 and x2"
    twice = DATA["holes"].assign(x2=lambda d: d["x1"])
    assert "linearly dependent" in cfa(twice, THREE, missing="fiml").status


def test_residual_correlation_outside_one_is_inadmissible():
    """Loadings of .9 leave the first two items a covariance of .5 − .81, of residual variances of .19."""
    correlations = np.full((4, 4), 0.81)
    np.fill_diagonal(correlations, 1)
    correlations[0, 1] = correlations[1, 0] = 0.5
    values = np.random.default_rng(5).normal(size=(200, 4))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(values.T @ values / 200)).T
    data = pd.DataFrame(white @ np.linalg.cholesky(correlations).T, columns=list("abcd"))
    rows = [Parameter("f", "=~", name, fixed=0.9) for name in "abcd"] + [Parameter("f", "~~", "f", fixed=1)]
    rows += [Parameter(name, "~~", name) for name in "abcd"] + [Parameter("a", "~~", "b")]
    model = fit_model(data, Table(tuple("abcd"), ("f",), tuple(rows)))
    assert model.status == "residual correlation outside ±1: a with b"


def test_negative_factor_variance_is_inadmissible():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 3))
    data = pd.DataFrame(
        noise - 0.9 * noise.mean(axis=1, keepdims=True), columns=list("abc")
    )  # all correlate negatively
    rows = [Parameter("f", "=~", name, fixed=1) for name in "abc"] + [Parameter("f", "~~", "f")]
    rows += [Parameter(name, "~~", name) for name in "abc"]
    model = fit_model(data, Table(tuple("abc"), ("f",), tuple(rows)))
    assert model.status == "negative factor variance: f"


@pytest.mark.parametrize(("third", "told"), [(0.1, False), (0.005, True)])
def test_loadings_that_the_data_hardly_tell_apart_are_inadmissible(third, told):
    """Of the two other loadings of its factor only the product is known once the third is nearly 0."""
    correlations = np.outer(np.full(6, 0.7), np.full(6, 0.7))
    extra = np.array([0, 0, 0, 0.5, 0.4, third])
    correlations += np.outer(extra, extra)
    np.fill_diagonal(correlations, 1)
    values = np.random.default_rng(1).normal(size=(500, 6))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(values.T @ values / 500)).T
    data = pd.DataFrame(white @ np.linalg.cholesky(correlations).T, columns=list("abcdef"))
    model = cfa(data, {"g": list("abcdef")}, structure="method", reversed_items=list("def"), identification="variance")
    assert model.admissible is not told
    assert ("hardly tell parameters apart: method=~d, method=~e" in model.status) is told


def test_answers_that_are_no_categories():
    model = cfa(DATA["skewed"], THREE, estimator="WLSMV")
    assert model.status == "not estimated: x1 has 350 different answers, too many to be ordered categories"


@pytest.mark.parametrize("seed", range(4))
def test_small_coarse_samples_never_raise(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(5, 60)), int(rng.integers(3, 6))
    items = pd.DataFrame(rng.integers(0, 3, (n, k)).astype(float)).rename(columns="i{}".format)
    items = items.mask(rng.random(items.shape) < rng.choice([0.0, 0.1])).assign(g=np.arange(n) % 2)
    model = {"f": list(items)[:k]}
    with np.errstate(all="raise"):
        for options in ({"estimator": "MLR"}, {"missing": "fiml"}, {"estimator": "WLSMV"}, {"groups": "g"}):
            assert cfa(items, model, **options).status
        assert len(invariance(items, model, groups="g", estimator="WLSMV").table) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cfa(DATA["skewed"], THREE, estimator="GLS"), "estimator is one of"),
        (lambda: cfa(DATA["skewed"], THREE, missing="pairwise"), "listwise"),
        (lambda: cfa(DATA["skewed"], THREE, missing="fiml", estimator="WLSMV"), "goes with ML and MLR"),
        (lambda: cfa(DATA["skewed"], THREE, structure="circumplex"), "structure is one of"),
        (lambda: cfa(DATA["skewed"], THREE, structure="method"), "needs reversed_items"),
        (lambda: cfa(DATA["skewed"], THREE, reversed_items=["x1"]), "are for structure"),
        (lambda: cfa(DATA["skewed"], THREE, structure="bifactor", general="g"), "is called g already"),
        (lambda: cfa(DATA["skewed"], THREE, residual_covariances=[("x1", "q1")]), "no item of the model"),
        (lambda: cfa(DATA["skewed"], THREE, residual_covariances=["x1"]), "names two items"),
        (lambda: cfa(DATA["skewed"], THREE, residual_covariances=[("x1", "x2"), ("x2", "x1")]), "stands twice"),
        (lambda: cfa(DATA["skewed"], THREE, groups="school"), "column of groups"),
        (lambda: cfa(DATA["groups"].assign(group="one"), THREE, groups="group"), "two or more are needed"),
        (lambda: invariance(DATA["groups"], THREE), "over groups or over waves"),
        (lambda: invariance(DATA["groups"], THREE, groups="group", release=[("intercepts", "q1")]), "no item"),
        (lambda: invariance(DATA["groups"], THREE, groups="group", release=[("thresholds", "x1")]), "kind"),
        (lambda: invariance(DATA["waves"], ITEMS, waves={"w1": WAVES["w1"]}), "two waves or more"),
        (lambda: invariance(DATA["skewed"], ITEMS, waves=WAVES), "lack these columns of waves"),
        (lambda: fit_model(DATA["bifactor"], growth()), "lack these items"),
        (lambda: fit_model(DATA["skewed"], Table(("x1",), ("f",), (Parameter("f", "=~", "x9"),))), "neither an item"),
        (lambda: fit_model(DATA["skewed"], Table(("x1",), ("f",), (Parameter("f", "=>", "x1"),))), "no operator"),
        (lambda: fit_model(DATA["skewed"], Table(("x1",), (), (Parameter("x1", "~~", "x1"),) * 2)), "stands twice"),
        (lambda: compare_models(MODELS["ml"](), MODELS["mlr"]()), "same estimator"),
    ],
)  # fmt: skip
def test_mistakes_of_the_caller_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_examples_of_the_page_run():
    page = (REFERENCE.parents[1] / "docs/psychometrics.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    exec(compile("\n".join(blocks), "docs/psychometrics.md", "exec"), {})


def test_what_a_notebook_shows():
    data = pd.read_csv(REFERENCE / "sem_groups.csv")
    items = [name for name in data if name != "group"][:4]
    fitted = cfa(data, {"f": items})
    shown = repr(fitted)
    assert len(shown.splitlines()) == 7 and f"n = {fitted.n}" in shown and f"chi2(2) = {fitted.fit.chi2:.2f}" in shown
    ladder = invariance(data, {"f": items}, groups="group")
    assert ladder.fit is ladder.models[ladder.highest].fit
    assert ladder.loadings is ladder.models[ladder.highest].loadings
    assert repr(ladder).splitlines()[0].startswith("between ") and len(repr(ladder).splitlines()) == 6


@pytest.mark.parametrize(("call", "how"), [(cfa, {}), (invariance, {"groups": "g"})])
def test_an_array_is_no_data_frame(call, how):
    with pytest.raises(TypeError, match="data is a pandas DataFrame with one column per item, not ndarray"):
        call(np.zeros((9, 3)), {"f": ["a", "b", "c"]}, **how)
