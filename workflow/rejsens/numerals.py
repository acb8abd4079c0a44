"""Texts as numbers, and what a text that is no number most likely is.

A number is written with the digits 0 to 9, at most one decimal mark, a sign and perhaps an exponent; it is finite. Nothing
else is read as a number, whatever a programming language would make of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

DIGITS = {
    mark: re.compile(rf"[+-]?(?:[0-9]+{re.escape(mark)}?[0-9]*|{re.escape(mark)}[0-9]+)(?:[eE][+-]?[0-9]+)?")
    for mark in (".", ",")
}


def number(text: str, decimal: str = ".") -> float:
    """The number that a text spells, or NaN.

    >>> number("3.0"), number("-0"), number("1,5", decimal=","), number("1e400"), number("0x10"), number("1.5", decimal=",")
    (3.0, 0.0, 1.5, nan, nan, nan)
    """
    if not DIGITS[decimal].fullmatch(text):
        return np.nan
    value = float(text.replace(",", ".")) + 0.0  # a signed zero is zero
    return value if np.isfinite(value) else np.nan


@dataclass(frozen=True)
class Damage:
    """A way in which cells go wrong: what it is called, what was found in the cells, what to do."""

    cause: str
    found: str
    fix: str
    quoted: bool = False  # whether the cells hold numbers or a program's own words, and may be shown


_MONTHS = "jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|janv|févr|mars|avr|juin|juil|août|déc"
_DAY = r"\d{1,4}"
DATE = re.compile(
    rf"(?:{_DAY}[-/.]\d{{1,2}}[-/.]{_DAY}|\d{{1,2}}[-/]\d{{1,2}}|\d{{1,2}}\.\d{{1,2}}\."
    rf"|\d{{1,4}}[-. /]+(?:{_MONTHS})[a-zé]*\.?(?:[-. /]+{_DAY})?|(?:{_MONTHS})[a-zé]*\.?[-. /]+{_DAY})(?:[T ,]+\d{{1,2}}:\d{{2}}.*)?",
    re.I,
)
ERROR = re.compile(r"#(?:[\w¡/]+[!?]|N/A|NV|N/D|N/V|GETTING_DATA)")
NO_ANSWER = re.compile(
    r"na|n/a|n\.a\.|<na>|null|\\n|none|nil|missing|sysmis|k\.\s?a\.|keine angabe|[-–—.?]+|#null!", re.I
)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|∞|1\.#\w+)", re.I)
TRUTH = re.compile(r"true|false|wahr|falsch|vrai|faux|verdadero|falso", re.I)

EXCEL_DATES = Damage(
    "Dates where answers should stand",
    "dates",
    "a spreadsheet turns answers such as 1-5 into dates, which cannot be turned back: export the wave again, and do not save it from Excel",
)
NO_LABEL = Damage("Answers that no label or code explains", "", "")

_KINDS: tuple[tuple[re.Pattern[str], Damage], ...] = (
    (
        re.compile(r"=.*", re.S),
        Damage(
            "Formulas in cells",
            "formulas",
            "replace the formulas by what people answered, or use the platform's own export",
        ),
    ),
    (
        NOT_FINITE,
        Damage(
            "Words that a program writes for no number",
            "such words",
            "if they mean no answer, declare them in `missing_codes:`; otherwise correct the cells",
            True,
        ),
    ),
    (
        NO_ANSWER,
        Damage(
            "Words for no answer that are not declared",
            "such words",
            "if they mean no answer, declare each in `missing_codes:`; if they are answers, add them to `labels:`",
            True,
        ),
    ),
    (
        ERROR,
        Damage(
            "Error values of a spreadsheet",
            "error values",
            "a formula went wrong there: export the wave again; if they mean no answer, declare them in `missing_codes:`",
            True,
        ),
    ),
    (
        TRUTH,
        Damage(
            "Truth values where answers should stand",
            "truth values",
            "say in `labels:` which code each is (TRUE: 1, FALSE: 0)",
            True,
        ),
    ),
    (
        re.compile(r"[+-]?[\d.,\s]+[%‰]"),
        Damage("Percent signs", "percentages", "export plain numbers in the range of the item", True),
    ),
    (
        re.compile(r"\d+(?:\s*[,;|]\s*\d+){2,}"),
        Damage(
            "Several answers in one cell",
            "several answers",
            "if the question allowed several, declare `multiple:` in the sidecar; otherwise correct the cells",
            True,
        ),
    ),
    (
        re.compile(r"[+-]?\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?"),
        Damage(
            "Thousands separators",
            "numbers with separators",
            "export plain numbers; if the comma is the decimal mark, declare `decimal: \",\"` in the sidecar",
            True,
        ),
    ),
    (
        re.compile(r"[+-]?\d*,\d+"),
        Damage(
            "Decimal commas that are not declared",
            "numbers with a comma",
            "declare `decimal: \",\"` in the sidecar; if they are several answers, declare `multiple:`",
            True,
        ),
    ),
    (
        re.compile(r"[+-]?(?:\d*\.\d+|\d+\.)(?:[eE][+-]?\d+)?"),
        Damage(
            "Decimal points where a comma is declared",
            "numbers with a point",
            "the export mixes both, or `decimal: \",\"` in the sidecar is wrong",
            True,
        ),
    ),
    (DATE, EXCEL_DATES),
    (
        re.compile(r"[+-]?(?:0[xXbBoO][0-9a-fA-F]+|\d+(?:_\d+)+|[0-9.]+[eE][+-]?\d+)"),
        Damage("Numbers in another notation", "such numbers", "write plain decimal numbers", True),
    ),
    (
        re.compile(r"[−–—]\s?\d+(?:[.,]\d+)?"),
        Damage("Dashes for minus signs", "numbers behind a dash", "write the minus sign as -", True),
    ),
    (
        re.compile(r"[\"'‘’“”„«»`´].*[\d]+.*[\"'‘’“”„«»`´]|'[+-]?\d+(?:[.,]\d+)?"),
        Damage("Quotation marks around numbers", "such numbers", "export the wave again without the marks"),
    ),
    (
        re.compile(r"(?=.*[0-9])(?=.*[OoIl])[0-9OoIl]{1,4}|[OIl]"),
        Damage("Letters for digits", "cells with O for 0, or l for 1", "correct the cells"),
    ),
)  # fmt: skip


MOST_DIGITS = 6  # of a number that a message repeats: a longer one can be somebody's phone number or id


def quotable(text: str) -> bool:
    """Whether a message may repeat a number: not one that could be dialled.

    >>> quotable("1,234"), quotable("170 555 007")
    (True, False)
    """
    return sum(c.isdigit() for c in text) <= MOST_DIGITS


def damage(text: str) -> Damage:
    """What an unreadable cell most likely is; its text is only shown when it is a number or a program's own word.

    >>> damage("#REF!").cause, damage("1-May").cause, damage("1,5").cause, damage("my answer").cause
    ('Error values of a spreadsheet', 'Dates where answers should stand', 'Decimal commas that are not declared', 'Answers that no label or code explains')
    """
    if any(c.isdigit() and not c.isascii() for c in text):
        return Damage(
            "Digits of another script",
            "digits that are not 0 to 9",
            "export the wave with the digits 0 to 9, or add each spelling to `labels:`",
        )
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(text)), NO_LABEL)


def date_serials(values: np.ndarray) -> np.ndarray:
    """Whole numbers that count the days since 1900 as a spreadsheet does, for dates from 1954 to 2119."""
    with np.errstate(invalid="ignore"):
        return (values >= 20_000) & (values <= 80_000) & (values == np.floor(values))
