"""How well each person's answers in one wave go with a graded response model of each reflective scale.

A model is fitted to every scale of every wave, which is most of the work of telling careless answers: one job per wave, so
that waves go side by side and a new one costs its own models alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.distinct_scores import distinct
from rejsens.psychometrics import graded_response, person_fit, person_fit_over
from rejsens.scoring import units

PARTS = ("deviation", "variance")  # above and, squared, below the line of lz


def scale_fits(people: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """The table `scale_fits` of one wave.

    people       answers of one wave, raw, a row per person
    instruments  as that wave administered them
    returns      in the order of `people`: participant, and of each reflective scale to which a model fits
                 `SCORE__deviation` and `SCORE__variance` (`psychometrics.person_fit`); a scale without an admissible model
                 has no columns
    missing      every row with an answer goes into a scale's model; NaN for people with fewer than two answers on the scale

    >>> from rejsens.definitions import load_instruments
    >>> scale_fits(pd.DataFrame({"participant": ["a", "b"]}), []).columns.tolist()
    ['participant']
    """
    found = {"participant": people["participant"]}
    for instrument, score in distinct(instruments, reflective=True):
        items = units(people, instrument, score)
        model = graded_response(items)
        if model.admissible:
            fit = person_fit(items, model)
            found |= {f"{score.id}__{part}": fit[part] for part in PARTS}
    return pd.DataFrame(found, index=people.index)


def over_scales(fits: pd.DataFrame, instruments: Sequence[Instrument]) -> tuple[pd.Series, dict[str, object]]:
    """lz of each person over the scales of a wave, and what it rests on.

    fits     from `scale_fits`, of the same instruments
    returns  lz with the index of `fits` (NaN without a value on any scale), and k (items), n (people with a value), status
    """
    scales = distinct(instruments, reflective=True)
    fitted = [(instrument, score) for instrument, score in scales if f"{score.id}__{PARTS[0]}" in fits]
    if not fitted:
        nobody = pd.Series(np.nan, index=fits.index, name="lz")
        return nobody, {"k": 0, "n": 0, "status": "not run: no graded response model of a scale is admissible"}
    lz = person_fit_over([_of_scale(fits, score.id) for _, score in fitted])
    left = f"; without {len(scales) - len(fitted)}, whose model is not admissible" if len(fitted) < len(scales) else ""
    status = f"estimated; over {len(fitted)} of {len(scales)} scales{left}"
    k = sum(len(instrument.items_of(score)) for instrument, score in fitted)
    return lz.rename("lz"), {"k": k, "n": int(lz.notna().sum()), "status": status}


def _of_scale(fits: pd.DataFrame, score: str) -> pd.DataFrame:
    return fits[[f"{score}__{part}" for part in PARTS]].set_axis(list(PARTS), axis=1)
