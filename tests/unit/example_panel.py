"""A study's package made by hand, large enough that some people stand out: for what is made from packages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from tests.conftest import write_study

from rejsens.sharing.columns import dictionary_of, in_types
from rejsens.sharing.package import Package, facts_of, notes_on_all
from rejsens.study import Study, load_study

BACKGROUND = ["age", "gender", "relationship_status", "duration_seconds"]


def example_study(folder: Path, waves: int = 2, **sharing: object) -> Study:
    """Two scales and four background questions in each wave."""
    write_study(folder, waves)
    for path in (folder / "data/waves").glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        content["instruments"][2]["items"] = BACKGROUND
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    study = load_study(folder)
    return replace(study, settings={**study.settings, "sharing": sharing})


def example_answers(study: Study, people: int = 300, seed: int = 4) -> pd.DataFrame:
    """Answers of people of whom some are rare and some drop out; the first item is each person's own, like a fingerprint."""
    rng = np.random.default_rng(seed)
    trait, age = rng.normal(size=people), rng.integers(19, 75, people).astype(float)
    gender = rng.choice([1.0, 2, 3, 4], people, p=[0.55, 0.4, 0.03, 0.02])
    frames = []
    for number, wave in enumerate(study.waves, start=1):
        frame = pd.DataFrame({"participant": [f"p{i:04}" for i in range(people)]})
        frame = frame.assign(wave=wave.name, wave_number=number, role="wave", age=age, gender=gender)
        frame["relationship_status"] = rng.integers(0, 3, people).astype(float)
        frame["duration_seconds"] = rng.integers(200, 2000, people).astype(float)
        for i in range(1, 8):
            frame[f"gad7_{i:02}"] = np.clip(np.round(1.2 + 0.8 * trait + 0.7 * rng.normal(size=people)), 0, 3)
        for i in range(1, 4):
            frame[f"ucla3_{i:02}"] = np.clip(np.round(2 + 0.5 * trait + 0.5 * rng.normal(size=people)), 1, 3)
        stays = np.ones(people, bool) if number == 1 else rng.random(people) < 0.8
        frames.append(frame[stays])
    return pd.concat(frames, ignore_index=True)


def example_package(study: Study, answers: pd.DataFrame) -> Package:
    """The package of such answers, with the scores that the pipeline would compute."""
    from rejsens.pool import pool_scores
    from rejsens.score_wave import wave_scores

    scores = pool_scores(
        [
            wave_scores(
                rows.reset_index(drop=True), study.asked[wave], wave, study.wave_numbers[wave], study.roles[wave]
            )
            for wave, rows in answers.groupby("wave", sort=False)
        ]
    )
    tables = {"answers": answers, "scores": scores}
    told = pd.DataFrame(
        columns=["variable", "wave", "subscale", "scored_in", "choices", "missing_codes", "question_text"]
    )
    dictionary = dictionary_of(tables, study, told)
    return Package("full", facts_of(study), in_types(tables, dictionary), dictionary, notes_on_all())
