"""The observed-score estimands: what the models of the study would find if all of a population answered everything.

Unreliable scores attenuate, so a latent effect of −.20 is another number in scores. The estimator here shares no code
with `rejsens.inference`: sums of squares and cross-products, normal equations, and a profiled likelihood of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from rejsens.declarations import read_yaml
from rejsens.definitions import Instrument, load_instruments
from rejsens.scoring import score
from rejsens.simulate.items import ItemModel, draw_answers, item_models
from rejsens.simulate.latent import draw_people, draw_states, levels, module_states, with_modules
from rejsens.simulate.modules import draw_lasting, lacking_in
from rejsens.simulate.parameters import Parameters, module_block, read_parameters, stream

COLUMNS = ("hypothesis", "analysis", "wave", "metric", "estimand", "mc_error", "n_people")
Values = Mapping[str, np.ndarray]  # variable -> (people, waves)


def write_truth(
    out: Path | str = ".", parameters: Path | str | None = None, report: Callable[[str], None] = lambda line: None
) -> pd.DataFrame:
    """Compute data/truth/estimands.csv for every hypothesis in the study's config/hypotheses/. Takes minutes."""
    out = Path(out)
    families = [read_yaml(path, "hypotheses") for path in sorted((out / "config" / "hypotheses").glob("*.yaml"))]
    estimands = population_estimands(read_parameters(parameters), families, report=report)
    path = out / "data" / "truth" / "estimands.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    estimands.round(6).to_csv(path, index=False, lineterminator="\n")
    return estimands


