"""From the voice's rate to 8 kHz, with the band of a telephone."""

from __future__ import annotations

from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE

Samples = NDArray[np.float64]

CUTOFF: Final = 3700.0
"""Hz, the middle of the transition: 3.4 kHz passes whole, 4 kHz and above is gone (ITU-T G.712 §2)."""
RUMBLE: Final = 100.0
"""Hz below which a telephone carries nothing: breath and rumble."""

_HALF_LENGTH: Final = 0.006
"""Seconds on each side of the kernel: with the window below a transition of about 600 Hz."""
_KAISER_BETA: Final = 8.0
"""Side lobes 80 dB down, below the noise of 13-bit speech."""
_RUMBLE_HALF_LENGTH: Final = 0.02
_CHUNK: Final = 8192
"""Output samples computed at once: 8192 rows of some 270 taps are 18 MB."""


def to_telephone(samples: Samples, rate: int) -> Samples:
    """Resample to 8 kHz by windowed sinc and take away what lies below the telephone band."""
    return _without_rumble(_resampled(samples, rate))


def _resampled(samples: Samples, rate: int) -> Samples:
    """Band-limited interpolation: every output sample is a weighted sum of the inputs around it.

    Outputs fall on `up` different places between two inputs (160 for 22,050 Hz), each with its own weights.
    """
    step = gcd(rate, RATE)
    up, down = RATE // step, rate // step
    reach = int(np.ceil(_HALF_LENGTH * rate))
    offsets = np.arange(-reach, reach + 1)
    distance = (offsets[None, :] - np.arange(up)[:, None] / up) / rate
    weights = 2 * CUTOFF / rate * np.sinc(2 * CUTOFF * distance) * _window(distance / _HALF_LENGTH)
    padded = np.pad(samples, reach + 1)
    count = len(samples) * up // down
    out = np.empty(count)
    for start in range(0, count, _CHUNK):
        nearest, place = np.divmod(np.arange(start, min(start + _CHUNK, count)) * down, up)
        around = padded[nearest[:, None] + offsets[None, :] + reach + 1]
        out[start : start + len(nearest)] = np.einsum("ij,ij->i", around, weights[place])
    return out


def _without_rumble(samples: Samples) -> Samples:
    reach = int(_RUMBLE_HALF_LENGTH * RATE)
    lags = np.arange(-reach, reach + 1) / RATE
    low = np.sinc(2 * RUMBLE * lags) * _window(lags / _RUMBLE_HALF_LENGTH)
    kernel = -low / np.sum(low)
    kernel[reach] += 1
    return np.convolve(samples, kernel)[reach : reach + len(samples)]


def _window(position: Samples) -> Samples:
    """Kaiser's, from -1 to 1, and nothing outside."""
    inside = np.maximum(0.0, 1 - position**2)
    return np.where(np.abs(position) <= 1, np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA), 0.0)
