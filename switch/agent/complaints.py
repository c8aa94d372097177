"""Notes about what strangers send: everything is counted, little of it is logged."""

from __future__ import annotations

from collections import Counter
from typing import Final

from structlog.typing import FilteringBoundLogger

from switch.agent.addresses import Address

LOG_EVERY: Final = 1.0
"""Seconds between two log lines of one kind: a flood must not become a flood of lines."""


class Complaints:
    """Counts by kind, and logs each kind at most once a second."""

    __slots__ = ("_counters", "_log", "_logged_at")

    def __init__(self, counters: Counter[str], log: FilteringBoundLogger) -> None:
        self._counters = counters
        self._log = log
        self._logged_at: dict[str, float] = {}

    def note(self, kind: str, source: Address, now: float, *, fault: str = "") -> None:
        """Count one; `kind` is one of ours, never text of a stranger."""
        self._counters[kind] += 1
        if now - self._logged_at.get(kind, -LOG_EVERY) >= LOG_EVERY:
            self._logged_at[kind] = now
            self._log.warning("sip_dropped", kind=kind, source=source, fault=fault, count=self._counters[kind])
