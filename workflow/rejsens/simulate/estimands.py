"""What each model of a hypothesis finds in a whole population; it shares no code with `rejsens.inference`.

One function per model of `docs/hypothesis-models.md`. It gives the population value of the coefficient that decides, in the
metric of the estimates table, and of companions that come for nothing. `NOT_COMPUTED` says what is left out, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rejsens.simulate.lagged_paths import lagged_paths
from rejsens.simulate.within_people import Rows, deviations, person_means, spread

Values = Mapping[str, np.ndarray]  # variable -> (people, waves), NaN where a wave did not ask it or it does not apply
Key = tuple[str, str, str]  # analysis, wave, metric
Found = list[tuple[Key, float]]
NOT_COMPUTED = {
    "recovery": (("piecewise_recovery", "all", "slope_within"), "each person's break is where the person's own scores first drop by "
                 "one SD: a choice on measured deviations, whose value is that of the procedure and of no coefficient"),
}  # fmt: skip
BOTH_WAYS = (
    ("ri_clpm_both", "all", "beta_within"),
    "the path with the larger p decides, which is another one from study to study; both paths are in the rows of ri_clpm",
)


@dataclass
class Asked:
    """One hypothesis, the scores of a population, and the relative variances that were found before."""

    hypothesis: Mapping[str, Any]
    values: Values
    waves: Sequence[str]
    kinds: Sequence[str] = ()  # of events
    random_slope: bool = False
    roots: dict[str, np.ndarray] = field(default_factory=dict)  # of the first batch

    def get(self, name: str) -> np.ndarray:
        return self.values[name]

    @property
    def covariates(self) -> Sequence[Mapping[str, Any]]:
        return self.hypothesis["covariates"]

    def kept(self, *names: str) -> np.ndarray:
        """(people, waves): everything that is named and every covariate is there, and `where` holds."""
        whole = [*names, *(c["name"] for c in self.covariates if c.get("varies"))]
        found = np.logical_and.reduce([np.isfinite(self.get(name)) for name in whole])
        for name, wanted in self.hypothesis.get("where", {}).items():
            found &= self.get(name) == wanted
        return found

    def usable(self, *names: str) -> list[int]:
        """Numbers of the waves in which somebody has all of them."""
        return np.flatnonzero(self.kept(*names).any(axis=0)).tolist()

    def mixed(self, rows: Rows, size: int, key: str = "") -> tuple[np.ndarray, float]:
        if key not in self.roots:
            self.roots[key] = rows.random_parts(size)
        return rows.coefficients(self.roots[key])


def estimands(asked: Asked) -> Found:
    """The population values of one hypothesis: ((analysis, wave, metric), value), the deciding coefficient first."""
    model = asked.hypothesis.get("model", "association")
    return MODELS[model](asked) if model in MODELS else []


def omitted(hypothesis: Mapping[str, Any]) -> tuple[Key, str] | None:
    """The deciding coefficient that is not computed and why; None where it is computed."""
    model = hypothesis.get("model", "association")
    if model == "lagged" and hypothesis.get("both_directions"):
        return BOTH_WAYS
    return NOT_COMPUTED.get(model)


# --- one row per person and wave -------------------------------------------------------------------------------------


def panel(
    q: Asked,
    y: np.ndarray,
    predictors: Mapping[str, np.ndarray],
    kept: np.ndarray,
    moderator: np.ndarray | None = None,
    more: Mapping[str, np.ndarray] | None = None,
    per_occasion: int = 1,
) -> Rows:
    """Columns of a within-between model: deviations and means of every predictor and of what varies, the rest as it is.

    y, predictors   (people, slots); the first predictor comes first and may have a slope, with products of a moderator
    moderator       (people,), in SDs
    more            further covariates that vary
    """
    columns: dict[str, np.ndarray] = {}
    for name, x in predictors.items():
        columns |= {name: deviations(x, kept), f"{name} mean": person_means(x, kept)}
    if moderator is not None:
        first, m = next(iter(predictors)), np.where(kept, moderator[:, None], 0.0)
        columns |= {"moderator": m, "product": columns[first] * m, "product of means": columns[f"{first} mean"] * m}
    for covariate in q.covariates:
        for number, code in enumerate(codes(q.get(covariate["name"]), covariate, kept)):
            name = f"{covariate['name']} {number}"
            if covariate.get("varies"):
                columns |= {name: deviations(code, kept), f"{name} mean": person_means(code, kept)}
            else:
                columns[name] = np.where(kept, code[:, :1], 0.0)
    for name, values in (more or {}).items():
        columns |= {name: deviations(values, kept), f"{name} mean": person_means(values, kept)}
    for wave in range(kept.shape[1] // per_occasion):  # all of them: they hold the intercept
        slots = slice(wave * per_occasion, (wave + 1) * per_occasion)
        indicator = np.zeros(kept.shape)
        indicator[:, slots] = kept[:, slots]
        columns[f"wave {wave}"] = indicator
    return Rows(columns, np.where(kept, y, 0.0), kept, per_occasion)


def codes(values: np.ndarray, covariate: Mapping[str, Any], kept: np.ndarray) -> list[np.ndarray]:
    """One array for a number, one 0/1 array for each category but the lowest."""
    if covariate["type"] == "number":
        return [values]
    return [(values == code).astype(float) for code in np.unique(values[kept])[1:]]


def association(q: Asked) -> Found:
    """Over waves the coefficient within persons, by the mixed model and by fixed effects; the coefficient of each wave."""
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    waves = q.usable(outcome, predictor)
    in_waves = [(("cross_sectional", q.waves[k], "beta"), cross_section(q, outcome, predictor, k)) for k in waves]
    if len(waves) < 2:
        return in_waves
    x, y, kept = q.get(predictor), q.get(outcome), q.kept(outcome, predictor)
    rows, ratio = panel(q, y, {"x": x}, kept), spread(x, kept) / spread(y, kept)
    slopes, _ = q.mixed(rows, 3 if q.random_slope else 1)
    return [
        (("within_between", "all", "beta_within"), slopes[0] * ratio),
        (("fixed_effects", "all", "beta_within"), rows.fixed_effects("x") * ratio),
        *in_waves,
    ]


def regression(q: Asked, outcome: str, predictors: Sequence[str], wave: int) -> np.ndarray:
    """Covariance in one wave of predictors, covariates and, last, outcome; over who has them all."""
    kept = q.kept(outcome, *predictors)[:, wave : wave + 1]
    columns = [q.get(name)[:, wave] for name in predictors]
    for covariate in q.covariates:
        values = q.get(covariate["name"])[:, wave : wave + 1]
        columns += [code[:, 0] for code in codes(values, covariate, kept)]
    return np.cov(np.vstack([*columns, q.get(outcome)[:, wave]])[:, kept[:, 0]])


def cross_section(q: Asked, outcome: str, predictor: str, wave: int) -> float:
    """Standardised coefficient of the predictor in one wave: b × SD(x) / SD(y), from the normal equations."""
    products = regression(q, outcome, [predictor], wave)
    return float(np.linalg.solve(products[:-1, :-1], products[:-1, -1])[0] * np.sqrt(products[0, 0] / products[-1, -1]))


def correlation(q: Asked) -> Found:
    """Within persons over several waves; in one the partial correlation."""
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    waves = q.usable(outcome, predictor)
    if len(waves) > 1:
        x, y, kept = q.get(predictor), q.get(outcome), q.kept(outcome, predictor)
        value = panel(q, y, {"x": x}, kept).fixed_effects("x") * spread(x, kept) / spread(y, kept)
        return [(("fixed_effects", "all", "beta_within"), value)]
    precision = np.linalg.inv(regression(q, outcome, [predictor], waves[0]))
    value = -precision[0, -1] / np.sqrt(precision[0, 0] * precision[-1, -1])
    return [(("partial_correlation", q.waves[waves[0]], "r"), float(value))]


def added_variance(q: Asked) -> Found:
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    wave = q.usable(outcome, predictor)[0]
    products = regression(q, outcome, [predictor], wave)

    def explained(kept: slice) -> float:
        inner, outer = products[kept, kept], products[kept, -1]
        return float(outer @ np.linalg.solve(inner, outer) / products[-1, -1])

    return [(("incremental_variance", q.waves[wave], "delta_r2"), explained(slice(0, -1)) - explained(slice(1, -1)))]


def dose(q: Asked) -> Found:
    """The line; its bend has no declared value."""
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    wave = q.usable(outcome, predictor)[0]
    return [(("dose_response", q.waves[wave], "beta"), cross_section(q, outcome, predictor, wave))]


def moderation(q: Asked) -> Found:
    """The cross-level interaction with its random slope, per SD of the moderator as first asked."""
    h = q.hypothesis
    m = q.get(h["moderator"])
    m = m[:, np.flatnonzero(np.isfinite(m).any(axis=0))[0]]
    kept = q.kept(h["outcome"], h["predictor"]) & np.isfinite(m)[:, None]
    who = kept.any(axis=1)
    z = np.where(np.isfinite(m), (m - m[who].mean()) / m[who].std(ddof=1), 0.0)
    x, y = q.get(h["predictor"]), q.get(h["outcome"])
    rows = panel(q, y, {"x": x}, kept, z)
    slopes, _ = q.mixed(rows, 3)
    value = slopes[rows.position("product")] * spread(x, kept) / spread(y, kept)
    return [(("cross_level", "all", "beta_interaction"), value)]


def outcomes_beside_each_other(q: Asked) -> Found:
    one, other = q.hypothesis["outcomes"]
    predictor = q.hypothesis["predictor"]
    x, kept = q.get(predictor), q.kept(one, other, predictor)
    y = q.get(one) / spread(q.get(one), kept) - q.get(other) / spread(q.get(other), kept)
    slopes, _ = q.mixed(panel(q, y, {"x": x}, kept), 3 if q.random_slope else 1)
    return [(("within_contrast", "all", "beta_difference"), slopes[0] * spread(x, kept))]


def predictors_beside_each_other(q: Asked) -> Found:
    """Of sources, one that a person does not have counts as zero, and a column says so."""
    names, outcome = q.hypothesis["predictors"], q.hypothesis["outcome"]
    found, more = {name: q.get(name) for name in names}, {}
    if len(names) > 2:
        some = np.logical_or.reduce([np.isfinite(x) for x in found.values()])
        more = {f"no {name}": (np.isnan(x) & some).astype(float) for name, x in found.items()}
        found = {name: np.where(np.isnan(x) & some, 0.0, x) for name, x in found.items()}
    kept = q.kept(outcome) & np.logical_and.reduce([np.isfinite(x) for x in found.values()])
    return [(("within_contrast", "all", "beta_difference"), _difference(q, q.get(outcome), found, kept, more))]


def _difference(
    q: Asked, y: np.ndarray, predictors: Values, kept: np.ndarray, more: Values | None = None, only_first: bool = False
) -> float:
    """First coefficient less the second, each in within-person SDs, under a random intercept."""
    rows = panel(q, y, predictors, kept, more=more)
    slopes, _ = q.mixed(rows, 1)
    one, other = (slopes[rows.position(name)] * spread(predictors[name], kept) for name in list(predictors)[:2])
    return float(one - (0.0 if only_first else other)) / spread(y, kept)


def cumulative(q: Asked) -> Found:
    """The mean of the predictor over all earlier waves, beside its present value; the first wave has none."""
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    x = q.get(predictor)
    before = np.full(x.shape, np.nan)
    before[:, 1:] = np.cumsum(x, axis=1)[:, :-1] / np.arange(1, x.shape[1])
    kept = q.kept(outcome, predictor) & np.isfinite(before)
    value = _difference(q, q.get(outcome), {"before": before, "now": x}, kept, only_first=True)
    return [(("cumulative_exposure", "all", "beta_within"), value)]


def lagged(q: Asked) -> Found:
    """Of the deviations of both from their usual level, the predictor's on the outcome's a wave later."""
    names = q.hypothesis["predictor"], q.hypothesis["outcome"]
    waves = q.usable(*names)
    return [(("ri_clpm", "all", "beta_within"), float(lagged_paths([q.get(name)[:, waves] for name in names])[1, 0]))]


def mediation(q: Asked) -> Found:
    """Product of the paths from predictor to mediator and from mediator to outcome."""
    names = [q.hypothesis[key] for key in ("predictor", "mediator", "outcome")]
    waves = q.usable(*names)
    paths = lagged_paths([q.get(name)[:, waves] for name in names])
    return [(("lagged_indirect", "all", "indirect"), float(paths[1, 0] * paths[2, 1]))]


def growth(q: Asked) -> Found:
    """Least-squares line through the means of the waves, in within-person SDs: what any weights give if it is a line."""
    y = q.get(q.hypothesis["outcome"])
    waves = np.flatnonzero(np.isfinite(y).any(axis=0))
    y = y[:, waves]
    kept = np.isfinite(y)
    slope = np.polyfit(waves, np.nanmean(y, axis=0), 1)[0]
    unit = spread(y, kept) / np.sqrt(kept.sum() - kept.any(axis=1).sum())
    return [(("latent_growth", "all", "slope_within"), float(slope / unit))]


# --- people of one wave ----------------------------------------------------------------------------------------------


def pairs(q: Asked) -> Found:
    one, other = q.hypothesis["outcomes"]
    wave = q.usable(one, other)[0]
    difference = (q.get(one) - q.get(other))[:, wave][q.kept(one, other)[:, wave]]
    return [(("paired_contrast", q.waves[wave], "dz"), float(difference.mean() / difference.std(ddof=1)))]


def groups(q: Asked) -> Found:
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    wave = q.usable(outcome, predictor)[0]
    y, group, kept = (v[:, wave] for v in (q.get(outcome), q.get(predictor), q.kept(outcome, predictor)))
    one, other = (y[kept & (group == code)] for code in q.hypothesis["groups"])
    squares = ((one - one.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum()
    value = (one.mean() - other.mean()) / np.sqrt(squares / (len(one) + len(other) - 2))
    return [(("group_contrast", q.waves[wave], "d"), float(value))]


def proportion(q: Asked) -> Found:
    outcome = q.hypothesis["outcome"]
    wave = q.usable(outcome)[0]
    y = q.get(outcome)[:, wave][q.kept(outcome)[:, wave]]
    value = (y >= q.hypothesis["at_least"]).mean() - q.hypothesis["reference"]
    return [(("proportion", q.waves[wave], "share_difference"), float(value))]


# --- events ----------------------------------------------------------------------------------------------------------


def of_events(q: Asked, kinds: Sequence[str]) -> Asked:
    """The same question over slots: every kind of event in every wave; what is no rating is that of the person's wave."""
    h = q.hypothesis
    values = {}
    for name in (*(h[key] for key in ("outcome", "predictor") if key in h), *(c["name"] for c in q.covariates)):
        rated = f"{kinds[0]}_{name}" in q.values
        stacked = np.stack([q.get(f"{kind}_{name}" if rated else name) for kind in kinds], axis=2)
        values[name] = stacked.reshape(len(stacked), -1)
    return Asked(h, values, q.waves, q.kinds, q.random_slope, q.roots)


