from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import ZERO, AmountError, Money, total

MONEY = st.integers(-(10**15), 10**15).map(Money)


@settings(deadline=None, max_examples=100)
@given(MONEY)
def test_an_amount_comes_back_from_its_text(amount: Money) -> None:
    assert Money.from_text(str(amount)) == amount
    assert Money.from_decimal(amount.decimal) == amount


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0.375", 375_000), ("$25", 25_000_000), (" 1.5 ", 1_500_000), ("-0.000001", -1), ("+.5", 500_000)],
)
def test_text_is_read_exactly(text: str, micros: int) -> None:
    assert Money.from_text(text) == Money(micros)


@pytest.mark.parametrize("text", ["", "abc", "1,50", "0.0000001", "NaN", "inf", "1000000001", "1.2.3", "1e3", "1_0"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        Money.from_text(text)


def test_whole_dollars_are_written_without_a_point() -> None:
    assert [str(Money(micros)) for micros in (0, 5_000_000, 2_500_000, -1)] == ["0", "5", "2.5", "-0.000001"]


@settings(deadline=None, max_examples=50)
@given(st.lists(MONEY, max_size=6))
def test_sums_are_those_of_decimals(amounts: list[Money]) -> None:
    assert total(amounts).decimal == sum((amount.decimal for amount in amounts), Decimal(0))
    assert all(amount - amount == ZERO == amount + -amount for amount in amounts)
    assert all(bool(amount) is (amount.micros != 0) for amount in amounts)
