"""Does an instrument measure what its file says, in each wave, and the same thing over waves and groups?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Model, few_answers
from rejsens.events import administered, base_of
from rejsens.measured_alike import NOT_TESTED
from rejsens.psychometrics import FactorModel, Invariance, cfa, invariance, partial_invariance
from rejsens.scoring import keyed, keyed_name, product_label, product_name, units

WAVES = "waves"
WHOLE_WAVES = "a wave counts for a person when every item was answered there; missing waves by FIML"
TABLES = ("factor_models", "loadings", "factor_correlations", "invariance")


def assess_structure(
    answers: pd.DataFrame,
    asked: Mapping[str, Instrument],
    groups: Mapping[str, Mapping[float, str]],
    *,
    alpha: float,
    ci_level: float,
    min_people: int,
    max_columns: int,
) -> dict[str, pd.DataFrame]:
    """The tables `TABLES` of one instrument: one factor for each scale in each wave, what its file declares beside that in
    the first wave that asked it, and invariance of the scales.

    answers     pooled answers, raw, with the background items
    asked       wave -> the instrument as that wave administered it
    groups      background item -> its categories (code -> label), over which invariance is asked in the first wave that
                asked the scale
    alpha       a rung that fits worse than the one below at this level is told as rejected
    min_people  a category of fewer people is left out of the comparison
    max_columns  most items times waves in one model; with more, waves between the first and the last are left out
    """
    people = dict(administered(answers, asked))
    panel = [wave for wave, rows in people.items() if rows["role"].eq("wave").any()]
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    declared: set[str] = set()  # models of several scales take seconds each: the first wave that asked them has them
    for wave, rows in people.items():
        for model in (m for m in asked[wave].models if m.score or m.id not in declared):
            declared.add(model.id)
            fitted = fit(rows, asked[wave], model, ci_level)
            for name, table in _rows_of(fitted, asked[wave], model).items():
                found[name].append(table.assign(instrument=asked[wave].name, wave=wave, model=model.id))
    for model in {m.id: m for wave in panel for m in asked[wave].models if m.score}.values():
        asking = {wave: asked[wave] for wave in panel if model.id in {m.id for m in asked[wave].models}}
        first = next(iter(asking))
        ladders = _over_groups(people[first], asking[first], model, groups, min_people, ci_level)
        ladders |= _over_waves(people, _spread(asking, max_columns // len(model.items)), model, ci_level)
        found["invariance"] += [
            _rungs(ladder, alpha, asking[first], len(people[first])).assign(model=model.id, between=between)
            for between, ladder in ladders.items()
        ]
    return {name: pd.concat(tables, ignore_index=True) if tables else pd.DataFrame() for name, tables in found.items()}


def parts(people: pd.DataFrame, instrument: Instrument, model: Model) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The columns that a model is about, keyed, and factor -> columns."""
    if model.score:
        score = next(s for s in instrument.scores if s.id == model.score)
        frame = units(people, instrument, score)
        return frame, {model.score: list(frame.columns)}
    items = [instrument.item(i) for i in model.items]
    names = {item.id: keyed_name(item) for item in items}
    return keyed(people, items), {factor: [names[i] for i in own] for factor, own in model.factors.items()}


def estimator(instrument: Instrument, model: Model) -> dict[str, str]:
    """How a model is estimated: ordered items of few answers by WLSMV, the rest by MLR with every row that has an answer."""
    products = any(s.id == model.score and s.pairs for s in instrument.scores)
    few = few_answers([instrument.item(i) for i in model.items])
    return {"estimator": "WLSMV"} if few and not products else {"estimator": "MLR", "missing": "fiml"}


def fit(people: pd.DataFrame, instrument: Instrument, model: Model, ci_level: float) -> FactorModel:
    """One model in one wave."""
    frame, factors = parts(people, instrument, model)
    turned = [keyed_name(instrument.item(i)) for i in model.items if instrument.item(i).reverse]
    return cfa(
        frame,
        factors,
        structure=model.structure,
        reversed_items=turned if model.structure == "method" else (),
        residual_covariances=_residual_pairs(instrument, model),
        identification="variance",
        ci_level=ci_level,
        **estimator(instrument, model),
    )


def _residual_pairs(instrument: Instrument, model: Model) -> list[tuple[str, str]]:
    return [
        (keyed_name(instrument.item(one)), keyed_name(instrument.item(other)))
        for one, other in model.residual_covariances
    ]


def _rows_of(fitted: FactorModel, instrument: Instrument, model: Model) -> dict[str, pd.DataFrame]:
    """The three tables of one fitted model, without instrument, wave and model."""
    named = {keyed_name(item): item for item in instrument.items}
    items = [named.get(column) for column in fitted.loadings["item"]]
    products = {product_name(a, b): product_label(instrument.item(a)) for s in instrument.scores for a, b in s.pairs}
    loadings = fitted.loadings[["factor", "item", "estimate", "se", "std", "std_ci_low", "std_ci_high"]].assign(
        label=[
            item.label if item else products.get(column, column)
            for item, column in zip(items, fitted.loadings["item"], strict=True)
        ],
        reverse=[bool(item and item.reverse) for item in items],
        status=fitted.status,
    )
    head = {
        "label": model.label, "structure": model.structure, "estimator": fitted.estimator, "missing_rule": base_of(fitted.missing_rule, instrument),
        "n": fitted.n, "n_lost": fitted.n_lost, "status": fitted.status, "fit_status": fitted.fit_status,
        "df": fitted.fit.df, **fitted.reported, "loglik": fitted.fit.loglik, "aic": fitted.fit.aic, "bic": fitted.fit.bic,
        "notes": " ".join(fitted.notes),
    }  # fmt: skip
    return {
        "factor_models": pd.DataFrame([head]),
        "loadings": loadings,
        "factor_correlations": pd.concat([fitted.factor_correlations, _shared(fitted)]).assign(status=fitted.status),
    }


