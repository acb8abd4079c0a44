"""The column that says who answered, and what becomes of it: hashed, or kept as the study keeps its ids already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType

from rejsens.adding.columns import Column, column
from rejsens.adding.ids import (
    NO_ID,
    find_key,
    fingerprint,
    hash_all,
    hashed,
    id_problems,
    key_of_environment,
    link_problems,
    new_key,
)
from rejsens.adding.matching import Earlier
from rejsens.adding.personal import PANEL_ID, named, told_by
from rejsens.adding.request import NOBODY, Request
from rejsens.importers.model import Export
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed

NEW_EACH_TIME = {"responseid", "response id", "submissionid", "submission id", "assignmentid", "timestamp"}
MADE_UP = "participant"  # the column of an export in which nobody says who they are


@dataclass
class Participants:
    """Who answered.

    column     its name in the stored wave; None when it is not known
    how        how it was found, in words
    stored     the id of every row as it is stored; "" where a row has none
    key        the key that hashed them; None when they were not hashed
    new_key    whether the key still has to be written
    known      how many different people are known from earlier waves; None where there is none
    people     how many different people there are
    """

    column: str | None = None
    how: str = ""
    stored: list[str] = field(default_factory=list)
    key: bytes | None = None
    new_key: bool = False
    known: int | None = None
    people: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def made_up(self) -> bool:
        return self.how == "made up"

    def entry(self) -> dict[str, str]:
        """The sidecar's `participant:`."""
        return {"column": self.column or "", **({"key_fingerprint": fingerprint(self.key)} if self.key else {})}


def participant_column(
    request: Request, export: Export, module: ModuleType, earlier: Sequence[Earlier], survey: Sequence[str] = ()
) -> tuple[str | None, str, list[Problem]]:
    """The column that says who answered, and how it was found: as stated, as in earlier waves, as the platform has it.

    survey   names under which a questionnaire keeps the id of the panel whose file is joined
    """
    if request.participant == NOBODY:
        return MADE_UP, "made up", []
    columns = list(export.columns)
    if request.participant:
        if request.participant in columns:
            return request.participant, "as you said", []
        hint = did_you_mean(request.participant, columns)
        return None, "", [_unknown("--participant", f"“{request.participant}” is not in the header", hint)]
    before = list(dict.fromkeys(past.wave.participant["column"] for past in earlier))
    for past in earlier:
        if (name := past.wave.participant["column"]) in columns:
            return name, f"as in wave {past.wave.name}", []
    own = next((name for name in (*survey, *module.IDS) if name in columns and _mostly_filled(export, name)), None)
    if before and own:
        found = f"earlier waves know people by {listed([f'“{b}”' for b in before])}, which this export does not hold"
        return None, "", [_unknown("The export", found, f'if “{own}” holds the same ids: --participant "{own}"')]
    if own:
        return own, "the platform's own" if own in module.IDS else "the panel's id", []
    return None, "", [_unknown("The export", "no column is known to say who answered", "")]


def _mostly_filled(export: Export, name: str) -> bool:
    """Whether most rows hold an id: platforms keep columns for ids that a survey never used."""
    counts = column(export, name).counts
    return 2 * sum(n for text, n in counts.items() if text.casefold() not in NO_ID) > export.n_rows


def _unknown(where: str, found: str, hint: str) -> Problem:
    fix = f"name it: --participant COLUMN; where nobody said who they are: --participant {NOBODY}"
    return Problem(where, "The participant column is not known", found, "", f"{hint} or {fix}" if hint else fix)


