"""Ordered and continuous items in one model, and the test of close fit, against lavaan (tests/reference/sem_mixed.R)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_factor_models import DATA, MODELS, THREE, compare_estimates, compare_fit

from rejsens.psychometrics import cfa, fit_model, invariance
from rejsens.psychometrics.engine.mixed import mixed_sample
from rejsens.psychometrics.engine.polychoric import ordered_sample

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "sem_mixed.json").read_text(encoding="utf-8"))
PEOPLE = pd.read_csv(REFERENCE / "sem_mixed.csv")
ORDERED = ["q1", "q2", "q3", "q4"]
TWO = {"f": ["y1", "q1", "q2", "y2"], "g": ["q3", "y3", "q4", "y4"]}
HOW = {"estimator": "WLSMV", "ordered": ORDERED}


@cache
def fitted(name: str):
    return {
        "delta": lambda: cfa(PEOPLE, TWO, **HOW),
        "residual": lambda: cfa(PEOPLE, TWO, residual_covariances=[("y1", "q3"), ("y2", "y3")], **HOW),
        "one_factor": lambda: cfa(PEOPLE, {"f": [*TWO["f"], *TWO["g"]]}, **HOW),
        "groups": lambda: cfa(PEOPLE, TWO, groups="group", **HOW),
    }[name]()


def rows_in_the_model(model, rows: list[dict]) -> list[dict]:
    """lavaan lists the residual variances of ordered items, and means that are 0; a table of ours has neither."""
    own = set(zip(model.estimates["lhs"], model.estimates["op"], model.estimates["rhs"], strict=True))
    return [row for row in rows if (row["lhs"], row["op"], row.get("rhs", "")) in own]


@pytest.mark.parametrize("name", ["delta", "residual", "one_factor", "groups"])
def test_a_mixed_model_equals_lavaan(name):
    model, reference = fitted(name), R["models"][name]
    assert model.status == "admissible"
    compare_fit(model.fit, reference["fit"])
    assert model.fitted.baseline.chi2 == pytest.approx(reference["fit"]["baseline.chisq"], abs=1e-3, rel=1e-5)
    assert model.fitted.baseline.scaled == pytest.approx(reference["fit"]["baseline.chisq.scaled"], abs=1e-3, rel=1e-5)
    rows = rows_in_the_model(model, reference["estimates"])
    compare_estimates(model, [row | {"est.std": row.get("est.std")} for row in rows])


def test_modification_indices_of_a_mixed_model_equal_lavaan():
    rows = pd.DataFrame(R["models"]["delta"]["modification"])
    both = rows.merge(fitted("delta").modification_indices(), on=["lhs", "op", "rhs"], suffixes=("_r", ""))
    assert len(both) >= 30
    np.testing.assert_allclose(both["mi"], both["mi_r"], atol=1e-3)
    np.testing.assert_allclose(both["std_epc"], both["sepc.all"], atol=1e-3)


def test_moments_and_their_asymptotic_covariance_equal_lavaan():
    sample, moments = fitted("delta").fitted.samples[0], R["moments"]
    items = list(fitted("delta").fitted.structure.table.items)
    place = [moments["items"].index(item) for item in items]
    np.testing.assert_allclose(sample.correlations, np.array(moments["covariances"])[np.ix_(place, place)], rtol=1e-5, atol=1e-7)  # fmt: skip
    thresholds = [f"{item}|t{k}" for item in items if item in ORDERED for k in range(1, 9) if f"{item}|t{k}" in moments["names"]]  # fmt: skip
    rows, columns = np.tril_indices(len(items), -1)
    pairs = [f"{items[c]}~~{items[r]}" for r, c in zip(rows, columns, strict=True)]
    pairs = [pair if pair in moments["names"] else "~~".join(pair.split("~~")[::-1]) for pair in pairs]
    own = [item for item in items if item not in ORDERED]
    names = [*thresholds, *pairs, *(f"{item}~1" for item in own), *(f"{item}~~{item}" for item in own)]
    chosen = [moments["names"].index(name) for name in names]
    gamma = np.array(moments["gamma"])[np.ix_(chosen, chosen)]
    turned = np.array([-1.0 if name.endswith("~1") else 1.0 for name in names])  # lavaan holds means as thresholds
    gamma *= np.outer(turned, turned)
    scale = np.sqrt(np.outer(gamma.diagonal(), gamma.diagonal()))
    np.testing.assert_allclose(sample.gamma / scale, gamma / scale, atol=1e-5)


def test_every_rung_of_a_mixed_ladder_equals_lavaan():
    even = PEOPLE.assign(y1=PEOPLE["y1"] / 2, y2=PEOPLE["y2"] / 10, y3=PEOPLE["y3"] / 3, y4=PEOPLE["y4"] * 10)
    ladder = invariance(even, TWO, groups="group", **HOW)
    assert ladder.highest == "unique variances"
    for rung, model in ladder.models.items():
        compare_fit(model.fit, R["ladder"]["fit"][rung])
    for row, lavaan in zip(ladder.table.iloc[1:].itertuples(), R["ladder"]["difference"], strict=True):
        assert row.d_df == lavaan["df"]
        assert row.d_chi2 == pytest.approx(lavaan["chi2"], abs=1e-3, rel=1e-5)


def test_without_continuous_items_the_moments_are_those_of_ordered_ones():
    codes = PEOPLE[ORDERED].to_numpy()
    categories = codes.max(axis=0) + 1
    mixed, ordered = mixed_sample(codes.astype(float), categories), ordered_sample(codes, categories)
    np.testing.assert_allclose(mixed.moments, ordered.moments, atol=1e-9)
    np.testing.assert_allclose(mixed.gamma, ordered.gamma, atol=1e-8)


def test_units_of_continuous_items_change_nothing_but_units():
    wide = PEOPLE.assign(y2=PEOPLE["y2"] * 1000, y4=PEOPLE["y4"] / 1000)
    model = cfa(wide, TWO, **HOW)
    assert model.fit.chi2_scaled == pytest.approx(fitted("delta").fit.chi2_scaled, abs=1e-5)
    np.testing.assert_allclose(model.loadings["std"], fitted("delta").loadings["std"], atol=1e-6)
    table = fitted("delta").fitted.structure.table
    assert fit_model(PEOPLE, table, estimator="WLSMV").fit.chi2 == pytest.approx(fitted("delta").fit.chi2, abs=1e-6)


def test_what_a_mixed_model_refuses_and_says():
    with pytest.raises(ValueError, match="ordered names items for WLSMV; ML takes none"):
        cfa(PEOPLE, TWO, ordered=ORDERED)
    with pytest.raises(ValueError, match="list of items of the model"):
        cfa(PEOPLE, TWO, estimator="WLSMV", ordered=["q9"])
    with pytest.raises(ValueError, match="ordered names no item"):
        cfa(PEOPLE, TWO, estimator="WLSMV", ordered=[])
    twice = cfa(PEOPLE.assign(y2=PEOPLE["y1"]), TWO, **HOW)
    assert twice.status.startswith("not estimated: the continuous items are linearly dependent")
    cut = PEOPLE.assign(q1=(PEOPLE["y1"] > 3).astype(int))
    assert (
        cfa(cut, TWO, **HOW).status == "not estimated: the polyserial correlation of y1 and q1 runs to ±1 (empty cells)"
    )
    assert cfa(PEOPLE.assign(y1=1.0), TWO, **HOW).status == "not estimated: y1 does not vary"


@pytest.mark.parametrize("name", ["delta", "groups"])
def test_errors_divide_by_one_less_than_the_people_of_a_group(name):
    theirs = {
        (r["lhs"], r["op"], r["rhs"], r.get("group", 1)): r["se"] for r in R["models"][name]["estimates"] if r["se"]
    }
    model = fitted(name)
    rows = model.estimates[model.estimates["free"]].to_dict("records")
    numbers = {group: k for k, group in enumerate(model.groups, start=1)}
    ratio = [row["se"] / theirs[row["lhs"], row["op"], row["rhs"], numbers.get(row.get("group"), 1)] for row in rows]
    np.testing.assert_allclose(ratio, 1, atol=1e-4)  # n itself would be .9994 of it


CLOSE = {"ml": "ml", "mlm": "mlm", "mlr": "mlr", "fiml_mlr": "fiml_mlr", "groups": "groups", "wlsmv": "wlsmv4"}


@pytest.mark.parametrize("name", CLOSE)
def test_the_test_of_close_fit_equals_lavaan(name):
    model, lavaan = MODELS[CLOSE[name]](), R["close"][name]
    for kind in ("", "_scaled", "_robust"):
        theirs = lavaan.get("rmsea.pvalue" + kind.replace("_", "."))
        if theirs is not None:
            assert getattr(model.fit, f"p_close{kind}") == pytest.approx(theirs, abs=1e-4), kind
    kind = {"MLM": "_robust", "MLR": "_robust", "WLSMV": "_scaled"}.get(model.estimator, "")
    assert model.reported["p_close"] == getattr(model.fit, f"p_close{kind}")


def test_close_fit_of_a_poor_model_is_rejected():
    poor = cfa(DATA["skewed"], THREE, structure="one_factor", estimator="MLM")
    assert 0 <= poor.fit.p_close_robust < 1e-6
