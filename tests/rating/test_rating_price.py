"""Price, its inverse, the next hold and the quote."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ledger.money import Money
from rating.price import ENDLESS, NO_TALK, Quote, afford, increments, price, quote, step
from rating.tariff import Rate, free_rate
from tests.rating.rate_builders import moneys, rate, rates, talks

INSTANT = timedelta(microseconds=1)
CALIFORNIA = rate("0.025")
YAKIMA = rate("0.12", "1.50")
NEW_YORK_CITY = rate("0.05", "0.50")
PER_SECOND = rate("0.025", first=1, increment=1)
SIX_SECONDS = rate("0.25", first=6, increment=6)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def dollars(text: str) -> Money:
    return Money.from_text(text)


@pytest.mark.parametrize(
    ("of", "talk", "expected"),
    [
        (CALIFORNIA, 900, "0.375"),
        (CALIFORNIA, 0, "0.025"),
        (CALIFORNIA, 60, "0.025"),
        (CALIFORNIA, 60.000001, "0.05"),
        (CALIFORNIA, 120, "0.05"),
        (YAKIMA, 0, "1.50"),
        (YAKIMA, 60, "1.50"),
        (YAKIMA, 61, "1.62"),
        (YAKIMA, 900, "3.18"),
        (NEW_YORK_CITY, 60, "0.50"),
        (NEW_YORK_CITY, 900, "1.20"),
        (SIX_SECONDS, 0, "0.025"),
        (SIX_SECONDS, 6.1, "0.05"),
        (PER_SECOND, 95, "0.039583"),
        (rate("0.2433"), 900, "3.6495"),
        (rate("0.10", connection="3.00"), 60, "3.10"),
        (rate("0.06", first=6, increment=6, minimum=30), 1, "0.03"),
        (rate("0.06", first=6, increment=6, minimum=31), 1, "0.036"),
        (rate("0", "0.50"), 86_400, "0.50"),
        (free_rate(), 86_400, "0"),
    ],
)
def test_talk_costs_its_first_interval_and_every_increment_begun(of: Rate, talk: float, expected: str) -> None:
    assert price(of, seconds(talk)) == dollars(expected)


@given(rates(), talks, talks)
@settings(max_examples=200)
def test_longer_talk_never_costs_less(of: Rate, one: timedelta, other: timedelta) -> None:
    assert price(of, min(one, other)) <= price(of, max(one, other))


@given(rates(), talks)
@settings(max_examples=200)
def test_price_is_within_half_a_micro_of_the_exact_sum(of: Rate, talk: timedelta) -> None:
    billed = of.first_seconds
    while timedelta(seconds=billed) < max(talk, timedelta(seconds=of.minimum_seconds)):
        billed += of.increment_seconds * max(1, int((talk.total_seconds() - billed) // of.increment_seconds))
    first = of.first_price
    exact = Fraction(of.connection) + Fraction(of.per_minute) * Fraction(billed - of.first_seconds, 60)
    exact += Fraction(of.per_minute) * Fraction(of.first_seconds, 60) if first is None else Fraction(first)
    assert abs(exact * 1_000_000 - price(of, talk).micros) <= Fraction(1, 2)


@given(rates(), talks, st.integers(0, 1_000_000).map(Money))
@example(rate("0.000000060", first=1, increment=1), NO_TALK, Money(1))
@example(rate("0.000030", first=1, increment=1), NO_TALK, Money(0))
@example(rate("0.000030", first=1, increment=1), timedelta(seconds=2), Money(0))
@settings(max_examples=300)
def test_afford_is_the_exact_inverse_of_price(of: Rate, talk: timedelta, more: Money) -> None:
    money = price(of, talk) + more
    longest = afford(of, money)
    assume(longest < ENDLESS)
    assert price(of, longest) <= money < price(of, longest + INSTANT)


@given(rates(), moneys)
@settings(max_examples=200)
def test_nothing_is_affordable_exactly_when_the_minimum_is_not(of: Rate, money: Money) -> None:
    assert (afford(of, money) == NO_TALK) == (price(of, NO_TALK) > money)


@given(rates(), talks)
@settings(max_examples=200)
def test_the_price_of_a_talk_affords_it(of: Rate, talk: timedelta) -> None:
    assert afford(of, price(of, talk)) >= talk


@given(rates(), moneys, moneys)
@settings(max_examples=200)
def test_more_money_never_affords_less(of: Rate, one: Money, other: Money) -> None:
    assert afford(of, min(one, other)) <= afford(of, max(one, other))


@pytest.mark.parametrize(
    ("of", "money", "expected"),
    [
        (CALIFORNIA, "0.375", timedelta(minutes=15)),
        (CALIFORNIA, "0.399999", timedelta(minutes=15)),
        (CALIFORNIA, "0.40", timedelta(minutes=16)),
        (CALIFORNIA, "0.025", timedelta(minutes=1)),
        (CALIFORNIA, "0.024999", NO_TALK),
        (CALIFORNIA, "0", NO_TALK),
        (CALIFORNIA, "-5", NO_TALK),
        (YAKIMA, "1.50", timedelta(minutes=1)),
        (YAKIMA, "1.62", timedelta(minutes=2)),
        (SIX_SECONDS, "0.10", seconds(24)),
        (rate("0.06", first=6, increment=6, minimum=30), "0.029999", NO_TALK),
        (rate("0.06", first=6, increment=6, minimum=30), "0.03", seconds(30)),
        (rate("0", "0.50"), "0.50", ENDLESS),
        (rate("0", "0.50"), "0.49", NO_TALK),
        (rate("0.10", "0"), "0", timedelta(minutes=1)),
        (rate("0.10", "0"), "-0.01", NO_TALK),
        (free_rate(), "0", ENDLESS),
        (free_rate(), "-5", ENDLESS),
    ],
)
def test_money_buys_whole_increments(of: Rate, money: str, expected: timedelta) -> None:
    assert afford(of, dollars(money)) == expected


def test_talk_beyond_what_a_duration_can_say_is_endless() -> None:
    cheap = rate("0.000000001", first=1, increment=86_400)
    assert afford(cheap, Money(10**15)) == ENDLESS


@given(rates(), talks, talks)
@settings(max_examples=300)
def test_a_step_is_the_nearest_end_of_an_increment_that_goes_further(
    of: Rate, granted: timedelta, more: timedelta
) -> None:
    upto = step(of, granted, more)
    increment = timedelta(seconds=of.increment_seconds)
    least = timedelta(seconds=of.first_seconds) + increments(of, NO_TALK) * increment
    assert (upto - timedelta(seconds=of.first_seconds)) % increment == timedelta(0)
    assert upto > granted
    assert upto >= max(least, granted + more)
    previous = upto - increment
    assert previous <= granted or previous < granted + more or previous < least


@given(rates(), talks, talks)
@settings(max_examples=200)
def test_the_price_of_a_step_affords_all_of_it(of: Rate, granted: timedelta, more: timedelta) -> None:
    upto = step(of, granted, more)
    assert afford(of, price(of, upto)) >= upto


@pytest.mark.parametrize(
    ("of", "granted", "more", "expected"),
    [
        (CALIFORNIA, 0, 0, 60),
        (CALIFORNIA, 0, 60, 60),
        (CALIFORNIA, 0, 90, 120),
        (CALIFORNIA, 60, 0, 120),
        (CALIFORNIA, 60, 60, 120),
        (CALIFORNIA, 30, 0, 60),
        (SIX_SECONDS, 6, 10, 18),
        (rate("0.06", first=6, increment=6, minimum=30), 0, 6, 30),
    ],
)
def test_holds_go_from_boundary_to_boundary(of: Rate, granted: int, more: int, expected: int) -> None:
    assert step(of, seconds(granted), seconds(more)) == seconds(expected)


@pytest.mark.parametrize(("granted", "more"), [(ENDLESS, seconds(1)), (seconds(1), ENDLESS), (ENDLESS, NO_TALK)])
def test_endless_talk_has_no_further_step(granted: timedelta, more: timedelta) -> None:
    assert step(CALIFORNIA, granted, more) == ENDLESS


@pytest.mark.parametrize(
    ("of", "first", "each"),
    [
        (CALIFORNIA, "0.025", "0.025"),
        (YAKIMA, "1.50", "0.12"),
        (SIX_SECONDS, "0.25", "0.25"),
        (rate("0.10", first=180), "0.30", "0.10"),
        (rate("0.10", connection="3"), "3.10", "0.10"),
        (free_rate(), "0", "0"),
    ],
)
def test_a_quote_tells_the_first_minute_and_each_further_one(of: Rate, first: str, each: str) -> None:
    assert quote(of) == Quote(first_minute=dollars(first), each_minute=dollars(each))


@given(rates(), st.integers(-50_000_000, -1).map(Money))
@settings(deadline=None, max_examples=50)
def test_a_debt_buys_nothing_that_costs_something(of: Rate, debt: Money) -> None:
    assume(not of.is_free)
    assert afford(of, debt) == NO_TALK


def test_even_endless_talk_has_a_price() -> None:
    assert price(rate("0.06"), ENDLESS).micros == 60_000 * (ENDLESS // timedelta(minutes=1) + 1)


def test_negative_talk_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError, match="talk is negative"):
        price(CALIFORNIA, timedelta(seconds=-1))


def test_negative_holds_are_bugs_of_ours() -> None:
    with pytest.raises(AssertionError, match="granted talk is negative"):
        step(CALIFORNIA, timedelta(seconds=-1), NO_TALK)
    with pytest.raises(AssertionError, match="slice is negative"):
        step(CALIFORNIA, NO_TALK, timedelta(seconds=-1))


def test_a_thousand_calls_of_fifteen_minutes_cost_what_one_says() -> None:
    whole = sum((price(CALIFORNIA, timedelta(minutes=15)).decimal for _ in range(1000)), Decimal(0))
    assert whole == Decimal(375)
