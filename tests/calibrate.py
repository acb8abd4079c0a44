"""`make calibrate`: do intervals cover and tests reject as often as they say, each under its own assumptions?

python -m tests.calibrate                     every condition with all its replications (some hours on two processors)
python -m tests.calibrate --share 0.02        a fiftieth of them, to see that it runs
python -m tests.calibrate alpha omega         conditions whose name begins so
python -m tests.calibrate --table FILE.csv    the table as a file too, written anew after each condition
python -m tests.calibrate --table FILE.csv --resume --page docs/calibration.md
                                              what FILE.csv has is not run again; the table as a page, for the repository

Conditions are fixed here, before any result. Everything is simulated, from one seed and the name of the condition. Beside
each rate stands its Monte Carlo error; a rate meets its target when it lies in the range, or within 1.96 such errors of it.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from rejsens import missing
from rejsens import psychometrics as p
from tests import calibrate_models, calibrate_panel, calibrate_study

SEED = 20260511
COVERS, REJECTS = (0.93, 0.97), (0.04, 0.06)
COVERAGE, REJECTION = 2000, 5000  # replications
LOADINGS = np.array([0.8, 0.7, 0.6, 0.7, 0.5, 0.6])
CUTS = (-0.8, 0.2, 1.1)
CENSUS = 1_000_000  # people off whom a true value is read where no formula gives it


@dataclass(frozen=True)
class Condition:
    """One thing that is promised, and one simulated study of it.

    once   takes a generator and gives 1 (covered, rejected) or 0, or the share of several such; NaN where the result was
           withheld, which is counted
    """

    name: str
    promise: str
    target: tuple[float, float]
    replications: int
    once: Callable[[np.random.Generator], float]


def one_factor(rng: np.random.Generator, n: int, loadings: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
    """Normal items of one factor with variance 1; without `noise` (variances) the items have variance 1."""
    unique = 1 - loadings**2 if noise is None else noise
    return rng.normal(size=(n, 1)) * loadings + rng.normal(size=(n, len(loadings))) * np.sqrt(unique)


def covered(result: p.Reliability, truth: float) -> float:
    return float(result.ci_low <= truth <= result.ci_high) if np.isfinite(result.ci_low) else np.nan


def true_omega(loadings: np.ndarray, noise: np.ndarray) -> float:
    return float(loadings.sum() ** 2 / (loadings.sum() ** 2 + noise.sum()))


# --- intervals -------------------------------------------------------------------------------------------------------


def alpha(rng: np.random.Generator, noise: tuple[float, ...]) -> float:
    loadings, noise = np.full(len(noise), 0.7), np.array(noise)
    return covered(p.alpha(pd.DataFrame(one_factor(rng, 200, loadings, noise))), true_omega(loadings, noise))


def omega(rng: np.random.Generator, draws: int = 0) -> float:
    items = pd.DataFrame(one_factor(rng, 300, LOADINGS))
    return covered(p.omega(items, draws=draws, rng=rng), true_omega(LOADINGS, 1 - LOADINGS**2))


def coefficient_h(rng: np.random.Generator) -> float:
    shown = (LOADINGS**2 / (1 - LOADINGS**2)).sum()
    return covered(p.coefficient_h(pd.DataFrame(one_factor(rng, 300, LOADINGS))), float(shown / (1 + shown)))


GROUPS = {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"], "c": ["i6", "i7", "i8"]}
GENERAL, OWN, NOISE = 0.6, 0.5, 0.39  # loadings of nine items in three groups; their residual variance


def grouped(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Nine items of variance 1: a general factor, and one for each three."""
    own = np.repeat(rng.normal(size=(n, 3)), 3, axis=1)
    items = GENERAL * rng.normal(size=(n, 1)) + OWN * own + np.sqrt(NOISE) * rng.normal(size=(n, 9))
    return pd.DataFrame(items).rename(columns="i{}".format)


def true_grouped_omega(kind: str) -> float:
    general, own, noise = (9 * GENERAL) ** 2, 3 * (3 * OWN) ** 2, 9 * NOISE
    return (general if kind.startswith("omega_h") else general + own) / (general + own + noise)


