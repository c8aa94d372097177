"""The final unit: when the last talk that money buys was granted, what is said of it, and what takes it back."""

from __future__ import annotations

from datetime import timedelta

from ledger.money import ZERO, Money
from rating.tariff import MidCall, Rate
from rating.terms import Terms
from switch.call.meter import Cut, Hold, Meter, Redirect, State, Warn
from tests.rating.rate_builders import rate
from tests.rating.terms_builders import terms

MINUTE = timedelta(seconds=60)
LIMIT = timedelta(minutes=15)
CALIFORNIA = rate("0.025")


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def usd(text: str) -> Money:
    return Money.from_text(text)


def open_meter(balance: str, of: Rate | Terms = CALIFORNIA, *, redirects: bool = True) -> Meter:
    """A meter with its first unit granted, on an account of this balance that nobody else uses."""
    made = Meter(rate=of, limit=LIMIT, slice_=MINUTE, warnings=(seconds(60), seconds(30)), redirects=redirects)
    for hold in made.start(usd(balance)):
        assert isinstance(hold, Hold)
        made.granted_hold(usd(balance) - hold.amount)
    return made


def test_the_unit_granted_last_is_final_when_what_is_left_is_below_one_increment() -> None:
    assert open_meter("0.049999").is_final
    assert not open_meter("0.05").is_final


def test_a_refused_hold_makes_the_unit_before_it_final() -> None:
    talking = open_meter("5")
    talking.advance(seconds(55))
    assert not talking.is_final
    talking.refused_hold(usd("0.02"))
    assert talking.is_final


def test_a_unit_that_reaches_the_limit_of_the_profile_is_not_final_nor_is_free_talk() -> None:
    flat = terms((0, rate("0.375")), (1, rate("0")))
    assert not open_meter("0.375", flat).is_final
    assert not open_meter("0", rate("0")).is_final


def test_redirected_both_are_told_once_that_the_money_ends_and_no_warning_talks_over_it() -> None:
    talking = open_meter("0.05")
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.025"), 2 * MINUTE)]
    talking.granted_hold(ZERO)
    assert talking.advance(seconds(55)) == [Redirect(seconds(65))]
    assert talking.deadline(seconds(55)) == seconds(60)
    assert talking.advance(seconds(60)) == []
    assert talking.advance(seconds(70)) == []
    assert talking.advance(seconds(90)) == [Warn(seconds(30))]
    assert talking.advance(2 * MINUTE) == [Cut(is_time_limit=False)]


def test_terminated_a_final_unit_is_warned_of_as_any_end_is() -> None:
    talking = open_meter("0.025", redirects=False)
    assert talking.is_final
    assert talking.advance(seconds(0)) == [Warn(MINUTE)]


def test_a_top_up_takes_a_final_unit_back_and_the_next_one_is_told_again() -> None:
    talking = open_meter("0.025")
    assert talking.advance(seconds(0)) == [Redirect(MINUTE)]
    talking.balance_changed(usd("0.025"))
    assert not talking.is_final
    assert talking.advance(seconds(20)) == []
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.025"), 2 * MINUTE)]
    talking.granted_hold(ZERO)
    assert talking.advance(seconds(55)) == [Redirect(seconds(65))]


def test_money_in_the_last_instant_of_a_final_unit_is_asked_for_at_once() -> None:
    talking = open_meter("0.025")
    talking.advance(seconds(59.98))
    assert talking.deadline(seconds(59.98)) == MINUTE
    talking.balance_changed(usd("0.025"))
    assert talking.deadline(seconds(59.98)) == seconds(59.98)
    assert talking.advance(seconds(59.98)) == [Hold(2, usd("0.025"), 2 * MINUTE)]


def test_a_final_unit_of_less_than_a_second_is_not_worth_words() -> None:
    talking = open_meter("5")
    talking.advance(seconds(55))
    assert talking.state is State.PENDING_UPDATE
    talking.refused_hold(ZERO)
    assert talking.advance(seconds(59.5)) == [Warn(seconds(0))]


def test_an_account_that_owes_takes_nothing_back_of_what_was_granted() -> None:
    talking = open_meter("5")
    talking.balance_changed(usd("-3"))
    assert talking.affordable == talking.granted == MINUTE
    assert talking.is_final


def test_no_more_is_held_than_the_limit_lasts() -> None:
    talking = Meter(rate=rate("0.06", first=1, increment=1), limit=seconds(70), slice_=MINUTE, warnings=())
    (hold,) = talking.start(usd("5"))
    assert isinstance(hold, Hold)
    talking.granted_hold(usd("4.94"))
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.01"), seconds(70))]


