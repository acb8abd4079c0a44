"""A synthetic twin: people who do not exist, with the margins, correlations and scales of those who do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from rejsens.events import event_rows, person_scores
from rejsens.pool import pool_scores
from rejsens.problems import Problem, Refused
from rejsens.score_wave import wave_scores
from rejsens.seeds import generator
from rejsens.sharing import closeness, usefulness
from rejsens.sharing.columns import as_dictionary, in_types
from rejsens.sharing.package import MADE_UP, Package
from rejsens.sharing.public import kept_notes
from rejsens.sharing.twin_rows import Model, Wide, asked_items, draw_answers, model_of, movable, pooled, wide
from rejsens.study import Study

SUBJECT = "The synthetic twin"
ROUNDS = 60  # tries to make a row that is somebody's another one; who is left after them is left out
FEWEST = 50  # people of whom a twin can be made
MARK = "synthetic"  # column that says so in every row


def synthetic_twin(package: Package, study: Study) -> Package:
    """A package of as many people who do not exist.

    package   as `full_package` makes it
    study     its settings give the seed and `min_cell`, the fewest people behind anything that the twin is drawn from
    raises    Refused: fewer than 50 people, or more answers than one model can hold

    Answers are drawn from a Gaussian copula of every item in every wave (`copula`, `twin_rows`), no row of ten answers or
    more is left that is a person's, and scores are computed from the drawn answers as the pipeline computes them.
    The same study and seed give the same twin.
    """
    least = int(study.settings["min_cell"])
    answers = package.tables["answers"]
    answers = answers[answers["participant"] != ""]
    real = wide(answers)
    if len(real.ids) < FEWEST:
        found = f"{len(real.ids)} people"
        fix = "share results, or the public copy; a twin of so few would be a guess"
        raise Refused(Problem("data/waves", "Too few people for a twin", found, f"{FEWEST} or more", fix), SUBJECT)
    seed = int(study.settings["seed"])
    model = model_of(real, study, least)
    twin, changed = nobodys(model, real, len(real.ids), least, generator(seed, "synthetic twin"))
    made = usefulness.tables(real, twin, study, least)
    made["risk"] = _risk(real, twin, study, least, seed)
    tables, dictionary = _tables(package, twin, study)
    notes = (*kept_notes(package), *_notes(model, twin, made, changed, least))
    facts = replace(
        package.facts,
        title=f"Synthetic twin of: {package.facts.title}",
        waves=tuple({**wave, "sha256": ""} for wave in package.facts.waves),
    )
    return Package("synthetic", facts, in_types(tables, dictionary), dictionary, notes, made)


def nobodys(model: Model, real: Wide, n: int, least: int, rng: np.random.Generator) -> tuple[Wide, int]:
    """n people who answered some wave and of whom no row is a person's, and how many rows were changed for that.

    One answer of such a row is moved to its neighbour: drawing the person anew would thin out just those rows that are most
    like people's, and with few items make scales less consistent than they are. A row that `least` people or more gave
    answer for answer, such as "never" throughout, is nobody's in particular and stays.
    """
    items = {w: _scored_items(model.study, w, real) for w in real.answers}
    taken = {w: closeness.fingerprints(real.answers[w][own].to_numpy(), least) for w, own in items.items()}
    drawn = draw_answers(model, n, rng)
    for _ in range(ROUNDS):
        nowhere = ~np.logical_or.reduce(list(drawn.present.values()))
        if not nowhere.any():
            break
        drawn = _put(drawn, np.flatnonzero(nowhere), draw_answers(model, int(nowhere.sum()), rng))
    changed = 0
    for wave, own in items.items():
        for _ in range(ROUNDS):
            alike = closeness.copied(drawn.answers[wave][own].to_numpy(), taken[wave]) & drawn.present[wave]
            if not alike.any():
                break
            changed += int(alike.sum())
            _move_one(drawn.answers[wave], np.flatnonzero(alike), movable(model, wave, own), rng)
    bad = ~np.logical_or.reduce(list(drawn.present.values()))
    for wave, own in items.items():
        bad |= closeness.copied(drawn.answers[wave][own].to_numpy(), taken[wave]) & drawn.present[wave]
    return _without(drawn, bad), changed


def _scored_items(study: Study, wave: str, real: Wide) -> list[str]:
    """What can tell who somebody is in a table of answers: every item but those of the background, which many share."""
    return [
        item.id for instrument, item in asked_items(study, wave) if instrument.scores and item.id in real.answers[wave]
    ]


def _move_one(frame: pd.DataFrame, rows: np.ndarray, known: Mapping[str, np.ndarray], rng: np.random.Generator) -> None:
    """In each of these rows one answer, drawn at random, becomes its neighbour among the answers that are given."""
    for row in rows:
        answered = [name for name in known if not np.isnan(frame.at[row, name])]
        if answered:
            name = answered[int(rng.integers(len(answered)))]
            values = known[name]
            place = int(np.searchsorted(values, frame.at[row, name]))
            beside = [k for k in (place - 1, place + 1) if 0 <= k < len(values)]
            frame.at[row, name] = values[beside[int(rng.integers(len(beside)))]]


def _put(drawn: Wide, places: np.ndarray, fresh: Wide) -> Wide:
    answers, present = {}, {}
    for wave, frame in drawn.answers.items():
        values = frame.to_numpy(copy=True)
        values[places] = fresh.answers[wave][frame.columns].to_numpy()
        answers[wave] = pd.DataFrame(values, columns=frame.columns)
        present[wave] = drawn.present[wave].copy()
        present[wave][places] = fresh.present[wave]
    return Wide(drawn.ids, answers, present)


def _without(drawn: Wide, bad: np.ndarray) -> Wide:
    keep = ~bad
    answers = {w: frame[keep].reset_index(drop=True) for w, frame in drawn.answers.items()}
    return Wide(np.arange(int(keep.sum())), answers, {w: p[keep] for w, p in drawn.present.items()})


def _risk(real: Wide, twin: Wide, study: Study, least: int, seed: int) -> pd.DataFrame:
    """`closeness.risk` of the wave with most people, with a second twin made of a random half of them."""
    wave = max(real.answers, key=lambda w: int(real.present[w].sum()))
    rng = generator(seed, "synthetic twin", "risk")
    half = np.isin(np.arange(len(real.ids)), rng.permutation(len(real.ids))[: len(real.ids) // 2])
    second = draw_answers(model_of(_without(real, ~half), study, least), int(half.sum()), rng)
    own = [i for i in _scored_items(study, wave, real) if i in twin.answers[wave]]
    items = {item.id: item for _, item in asked_items(study, wave)}
    spans = np.array(
        [max(items[i].high - items[i].low, 1.0) if np.isfinite(items[i].high - items[i].low) else 1.0 for i in own]
    )

    def rows(panel: Wide, whose: np.ndarray | None = None) -> np.ndarray:
        held = panel.present[wave] if whose is None else panel.present[wave] & whose
        return panel.answers[wave].loc[held, own].to_numpy(dtype=float)

    halves = {"used": rows(real, half), "held": rows(real, ~half), "twin": rows(second)}
    return closeness.risk(rows(real), rows(twin), spans, halves, rng).assign(wave=wave)


def _tables(package: Package, twin: Wide, study: Study) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Answers, scores and events of the twin in the columns of the package, each table and row marked as synthetic."""
    width = len(str(len(twin.ids)))
    answers = pooled(twin, study, [f"synthetic-{k:0{width}}" for k in range(1, len(twin.ids) + 1)])
    scores, events = [], []
    for wave, rows in answers.groupby("wave", sort=False):
        asked, own = study.asked[wave], rows.reset_index(drop=True)
        every = wave_scores(own, asked, wave, study.wave_numbers[wave], study.roles[wave])
        scores.append(person_scores(every, asked))
        events.append(event_rows(every, asked))
    found = {"answers": answers, "scores": pool_scores(scores), "events": pool_scores(events)}
    tables = {}
    for name, table in package.tables.items():
        first, *others = table.columns
        marked = pd.concat([found[name], pd.Series(True, found[name].index, name=MARK)], axis=1)
        tables[MADE_UP[name]] = marked.reindex(columns=[first, MARK, *others]).reset_index(drop=True)
    return tables, _dictionary(package.dictionary, tables)


