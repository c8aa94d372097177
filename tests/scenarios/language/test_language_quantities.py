"""Durations, shares and amounts of scenarios."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from scenarios.language.quantities import Span, parse_amount, parse_share, parse_span, seconds_text
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3s", Span(3.0)),
        ("500ms", Span(0.5)),
        ("1m30s", Span(90.0)),
        ("15min", Span(900.0)),
        ("120s ± 50ms", Span(120.0, 0.05)),
        ("120s +- 50ms", Span(120.0, 0.05)),
        (" 1.5 h +/- 1m ", Span(5400.0, 60.0)),
        ("180s ± 0ms", Span(180.0, 0.0)),
    ],
)
def test_durations_are_read(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "3", "s", "-3s", "3x", "3s ±", "± 3s", "1e3s", 3, 3.0, None, True])
def test_what_is_no_duration_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="write for example 3s"):
        parse_span(text)


@examples(200)
@given(st.integers(0, 10**7), st.integers(0, 10**4))
def test_a_span_is_read_back_from_its_words(milliseconds: int, tolerance: int) -> None:
    span = parse_span(f"{milliseconds}ms ± {tolerance}ms")
    again = parse_span(str(span))
    assert again.seconds == pytest.approx(span.seconds)
    assert again.slack == pytest.approx(span.slack)


def test_a_span_fits_up_to_its_tolerance_and_no_further() -> None:
    span = parse_span("120s ± 50ms")
    assert span.fits(120.05)
    assert span.fits(119.95)
    assert not span.fits(120.051)
    assert not span.fits(119.949)


def test_without_a_tolerance_the_usual_one_holds() -> None:
    assert parse_span("3s").fits(3.05)
    assert not parse_span("3s").fits(3.06)


def test_seconds_are_said_as_people_say_them() -> None:
    assert [seconds_text(each) for each in (0.05, 0, 180.0, 12.3456)] == ["50 ms", "0 s", "180 s", "12.346 s"]


def test_shares_are_per_cent() -> None:
    assert parse_share("2%") == 0.02
    for wrong in ("2", "101%", 2, "-1%"):
        with pytest.raises(ValueError, match="write for example 2%"):
            parse_share(wrong)


def test_amounts_are_text_or_whole_dollars() -> None:
    assert parse_amount("0.075") == Money(75_000)
    assert parse_amount(5) == Money(5_000_000)
    for wrong in (0.075, True, None, "a"):
        with pytest.raises(ValueError, match="amount"):
            parse_amount(wrong)
