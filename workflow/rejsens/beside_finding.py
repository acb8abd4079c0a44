"""What a deciding row does not say alone: the share behind a distance, both paths of a cycle, which people less which."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from rejsens.declarations import read_yaml
from rejsens.registry import SHIPPED
from rejsens.result_names import label_of, numbers, term_of
from rejsens.sentences import lower_first

Row = Mapping[str, Any]
_SHARE = {"": "estimate", "_low": "ci_low", "_high": "ci_high"}


def beside(row: Row, estimates: pd.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    """What a deciding number does not say alone: the share whose distance from a half it is, both paths of a cycle."""
    if row.get("metric") != "share_difference" and row.get("analysis") != "ri_clpm_both":
        return {}
    own = estimates[(estimates["hypothesis"] == row["hypothesis"]) & (estimates["family"] == row["family"])]
    if row["metric"] == "share_difference":
        shares = own[own["metric"] == "share"].to_dict("records")
        return {f"share{end}": shares[0][key] for end, key in _SHARE.items()} if shares else {}
    paths = own[(own["analysis"] == "ri_clpm") & (own["metric"] == "beta_within") & (own["wave"] == row["wave"])]
    crossed = paths[paths["term"].str.endswith("_lagged") & (paths["term"] != paths["outcome"] + "_lagged")][:2]
    said = [
        f"{term_of(p, names)} with {label_of(p['outcome'], names)}, {numbers(p)}" for p in crossed.to_dict("records")
    ]
    return {"paths": "; ".join(map(lower_first, said))}


def groups_of(stated: Row, row: Row) -> str:
    """Which people less which, in the words of the answers that define them; empty where nobody gave these words."""
    first, _, second = str(row.get("term")).partition(" - ")
    answers = _answers().get(str(stated["predictor"]), {}) if row.get("analysis") == "group_contrast" else {}
    return f"{answers[first]} less {answers[second]}" if {first, second} <= set(answers) else ""


@cache
def _answers() -> dict[str, dict[str, str]]:
    """Background question -> code -> answer, of the background questions that this project ships."""
    items = read_yaml(SHIPPED / "schemas" / "instruments" / "background.yaml", "instrument")["items"]
    given = {item["id"]: item["answers"].get("labels", {}) for item in items if "answers" in item}
    return {name: {str(code): str(text) for code, text in labels.items()} for name, labels in given.items()}
