"""The first digits of a number tell which lengths of it can be prefixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.heads import Heads
from tests.support.examples import examples

digits = st.text("12", min_size=1, max_size=9)
"""Of two digits, so that many prefixes fit one number."""


@given(st.sets(digits, min_size=1, max_size=150), st.lists(st.text("12", max_size=12), min_size=1, max_size=40))
@examples(60)
def test_no_prefix_of_a_number_is_left_out_and_the_longest_is_first(prefixes: set[str], numbers: list[str]) -> None:
    known = {f"+{prefix}" for prefix in prefixes}
    heads = Heads(known)
    for number in (f"+{each}" for each in numbers):
        pieces = [number[piece] for piece in heads.pieces(number)]
        assert {each for each in known if number.startswith(each)} <= set(pieces)
        assert pieces == sorted(pieces, key=len, reverse=True)


def test_lengths_that_no_prefix_of_the_same_first_digits_has_are_not_tried() -> None:
    heads = Heads([f"+{each}" for each in range(1, 10)] + ["+1212555", "+44"])
    assert [piece.stop for piece in heads.pieces("+12125550123")] == [8, 2]
    assert [piece.stop for piece in heads.pieces("+442079460000")] == [3, 2]
    assert [piece.stop for piece in heads.pieces("+39055")] == [2]


@pytest.mark.parametrize("number", ["", "+", "+12", "+1a12555", "anonymous"])
def test_what_is_too_short_or_no_number_is_tried_at_every_length(number: str) -> None:
    heads = Heads([f"+{each}" for each in range(1_000, 2_000)] + ["+1"])
    assert [piece.stop for piece in heads.pieces(number)] == [5, 2]


def test_without_prefixes_nothing_is_tried() -> None:
    assert Heads([]).pieces("+12125550123") == ()
