"""What a public copy still gives away, counted in the copy itself: whom more knowledge would single out, and where all are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens.sharing.anonymity import class_sizes, classes
from rejsens.sharing.package import Package
from rejsens.variables import NOT_APPLICABLE


def tables(package: Package, shown: Mapping[str, str], sensitive: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The tables "risk" and "alike" of a public copy.

    shown       quasi-identifier -> its column in the copy
    sensitive   columns of which "alike" tells where a whole class has one value
    """
    answers, scores = package.tables["answers"], package.tables["scores"]
    known = list(shown.values())
    return {"risk": risk(answers, known), "alike": alike(answers, scores, known, sensitive)}


def risk(answers: pd.DataFrame, known: Sequence[str]) -> pd.DataFrame:
    """How far somebody gets who knows more and more of everybody.

    answers   one row per person and wave, as shown
    known     columns of the quasi-identifiers
    returns   knows, n_people, n_alone, smallest_class, median_class, chance: the mean over people of one over the size of
              their class, which is how often the right row would be picked
    """
    flags = [c for c in answers if c.endswith(NOT_APPLICABLE)]
    items = [c for c in answers.columns[4:] if c not in known and c not in flags]
    steps = {
        "the declared quasi-identifiers and the waves": answers[list(known)],
        "also which questions did not apply": answers[[*known, *flags]],
        "also which questions were left unanswered": answers[[*known, *flags]].join(answers[items].isna()),
        "every answer": answers[[*known, *items]],
    }
    return pd.DataFrame([{"knows": what} | _singled_out(answers, columns) for what, columns in steps.items()])


def _singled_out(answers: pd.DataFrame, columns: pd.DataFrame) -> dict[str, Any]:
    person, people = pd.factorize(answers["participant"])
    wave, waves = pd.factorize(answers["wave"])
    row = classes([columns[c].to_numpy() for c in columns], len(answers))
    wide = np.full((len(people), len(waves)), -1)
    wide[person, wave] = row
    sizes = class_sizes(classes(list(wide.T), len(people)))
    return {
        "n_people": len(people),
        "n_alone": int((sizes == 1).sum()),
        "smallest_class": int(sizes.min(initial=len(people))),
        "median_class": float(np.median(sizes)) if len(sizes) else np.nan,
        "chance": float((1 / sizes).mean()) if len(sizes) else np.nan,
    }


def alike(answers: pd.DataFrame, scores: pd.DataFrame, known: Sequence[str], sensitive: Sequence[str]) -> pd.DataFrame:
    """Classes that give a value away because everybody in them has it (k-anonymity says nothing of that).

    returns   one row per sensitive column: n_classes (of people with the same quasi-identifiers and waves, wave by wave, of
              which two people or more have a value), n_alike (in which all have one value), n_people (in those), and
              furthest: the largest distance of a class's distribution from that of all, half the sum of the absolute
              differences of shares (0 to 1)
    """
    person, people = pd.factorize(answers["participant"])
    wave, waves = pd.factorize(answers["wave"])
    wide = np.full((len(people), len(waves)), -1)
    wide[person, wave] = classes([answers[c].to_numpy() for c in known], len(answers))
    of_person = classes(list(wide.T), len(people))
    rows = []
    keyed = answers[["participant", "wave"]].assign(group=of_person[person])
    for column in sensitive:
        source = scores if column in scores else answers
        if column not in source:
            continue
        own = source[["participant", "wave", column]].merge(keyed, on=["participant", "wave"]).dropna(subset=[column])
        rows.append({"column": column} | _alike(own["group"], own["wave"], own[column].to_numpy(dtype=float)))
    return pd.DataFrame(rows, columns=["column", "n_classes", "n_alike", "n_people", "furthest"])


def _alike(group: pd.Series, wave: pd.Series, values: np.ndarray) -> dict[str, Any]:
    counts = pd.crosstab([group.to_numpy(), wave.to_numpy()], values)
    if counts.empty:
        return {"n_classes": 0, "n_alike": 0, "n_people": 0, "furthest": np.nan}
    table, waves = counts.to_numpy(), counts.index.get_level_values(1)
    of_all = counts.groupby(level=1).transform("sum").to_numpy()
    sizes = table.sum(axis=1)
    shares = table / sizes[:, None] - of_all / of_all.sum(axis=1)[:, None]
    held = sizes > 1
    one_value = held & (table.max(axis=1) == sizes) & ((of_all > 0).sum(axis=1) > 1)
    return {
        "n_classes": int(held.sum()),
        "n_alike": int(one_value.sum()),
        "n_people": int(sizes[one_value].sum()),
        "furthest": float(0.5 * np.abs(shares).sum(axis=1)[held].max(initial=0.0)) if len(waves) else np.nan,
    }
