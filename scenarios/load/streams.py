"""What arrived of one RTP stream: loss by sequence numbers and jitter (RFC 3550 §6.4.1, appendices A.3, A.8)."""

from __future__ import annotations

from typing import Final

CLOCK_RATE: Final = 8000
_SEQUENCES: Final = 1 << 16
_GAP_MAX: Final = 3000
"""A step in sequence numbers this wide is no loss but another stream (RFC 3550 appendix A.1: MAX_DROPOUT)."""


class Arrived:
    """Packets of one source that arrived, from its first to its last."""

    __slots__ = ("_first", "_highest", "_transit", "duplicates", "jitter_units", "received", "restarts")

    def __init__(self) -> None:
        self.received = 0
        self.duplicates = 0
        self.restarts = 0
        self.jitter_units = 0.0
        self._first: int | None = None
        self._highest = 0
        self._transit: float | None = None

    @property
    def expected(self) -> int:
        """Packets between the first and the last that arrived, both counted."""
        return 0 if self._first is None else self._highest - self._first + 1

    @property
    def jitter(self) -> float:
        """Seconds."""
        return self.jitter_units / CLOCK_RATE

    def take_number(self, number: int) -> None:
        """Count a packet by its sequence number of 16 bits; one that comes late still counts."""
        if self._first is None:
            self._first = self._highest = number
        else:
            ahead = (number - self._highest) % _SEQUENCES
            if ahead < _GAP_MAX:
                self._highest += ahead
            elif _SEQUENCES - ahead >= _GAP_MAX:
                # Another stream: what was expected so far stays so, and the new one begins behind it.
                self.restarts += 1
                self._first, self._highest = number - self.expected, number
            elif self._highest - (_SEQUENCES - ahead) < self._first:
                return  # from before the first
            if ahead == 0:
                self.duplicates += 1
                return
        self.received = min(self.received + 1, self.expected)

    def take_time(self, timestamp: int, now: float) -> None:
        """Let an audio packet count for the jitter: J += (|D| - J) / 16."""
        transit = now * CLOCK_RATE - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < _GAP_MAX * CLOCK_RATE / 50:  # a new timestamp origin is no jitter
                self.jitter_units += (difference - self.jitter_units) / 16
        self._transit = transit
