"""Local days of 23, 24 and 25 hours, and the instants at which clocks on walls come to a minute or leap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.calendar import day_start, is_zone, local_day, wall_changes, wall_clock
from tests.support.examples import examples

NEW_YORK = "America/New_York"
ZONES = ("UTC", NEW_YORK, "America/Los_Angeles", "America/Phoenix", "Australia/Lord_Howe", "Asia/Kathmandu")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2021, 3, 19), "America/Los_Angeles", utc(2021, 3, 19, 7)),
        (date(2021, 3, 14), NEW_YORK, utc(2021, 3, 14, 5)),
        (date(2021, 3, 15), NEW_YORK, utc(2021, 3, 15, 4)),
        (date(2021, 11, 7), NEW_YORK, utc(2021, 11, 7, 4)),
        (date(2021, 11, 8), NEW_YORK, utc(2021, 11, 8, 5)),
        # Midnight is skipped: the day begins at one.
        (date(2018, 11, 4), "America/Sao_Paulo", utc(2018, 11, 4, 3)),
        (date(2021, 10, 3), "Australia/Lord_Howe", utc(2021, 10, 2, 13, 30)),
        # Midnight comes twice: the day begins with the first.
        (date(2020, 11, 1), "America/Havana", utc(2020, 11, 1, 4)),
        # In 1919 the clock leapt from half past eleven to half past twelve: the day begins with the leap.
        (date(1919, 3, 31), "America/Toronto", utc(1919, 3, 31, 4, 30)),
    ],
)
def test_a_local_day_begins_at_its_first_instant(day: date, zone: str, expected: datetime) -> None:
    assert day_start(day, zone) == expected
    assert local_day(expected, zone) == day
    assert local_day(expected - timedelta(microseconds=1), zone) < day


@given(st.dates(date(1971, 1, 1), date(2037, 1, 1)), st.sampled_from(ZONES))
@examples(100)
def test_days_follow_each_other_without_a_gap(day: date, zone: str) -> None:
    begins = day_start(day, zone)
    assert local_day(begins, zone) == day > local_day(begins - timedelta(microseconds=1), zone)
    assert timedelta(hours=23) <= day_start(day + timedelta(days=1), zone) - begins <= timedelta(hours=25)


def test_a_zone_that_is_not_there_is_none() -> None:
    assert is_zone(NEW_YORK)
    assert not is_zone("Mars/Base")


def test_the_clock_on_the_wall_has_no_zone() -> None:
    assert wall_clock(utc(2021, 7, 4, 16), NEW_YORK) == datetime(2021, 7, 4, 12)  # noqa: DTZ001
    with pytest.raises(AssertionError, match="without a time zone"):
        wall_clock(datetime(2021, 7, 4), NEW_YORK)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "end", "minutes", "expected"),
    [
        (utc(2021, 7, 2, 20), utc(2021, 7, 2, 22), [17 * 60], [utc(2021, 7, 2, 21)]),
        (utc(2021, 7, 2, 21), utc(2021, 7, 2, 22), [17 * 60], []),
        (utc(2021, 7, 2, 20), utc(2021, 7, 2, 21), [17 * 60], []),
        (utc(2021, 7, 3, 3), utc(2021, 7, 3, 5), [24 * 60, 0], [utc(2021, 7, 3, 4)]),
        # The clock leaps from two to three: no half past two, but the leap.
        (utc(2021, 3, 14, 6), utc(2021, 3, 14, 7, 20), [150], [utc(2021, 3, 14, 6, 30), utc(2021, 3, 14, 7)]),
        # It is put back from two to one: half past one comes twice, and the change between.
        (
            utc(2021, 11, 7, 5),
            utc(2021, 11, 7, 7),
            [90],
            [utc(2021, 11, 7, 5, 30), utc(2021, 11, 7, 6), utc(2021, 11, 7, 6, 30)],
        ),
    ],
)
def test_changes_are_where_the_clock_comes_to_a_minute_or_leaps(
    start: datetime, end: datetime, minutes: list[int], expected: list[datetime]
) -> None:
    assert wall_changes(start, end, NEW_YORK, minutes) == expected


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 3 * 24 * 60),
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 1440), max_size=3),
)
@examples(150)
def test_between_two_changes_the_clock_goes_steadily_and_meets_no_minute(
    start: datetime, length: int, zone: str, minutes: list[int]
) -> None:
    end = start + timedelta(minutes=length)
    marks = [start, *wall_changes(start, end, zone, minutes), end]
    for earlier, later in pairwise(marks):
        last = later - timedelta(microseconds=1)
        first_clock, last_clock = wall_clock(earlier, zone), wall_clock(last, zone)
        assert last_clock - first_clock == last - earlier
        day = first_clock.replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= last_clock:
            assert not any(first_clock < day + timedelta(minutes=minute % 1440) <= last_clock for minute in minutes)
            day += timedelta(days=1)
