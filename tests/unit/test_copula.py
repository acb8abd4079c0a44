"""A copula of answers: known factor models come back, correlations of cut variables are those asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from rejsens.psychometrics.extraction import extract
from rejsens.sharing.copula import (
    Column,
    correlations,
    fit,
    hermite_of,
    latent_correlations,
    margin_of,
    root_of,
    shrink,
)

LOADINGS = np.linspace(0.45, 0.85, 8)
CUTS = np.array([-0.8, 0.1, 0.9])


def answers(n: int, seed: int, waves: int = 1) -> np.ndarray:
    """Four-point answers of n people to eight items of one factor, wave after wave; the factor correlates by .6 over time."""
    rng = np.random.default_rng(seed)
    level, columns = rng.standard_normal(n), []
    for _ in range(waves):
        columns.append(LOADINGS * level[:, None] + np.sqrt(1 - LOADINGS**2) * rng.standard_normal((n, len(LOADINGS))))
        level = 0.6 * level + 0.8 * rng.standard_normal(n)
    return np.searchsorted(CUTS, np.column_stack(columns)).astype(float)


def columns_of(values: np.ndarray, waves: int = 1) -> list[Column]:
    items = len(LOADINGS)
    return [
        Column(f"w{k // items}i{k % items}", v, block="scale", time=f"w{k // items}", kin=f"i{k % items}")
        for k, v in enumerate(values.T)
    ]


def drawn(values: np.ndarray, n: int, seed: int, waves: int = 1, least: int = 10) -> np.ndarray:
    copula = fit(columns_of(values, waves), least)
    return np.column_stack(list(copula.draw(n, np.random.default_rng(seed)).values()))


def test_correlation_of_two_cut_variables_is_that_of_the_bivariate_normal():
    """Both cut at 0: r = 2 asin(rho) / pi. The series finds rho from r; of other cuts, by integrating the normal density."""
    half = hermite_of(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.array([0.0]))
    for rho in (-0.7, -0.2, 0.3, 0.6, 0.8):
        r = np.array([[1, 2 * math.asin(rho) / math.pi], [2 * math.asin(rho) / math.pi, 1]])
        assert latent_correlations(r, np.array([half, half]))[0, 1] == pytest.approx(rho, abs=0.004)
    cut, rho = 0.7, 0.5
    both = multivariate_normal.cdf([-cut, -cut], cov=[[1, rho], [rho, 1]])
    share = float(ndtr(-cut))
    r = (both - share**2) / (share * (1 - share))
    tail = hermite_of(np.array([0.0, 1.0]), np.array([1 - share, share]), np.array([cut]))
    assert latent_correlations(np.array([[1, r], [r, 1]]), np.array([tail, tail]))[0, 1] == pytest.approx(
        rho, abs=0.002
    )


def test_margins_are_exact():
    values = answers(2000, 1)
    copula = fit(columns_of(values), 10)
    for k, margin in enumerate(copula.margins.values()):
        codes, counts = np.unique(values[:, k], return_counts=True)
        assert margin.values.tolist() == codes.tolist()
        assert ndtr(margin.cuts) == pytest.approx(np.cumsum(counts)[:-1] / 2000)


def test_loadings_of_a_known_factor_model_come_back():
    """One factor, loadings .45 to .85: those of 200,000 synthetic people are those of the sample to .02, the truth's within 3 SE."""
    values = answers(1500, 2)
    twin = drawn(values, 200_000, 3)
    of_sample, of_twin = (extract(np.corrcoef(v, rowvar=False), 1, "minres").loadings[:, 0] for v in (values, twin))
    assert np.abs(of_twin - of_sample).max() < 0.04
    assert abs((of_twin - of_sample).mean()) < 0.01
    of_truth = extract(np.corrcoef(answers(400_000, 4), rowvar=False), 1, "minres").loadings[:, 0]
    assert np.abs(of_twin - of_truth).max() < 3 / math.sqrt(1500)