def omega_bifactor(rng: np.random.Generator, kind: str) -> float:
    return covered(p.omega_bifactor(grouped(rng, 500), GROUPS)[kind], true_grouped_omega(kind))


def omega_schmid_leiman(rng: np.random.Generator) -> float:
    """Share of omega total and omega hierarchical that are covered: both come from one set of draws."""
    found = p.omega_schmid_leiman(grouped(rng, 500), 3, draws=100, rng=rng)
    return float(np.mean([covered(found[kind], true_grouped_omega(kind)) for kind in ("omega_t_sl", "omega_h_sl")]))


def split_half(rng: np.random.Generator) -> float:
    """The mean over all splits of parallel items is their reliability."""
    loadings, noise = np.full(6, 0.7), np.full(6, 0.5)
    found = p.split_half(pd.DataFrame(one_factor(rng, 200, loadings, noise)), draws=300, rng=rng)
    return covered(found.mean, true_omega(loadings, noise))


def alpha_bootstrap(rng: np.random.Generator) -> float:
    """Items with long tails and unlike loadings: what Feldt's interval does not promise. The truth is alpha's own."""
    sigma = np.outer(LOADINGS, LOADINGS)
    np.fill_diagonal(sigma, 1.0)
    truth = len(sigma) / (len(sigma) - 1) * (1 - len(sigma) / sigma.sum())
    return covered(p.alpha(pd.DataFrame(long_tails(rng, 300)), draws=300, rng=rng), float(truth))


def long_tails(rng: np.random.Generator, n: int) -> np.ndarray:
    """One chi-square variate for all items of a person: long tails, the same in all directions; variances stay 1."""
    return one_factor(rng, n, LOADINGS) * np.sqrt(8 / rng.chisquare(10, size=(n, 1)))


def ordered(rng: np.random.Generator, n: int) -> pd.DataFrame:
    return pd.DataFrame(np.digitize(one_factor(rng, n, LOADINGS), CUTS))


@cache
def true_categorical_omega() -> float:
    """Correlation of two sums of the same people whose items share the factor and nothing else."""
    rng = np.random.default_rng(SEED)
    factor = rng.normal(size=CENSUS)
    sums = [np.zeros(CENSUS), np.zeros(CENSUS)]
    for total in sums:
        for loading in LOADINGS:
            total += np.digitize(loading * factor + np.sqrt(1 - loading**2) * rng.normal(size=CENSUS), CUTS)
    return float(np.corrcoef(*sums)[0, 1])


def categorical_omega(rng: np.random.Generator) -> float:
    return covered(p.categorical_omega(ordered(rng, 500)), true_categorical_omega())


def ordinal_alpha(rng: np.random.Generator) -> float:
    r = np.outer(LOADINGS, LOADINGS)
    np.fill_diagonal(r, 1.0)
    return covered(p.ordinal_alpha(ordered(rng, 500)), len(r) / (len(r) - 1) * (1 - len(r) / r.sum()))


def spearman_brown(rng: np.random.Generator) -> float:
    items = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=100)
    return covered(p.spearman_brown(pd.DataFrame(items)), 2 * 0.5 / 1.5)


def icc(rng: np.random.Generator, form: str) -> float:
    """Variances: people 1, raters .2 (none for consistency, within people for the one-way form), error .5."""
    raters = {"icc1": rng.normal(size=(80, 4)), "icc2": rng.normal(size=(1, 4)), "icc3": np.zeros((1, 4))}[form]
    ratings = rng.normal(size=(80, 1)) + np.sqrt(0.2) * raters + np.sqrt(0.5) * rng.normal(size=(80, 4))
    return covered(p.icc(pd.DataFrame(ratings))[form], 1 / 1.5 if form == "icc3" else 1 / 1.7)


def detectable_change(rng: np.random.Generator) -> float:
    scores = rng.normal(size=(100, 1)) + 0.6 * rng.normal(size=(100, 2)) + np.array([0, 0.3])
    return covered(p.measurement_error(pd.DataFrame(scores))["sdc95"], 1.96 * np.sqrt(2) * 0.6)


