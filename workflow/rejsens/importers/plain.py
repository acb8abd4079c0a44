"""A plain table: one header row, one row for each person; whatever program wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rejsens.importers.model import Head, Layout

TITLE = "a plain table"
COMPANION = ""
IDS = ("participant", "participant_id", "subject", "subject_id", "panel_id", "person", "respondent", "id", "ID", "code")
PERSONAL: dict[str, str] = {}
DATES = None
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()


def recognise(head: Head) -> str:
    """A text file of no platform that is known."""
    return "no platform's own columns stand in its header" if head.container == "text" else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    return Layout(head.names)
