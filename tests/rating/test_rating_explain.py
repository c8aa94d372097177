"""A price taken apart says what was charged and why."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.errors import RateError
from rating.explain import Explanation, explain
from rating.price import price
from rating.tariff import Rate, free_rate
from rating.tax import LevyKind, StateShare
from rating.terms import Terms, plain
from tests.rating.rate_builders import rate, rates, talks
from tests.rating.terms_builders import some_terms, tax, terms
from tests.support.examples import examples


@given(rates(), talks)
@examples(300)
def test_the_parts_add_up_to_the_price(of: Rate, talk: timedelta) -> None:
    told = explain(of, talk)
    assert told.total == price(of, talk)
    assert told.connection + told.first + told.further == told.exact
    assert told.exact + told.rounding == told.total.decimal
    assert abs(told.rounding) <= Decimal("0.0000005")


@given(rates(), talks)
@examples(200)
def test_billed_time_covers_the_talk_by_less_than_an_increment_beyond_the_minimum(of: Rate, talk: timedelta) -> None:
    told = explain(of, talk)
    billed = timedelta(seconds=told.billed_seconds)
    assert billed >= max(talk, timedelta(seconds=of.minimum_seconds))
    assert billed - timedelta(seconds=of.increment_seconds) < max(talk, timedelta(seconds=of.minimum_seconds))


@given(rates(), talks, st.lists(st.text(max_size=9), max_size=3))
@examples(100)
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


SPLIT = terms((0, rate("0.21", tariff="old")), (130, rate("0.15", tariff="new")))
QUARTER = StateShare("colorado", Decimal("0.25"))


@given(some_terms(), talks)
@examples(150)
def test_the_parts_of_terms_add_up_to_what_the_payer_pays(of: Terms, talk: timedelta) -> None:
    told = explain(of, talk)
    assert told.total == price(of, talk)
    assert told.connection + told.first + told.further == told.exact
    assert told.exact + told.rounding - told.state_pays + sum(each.amount for each in told.levies) == told.total.decimal
    assert sum(each.amount for each in told.stretches) in (told.further, 0)
    assert all(each.exact + each.rounding == each.amount for each in told.levies)
    assert all(abs(each.rounding) <= Decimal("0.0000005") for each in told.levies)
    assert told.free == min(Decimal(of.free_seconds), Decimal(talk // timedelta(microseconds=1)) / 1_000_000)


@given(some_terms(), talks)
@examples(100)
def test_the_stored_explanation_of_terms_comes_back_equal(of: Terms, talk: timedelta) -> None:
    told = explain(of, talk).with_postings(["call-1/charge"])
    assert Explanation.from_json(told.to_json()) == told


@pytest.mark.parametrize("fact", ["stretches", "levies"])
def test_damaged_parts_are_refused(fact: str) -> None:
    facts = json.loads(explain(SPLIT, timedelta(minutes=5)).to_json())
    for damaged in ([{}], [{"amount": "x"}], 3, [3]):
        with pytest.raises(RateError, match="not a stored explanation"):
            Explanation.from_json(json.dumps({**facts, fact: damaged}))


ACCESS = tax("0", "access", kind=LevyKind.FEE, per_call=Decimal("0.05"))


@pytest.mark.parametrize(
    ("of", "talk", "lines"),
    [
        (
            SPLIT,
            200,
            [
                "200 s of talk to United States (+1) by tariff old, band-0, billed as 240 s",
                "  first 60 s                                           0.21",
                "  2 × 60 s at 0.21 a minute from 60 s by old, band-0   0.42",
                "  1 × 60 s at 0.15 a minute from 180 s by new, band-1  0.15",
                "  total                                                0.78",
                "  an increment costs what holds at the instant it begins",
            ],
        ),
        (
            terms((0, rate("0.21")), (30, rate("0.15", tariff="new"))),
            61,
            [
                "61 s of talk to United States (+1) by tariff test, band-0, billed as 120 s",
                "  first 60 s                                          0.21",
                "  1 × 60 s at 0.15 a minute from 60 s by new, band-1  0.15",
                "  total                                               0.36",
                "  an increment costs what holds at the instant it begins",
            ],
        ),
        (
            terms((0, rate("0.025")), free_seconds=900, allowance="fifteen-minutes"),
            600,
            [
                "600 s of talk to United States (+1) by tariff test, band-0, billed as 0 s",
                "  600 s free by fifteen-minutes  0",
                "  total                          0",
                "  the price was fixed at acceptance",
            ],
        ),
        (
            terms(
                (0, rate("0.025", connection="3")),
                free_seconds=900,
                allowance="fifteen-minutes",
                levies=[tax("0.0635"), ACCESS],
                share=QUARTER,
            ),
            1000.5,
            [
                "1000.5 s of talk to United States (+1) by tariff test, band-0, billed as 120 s",
                "  900 s free by fifteen-minutes                                  0",
                "  connection                                                     3",
                "  first 60 s                                                     0.025",
                "  1 × 60 s at 0.025 a minute                                     0.025",
                "  paid by colorado (25 %)                                        -0.7625",
                "  tax sales-tax of connecticut (6.35 %, rounded by -0.00000025)  0.145256",
                "  fee access of connecticut (0.05 a call)                        0.05",
                "  total                                                          2.482756",
                "  the price was fixed at acceptance",
            ],
        ),
        (
            terms((0, rate("0.000002")), share=QUARTER),
            60,
            [
                "60 s of talk to United States (+1) by tariff test, band-0, billed as 60 s",
                "  first 60 s  0.000002",
                "  total       0.000002",
                "  the price was fixed at acceptance",
            ],
        ),
        (
            terms((0, rate("0.000003")), share=QUARTER),
            60,
            [
                "60 s of talk to United States (+1) by tariff test, band-0, billed as 60 s",
                "  first 60 s                                      0.000003",
                "  paid by colorado (25 %, rounded by 0.00000025)  -0.000001",
                "  total                                           0.000002",
                "  the price was fixed at acceptance",
            ],
        ),
        (
            replace(plain(free_rate()), allowance="holidays"),
            30,
            [
                "30 s of talk to anywhere (+) by tariff free, billed as 60 s",
                "  free: holidays  0",
                "  first 60 s      0",
                "  total           0",
            ],
        ),
    ],
)
def test_text_says_which_band_which_allowance_what_tax_what_rounding_took_and_which_rule(
    of: Terms, talk: float, lines: list[str]
) -> None:
    assert explain(of, timedelta(seconds=talk)).to_text().splitlines() == lines


def test_json_of_terms_tells_every_amount_as_a_decimal_string() -> None:
    of = terms((0, rate("0.21")), (30, rate("0.15", tariff="new")), levies=[ACCESS], share=QUARTER, free_seconds=1)
    facts = json.loads(explain(of, timedelta(seconds=62)).to_json())
    assert facts["stretches"] == [
        {
            "after_seconds": "61",
            "tariff": "new",
            "band": "band-1",
            "increments": 1,
            "increment_seconds": 60,
            "per_minute": "0.15",
            "amount": "0.15",
        }
    ]
    assert facts["levies"] == [
        {
            "kind": "fee",
            "name": "access",
            "jurisdiction": "connecticut",
            "share": "0",
            "per_call": "0.05",
            "exact": "0.05",
            "amount": "0.05",
        }
    ]
    assert (facts["band"], facts["mid_call"], facts["free"]) == ("band-0", "split", "1")
    assert (facts["state"], facts["state_share"], facts["state_pays"]) == ("colorado", "0.25", "0.09")


def test_an_explanation_of_a_rate_alone_has_no_word_of_terms() -> None:
    assert explain(plain(rate()), timedelta(0)).to_json() == explain(rate(), timedelta(0)).to_json()
    assert explain(free_rate(), timedelta(0)).allowance == ""
