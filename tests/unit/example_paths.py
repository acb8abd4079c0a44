"""Rows of the estimates table that say whether an association differs, what follows what, and by way of what.

Nothing here is a result. Intervals of simple slopes are parabolas, as those of one regression are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from rejsens.tabular import COLUMNS

X, Y, M, OTHER = "mreii_e_freq", "rses_sum", "mreii_sb", "mreii_hv"
FIML = {"missing_rule": "full information maximum likelihood", "n_people": 473.0}
DRAWN = ("simple_slopes", "cross_lagged_paths", "indirect_paths")  # figures that these rows are for


def rows_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    blank = {column: "" if kind.startswith("str") else np.nan for column, kind in COLUMNS["estimates"].items()}
    shared = blank | {
        "family": "paths",
        "ci_level": 0.95,
        "sesoi": 0.1,
        "status": "ok",
        "decides": False,
        "wave": "all",
    }
    return pd.DataFrame([shared | row for row in rows], columns=list(COLUMNS["estimates"]))


def around(estimate: float, half: float) -> dict[str, float]:
    return {"estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half}


def moderation(
    name: str, third: str = "a_rsq", middle: float = 0.15, step: float = 0.1, outcome: str = Y
) -> list[dict[str, Any]]:
    """Within persons and in the first wave; the bound of the wave is where the slope's interval reaches 0."""
    shared = {"hypothesis": name, "label": f"The association by {third}", "outcome": outcome, "n_people": 470.0}
    over = shared | {"analysis": "cross_level", "missing_rule": "multiple imputation, m = 20"}
    one = shared | {"analysis": "moderation", "wave": "2026a", "missing_rule": "complete cases"}
    places = {-1: ("-1 SD", "-1 SD"), 0: ("mean", "+0 SD"), 1: ("+1 SD", "+1 SD")}
    rows = [
        over
        | {"term": f"{X}_within:{third}", "metric": "beta_interaction", "decides": True, "verdict": "inconclusive"}
        | around(step / 2, 0.05)
    ]
    rows += [
        over | {"term": f"{X}_within at {third} {w}", "metric": "beta_within"} | around(middle + step / 2 * z, 0.04)
        for z, (w, _) in places.items()
    ]
    rows += [one | {"term": f"{X}:{third}", "metric": "beta"} | around(step, 0.07)]
    rows += [
        one | {"term": f"{X} | {third} {w}", "metric": "beta"} | around(middle + step * z, half(z))
        for z, (_, w) in places.items()
    ]
    bound = {"term": f"{X} | {third} bound", "metric": "johnson_neyman"}
    z = crossing(middle, step)
    return [*rows, one | bound | ({"estimate": 8.8 + 3.6 * z} if math.isfinite(z) else {"status": "no bound: the slope's interval excludes 0 from the 5th to the 95th percentile"})]  # fmt: skip


def half(z: float) -> float:
    """Half the width of a slope's interval z SDs from the mean of the third variable."""
    return math.sqrt(0.05**2 + 0.06**2 * z * z)


def crossing(middle: float, step: float) -> float:
    """Where the lower end of the interval is 0, by bisection between -2 and 2 SDs; not a number where it is nowhere."""
    low, high = -2.0, 2.0
    end = lambda z: middle + step * z - half(z)  # noqa: E731
    if end(low) * end(high) > 0:
        return math.nan
    for _ in range(80):
        centre = (low + high) / 2
        low, high = (centre, high) if end(low) * end(centre) > 0 else (low, centre)
    return (low + high) / 2


def by_group(name: str = "H63") -> list[dict[str, Any]]:
    """A third variable with levels: one product each and a slope in each, in one wave."""
    one = {"hypothesis": name, "label": "The association by status", "outcome": Y, "analysis": "moderation", "wave": "2026a",
           "missing_rule": "complete cases", "n_people": 466.0, "metric": "beta"}  # fmt: skip
    products = [one | {"term": f"{X}:relationship_status={k}"} | around(0.03 * k, 0.06) for k in (1, 2)]
    slopes = [
        one | {"term": f"{X} | relationship_status={k}"} | around(-0.2 + 0.03 * k, 0.05 + 0.01 * k) for k in (0, 1, 2)
    ]
    joint = one | {"term": f"{X}:relationship_status", "metric": "wald_f", "p": 0.4}
    return [joint, *products, *slopes]


