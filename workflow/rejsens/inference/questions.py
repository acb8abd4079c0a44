"""A hypothesis put to the data: the person-waves it can use, its events, and the same panels with gaps imputed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rejsens.hypotheses import Hypothesis, model_of, outcomes, predictors, variables
from rejsens.inference.covariates import Covariate, carry_constants, inapplicable, kept, require
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.imputed import (
    Panels,
    Variables,
    at_first,
    completed_panels,
    crowded,
    pooled_rows,
    too_few,
    with_cap,
)
from rejsens.problems import counted, listed
from rejsens.seeds import generator

IMPUTED = ("association", "correlation", "moderation", "cumulative", "contrast_of_outcomes", "contrast_of_predictors")
CROWDED = (
    "gaps were drawn from more variables than a tenth of the people who have no gap there, which can bring a coefficient "
    "nearer to 0; compare the complete cases"
)


@dataclass
class Completed:
    """The panel with its gaps drawn, one panel after the other; the i-th is the same however many are asked for."""

    panel: pd.DataFrame
    variables: Variables
    products: Mapping[str, Sequence[str]]
    outcomes: Mapping[str, Sequence[str]]
    slopes: Sequence[tuple[str, str]]
    rng: np.random.Generator
    least: int
    most: int
    note: str = ""  # a warning for every row that rests on these draws
    drawn: Panels | None = None
    notes: list[str] = field(default_factory=list)  # what the draws themselves ask to be said

    def first(self, m: int) -> Sequence[pd.DataFrame]:
        if self.drawn is None:
            self.drawn = self._more(m, self.notes)  # notes of the first draws: more panels say the same
        elif len(self.drawn) < m:
            self.drawn = self.drawn.and_more(self._more(m - len(self.drawn), None))
        found: Sequence[pd.DataFrame] = self.drawn[:m]
        return found

    def _more(self, m: int, notes: list[str] | None) -> Panels:
        try:
            return completed_panels(
                self.panel, self.variables, m, self.rng, self.products, self.outcomes, self.slopes, notes=notes
            )
        except (ValueError, np.linalg.LinAlgError) as fault:
            raise NotTestable(f"the gaps could not be drawn ({fault})") from fault

    def pooled(self, analyse: Callable[[pd.DataFrame], list[Estimate]], alpha: float) -> list[Estimate]:
        """Rows pooled over as many panels as their fraction of missing information asks for, up to `most`.

        More panels tell the fraction better, and may ask for yet more; a row that asks for more than `most` says so.
        """
        found = [list(analyse(panel)) for panel in self.first(self.least)]
        rows = pooled_rows(found, alpha)
        while (wanted := min(too_few(rows), self.most)) > len(found):
            found += [list(analyse(panel)) for panel in self.first(wanted)[len(found) :]]
            rows = pooled_rows(found, alpha)
        return with_cap([self.with_notes(row) for row in rows], self.most)

    def with_notes(self, row: Estimate) -> Estimate:
        """The row with what is to be said of the draws that it rests on; they must have been drawn."""
        return replace(row, warnings="; ".join(filter(None, [row.warnings, self.note, *self.notes])))


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
    unknown: Mapping[str, int] = field(default_factory=dict)  # wave -> rows left out since a condition was not answered
    beside: pd.DataFrame = field(default_factory=pd.DataFrame)  # where something does not apply, by name; the wave

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
    def levels(self) -> dict[str, Any]:
        return {"ci_level": self.settings["ci_level"], "alpha": self.settings["alpha"]}

    def rng(self, *analysis: str) -> np.random.Generator:
        return generator(self.settings["seed"], self.hypothesis["id"], *analysis)

    def frame(self, wave: str | None = None) -> pd.DataFrame:
        """The people of one wave; the first that the hypothesis can use, unless said."""
        rows = self._rows[wave or self.waves[0]]
        return (self.panel if len(rows) == len(self.panel) else self.panel.take(rows)).reset_index(drop=True)

    @cached_property
    def _rows(self) -> dict[str, np.ndarray]:
        """Wave -> positions of its rows, found once for all waves."""
        return dict(self.panel.groupby("wave", observed=True).indices)


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
    carried, changes = carry_constants(panel, hypothesis["covariates"])
    beside = _beside_the_question(carried, hypothesis)
    own = restricted(kept(carried, ~beside.any(axis=1)), hypothesis)
    sources = len(hypothesis.get("predictors", ())) > 2  # nobody has every source; one that is absent counts as zero
    waves = usable_waves(own, named[:2] if sources else named)
    if len(waves) < model_of(hypothesis).waves:
        raise NotTestable(_few_waves(model_of(hypothesis).waves, len(waves), named))
    unknown = of_unknown_condition(carried, hypothesis)["wave"].value_counts().to_dict()
    changes += _not_asked_about(carried, hypothesis, named[:2] if sources else named)
    own = _with_intake(kept(own, own["wave"].isin(waves)).reset_index(drop=True), panel, hypothesis)
    unknown = {wave: n for wave, n in unknown.items() if wave in waves}
    return Question(
        hypothesis, own, events, settings, random_slope, completed, tuple(changes), unknown,
        kept(beside.assign(wave=carried["wave"]), carried["wave"].isin(waves) & beside.any(axis=1)),
    )  # fmt: skip


def _with_intake(own: pd.DataFrame, panel: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """A moderator that was asked before the first of these waves, such as at intake, stands in all of them."""
    for name in variables(hypothesis).get("moderator", ()):
        asked = panel.dropna(subset=[name])
        if len(asked) and asked["wave_number"].min() < own["wave_number"].min():
            own = own.assign(**{name: own["participant"].map(at_first(panel, name))})
    return own


def _few_waves(needed: int, held: int, named: Sequence[str]) -> str:
    what = " and ".join(dict.fromkeys(named))
    return f"it takes {needed} waves that hold {what}, and there {'is' if held == 1 else 'are'} {held}"


def _require_kinds(events: pd.DataFrame, hypothesis: Hypothesis) -> None:
    if events.empty:
        raise NotTestable("no wave of this study asks about single events")
    require(events, [name for names in variables(hypothesis).values() for name in names])


def restricted(rows: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """The rows that meet `where`; raises NotTestable when there is none."""
    for name, value in hypothesis.get("where", {}).items():
        rows = rows[rows[name] == value]
        if rows.empty:
            raise NotTestable(f"nobody is left of those it asks about: {name} is {value:g} for none of them")
    return rows.reset_index(drop=True)


def _beside_the_question(rows: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """Person-waves to which something that the hypothesis names does not apply: bool, one column per name.

    Of several sources each may be absent. What does not change does not apply in any wave when it did not in one.
    """
    sources = hypothesis.get("predictors", ()) if len(hypothesis.get("predictors", ())) > 2 else ()
    names = dict.fromkeys(name for names in variables(hypothesis).values() for name in names if name not in sources)
    found = pd.DataFrame({name: inapplicable(rows, name) for name in names}, index=rows.index)
    for name in (c["name"] for c in hypothesis["covariates"] if not c.get("varies")):
        found[name] = found[name].groupby(rows["participant"]).transform("any") & rows[name].isna()
    return found


def of_unknown_condition(rows: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """The rows of which nobody can say whether they meet `where`: a condition was not answered, and no other one fails.

    >>> rows = pd.DataFrame({"partner": [1.0, 0.0, None, None], "work": [1.0, 1.0, 1.0, 0.0]})
    >>> of_unknown_condition(rows, {"where": {"partner": 1, "work": 1}}).index.tolist()
    [2]
    """
    where = hypothesis.get("where", {})
    open_, fails = (pd.Series(False, index=rows.index) for _ in range(2))
    for name, value in where.items():
        open_ |= rows[name].isna()
        fails |= rows[name].notna() & (rows[name] != value)
    return rows[open_ & ~fails]


def _not_asked_about(rows: pd.DataFrame, hypothesis: Hypothesis, named: Sequence[str]) -> list[str]:
    """Waves that hold what the hypothesis names and did not ask a condition, in words."""
    if not hypothesis.get("where"):
        return []
    held = rows.loc[rows[list(named)].notna().all(axis=1), ["wave", "wave_number"]]
    said = []
    for name in hypothesis.get("where", {}):
        asked = set(rows.loc[rows[name].notna(), "wave"])
        without = [
            wave for wave in held.drop_duplicates("wave").sort_values("wave_number")["wave"] if wave not in asked
        ]
        if without:
            verb = "is" if len(without) == 1 else "are"
            said.append(f"{name} was not asked about in {listed(without, 50)}, which {verb} left out")
    return said


def with_unknown(row: Estimate, question: Question) -> Estimate:
    """The row with the person-waves whose condition (`where`) was not answered among those lost, and said."""
    lost = question.unknown.get(row.wave, 0) if row.wave in question.waves else sum(question.unknown.values())
    if not lost or not row.n_obs:
        return row
    names = listed(list(question.hypothesis["where"]), 50)
    said = f"{counted(lost, 'person-wave')} left out and counted as lost, as {names} was not answered there"
    return replace(row, n_lost=row.n_lost + lost, warnings="; ".join(filter(None, [row.warnings, said])))


def not_applying(row: Estimate, question: Question) -> list[str]:
    """How many person-waves of a row's wave are not among those that the hypothesis asks about, in words."""
    if question.beside.empty:
        return []
    here = question.beside[question.beside["wave"].eq(row.wave) | (row.wave not in question.waves)]
    named: dict[bytes, list[str]] = {}  # the same person-waves -> what does not apply there
    for name, gone in here.drop(columns="wave").items():
        if gone.any():
            named.setdefault(gone.to_numpy().tobytes(), []).append(str(name))
    return [
        f"{counted(int(here[names[0]].sum()), 'person-wave')} to which {listed(names, 50)}"
        f" {'does' if len(names) == 1 else 'do'} not apply {'is' if here[names[0]].sum() == 1 else 'are'} not among those it"
        " asks about"
        for names in named.values()
    ]


