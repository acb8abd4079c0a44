"""Mixed models by sums over people against the general engine (mixedlm, itself checked against lmerTest elsewhere)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rejsens.inference import mixedlm_adapter
from rejsens.inference.mixedlm_adapter import MixedFit, fit_mixed_model
from rejsens.inference.person_mixed import evaluate, sums_of_people


def people(spread: float, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Sixty people with up to six rows; slopes with this standard deviation, correlated with the intercepts."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(60), 6)[rng.random(360) < 0.8]
    columns = pd.DataFrame(rng.normal(size=(len(person), 3)), columns=["x", "a", "b"])
    own = rng.multivariate_normal([0, 0], [[1, 0.3 * spread], [0.3 * spread, spread**2]], size=60)[person]
    y = 0.3 * columns["x"] + 0.2 * columns["a"] + own[:, 0] + own[:, 1] * columns["x"] + rng.normal(size=len(person))
    return y.to_numpy(), columns, person


def general(monkeypatch: pytest.MonkeyPatch, *asked, **how) -> MixedFit:
    with monkeypatch.context() as patched:
        patched.setattr(mixedlm_adapter, "_by_sums", lambda *_: None)
        return fit_mixed_model(*asked, **how)


@pytest.mark.parametrize(
    ("slope", "how"),
    [(None, {}), ("x", {}), ("x", {"correlated": False}), ("x", {"reml": False}), (None, {"reml": False})],
)
def test_sums_over_people_give_what_the_general_engine_gives(slope, how, monkeypatch):
    y, columns, person = people(0.5)
    person = np.array([f"p{code % 7}{code}" for code in person])  # people in another order than their rows
    ours, theirs = (
        fit_mixed_model(y, columns, person, slope, **how),
        general(monkeypatch, y, columns, person, slope, **how),
    )
    assert (ours.converged, ours.singular) == (theirs.converged, theirs.singular) == (True, False)
    for what, tolerance in (("estimate", 1e-6), ("se", 1e-6), ("df", 1e-3)):
        mine, other = (list(getattr(fit, what).values()) for fit in (ours, theirs))
        np.testing.assert_allclose(mine, other, rtol=tolerance)
    np.testing.assert_allclose(ours.random_covariance, theirs.random_covariance, rtol=1e-4, atol=1e-7)
    assert ours.loglik == pytest.approx(theirs.loglik, abs=1e-6)
    pd.testing.assert_frame_equal(ours.covariance, theirs.covariance, rtol=1e-5)


def test_a_variance_of_nothing_is_found_at_its_boundary(monkeypatch):
    y, columns, person = people(0.0, seed=4)
    ours, theirs = (
        one(y, columns, person, "x", correlated=False)
        for one in (fit_mixed_model, lambda *a, **k: general(monkeypatch, *a, **k))
    )
    assert ours.singular and theirs.singular and "singular" in ours.problem
    np.testing.assert_allclose(list(ours.estimate.values()), list(theirs.estimate.values()), atol=1e-5)
    assert ours.loglik == pytest.approx(theirs.loglik, abs=1e-4)


def test_the_gradient_is_the_slope_of_the_deviance():
    y, columns, person = people(0.4)
    sums = sums_of_people(columns, y, person, "x", reml=True)
    covariance = np.array([[0.8, 0.1], [0.1, 0.3]])
    point = evaluate(sums, np.linalg.cholesky(covariance))
    for a, b in ((0, 0), (0, 1), (1, 1)):
        step = np.zeros((2, 2))
        step[a, b] = step[b, a] = 1e-5
        high, low = (evaluate(sums, np.linalg.cholesky(covariance + sign * step)).deviance for sign in (1, -1))
        assert (high - low) / 2e-5 == pytest.approx((point.gradient * (step > 0)).sum(), rel=1e-5)


def test_columns_that_repeat_each_other_are_left_to_the_general_engine():
    y, columns, person = people(0.5)
    assert mixedlm_adapter._by_sums(y, columns.assign(twice=columns["x"]), person, None, True, True) is None