def participants(
    request: Request,
    present: Column | None,
    name: str | None,
    how: str,
    module: ModuleType,
    earlier: Sequence[Earlier],
    fingerprints: Sequence[str],
    answered: Sequence[bool],
) -> Participants:
    """The ids of a new wave as they are stored.

    Ids are hashed with the study's one key, unless all earlier waves of the study keep theirs as they are and these tell
    nothing of anybody. Blanks around an id go, leading zeros and case stay.

    present        the column; None when nobody said who they are, or it is not known
    fingerprints   of the keys that the study's sidecars state
    answered       which rows are answers of a person; the others need no id
    """
    found = Participants(name, how)
    if present is None or name is None:
        return found
    raw = [text if text.casefold() not in NO_ID else "" for text in present.cells()]
    rows = [int(row) for row in present.rows]
    theirs = [(text, row) for text, row, there in zip(raw, rows, answered, strict=True) if there]
    found.problems += id_problems([text for text, _ in theirs], [row for _, row in theirs], name)
    try:
        found.key, found.new_key = _key(request, name, raw, rows, module, bool(earlier), fingerprints)
    except Refused as refused:
        found.problems += refused.problems
        return found
    found.stored = hash_all(raw, found.key) if found.key else [text.strip() for text in raw]
    found.people = len({text for text in found.stored if text})
    known = known_ids(earlier, found.key)
    problems, met = link_problems(raw, rows, known, found.key, name)
    found.problems += problems
    found.known = met if known else None
    if name.casefold() in NEW_EACH_TIME and how != "as you said":
        found.problems.append(
            Problem(
                name,
                "An id that is new in every wave",
                "the platform gives each response its own id: these people cannot be found again in another wave",
                "",
                "in a study of several waves, name the column with the people's own id: --participant COLUMN",
                blocks=False,
            )
        )
    return found


def _key(
    request: Request,
    name: str,
    raw: Sequence[str],
    rows: Sequence[int],
    module: ModuleType,
    other_waves: bool,
    stated: Sequence[str],
) -> tuple[bytes | None, bool]:
    """The key to hash with (None: ids are kept), and whether it is a new one."""
    if len(stated) > 1:
        raise Refused(
            Problem("data/waves", "Different keys for participant ids", listed(list(stated)), "one key for all waves",
                    "the waves of one study never link otherwise: hash them all with one key"), "The study")  # fmt: skip
    if stated:
        if request.ids == "keep":
            raise Refused(
                Problem("--ids keep", "Ids that would never link", "the earlier waves of this study hold hashed ids", "--ids hash",
                        "leave the flag out"), "The flags")  # fmt: skip
        return find_key(stated[0], name, request.study), False
    plain = other_waves and request.ids != "hash"
    if request.ids == "keep" or plain:
        if problem := _telling(name, raw, rows, module, plain and request.ids == "auto"):
            raise Refused(problem, "The ids")
        return None, False
    if key := key_of_environment(name, request.study):
        return key, False
    return new_key(), True


def _telling(name: str, raw: Sequence[str], rows: Sequence[int], module: ModuleType, by_habit: bool) -> Problem | None:
    """Why ids may not be stored as they are."""
    hit = [
        row for text, row in zip(raw, rows, strict=True) if told_by(text.strip()) or PANEL_ID.fullmatch(text.strip())
    ]
    what = named(name) or (module.PERSONAL.get(name, "") and "the platform's own id")
    if not hit and not what:
        return None
    found = (
        f"{counted(len(hit), 'id')} would tell who somebody is, row{'s' if len(hit) > 1 else ''} {listed(hit)}"
        if hit
        else f"the column holds {what}"
    )
    why = "the earlier waves keep their ids as they are, but these may not be stored; " if by_habit else ""
    return Problem(
        name,
        "Ids that may not be stored as they are",
        found,
        "ids that tell nothing, or hashed ones",
        f"{why}hash them: --ids hash; people are then found again only in waves that were hashed with the same key",
    )


def known_ids(earlier: Sequence[Earlier], key: bytes | None) -> set[str]:
    """The ids of all earlier waves as they are stored; a wave whose export is not at hand adds none."""
    known: set[str] = set()
    for past in earlier:
        known |= {hashed(text, key) for text in past.ids} if key and past.wave.participant.get("hash") else past.ids
    return known


def made_up_ids(name: str, n_rows: int) -> list[str]:
    """Ids for rows of people who said nowhere who they are; they link to nothing.

    >>> made_up_ids("2026b", 2)
    ['2026b-00001', '2026b-00002']
    """
    return [f"{name}-{i:05}" for i in range(1, n_rows + 1)]
