from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec
from switch.media.g711 import (
    A_LAW,
    LAW,
    MU_LAW,
    SILENCE,
    compress,
    compress_rows,
    expand,
    expand_rows,
    halve_rows,
    transcode_rows,
)

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "g711"
BIG_ENDIAN_CRC = 0xE714C343

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the ITU-T vectors (shared/data/g711) are not beside this checkout"
)


def vector(name: str) -> np.ndarray:
    order = ">" if zlib.crc32((VECTORS / "sweep-r.a").read_bytes()) == BIG_ENDIAN_CRC else "<"
    data = (VECTORS / name).read_bytes()
    return np.array(struct.unpack(f"{order}{len(data) // 2}h", data), dtype=np.int16)


@needs_vectors
@pytest.mark.parametrize(("codec", "codes"), [(Codec.PCMA, "sweep-r.a"), (Codec.PCMU, "sweep-r.u")])
def test_every_sample_gets_the_code_of_the_itu_vectors(codec: Codec, codes: str) -> None:
    expected = (vector(codes) & 0xFF).astype(np.uint8)
    assert len(expected) == 65536
    np.testing.assert_array_equal(compress(vector("sweep.src"), codec), expected)


@needs_vectors
@pytest.mark.parametrize(
    ("codec", "codes", "samples"),
    [(Codec.PCMA, "sweep-r.a", "sweep-r.a-a"), (Codec.PCMU, "sweep-r.u", "sweep-r.u-u")],
)
def test_every_code_gets_the_sample_of_the_itu_vectors(codec: Codec, codes: str, samples: str) -> None:
    np.testing.assert_array_equal(expand((vector(codes) & 0xFF).astype(np.uint8), codec), vector(samples))


@pytest.mark.parametrize("codec", list(Codec))
def test_decoding_and_coding_again_keeps_every_code_but_the_second_zero(codec: Codec) -> None:
    codes = np.arange(256, dtype=np.uint8)
    again = compress(expand(codes, codec), codec)
    second_zero = {Codec.PCMU: [0x7F], Codec.PCMA: []}[codec]
    assert np.flatnonzero(again != codes).tolist() == second_zero


@pytest.mark.parametrize(("codec", "code", "sample"), [(Codec.PCMU, 0xFF, 0), (Codec.PCMA, 0xD5, 8)])
def test_silence_is_the_code_next_to_zero(codec: Codec, code: int, sample: int) -> None:
    assert SILENCE[LAW[codec]] == code
    assert expand(np.array([code], np.uint8), codec).tolist() == [sample]
    assert compress(np.zeros(1, np.int16), codec).tolist() == [code]


def test_rows_are_coded_each_in_its_own_law() -> None:
    samples = np.stack([np.arange(-80, 80, dtype=np.int16) * 200] * 2)
    laws = np.array([A_LAW, MU_LAW], np.uint8)
    codes = compress_rows(samples, laws)
    np.testing.assert_array_equal(codes[0], compress(samples[0], Codec.PCMA))
    np.testing.assert_array_equal(codes[1], compress(samples[1], Codec.PCMU))
    np.testing.assert_array_equal(expand_rows(codes, laws)[0], expand(codes[0], Codec.PCMA))
    np.testing.assert_array_equal(transcode_rows(codes, laws)[1], compress(expand(codes[1], Codec.PCMU), Codec.PCMA))


@pytest.mark.parametrize("codec", list(Codec))
def test_halving_ends_in_silence(codec: Codec) -> None:
    codes = np.arange(256, dtype=np.uint8)[None, :]
    laws = np.array([LAW[codec]], np.uint8)
    for _ in range(16):
        codes = halve_rows(codes, laws)
    assert np.abs(expand(codes, codec).astype(int)).max() <= 8


@settings(deadline=None, max_examples=50)
@given(sample=st.integers(-32768, 32767), codec=st.sampled_from(Codec))
def test_the_error_of_a_sample_is_within_its_segment(sample: int, codec: Codec) -> None:
    decoded = int(expand(compress(np.array([sample], np.int16), codec), codec)[0])
    assert abs(decoded - sample) <= max(16, abs(sample) // 16)
