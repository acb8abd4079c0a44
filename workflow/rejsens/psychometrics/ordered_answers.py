"""Answers to ordered categories, and what happens to a category that nobody (of a group) used; with continuous items
among them where these are named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rejsens.psychometrics import cases
from rejsens.psychometrics.engine.mixed import mixed_sample
from rejsens.psychometrics.engine.polychoric import OrderedSample, ordered_sample

MOST_CATEGORIES = 20


def ordered_samples(
    values: np.ndarray,
    membership: np.ndarray,
    items: list[str],
    names: tuple[str, ...],
    ordered: Sequence[str] | None = None,
) -> tuple[list[OrderedSample], dict[str, int], tuple[str, ...], str]:
    """Samples by group, thresholds by item, sentences about regrouped categories, and why there are no samples.

    Categories are the values that occur, in order. One that a group does not use is joined, in every group, to the
    next one towards the middle of the scale: thresholds cannot be compared where one group has fewer of them. Items that
    `ordered` does not name (None names all) are continuous.
    """
    n_groups = max(len(names), 1)
    continuous = np.array([ordered is not None and item not in ordered for item in items])
    codes = values.copy() if continuous.any() else np.empty(values.shape, dtype=np.int64)
    categories, notes = np.zeros(len(items), dtype=int), []
    for j, item in enumerate(items):
        if continuous[j]:
            continue
        levels, codes[:, j] = np.unique(values[:, j], return_inverse=True)
        if len(levels) > MOST_CATEGORIES:
            return [], {}, (), f"{item} has {len(levels)} different answers, too many to be ordered categories"
        codes[:, j], joined = _joined(codes[:, j].astype(np.int64), membership, levels, n_groups)
        notes += [f"{item}: {sentence}" for sentence in joined]
        categories[j] = codes[:, j].max() + 1
    samples = []
    for group in range(n_groups):
        own = codes[membership == group] if names else codes
        if reason := _why_no_sample(own, categories, items):
            return [], {}, tuple(notes), f"{names[group]}: {reason}" if names else reason
        samples.append((mixed_sample if continuous.any() else ordered_sample)(own, categories))
        if samples[-1].at_edge:
            a, b = samples[-1].at_edge[0]
            where = f"{names[group]}: " if names else ""
            kind = "polyserial" if continuous[[a, b]].any() else "polychoric"
            reason = f"{where}the {kind} correlation of {items[a]} and {items[b]} runs to ±1 (empty cells)"
            return [], {}, tuple(notes), reason
    thresholds = {item: int(k) - 1 for item, k in zip(items, categories, strict=True) if k}
    return samples, thresholds, tuple(notes), ""


def _joined(
    codes: np.ndarray, membership: np.ndarray, levels: np.ndarray, n_groups: int
) -> tuple[np.ndarray, list[str]]:
    """Codes without categories that a group lacks, and a sentence for each that was joined to another."""
    sentences: list[str] = []
    kept = [[level] for level in levels]
    while True:
        used = np.array([[(codes[membership == g] == c).any() for c in range(len(kept))] for g in range(n_groups)])
        empty = np.flatnonzero(~used.all(axis=0))
        if not len(empty) or len(kept) <= 2:
            return codes, sentences
        lost = int(empty[0])
        into = lost + 1 if lost < len(kept) / 2 else lost - 1
        sentences.append(f"a group has no answer {_written(kept[lost])}, which is joined with {_written(kept[into])}")
        low = min(lost, into)
        kept[low : low + 2] = [kept[low] + kept[low + 1]]
        codes = np.where(codes > low, codes - 1, codes)


def _written(levels: list[float]) -> str:
    return "/".join(f"{level:g}" for level in levels)


def _why_no_sample(codes: np.ndarray, categories: np.ndarray, items: list[str]) -> str:
    n = len(codes)
    if n <= len(items):
        return f"{n} complete {'row' if n == 1 else 'rows'} for {len(items)} items, too few"
    flat = [item for item, k in zip(items, categories, strict=True) if k == 1]
    flat += [item for item, own in zip(items, codes.T, strict=True) if item not in flat and own.min() == own.max()]
    if flat:
        return f"{', '.join(flat)} {'does' if len(flat) == 1 else 'do'} not vary"
    if (measured := codes[:, categories == 0]).shape[1] > 1:
        least = np.linalg.eigvalsh(np.corrcoef(measured, rowvar=False))[0]
        if least < cases.SINGULAR:
            return "the continuous items are linearly dependent: one repeats another, or a sum of others"
    return ""
