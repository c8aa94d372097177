from __future__ import annotations

import numpy as np
import pytest

from prompts.resample import to_telephone


def gain(frequency: float, rate: int) -> float:
    """In dB, away from the ends."""
    at = np.arange(rate) / rate
    out = to_telephone(np.sin(2 * np.pi * frequency * at), rate)[800:-800]
    return float(20 * np.log10(np.sqrt(2 * np.mean(out**2)) + 1e-12))


@pytest.mark.parametrize("rate", [22050, 16000, 24000, 44100])
def test_a_second_stays_a_second(rate: int) -> None:
    assert len(to_telephone(np.zeros(rate), rate)) == 8000


@pytest.mark.parametrize("frequency", [200, 300, 1000, 2500, 3400])
def test_the_telephone_band_passes_whole(frequency: float) -> None:
    assert gain(frequency, 22050) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("frequency", [4000, 4600, 6000, 9000, 11000])
def test_nothing_is_folded_back_from_above(frequency: float) -> None:
    assert gain(frequency, 22050) < -70


def test_rumble_is_taken_away() -> None:
    assert gain(40, 22050) < -30


def test_every_output_lies_where_it_belongs() -> None:
    at = np.arange(22050) / 22050
    expected = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    out = to_telephone(np.sin(2 * np.pi * 440 * at), 22050)
    assert np.max(np.abs(out - expected)[200:-200]) < 1e-3


def test_long_recordings_are_the_same_at_every_chunk() -> None:
    at = np.arange(3 * 22050) / 22050
    out = to_telephone(np.sin(2 * np.pi * 440 * at), 22050)
    expected = np.sin(2 * np.pi * 440 * np.arange(24000) / 8000)
    assert np.max(np.abs(out - expected)[200:-200]) < 1e-3
