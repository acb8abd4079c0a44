"""One wave's scores, and a comparison with the totals that came with its export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.scoring import score
from rejsens.validate import STORED
from rejsens.variables import not_applicable

TOLERANCE = 1e-12  # a stored total is recomputed from the same cells; only the order of addition may differ


def wave_scores(
    answers: pd.DataFrame, instruments: Sequence[Instrument], wave: str, wave_number: int, role: str
) -> pd.DataFrame:
    """participant, wave, wave_number, role, background variables, every score with its count and prorated flag."""
    background = [item.id for instrument in instruments if not instrument.scores for item in instrument.items]
    scores = score(answers, [i for i in instruments if i.scores], not_applicable(answers))
    person = pd.DataFrame(
        {"participant": answers["participant"], "wave": wave, "wave_number": wave_number, "role": role}
    )
    return pd.concat([person, answers[background], scores], axis=1)


def compare_stored(
    answers: pd.DataFrame, scores: pd.DataFrame, totals: Mapping[str, str], wave: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recompute totals that came with the data and report each that differs.

    totals    column of the export -> score id
    returns   one row per column (n_compared, n_differ, max_difference, status), and one row per person who differs
    """
    rows, differing = [], []
    for column, score_id in totals.items():
        stored, ours = answers[f"{column}{STORED}"].to_numpy(), scores[score_id].to_numpy()
        both = ~np.isnan(stored) & ~np.isnan(ours)
        gap = np.abs(stored - ours)
        differs = (both & (gap > TOLERANCE)) | (np.isnan(stored) != np.isnan(ours))
        largest = float(gap[both].max()) if both.any() else np.nan
        status = "agrees" if not differs.any() else f"{int(differs.sum())} of {len(stored)} people differ"
        rows.append((wave, column, score_id, int(both.sum()), int(differs.sum()), largest, TOLERANCE, status))
        for position in np.flatnonzero(differs):
            differing.append(
                (scores["participant"].iloc[position], wave, column, score_id, stored[position], ours[position])
            )
    return (
        pd.DataFrame(
            rows, columns=["wave", "column", "score", "n_compared", "n_differ", "max_difference", "tolerance", "status"]
        ),
        pd.DataFrame(differing, columns=["participant", "wave", "column", "score", "stored", "recomputed"]),
    )
