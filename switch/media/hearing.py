"""From rings to what each peer says now: one frame a leg every 20 ms, gaps hidden, depth kept in bounds."""

from __future__ import annotations

from typing import Final

import numpy as np

from switch.media.g711 import HALVED_CODES, SILENCE, SILENT_FRAMES, expand_rows, halve_rows
from switch.media.legs import NEVER, RING_FRAMES, Legs, Rows
from switch.media.wire import FRAME_SAMPLES

CONCEALED_MAX: Final = 4
"""Frames a gap repeats what was before, each at half the amplitude of the last; then it is silent.
At -24 dB nobody hears the step."""
WINDOW_FRAMES: Final = 128
"""Frames over which the least depth is taken: 2.56 s, a power of two."""
DEPTH_WANTED: Final = 5
"""A buffer that never held less than 100 ms in a window gives a frame back, when nothing is said in it."""
DEPTH_MAX: Final = 12
"""Beyond 240 ms it gives frames back in the middle of words: talking over each other would be worse."""
QUIET: Final = 256
"""Samples below this (-42 dBm0) are silence enough to leave a frame out."""


class Hearing:
    """Moves the playheads."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs

    def advance(self, rows: Rows, tick: int) -> None:
        """Set `heard` of these legs to their next frame."""
        legs = self._legs
        playhead = legs.playhead[rows]
        cell = playhead % RING_FRAMES
        is_held = (legs.held[rows, cell] == playhead) & legs.has_base[rows]
        if is_held.all():
            legs.heard[rows] = legs.ring[rows, cell]
            legs.concealed[rows] = 0
        else:
            held, missing = rows[is_held], rows[~is_held]
            legs.heard[held] = legs.ring[held, cell[is_held]]
            legs.concealed[held] = 0
            self._conceal(missing)
        legs.heard_at[rows] = tick
        depth = legs.newest[rows] - playhead
        legs.depth_min[rows] = np.minimum(legs.depth_min[rows], depth)
        legs.playhead[rows] = playhead + 1
        # A stream begins a few frames below 0, so that its first window ends where it is well under way.
        is_full = playhead % WINDOW_FRAMES == WINDOW_FRAMES // 2
        if is_full.any():
            ended = rows[is_full]
            least = legs.depth_min[ended]
            legs.surplus[ended] = np.where((least >= DEPTH_WANTED) & (least < NEVER), least, 0)
            legs.depth_min[ended] = NEVER
        surplus = legs.surplus[rows]
        if surplus.any():
            self._give_back(rows[surplus > 0])

    def advance_one(self, row: int, tick: int) -> None:
        """The same for one leg alone."""
        cells = self._legs.cells
        playhead = cells.playhead[row]
        cell = row * RING_FRAMES + playhead % RING_FRAMES
        heard = row * FRAME_SAMPLES
        if cells.has_base[row] and cells.held[cell] == playhead:
            start = cell * FRAME_SAMPLES
            cells.heard[heard : heard + FRAME_SAMPLES] = cells.ring[start : start + FRAME_SAMPLES]
            cells.concealed[row] = 0
        else:
            run = cells.concealed[row] = cells.concealed[row] + 1
            law = cells.law[row]
            if run <= CONCEALED_MAX:
                faded = bytes(cells.heard[heard : heard + FRAME_SAMPLES]).translate(HALVED_CODES[law])
            else:
                faded = SILENT_FRAMES[law]
            cells.heard[heard : heard + FRAME_SAMPLES] = faded
        cells.heard_at[row] = tick
        depth = cells.newest[row] - playhead
        cells.depth_min[row] = min(cells.depth_min[row], depth)
        cells.playhead[row] = playhead + 1
        if playhead % WINDOW_FRAMES == WINDOW_FRAMES // 2:
            least = cells.depth_min[row]
            cells.surplus[row] = least if DEPTH_WANTED <= least < NEVER else 0
            cells.depth_min[row] = NEVER
        if cells.surplus[row]:
            self._give_back(np.array([row]))

    def _conceal(self, rows: Rows) -> None:
        """Fade what was said before the gap."""
        legs = self._legs
        laws = legs.law[rows]
        run = legs.concealed[rows] + 1
        legs.concealed[rows] = run
        faded = halve_rows(legs.heard[rows], laws)
        legs.heard[rows] = np.where((run <= CONCEALED_MAX)[:, None], faded, SILENCE[laws][:, None])

    def _give_back(self, rows: Rows) -> None:
        """Leave one frame out where the buffer is too deep, quiet ones first."""
        legs = self._legs
        playhead = legs.playhead[rows]
        cell = playhead % RING_FRAMES
        is_missing = legs.held[rows, cell] != playhead
        samples = expand_rows(legs.ring[rows, cell], legs.law[rows])
        is_quiet = is_missing | ((samples < QUIET) & (samples > -QUIET)).all(axis=1)
        left_out = rows[is_quiet | (legs.surplus[rows] >= DEPTH_MAX)]
        legs.playhead[left_out] += 1
        legs.surplus[left_out] = 0
