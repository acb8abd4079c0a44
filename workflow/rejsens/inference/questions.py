"""A hypothesis put to the data: the person-waves it can use, its events, and the same panels with gaps imputed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rejsens.hypotheses import Hypothesis, model_of, outcomes, predictors, variables
from rejsens.inference.covariates import Covariate, carry_constants, require
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.imputed import Variables, completed_panels, pooled, too_few
from rejsens.seeds import generator

IMPUTED = ("association", "correlation", "moderation", "cumulative", "contrast_of_outcomes", "contrast_of_predictors")


@dataclass
class Completed:
    """The panel with its gaps drawn, one panel after the other; the i-th is the same however many are asked for."""

    panel: pd.DataFrame
    variables: Variables
    products: Mapping[str, Sequence[str]]
    rng: Callable[[int], np.random.Generator]
    least: int
    most: int
    drawn: list[pd.DataFrame] = field(default_factory=list)

    def first(self, m: int) -> list[pd.DataFrame]:
        while len(self.drawn) < m:
            rng = self.rng(len(self.drawn))
            self.drawn += completed_panels(self.panel, self.variables, 1, rng, self.products)
        return self.drawn[:m]

    def pooled(self, analyse: Callable[[pd.DataFrame], list[Estimate]], alpha: float) -> list[Estimate]:
        """Rows pooled over as many panels as their fraction of missing information asks for, up to `most`."""
        rows = pooled(analyse, self.first(self.least), alpha)
        wanted = min(too_few(rows), self.most)
        return pooled(analyse, self.first(wanted), alpha) if wanted > self.least else rows


@dataclass(frozen=True)
class Question:
    """One hypothesis and everything that its analysis needs."""

    hypothesis: Hypothesis
    panel: pd.DataFrame  # person-waves that hold what it names for somebody, constants carried
    events: pd.DataFrame  # one row per event, with what the hypothesis names of the person's wave
    settings: Mapping[str, Any]  # alpha, ci_level, bootstrap_draws, seed
    random_slope: bool = False
    completed: Completed | None = None
    changes: tuple[str, ...] = ()  # warnings about covariates that change although declared constant

    @cached_property
    def waves(self) -> list[str]:
        return self.panel.drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()

    @property
    def asked(self) -> dict[str, Any]:
        """Outcome, predictor and covariates as the estimators take them."""
        given = {key: self.hypothesis[key] for key in ("outcome", "predictor") if key in self.hypothesis}
        return given | {"covariates": self.covariates}

    @property
    def covariates(self) -> Sequence[Covariate]:
        return self.hypothesis["covariates"]

    @property
    def levels(self) -> dict[str, float]:
        return {"ci_level": self.settings["ci_level"], "alpha": self.settings["alpha"]}

    def rng(self, *analysis: str) -> np.random.Generator:
        return generator(self.settings["seed"], self.hypothesis["id"], *analysis)

    def frame(self, wave: str | None = None) -> pd.DataFrame:
        """The people of one wave; the first that the hypothesis can use, unless said."""
        return self.panel[self.panel["wave"] == (wave or self.waves[0])].reset_index(drop=True)


def put(
    hypothesis: Hypothesis,
    panel: pd.DataFrame,
    events: pd.DataFrame,
    settings: Mapping[str, Any],
    random_slope: bool,
    completed: Completed | None,
) -> Question:
    """The question of one hypothesis.

    panel, events   the panel proper; rated events with the scores of their person's wave
    raises   NotTestable: a variable is absent, or no wave, or fewer waves than the analysis needs, hold what it names
    """
    if model_of(hypothesis).of_events:
        _require_kinds(events, hypothesis)
        return Question(hypothesis, panel, events, settings)
    named = [*outcomes(hypothesis), *predictors(hypothesis)]
    require(panel, [name for names in variables(hypothesis).values() for name in names])
    own, changes = carry_constants(restricted(panel, hypothesis), hypothesis["covariates"])
    sources = len(hypothesis.get("predictors", ())) > 2  # nobody has every source; one that is absent counts as zero
    waves = usable_waves(own, named[:2] if sources else named)
    if len(waves) < model_of(hypothesis).waves:
        raise NotTestable(f"it takes {model_of(hypothesis).waves} waves, and {len(waves)} hold what it names")
    own = own[own["wave"].isin(waves)].reset_index(drop=True)
    return Question(hypothesis, own, events, settings, random_slope, completed, tuple(changes))


def _require_kinds(events: pd.DataFrame, hypothesis: Hypothesis) -> None:
    if events.empty:
        raise NotTestable("no wave of this study asks about single events")
    require(events, [name for names in variables(hypothesis).values() for name in names])


def restricted(rows: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """The rows that meet `where`."""
    for name, value in hypothesis.get("where", {}).items():
        rows = rows[rows[name] == value]
    return rows.reset_index(drop=True)


def usable_waves(panel: pd.DataFrame, named: Sequence[str]) -> list[str]:
    """Waves, in order, in which at least one person has all of them; raises NotTestable when there is none."""
    held = panel.dropna(subset=list(named))
    if held.empty:
        raise NotTestable(f"no wave holds {'both ' if len(named) == 2 else ''}{' and '.join(named)}")
    return held.drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()


def complete(panel: pd.DataFrame, family: Mapping[str, Any], settings: Mapping[str, Any]) -> Completed | None:
    """Imputations that serve every hypothesis of a family whose analysis takes them; None where none does.

    Variables that change enter wave by wave; a moderator enters once, as its first value, with its product with the
    predictor in each wave.
    """
    served = [h for h in family["hypotheses"] if h.get("model", "association") in IMPUTED and not _absent(h, panel)]
    if not served or not settings["imputation"]["m"]:
        return None
    varying, constant, categories, products = [], [], set(), {}
    for hypothesis in served:
        named = variables(hypothesis)
        varying += [*outcomes(hypothesis), *predictors(hypothesis), *named.get("where", ())]
        categories |= set(named.get("where", ()))
        for covariate in hypothesis["covariates"]:
            (varying if covariate.get("varies") else constant).append(covariate["name"])
            categories |= {covariate["name"]} if covariate["type"] == "category" else set()
        for moderator in named.get("moderator", ()):
            constant.append(moderator)
            products[f"{hypothesis['predictor']} by {moderator}"] = [hypothesis["predictor"], moderator]
    always = [name for h in served for name in (*outcomes(h), *predictors(h))]
    asked = Variables(
        tuple(dict.fromkeys(name for name in varying if name not in constant)), tuple(dict.fromkeys(constant)),
        frozenset(categories), tuple(dict.fromkeys(always)),
    )  # fmt: skip
    rule, name = settings["imputation"], family["family"]
    return Completed(
        panel, asked, products, lambda i: generator(settings["seed"], name, "imputation", str(i)), rule["m"], rule["most"]
    )  # fmt: skip


def _absent(hypothesis: Hypothesis, panel: pd.DataFrame) -> bool:
    names = [name for names in variables(hypothesis).values() for name in names]
    return any(name not in panel or panel[name].isna().all() for name in names)
