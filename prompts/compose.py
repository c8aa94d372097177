"""Sounds that nobody says: pauses, tones and hold music, made by arithmetic and always the same.

The tones are those of North America (ITU-T E.180 supplement 2). The music is our own: eight bars of
broken chords that end where they begin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio
from prompts.catalog import ClipId

Samples = NDArray[np.float64]

TONE_LEVEL: Final = -26.0
"""dBov over the whole tone: as loud as the words."""
MUSIC_LEVEL: Final = -30.0
"""dBov: a little below the words, for music never pauses."""

_OVERLOAD: Final = 32768.0
_FADE: Final = 0.005
_BEAT: Final = 0.75
"""Seconds: 80 beats a minute."""
_BEATS_PER_BAR: Final = 4
_NOTE_DECAY: Final = 0.9
_NOTE_LENGTH: Final = 3.0
_PARTIALS: Final = (1.0, 0.35, 0.12, 0.05)
"""Strength of each harmonic: round and soft, little above 2 kHz for a narrow band."""

# Semitones from A4 (440 Hz). One row is a bar: a bass note, three voices of the chord and a melody note.
_BARS: Final = (
    (-14, -7, -2, 2, 7),  # G
    (-17, -10, -5, -2, 5),  # E minor
    (-21, -9, -5, 0, 3),  # C
    (-19, -7, -3, 0, 5),  # D
    (-14, -7, -2, 2, 10),  # G
    (-22, -10, -7, -2, 9),  # B minor
    (-21, -9, -5, -2, 7),  # C with a major seventh
    (-19, -7, -3, 0, 5),  # D, which leads back to the beginning
)


def compose(clip_id: ClipId) -> Audio:
    """The sound of this name.

    Raises:
        KeyError: It is none of `COMPOSED`.
    """
    return COMPOSED[clip_id]()


def _music() -> Audio:
    beats = len(_BARS) * _BEATS_PER_BAR
    length = round(beats * _BEAT * RATE)
    loop = np.zeros(length)
    for number, (bass, low, middle, high, melody) in enumerate(_BARS):
        bar = number * _BEATS_PER_BAR
        _add(loop, bass, beat=bar, strength=1.0)
        # Half beats: up and down the chord, as fingers would.
        for half, note in enumerate((low, middle, high, middle, low, middle, high, middle)):
            _add(loop, note, beat=bar + half / 2, strength=0.45)
        _add(loop, melody, beat=bar, strength=0.7)
        _add(loop, melody - 2 if number % 2 else melody + 2, beat=bar + 2.5, strength=0.4)
    return _levelled(loop, MUSIC_LEVEL)


def _add(loop: Samples, semitones: int, *, beat: float, strength: float) -> None:
    """Add one struck note; what rings beyond the end goes on at the beginning, so the loop has no seam."""
    frequency = 440 * 2 ** (semitones / 12)
    at = np.arange(round(_NOTE_LENGTH * RATE)) / RATE
    attack = np.minimum(1.0, at / 0.012)
    release = np.minimum(1.0, (_NOTE_LENGTH - at) / 0.2)
    note = sum(
        (share * np.sin(2 * np.pi * frequency * partial * at) for partial, share in enumerate(_PARTIALS, start=1)),
        start=np.zeros(len(at)),
    )
    note *= strength * attack * release * np.exp(-at / _NOTE_DECAY)
    start = round(beat * _BEAT * RATE)
    loop[np.arange(start, start + len(note)) % len(loop)] += note


def _tone(*frequencies: float, on: float, off: float) -> Audio:
    at = np.arange(round(on * RATE)) / RATE
    edge = np.minimum(1.0, np.minimum(at, at[-1] - at) / _FADE)
    tone = edge * sum((np.sin(2 * np.pi * frequency * at) for frequency in frequencies), start=np.zeros(len(at)))
    return np.concatenate([_levelled(tone, TONE_LEVEL), _silence(off)])


def _silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.int16)


def _levelled(samples: Samples, level: float) -> Audio:
    gain = 10 ** (level / 20) * _OVERLOAD / np.sqrt(np.mean(samples**2))
    levelled: Audio = np.round(samples * gain).astype(np.int16)
    return levelled


COMPOSED: Final[Mapping[ClipId, Callable[[], Audio]]] = MappingProxyType(
    {
        ClipId("hold/music"): _music,
        ClipId("tone/beep"): lambda: _tone(1000, on=0.25, off=0),
        ClipId("tone/busy"): lambda: _tone(480, 620, on=0.5, off=0.5),
        ClipId("tone/ringback"): lambda: _tone(440, 480, on=2, off=4),
        ClipId("pause/short"): lambda: _silence(0.25),
        ClipId("pause/long"): lambda: _silence(0.6),
    }
)
"""Every composed sound by its name in the catalog."""
