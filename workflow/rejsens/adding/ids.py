"""Who answered, without saying who: the study's key file, its fingerprint, and the keyed hash that replaces every id.

The key file stands outside the study's folder and outside every repository: whoever holds it can recognise a known id.
It is the file that the environment variable REJSENS_ID_KEY names, else the one in `~/.config/rejsens/` (or below
XDG_CONFIG_HOME) whose fingerprint the study's sidecars state. One key serves all waves of a study, or they would never link.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rejsens.problems import Problem, Refused, counted, listed

VARIABLE = "REJSENS_ID_KEY"
SHORTEST = 16  # bytes; a shorter key could be tried out
NO_ID = {"", "na", "n/a", "#n/a", "nan", "null", "none", "."}
SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+")  # Excel's and pandas' way with long numbers: always a sign
DECIMAL = re.compile(r"\d+[.,]0+")  # 1001.0: a whole number that went through a column with gaps
EXCEL_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?")


def fingerprint(key: bytes) -> str:
    """What a sidecar states of the key: it shows that two waves used the same one, and gives nothing away.

    >>> fingerprint(b"a key that stands outside the repository")
    '0c6b069ffeb4a89b'
    """
    return hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]


def hashed(text: str, key: bytes) -> str:
    """The pseudonym of one id: HMAC-SHA256, the first 16 hexadecimal digits. Blanks around the id do not count, case does.

    >>> hashed(" 007 ", b"a key") == hashed("007", b"a key") != hashed("7", b"a key")
    True
    """
    return hmac.new(key, text.strip().encode(), hashlib.sha256).hexdigest()[:16]


def hash_all(ids: Iterable[str], key: bytes) -> list[str]:
    """The pseudonym of every id, in order; a row without an id stays without."""
    known: dict[str, str] = {}
    return [known.setdefault(text, hashed(text, key) if text.strip() else "") for text in ids]


def study_of(sidecar: Path | str) -> Path | None:
    """The folder of the study that a sidecar belongs to, when it stands in data/waves/."""
    path = Path(sidecar).resolve()
    return path.parents[2] if path.parent.parts[-2:] == ("data", "waves") else None


# --- the key file ----------------------------------------------------------------------------------------------------


def key_folder() -> Path:
    """Where keys are kept unless the environment variable names a file."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".config") / "rejsens"


def make_closed(place: Path) -> None:
    """Make the folder for keys, or one below it, such that only its owner may look in, whatever the umask."""
    own = [folder for folder in (place, *place.parents) if folder.is_relative_to(key_folder()) and not folder.exists()]
    for folder in reversed(own):
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)


def find_key(stated: str | None, where: str, study: Path | str | None = None) -> bytes:
    """The key with which the ids of a study are hashed.

    stated    the fingerprint that the study's sidecars state; None when they state none
    where     file or setting that a refusal names
    study     the study's folder, in which no key may stand
    returns   the key, as bytes
    raises    Refused: no key, another key, a key within reach of readers of the study
    """
    named = os.environ.get(VARIABLE, "")
    if named:
        key = read_key(Path(named), where, study)
        if fingerprint(key) != stated:
            raise Refused(
                Problem(
                    where,
                    "Another key for participant ids",
                    f"this key's fingerprint is {fingerprint(key)}",
                    str(stated),
                    "use the study's one key, or the waves would never link",
                ),
                where,
            )
        return key
    for path in _kept_keys():
        with contextlib.suppress(OSError):
            if fingerprint(path.read_bytes().strip()) == stated:
                return read_key(path, where, study)
    wanted = f"with the fingerprint {stated}" if stated else "(the sidecar states no `key_fingerprint`)"
    raise Refused(
        Problem(
            where,
            "The key for participant ids is missing",
            f"the environment variable {VARIABLE} names no file, and {key_folder()} holds no key {wanted}",
            "",
            f"set {VARIABLE} to the study's key file, which stands outside the repository; "
            "whoever added the earlier waves has it",
        ),
        where,
    )


def key_of_environment(where: str, study: Path | str | None = None) -> bytes | None:
    """The key that REJSENS_ID_KEY names, or None when it names none; for a study that has no hashed wave yet."""
    named = os.environ.get(VARIABLE, "")
    return read_key(Path(named), where, study) if named else None


def read_key(path: Path, where: str, study: Path | str | None = None) -> bytes:
    """The content of a key file, without line ends that an editor may have added; refused where others could read it."""
    if not path.is_file():
        raise Refused(
            Problem(
                where,
                "The key for participant ids is missing",
                f"the environment variable {VARIABLE} names no file",
                "",
                "set it to the study's key file, which stands outside the repository",
            ),
            where,
        )
    if within := within_reach(path, study):
        raise Refused(
            Problem(
                where,
                "The key for participant ids stands where readers of the study would find it",
                f"the key file stands inside {within}",
                "",
                f"move it outside (for instance to {key_folder()}) and set {VARIABLE} to its new place; "
                "if it was ever shared with the data, ask how to make a new one",
            ),
            where,
        )
    key = path.read_bytes().strip()
    if len(key) < SHORTEST:
        raise Refused(
            Problem(
                where,
                "The key for participant ids is too short",
                f"{len(key)} characters",
                f"at least {SHORTEST}",
                "take the study's own key file; a short key could be found by trying",
            ),
            where,
        )
    return key


