"""What a questionnaire asks in any wave and form: each instrument and item once, with the scale that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from rejsens.definitions import Instrument, Item, load_instruments
from rejsens.problems import Problem, Refused, listed
from rejsens.questionnaire.reading import Wanted, frame_of
from rejsens.registry import SHIPPED
from rejsens.translations import SOURCE, language_name


@dataclass(frozen=True)
class Scale:
    """What a scale is about: what belongs to it and what does not. Items of a scale that is not `reviewed` are no sentences to rate."""

    name: str
    items: tuple[str, ...]
    inside: str
    outside: str
    reviewed: bool = True

    def holds(self, item: str) -> bool:
        return any(fnmatchcase(item, pattern) for pattern in self.items)


@dataclass(frozen=True)
class Contents:
    """instruments in the order of asking; scales and principles as the questionnaire's file states them."""

    id: str
    title: str
    instruments: tuple[Instrument, ...]
    scales: tuple[Scale, ...]
    principles: tuple[Mapping[str, str], ...]

    def items(self) -> list[tuple[Instrument, Item]]:
        """Items with wording that measure something, and those that watch over the data's quality."""
        return [(i, item) for i in self.instruments for item in i.items if item.wording and i.id != "background"]

    def scale_of(self, instrument: Instrument, item: str) -> Scale:
        """The scale that an item belongs to; its instrument, where the questionnaire's file states no scales."""
        own = Scale(instrument.title, (), instrument.title, "not stated")
        return next((scale for scale in self.scales if scale.holds(item)), own)


def contents(wanted: Wanted) -> Contents:
    """Everything that a questionnaire can ask.

    raises   Refused: no such questionnaire; a language other than the source's, in which these pages are not made; items
             that belong to no scale, or to two
    """
    if wanted.translation:
        said = f"what is in and out of each scale is written in {language_name(SOURCE)}, and so is the measure of readability"
        fix = "leave `--language` out; the words in other languages stand in schemas/instruments/ID.LANGUAGE.yaml"
        raise Refused(Problem(wanted.name, "Pages in one language", said, SOURCE, fix), "The questionnaire")
    instruments = load_instruments([SHIPPED / "schemas" / "instruments", wanted.study / "schemas" / "instruments"])
    frame: dict[str, Any] = frame_of(wanted, instruments)
    asks = [ask for block in frame["blocks"].values() for ask in block["ask"]]
    asks += [extra for ask in asks for extra in ask.get("insert", ())]
    used = [instruments[name] for name in dict.fromkeys(ask["instrument"] for ask in asks) if name in instruments]
    scales = tuple(Scale(**scale | {"items": tuple(scale["items"])}) for scale in frame.get("scales", ()))
    found = Contents(frame["id"], frame["title"], tuple(used), scales, tuple(frame.get("principles", ())))
    if scales and (problems := _misfiled(found)):
        raise Refused(problems, "The questionnaire")
    return found


def _misfiled(found: Contents) -> list[Problem]:
    problems = []
    for _, item in found.items():
        names = [scale.name for scale in found.scales if scale.holds(item.id)]
        if len(names) != 1:
            problems.append(
                Problem(
                    f"{found.id} › scales",
                    "Items that belong to no scale, or to several",
                    f"{item.id}: {listed(names) or 'none'}",
                    "one scale",
                    "correct `items:`",
                )
            )
    return problems
