"""The written pages, held against what they describe: their examples run, their tables are complete, their links lead somewhere."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from rejsens import narrative, psychometrics
from rejsens.declarations import load_settings, schema_problems
from rejsens.inference.families import test_family as run_family
from rejsens.job import job
from rejsens.problems import Refused, explain
from rejsens.registry import LIBRARY, TABLES, constant, load_plugin
from rejsens.scoring import score
from rejsens.study import Study, load_study
from rejsens.tabular import COLUMNS
from rejsens.validate import Validated, validate

sys.path.insert(0, str(Path(__file__).parent))
from example_tables import study as facts
from example_tables import tables

ROOT = Path(__file__).resolve().parents[2]
ADD = {what: ROOT / f"docs/add-a{what}.md" for what in ("-wave", "n-instrument", "-hypothesis", "-figure")}
SIDECAR = ROOT / "docs/sidecar.md"  # where a wave is written by hand
SETTINGS, RESULTS = ROOT / "config/README.md", ROOT / "docs/results.md"
BY_HAND = (SIDECAR, ADD["n-instrument"], ADD["-hypothesis"])  # pages whose first YAML block is a file of one's own
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / ".github/pull_request_template.md", SETTINGS])
# README.md and the pages of the MREII name the forbidden words in order to forbid them, and quote items.
PROSE = [page for page in PAGES if page.parent.name != "mreii" and page != ROOT / "README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"data/waves/": "wave", "schemas/instruments/": "instrument", "config/hypotheses/": "hypotheses", "config/config": "config", "config/multiverse": "multiverse", "schemas/predictions/": "predictions"}  # fmt: skip
WAVE, FIGURE = "2026g", "figures/loneliness_by_wave.py"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in BLOCK.findall(text_of(page)) if name == language]


def prose(page: Path) -> str:
    """The page without blocks, inline code and link addresses."""
    text = BLOCK.sub("", text_of(page))
    return re.sub(r"\]\([^)]*\)|`[^`]*`|<[^>]*>", " ", text)


def example(page: Path) -> tuple[str, str]:
    """Path and text of the page's first YAML block."""
    body = blocks(page, "yaml")[0]
    return body.split("\n", 1)[0].removeprefix("# "), body


def table_rows(page: Path, heading: str) -> list[list[str]]:
    """Cells of the table under a heading, without its head."""
    section = re.split(rf"^#+ {re.escape(heading)}$", BLOCK.sub("", text_of(page)), flags=re.MULTILINE)[1]
    lines = [line for line in re.split(r"^#", section, flags=re.MULTILINE)[0].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return cells[2:]


def config_schema() -> dict:
    return yaml.safe_load(text_of(ROOT / "schemas/config.schema.yaml"))["properties"]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# --- what stands on the pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ADD.values(), ids=lambda page: page.stem)
def test_a_page_that_adds_something_fits_one_screen(page):
    assert len(text_of(page).splitlines()) <= (45 if page == ADD["-wave"] else 60)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.name)
def test_no_banned_word(page):
    assert narrative.banned_words(prose(page)) == []


