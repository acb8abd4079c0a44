"""The questionnaire as one self-contained page: no script, nothing from the network; readable on a phone, printable.

Each item is a `fieldset` with its answers, so that a screen reader says what an answer belongs to. On a wide screen and on
paper the answers of a grid stand in columns under one head, on a phone below one another.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rejsens.questionnaire.model import Questionnaire

TEMPLATES = Path(__file__).resolve().parents[2] / "report" / "questionnaire"


def html(questionnaire: Questionnaire) -> str:
    """The page as text; the same questionnaire gives the same text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = lambda code: f"{code:g}"
    return environment.get_template("page.html.j2").render(
        q=questionnaire, pages=list(questionnaire.pages()), blocks=list(questionnaire.blocks())
    )
