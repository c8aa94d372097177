"""G.711 as the phones speak it, computed from the definition and apart from the switch's own tables.

Decoding follows ITU-T G.711 §3 segment by segment; encoding takes the interval around the decoded value, so a mistake
in the switch's tables cannot be mirrored here.
"""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.int16]
"""Samples at 8 kHz, mono."""

SAMPLES_PER_SECOND = 8000


class Law(Enum):
    """The two laws of G.711, by their static payload types (RFC 3551 §6)."""

    PCMU = 0
    PCMA = 8


def encode(audio: Audio, law: Law) -> bytes:
    """Return one octet a sample."""
    codes: NDArray[np.uint8] = _ENCODING[law].take(audio.view(np.uint16))
    return codes.tobytes()


def decode(octets: bytes | bytearray, law: Law) -> Audio:
    """Return one sample an octet."""
    audio: Audio = _DECODING[law][np.frombuffer(octets, np.uint8)]
    return audio


def tone(frequency: float, seconds: float, *, level_dbov: float = -16.0) -> Audio:
    """Return a sine of a level in dB below overload (0 dBov is a square wave of full scale, ITU-T G.100.1)."""
    amplitude = 32768 * np.sqrt(2) * 10 ** (level_dbov / 20)
    instants = np.arange(round(seconds * SAMPLES_PER_SECOND)) / SAMPLES_PER_SECOND
    return np.asarray(np.round(amplitude * np.sin(2 * np.pi * frequency * instants)), np.int16)


def silence(seconds: float) -> Audio:
    """Return that much of nothing."""
    return np.zeros(round(seconds * SAMPLES_PER_SECOND), np.int16)


def _decoded_pcmu(code: int) -> int:
    inverted = ~code & 0xFF
    exponent, mantissa = inverted >> 4 & 7, inverted & 15
    magnitude = ((2 * mantissa + 33) << exponent + 2) - 132
    return -magnitude if inverted & 0x80 else magnitude


def _decoded_pcma(code: int) -> int:
    toggled = code ^ 0x55
    exponent, mantissa = toggled >> 4 & 7, toggled & 15
    magnitude = 16 * mantissa + 8 if exponent == 0 else (16 * mantissa + 264) << exponent - 1
    return magnitude if toggled & 0x80 else -magnitude


def _encoding(decoding: Audio) -> NDArray[np.uint8]:
    """Return the octet in whose interval a sample is, by the bits of the sample; of two zeros the positive one."""
    levels, from_end = np.unique(decoding[::-1].astype(np.int32), return_index=True)
    codes = 255 - from_end
    bounds = _bounds(levels[levels >= 0].tolist())
    middle = [] if 0 in levels else [0]
    thresholds = [*(-bound for bound in reversed(bounds)), *middle, *bounds]
    intervals = np.searchsorted(thresholds, np.arange(-32768, 32768), side="right")
    return np.roll(np.asarray(codes[intervals], np.uint8), 32768)


def _bounds(levels: list[int]) -> list[int]:
    """Return the decision values between levels: each level is the middle of its interval (G.711 tables 1 and 2)."""
    bounds = [(levels[0] + levels[1]) // 2]
    for level in levels[1:-1]:
        bounds.append(2 * level - bounds[-1])
    return bounds


_DECODING = {
    Law.PCMU: np.array([_decoded_pcmu(code) for code in range(256)], np.int16),
    Law.PCMA: np.array([_decoded_pcma(code) for code in range(256)], np.int16),
}
_ENCODING = {law: _encoding(decoding) for law, decoding in _DECODING.items()}
