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

from switch.media.g711 import MU_LAW, SILENCE, SILENT_FRAMES, expand_rows
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
    codes: bytes
    """160 codes of the left and 160 of the right party of each: to decode them is the work of who writes them down."""
    laws: bytes
    """The law of each party's codes."""

    @property
    def samples(self) -> NDArray[np.int16]:
        """Shape (recordings, 160, 2): left and right."""
        return expand_stereo(self.codes, self.laws)


def expand_stereo(codes: bytes, laws: bytes) -> NDArray[np.int16]:
    """Decode frames of left and right codes, side by side: shape (frames, 160, 2)."""
    rows = np.frombuffer(codes, np.uint8).reshape(-1, FRAME_SAMPLES)
    sides = expand_rows(rows, np.frombuffer(laws, np.uint8)).reshape(-1, 2, FRAME_SAMPLES)
    return np.ascontiguousarray(sides.transpose(0, 2, 1))


@dataclass(slots=True)
class Tape:
    """Which rows are recorded, from which tick on."""

    left: int
    right: int
    first_tick: int


class Taping:
    """All recordings of an engine."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._by_phase: list[dict[RecordingId, Tape]] = [{} for _ in range(FRAME_TICKS)]
        self._last_id = 0

    def start(self, left: LegId, right: LegId, tick: int) -> RecordingId:
        """Record from this tick on."""
        rows = [self._legs.row_of(leg) for leg in (left, right)]
        self._last_id += 1
        recording = RecordingId(self._last_id)
        left_row, right_row = (NO_ROW if row is None else row for row in rows)
        self._by_phase[tick % FRAME_TICKS][recording] = Tape(left_row, right_row, tick)
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

    def is_under_way(self, tick: int) -> bool:
        """Whether all recordings take a frame at this tick, and have begun by then."""
        return len(self.due(tick)) == sum(map(len, self._by_phase))

    def due(self, tick: int) -> list[tuple[RecordingId, Tape]]:
        """The recordings that take a frame at this tick."""
        tapes = self._by_phase[tick % FRAME_TICKS]
        return [(key, tape) for key, tape in tapes.items() if tape.first_tick <= tick] if tapes else []

    def take(self, tick: int) -> RecordedFrames | None:
        """Take the frames due at this tick; every leg due now was heard before."""
        due = self.due(tick)
        if not due:
            return None
        rows = [row for _, tape in due for row in (tape.left, tape.right)]
        codes, laws = (self._heard_few if len(due) <= self._legs.few else self._heard)(rows, tick)
        numbers = [(tick - tape.first_tick) // FRAME_TICKS for _, tape in due]
        return RecordedFrames([key for key, _ in due], numbers, codes, laws)

    def _heard(self, sides: list[int], tick: int) -> tuple[bytes, bytes]:
        """What these parties say in the frame that ends now, and in which laws; silence of a leg that is gone."""
        legs, rows = self._legs, np.array(sides)
        codes, laws = legs.heard[rows], legs.law[rows]
        is_stale = (rows < 0) | (legs.heard_at[rows] <= tick - FRAME_TICKS)
        codes[is_stale], laws[is_stale] = SILENCE[MU_LAW], MU_LAW  # Its silence is a true zero.
        return codes.tobytes(), laws.tobytes()

    def _heard_few(self, sides: list[int], tick: int) -> tuple[bytes, bytes]:
        """The same, one by one."""
        cells = self._legs.cells
        codes, laws = [], []
        for row in sides:
            if row < 0 or cells.heard_at[row] <= tick - FRAME_TICKS:
                codes.append(SILENT_FRAMES[MU_LAW])
                laws.append(MU_LAW)
            else:
                codes.append(bytes(cells.heard[row * FRAME_SAMPLES : (row + 1) * FRAME_SAMPLES]))
                laws.append(cells.law[row])
        return b"".join(codes), bytes(laws)
