"""Hears that a machine answered: a long utterance without a pause, or a beep that quiet follows.

    answered ── somebody speaks within 2.5 s ──▶ goes on for so long without a pause of 500 ms ──▶ a machine
                                └─ a second of quiet behind it: whoever waits for an answer is a person
    at any time: one steady tone, 350 to 2000 Hz, for 0.2 to 1 s, then 300 ms of quiet ───────▶ a machine

To release a person is worse than to miss a machine, which presses no key and is released later, unpaid as well. So an
utterance must be loud, louder than the echo of what is played to the party can be, must stand out of what is always
there (a noise does not), and comes first or never. A person who says long sentences at once, or whistles, is told
wrongly.

One object listens to one leg from its answer on. Frames are 20 ms of int16 at 8 kHz, as the party said them.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Audio
from switch.media.wire import FRAME_SAMPLES

RATE: Final = 8000
FRAMES_PER_SECOND: Final = RATE // FRAME_SAMPLES
NEVER: Final = 1 << 30
"""Frames: more than any call has."""

SPOKEN_RMS: Final = 413.0
"""-38 dBov: 12 dB below speech at its usual level."""
ECHO_SHARE: Final = 0.32
"""10 dB: what is quieter than the loudest that was played, by so much, may be its echo (measured: from a return loss of
12 dB on, no echo is taken for a machine)."""
ECHO_FRAMES: Final = 30
"""600 ms, in which an echo comes back, through the network and the buffers of both ends."""
FLOOR_FRAMES: Final = 75
"""1.5 s, of which the quietest tenth tells what is always there."""
FLOOR_SHARE: Final = 10
ABOVE_FLOOR: Final = 2.0
"""6 dB: continuous speech is that much above its own quietest tenth nearly always, a noise never for long."""
BEGINS_WITHIN: Final = 125
"""Frames, 2.5 s: a machine speaks at once; whoever speaks later has listened."""
BREATH: Final = 12
"""Frames, 240 ms: between words of one breath it is shorter, and counts as speech."""
PAUSE: Final = 25
"""Frames, half a second: who makes one lets others speak; between recorded sentences it is shorter."""
WAITS: Final = 50
"""Frames, a second of quiet: who said something and waits for an answer."""

TONE_RMS: Final = 520.0
"""-36 dBov."""
TONE_HERTZ: Final = (350.0, 2000.0)
TONE_SHARE: Final = 0.93
"""Of a frame's energy in one sine; G.711 leaves 0.999 of a pure one, a vowel has its harmonics."""
TONE_FRAMES: Final = (8, 52)
"""0.2 to 1 s, without the frames in which it begins and ends."""
DRIFT_MAX: Final = 15.0
"""Hertz within one beep; 20 ms tell 2 Hz apart in a tone this pure, and no voice keeps so still."""
STEADY: Final = 1.42
"""3 dB around its usual level."""
STEADY_SHARE: Final = 0.8
"""Of its frames; the others may be lost packets, hidden by the frame before at half of its level."""
QUIET_FRAMES: Final = 15
"""300 ms behind a beep."""
QUIET_SHARE: Final = 0.1
"""20 dB below the beep."""

_SIZE: Final = 512
"""Bins of 15.6 Hz; the peak lies between two of them."""
_TIME: Final = np.arange(FRAME_SAMPLES) / RATE
_WINDOW: Final[NDArray[np.float64]] = np.hanning(FRAME_SAMPLES)


class MachineEar:
    """Listens to one party that has answered."""

    __slots__ = ("_beep", "_is_told", "_speech")

    def __init__(self, speech_seconds: float) -> None:
        """`speech_seconds` without a pause are a machine's."""
        self._speech = _SpeechEar(round(speech_seconds * FRAMES_PER_SECOND))
        self._beep = _BeepEar()
        self._is_told = False

    @property
    def frames_sure(self) -> int:
        """Frames from now on that tell of no machine, whatever they are."""
        return NEVER if self._is_told else min(self._speech.frames_sure, self._beep.frames_sure)

    def hear(self, frame: Audio, played: Audio) -> bool:
        """Take the next frame, and what is played to the party meanwhile; True once, when a machine is heard."""
        if self._is_told:
            return False
        samples = frame.astype(np.float64)
        rms = _rms(samples)
        has_spoken = self._speech.hear(rms, _rms(played.astype(np.float64)) if len(played) else 0.0)
        self._is_told = self._beep.hear(samples, rms) or has_spoken
        return self._is_told


