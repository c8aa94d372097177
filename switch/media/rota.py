"""Who is due at which tick: every leg at each fourth one, always the same of four phases.

Legs of one phase are kept as a list and as an array, made anew only when one joins or leaves, so that a step
finds them without looking at every leg there could be.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

import numpy as np

from switch.media.legs import NEVER, Rows

FRAME_TICKS: Final = 4
"""Ticks of a frame: 20 ms of 5."""
PHASE_ROWS: Final = 8
"""Rows in a row that share a phase."""


class Rota:
    """The connected legs by phase."""

    def __init__(self) -> None:
        self._members: list[list[int]] = [[] for _ in range(FRAME_TICKS)]
        self._arrays: list[Rows | None] = [None] * FRAME_TICKS
        self._joining: dict[int, int] = {}
        self._next_joining = NEVER

    @staticmethod
    def first_due(row: int, after: int) -> int:
        """The first tick of the row's phase after a tick."""
        return after + 1 + (row // PHASE_ROWS - after - 1) % FRAME_TICKS

    def join(self, row: int, first: int) -> None:
        """Let a leg be due from this tick of its phase on."""
        self._joining[row] = first
        self._next_joining = min(self._next_joining, first)

    def leave(self, row: int) -> None:
        """Let a leg be due no more."""
        if row in self._joining:
            del self._joining[row]
            self._next_joining = min(self._joining.values(), default=NEVER)
            return
        phase = row // PHASE_ROWS % FRAME_TICKS
        if row in self._members[phase]:
            self._members[phase].remove(row)
            self._arrays[phase] = None

    def due_of(self, row: int, done: int) -> int:
        """When a leg is due next after the ticks that are done."""
        return self._joining.get(row, self.first_due(row, done))

    def next_due(self, after: int) -> int:
        """The first tick after `after` at which a leg is due; `NEVER` if none is connected."""
        members = self._members
        for tick in range(after + 1, after + 1 + FRAME_TICKS):
            if members[tick % FRAME_TICKS]:
                return min(tick, self._next_joining)
        return self._next_joining

    def due(self, tick: int) -> list[int]:
        """The legs due at a tick, in order of their rows; not to be changed."""
        phase = tick % FRAME_TICKS
        if self._next_joining <= tick:
            for row in [row for row, first in self._joining.items() if first == tick]:
                del self._joining[row]
                insort(self._members[phase], row)
                self._arrays[phase] = None
            self._next_joining = min(self._joining.values(), default=NEVER)
        return self._members[phase]

    def all_due(self, tick: int) -> list[int] | None:
        """The legs that will be due at a tick, None unless all there are will be, and at every fourth after it."""
        phase = tick % FRAME_TICKS
        if any(self._members[:phase]) or any(self._members[phase + 1 :]):
            return None
        if not self._joining:
            return self._members[phase]
        if any(first != tick for first in self._joining.values()):
            return None
        return sorted([*self._members[phase], *self._joining])

    def due_array(self, tick: int) -> Rows:
        """The same as an array."""
        phase = tick % FRAME_TICKS
        array = self._arrays[phase]
        if array is None:
            array = self._arrays[phase] = np.array(self._members[phase], np.int64)
        return array

    def postpone(self, done: int, earliest: int) -> tuple[Rows, Rows]:
        """Leave out the frames due after `done` and before `earliest`; the legs that had any, and how many each."""
        frames: dict[int, int] = {}
        for phase, members in enumerate(self._members):
            first = done + 1 + (phase - done - 1) % FRAME_TICKS
            if first < earliest:
                frames |= dict.fromkeys(members, -((first - earliest) // FRAME_TICKS))
        for row, first in self._joining.items():
            if first < earliest:
                frames[row] = -((first - earliest) // FRAME_TICKS)
                self._joining[row] = first + frames[row] * FRAME_TICKS
        self._next_joining = min(self._joining.values(), default=NEVER)
        return np.array(list(frames), np.int64), np.array(list(frames.values()), np.int64)
