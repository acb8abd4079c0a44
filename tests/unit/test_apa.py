"""Printed numbers: rounding on the decimal string, zeros, signs, p values, and what a missing number looks like."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejsens import apa


@pytest.mark.parametrize(
    ("x", "decimals", "text"),
    [
        (0.125, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (2.675, 2, "2.68"),  # 2.67499999999999982236431605997495353221893310546875 in binary
        (1.005, 2, "1.01"),
        (-0.001, 2, "0.00"),
        (-0.0, 2, "0.00"),
        (-0.005, 2, "−0.01"),
        (1234.5, 0, "1,235"),
        (1e-20, 2, "0.00"),
        (1e16, 0, "10,000,000,000,000,000"),
        (float("inf"), 2, "∞"),
        (float("-inf"), 2, "−∞"),
    ],
)
def test_number(x, decimals, text):
    assert apa.number(x, decimals) == text


@pytest.mark.parametrize("x", [None, float("nan"), np.nan, pd.NA, pd.NaT, ""])
def test_a_missing_number_is_a_dash(x):
    texts = {
        apa.number(x),
        apa.r(x),
        apa.p(x),
        apa.count(x),
        apa.df(x),
        apa.level(x),
        apa.interval(x, 1),
        apa.interval(0, x),
        apa.coefficient(x, 0, 1),
    }
    assert texts == {"—"}


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.5, ".50"),
        (-0.5, "−.50"),
        (1, "1.00"),
        (-1, "−1.00"),
        (0.9995, "1.00"),
        (0.994, ".99"),
        (0, ".00"),
        (-0.004, ".00"),
        (10.25, "10.25"),
        (np.float64(0.845), ".85"),
    ],
)
def test_bounded_numbers_have_no_leading_zero(x, text):
    assert apa.r(x) == text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "< .001"),
        (0.00099999, "< .001"),
        (0.001, ".001"),
        (0.0005, "< .001"),
        (0.0495, ".050"),
        (0.05, ".050"),
        (0.9994, ".999"),
        (0.9995, "> .999"),
        (1, "> .999"),
    ],
)
def test_p(x, text):
    assert apa.p(x) == text


def test_p_of_a_bootstrap_is_never_below_one_over_the_draws():
    assert apa.p(0.0, draws=300) == "< .004"  # 1/300 = .00333: rounded up, so that the statement stays true
    assert apa.p(0.0, draws=1000) == "< .001"
    assert apa.p(0.02, draws=100) == ".020"
    assert apa.p(0.0, draws=100, relation=True) == "< .010"


@pytest.mark.parametrize("x", [-0.001, 1.001, float("inf")])
def test_a_p_value_outside_its_range_is_refused(x):
    with pytest.raises(ValueError, match="between 0 and 1"):
        apa.p(x)


def test_interval_keeps_the_rule_of_its_estimate():
    assert apa.interval(-0.004, 1.0, bounded=True) == "[.00, 1.00]"
    assert apa.interval(-0.004, 1.0) == "[0.00, 1.00]"
    assert apa.interval(float("-inf"), 0.3) == "[−∞, 0.30]"


@pytest.mark.parametrize(
    ("x", "text"), [(12, "12"), (12.0, "12"), (1834.265, "1834.27"), (7.004, "7"), (100.0, "100"), (0.5, "0.50")]
)
def test_degrees_of_freedom(x, text):
    assert apa.df(x) == text


def test_coefficient_without_interval_prints_the_estimate_alone():
    assert apa.coefficient(0.1, 0.05, float("nan"), 0.95) == "0.10"


@given(st.integers(-(10**9), 10**9), st.integers(0, 4), st.integers(0, 3))
def test_rounding_agrees_with_decimal_arithmetic(digits, scale, decimals):
    exact = Decimal(digits).scaleb(-scale)
    printed = apa.number(float(exact), decimals).replace(",", "").replace("−", "-")
    wanted = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert Decimal(printed) == wanted
    assert not printed.startswith("-0") or Decimal(printed) < 0


def test_symbols_are_italic_and_words_are_not():
    runs = apa.italic_runs(
        "H1 in SDs: M = 3.40, SD = 0.75, n = 12, F(2) = 1.10; the adjusted p of n people, p values, n (%)"
    )
    assert [text for text, italic in runs if italic] == ["M", "SD", "n", "F", "p", "p", "n"]
    assert "".join(text for text, _ in runs).startswith("H1 in SDs")
