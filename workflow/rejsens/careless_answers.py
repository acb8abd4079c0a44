"""Indices of careless answers of every person in every wave, and how many lie beyond the study's cut-offs.

They are signs and no proof, and nobody leaves by them: who is set aside is stated under `screening:` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.distinct_scores import distinct
from rejsens.psychometrics import careless
from rejsens.psychometrics.careless import DEFINITIONS
from rejsens.quality import clicked
from rejsens.scale_fits import over_scales, scale_fits
from rejsens.tabular import PERSON, waves_in_order

LABELS = {
    "long_string": "Longest run of one answer",
    "average_string": "Mean run of one answer",
    "irv": "Variability of answers",
    "mahalanobis_d2": "Distance from all others (Mahalanobis)",
    "mahalanobis_p": "Distance from all others, upper tail",
    "even_odd": "Even–odd consistency",
    "synonyms": "Consistency of items alike (psychometric synonyms)",
    "antonyms": "Agreement of opposite items (psychometric antonyms)",
    "guttman_errors": "Guttman errors",
    "lz": "Person-fit (lz)",
}
OVER_EVERYTHING = ("long_string", "average_string", "irv")  # the others are of the items of reflective scales
LZ = (
    "log-likelihood of a person's answers under a graded response model of each reflective scale, less what somebody with "
    "that score would have, divided by what the model gives for its standard deviation, over scales; low where answers do not go "
    "together. The score is estimated from the same answers, so that lz has neither mean 0 nor SD 1 and gives no p: it orders "
    "the people of one wave, and waves that asked other scales do not compare"
)
WHERE = "over all people of the first wave of the panel that asked both"  # where items are found to be alike
PAIRED = ("synonyms", "antonyms")
NOBODY = "not run: nobody answered"


def careless_answers(
    answers: pd.DataFrame,
    asked: Mapping[str, Sequence[Instrument]],
    cutoffs: Mapping[str, Mapping[str, float]],
    fits: Mapping[str, pd.DataFrame] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table `careless`, and the indices of every person (`careless_people`).

    answers   pooled answers of everybody who was kept, raw
    asked     wave -> instruments as that wave administered them, in the order asked
    cutoffs   index -> {"below": x} or {"above": x}: from where on somebody is counted
    fits      wave -> its table `scale_fits`; None: models are fitted here
    returns   a row per wave and index; a row per person and wave with a column per index, and `beyond_cutoff`: the indices
              whose cut-off the person lies beyond, joined by "; "
    """
    tables, people, alike = [], [], correlations_of_items(answers, asked)
    for wave, rows in waves_in_order(answers).items():
        indices, checks = indices_of(rows, asked[wave], alike, fits[wave] if fits else None)
        flagged = pd.DataFrame({name: beyond(indices[name], cut) for name, cut in cutoffs.items()}, index=rows.index)
        counts = [
            _counted(indices[row.index], cutoffs.get(row.index), flagged) for row in checks.itertuples(index=False)
        ]
        tables.append(pd.concat([checks, pd.DataFrame(counts)], axis=1).assign(wave=wave))
        names = flagged.columns.to_numpy()
        names_beyond = ["; ".join(names[row]) for row in flagged.to_numpy(dtype=bool)] if len(names) else ""
        people.append(pd.concat([rows[list(PERSON)], indices], axis=1).assign(beyond_cutoff=names_beyond))
    return pd.concat(tables, ignore_index=True), pd.concat(people, ignore_index=True)


def correlations_of_items(answers: pd.DataFrame, asked: Mapping[str, Sequence[Instrument]]) -> pd.DataFrame:
    """Items of reflective scales x the same: the correlation in the first wave of the panel that asked both, as clicked.

    Pairs of items alike, and of opposite ones, are chosen by it once, and not by chance in every wave; what retest
    samples alone were asked, by theirs.
    """
    found = pd.DataFrame()
    for wave, rows in waves_in_order(answers).items():  # retests last
        items, _ = _consistent(asked[wave])
        found = found.combine_first(_clicked(rows, items).corr())
    return found


