"""A fitted mixed model person by person: what one person adds, and what the rest say without them.

With the variances held at their estimates everything here has a closed form, so that a thousand people cost no refit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from rejsens.inference.design_rows import CELLS, numbers
from rejsens.inference.estimates import NotTestable
from rejsens.inference.mixedlm_adapter import INTERCEPT, MixedFit

UNTOLD = 1e-6  # share of the information on the autocorrelation that the variances must leave


@dataclass(frozen=True)
class _Batch:
    """Some people with equally many rows: V = R + Z Psi Z' of each, with R of residuals and occasions.

    rows      (g, n) positions; x (g, n, p) columns; design Z (g, n, q) of the random effects
    own       (g, n, n) share of a row in what rows at the same occasion have in common, or None without occasions
    """

    rows: np.ndarray
    x: np.ndarray
    design: np.ndarray
    root: np.ndarray  # (q, q) L, with L L' = Psi
    residual: float
    own: np.ndarray | None

    def weighted(self, values: np.ndarray) -> np.ndarray:
        """(g, n, k) V^-1 values = R^-1 values - U (I + L'Z'U)^-1 U' values with U = R^-1 Z L."""
        turned = self._turned
        return self._by_rest(values) - turned @ (self._inner @ (turned.swapaxes(1, 2) @ values))

    def weighted_rows(self, values: np.ndarray) -> np.ndarray:
        """(g, n) V^-1 r of each person, of values (n,) of all rows."""
        return self.weighted(values[self.rows][:, :, None])[:, :, 0]

    @cached_property
    def information(self) -> np.ndarray:
        """(g, p, p) X_i' V_i^-1 X_i: of all people, with a column for each wave, it would outgrow the data."""
        return self.x.swapaxes(1, 2) @ self.weighted(self.x)

    @cached_property
    def _turned(self) -> np.ndarray:
        return self._by_rest(self.design @ self.root)

    @cached_property
    def _inner(self) -> np.ndarray:
        loaded = self.design @ self.root
        return np.linalg.inv(np.eye(len(self.root)) + loaded.swapaxes(1, 2) @ self._turned)

    def _by_rest(self, values: np.ndarray) -> np.ndarray:
        """R^-1 values: rows at one occasion lose the part that the occasion has in common."""
        return (values if self.own is None else values - self.own @ values) / self.residual


class _Left(NamedTuple):
    """What the columns leave of the outcome, weighted."""

    rows: np.ndarray  # (n,) V^-1 (y - X b)
    scores: np.ndarray  # (people, p) X_i' of it
    effects: np.ndarray  # (people, q) Z_i' of it