def three_waves(rng: np.random.Generator, n: int, own: float = 0.0) -> pd.DataFrame:
    """Four items at three waves: variance of people 1, of their states .5, of what each keeps of an item, of error .6."""
    state = rng.normal(size=(n, 1, 1)) + np.sqrt(0.5) * rng.normal(size=(n, 3, 1))
    cube = state + np.sqrt(own) * rng.normal(size=(n, 1, 4)) + np.sqrt(0.6) * rng.normal(size=(n, 3, 4))
    data = pd.DataFrame(cube.reshape(-1, 4), columns=list("abcd"))
    return data.assign(participant=np.repeat(np.arange(n), 3), wave=np.tile([1, 2, 3], n))


def change_within_people(rng: np.random.Generator) -> float:
    return covered(p.generalisability(three_waves(rng, 150), list("abcd"))["r_c"], 0.5 / (0.5 + 0.6 / 4))


def omega_of_level(rng: np.random.Generator, level: str) -> float:
    found = p.omega_within_between(three_waves(rng, 300, own=0.2), list("abcd"))[f"omega_{level}"]
    return covered(found, 0.5 / (0.5 + 0.6 / 4) if level == "within" else 1 / (1 + 0.2 / 4))


def retest(rng: np.random.Generator) -> float:
    scores = rng.normal(size=(100, 1)) + 0.6 * rng.normal(size=(100, 2))
    return covered(p.test_retest(pd.DataFrame(scores), days=14)["retest_r"], 1 / 1.36)


def htmt(rng: np.random.Generator) -> float:
    """Two factors that correlate .6, three parallel items each."""
    factors = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=300)
    items = pd.DataFrame(0.7 * np.repeat(factors, 3, axis=1) + np.sqrt(0.51) * rng.normal(size=(300, 6)))
    items = items.rename(columns="i{}".format)
    row = p.htmt(items, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]}, draws=200, rng=rng).iloc[0]
    return float(row["ci_low"] <= 0.6 <= row["ci_high"]) if np.isfinite(row["ci_low"]) else np.nan


@dataclass(frozen=True)
class Way:
    """How a one-factor model is estimated, and from how many of what answers."""

    estimator: str
    n: int
    answers: str  # normal, long tails, with holes, ordered

    def items(self, rng: np.random.Generator) -> pd.DataFrame:
        if self.answers == "ordered":
            return ordered(rng, self.n).rename(columns="i{}".format)
        values = long_tails(rng, self.n) if self.answers == "long tails" else one_factor(rng, self.n, LOADINGS)
        items = pd.DataFrame(values).rename(columns="i{}".format)
        if self.answers == "with holes":  # who answers the last three depends on the first: missing at random
            gone = rng.random((self.n, 3)) < 1 / (1 + np.exp(1 - items[["i0"]].to_numpy()))
            items[["i3", "i4", "i5"]] = items[["i3", "i4", "i5"]].mask(gone)
        return items

    def fitted(self, rng: np.random.Generator) -> p.FactorModel:
        items = self.items(rng)
        missing_rule = "fiml" if self.answers == "with holes" else "listwise"
        return p.cfa(items, {"f": list(items)}, estimator=self.estimator, missing=missing_rule)


def loadings(rng: np.random.Generator, way: Way) -> float:
    """Share of the standardised loadings that their intervals cover."""
    model = way.fitted(rng)
    if not model.admissible:
        return np.nan
    return float(((model.loadings["std_ci_low"] <= LOADINGS) & (model.loadings["std_ci_high"] >= LOADINGS)).mean())


