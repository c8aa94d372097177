"""Active speech level (ITU-T P.56, method B) and the edges of a recording.

Levels are in dBov: relative to the square wave of full scale, the overload point (ITU-T G.100.1). A
sine of full scale is -3.01 dBov.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio

OVERLOAD: Final = 32768.0

WORDS_LEVEL: Final = -26.0
"""Active level of every recording of words, in dBov."""
SPOKEN_LEAST: Final = -50.0
"""Below this nobody spoke: noise of a line lies 10 dB lower, a whisper higher."""

_EDGE_DECIBELS: Final = 40.0
_EDGE_KEPT: Final = 0.05
_WORD_SECONDS: Final = 0.2
_PEAK_MAX: Final = 0.9
_TIME_CONSTANT: Final = 0.03
_HANGOVER: Final = 0.2
_MARGIN: Final = 15.9
"""dB between the active level and the threshold that defines activity."""
_BLOCK: Final = 240
"""Samples smoothed at once; one time constant, so that the powers of the decay stay near 1."""
_DECAY: Final = float(np.exp(-1 / (_TIME_CONSTANT * RATE)))
_POWERS: Final = _DECAY ** np.arange(1, _BLOCK + 1)
_RESPONSES: Final = (1 - _DECAY) * np.triu(
    _DECAY ** np.maximum(0, np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK)).T)
)
"""How each sample of a block moves the later ones."""
_EDGE_FRAME: Final = RATE // 200
"""5 ms: shorter than a plosive, longer than a period of most voices."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Silence before and after the sound of a recording, in seconds."""

    before: float
    after: float


def active_level(audio: Audio) -> float:
    """Level of the parts that are speech, in dBov; minus infinity for silence (P.56 §10)."""
    samples = audio.astype(np.float64) / OVERLOAD
    energy = float(np.sum(samples**2))
    if not energy:
        return -np.inf
    envelope = _smooth(_smooth(np.abs(samples)))
    at = np.arange(len(samples))
    previous: tuple[float, float] | None = None
    # Thresholds rise by 6 dB from one step of 16 bits to half of full scale.
    for threshold in 2.0 ** np.arange(-15, 0):
        latest = np.maximum.accumulate(np.where(envelope >= threshold, at, -len(samples) - RATE))
        active = int(np.count_nonzero(at - latest <= _HANGOVER * RATE))
        if not active:
            break
        level = 10 * np.log10(energy / active)
        margin = level - 20 * np.log10(threshold)
        if margin <= _MARGIN:
            if previous is None:
                return float(level)
            share = (previous[1] - _MARGIN) / (previous[1] - margin)
            return float(previous[0] + share * (level - previous[0]))
        previous = (float(level), float(margin))
    return previous[0] if previous else float(10 * np.log10(energy / len(samples)))


def rms_level(audio: Audio) -> float:
    """Level over the whole length, in dBov; minus infinity for silence."""
    power = float(np.mean((audio.astype(np.float64) / OVERLOAD) ** 2)) if len(audio) else 0.0
    return float(10 * np.log10(power)) if power else -np.inf


def peak(audio: Audio) -> float:
    """The largest sample, as a share of full scale."""
    return float(np.max(np.abs(audio.astype(np.float64)))) / OVERLOAD


def edges(audio: Audio, *, below_loudest: float) -> Edges:
    """Silence at both ends: frames of 5 ms that are `below_loudest` dB under the loudest one.

    A recording of nothing but silence is all before.
    """
    count = max(1, len(audio) // _EDGE_FRAME)
    padded = np.zeros(max(len(audio), _EDGE_FRAME), np.float64)
    padded[: len(audio)] = audio
    power = np.mean(padded[: count * _EDGE_FRAME].reshape(count, -1) ** 2, axis=1)
    loud = np.flatnonzero(power > np.max(power) * 10 ** (-below_loudest / 10))
    if not len(loud):
        return Edges(len(audio) / RATE, 0.0)
    first, last = int(loud[0]) * _EDGE_FRAME, (int(loud[-1]) + 1) * _EDGE_FRAME
    return Edges(first / RATE, max(0, len(audio) - last) / RATE)


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`y[n] = g·y[n-1] + (1-g)·x[n]` with the time constant of P.56, in blocks."""
    blocks = np.zeros(-(-len(values) // _BLOCK) * _BLOCK).reshape(-1, _BLOCK)
    blocks.ravel()[: len(values)] = values
    within = blocks @ _RESPONSES
    carried = 0.0
    for number in range(len(within)):
        within[number] += carried * _POWERS
        carried = within[number, -1]
    smoothed: NDArray[np.float64] = within.ravel()[: len(values)]
    return smoothed


def tidied(audio: Audio) -> Audio | None:
    """Speech from a telephone as a clip: without the silence at its ends, at the level of the words.

    None where nobody spoke: it is quieter than `SPOKEN_LEAST`, or shorter than a word.
    """
    if active_level(audio) < SPOKEN_LEAST:
        return None
    silent = edges(audio, below_loudest=_EDGE_DECIBELS)
    if len(audio) / RATE - silent.before - silent.after < _WORD_SECONDS:
        return None
    first = round(max(0.0, silent.before - _EDGE_KEPT) * RATE)
    last = len(audio) - round(max(0.0, silent.after - _EDGE_KEPT) * RATE)
    name = audio[first:last]
    gain = min(10 ** ((WORDS_LEVEL - active_level(name)) / 20), _PEAK_MAX / peak(name))
    louder: Audio = np.rint(name * gain).astype(np.int16)
    return louder