def population_estimands(
    parameters: Parameters,
    families: Sequence[Mapping[str, Any]],
    *,
    people: int | None = None,
    batches: int | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """The population value of the coefficients of every hypothesis, in complete data without defects or attrition.

    parameters   as from `read_parameters`; `truth` gives the size of the draw and its seed, which no study shares
    families     family files as parsed
    people       size of the draw, split evenly over the batches; each batch is estimated alone
    returns      hypothesis, analysis, wave, metric, estimand (mean over batches), mc_error (SD over batches / sqrt of
                 their number), n_people. Per hypothesis:
                 within_between   beta_within of the mixed model that the family declares (with or without random slope)
                 fixed_effects    beta_within, ordinary least squares on deviations from person means
                 cross_sectional  beta of each wave; age, gender and the like as at the first wave
    """
    truth = parameters["truth"]
    people, batches = people or truth["people"], batches or truth["batches"]
    instruments, models = _asked(parameters, families)
    found: dict[tuple[str, str, str, str], list[float]] = {}
    random_parts: dict[
        str, np.ndarray
    ] = {}  # from the first batch: their error moves the coefficients in second order only
    for batch in range(batches):
        rng = stream(truth["seed"], "population", str(batch))
        values = draw_population(parameters, instruments, models, people // batches, rng)
        for family in families:
            for hypothesis in family["hypotheses"]:
                panel, name = _Panel.of(values, hypothesis), hypothesis["id"]
                if name not in random_parts:
                    random_parts[name] = panel.random_parts(bool(family.get("random_slope")))
                for key, estimand in _estimands(values, hypothesis, parameters, panel, random_parts[name]):
                    found.setdefault((name, *key), []).append(estimand)
        report(f"batch {batch + 1} of {batches}")
    rows = [
        (*key, np.mean(v), np.std(v, ddof=1) / np.sqrt(batches) if batches > 1 else np.nan, people // batches * batches)
        for key, v in found.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _asked(
    parameters: Parameters, families: Sequence[Mapping[str, Any]]
) -> tuple[list[Instrument], dict[str, ItemModel]]:
    """Only what the hypotheses need, so that a million people take minutes."""
    hypotheses = [h for family in families for h in family["hypotheses"]]
    named = {n for h in hypotheses for n in (h["outcome"], h["predictor"], *(c["name"] for c in h["covariates"]))}
    blocks = (parameters["instruments"], module_block(parameters))
    entries = [entry for block in blocks for asked in ("every_wave", "first_wave", "later_waves")
               for entry in block.get(asked, ()) if not entry.get("as")]  # fmt: skip
    definitions = load_instruments(only=[entry["id"] for entry in entries])
    used = [i for i in definitions.values() if named & {s.id for s in i.scores}]
    models = item_models(parameters, used)
    needed = {item for i in used for s in i.scores if s.id in named for item in s.items}
    return used, {item: model for item, model in models.items() if item in needed}


def draw_population(
    parameters: Parameters,
    instruments: Sequence[Instrument],
    models: Mapping[str, ItemModel],
    n: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Complete scores and background of n people in every panel wave; variable -> (n, waves).

    What modules ask is drawn from a stream of its own: the rest is the same with and without it.
    """
    own = rng.spawn(1)[0]
    in_modules = {i: model for i, model in models.items() if model.variable in module_block(parameters)["variables"]}
    others = {i: model for i, model in models.items() if i not in in_modules}
    people = draw_people(parameters, n, rng)
    people = with_modules(parameters, people, own) if in_modules else people
    lasting = draw_lasting(parameters, n, int(own.integers(2**32)))
    absent = {i: rng.random(n) < share for i, share in parameters["missing"]["not_applicable"].items() if i in models}
    waves: list[pd.DataFrame] = []
    for number in range(len(parameters["waves"])):
        states = draw_states(parameters, people, rng)
        answers = draw_answers(others, levels(parameters, people, states, number), rng)
        if in_modules:
            states |= module_states(parameters, people, states, own)
            answers |= draw_answers(in_modules, levels(parameters, people, states, number), own)
        lacking = absent | {i: a for i, a in lacking_in(parameters, people, lasting, number).items() if i in models}
        frame = pd.DataFrame({i: np.where(lacking[i], np.nan, a) if i in lacking else a for i, a in answers.items()})
        waves.append(score(frame, [_only(i, models) for i in instruments], pd.DataFrame(lacking)))
    scores = [column for column in waves[0] if "__" not in column]
    values = {name: np.column_stack([wave[name] for wave in waves]) for name in scores}
    ones = np.ones(len(waves))
    return values | {"age": np.outer(np.floor(people.age), ones), "gender": np.outer(people.gender, ones),
                     "relationship_status": people.status}  # fmt: skip


def _only(instrument: Instrument, models: Mapping[str, ItemModel]) -> Instrument:
    """The instrument with the scores whose items were drawn."""
    return replace(instrument, scores=tuple(s for s in instrument.scores if s.items and set(s.items) <= set(models)))


def _estimands(
    values: Values, hypothesis: Mapping[str, Any], parameters: Parameters, panel: _Panel, random_parts: np.ndarray
) -> list[tuple[tuple[str, str, str], float]]:
    waves = [wave["name"] for wave in parameters["waves"]]
    return [
        (("within_between", "all", "beta_within"), panel.mixed(random_parts)),
        (("fixed_effects", "all", "beta_within"), panel.fixed_effects()),
        *((("cross_sectional", wave, "beta"), cross_section(values, hypothesis, k)) for k, wave in enumerate(waves)),
    ]


def _columns(values: Values, covariate: Mapping[str, Any]) -> list[np.ndarray]:
    """One (people, waves) array for a number, one 0/1 array for each category but the lowest."""
    found = values[covariate["name"]]
    if covariate["type"] == "number":
        return [found]
    return [(found == code).astype(float) for code in np.unique(found)[1:]]


def cross_section(values: Values, hypothesis: Mapping[str, Any], wave: int) -> float:
    """Standardised coefficient of the predictor in one wave: b × SD(x) / SD(y), from the normal equations."""
    x, y = values[hypothesis["predictor"]][:, wave], values[hypothesis["outcome"]][:, wave]
    columns = [x, *(c[:, wave] for covariate in hypothesis["covariates"] for c in _columns(values, covariate)), y]
    products = np.cov(np.vstack(columns))
    return float(np.linalg.solve(products[:-1, :-1], products[:-1, -1])[0] * np.sqrt(products[0, 0] / products[-1, -1]))


@dataclass(frozen=True)
class _Panel:
    """A balanced panel as sums per person. Column 0 is the predictor's deviation from the person's mean."""

    x: np.ndarray  # (people, waves, columns)
    y: np.ndarray  # (people, waves)
    sd_ratio: float  # within-person SD of predictor over outcome

    @classmethod
    def of(cls, values: Values, hypothesis: Mapping[str, Any]) -> _Panel:
        y = values[hypothesis["outcome"]]
        people, waves = y.shape
        x = values[hypothesis["predictor"]]
        columns = [_deviation(x), _mean(x)]
        for covariate in hypothesis["covariates"]:
            for c in _columns(values, covariate):
                columns += [_deviation(c), _mean(c)] if covariate.get("varies") else [c]
        columns += [np.tile(row, (people, 1)).astype(float) for row in np.eye(waves)]  # the waves hold the intercept
        spread = [(_deviation(v) ** 2).sum() for v in (x, y)]
        return cls(np.stack(columns, axis=2), y, float(np.sqrt(spread[0] / spread[1])))

    def fixed_effects(self) -> float:
        x, y = self.x - self.x.mean(axis=1, keepdims=True), _deviation(self.y)
        varying = [k for k in range(x.shape[2] - 1) if np.ptp(x[:, :, k]) > 1e-9]  # without the last wave
        x = x[:, :, varying].reshape(-1, len(varying))
        return float(np.linalg.solve(x.T @ x, x.T @ y.ravel())[0]) * self.sd_ratio

    def mixed(self, random_parts: np.ndarray) -> float:
        """Generalised least squares under a random intercept (and slope of column 0) of known relative covariance."""
        found, _ = self._products(random_parts)
        return float(np.linalg.solve(found[:-1, :-1], found[:-1, -1])[0]) * self.sd_ratio

    def random_parts(self, slope: bool) -> np.ndarray:
        """Maximum likelihood of that covariance, as the lower triangle of its root; all else is profiled out."""

        def deviance(root: np.ndarray) -> float:
            found, log_det = self._products(root)
            rest = found[-1, -1] - found[-1, :-1] @ np.linalg.solve(found[:-1, :-1], found[:-1, -1])
            return log_det / len(self.y) + self.y.shape[1] * np.log(rest)

        start = np.array([1.0, 0.0, 0.2] if slope else [1.0])
        return minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-8}).x

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Cross-products of all columns and the outcome; per person, Z' times them and the second diagonal of Z'Z."""
        design = np.concatenate([self.x, self.y[:, :, None]], axis=2)
        deviation = self.x[:, :, 0]
        total = np.tensordot(design, design, axes=((0, 1), (0, 1)))
        return total, design.sum(axis=1), np.einsum("nt,ntk->nk", deviation, design), (deviation**2).sum(axis=1)

    def _products(self, root: np.ndarray) -> tuple[np.ndarray, float]:
        """X'V⁻¹X with the outcome as last column, and log det V.

        With Z = (1, deviation) and D the covariance of the random parts in units of the residual variance,
        V⁻¹ = I − Z (D⁻¹ + Z'Z)⁻¹ Z'; Z'Z is diagonal, so the inverse of each person's 2 × 2 is written out.
        """
        total, level, slope, square = self._sums
        waves = self.y.shape[1]
        first, both, second = (*root, 0.0, 0.0)[:3]
        a, c, b = first**2, first * both, both**2 + second**2
        det = 1 + waves * a + square * b + waves * square * (a * b - c**2)
        cross = level.T @ (slope * (c / det)[:, None])
        taken = level.T @ (level * ((a + square * (a * b - c**2)) / det)[:, None]) + cross + cross.T
        taken += slope.T @ (slope * ((b + waves * (a * b - c**2)) / det)[:, None])
        return total - taken, float(np.log(det).sum())


def _mean(values: np.ndarray) -> np.ndarray:
    return np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape)


def _deviation(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=1, keepdims=True)
