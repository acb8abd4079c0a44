"""A study whose every free text would run in a spreadsheet, from export to report: no file that it leaves does."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from tests.conftest import rejsens, seal, write_study

LINK, SUM, DDE, PLUS = '=HYPERLINK("http://x.example";"y")', "@SUM(1,2)", "+1+cmd|' /C calc'!A0", "-2+3"
WIDE = "＝1+1"
FORMULA = re.compile(r"[\s\"“”‘`]*[=+\-@＝＋－＠]|[\t\r\0]")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
OWN = {
    "title": SUM,
    "version": "1",
    "citation": LINK,
    "licence": {"terms": DDE, "permission_required": True, "notice": PLUS},
    "key": {"status": "own", "sources": []},
    "status_line": PLUS,
    "answers": {"min": 0, "max": 1, "labels": {0: DDE, 1: "yes"}},
}
CALM = {
    "items": [{"id": "calm_01", "label": "calm", "wording": LINK}],
    "scores": [{"id": "calm", "label": LINK, "method": "mean", "items": ["calm_01"], "min_answered": 1, "range": [0, 1], "higher_means": PLUS, "model": "single_item"}],
}  # fmt: skip
HOUSE = {"items": [{"id": "house", "label": "house", "type": "category", "wording": SUM}]}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = write_study(tmp_path_factory.mktemp("formulas") / "study")
    (study / "schemas/instruments").mkdir(parents=True)
    for name, more in (("calm", CALM), ("home", HOUSE)):
        text = yaml.safe_dump({"id": name} | OWN | more, sort_keys=False, allow_unicode=True)
        (study / f"schemas/instruments/{name}.yaml").write_text(text)
    config = study / "config/config.yaml"
    settings = yaml.safe_load(config.read_text())
    settings["study"] |= {"title": LINK, "description": SUM, "contact": DDE, "support": PLUS}
    settings["screening"] = [
        {"id": "age", "label": LINK, "check": "condition", "column": "age", "at_least": 1, "action": "flag"}
    ]
    settings["sample_table"] = ["age", "house"]
    config.write_text(yaml.safe_dump(settings, sort_keys=False))
    for wave, title in (("w1", LINK), ("w2", DDE)):
        file = study / f"data/waves/{wave}.csv"
        with open(file, encoding="utf-8", newline="") as opened:
            rows = list(csv.reader(opened))
        ids = dict(
            zip((f"p{k:03}" for k in range(4)), (WIDE, SUM, DDE, PLUS), strict=True)
        )  # an id that begins with = is refused
        rows = [
            [*rows[0], SUM, LINK],
            *(
                [ids.get(r[0], r[0]), *r[1:], DDE if k % 2 else "yes", "yes" if k % 3 else DDE]
                for k, r in enumerate(rows[1:])
            ),
        ]
        with open(file, "w", encoding="utf-8", newline="") as opened:
            csv.writer(opened, lineterminator="\n").writerows(rows)
        path = file.with_suffix(".yaml")
        sidecar = yaml.safe_load(path.read_text())
        sidecar |= {"title": title, "source": LINK, "licence": SUM, "population": PLUS, "contact": DDE, "headers": {SUM: "calm_01", LINK: "house"},
                    "labels": {"calm_01": {DDE: 0, "yes": 1}}, "questions": {SUM: f"{LINK} {wave}", "gad7_01": PLUS},
                    "missing_codes": ["@none", -99], "replaces": {"calm_01": DDE}}  # fmt: skip
        sidecar["instruments"] += [{"id": "calm"}, {"id": "home"}]
        path.write_text(yaml.safe_dump(sidecar, sort_keys=False, allow_unicode=True))
        seal(study, wave)
    run = rejsens(study, "run", "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return study / "results"


def runs(cell: object) -> bool:
    return isinstance(cell, str) and bool(FORMULA.match(cell)) and not NUMBER.fullmatch(cell)


def test_no_cell_of_any_csv_file_runs(results: Path) -> None:
    files = sorted(results.rglob("*.csv"))
    assert len(files) > 30
    neutralised = set()
    for path in files:
        text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(text.splitlines(keepends=True)))
        assert not [cell for row in rows for cell in row if runs(cell)], path
        for row in rows:  # where a spreadsheet splits lines at semicolons
            assert not [part for cell in row for part in cell.split(";") if runs(part)], path
        neutralised |= {path.name for row in rows for cell in row if cell.startswith(("'=", "'@", "'+", "'-"))}
    assert {"waves.csv", "dictionary.csv", "codebook.csv", "differences.csv", "columns.csv", "quality.csv", "variables.csv", "descriptives.csv",
            "scores.csv", "scores_dictionary.csv", "instruments.csv", "participants.csv", "sample.csv"} <= neutralised  # fmt: skip


def test_no_cell_of_the_workbook_is_a_formula(results: Path) -> None:
    files = list(results.rglob("*.xlsx"))
    assert files
    cells = [
        cell for path in files for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row
    ]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or runs(cell.value)]
    assert f"'{LINK}".replace(";", ";") in {cell.value for cell in cells}


def test_files_for_programs_hold_the_texts_as_they_are(results: Path) -> None:
    people = set(pd.read_parquet(results / "participants/scores.parquet")["participant"])
    assert {WIDE, SUM, DDE, PLUS} <= people


def test_the_pipeline_reads_its_own_tables_as_they_were_meant(results: Path) -> None:
    """What was neutralised on the way between two jobs is whole again on the page."""
    html = (results / "report/index.html").read_text(encoding="utf-8")
    assert "=HYPERLINK(" in html and "&#39;=HYPERLINK" not in html and "'=HYPERLINK" not in html
    page = (results / "codebook/codebook.html").read_text(encoding="utf-8")
    assert "=HYPERLINK(" in page and "&#39;=HYPERLINK" not in page


def test_numbers_stay_numbers(results: Path) -> None:
    with open(results / "correlations.csv", encoding="utf-8", newline="") as file:
        values = [cell for row in list(csv.reader(file))[1:] for cell in row[4:]]
    assert values and not [value for value in values if value.startswith("'")]
