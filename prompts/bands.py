"""Energies of audio in bands of speech, a frame of 20 ms every 10 ms: what words are first told apart by."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio

Bands = NDArray[np.float32]
"""By frames and bands."""

HOP: Final = RATE // 100
_FRAME: Final = 2 * HOP
_BAND_EDGES: Final = (200, 350, 500, 650, 800, 1000, 1250, 1550, 1900, 2300, 2800, 3400)
_EDGES: Final = [edge * _FRAME // RATE for edge in _BAND_EDGES]
"""The same as numbers of the lines of a frame's spectrum."""
_FLOOR: Final = 30.0
"""Amplitude added to every band (-61 dBov): below it is the noise of µ-law, not speech."""
_FLOOR_ENERGY: Final = np.float32(_FLOOR**2 * _FRAME)
_ALONE_MAX: Final = 1 << 18
"""Multiplications up to which OpenBLAS starts no threads."""
_ALONE_VECTOR_MAX: Final = 9000
"""The same for a matrix and a vector."""
_ROWS_MIN: Final = 8
"""With fewer rows at a time a call costs more than its product."""


def _analysis() -> NDArray[np.float32]:
    """What gives half a frame its share of the spectrum: hops by lines, real and imaginary, of both halves."""
    angles = 2 * np.pi * np.outer(np.arange(_FRAME), np.arange(_EDGES[0], _EDGES[-1])) / _FRAME
    lines = np.hstack([np.cos(angles), np.sin(angles)]) * np.hanning(_FRAME)[:, None]
    return np.hstack([lines[:HOP], lines[HOP:]]).astype(np.float32)


def _bands_of_lines() -> NDArray[np.float32]:
    """Which lines, real and imaginary, are of which band."""
    lines = np.tile(np.arange(_EDGES[0], _EDGES[-1]), 2)[:, None]
    return ((lines >= _EDGES[:-1]) & (lines < _EDGES[1:])).astype(np.float32)


_ANALYSIS: Final = _analysis()
_BANDS_OF_LINES: Final = _bands_of_lines()


def bands_of(audio: Audio | NDArray[np.float32]) -> Bands:
    """Logarithms of the energies, frames of 20 ms every 10 ms by bands; what does not fill a frame is left out."""
    # Single precision has seven digits, of which the logarithm of an energy needs four. As products of matrices it
    # takes a quarter of the time of transforms: of 81 lines 64 are wanted, and each half of a frame is of two frames.
    samples = np.zeros(max(_FRAME, len(audio)), np.float32)
    samples[: len(audio)] = audio
    halves = product(samples[: len(samples) // HOP * HOP].reshape(-1, HOP), _ANALYSIS)
    spectra = halves[:-1, : len(_BANDS_OF_LINES)] + halves[1:, len(_BANDS_OF_LINES) :]
    bands: Bands = np.log(product(np.square(spectra, out=spectra), _BANDS_OF_LINES) + _FLOOR_ENERGY)
    return bands


def bands_within(audio: Audio, silence: int) -> Bands:
    """The bands of audio with so many hops of silence on either side."""
    hops = -(-len(audio) // HOP)
    within = np.zeros((hops + 2) * HOP, np.float32)
    within[HOP : HOP + len(audio)] = audio
    bands = np.full((len(audio) // HOP + 2 * silence - 1, len(_EDGES) - 1), np.log(_FLOOR_ENERGY), np.float32)
    bands[silence - 1 : silence + hops] = bands_of(within)
    return bands


def product(rows: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of matrices, so few rows at a time that it is made by this thread alone.

    Threads of the library beneath numpy wait for each other, which doubles the price where cores are shared.
    """
    at_once = (_ALONE_MAX if matrix.shape[1] > 1 else _ALONE_VECTOR_MAX) // matrix.size
    if at_once < _ROWS_MIN:
        return rows @ matrix
    whole = len(rows) // at_once * at_once
    product = np.empty((len(rows), matrix.shape[1]), np.float32)
    stacked = product[:whole].reshape(-1, at_once, matrix.shape[1])
    np.matmul(rows[:whole].reshape(-1, at_once, len(matrix)), matrix, out=stacked)
    np.matmul(rows[whole:], matrix, out=product[whole:])
    return product
