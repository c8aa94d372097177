"""Which legs are recorded together, and the frames of both, side by side.

A recording takes a frame of each party every 20 ms, in the same tick, so the two stay within a frame of each
other. It refers to a leg by its row only as long as the leg is open: closing a leg leaves silence in its
place, never the voice of the row's next tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from switch.media.g711 import EXPANDED, expand_rows
from switch.media.legs import NEVER, NO_ROW, LegId, Legs
from switch.media.rota import FRAME_TICKS
from switch.media.wire import FRAME_SAMPLES

RecordingId = NewType("RecordingId", int)


@dataclass(frozen=True, slots=True)
class RecordedFrames:
    """20 ms of several recordings."""

    recordings: list[RecordingId]
    numbers: list[int]
    """Which frame of its recording each is, from 0; a number left out is 20 ms of silence."""
    samples: NDArray[np.int16]
    """Shape (recordings, 160, 2): left and right."""


@dataclass(slots=True)
class _Tape:
    left: int
    right: int
    first_tick: int


class Taping:
    """All recordings of an engine."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._by_phase: list[dict[RecordingId, _Tape]] = [{} for _ in range(FRAME_TICKS)]
        self._last_id = 0

    def start(self, left: LegId, right: LegId, tick: int) -> RecordingId:
        """Record from this tick on."""
        rows = [self._legs.row_of(leg) for leg in (left, right)]
        self._last_id += 1
        recording = RecordingId(self._last_id)
        left_row, right_row = (NO_ROW if row is None else row for row in rows)
        self._by_phase[tick % FRAME_TICKS][recording] = _Tape(left_row, right_row, tick)
        return recording

    def stop(self, recording: RecordingId, tick: int) -> int:
        """Record no more after this tick; how many frames that makes. A second time it means nothing."""
        for tapes in self._by_phase:
            tape = tapes.pop(recording, None)
            if tape is not None:
                return max(0, (tick - tape.first_tick) // FRAME_TICKS + 1)
        return 0

    def forget(self, row: int) -> None:
        """Let the recordings of a leg that closes go on with silence."""
        for tapes in self._by_phase:
            for tape in tapes.values():
                tape.left = NO_ROW if tape.left == row else tape.left
                tape.right = NO_ROW if tape.right == row else tape.right

    def next_due(self, after: int) -> int:
        """The first tick after `after` at which a recording takes a frame, `NEVER` without one."""
        for tick in range(after + 1, after + 1 + FRAME_TICKS):
            if self._by_phase[tick % FRAME_TICKS]:
                return tick
        return NEVER

    def take(self, tick: int) -> RecordedFrames | None:
        """Take the frames due at this tick; every leg due now was heard before."""
        tapes = self._by_phase[tick % FRAME_TICKS]
        due = [(key, tape) for key, tape in tapes.items() if tape.first_tick <= tick] if tapes else ()
        if not due:
            return None
        samples = np.empty((len(due), FRAME_SAMPLES, 2), np.int16)
        if len(due) <= self._legs.few:
            for i, (_, tape) in enumerate(due):
                samples[i, :, 0] = self._heard_of(tape.left, tick)
                samples[i, :, 1] = self._heard_of(tape.right, tick)
        else:
            for side, rows in enumerate(([tape.left for _, tape in due], [tape.right for _, tape in due])):
                samples[:, :, side] = self._heard(np.array(rows), tick)
        numbers = [(tick - tape.first_tick) // FRAME_TICKS for _, tape in due]
        return RecordedFrames([key for key, _ in due], numbers, samples)

    def _heard_of(self, row: int, tick: int) -> NDArray[np.int16] | int:
        """What one party says; see `_heard`."""
        cells = self._legs.cells
        if row < 0 or cells.heard_at[row] <= tick - FRAME_TICKS:
            return 0
        samples: NDArray[np.int16] = EXPANDED[cells.law[row]].take(self._legs.heard[row])
        return samples

    def _heard(self, rows: NDArray[np.int64], tick: int) -> NDArray[np.int16]:
        """What these parties say in the frame that ends now, decoded; silence of a leg that is gone."""
        legs = self._legs
        samples = expand_rows(legs.heard[rows], legs.law[rows])
        is_fresh = (rows >= 0) & (legs.heard_at[rows] > tick - FRAME_TICKS)
        samples[~is_fresh] = 0
        return samples
