"""What was heard: tones and words in recorded audio."""

from __future__ import annotations

import functools
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio, Library, save_wav
from prompts.catalog import ENGLISH
from prompts.recognise import Recogniser

WINDOW_SECONDS = 0.1
NOTCH_HERTZ = 30
"""On both sides of a tone: what its beginning and end spread."""
_WINDOW = round(WINDOW_SECONDS * RATE)
_SILENT = 1e5
"""Energy of a window below which nothing is heard: the rounding noise of G.711."""


def write_tone(file: Path, hertz: float, seconds: float) -> None:
    """A WAV file with a tone at -12 dBov."""
    instants = np.arange(round(seconds * RATE)) / RATE
    save_wav(file, np.round(8192 * np.sin(2 * np.pi * hertz * instants)).astype(np.int16))


def read_recording(file: Path) -> Audio:
    """The samples of a mono recording at 8 kHz, however long it is."""
    with wave.open(str(file), "rb") as recording:
        form = (recording.getframerate(), recording.getnchannels(), recording.getsampwidth())
        assert form == (RATE, 1, 2), form
        return np.frombuffer(recording.readframes(recording.getnframes()), "<i2")


def tone_share(audio: Audio, hertz: float) -> NDArray[np.float64]:
    """How much of each window's energy lies within 20 Hz of a frequency: 1 for the tone alone, 0 for silence.

    Of the recorded words none has more than a quarter at 2000 or 2500 Hz.
    """
    windows = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.float64)
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW))) ** 2
    energy = power.sum(axis=1)
    middle = round(hertz * WINDOW_SECONDS)
    near = power[:, middle - 2 : middle + 3].sum(axis=1)
    return np.where(energy > _SILENT, near / np.maximum(energy, 1.0), 0.0)


def without_tone(audio: Audio, hertz: float) -> Audio:
    """The same without a tone: under a loud one, words as short as `left` are not known for sure."""
    spectrum = np.fft.rfft(audio.astype(np.float64))
    spectrum[np.abs(np.fft.rfftfreq(len(audio), 1 / RATE) - hertz) < NOTCH_HERTZ] = 0
    return np.clip(np.fft.irfft(spectrum, len(audio)), -32768, 32767).astype(np.int16)


def words_heard(audio: Audio) -> list[str]:
    """The names of the clips that are heard, in order."""
    return [clip.clip_id for clip in _recogniser().heard(audio)]


@functools.cache
def _recogniser() -> Recogniser:
    library = Library(ENGLISH)
    return Recogniser({clip_id: library.clip(clip_id) for clip_id in library.catalog.clip_ids})