def imputed(rng: np.random.Generator, kind: str) -> float:
    """Share of the slopes of y = .5 x + .3 z (+ .3 x z) + e that pooled intervals of 20 imputations cover.

    A third of x is missing, the more the larger y is, of z nothing.
    """
    n, product = 200, kind.startswith("product")
    z, x = rng.normal(size=n), rng.normal(size=n)
    x = 0.4 * z + np.sqrt(0.84) * x
    if kind.endswith("pmm"):
        x = np.clip(np.round(x), -3, 3)  # whole numbers, as answers are
    if kind == "logistic":
        x = (x > 0).astype(float)
    truth = np.array([0.5, 0.3, 0.3] if product else [0.5, 0.3])
    columns = [x, z, x * z] if product else [x, z]
    y = np.column_stack(columns) @ truth + rng.normal(size=n)
    gone = rng.random(n) < 1 / (1 + np.exp(0.8 - y))
    shown = pd.Series(x).map({0.0: "no", 1.0: "yes"}) if kind == "logistic" else pd.Series(x)
    frame = pd.DataFrame({"x": shown.mask(gone), "z": z, "y": y})
    kept = {"products": {"x_by_z": ["x", "z"]}, "outcomes": {"x_by_z": ["y"]}} if product else {}
    methods = {"x": {"product": "linear", "product_pmm": "pmm"}.get(kind, kind)}
    completed = missing.impute(frame, m=20, seed=rng, methods=methods, iterations=10 if product else 5, **kept)
    estimates, covariances = zip(*(_regressed(one, product) for one in completed), strict=True)
    pooled = missing.pool(estimates, covariances, df_complete=n - 1 - len(truth)).iloc[1:]
    return float(((pooled["ci_low"] <= truth) & (pooled["ci_high"] >= truth)).mean())


def _regressed(frame: pd.DataFrame, product: bool) -> tuple[np.ndarray, np.ndarray]:
    x = (frame["x"] == "yes") if frame["x"].dtype.kind not in "fi" else frame["x"]
    columns = [np.ones(len(frame)), x.to_numpy(float), frame["z"].to_numpy()]
    design = np.column_stack([*columns, columns[1] * columns[2]] if product else columns)
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ design.T @ frame["y"].to_numpy()
    residual = frame["y"].to_numpy() - design @ slopes
    return slopes, inverse * (residual @ residual) / (len(frame) - design.shape[1])


# --- tests of a true model -------------------------------------------------------------------------------------------


def true_model(rng: np.random.Generator, way: Way) -> float:
    model = way.fitted(rng)
    return float(model.reported["p"] < 0.05) if model.admissible else np.nan


def true_rungs(rng: np.random.Generator, estimator: str) -> float:
    """Share of the ladder's difference tests that reject, where two groups differ in the mean and spread of the factor."""
    n = 600
    group = np.arange(n) % 2
    factor = np.where(group == 1, 0.3 + 1.2 * rng.normal(size=n), rng.normal(size=n))
    own = LOADINGS[:4] if estimator == "WLSMV" else LOADINGS
    items = factor[:, None] * own + np.sqrt(1 - own**2) * rng.normal(size=(n, len(own)))
    if estimator == "WLSMV":
        items = np.digitize(items, CUTS)
    data = pd.DataFrame(items).rename(columns="i{}".format)
    ladder = p.invariance(data.assign(group=group), {"f": list(data)}, groups="group", estimator=estimator).table
    tested = ladder["d_p"].dropna()
    return float((tested < 0.05).mean()) if (ladder["status"] == "admissible").all() else np.nan


def covers(name: str, promise: str, once: Callable[[np.random.Generator], float]) -> Condition:
    return Condition(name, promise, COVERS, COVERAGE, once)


def rejects(name: str, promise: str, once: Callable[[np.random.Generator], float]) -> Condition:
    return Condition(name, promise, REJECTS, REJECTION, once)


