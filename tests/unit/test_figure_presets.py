"""Sizes at which journals print figures: the file, its schema, and how a size is named."""

from __future__ import annotations

import copy

import pytest
from tests.conftest import rejsens_here, write_study

from rejsens.declarations import read_yaml, schema_problems
from rejsens.figure_presets import DRAWN, FILE, _size_problems, chosen_size, every_size, load_presets, size_of
from rejsens.problems import Refused
from rejsens.registry import SHIPPED

CONTENT = read_yaml(FILE, "figure_presets")


def test_every_preset_keeps_to_its_own_limits():
    assert {"apa7", "elsevier", "springer", "nature", "plos", "frontiers", "wiley", "plain"} <= set(load_presets())
    for size in every_size().values():
        assert DRAWN["smallest"] * size.scale >= size.smallest
        assert size.dpi >= 600


def test_the_layout_is_drawn_with_the_letters_that_the_presets_count_with():
    from rejsens import style

    assert {"smallest": style.SMALLEST, "base": style.BODY, "largest": style.HEADING} == DRAWN
    assert (size_of("plain", "2").width, size_of("plain").width, 235) == (style.PAGE, style.COLUMN, style.MAX_HEIGHT)


@pytest.mark.parametrize("name", CONTENT["presets"])
def test_a_verified_preset_names_where_it_was_verified(name):
    preset = CONTENT["presets"][name]
    assert preset["verified"] != ("unverified" in preset)
    assert not preset["verified"] or preset["source"]["url"].startswith("http") or name == "plain"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: p.pop("height"), "“height” is not stated"),
        (lambda p: p["columns"].update({"3": 60}), "3"),
        (lambda p: p.update(hieght=1), "hieght"),
        (lambda p: p.update(verified=False), "“unverified” is not stated"),
        (lambda p: p["formats"].append("eps"), "eps"),
    ],
)
def test_a_preset_that_breaks_the_schema_is_told(change, told):
    content = copy.deepcopy(CONTENT)
    change(content["presets"]["elsevier"])
    assert told in " ".join(p.sentence() for p in schema_problems(content, "figure_presets", "presets"))


def test_text_that_would_fall_below_or_above_the_limits_is_told():
    preset = CONTENT["presets"]["nature"]
    assert _size_problems("nature", preset) == []
    assert "largest text would be 8.50" in _size_problems("nature", preset | {"base": 8})[0].sentence()
    assert "smallest text would be 4.38" in _size_problems("nature", preset | {"base": 5})[0].sentence()


def test_a_size_is_found_by_preset_and_columns_however_they_are_written():
    assert size_of("elsevier", "1").name == size_of("elsevier", "1.0").name == size_of("elsevier").name == "elsevier-1"
    assert size_of("elsevier", "1.5").width == 140
    assert chosen_size({"figures": {"preset": "plos", "columns": 2}}).name == "plos-2"
    assert chosen_size({"figures": {"preset": "", "columns": "1"}}) is None and chosen_size({}) is None


@pytest.mark.parametrize(
    ("preset", "columns", "told"),
    [("elsevir", "", "elsevier"), ("nature", "1.5", "2 (183 mm)"), ("plain", "wide", "1 (90 mm)")],
)
def test_an_unknown_size_is_refused_with_what_there_is(preset, columns, told):
    with pytest.raises(Refused, match=told.replace("(", r"\(").replace(")", r"\)")):
        size_of(preset, columns)


def rows_of_the_page() -> list[str]:
    """The table of docs/figure-presets.md, from the file."""
    rows = []
    for name, own in CONTENT["presets"].items():
        widths = ", ".join(f"{columns}: {width:g}" for columns, width in own["columns"].items())
        letters = f"{own['smallest']:g} to {own['largest']:g}" if "largest" in own else f"from {own['smallest']:g}"
        source = own["source"]
        linked = f"[{source['text']}]({source['url']})" if source["url"] else source["text"]
        verified = "yes" if own["verified"] else f"not: {own['unverified']}"
        takes = ", ".join(form.upper() for form in own["formats"])
        cells = (f"`{name}`: {own['title']}", widths, f"{own['height']:g}", letters, f"{own['line_art']}; {own['combination']}", takes, verified, f"{linked}, {source['date']}")  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def test_the_page_shows_every_preset_as_it_is():
    page = (SHIPPED / "docs/figure-presets.md").read_text(encoding="utf-8")
    section = page.split("## Presets")[1].split("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == rows_of_the_page()


# The command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """`rejsens figures` in a study of two waves; what it would make is caught in place of being made."""
    made = []
    monkeypatch.setattr("rejsens.commands.figures.make", lambda study, targets, *_: made.extend(targets))
    folder = write_study(tmp_path / "study")
    return lambda *words: (rejsens_here(folder, "figures", *words), made)


def test_a_preset_asks_for_the_figures_in_a_folder_of_their_own(typed):
    run, made = typed(
        "headline", "results/figures/instruments/gad7/scree.png", "--preset", "elsevier", "--columns", "1"
    )
    assert run.returncode == 0
    assert made == ["results/figures/elsevier-1/headline.png", "results/figures/elsevier-1/instruments/gad7/scree.png"]
    assert run.stdout.strip().endswith("Open results/figures/elsevier-1")


def test_without_names_every_figure_is_asked_for(typed):
    _, made = typed("--preset", "nature")
    assert {"results/figures/nature-1/headline.png", "results/figures/nature-1/families/loneliness/forest_of_hypotheses.png"} <= set(made)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--preset", "elsevir"], "Did you mean “elsevier”?"),
        (["--preset", "nature", "--columns", "1.5"], "1 (89 mm) and 2 (183 mm)"),
        (["--columns", "1"], "add --preset"),
    ],
)
def test_an_option_that_cannot_be_is_told_before_anything_is_made(typed, words, told):
    run, made = typed(*words)
    assert (run.returncode, made) == (2, [])
    assert told in run.stderr


def test_a_figure_without_room_is_told_at_the_end(typed, tmp_path):
    folder = tmp_path / "study/results/figures/elsevier-1"
    folder.mkdir(parents=True)
    (folder / "headline.json").write_text('{"no_room": "The figure “headline” has no room."}', encoding="utf-8")
    run, _ = typed("headline", "--preset", "elsevier")
    assert run.returncode == 1 and "“headline” has no room" in run.stderr
