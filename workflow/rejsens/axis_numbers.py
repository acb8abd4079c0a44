"""Numbers on the axes of a drawing in the manner of the profile that `apa` prints with."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, ScalarFormatter

from rejsens import apa


class Printed(Formatter):
    """What another formatter writes, retold."""

    def __init__(self, own: Formatter) -> None:
        self.own = own

    def __call__(self, x: float, pos: int | None = None) -> str:
        return apa.retold(self.own(x, pos))

    def set_axis(self, axis: Any) -> None:
        self.own.set_axis(axis)

    def set_locs(self, locs: Any) -> None:
        self.own.set_locs(locs)

    def get_offset(self) -> str:
        return apa.retold(self.own.get_offset())


def print_axes(figure: Figure) -> None:
    """Give every axis that counts by itself the profile's numbers; labels that a figure wrote are left alone."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            own = axis.get_major_formatter()
            if isinstance(own, ScalarFormatter):
                axis.set_major_formatter(Printed(own))
