"""Printed tables: finished strings in APA form, nothing of few people, the same cells in CSV and HTML."""

import csv
import importlib
import io
import math
import re
from decimal import ROUND_HALF_UP, Decimal

import audit
import example_tables
import numpy as np
import pandas as pd
import pytest

from rejsens import apa, claims, layout, registry
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.disclosure import Policy, guarded
from rejsens.disclosure_columns import GUARDED
from rejsens.layout import PrintedTable
from rejsens.tables import factor_models, reasons
from rejsens.tabular import COLUMNS

NAMES = (
    "attrition",
    "careless",
    "claims",
    "correlations",
    "descriptives",
    "diagnostics",
    "dimensionality",
    "discriminant",
    "erosion",
    "estimates",
    "exploratory_loadings",
    "factor_loadings",
    "factor_models",
    "flow",
    "hypotheses",
    "instruments",
    "invariance",
    "item_analysis",
    "item_response",
    "keying",
    "local_dependence",
    "little",
    "mediation",
    "method_variance",
    "missing_data",
    "missing_patterns",
    "mixed_models",
    "notices",
    "participants",
    "plan",
    "precision",
    "predictions",
    "quality",
    "reasons",
    "regressions",
    "reliability",
    "reliability_further",
    "reliability_over_time",
    "scalability",
    "stored_totals",
    "wave_differences",
    "waves",
)


@pytest.fixture(scope="module")
def tables():
    found = example_tables.tables()
    content = read_yaml(SHIPPED / "config" / "claims.yaml", "claims")
    return found | {"claims": claims.ledger(content, found["dictionary"], found["estimates"], found["hypotheses"])}


def module(name):
    return importlib.import_module(f"rejsens.tables.{name}")


def laid_out(name, tables, **study) -> PrintedTable:
    return module(name).lay_out(**{t: tables[t] for t in module(name).TABLES}, study=example_tables.study(**study))


def cells(table: PrintedTable) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


def section(table: PrintedTable, heading: str) -> list[tuple[str, ...]]:
    starts = [start for start, _ in table.sections] + [len(table.rows)]
    k = [h for _, h in table.sections].index(heading)
    return list(table.rows[starts[k] : starts[k + 1]])


def half_up(x: float, places: str = "0.01") -> str:
    return str(Decimal(repr(float(x))).quantize(Decimal(places), rounding=ROUND_HALF_UP)).replace("-", "−")


def test_the_example_tables_keep_the_contract(tables):
    for name in tables:
        if name != "scores":
            assert list(tables[name].columns) == list(COLUMNS[name]), name


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_a_plug_in(name, tables):
    path = registry.plugins("tables")[name]
    assert registry.constant(path, "TABLES") == module(name).TABLES
    assert set(module(name).TABLES) <= set(registry.TABLES)
    assert "\n" not in module(name).__doc__ and not module(name).__doc__.endswith(".")
    table = laid_out(name, tables)
    assert table.title == module(name).__doc__
    assert table.rows and not [
        cell for row in table.rows for cell in row if re.search(r"\bnan\b|None\b(?!$)|<NA>|\d-\d\.|^-\d", cell)
    ]


def test_no_table_is_untested():
    assert set(registry.plugins("tables")) >= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_csv_and_html_hold_the_same_cells(name, tables):
    table = laid_out(name, tables)
    rows = list(csv.reader(io.StringIO(layout.to_csv(table))))
    width = len(table.columns)
    assert tuple(rows[0][-width:]) == table.columns
    assert [tuple(row[-width:]) for row in rows[1:]] == [
        tuple(layout.split_mark(cell)[0] for cell in row) for row in table.rows
    ]
    page = audit.Page(layout.to_html(table, name))
    assert page.faults == []
    text = page.text.replace("\u00a0", " ")
    for row in rows[1:]:
        assert all(
            " ".join(re.sub(r"\b([MNnprt]|SE|SD)\b", r" \1 ", cell).split())
            in " ".join(re.sub(r"\b([MNnprt]|SE|SD)\b", r" \1 ", text).split())
            for cell in row
        )


