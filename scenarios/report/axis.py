"""The vertical axis of a ladder: seconds to pixels, to scale where little happens, with breaks where nothing does.

Whatever is drawn at an instant has a row of its own, so that no label covers another; between rows time is
linear. A stretch in which nothing happens for long is shortened, and said to be.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PIXELS_PER_SECOND: Final = 14.0
STRETCH_MAX: Final = 84.0
"""Six seconds to scale; what is longer is broken to this height."""


@dataclass(frozen=True, slots=True)
class Break:
    """A stretch that is not to scale."""

    top: float
    bottom: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Room:
    """What a row needs above and below itself, in pixels."""

    above: float
    below: float


@dataclass(slots=True)
class Axis:
    """Places instants, given in their order; then tells where any instant is.

    Attributes:
        top: Where the first row stands.
        taken: How far down each zone of the drawing is taken by labels.
    """

    top: float
    taken: dict[str, float] = field(default_factory=dict)
    breaks: list[Break] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _heights: list[float] = field(default_factory=list)

    @property
    def bottom(self) -> float:
        """The last row."""
        return self._heights[-1] if self._heights else self.top

    def place(self, at: float, zones: Mapping[str, Room]) -> float:
        """Give an instant a row with the room it needs in some zones of the drawing.

        An instant without zones is only made to lie on the axis; it may share a row.
        """
        if not self._times:
            y = self.top
        else:
            at = max(at, self._times[-1])
            seconds = at - self._times[-1]
            stretch = seconds * PIXELS_PER_SECOND
            last = self._heights[-1]
            y = last + min(stretch, STRETCH_MAX)
            if stretch > STRETCH_MAX:
                self.breaks.append(Break(last, y, seconds))
        if zones:
            y = max([y, *(self.taken[zone] + room.above for zone, room in zones.items() if zone in self.taken)])
            self.taken |= {zone: y + room.below for zone, room in zones.items()}
        if self.breaks and self._times and self.breaks[-1].top == self._heights[-1]:
            self.breaks[-1] = Break(self.breaks[-1].top, y, self.breaks[-1].seconds)
        self._times.append(at)
        self._heights.append(y)
        return y

    def y(self, at: float) -> float:
        """Where an instant is; before the first row and behind the last it is there."""
        if not self._times:
            return self.top
        high = bisect_left(self._times, at)
        if high == len(self._times):
            return self._heights[-1]
        if self._times[high] == at or high == 0:
            return self._heights[high]
        low = high - 1
        share = (at - self._times[low]) / (self._times[high] - self._times[low])
        return self._heights[low] + share * (self._heights[high] - self._heights[low])

    def at(self, y: float) -> float:
        """The instant that is at a height."""
        low = bisect_right(self._heights, y) - 1
        if low < 0:
            return self._times[0]
        if low + 1 >= len(self._heights):
            return self._times[-1]
        share = (y - self._heights[low]) / (self._heights[low + 1] - self._heights[low])
        return self._times[low] + share * (self._times[low + 1] - self._times[low])
