"""Free talk and caps per person and period, before money."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.allowance import (
    Allowance,
    EveryDays,
    EveryMonth,
    FreeClass,
    FreeDays,
    Granted,
    Purpose,
    Window,
    free_talk,
    talk_limit,
    used_seconds,
    window,
)
from rating.build import free_class
from rating.errors import RateError
from tests.support.examples import examples

PACIFIC = "America/Los_Angeles"
APRIL_4 = date(2021, 4, 4)
FORTNIGHT = Allowance("fifteen-minutes", Purpose.FREE, 900, EveryDays(14, APRIL_4), APRIL_4, date(2023, 1, 1))
"""S1-7."""
MONTHLY = Allowance("three-hundred-minutes", Purpose.CAP, 18_000, EveryMonth(), date(2020, 1, 1))
DAILY = Allowance("an-hour-a-day", Purpose.CAP, 3600, EveryDays(1, date(2020, 1, 1)), date(2020, 1, 1))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "instant", "expected"),
    [
        (FORTNIGHT, utc(2021, 4, 4, 6, 59), None),
        (FORTNIGHT, utc(2021, 4, 4, 7), Window("2021-04-04", utc(2021, 4, 4, 7), utc(2021, 4, 18, 7), 900)),
        (FORTNIGHT, utc(2021, 4, 18, 6, 59), Window("2021-04-04", utc(2021, 4, 4, 7), utc(2021, 4, 18, 7), 900)),
        (FORTNIGHT, utc(2021, 4, 18, 7), Window("2021-04-18", utc(2021, 4, 18, 7), utc(2021, 5, 2, 7), 900)),
        # Summer time ends on November 7: that period is an hour longer.
        (FORTNIGHT, utc(2021, 11, 7, 12), Window("2021-10-31", utc(2021, 10, 31, 7), utc(2021, 11, 14, 8), 900)),
        (FORTNIGHT, utc(2022, 12, 31, 12), Window("2022-12-25", utc(2022, 12, 25, 8), utc(2023, 1, 1, 8), 900)),
        (FORTNIGHT, utc(2023, 1, 1, 8), None),
        (MONTHLY, utc(2021, 12, 31, 12), Window("2021-12", utc(2021, 12, 1, 8), utc(2022, 1, 1, 8), 18_000)),
        (MONTHLY, utc(2024, 2, 29, 12), Window("2024-02", utc(2024, 2, 1, 8), utc(2024, 3, 1, 8), 18_000)),
        (DAILY, utc(2021, 3, 14, 20), Window("2021-03-14", utc(2021, 3, 14, 8), utc(2021, 3, 15, 7), 3600)),
    ],
)
def test_a_period_is_made_of_local_days(of: Allowance, instant: datetime, expected: Window | None) -> None:
    assert window(of, instant, PACIFIC) == expected


def test_a_period_that_the_allowance_begins_in_begins_with_it() -> None:
    late = Allowance("late", Purpose.FREE, 60, EveryMonth(), date(2021, 4, 15))
    assert window(late, utc(2021, 4, 20), "UTC") == Window("2021-04", utc(2021, 4, 15), utc(2021, 5, 1), 60)


@given(st.datetimes(datetime(2021, 5, 1), datetime(2022, 12, 1), timezones=st.just(UTC)))  # noqa: DTZ001
@examples(100)
def test_periods_follow_each_other_without_a_gap(instant: datetime) -> None:
    for of in (FORTNIGHT, MONTHLY, DAILY):
        now = window(of, instant, PACIFIC)
        assert now is not None
        assert now.start <= instant < now.end
        after = window(of, now.end, PACIFIC)
        assert after is not None
        assert (after.start, after.cycle > now.cycle) == (now.end, True)


NOW = utc(2021, 4, 10)
SECOND = Allowance("second", Purpose.FREE, 60, EveryMonth(), date(2020, 1, 1))


@pytest.mark.parametrize(
    ("used", "name", "seconds"),
    [
        ({}, "fifteen-minutes", 900),
        ({("fifteen-minutes", "2021-04-04"): 890}, "fifteen-minutes", 10),
        ({("fifteen-minutes", "2021-03-21"): 900}, "fifteen-minutes", 900),
        ({("fifteen-minutes", "2021-04-04"): 900}, "second", 60),
        ({("fifteen-minutes", "2021-04-04"): 1000, ("second", "2021-04"): 59}, "second", 1),
    ],
)
def test_allowances_are_used_up_in_their_order(used: dict[tuple[str, str], int], name: str, seconds: int) -> None:
    granted = free_talk([MONTHLY, FORTNIGHT, SECOND], NOW, PACIFIC, used)
    assert isinstance(granted, Granted)
    assert (granted.allowance.name, granted.seconds) == (name, seconds)


def test_nothing_is_free_where_all_is_used_or_nothing_holds() -> None:
    assert free_talk([FORTNIGHT], NOW, PACIFIC, {("fifteen-minutes", "2021-04-04"): 900}) is None
    assert free_talk([FORTNIGHT], utc(2021, 1, 1), PACIFIC, {}) is None
    assert free_talk([], NOW, PACIFIC, {}) is None


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ({}, 900),
        ({("an-hour-a-day", "2021-04-09"): 3000}, 600),
        ({("an-hour-a-day", "2021-04-09"): 3600}, 0),
        ({("an-hour-a-day", "2021-04-09"): 3000, ("three-hundred-minutes", "2021-04"): 17_999}, 1),
    ],
)
def test_the_cap_that_has_least_left_limits_the_talk(used: dict[tuple[str, str], int], expected: int) -> None:
    caps = [DAILY, MONTHLY, FORTNIGHT]
    assert talk_limit(caps, NOW, PACIFIC, used, timedelta(minutes=15)) == timedelta(seconds=expected)


def test_a_cap_that_does_not_hold_limits_nothing() -> None:
    assert talk_limit([MONTHLY], utc(2019, 1, 1), PACIFIC, {}, timedelta(minutes=15)) == timedelta(minutes=15)


@pytest.mark.parametrize(("talk", "used"), [(0, 0), (0.000001, 1), (1, 1), (59.5, 60), (60, 60), (61, 60)])
def test_a_free_second_is_used_when_it_has_begun(talk: float, used: int) -> None:
    assert used_seconds(timedelta(seconds=talk), 60) == used


def test_free_days_are_local_days() -> None:
    days = FreeDays("two-days", frozenset({date(2021, 1, 2), date(2021, 1, 16)}))
    assert days.covers(utc(2021, 1, 2, 8), PACIFIC)
    assert days.covers(utc(2021, 1, 3, 7, 59), PACIFIC)
    assert not days.covers(utc(2021, 1, 3, 8), PACIFIC)


def test_a_call_of_a_free_class_costs_nothing_and_says_why() -> None:
    of = free_class(FreeClass.YOUTH_FACILITY)
    assert of.is_free
    assert of.allowance == "youth facility"


def test_usage_is_kept_under_the_allowance_and_the_person() -> None:
    assert FORTNIGHT.key("jordan") == "fifteen-minutes/jordan"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "slash"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": 10_000_001}, "seconds"),
        ({"until": APRIL_4}, "until"),
    ],
)
def test_allowances_that_make_no_sense_are_refused(fields: dict[str, object], words: str) -> None:
    whole = {"name": "a", "purpose": Purpose.FREE, "seconds": 1, "cycle": EveryMonth(), "since": APRIL_4}
    with pytest.raises(RateError, match=words):
        Allowance(**{**whole, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [0, 367])
def test_periods_of_no_day_or_more_than_a_year_are_refused(days: int) -> None:
    with pytest.raises(RateError, match="days"):
        EveryDays(days, APRIL_4)
