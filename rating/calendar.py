"""Local time: the only module that knows it. Days, clocks on walls, and the instants at which they change.

A zone is a name of the IANA time zone data. A local day begins at the first instant of its date and may last 23
or 25 hours. What a clock on the wall shows decides which band holds: where it leaps from 2 to 3, no instant is at
half past two; where it goes back, every half past one is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES: Final = 24 * 60
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an aware instant in a named zone.

    Raises:
        KeyError: The zone is not in the time zone data; loaded tariffs name known zones only.
    """
    return wall_clock(instant, zone).date()


def wall_clock(instant: datetime, zone: str) -> datetime:
    """What calendar and clock on a wall there show at an aware instant, without a zone.

    Raises:
        KeyError: The zone is not in the time zone data.
    """
    assert instant.tzinfo is not None, "an instant without a time zone has no day"
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def local_month(year: int, month: int, zone: str) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which a calendar month of a named zone begins and the next one begins.

    Raises:
        KeyError: The zone is not in the time zone data; ask `is_zone` first.
    """
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    return day_start(date(year, month, 1), zone), day_start(date(*following, 1), zone)


def local_time(instant: datetime, zone: str) -> datetime:
    """What clocks of a named zone show at an aware instant.

    Raises:
        KeyError: The zone is not in the time zone data; ask `is_zone` first.
    """
    assert instant.tzinfo is not None, "an instant without a time zone is no instant"
    return instant.astimezone(ZoneInfo(zone))


def read_instant(text: str, zone: str) -> datetime:
    """An instant as ISO 8601 writes it, on the clocks of a named zone, and of that zone where it names none.

    Raises:
        ValueError: It is none, or the calendar ends before it.
        KeyError: The zone is not in the time zone data; ask `is_zone` first.
    """
    read, local = datetime.fromisoformat(text), ZoneInfo(zone)
    try:
        return (read.replace(tzinfo=local) if read.tzinfo is None else read).astimezone(local)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def same_clock_on(day: date, instant: datetime, zone: str) -> datetime:
    """The instant of another local day at which the clock on the wall there shows what it shows now, in UTC.

    Where the clock leaps over it, it is as much later.

    Raises:
        KeyError: The zone is not in the time zone data.
    """
    return datetime.combine(day, wall_clock(instant, zone).time(), ZoneInfo(zone)).astimezone(UTC)


def clock_at(day: date, minute: int, zone: str) -> datetime:
    """The instant, in UTC, at which clocks there come to a minute of a local day, 24:00 included.

    Where the clock leaps over it, it is as much later.

    Raises:
        KeyError: The zone is not in the time zone data.
    """
    if minute == DAY_MINUTES:
        return day_start(day + _DAY, zone)
    hour, rest = divmod(minute, 60)
    return datetime.combine(day, time(hour, rest), ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Whether the time zone data of this machine has the zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC: midnight, or the leap of the clock that skips midnight.

    Raises:
        KeyError: The zone is not in the time zone data.
    """
    there = ZoneInfo(zone)
    midnight = datetime.combine(day, time(), there)
    begins = midnight.astimezone(UTC)
    if wall_clock(begins, zone).time() == time():
        return begins
    leap = _leap(midnight.replace(fold=1).astimezone(UTC), begins, there)
    assert leap is not None, f"{zone} has no midnight on {day}, and no leap over it"
    return leap


def wall_changes(start: datetime, end: datetime, zone: str, minutes: Iterable[int]) -> list[datetime]:
    """The instants after `start` and before `end` at which a clock there comes to one of these minutes, or leaps.

    Args:
        start: An aware instant.
        end: An aware instant.
        zone: A name of the time zone data.
        minutes: Minutes of the day, from 0 to `DAY_MINUTES`.

    Returns:
        Instants in UTC, in their order, none twice. At some of them nothing may change: a clock that was put
        back comes to a minute twice.
    """
    there = ZoneInfo(zone)
    wanted = sorted({minute % DAY_MINUTES for minute in minutes})
    found: set[datetime] = set()
    day, last = local_day(start, zone), local_day(end, zone)
    while day <= last:
        for minute in wanted:
            hour, rest = divmod(minute, 60)
            local = datetime.combine(day, time(hour, rest), there)
            found.update(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        day += _DAY
    mark = start.astimezone(UTC)
    while mark < end:
        until = min(mark + _DAY, end)
        leap = _leap(mark, until, there)
        if leap is not None:
            found.add(leap)
        mark = until
    return sorted(instant for instant in found if start < instant < end)


def _leap(start: datetime, end: datetime, there: ZoneInfo) -> datetime | None:
    """The instant between two at which the clock leaps or is put back, None where it does neither."""
    before = start.astimezone(there).utcoffset()
    if end.astimezone(there).utcoffset() == before:
        return None
    # Clocks are changed at whole seconds of UTC. At `low` it is before the change, `seconds` later it is not.
    low, seconds = start.replace(microsecond=0), -(-(end - start.replace(microsecond=0)) // _SECOND)
    while seconds > 1:
        half = seconds // 2
        middle = low + half * _SECOND
        if middle.astimezone(there).utcoffset() == before:
            low, seconds = middle, seconds - half
        else:
            seconds = half
    return low.astimezone(UTC) + _SECOND