def within_reach(path: Path, study: Path | str | None) -> str:
    """The study or work tree that holds a path, in words; the empty string when none does."""
    place = path.resolve()
    if study is not None and place.is_relative_to(Path(study).resolve()):
        return "the study's folder"
    return "a git work tree" if any((folder / ".git").exists() for folder in place.parents) else ""


def _kept_keys() -> list[Path]:
    return sorted(key_folder().glob("*.key"))


def new_key() -> bytes:
    """A key of 256 random bits, as text that survives being mailed or printed."""
    return secrets.token_hex(32).encode()


def store_key(key: bytes, study: Path | str) -> Path:
    """Write a new key into the key folder, readable by its owner alone; an existing file is never touched.

    raises   Refused when the key folder lies inside the study or a git work tree
    """
    name = re.sub(r"[^\w-]+", "-", Path(study).resolve().name) or "study"
    path = key_folder() / f"{name}-{fingerprint(key)}.key"
    if within := within_reach(path, study):
        raise Refused(
            Problem(
                str(key_folder()),
                "The key for participant ids stands where readers of the study would find it",
                f"the folder for keys lies inside {within}",
                "",
                f"make a key elsewhere and set {VARIABLE} to it",
            ),
            "The key",
        )
    make_closed(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # half a key is none, and would stand in the way of a whole one
        raise
    return path


# --- the ids of an export --------------------------------------------------------------------------------------------


def id_problems(ids: Sequence[str], rows: Sequence[int], column: str) -> list[Problem]:
    """Ids that a spreadsheet has damaged beyond repair, or that are none; rows are named, ids never are."""
    seen: dict[str, Callable[[str], object]] = {
        "written as rounded numbers (such as 1.23E+05)": lambda text: SCIENTIFIC.fullmatch(text),
        "written with decimals (such as 1001.0)": lambda text: DECIMAL.fullmatch(text),
        "error values of a spreadsheet": lambda text: EXCEL_ERROR.fullmatch(text) and text.casefold() not in NO_ID,
    }
    problems = []
    for what, is_so in seen.items():
        hit = [row for text, row in zip(ids, rows, strict=True) if is_so(text.strip())]
        if hit:
            problems.append(
                Problem(
                    column,
                    "Participant ids that a spreadsheet has damaged",
                    f"{counted(len(hit), 'id')} {'is' if len(hit) == 1 else 'are'} {what}, {_rows(hit)}",
                    "the ids as the platform gave them",
                    "export the wave again as CSV, and do not open it in a spreadsheet before it is added",
                )
            )
    blank = [row for text, row in zip(ids, rows, strict=True) if text.strip().casefold() in NO_ID]
    if blank:
        problems.append(
            Problem(
                column,
                "Rows without a participant id",
                _rows(blank),
                "",
                "fill in the id, remove the rows from the export, or declare them as `leave_out:` in a maps file",
            )
        )
    return problems


def link_problems(
    ids: Sequence[str], rows: Sequence[int], known: set[str], key: bytes | None, column: str
) -> tuple[list[Problem], int]:
    """How many people of a new wave are known from earlier waves, and what it looks like when too few are.

    ids       as the export holds them, one per row
    known     the ids of all earlier waves, as they are stored there
    key       the key that hashes them; None when ids are stored as they are
    returns   the faults, and the number of different people who are known
    """
    stored = {text: hashed(text, key) if key else text.strip() for text in ids if text.strip()}
    people = {s for s in stored.values()}
    met = people & known
    if not known or not people:
        return [], 0
    problems = []
    for what, variants in (
        ("with leading zeros", lambda t: (t.zfill(width) for width in range(len(t) + 1, 13))),
        ("in small letters", lambda t: (t.lower(),)),
        ("in capital letters", lambda t: (t.upper(),)),
    ):
        would = {
            text
            for text, s in stored.items()
            if s not in known and any((hashed(v, key) if key else v) in known for v in variants(text.strip()))
        }
        if would:
            hit = [row for text, row in zip(ids, rows, strict=True) if text in would]
            problems.append(
                Problem(
                    column,
                    "Participant ids that lost something",
                    f"{counted(len(would), 'id')} would be known from earlier waves if written {what}, {_rows(hit)}",
                    "the ids as they were in earlier waves",
                    "export the wave again without opening it in a spreadsheet, or correct the ids",
                )
            )
    if not met and not problems:
        problems.append(
            Problem(
                column,
                "Nobody is known from earlier waves",
                f"0 of {len(people)} ids are known from earlier waves",
                "",
                "were these other people? If not: was another key used, another column, or were leading zeros lost?",
                blocks=False,
            )
        )
    return problems, len(met)


def _rows(rows: Sequence[int]) -> str:
    return f"row{'s' if len(rows) != 1 else ''} {listed(list(rows))}"