def event_slope(q: Asked) -> Found:
    """Within persons over all events, under intercepts of people and of occasions."""
    q = of_events(q, q.kinds)
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    x, y, kept = q.get(predictor), q.get(outcome), q.kept(outcome, predictor)
    slopes, _ = q.mixed(panel(q, y, {"x": x}, kept, per_occasion=len(q.kinds)), 2)
    return [(("event_level", "all", "beta_within"), slopes[0] * spread(x, kept) / spread(y, kept))]


def events_of_two_kinds(q: Asked) -> Found:
    """First kind less second, over the SD of the difference of two events of one occasion: sqrt(2) residual SDs."""
    q = of_events(q, q.hypothesis["contrast"])
    outcome = q.hypothesis["outcome"]
    y, kept = q.get(outcome), q.kept(outcome)
    first = np.broadcast_to(np.tile([1.0, 0.0], kept.shape[1] // 2), kept.shape)
    slopes, residual = q.mixed(panel(q, y, {"first": first}, kept, per_occasion=2), 2)
    return [(("event_level", "all", "dz"), slopes[0] / np.sqrt(2 * residual))]


MODELS: Mapping[str, Callable[[Asked], Found]] = {
    "association": association, "correlation": correlation, "added_variance": added_variance, "moderation": moderation,
    "dose_response": dose, "cumulative": cumulative, "mediation": mediation, "lagged": lagged,
    "contrast_of_outcomes": outcomes_beside_each_other, "contrast_of_predictors": predictors_beside_each_other,
    "contrast_of_pairs": pairs, "contrast_of_events": events_of_two_kinds, "event_slope": event_slope,
    "difference_of_groups": groups, "proportion": proportion, "growth": growth,
}  # fmt: skip
