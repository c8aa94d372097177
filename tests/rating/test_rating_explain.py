"""A price taken apart says what was charged and why."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.errors import RateError
from rating.explain import Explanation, explain
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


@given(rates(), talks, st.lists(st.text(max_size=9), max_size=3))
@settings(deadline=None, max_examples=100)
def test_a_stored_explanation_comes_back_equal(of: Rate, talk: timedelta, ids: list[str]) -> None:
    told = explain(of, talk).with_postings(ids)
    assert Explanation.from_json(told.to_json()) == told


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"talk_seconds": "1"}', '{"talk_seconds": null}', '{"talk_seconds": "x"}']
)
def test_other_text_is_no_explanation(text: str) -> None:
    with pytest.raises(RateError, match="not a stored explanation"):
        Explanation.from_json(text)


@pytest.mark.parametrize("fact", ["total", "first", "postings", "place"])
def test_an_explanation_with_a_fact_missing_or_too_many_is_refused(fact: str) -> None:
    facts = json.loads(explain(rate(), timedelta(0)).to_json())
    for damaged in ({**facts, "more": 1}, {name: value for name, value in facts.items() if name != fact}):
        with pytest.raises(RateError, match="not a stored explanation"):
            Explanation.from_json(json.dumps(damaged))


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