@pytest.mark.parametrize("name", NAMES)
def test_html_is_semantic(name, tables):
    table = laid_out(name, tables)
    tags = audit.Page(layout.to_html(table, name)).tags
    scopes = [given.get("scope") for tag, given in tags if tag == "th"]
    assert scopes.count("col") == len(table.columns)
    assert scopes.count("row") == len(table.rows)
    assert scopes.count("rowgroup") == len(table.sections)
    assert None not in scopes
    assert [tag for tag, _ in tags].count("caption") == 1
    box = next(given for tag, given in tags if given.get("class") == "scroll")
    assert box["tabindex"] == "0" and box["role"] == "region"


@pytest.mark.parametrize("name", NAMES)
def test_empty_tables_are_laid_out_too(name, tables):
    empty = {k: frame.iloc[:0] for k, frame in tables.items()}
    assert laid_out(name, empty | {"waves": tables["waves"]}).columns
    table = laid_out(name, empty)
    if name != "participants":  # its first row counts the participants of no wave
        assert table.rows == ()
    assert audit.Page(layout.to_html(table, name)).faults == []


def test_descriptives_are_the_rounded_values(tables):
    table = laid_out("descriptives", tables)
    now = tables["descriptives"].query("score == 'rses_sum' and wave == '2026c'").iloc[0]
    row = {r[0]: r for r in section(table, "Self-esteem (RSES), range 10 to 40")}["2026c"]
    assert row[1] == str(now["n"]) and row[4:6] == (half_up(now["mean"]), half_up(now["sd"]))
    assert row[6] == f"[{half_up(now['ci_low'])}, {half_up(now['ci_high'])}]"
    assert table.columns[6] == "95% CI"
    assert any("at least 80% of the items answered" in note for note in table.general)


def test_correlations_are_the_latest_wave_with_alpha_on_the_diagonal(tables):
    table = laid_out("correlations", tables, score_order=["mreii_e_freq", "rses_sum", "gad7_sum"])
    assert table.columns == ("Score", "M", "SD", "1", "2", "3")
    r = tables["correlations"].query("wave == '2026f' and x == 'mreii_e_freq' and y == 'rses_sum'")["r"].iloc[0]
    alpha = (
        tables["reliability"]
        .query("wave == '2026f' and score == 'rses_sum' and coefficient == 'alpha'")["estimate"]
        .iloc[0]
    )
    first, second, third = table.rows
    assert first[0] == "1. Reported exposure, frequency (MREII)" and first[3:] == ("—", "", "")
    assert second[3:] == (half_up(r).replace("0.", "."), f"({half_up(alpha).replace('0.', '.')})", "")
    assert third[5].startswith("(") and table.general[0] == "Wave 2026f."


def test_correlations_of_another_wave_order_follow_the_wave_number(tables):
    """A wave named earlier in the alphabet may be the newest."""
    renamed = {name: frame.replace({"2026f": "0_last"}) for name, frame in tables.items()}
    assert laid_out("correlations", renamed).general[0] == "Wave 0_last."


def test_hypotheses_state_what_decides(tables):
    table = laid_out("hypotheses", tables)
    h3 = cells(table)["H3 Reported exposure and self-blame"]
    assert h3[:7] == ("inconclusive", "β within", "0.06", "[−0.01, 0.13]", "±0.10", "uncertain", ".076")
    assert h3[7:] == (".148", "0.06", "473", "complete cases")
    assert table.sections == ((0, "Primary family, confirmatory, Holm correction"),)
    assert "Units: β within persons: within-person SDs." in table.general and any(
        "provisional" in note for note in table.general
    )