def test_loadings_are_attenuated_without_the_series(monkeypatch):
    """The test above can fail: with correlations of answers taken for those of normal scores, cutting attenuates them again."""
    values = answers(1500, 2)
    monkeypatch.setattr("rejsens.sharing.copula.latent_correlations", lambda r, hermite: r)
    twin = drawn(values, 200_000, 3)
    of_sample, of_twin = (extract(np.corrcoef(v, rowvar=False), 1, "minres").loadings[:, 0] for v in (values, twin))
    assert (of_twin - of_sample).mean() < -0.03


def test_correlations_over_waves_come_back():
    values = answers(1500, 5, waves=3)
    twin = drawn(values, 100_000, 6, waves=3)
    apart = np.abs(np.corrcoef(twin, rowvar=False) - np.corrcoef(values, rowvar=False))
    assert apart.mean() < 0.03 and apart.max() < 0.12


def test_correlations_over_pairs_equal_those_of_complete_rows():
    rng = np.random.default_rng(8)
    values = answers(400, 7)
    assert correlations(values)[0] == pytest.approx(np.corrcoef(values, rowvar=False))
    values[rng.random(values.shape) < 0.2] = np.nan
    r, n = correlations(values)
    both = ~np.isnan(values[:, [1, 4]]).any(axis=1)
    assert n[1, 4] == both.sum() and r[1, 4] == pytest.approx(np.corrcoef(values[both][:, [1, 4]].T)[0, 1])


def test_noise_is_shrunk_and_structure_is_not():
    rng = np.random.default_rng(9)
    noise = rng.standard_normal((60, 20))
    columns = [Column(f"x{k}", v, block="noise") for k, v in enumerate(noise.T)]
    r, n = correlations(noise)
    shrunk, share = shrink(r, n, columns, 3)
    off = ~np.eye(20, dtype=bool)
    assert share > 0.7 and shrunk[off].std() < 0.5 * r[off].std()
    many = answers(3000, 10)
    r, n = correlations(many)
    shrunk, share = shrink(r, n, columns_of(many), 3)
    assert share < 0.1 and np.abs(shrunk - r).max() < 0.03


def test_reversed_items_are_shrunk_as_their_opposites():
    values = answers(80, 11)
    plain = fit(columns_of(values), 3)
    turned = values.copy()
    turned[:, 0] = 3 - turned[:, 0]
    columns = [
        Column(c.name, turned[:, k], block="scale", time="w0", sign=-1 if k == 0 else 1)
        for k, c in enumerate(columns_of(values))
    ]
    other = fit(columns, 3)
    r, s = (c.root @ c.root.T for c in (plain, other))
    assert s[0, 1:] == pytest.approx(-r[0, 1:], abs=1e-6) and s[1:, 1:] == pytest.approx(r[1:, 1:], abs=1e-6)


def test_a_matrix_of_no_distribution_is_bent_to_one():
    odd = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    root, bent = root_of(odd)
    assert np.diag(root @ root.T) == pytest.approx(1) and bent > 0.05
    fine = np.array([[1, 0.5], [0.5, 1]])
    assert root_of(fine)[0] @ root_of(fine)[0].T == pytest.approx(fine) and root_of(fine)[1] < 1e-12


def test_what_few_people_have_is_nobodys_value():
    values = np.repeat([0.0, 1, 2, 3, 9], [40, 3, 30, 25, 2])
    ordered = margin_of(Column("x", values), 5)
    assert ordered.values.tolist() == [0, 2, 3]
    nominal = margin_of(Column("x", values, ordered=False), 5)
    assert nominal.values.tolist() == [0, 2, 3]
    assert ndtr(nominal.cuts) == pytest.approx(np.array([40, 70]) / 95)
    ages = np.r_[np.arange(20, 60.0), 97.0]
    number = margin_of(Column("age", ages, number=True), 10)
    drawn_ages = number.of(np.random.default_rng(1).standard_normal(5000))
    assert drawn_ages.max() < 97 and drawn_ages.min() > 20 and drawn_ages.mean() == pytest.approx(ages.mean(), abs=1.5)
    assert margin_of(Column("x", np.zeros(50)), 5) is None
