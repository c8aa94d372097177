from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rating.calendar import local_month, local_time


@pytest.mark.parametrize(
    ("year", "month", "zone", "begins", "ends"),
    [
        (2021, 6, "America/Los_Angeles", "2021-06-01T07:00", "2021-07-01T07:00"),
        # Summer time begins and ends within these.
        (2021, 3, "America/Los_Angeles", "2021-03-01T08:00", "2021-04-01T07:00"),
        (2021, 11, "America/New_York", "2021-11-01T04:00", "2021-12-01T05:00"),
        (2021, 12, "UTC", "2021-12-01T00:00", "2022-01-01T00:00"),
        (2021, 1, "Asia/Kolkata", "2020-12-31T18:30", "2021-01-31T18:30"),
    ],
)
def test_a_month_begins_and_ends_at_midnight_there(year: int, month: int, zone: str, begins: str, ends: str) -> None:
    expected = tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (begins, ends))
    assert local_month(year, month, zone) == expected


def test_months_leave_no_gap() -> None:
    months = [local_month(2021 + place // 12, place % 12 + 1, "America/Los_Angeles") for place in range(24)]
    assert [ends for _, ends in months[:-1]] == [begins for begins, _ in months[1:]]
    assert all(begins.utcoffset() == timedelta(0) for begins, _ in months)


def test_clocks_show_local_time() -> None:
    assert f"{local_time(datetime(2021, 6, 1, 7, 0, tzinfo=UTC), 'America/Los_Angeles'):%m-%d %H:%M}" == "06-01 00:00"
