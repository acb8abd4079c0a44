"""A figure drawn at the size of a journal: exactly as wide as a column, no letter too small, nothing cut or overlapping.

A figure is laid out as ever, with the project's letters, on a page of `width / scale` mm; then the page and all letters
are enlarged together. So a journal that asks for larger letters leaves a figure less room, and the figure sees to it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from rejsens import figure_files, style
from rejsens.figure_layout import faults_of_layout
from rejsens.figure_presets import Size, load_presets, size_of
from rejsens.style import Drawing

STEP, WIDEST = 10.0, 230.0  # mm: by how much a page is widened, and up to where, to see what a figure needs


@contextlib.contextmanager
def page_of(width: float, height: float) -> Iterator[None]:
    """While it lasts, figures are laid out for a page of exactly this width and at most this height, in mm."""
    before = {name: getattr(style, name) for name in ("PAGE", "COLUMN", "MAX_HEIGHT", "EXACT")}
    own = {"PAGE": width, "COLUMN": min(width, style.COLUMN), "MAX_HEIGHT": height - style.SPARE, "EXACT": True}
    try:
        for name, value in own.items():
            setattr(style, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(style, name, value)


def draw_at(size: Size, name: str, draw: Callable[[], Drawing], study: Mapping[str, Any]) -> Drawing:
    """What `draw` draws, at the size of a journal; where it cannot be, a sentence of that size that says what can.

    name      what the figure is called in that sentence
    returns   a Drawing; its `no_room` holds the sentence, or is empty
    """
    drawing = _attempt(size, size.width, draw)
    if drawing is not None:
        return drawing
    told = _sentence(size, name, draw)
    with style.applied(), page_of(size.width / size.scale, size.height / size.scale):
        said = style.sentence(told, dict(study))
    return replace(_enlarged(said, size), no_room=told)


def _attempt(size: Size, width: float, draw: Callable[[], Drawing]) -> Drawing | None:
    """The drawing at one width; None where the figure says that it has no room, or where its layout has a fault."""
    try:
        with page_of(width / size.scale, size.height / size.scale):
            drawing = _enlarged(draw(), replace(size, width=width))
    except style.NoRoom:
        return None
    return None if faults_of_layout(drawing.figure, size.smallest) else drawing


def _sentence(size: Size, name: str, draw: Callable[[], Drawing]) -> str:
    """Which figure, the width it needs and what to choose."""
    start = (
        f"The figure “{name}” has no room in {size.width:g} mm with letters of {size.smallest:g} points ({size.name})"
    )
    wider = {columns: width for columns, width in load_presets()[size.preset]["columns"].items() if width > size.width}
    for columns in wider:
        other = size_of(size.preset, columns)
        if _attempt(other, other.width, draw) is not None:
            return f"{start}: it has in {other.width:g} mm. Choose --preset {size.preset} --columns {columns}."
    width = size.width + STEP
    while width <= WIDEST:
        if _attempt(size, width, draw) is not None:
            return f"{start}: it needs {width:g} mm, wider than {size.preset} prints. Show less, or put its table in its place."
        width += STEP
    return f"{start}, nor in {WIDEST:g} mm. Show less in it, or put its table in its place."


def _enlarged(drawing: Drawing, size: Size) -> Drawing:
    """The page exactly as wide as the column, and every letter larger in proportion."""
    figure = drawing.figure
    width, height = figure.get_size_inches()
    figure.set_size_inches(size.width / 25.4, height * size.width / 25.4 / width)
    if size.scale != 1:
        _letters(figure, size.scale)
    return drawing


def _letters(figure: Figure, scale: float) -> None:
    """Letters of ticks are set for each axis as a whole, since ticks are made anew when a figure is drawn."""
    ticks: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [*axis.get_ticklabels(), *axis.get_ticklabels(minor=True)]
            ticks |= set(labels)
            if labels:
                axis.set_tick_params(
                    which="both", labelsize=scale * max(float(label.get_fontsize()) for label in labels)
                )
    for text in figure.findobj(Text):
        if text not in ticks:
            text.set_fontsize(scale * float(text.get_fontsize()))


# Files ---------------------------------------------------------------------------------------------------------------


def save_at(size: Size, drawing: Drawing, stem: str | Path) -> list[Path]:
    """Write a drawing as `figure_files.save` does, with PNG and TIFF (LZW, no transparency) at the preset's resolution.

    stem     path without a suffix
    returns  the files written
    """
    stem = Path(stem)
    image, words = _bitmap(drawing, size.dpi), {"Title": drawing.title, "Description": drawing.alt}
    content = figure_files.vectors(drawing) | {
        "png": _png(image, size.dpi, words),
        "tiff": _tiff(image, size.dpi, drawing.alt),
    }
    return figure_files.write(stem, content | figure_files.beside(drawing, {"preset": size.preset, "columns": size.columns, "dpi": size.dpi, "no_room": drawing.no_room}))  # fmt: skip


def _bitmap(drawing: Drawing, dpi: int) -> Any:
    from PIL import Image

    buffer = io.BytesIO()
    with style.applied():
        drawing.figure.savefig(buffer, format="png", dpi=dpi)
    return Image.open(buffer).convert("RGB")


def _png(image: Any, dpi: int, words: Mapping[str, str]) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info, buffer = PngInfo(), io.BytesIO()
    for key, text in words.items():
        if text:
            info.add_itxt(key, text)
    image.save(buffer, "PNG", dpi=(dpi, dpi), pnginfo=info)
    return buffer.getvalue()


def _tiff(image: Any, dpi: int, alt: str) -> bytes:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags, buffer = ImageFileDirectory_v2(), io.BytesIO()
    tags[270] = alt.encode()  # ImageDescription
    image.save(buffer, "TIFF", compression="tiff_lzw", dpi=(dpi, dpi), tiffinfo=tags)
    return buffer.getvalue()
