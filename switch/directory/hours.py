"""Calling hours of a facility: on which days, between which times of its own clock, calls are allowed.

A window belongs to the day on which it opens; one that ends before it begins ends on the next day. Windows may
overlap. Instants are aware UTC and handed in; local time is `rating.calendar`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rating.calendar import DAY_MINUTES, wall_changes, wall_clock

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

FORM: Final = 'write hours like "Mon-Fri 08:00-21:30" or "Sat,Sun 09:00-18:00"'

_WINDOW: Final = re.compile(r"(?P<days>\S+) +(?P<opens>\d\d:\d\d) ?- ?(?P<closes>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that repeat every week."""

    days: frozenset[int]
    """Days on which it opens; Monday is 0."""
    opens: int
    """Minute of the day, from 0."""
    closes: int
    """Minute of the day, up to 1440; not after `opens`: of the next day."""

    def holds(self, day: int, minute: int) -> bool:
        """Whether a clock that shows this day and minute is within it."""
        if self.opens < self.closes:
            return day in self.days and self.opens <= minute < self.closes
        return (day in self.days and minute >= self.opens) or ((day - 1) % 7 in self.days and minute < self.closes)


@dataclass(frozen=True, slots=True)
class CallingHours:
    """All windows of one facility."""

    windows: tuple[Window, ...]
    zone: str

    def is_open(self, at: datetime) -> bool:
        """Whether calls are allowed at an instant."""
        local = wall_clock(at, self.zone)
        minute = local.hour * 60 + local.minute
        return any(window.holds(local.weekday(), minute) for window in self.windows)

    def open_for(self, at: datetime, most: timedelta) -> timedelta:
        """How long calls stay allowed from an instant on, `most` at most; zero where they are not."""
        if not self.is_open(at):
            return timedelta(0)
        minutes = [minute for window in self.windows for minute in (window.opens, window.closes)]
        for change in wall_changes(at, at + most, self.zone, [*minutes, 0]):
            if not self.is_open(change):
                return change - at
        return most


def parse_window(text: str) -> Window:
    """Read a window as the configuration writes it.

    Raises:
        ValueError: It is none; says how one is written.
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} are no calling hours; {FORM}")
    days = frozenset(day for part in found["days"].split(",") for day in _days(part, text))
    opens, closes = _minute(found["opens"], text), _minute(found["closes"], text)
    if opens in {closes, DAY_MINUTES}:
        raise ValueError(f"{text!r} is no time at all; a whole day is 00:00-24:00")
    return Window(days, opens, closes)


def _days(part: str, text: str) -> list[int]:
    """The days of `Mon` or of `Fri-Mon`."""
    first, _, last = part.partition("-")
    for name in (first, last or first):
        if name not in DAYS:
            raise ValueError(f"{text!r}: {name!r} is no day; days are {', '.join(DAYS)}; {FORM}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _minute(clock: str, text: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise ValueError(f"{text!r}: {clock} is no time of a day; 00:00 to 24:00")
    return hour * 60 + minute
