"""Calling hours: which instants they hold at, and when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from switch.directory.hours import CallingHours, parse_window

LOS_ANGELES = "America/Los_Angeles"
DAY = timedelta(days=1)


def hours(*windows: str, zone: str = "UTC") -> CallingHours:
    return CallingHours(tuple(map(parse_window, windows)), zone)


def utc(year: int, month: int, day: int, hour: int, *rest: int) -> datetime:
    return datetime(year, month, day, hour, *rest, tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "at", "open_for"),
    [
        (["Tue 07:00-19:00"], utc(2021, 6, 1, 12), timedelta(hours=7)),
        (["Tue 07:00-19:00"], utc(2021, 6, 1, 18, 59, 59), timedelta(seconds=1)),
        (["Tue 07:00-19:00"], utc(2021, 6, 1, 19), timedelta(0)),
        (["Tue 07:00-19:00"], utc(2021, 6, 1, 6, 59, 59), timedelta(0)),
        (["Tue 07:00-19:00"], utc(2021, 6, 2, 12), timedelta(0)),
        (["Mon-Wed 07:00-19:00"], utc(2021, 6, 2, 12), timedelta(hours=7)),
        (["Fri-Mon 07:00-19:00"], utc(2021, 6, 1, 12), timedelta(0)),
        (["Fri-Mon 07:00-19:00"], utc(2021, 5, 31, 12), timedelta(hours=7)),
        (["Sat,Tue 07:00-19:00"], utc(2021, 6, 1, 12), timedelta(hours=7)),
        (["Tue 22:00-02:00"], utc(2021, 6, 2, 1), timedelta(hours=1)),
        (["Tue 22:00-02:00"], utc(2021, 6, 1, 1), timedelta(0)),
        (["Tue 22:00-02:00"], utc(2021, 6, 1, 23), timedelta(hours=3)),
        (["Tue 00:00-24:00"], utc(2021, 6, 1, 12), timedelta(hours=12)),
        (["Tue,Wed 00:00-24:00"], utc(2021, 6, 1, 12), DAY),
        (["Tue 07:00-12:30", "Tue 12:00-15:00"], utc(2021, 6, 1, 12, 15), timedelta(hours=2.75)),
    ],
)
def test_calls_are_allowed_for_as_long_as_some_window_holds(
    windows: list[str], at: datetime, open_for: timedelta
) -> None:
    assert hours(*windows).open_for(at, DAY) == open_for


def test_no_longer_than_is_asked_for() -> None:
    assert hours("Tue 07:00-19:00").open_for(utc(2021, 6, 1, 12), timedelta(hours=1)) == timedelta(hours=1)


def test_the_clock_is_that_of_the_zone() -> None:
    evening = utc(2021, 6, 2, 1)
    assert hours("Tue 07:00-19:00", zone=LOS_ANGELES).open_for(evening, DAY) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "open_for"),
    [
        (utc(2021, 3, 14, 9), timedelta(hours=3)),  # 1:00, and the clock leaps from 2 to 3.
        (utc(2021, 11, 7, 8), timedelta(hours=5)),  # 1:00, and 1 to 2 comes twice.
    ],
)
def test_hours_end_by_the_clock_on_days_when_it_is_changed(at: datetime, open_for: timedelta) -> None:
    assert hours("Sun 00:00-05:00", zone=LOS_ANGELES).open_for(at, DAY) == open_for


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("always", "are no calling hours; write hours like"),
        ("Mon 8-21", "are no calling hours"),
        ("Mo 08:00-21:00", "'Mo' is no day; days are Mon, Tue"),
        ("Mon-Fry 08:00-21:00", "'Fry' is no day"),
        ("Mon 08:00-24:30", "24:30 is no time of a day"),
        ("Mon 08:60-21:00", "08:60 is no time of a day"),
        ("Mon 08:00-08:00", "is no time at all; a whole day is 00:00-24:00"),
        ("Mon 24:00-08:00", "is no time at all"),
    ],
)
def test_what_are_no_hours_is_refused_with_the_way_to_write_them(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_window(text)