def _dictionary(full: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    mark = {
        "variable": MARK,
        "label": "Synthetic: drawn by a program, nobody's row",
        "type": "boolean",
        "level": "nominal",
    }
    rows = [row | {"missing_codes": "", "table": MADE_UP[row["table"]]} for row in full.to_dict("records")]
    for row in rows:
        if row["variable"] == "participant":
            row["label"] = "A participant who does not exist, the same in every wave"
    return as_dictionary(pd.DataFrame(rows + [{"table": name} | mark for name in tables]))


def _notes(model: Model, twin: Wide, made: Mapping[str, pd.DataFrame], changed: int, least: int) -> tuple[str, ...]:
    shrunk, bent = model.copula.shrunk, model.copula.bent
    return (
        f"Synthetic data: {len(twin.ids):,} people who do not exist. Use them to try out an analysis, to teach, or to write code before "
        "you may see the data; never report them as results.",
        "Kept: how often each answer was given, correlations of items within and between waves, loadings and reliabilities of scales, who "
        f"takes part in which waves, shares of answers left out. How well: {usefulness.told(made)}.",
        "Not kept: relations that are not straight, interactions, differences of correlations between groups, and why an answer was left "
        "out (within a wave answers are left out by chance).",
        f"Drawn from a Gaussian copula of every item in every wave; correlations were moved towards the mean of their pair of "
        f"instruments by {100 * shrunk:.0f}% on average, as their sampling error asks, and by another {bent:.3f} to make them those of one distribution.",
        f"No row of ten answers or more is a person's: {changed:,} had one answer moved to its neighbour for that, and an answer that fewer than {least} people gave "
        "joined its neighbour or was left out. The table `risk` says how near rows come to people's.",
    )  # fmt: skip
