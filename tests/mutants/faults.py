"""The faults: each a change of one place in a module's source, by the syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
REVERSED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
CALCULATED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.FloorDiv: ast.Mult, ast.Mod: ast.Add,
}  # fmt: skip
CALLS = {
    "all": "any",
    "any": "all",
    "min": "max",
    "max": "min",
    "sum": "max",
    "minimum": "maximum",
    "maximum": "minimum",
}
CALLS |= {"first": "last", "sf": "cdf", "cdf": "sf", "nansum": "nanmax", "logical_and": "logical_or"}


@dataclass(frozen=True)
class Mutant:
    """One faulty version of a module.

    name     `FUNCTION: BEFORE -> AFTER #n`, n counting equal changes within a function; does not move when lines do
    source   the whole module with the fault in it
    """

    name: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every fault of a module, one by one. Docstrings, annotations, messages and imports are left alone.

    >>> [mutant.name for mutant in mutants("def f(x):\\n    return x + 1 if x < 2 else 0")][:2]
    ['f: x + 1 if x < 2 else 0 -> x + 1 if not x < 2 else 0 #1', 'f: x < 2 -> x <= 2 #1']
    """
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    for path, where, node in _places(tree):
        for changed in _changes(node):
            name = f"{where}: {_short(node)} -> {_short(changed)}"
            seen[name] = seen.get(name, 0) + 1
            yield Mutant(f"{name} #{seen[name]}", ast.unparse(_with(tree, path, changed)))


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def _places(tree: ast.Module) -> Iterator[tuple[tuple, str, ast.AST]]:
    """Each node that may be changed: the way to it from the top, the function it stands in, itself."""

    def walk(node: ast.AST, path: tuple, where: str) -> Iterator[tuple[tuple, str, ast.AST]]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            where = f"{where}.{node.name}".lstrip(".")
        yield path, where or "module", node
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_params") or isinstance(value, ast.AnnAssign):
                continue
            for i, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST) and not _silent(child):
                    yield from walk(child, (*path, (field, i if isinstance(value, list) else None)), where)

    yield from walk(tree, (), "")


def _silent(node: ast.AST) -> bool:
    """What no fault is put into: docstrings, imports, words, and lines that only name a type."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
        return True
    if isinstance(node, ast.keyword) and node.arg in ("strict", "sort", "copy"):
        return True  # guards of our own against unequal lengths, and the order in which groups are made
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and len(node.targets) == 1
        and (isinstance(node.targets[0], ast.Name) and node.targets[0].id[:1].isupper())
    )


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare) and len(node.ops) >= 1:
        for i, op in enumerate(node.ops):
            for other in filter(None, (COMPARED.get(type(op)), REVERSED.get(type(op)))):
                yield _set(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in CALCULATED and not _of_text(node):
        yield _set(node, op=CALCULATED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _set(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for i in range(len(node.values)):
            rest = node.values[:i] + node.values[i + 1 :]
            yield _set(node, values=rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
        yield node.operand
    elif isinstance(node, (ast.If, ast.IfExp)):
        yield _set(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Attribute) and node.attr in CALLS:
        yield _set(node, attr=CALLS[node.attr])
    elif isinstance(node, ast.Name) and node.id in CALLS and isinstance(node.ctx, ast.Load):
        yield ast.Name(CALLS[node.id], ast.Load())
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 + 0.01)


def _of_text(node: ast.BinOp | ast.AugAssign) -> bool:
    parts = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(
        isinstance(p, ast.JoinedStr) or (isinstance(p, ast.Constant) and isinstance(p.value, str)) for p in parts
    )


def _set(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _with(tree: ast.Module, path: tuple, changed: ast.AST) -> ast.Module:
    """The tree with one node exchanged; the rest is shared."""
    if not path:
        return changed  # type: ignore[return-value]
    (field, i), *rest = path
    value = getattr(tree, field)
    if i is None:
        return _set(tree, **{field: _with(value, tuple(rest), changed)})  # type: ignore[return-value]
    return _set(tree, **{field: [*value[:i], _with(value[i], tuple(rest), changed), *value[i + 1 :]]})  # type: ignore[return-value]