def lagged(name: str, both: bool = False, first: float = -0.08) -> list[dict[str, Any]]:
    """The rows of a cross-lagged panel model; in a cycle one row more decides about both paths."""
    shared = {"hypothesis": name, "label": "Reported exposure and later self-esteem", **FIML}
    shared |= {"analysis": "ri_clpm", "metric": "beta_within", "sesoi": 0.05}
    numbers = {(X, Y): first, (Y, X): 0.021, (Y, Y): 0.113, (X, X): 0.094}
    rows = [
        shared | {"term": f"{cause}_lagged", "outcome": effect} | around(b, 0.041)
        for (cause, effect), b in numbers.items()
    ]
    rows[0] |= {"decides": not both, "verdict": "" if both else "supported"}
    rows.append(shared | {"term": f"{X}_level", "outcome": Y, "metric": "r_between"} | around(-0.31, 0.08))
    rows.append(shared | {"term": f"{X}_deviation", "outcome": Y, "metric": "r_within"} | around(-0.12, 0.07))
    rows.append(
        shared | {"term": "model fit", "outcome": Y, "metric": "chi2", "statistic": 31.0, "df": 28.0, "p": 0.31}
    )
    joint = rows[1] | {
        "analysis": "ri_clpm_both",
        "term": f"{X}_lagged and back",
        "decides": True,
        "verdict": "inconclusive",
    }
    return [joint, *rows] if both else rows


def indirect(name: str) -> list[dict[str, Any]]:
    """Over waves."""
    shared = {
        "hypothesis": name,
        "label": "Exposure, self-blame and self-esteem",
        "analysis": "lagged_indirect",
        "sesoi": 0.01,
    } | FIML
    product = {
        "term": f"{X} > {M} > {Y}",
        "outcome": Y,
        "metric": "indirect",
        "decides": True,
        "verdict": "supported",
        "method": "Monte Carlo, 5000 draws",
    }
    paths = [(M, X, 0.21), (Y, M, -0.17), (Y, X, 0.02)]
    return [shared | product | around(-0.0357, 0.021)] + [
        shared | {"outcome": effect, "term": f"{cause}_lagged", "metric": "beta_within"} | around(b, 0.05)
        for effect, cause, b in paths
    ]


def indirect_in_one_wave(name: str) -> list[dict[str, Any]]:
    shared = {"hypothesis": name, "label": "Exposure, self-blame and self-esteem at once", "analysis": "mediation", "wave": "2026a",
              "missing_rule": "complete cases", "n_people": 461.0, "sesoi": 0.01}  # fmt: skip
    product = {"term": f"{X} > {M} > {Y}", "outcome": Y, "metric": "indirect"}
    paths = [
        (M, f"{X} > {M}", 0.31),
        (Y, f"{M} > {Y}", -0.27),
        (Y, f"{X} > {Y}, direct", -0.11),
        (Y, f"{X} > {Y}, total", -0.19),
    ]
    return [
        shared | product | around(-0.0837, 0.03) | {"method": "percentile bootstrap, 5000 draws", "decides": True},
        shared | product | around(-0.0837, 0.031) | {"method": "Monte Carlo, 5000 draws"},
        *(shared | {"outcome": effect, "term": term, "metric": "beta"} | around(b, 0.05) for effect, term, b in paths),
    ]


def estimates() -> pd.DataFrame:
    """Two moderations by a number (the first with a bound in the wave) and one by groups, two panels, two indirect ones."""
    rows = moderation("H61") + moderation("H62", "scs_sf", -0.3, 0.02, OTHER) + by_group()
    return rows_of(
        rows + lagged("H64") + lagged("H65", both=True, first=0.011) + indirect("H66") + indirect_in_one_wave("H67")
    )


def added(name: str, given: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables for a figure: where it draws such rows, a study with hypotheses also has these, in the waves it has."""
    if name not in DRAWN or given["estimates"].empty:
        return given
    own = estimates()
    waves = set(given["waves"]["wave"])
    if len(waves) < 3:
        own = own[own["wave"].ne("all")]
    names = dict(zip(["2026a"], sorted(waves)[:1], strict=False))
    own = own.replace({"wave": names})
    return given | {"estimates": pd.concat([given["estimates"], own], ignore_index=True)}