def test_equivalence_that_was_claimed_is_marked_and_told_from_the_other(tables):
    claimed = tables["hypotheses"]["hypothesis"].eq("H2")
    own = tables["hypotheses"].assign(claim_type=tables["hypotheses"]["claim_type"].mask(claimed, "equivalence"))
    rows = tables["estimates"]["hypothesis"].eq("H2")
    estimates = tables["estimates"].assign(claim_type=tables["estimates"]["claim_type"].mask(rows, "equivalence"))
    marked, plain = (
        laid_out("hypotheses", tables | {"hypotheses": own, "estimates": estimates}),
        laid_out("hypotheses", tables),
    )
    assert [row[1] for row in marked.rows] == ["supported", "equivalent^a", "inconclusive"]
    assert marked.specific == (("a", "As claimed: no difference of interest is what the hypothesis claims."),)
    assert [row[1] for row in plain.rows] == ["supported", "equivalent", "inconclusive"] and plain.specific == ()
    assert any("Equivalent without a mark" in note for note in plain.general)
    assert not any("Equivalent without a mark" in note for note in marked.general)


def test_precision_is_worked_out_from_the_standard_error_and_says_what_could_be_found(tables):
    estimates = tables["estimates"].copy()
    own = estimates["decides"] & estimates["hypothesis"].isin(["H2", "H3"])
    estimates.loc[own, ["se", "df", "ci_low", "ci_high"]] = [0.03, 2000.0, -0.06, 0.05]
    estimates.loc[own, "smallest_detectable"] = 2.8016 * 0.03
    estimates.loc[own & (estimates["hypothesis"] == "H2"), "claim_type"] = "equivalence"
    found = cells(laid_out("precision", tables | {"estimates": estimates}))
    # z(.975) + z(.80) = 2.802; of the two tests of a difference z(1 - .05 / 4) + z(.80) = 3.083; equivalence, which no
    # correction is over, z(.95) + z(.90) = 2.926
    assert found["H3 Reported exposure and self-blame"][3:] == ("0.030", "0.055", "0.100", "0.084", "0.093", "Yes")
    assert found["H2 Reported exposure and hypervigilance"][3:] == (
        "0.030",
        "0.055",
        "0.100",
        "0.088^a",
        "0.088",
        "Could rule it out",
    )
    estimates.loc[own, ["smallest_detectable", "metric", "claim_type"]] = [math.nan, "indirect", "difference"]
    table = laid_out("precision", tables | {"estimates": estimates})
    assert cells(table)["H3 Reported exposure and self-blame"][6:] == ("—^b", "—", "—") and [
        m for m, _ in table.specific
    ] == ["b"]


def test_every_coefficient_is_printed_and_one_per_hypothesis_decides(tables):
    table = laid_out("estimates", tables)
    assert len(table.rows) == len(tables["estimates"])
    assert [row[0].endswith("^a") for row in table.rows].count(True) == 3
    bootstrapped = [row for row in table.rows if row[1].startswith("Cross-sectional, bootstrap")]
    assert {row[-2] for row in bootstrapped} == {"< .001"}  # 0 of 5,000 draws
    assert table.rows[0][0] == "Reported exposure, frequency (MREII)^a" and table.rows[0][9] == "t(1834.27) = −5.83"


def test_flow_adds_up(tables):
    by_step = cells(laid_out("flow", tables))
    for k in range(6):
        set_aside = sum(
            int(by_step[s][k])
            for s in ("Test runs and previews", "No consent", "Failed both attention checks", "Duplicate participant")
        )
        assert int(by_step["Rows in the export"][k]) - set_aside == int(by_step["Kept"][k])


def test_a_check_that_could_not_run_is_not_a_zero(tables):
    table = laid_out("quality", tables)
    assert set(cells(table)["Page time"][1:]) == {"not run^a"}
    assert table.specific == (("a", "No duration column in this export."),)


def test_what_is_worth_a_look_names_its_evidence_and_the_checks_that_could_not_run(tables):
    table = laid_out("notices", tables)
    assert [row[:3] for row in table.rows] == [("Items that run against their scale", "w1", "rses_05")]
    assert "−.31" in table.rows[0][3]
    lacking = [note for note in table.general if note.startswith("Ids that seem to link")]
    assert lacking == [
        "Ids that seem to link the wrong people (wave 2026b and 2026c): could not run: 12 people are in wave w1 too, 30 are needed."
    ]
    calm = tables["notices"].assign(status="nothing seen")
    assert laid_out("notices", tables | {"notices": calm}).rows[0][0] == "All checks: nothing was seen"


