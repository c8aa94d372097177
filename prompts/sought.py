"""Audio in which clips are sought, and the pieces of them that are sought in it.

A piece that is there to the sample, as a line that loses nothing leaves it, is known by its octets at once; any other
is correlated.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio
from prompts.bands import HOP

Samples = NDArray[np.float64]

LEAD_FRAMES: Final = 40
"""400 ms of a clip decide where it may begin."""
SEGMENT: Final = RATE // 10
NEAR: Final = 24
"""3 ms of drift from one segment to the next."""
FAR: Final = 200
"""25 ms: a packet too many or too few."""
WINDOW: Final = SEGMENT + 2 * FAR
"""Samples in which a segment is sought: 1200, of which the transform is quick."""
MARGIN: Final = LEAD_FRAMES * HOP + 2 * WINDOW
"""Samples of silence around the audio: places begin up to a lead before it, and are sought up to a window beyond."""


class Segment(NamedTuple):
    """A tenth of a second of a clip, or what is left at its end."""

    begin: int
    end: int
    samples: Samples
    energy: float
    coded: tuple[tuple[bytes, float], ...] = ()
    """Its samples as lines that lose nothing leave them, and their correlation with its own."""


class Sought:
    """Audio with silence around it, and the sums of its squares."""

    def __init__(self, audio: Audio) -> None:
        self.audio: Final = audio
        self.length: Final = len(audio)
        self._octets: Final = audio.tobytes()

    @cached_property
    def samples(self) -> Samples:
        """The audio, with silence around it."""
        samples = np.zeros(self.length + 2 * MARGIN)
        samples[MARGIN : MARGIN + self.length] = self.audio
        return samples

    @cached_property
    def squares(self) -> NDArray[np.int64]:
        """Running sums; what lies outside is so loud that nothing is like it: a segment must lie within the audio."""
        squares = np.full(self.length + 2 * MARGIN + 1, 1 << 40, np.int64)
        squares[0] = 0
        np.square(self.audio, out=squares[MARGIN + 1 : -MARGIN], dtype=np.int64)
        return np.cumsum(squares, out=squares)

    def places(self, segment: Segment) -> Iterator[int]:
        """Where a segment is to the sample."""
        for coded, _ in segment.coded:
            at = self._octets.find(coded)
            while at >= 0:
                if at % 2 == 0:
                    yield at // 2
                at = self._octets.find(coded, at + 1)

    def best(self, segment: Segment, at: int, reach: int) -> tuple[float, int]:
        """The best correlation with a segment within `reach` samples of `at`, and how far from it."""
        if at >= 0:
            for coded, match in segment.coded:
                if self._octets.startswith(coded, 2 * at):
                    return match, 0
        size = segment.end - segment.begin
        first, last = max(0, at - reach), min(self.length, at + reach + size)
        if last - first < size:
            return 0.0, 0
        begin, end = first + MARGIN, last + MARGIN
        energies = self.squares[begin + size : end + 1] - self.squares[begin : end - size + 1]
        norm = np.sqrt(np.maximum(energies, 1) * segment.energy)
        correlation = np.correlate(self.samples[begin:end], segment.samples, "valid") / norm
        best = int(correlation.argmax())
        return float(correlation[best]), first + best - at
