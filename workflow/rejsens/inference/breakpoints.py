"""One breakpoint in a line: where the slope changes, and whether it does, by a bootstrap likelihood ratio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.least_squares import People, combination, fit_least_squares
from rejsens.inference.resampling import percentile_interval

INNER = (0.10, 0.90)  # quantiles of the predictor between which a break is looked for
MOST_CANDIDATES = 200
_BATCH, _PEOPLE = 500, 20_000  # draws, and people, at a time


@dataclass(frozen=True)
class Search:
    """Candidate breaks, each as a unit vector orthogonal to the columns of the line."""

    basis: np.ndarray  # (n, p) orthonormal: intercept, predictor, covariates
    breaks: np.ndarray  # (C,) in the predictor's units
    hinges: np.ndarray  # (n, C)


def breakpoint_rows(
    people: People,
    predictor: str,
    y: np.ndarray,
    rng: np.random.Generator,
    draws: int,
    common: dict[str, Any],
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> tuple[list[Estimate], float]:
    """A line that bends once: y = b0 + b1 x + b2 (x - c)+ + covariates.

    people, y   the analysed people (`analysed_people`) and the standardised outcome (n,)
    draws       wild bootstrap draws (random signs of the residuals over sqrt(1 - h), so unequal variances are kept)
    returns     rows, and the residual sum of squares of the bent line (missing where there is none).
                `breakpoint`: c in the predictor's units, the candidate (observed value between the 10th and the 90th
                percentile; 200 of them where there are more) with the least residual sum of squares; percentile
                interval from draws around the bent line; statistic is LR = n log(RSS of the line / RSS of the bent
                line), p the share of draws around the straight line whose own largest LR reaches it, (1 + count) /
                (draws + 1). No chi-squared distribution applies, since c means nothing when there is no break.
                Two `beta` rows: the slope below and above c (per SD of the predictor, HC3), as if c were known
    source      Hansen (1996), Econometrica, 64, 413-430; wild bootstrap: Davidson & Flachaire (2008), Journal of
                Econometrics, 146, 162-169
    checked against R: a search by lm over the same candidates, the same bootstrap with other draws
    """
    blank = Estimate(
        **common, term=predictor, metric="breakpoint", method=f"one breakpoint, wild bootstrap, {draws} draws"
    )
    try:
        search = find_candidates(people, predictor)
    except NotTestable as refusal:
        return [replace(blank, status=NOT_TESTABLE, reason=str(refusal))], float("nan")
    n, basis, hinges = len(y), search.basis, search.hinges
    residuals = y - basis @ (basis.T @ y)
    gains = (hinges.T @ residuals) ** 2
    best = int(gains.argmax())
    rss = float(residuals @ residuals)
    ratio = n * np.log(rss / (rss - gains[best]))
    ratios, breaks = _wild_draws(search, y, residuals, best, draws, rng)
    low, high = percentile_interval(breaks, ci_level)
    row = replace(
        blank, estimate=float(search.breaks[best]), ci_level=ci_level, ci_low=low, ci_high=high,
        statistic=float(ratio), p=float((1 + (ratios >= ratio).sum()) / (draws + 1)), se=float(breaks.std(ddof=1)),
    )  # fmt: skip
    slopes = _slopes(people, predictor, y, float(search.breaks[best]), common, ci_level, alpha)
    return [row, *slopes], rss - float(gains[best])


def find_candidates(people: People, predictor: str) -> Search:
    """Where a break may lie; raises NotTestable with fewer than three places."""
    x = people.rows[predictor].to_numpy(float)
    low, high = np.quantile(x, INNER)
    breaks = np.unique(x[(x > low) & (x < high)])
    if len(breaks) > MOST_CANDIDATES:
        breaks = breaks[np.linspace(0, len(breaks) - 1, MOST_CANDIDATES).round().astype(int)]
    basis = np.linalg.qr(people.matrix.to_numpy())[0]
    hinges = np.maximum(x[:, None] - breaks, 0)
    length = np.linalg.norm(hinges, axis=0)
    for _ in range(2):  # twice, so that the hinges stay orthogonal
        hinges = hinges - basis @ (basis.T @ hinges)
    left = np.linalg.norm(hinges, axis=0)
    usable = left > 1e-6 * length
    if usable.sum() < 3:
        raise NotTestable(f"{predictor} has too few different values between its 10th and 90th percentile for a break")
    return Search(basis, breaks[usable], hinges[:, usable] / left[usable])


def _wild_draws(
    search: Search, y: np.ndarray, residuals: np.ndarray, best: int, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(draws,) largest LR around the straight line, and (draws,) breaks found around the bent line."""
    n, basis, hinges = len(y), search.basis, search.hinges
    straight = residuals / np.sqrt(1 - (basis**2).sum(axis=1))
    bend = hinges[:, best]
    shift = hinges.T @ bend * (bend @ residuals)  # what the bent line itself gives each candidate
    around = (residuals - bend * (bend @ residuals)) / np.sqrt(1 - (basis**2).sum(axis=1) - bend**2)
    ratios, breaks = [], []
    for start in range(0, draws, _BATCH):
        parts = []
        for first in range(0, n, _PEOPLE):  # sums over people: of a million, some thousands are in memory
            rows = slice(first, first + _PEOPLE)
            signs = rng.integers(0, 2, size=(len(y[rows]), min(_BATCH, draws - start))) * 2.0 - 1
            e = straight[rows, None] * signs
            bent = hinges[rows].T @ (around[rows, None] * signs)
            parts.append(((e * e).sum(axis=0), basis[rows].T @ e, hinges[rows].T @ e, bent))
        squares, onto, gained, bent = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        rss = squares - (onto**2).sum(axis=0)
        ratios.append(n * np.log(rss / (rss - (gained**2).max(axis=0))))
        breaks.append(search.breaks[((shift[:, None] + bent) ** 2).argmax(axis=0)])
    return np.concatenate(ratios), np.concatenate(breaks)


def _slopes(
    people: People, predictor: str, y: np.ndarray, at: float, common: dict[str, Any], ci_level: float, alpha: float
) -> list[Estimate]:
    x = people.rows[predictor].to_numpy(float)
    fit = fit_least_squares(y, people.matrix.assign(**{"hinge": np.maximum(x - at, 0) / x.std(ddof=1)}))
    parts = {"below": {predictor: 1.0}, "above": {predictor: 1.0, "hinge": 1.0}}
    return [
        Estimate(
            **common, term=f"{predictor} {side} the breakpoint", metric="beta", method="OLS, HC3, breakpoint as known",
            **combination(fit, weights, ci_level, alpha),
        )
        for side, weights in parts.items()
    ]  # fmt: skip
