"""`make calibrate`: do intervals cover and tests reject as often as they say, each under its own assumptions?

python -m tests.calibrate                     every condition with all its replications (about half an hour on two processors)
python -m tests.calibrate --share 0.02        a fiftieth of them, to see that it runs
python -m tests.calibrate alpha omega         conditions whose name begins so
python -m tests.calibrate --table FILE.csv    the table as a file too

Conditions are fixed here, before any result. Everything is simulated, from one seed and the name of the condition. Beside
each rate stands its Monte Carlo error; a rate meets its target when it lies in the range, or within 1.96 such errors of it.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from rejsens import psychometrics as p

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


def change_within_people(rng: np.random.Generator) -> float:
    """R_C of four items at three waves: state variance .5, error .6."""
    state = rng.normal(size=(150, 1, 1)) + np.sqrt(0.5) * rng.normal(size=(150, 3, 1))
    cube = state + np.sqrt(0.6) * rng.normal(size=(150, 3, 4))
    data = pd.DataFrame(cube.reshape(-1, 4), columns=list("abcd"))
    data = data.assign(participant=np.repeat(np.arange(150), 3), wave=np.tile([1, 2, 3], 150))
    return covered(p.generalisability(data, list("abcd"))["r_c"], 0.5 / (0.5 + 0.6 / 4))


def loadings(rng: np.random.Generator, estimator: str) -> float:
    """Share of the standardised loadings that their intervals cover."""
    items = ordered(rng, 500) if estimator == "WLSMV" else pd.DataFrame(one_factor(rng, 300, LOADINGS))
    items = items.rename(columns="i{}".format)
    model = p.cfa(items, {"f": list(items)}, estimator=estimator)
    if not model.admissible:
        return np.nan
    return float(((model.loadings["std_ci_low"] <= LOADINGS) & (model.loadings["std_ci_high"] >= LOADINGS)).mean())


# --- tests of a true model -------------------------------------------------------------------------------------------


def true_model(rng: np.random.Generator, estimator: str) -> float:
    if estimator == "WLSMV":
        items = ordered(rng, 500)
    elif estimator == "ML":
        items = pd.DataFrame(one_factor(rng, 500, LOADINGS))
    else:  # one chi-square variate for everybody's items: long tails, the same in all directions
        items = pd.DataFrame(one_factor(rng, 1000, LOADINGS) * np.sqrt(8 / rng.chisquare(10, size=(1000, 1))))
    items = items.rename(columns="i{}".format)
    model = p.cfa(items, {"f": list(items)}, estimator=estimator)
    if not model.admissible:
        return np.nan
    return float((model.fit.p if estimator == "ML" else model.fit.p_scaled) < 0.05)


def covers(name: str, promise: str, once: Callable[[np.random.Generator], float]) -> Condition:
    return Condition(name, promise, COVERS, COVERAGE, once)


def rejects(estimator: str, promise: str) -> Condition:
    once = partial(true_model, estimator=estimator)
    return Condition(f"true_model_{estimator.lower()}", promise, REJECTS, REJECTION, once)


CONDITIONS = (
    covers("alpha", "Feldt's interval, 200 people, 6 parallel normal items", partial(alpha, noise=(0.5,) * 6)),
    covers("alpha_tau", "Feldt's interval, 200 people, 6 tau-equivalent normal items", partial(alpha, noise=(0.3, 0.4, 0.5, 0.5, 0.6, 0.7))),
    covers("omega_u", "delta method, 300 people, 6 congeneric normal items", omega),
    covers("omega_u_bootstrap", "300 draws, 300 people, 6 congeneric normal items", partial(omega, draws=300)),
    covers("omega_categorical", "delta method, 500 people, 6 items of 4 categories of normal answers", categorical_omega),
    covers("alpha_ordinal", "delta method, 500 people, 6 items of 4 categories of normal answers", ordinal_alpha),
    covers("coefficient_h", "delta method, 300 people, 6 congeneric normal items", coefficient_h),
    covers("spearman_brown", "Fisher z, 100 people, 2 normal items", spearman_brown),
    covers("icc1", "F, 80 people, 4 ratings, one-way random effects", partial(icc, form="icc1")),
    covers("icc2", "Satterthwaite, 80 people, 4 random raters", partial(icc, form="icc2")),
    covers("icc3", "F, 80 people, 4 fixed raters", partial(icc, form="icc3")),
    covers("sdc95", "chi-square, 100 people, 2 waves, normal errors", detectable_change),
    covers("r_c", "F, 150 people, 3 waves, 4 items", change_within_people),
    covers("loadings_ml", "standardised, delta method, 300 people, 6 normal items", partial(loadings, estimator="ML")),
    covers("loadings_wlsmv", "standardised, delta method, 500 people, 6 items of 4 categories", partial(loadings, estimator="WLSMV")),
    rejects("ML", "one factor, 500 people, 6 normal items"),
    rejects("MLR", "one factor, 1,000 people, 6 items with long tails"),
    rejects("MLM", "one factor, 1,000 people, 6 items with long tails"),
    rejects("WLSMV", "one factor, 500 people, 6 items of 4 categories"),
)  # fmt: skip


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


def calibrate(conditions: Sequence[Condition], share: float = 1.0, jobs: int = 1) -> pd.DataFrame:
    if jobs == 1:
        return pd.DataFrame([_told(run(condition, share)) for condition in conditions])
    with ProcessPoolExecutor(jobs) as pool:
        return pd.DataFrame([_told(row) for row in pool.map(run, conditions, [share] * len(conditions))])


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
    chosen = parser.parse_args(arguments)
    conditions = [c for c in CONDITIONS if not chosen.names or c.name.startswith(tuple(chosen.names))]
    if not conditions:
        parser.error(f"no condition begins so; there are {', '.join(c.name for c in CONDITIONS)}")
    table = calibrate(conditions, chosen.share, chosen.jobs)
    if chosen.table:
        table.to_csv(chosen.table, index=False)
    missed = table.loc[~table["meets"], "condition"].tolist()
    print(
        f"{len(table) - len(missed)} of {len(table)} meet their targets"
        + (f"; not {', '.join(missed)}" if missed else "")
    )
    return int(bool(missed) and chosen.share >= 1)


if __name__ == "__main__":
    raise SystemExit(main())
