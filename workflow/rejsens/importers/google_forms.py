"""Google Forms: the question texts are the header, answers are texts, several ticked boxes are one cell.

The linked sheet and its CSV have one row for each response, a time stamp first, "Email Address" where addresses were
collected, one column for each question under its own text, one for each row of a grid under "question [row]"; ticked boxes
are joined by ", " (support.google.com/docs › View & manage form responses; developers.google.com/apps-script/reference/forms).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rejsens.importers.model import Head, Layout

TITLE = "Google Forms"
COMPANION = ""
IDS = ("Participant ID", "Participant id", "participant", "ID", "Code", "Your code", "Email Address", "Username")
TIMESTAMPS = ("Timestamp", "Zeitstempel", "Horodateur", "Marca temporal", "Informazioni cronologiche", "Carimbo de data/hora", "Tijdstempel", "Tidsstämpel", "Sygnatura czasowa", "Aikaleima", "Tidsstempel", "Časová značka", "Отметка времени", "タイムスタンプ", "时间戳记", "타임스탬프")  # fmt: skip
PERSONAL = {
    "Email Address": "e-mail address", "Email address": "e-mail address", "Username": "e-mail address", "E-Mail-Adresse": "e-mail address",
    "Adresse e-mail": "e-mail address", "Dirección de correo electrónico": "e-mail address", "Indirizzo email": "e-mail address",
    "Endereço de e-mail": "e-mail address", "E-mailadres": "e-mail address",
}  # fmt: skip
DATES = ("Timestamp", "Timestamp")
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()


def recognise(head: Head) -> str:
    sentences = sum(" " in name for name in head.names[1:])
    if head.names[:1] and head.names[0] in TIMESTAMPS and sentences * 2 >= len(head.names) - 1:
        return f"the first column is “{head.names[0]}” and the others are headed by questions"
    return ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """The names are the questions."""
    return Layout(head.names, questions={n: n for n in head.names if n not in (*TIMESTAMPS, *PERSONAL)})
