"""What the specifications of a multiverse say together: shares, range, and how far each choice moves the estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.estimates import NOT_TESTABLE, OK
from rejsens.inference.multiverse_specifications import KINDS
from rejsens.multiverse_file import CHOICES
from rejsens.tabular import COLUMNS

TOGETHER, APART = "all", "with possible mediators"
VERDICTS = ("supported", "opposite", "equivalent", "inconclusive")
NOT_SEPARATE = "its options never vary apart from those of other choices"
ALONE = "one option gave estimates"


def summarise_multiverse(multiverse: pd.DataFrame) -> pd.DataFrame:
    """Counts and shares for each hypothesis: of all specifications, of each kind, and of those with possible mediators.

    multiverse   the table "multiverse"
    returns      the table "multiverse_summary". `part`: all, regression, mixed, imputed (all three without possible
                 mediators), or "with possible mediators". Shares are of the specifications with an estimate, and missing
                 where there is none: of a verdict "supported", of the sign and of the verdict of the declared
                 specification. `moves_most` and `spread`, in the rows of all: the choice with the largest spread of
                 `effects_of_choices`

    >>> rows = {"hypothesis": "H1", "family": "f", "label": "l", "declared": [True, False, False], "apart": False,
    ...         "kind": "regression", "possible": 3, "estimate": [0.2, 0.1, -0.1], "reason": "",
    ...         "verdict": ["supported", "supported", "inconclusive"], **dict.fromkeys(CHOICES, "as declared")}
    >>> table = pd.DataFrame(rows).assign(covariates=["as declared", "none", "fewer"])
    >>> first = summarise_multiverse(table).iloc[0]
    >>> first["part"], float(first["share_supported"].round(3)), float(first["median"])
    ('all', 0.667, 0.1)
    >>> first["moves_most"], float(first["spread"].round(3))
    ('covariates', 0.3)
    """
    rows = []
    for _, own in multiverse.groupby("hypothesis", sort=False):
        together = own[~own["apart"]]
        parts = {TOGETHER: together} | {kind: together[together["kind"] == kind] for kind in KINDS}
        parts[APART] = own[own["apart"]]
        rows += [_part(name, part, own) for name, part in parts.items() if len(part)]
    return pd.DataFrame(rows, columns=list(COLUMNS["multiverse_summary"]))


def _part(name: str, part: pd.DataFrame, own: pd.DataFrame) -> dict[str, Any]:
    declared = own[own["declared"]].iloc[0]
    tested = part[part["verdict"] != NOT_TESTABLE]
    estimates = tested["estimate"].to_numpy(float)
    counts = {f"n_{verdict}": int((tested["verdict"] == verdict).sum()) for verdict in VERDICTS}
    moved = _most_moving(own) if name == TOGETHER else ("", np.nan)
    refusals = part.loc[part["verdict"] == NOT_TESTABLE, "reason"]
    return counts | {
        "hypothesis": declared["hypothesis"], "family": declared["family"], "label": declared["label"], "part": name,
        "possible": int(part.drop_duplicates("kind")["possible"].sum()), "n": len(part), "n_estimated": len(tested),
        "share_supported": _share(tested["verdict"] == "supported"),
        "share_same_sign": _share(np.sign(estimates) == np.sign(declared["estimate"])),
        "share_same_verdict": _share(tested["verdict"] == declared["verdict"]),
        "median": float(np.median(estimates)) if len(tested) else np.nan,
        "low": estimates.min(initial=np.inf) if len(tested) else np.nan,
        "high": estimates.max(initial=-np.inf) if len(tested) else np.nan,
        "declared": declared["estimate"], "declared_verdict": declared["verdict"],
        "moves_most": moved[0], "spread": moved[1], "reason": "; ".join(dict.fromkeys(refusals)),
    }  # fmt: skip


def _share(hits: Any) -> float:
    return float(np.mean(hits)) if len(hits) else np.nan


def _most_moving(own: pd.DataFrame) -> tuple[str, float]:
    effects = _effects(own).drop_duplicates("choice")
    known = effects[effects["spread"].notna()]
    if known.empty:
        return "", np.nan
    largest = known.loc[known["spread"].idxmax()]
    return str(largest["choice"]), float(largest["spread"])


def effects_of_choices(multiverse: pd.DataFrame) -> pd.DataFrame:
    """How far the estimate differs by each option of each choice, the other choices alike.

    multiverse   the table "multiverse"
    returns      the table "multiverse_choices": per hypothesis, choice and option the number of estimates, `difference`
                 and `spread`. `difference`: the option's coefficient in the least-squares fit of the estimates on all
                 choices (one indicator per option, no interactions), against the choice's declared option. `spread`:
                 the largest less the smallest of a choice's coefficients. Where options are fully crossed that is the
                 range of the options' mean estimates; where specifications were drawn, the fit balances them. A choice
                 whose options cannot be told from those of others in these specifications has no spread, and `status`
                 says so. Specifications with possible mediators as covariates are left out. A description: no interval
                 and no test
    source       the decomposition follows the reading of a multiverse by its choices in Steegen et al. (2016), doi
                 10.1177/1745691616658637
    checked against means over options in a full crossing
    """
    found = [_effects(own) for _, own in multiverse.groupby("hypothesis", sort=False)]
    empty = pd.DataFrame(columns=list(COLUMNS["multiverse_choices"]))
    return pd.concat(found, ignore_index=True) if found else empty


def _effects(own: pd.DataFrame) -> pd.DataFrame:
    used = own[~own["apart"] & own["estimate"].notna()].reset_index(drop=True)
    varying = [choice for choice in CHOICES if own.loc[~own["apart"], choice].nunique() > 1]
    names, columns = [], [np.ones(len(used))]
    for choice in varying:
        for option in _options(used, choice)[1:]:
            names.append((choice, option))
            columns.append((used[choice] == option).to_numpy(float))
    design = np.column_stack(columns)
    pinv = np.linalg.pinv(design) if len(used) else np.zeros((design.shape[1], 0))
    coefficient = pinv @ used["estimate"].to_numpy(float)
    seen = pinv @ design if len(used) else np.zeros((design.shape[1],) * 2)
    rows = []
    for choice in varying:
        at = {option: place for place, (name, option) in enumerate(names, start=1) if name == choice}
        rows += _of_choice(choice, used, at, coefficient, seen)
    first = own.iloc[0]
    table = pd.DataFrame(rows, columns=list(COLUMNS["multiverse_choices"])[2:])
    table.insert(0, "family", first["family"])
    table.insert(0, "hypothesis", first["hypothesis"])
    return table


def _options(used: pd.DataFrame, choice: str) -> list[str]:
    """Options that gave estimates, that of the declared specification first."""
    declared = used.loc[used["declared"], choice].tolist()
    return list(dict.fromkeys([*declared, *used[choice]]))


def _of_choice(
    choice: str, used: pd.DataFrame, at: dict[str, int], coefficient: np.ndarray, seen: np.ndarray
) -> list[tuple[Any, ...]]:
    """Rows of one choice. A coefficient can be told apart when its unit vector lies in the row space of the design."""
    counts = used[choice].value_counts()
    apart = all(np.allclose(seen[place], np.eye(len(seen))[place], atol=1e-8) for place in at.values())
    status = ALONE if not at else OK if apart else NOT_SEPARATE
    values = {option: coefficient[at[option]] if option in at else 0.0 for option in _options(used, choice)}
    spread = max(values.values()) - min(values.values()) if status == OK else np.nan
    declared = used.loc[used["declared"], choice].tolist()
    return [
        (choice, option, option in declared, int(counts[option]), value if status == OK else np.nan, spread, status)
        for option, value in values.items()
    ]
