"""Local days from UTC instants: the only module that knows local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an aware instant in a named zone.

    Raises:
        KeyError: The zone is not in the time zone data; loaded tariffs name known zones only.
    """
    assert instant.tzinfo is not None, "an instant without a time zone has no day"
    return instant.astimezone(ZoneInfo(zone)).date()


def is_zone(name: str) -> bool:
    """Whether the time zone data of this machine has the zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC; where midnight is skipped, the instant of the leap.

    Raises:
        KeyError: As `local_day`.
    """
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