@dataclass(frozen=True)
class Blocks:
    """y = X b + Z u + e of each person, V = Z Psi Z' + omega^2 (same occasion) + sigma^2 I.

    y           (n,) outcome; columns (n, p) fixed effects, float or bool, an intercept first where there is one
    person      (n,) labels; z (n, q) columns of the random effects: ones, then the slope's column
    random      (q, q) Psi; occasion (n,) labels of occasions or None, with their variance
    residual    sigma^2
    within      whether columns are taken as deviations from the person's means
    checked against R: lme4, by dense matrices (tests/reference/diagnostics.R)
    """

    y: np.ndarray
    columns: pd.DataFrame
    person: np.ndarray
    z: np.ndarray
    random: np.ndarray
    residual: float
    occasion: np.ndarray | None = None
    occasion_variance: float = 0.0
    within: bool = False

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    @cached_property
    def labels(self) -> np.ndarray:
        """People in the order of every per-person result."""
        return np.concatenate([self.person[rows[:, 0]] for rows in self._people])

    @cached_property
    def _people(self) -> list[np.ndarray]:
        """(g, n) rows of people with equally many, some at a time."""
        codes = pd.factorize(self.person)[0]
        sizes = np.bincount(codes)[codes]
        order = np.lexsort((np.arange(len(codes)), codes))
        return [
            rows
            for n in np.unique(sizes)
            for rows in _slices(order[sizes[order] == n].reshape(-1, n), self.columns.shape[1])
        ]

    def _batches(self) -> Iterator[_Batch]:
        """Made again each time that they are asked for: what they hold together would outgrow the data."""
        values, vectors = np.linalg.eigh(self.random)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        for rows in self._people:
            x = numbers(self.columns, rows.ravel()).reshape(*rows.shape, -1)
            if self.within:
                x = x - x.mean(axis=1, keepdims=True)
            yield _Batch(rows, x, self.z[rows], root, self.residual, self._own(rows))

    def _own(self, rows: np.ndarray) -> np.ndarray | None:
        """omega^2 / (sigma^2 + m omega^2) for rows at one occasion, of which there are m: R^-1 = (I - this) / sigma^2."""
        if self.occasion is None:
            return None
        at = self.occasion[rows]
        together = (at[:, :, None] == at[:, None, :]).astype(float)
        m = together.sum(axis=2, keepdims=True)
        return together * self.occasion_variance / (self.residual + m * self.occasion_variance)

    @cached_property
    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        """Information of all people and the coefficients."""
        p = self.columns.shape[1]
        information, towards = np.zeros((p, p)), np.zeros(p)
        for b in self._batches():
            information += b.information.sum(axis=0)
            towards += np.einsum("gna,gn->a", b.x, b.weighted_rows(self.y))
        return information, np.linalg.solve(information, towards)

    @property
    def information(self) -> np.ndarray:
        """(p, p) X' V^-1 X."""
        return self._solved[0]

    @property
    def coefficients(self) -> np.ndarray:
        """(p,) generalised least squares."""
        return self._solved[1]

    @cached_property
    def covariance(self) -> np.ndarray:
        return np.linalg.inv(self.information)

    @cached_property
    def _left(self) -> _Left:
        weighted, scores, effects = np.empty(len(self.y)), [], []
        for b in self._batches():
            own = b.weighted((self.y[b.rows] - b.x @ self.coefficients)[:, :, None])
            weighted[b.rows] = own[:, :, 0]
            scores.append((b.x.swapaxes(1, 2) @ own)[:, :, 0])
            effects.append((b.design.swapaxes(1, 2) @ own)[:, :, 0])
        return _Left(weighted, np.concatenate(scores), np.concatenate(effects))

    @property
    def scores(self) -> np.ndarray:
        """(people, p) X_i' V_i^-1 (y_i - X_i b)."""
        return self._left.scores

    def residuals(self) -> np.ndarray:
        """(n,) conditional residuals sigma^2 V^-1 (y - X b): what neither the columns nor the person's own effects say."""
        return self.residual * self._left.rows

    def person_effects(self) -> np.ndarray:
        """(people, q) predicted random effects Psi Z' V^-1 (y - X b)."""
        return self._left.effects @ self.random.T

    @cached_property
    def without_each(self) -> np.ndarray:
        """(people, p) what leaving out one person takes from the coefficients, b - b without them, variances held.

        formula   (A - A_i)^-1 s_i with A the information and s_i the person's score: exact for known variances
        source    Christensen, Pearson & Johnson (1992), Technometrics, 34, 38-45; for groups of rows Banerjee & Frees
                  (1997), Journal of the American Statistical Association, 92, 999-1005
        """
        ends = np.cumsum([len(rows) for rows in self._people])[:-1]
        scores = np.split(self.scores, ends)
        return np.concatenate([self._without(b, own) for b, own in zip(self._batches(), scores, strict=True)])

    def _without(self, b: _Batch, scores: np.ndarray) -> np.ndarray:
        rest = self.information - b.information
        try:
            return np.linalg.solve(rest, scores[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:  # a column that one person alone holds: it takes nothing from the others
            return np.einsum("gab,gb->ga", np.linalg.pinv(rest, hermitian=True), scores)

    def clustered(self) -> np.ndarray:
        """(p, p) person-clustered covariance of the coefficients, right whatever the variances and the slopes of people are.

        formula   jackknife over the G people, (G - 1) / G sum d_i d_i' with d_i what `without_each` gives. Of pairs of
                  rows it is the variance of the paired t test; the sandwich of Liang & Zeger is smaller, and too small
                  with few people; so is this one with 25 people who vary unlike, but less (1,500 draws of a true
                  null at 5 %: sandwich 14 %, this 8 %; of 60 people 8.4 and 6.3 %)
        source    Bell & McCaffrey (2002), Survey Methodology, 28, 169-181; CR3 of Cameron & Miller (2015), Journal of
                  Human Resources, 50, 317-372
        """
        groups = len(self.scores)
        moved = self.without_each
        return moved.T @ moved * (groups - 1) / groups

    @property
    def clustered_df(self) -> int:
        """Degrees of freedom of a coefficient within people: those with two rows or more, less one."""
        return sum(len(rows) for rows in self._people if rows.shape[1] > 1) - 1

    def autocorrelation(self, time: np.ndarray) -> tuple[float, float]:
        """Score test of residuals of neighbouring waves that go together: a one-step estimate of their correlation, and z.

        time      (n,) wave numbers; waves one apart are neighbours
        formula   V_rho = sigma^2 (neighbours); U = (r' W V_rho W r - tr(P V_rho)) / 2 with P = W - W X A^-1 X' W;
                  I_jk = tr(W V_j W V_k) / 2; efficient information I = I_rr - I_rt I_tt^-1 I_tr over the variances t;
                  U / I and U / sqrt(I)
        raises    NotTestable where the variances take up all there is to know of it (two waves)
        source    Chi & Reinsel (1989), Journal of the American Statistical Association, 84, 452-459
        """
        score, information = 0.0, np.zeros(())
        for b in self._batches():
            near = np.abs(time[b.rows][:, :, None] - time[b.rows][:, None, :]) == 1
            together = self.residual * near
            weighted = np.stack([b.weighted(part) for part in (together, *self._variances(b))])
            turned = weighted.swapaxes(2, 3).reshape(len(weighted), -1)
            information = information + weighted.reshape(len(weighted), -1) @ turned.T / 2
            towards, columns = self._left.rows[b.rows][:, :, None], b.weighted(b.x)
            score += float((towards.swapaxes(1, 2) @ together @ towards).sum() - np.einsum("gnn->", weighted[0])) / 2
            known = (columns.swapaxes(1, 2) @ (together @ columns)).sum(axis=0)
            score += float((self.covariance * known).sum()) / 2
        rest = information[0, 1:] @ np.linalg.pinv(information[1:, 1:], hermitian=True) @ information[1:, 0]
        left = float(information[0, 0] - rest)
        if not left > UNTOLD * information[0, 0]:
            raise NotTestable("too few neighbouring waves to tell it from the people's own levels")
        return score / left, score / math.sqrt(left)

    def _variances(self, b: _Batch) -> Iterator[np.ndarray]:
        """Derivatives of V by sigma^2, the parts of Psi and omega^2."""
        g, n, q = b.design.shape
        yield np.broadcast_to(np.eye(n), (g, n, n))
        for j in range(q):
            for k in range(j + 1):
                product = b.design[:, :, j, None] * b.design[:, None, :, k]
                yield product if j == k else product + product.swapaxes(1, 2)
        if self.occasion is not None:
            own = self.occasion[b.rows]
            yield (own[:, :, None] == own[:, None, :]).astype(float)


def _slices(rows: np.ndarray, p: int) -> list[np.ndarray]:
    """People whose covariances and columns have `CELLS` cells together at most, one part after the other."""
    people = max(1, CELLS // (rows.shape[1] * max(rows.shape[1], p)))
    return [rows[start : start + people] for start in range(0, len(rows), people)]


def blocks_of(
    fit: MixedFit,
    y: np.ndarray,
    columns: pd.DataFrame,
    person: np.ndarray,
    slope: str | None = None,
    occasion: np.ndarray | None = None,
) -> Blocks:
    """The blocks of a model as `fit_mixed_model` fitted it; its generalised least squares are the fit's own estimates.

    >>> from rejsens.inference.mixedlm_adapter import fit_mixed_model
    >>> rng = np.random.default_rng(1)
    >>> person, x = np.repeat(np.arange(40), 4), rng.normal(size=160)
    >>> y, columns = 0.5 * x + rng.normal(size=40)[person] + rng.normal(size=160), pd.DataFrame({"x": x})
    >>> fit = fit_mixed_model(y, columns, person)
    >>> blocks = blocks_of(fit, y, columns, person)
    >>> bool(abs(blocks.coefficients[1] - fit.estimate["x"]) < 1e-6), blocks.without_each.shape
    (True, (40, 2))
    """
    z = np.column_stack([np.ones(len(y)), columns[slope].to_numpy(float)]) if slope else np.ones((len(y), 1))
    named = columns.copy(deep=False)
    named.insert(0, INTERCEPT, True)
    occasions = None if occasion is None else pd.factorize(occasion)[0]
    return Blocks(
        np.asarray(y, dtype=float), named, np.asarray(person), z, fit.random_covariance, fit.residual_sd**2, occasions,
        0.0 if occasion is None else fit.occasion_sd**2,
    )  # fmt: skip