def test_formative_scores_have_no_coefficient_and_say_so(tables):
    formative = (
        tables["reliability"]
        .iloc[:1]
        .assign(
            score="mreii_e_freq",
            coefficient="none",
            estimate=np.nan,
            status="formative index: internal consistency does not apply",
        )
    )
    table = laid_out("reliability", tables | {"reliability": pd.concat([formative, tables["reliability"]])})
    assert "Reported exposure, frequency (MREII)" not in [heading for _, heading in table.sections]
    assert any("Reported exposure, frequency (MREII)" in note and "does not apply" in note for note in table.general)
    assert "none" not in table.columns


def test_a_withheld_coefficient_says_why(tables):
    rows = tables["reliability"].copy()
    chosen = (rows["score"] == "ucla3") & (rows["coefficient"] == "omega_u")
    rows.loc[chosen, ["estimate", "ci_low", "ci_high"]] = np.nan
    rows.loc[chosen, "status"] = "not reported: the model is not admissible"
    table = laid_out("reliability", tables | {"reliability": rows})
    assert {row[5] for row in section(table, "Loneliness (UCLA-3)") if row[3] == "3"} == {"—^a"}
    assert table.specific == (("a", "Not reported: the model is not admissible."),)


def test_item_warnings_are_marked(tables):
    table = laid_out("item_analysis", tables)
    marked = [row[0] for row in table.rows if "^" in row[0]]
    assert marked == ["label 3^a"] and table.specific[0][1] == "Item-rest correlation below .20."
    assert {row[5] for row in table.rows if row[0] == "label 3^a"} == {".17"}


def test_one_wave_has_no_change_and_no_erosion_but_in_the_note(tables):
    only = {
        "score": "rses_change",
        "source": "rses_sum",
        "from_wave": "",
        "to_wave": "",
        "n": 0,
        "status": "erosion is not measurable in one wave",
    }
    one = example_tables.one_wave(tables)
    for erosion in (one["erosion"], pd.DataFrame([only], columns=one["erosion"].columns)):
        table = laid_out("erosion", one | {"erosion": erosion})
        assert table.rows == () and table.general == (
            "Erosion is not measurable in one wave: a change needs at least two waves.",
        )


def test_change_counts_people_beyond_the_smallest_detectable_change(tables):
    table = laid_out("erosion", tables)
    row = tables["erosion"].iloc[0]
    printed = section(table, "Change in Self-esteem (RSES)")[0]
    assert printed[0] == "2026a to 2026b"
    assert printed[-2] == f"{row['n_decline']} ({half_up(100 * row['n_decline'] / row['n'], '0.1')})"


def test_unknown_is_not_nobody(tables):
    """A wave that did not ask a score shows a dash, a wave in which nobody lacks it a zero."""
    climate = cells(laid_out("missing_data", tables))["Early emotional climate (MREII)"]
    assert climate[0] != "—" and set(climate[1:]) == {"—"}
    assert set(cells(laid_out("missing_data", tables))["Age"]) == {"0"}


def test_what_changed_between_waves_is_told_in_few_lines(tables):
    table = laid_out("wave_differences", tables)
    assert next(heading for _, heading in table.sections) == "2026b, compared with 2026a"
    assert [row[0] for row in section(table, "2026c, compared with 2026b")] == ["nothing changed"]
    compared, reworded, renamed = section(table, "2026d, compared with 2026c")
    assert compared[0] == "compared" and "the wording of 34" in compared[-1]
    title = "Micro-Rejection Exposure and Impact Inventory, impact"
    assert reworded[:3] == ("reworded", title, "1") and reworded[3] == "“I keep looking for signs of coldness.”"
    assert reworded[-1] == "Declared: Plainer words."
    assert renamed[:3] == ("in another column", "4 instruments", "12") and renamed[3].startswith("e.g. ")


# --- disclosure ------------------------------------------------------------------------------------------------------


