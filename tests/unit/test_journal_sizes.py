"""Figures at the sizes of journals, measured: their files, their letters, their boxes, and what is said where they have no room."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from colour_vision import VISIONS, ciede2000, distance
from example_multiverse import multiverse
from example_paths import added
from example_tables import study, tables
from test_instrument_figures import drawn, instrument

from rejsens import figure_files, style
from rejsens.draw import draw_and_save
from rejsens.figure_layout import drawn_texts, faults_of_layout
from rejsens.figure_presets import Size, every_size, size_of
from rejsens.figures import headline
from rejsens.journal_size import draw_at, save_at
from rejsens.registry import figures, load_plugin

NARROWEST = min(every_size().values(), key=lambda size: size.width / size.scale)
OF_STUDY, OF_INSTRUMENT = figures("no such study"), figures("no such study", of="instrument")
NO_ROOM = {"invariance_ladder": "2"}  # figure -> the columns that it asks for at the narrowest size


def draws(name: str) -> Callable[[], style.Drawing]:
    """A figure of the example tables, to be drawn when asked for."""
    if name in OF_INSTRUMENT:
        return lambda: drawn(name, instrument((3, 4)))
    given = added(name, tables() | (multiverse() if name == "specification_curve" else {}))
    module = load_plugin(f"rejsens.figures.{name}")
    own = {table: given[table] for table in module.TABLES}
    return lambda: module.draw(**own, study=study(), people=True)


@cache
def at(name: str, size: Size = NARROWEST) -> style.Drawing:
    return draw_at(size, name, draws(name), study())


EVERY = [*OF_STUDY, *OF_INSTRUMENT, "forest_of_hypotheses"]


@pytest.mark.parametrize("name", EVERY)
def test_at_the_narrowest_size_a_figure_fits_or_says_what_it_needs(name):
    made = at(name)
    width, height = made.figure.get_size_inches() * 25.4
    assert width == pytest.approx(NARROWEST.width, abs=0.001)
    assert height <= NARROWEST.height
    assert faults_of_layout(made.figure, NARROWEST.smallest) == []
    assert min(ink.size for ink in drawn_texts(made.figure)) == pytest.approx(7 * NARROWEST.scale, abs=0.6)
    assert not made.data.empty or made.no_room
    if name in NO_ROOM:
        assert f"“{name}” has no room in {NARROWEST.width:g} mm" in made.no_room
        assert made.no_room.endswith(f"Choose --preset {NARROWEST.preset} --columns {NO_ROOM[name]}.")
        assert at(name, size_of(NARROWEST.preset, NO_ROOM[name])).no_room == ""
        assert faults_of_layout(at(name, size_of(NARROWEST.preset, NO_ROOM[name])).figure) == []
    else:
        assert made.no_room == ""


@pytest.mark.parametrize("name", ["headline", "forest_of_hypotheses", "scree"])
@pytest.mark.parametrize("size", ["nature-1", "elsevier-1.5"])
def test_letters_keep_between_smallest_and_largest_on_wider_pages_too(name, size):
    made, own = at(name, every_size()[size]), every_size()[size]
    sizes = [ink.size for ink in drawn_texts(made.figure)]
    assert made.no_room == "" and min(sizes) >= own.smallest
    assert max(sizes) <= (7 if own.preset == "nature" else 8.5)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sizes")
    return {name: save_at(NARROWEST, at(name), folder / name)[0].with_suffix("") for name in ("scores_by_wave", "invariance_ladder")}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_pdf_is_exactly_as_wide_as_stated_and_has_its_fonts(name):
    made = at(name)
    file = figure_files.vectors(made, ("pdf",))["pdf"]
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", file)
    width, height = (float(points) / 72 * 25.4 for points in box.groups())
    assert width == pytest.approx(NARROWEST.width, abs=0.1) and height <= NARROWEST.height
    assert b"/FontFile2" in file and b"/Type3" not in file  # TrueType, embedded


def test_an_svg_is_exactly_as_wide_as_stated(saved):
    for stem in saved.values():
        head = stem.with_suffix(".svg").read_text(encoding="utf-8")[:2000]
        for found in (r'viewBox="0 0 ([\d.]+) ', r'<svg [^>]*width="([\d.]+)pt"'):
            assert float(re.search(found, head)[1]) / 72 * 25.4 == pytest.approx(NARROWEST.width, abs=0.1)


def test_bitmaps_have_the_pixels_and_the_resolution(saved):
    for stem in saved.values():
        words = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
        for suffix in (".png", ".tiff"):
            with Image.open(stem.with_suffix(suffix)) as image:
                assert image.mode == "RGB"
                assert [round(float(dpi)) for dpi in image.info["dpi"]] == [NARROWEST.dpi] * 2
                assert image.width / NARROWEST.dpi * 25.4 == pytest.approx(NARROWEST.width, abs=0.1)
                assert image.height / NARROWEST.dpi * 25.4 == pytest.approx(words["height_mm"], abs=0.1)
        assert (words["width_mm"], words["preset"], words["columns"]) == (84, NARROWEST.preset, "1")


def test_a_tiff_is_packed_with_lzw_and_says_what_it_shows(saved):
    with Image.open(saved["scores_by_wave"].with_suffix(".tiff")) as image:
        assert image.info["compression"] == "tiff_lzw"
        assert image.tag_v2[296] == 2  # inches
        assert image.tag_v2[270].encode("latin-1").decode().rstrip("\0") == at("scores_by_wave").alt
    with Image.open(saved["scores_by_wave"].with_suffix(".png")) as image:
        assert image.text["Description"] == at("scores_by_wave").alt


def test_the_same_drawing_gives_the_same_bytes(saved, tmp_path):
    for path in save_at(NARROWEST, at("invariance_ladder"), tmp_path / "again"):
        assert path.read_bytes() == saved["invariance_ladder"].with_suffix(path.suffix).read_bytes(), path.suffix


def test_what_has_no_room_says_so_in_its_files(saved):
    words = json.loads(saved["invariance_ladder"].with_suffix(".json").read_text(encoding="utf-8"))
    assert words["no_room"] == words["alt"] == at("invariance_ladder").no_room
    assert json.loads(saved["scores_by_wave"].with_suffix(".json").read_text(encoding="utf-8"))["no_room"] == ""


def test_a_figure_that_fits_no_journal_says_so():
    def broad() -> style.Drawing:
        with style.applied():
            return style.Drawing(style.Sheet(300, 40, {}).figure, "Broad.", tables()["waves"])

    def wide() -> style.Drawing:
        with style.applied():
            return style.Drawing(style.Sheet(208, 40, {}).figure, "Wide.", tables()["waves"])

    told = draw_at(size_of("elsevier", "2"), "broad", broad, study()).no_room
    assert told.startswith("The figure “broad” has no room in 190 mm") and "nor in 230 mm" in told
    assert "it needs 210 mm, wider than elsevier prints" in draw_at(size_of("elsevier", "2"), "wide", wide, study()).no_room  # fmt: skip
    assert (style.PAGE, style.EXACT) == (160, False)  # nothing of it lasts


def test_a_job_draws_at_the_size_in_its_params(tmp_path):
    settings = {"study": study(), "people": True, "size": size_of("wiley", "1").plain()}
    given = {table: tables()[table] for table in ("correlations", "dictionary", "waves")}
    paths = draw_and_save(settings, "correlation_heatmap", "rejsens.figures.correlation_heatmap", tmp_path / "x.svg", **given)  # fmt: skip
    assert {path.suffix for path in paths} == {".pdf", ".svg", ".png", ".tiff", ".csv", ".json"}
    assert json.loads((tmp_path / "x.json").read_text())["width_mm"] == 80


def test_a_narrow_forest_has_a_strip_for_each_row():
    made, rows = at("forest_of_hypotheses"), at("forest_of_hypotheses").data
    zeros = [line for axes in made.figure.axes for line in axes.lines if list(line.get_xdata()) == [0, 0]]
    assert len(zeros) == len(rows) == len(made.figure.axes) - 1  # the legend
    assert sum(axes.axison for axes in made.figure.axes) == rows["metric"].nunique()  # an axis below each panel


# Colours -------------------------------------------------------------------------------------------------------------

ALONE = {  # what nothing but its colour tells apart
    "kept, set aside": (style.PALE_BLUE, style.VERMILLION),
    "kept to the end, rows": (style.BLUE, style.PALE_BLUE),
    "missing, complete": (style.BLUE, style.BAND),
    "paths that exclude 0, boxes": (style.BLUE, style.BAND),
    "answers of four": tuple(style.ordered(4)),
    "answers of five": tuple(style.ordered(5)),
}
WITH_A_SIGN = {  # what a mark, a word, a broken line or a number tells apart as well
    "hypotheses at a glance, by mark": headline.COLOURS,
    "verdicts, by word": tuple(dict.fromkeys(style.VERDICT_COLOURS.values())),
    "information and its error, by a broken line": (style.BLUE, style.RUST),
    "first and later waves, by a filled mark": (style.BLUE, style.SOFT),
    "interval of a slope excludes or includes 0, by the line of 0 and the bound": (style.PALE_BLUE, style.GHOST),
    "paths that exclude or include 0, by a broken line": (style.BLUE, style.SOFT),
    "signs of correlations, by number": (style.diverging()(0.2), style.diverging()(0.8)),
}


def nearest(colours: tuple, vision: str) -> float:
    return min(distance(a, b, vision) for a, b in itertools.combinations(colours, 2))


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", ALONE)
def test_colours_that_stand_alone_differ_for_everybody_and_in_grey(name, vision):
    assert nearest(ALONE[name], vision) >= 10


@pytest.mark.parametrize("vision", [vision for vision in VISIONS if vision != "grey"])
@pytest.mark.parametrize("name", WITH_A_SIGN)
def test_colours_with_a_second_sign_differ_for_everybody(name, vision):
    assert nearest(WITH_A_SIGN[name], vision) >= 9


def test_hypotheses_at_a_glance_have_marks_of_their_own():
    assert len(set(headline.MARKERS)) == len(headline.COLOURS) == headline.MOST


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_that_of_the_published_pairs(first, second, expected):
    """Table 1 of Sharma, Wu and Dalal (2005)."""
    assert ciede2000(np.array(first, float), np.array(second, float)) == pytest.approx(expected, abs=5e-5)
