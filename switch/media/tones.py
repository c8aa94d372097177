"""Keys as tones in the audio (ITU-T Q.23), from phones that agreed on no other way of sending them.

A key is two tones at once, one of four low and one of four high ones. It is told once, at the second frame of 20 ms in
a row in which it is heard and nothing else is; what a voice or music makes is never so pure (Q.24 asks for 40 ms).
One object listens to one leg. Frames are 160 samples of int16 at 8 kHz, as the party sent them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Audio
from switch.media.wire import FRAME_SAMPLES

LOW: Final = (697, 770, 852, 941)
HIGH: Final = (1209, 1336, 1477, 1633)
KEYS: Final = "123A456B789C*0#D"
"""Row by row of the low tones."""
LEAST: Final = 260.0
"""Amplitude of each tone, -42 dBov: Q.24 asks for some 25 dB below the usual level."""
SHARE: Final = 0.85
"""Of the frame's energy in the two tones: half of what is left may be noise of the line, a voice leaves far more."""
TWIST_MAX: Final = 3.2
"""10 dB of amplitude between the two; Q.24 has 8 and 4."""
OTHERS: Final = 0.4
"""8 dB: how much weaker every other tone of the same group is, with what spills over from the one that is heard."""
TOLD_AT: Final = 2
OVER_AT: Final = 2
"""Frames: one alone may be a lost packet, hidden by the frame before."""

_TIME: Final = np.arange(FRAME_SAMPLES) / 8000
_OFF: Final = (0.99, 1.0, 1.01)
"""A phone may be out of tune by 1.5 % (Q.24); 20 ms tell tones 0.5 % apart from no other."""
_TONES: Final[NDArray[np.float64]] = np.stack(
    [wave(2 * np.pi * off * hertz * _TIME) for wave in (np.cos, np.sin) for off in _OFF for hertz in (*LOW, *HIGH)],
    axis=1,
)
"""Shape (160, 48): cosines, then sines; of each the eight tones, thrice."""


class ToneEar:
    """Hears the keys of one leg."""

    __slots__ = ("_absent", "_candidate", "_count", "_told")

    def __init__(self) -> None:
        self._candidate = ""
        self._count = 0
        self._told = ""
        self._absent = 0

    def hear(self, frame: Audio) -> str | None:
        """Take the next frame; the key that is pressed as of it, None for none or one that was told before."""
        key = heard_key(frame)
        self._count = self._count + 1 if key and key == self._candidate else int(bool(key))
        self._candidate = key
        if key != self._told:
            self._absent += 1
            if self._absent >= OVER_AT:
                self._told = ""
        else:
            self._absent = 0
        if self._count < TOLD_AT or key == self._told:
            return None
        self._told, self._absent = key, 0
        return key


def heard_key(frame: Audio) -> str:
    """The key whose two tones are all of a frame, "" where there is none."""
    samples = frame.astype(np.float64)
    energy = float(samples @ samples)
    if energy < FRAME_SAMPLES * LEAST**2:
        return ""
    found = (samples @ _TONES) * (2 / FRAME_SAMPLES)
    amplitudes = np.hypot(found[:24], found[24:]).reshape(3, 8).max(axis=0)
    low, high = int(np.argmax(amplitudes[:4])), int(np.argmax(amplitudes[4:]))
    low_at, high_at = float(amplitudes[low]), float(amplitudes[4 + high])
    is_loud = min(low_at, high_at) >= LEAST and max(low_at, high_at) <= TWIST_MAX * min(low_at, high_at)
    if not is_loud or FRAME_SAMPLES / 2 * (low_at**2 + high_at**2) < SHARE * energy:
        return ""
    others = max(np.delete(amplitudes[:4], low).max() / low_at, np.delete(amplitudes[4:], high).max() / high_at)
    return "" if others > OTHERS else KEYS[4 * low + high]