def through_the_guard(tables):
    """The tables as a job of a study of real people writes them."""
    return {k: guarded(frame, k, tables, Policy(10)) if k in GUARDED else frame for k, frame in tables.items()}


def test_few_people_are_covered_and_cannot_be_found_by_subtraction(tables):
    table = laid_out("participants", through_the_guard(tables), simulated=False)
    gender = {row[0]: row[1:] for row in section(table, "Gender")}
    assert set(gender["non-binary"]) == {"—"}  # 7 or 8 people
    assert set(gender["man"]) == {"—"}  # the next fewest: otherwise the total gives the covered count away
    assert "—" not in gender["woman"]
    assert any("fewer than 10 people" in note for note in table.general)
    assert "—" not in {row[0]: row[1:] for row in section(laid_out("participants", tables), "Gender")}["non-binary"]


def test_counts_that_the_table_already_covers_stay_covered(tables):
    sample = tables["sample"].astype({"n": "object"})
    sample.loc[sample["level"] == "man", ["n", "percent"]] = [pd.NA, np.nan]
    gender = {row[0]: row[1:] for row in section(laid_out("participants", tables | {"sample": sample}), "Gender")}
    assert set(gender["man"]) == {"—"}


@pytest.mark.parametrize("name", ["descriptives", "item_analysis", "correlations", "discriminant"])
def test_statistics_of_few_people_are_covered(name, tables):
    few = {
        k: frame.assign(n=7) if k in ("descriptives", "items", "correlations", "discriminant") else frame
        for k, frame in tables.items()
    }
    table = laid_out(name, through_the_guard(few), simulated=False)
    numbers = [
        cell
        for row in table.rows
        for cell in row[1:]
        if re.search(r"\d", cell) and not cell.startswith(("(", "2026", "Anxiety (GAD-7)"))
    ]
    assert numbers == []
    assert any("fewer than 10 people" in note for note in table.general)


def test_observed_extremes_are_not_printed(tables):
    odd = tables | {
        "descriptives": tables["descriptives"].assign(min=-987.65, max=987.65),
        "sample": tables["sample"].assign(min=-987.65, max=987.65),
    }
    for name in ("descriptives", "participants"):
        assert "987" not in layout.to_csv(laid_out(name, odd, simulated=False))


# --- writers ---------------------------------------------------------------------------------------------------------


def test_every_user_text_is_escaped():
    bad = '<script>alert("x")</script>'
    table = PrintedTable(
        title=bad,
        columns=(bad, "M"),
        rows=((bad, "1.00^a"),),
        sections=((0, bad),),
        general=(bad,),
        specific=(("a", bad),),
        probability=(bad,),
    )
    html = layout.to_html(table, "bad")
    assert "<script" not in html and html.count("&lt;script&gt;") == 7


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 texts expected"):
        PrintedTable(title="T", columns=("a", "b"), rows=(("1",),))
    with pytest.raises(ValueError, match="2 texts expected"):
        PrintedTable(title="T", columns=("a", "b"), rows=(("1", 2.0),))


def test_sections_that_start_outside_the_rows_are_refused():
    with pytest.raises(ValueError, match="sections start"):
        PrintedTable(title="T", columns=("a",), rows=(("1",),), sections=((1, "x"),))


def test_notes_come_in_the_order_general_specific_probability():
    table = PrintedTable(
        title="T",
        columns=("a", "p"),
        rows=(("1", ".03"),),
        general=("G.",),
        specific=(("a", "S."),),
        probability=("P.",),
    )
    text = audit.Page(layout.to_html(table, "t")).text
    assert text.index("G.") < text.index("S.") < text.index("P.")


def test_numbering_fills_the_slot_once():
    table = PrintedTable(title="T", columns=("a",), rows=())
    assert layout.numbered(layout.to_html(table, "t"), "Table 4").count("Table 4") == 1


# --- factor models and invariance ------------------------------------------------------------------------------------