def anchors(page: Path) -> set[str]:
    """The ids that a forge gives to headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page):
    links = re.findall(r"\]\(((?:[^()]|\([^()]*\))+)\)", BLOCK.sub("", text_of(page)))
    for link in (link for link in links if not re.match(r"https?:", link)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT)
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_yaml_blocks_are_valid_where_they_say_they_stand(page):
    whole: dict[str, dict] = {}
    for body in blocks(page, "yaml"):
        start = body.split("\n", 1)[0]
        assert re.fullmatch(r"# (added to )?\S+\.yaml", start), f"{page.name}: the first line names the file"
        path = start.rpartition(" ")[2]
        if path.endswith("/profile.yaml"):  # Snakemake's own: test_doc_blocks.py
            continue
        content = yaml.safe_load(body)
        whole[path] = whole.get(path, {}) | content if "added to" in start else content
        kind = next(kind for folder, kind in KINDS.items() if path.startswith(folder))
        assert [str(p.sentence()) for p in schema_problems(whole[path], kind, path)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_make_targets_and_named_files_exist(page):
    makefile = text_of(ROOT / "Makefile")
    for target in re.findall(r"(?:`|^\$ )make ([a-z]+)", text_of(page), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"
    made_up = {example(page)[0] for page in BY_HAND} | {f"data/waves/{WAVE}.csv", f"data/codebook/{WAVE}.csv", FIGURE}
    for path in re.findall(r"`((?:config|workflow|schemas|tests|docs|data)/[\w./-]+\.\w+)`", text_of(page)):
        assert path in made_up or re.search(r"\b(ID|NAME)\.", path) or (ROOT / path).exists(), f"{page.name}: {path}"


def test_messages_are_worded_as_the_program_words_them():
    source = "\n".join(path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.py"))
    for page in (*ADD.values(), SIDECAR):
        for paragraph in re.findall(r"^(?:Others begin|“[A-Z][^”]+”).*$", text_of(page), re.MULTILINE):
            for heading in re.findall(r"“([A-Z][^”]+)”", paragraph):
                assert f'"{heading}"' in source, f"{page.name}: {heading}"


# --- tables that must be complete ------------------------------------------------------------------------------------


def test_every_setting_is_listed_with_its_default():
    rows = {named(row[0])[0]: row[2] for row in table_rows(SETTINGS, "What each setting means")}
    settings = yaml.safe_load(text_of(ROOT / "config/config.yaml"))
    own = {f"study.{key}": value for key, value in settings.pop("study").items()}
    assert list(rows) == [*own, *settings]
    for name, value in settings.items():
        if isinstance(value, list):
            continue
        assert [yaml.safe_load(text) for text in named(rows[name])] == [value], name
    assert named(rows["sample_table"]) == settings["sample_table"]
    assert len(settings["screening"]) == 5 and rows["screening"] == "five rules"
    assert len(settings["scores_shown"]) == 13 and rows["scores_shown"].startswith("thirteen scores")
    assert "`study.notes`" in text_of(SETTINGS)  # allowed, and not in the default file
    assert set(config_schema()["study"]["properties"]) - {"notes"} == {k.removeprefix("study.") for k in own}  # fmt: skip


def test_every_key_of_a_screening_rule_is_listed():
    rows = table_rows(SETTINGS, "Screening rules")
    known = config_schema()["screening"]["items"]["properties"]
    assert {name for row in rows for name in named(row[0])} == set(known)
    checks = next(row[1] for row in rows if named(row[0]) == ["check"])
    assert named(checks.split(";")[0]) == [
        "duplicate_participant", "condition", "instructed_items", "duration", "long_string", "intra_individual_variability",
    ]  # fmt: skip
    assert set(named(checks.split(";")[0])) == set(known["check"]["enum"])


def wave_schema() -> dict:
    return yaml.safe_load(text_of(ROOT / "schemas/wave.schema.yaml"))


def test_every_key_of_a_sidecar_is_explained():
    for heading, schema in (("Every key", wave_schema()), ("Keys of an instrument", wave_schema()["properties"]["instruments"]["items"])):  # fmt: skip
        rows = {name: row[1] for row in table_rows(SIDECAR, heading) for name in named(row[0])}
        assert set(rows) == set(schema["properties"])
        assert {name for name, words in rows.items() if words.endswith("needed")} == (
            set(schema["required"]) if heading == "Every key" else set()
        )
        for name, inside in schema["properties"].items():
            keys = inside.get("properties") or inside.get("items", {}).get("properties", {})
            if name != "instruments":
                assert set(keys) <= set(re.findall(r"`(\w+)[`:]", rows[name])), name


def test_every_value_that_a_sidecar_may_choose_from_is_named():
    rows = {name: row[1] for row in table_rows(SIDECAR, "Every key") for name in named(row[0])}
    assert set(wave_schema()["properties"]["platform"]["enum"]) == set(named(rows["platform"]))


def test_the_checks_of_a_change_are_what_the_readme_tells_to_type():
    commands = [line for line in text_of(ROOT / ".ci/run").splitlines() if line.startswith("make ")]
    steps = yaml.safe_load(text_of(ROOT / ".github/workflows/check.yml"))["jobs"]["check"]["steps"]
    assert commands == [step["run"] for step in steps if "run" in step] and "make check" in commands
    for command in commands:
        assert re.search(rf"^\$ {command}\b", text_of(ROOT / "README.md"), re.MULTILINE), command
    assert re.search(r"^check:.*\n\t@\$\(BIN\)/rejsens check \.$", text_of(ROOT / "Makefile"), re.MULTILINE)


def test_a_pull_request_asks_for_what_the_check_says():
    form = text_of(ROOT / ".github/pull_request_template.md")
    assert "$ rejsens check\n" in form and "$ rejsens diff-wave" in form and "raw export" in form


@pytest.mark.parametrize(
    "name",
    [
        "flow",
        "differences",
        "codebook",
        "descriptives",
        "correlations",
        "reliability",
        "estimates",
        "discriminant",
        "method_variance",
        "careless",
        "missing_patterns",
        "little",
        "validation",
        "validation_loadings",
    ],
)
def test_every_column_is_explained(name):
    listed = [column for row in table_rows(RESULTS, f"Columns of `{name}.csv`") for column in named(row[0])]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(COLUMNS[name])


def test_every_function_of_the_psychometrics_has_its_question():
    text = (ROOT / "docs/psychometrics.md").read_text(encoding="utf-8")
    by_question = text.partition("## All of it, by question")[2].partition("\n## ")[0]
    functions = [name for name in psychometrics.__all__ if name.islower()]
    assert [name for name in functions if f"`{name}`" not in by_question] == []


def test_every_table_is_named_with_its_file():
    rows = table_rows(RESULTS, "The tables by name")
    of_people = [row for row in rows if "participants/" in row[1]]
    listed = {named(row[0])[0]: named(row[1])[0] for row in rows if row not in of_people}
    people = {name for row in of_people for name in named(row[0])}
    assert listed == {n: p.removeprefix("results/") for n, p in TABLES.items() if "participants" not in p}
    assert people == {n for n, p in TABLES.items() if "participants" in p}


# --- the examples, taken from the pages and used ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A study that holds what the pages write by hand, and nothing else."""
    monkeypatch.chdir(tmp_path)
    parts = dict(example(page) for page in BY_HAND)
    parts |= {
        f"data/waves/{WAVE}.csv": blocks(SIDECAR, "csv")[0],
        FIGURE: blocks(ADD["-figure"], "python")[0],
        "config/config.yaml": "study: {title: The pages, simulated: true}\n",
    }
    for path, text in parts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def rewrite(path: str, old: str, new: str) -> None:
    text = text_of(Path(path))
    assert old in text
    Path(path).write_text(text.replace(old, new, 1), encoding="utf-8")


