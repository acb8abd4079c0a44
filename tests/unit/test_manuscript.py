"""Numbers by name: what the report prints, in three spellings that say the same."""

import json
import re
from pathlib import Path

import audit
import example_tables
import pytest
import yaml
from test_report import page

from rejsens import manuscript, narrative
from rejsens.manuscript import as_json, as_latex, as_yaml, numbers


@pytest.fixture(scope="module")
def tables():
    return example_tables.tables()


@pytest.fixture(scope="module")
def found(tables):
    return numbers(tables)  # its waves are simulated, whatever the settings say


def test_a_name_gives_what_the_report_prints(found):
    own = found["H1"]
    assert (own["estimate"], own["interval"], own["level"]) == ("−0.13", "[−0.17, −0.09]", "95%")
    assert (own["verdict"], own["n"], own["observations"], own["p_adjusted"]) == ("supported", "473", "2,391", "< .001")
    assert found["study"]["data"] == "simulated" and found["study"]["verdict_supported"] == "1"
    text = " ".join(audit.Page(page()).text.replace("\u00a0", " ").split())
    for group in ("H1", "H2", "H3"):
        for key in ("estimate", "interval", "n", "p_adjusted", "sesoi", "label"):
            assert found[group][key] in text, (group, key)


def test_every_number_is_found_back_in_its_row(found, tables):
    rows = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    for row in rows:
        texts = found[row["hypothesis"]]
        assert audit.strange_numbers(" ; ".join(texts.values()), [row]) == []


def test_json_yaml_and_latex_say_the_same(found):
    assert json.loads(as_json(found)) == found == yaml.safe_load(as_yaml(found))
    latex = as_latex(found)
    names = re.findall(r"^\\@namedef\{rejsens@(.+?)\}", latex, flags=re.MULTILINE)
    assert names == [f"{group}.{key}" for group, own in found.items() for key in own]
    assert r"\@namedef{rejsens@H1.estimate}{\ensuremath{-}0.13}" in latex and r"{95\%}" in latex
    assert not re.search(r"(?<!\\)%", latex.split("\n", 1)[1]) and "β" not in latex


def test_a_study_without_hypotheses_or_with_one_id_in_two_families(tables):
    tables = tables | {"waves": tables["waves"].assign(simulated=False)}
    bare = numbers(example_tables.without_hypotheses(tables))
    assert list(bare) == ["study"] and bare["study"]["hypotheses"] == "0" and bare["study"]["data"] == "collected"
    twice = {name: tables[name].copy() for name in ("estimates", "hypotheses")}
    for frame in twice.values():
        frame.loc[frame["hypothesis"] == "H3", ["hypothesis", "family"]] = ["H1", "another family"]
    assert list(numbers(tables | twice)) == ["study", "H1", "H2", "H1_another_family"]


# --- the page that says how to use them ------------------------------------------------------------------------------

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "manuscript.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)[1]


def test_every_name_on_the_page_is_a_name(found):
    named = re.findall(r"\\rejsens\{(.+?)\}", example("latex")) + re.findall(
        r"\{\{< var (\S+) >\}\}", example("markdown")
    )
    named += [".".join(pair) for pair in re.findall(r"numbers\$(\w+)\$(\w+)", example("r"))]
    assert len(named) > 8
    for name in named:
        group, key = name.split(".")
        assert key in found[group], name


def test_every_key_is_on_the_page_and_every_key_on_the_page_is_one(found, tables):
    text = re.search(r"`H1` has.*?the whole sentence", PAGE)[0]
    listed = set(re.findall(r"`(\w+)`", text)) - {"H1"}
    one = numbers(example_tables.one_wave(tables))
    assert set().union(*(own for group, own in {**found, **one}.items() if group != "study")) <= listed
    assert listed <= set(re.findall(r'"(\w+)"', Path(manuscript.__file__).read_text(encoding="utf-8"))) | {
        "p",
        "p_adjusted",
        "p_equivalence",
    }


def test_the_example_in_python_runs(found, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "results" / "manuscript"
    folder.mkdir(parents=True)
    (folder / "numbers.json").write_text(as_json(found), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(example("python"), "manuscript.md", "exec"), {})
    assert capsys.readouterr().out.strip() == found["H1"]["result"]
