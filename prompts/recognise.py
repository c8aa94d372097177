"""Which clips are heard in received audio, and when: so that a scenario can assert what a phone heard.

Two steps. The energies in bands of the first instants of every clip are correlated with those of the
audio, which gives a few places where a clip may begin. There the samples themselves are followed, 100 ms
after 100 ms: a recording that went through G.711, lost some packets or slipped by one is still nearly the
same curve, and another recording, even of the same words, is not. A clip that was interrupted is
recognised by what was heard of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio
from prompts.bands import HOP, Bands, bands_of, bands_within, product
from prompts.catalog import ClipId
from prompts.sought import FAR, LEAD_FRAMES, MARGIN, NEAR, SEGMENT, WINDOW, Marks, Samples, Segment, Sought

Places = NDArray[np.intp]
Line: TypeAlias = Callable[[Audio], Audio]
"""What a line that loses nothing makes of audio, sample for sample."""

MATCH_MIN: Final = 0.75
"""Mean correlation of what is followed. A clip through µ-law has 0.99, at 2 % loss some 0.95, below its own
echo of speech at -12 dB 0.9; another recording of the same words stays under 0.5."""
OVERLAP_MAX: Final = 0.2
"""Seconds two clips may share, but no more than half of the shorter one: the trimmed edges of both, and the last two
segments of one that was cut by the other, which may seem to be there."""
HEARD_MIN: Final = 0.5
"""Seconds of an interrupted clip that must match: less could be other words. The voice of the prompts says `Hello.`
the same way before anything else, and that takes 0.4 s."""
SHORT_MATCH_MIN: Final = 0.85
"""Mean correlation where less than `HEARD_MIN` is followed, of short clips: one voice's vowels reach 0.78 among other
words; two packets lost of twenty leave 0.95."""

_LIKENESS_MIN: Final = 0.6
"""Correlation of the band energies: 0.96 through µ-law, 0.74 at 5 % loss; the samples have the last word."""
_BLOCK_FRAMES: Final = 6000
"""A minute is searched at once: 6000 patches of 440 numbers are 11 MB."""
_SEGMENT_MIN: Final = SEGMENT // 4
_AUDIBLE: Final = 0.01
"""Share of the mean energy above which a segment is sound (-20 dB)."""
_NEAR_MIN: Final = 0.5
_FAR_MIN: Final = 0.8
"""Vowels repeat themselves: what is found far away must be clearer."""
_OPENING_SEGMENTS: Final = 3
"""A clip begins with one of its first three sounding segments: the others may be lost."""
_SOUGHT_AT_ONCE: Final = 256
"""Windows of one transform: 2.5 MB."""
_STEADY: Final = (200, 1600)
"""25 to 200 ms before or behind a clip: what sounds there like its edge was no edge."""
_STEADY_MAX: Final = RATE * 3 // 10
"""Only what is this short can be taken for a part of something steady: a beep."""
_STEADY_LIKENESS: Final = 0.95
_SURE_MIN: Final = 0.98
"""Mean correlation of what a line that loses nothing leaves of a clip: nothing else can be there, or is sought."""
_EXACT_MAX: Final = 3
"""Places of one clip in one audio: more have those of a tone, which is like itself at every wave."""
_FEW: Final = 8
"""Recordings that are found sooner one after the other than all in one pass."""
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
    length: int
    """Samples."""
    lead: Bands
    """Its mean taken away, of length 1."""
    segments: tuple[Segment, ...]
    """Those that are sound."""


class Recogniser:
    """Knows recordings and finds them in audio. Silent recordings cannot be heard and are left out.

    Args:
        recordings: By their ids, 8 kHz, mono.
        lines: What they may have gone through. Where each recording is found to the sample as one of these lines
            leaves it, it is not sought any further: it might be there once more, with something lost.
    """

    def __init__(self, recordings: Mapping[ClipId, Audio], *, lines: Sequence[Line] = ()) -> None:
        same: dict[bytes, list[ClipId]] = {}
        for clip_id, audio in recordings.items():
            if audio.any():
                same.setdefault(audio.tobytes(), []).append(clip_id)
        self._templates = [_template(tuple(ids), recordings[ids[0]], lines) for ids in same.values()]
        openings = [each.segments[0] for each in self._templates]
        self._marks = Marks(openings) if len(openings) > _FEW else None
        self._leads = _Leads(self._templates)
        self._openings = [_Opening(self._templates, number) for number in range(_OPENING_SEGMENTS)]

    def least_seconds(self, clip_id: ClipId) -> tuple[float, float]:
        """How much of a clip, from its beginning, is heard before it is told at all, and before it is told as whole."""
        segments = next((each.segments for each in self._templates if clip_id in each.clip_ids), ())
        if not segments:
            return 0.0, 0.0
        whole = segments[_whole_count(segments) - 1].end
        sounding = accumulate(each.end - each.begin for each in segments)
        told = (each.end for each, heard in zip(segments, sounding, strict=True) if heard >= HEARD_MIN * RATE)
        return min(next(told, whole), whole) / RATE, whole / RATE

    def heard(self, audio: Audio) -> list[Heard]:
        """The clips in this audio (8 kHz, mono), by the time they begin."""
        sought = Sought(audio)
        found, is_everything = self._found_exactly(sought)
        if not is_everything:
            found = [heard for heard in found if heard.match >= _SURE_MIN]
            rest = Sought(_without(audio, found)) if found else sought
            begun = sorted(self._beginnings(rest))
            found += [heard for number, lag in begun for heard in _follow(self._templates[number], rest, lag)]
        # What explains most of the audio first; another clip may not claim the same time.
        found.sort(key=lambda heard: (heard.until - heard.at) * heard.match, reverse=True)
        kept: list[Heard] = []
        for heard in found:
            if all(_may_share(heard, other) for other in kept):
                kept.append(heard)
        return sorted(kept, key=lambda heard: heard.at)

    def _found_exactly(self, sought: Sought) -> tuple[list[Heard], bool]:
        """What is there where its first sounding segment is to the sample; whether every clip is."""
        found: list[Heard] = []
        is_everything = True
        marked = None if self._marks is None else self._marks.places(sought, _EXACT_MAX + 1)
        for number, template in enumerate(self._templates):
            opening = template.segments[0]
            any_places = sought.places(opening) if marked is None else marked.get(number, ())
            places = list(islice(any_places, _EXACT_MAX + 1))
            is_told = len(places) <= _EXACT_MAX
            here = (
                [heard for at in places for heard in _follow(template, sought, at - opening.begin)] if is_told else []
            )
            is_everything = is_everything and bool(here)
            found += here
        return found, is_everything

    def _beginnings(self, sought: Sought) -> set[tuple[int, int]]:
        """Which templates begin, and at which samples: one of the first three sounding segments is there."""
        # Silence around it: a clip may begin at the first sample, or be cut off within its lead.
        bands = bands_within(sought.audio, LEAD_FRAMES)
        begun: set[tuple[int, int]] = set()
        step = _BLOCK_FRAMES - LEAD_FRAMES
        for first in range(0, len(bands), step):
            frames, numbers = self._leads.places(bands[first : first + _BLOCK_FRAMES])
            starts = (first + frames - LEAD_FRAMES) * HOP
            for opening in self._openings:
                lags, is_found = opening.seek(numbers, starts, sought)
                begun.update(zip(numbers[is_found].tolist(), lags[is_found].tolist(), strict=True))
                numbers, starts = numbers[~is_found], starts[~is_found]
        return begun


def _without(audio: Audio, known: Sequence[Heard]) -> Audio:
    """The audio with silence where it is known what was heard."""
    rest = audio.copy()
    for heard in known:
        rest[round(heard.at * RATE) : round(heard.until * RATE)] = 0
    return rest


def _may_share(one: Heard, other: Heard) -> bool:
    """Whether what two clips have of the same time is no more than their edges."""
    shared = min(one.until, other.until) - max(one.at, other.at)
    return shared <= min(OVERLAP_MAX, (one.until - one.at) / 2, (other.until - other.at) / 2)


class _Leads:
    """The leads of all templates, compared with all frames at once."""

    def __init__(self, templates: Sequence[_Template]) -> None:
        widths = [len(template.lead) for template in templates]
        self._widths: Final = sorted(set(widths))
        self._width_of: Final = [self._widths.index(width) for width in widths]
        leads = [np.pad(each.lead, ((0, LEAD_FRAMES - len(each.lead)), (0, 0))).ravel() for each in templates]
        self._leads = np.array(leads, np.float32).T

    def places(self, block: Bands) -> tuple[Places, Places]:
        """Frames at which clips may begin, and the numbers of their templates, by frames."""
        if len(block) < LEAD_FRAMES or not self._widths:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        bands = block.shape[1]
        patches = np.lib.stride_tricks.sliding_window_view(block.ravel(), bands * LEAD_FRAMES)[::bands]
        sums, squares = _running(block), _running(np.square(block, dtype=np.float64))
        spreads = np.stack(
            [_spread(sums, squares, width, bands=bands)[: len(patches)] for width in self._widths], axis=1
        )
        # Most of a call is silence, which need not be compared.
        sounding = np.flatnonzero(np.isfinite(spreads).any(axis=1))
        likeness = np.zeros((len(patches), len(self._width_of)), np.float32)
        likeness[sounding] = product(patches[sounding], self._leads) / spreads[sounding][:, self._width_of]
        frames, numbers = np.nonzero(likeness >= _LIKENESS_MIN)
        here = likeness[frames, numbers]
        before = likeness[np.maximum(frames - 1, 0), numbers]
        behind = likeness[np.minimum(frames + 1, len(likeness) - 1), numbers]
        is_top = (here >= before) & (here >= behind)
        return frames[is_top], numbers[is_top]


class _Opening:
    """The first, second or third sounding segment of all templates, sought at many places at once."""

    def __init__(self, templates: Sequence[_Template], number: int) -> None:
        none = Segment(0, 0, np.empty(0), 0.0)
        segments = [each.segments[number] if number < len(each.segments) else none for each in templates]
        self._begins = np.array([each.begin for each in segments], np.intp)
        self._lengths = np.array([each.end - each.begin for each in segments], np.intp)
        self._energies = np.array([each.energy for each in segments])
        self._spectra = np.array([np.fft.rfft(each.samples, WINDOW).conj() for each in segments])

    def seek(self, numbers: Places, starts: Places, audio: Sought) -> tuple[Places, NDArray[np.bool_]]:
        """For templates and the samples where they may begin: where they do, and whether they do at all."""
        lags, is_found = starts.copy(), np.zeros(len(starts), np.bool_)
        for first in range(0, len(starts), _SOUGHT_AT_ONCE):
            part = slice(first, first + _SOUGHT_AT_ONCE)
            lags[part], is_found[part] = self._seek(numbers[part], starts[part], audio)
        return lags, is_found

    def _seek(self, numbers: Places, starts: Places, audio: Sought) -> tuple[Places, NDArray[np.bool_]]:
        # A later segment may lie far behind the end, where nothing is found either way.
        at = np.minimum(starts + self._begins[numbers] - FAR + MARGIN, len(audio.samples) - WINDOW)
        places, which = np.unique(at, return_inverse=True)
        spectra = np.fft.rfft(audio.samples[places[:, None] + np.arange(WINDOW)])
        products = np.fft.irfft(spectra[which] * self._spectra[numbers], WINDOW)[:, : 2 * FAR + 1]
        edges = at[:, None] + np.arange(2 * FAR + 1)
        energies = audio.squares[edges + self._lengths[numbers, None]] - audio.squares[edges]
        matches = products / np.sqrt(np.maximum(energies, 1))
        best = matches.argmax(axis=1)
        match = matches[np.arange(len(best)), best] / np.sqrt(np.maximum(self._energies[numbers], 1.0))
        return starts + best - FAR, match >= _FAR_MIN


def _template(clip_ids: tuple[ClipId, ...], audio: Audio, lines: Sequence[Line]) -> _Template:
    # A beep is like itself at every wave, so that the first place where it is to the sample says little.
    through = [line(audio) for line in lines] if len(audio) >= _STEADY_MAX else []
    samples = audio.astype(np.float64)
    lead = bands_of(audio[: (LEAD_FRAMES + 1) * HOP])
    lead = lead - lead.mean()
    loud = _AUDIBLE * np.mean(samples**2)
    starts = range(0, max(1, len(samples) - _SEGMENT_MIN), SEGMENT)
    bounds = [(start, min(start + SEGMENT, len(samples))) for start in starts]
    segments = [_segment(samples[slice(*each)], each, [line[slice(*each)] for line in through]) for each in bounds]
    sounding = tuple(each for each in segments if each.energy > loud * (each.end - each.begin))
    return _Template(clip_ids, len(samples), lead / max(1e-9, float(np.linalg.norm(lead))), sounding)


def _segment(samples: Samples, bounds: tuple[int, int], through: Sequence[Audio]) -> Segment:
    energy = float(np.sum(samples**2))
    coded = []
    for line in through:
        octets, left = line.tobytes(), line.astype(np.float64)
        coded.append((octets, float(left @ samples / np.sqrt(np.maximum(left @ left, 1) * max(energy, 1)))))
    return Segment(*bounds, samples, energy, tuple(coded))


def _running(block: Bands | Samples) -> Samples:
    """Sums of all bands up to each frame, from nothing before the first."""
    sums = np.zeros(len(block) + 1)
    np.cumsum(block.sum(axis=1, dtype=np.float64), out=sums[1:])
    return sums


def _spread(sums: Samples, squares: Samples, width: int, *, bands: int) -> NDArray[np.float32]:
    """Length of the patches so many frames wide, without their mean; a patch of silence is like nothing.

    Args:
        sums: Running sums of the frames.
        squares: Running sums of their squares.
        width: Frames of a patch.
        bands: Bands of a frame.
    """
    size = bands * width
    mean = (sums[width:] - sums[:-width]) / size
    spread = (squares[width:] - squares[:-width]) - size * mean**2
    return np.where(spread > 1e-3 * size, np.sqrt(np.maximum(spread, 1e-9)), np.inf).astype(np.float32)


def _follow(template: _Template, audio: Sought, lag: int) -> Iterator[Heard]:
    """Follow the samples of a clip that seems to begin here; gives one or none."""
    matches: list[tuple[int, int, float]] = []
    sounding_missed, missed = 0, 0
    for number, segment in enumerate(template.segments):
        match, moved = audio.best(segment, segment.begin + lag, NEAR)
        if match < _NEAR_MIN:
            match, moved = audio.best(segment, segment.begin + lag, FAR)
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
    is_whole = count >= _whole_count(template.segments)
    # Up to its last sample only if its last sound was there: what cut it short begins right away.
    end = template.segments[count - 1].end if count < len(template.segments) else template.length
    heard = sum(template.segments[number].end - template.segments[number].begin for number, _, _ in matches)
    if template.length < _STEADY_MAX and _goes_on(template, audio, matches[0][1]):
        return
    is_long = heard >= HEARD_MIN * RATE
    if match >= (MATCH_MIN if is_long else SHORT_MATCH_MIN) and (is_whole or is_long):
        until = min(audio.length, end + lag)
        yield Heard(template.clip_ids, max(0, matches[0][1]) / RATE, until / RATE, match, is_whole)


def _whole_count(segments: Sequence[Segment]) -> int:
    """With how many of its segments a clip is whole: the last of many may be lost."""
    return len(segments) - (len(segments) > 3)


def _goes_on(template: _Template, audio: Sought, lag: int) -> bool:
    """Whether the same sound is there before its beginning or behind its end: a tone, of which the clip is any part."""
    reach = (_STEADY[1] - _STEADY[0]) // 2
    for segment, move in (
        (template.segments[0], -_STEADY[0] - reach),
        (template.segments[-1], _STEADY[0] + reach),
    ):
        here, _ = audio.best(segment, segment.begin + lag, NEAR)
        beyond, _ = audio.best(segment, segment.begin + lag + move, reach)
        if beyond >= max(_FAR_MIN, _STEADY_LIKENESS * here):
            return True
    return False