def _shared(fitted: FactorModel) -> pd.DataFrame:
    """Correlations of the residuals of items that a model lets covary, as rows of `factor_correlations`."""
    items, estimates = set(fitted.residual_variances["item"]), fitted.estimates
    own = estimates[estimates["op"].eq("~~") & estimates["lhs"].isin(items) & estimates["lhs"].ne(estimates["rhs"])]
    named = {
        "lhs": "x",
        "rhs": "y",
        "std": "estimate",
        "std_se": "se",
        "std_ci_low": "ci_low",
        "std_ci_high": "ci_high",
    }
    return own[list(named)].rename(columns=named)


# --- invariance ------------------------------------------------------------------------------------------------------


def _over_groups(
    people: pd.DataFrame,
    instrument: Instrument,
    model: Model,
    groups: Mapping[str, Mapping[float, str]],
    min_people: int,
    ci_level: float,
) -> dict[str, Invariance]:
    frame, factors = parts(people, instrument, model)
    ladders = {}
    for name, labels in groups.items():
        codes = people[name] if name in people else pd.Series(dtype=float)
        kept = [code for code, n in codes.value_counts().sort_index().items() if n >= min_people]
        if len(kept) < 2:
            continue
        words = {code: labels.get(code, f"{code:g}") for code in kept}
        rows = frame[codes.isin(kept)].assign(**{name: codes[codes.isin(kept)].map(words)})
        how: dict[str, Any] = estimator(instrument, model)
        ladders[name] = invariance(rows, factors, groups=name, ci_level=ci_level, **how)
    return ladders


def _spread(asking: Mapping[str, Instrument], most: int) -> dict[str, Instrument]:
    """At most so many waves, but two at least: the first, the last, and what lies evenly between."""
    waves = list(asking)
    kept = np.linspace(0, len(waves) - 1, min(len(waves), max(most, 2))).round().astype(int) if len(waves) > 1 else [0]
    return {waves[k]: asking[waves[k]] for k in kept}


def _over_waves(
    people: Mapping[str, pd.DataFrame], asking: Mapping[str, Instrument], model: Model, ci_level: float
) -> dict[str, Invariance]:
    if len(asking) < 2:
        return {}
    wide, where, asked = [], {}, []
    how: dict[str, Any] = {}
    for wave, instrument in asking.items():
        own = next(m for m in instrument.models if m.id == model.id)
        frame, _ = parts(people[wave].set_index("participant"), instrument, own)
        asked.append(frame.index)
        stored = {column: name for column, name in zip(frame.columns, own.items, strict=True)}
        frame = frame.dropna() if (how := estimator(instrument, own)).get("missing") else frame  # see WHOLE_WAVES
        wide.append(frame.rename(columns={column: f"{name} in {wave}" for column, name in stored.items()}))
        where[wave] = {name: f"{name} in {wave}" for name in stored.values()}
    factors = {model.id: list(next(iter(where.values())))}
    everybody = asked[0].append(asked[1:]).unique()  # who is lost counts as lost
    frame = pd.concat(wide, axis=1).reindex(everybody)
    return {WAVES: invariance(frame, factors, waves=where, ci_level=ci_level, **how)}


def _rungs(ladder: Invariance, alpha: float, instrument: Instrument, asked: int) -> pd.DataFrame:
    """One row per rung; `holds` says whether it fits no worse than the rung below at level alpha, and from the first that
    does on, `released` what could be given up.

    asked   people of the wave in which groups are compared; who is in none of these groups is `n_left_out`
    """
    some = next(iter(ladder.models.values()))
    over_waves = not some.groups
    rule = WHOLE_WAVES if over_waves and some.estimator != "WLSMV" else some.missing_rule
    table = ladder.table
    against = (table["status"] == "admissible") & (table["against"] != "")
    holds = (
        table["d_p"].lt(alpha).map({True: "rejected", False: "not rejected"}).where(table["d_p"].notna(), NOT_TESTED)
    )
    return _with_releases(table.drop(columns="released"), partial_invariance(ladder, alpha)).assign(
        compared="; ".join(ladder.between),
        estimator=some.estimator,
        instrument=instrument.name,
        missing_rule=base_of(rule, instrument),
        n_lost=some.n_lost,
        n_left_out=0 if over_waves else asked - some.n - some.n_lost,
        holds=holds.where(against, ""),
    )


def _with_releases(table: pd.DataFrame, partial: pd.DataFrame) -> pd.DataFrame:
    """The ladder with what is released at each rung, and how the rung does without it."""
    named = {name: f"partial_{name}" for name in ("d_chi2", "d_df", "d_p", "holds")}
    found = table.merge(partial[["rung", "released", *named]].rename(columns=named), on="rung", how="left")
    return found.fillna({"released": "", "partial_holds": ""})