def ask_calm4() -> None:
    assert "`- {id: calm4}`" in text_of(ADD["n-instrument"])
    rewrite(f"data/waves/{WAVE}.yaml", "  - {id: gad7}\n", "  - {id: gad7}\n  - {id: calm4}\n")


def checked(study: Study) -> Validated:
    settings = load_settings(".")
    return validate(study.waves[0], study.asked[WAVE], settings["screening"], settings["out_of_range"])


def message(page: Path) -> list[str]:
    return blocks(page, "text")[0].splitlines()


def test_the_wave_is_read_checked_and_scored(folder):
    study = load_study(".")
    assert [wave.name for wave in study.waves] == [WAVE]
    answers = checked(study).checked_answers
    assert answers["participant"].tolist() == ["p0001", "p0002", "p0007"]
    scores = score(answers, study.asked[WAVE][1:])
    assert scores["gad7_sum"].tolist() == [5, 12, 3.5]  # 3 of six answers, prorated to seven
    assert scores["ucla3"].isna().tolist() == [False, False, True]  # −99 means no answer


def test_the_fault_on_the_page_of_sidecars(folder):
    rewrite(f"data/waves/{WAVE}.csv", "gad7_03", "gad7_3")
    digest = hashlib.sha256(Path(f"data/waves/{WAVE}.csv").read_bytes()).hexdigest()
    sidecar = Path(f"data/waves/{WAVE}.yaml")
    sidecar.write_text(re.sub(r'sha256: "\w+"', f'sha256: "{digest}"', text_of(sidecar)), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        checked(load_study("."))
    assert message(SIDECAR) == str(refused.value).splitlines()[2:]


def test_the_instrument_scores_as_its_examples_say(folder):
    ask_calm4()
    study = load_study(".")
    calm = study.instruments["calm4"]
    assert calm.user_supplied
    for case in calm.examples:
        answers = pd.DataFrame([{item.id: case["given"].get(item.id, np.nan) for item in calm.items}])
        found = score(answers, [calm])["calm4"].iloc[0]
        expected = case["expect"]["calm4"]
        assert np.isnan(found) if expected is None else found == expected


def test_the_fault_on_the_page_of_instruments(folder):
    ask_calm4()
    rewrite("schemas/instruments/calm4.yaml", "range: [1, 5]", "range: [0, 5]")
    with pytest.raises(Refused) as refused:
        load_study(".")
    assert message(ADD["n-instrument"]) == str(refused.value).splitlines()[2:]


def test_the_family_fits_the_study_and_gives_one_verdict(folder):
    family = load_study(".").families["loneliness"]
    rng = np.random.default_rng(3)
    panel = pd.DataFrame(
        {
            "participant": np.repeat([f"p{k:02}" for k in range(60)], 3),
            "wave": list("abc") * 60,
            "wave_number": [1, 2, 3] * 60,
            "role": "wave",
            "gad7_sum": np.repeat(rng.normal(size=60), 3) + rng.normal(size=180),
            "ucla3": rng.normal(size=180),
            "age": np.repeat(rng.integers(18, 70, 60), 3).astype(float),
            "relationship_status": rng.integers(0, 3, 180).astype(float),
        }
    )
    found = run_family(panel, family, load_settings(".") | {"bootstrap_draws": 200})
    deciding = found[found["decides"]]
    assert deciding[["hypothesis", "analysis", "metric"]].values.tolist() == [["L1", "within_between", "beta_within"]]
    assert deciding["verdict"].iloc[0] != "not testable"


def test_the_faults_on_the_page_of_hypotheses(folder):
    rewrite("config/hypotheses/loneliness.yaml", "outcome: gad7_sum ", "outcome: gad7_sun ")
    assert message(ADD["-hypothesis"]) == explain(load_study(".").told_aside).splitlines()
    rewrite("config/hypotheses/loneliness.yaml", "    direction: positive", "    # direction: positive")
    assert re.search(r"Missing settings(.|\n)*“direction” is not stated", explain(load_study(".").told_aside))


def test_the_figure_is_drawn_from_the_tables_it_names(folder):
    assert constant(FIGURE, "TABLES") == ("descriptives", "waves")
    assert constant(FIGURE, "SHOWS_PEOPLE") is False
    given = {name: tables()[name] for name in constant(FIGURE, "TABLES")}
    drawing = load_plugin(FIGURE).draw(**given, study=facts())
    assert (drawing.title, drawing.caption[:15]) == ("Loneliness by survey wave", "Mean loneliness")
    panel = given["waves"].query("role == 'wave'").sort_values("wave_number")["wave"].tolist()
    assert drawing.data["wave"].tolist() == panel
    few = given | {"descriptives": given["descriptives"].assign(n=9)}
    assert load_plugin(FIGURE).draw(**few, study=facts(min_cell=10)).data.empty


class _Outputs(dict):
    """Named outputs that are gone through by path, as Snakemake's are."""

    def __iter__(self):
        return iter(self.values())


def test_the_fault_on_the_page_of_figures(folder, capsys):
    (folder / "logs/draw_figure").mkdir(parents=True)
    rule = SimpleNamespace(
        input=[], output=_Outputs(svg="results/figures/loneliness_by_wave.svg"), rule="draw_figure",
        log=["logs/draw_figure/loneliness_by_wave.log"], wildcards=["loneliness_by_wave"],
    )  # fmt: skip
    with pytest.raises(SystemExit), job(rule):
        load_plugin(FIGURE).draw(descriptives=pd.DataFrame({"scores": []}), waves=tables()["waves"], study=facts())
    assert message(ADD["-figure"]) == capsys.readouterr().err.strip().splitlines()
    assert text_of(Path(rule.log[0])).rstrip().endswith("KeyError: 'score'")