def usable_waves(panel: pd.DataFrame, named: Sequence[str]) -> list[str]:
    """Waves, in order, in which at least one person has all of them; raises NotTestable when there is none."""
    held = panel.loc[panel[list(named)].notna().all(axis=1), ["wave", "wave_number"]]
    if held.empty:
        raise NotTestable(f"no wave holds {'both ' if len(named) == 2 else ''}{' and '.join(named)}")
    return held.drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()


def complete(panel: pd.DataFrame, family: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Completed]:
    """Hypothesis -> imputations that serve it; a hypothesis whose analysis takes none, or lacks a variable, is left out.

    Hypotheses share imputations as long as there are ten people for each predictor of a draw. Variables that change enter
    wave by wave, the family's auxiliary variables among them; a moderator enters as the first wave that asked it has it,
    with its product with the predictor in each wave, drawn so that it fits the model of the hypothesis's outcome. Where
    the model has a random slope, draws let slopes differ between people. Sources that not everybody has stay absent.
    """
    served = [h for h in family["hypotheses"] if h.get("model", "association") in IMPUTED and not _absent(h, panel)]
    rule = settings["imputation"]
    found: dict[str, Completed] = {}
    if not rule["m"]:
        return {}
    auxiliary = [other for other in family.get("auxiliary", ()) if other in panel and panel[other].notna().any()]
    for number, own in enumerate(_together(panel, served, auxiliary)):
        products, models = _interactions(own)
        held = _variables(own, auxiliary)
        slopes = [pair for h in own for pair in _own_slopes(h, bool(family.get("random_slope", False)))]
        rng = generator(settings["seed"], family["family"], "imputation", *([str(number)] if number else []))
        found |= dict.fromkeys((h["id"] for h in own), Completed(
            panel, held, products, models, slopes, rng, rule["m"], max(rule["m"], rule["most"]),
            CROWDED if len(own) == 1 and crowded(panel, held, products) else "",  # sets of several are not
        ))  # fmt: skip
    return found


