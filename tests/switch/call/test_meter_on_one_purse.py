"""Meters that share an account talk all its money, and never a second more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from rating.price import ENDLESS, afford, price
from rating.tariff import Rate
from rating.terms import Terms
from tests.rating.rate_builders import rate
from tests.rating.terms_builders import some_terms
from tests.support.examples import examples
from tests.switch.call.purse import NEVER, Purse, Talker


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def per_second(increment: int = 1) -> Rate:
    """A tenth of a cent a second."""
    return rate("0.06", first=increment, increment=increment, minimum=increment)


instants = st.integers(0, 400_000).map(lambda millis: timedelta(milliseconds=millis))
slices = st.sampled_from([1, 5, 6, 20, 60, 90]).map(seconds)
top_ups = st.lists(st.tuples(instants, st.integers(1, 300).map(lambda cents: Money(cents * 1000))), max_size=4)
leaves = st.just(NEVER) | instants


@st.composite
def talkers(draw: st.DrawFn, counts: st.SearchStrategy[int], increments: st.SearchStrategy[int]) -> list[Talker]:
    return [
        Talker(
            per_second(draw(increments)),
            slice_=draw(slices),
            limit=timedelta(hours=2),
            starts=draw(instants) / 10,
            leaves=draw(leaves),
        )
        for _ in range(draw(counts))
    ]


@examples(150)
@given(talkers(st.sampled_from([2, 3, 5]), st.just(1)), st.integers(5, 900), top_ups)
def test_calls_on_one_balance_talk_all_of_it_and_not_a_second_more(
    calls: list[Talker], paid_seconds: int, later: list[tuple[timedelta, Money]]
) -> None:
    purse = Purse(Money(paid_seconds * 1000), calls, later)
    purse.run()
    charged = total(call.charged for call in calls)
    assert charged + purse.balance == purse.put_in
    assert purse.balance >= Money(0)
    assert all(call.talk <= timedelta(milliseconds=call.charged.micros) for call in calls)
    assert all(call.talk == seconds(call.charged.micros // 1000) for call in calls if call.ended == "money")


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("slice_", [1, 7, 60, 300])
@pytest.mark.parametrize("paid_seconds", [5, 61, 600])
def test_calls_that_nobody_leaves_talk_exactly_what_was_paid(count: int, slice_: int, paid_seconds: int) -> None:
    calls = [
        Talker(per_second(), slice_=seconds(slice_ + number), limit=timedelta(hours=2), starts=seconds(number))
        for number in range(count)
    ]
    Purse(Money(paid_seconds * 1000), calls).run()
    assert sum((call.talk for call in calls), timedelta(0)) == seconds(paid_seconds)


@examples(150)
@given(
    talkers(st.sampled_from([2, 3, 5]), st.sampled_from([1, 6, 30, 60])),
    st.integers(0, 900_000),
    top_ups,
    st.sampled_from([0, 30, 900, 4_900, 7_000]),
)
def test_whatever_the_increments_and_however_slow_the_book_no_more_is_charged_than_was_put_in(
    calls: list[Talker], micros: int, later: list[tuple[timedelta, Money]], millis: int
) -> None:
    purse = Purse(Money(micros), calls, later, delay=timedelta(milliseconds=millis))
    purse.run()
    assert total(call.charged for call in calls) + purse.balance == purse.put_in
    assert purse.balance >= Money(0)
    assert all(call.charged == price(call.priced, call.talk) for call in calls if call.ended != "refused")


def test_what_one_call_releases_is_talked_by_one_that_had_nothing_left() -> None:
    stays = Talker(per_second(60), limit=timedelta(hours=2))
    leaves_early = Talker(per_second(), slice_=seconds(60), leaves=seconds(57))
    purse = Purse(Money(117_000), [stays, leaves_early], [(seconds(58), Money(3_000))])
    purse.run()
    assert (stays.talk, leaves_early.charged, purse.balance) == (seconds(60), Money(57_000), Money(3_000))
    stays = Talker(per_second(60), limit=timedelta(hours=2), redirects=True)
    leaves_early = Talker(per_second(), slice_=seconds(60), leaves=seconds(57))
    purse = Purse(Money(177_000), [stays, leaves_early], [(seconds(58), Money(0))])
    purse.run()
    assert (stays.talk, leaves_early.charged, purse.balance) == (seconds(120), Money(57_000), Money(0))


@examples(200)
@given(some_terms(), st.integers(0, 5_000_000).map(Money), slices, top_ups, st.integers(1, 1200).map(seconds))
def test_the_talk_granted_is_what_all_the_money_put_in_affords_and_its_holds_are_its_price(
    terms: Terms, money: Money, slice_: timedelta, later: list[tuple[timedelta, Money]], limit: timedelta
) -> None:
    call = Talker(terms, slice_=slice_, limit=limit)
    purse = Purse(money, [call], later)
    purse.run()
    if call.ended == "refused":
        assert afford(terms, money) == timedelta(0)
        return
    affordable = min(limit, afford(terms, purse.put_in))
    assert call.meter.granted <= affordable
    assert call.meter.held in {price(terms, call.meter.granted), Money(0)}
    assert call.charged <= purse.put_in
    if not later:
        assert call.talk == affordable
        assert call.ended == ("time" if affordable == limit else "money")


@examples(100)
@given(st.lists(some_terms(), min_size=2, max_size=4), st.integers(0, 20_000_000).map(Money), slices, leaves)
def test_calls_of_any_terms_on_one_balance_are_cut_when_no_further_increment_is_paid(
    every: list[Terms], money: Money, slice_: timedelta, leaving: timedelta
) -> None:
    calls = [Talker(terms, slice_=slice_, starts=seconds(number)) for number, terms in enumerate(every)]
    calls[0].leaves = leaving
    purse = Purse(money, calls)
    purse.run()
    assert total(call.charged for call in calls) + purse.balance == purse.put_in
    assert purse.balance >= Money(0)
    assert all(call.meter.granted < ENDLESS for call in calls)
