"""The observed-score estimands: what the models of the study would find if all of a population answered everything.

Unreliable scores attenuate, so a latent effect of −.20 is another number in scores. The people are drawn, ask and are scored
as in the study; the estimators (`estimands`, `within_people`, `lagged_paths`) share no code with `rejsens.inference`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rejsens.administration import administer
from rejsens.declarations import read_yaml
from rejsens.definitions import Instrument, load_instruments
from rejsens.hypotheses import variables
from rejsens.scoring import score
from rejsens.simulate.estimands import Asked, estimands, omitted
from rejsens.simulate.events import draw_events
from rejsens.simulate.items import ItemModel, draw_answers, item_models
from rejsens.simulate.latent import draw_people, draw_states, levels, module_states, with_modules
from rejsens.simulate.modules import NOT_APPLICABLE, ModuleStates, draw_lasting, module_answers
from rejsens.simulate.parameters import Parameters, module_block, read_parameters, stream
from rejsens.simulate.study import asked_in
from rejsens.whole_files import write_whole

COLUMNS = ("hypothesis", "analysis", "wave", "metric", "estimand", "mc_error", "n_people", "reason")


def write_truth(
    out: Path | str = ".", parameters: Path | str | None = None, report: Callable[[str], None] = lambda line: None
) -> pd.DataFrame:
    """Compute data/truth/estimands.csv for every hypothesis in the study's config/hypotheses/. Takes minutes."""
    out = Path(out)
    families = [read_yaml(path, "hypotheses") for path in sorted((out / "config" / "hypotheses").glob("*.yaml"))]
    found = population_estimands(read_parameters(parameters), families, report=report)
    path = out / "data" / "truth" / "estimands.csv"
    write_whole(path, found.round(6).to_csv(index=False, lineterminator="\n"))
    return found


