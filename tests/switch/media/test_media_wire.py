from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.media.wire import FRAME_DTYPE, FRAME_SIZE, MalformedPacketError, RtpPacket, parse, write
from tests.support.examples import examples

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 71),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=400),
    is_marked=st.booleans(),
)
PLAIN = RtpPacket(payload_type=0, sequence=7, timestamp=160, ssrc=9, payload=b"speech")


@examples(100)
@given(packets)
def test_what_is_written_is_read(packet: RtpPacket) -> None:
    assert parse(write(packet)) == packet


@examples(100)
@given(packets, st.integers(0, 15), st.integers(0, 20), st.integers(1, 255))
def test_sources_extension_and_padding_are_passed_over(
    packet: RtpPacket, sources: int, words: int, padding: int
) -> None:
    plain = write(packet)
    first = bytes([plain[0] | 0x30 | sources])
    extension = b"\xbe\xde" + words.to_bytes(2, "big") + b"\x11" * 4 * words
    pad = bytes(padding - 1) + bytes([padding])
    assert parse(first + plain[1:12] + b"\x22" * 4 * sources + extension + packet.payload + pad) == packet


@examples(200)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_packet_or_malformed(datagram: bytes) -> None:
    try:
        packet = parse(datagram)
    except MalformedPacketError:
        return
    assert len(packet.payload) <= len(datagram) - 12


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        write(PLAIN)[:11],
        b"\x40" + write(PLAIN)[1:],
        b"\x8f" + write(PLAIN)[1:],
        b"\x90" + write(PLAIN)[1:12] + b"\xbe\xde\x00",
        b"\x90" + write(PLAIN)[1:12] + b"\xbe\xde\x00\x09",
        b"\xa0" + write(PLAIN)[1:12] + b"\x00",
        b"\xa0" + write(PLAIN)[1:12] + b"\xff",
        b"\x80\xc8" + write(PLAIN)[2:],
    ],
    ids=["empty", "short", "version 1", "sources", "half extension", "long extension", "no pad", "pad", "rtcp"],
)
def test_lengths_that_do_not_fit_are_malformed(datagram: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        parse(datagram)


def test_a_matrix_of_frames_is_the_packets_end_to_end() -> None:
    frames = np.zeros(2, FRAME_DTYPE)
    frames["first"], frames["second"] = 0x80, [0x80, 8]
    frames["sequence"], frames["timestamp"], frames["ssrc"] = [1, 2], [160, 0xFFFFFFFF], [3, 4]
    frames["payload"] = [[5], [6]]
    data = frames.tobytes()
    assert parse(data[:FRAME_SIZE]) == RtpPacket(0, 1, 160, 3, bytes([5]) * 160, is_marked=True)
    assert parse(data[FRAME_SIZE:]) == RtpPacket(8, 2, 0xFFFFFFFF, 4, bytes([6]) * 160)
