"""A price taken apart says what was charged and why."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings

from rating.explain import explain
from rating.price import price
from rating.tariff import Rate
from tests.rating.rate_builders import rate, rates, talks


@given(rates(), talks)
@settings(deadline=None, max_examples=300)
def test_the_parts_add_up_to_the_price(of: Rate, talk: timedelta) -> None:
    told = explain(of, talk)
    assert told.total == price(of, talk)
    assert told.connection + told.first + told.further == told.exact
    assert told.exact + told.rounding == told.total.decimal
    assert abs(told.rounding) <= Decimal("0.0000005")


@given(rates(), talks)
@settings(deadline=None, max_examples=200)
def test_billed_time_covers_the_talk_by_less_than_an_increment_beyond_the_minimum(of: Rate, talk: timedelta) -> None:
    told = explain(of, talk)
    billed = timedelta(seconds=told.billed_seconds)
    assert billed >= max(talk, timedelta(seconds=of.minimum_seconds))
    assert billed - timedelta(seconds=of.increment_seconds) < max(talk, timedelta(seconds=of.minimum_seconds))


def test_json_tells_every_amount_as_a_decimal_string() -> None:
    of = rate("0.025", first=1, increment=1, tariff="seconds")
    told = explain(of, timedelta(seconds=95)).with_postings(["call-1/charge/0"])
    assert json.loads(told.to_json()) == {
        "talk_seconds": "95",
        "tariff": "seconds",
        "prefix": "+1",
        "place": "United States",
        "billed_seconds": 95,
        "connection": "0",
        "first_seconds": 1,
        "first": "0.000416666667",
        "increments": 94,
        "increment_seconds": 1,
        "minimum_seconds": 1,
        "per_minute": "0.025",
        "further": "0.039166666666",
        "exact": "0.039583333333",
        "rounding": "-0.000000333333",
        "total": "0.039583",
        "postings": ["call-1/charge/0"],
    }


def test_text_for_people_names_each_amount_once() -> None:
    told = explain(rate("0.12", "1.50", tariff="yakima"), timedelta(seconds=95))
    assert told.to_text().splitlines() == [
        "95 s of talk to United States (+1) by tariff yakima, billed as 120 s",
        "  first 60 s                 1.5",
        "  1 × 60 s at 0.12 a minute  0.12",
        "  total                      1.62",
    ]


def test_text_shows_connection_rounding_and_postings_where_there_are_any() -> None:
    of = rate("0.025", first=1, increment=1, connection="3")
    told = explain(of, timedelta(seconds=1.5)).with_postings(["p1", "p2"])
    assert told.to_text().splitlines() == [
        "1.5 s of talk to United States (+1) by tariff test, billed as 2 s",
        "  connection                 3",
        "  first 1 s                  0.000416666667",
        "  1 × 1 s at 0.025 a minute  0.000416666666",
        "  rounding to whole micros   -0.000000333333",
        "  total                      3.000833",
        "  booked as p1, p2",
    ]


def test_a_call_within_the_first_interval_has_no_line_of_increments() -> None:
    told = explain(rate("0.025"), timedelta(0))
    assert told.to_text().splitlines()[1:] == ["  first 60 s  0.025", "  total       0.025"]
