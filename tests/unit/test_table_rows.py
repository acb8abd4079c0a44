"""Single rows of printed tables: what is covered, what was not asked, which path a coefficient is, which heading a check has."""

from __future__ import annotations

import importlib
import math
from typing import Any

import example_tables
import numpy as np
import pandas as pd
import pytest

from rejsens import apa
from rejsens.disclosure import Policy, guarded
from rejsens.layout import PrintedTable
from rejsens.tables import diagnostics, mediation
from rejsens.tables.precision import NO_NUMBER, detectable

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return example_tables.tables()


def laid_out(name: str, tables: Tables, **study: Any) -> PrintedTable:
    module = importlib.import_module(f"rejsens.tables.{name}")
    return module.lay_out(**{t: tables[t] for t in module.TABLES}, study=example_tables.study(**study))


def section(table: PrintedTable, heading: str) -> dict[str, tuple[str, ...]]:
    starts = {title: start for start, title in table.sections}
    after = [start for start, _ in table.sections if start > starts[heading]]
    rows = table.rows[starts[heading] : after[0] if after else None]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("few", [["2026a"], ["2026a", "2026b", "2026c", "2026d", "2026e", "2026f"]])
def test_a_mean_of_few_people_is_covered_and_keeps_its_name(tables: Tables, few: list[str]) -> None:
    sample = tables["sample"].copy()
    sample.loc[sample["wave"].isin(few) & (sample["variable"] == "age"), "n"] = 7
    given = tables | {"sample": guarded(sample, "sample", tables | {"sample": sample}, Policy(10))}
    table = laid_out("participants", given, simulated=False)
    ages = section(table, "Age (years)")
    assert list(ages) == ["M (SD)"]
    assert [cell == apa.MISSING for cell in ages["M (SD)"]] == [wave in few for wave in table.columns[1:]]
    assert any("fewer than 10 people" in note for note in table.general)


def test_a_level_that_nobody_chose_is_a_zero_and_a_variable_that_was_not_asked_a_dash(tables: Tables) -> None:
    sample = tables["sample"]
    gender = sample["variable"] == "gender"
    nobody = gender & (sample["wave"] == "2026b") & (sample["level"] == "woman")
    given = sample[~nobody & ~(gender & (sample["wave"] == "2026a"))].copy()
    given.loc[gender & (given["wave"] == "2026c"), "n_missing"] = 11
    rows = section(laid_out("participants", tables | {"sample": given}), "Gender")
    assert rows["woman"][:2] == (apa.MISSING, "0")
    assert rows["Missing"][:4] == (apa.MISSING, "0", "11", "0") and list(rows)[-1] == "Missing"


@pytest.mark.parametrize(
    ("row", "chain", "path"),
    [
        ({"metric": "indirect", "term": "x > m > y", "outcome": "y"}, ["x", "m", "y"], "a × b"),
        ({"metric": "beta", "term": "x > m", "outcome": "m"}, ["x", "m", "y"], "a"),
        ({"metric": "beta", "term": "m > y", "outcome": "y"}, ["x", "m", "y"], "b"),
        ({"metric": "beta", "term": "x > y, total", "outcome": "y"}, ["x", "m", "y"], "c"),
        ({"metric": "beta", "term": "x > y, direct", "outcome": "y"}, ["x", "m", "y"], "c′"),
        ({"metric": "beta_within", "term": "x_lagged", "outcome": "m"}, ["x", "m", "y"], "a"),
        ({"metric": "beta_within", "term": "y_lagged", "outcome": "y"}, ["x", "m", "y"], ""),
        ({"metric": "beta", "term": "x > y, total", "outcome": "y"}, (), ""),
    ],
)
def test_a_coefficient_is_the_path_that_its_ends_say(row: dict[str, str], chain: Any, path: str) -> None:
    assert mediation._path(row, chain) == path