ML, FIML = Way("ML", 300, "normal"), Way("ML", 500, "with holes")
MLR, MLM, WLSMV = Way("MLR", 1000, "long tails"), Way("MLM", 1000, "long tails"), Way("WLSMV", 500, "ordered")
CONDITIONS = (
    covers("alpha", "Feldt's interval, 200 people, 6 parallel normal items", partial(alpha, noise=(0.5,) * 6)),
    covers("alpha_tau", "Feldt's interval, 200 people, 6 tau-equivalent normal items", partial(alpha, noise=(0.3, 0.4, 0.5, 0.5, 0.6, 0.7))),
    covers("alpha_bootstrap", "300 draws, 300 people, 6 congeneric items with long tails", alpha_bootstrap),
    covers("omega_u", "delta method, 300 people, 6 congeneric normal items", omega),
    covers("omega_u_bootstrap", "200 draws, 300 people, 6 congeneric normal items", partial(omega, draws=200)),
    covers("omega_t_bifactor", "delta method, 500 people, 9 normal items, 3 group factors", partial(omega_bifactor, kind="omega_t")),
    covers("omega_h_bifactor", "delta method, 500 people, 9 normal items, 3 group factors", partial(omega_bifactor, kind="omega_h")),
    covers("omega_schmid_leiman", "total and hierarchical, 100 draws, 500 people, 9 normal items, 3 group factors", omega_schmid_leiman),
    covers("omega_categorical", "delta method, 500 people, 6 items of 4 categories of normal answers", categorical_omega),
    covers("alpha_ordinal", "delta method, 500 people, 6 items of 4 categories of normal answers", ordinal_alpha),
    covers("coefficient_h", "delta method, 300 people, 6 congeneric normal items", coefficient_h),
    covers("spearman_brown", "Fisher z, 100 people, 2 normal items", spearman_brown),
    covers("split_half_mean", "300 draws, 200 people, 6 parallel normal items", split_half),
    covers("icc1", "F, 80 people, 4 ratings, one-way random effects", partial(icc, form="icc1")),
    covers("icc2", "Satterthwaite, 80 people, 4 random raters", partial(icc, form="icc2")),
    covers("icc3", "F, 80 people, 4 fixed raters", partial(icc, form="icc3")),
    covers("retest_r", "Fisher z, 100 people, 2 waves", retest),
    covers("sdc95", "chi-square, 100 people, 2 waves, normal errors", detectable_change),
    covers("r_c", "F, 150 people, 3 waves, 4 items", change_within_people),
    covers("omega_within", "delta method, 300 people, 3 waves, 4 normal items", partial(omega_of_level, level="within")),
    covers("omega_between", "delta method, 300 people, 3 waves, 4 normal items", partial(omega_of_level, level="between")),
    covers("htmt", "200 draws, 300 people, two factors that correlate .6, 3 normal items each", htmt),
    covers("loadings_ml", "standardised, delta method, 300 people, 6 normal items", partial(loadings, way=ML)),
    covers("loadings_fiml", "the same, 500 people, half of the items with holes that depend on another", partial(loadings, way=FIML)),
    covers("loadings_mlr", "the same, 1,000 people, 6 items with long tails", partial(loadings, way=MLR)),
    covers("loadings_mlm", "the same, 1,000 people, 6 items with long tails", partial(loadings, way=MLM)),
    covers("loadings_wlsmv", "standardised, delta method, 500 people, 6 items of 4 categories", partial(loadings, way=WLSMV)),
    covers("imputed_linear", "two slopes, 200 people, a third of x missing by y, m = 20", partial(imputed, kind="linear")),
    covers("imputed_pmm", "the same, x in whole numbers", partial(imputed, kind="pmm")),
    covers("imputed_logistic", "the same, x yes or no", partial(imputed, kind="logistic")),
    covers("imputed_product", "the first with x z, drawn so that it fits the model of y", partial(imputed, kind="product")),
    covers("imputed_product_pmm", "the same, x in whole numbers", partial(imputed, kind="product_pmm")),
    rejects("true_model_ml", "one factor, 500 people, 6 normal items", partial(true_model, way=Way("ML", 500, "normal"))),
    rejects("true_model_fiml", "one factor, 500 people, 6 normal items, holes that depend on another item", partial(true_model, way=FIML)),
    rejects("true_model_mlr", "one factor, 1,000 people, 6 items with long tails", partial(true_model, way=MLR)),
    rejects("true_model_mlm", "one factor, 1,000 people, 6 items with long tails", partial(true_model, way=MLM)),
    rejects("true_model_wlsmv", "one factor, 500 people, 6 items of 4 categories", partial(true_model, way=WLSMV)),
    rejects("true_rungs_ml", "three differences of a ladder, two groups of 300, 6 normal items", partial(true_rungs, estimator="ML")),
    rejects("true_rungs_wlsmv", "four differences of a ladder, two groups of 300, 4 items of 4 categories", partial(true_rungs, estimator="WLSMV")),
)  # fmt: skip
CONDITIONS += tuple(
    one for part in (calibrate_study, calibrate_models, calibrate_panel) for one in part.conditions(Condition)
)