def test_a_first_interval_that_is_free_now_and_may_cost_at_acceptance_is_held_for() -> None:
    free_now = terms((0, rate("0.05", "0")), (20, rate("0.05", "0.50")))
    waiting = Meter(rate=free_now, limit=LIMIT, slice_=MINUTE, warnings=(), first=usd("0.50"))
    assert waiting.start(usd("1")) == [Hold(1, usd("0.50"), MINUTE)]
    waiting.granted_hold(usd("0.50"))
    assert free_now.as_of is not None
    waiting.accepted(free_now.accepted(free_now.as_of + seconds(30)))
    assert (waiting.granted, waiting.stop(seconds(1))) == (MINUTE, (seconds(1), usd("0.50")))


def test_a_call_that_is_free_now_and_may_cost_at_acceptance_is_held_for_and_talks_what_was_held() -> None:
    free_now = terms((0, rate("0")), (20, CALIFORNIA), mid_call=MidCall.FIXED)
    waiting = Meter(rate=free_now, limit=LIMIT, slice_=MINUTE, warnings=(), first=usd("0.025"))
    assert waiting.start(usd("1")) == [Hold(1, usd("0.025"), LIMIT)]
    waiting.granted_hold(usd("0.975"))
    assert free_now.as_of is not None
    waiting.accepted(free_now.accepted(free_now.as_of + seconds(30)))
    assert (waiting.granted, waiting.held) == (MINUTE, usd("0.025"))
    assert waiting.advance(seconds(55)) == [Hold(2, usd("0.025"), 2 * MINUTE)]


def test_a_call_that_is_free_still_at_acceptance_is_talked_to_the_limit() -> None:
    free_now = terms((0, rate("0")), (20, CALIFORNIA), mid_call=MidCall.FIXED)
    waiting = Meter(rate=free_now, limit=LIMIT, slice_=MINUTE, warnings=(), first=usd("0.025"))
    waiting.start(usd("1"))
    waiting.granted_hold(usd("0.975"))
    assert free_now.as_of is not None
    waiting.accepted(free_now.accepted(free_now.as_of + seconds(10)))
    assert (waiting.granted, waiting.stop(LIMIT)) == (LIMIT, (LIMIT, ZERO))


def test_less_free_talk_at_acceptance_than_at_admission_is_less_granted() -> None:
    """Nothing is held for a first minute, nor for six seconds, that cost nothing: what follows them does."""
    dearer = rate("0.025", "0", first=6, minimum=6)
    free_first = terms((0, rate("0.025", "0")), (20, dearer), mid_call=MidCall.FIXED)
    waiting = Meter(rate=free_first, limit=LIMIT, slice_=MINUTE, warnings=())
    assert waiting.start(usd("1")) == []
    assert (waiting.state, waiting.granted) == (State.OPEN, MINUTE)
    assert free_first.as_of is not None
    waiting.accepted(free_first.accepted(free_first.as_of + seconds(30)))
    assert waiting.granted == seconds(6)
    assert waiting.advance(seconds(1)) == [Hold(1, usd("0.025"), seconds(66))]


def test_free_minutes_come_first_and_the_warning_counts_the_money_after_them() -> None:
    """Two free minutes, and money for one: warned before the end of the third."""
    talking = open_meter("0.025", terms((0, CALIFORNIA), free_seconds=120), redirects=False)
    assert talking.affordable == 3 * MINUTE
    assert talking.advance(seconds(60)) == []
    assert talking.advance(seconds(115)) == [Hold(1, usd("0.025"), 3 * MINUTE)]
    talking.granted_hold(ZERO)
    assert talking.advance(seconds(119)) == []
    assert talking.advance(seconds(120)) == [Warn(MINUTE)]
    assert talking.advance(seconds(150)) == [Warn(seconds(30))]


def test_a_band_that_begins_in_mid_call_moves_the_warnings() -> None:
    dear_later = terms((0, rate("0.025")), (60, rate("0.05")))
    talking = open_meter("0.075", dear_later, redirects=False)
    assert talking.affordable == 2 * MINUTE
    assert talking.deadline(seconds(0)) == seconds(55)
    assert talking.advance(seconds(55)) == [Hold(2, usd("0.05"), 2 * MINUTE)]
    talking.granted_hold(ZERO)
    assert talking.advance(seconds(60)) == [Warn(MINUTE)]
