"""Times of calls in histograms: HDR, three digits, a microsecond to an hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

from hdrh.histogram import HdrHistogram

SECONDS_MAX: Final = 3600.0
_MICROS: Final = 1_000_000
_DIGITS: Final = 3


class Measure(Enum):
    """What is timed. All but `cutoff`, `jitter` and `rtp_delay` start at an instant of our own."""

    SETUP = "setup"
    """From the intended start of the call to the first 18x, or to the 200 that came without one."""
    ANSWER = "answer"
    """From the intended start to the 200."""
    REACH = "reach"
    """From the last key of the caller, or the intended start without keys, to the INVITE at our callee."""
    BYE = "bye"
    """From our BYE to its 200."""
    RELEASE = "release"
    """From the BYE of one side to the BYE that reaches the other, where both are ours."""
    CUTOFF = "cutoff"
    """By how much the target's BYE missed the end of the paid talk, early or late."""
    JITTER = "jitter"
    """Interarrival jitter of a stream at its end (RFC 3550 §6.4.1)."""
    RTP_DELAY = "rtp_delay"
    """Of marked audio from one party of ours to the other."""
    START_LATE = "start_late"
    """How late the generator itself was to start a call; it is part of `setup` and `answer`."""


class Times:
    """The distribution of one measure, in seconds."""

    __slots__ = ("_histogram", "_total")

    def __init__(self) -> None:
        self._histogram: Any = HdrHistogram(1, int(SECONDS_MAX * _MICROS), _DIGITS)
        self._total = 0.0

    def __len__(self) -> int:
        return int(self._histogram.total_count)

    def add(self, seconds: float) -> None:
        """Count a time; less than a microsecond counts as one, more than an hour as an hour."""
        bounded = min(max(seconds, 1 / _MICROS), SECONDS_MAX)
        self._histogram.record_value(round(bounded * _MICROS))
        self._total += bounded

    def merge(self, other: Times) -> None:
        """Count what another counted."""
        if len(other):
            self._histogram.add(other._histogram)
            self._total += other._total

    def percentile(self, percent: float) -> float | None:
        """The time within which at least this share of all were; None without any."""
        if not len(self):
            return None
        return float(self._histogram.get_value_at_percentile(self._rounded_up(percent))) / _MICROS

    def statistic(self, name: str) -> float | None:
        """`min`, `mean`, `max` or a percentile such as `p99.9`."""
        if not len(self):
            return None
        match name:
            case "min":
                return float(self._histogram.get_min_value()) / _MICROS
            case "mean":
                return self._total / len(self)
            case "max":
                return float(self._histogram.get_max_value()) / _MICROS
            case _:
                return self.percentile(float(name[1:]))

    def statistics(self, names: Sequence[str]) -> list[float | None]:
        """Several figures, all percentiles in one pass over the histogram: a live table has many."""
        wanted = {name: self._rounded_up(float(name[1:])) for name in names if name[0] == "p"} if len(self) else {}
        found = self._histogram.get_percentile_to_value_dict(sorted(set(wanted.values()))) if wanted else {}
        return [found[wanted[name]] / _MICROS if name in wanted else self.statistic(name) for name in names]

    def spectrum(self) -> Iterator[tuple[float, float]]:
        """Percentiles, ever denser towards 100, and their times: what a percentile plot shows."""
        if len(self):
            for item in self._histogram.get_percentile_iterator(4):
                yield float(item.percentile_level_iterated_to), float(item.value_iterated_to) / _MICROS

    def _rounded_up(self, percent: float) -> float:
        """A percentile whose rank is whole: the library rounds to the nearest, and p99 of 30 would miss the longest."""
        return 100 * math.ceil(round(percent / 100 * len(self), 6)) / len(self)

    def encode(self) -> str:
        """The histogram in the interchange format of HdrHistogram (base64)."""
        encoded: bytes = self._histogram.encode()
        return encoded.decode("ascii")