def test_a_scale_stands_in_its_newest_wave_and_a_declared_model_once(tables):
    table = laid_out("factor_models", tables)
    rows = [(row[0].split("^")[0], row[1]) for row in table.rows]
    newest = [wave for wave in tables["waves"]["wave"] if wave in set(tables["factor_models"]["wave"])][-1]
    assert rows.count(("Hypervigilance (MREII-HV)", newest)) == 1 and len(rows) == 3


def test_a_model_that_is_not_admissible_shows_its_reason_and_no_number(tables):
    table = laid_out("factor_models", tables)
    by_stub = {row[0].split("^")[0]: row for row in table.rows}
    refused = by_stub["Five correlated factors and one of reversed items"]
    assert (
        refused[4] != "—"
        and set(refused[5:]) == {"—"}
        and any("negative residual variance" in text.lower() for _, text in table.specific)
    )
    assert set(by_stub["Loneliness (UCLA-3)"][5:]) == {"—"}
    assert any("just identified" in text for _, text in table.specific)


def test_the_ladder_of_invariance_is_one_row_with_p_and_the_change_of_cfi(tables):
    table = laid_out("invariance", tables)
    assert table.sections[0][1] == "By gender: man, woman"
    hv = table.rows[0]
    assert hv[0] == "Social hypervigilance (MREII)" and hv[5] == ".994" and hv[7] == ""  # no rung of thresholds
    assert hv[2:5] == ("1,364", "1", "68") and any("named no group" in text for text in table.general)
    assert hv[8:10] == (".109 (−.004)", "< .001 (−.004)") and re.fullmatch(r"\.109 \(−\.004\)\^[a-z]", hv[10])
    assert dict(table.specific)[hv[10][-1]].startswith("Above a rung that was itself rejected")
    ucla = table.rows[-1]
    assert (
        ucla[3:5] == ("1,130", "0")
        and ucla[7].startswith("—^")
        and any("can always be made equal" in text for _, text in table.specific)
    )


def test_a_prediction_prints_the_side_on_which_it_lies_and_labels_in_place_of_ids(tables):
    row = (
        tables["predictions"]
        .iloc[:1]
        .assign(y="bfne", low=0.30, high=0.55, estimate=0.29967, ci_low=0.25, ci_high=0.35)
    )
    beside = laid_out(
        "predictions", tables | {"predictions": row.assign(outcome="failed", reason="bfne was not asked")}
    )
    assert beside.rows[0][4] == ".2997 [.25, .35]" and beside.rows[0][1] == "Fear of negative evaluation (BFNE)"
    assert beside.specific == (("a", "Fear of negative evaluation (BFNE) was not asked."),)


def test_a_retest_has_a_table_of_its_own_and_consistency_another(tables):
    over_time, consistency = laid_out("reliability_over_time", tables), laid_out("reliability", tables)
    rses = next(row for row in over_time.rows if row[0] == "Self-esteem (RSES)")
    assert rses[1] == "86" and rses[2].startswith(".8") and rses[5] == "4.49 [3.91, 5.27]"
    assert rses[6:] == ("305", ".68 [.65, .70]")
    assert consistency.columns == ("Wave", "n", "Lost", "k", "Alpha", "Omega (one factor)")
    assert "retest" not in {row[0] for row in consistency.rows}


def test_a_pair_of_scales_prints_its_ratio_beside_its_interval_and_no_number_where_it_was_not_asked(tables):
    table = laid_out("discriminant", tables)
    assert table.sections[0] == (0, "Declared pairs (MREII)")
    asked, absent = section(table, "Declared pairs (MREII)")
    assert asked[2:6] == ("461", "0.41 [0.31, 0.50]", "below", "0.40") and asked[7] == "0.39 [0.30, 0.48]"
    assert set(cell.split("^")[0] for cell in absent[2:]) == {"—"}
    assert any(text == "Not run: bfne was not asked." for _, text in table.specific)
    assert not any(
        "without sign" in text for _, text in table.specific
    )  # it holds of every ratio, and is a general note


