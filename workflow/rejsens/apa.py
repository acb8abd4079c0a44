"""The only place where a number becomes text, by the number rules of the APA Publication Manual (7th edition).

Halves are rounded up (away from zero) on the shortest decimal string of the number, so 2.675 prints 2.68 although its
binary value is a little less. Quantities that cannot exceed 1 carry no leading zero. The minus sign is U+2212.
A missing number prints as a dash, never as a blank, a zero or "nan".
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "\u2212"
MISSING = "\u2014"
_SYMBOL = re.compile(
    r"\b(?:SDC|SEM|SD|SE|M|N|n|p|r|t|z|F|b|d|dz|LR|AIC|k|df)(?=(?:\((?:\d[\d.,]*|∞)(?:, \d[\d.]*)?\))? [=<>])"  # before a value
    r"|(?<=adjusted )p\b|(?<=one-sided )p\b|\bp(?= values?\b| of (?:equivalence|non-inferiority)\b)|\bn(?= \(%\))|(?<=correlations )r\b"
)


def is_missing(x: Any) -> bool:
    """True for None, NaN, pandas' NA and the empty string.

    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing(0)
    (True, True, True, False)
    """
    if x is None or isinstance(x, str):
        return not x
    return bool(x != x) if isinstance(x, (int, float)) else _not_a_number(x)


def _not_a_number(x: Any) -> bool:
    try:
        return math.isnan(float(x))
    except TypeError:  # pandas.NA refuses to become a float
        return True


def rounded(x: float, decimals: int) -> Decimal:
    """x rounded half up from its decimal string.

    >>> rounded(2.675, 2), rounded(-0.125, 2)
    (Decimal('2.68'), Decimal('-0.13'))
    """
    return Decimal(repr(float(x))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def number(x: Any, decimals: int = 2) -> str:
    """A number with its leading zero: means, standard deviations, coefficients that may exceed 1, test statistics.

    >>> number(0.125), number(-3.14159), number(-0.001), number(12345.678, 1), number(None)
    ('0.13', '−3.14', '0.00', '12,345.7', '—')
    """
    if is_missing(x):
        return MISSING
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    value = rounded(x, decimals)
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 else text


def r(x: Any, decimals: int = 2) -> str:
    """A number that cannot exceed 1 in size: correlations, reliabilities, proportions.

    >>> r(0.456), r(-0.456), r(1.0), r(0.9995), r(0.0)
    ('.46', '−.46', '1.00', '1.00', '.00')
    """
    text = number(x, decimals)
    return re.sub(r"^(−?)0\.", r"\1.", text)


def p(x: Any, draws: int | None = None, relation: bool = False) -> str:
    """A p value: three decimals, never .000 and never 1.000.

    x         between 0 and 1, or missing
    draws     number of bootstrap draws: such a p cannot be smaller than 1/draws, and prints no smaller
    relation  write the equals sign too, for running text

    >>> p(0.0342), p(0.00042), p(0.9996), p(0.0342, relation=True), p(0.00042, relation=True)
    ('.034', '< .001', '> .999', '= .034', '< .001')
    >>> p(0.0, draws=200), p(0.0, draws=5000)
    ('< .005', '< .001')
    """
    if is_missing(x):
        return MISSING
    if not 0 <= x <= 1:
        raise ValueError(f"a p value lies between 0 and 1, not {x}")
    floor = Decimal("0.001")
    if draws:
        floor = max(floor, (Decimal(1) / draws).quantize(floor, rounding=ROUND_CEILING))
    if Decimal(repr(float(x))) < floor:
        return f"< {r(floor, 3)}"
    text = r(x, 3)
    if text == "1.000":
        return "> .999"
    return f"= {text}" if relation else text


def interval(low: Any, high: Any, decimals: int = 2, bounded: bool = False) -> str:
    """An interval in brackets; missing unless both ends are there.

    >>> interval(-0.171, 0.085), interval(0.31, 0.5, bounded=True), interval(None, 0.2)
    ('[−0.17, 0.09]', '[.31, .50]', '—')
    """
    if is_missing(low) or is_missing(high):
        return MISSING
    write = r if bounded else number
    return f"[{write(low, decimals)}, {write(high, decimals)}]"


def level(x: Any) -> str:
    """A confidence level as a percentage without idle decimals.

    >>> level(0.95), level(0.9), level(0.975)
    ('95%', '90%', '97.5%')
    """
    if is_missing(x):
        return MISSING
    return f"{(Decimal(repr(float(x))) * 100).normalize():f}%"


def coefficient(
    estimate: Any, low: Any = None, high: Any = None, ci_level: Any = None, decimals: int = 2, bounded: bool = False
) -> str:
    """An estimate with its interval; the level is named when it is given.

    >>> coefficient(-0.128, -0.171, -0.085, 0.95), coefficient(0.456, 0.31, 0.5, bounded=True), coefficient(0.2)
    ('−0.13, 95% CI [−0.17, −0.09]', '.46 [.31, .50]', '0.20')
    """
    text = (r if bounded else number)(estimate, decimals)
    if is_missing(estimate) or is_missing(low) or is_missing(high):
        return text
    brackets = interval(low, high, decimals, bounded)
    return f"{text} {brackets}" if is_missing(ci_level) else f"{text}, {level(ci_level)} CI {brackets}"


def df(x: Any) -> str:
    """Degrees of freedom: fractional ones with two decimals, those that round to a whole one whole, and no commas.

    >>> df(1834.27), df(470.0), df(57.9999), df(float("inf"))
    ('1834.27', '470', '58', '∞')
    """
    return number(x).replace(",", "").removesuffix(".00")


def count(n: Any) -> str:
    """A count, thousands separated by commas.

    >>> count(2391.0), count(86), count(float("nan"))
    ('2,391', '86', '—')
    """
    return number(n, 0)


def percent(x: Any, decimals: int = 1) -> str:
    """A percentage that is already out of 100, without its sign (which belongs to the column head or to the sentence).

    >>> percent(12.25), percent(100), percent(0.04)
    ('12.3', '100.0', '0.0')
    """
    return number(x, decimals)


def draws_in(method: Any) -> int | None:
    """The number of bootstrap draws that a method's description states, or None.

    >>> draws_in("BCa bootstrap, 5000 draws"), draws_in("OLS, HC3")
    (5000, None)
    """
    match = re.search(r"(\d[\d,]*) draws", "" if is_missing(method) else str(method))
    return int(match[1].replace(",", "")) if match else None


def italic_runs(text: str) -> list[tuple[str, bool]]:
    """Text cut where statistical symbols stand, each run with whether it is set in italics; values stay with their symbol.

    >>> italic_runs("A, t(12.50) = 2.10, p < .001")
    [('A, ', False), ('t', True), ('(12.50)\xa0=\xa02.10, ', False), ('p', True), ('\xa0<\xa0.001', False)]
    """
    runs, end = [], 0
    for match in _SYMBOL.finditer(text):
        if match.start() > end:
            runs.append((text[end : match.start()], False))
        runs.append((match.group(), True))
        end = match.end()
    if end < len(text):
        runs.append((text[end:], False))
    return [(unbroken(run), italic) for run, italic in runs]


def unbroken(text: str) -> str:
    """Text in which no line ends between a relation and its value.

    >>> unbroken("p < .001 and more")
    'p\xa0<\xa0.001 and more'
    """
    return re.sub(rf" ([=<>]) (?=[\d.{MINUS}])", "\u00a0\\1\u00a0", text)
