"""What a person states about a new wave: flags, answers at the terminal, a file of maps; read into one object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rejsens.declarations import load_yaml, schema_problems
from rejsens.problems import Problem, Refused, did_you_mean, listed

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}")
FACTS = (
    "title",
    "population",
    "language",
    "mode",
    "source",
    "licence",
    "contact",
    "consent",
    "role",
    "retest_of",
    "simulated",
)
FOUND_OUT = ("sha256", "original", "file", "dropped", "joined")  # what no person states
NOBODY = "none"  # `--participant none`: the export says nowhere who answered


@dataclass(frozen=True)
class Request:
    """Everything a person stated. What is None or empty is found out, or asked.

    given        column -> item ("none": no item)
    instruments  entries of a sidecar's `instruments:`; `only` when the list is whole (it came from a maps file)
    labels       item or instrument -> (answer -> code)
    settings     sidecar keys that are taken as they stand
    facts        title, population, language, mode, source, licence, contact, consent, role, retest_of, simulated
    """

    name: str
    export: Path
    study: Path = Path(".")
    platform: str | None = None
    companion: Path | None = None
    encoding: str | None = None
    delimiter: str | None = None
    participant: str | None = None
    ids: str = "auto"
    given: Mapping[str, str] = field(default_factory=dict)
    instruments: tuple[Mapping[str, Any], ...] = ()
    only: bool = False
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing: tuple[str | float, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    partial: frozenset[str] = frozenset()
    keep_text: frozenset[str] = frozenset()
    dates_from: str | None = None
    dates_to: str | None = None
    joins: tuple[Path, ...] = ()
    accept_suggestions: bool = False


def parse_instrument(text: str) -> dict[str, Any]:
    """One `--instrument`: an id and its settings, as an entry of a sidecar's `instruments:`.

    >>> parse_instrument("rses:order=A,anchor_direction=ascending,columns=Q7_{n}")
    {'id': 'rses', 'order': 'A', 'anchor_direction': 'ascending', 'columns': 'Q7_{n}'}
    >>> parse_instrument("background:columns=[Q3,Q7],items=[age,gender]")
    {'id': 'background', 'columns': ['Q3', 'Q7'], 'items': ['age', 'gender']}
    """
    name, _, rest = text.partition(":")
    entry: dict[str, Any] = {"id": name.strip()}
    problems = []
    for part in re.split(r",(?![^\[]*\])", rest) if rest.strip() else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            problems.append(f"“{part.strip()}” has no =")
            continue
        if value.startswith("["):
            entry[key] = [_plain(v.strip(), key) for v in value.strip("[]").split(",") if v.strip()]
        else:
            entry[key] = _plain(value, key)
    where = f"--instrument {entry['id']}"
    found = [
        Problem(where, "A flag that cannot be read", what, "ID:setting=value,setting=[value,value]", "correct it")
        for what in problems
    ]
    found += entry_problems(entry, where)
    if found:
        raise Refused(found, "The flags")
    return entry


def _plain(value: str, key: str) -> Any:
    """Numbers where the sidecar wants numbers; order names and columns stay text."""
    if key not in ("range", "missing_codes"):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def entry_problems(entry: Mapping[str, Any], where: str) -> list[Problem]:
    """What the schema of sidecars says against one entry of `instruments:`."""
    return _schema_problems({"instruments": [entry]}, where)


def _schema_problems(content: Any, where: str) -> list[Problem]:
    """The sidecar's schema, applied to a part of a sidecar: what is not stated is no fault."""
    found = schema_problems(content, "wave", where)
    return [p for p in found if not (p.where == where and p.cause == "Missing settings")]


def parse_map(text: str) -> tuple[str, str]:
    """One `--map COLUMN=ITEM`; the column's name may itself hold an equals sign.

    >>> parse_map("Q1=age"), parse_map("a=b=age")
    (('Q1', 'age'), ('a=b', 'age'))
    """
    column, equals, item = text.rpartition("=")
    if not equals or not column.strip() or not item.strip():
        raise Refused(
            Problem(f"--map {text}", "A flag that cannot be read", "it has no =", "COLUMN=ITEM", "correct it"),
            "The flags",
        )
    return column.strip(), item.strip()


