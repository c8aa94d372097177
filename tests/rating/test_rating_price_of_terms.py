"""Price, its inverse, the next hold, the quote and the bill, of terms with bands, allowances, taxes and shares."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.money import ZERO, Money
from rating.bill import Bill, BillLine, By, LineKind, bill, talk_price
from rating.deck import Deck
from rating.load import load_tariffs, shipped_tariffs
from rating.price import ENDLESS, NO_TALK, Quote, afford, price, quote, step
from rating.rounding import to_money
from rating.tariff import MidCall, Rate, free_rate
from rating.tax import LevyKind, StateShare
from rating.terms import Terms, plain
from tests.rating.rate_builders import moneys, rate, rates, talks
from tests.rating.terms_builders import levies, shares, some_terms, tax, terms, told_again

INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
CALIFORNIA = rate("0.025")
YAKIMA = rate("0.12", "1.50")
NEW_YORK_CITY = rate("0.05", "0.50")
DAY, EVENING = rate("0.21"), rate("0.15")
QUARTER = StateShare("colorado", Decimal("0.25"))
hours = st.timedeltas(min_value=NO_TALK, max_value=HOUR)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def dollars(text: str) -> Money:
    return Money.from_text(text)


SPLIT = terms((0, DAY), (130, EVENING))
FREE_FIRST = terms((0, CALIFORNIA), free_seconds=900)
SHORT = terms((0, rate("0.21", connection="3")), (130, rate("0.12", first=1, increment=6)), free_seconds=100)


@pytest.mark.parametrize(
    ("of", "talk", "expected"),
    [
        (FREE_FIRST, 0, "0"),
        (FREE_FIRST, 900, "0"),
        (FREE_FIRST, 900.000001, "0.025"),
        (FREE_FIRST, 1800, "0.375"),
        (terms((0, YAKIMA), free_seconds=10), 70, "1.50"),
        (terms((0, YAKIMA), free_seconds=10), 71, "1.62"),
        (terms((0, NEW_YORK_CITY), free_seconds=60), 120, "0.50"),
        (terms((0, rate("0.10", connection="3")), free_seconds=60), 60, "0"),
        (terms((0, rate("0.10", connection="3")), free_seconds=60), 61, "3.10"),
        (terms((0, rate("0.06", first=6, increment=6, minimum=30)), free_seconds=60), 61, "0.03"),
        (SPLIT, 120, "0.42"),
        (SPLIT, 121, "0.63"),
        (SPLIT, 180, "0.63"),
        (SPLIT, 181, "0.78"),
        (terms((0, DAY), (120, EVENING)), 121, "0.57"),
        (terms((0, DAY), (120, EVENING), mid_call=MidCall.FIXED), 121, "0.63"),
        (SHORT, 160, "3.21"),
        (SHORT, 160.1, "3.222"),
        (terms((0, DAY), levies=[tax("0.0635")]), 60, "0.223335"),
        (terms((0, DAY), levies=[tax("0.0635"), tax("0", per_call=Decimal("0.05"))]), 60, "0.273335"),
        (terms((0, DAY), levies=[tax("0.0635")], share=QUARTER), 60, "0.167501"),
        (terms((0, DAY), levies=[tax("0.5")], share=StateShare("colorado", Decimal(1))), 60, "0"),
        (plain(CALIFORNIA), 900, "0.375"),
    ],
)
def test_talk_costs_what_its_intervals_cost_where_they_begin(of: Terms, talk: float, expected: str) -> None:
    assert price(of, seconds(talk)) == dollars(expected)


@given(some_terms(), hours)
@settings(max_examples=150)
def test_the_price_of_talk_is_that_of_a_walk_from_interval_to_interval(of: Terms, talk: timedelta) -> None:
    assert talk_price(of, talk) == to_money(told_again(of, talk))


@given(rates(), talks)
@settings(max_examples=100)
def test_terms_of_a_rate_alone_cost_what_the_rate_costs(of: Rate, talk: timedelta) -> None:
    assert (price(plain(of), talk), quote(plain(of))) == (price(of, talk), quote(of))
    assert afford(plain(of), price(of, talk)) == afford(of, price(of, talk))
    assert step(plain(of), talk, HOUR) == step(of, talk, HOUR)


@given(some_terms(), talks, talks)
@settings(max_examples=150)
def test_longer_talk_never_costs_less(of: Terms, one: timedelta, other: timedelta) -> None:
    assert price(of, min(one, other)) <= price(of, max(one, other))


def assert_inverse(of: Rate | Terms, money: Money) -> None:
    longest = afford(of, money)
    if longest == ENDLESS:
        assert of.is_free or price(of, timedelta(days=36500)) <= money
        return
    assert money < price(of, longest + INSTANT)
    assert price(of, longest) <= money or longest == NO_TALK


@given(some_terms(), talks, st.integers(0, 1_000_000).map(Money))
@settings(max_examples=250)
def test_afford_is_the_exact_inverse_of_price(of: Terms, talk: timedelta, more: Money) -> None:
    assert_inverse(of, price(of, talk) + more)


@given(some_terms(), moneys)
@settings(max_examples=150)
def test_any_money_affords_what_it_pays_for_and_no_increment_more(of: Terms, money: Money) -> None:
    assert_inverse(of, money)


def shipped_rates() -> list[Rate]:
    """Every different price of every shipped tariff."""
    found: dict[tuple[object, ...], Rate] = {}
    for path in shipped_tariffs().values():
        deck = load_tariffs(path)
        assert isinstance(deck, Deck), deck
        for tariff in deck.tariffs:
            banded = [each for prices in tariff.band_rates.values() for each in prices.values()]
            for of in (*tariff.rates, *banded):
                key = (of.per_minute, of.first_price, of.connection, of.first_seconds, of.increment_seconds)
                found.setdefault((*key, of.minimum_seconds), of)
    return list(found.values())


SHIPPED = shipped_rates()


@given(
    st.sampled_from(SHIPPED),
    st.sampled_from(SHIPPED),
    st.integers(1, 900),
    st.sampled_from([0, 1, 60, 900]),
    st.lists(levies, max_size=2),
    st.none() | shares,
    moneys,
)
@settings(max_examples=250)
def test_every_shipped_tariff_is_inverted_exactly_across_changes_taxes_shares_and_allowances(
    one: Rate,
    other: Rate,
    after: int,
    free: int,
    taxes: list[object],
    share: StateShare | None,
    money: Money,
) -> None:
    assert_inverse(one, money)
    assert_inverse(terms((0, one), (after, other), free_seconds=free, levies=taxes, share=share), money)


@given(some_terms(), talks)
@settings(max_examples=100)
def test_the_price_of_a_talk_affords_it(of: Terms, talk: timedelta) -> None:
    assert afford(of, price(of, talk)) >= talk


@pytest.mark.parametrize(
    ("of", "money", "expected"),
    [
        (FREE_FIRST, "0", seconds(900)),
        (FREE_FIRST, "-5", seconds(900)),
        (FREE_FIRST, "0.0249", seconds(900)),
        (FREE_FIRST, "0.025", seconds(960)),
        (FREE_FIRST, "0.375", seconds(1800)),
        (SPLIT, "0.20", NO_TALK),
        (SPLIT, "0.62", seconds(120)),
        (SPLIT, "0.77", seconds(180)),
        (SPLIT, "0.78", seconds(240)),
        (terms((0, DAY), (130, free_rate())), "0.62", seconds(120)),
        (terms((0, DAY), (130, free_rate())), "0.63", ENDLESS),
        (terms((0, free_rate()), (120, DAY)), "0", seconds(120)),
        (terms((0, free_rate()), (120, DAY)), "-1", NO_TALK),
        (terms((0, DAY), levies=[tax("0.0635")]), "0.223334", NO_TALK),
        (terms((0, DAY), levies=[tax("0.0635")]), "0.223335", seconds(60)),
        (terms((0, DAY), levies=[tax("0.0635")]), "-1", NO_TALK),
        (terms((0, DAY), share=QUARTER), "0.1575", seconds(60)),
        (terms((0, DAY), share=QUARTER), "0.157499", NO_TALK),
        (terms((0, DAY), share=StateShare("colorado", Decimal(1))), "0", ENDLESS),
    ],
)
def test_free_talk_comes_first_and_money_buys_whole_increments_with_their_taxes(
    of: Terms, money: str, expected: timedelta
) -> None:
    assert afford(of, dollars(money)) == expected


@given(some_terms(), talks, talks)
@settings(max_examples=150)
def test_a_step_ends_where_another_instant_would_begin_an_increment(
    of: Terms, granted: timedelta, more: timedelta
) -> None:
    upto = step(of, granted, more)
    assert upto > granted
    assert upto >= granted + more
    exact = of.stairs.grains
    assert exact(upto // INSTANT) == exact(max(granted + INSTANT, granted + more) // INSTANT)
    assert of.stairs.end(upto // INSTANT) == upto // INSTANT or upto == timedelta(seconds=of.free_seconds)


@pytest.mark.parametrize(
    ("of", "granted", "more", "expected"),
    [
        (FREE_FIRST, 0, 60, 900),
        (FREE_FIRST, 0, 900, 900),
        (FREE_FIRST, 0, 901, 960),
        (FREE_FIRST, 900, 0, 960),
        (FREE_FIRST, 900, 60, 960),
        (SHORT, 100, 0, 160),
        (SHORT, 160, 1, 166),
        (SPLIT, 60, 60, 120),
    ],
)
def test_holds_go_to_the_end_of_free_talk_and_from_boundary_to_boundary(
    of: Terms, granted: int, more: int, expected: int
) -> None:
    assert step(of, seconds(granted), seconds(more)) == seconds(expected)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (terms((0, YAKIMA)), Quote(dollars("1.50"), dollars("0.12"))),
        (FREE_FIRST, Quote(dollars("0.025"), dollars("0.025"), free_seconds=900)),
        (terms((0, DAY), levies=[tax("0.06")]), Quote(dollars("0.21"), dollars("0.21"), excludes_taxes=True)),
        (terms((0, DAY), share=QUARTER), Quote(dollars("0.1575"), dollars("0.1575"))),
        (SPLIT, Quote(dollars("0.21"), dollars("0.21"), changes_after=seconds(130))),
        (terms((0, DAY), (130, EVENING), mid_call=MidCall.FIXED), Quote(dollars("0.21"), dollars("0.21"))),
        (terms((0, DAY), (130, EVENING), free_seconds=130), Quote(dollars("0.15"), dollars("0.15"), free_seconds=130)),
    ],
)
def test_a_quote_is_without_taxes_and_says_so(of: Terms, expected: Quote) -> None:
    assert quote(of) == expected


@given(some_terms(), talks)
@settings(max_examples=150)
def test_the_lines_of_a_bill_are_the_price_and_what_payer_and_state_pay_is_the_price_of_talk(
    of: Terms, talk: timedelta
) -> None:
    made = bill(of, talk)
    assert made.payer_total == price(of, talk)
    talked = [line.amount.micros for line in made.lines if line.kind is LineKind.TALK]
    assert sum(talked) == talk_price(of, talk).micros
    assert sum(line.amount.micros for line in made.lines) == (made.payer_total + made.state_total).micros
    assert all(line.amount > ZERO for line in made.lines)


def test_a_bill_names_who_pays_what_to_whom() -> None:
    fee = tax("0", "access", kind=LevyKind.FEE, per_call=Decimal("0.05"))
    made = bill(terms((0, DAY), levies=[tax("0.0635"), fee], share=QUARTER), seconds(60))
    assert made == Bill(
        (
            BillLine(LineKind.TALK, "United States", "", dollars("0.1575")),
            BillLine(LineKind.TALK, "United States", "colorado", dollars("0.0525"), By.STATE),
            BillLine(LineKind.TAX, "sales-tax", "connecticut", dollars("0.010001")),
            BillLine(LineKind.FEE, "access", "connecticut", dollars("0.05")),
        )
    )
    assert (made.payer_total, made.state_total) == (dollars("0.217501"), dollars("0.0525"))


def test_a_bill_of_a_rate_has_one_line_and_of_free_talk_none() -> None:
    assert bill(CALIFORNIA, seconds(900)).lines == (BillLine(LineKind.TALK, "United States", "", dollars("0.375")),)
    fee = tax("0", per_call=Decimal("0.05"))
    assert bill(terms((0, CALIFORNIA), free_seconds=900, levies=[fee]), seconds(900)).lines == ()
    assert bill(free_rate(), seconds(900)).lines == ()


@given(some_terms(), st.integers(-50_000_000, -1).map(Money))
@settings(deadline=None, max_examples=50)
def test_a_debt_buys_nothing_but_free_talk(of: Terms, debt: Money) -> None:
    assume(not of.is_free)
    assert afford(of, debt) == timedelta(seconds=of.free_seconds)
