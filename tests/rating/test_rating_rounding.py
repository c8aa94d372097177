"""The one place where amounts are rounded."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from rating.rounding import (
    SHOWN_PLACES,
    billionths,
    dollars_of,
    grains,
    money_of,
    most_grains,
    part_of,
    to_money,
    to_shown,
)
from tests.support.examples import examples

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
@examples(200)
def test_what_is_shown_is_within_half_of_its_last_place(exact: Fraction) -> None:
    assert abs(Fraction(to_shown(exact)) - exact) * 10**SHOWN_PLACES <= Fraction(1, 2)


def test_what_is_shown_does_not_depend_on_the_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert to_shown(Fraction(123456789, 1000)) == Decimal("123456.789")


@given(st.integers(-(10**15), 10**15))
@examples(300)
def test_grains_round_as_the_dollars_they_are(exact: int) -> None:
    assert money_of(exact) == to_money(dollars_of(exact))


@given(st.integers(-(10**9), 10**9).map(Money))
@examples(300)
def test_one_grain_more_than_the_most_rounds_to_more(money: Money) -> None:
    assert money_of(most_grains(money)) == money < money_of(most_grains(money) + 1)


@pytest.mark.parametrize(
    ("amount", "seconds", "dollars"), [("0.12", 60, "0.12"), ("0.025", 1, "1/2400"), ("3", 60, "3")]
)
def test_every_rate_for_whole_seconds_is_a_whole_number_of_grains(amount: str, seconds: int, dollars: str) -> None:
    assert dollars_of(grains(Decimal(amount), seconds)) == Fraction(dollars)


@given(st.integers(0, 10**9).map(Money), st.integers(0, 10**9), st.integers(0, 10**9))
@examples(300)
def test_a_part_and_an_amount_on_top_are_rounded_once_together(money: Money, share: int, more: int) -> None:
    of, top = Decimal(share).scaleb(-9), Decimal(more).scaleb(-9)
    assert part_of(money, of, top) == to_money(Fraction(money.decimal) * Fraction(of) + Fraction(top))


def test_finer_than_a_billionth_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError, match="more than 9 decimals"):
        billionths(Decimal("0.0000000001"))
