"""The font that comes with the project, so that pages and figures look the same on every machine."""

from __future__ import annotations

from pathlib import Path

from rejsens.problems import Problem, Refused, listed

FAMILY = "Source Sans 3"
FOLDER = Path(__file__).parent / "fonts"
CUTS = ("Regular", "Italic", "Bold")


def font_files(folder: Path = FOLDER) -> list[Path]:
    """The font's files, one for each cut.

    raises   Refused: a file is missing; another font in its place would change the width of every figure

    >>> [path.stem for path in font_files()]
    ['SourceSans3-Regular', 'SourceSans3-Italic', 'SourceSans3-Bold']
    """
    files = [folder / f"SourceSans3-{cut}.ttf" for cut in CUTS]
    if missing := [path.name for path in files if not path.is_file()]:
        found = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} not there"
        fix = "get the pipeline's folder whole again, such as with `git restore workflow/rejsens/fonts`"
        raise Refused(
            [Problem("workflow/rejsens/fonts", "The font is missing", found, "the files of Source Sans 3", fix)]
        )
    return files