class _SpeechEar:
    """Hears a long utterance without a pause, if it is the first thing that is said."""

    __slots__ = ("_has_spoken", "_is_person", "_levels", "_longest", "_number", "_played", "_quiet", "_spoken")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._number = 0
        self._spoken = 0
        """Frames of the utterance that goes on, breaths within it included."""
        self._has_spoken = False
        self._quiet = 0
        self._is_person = False
        self._levels: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._played: deque[float] = deque(maxlen=ECHO_FRAMES)

    @property
    def frames_sure(self) -> int:
        if self._is_person:
            return NEVER
        return max(0, self._longest - self._spoken - min(self._quiet, BREATH) - 1)

    def hear(self, rms: float, played_rms: float) -> bool:
        if self._is_person:
            return False
        self._number += 1
        self._levels.append(rms)
        self._played.append(played_rms)
        if rms < max(SPOKEN_RMS, ABOVE_FLOOR * self._floor(), ECHO_SHARE * max(self._played)):
            self._keep_quiet()
            return False
        is_breath = self._spoken > 0 and self._quiet <= BREATH
        self._spoken += 1 + (self._quiet if is_breath else 0)
        self._quiet = 0
        return self._spoken >= self._longest

    def _keep_quiet(self) -> None:
        """Nothing is said in this frame: between two words, or behind the last one."""
        self._quiet += 1
        if self._spoken and self._quiet >= PAUSE:
            self._spoken, self._has_spoken = 0, True
        if not self._spoken:
            self._is_person = self._quiet >= WAITS if self._has_spoken else self._number >= BEGINS_WITHIN

    def _floor(self) -> float:
        """How loud the line is where nobody speaks, or between the syllables."""
        return sorted(self._levels)[len(self._levels) // FLOOR_SHARE]


class _BeepEar:
    """Hears a beep, and the quiet behind it."""

    __slots__ = ("_has_edge", "_quiet", "_run")

    def __init__(self) -> None:
        self._run: list[tuple[float, float]] = []
        """Hertz and level of each frame of a tone."""
        self._quiet = 0
        self._has_edge = False
        """The tone ended within a frame."""

    @property
    def frames_sure(self) -> int:
        return QUIET_FRAMES - 1 - self._quiet if self._run else TONE_FRAMES[0] + QUIET_FRAMES - 1

    def hear(self, samples: NDArray[np.float64], rms: float) -> bool:
        hertz = _tone(samples) if rms >= TONE_RMS else None
        if hertz is not None:
            if self._run and (self._quiet or self._has_edge or abs(hertz - self._run[-1][0]) > DRIFT_MAX):
                self._forget()
            if len(self._run) <= TONE_FRAMES[1]:  # One more is too long already.
                self._run.append((hertz, rms))
            return False
        if not self._run:
            return False
        if rms > QUIET_SHARE * self._level():
            if self._quiet or self._has_edge:
                self._forget()
            self._has_edge = bool(self._run)
            return False
        self._quiet += 1
        if self._quiet < QUIET_FRAMES:
            return False
        is_beep = self._is_beep()
        self._forget()
        return is_beep

    def _forget(self) -> None:
        self._run, self._quiet, self._has_edge = [], 0, False

    def _level(self) -> float:
        return float(np.median([rms for _, rms in self._run]))

    def _is_beep(self) -> bool:
        """Whether it was as long as a beep, and stayed as it was."""
        if not TONE_FRAMES[0] <= len(self._run) <= TONE_FRAMES[1]:
            return False
        found = np.array(self._run)
        level = self._level()
        steady = np.mean((found[:, 1] <= STEADY * level) & (found[:, 1] * STEADY >= level))
        return bool(steady >= STEADY_SHARE and np.ptp(found[:, 0]) <= DRIFT_MAX)


def _rms(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(samples @ samples / FRAME_SAMPLES))


def _tone(samples: NDArray[np.float64]) -> float | None:
    """The frequency of the one sine that a frame is, None where it is anything else."""
    spectrum = np.abs(np.fft.rfft(samples * _WINDOW, _SIZE))
    peak = int(np.argmax(spectrum[1:-1])) + 1
    left, top, right = np.log(spectrum[peak - 1 : peak + 2] + 1.0)
    hertz = (peak + 0.5 * (left - right) / (left - 2 * top + right)) * RATE / _SIZE if 2 * top > left + right else 0.0
    if not TONE_HERTZ[0] <= hertz <= TONE_HERTZ[1]:
        return None
    turns = 2 * np.pi * hertz * _TIME
    basis = np.stack([np.cos(turns), np.sin(turns)])
    explained = basis @ samples
    energy = float(explained @ np.linalg.solve(basis @ basis.T, explained))
    return hertz if energy >= TONE_SHARE * float(samples @ samples) else None