def parse_code(text: str) -> str | float:
    """One `--missing`: a number where it spells one, else a text."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def read_labels(path: Path) -> dict[str, dict[str, float]]:
    """A labels file: item or instrument -> (answer -> code).

    raises   Refused: no YAML, or not of this form
    """
    content = load_yaml(path)
    content = content.get("labels", content) if isinstance(content, Mapping) else content
    if problems := _schema_problems({"labels": content}, str(path)):
        raise Refused(problems, str(path))
    return {name: {str(text): code for text, code in codes.items()} for name, codes in (content or {}).items()}


def read_maps(path: Path) -> dict[str, Any]:
    """A maps file: keys of a sidecar, of which none is required.

    raises   Refused: no YAML, unknown keys, or keys that are found out and not stated
    """
    content = load_yaml(path)
    content = {} if content is None else content
    problems = _schema_problems(content, str(path))
    for key in FOUND_OUT:
        if isinstance(content, Mapping) and key in content:
            problems.append(
                Problem(
                    f"{path} › {key}",
                    "Settings that are found out",
                    f"“{key}” is worked out from the export",
                    "",
                    "remove it",
                )
            )
    if problems:
        raise Refused(problems, str(path))
    return dict(content)


def with_maps(request: Request, maps: Mapping[str, Any]) -> Request:
    """The request with the keys of a maps file merged in; flags say more than the file."""
    rest = dict(maps)
    participant = rest.pop("participant", {})
    labels = {k: dict(v) for k, v in rest.pop("labels", {}).items()}
    for name, codes in request.labels.items():
        labels[name] = {**labels.get(name, {}), **codes}
    listed_instruments = rest.pop("instruments", None)
    collected = rest.pop("collected", {})
    facts = {key: rest.pop(key) for key in FACTS if key in rest}
    platform, encoding, delimiter = (rest.pop(key, None) for key in ("platform", "encoding", "delimiter"))
    return replace(
        request,
        platform=request.platform or platform,
        encoding=request.encoding or encoding,
        delimiter=request.delimiter or delimiter,
        participant=request.participant or participant.get("column"),
        given={**rest.pop("headers", {}), **request.given},
        instruments=(*(listed_instruments or ()), *request.instruments),
        only=request.only or listed_instruments is not None,
        labels={name: {str(k): v for k, v in codes.items()} for name, codes in labels.items()},
        facts={**facts, **request.facts},
        dates_from=request.dates_from or collected.get("from"),
        dates_to=request.dates_to or collected.get("to"),
        settings={**rest, **request.settings},
    )


def flag_problems(request: Request, platforms: Iterable[str]) -> list[Problem]:
    """Flags that cannot mean anything, before a file is opened."""
    problems = []
    if not NAME.fullmatch(request.name) or request.name.startswith("_"):
        problems.append(
            Problem("--name", "A wave's name", "the name cannot be a file's name everywhere",
                    "letters, digits, - and _, beginning with a letter or digit", "choose another, such as 2026b")
        )  # fmt: skip
    if request.platform and request.platform not in platforms:
        hint = did_you_mean(request.platform, platforms)
        problems.append(
            Problem("--platform", "An unknown platform", f"“{request.platform}”", listed(list(platforms), 20), hint)
        )
    if request.ids not in ("auto", "hash", "keep"):
        problems.append(
            Problem("--ids", "Settings with a wrong value", f"“{request.ids}”", "auto, hash or keep", "choose one")
        )
    for flag, value in (("--dates-from", request.dates_from), ("--dates-to", request.dates_to)):
        if value and not _is_day(value):
            problems.append(
                Problem(
                    flag,
                    "Settings with a wrong value",
                    f"“{value}”",
                    "year-month-day, such as 2026-03-31",
                    "correct it",
                )
            )
    if request.dates_from and request.dates_to and request.dates_from > request.dates_to:
        problems.append(
            Problem("--dates-from", "Settings with a wrong value", "the first day lies after the last", "", "swap them")
        )
    return problems


def _is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, as year-month-day."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


LINE_EACH = ("headers", "labels", "multiple", "questions", "replaces", "stored_totals")  # one line for each entry


def yaml_text(content: Mapping[str, Any]) -> str:
    """A sidecar as YAML for people: keys in the given order, one line for each column, instrument or label map.

    >>> print(yaml_text({"title": "Wave 1", "headers": {"Q1": "age"}, "instruments": [{"id": "gad7"}]}), end="")
    title: Wave 1
    headers:
      Q1: age
    instruments:
    - {id: gad7}
    """
    lines = []
    for key, value in content.items():
        if key in LINE_EACH and value:
            lines += [f"{key}:", *(f"  {_one_line({name: entry})}" for name, entry in value.items())]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{key}:", *(f"- {_flow(entry)}" for entry in value)]
        else:
            lines.append(_one_line({key: value}))
    return "\n".join(lines) + "\n"


LONGEST_KEY = 1000  # a longer one needs YAML's own sign for keys


def _one_line(entry: Mapping[str, Any]) -> str:
    """`key: value`, the value in one line however long it is."""
    ((key, value),) = entry.items()
    written = _flow(str(key))
    return f"{written}: {_flow(value)}" if len(written) < LONGEST_KEY else f"? {written}\n  : {_flow(value)}"


def _flow(value: Any) -> str:
    """A value in one line of YAML; a text with line breaks in quotation marks, as in JSON."""
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=True)
    return text.removesuffix("...\n").strip()


def request_of(
    *,
    export: Path,
    name: str,
    pairs: Sequence[str] = (),
    instruments: Sequence[str] = (),
    labels: Sequence[Path] = (),
    missing: Sequence[str] = (),
    maps: Sequence[Path] = (),
    partial: Sequence[str] = (),
    keep_text: Sequence[str] = (),
    joins: Sequence[Path] = (),
    companion: Path | None = None,
    facts: Mapping[str, Any] | None = None,
    **others: Any,
) -> Request:
    """The request that flags make; paths are taken from the folder one stands in.

    raises   Refused with the faults of all flags and files
    """
    problems: list[Problem] = []

    def read(parse: Any, values: Sequence[Any]) -> list[Any]:
        found = []
        for value in values:
            try:
                found.append(parse(value))
            except Refused as refused:
                problems.extend(refused.problems)
        return found

    given, entries = read(parse_map, pairs), read(parse_instrument, instruments)
    label_files, map_files = read(read_labels, labels), read(read_maps, maps)
    if problems:
        raise Refused(problems, "The flags")
    merged: dict[str, dict[str, float]] = {}
    for content in label_files:
        for key, codes in content.items():
            merged[key] = {**merged.get(key, {}), **codes}
    request = Request(
        name=name,
        export=export.resolve(),
        companion=companion.resolve() if companion else None,
        joins=tuple(path.resolve() for path in joins),
        given=dict(given),
        instruments=tuple(entries),
        labels=merged,
        missing=tuple(map(parse_code, missing)),
        partial=frozenset(partial),
        keep_text=frozenset(keep_text),
        facts={key: value for key, value in (facts or {}).items() if value is not None},
        **others,
    )
    for content in map_files:
        request = with_maps(request, content)
    return request
