"""Bands: hours of some days of the week, in the local time of a tariff.

A band that ends no later than it begins goes on past midnight and belongs to the day on which it began:
Friday from 23:00 until 08:00 ends on Saturday. The first instant of a band is in it, its last is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Final

from rating.calendar import DAY_MINUTES

_DAY: Final = timedelta(days=1)


class DayKind(IntEnum):
    """A day of the week, as `date.weekday` counts, or a holiday."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6
    HOLIDAY = 7


@dataclass(frozen=True, slots=True)
class Band:
    """Hours on some days. Minutes are counted from midnight on the clock on the wall."""

    name: str
    days: frozenset[DayKind]
    start: int = 0
    end: int = DAY_MINUTES

    def holds(self, day: DayKind, day_before: DayKind, minute: int) -> bool:
        """Whether it is this band at a minute of such a day."""
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or (day_before in self.days and minute < self.end)


def band_at(bands: Iterable[Band], holidays: Collection[date], clock: datetime) -> Band | None:
    """The first of the bands that holds when the clock on the wall shows this, None outside all.

    A holiday counts as a Sunday, unless one of the bands has holidays among its days: then it is in no band
    but those.
    """
    bands = tuple(bands)
    is_own = any(DayKind.HOLIDAY in band.days for band in bands)
    today = clock.date()
    day, before = (_kind(each, holidays, is_own=is_own) for each in (today, today - _DAY))
    minute = clock.hour * 60 + clock.minute
    return next((band for band in bands if band.holds(day, before, minute)), None)


def _kind(day: date, holidays: Collection[date], *, is_own: bool) -> DayKind:
    if day not in holidays:
        return DayKind(day.weekday())
    return DayKind.HOLIDAY if is_own else DayKind.SUN
