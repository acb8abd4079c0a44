"""From a data frame to the samples that a model is fitted to, or to the sentence that says why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics import cases
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.normal import Sample, Saturated, sample_from_rows, saturated
from rejsens.psychometrics.ordered_answers import ordered_samples

MISSING_RULES = {"listwise": cases.MISSING_RULE, "fiml": "full information maximum likelihood"}
NEARLY_SINGULAR = 1e-6  # smallest eigenvalue of correlations that iterations lead to


@dataclass(frozen=True)
class Settings:
    """How a model is to be estimated, checked."""

    estimator: str
    missing: str
    ci_level: float
    identification: str
    ordered_items: tuple[str, ...] | None = None  # of WLSMV; None: all of them

    def __post_init__(self) -> None:
        if self.estimator not in engine.ESTIMATORS:
            raise ValueError(f"estimator is one of {', '.join(engine.ESTIMATORS)}, not “{self.estimator}”")
        if self.missing not in MISSING_RULES:
            raise ValueError(f"missing is “listwise” or “fiml”, not “{self.missing}”")
        if self.missing == "fiml" and self.estimator not in ("ML", "MLR"):
            raise ValueError(f"missing “fiml” goes with ML and MLR, not with {self.estimator}")
        if self.ordered_items is not None and not self.ordered_items:
            raise ValueError("ordered names no item: without ordered items, use another estimator")
        if not 0 < self.ci_level < 1:
            raise ValueError(f"ci_level lies between 0 and 1, not at {self.ci_level}")

    @property
    def ordered(self) -> bool:
        return self.estimator == "WLSMV"


@dataclass(frozen=True, eq=False)
class Found:
    """What the data offer to one model: samples by group, or the reason why there are none."""

    samples: tuple[Any, ...]
    groups: tuple[str, ...]
    n: int
    n_lost: int
    reason: str = ""
    notes: tuple[str, ...] = ()
    thresholds: dict[str, int] = field(default_factory=dict)
    full: tuple[Any, ...] | None = None  # saturated moments of continuous items


def require_frame(data: pd.DataFrame) -> None:
    """Raise TypeError for anything but a data frame: items are found by their names."""
    if not isinstance(data, pd.DataFrame):
        raise TypeError(f"data is a pandas DataFrame with one column per item, not {type(data).__name__}")


def gather(data: pd.DataFrame, items: Sequence[str], settings: Settings, groups: str | None = None) -> Found:
    """Samples by group. Rows without a group are lost, as rows without every answer (FIML: without any) are."""
    items, ordered, fiml = list(items), settings.ordered, settings.missing == "fiml"
    frame = data[items]
    values = cases.answers(frame)
    keep = ~np.isnan(values).all(axis=1) if fiml else ~np.isnan(values).any(axis=1)
    names: tuple[str, ...] = ()
    membership = np.zeros(len(values), dtype=int)
    if groups is not None:
        names, membership = _membership(data, groups)
        keep &= membership >= 0
    n = int(keep.sum())
    shape: dict[str, Any] = {"groups": names, "n": n, "n_lost": len(values) - n}
    samples: list[Sample] = []
    full: list[Saturated] = []
    usable = values if keep.all() else values[keep]
    membership = membership[keep]
    if n == 0:
        return Found((), reason=cases.why_no_rows(frame), **shape)
    if ordered:
        found, thresholds, notes, reason = ordered_samples(usable, membership, items, names, settings.ordered_items)
        return Found(tuple(found), reason=reason, notes=notes, thresholds=thresholds, **shape)
    for group in range(max(len(names), 1)):
        own = usable[membership == group] if names else usable
        reason = _why_no_sample(own, items, fiml)
        if reason:
            return Found((), reason=f"{names[group]}: {reason}" if names else reason, **shape)
        samples.append(sample_from_rows(own))
        full.append(saturated(samples[-1]))
        if reason := _why_no_covariance(full[-1]):
            return Found((), reason=f"{names[group]}: {reason}" if names else reason, **shape)
    return Found(tuple(samples), full=tuple(full), **shape)


def _membership(data: pd.DataFrame, groups: str) -> tuple[tuple[str, ...], np.ndarray]:
    if groups not in data.columns:
        raise ValueError(f"the data lack the column of groups, {groups}")
    codes, levels = pd.factorize(data[groups], sort=True)
    if len(levels) < 2:
        raise ValueError(f"{groups} holds {len(levels)} group{'' if len(levels) == 1 else 's'}; two or more are needed")
    return tuple(map(str, levels)), codes


def _why_no_sample(values: np.ndarray, items: list[str], fiml: bool) -> str:
    n, k = values.shape
    if n <= k:
        what = "row" if n == 1 else "rows"
        return f"{n} {'' if fiml else 'complete '}{what} for {k} items, too few"
    if not fiml:
        flat = cases.constant(values)
    else:
        missing = np.isnan(values)
        if (empty := missing.all(axis=0)).any():
            return f"no answers to {cases.named(items, empty)}"
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        flat = low == high
        together = (~missing).T.astype(float) @ (~missing)
        if (never := np.argwhere(np.tril(together == 0))).size:
            return f"nobody answered both {items[never[0, 1]]} and {items[never[0, 0]]}"
    if flat.any():
        return f"{cases.named(items, flat)} {'does' if flat.sum() == 1 else 'do'} not vary"
    return ""


def _why_no_covariance(full: Saturated) -> str:
    spread = np.sqrt(full.covariance.diagonal())
    correlations = full.covariance / np.outer(spread, spread)
    least = np.linalg.eigvalsh(correlations)[0]
    if least < (cases.SINGULAR if full.sample.complete else NEARLY_SINGULAR):
        return "the items are linearly dependent: one repeats another, or a sum of others"
    return "" if full.converged else "too little was answered together to tell the covariances of the items"
