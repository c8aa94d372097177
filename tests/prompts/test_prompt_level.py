from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prompts.audio import RATE, Audio, load_wav
from prompts.catalog import ENGLISH, LANGUAGES, Clip, load_catalog
from prompts.compose import MUSIC_LEVEL
from prompts.level import WORDS_LEVEL, active_level, edges, peak, rms_level, tidied

SECTIONS = [
    pytest.param(language, section, id=f"{language}/{section}")
    for language, folder in LANGUAGES.items()
    for section in dict.fromkeys(clip.clip_id.partition("/")[0] for clip in load_catalog(folder))
]
"""Every recording, some at a time: a thousand tests of a millisecond would take a minute."""

LEVELS = {
    "hold/music": MUSIC_LEVEL,  # Music never pauses, and lies a little below the words.
    "pause/short": -np.inf,
    "pause/long": -np.inf,
}
"""dBov of what is not as loud as words: no speech, all of it composed."""
ENDS_IN_SILENCE = {
    "pause/short": "silence",
    "pause/long": "silence",
    "tone/busy": "the cadence of the tone",
    "tone/ringback": "the cadence of the tone",
}
"""Composed sounds that are to end in silence, with the reason."""


def sine(seconds: float, *, level: float, frequency: float = 1000.0) -> Audio:
    """A sine of this RMS level in dBov."""
    amplitude = 32768 * 10 ** (level / 20) * np.sqrt(2)
    at = np.arange(round(seconds * RATE)) / RATE
    return np.round(amplitude * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.int16)


def literal_active_level(samples: NDArray[np.float64]) -> float:
    """Method B sample by sample, as the text of P.56 has it: slow, and without our shortcuts."""
    decay, hangover = np.exp(-1 / (RATE * 0.03)), int(0.2 * RATE)
    thresholds = [2.0**-power for power in range(15, 0, -1)]
    counts, waits = [0] * 15, [hangover + 1] * 15
    first = second = 0.0
    for sample in samples:
        first = decay * first + (1 - decay) * abs(sample)
        second = decay * second + (1 - decay) * first
        for place, threshold in enumerate(thresholds):
            waits[place] = 0 if second >= threshold else waits[place] + 1
            counts[place] += waits[place] <= hangover
    energy = float(np.sum(samples**2))
    previous = None
    for count, threshold in zip(counts, thresholds, strict=True):
        level = 10 * np.log10(energy / count)
        margin = level - 20 * np.log10(threshold)
        if margin <= 15.9:
            assert previous is not None
            share = (previous[1] - 15.9) / (previous[1] - margin)
            return float(previous[0] + share * (level - previous[0]))
        previous = (level, margin)
    raise AssertionError("no threshold was reached")


@pytest.mark.parametrize("level", [-40.0, -26.0, -10.0])
def test_a_steady_tone_has_its_own_level(level: float) -> None:
    assert active_level(sine(3, level=level)) == pytest.approx(level, abs=0.1)


def test_silence_between_words_does_not_lower_the_active_level() -> None:
    speech = np.concatenate([sine(2, level=-26), silence(6), sine(2, level=-26)])
    assert rms_level(speech) == pytest.approx(-26 - 10 * np.log10(10 / 4), abs=0.05)
    # The hangover counts 200 ms after each burst as speech.
    assert active_level(speech) == pytest.approx(-26 - 10 * np.log10(4.4 / 4), abs=0.25)


def test_the_fast_meter_agrees_with_the_text_of_the_recommendation() -> None:
    recording = load_wav(ENGLISH / "inside" / "try-again.wav")
    assert active_level(recording) == pytest.approx(literal_active_level(recording / 32768), abs=0.01)


def test_silence_has_no_level() -> None:
    assert active_level(silence(1)) == -np.inf
    assert rms_level(silence(1)) == -np.inf
    assert rms_level(silence(0)) == -np.inf


def test_a_click_has_the_level_of_its_whole_length() -> None:
    click = silence(0.1)
    click[400] = 20
    assert active_level(click) == pytest.approx(rms_level(click))


def test_the_peak_counts_both_signs() -> None:
    assert peak(np.array([0, 16384, -32768], np.int16)) == 1.0


def test_edges_are_measured_to_5_ms() -> None:
    recording = np.concatenate([silence(0.1), sine(0.5, level=-20), silence(0.2)])
    found = edges(recording, below_loudest=40)
    assert found.before == pytest.approx(0.1, abs=0.005)
    assert found.after == pytest.approx(0.2, abs=0.005)


def test_a_recording_of_silence_is_all_before() -> None:
    assert edges(silence(0.5), below_loudest=40).before == 0.5


@pytest.mark.parametrize(("language", "section"), SECTIONS)
def test_every_recording_is_level_unclipped_and_trimmed(language: str, section: str) -> None:
    folder = LANGUAGES[language]
    for clip in load_catalog(folder):
        if clip.clip_id.startswith(f"{section}/"):
            judge(clip, load_wav(folder / f"{clip.clip_id}.wav"))


def judge(clip: Clip, recording: Audio) -> None:
    silent = edges(recording, below_loudest=42)
    seconds = len(recording) / RATE
    # ±2 dBov is what is promised; words, which are levelled by the same meter, come much nearer.
    nearness = 2 if clip.voice is None else 0.5
    assert active_level(recording) == pytest.approx(LEVELS.get(clip.clip_id, -26), abs=nearness), clip.clip_id
    assert peak(recording) < 0.9, clip.clip_id
    assert max(silent.before, silent.after) <= (0.06 if clip.clip_id not in ENDS_IN_SILENCE else seconds), clip.clip_id
    if clip.voice is not None:
        # Nobody says a word in less than a quarter of a second, or 30 letters in one.
        assert max(0.25, len(clip.words) / 30) < seconds < 12, clip.clip_id


def test_only_composed_sounds_are_excused() -> None:
    composed = {clip.clip_id for clip in load_catalog() if clip.voice is None}
    assert set(LEVELS) | set(ENDS_IN_SILENCE) <= composed


@pytest.mark.parametrize("loudness", [0.02, 0.9])
def test_a_spoken_name_is_trimmed_and_as_loud_as_the_words(loudness: float) -> None:
    spoken = load_wav(ENGLISH / "name" / "jordan.wav")
    line = np.zeros(3 * RATE, np.float64)
    line[RATE : RATE + len(spoken)] = spoken / np.max(np.abs(spoken)) * loudness * 32767
    name = tidied(line.astype(np.int16))
    assert name is not None
    assert abs(len(name) - len(spoken)) < 0.2 * RATE
    assert abs(active_level(name) - WORDS_LEVEL) < 1


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_silence_or_a_click_is_no_name(seconds: float) -> None:
    line = np.zeros(2 * RATE, np.int16)
    line[RATE : RATE + round(seconds * RATE)] = 8000
    assert tidied(line) is None
