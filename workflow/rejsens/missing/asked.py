"""What an imputation may be asked for: refusals in words, and the method of each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rejsens.missing.coding import Coded

METHODS = ("pmm", "linear", "logistic")


def refuse_products(columns: Mapping[str, Coded], products: Mapping[str, Any], methods: Mapping[str, Any]) -> None:
    if taken := sorted({*products} & {*columns}):
        raise ValueError(f"products are new columns, and the frame has these already: {', '.join(taken)}")
    for name, parts in products.items():
        if wrong := [part for part in parts if columns[part].categorical]:
            raise ValueError(f"{name} multiplies {', '.join(wrong)}, which holds categories: code them as numbers")
    if passive := sorted({*products} & {*methods}):
        raise ValueError(f"products follow from their parts and have no method: {', '.join(passive)}")


def refuse_outcomes(columns: Mapping[str, Coded], products: Mapping[str, Any], outcomes: Mapping[str, Any]) -> None:
    for name, own in outcomes.items():
        if name not in products:
            raise ValueError(f"{name} has outcomes and is not among the products")
        if len(set(products[name])) < len(products[name]):
            raise ValueError(
                f"{name} multiplies a column by itself, and outcomes of such a product are not provided for"
            )
        if unknown := [other for other in own if other not in columns]:
            raise ValueError(f"the frame lacks these columns: {', '.join(unknown)}")
        if wrong := [other for other in own if columns[other].categorical or other in products[name]]:
            raise ValueError(
                f"{', '.join(wrong)} cannot be an outcome of {name}: it holds categories or is a part of it"
            )


def refuse_slopes(columns: Mapping[str, Coded], pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    for x, y in pairs:
        if unknown := [name for name in (*x, *y) if name not in columns]:
            raise ValueError(f"the frame lacks these columns: {', '.join(unknown)}")
        if len(x) != len(y) or len(x) < 3 or len({*x, *y}) < 2 * len(x):
            raise ValueError(
                "a slope takes three or more waves of a predictor and as many of an outcome, all different"
            )
        if wrong := [name for name in (*x, *y) if columns[name].categorical]:
            raise ValueError(f"{', '.join(wrong)} holds categories, of which there is no slope")


def refuse_means(columns: Mapping[str, Coded], means: Mapping[str, Any], products: Mapping[str, Any]) -> None:
    named = [name for groups in means.values() for group in groups for name in group]
    if unknown := sorted({*means, *named} - {*columns}):
        raise ValueError(f"the frame lacks these columns: {', '.join(unknown)}")
    if wrong := sorted({name for name in named if columns[name].categorical}):
        raise ValueError(f"{', '.join(wrong)} holds categories, of which there is no mean")
    if means and products:
        raise ValueError("means of columns are not provided for beside products")


def method_of(column: Coded, asked: str | None) -> str:
    method = asked or ("logistic" if column.categorical else "pmm")
    if method not in METHODS:
        raise ValueError(f"{column.name}: a method is one of {', '.join(METHODS)}, not “{method}”")
    if column.categorical and method == "linear":
        raise ValueError(f"{column.name} holds categories, which linear regression cannot draw")
    if not column.categorical and method == "logistic":
        raise ValueError(f"{column.name} holds numbers: make it a category to draw it by logistic regression")
    if column.categorical and method == "pmm" and len(column.levels) > 2 and not column.ordered:
        raise ValueError(f"{column.name} holds unordered categories, which have no nearest value to match")
    return method
