"""G.711: µ-law and A-law by table, every table built once from the rule of the recommendation.

Codes are `uint8` arrays, samples `int16` arrays of any shape. The tables of both laws stand side by side,
indexed by law first, so a matrix whose rows differ in law is converted by one look-up.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Audio, Codec

Codes = NDArray[np.uint8]

MU_LAW: Final = 0
A_LAW: Final = 1

LAW: Final[dict[Codec, int]] = {Codec.PCMU: MU_LAW, Codec.PCMA: A_LAW}
"""The first index of every table below."""

_MU_BIAS = 33
"""Added to the 14-bit magnitude, so that a segment starts at a power of two (G.711 table 2a)."""
_MU_MAX = 0x1FFF


def _mu_compressed() -> Codes:
    """Code of every 16-bit sample, indexed by the sample's unsigned view (G.711 table 2)."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(sample < 0, ~sample, sample) >> 2
    biased = np.minimum(magnitude + _MU_BIAS, _MU_MAX)
    segment = np.zeros_like(biased)
    for bit in range(6, 13):
        segment += biased >> bit != 0
    interval = (biased >> (segment + 1)) & 0x0F
    code = ~(segment << 4 | interval) & 0x7F
    codes: Codes = np.where(sample < 0, code, code | 0x80).astype(np.uint8)
    return codes


def _mu_expanded() -> Audio:
    """Sample of every code, in the middle of its interval."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment = code >> 4 & 0x07
    magnitude = (((code & 0x0F) * 2 + _MU_BIAS) << segment) - _MU_BIAS
    samples: Audio = np.where(code & 0x80, -magnitude * 4, magnitude * 4).astype(np.int16)
    return samples


def _a_compressed() -> Codes:
    """Code of every 16-bit sample, indexed by the sample's unsigned view (G.711 table 1)."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    segment = np.zeros_like(magnitude)
    for bit in range(4, 11):
        segment += magnitude >> bit != 0
    interval = (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    code = segment << 4 | interval
    codes: Codes = (np.where(sample < 0, code, code | 0x80) ^ 0x55).astype(np.uint8)
    return codes


def _a_expanded() -> Audio:
    """Sample of every code, in the middle of its interval."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = code >> 4 & 0x07
    interval = (code & 0x0F) + np.where(segment > 0, 16, 0)
    magnitude = (interval * 16 + 8) << np.maximum(segment - 1, 0)
    samples: Audio = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return samples


_COMPRESSED: Final = np.stack([_mu_compressed(), _a_compressed()])
EXPANDED: Final = np.stack([_mu_expanded(), _a_expanded()])

SILENCE: Final[Codes] = np.array([0xFF, 0xD5], dtype=np.uint8)
"""The code of silence in each law: the positive one next to zero."""

SILENT_FRAMES: Final = tuple(bytes([code]) * 160 for code in SILENCE.tolist())
"""20 ms of it."""

_HALVED: Final = np.stack([_COMPRESSED[law, (EXPANDED[law] // 2).view(np.uint16)] for law in (MU_LAW, A_LAW)])
_OTHER_LAW: Final = np.stack(
    [_COMPRESSED[A_LAW, EXPANDED[MU_LAW].view(np.uint16)], _COMPRESSED[MU_LAW, EXPANDED[A_LAW].view(np.uint16)]]
)


HALVED_CODES: Final = tuple(table.tobytes() for table in _HALVED)
"""What `halve_rows` does, for `bytes.translate`; so is the next."""
OTHER_LAW_CODES: Final = tuple(table.tobytes() for table in _OTHER_LAW)


def compress(samples: Audio, codec: Codec) -> Codes:
    """Code samples in one law."""
    codes: Codes = _COMPRESSED[LAW[codec]][samples.view(np.uint16)]
    return codes


def expand(codes: Codes, codec: Codec) -> Audio:
    """Decode codes of one law."""
    samples: Audio = EXPANDED[LAW[codec]][codes]
    return samples


def compress_rows(samples: Audio, laws: NDArray[np.uint8]) -> Codes:
    """Code a matrix of samples, each row in the law named for it."""
    codes_in_law: Codes = _COMPRESSED[laws[:, None], samples.view(np.uint16)]
    return codes_in_law


def compress_in(samples: Audio, law: int) -> bytes:
    """Code samples in a law, given by its row of the tables."""
    codes_in_law: bytes = _COMPRESSED[law].take(samples.view(np.uint16)).tobytes()
    return codes_in_law


def expand_rows(codes: Codes, laws: NDArray[np.uint8]) -> Audio:
    """Decode a matrix of codes, each row in the law named for it."""
    if len(laws) and (laws == laws[0]).all():  # A fifth of the time.
        alike: Audio = EXPANDED[laws[0]].take(codes)
        return alike
    samples: Audio = EXPANDED[laws[:, None], codes]
    return samples


def halve_rows(codes: Codes, laws: NDArray[np.uint8]) -> Codes:
    """Codes of half the amplitude, row by row: one step of a fade, without leaving the law."""
    halved: Codes = _HALVED[laws[:, None], codes]
    return halved


def transcode_rows(codes: Codes, laws: NDArray[np.uint8]) -> Codes:
    """Codes in the other law than the one named for each row."""
    transcoded: Codes = _OTHER_LAW[laws[:, None], codes]
    return transcoded
