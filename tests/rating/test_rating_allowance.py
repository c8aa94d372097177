"""Free talk and caps per person and period, before money."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.allowance import (
    Allowance,
    EveryDays,
    EveryMonth,
    FreeDays,
    Purpose,
    Window,
    window,
)
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


def test_free_days_are_local_days() -> None:
    days = FreeDays("two-days", frozenset({date(2021, 1, 2), date(2021, 1, 16)}))
    assert days.covers(utc(2021, 1, 2, 8), PACIFIC)
    assert days.covers(utc(2021, 1, 3, 7, 59), PACIFIC)
    assert not days.covers(utc(2021, 1, 3, 8), PACIFIC)


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
