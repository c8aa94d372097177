"""One timer of the event loop for the deadlines of every machine of an agent."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Protocol


class Timed(Protocol):
    """Something with a deadline. `scheduled_at` belongs to the heap; start it with None."""

    scheduled_at: float | None

    @property
    def deadline(self) -> float | None:
        """When `fire` is to be called next, None for never."""

    def fire(self, now: float) -> None:
        """The deadline has come."""


class TimerHeap:
    """Deadlines in order. A deadline that moved away is found out when its old time comes, not before."""

    __slots__ = ("_handle", "_heap", "_is_waking", "_loop", "_order", "_wakes_at")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Timed]] = []
        self._order = count()
        self._handle: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0
        self._is_waking = False

    def watch(self, timed: Timed) -> None:
        """Look at its deadline, as after every call to it."""
        deadline = timed.deadline
        if deadline is None or (timed.scheduled_at is not None and timed.scheduled_at <= deadline):
            return
        timed.scheduled_at = deadline
        heappush(self._heap, (deadline, next(self._order), timed))
        if not self._is_waking and (self._handle is None or deadline < self._wakes_at):
            self._arm()

    def close(self) -> None:
        """Stop, and forget everything."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._heap.clear()

    def _arm(self) -> None:
        """Set the loop's timer to the first deadline."""
        if self._handle is not None:
            self._handle.cancel()
        self._wakes_at = self._heap[0][0]
        self._handle = self._loop.call_at(self._wakes_at, self._wake)

    def _wake(self) -> None:
        self._handle = None
        self._is_waking = True
        now = max(self._loop.time(), self._wakes_at)
        try:
            while self._heap and self._heap[0][0] <= now:
                self._fire_first(now)
        finally:
            self._is_waking = False
            if self._heap:
                self._arm()

    def _fire_first(self, now: float) -> None:
        at, _, timed = heappop(self._heap)
        if timed.scheduled_at != at:
            return  # it was scheduled again for an earlier time
        timed.scheduled_at = None
        deadline = timed.deadline
        if deadline is not None and deadline <= now:
            timed.fire(now)
            # Something still due after it fired is broken; to drop it beats spinning on it for ever.
            if timed.deadline == deadline:
                return
        self.watch(timed)
