"""Example tables of exploration and item response, in the shape that jobs hand them on. Nothing here is a result."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from rejsens.tabular import COLUMNS

WAVE, N = "2026a", 486
WHOLE = ("every item answered", N, 9)  # rule, n, lost
ANY = "every row with an answer (maximum likelihood)"
ITEMS = [(f"mreii_hv{j:02}" + "_r" * (j in (3, 6)), f"hv_{j}", j in (3, 6)) for j in range(1, 7)]
OTHERS = [(f"mreii_sb{j:02}", f"sb_{j}", False) for j in range(1, 7)]
EVENTS = "not estimated: with fewer than three items the number of factors is no question"
PRODUCTS = "not estimated: products of two answers are not ordered answers"
FEW = "not reported: an answer beside it was given by fewer than 10 people"
NAN = math.nan


def tables() -> dict[str, pd.DataFrame]:
    """The tables `explore_instrument.TABLES`."""
    rows = {
        "dimensionality": _dimensionality(),
        "eigenvalues": _eigenvalues(),
        "exploratory_loadings": _loadings(),
        "item_response": _item_response(),
        "information": _information(),
        "scalability": _scalability(),
        "local_dependence": _local_dependence(),
    }
    return {name: pd.DataFrame(own, columns=list(COLUMNS[name])) for name, own in rows.items()}


def further_reliability() -> list[tuple]:
    """Rows of `reliability` beside alpha and omega."""
    start = ("mreii_impact", "mreii_hv", WAVE)
    coefficients = {
        "coefficient_h": (0.85, 0.83, 0.87, "coefficient H, one-factor ML, delta-method interval", "estimated"),
        "ave": (0.46, 0.42, 0.5, "average variance extracted by the factor, one-factor ML, delta-method interval", "estimated"),
        "omega_s": (0.83, 0.81, 0.85, "omega of the subscale mreii_hv, bifactor ML, delta-method interval", "estimated"),
        "omega_hs": (0.61, 0.52, 0.7, "omega hierarchical of the subscale mreii_hv, bifactor ML", "estimated"),
        "split_half_lowest": (0.79, NAN, NAN, "split half (Guttman's lambda 4 of each split), lowest", "estimated"),
        "split_half_highest": (0.86, NAN, NAN, "split half (Guttman's lambda 4 of each split), highest", "estimated"),
    }  # fmt: skip
    rows = [(*start, name, N, 9, 6, *values) for name, values in coefficients.items()]
    why = "not reported: the second-order model is not admissible (negative residual variance: rses_01)"
    rows.append(
        ("rses", "rses_sum", WAVE, "omega_h", N, 0, 10, NAN, NAN, NAN, "omega hierarchical, second-order ML", why)
    )
    said = "ordinal alpha: of the answers assumed behind the categories, not of the observed sum"
    rows.append(("rses", "rses_sum", WAVE, "alpha_ordinal", N, 0, 10, 0.91, 0.9, 0.92, said, "estimated"))
    return rows


def _dimensionality() -> list[tuple]:
    how = "parallel analysis: components above the 95th percentile of 100 shuffled data sets; MAP: squared partial correlations"
    return [
        ("mreii_impact", "mreii_hv", "Hypervigilance (MREII-HV)", WAVE, "pearson", WHOLE[0], N, 3, 6, 0.86, 812.4, 15, 0.0, 1, 1, "estimated", how),
        ("mreii_impact", "all", "MREII, impact", WAVE, "pearson", *WHOLE, 12, 0.88, 4012.9, 66, 0.0, 2, 2, "estimated", how),
        ("rses", "rses_sum", "Self-esteem (RSES)", WAVE, "polychoric", WHOLE[0], N, 0, 10, 0.93, NAN, NAN, NAN, 1, 1, "estimated",
         how + "; no Bartlett test: it is not right for polychoric correlations"),
        ("ucla3", "ucla3", "Loneliness (UCLA-3)", WAVE, "polychoric", WHOLE[0], N, 0, 2, NAN, NAN, NAN, NAN, NAN, NAN, EVENTS, how),
    ]  # fmt: skip


def _eigenvalues() -> list[tuple]:
    rows = []
    for name, own in (("mreii_hv", (3.2, 0.8, 0.7, 0.5, 0.4, 0.4)), ("all", (4.6, 2.4, *np.linspace(0.9, 0.3, 10)))):
        random = np.linspace(1.25, 0.75, len(own))
        for kind, less in (("components", 0.0), ("factors", 0.6)):
            rows += [
                ("mreii_impact", name, WAVE, kind, j + 1, own[j] - less, random[j] - less, random[j] - less + 0.05)
                for j in range(len(own))
            ]
    return rows


def _loadings() -> list[tuple]:
    how = ("minres", "oblimin")
    rows = [
        ("mreii_impact", "mreii_hv", WAVE, 1, "minres", "none", "F1", *item, 0.6 + 0.03 * j, (0.6 + 0.03 * j) ** 2, *WHOLE, "admissible")
        for j, item in enumerate(ITEMS)
    ]  # fmt: skip
    for j, item in enumerate([*ITEMS, *OTHERS]):
        for factor in ("F1", "F2"):
            own = 0.68 if (factor == "F1") == (j < 6) else -0.03
            rows.append(("mreii_impact", "all", WAVE, 2, *how, factor, *item, own, 0.45, *WHOLE, "admissible"))
    heywood = "Heywood case: the uniqueness of rses_01 is at its lower bound of 0.005"
    for factor in ("F1", "F2"):
        rows.append(
            ("rses", "rses_sum", WAVE, 2, *how, factor, "rses_01", "worth", False, 0.99, 0.995, *WHOLE, heywood)
        )
    return rows


def _item_response() -> list[tuple]:
    rows = []
    for j, item in enumerate(ITEMS):
        for parameter, value in (("a", 1.4 + 0.1 * j), ("b1", -1.9), ("b2", -0.6), ("b3", 0.5), ("b4", 1.8)):
            few = j == 5 and parameter == "b4"
            numbers = (NAN,) * 4 if few else (value, 0.1, value - 0.196, value + 0.196)
            head = ("mreii_impact", "mreii_hv", WAVE, *item, ANY, N - j, 9 + j, parameter)
            rows.append((*head, *numbers, FEW if few else "admissible"))
    rows.append(("a_rsq", "a_rsq", WAVE, "a_rsq_01", "situation_1", False, *WHOLE, "a", *(NAN,) * 4, PRODUCTS))
    return rows


def _information() -> list[tuple]:
    rows = []
    for theta in np.round(np.linspace(-4, 4, 41), 1):
        own = [(1.4 + 0.1 * j) ** 2 * 0.25 * math.exp(-(theta**2) / 6) for j in range(6)]
        rows.append(("mreii_impact", "mreii_hv", WAVE, "", theta, sum(own), sum(own) ** -0.5))
        rows += [
            ("mreii_impact", "mreii_hv", WAVE, item[0], theta, one, NAN) for item, one in zip(ITEMS, own, strict=True)
        ]
    return rows


def _scalability() -> list[tuple]:
    start = ("mreii_impact", "mreii_hv", WAVE)
    rows = [(*start, "", "Hypervigilance (MREII-HV)", *WHOLE, 0.48, 0.02, 0.44, 0.52, "estimated")]
    for j, (item, label, _) in enumerate(ITEMS):
        below = "; below .30, Mokken's lower bound of a scale" if j == 5 else ""
        h = 0.27 if below else 0.5
        rows.append((*start, item, label, *WHOLE, h, 0.02, h - 0.04, h + 0.04, f"estimated{below}"))
    return [*rows, ("a_rsq", "a_rsq", WAVE, "", "Rejection sensitivity (A-RSQ)", *WHOLE, *(NAN,) * 4, PRODUCTS)]


def _local_dependence() -> list[tuple]:
    start, names = ("mreii_impact", "mreii_hv", WAVE), [item[0] for item in ITEMS]
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    rows = []
    for statistic, far in (("q3_above_mean", 0.24), ("residual", 0.07)):
        for j, pair in enumerate(pairs):
            value = far if j == 0 else 0.02
            rows.append((*start, *pair, statistic, *WHOLE, value, value > 0.2, "estimated"))
    rows.append(("a_rsq", "a_rsq", WAVE, "a_rsq_01", "a_rsq_02", "q3_above_mean", *WHOLE, NAN, False, PRODUCTS))
    rows.append(("a_rsq", "a_rsq", WAVE, "a_rsq_01", "a_rsq_02", "residual", *WHOLE, 0.03, False, "estimated"))
    return rows