# --- running them ----------------------------------------------------------------------------------------------------


def run(condition: Condition, share: float = 1.0) -> dict:
    """One condition: its rate, the Monte Carlo error, how many results were withheld, and whether it meets its target."""
    rng = np.random.default_rng([SEED, zlib.crc32(condition.name.encode())])
    planned = max(2, round(condition.replications * share))
    values = np.array([condition.once(rng) for _ in range(planned)])
    usable = values[np.isfinite(values)]
    rate = float(usable.mean()) if len(usable) else np.nan
    error = float(usable.std(ddof=1) / np.sqrt(len(usable))) if len(usable) > 1 else np.nan
    return {
        "condition": condition.name, "promise": condition.promise, "replications": planned,
        "withheld": planned - len(usable), "rate": rate, "mc_error": error, "low": condition.target[0],
        "high": condition.target[1], "meets": meets(rate, error, condition.target),
    }  # fmt: skip


def meets(rate: float, error: float, target: tuple[float, float]) -> bool:
    """In the range, or within 1.96 Monte Carlo errors of it.

    >>> meets(0.95, 0.005, COVERS), meets(0.925, 0.005, COVERS), meets(0.915, 0.005, COVERS)
    (True, True, False)
    """
    return bool(target[0] - 1.96 * error <= rate <= target[1] + 1.96 * error)


def calibrate(
    conditions: Sequence[Condition],
    share: float = 1.0,
    jobs: int = 1,
    path: Path | None = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every condition, after the rows that are known; `path` is written anew after each, so that a run that is stopped has
    what it did."""
    rows = [] if known is None else known.to_dict("records")
    if jobs == 1:
        return _gathered((run(condition, share) for condition in conditions), path, rows)
    with ProcessPoolExecutor(jobs) as pool:
        return _gathered(pool.map(run, conditions, [share] * len(conditions)), path, rows)


def _gathered(found: Iterable[dict], path: Path | None, rows: list[dict]) -> pd.DataFrame:
    for row in found:
        rows.append(_told(row))
        if path:
            pd.DataFrame(rows).to_csv(path, index=False)
    return pd.DataFrame(rows)


def _told(row: dict) -> dict:
    verdict = "meets" if row["meets"] else "MISSES"
    print(
        f"{row['condition']:18} {row['rate']:.4f} ± {row['mc_error']:.4f}  {verdict} {row['low']:.2f}–{row['high']:.2f}  "
        f"({row['replications']} replications, {row['withheld']} withheld; {row['promise']})",
        flush=True,
    )
    return row


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Coverage of intervals and rejection rates, by simulation.")
    parser.add_argument("names", nargs="*", help="conditions whose name begins so (all, without)")
    parser.add_argument("--share", type=float, default=1.0, help="share of the replications (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one for each processor)")
    parser.add_argument("--table", type=Path, help="CSV file for the results")
    parser.add_argument("--resume", action="store_true", help="keep what the CSV file has, and run the rest")
    parser.add_argument("--page", type=Path, help="Markdown file for the results")
    chosen = parser.parse_args(arguments)
    conditions = [c for c in CONDITIONS if not chosen.names or c.name.startswith(tuple(chosen.names))]
    if not conditions:
        parser.error(f"no condition begins so; there are {', '.join(c.name for c in CONDITIONS)}")
    known = pd.read_csv(chosen.table) if chosen.resume and chosen.table and chosen.table.exists() else pd.DataFrame()
    left = [c for c in conditions if known.empty or c.name not in set(known["condition"])]
    table = calibrate(left, chosen.share, chosen.jobs, chosen.table, known)
    if chosen.page:
        from tests.calibration_page import page

        chosen.page.write_text(page(table), encoding="utf-8")
    missed = table.loc[~table["meets"], "condition"].tolist()
    print(
        f"{len(table) - len(missed)} of {len(table)} meet their targets"
        + (f"; not {', '.join(missed)}" if missed else "")
    )
    return int(bool(missed) and chosen.share >= 1)


if __name__ == "__main__":
    raise SystemExit(main())
