"""The power of two conditions of tests/calibrate_study.py, computed before they run and by another route.

python -m tests.calibrate_power          prints the power of each and its Monte Carlo error

No sample of the size of the study is drawn and nothing of `rejsens.inference` is used: on complete answers of a census the
coefficient and the covariance of people's contributions to it are read off the normal equations of deviations from person
means; the standard error of n people is theirs, and power that of the t test.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from rejsens.hypotheses import variables
from rejsens.simulate.truth import draw_population
from tests import calibrate_study as study

CENSUS, BATCHES, SEED = 2_000_000, 40, 20260529


def deviations(values: np.ndarray) -> np.ndarray:
    """(people, waves) less each person's mean and each wave's."""
    within = values - values.mean(axis=1, keepdims=True)
    return within - within.mean(axis=0)


def signal(values: dict[str, np.ndarray], hypothesis: dict) -> float:
    """Coefficient over its standard error if one person were asked: the last column's of deviations of the outcome on them."""
    x = values[hypothesis["predictor"]]
    columns = [x]
    for covariate in (c for c in hypothesis["covariates"] if c.get("varies")):
        found = values[covariate["name"]]
        codes = [found] if covariate["type"] == "number" else [found == code for code in np.unique(found)[1:]]
        columns = [*(np.asarray(code, dtype=float) for code in codes), *columns]
    columns = [deviations(column) for column in columns]
    if "moderator" in hypothesis:
        m = values[hypothesis["moderator"]][:, :1]
        columns.append(deviations((x - x.mean(axis=1, keepdims=True)) * (m - m.mean()) / m.std()))
    design, y = np.stack(columns, axis=2), deviations(values[hypothesis["outcome"]])
    inverse = np.linalg.inv(np.einsum("ptk,ptl->kl", design, design) / len(y))
    slopes = inverse @ np.einsum("ptk,pt->k", design, y) / len(y)
    shares = np.einsum("ptk,pt->pk", design, y - design @ slopes)
    covariance = inverse @ (shares.T @ shares / len(y)) @ inverse
    return float(slopes[-1] / np.sqrt(covariance[-1, -1]))


def power(
    hypothesis: str, people: int, opposite: bool, census: int = CENSUS, batches: int = BATCHES
) -> tuple[float, float]:
    """Chance that n people show the effect with p < .05 in its direction (or the opposite), and its Monte Carlo error."""
    of = study.design(hypothesis)
    declared = {"positive": 1, "negative": -1}[of.hypothesis["direction"]] * (-1 if opposite else 1)
    names = {name for named in variables(of.hypothesis).values() for name in named}
    found = []
    for batch in range(batches):
        values = draw_population(study.parameters(), names, census // batches, (SEED, "power", str(batch)))
        shift = declared * signal(values, of.hypothesis) * np.sqrt(people)
        df = people - 1
        found.append(stats.nct.sf(stats.t.ppf(0.975, df), df, shift))
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(batches))


def main() -> None:
    for name, (hypothesis, people, opposite) in study.POWERED.items():
        found, error = power(hypothesis, people, opposite)
        print(f"{name}: {hypothesis}, {people} people: power {found:.4f} ± {error:.4f}; promised {study.POWER[name]}")


if __name__ == "__main__":
    main()
