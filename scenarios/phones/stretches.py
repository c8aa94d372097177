"""Audio by the instants at which it is heard, kept as it came: octets that follow each other are one stretch."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, Law, decode

STRETCH_MAX = 10 * SAMPLES_PER_SECOND
"""Samples after which another stretch begins, so that a look at some seconds passes over what is far from them."""

NEXT_SECONDS = 1e-9
"""What begins this near to the end of a stretch goes on with it: instants of one clock differ by their last bits."""

_at = attrgetter("at")


@dataclass(slots=True)
class _Stretch:
    at: float
    """When its first sample is heard."""
    octets: bytearray
    law: Law

    @property
    def until(self) -> float:
        return self.at + len(self.octets) / SAMPLES_PER_SECOND

    def goes_on(self, at: float, law: Law) -> bool:
        """Whether what is heard at an instant is its next sample."""
        return law is self.law and abs(at - self.until) < NEXT_SECONDS and len(self.octets) < STRETCH_MAX


class Stretches:
    """What was heard, in the order of its instants. Most of it is never looked at, so none is decoded yet."""

    def __init__(self) -> None:
        self._stretches: list[_Stretch] = []
        self._longest = 0.0

    def keep(self, at: float, octets: bytes, law: Law) -> None:
        """Keep octets, the first of which is heard at this instant."""
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last.goes_on(at, law):
            last.octets += octets
            self._longest = max(self._longest, last.until - last.at)
            return
        stretch = _Stretch(at, bytearray(octets), law)
        self._longest = max(self._longest, stretch.until - at)
        if last is not None and at < last.at:
            insort(self._stretches, stretch, key=_at)
        else:
            self._stretches.append(stretch)

    def forget(self, before: float) -> None:
        """Forget stretches that ended before this instant."""
        while self._stretches[0].until < before:
            del self._stretches[0]

    def audio(self, since: float, until: float) -> Audio:
        """Return the samples between two instants, silent where there are none; of two at once the later begun."""
        heard = np.zeros(max(0, round((until - since) * SAMPLES_PER_SECOND)), np.int16)
        for stretch in self._between(since, until):
            start = round((stretch.at - since) * SAMPLES_PER_SECOND)
            first, end = max(0, -start), min(len(stretch.octets), len(heard) - start)
            if first < end:
                heard[start + first : start + end] = decode(stretch.octets[first:end], stretch.law)
        return heard

    def spans(self, since: float, until: float) -> list[tuple[float, float]]:
        """Return when stretches begin and end, of those that may be heard between two instants."""
        return [(stretch.at, stretch.until) for stretch in self._between(since, until)]

    def _between(self, since: float, until: float) -> Iterator[_Stretch]:
        first = bisect_left(self._stretches, since - self._longest, key=_at)
        for stretch in self._stretches[first : bisect_left(self._stretches, until, key=_at)]:
            if stretch.until > since:
                yield stretch
