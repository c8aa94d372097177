"""Audio being said to a leg: where it stands, frame by frame."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Final

import numpy as np

from switch.media.control import Audio, PlayId
from switch.media.g711 import compress_in
from switch.media.wire import FRAME_SAMPLES

_CODED: Final[dict[int, tuple[weakref.ref[Audio], dict[int, bytes]]]] = {}
"""What arrays that nobody writes to are in each law, by their identity, as long as they live: clips are said over and
over. Half of the memory that the clips themselves take, for each law."""


class Playing:
    """One play or overlay. Nothing is copied until a frame is asked for."""

    __slots__ = ("_at", "_codes", "_is_looped", "_joined", "_law", "_parts", "_size", "play_id")

    def __init__(self, play_id: PlayId, audio: Sequence[Audio], *, is_looped: bool) -> None:
        parts = [np.ascontiguousarray(part, dtype=np.int16) for part in audio]
        for part in parts:
            if part.ndim != 1:
                raise ValueError("audio must be mono: arrays of one dimension")
        self.play_id = play_id
        self._parts = parts
        self._joined: Audio | None = None
        self._size = sum(map(len, parts))
        self._at = 0
        self._law, self._codes = -1, b""
        self._is_looped = is_looped and self._size > 0

    @property
    def is_over(self) -> bool:
        """Whether the last sample was taken; a loop never is."""
        return not self._is_looped and self._at >= self._size

    @property
    def frames_left(self) -> int | None:
        """How many frames are still to be taken, None of a loop."""
        return None if self._is_looped else -(-(self._size - self._at) // FRAME_SAMPLES)

    def skip(self, frames: int) -> None:
        """Leave frames out."""
        self._at += frames * FRAME_SAMPLES
        self._at = self._at % self._size if self._is_looped else min(self._at, self._size)

    def next_codes(self, law: int) -> bytes:
        """The next 20 ms in a law; the whole play is coded with the first of them."""
        self._code_in(law)
        at = self._at
        codes = self._codes[at : at + FRAME_SAMPLES]
        if len(codes) == FRAME_SAMPLES:
            self._at = at + FRAME_SAMPLES
            return codes
        frame = np.empty(FRAME_SAMPLES, np.int16)
        self.next_frame(frame)
        return compress_in(frame, law)

    def codes_ahead(self, law: int, frames: int) -> bytes:
        """The next frames in a law, none of which may be beyond the end; nothing is taken."""
        self._code_in(law)
        size, codes = frames * FRAME_SAMPLES, self._codes[self._at : self._at + frames * FRAME_SAMPLES]
        if len(codes) < size:
            assert self._is_looped, "beyond the end of a play"
            codes += self._codes * (size // len(self._codes) + 1)
        return codes[:size]

    def samples_ahead(self, frames: int) -> Audio:
        """The samples of the next frames of what is no loop, none of which may be beyond the end; nothing is taken."""
        assert not self._is_looped
        return self._samples[self._at : self._at + frames * FRAME_SAMPLES]

    def next_samples(self, frames: int) -> Audio:
        """The samples of the next frames as far as there are any, of a loop to its end; nothing is taken."""
        return self._samples[self._at : self._at + frames * FRAME_SAMPLES]

    @property
    def _samples(self) -> Audio:
        if self._joined is None:
            parts = self._parts
            self._joined = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int16), *parts])
        return self._joined

    def _code_in(self, law: int) -> None:
        """Have the codes of a law at hand."""
        if law != self._law:
            self._law, self._codes = law, b"".join([_coded(part, law) for part in self._parts])

    def next_frame(self, frame: Audio) -> None:
        """Fill `frame` with the next 20 ms, with silence after the end."""
        samples, at = self._samples, self._at
        part = samples[at : at + FRAME_SAMPLES]
        filled = len(part)
        frame[:filled] = part
        if filled == FRAME_SAMPLES:
            self._at = at + FRAME_SAMPLES
        elif not self._is_looped:
            frame[filled:] = 0
            self._at = len(samples)
        else:
            wrapped = np.arange(FRAME_SAMPLES - filled) % len(samples)
            frame[filled:] = samples[wrapped]
            self._at = int(wrapped[-1]) + 1


def _coded(samples: Audio, law: int) -> bytes:
    """Samples in a law, coded once if nobody can change them."""
    if samples.flags.writeable:
        return compress_in(samples, law)
    key = id(samples)
    if key not in _CODED:
        _CODED[key] = (weakref.ref(samples, lambda _: _CODED.pop(key, None)), {})
    laws = _CODED[key][1]
    if law not in laws:
        laws[law] = compress_in(samples, law)
    return laws[law]