def _together(panel: pd.DataFrame, served: Sequence[Hypothesis], auxiliary: Sequence[str]) -> list[list[Hypothesis]]:
    """The hypotheses in order, in sets that one imputation can serve."""
    sets: list[list[Hypothesis]] = []
    for hypothesis in served:
        more = [*sets[-1], hypothesis] if sets else []
        if more and not crowded(panel, _variables(more, auxiliary), _interactions(more)[0]):
            sets[-1].append(hypothesis)
        else:
            sets.append([hypothesis])
    return sets


def _variables(served: Sequence[Hypothesis], auxiliary: Sequence[str]) -> Variables:
    """What is imputed for these hypotheses, and as what."""
    about = [name for h in served for name in (*outcomes(h), *predictors(h))]
    numbers = [c["name"] for h in served for c in h["covariates"] if c.get("varies") and c["type"] == "number"]
    where = [name for h in served for name in variables(h).get("where", ())]
    moderators = [name for h in served for name in variables(h).get("moderator", ())]
    covariates = {covariate["name"]: covariate for h in served for covariate in h["covariates"]}
    varying = [*about, *where, *auxiliary, *(name for name, c in covariates.items() if c.get("varies"))]
    constant = [name for name in (*covariates, *moderators) if name not in varying]
    categories = {*where, *(name for name, c in covariates.items() if c["type"] == "category")}
    sources = [name for h in served if len(h.get("predictors", ())) > 2 for name in h["predictors"]]
    return Variables(
        tuple(dict.fromkeys(varying)), tuple(dict.fromkeys(constant)), frozenset(categories),
        tuple(dict.fromkeys([*about, *numbers])),
        tuple(dict.fromkeys(name for name in moderators if name in constant and name not in covariates)),
        tuple(dict.fromkeys(sources)), tuple(dict.fromkeys(moderators)),
    )  # fmt: skip


def _own_slopes(hypothesis: Hypothesis, random_slope: bool) -> list[tuple[str, str]]:
    """Predictor and outcome whose slope differs between people in the hypothesis's model."""
    model = hypothesis.get("model", "association")
    if model != "moderation" and not (random_slope and model in ("association", "contrast_of_outcomes")):
        return []
    return [(x, y) for x in predictors(hypothesis) for y in outcomes(hypothesis) if x != y]


def _interactions(served: Sequence[Hypothesis]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Products of predictor and moderator, and the outcomes whose model each stands in."""
    products: dict[str, list[str]] = {}
    models: dict[str, list[str]] = {}
    for hypothesis in served:
        for moderator in variables(hypothesis).get("moderator", ()):
            for predictor in predictors(hypothesis):
                name = f"{predictor} by {moderator}"
                products[name] = [predictor, moderator]
                models[name] = list(dict.fromkeys([*models.get(name, ()), *outcomes(hypothesis)]))
    return products, models


def _absent(hypothesis: Hypothesis, panel: pd.DataFrame) -> bool:
    names = [name for names in variables(hypothesis).values() for name in names]
    return any(name not in panel or panel[name].isna().all() for name in names)
