"""The questionnaire as one self-contained page: no script, nothing from the network; readable on a phone, printable.

Each item is a `fieldset` with its answers, so that a screen reader says what an answer belongs to. On a wide screen and on
paper the answers of a grid stand in columns under one head, on a phone below one another.
"""

from __future__ import annotations

from rejsens import pages
from rejsens.questionnaire.model import Questionnaire


def html(questionnaire: Questionnaire) -> str:
    """The page as text; the same questionnaire gives the same text."""
    environment = pages.environment(pages.TEMPLATES / "questionnaire")
    environment.filters["code"] = lambda code: f"{code:g}"
    return environment.get_template("page.html.j2").render(
        q=questionnaire, pages=list(questionnaire.pages()), blocks=list(questionnaire.blocks())
    )
