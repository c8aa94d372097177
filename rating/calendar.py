"""Local days from UTC instants: the only module that knows local time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an aware instant in a named zone.

    Raises:
        KeyError: The zone is not in the time zone data; loaded tariffs name known zones only.
    """
    assert instant.tzinfo is not None, "an instant without a time zone has no day"
    return instant.astimezone(ZoneInfo(zone)).date()


def local_month(year: int, month: int, zone: str) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which a calendar month of a named zone begins and the next one begins.

    Raises:
        KeyError: The zone is not in the time zone data; ask `is_zone` first.
    """
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    begins, ends = (datetime(*each, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for each in ((year, month), following))
    return begins, ends


def local_time(instant: datetime, zone: str) -> datetime:
    """What clocks of a named zone show at an aware instant.

    Raises:
        KeyError: The zone is not in the time zone data; ask `is_zone` first.
    """
    assert instant.tzinfo is not None, "an instant without a time zone is no instant"
    return instant.astimezone(ZoneInfo(zone))


def is_zone(name: str) -> bool:
    """Whether the time zone data of this machine has the zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
