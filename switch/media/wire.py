"""RTP on the wire (RFC 3550 §5): one packet as a value, many packets as one matrix.

The matrix is the fast way: every audio packet this engine sends has 12 bytes of header and 160 of payload,
and so has nearly every one it receives. Whatever else arrives takes `parse`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

HEADER_SIZE: Final = 12
FRAME_SAMPLES: Final = 160
"""20 ms at 8 kHz: the default of RFC 3551 §4.2, and a byte a sample in G.711."""
FRAME_SIZE: Final = HEADER_SIZE + FRAME_SAMPLES

PLAIN_FIRST_BYTE: Final = 0x80
"""Version 2; no padding, no extension, no contributing sources."""
MARKER_BIT: Final = 0x80

FRAME_DTYPE: Final = np.dtype(
    [
        ("first", "u1"),
        ("second", "u1"),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("payload", "u1", (FRAME_SAMPLES,)),
    ]
)
"""One packet of 172 bytes; an array of these is the bytes of many, end to end."""

HEADER: Final = struct.Struct("!BBHII")


class MalformedPacketError(Exception):
    """A datagram is not an RTP packet."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet without what only transport cares for: padding, extension, contributing sources."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    is_marked: bool = False


class AnyPacket(Protocol):
    """An RTP packet as somebody else has it."""

    @property
    def payload_type(self) -> int:
        """As in `RtpPacket`; so is the rest."""

    @property
    def sequence(self) -> int:
        """Its number."""

    @property
    def timestamp(self) -> int:
        """Of its first sample."""

    @property
    def ssrc(self) -> int:
        """Its source."""

    @property
    def payload(self) -> bytes:
        """What it carries."""


def parse(datagram: bytes) -> RtpPacket:
    """Read one packet: skip contributing sources and the extension, take padding off (RFC 3550 §5.1).

    Raises:
        MalformedPacketError: Too short, not version 2, or its own lengths do not fit into it.
    """
    size = len(datagram)
    if size < HEADER_SIZE:
        raise MalformedPacketError(f"{size} bytes are no RTP header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
    if first >> 6 != 2:
        raise MalformedPacketError(f"version {first >> 6}")
    if 72 <= (second & 0x7F) <= 76:
        raise MalformedPacketError("an RTCP packet (RFC 5761 §4)")
    start = HEADER_SIZE + 4 * (first & 0x0F)
    if first & 0x10:
        if size < start + 4:
            raise MalformedPacketError("the extension is cut off")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = size
    if first & 0x20:
        if not 1 <= datagram[-1] <= size - HEADER_SIZE:
            raise MalformedPacketError("more padding than packet")
        end -= datagram[-1]
    if start > end:
        raise MalformedPacketError("header and padding overlap")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=datagram[start:end],
        is_marked=bool(second & MARKER_BIT),
    )


def write(packet: RtpPacket) -> bytes:
    """Serialize one packet, plain."""
    second = packet.payload_type | (MARKER_BIT if packet.is_marked else 0)
    header = HEADER.pack(PLAIN_FIRST_BYTE, second, packet.sequence, packet.timestamp, packet.ssrc)
    return header + packet.payload
