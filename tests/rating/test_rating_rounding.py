"""The one place where amounts are rounded."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import Money
from rating.rounding import SHOWN_PLACES, to_money, to_shown, top_increments

MICRO = Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("micros", "expected"),
    [("0.5", 0), ("0.500001", 1), ("1.5", 2), ("2.5", 2), ("2.499999", 2), ("-0.5", 0), ("-1.5", -2), ("7", 7)],
)
def test_amounts_round_to_the_nearest_micro_and_the_middle_to_the_even_one(micros: str, expected: int) -> None:
    assert to_money(Fraction(micros) * MICRO) == Money(expected)


def test_middles_favour_nobody_over_many_calls() -> None:
    middles = [Fraction(2 * n + 1, 2) * MICRO for n in range(1000)]
    assert sum(to_money(each).micros for each in middles) == sum(middles) / MICRO


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        (Fraction(0), "0"),
        (Fraction(3, 8), "0.375"),
        (Fraction(-3, 8), "-0.375"),
        (Fraction(19, 480), "0.039583333333"),
        (Fraction(120), "120"),
    ],
)
def test_exact_amounts_are_shown_as_short_decimals(exact: Fraction, shown: str) -> None:
    assert f"{to_shown(exact):f}" == shown


@given(st.fractions(min_value=-(10**6), max_value=10**6))
@settings(deadline=None, max_examples=200)
def test_what_is_shown_is_within_half_of_its_last_place(exact: Fraction) -> None:
    assert abs(Fraction(to_shown(exact)) - exact) * 10**SHOWN_PLACES <= Fraction(1, 2)


def test_what_is_shown_does_not_depend_on_the_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert to_shown(Fraction(123456789, 1000)) == Decimal("123456.789")


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 10**5), st.sampled_from((1, 2, 3, 60, 1000)))
@settings(deadline=None, max_examples=300)
def test_top_increments_are_the_most_that_fit(base: int, increment: int, more: int, parts: int) -> None:
    start, each = Fraction(base, parts) * MICRO, Fraction(increment, parts) * MICRO
    money = Money(to_money(start).micros + more)
    count = top_increments(start, each, money)
    assert to_money(start + count * each) <= money < to_money(start + (count + 1) * each)
