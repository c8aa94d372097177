"""Legs that neither send nor receive (`inactive`, RFC 3264 §6.1): what is played to them passes without a step.

Nobody hears it, but the call goes on when it ends. A leg rests from the first frame it has no use for until it
may send or receive again; then its timestamps and its plays stand where they would had every frame been made.
"""

from __future__ import annotations

import heapq

import numpy as np

from switch.media.control import PlayEnded, PlayId
from switch.media.legs import NEVER, Legs
from switch.media.playing import Playing
from switch.media.receiving import Events
from switch.media.rota import FRAME_TICKS
from switch.media.wire import FRAME_SAMPLES


class Resting:
    """The legs at rest, and when their plays end."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._since: dict[int, int] = {}
        self._starts: dict[PlayId, int] = {}
        self._ends: list[tuple[int, int, PlayId]] = []

    def __contains__(self, row: int) -> bool:
        return row in self._since

    def rest(self, row: int, tick: int) -> None:
        """Leave out the frames of a leg from this tick on, at which one is due; what was buffered is dropped."""
        self._since[row] = tick
        for playing in (self._legs.playing, self._legs.overlay):
            if row in playing:
                self.begin(row, playing[row], tick)
        self._legs.forget_frames(row)

    def wake(self, row: int, tick: int) -> None:
        """Make frames again from this tick on."""
        left_out = (tick - self._since.pop(row)) // FRAME_TICKS
        self._legs.timestamp[row] += np.uint32(left_out * FRAME_SAMPLES & 0xFFFFFFFF)
        for playing in (self._legs.playing, self._legs.overlay):
            if row in playing:
                playing[row].skip((tick - self._starts.pop(playing[row].play_id)) // FRAME_TICKS)

    def begin(self, row: int, play: Playing, tick: int) -> None:
        """Let a play of a leg at rest begin with the frame of this tick."""
        self._starts[play.play_id] = tick
        if play.frames_left is not None:
            end = tick + (max(1, play.frames_left) - 1) * FRAME_TICKS
            heapq.heappush(self._ends, (end, row, play.play_id))

    def leave(self, row: int) -> None:
        """Forget a leg that closes."""
        self._since.pop(row, None)

    def next_end(self) -> int:
        """The tick at which the next play ends, `NEVER` if none does."""
        while self._ends and self._playing(*self._ends[0][1:]) is None:
            self._starts.pop(heapq.heappop(self._ends)[2], None)
        return self._ends[0][0] if self._ends else NEVER

    def end(self, tick: int, now: float, events: Events) -> None:
        """End the plays whose last frame this is."""
        while self.next_end() <= tick:
            _, row, play_id = heapq.heappop(self._ends)
            playing = self._playing(row, play_id)
            assert playing is not None, "stale ends were just dropped"
            del playing[row], self._starts[play_id]
            events.append((self._legs.id_of(row), PlayEnded(play_id, now)))

    def _playing(self, row: int, play_id: PlayId) -> dict[int, Playing] | None:
        """Where a play of a leg at rest is, None if it was stopped or the leg woke."""
        if row in self._since:
            for playing in (self._legs.playing, self._legs.overlay):
                if row in playing and playing[row].play_id == play_id:
                    return playing
        return None
