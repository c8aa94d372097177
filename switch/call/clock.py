"""The one bridge from the event loop's clock to business time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """UTC of an instant of the loop's clock.

    Anchored once to the wall clock, so that a step of the wall clock in mid-call changes no charge.
    """

    __slots__ = ("_anchor_now", "_anchor_utc", "now")

    def __init__(self, now: Callable[[], float], utc: datetime) -> None:
        assert utc.tzinfo is not None, "an aware instant is needed"
        self.now = now
        self._anchor_now = now()
        self._anchor_utc = utc.astimezone(UTC)

    def utc(self, now: float) -> datetime:
        """The UTC instant of a loop instant, to the microsecond."""
        return self._anchor_utc + timedelta(seconds=now - self._anchor_now)
