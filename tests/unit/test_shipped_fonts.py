"""The font of the project is there, or what lacks is told before a figure is drawn in another one."""

import shutil

import pytest

from rejsens.problems import Refused
from rejsens.shipped_fonts import FOLDER, font_files


def test_every_cut_is_told_that_is_missing(tmp_path):
    shutil.copy(FOLDER / "SourceSans3-Italic.ttf", tmp_path)
    with pytest.raises(Refused) as refused:
        font_files(tmp_path)
    (problem,) = refused.value.problems
    assert problem.found == "SourceSans3-Regular.ttf and SourceSans3-Bold.ttf are not there"
    assert "git restore" in problem.fix


def test_figures_are_drawn_in_it_though_the_machine_has_its_own():
    from matplotlib.font_manager import fontManager

    from rejsens import style

    used = {entry.fname for entry in fontManager.ttflist if entry.name == style.FONT}
    assert used == set(map(str, font_files()))