@pytest.mark.parametrize(
    ("checks", "heading"),
    [
        ([(True, "yes"), (False, "no")], diagnostics.CHANGED),
        ([(True, "no"), (False, "yes")], diagnostics.INSIDE),  # the one that changes is not the one beyond its guide
        ([(True, "no"), (False, "")], diagnostics.SAME),
        ([(False, "no"), (False, "")], diagnostics.CLEAR),
    ],
)
def test_a_result_stands_under_what_its_checks_do_to_it(checks: list[tuple[bool, str]], heading: str) -> None:
    assert diagnostics._heading(pd.DataFrame(checks, columns=["flagged", "changes"])) == heading


def test_pairs_of_scores_stand_beside_what_the_marker_takes_out(tables: Tables) -> None:
    """Two pairs of the first wave that has the marker; a wave before it, and one after it, stand elsewhere."""
    single = tables["method_variance"].query("check == 'single factor'")
    blank: dict[str, Any] = dict.fromkeys(("n_lost", "k"), 0) | {"check": "marker variable", "statistic": "adjusted_r"}
    numbers = {"n": 388, "k": 3, "r_marker": 0.04, "status": "estimated"}
    pairs = pd.DataFrame(
        [
            blank | {"wave": "2026a", "x": "", "y": "", "n": 0, "status": "not run: the marker was not asked"},
            blank
            | numbers
            | {"wave": "2026b", "x": "rses_sum", "y": "gad7_sum", "r": -0.52, "estimate": -0.583, "p": 2e-9},
            blank | numbers | {"wave": "2026b", "x": "ucla3", "y": "gad7_sum", "r": 0.08, "estimate": 0.042, "p": 0.41},
            blank | numbers | {"wave": "2026c", "x": "ucla3", "y": "gad7_sum", "r": 0.11, "estimate": 0.073, "p": 0.15},
        ]
    )
    table = laid_out("method_variance", tables | {"method_variance": pd.concat([single, pairs])})
    rows = section(table, "Marker variable, wave 2026b")
    names = example_tables.SCORES
    first, second = (f"{names[x].label} with {names['gad7_sum'].label}" for x in ("rses_sum", "ucla3"))
    assert table.columns[-3:] == ("r", "Adjusted r", "p") and list(rows) == [first, second]
    assert rows[first] == ("388", "3", "", "", "", "", "−.52", "−.58", "< .001")
    assert rows[second][-3:] == (".08", ".04", ".410")
    assert any("Adjusted r:" in note for note in table.general)
    assert not any("not run" in note for note in table.general)


def test_an_index_of_careless_answers_that_a_wave_does_not_have_is_a_dash(tables: Tables) -> None:
    careless = tables["careless"]
    gone = careless[(careless["wave"] != "2026a") | (careless["index"] != "even_odd")].copy()
    gone.loc[(gone["wave"] == "2026b") & (gone["index"] == "even_odd"), ["n", "n_flagged"]] = [0, np.nan]
    table = laid_out("careless", tables | {"careless": gone})
    moments = {name.split("^")[0]: row for name, row in section(table, "M (SD)").items()}
    assert moments["Even–odd consistency"][0] == apa.MISSING
    flagged = section(table, "Beyond a cut-off, n (%)")["Even–odd consistency, below 0"]
    assert flagged[:2] == (apa.MISSING,) * 2 and apa.MISSING not in flagged[2:]


@pytest.mark.parametrize("claim", ["equivalence", "non-inferiority"])
@pytest.mark.parametrize(("se", "df"), [(math.nan, 40.0), (math.inf, 40.0), (0.05, math.nan)])
def test_a_claim_of_equivalence_without_a_standard_error_has_no_bounds(claim: str, se: float, df: float) -> None:
    row = {"status": "ok", "claim_type": claim, "metric": "beta", "se": se, "df": df}
    least, corrected, note = detectable(row, 3, 0.05)
    assert math.isnan(least) and math.isnan(corrected) and note == NO_NUMBER
