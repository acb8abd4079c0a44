"""Published numbers of Holzinger and Swineford (1939) and of psych's bfi, read from R's packages and kept nowhere.

Skipped, with the reason, where R or its packages are missing: neither data set is part of this repository.
"""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from rejsens.psychometrics import cfa, invariance, omega

NINE = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
AGREEABLE = ["A1", "A2", "A3", "A4", "A5"]
SCRIPT = """
suppressMessages({library(lavaan); library(psych)})
write.csv(HolzingerSwineford1939, "hs.csv", row.names = FALSE)
data(bfi, package = "psych")
write.csv(bfi, "bfi.csv", row.names = FALSE)
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, pd.DataFrame]:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed, and the published data sets are not part of the repository")
    folder = tmp_path_factory.mktemp("published")
    done = subprocess.run(["Rscript", "-e", SCRIPT], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("R's packages lavaan and psych, which hold the published data sets, are not installed")
    return {name: pd.read_csv(folder / f"{name}.csv") for name in ("hs", "bfi")}


def test_holzinger_and_swineford(published):
    fit = cfa(published["hs"], NINE).fit
    assert (fit.chi2, fit.df) == (pytest.approx(85.306, abs=1e-3), 24)
    assert [fit.cfi, fit.tli, fit.rmsea, fit.srmr] == pytest.approx([0.931, 0.896, 0.092, 0.065], abs=5e-4)
    assert [fit.aic, fit.bic, fit.loglik] == pytest.approx([7517.490, 7595.339, -3737.745], abs=1e-3)


def test_holzinger_and_swineford_by_school(published):
    ladder = invariance(published["hs"], NINE, groups="school")
    assert ladder.table["chi2"].tolist() == pytest.approx([115.851, 124.044, 164.103, 181.511], abs=1e-3)
    assert ladder.table["df"].tolist() == [48, 54, 60, 69]
    assert ladder.table["cfi"].tolist() == pytest.approx([0.923, 0.921, 0.882, 0.873], abs=5e-4)


def test_holzinger_and_swineford_in_four_categories(published):
    items = published["hs"][[f"x{i}" for i in range(1, 10)]]
    ordered = items.apply(lambda x: pd.cut(x, 4, labels=False))
    fit = cfa(ordered, NINE, estimator="WLSMV").fit
    assert [fit.chi2, fit.chi2_scaled] == pytest.approx([46.151, 63.890], abs=1e-3)
    assert [fit.cfi, fit.cfi_scaled, fit.rmsea, fit.rmsea_scaled] == pytest.approx(
        [0.9886, 0.9693, 0.0555, 0.0744], abs=1e-4
    )


def test_agreeableness(published):
    items = published["bfi"].iloc[:, :25].dropna()[AGREEABLE].assign(A1=lambda d: 7 - d["A1"])
    assert len(items) == 2436
    plain, ordered = cfa(items, {"a": AGREEABLE}), cfa(items, {"a": AGREEABLE}, estimator="WLSMV")
    assert [plain.fit.chi2, plain.fit.cfi, plain.fit.srmr] == pytest.approx([80.300, 0.969, 0.032], abs=1e-3)
    assert [plain.fit.rmsea_ci_low, plain.fit.rmsea_ci_high] == pytest.approx([0.064, 0.094], abs=5e-4)
    assert [ordered.fit.chi2, ordered.fit.chi2_scaled] == pytest.approx([67.591, 133.359], abs=1e-3)
    np.testing.assert_allclose(ordered.loadings["std"], [0.4442, 0.7286, 0.8167, 0.5361, 0.6731], atol=5e-5)
    assert omega(items).estimate == pytest.approx(0.7241821, abs=1e-6)
