"""Dialled digits become a destination or a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.numbers import Destination, Undialable, normalise
from tests.support.examples import examples

HOME = Destination("+12125550123", 1, "US")
LONDON = Destination("+442079460000", 44, "GB")


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        ("2125550123", HOME),
        ("12125550123", HOME),
        ("+12125550123", HOME),
        ("01112125550123", HOME),
        ("(212) 555-0123", HOME),
        ("1-212-555-0123", HOME),
        ("212.555.0123", HOME),
        ("011442079460000", LONDON),
        ("+44 20 7946 0000", LONDON),
        ("+4402079460000", LONDON),
        ("4165550123", Destination("+14165550123", 1, "CA")),
        ("8765550123", Destination("+18765550123", 1, "JM")),
        ("7875550123", Destination("+17875550123", 1, "PR")),
        ("+525512345678", Destination("+525512345678", 52, "MX")),
        ("+390612345678", Destination("+390612345678", 39, "IT")),
        ("2385550123", Destination("+12385550123", 1, "US")),
    ],
)
def test_a_number_is_understood_as_dialled_in_the_united_states(dialled: str, expected: Destination) -> None:
    assert normalise(dialled) == expected


@pytest.mark.parametrize("line", range(100, 200, 9))
def test_numbers_of_fiction_can_be_called(line: int) -> None:
    assert normalise(f"213555{line:04}") == Destination(f"+1213555{line:04}", 1, "US")


@pytest.mark.parametrize(
    "dialled",
    [
        "911", "411", "1411", "211", "511", "811", "988", "9115550123",  # services
        "0", "00", "0 212 555 0123", "01442079460000",  # operators
        "1010288", "10102882125550123",  # another carrier
        "8005550123", "18885550123", "+18335550123", "0118005551212", "8225550123", "8895550123",  # toll-free
        "9005550123", "19005550123", "9761234", "2129761234", "+12129761234",  # premium
        "5005550123", "5335550123", "7005550123", "6005550123", "5555550123",  # personal and carrier services
        "2125551212", "+12125551212", "01119005550123",  # directory; nothing hides behind 011
        "+448001111111", "011448001111111", "+449012345678", "+447012345678",  # abroad alike
        "+80012345678", "+881612345678", "+882123456789", "+979123456789", "+870301234567",  # no country
    ],
)  # fmt: skip
def test_special_numbers_are_never_dialled(dialled: str) -> None:
    assert normalise(dialled) is Undialable.NEVER_DIALABLE


@pytest.mark.parametrize(
    "dialled",
    [
        "", " ", "+", "++12125550123", "011", "5551234", "212555012", "21255501234", "121255501234",
        "1125550123", "2921234567", "3705550123", "9625550123", "2120550123", "2121550123", "2122115550",
        "*672125550123", "2125550123#", "2125550123;ext=5", "٢١٢٥٥٥٠١٢٣", "²125550123", "call me",
        "+999", "+99999999999", "+442", "+4490912345678", "+44209", "+1911", "+1", "1" * 33, "+5215512345678",
    ],
)  # fmt: skip
def test_what_is_no_number_is_invalid(dialled: str) -> None:
    assert normalise(dialled) is Undialable.INVALID_NUMBER


@given(st.text("0123456789+-*# ().", max_size=40) | st.text(max_size=40))
@examples(300)
def test_whatever_is_dialled_becomes_a_canonical_number_or_a_reason(dialled: str) -> None:
    match normalise(dialled):
        case Destination(e164=e164) as destination:
            assert e164.startswith("+")
            assert e164[1:].isascii()
            assert e164[1:].isdigit()
            assert len(e164) <= 16
            assert normalise(e164) == destination
        case reason:
            assert reason in Undialable


@given(st.from_regex(r"[2-9][0-8][0-9][2-9][0-9]{6}", fullmatch=True))
@examples(200)
def test_all_ways_to_dial_a_national_number_are_one(national: str) -> None:
    judged = normalise(national)
    assert [normalise(f"1{national}"), normalise(f"+1{national}"), normalise(f"0111{national}")] == [judged] * 3
