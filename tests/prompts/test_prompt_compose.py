from __future__ import annotations

import numpy as np
import pytest

from prompts.audio import RATE, Audio
from prompts.catalog import ClipId, load_catalog
from prompts.compose import COMPOSED, MUSIC_LEVEL, TONE_LEVEL, compose
from prompts.level import peak, rms_level

MUSIC = ClipId("hold/music")


def strongest(audio: Audio, count: int) -> list[int]:
    """The strongest frequencies in Hz, lowest first, at least 50 Hz apart."""
    spectrum = np.abs(np.fft.rfft(audio.astype(np.float64), RATE))
    found: list[int] = []
    for frequency in np.argsort(spectrum)[::-1]:
        if all(abs(frequency - other) >= 50 for other in found):
            found.append(int(frequency))
        if len(found) == count:
            break
    return sorted(found)


def test_every_composed_entry_of_the_catalog_has_a_score() -> None:
    assert set(COMPOSED) == {clip.clip_id for clip in load_catalog() if clip.voice is None}


def test_nothing_else_can_be_composed() -> None:
    with pytest.raises(KeyError):
        compose(ClipId("hold/silence"))


@pytest.mark.parametrize(
    ("name", "frequencies", "on", "off"),
    [("ringback", [440, 480], 2, 4), ("busy", [480, 620], 0.5, 0.5), ("beep", [1000], 0.25, 0)],
)
def test_tones_are_those_of_north_america(name: str, frequencies: list[int], on: float, off: float) -> None:
    tone = compose(ClipId(f"tone/{name}"))
    sounding = tone[: round(on * RATE)]
    assert len(tone) == round((on + off) * RATE)
    assert not tone[len(sounding) :].any()
    assert rms_level(sounding) == pytest.approx(TONE_LEVEL, abs=0.1)
    spectrum = [round(frequency / 10) * 10 for frequency in strongest_near(sounding, frequencies)]
    assert spectrum == frequencies


def strongest_near(audio: Audio, frequencies: list[int]) -> list[int]:
    if len(frequencies) == 1 or frequencies[1] - frequencies[0] >= 100:
        return strongest(audio, len(frequencies))
    spectrum = np.abs(np.fft.rfft(audio.astype(np.float64)[:RATE], RATE))
    peaks = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:])) + 1
    return sorted(int(peak) for peak in peaks[np.argsort(spectrum[peaks])[-2:]])


def test_pauses_are_silent_and_of_two_lengths() -> None:
    short, long = compose(ClipId("pause/short")), compose(ClipId("pause/long"))
    assert not short.any()
    assert not long.any()
    assert len(short) < len(long)


def test_the_music_is_quieter_than_the_words_and_far_from_full_scale() -> None:
    music = compose(MUSIC)
    assert rms_level(music) == pytest.approx(MUSIC_LEVEL, abs=0.1)
    assert peak(music) < 0.5


def test_the_music_begins_where_it_ends() -> None:
    music = compose(MUSIC).astype(np.int64)
    seam = np.abs(np.diff(np.concatenate([music[-8:], music[:8]]))).max()
    assert seam <= np.abs(np.diff(music)).max()
    # It rings through the seam: no silence there, as at the end of a piece.
    assert rms_level(music[-800:].astype(np.int16)) > MUSIC_LEVEL - 15


def test_the_music_never_sounds_like_a_key() -> None:
    # A digit is two tones of nearly equal strength (ITU-T Q.23); here no instant has both.
    music = compose(MUSIC)[: 24 * RATE].astype(np.float64)
    frames = music[: len(music) // 400 * 400].reshape(-1, 400)
    at = np.arange(400) / RATE

    def power(frequency: float) -> np.ndarray:
        return np.abs(frames @ np.exp(-2j * np.pi * frequency * at)) ** 2 * 2 / 400

    low = np.max([power(frequency) for frequency in (697, 770, 852, 941)], axis=0)
    high = np.max([power(frequency) for frequency in (1209, 1336, 1477, 1633)], axis=0)
    share = (low + high) / np.sum(frames**2, axis=1)
    # 8 dB of twist either way is what receivers accept (Q.24).
    assert not np.any((share > 0.6) & (np.abs(10 * np.log10(low / high)) < 8))


def test_composing_again_gives_the_same_samples() -> None:
    assert np.array_equal(compose(MUSIC), compose(MUSIC))
