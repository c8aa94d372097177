"""Audio in which clips are sought, and the pieces of them that are sought in it.

A piece that is there to the sample, as a line that loses nothing leaves it, is known by its octets at once; any other
is correlated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


_MARK: Final = 4
"""Samples that one number holds."""


class Segment(NamedTuple):
    """A tenth of a second of a clip, or what is left at its end."""

    begin: int
    end: int
    samples: Samples
    energy: float
    coded: tuple[tuple[bytes, float], ...] = ()
    """Its samples as lines that lose nothing leave them, and their correlation with its own."""


class _Marked(NamedTuple):
    """Where a segment is loudest."""

    mark: int
    number: int
    at: int
    coded: bytes


class Marks:
    """Many segments, each known by four of its samples: where it is loudest, as little else is.

    All are sought in one pass over the audio. Where that is done for one after the other, each costs as much.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        marked = sorted(
            _marked(number, coded)
            for number, segment in enumerate(segments)
            for coded, _ in segment.coded
            if len(coded) >= _MARK * 2
        )
        self._marks: Final = np.array([each.mark for each in marked], np.uint64)
        self._marked: Final = marked
        self._is_first: Final = np.zeros(1 << 16, np.bool_)
        """By a sample as it is stored: whether a mark begins with it."""
        self._is_first[(self._marks & np.uint64(0xFFFF)).astype(np.intp)] = True

    def places(self, sought: Sought, count_max: int) -> Mapping[int, list[int]]:
        """By the number of a segment, where it is to the sample; of many places `count_max`."""
        found: dict[int, list[int]] = {}
        begins = np.flatnonzero(self._is_first[sought.audio.view(np.uint16)[: 1 - _MARK]])
        marks = _mark(sought.audio, begins)
        firsts, ends = np.searchsorted(self._marks, marks, "left"), np.searchsorted(self._marks, marks, "right")
        for here in np.flatnonzero(firsts < ends).tolist():
            for marked in self._marked[firsts[here] : ends[here]]:
                places, begin = found.setdefault(marked.number, []), int(begins[here]) - marked.at
                if len(places) < count_max and sought.has(marked.coded, begin):
                    places.append(begin)
        return found


def _marked(number: int, coded: bytes) -> _Marked:
    samples = np.frombuffer(coded, np.int16)
    at = int(np.abs(samples[: 1 - _MARK].astype(np.int32)).argmax())
    return _Marked(int(_mark(samples, np.array([at]))[0]), number, at, coded)


def _mark(samples: Audio, begins: NDArray[np.intp]) -> NDArray[np.uint64]:
    """The four samples at some places as one number each."""
    octets = samples.view(np.uint16)
    marks = np.zeros(len(begins), np.uint64)
    for number in range(_MARK):
        marks |= octets[begins + number].astype(np.uint64) << np.uint64(16 * number)
    return marks


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

    def has(self, octets: bytes, at: int) -> bool:
        """Whether these samples are there."""
        return at >= 0 and self._octets.startswith(octets, 2 * at)

    def best(self, segment: Segment, at: int, reach: int) -> tuple[float, int]:
        """The best correlation with a segment within `reach` samples of `at`, and how far from it."""
        for coded, match in segment.coded:
            if self.has(coded, at):
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
