"""What the report says where something is missing: a predictor, a third variable, an estimand, a reliability, a level."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import example_tables
import pytest
from tests.canaries import table
from tests.conftest import write_study
from tests.unit.example_adding import answers

from rejsens import figure_presets, narrative
from rejsens.adding.labels import _earlier_labels
from rejsens.check import Unreadable
from rejsens.check_export import check_export
from rejsens.check_report import as_html, as_json
from rejsens.definitions import load_instruments
from rejsens.figure_presets import _size_problems
from rejsens.importers.companions import companion_text
from rejsens.layout import PrintedTable
from rejsens.problems import Refused
from rejsens.sections import hypotheses, instruments, method
from rejsens.tabular import table_name

NAMES = {"ucla3": "loneliness (UCLA-3)", "rses_sum": "self-esteem (RSES)"}


@pytest.mark.parametrize(
    ("stated", "analysis", "term", "about"),
    [
        ({"predictor": "rses_sum", "outcome": "ucla3"}, "regression", "rses_sum", "Self-esteem (RSES) with loneliness (UCLA-3)"),
        ({"predictor": math.nan, "outcome": "ucla3"}, "regression", "", "Loneliness (UCLA-3)"),
        ({"predictor": "rses_sum", "outcome": "ucla3"}, "moderation", "rses_sum", "Self-esteem (RSES) with loneliness (UCLA-3)"),
    ],
)  # fmt: skip
def test_a_finding_without_a_predictor_or_a_third_variable_names_neither(
    stated: dict[str, Any], analysis: str, term: str, about: str
) -> None:
    row = {"analysis": analysis, "term": term, "metric": "beta", "wave": "w1"}
    said = narrative._labels(stated, row, NAMES)["about"]
    assert said == about and "{" not in said


@pytest.mark.parametrize("absent", [None, "", math.nan])
def test_an_estimand_that_nobody_declared_is_not_told(absent: Any) -> None:
    assert narrative.declared({"estimand": absent, "metric": "beta", "wave": "w1"}) == ""


def test_what_a_wave_states_of_a_permission_stands_beside_the_licence() -> None:
    row = dict.fromkeys(("citation", "doi", "terms", "notice", "window"), "") | {"permission_required": False}
    row |= {"title": "A scale", "version": "1", "key": "", "verified": True, "permission": "licence 12, 2026"}
    row |= {"risk_protocol": "a phone call within a day"}
    known = next(iter(example_tables.provenance()["instruments"]))
    said = [str(paragraph.text) for paragraph in instruments._instrument(known | row)]
    assert "Permission, as stated for the wave: licence 12, 2026" in said
    assert "Risk protocol, as stated for the wave: a phone call within a day" in said
    without = [
        str(paragraph.text)
        for paragraph in instruments._instrument(known | row | {"permission": "", "risk_protocol": ""})
    ]
    assert not any("as stated for the wave" in text for text in without)


def test_a_study_without_coefficients_says_nothing_of_internal_consistency() -> None:
    none = SimpleNamespace(
        tables={"reliability": example_tables.tables()["reliability"].iloc[:0]}, study={"ci_level": 0.95}
    )
    assert method._coefficients(none, None) == () and method._reliability("rses_sum", "Self-esteem", none) == []
    assert hypotheses.summary([]) == ""


# --- adding and checking ---------------------------------------------------------------------------------------------


def test_labels_of_a_wave_that_asked_on_another_range_are_not_taken_over() -> None:
    asked = load_instruments(only=["ucla3"])["ucla3"]
    item = asked.items[0]
    labels = {"ucla3": {"hardly ever": 1, "often": 3}}
    other = SimpleNamespace(
        name="ucla3",
        codes_descend=asked.codes_descend,
        items=asked.items,
        item=lambda name: SimpleNamespace(low=1, high=5),
    )
    then = [SimpleNamespace(asked=(other,), wave=SimpleNamespace(labels=labels | {"ucla3": {"often": 5}}, name="w2")),
            SimpleNamespace(asked=(asked,), wave=SimpleNamespace(labels=labels, name="w1"))]  # fmt: skip
    found, wave = _earlier_labels(then, item, asked)
    assert (found, wave) == ({"hardly ever": 1.0, "often": 3.0}, "w1")
    assert _earlier_labels(then[:1], item, asked) == ({}, "")


def test_what_is_worth_a_look_without_a_number_has_no_evidence(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text(table(answers()))
    checked = check_export(Path("export.csv"))
    noticed = json.loads(as_json(checked))["worth_a_look"]
    assert noticed and [entry["evidence"] for entry in noticed] == [None] * len(noticed)
    assert "<p>Looked at</p>" in as_html(checked)
    checked.looked_at = []
    assert "Looked at" not in as_html(checked)


def test_a_loose_file_that_is_no_export_of_answers_is_called_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("paper.csv").write_bytes(b"%PDF-1.7 a paper")
    with pytest.raises(Unreadable):
        check_export(Path("paper.csv"))
    Path("prolific.csv").write_text(f"Submission id,Participant id,Status,Age\n{1:024x},{2:024x},APPROVED,30\n")
    panel = check_export(Path("prolific.csv"))
    assert [p.problem.cause for p in panel.found] == ["The file of a recruiting panel"] and panel.exit_code == 0
    write_study(tmp_path / "study", waves=1)
    Path("study/config/config.yaml").write_text("study: {title: New, simulated: maybe}\n")
    Path("study/export.csv").write_text(table(answers()))
    broken = check_export(Path("study/export.csv"))
    assert broken.exit_code == 1 and any("simulated" in finding.problem.where for finding in broken.faults)


def test_a_description_of_the_questions_in_another_encoding_is_told_how_to_be_saved(tmp_path: Any) -> None:
    (tmp_path / "structure.txt").write_bytes(
        "class\ttext\nQ\tWie müde?\n".encode("latin-1") + bytes([0x81, 0x8D, 0xFF])
    )
    with pytest.raises(Refused) as refused:
        companion_text(tmp_path / "structure.txt")
    assert [problem.fix for problem in refused.value.problems] == ["save the file as UTF-8"]


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_file_is_known_by_its_name_or_by_its_folders() -> None:
    assert table_name("results/flow.csv") == table_name("results/waves/2026a/flow.csv") == "flow"
    assert table_name("results/psychometrics/estimates/own.csv") == "estimates"
    with pytest.raises(KeyError, match="not one of the pipeline's tables"):
        table_name("results/waves/2026a/mine.csv")


def test_a_printed_table_aligns_each_of_its_columns() -> None:
    with pytest.raises(ValueError, match="aligns 1 of 2 columns"):
        PrintedTable("T", ("a", "b"), (("x", "y"),), ("left",))


@pytest.mark.parametrize(("preset", "told"), [
    ({"base": 4, "smallest": 6}, "a larger base"), ({"base": 30, "smallest": 6, "largest": 12}, "a smaller base"),
])  # fmt: skip
def test_letters_outside_a_journals_limits_are_refused(preset: dict[str, Any], told: str) -> None:
    (problem,) = _size_problems("mine", preset)
    assert problem.fix == told and "mine › base" in problem.where


def test_presets_with_a_size_that_cannot_be_are_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {name: dict(preset) for name, preset in figure_presets.load_presets().items()}
    sizes["mine"] = next(iter(sizes.values())) | {"base": 4, "smallest": 6}
    monkeypatch.setattr(figure_presets, "read_yaml", lambda *given: {"presets": sizes})
    with pytest.raises(Refused) as refused:
        figure_presets.load_presets()
    assert ["mine" in problem.where for problem in refused.value.problems] == [True]
