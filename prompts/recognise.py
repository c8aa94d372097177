"""Which clips are heard in received audio, and when: so that a scenario can assert what a phone heard.

Two steps. The energies in bands of the first instants of every clip are correlated with those of the
audio, which gives a few places where a clip may begin. There the samples themselves are followed, 100 ms
after 100 ms: a recording that went through G.711, lost some packets or slipped by one is still nearly the
same curve, and another recording, even of the same words, is not. A clip that was interrupted is
recognised by what was heard of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio
from prompts.catalog import ClipId

Samples = NDArray[np.float64]

MATCH_MIN: Final = 0.75
"""Mean correlation of what is followed. A clip through µ-law has 0.99, at 2 % loss some 0.95, below its own
echo of speech at -12 dB 0.9; another recording of the same words stays under 0.5."""
OVERLAP_MAX: Final = 0.06
"""Seconds two clips may share: the trimmed edges of both."""
HEARD_MIN: Final = 0.3
"""Seconds of an interrupted clip that must match: less could be the beginning of another."""

_HOP: Final = RATE // 100
_FRAME: Final = 2 * _HOP
_BAND_EDGES: Final = (200, 350, 500, 650, 800, 1000, 1250, 1550, 1900, 2300, 2800, 3400)
_FLOOR: Final = 30.0
"""Amplitude added to every band (-61 dBov): below it is the noise of µ-law, not speech."""
_LEAD_FRAMES: Final = 40
"""400 ms of a clip decide where it may begin."""
_LIKENESS_MIN: Final = 0.6
"""Correlation of the band energies: 0.96 through µ-law, 0.74 at 5 % loss; the samples have the last word."""
_BLOCK_FRAMES: Final = 6000
"""A minute is searched at once: transforms of 8192."""
_SEGMENT: Final = RATE // 10
_SEGMENT_MIN: Final = _SEGMENT // 4
_AUDIBLE: Final = 0.01
"""Share of the mean energy above which a segment is sound (-20 dB)."""
_NEAR: Final = 24
"""3 ms of drift from one segment to the next."""
_FAR: Final = 200
"""25 ms: a packet too many or too few."""
_NEAR_MIN: Final = 0.5
_FAR_MIN: Final = 0.8
"""Vowels repeat themselves: what is found far away must be clearer."""
_MISSED_MAX: Final = 3
"""Segments in a row that may be lost before the clip is taken to have been interrupted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One clip, heard once. Times are seconds from the start of the audio."""

    clip_ids: tuple[ClipId, ...]
    """More than one where recordings are the same to the sample (`inside/goodbye`, `outside/goodbye`)."""
    at: float
    until: float
    match: float
    """Mean correlation, at most 1."""
    is_whole: bool
    """Whether it was heard to its end."""

    @property
    def clip_id(self) -> ClipId:
        """The clip, the first of those that sound the same."""
        return self.clip_ids[0]


@dataclass(frozen=True, slots=True)
class _Template:
    clip_ids: tuple[ClipId, ...]
    samples: Samples
    lead: NDArray[np.float64]
    """Bands by frames, its mean taken away, of length 1."""
    segments: tuple[tuple[int, int], ...]
    """Start and end of the segments that are sound."""


class Recogniser:
    """Knows recordings and finds them in audio. Silent recordings cannot be heard and are left out."""

    def __init__(self, recordings: Mapping[ClipId, Audio]) -> None:
        same: dict[bytes, list[ClipId]] = {}
        for clip_id, audio in recordings.items():
            if audio.any():
                same.setdefault(audio.tobytes(), []).append(clip_id)
        self._templates = [_template(tuple(ids), recordings[ids[0]]) for ids in same.values()]

    def heard(self, audio: Audio) -> list[Heard]:
        """The clips in this audio (8 kHz, mono), by the time they begin."""
        samples = audio.astype(np.float64)
        found = [heard for template, start in self._places(samples) for heard in _follow(template, samples, start)]
        # What explains most of the audio first; another clip may not claim the same time.
        found.sort(key=lambda heard: (heard.until - heard.at) * heard.match, reverse=True)
        kept: list[Heard] = []
        for heard in found:
            if all(min(heard.until, other.until) - max(heard.at, other.at) <= OVERLAP_MAX for other in kept):
                kept.append(heard)
        return sorted(kept, key=lambda heard: heard.at)

    def _places(self, samples: Samples) -> Iterator[tuple[_Template, int]]:
        """Where clips may begin, as samples, to half a frame."""
        # Silence around it: a clip may begin at the first sample, or be cut off within its lead.
        padding = _LEAD_FRAMES * _HOP
        bands = _bands(np.pad(samples, padding))
        step = _BLOCK_FRAMES - _LEAD_FRAMES
        for first in range(0, bands.shape[1], step):
            block = bands[:, first : first + _BLOCK_FRAMES]
            spectrum = np.fft.rfft(block, _fft_length(block.shape[1]))
            for template in self._templates:
                likeness = _likeness(block, spectrum, template.lead)
                for frame in _maxima(likeness):
                    yield template, (first + frame) * _HOP - padding


def _template(clip_ids: tuple[ClipId, ...], audio: Audio) -> _Template:
    samples = audio.astype(np.float64)
    lead = _bands(samples[: (_LEAD_FRAMES + 1) * _HOP])
    lead = lead - lead.mean()
    loud = _AUDIBLE * np.mean(samples**2)
    starts = range(0, max(1, len(samples) - _SEGMENT_MIN), _SEGMENT)
    bounds = [(start, min(start + _SEGMENT, len(samples))) for start in starts]
    sounding = tuple((start, end) for start, end in bounds if np.mean(samples[start:end] ** 2) > loud)
    return _Template(clip_ids, samples, lead / max(1e-9, float(np.linalg.norm(lead))), sounding)


def _bands(samples: Samples) -> Samples:
    """Logarithms of the energies, bands by frames of 20 ms every 10 ms."""
    count = max(1, (len(samples) - _FRAME) // _HOP + 1)
    samples = np.pad(samples, (0, max(0, count * _HOP + _FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[: count * _HOP : _HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME))) ** 2
    edges = [edge * _FRAME // RATE for edge in _BAND_EDGES]
    energies = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    logarithms: Samples = np.log(energies + (_FLOOR**2) * _FRAME).T
    return logarithms


def _fft_length(frames: int) -> int:
    return 1 << (frames + _LEAD_FRAMES).bit_length()


def _likeness(block: Samples, spectrum: NDArray[np.complex128], lead: Samples) -> Samples:
    """Correlation of the lead with the bands at every frame, of patches without their mean, -1…1."""
    length = _fft_length(block.shape[1])
    product = (spectrum * np.fft.rfft(lead, length).conj()).sum(axis=0)
    places = max(0, block.shape[1] - lead.shape[1] + 1)
    likeness = np.fft.irfft(product, length)[:places]
    size, width = lead.size, lead.shape[1]
    sums = np.concatenate([[0.0], np.cumsum(block.sum(axis=0))])
    squares = np.concatenate([[0.0], np.cumsum((block**2).sum(axis=0))])
    mean = (sums[width:] - sums[:-width]) / size
    spread = (squares[width:] - squares[:-width]) - size * mean**2
    # A patch of silence has no spread, and is like nothing.
    return np.where(spread > 1e-3 * size, likeness / np.sqrt(np.maximum(spread, 1e-9)), 0.0)


def _maxima(likeness: Samples) -> Iterator[int]:
    padded = np.pad(likeness, 1, constant_values=-1.0)
    is_top = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]) & (likeness >= _LIKENESS_MIN)
    return (int(frame) for frame in np.flatnonzero(is_top))


def _follow(template: _Template, samples: Samples, start: int) -> Iterator[Heard]:
    """Follow the samples from about here; gives one or none."""
    lag = _first_lag(template, samples, start)
    if lag is None:
        return
    matches: list[tuple[int, int, float]] = []
    sounding_missed, missed = 0, 0
    for number, (begin, end) in enumerate(template.segments):
        segment = template.samples[begin:end]
        match, moved = _best(segment, samples, begin + lag, _NEAR)
        if match < _NEAR_MIN:
            match, moved = _best(segment, samples, begin + lag, _FAR)
            if match < _FAR_MIN:
                missed += 1
                if missed > _MISSED_MAX:
                    break
                continue
        sounding_missed += missed
        missed = 0
        lag += moved
        matches.append((number, lag, match))
    if not matches:
        return
    count = matches[-1][0] + 1
    # Segments lost in the middle count as not matching at all; what was never said does not count.
    match = sum(match for _, _, match in matches) / count
    is_whole = count >= len(template.segments) - (len(template.segments) > 3)
    end = template.segments[count - 1][1] if not is_whole else len(template.samples)
    heard = sum(template.segments[number][1] - template.segments[number][0] for number, _, _ in matches)
    if match >= MATCH_MIN and (is_whole or heard >= HEARD_MIN * RATE):
        until = min(len(samples), end + lag)
        yield Heard(template.clip_ids, max(0, matches[0][1]) / RATE, until / RATE, match, is_whole)


def _first_lag(template: _Template, samples: Samples, start: int) -> int | None:
    """Where exactly it begins: by its first three sounding segments, of which one may be lost."""
    for begin, end in template.segments[:3]:
        match, moved = _best(template.samples[begin:end], samples, begin + start, _FAR)
        if match >= _FAR_MIN:
            return start + moved
    return None


def _best(segment: Samples, samples: Samples, at: int, reach: int) -> tuple[float, int]:
    """The best correlation within `reach` samples of `at`, and how far from it."""
    first = max(0, at - reach)
    window = samples[first : max(first, at + reach + len(segment))]
    if len(window) < len(segment):
        return 0.0, 0
    squares = np.concatenate([[0.0], np.cumsum(window**2)])
    energy = squares[len(segment) :] - squares[: -len(segment)]
    norm = np.sqrt(np.maximum(energy, 1.0) * np.sum(segment**2))
    correlation = np.correlate(window, segment, "valid") / norm
    best = int(np.argmax(correlation))
    return float(correlation[best]), first + best - at