def population_estimands(
    parameters: Parameters,
    families: Sequence[Mapping[str, Any]],
    *,
    people: int | None = None,
    batches: int | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """The population value of the deciding coefficient of every hypothesis, in complete data without defects or attrition.

    parameters   as from `read_parameters`; `truth` gives the size of the draw and its seed, which no study shares
    families     family files as parsed
    people       size of the draw, split evenly over the batches; each batch is estimated alone
    returns      hypothesis, analysis, wave, metric (as in the estimates table), estimand (mean over batches), mc_error (SD
                 over batches / sqrt of their number), n_people, reason: why there is no value. Who has no such event,
                 source or setting has no score of it here either. Age and the like are those of the first wave. For each
                 model see `rejsens.simulate.estimands`
    """
    truth = parameters["truth"]
    people, batches = people or truth["people"], batches or truth["batches"]
    hypotheses = [(h, bool(family.get("random_slope"))) for family in families for h in family["hypotheses"]]
    names = {name for h, _ in hypotheses for of in variables(h).values() for name in of}
    waves, kinds = [wave["name"] for wave in parameters["waves"]], list(module_block(parameters)["events"]["none"])
    found: dict[tuple[str, ...], list[float]] = {}
    roots: dict[str, dict[str, np.ndarray]] = {h["id"]: {} for h, _ in hypotheses}
    for batch in range(batches):
        values = draw_population(parameters, names, people // batches, (truth["seed"], "population", str(batch)))
        for h, slope in hypotheses:
            for key, value in estimands(Asked(h, values, waves, kinds, slope, roots[h["id"]])):
                found.setdefault((h["id"], *key), []).append(value)
        report(f"batch {batch + 1} of {batches}")
    size = people // batches * batches
    rows = [(*key, np.mean(v), _error(v), size, "") for key, v in found.items()]
    left = {h["id"]: reason for h, _ in hypotheses if (reason := omitted(h))}
    rows += [(name, *key, np.nan, np.nan, 0, why) for name, (key, why) in left.items()]
    order = {h["id"]: place for place, (h, _) in enumerate(hypotheses)}
    return pd.DataFrame(sorted(rows, key=lambda row: order[row[0]]), columns=list(COLUMNS))


def _error(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def draw_population(
    parameters: Parameters, names: set[str], n: int, seed: tuple[int, *tuple[str, ...]]
) -> dict[str, np.ndarray]:
    """Complete scores and background of n people in every panel wave; variable -> (n, waves), NaN where it was not asked.

    names    scores, ratings of events with or without their kind; only what these need is drawn
    seed     number and names of the draw; each part has a stream of its own, so that none depends on what else is asked
    """
    of = partial(stream, *seed)
    people = with_modules(parameters, draw_people(parameters, n, of("people")), of("modules"))
    lasting = draw_lasting(parameters, n, int(of("lasting").integers(2**32)))
    absent = {item: of("not applicable", item).random(n) < share
              for item, share in parameters["missing"]["not_applicable"].items()}  # fmt: skip
    definitions = _definitions(parameters)
    models = item_models(parameters, list(definitions.values()))
    values: dict[str, np.ndarray] = {}
    for number, declared in enumerate(parameters["waves"]):
        name = declared["name"]
        blocks = (parameters["instruments"], module_block(parameters))
        main, modules = (_needed(asked_in(block, declared, number), definitions, names) for block in blocks)
        states = draw_states(parameters, people, of(name, "states"))
        frames = [_answers(one, models, levels(parameters, people, states, number), of(name, one.name)) for one in main]
        if modules:
            own = ModuleStates(
                module_states(parameters, people, states, of(name, "module states")),
                draw_events(parameters, n, of(name, "events")),
            )
            seeded = int(of(name, "answers").integers(2**32))
            frames.append(
                module_answers(parameters, seeded, name, number, modules, models, people, states, own, lasting)
            )
        answers = pd.concat(frames, axis=1)
        for item, gone in absent.items():
            if item in answers:
                answers[item] = answers[item].mask(gone, NOT_APPLICABLE)
        for column, found in _scored(answers, [*main, *modules]).items():
            values.setdefault(column, np.full((n, len(parameters["waves"])), np.nan))[:, number] = found
    ones = np.ones(len(parameters["waves"]))
    return values | {"age": np.outer(np.floor(people.age), ones), "gender": np.outer(people.gender, ones),
                     "relationship_status": people.status}  # fmt: skip


def _definitions(parameters: Parameters) -> dict[str, Instrument]:
    blocks = (parameters["instruments"], module_block(parameters))
    waves = enumerate(parameters["waves"])
    return load_instruments(only=sorted({e["id"] for k, w in waves for b in blocks for e in asked_in(b, w, k)}))


def _needed(
    entries: Sequence[Mapping[str, Any]], definitions: Mapping[str, Instrument], names: set[str]
) -> list[Instrument]:
    """A wave's instruments with the scores that are named, with or without the kind of event, and what these are made of."""
    found = []
    for instrument in (administer(definitions[entry["id"]], **entry) for entry in entries):
        scores, kind = {one.id: one for one in instrument.scores}, f"{instrument.event}_"
        wanted = {i for i in scores if i in names or (instrument.event and i.removeprefix(kind) in names)}
        while more := {part for i in wanted for part in scores[i].of if part in scores} - wanted:
            wanted |= more
        found.append(replace(instrument, scores=tuple(one for one in instrument.scores if one.id in wanted)))
    return [instrument for instrument in found if instrument.scores]


def _answers(
    instrument: Instrument, models: Mapping[str, ItemModel], level: Mapping[str, np.ndarray], rng: np.random.Generator
) -> pd.DataFrame:
    items = dict.fromkeys(item.id for one in instrument.scores for item in instrument.items_of(one))
    return pd.DataFrame(draw_answers({i: models[i] for i in items if i in models}, level, rng))


def _scored(answers: pd.DataFrame, instruments: Sequence[Instrument]) -> dict[str, np.ndarray]:
    """Scores without their counts; an answer that says that an item does not apply leaves the denominator."""
    items = {item.id: item for one in instruments for item in one.items if item.id in answers}
    lacking = pd.DataFrame({i: answers[i].isin(item.not_applicable) for i, item in items.items() if item.not_applicable},
                           index=answers.index)  # fmt: skip
    scores = score(answers.mask(lacking.reindex(columns=answers.columns, fill_value=False)), instruments, lacking)
    return {name: scores[name].to_numpy() for name in scores if "__" not in name}
