"""How many things an instrument's items measure, and how each of them works, in the first wave that asked them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
import pandas as pd

from rejsens.assess_structure import fit
from rejsens.definitions import Instrument, Item, Model, Score, few_answers
from rejsens.events import administered, base_of
from rejsens.psychometrics import (
    GradedModel,
    ParallelAnalysis,
    efa,
    graded_response,
    minimum_average_partial,
    parallel_analysis,
    sampling_adequacy,
    scalability,
)
from rejsens.psychometrics.correlation_matrix import Correlations, correlations_of
from rejsens.psychometrics.exploratory import why_too_many
from rejsens.psychometrics.local_dependence import NOTABLE_Q3, NOTABLE_RESIDUAL, shared_beside
from rejsens.scoring import keyed, keyed_name, product_label, units
from rejsens.seeds import generator

TABLES = (
    "dimensionality",
    "eigenvalues",
    "exploratory_loadings",
    "item_response",
    "information",
    "scalability",
    "local_dependence",
)
EVERYTHING = "all"  # the set of all items of an instrument with several reflective scores
# With 500 people and ten items a random eigenvalue's mean is then known to .004 and its 95th percentile to .010 (standard
# errors, simulated); polychorics of each draw make it most of this job's time.
DRAWS = 100
BASIS, THRESHOLD = "components", "p95"
ADVICE = f"parallel analysis: components above the 95th percentile of {DRAWS} shuffled data sets; MAP: squared partial correlations"
NO_BARTLETT = "no Bartlett test: it is not right for polychoric correlations"
TWO_ITEMS = "not estimated: with fewer than three items the number of factors is no question"
PRODUCTS = "not estimated: products of two answers are not ordered answers"
COMPLETE, ANY = "every item answered", "every row with an answer (maximum likelihood)"
TRAIT = np.round(np.linspace(-4, 4, 41), 1)  # standard deviations of the people who answered
EXTRACTION, ROTATION = "minres", "oblimin"
FITS_ALWAYS = "not estimated: a factor of three items fits always, and leaves no residuals"


@dataclass(frozen=True)
class ItemSet:
    """Items that are looked at together: those of a reflective score, or all of an instrument.

    people     rows x items, keyed
    declared   how many factors the instrument's file says they have
    model      the score's one-factor model; None for a set of all items, for fewer than three, or for a score that has
               the items of another one
    """

    id: str
    label: str
    instrument: Instrument
    wave: str
    answers: pd.DataFrame
    people: pd.DataFrame
    items: tuple[Item, ...]  # of a product the item rated for concern
    ordered: bool
    products: bool
    declared: int
    model: Model | None

    @property
    def where(self) -> dict[str, str]:
        return {"instrument": self.instrument.name, "wave": self.wave}

    @property
    def labels(self) -> dict[str, str]:
        named = product_label if self.products else attrgetter("label")
        return {column: named(item) for column, item in zip(self.people.columns, self.items, strict=True)}

    @property
    def reverse(self) -> dict[str, bool]:
        turned = [item.reverse and not self.products for item in self.items]
        return dict(zip(self.people.columns, turned, strict=True))

    @cached_property
    def correlations(self) -> Correlations:
        return correlations_of(self.people, "polychoric" if self.ordered else "pearson")

    def used(self, rule: str, n: int | None, n_lost: int | None = None) -> dict[str, object]:
        """How many people a number rests on, how many are lost, and the rule."""
        assert n is not None  # only of a matrix it may be unknown, and these are people
        lost = len(self.people) - n if n_lost is None else n_lost
        return {"missing_rule": base_of(rule, self.instrument), "n": n, "n_lost": lost}


def explore_instrument(
    answers: pd.DataFrame, asked: Mapping[str, Instrument], *, seed: int, ci_level: float, min_cell: int = 1
) -> dict[str, pd.DataFrame]:
    """The tables `TABLES` of one instrument. Formative scores have none of this, and no rows.

    answers   pooled answers, raw
    asked     wave -> the instrument as that wave administered it
    seed      the study's; each set of items has a stream of its own for the random data of parallel analysis
    min_cell  a threshold beside a category that fewer people than this chose is blank: the disclosure guard does not see
              who chose it
    """
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for items in item_sets(answers, asked):
        tables = explore_set(items, seed)
        if items.id != EVERYTHING:
            tables |= {"scalability": _scalability(items, ci_level)}
        if items.model is not None:
            tables |= respond(items, ci_level, min_cell)
        for name, table in tables.items():
            found[name].append(table.assign(**items.where))
    return {
        name: pd.concat([t for t in tables if len(t)] or [pd.DataFrame()], ignore_index=True)
        for name, tables in found.items()
    }


def item_sets(answers: pd.DataFrame, asked: Mapping[str, Instrument]) -> list[ItemSet]:
    """The sets of items to look at, each in the first wave that asked it; scores of the same items are looked at once."""
    sets: dict[str, ItemSet] = {}
    seen: set[frozenset[str]] = set()
    for wave, people in administered(answers, asked):
        instrument = asked[wave]
        for score in (s for s in instrument.scores if s.model == "reflective" and s.id not in sets):
            one = _of_score(people, instrument, score, wave)
            if one.people.shape[1] > 1 and (key := frozenset(one.people.columns)) not in seen:
                seen.add(key)
                sets[score.id] = one
        if EVERYTHING not in sets and (whole := _of_everything(people, instrument, wave, seen)):
            sets[EVERYTHING] = whole
    return list(sets.values())


def _of_score(people: pd.DataFrame, instrument: Instrument, score: Score, wave: str) -> ItemSet:
    rated = [instrument.item(pair[0]) for pair in score.pairs] or list(instrument.items_of(score))
    return _set(
        score.id, score.label, instrument, wave, people, units(people, instrument, score), rated, bool(score.pairs),
        max(1, len(score.of)), next((m for m in instrument.models if m.score == score.id), None),
    )  # fmt: skip


def _of_everything(
    people: pd.DataFrame, instrument: Instrument, wave: str, seen: set[frozenset[str]]
) -> ItemSet | None:
    """All items of the reflective scores, unless one score has them all or there is one scale only."""
    scales = {s.items: s for s in instrument.scores if s.model == "reflective" and not s.pairs and not s.of and s.items}
    ids = list(dict.fromkeys(item for own in scales for item in own))
    rated = [instrument.item(item) for item in ids]
    if len(scales) < 2 or frozenset(map(keyed_name, rated)) in seen:
        return None
    frame = keyed(people, rated)
    return _set(EVERYTHING, instrument.title, instrument, wave, people, frame, rated, False, len(scales), None)


def _set(
    name: str, label: str, instrument: Instrument, wave: str, answers: pd.DataFrame, people: pd.DataFrame,
    rated: Iterable[Item], products: bool, declared: int, model: Model | None,
) -> ItemSet:  # fmt: skip
    rated = tuple(rated)
    return ItemSet(
        name, label, instrument, wave, answers, people, rated,
        ordered=not products and few_answers(rated), products=products, declared=declared, model=model,
    )  # fmt: skip


# --- how many things -------------------------------------------------------------------------------------------------


def explore_set(items: ItemSet, seed: int) -> dict[str, pd.DataFrame]:
    """The tables `dimensionality`, `eigenvalues` and `exploratory_loadings` of one set."""
    name = {"set": items.id}
    if items.people.shape[1] < 3:
        return {"dimensionality": _dimensionality(items, None).assign(**name)}
    parallel = parallel_analysis(
        items.people,
        correlation=items.correlations.kind,
        draws=DRAWS,
        seed=generator(seed, "parallel_analysis", items.instrument.name, items.id, items.wave),
    )
    advised = max(1, parallel.factors(BASIS, THRESHOLD)) if len(parallel.advice) else 1
    numbers = [k for k in sorted({advised, items.declared}) if not why_too_many(items.people.shape[1], k)] or [1]
    eigenvalues = parallel.table.rename(columns={"basis": "kind", "position": "number", "random_p95": "random_high"})
    return {
        "dimensionality": _dimensionality(items, parallel).assign(**name),
        "eigenvalues": eigenvalues.assign(**name),
        "exploratory_loadings": pd.concat([_loadings(items, k) for k in numbers]).assign(**name),
    }


def _dimensionality(items: ItemSet, parallel: ParallelAnalysis | None) -> pd.DataFrame:
    """One row; `parallel` is None for a set of two items, of which none of this can be asked."""
    found = items.correlations
    row = {
        "label": items.label,
        "correlations": found.kind,
        **items.used(COMPLETE, found.n),
        "k": len(found.items),
    }
    if parallel is None:
        return pd.DataFrame([row | {"status": TWO_ITEMS, "method": ADVICE}])
    adequate = sampling_adequacy(items.people, correlation=found.kind)
    partial = minimum_average_partial(items.people, correlation=found.kind)
    faults = dict.fromkeys(s for s in (adequate.status, parallel.status, partial.status) if s != "estimated")
    tested = found.kind == "pearson"
    advice = parallel.factors(BASIS, THRESHOLD) if len(parallel.advice) else None
    row |= {
        "kmo": adequate.kmo,
        "bartlett_chi2": adequate.chi2 if tested else np.nan,
        "bartlett_df": adequate.df if tested and np.isfinite(adequate.chi2) else None,
        "bartlett_p": adequate.p if tested else np.nan,
        "factors_parallel": advice,
        "factors_map": partial.squared,
        "status": "; ".join(faults) or "estimated",
        "method": ADVICE if tested else f"{ADVICE}; {NO_BARTLETT}",
    }
    return pd.DataFrame([row]).astype({"factors_parallel": "Int64", "factors_map": "Int64", "bartlett_df": "Int64"})


def _loadings(items: ItemSet, factors: int) -> pd.DataFrame:
    """One exploratory solution, a row per item and factor."""
    found = items.correlations
    model = efa(items.people, factors, method=EXTRACTION, rotation=ROTATION, correlation=found.kind)
    columns, names = list(map(str, model.loadings.index)), list(model.loadings.columns)
    loadings = model.loadings.to_numpy()
    return pd.DataFrame(
        {
            "factors": factors,
            "extraction": EXTRACTION,
            "rotation": model.rotation,
            "factor": np.tile(names, len(columns)),
            "item": np.repeat(columns, len(names)),
            "label": np.repeat([items.labels[c] for c in columns], len(names)),
            "reverse": np.repeat([items.reverse[c] for c in columns], len(names)),
            "loading": loadings.ravel(),
            "communality": np.repeat(model.communality.to_numpy(dtype=float), len(names)),
            **items.used(COMPLETE, model.n),
            "status": model.status,
        }
    )


# --- how the items work ----------------------------------------------------------------------------------------------


def respond(items: ItemSet, ci_level: float, min_cell: int) -> dict[str, pd.DataFrame]:
    """The tables `item_response`, `information` and `local_dependence` of a score with a one-factor model."""
    graded = None if items.products else graded_response(items.people, ci_level=ci_level)
    name = {"score": items.id}
    return {
        "item_response": _parameters(items, graded, min_cell).assign(**name),
        "information": _information(items, graded, min_cell).assign(**name),
        "local_dependence": _dependence(items, graded, ci_level).assign(**name),
    }


def _parameters(items: ItemSet, graded: GradedModel | None, min_cell: int) -> pd.DataFrame:
    """Discrimination (a) and thresholds of each item; b1 opens the second answer of the declared range, b2 the third."""
    status = graded.status if graded else PRODUCTS
    columns = list(items.people.columns)
    slopes = graded.items.set_index("item") if graded else pd.DataFrame(index=columns)
    rows = []
    for column, item in zip(columns, items.items, strict=True):
        own = {
            "item": column,
            "label": items.labels[column],
            "reverse": items.reverse[column],
            **items.used(ANY, int(items.people[column].notna().sum())),
            "status": status,
        }
        rows.append(own | {"parameter": "a"} | _numbers(slopes.loc[column], "a"))
        cuts = graded.thresholds[graded.thresholds["item"] == column] if graded else pd.DataFrame()
        few = _beside_few(items.people[column], min_cell)  # stays beside the gate, which sees no answers
        for cut in cuts.to_dict("records"):
            blank = cut["above"] in few
            words = f"not reported: an answer beside it was given by fewer than {min_cell} people" if blank else status
            number = round(cut["above"] - item.low)
            rows.append(own | {"parameter": f"b{number}", "status": words} | ({} if blank else _numbers(cut, "b")))
    return pd.DataFrame(rows)


def _numbers(row: Mapping[str, float] | pd.Series, name: str) -> dict[str, float]:
    return {
        to: row.get(of, np.nan)
        for to, of in (("estimate", name), ("se", "se"), ("ci_low", "ci_low"), ("ci_high", "ci_high"))
    }


def _beside_few(answers: pd.Series, min_cell: int) -> set[float]:
    """Answers whose threshold stands beside a category of fewer than `min_cell` people: itself or the one below."""
    counts = answers.value_counts().sort_index()
    few = (counts < min_cell).to_numpy()
    below = np.concatenate([[False], few[:-1]])
    return set(counts.index[few | below])


def _information(items: ItemSet, graded: GradedModel | None, min_cell: int) -> pd.DataFrame:
    """Curves of the items, and (item "") of the scale; none of a model that is not admissible.

    An item's curve gives its thresholds away, so one with a blanked threshold has none; nor has the scale where that is
    one item alone, whose curve is the scale's less the others'.
    """
    if graded is None or not graded.admissible:
        return pd.DataFrame({"item": [], "theta": [], "information": [], "se": []})
    withheld = [column for column in items.people if _beside_few(items.people[column], min_cell)]
    curves, whole = graded.information(TRAIT)
    both = pd.concat(
        [whole.assign(item="").drop(columns="reliability").iloc[: 0 if len(withheld) == 1 else None],
         curves[~curves["item"].isin(withheld)]], ignore_index=True,
    )  # fmt: skip
    return both.rename(columns={"trait": "theta"})


def _dependence(items: ItemSet, graded: GradedModel | None, ci_level: float) -> pd.DataFrame:
    """Two rows per pair of items: Q3 above its mean, and the residual correlation of the one-factor model."""
    assert items.model is not None  # sets without one are not asked
    factor = fit(items.answers, items.instrument, items.model, ci_level)
    found = shared_beside(items.people, graded, factor)
    pairs = found.pairs.rename(columns={"item": "x", "other": "y"})
    tables = []
    behind = {
        "q3_above_mean": items.used(ANY, graded.n if graded else 0),
        "residual": items.used(factor.missing_rule, factor.n),
    }
    statuses = {
        "q3_above_mean": PRODUCTS if graded is None else _usable(graded.status),
        "residual": _usable(factor.status) if not factor.admissible or factor.fit.df else FITS_ALWAYS,
    }
    limits = {
        "q3_above_mean": pairs["q3_above_mean"] > NOTABLE_Q3,
        "residual": pairs["residual"].abs() > NOTABLE_RESIDUAL,
    }
    for statistic, status in statuses.items():
        own = pairs[["x", "y"]].assign(value=pairs[statistic], flagged=limits[statistic])
        tables.append(own.assign(statistic=statistic, **behind[statistic], status=status))
    return pd.concat(tables, ignore_index=True)


def _usable(status: str) -> str:
    return "estimated" if status == "admissible" else f"not estimated: {status.removeprefix('not estimated: ')}"


def _scalability(items: ItemSet, ci_level: float) -> pd.DataFrame:
    """Mokken's H of the scale (item "") and of its items."""
    blank = pd.DataFrame({"item": list(items.people.columns), "warning": ""})
    if items.products:
        scale, own, status, n = pd.DataFrame([{}]), blank, PRODUCTS, len(items.people.dropna())
    else:
        found = scalability(items.people, ci_level=ci_level)
        scale, own, status, n = found.scale, found.items, found.status, found.n
    rows = pd.concat(
        [scale.assign(item="", label=items.label, warning=""), own.assign(label=own["item"].map(items.labels))]
    )
    told = [f"{status}; {w}" if w and status == "estimated" else status for w in rows["warning"]]
    return rows.drop(columns="warning").assign(score=items.id, status=told, **items.used(COMPLETE, n))