def indices_of(
    people: pd.DataFrame,
    instruments: Sequence[Instrument],
    alike: pd.DataFrame | None = None,
    fits: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Indices of the people of one wave, and a row per index: index, label, definition, k (items), n, status.

    Runs and spread are over all scored items in the order asked, the rest over the items of reflective scales; `alike`
    are the correlations by which pairs of items are chosen (None: those of these people), `fits` the wave's table `scale_fits` (None:
    models are fitted here).
    """
    parts = [
        _runs(people, instruments),
        _consistency(people, instruments, alike),
        _person_fit(people, instruments, fits),
    ]
    indices = pd.concat([part for part, _ in parts], axis=1)[list(LABELS)]
    checks = pd.concat([check for _, check in parts]).set_index("index").loc[list(LABELS)].reset_index()
    return indices, checks.assign(label=checks["index"].map(LABELS))


def beyond(values: pd.Series, cutoff: Mapping[str, float]) -> pd.Series:
    """Who lies beyond a cut-off; nobody does without a value.

    >>> beyond(pd.Series([0.1, 0.5, None]), {"below": 0.3}).tolist()
    [True, False, False]
    """
    return values < cutoff["below"] if "below" in cutoff else values > cutoff["above"]


def _counted(values: pd.Series, cutoff: Mapping[str, float] | None, flagged: pd.DataFrame) -> dict[str, object]:
    there = values.dropna()
    described = {"mean": there.mean(), "sd": there.std(ddof=1)} if len(there) else {"mean": np.nan, "sd": np.nan}
    if not cutoff or there.empty:
        return {"cutoff": "", "n_flagged": pd.NA, "percent_flagged": np.nan} | described
    side, value = next(iter(cutoff.items()))
    n = int(flagged[values.name].sum())
    return {"cutoff": f"{side} {value:g}", "n_flagged": n, "percent_flagged": 100 * n / len(there)} | described


Part = tuple[pd.DataFrame, pd.DataFrame]


def _runs(people: pd.DataFrame, instruments: Sequence[Instrument]) -> Part:
    items = [instrument.item(i) for instrument in instruments if instrument.scores for i in instrument.columns]
    return _indices(people, [item for item in items if item.type == "scale"], {}, OVER_EVERYTHING)


def _consistency(people: pd.DataFrame, instruments: Sequence[Instrument], alike: pd.DataFrame | None) -> Part:
    """Indices of the items of reflective scales that everybody was asked."""
    items, scales = _consistent(instruments)
    wanted = [name for name in DEFINITIONS if name not in OVER_EVERYTHING]
    indices, checks = _indices(people, items, scales, wanted, alike)
    if alike is not None:
        chosen = checks["index"].isin(PAIRED)
        checks.loc[chosen, "definition"] = checks.loc[chosen, "definition"].str.replace("over all people", WHERE)
    return indices, checks


def _consistent(instruments: Sequence[Instrument]) -> tuple[list[Item], dict[str, list[str]]]:
    """Items of reflective scales that everybody was asked, and those of each scale."""
    everybody = [(i, s) for i, s in distinct(instruments, reflective=True) if not _conditional(i.items_of(s))]
    scales = {score.id: list(score.items) for _, score in everybody}
    items = [item for instrument, score in everybody for item in instrument.items_of(score) if item.type == "scale"]
    return items, scales


def _conditional(items: Sequence[Any]) -> bool:
    return any(item.asked_if or item.not_applicable for item in items)


def _clicked(people: pd.DataFrame, items: Sequence[Item]) -> pd.DataFrame:
    return pd.DataFrame({item.id: clicked(people, item.id, item) for item in items}, index=people.index)


def _indices(
    people: pd.DataFrame,
    items: Sequence[Item],
    scales: Mapping[str, list[str]],
    wanted: Sequence[str],
    alike: pd.DataFrame | None = None,
) -> Part:
    """Some of the indices of `psychometrics.careless`, of answers as they were clicked."""
    if not items or people.empty:
        reason = "not run: no item of a reflective scale was asked" if len(people) else NOBODY
        checks = [(name, DEFINITIONS[name], 0, reason) for name in wanted]
        nothing = pd.DataFrame(np.nan, index=people.index, columns=list(wanted))
        return nothing, pd.DataFrame(checks, columns=["index", "definition", "n", "status"]).assign(k=0)
    frame = _clicked(people, items)
    found = careless(
        frame,
        {item.id: item.low for item in items},
        {item.id: item.high for item in items},
        reverse=[item.id for item in items if item.reverse],
        scales=scales or None,
        correlations=alike,
        wanted=wanted,
    )
    checks = found.checks
    indices = found.indices[list(wanted)].astype(float).where(frame.notna().any(axis=1), axis=0)  # no answer, no run
    paired = {kind: own[["x", "y"]].stack().nunique() for kind, own in found.pairs.groupby("kind")}
    k = [paired.get(name, 0) if name in PAIRED else len(items) for name in checks["index"]]
    return indices, checks.assign(k=k, n=[int(indices[name].notna().sum()) for name in checks["index"]])


def _person_fit(people: pd.DataFrame, instruments: Sequence[Instrument], fits: pd.DataFrame | None) -> Part:
    """lz over the reflective scales of a wave to which a graded response model fits."""
    if fits is None:
        fits = scale_fits(people, instruments)
    elif not fits["participant"].reset_index(drop=True).equals(people["participant"].reset_index(drop=True)):
        raise ValueError("the fits of a wave are not those of its people in their order")
    lz, told = over_scales(fits.set_axis(people.index), instruments)
    return lz.to_frame(), pd.DataFrame([{"index": "lz", "definition": LZ, **told}])
