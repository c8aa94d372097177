"""Talk that is free, and talk that is capped, per person and period of local days.

Both are taken before money is: an allowance gives a call free seconds, which come first; a cap ends it. What a
call takes belongs to the period in which it is admitted, also where it goes on into the next one, and a call
that is admitted on a free day is free to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias, assert_never

from rating.calendar import day_start, local_day
from rating.errors import RateError

SECONDS_MAX: Final = 10_000_000
"""Seconds of one period: more than any month has."""
DAYS_MAX: Final = 366
"""Days of one period."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Periods of so many local days, one after another; one of them begins on the anchor.

    Raises:
        RateError: The number of days is not from 1 to `DAYS_MAX`.
    """

    days: int
    anchor: date

    def __post_init__(self) -> None:
        if not 1 <= self.days <= DAYS_MAX:
            raise RateError(f"days: {self.days} is not from 1 to {DAYS_MAX}")


@dataclass(frozen=True, slots=True)
class EveryMonth:
    """Calendar months."""


Cycle: TypeAlias = EveryDays | EveryMonth


class Purpose(Enum):
    """What the seconds of an allowance are."""

    FREE = "free"
    """Talk that costs nothing."""
    CAP = "cap"
    """All the talk there is, paid or not."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many seconds of talk per period, for each person.

    Raises:
        RateError: The seconds are out of range, the days are not in their order, or the name has a slash, which
            parts it from the person in the key of what was used.
    """

    name: str
    purpose: Purpose
    seconds: int
    cycle: Cycle
    since: date
    """First local day."""
    until: date | None = None
    """First local day without it."""

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name:
            raise RateError(f"name: {self.name!r} is empty or has a slash")
        if not 0 <= self.seconds <= SECONDS_MAX:
            raise RateError(f"seconds: {self.seconds} is not from 0 to {SECONDS_MAX}")
        if self.until is not None and self.until <= self.since:
            raise RateError(f"until: {self.until} is not later than since, {self.since}")

    def key(self, person: str) -> str:
        """Under what its usage is kept."""
        return f"{self.name}/{person}"


@dataclass(frozen=True, slots=True)
class FreeDays:
    """Local days on which calls are free."""

    name: str
    days: frozenset[date]

    def covers(self, instant: datetime, zone: str) -> bool:
        """Whether a call that is admitted at an aware instant is free."""
        return local_day(instant, zone) in self.days


@dataclass(frozen=True, slots=True)
class Window:
    """One period of an allowance."""

    cycle: str
    """Its key: `2021-04-04` by its first day, or `2021-04` for a month."""
    start: datetime
    """The first instant, in UTC."""
    end: datetime
    """The first instant after it, in UTC."""
    seconds: int
    """What it gives to each person."""


def window(allowance: Allowance, instant: datetime, zone: str) -> Window | None:
    """The period an instant is in, None where the allowance does not hold on that day.

    The last period ends with the allowance, the first begins with it: an allowance that holds for a part of a period
    gives its seconds whole.

    Args:
        allowance: What is asked about.
        instant: Of admission, aware.
        zone: Whose days these are.
    """
    day = local_day(instant, zone)
    if day < allowance.since or (allowance.until is not None and day >= allowance.until):
        return None
    first, key = _first_day(allowance.cycle, day)
    after = _first_day_after(allowance.cycle, first)
    start = max(first, allowance.since)
    end = after if allowance.until is None else min(after, allowance.until)
    return Window(key, day_start(start, zone), day_start(end, zone), allowance.seconds)


def _first_day(cycle: Cycle, day: date) -> tuple[date, str]:
    match cycle:
        case EveryDays(days, anchor):
            first = day - _DAY * ((day - anchor).days % days)
            return first, first.isoformat()
        case EveryMonth():
            first = day.replace(day=1)
            return first, f"{first:%Y-%m}"
        case _:
            assert_never(cycle)


def _first_day_after(cycle: Cycle, first: date) -> date:
    match cycle:
        case EveryDays(days, _):
            return first + _DAY * days
        case EveryMonth():
            return (first + _DAY * 31).replace(day=1)
        case _:
            assert_never(cycle)
