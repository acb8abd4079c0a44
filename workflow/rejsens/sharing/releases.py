"""Which public copies a study has made: what the next one has to be compared with, kept where only its owner reads it.

`config/releases.yaml` travels with the study and says that there were releases. Who was in them, and in which class of
equals, stands beside the study's keys (`~/.config/rejsens/releases/`), as keyed hashes and bare numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rejsens.adding.ids import key_folder, make_closed, within_reach
from rejsens.declarations import load_yaml
from rejsens.problems import Problem, Refused, listed
from rejsens.sharing.anonymity import NEVER, classes
from rejsens.whole_files import write_whole

STATED = "config/releases.yaml"
HEAD = (
    "# Public copies made of this study (`rejsens export --public`). The next one is compared with each of them, so keep\n"
    "# this file with the study. Who was in them stands on the computer that made them, beside the study's keys.\n"
)


@dataclass(frozen=True)
class Record:
    """One release: its name, its k, and keyed hash of each person -> number of the class of equals they stood in."""

    name: str
    k: int
    people: Mapping[str, int]


@dataclass(frozen=True)
class History:
    """Every earlier release of a study, and the secret with which its people are hashed."""

    study: str
    secret: bytes
    records: tuple[Record, ...] = ()

    def known_as(self, participant: str) -> str:
        return hmac.new(self.secret, participant.encode(), hashlib.sha256).hexdigest()

    def earlier(self, ids: Sequence[str]) -> np.ndarray:
        """Class of each person in all earlier releases together, (n + withdrawn,): NEVER for who was in none.

        ids   (n,), the people of today; behind them stand those who were in a release and are no longer in the study
        """
        hashes = [self.known_as(name) for name in ids]
        today = set(hashes)
        hashes += sorted({h for record in self.records for h in record.people if h not in today})
        columns = [np.array([record.people.get(h, NEVER) for h in hashes], int) for record in self.records]
        if not columns:
            return np.full(len(hashes), NEVER)
        never = np.logical_and.reduce([column == NEVER for column in columns])
        return np.where(never, NEVER, classes(columns, len(hashes)))

    def record(self, ids: Sequence[str], shown: np.ndarray, gone: np.ndarray, k: int) -> Record:
        """What is to be remembered of a release: (n,) people, their classes, and who of them is not in it."""
        held = {
            self.known_as(name): int(number) for name, number, out in zip(ids, shown, gone, strict=False) if not out
        }
        return Record(secrets.token_hex(4), k, dict(sorted(held.items())))


def history_of(folder: Path | str) -> History:
    """The releases of a study so far; a new history where it made none.

    raises   Refused: the study states a release whose record is not on this computer, or the records stand inside a study
             or a repository
    """
    stated = _stated(Path(folder))
    if not stated:
        return History(secrets.token_hex(8), secrets.token_hex(32).encode())
    place = _place(stated["study"], folder)
    names = [entry["id"] for entry in stated["releases"]]
    absent = [name for name in names if not (place / f"{name}.json").is_file()]
    if absent or not (place / "secret").is_file():
        raise Refused(
            Problem(
                STATED,
                "The record of an earlier public copy is not on this computer",
                f"release {listed(absent or names)} is stated, and {place} does not hold it",
                "",
                "make this copy where the earlier ones were made, or bring that folder here from there; without it "
                "nobody can tell whom the two copies would single out together",
            ),
            "The public copy",
        )
    read = [json.loads((place / f"{name}.json").read_text(encoding="utf-8")) for name in names]
    records = tuple(Record(name, r["k"], r["people"]) for name, r in zip(names, read, strict=True))
    return History(stated["study"], (place / "secret").read_bytes().strip(), records)


def remember(history: History, record: Record, folder: Path | str, newest: str) -> Path:
    """Keep the record of a release, closed to other users, and state the release in the study; returns where it is kept.

    newest   name of the newest wave in it
    """
    place = _place(history.study, folder)
    make_closed(place)
    if not (place / "secret").exists():
        write_whole(place / "secret", history.secret.decode() + "\n", closed=True)
    write_whole(place / f"{record.name}.json", json.dumps({"k": record.k, "people": record.people}), closed=True)
    told = [*(_stated(Path(folder)) or {"releases": []})["releases"]]
    told.append({"id": record.name, "newest_wave": newest, "people": len(record.people), "k": record.k})
    _state(history, told, folder)
    return place / f"{record.name}.json"


def forget(history: History, record: Record, folder: Path | str) -> None:
    """Take a release off the record that nobody can have seen."""
    (_place(history.study, folder) / f"{record.name}.json").unlink(missing_ok=True)
    told = [e for e in (_stated(Path(folder)) or {"releases": []})["releases"] if e["id"] != record.name]
    _state(history, told, folder) if told else (Path(folder) / STATED).unlink(missing_ok=True)


def _state(history: History, told: Sequence[Mapping[str, object]], folder: Path | str) -> None:
    lines = [f"  - {json.dumps(entry, ensure_ascii=False)}\n" for entry in told]
    write_whole(Path(folder) / STATED, HEAD + f'study: "{history.study}"\nreleases:\n' + "".join(lines))


def _stated(folder: Path) -> dict[str, Any] | None:
    path = folder / STATED
    if not path.is_file():
        return None
    content = load_yaml(path)
    entries = content.get("releases") if isinstance(content, dict) else None
    names = (
        [content.get("study"), *(e.get("id") if isinstance(e, dict) else None for e in entries or [None])]
        if entries
        else [None]
    )
    if not all(isinstance(name, str) and name.isalnum() for name in names):
        fix = "bring back the file as `rejsens export --public` wrote it; nobody needs to edit it"
        raise Refused(
            Problem(STATED, "The list of releases cannot be read", "it is not as it was written", "", fix),
            "The public copy",
        )
    return content


def _place(study: str, folder: Path | str) -> Path:
    place = key_folder() / "releases" / study
    if within := within_reach(place, folder):
        raise Refused(
            Problem(
                str(key_folder()),
                "Records of releases stand where readers of the study would find them",
                f"the folder for keys lies inside {within}",
                "",
                "set XDG_CONFIG_HOME to a folder outside of it",
            ),
            "The public copy",
        )
    return place
