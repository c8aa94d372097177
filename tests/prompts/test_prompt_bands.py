"""Bands: energies of frames of 20 ms, by products of matrices."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from prompts.audio import RATE, Audio
from prompts.bands import bands_of, bands_within, product

RANDOM = np.random.default_rng(5)


def noise(samples: int) -> Audio:
    return RANDOM.integers(-8000, 8000, samples).astype(np.int16)


@pytest.mark.parametrize("samples", [0, 1, 79, 80, 159, 160, 161, 4000, 8033])
def test_bands_within_silence_are_those_of_the_audio_with_silence_around(samples: int) -> None:
    audio = noise(samples)
    silence = np.zeros(40 * RATE // 100, np.int16)
    around = bands_of(np.concatenate([silence, audio, silence]))
    assert np.allclose(bands_within(audio, 40), around, atol=1e-4)


def test_a_tone_is_in_its_band_alone() -> None:
    tone = (10_000 * np.sin(2 * np.pi * 1100 * np.arange(RATE) / RATE)).astype(np.int16)
    bands = bands_of(tone)
    assert bands.shape == (99, 11)
    assert (bands.argmax(axis=1) == 5).all()  # 1000 to 1250 Hz
    assert (bands[:, 5] - np.delete(bands, 5, axis=1).max(axis=1) > 5).all()


def test_the_energy_of_a_frame_is_that_of_its_transform() -> None:
    audio = noise(160)
    lines = np.abs(np.fft.rfft(audio * np.hanning(160))) ** 2
    edges = [4, 7, 10, 13, 16, 20, 25, 31, 38, 46, 56, 68]
    wanted = [np.log(lines[low:high].sum() + 30.0**2 * 160) for low, high in pairwise(edges)]
    assert np.allclose(bands_of(audio)[0], wanted, rtol=1e-5)


@pytest.mark.parametrize(("rows", "inner", "columns"), [(0, 80, 256), (11, 80, 256), (340, 80, 256), (99, 440, 1)])
def test_a_product_by_parts_is_the_product(rows: int, inner: int, columns: int) -> None:
    left = RANDOM.standard_normal((rows, inner)).astype(np.float32)
    right = RANDOM.standard_normal((inner, columns)).astype(np.float32)
    assert np.allclose(product(left, right), left @ right, rtol=1e-4, atol=1e-4)
