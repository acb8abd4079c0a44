"""The study's declarations: YAML read safely and checked against the JSON Schema of its kind in `schemas/`.

Nothing in a file is evaluated: a file is data, and every fault of a file is reported at once.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from rejsens.limits import YAML_BYTES
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import SHIPPED, sha256
from rejsens.yaml_loader import SMALLER, Unreadable, parse

OWN_DEFAULTS = {"screening": [], "out_of_range": "stop"}  # a study that states no rule sets nobody and nothing aside


def read_yaml(path: Path | str, kind: str) -> dict[str, Any]:
    """Read one declaration and check it against `schemas/{kind}.schema.yaml`; all its faults at once."""
    content = load_yaml(path)
    problems = _problems_of(pickle.dumps(content), kind, str(path))
    if problems:
        raise Refused(list(problems), str(path))
    return content


def load_yaml(path: Path | str) -> Any:
    """The content of a YAML file, of whatever kind; refused when the file is missing or no YAML, or states a key twice."""
    path = Path(path)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device would be waited for without end
            fix = "put a file in its place"
            raise Refused(Problem(str(path), "The file is not valid YAML", "no file stands there", "", fix), str(path))
        with path.open("rb") as file:
            content = file.read(YAML_BYTES + 1)  # a file without an end is not read to it
        if len(content) > YAML_BYTES:
            raise Unreadable(f"the file is larger than {YAML_BYTES:,} bytes", fix=SMALLER)
        return pickle.loads(_pickled(content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")))
    except FileNotFoundError:
        raise Refused(
            Problem(str(path), "A file is missing", "there is no such file", "", f"create {path}"), str(path)
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        other = (
            "a character stands in it that no text has" if isinstance(error, yaml.YAMLError) else "it is not UTF-8 text"
        )
        reason = getattr(error, "problem", None) or other
        raise Refused(
            Problem(
                str(path),
                "The file is not valid YAML",
                f"{place}{reason}",
                "",
                getattr(error, "fix", "") or "correct the indentation or the quotes there",
            ),
            str(path),
        ) from None


@lru_cache(maxsize=512)  # one process reads the same files often; each reader has a copy of its own
def _pickled(text: str) -> bytes:
    return pickle.dumps(parse(text))


@lru_cache(maxsize=512)
def _problems_of(content: bytes, kind: str, where: str) -> tuple[Problem, ...]:
    return tuple(schema_problems(pickle.loads(content), kind, where))


@cache
def validator(kind: str) -> Any:
    """The JSON Schema of one kind of file, ready to check with."""
    from jsonschema import Draft202012Validator, validators

    def pattern(_validator: Any, form: str, text: Any, schema: Any) -> Any:
        """As JSON Schema means it: `$` is the end of the text, where Python would let a line end follow."""
        whole = form.removesuffix("$") + r"\Z" if form.endswith("$") else form
        return Draft202012Validator.VALIDATORS["pattern"](_validator, whole, text, schema)

    strict = validators.extend(Draft202012Validator, {"pattern": pattern})
    text = (SHIPPED / "schemas" / f"{kind}.schema.yaml").read_text(encoding="utf-8")
    return strict(parse(text))


def schema_problems(content: Any, kind: str, where: str) -> list[Problem]:
    """Every disagreement of `content` with its JSON Schema, in sentences with a hint for misspelt keys."""
    errors = sorted(validator(kind).iter_errors(content), key=lambda e: str(list(e.path)))
    problems = [_schema_problem(error, " › ".join([where, *_place(content, error.absolute_path)])) for error in errors]
    return list(dict.fromkeys(problems))  # each of several missing settings is an error that names them all


def _place(content: Any, path: Iterable[Any]) -> list[str]:
    """The way to a fault in the researcher's words: an entry of a list by its id, or by its position from 1."""
    words = []
    for part in path:
        content = content[part]
        named = isinstance(part, int) and isinstance(content, dict) and content.get("id")
        words.append(str(named or (f"entry {part + 1}" if isinstance(part, int) else part)))
    return words


def _schema_problem(error: Any, place: str) -> Problem:
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        hints = " ".join(filter(None, (did_you_mean(key, known) for key in unknown)))
        return Problem(
            place,
            "Unknown settings",
            f"{listed([f'“{k}”' for k in unknown])} is not a setting here",
            listed(known, 40),
            hints or "remove it, or correct its spelling",
        )
    if error.validator == "required":
        absent = [key for key in error.validator_value if key not in error.instance]
        return Problem(
            place,
            "Missing settings",
            f"{listed([f'“{k}”' for k in absent])} {'is' if len(absent) == 1 else 'are'} not stated",
            _choices(error.schema, absent),
            "add it",
        )
    if error.validator == "enum":
        known = [str(value) for value in error.validator_value]
        hint = did_you_mean(str(error.instance), known)
        return Problem(
            place,
            "Settings with a wrong value",
            f"“{error.instance}”",
            listed(known, 40),
            hint or "choose one of these",
        )
    return Problem(place, "Settings with a wrong value", _plain(error), _expected(error), _mended(error))


def _mended(error: Any) -> str:
    """Where a text is wanted, a bare word that YAML takes for something else belongs into quotes."""
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    if error.validator != "type" or "string" not in kinds or isinstance(error.instance, (dict, list, type(None))):
        return "correct it"
    bare = " (YAML reads a bare yes, no, on or off as true or false)" if isinstance(error.instance, bool) else ""
    return f"put it in quotes{bare}"


def _choices(schema: Any, absent: Iterable[str]) -> str:
    """What a missing setting may be, where that is one of a few words."""
    known = {key: schema.get("properties", {}).get(key, {}).get("enum") for key in absent}
    return "; ".join(f"{key}: {', '.join(map(str, words))}" for key, words in known.items() if words)


def _plain(error: Any) -> str:
    value = error.instance
    if isinstance(value, (dict, list)):
        return f"a {'group of settings' if isinstance(value, dict) else 'list'} stands here"
    return f"“{value}”"


def _expected(error: Any) -> str:
    words = {
        "string": "text",
        "object": "a group of settings",
        "array": "a list",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "null": "nothing",
    }
    match error.validator:
        case "type":
            kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            more = error.schema.get("description", "")
            return " or ".join(words[kind] for kind in kinds) + (f": {more}" if more else "")
        case "minimum":
            return f"a number from {error.validator_value} upwards"
        case "exclusiveMinimum":
            return f"a number above {error.validator_value}"
        case "maximum":
            return f"a number up to {error.validator_value}"
        case "exclusiveMaximum":
            return f"a number below {error.validator_value}"
        case "pattern":
            return error.schema.get("description") or f"text of the form {error.validator_value}"
        case "minItems":
            return f"at least {error.validator_value} entries"
        case _:
            return str(error.schema.get("description", error.message))


def load_settings(study: Path | str = ".") -> dict[str, Any]:
    """Every setting: the study's own `config/config.yaml` over the shipped defaults, key by key.

    What is true of one study is never inherited: its description, who is set aside, what becomes of impossible answers.
    """
    path = SHIPPED / "config" / "config.yaml"
    shipped = dict(_shipped_settings(path, sha256(path)))
    own = Path(study) / "config" / "config.yaml"
    if own.resolve() == path.resolve():
        return shipped
    content = read_yaml(own, "config")
    if "study" not in content:
        advice = "state at least `study: {title: ..., simulated: false}`"
        raise Refused(Problem(str(own), "Missing settings", "“study” is not stated", "", advice), str(own))
    return shipped | OWN_DEFAULTS | content


@cache
def _shipped_settings(path: Path, _content: str) -> dict[str, Any]:
    return read_yaml(path, "config")
