"""Business time: hours of working days in a named zone, and what is promised in them ("one business day")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from rating.calendar import clock_at, local_day

SUNDAY: Final = 6
DAYS_MAX: Final = 400
"""Days looked ahead: a year of holidays, and some more."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When a place works, and how much of that time it promises to need at most."""

    zone: str
    opens: int = 9 * 60
    """Minutes after midnight."""
    closes: int = 17 * 60
    weekdays: frozenset[int] = frozenset(range(5))
    """Monday is 0."""
    holidays: frozenset[date] = frozenset()
    promise: timedelta = timedelta(hours=8)
    """Business time: eight hours are one business day from nine to five."""

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= 24 * 60:
            raise ValueError("opens comes before closes, both within a day")
        if not self.weekdays or not self.weekdays <= set(range(SUNDAY + 1)):
            raise ValueError("some days of the week are working days: 0 is Monday, 6 is Sunday")

    def is_working(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def promised(self, at: datetime) -> datetime:
        """The instant, in UTC, at which what came in at an instant is done by.

        Raises:
            ValueError: There is not so much business time within `DAYS_MAX` days.
        """
        left, day = self.promise, local_day(at, self.zone)
        for _ in range(DAYS_MAX):
            if self.is_working(day):
                begins = max(at, clock_at(day, self.opens, self.zone))
                ends = clock_at(day, self.closes, self.zone)
                if begins < ends and left <= ends - begins:
                    return begins + left
                left -= max(timedelta(0), ends - begins)
            day += _DAY
        raise ValueError(f"no business day within {DAYS_MAX} days: look at the holidays")
