"""What can be told of a card without asking anybody."""

from __future__ import annotations

from datetime import date

import pytest

from ivr.card_number import (
    Card,
    Scheme,
    code_digits,
    is_complete_number,
    is_luhn,
    is_valid_expiry,
    is_valid_number,
    scheme_of,
)

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("number", "scheme"),
    [
        ("4242424242424242", Scheme.VISA),
        ("4222222222222", Scheme.VISA),
        ("5555555555554444", Scheme.MASTERCARD),
        ("2223003122003222", Scheme.MASTERCARD),
        ("378282246310005", Scheme.AMEX),
        ("6011111111111117", Scheme.DISCOVER),
        ("36227206271667", Scheme.DINERS),
        ("3566002020360505", Scheme.JCB),
    ],
)
def test_a_card_of_each_scheme_is_valid_and_none_is_with_another_digit(number: str, scheme: Scheme) -> None:
    assert scheme_of(number) is scheme
    assert is_valid_number(number)
    others = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
    assert not any(map(is_valid_number, others))


@pytest.mark.parametrize(
    "number",
    ["", "4", "42424242424242", "424242424242424242", "9999999999999995", "4242*24242424242", "37828224631000"],
)
def test_what_has_no_scheme_or_another_length_is_no_card(number: str) -> None:
    assert not is_valid_number(number)


def test_two_neighbours_in_the_wrong_order_are_seen() -> None:
    assert is_luhn("4000000000000259")
    assert not is_luhn("4000000000000529")


@pytest.mark.parametrize(
    ("number", "is_complete"),
    [("424242424242424", False), ("4242424242424242", True), ("378282246310005", True), ("99999999999999999", False)],
)
def test_a_number_is_complete_at_the_greatest_length_of_its_scheme(number: str, is_complete: bool) -> None:
    assert is_complete_number(number) is is_complete


@pytest.mark.parametrize(
    ("expiry", "is_valid"),
    [
        ("1126", True), ("1026", False), ("1226", True), ("0127", True), ("1326", False), ("0027", False),
        ("1146", True), ("1246", False), ("112", False), ("11266", False), ("1*26", False), ("", False),
    ],
)  # fmt: skip
def test_a_card_is_valid_to_the_end_of_its_month_by_the_day_that_is_given(expiry: str, is_valid: bool) -> None:
    assert is_valid_expiry(expiry, TODAY) is is_valid


def test_the_security_code_has_four_digits_on_one_scheme_and_three_on_others() -> None:
    assert [code_digits(each) for each in ("378282246310005", "4242424242424242", "99")] == [4, 3, 3]


def test_a_card_shows_its_last_four_digits_and_nothing_else() -> None:
    card = Card("4242424242424242", "1230", "731")
    assert f"{card} {card!r} {[card]}" == "Card(ending 4242) Card(ending 4242) [Card(ending 4242)]"
