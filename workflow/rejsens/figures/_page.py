"""How much of a figure stands side by side on the page at hand: the report's, or a journal's."""

from __future__ import annotations

from rejsens import style

LEAST_HALF = 55.0  # mm; below it one column takes the whole width


def beside(least: float, most: int) -> int:
    """How many columns of at least `least` mm stand side by side: at most `most`, at least one."""
    return max(1, min(most, int((style.PAGE - 2 * style.MARGIN) / least)))


def whole() -> float:
    """mm between the margins."""
    return style.PAGE - 2 * style.MARGIN


def half(gap: float) -> float:
    """mm of one of two columns with a gap between, or of the one that a narrow page has."""
    return (whole() - gap) / 2 if halved(gap) else whole()


def halved(gap: float) -> bool:
    """Whether the page is wide enough for two columns."""
    return (whole() - gap) / 2 >= LEAST_HALF


def wider() -> float:
    """mm that the page is wider than the report's; negative on a narrower one."""
    return style.PAGE - REPORT


REPORT = style.PAGE
