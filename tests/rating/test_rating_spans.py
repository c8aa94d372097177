"""Spans of numbers tell what the longest prefix stands for."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.spans import Spans
from tests.support.examples import examples


def searched(prefixes: set[str], number: str) -> str | None:
    """The longest prefix, found by trying all."""
    return max((each for each in prefixes if number.startswith(each)), key=len, default=None)


def spans(prefixes: set[str]) -> Spans[str]:
    return Spans({each: each for each in prefixes})


digits = st.text("1290", max_size=14)
"""Of few digits, so that many prefixes fit one number, and with the first and the last of each ten."""
numbers = st.builds("+{}{}".format, st.sampled_from("129"), digits)


@given(st.sets(numbers, max_size=150), st.lists(numbers, min_size=1, max_size=40), st.randoms(use_true_random=False))
@examples(100)
def test_what_is_found_is_what_a_plain_search_finds(prefixes: set[str], others: list[str], random: Random) -> None:
    cut = spans(prefixes)
    for number in others + [each + str(random.randrange(1000)) for each in prefixes] + [each[:-1] for each in prefixes]:
        assert cut.get(number) == searched(prefixes, number), number


def test_a_number_a_deck_of_all_lengths_and_every_prefix_of_two_digits() -> None:
    prefixes = {f"+{each}" for each in range(1, 100)} | {"+1213", "+12135550", "+121355501234567", "+999999999999999"}
    cut = spans(prefixes)
    for number in ("+12135550123", "+121355501234567", "+121355501234568", "+999999999999999", "+99999999999999", "+9"):
        assert cut.get(number) == searched(prefixes, number)


@pytest.mark.parametrize("number", ["", "+", "+1a12555", "+1213a", "anonymous", "12135550123", "0012135550123"])
def test_what_is_no_number_is_searched_for_as_it_stands(number: str) -> None:
    prefixes = {"+1", "+1213", "+44207"}
    assert spans(prefixes).get(number) == searched(prefixes, number)


def test_without_prefixes_nothing_is_found() -> None:
    assert spans(set()).get("+12125550123") is None
