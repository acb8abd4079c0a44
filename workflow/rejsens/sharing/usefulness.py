"""How like the people a synthetic twin is: margins, gaps, correlations, and the scales' coefficients and loadings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.psychometrics.extraction import extract
from rejsens.psychometrics.reliability import raw_alpha
from rejsens.scoring import keyed
from rejsens.sharing.copula import correlations
from rejsens.sharing.twin_rows import Wide, asked_items
from rejsens.study import Study

LEAST = 50  # people behind a correlation that is compared


def tables(real: Wide, twin: Wide, study: Study, least: int) -> dict[str, pd.DataFrame]:
    """ "utility_answers", "utility_correlations" and "utility_scales"; nothing rests on fewer than `least` people."""
    return {
        "utility_answers": answers(real, twin, study, least),
        "utility_correlations": between(real, twin, study, max(least, LEAST)),
        "utility_scales": scales(real, twin, study, max(least, LEAST)),
    }


def answers(real: Wide, twin: Wide, study: Study, least: int) -> pd.DataFrame:
    """wave, variable, n, n_synthetic, distance (half the sum of absolute differences of shares; of a number, the largest
    difference of the shares below any value), unanswered, unanswered_synthetic (shares of those with a row)."""
    rows = []
    for wave, frame in real.answers.items():
        there, here = real.present[wave], twin.present[wave]
        for _, item in asked_items(study, wave):
            if item.id not in frame:
                continue
            a, b = frame[item.id].to_numpy()[there], twin.answers[wave][item.id].to_numpy()[here]
            given, drawn = a[~np.isnan(a)], b[~np.isnan(b)]
            if len(given) < least:
                continue
            distance = _apart(given, drawn, item.type == "number") if len(drawn) else np.nan
            rows.append((wave, item.id, len(given), len(drawn), distance, np.isnan(a).mean(), np.isnan(b).mean()))
    named = ["wave", "variable", "n", "n_synthetic", "distance", "unanswered", "unanswered_synthetic"]
    return pd.DataFrame(rows, columns=named)


def _apart(a: np.ndarray, b: np.ndarray, number: bool) -> float:
    """Distance of two distributions, 0 to 1.

    >>> _apart(np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 1, 1]), False)
    0.25
    """
    values = np.unique(np.concatenate([a, b]))
    shares = [np.array([(x == v).mean() for v in values]) for x in (a, b)]
    gap = shares[0] - shares[1]
    return float(np.abs(np.cumsum(gap)).max() if number else np.abs(gap).sum() / 2)


def between(real: Wide, twin: Wide, study: Study, least: int) -> pd.DataFrame:
    """wave_a, instrument_a, wave_b, instrument_b, n_pairs, mean_difference, largest (absolute, of correlations): every two
    instruments of one wave, and every instrument with itself in the other waves."""
    names = [
        (w, i.name, item.id) for w in real.answers for i, item in asked_items(study, w) if item.id in real.answers[w]
    ]
    r, n = correlations(np.column_stack([real.answers[w][item].to_numpy() for w, _, item in names]))
    s, m = correlations(np.column_stack([twin.answers[w][item].to_numpy() for w, _, item in names]))
    apart = np.where((n >= least) & (m >= least), np.abs(r - s), np.nan)
    np.fill_diagonal(apart, np.nan)
    places: dict[tuple[str, str], list[int]] = {}
    for k, (w, instrument, _) in enumerate(names):
        places.setdefault((w, instrument), []).append(k)
    rows = []
    for i, (a, own) in enumerate(places.items()):
        for b, others in list(places.items())[i:]:
            block = apart[np.ix_(own, others)]
            pairs = int((~np.isnan(block)).sum()) // (2 if a == b else 1)
            if pairs and (a[0] == b[0] or a[1] == b[1]):
                rows.append((*a, *b, pairs, float(np.nanmean(block)), float(np.nanmax(block))))
    named = ["wave_a", "instrument_a", "wave_b", "instrument_b", "n_pairs", "mean_difference", "largest"]
    return pd.DataFrame(rows, columns=named)


def scales(real: Wide, twin: Wide, study: Study, least: int) -> pd.DataFrame:
    """wave, score, n, n_synthetic, alpha, alpha_synthetic, loadings_apart (mean absolute difference), loading_furthest: each
    reflective score of three items or more, complete rows, one factor by least squares of residuals."""
    rows = []
    for wave in real.answers:
        for instrument in study.asked[wave]:
            for score in instrument.scores:
                own = instrument.items_of(score)
                if score.model != "reflective" or score.of or score.pairs or len(own) < 3:
                    continue
                both = [_scale(panel.answers[wave], instrument, [i.id for i in own]) for panel in (real, twin)]
                enough = [found for found in both if found is not None and found[0] >= least]
                if len(enough) < 2:
                    continue
                (n, alpha, loadings), (m, beta, others) = enough
                gap = np.abs(loadings - others)
                rows.append((wave, score.id, n, m, alpha, beta, float(gap.mean()), float(gap.max())))
    named = ["wave", "score", "n", "n_synthetic", "alpha", "alpha_synthetic", "loadings_apart", "loading_furthest"]
    return pd.DataFrame(rows, columns=named)


def _scale(frame: pd.DataFrame, instrument: Instrument, items: list[str]) -> tuple[int, float, np.ndarray] | None:
    """People with every item, alpha, and loadings on one factor; None where these items give none."""
    if not set(items) <= set(frame):
        return None
    values = keyed(frame, [instrument.item(i) for i in items]).dropna().to_numpy()
    if len(values) < 3 or (values.std(axis=0) == 0).any():
        return None
    r = np.corrcoef(values, rowvar=False)
    if np.linalg.eigvalsh(r)[0] < 1e-8:
        return None
    return len(values), raw_alpha(np.cov(values, rowvar=False)), extract(r, 1, "minres").loadings[:, 0]


def told(made: Mapping[str, pd.DataFrame]) -> str:
    """The tables in a sentence."""
    a, r, s = (made[f"utility_{name}"] for name in ("answers", "correlations", "scales"))
    parts = [f"margins differ by {a['distance'].mean():.3f} on average (0 to 1)" if len(a) else ""]
    if len(r):
        mean = float((r["mean_difference"] * r["n_pairs"]).sum() / r["n_pairs"].sum())
        parts.append(f"correlations of items by {mean:.3f}")
    if len(s):
        parts.append(
            f"loadings by {s['loadings_apart'].mean():.3f} and alphas by {(s['alpha'] - s['alpha_synthetic']).abs().mean():.3f}"
        )
    return ", ".join(filter(None, parts))
