"""YAML as a researcher means it: data only, no key twice, no number but a plain one, nothing that grows while it is read.

YAML 1.1 reads `012` as 10, `1:30` as 90 and `no` as false. As a code or a range such a number looks right and is wrong,
so whatever is not written as plain decimal digits is refused, with what it would have been taken for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import yaml

from rejsens.limits import LARGEST_NUMBER, YAML_BYTES, YAML_DEPTH, YAML_VALUES

_PLAIN_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)  # no text needs them; terminals and Word obey or refuse them
_SOUND = 5_000  # levels that the parser, which is C and calls itself, reads without overrunning its stack
SMALLER = f"at most {YAML_BYTES:,} are read: answers belong into the export, not into a file of settings"


_EMBED, _ISOLATE, _END_EMBED, _END_ISOLATE = "\u202a\u202b\u202d\u202e", "\u2066\u2067\u2068", "\u202c", "\u2069"


def open_direction(text: str) -> str:
    """The first character that turns the direction of writing and is not followed by the one that turns it back.

    >>> open_direction("\u202ba\u202c b"), open_direction("\u2067\u202ba\u2069"), open_direction("a\u202eb") == "\u202e"
    ('', '', True)
    """
    waiting = ""
    for c in text:
        if c in _EMBED + _ISOLATE:
            waiting += c
        elif c == _END_EMBED and waiting[-1:] and waiting[-1] in _EMBED:
            waiting = waiting[:-1]
        elif c == _END_ISOLATE and (isolates := [k for k, turn in enumerate(waiting) if turn in _ISOLATE]):
            waiting = waiting[: isolates[-1]]
    return waiting[:1]


class Unreadable(yaml.YAMLError):
    """A file that is YAML, and still not one that is read.

    problem        what was found
    problem_mark   where, or None
    fix            what to do
    """

    def __init__(self, problem: str, mark: Any = None, fix: str = "") -> None:
        super().__init__(problem)
        self.problem, self.problem_mark, self.fix = problem, mark, fix


def parse(text: str) -> Any:
    """The content of a YAML text.

    raises   yaml.YAMLError (with `problem` and `problem_mark`): no YAML, a key twice, more levels or values than
             `rejsens.limits` allows, a number that is not plain, a control character

    >>> parse("a: 1\\nb: [x, 2.5]")
    {'a': 1, 'b': ['x', 2.5]}
    >>> parse("codes: [012]")
    Traceback (most recent call last):
    rejsens.yaml_loader.Unreadable: “012” would be read as the number 10
    """
    if len(text) > YAML_BYTES:
        much = f"the file holds {len(text):,} characters"
        raise Unreadable(much, fix=SMALLER)
    _refuse_depths(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_growth(node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_depths(text: str) -> None:
    """Stop before the parser overruns its stack, which would end the program without a word.

    Each level opens a bracket, or stands further right on its line than the one around it (a list may share the place).
    """
    brackets = text.count("[") + text.count("{")
    if 2 * (brackets + max(map(len, text.splitlines()), default=0)) < _SOUND:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > YAML_DEPTH:
                raise _too_deep(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(mark: Any) -> Unreadable:
    return Unreadable(f"more than {YAML_DEPTH} groups stand within one another", mark, "take groups away")


def _refuse_growth(root: yaml.Node) -> None:
    """Refuse what is deeper, or with every reference written out larger, than any study needs; and a group within itself."""
    sizes: dict[int, int] = {}
    levels: dict[int, int] = {}
    open_: set[int] = set()
    todo = [(root, False)]
    while todo:
        node, parts_known = todo.pop()
        key, parts = id(node), _parts(node)
        if parts_known:
            open_.discard(key)
            sizes[key] = 1 + sum(sizes[id(part)] for part in parts)
            levels[key] = 1 + max(levels[id(part)] for part in parts)
            _refuse_large(node, sizes[key], levels[key])
        elif key in open_:
            raise Unreadable("a group refers to itself", node.start_mark, "take the *reference away")
        elif not parts:
            sizes[key], levels[key] = 1, 0
        elif key not in sizes:
            open_.add(key)
            todo.append((node, True))
            todo += [(part, False) for part in parts]


def _refuse_large(node: yaml.Node, size: int, levels: int) -> None:
    if levels > YAML_DEPTH:
        raise _too_deep(node.start_mark)
    if size > YAML_VALUES:
        raise Unreadable(
            f"with every *reference written out it holds {size:,} values or more",
            node.start_mark,
            f"at most {YAML_VALUES:,} are read: take the references away",
        )


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


if TYPE_CHECKING:
    _Fastest = yaml.SafeLoader
else:
    _Fastest = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fastest):
    """YAML keeps the last of two equal keys, and reads odd numbers, without a word; a researcher wants to know."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise Unreadable("“<<” takes over another group", key_node.start_mark, "write its settings out")
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise Unreadable("a list or a group of settings stands where a key should", key_node.start_mark)
            if isinstance(key, bool) or not isinstance(key, (str, int, float)):
                written = f"“{key_node.value}”" if key_node.value else "an empty key"
                meanings: dict[object, str] = {True: "true", False: "false", None: "nothing"}
                meaning = meanings.get(key, "a date")
                raise Unreadable(f"{written} would be read as {meaning}", key_node.start_mark, "put the key in quotes")
            if key in seen:
                raise Unreadable(f"the key “{key}” stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def number(self, node: yaml.ScalarNode) -> int | float:
        """Plain decimal digits, and not more of them than a number can hold."""
        written = self.construct_scalar(node)
        if not _PLAIN_NUMBER.fullmatch(written):
            raise Unreadable(
                f"“{_short(written)}” would be read as {self._meaning(node)}",
                node.start_mark,
                "write a number in plain digits, and a text in quotes",
            )
        value = float(written)
        if not abs(value) <= LARGEST_NUMBER:
            raise Unreadable(
                f"the number “{_short(written)}” is too large",
                node.start_mark,
                f"numbers from -{LARGEST_NUMBER:,} to {LARGEST_NUMBER:,} are read; put a text in quotes",
            )
        return int(written) if node.tag.endswith(":int") else value

    def _meaning(self, node: yaml.ScalarNode) -> str:
        plain = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
        try:
            value = plain(node)
        except ValueError:  # more digits than Python turns into a number
            return "a number without an end"
        known = {math.inf: "a number without an end", -math.inf: "a number without an end"}
        return "no number" if value != value else known.get(value, f"the number {_short(str(value))}")

    def text(self, node: yaml.ScalarNode) -> str:
        """Any text but one with control characters, which could rewrite a line of a terminal."""
        value = self.construct_scalar(node)
        if found := _CONTROL.search(value):
            what = f"a control character (U+{ord(found[0]):04X}) stands in a text"
            raise Unreadable(what, node.start_mark, "take it out; it often comes from copying out of another program")
        if turn := open_direction(value):
            what = f"a character that turns the direction of writing (U+{ord(turn):04X}) stands in a text and nothing turns it back"
            raise Unreadable(what, node.start_mark, "take it out: it would turn round what is printed behind the text")
        return value

    def day(self, node: yaml.ScalarNode) -> Any:
        """A date without quotes; one that is not in the calendar is refused as such."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            raise Unreadable(f"“{_short(node.value)}” is not in the calendar", node.start_mark, "correct it") from None

    def tagged(self, node: yaml.Node) -> Any:
        """A tag would have a program make something of the value; a file of a study is data."""
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        raise Unreadable(
            f"a value bears the tag “{tag}”", node.start_mark, "take the tag away: values stand by themselves"
        )


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


for _tag, _method in {
    "int": _Loader.number,
    "float": _Loader.number,
    "str": _Loader.text,
    "timestamp": _Loader.day,
}.items():
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _method)
for _tag in ("binary", "set", "omap", "pairs"):  # kinds of value that no file of a study has
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.tagged)
_Loader.add_constructor(None, _Loader.tagged)
