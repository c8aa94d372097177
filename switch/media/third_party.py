"""Hears that a party may have brought in a third one: a hook-flash, and then a second dial tone.

    talk ── opened: a click, or a sudden end ──▶ quiet for 240 ms to 1.5 s ── closed: a click, or the tone ──▶ flash
    flash ── within 4 s: 350 and 440 Hz, pure and steady, for a second ──▶ suspected

A false alarm is worse than a miss: speech pauses all the time, lines click, and music has both notes, so all of it is
asked for, in this order. Whoever sits at the party's own telephone may hide the tone, and then nothing is heard.

One object listens to one leg. Frames are 20 ms of int16 at 8 kHz, as the party said them.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Audio
from switch.media.wire import FRAME_SAMPLES

RATE: Final = 8000
QUIET_PEAK: Final = 64
"""Samples below this, -54 dBov, are a line on which nothing is connected; a room is louder."""
GAP_FRAMES: Final = (12, 75)
"""240 ms to 1.5 s: a hook-flash is 300 ms to 1 s, and switches differ."""
CLICK_PEAK: Final = 2000
"""-24 dBov: a contact that opens or closes is heard clearly."""
CLICK_SAMPLES: Final = 24
"""3 ms, in which a click has nearly all the energy of its frame."""
CLICK_SHARE: Final = 0.8
SUDDEN_RMS: Final = 600.0
"""-35 dBov: speech at its usual level in the very frame before the quiet, where words die away for 100 ms."""
TONE_WITHIN: Final = 200
"""Frames after a flash, 4 s, in which the dial tone begins or never does."""
TONE_FRAMES: Final = 50
"""A second of tone: no vowel and few notes last so long without any change."""
TONE_FRAMES_GOOD: Final = 46
"""Of them pure; the rest may be lost packets."""
TONE_SHARE: Final = 0.97
"""Of a frame's energy in the two tones; G.711 leaves 0.999 of it."""
TONE_LEAST: Final = 100.0
"""Amplitude of each, -50 dBov."""
TWIST_MAX: Final = 2.0
"""6 dB between the two: they are sent at one level (ITU-T E.180, precise tone plan)."""
STEADY: Final = 1.12
"""1 dB of change over a second; instruments fade, and voices tremble."""
HOLD_OFF: Final = 1500
"""Frames, 30 s, until the same party is suspected again."""

_TIME: Final = np.arange(FRAME_SAMPLES) / RATE
_TONES: Final = np.stack([f(2 * np.pi * hertz * _TIME) for hertz in (350, 440) for f in (np.cos, np.sin)], axis=1)
_BASIS: Final[NDArray[np.float64]] = np.linalg.qr(_TONES)[0]
"""Orthonormal, shape (160, 4): what of a frame the two tones explain."""
_FIT: Final[NDArray[np.float64]] = np.linalg.pinv(_TONES)
"""Shape (4, 160): cosine and sine amplitudes of each tone."""


class ThirdPartyEar:
    """Listens to one party."""

    __slots__ = ("_armed_until", "_before", "_number", "_opened", "_quiet", "_rests_until", "_tones", "flashes")

    def __init__(self) -> None:
        self.flashes = 0
        """Hook-flashes heard so far; each alone means nothing."""
        self._number = 0
        self._quiet = 0
        self._opened = False
        self._before = False
        """Whether the last frame that was not quiet may open a gap: a click, or sudden speech."""
        self._armed_until = -1
        self._rests_until = 0
        self._tones: deque[tuple[float, float] | None] = deque(maxlen=TONE_FRAMES)

    @property
    def frames_sure(self) -> int:
        """Frames from now on that raise no suspicion, whatever they are: a flash must be heard, then the tone."""
        return 0 if self._number <= self._armed_until else TONE_FRAMES - 1

    def hear(self, frame: Audio) -> bool:
        """Take the next frame; True once when a third party is suspected."""
        self._number += 1
        samples = frame.astype(np.float64)
        peak = float(np.abs(samples).max())
        if peak < QUIET_PEAK:
            if not self._quiet:
                self._opened = self._before
            self._quiet += 1
            self._tones.append(None)
            return False
        energy = float(samples @ samples)
        is_click = peak >= CLICK_PEAK and _is_click(samples, energy)
        if self._quiet:
            self._close_gap(samples, energy, is_click=is_click)
        self._before = is_click or energy >= SUDDEN_RMS**2 * FRAME_SAMPLES
        if self._number > self._armed_until:
            return False
        self._tones.append(_tone(samples, energy))
        if not self._is_dial_tone():
            return False
        self._armed_until = -1
        self._rests_until = self._number + HOLD_OFF
        return True

    def _close_gap(self, samples: NDArray[np.float64], energy: float, *, is_click: bool) -> None:
        """The quiet ends: a flash, if it was as long as one, and was opened and is closed like one."""
        frames, self._quiet = self._quiet, 0
        if not self._opened or not GAP_FRAMES[0] <= frames <= GAP_FRAMES[1] or self._number < self._rests_until:
            return
        if is_click or _tone(samples, energy) is not None:
            self.flashes += 1
            self._armed_until = self._number + TONE_WITHIN + TONE_FRAMES
            self._tones.clear()

    def _is_dial_tone(self) -> bool:
        """Whether the last second was both tones, alone and unchanged."""
        tones = [tone for tone in self._tones if tone is not None]
        if len(self._tones) < TONE_FRAMES or len(tones) < TONE_FRAMES_GOOD:
            return False
        return all(max(each) <= STEADY * min(each) for each in zip(*tones, strict=True))


def _is_click(samples: NDArray[np.float64], energy: float) -> bool:
    """Whether nearly all energy of a frame lies within three milliseconds."""
    sums = np.concatenate(([0.0], np.cumsum(samples * samples)))
    return float((sums[CLICK_SAMPLES:] - sums[:-CLICK_SAMPLES]).max()) >= CLICK_SHARE * energy


def _tone(samples: NDArray[np.float64], energy: float) -> tuple[float, float] | None:
    """The amplitudes of 350 and 440 Hz where a frame is nothing else, None otherwise."""
    explained = samples @ _BASIS
    if float(explained @ explained) < TONE_SHARE * energy:
        return None
    low_cos, low_sin, high_cos, high_sin = (_FIT @ samples).tolist()
    low, high = float(np.hypot(low_cos, low_sin)), float(np.hypot(high_cos, high_sin))
    if min(low, high) < TONE_LEAST or max(low, high) > TWIST_MAX * min(low, high):
        return None
    return low, high
