"""Business time: what is promised within one business day, over nights, weekends, holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rating.business import BusinessHours
from rating.calendar import clock_at

LOS_ANGELES = "America/Los_Angeles"
HOURS = BusinessHours(LOS_ANGELES, holidays=frozenset({date(2026, 11, 26)}))


@pytest.mark.parametrize(
    ("at", "promised"),
    [
        # A Tuesday at ten there: eight hours of work later it is Wednesday at ten.
        ("2026-11-24T18:00", "2026-11-25T18:00"),
        # At five in the morning: the day itself is enough.
        ("2026-11-24T13:00", "2026-11-25T01:00"),
        # In the evening: the whole next day.
        ("2026-11-25T03:00", "2026-11-26T01:00"),
        # A Wednesday at noon before a holiday and a weekend: five hours then, three on Friday.
        ("2026-11-25T20:00", "2026-11-27T20:00"),
        # A Friday evening.
        ("2026-11-28T02:00", "2026-12-01T01:00"),
        # A Friday at four before the clock goes back in the night to Sunday: one hour, and seven on Monday.
        ("2026-10-30T23:00", "2026-11-03T00:00"),
    ],
)
def test_eight_hours_of_work_are_one_business_day(at: str, promised: str) -> None:
    found = HOURS.promised(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(promised).replace(tzinfo=UTC)


def test_a_place_that_never_closes_promises_hours() -> None:
    always = BusinessHours("UTC", 0, 24 * 60, frozenset(range(7)), promise=timedelta(hours=30))
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert always.promised(at) == at + timedelta(hours=30)


def test_a_place_that_never_works_promises_nothing() -> None:
    year = frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(900))
    with pytest.raises(ValueError, match="look at the holidays"):
        BusinessHours("UTC", holidays=year).promised(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("opens", "closes", "weekdays"),
    [(600, 600, {1}), (-1, 600, {1}), (600, 1441, {1}), (540, 1020, set()), (0, 1, {7})],
)
def test_hours_that_nobody_can_work_are_refused(opens: int, closes: int, weekdays: set[int]) -> None:
    with pytest.raises(ValueError, match="day"):
        BusinessHours("UTC", opens, closes, frozenset(weekdays))


def test_the_end_of_a_day_is_the_beginning_of_the_next_and_a_leap_makes_a_time_later() -> None:
    assert clock_at(date(2026, 11, 24), 24 * 60, LOS_ANGELES) == datetime(2026, 11, 25, 8, tzinfo=UTC)
    # Half past two is leapt over on March 8, 2026.
    assert clock_at(date(2026, 3, 8), 150, LOS_ANGELES) == datetime(2026, 3, 8, 10, 30, tzinfo=UTC)
