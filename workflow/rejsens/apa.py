"""The only place where a number becomes text, by the number rules of the APA Publication Manual (7th edition).

Halves are rounded up (away from zero) on the shortest decimal string of the number, so 2.675 prints 2.68 although its
binary value is a little less. Quantities that cannot exceed 1 carry no leading zero. The minus sign is U+2212.
A missing number prints as a dash, never as a blank, a zero or "nan".

A job that prints may be told another profile (`use`); what is written into tables of data is always written in APA's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "\u2212"
MISSING = "\u2014"
_SYMBOL = re.compile(
    r"\b(?:SDC|SEM|SD|SE|M|N|n|p|r|t|z|F|b|d|dz|LR|AIC|k|df)(?=(?:\((?:\d[\d.,·]*|∞)(?:, \d[\d.·]*)?\))? [=<>])"  # before a value
    r"|(?<=adjusted )p\b|(?<=one-sided )p\b|\bp(?= values?\b| of (?:equivalence|non-inferiority)\b)|\bn(?= \(%\))|(?<=correlations )r\b"
)

_DECIMAL = re.compile(r"(?<![\w.·/:,])([−-]?)(\d{1,3}(?:,\d{3})+|\d+)?\.(\d+)(?![\w/]|[.·]\d)")
_WHOLE = re.compile(r"(?<![\w.·/:])−(?=\d)")


@dataclass(frozen=True)
class Profile:
    """How numbers are printed.

    point      the decimal mark
    zero       whether numbers that cannot exceed 1 carry their leading zero
    minus      the minus sign
    thousands  what parts thousands
    exact_p    decimals of the smallest p that is printed as it is
    p_figures  significant figures of a p value; 0: as many decimals as `exact_p`
    between    what stands before, between and after the ends of an interval
    """

    name: str
    point: str = "."
    zero: bool = False
    minus: str = MINUS
    thousands: str = ","
    exact_p: int = 3
    p_figures: int = 0
    between: tuple[str, str, str] = ("[", ", ", "]")


# The Lancet's p values by its information for authors ("two significant figures, but no longer than 4 decimal places
# (e.g. p<0.0001)", quoted in github.com/ddsjoberg/gtsummary/issues/1442); mid-dot and "to" between the ends of an interval
# as that package's theme for the journal prints them. Not verified in a source: its minus sign, its thousands.
PROFILES = {
    own.name: own
    for own in (
        Profile("apa7"),
        Profile("lancet", point="·", zero=True, exact_p=4, p_figures=2, between=("(", " to ", ")")),
        Profile("plain", zero=True, minus="-", thousands=""),
    )
}
_now = PROFILES["apa7"]


def use(name: str) -> None:
    """Print with a profile from now on. Jobs are processes of their own, so each is told once, by its settings."""
    global _now
    _now = PROFILES[name]


@contextmanager
def printed_as(name: str) -> Iterator[None]:
    """Print with a profile inside a `with` block.

    >>> with printed_as("lancet"):
    ...     r(-0.456), p(0.0342), p(0.00002), interval(0.31, 0.5, bounded=True)
    ('−0·46', '0·034', '< 0·0001', '(0·31 to 0·50)')
    >>> with printed_as("plain"):
    ...     r(-0.456), p(0.0342), count(2391), interval(-0.31, 0.5)
    ('-0.46', '0.034', '2391', '[-0.31, 0.50]')
    """
    before = _now.name
    use(name)
    try:
        yield
    finally:
        use(before)


def minus() -> str:
    """The minus sign of the profile."""
    return _now.minus


def retold(text: str) -> str:
    """A text whose numbers were written in APA's manner, such as a reason from a table of data, in that of the profile.

    A p value keeps the digits that it was written with. Versions, paths and identifiers stay as they are.

    >>> with printed_as("lancet"):
    ...     retold("p = .034; the interval [−0.17, 0.09], version 3.11.2, doi 10.1037/0022")
    'p = 0·034; the interval [−0·17, 0·09], version 3.11.2, doi 10.1037/0022'
    >>> retold("p = .034")
    'p = .034'
    """
    if _now.name == "apa7":
        return text

    def told(match: re.Match[str]) -> str:
        sign, whole, decimals = match.groups()
        whole = (whole or "0").replace(",", _now.thousands)
        return f"{_now.minus if sign else ''}{whole}{_now.point}{decimals}"

    return _WHOLE.sub(_now.minus, _DECIMAL.sub(told, text))


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
        return "∞" if x > 0 else f"{_now.minus}∞"
    value = rounded(x, decimals)
    text = f"{abs(value):,.{decimals}f}".replace(",", _now.thousands).replace(".", _now.point)
    return _now.minus + text if value < 0 else text


def r(x: Any, decimals: int = 2) -> str:
    """A number that cannot exceed 1 in size: correlations, reliabilities, proportions.

    >>> r(0.456), r(-0.456), r(1.0), r(0.9995), r(0.0)
    ('.46', '−.46', '1.00', '1.00', '.00')
    """
    text = number(x, decimals)
    return text if _now.zero else re.sub(r"^(−?)0\.", r"\1.", text)


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
    floor = Decimal(1).scaleb(-_now.exact_p)
    if draws:
        floor = max(floor, (Decimal(1) / draws).quantize(floor, rounding=ROUND_CEILING))
    value = Decimal(repr(float(x)))
    if value < floor:
        return f"< {r(floor, _now.exact_p)}"
    decimals = _p_decimals(value)
    if rounded(x, decimals) == 1:
        return f"> {r(1 - Decimal(1).scaleb(-decimals), decimals)}"
    text = r(x, decimals)
    return f"= {text}" if relation else text


def _p_decimals(value: Decimal) -> int:
    """Decimals of a p value: fixed, or as many as give the figures that the profile asks for."""
    if not _now.p_figures:
        return _now.exact_p
    fine = min(_now.p_figures - 1 - value.adjusted(), _now.exact_p)
    after = rounded(float(value), fine)  # .0996 has its two figures as .10
    return min(max(_now.p_figures - 1 - after.adjusted(), _now.p_figures), _now.exact_p)


def interval(low: Any, high: Any, decimals: int = 2, bounded: bool = False) -> str:
    """An interval in brackets; missing unless both ends are there.

    >>> interval(-0.171, 0.085), interval(0.31, 0.5, bounded=True), interval(None, 0.2)
    ('[−0.17, 0.09]', '[.31, .50]', '—')
    """
    if is_missing(low) or is_missing(high):
        return MISSING
    write = r if bounded else number
    before, between, after = _now.between
    return f"{before}{write(low, decimals)}{between}{write(high, decimals)}{after}"


def level(x: Any) -> str:
    """A confidence level as a percentage without idle decimals.

    >>> level(0.95), level(0.9), level(0.975)
    ('95%', '90%', '97.5%')
    """
    if is_missing(x):
        return MISSING
    return f"{(Decimal(repr(float(x))) * 100).normalize():f}%".replace(".", _now.point)


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
    text = number(x)
    whole = text.removesuffix(f"{_now.point}00")
    return whole.replace(_now.thousands, "") if _now.thousands else whole


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
    return re.sub(rf" ([=<>]) (?=[\d.{MINUS}-])", "\u00a0\\1\u00a0", text)