def test_patterns_say_what_is_there_where_most_is_missing(tables):
    table = laid_out("missing_patterns", tables)
    heading = "Waves of the panel in which somebody took part"
    assert section(table, heading) == [
        ("took part in every wave", "351 (67.5)"),
        ("took part in every wave but 2026f", "91 (17.5)"),
        ("took part in 2026a only", "60 (11.5)"),
        ("7 other patterns", "18 (3.5)"),
    ]
    inside, title = (
        section(table, "Wave 2026a: instruments left incomplete"),
        "Micro-Rejection Exposure and Impact Inventory",
    )
    assert inside[0][0] == "nothing incomplete" and inside[1][1] == "33 (6.8)"
    assert inside[1][0].startswith(f"all incomplete but {title}") and table.columns[0] == "Incomplete"
    everything = tables["missing_patterns"].assign(
        missing=lambda f: f["missing"].mask(f["pattern"].eq(2) & f["level"].eq("instruments"), f["asked"])
    )
    told = section(
        laid_out("missing_patterns", tables | {"missing_patterns": everything}),
        "Wave 2026a: instruments left incomplete",
    )
    assert told[1][0] == "every instrument incomplete"
    hidden = tables["missing_patterns"].assign(n=lambda f: f["n"].mask(f["pattern"] == 0))
    assert section(laid_out("missing_patterns", tables | {"missing_patterns": hidden}), heading)[-1] == (
        "7 other patterns",
        "—",
    )


def test_an_index_of_careless_answers_says_what_it_is_and_why_it_is_missing(tables):
    table = laid_out("careless", tables)
    moments = {row[0].split("^")[0]: row[1:] for row in section(table, "M (SD)")}
    assert moments["Longest run of one answer"][0] == "5.40 (2.10)"
    assert {cell.split("^")[0] for cell in moments["Agreement of opposite items"]} == {"—"}
    counted = section(table, "Beyond a cut-off, n (%)")
    assert [row[0] for row in counted] == ["Even–odd consistency, below 0"] and counted[0][1] == "12 (2.5)"
    notes = [text for _, text in table.specific]
    assert (
        "Longest run of one and the same answer." in notes
        and "Not run: no pair of items correlates below −.60." in notes
    )


def test_reasons_of_models_name_items_by_their_labels():
    tables = example_tables.tables()
    loadings, models = tables["loadings"], tables["factor_models"].copy()
    item = loadings.iloc[0]
    models["status"] = f"these data hardly tell parameters apart: method=~{item['item']}_r"
    given = {name: tables[name] for name in factor_models.TABLES} | {"factor_models": models}
    said = " ".join(text for _, text in factor_models.lay_out(**given, study=example_tables.study()).specific)
    assert f"loading of “{item['label'].replace('_', ' ')}” on method" in said and "=~" not in said


def test_reasons_are_ranked_by_the_share_who_name_them_with_wilsons_interval():
    """25 of 100 and 60 of 100; Wilson (1927): (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n), z2 = 3.8415."""
    counts = {"mreii_r01": (75, 20, 5, 0), "mreii_r02": (40, 30, 20, 10)}
    rows = [
        ("mreii_giving", item, f"reason_{item[-1]}", "w1", float(value), n, float(n), False)
        for item, all_ in counts.items() for value, n in enumerate(all_)
    ]  # fmt: skip
    responses = pd.DataFrame(rows, columns=list(COLUMNS["responses"]))
    waves = example_tables.tables()["waves"].head(1).assign(wave="w1")
    printed = reasons.lay_out(responses=responses, waves=waves, study=example_tables.study())
    assert printed.rows == (("reason 2", "100", "60.0", "[50.2, 69.1]"), ("reason 1", "100", "25.0", "[17.5, 34.3]"))
    held = responses.assign(n=responses["n"].astype(float).mask(responses.index == 0))
    assert reasons.lay_out(responses=held, waves=waves, study=example_tables.study()).rows[-1][1:] == (apa.MISSING,) * 3
    none = reasons.lay_out(responses=responses.head(0), waves=waves, study=example_tables.study())
    assert not none.rows and "not asked" in none.general[0]
