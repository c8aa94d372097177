"""The meter: holds before talk, warnings, and the instant of the cut."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.money import ZERO, Money
from rating.price import afford, price
from rating.tariff import Rate
from switch.call.meter import MOVES, Cut, Hold, Meter, State, Warn
from tests.support.examples import examples

MINUTE = timedelta(seconds=60)
LIMIT = timedelta(minutes=15)
CALIFORNIA = Rate(tariff="t", prefix="+1", place="US", per_minute=Decimal("0.025"))
PER_SECOND = Rate(
    tariff="t",
    prefix="+1",
    place="US",
    per_minute=Decimal("0.06"),
    first_seconds=1,
    increment_seconds=1,
    minimum_seconds=1,
)
FREE = Rate(tariff="t", prefix="+1", place="US", per_minute=Decimal(0))


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def usd(text: str) -> Money:
    return Money.from_text(text)


def meter(rate: Rate = CALIFORNIA, limit: timedelta = LIMIT) -> Meter:
    return Meter(rate=rate, limit=limit, slice_=MINUTE, warnings=(seconds(60), seconds(30)))


def open_meter(balance: str, rate: Rate = CALIFORNIA, limit: timedelta = LIMIT) -> Meter:
    opened = meter(rate, limit)
    (hold,) = opened.start(usd(balance))
    assert isinstance(hold, Hold)
    opened.granted_hold(usd(balance) - hold.amount)
    return opened


def test_the_first_slice_is_held_before_anything_is_talked() -> None:
    assert meter().start(usd("5")) == [Hold(1, usd("0.025"), MINUTE)]


def test_an_account_with_money_for_one_minute_is_admitted() -> None:
    assert meter().start(usd("0.025")) == [Hold(1, usd("0.025"), MINUTE)]


def test_an_account_with_less_than_the_first_minute_is_not() -> None:
    closed = meter()
    assert closed.start(usd("0.024999")) == []
    assert closed.state is State.CLOSED


def test_a_free_call_is_granted_to_the_limit_without_a_hold() -> None:
    free = meter(FREE)
    assert free.start(ZERO) == []
    assert free.granted == LIMIT
    assert free.advance(LIMIT) == [Cut(is_time_limit=True)]


def test_the_next_slice_is_held_before_the_last_one_ends() -> None:
    talking = open_meter("5")
    assert talking.deadline(seconds(0)) == seconds(55)
    assert talking.advance(seconds(54)) == []
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.025"), 2 * MINUTE)]
    talking.granted_hold(usd("4.95"))
    assert talking.granted == 2 * MINUTE


def test_a_refused_slice_only_fixes_the_instant_of_the_cut() -> None:
    talking = open_meter("5")
    talking.advance(seconds(55))
    talking.refused_hold(ZERO)
    assert talking.deadline(seconds(55)) == MINUTE
    assert talking.advance(seconds(55)) == [Warn(seconds(5))]
    assert talking.advance(seconds(59)) == []
    assert talking.advance(MINUTE) == [Cut(is_time_limit=False)]


def test_a_refused_slice_is_asked_for_again_as_far_as_the_money_goes() -> None:
    talking = open_meter("5", PER_SECOND)
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.06"), seconds(120))]
    talking.refused_hold(usd("0.01"))
    hold, warning = talking.advance(seconds(55))
    assert hold == Hold(3, usd("0.01"), seconds(70))
    assert warning == Warn(seconds(15))


def test_warnings_follow_what_can_be_afforded() -> None:
    talking = open_meter("0.075")
    told = run(talking, usd("0.075"))
    assert told == [
        (seconds(120), Warn(seconds(60))),
        (seconds(150), Warn(seconds(30))),
        (seconds(180), Cut(is_time_limit=False)),
    ]


def test_a_call_that_begins_with_less_than_a_warning_is_told_what_is_left() -> None:
    talking = open_meter("0.045", PER_SECOND)
    assert talking.advance(seconds(0)) == [Warn(seconds(45))]
    assert talking.deadline(seconds(0)) == seconds(15)


def test_a_warning_that_is_due_while_what_is_left_is_said_would_only_repeat_it() -> None:
    talking = open_meter("0.031", PER_SECOND)
    assert talking.advance(seconds(0)) == [Warn(seconds(31))]
    assert talking.deadline(seconds(0)) == seconds(1)
    assert talking.advance(seconds(1)) == []
    talking.balance_changed(usd("0.06"))  # Armed again: it is said when it is due anew.
    assert run(talking, usd("0.091"), start=seconds(2)) == [
        (seconds(31), Warn(seconds(60))),
        (seconds(61), Warn(seconds(30))),
        (seconds(91), Cut(is_time_limit=False)),
    ]


def test_a_top_up_in_the_final_minute_extends_the_call_and_arms_the_warnings_again() -> None:
    talking = open_meter("0.025")
    assert talking.advance(seconds(0)) == [Warn(seconds(60))]
    assert talking.advance(seconds(30)) == [Warn(seconds(30))]
    assert talking.deadline(seconds(30)) == seconds(55)
    talking.balance_changed(usd("0.05"))
    assert talking.advance(seconds(56)) == [Hold(2, usd("0.025"), 2 * MINUTE)]
    talking.granted_hold(usd("0.025"))
    assert run(talking, usd("0.075"), start=seconds(56)) == [
        (seconds(120), Warn(seconds(60))),
        (seconds(150), Warn(seconds(30))),
        (seconds(180), Cut(is_time_limit=False)),
    ]


def test_the_limit_of_the_profile_ends_a_rich_call() -> None:
    told = run(open_meter("100"), usd("100"))
    assert told == [
        (LIMIT - seconds(60), Warn(seconds(60))),
        (LIMIT - seconds(30), Warn(seconds(30))),
        (LIMIT, Cut(is_time_limit=True)),
    ]


def test_a_limit_that_is_shortened_before_acceptance_ends_the_call_and_longer_ones_change_nothing() -> None:
    talking = open_meter("100")
    talking.shorten(seconds(75))
    talking.shorten(LIMIT)
    assert run(talking, usd("100")) == [
        (seconds(15), Warn(seconds(60))),
        (seconds(45), Warn(seconds(30))),
        (seconds(75), Cut(is_time_limit=True)),
    ]


def test_talk_is_charged_to_the_last_paid_instant_and_not_beyond() -> None:
    talking = open_meter("0.025")
    talking.advance(MINUTE)
    assert talking.stop(seconds(60.004)) == (MINUTE, usd("0.025"))


def test_an_accepted_call_costs_the_first_minute_even_when_nothing_is_said() -> None:
    assert open_meter("5").stop(seconds(-0.001)) == (seconds(0), usd("0.025"))


FIRST_MINUTE_FREE = Rate(tariff="t", prefix="+1", place="US", per_minute=Decimal("0.05"), first_price=Decimal(0))
FLAT = Rate(tariff="t", prefix="+1", place="US", per_minute=Decimal(0), first_price=Decimal("0.50"))


def test_a_first_minute_for_free_is_granted_without_a_hold_and_without_money() -> None:
    poor = meter(FIRST_MINUTE_FREE)
    assert poor.start(ZERO) == []
    assert (poor.state, poor.granted) == (State.OPEN, MINUTE)
    assert run(poor, ZERO)[-1] == (MINUTE, Cut(is_time_limit=False))


def test_what_follows_a_first_minute_for_free_is_held_when_it_is_due() -> None:
    talking = meter(FIRST_MINUTE_FREE)
    assert talking.start(usd("0.05")) == []
    assert talking.advance(seconds(54)) == []
    assert talking.advance(seconds(55))[0] == Hold(1, usd("0.05"), 2 * MINUTE)


def test_a_flat_price_is_held_once_and_talked_to_the_limit() -> None:
    talking = meter(FLAT)
    assert talking.start(usd("0.50")) == [Hold(1, usd("0.50"), MINUTE)]
    talking.granted_hold(ZERO)
    assert run(talking, usd("0.50"))[-1] == (LIMIT, Cut(is_time_limit=True))
    assert talking.stop(LIMIT) == (LIMIT, usd("0.50"))


def test_an_answer_of_the_book_that_comes_after_the_end_changes_nothing() -> None:
    for late in (Meter.granted_hold, Meter.refused_hold):
        talking = open_meter("5")
        talking.advance(seconds(55))
        talking.stop(seconds(57))
        late(talking, usd("4.95"))
        assert (talking.state, talking.granted, talking.held) == (State.CLOSED, MINUTE, usd("0.025"))


def test_a_first_slice_that_is_refused_closes_the_meter() -> None:
    closed = meter()
    closed.start(usd("5"))
    closed.refused_hold(ZERO)
    assert closed.state is State.CLOSED


def test_a_first_slice_that_is_refused_is_asked_for_again_as_far_as_the_money_goes() -> None:
    starting = meter(PER_SECOND)
    assert starting.start(usd("0.1")) == [Hold(1, usd("0.06"), MINUTE)]
    starting.refused_hold(usd("0.04"))
    assert starting.state is State.IDLE
    assert starting.start(usd("0.04")) == [Hold(2, usd("0.04"), seconds(40))]
    starting.granted_hold(ZERO)
    assert (starting.state, starting.granted, starting.held) == (State.OPEN, seconds(40), usd("0.04"))


def test_a_first_slice_that_is_refused_though_there_is_money_for_it_closes_the_meter() -> None:
    closed = meter(PER_SECOND)
    closed.start(usd("0.1"))
    closed.refused_hold(usd("0.1"))
    assert closed.state is State.CLOSED


def test_the_least_to_be_held_first_is_not_asked_for_twice() -> None:
    closed = Meter(rate=PER_SECOND, limit=LIMIT, slice_=MINUTE, warnings=(), first=usd("0.05"))
    assert closed.start(usd("0.04")) == [Hold(1, usd("0.05"), seconds(40))]
    closed.refused_hold(usd("0.04"))
    assert closed.state is State.CLOSED


def test_a_closed_meter_asks_for_nothing_more() -> None:
    talking = open_meter("5")
    talking.stop(seconds(3))
    assert talking.advance(seconds(4)) == []
    assert talking.deadline(seconds(4)) is None


def test_every_state_but_the_last_can_be_left() -> None:
    assert {state for state, moves in MOVES.items() if not moves} == {State.CLOSED}
    assert set(MOVES) == set(State)


def run(talking: Meter, balance: Money, start: timedelta = timedelta(0)) -> list[tuple[timedelta, Warn | Cut]]:
    """Talk until the cut on an account of this balance that nobody else uses."""
    talk, told = start, []
    while (due := talking.deadline(talk)) is not None:
        talk = due
        for effect in talking.advance(talk):
            match effect:
                case Hold(amount=amount):
                    assert amount, "a hold of nothing is none"
                    available = balance - talking.held
                    assert amount <= available, "the meter asked for more than there is"
                    talking.granted_hold(available - amount)
                case _:
                    told.append((talk, effect))
    return told


@examples(200)
@given(
    micros=st.integers(0, 3_000_000),
    per_minute=st.decimals("0", "2", places=4),
    first=st.decimals("0", "3", places=3) | st.none(),
    increment=st.sampled_from([1, 6, 30, 60]),
    limit=st.integers(1, 1200),
)
def test_the_cut_is_at_the_last_affordable_instant_and_never_costs_more_than_there_is(
    micros: int, per_minute: Decimal, first: Decimal | None, increment: int, limit: int
) -> None:
    rate = Rate(
        tariff="t",
        prefix="+",
        place="x",
        per_minute=per_minute,
        first_price=first,
        first_seconds=increment,
        increment_seconds=increment,
        minimum_seconds=increment,
    )
    balance = Money(micros)
    talking = meter(rate, seconds(limit))
    effects = talking.start(balance)
    if talking.state is State.CLOSED:
        assert afford(rate, balance) == timedelta(0)
        return
    for effect in effects:
        assert isinstance(effect, Hold)
        talking.granted_hold(balance - effect.amount)
    told = run(talking, balance)
    ended, cut = told[-1]
    assert isinstance(cut, Cut)
    assert ended == min(seconds(limit), afford(rate, balance))
    charged, amount = talking.stop(ended)
    assert charged == ended
    assert amount == price(rate, ended)
    assert amount <= balance or rate.is_free
    assert amount <= talking.held or rate.is_free
