"""Who is absent later: odds ratios against a two-by-two table, and what is left out and why."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rejsens.absence import absence, declared
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.definitions import load_instruments

GENDER = [{"name": "gender", "type": "category"}]
LABELS = {"gender": "Gender", "gender=1": "woman", "gender=2": "man", "x": "Score x"}


def panel(cells: dict[float, tuple[int, int]]) -> pd.DataFrame:
    """Level -> people who are absent from the second wave, and who are present; x is the same in both groups."""
    rows, k = [], 0
    for level, (gone, stayed) in cells.items():
        for number in range(gone + stayed):
            k += 1
            one = {"participant": f"p{k:03d}", "gender": level, "x": float(number % 5), "role": "wave"}
            rows.append(one | {"wave": "w1", "wave_number": 1})
            if number >= gone:
                rows.append(one | {"wave": "w2", "wave_number": 2})
    return pd.DataFrame(rows)


def test_the_odds_ratio_is_that_of_the_two_by_two_table() -> None:
    table = absence(panel({1.0: (20, 80), 2.0: (30, 45)}), [], GENDER, LABELS)
    (row,) = table.to_dict("records")
    se = math.sqrt(1 / 20 + 1 / 80 + 1 / 30 + 1 / 45)
    log_odds = math.log((30 * 80) / (45 * 20))
    assert row["odds_ratio"] == pytest.approx(math.exp(log_odds), rel=1e-6)
    ends = [math.exp(log_odds - 1.959964 * se), math.exp(log_odds + 1.959964 * se)]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(ends, rel=1e-5)
    assert row["label"] == "Gender: man, against woman" and (row["n"], row["n_absent"], row["n_lost"]) == (175, 50, 0)


def test_an_answer_of_few_people_and_missing_answers_leave_the_model() -> None:
    rows = panel({1.0: (20, 80), 2.0: (30, 45), 3.0: (1, 4), 4.0: (0, 12)})
    rows.loc[(rows["participant"] == "p001") & (rows["wave"] == "w1"), "x"] = np.nan
    table = absence(rows, ["x"], GENDER, LABELS).set_index("term")
    assert list(table.index) == ["gender=2", "x"]
    assert list(table["n_lost"]) == [17, 18] and list(table["n_absent"]) == [50, 49]
    assert table.at["x", "model"] == "x" and table.at["x", "label"] == "Score x"


def test_too_few_absent_people_are_a_status_that_tells_no_count() -> None:
    table = absence(panel({1.0: (4, 80), 2.0: (3, 45)}), ["x", "y"], GENDER, LABELS)
    assert table["odds_ratio"].isna().all() and table["n_absent"].isna().all()
    assert list(table["status"]) == [
        "not testable: fewer than 10 people with complete answers are absent, or present",
        "not testable: fewer than 10 people with complete answers are absent, or present",
        "not testable: the first wave does not hold y",
    ]
    more = absence(panel({1.0: (12, 80), 2.0: (3, 45)}), [], GENDER, LABELS, min_cell=20)
    assert "fewer than 20 people" in more.at[0, "status"]
    assert absence(panel({1.0: (20, 80)}).query("wave == 'w1'"), ["x"], [], LABELS).empty


def test_what_tells_nothing_and_what_tells_everything_are_rows_with_their_reason() -> None:
    """A score that does not vary had no row at all; one that is 1 for those who leave and 0 for the others has no odds ratio."""
    rows = panel({1.0: (20, 80), 2.0: (30, 45)})
    stays = rows["participant"].isin(rows.loc[rows["wave"] == "w2", "participant"])
    rows = rows.assign(flat=3.0, never=np.nan, tells=(~stays).astype(float))
    table = absence(rows, ["flat", "never", "tells", "x"], [], LABELS).set_index("model")
    assert list(table.index) == ["flat", "never", "tells", "x"]
    assert table["odds_ratio"].isna().tolist() == [True, True, True, False]
    assert table.at["flat", "status"] == "not testable: the people with complete answers all have the same value"
    assert table.at["never", "status"].startswith("not testable: ") and table.at["never", "n"] == 0
    assert table.at["tells", "status"] == "not testable: the first wave tells completely who is lost"
    one = absence(rows[rows["gender"] == 1.0], [], GENDER, LABELS)
    assert one["status"].tolist() == ["not testable: the people with complete answers all have the same value"]


def test_what_the_hypotheses_name_is_looked_at_and_without_any_everything() -> None:
    background = {item.id: item for item in load_instruments()["background"].items}
    families = [read_yaml(SHIPPED / "config/hypotheses/primary.yaml", "hypotheses")]
    scores = ["a_rsq", "mreii_e_freq", "mreii_hv", "mreii_o_freq", "mreii_sb", "rses_sum"]
    names, given = declared(families, scores, background, [])
    assert sorted(names) == sorted(set(scores) - {"a_rsq"})
    assert given == [{"name": "age", "type": "number"}, *({"name": n, "type": "category"} for n in ("gender", "relationship_status"))]  # fmt: skip
    assert declared([], scores, background, ["age"]) == (scores, [{"name": "age", "type": "number"}])
