"""What needs several instruments at once: keying between scales, convergent predictions, change between waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from rejsens.definitions import Instrument
from rejsens.psychometrics import Prediction, Reliability, check_predictions, error_from_reliability
from rejsens.psychometrics.keying import item_keying, keying_check
from rejsens.psychometrics.reliability import ESTIMATED
from rejsens.tabular import by_wave

NOT_IN_ONE_WAVE = "erosion is not measurable in one wave"
NOBODY_TWICE = "nobody answered it in two waves"


def keying(
    scores: pd.DataFrame, items: pd.DataFrame, instruments: Sequence[Instrument], ci_level: float
) -> pd.DataFrame:
    """Signs that the definitions expect between scales, and items that run against their scale; per wave."""
    tables = []
    for wave, people in by_wave(scores):
        present = {c for c in people.columns if people[c].notna().any()}
        expected = [
            (s.id, found, sign)
            for i in instruments
            for s in i.scores
            if s.id in present
            for other, sign in s.expects.items()
            if (found := _asked(other, i, present))
        ]
        tables.append(keying_check(people, expected, ci_level).assign(wave=wave, check="between scales"))
        for score, group in items[items["wave"] == wave].groupby("score", sort=False):
            tables.append(item_keying(group, score).assign(wave=wave, check="within the scale"))
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _asked(score: str, instrument: Instrument, present: set[str]) -> str | None:
    """The score an expectation is about: of the same prefix if that was asked, else the one without a prefix."""
    prefix = instrument.name.removesuffix(instrument.id)
    return next((name for name in (score, score.removeprefix(prefix)) if name in present), None)


def convergent(scores: pd.DataFrame, plans: Mapping[str, Sequence[Prediction]], ci_level: float) -> pd.DataFrame:
    """Correlations held against ranges that were fixed before the data, in the first wave that tests the most of them.

    plans     name of a set -> its predictions; a set of which the study measured nothing has no rows
    returns   the table `predictions`; `sentence` says what follows for the set as a whole
    """
    panel = [(wave, people) for wave, people in by_wave(scores) if (people["role"] == "wave").all()]
    tables = []
    for name, plan in plans.items():
        tested = [(wave, check_predictions(people, plan, ci_level)) for wave, people in panel]
        wave, found = max(tested, key=lambda one: len(plan) - one[1].not_testable, default=("", None))
        if found is not None and found.not_testable < len(plan):
            tables.append(
                found.table.assign(set=name, wave=wave, sentence=found.sentence).rename(columns={"id": "prediction"})
            )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def erosion(
    scores: pd.DataFrame,
    changes: pd.DataFrame,
    reliability: pd.DataFrame,
    instruments: Sequence[Instrument],
    ci_level: float,
) -> pd.DataFrame:
    """Change of each score that declares it, for each pair of waves, with the band of the smallest detectable change.

    returns   one row per score and pair of waves: n people in both waves, mean change with Student's interval,
              sdc95 = 1.96 √2 · SEM with SEM = SD of the first wave · √(1 − reliability of the first wave), and how many
              people declined or improved by more than sdc95; one row with a status where only one wave exists

    Reliability is omega, or alpha where omega could not be estimated; the method column says which. The band is about
    one person's change; the interval is about the mean.
    """
    rows = []
    declared = [(s.change, s.id) for i in instruments for s in i.scores if s.change]
    for change_id, source in declared:
        pairs = changes[changes["source"] == source]
        if pairs.empty:
            rows.append(
                {
                    "score": change_id,
                    "source": source,
                    "from_wave": "",
                    "to_wave": "",
                    "n": 0,
                    "n_decline": 0,
                    "n_improve": 0,
                    "method": "",
                    "status": NOT_IN_ONE_WAVE if _n_waves(scores, source) < 2 else NOBODY_TWICE,
                }
            )
        for (first, later), group in pairs.groupby(["from_wave", "to_wave"], sort=False):
            coefficient = _reliability(reliability, source, first)
            sdc = error_from_reliability(scores.loc[scores["wave"] == first, source], coefficient)[
                "sdc95_internal"
            ].estimate
            rows.append(
                {
                    "score": change_id,
                    "source": source,
                    "from_wave": first,
                    "to_wave": later,
                    **_mean_change(group["change"].to_numpy(), ci_level),
                    "sdc95": sdc,
                    "reliability": coefficient.estimate,
                    "n_decline": int((group["change"] < -sdc).sum()),
                    "n_improve": int((group["change"] > sdc).sum()),
                    "method": f"SEM from {coefficient.coefficient} of the first wave",
                    "status": "estimated" if np.isfinite(sdc) else "no reliability",
                }
            )
    return pd.DataFrame(rows)


def _n_waves(scores: pd.DataFrame, source: str) -> int:
    """In how many waves of the panel somebody has the score."""
    return scores.loc[(scores["role"] == "wave") & scores[source].notna(), "wave"].nunique() if source in scores else 0


def _reliability(reliability: pd.DataFrame, score: str, wave: str) -> Reliability:
    """The coefficient of one score in one wave from which its error of measurement follows."""
    of_score = reliability[(reliability["score"] == score) & (reliability["wave"] == wave)].set_index("coefficient")
    usable = of_score[of_score["estimate"].notna()]
    nothing: dict[str, Any] = {"ci_low": np.nan, "ci_high": np.nan, "n_lost": 0}
    for name in ("omega_u", "alpha", "spearman_brown"):
        if name in usable.index:
            row = usable.loc[name]
            return Reliability(name, float(row["estimate"]), n=int(row.get("n", 0)), k=int(row.get("k", 0)), method=str(row.get("method", "")), status=ESTIMATED, **nothing)  # fmt: skip
    return Reliability("none", np.nan, n=0, k=0, method="", status="not reported: no coefficient", **nothing)


def _mean_change(change: np.ndarray, ci_level: float) -> dict[str, float]:
    n = len(change)
    mean, sd = change.mean(), change.std(ddof=1) if n > 1 else np.nan
    half = stdtrit(n - 1, (1 + ci_level) / 2) * sd / np.sqrt(n) if n > 1 else np.nan
    return {"n": n, "mean_change": mean, "sd_change": sd, "ci_low": mean - half, "ci_high": mean + half}
