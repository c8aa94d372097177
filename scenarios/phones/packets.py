"""RTP packets and telephone events as the phones read and write them (RFC 3550 §5.1, RFC 4733 §2.3)."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

KEYS = "0123456789*#ABCD"
"""Keys by their event code (RFC 4733 §3.2)."""

_FIXED = struct.Struct("!BBHII")
_SIZE = 160
"""Octets of 20 ms (RFC 3551 §4.2)."""
ROW_SIZE = _FIXED.size + _SIZE
"""Octets of a packet of a row."""
_WORDS = np.dtype(">u4")
_ROW_PLAIN = 0x8000
"""Version 2 and nothing else, before the payload type."""

_EVENT = struct.Struct("!BBH")


class Packet(NamedTuple):
    """One RTP packet without its contributing sources, extension and padding."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """The payload of one telephone-event packet; the duration counts timestamp units."""

    key: str
    duration: int
    is_ended: bool = False
    volume: int = 10


def write_packet(packet: Packet) -> bytes:
    """Return the datagram."""
    payload_type, sequence, timestamp, ssrc, payload, is_marked = packet
    return _FIXED.pack(0x80, is_marked << 7 | payload_type, sequence, timestamp, ssrc) + payload


def read_packet(datagram: bytes) -> Packet | None:
    """Return the packet, or None if this is no RTP of version 2."""
    if len(datagram) < _FIXED.size:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(datagram)
    start = _FIXED.size + 4 * (first & 15)
    if first >> 6 != 2 or len(datagram) < start:
        return None
    if first & 0x10:
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
    end = len(datagram) - (datagram[-1] if first & 0x20 else 0)
    if end < start:
        return None
    return Packet(second & 0x7F, sequence, timestamp, ssrc, datagram[start:end], is_marked=bool(second >> 7))


def write_row(first: Packet, payloads: bytes) -> bytes:
    """Return datagrams of 160 octets that follow each other, joined, the first one with the numbers of `first`."""
    count = len(payloads) // _SIZE
    number = np.arange(count)
    words = np.empty((count, ROW_SIZE // 4), _WORDS)
    words[:, 0] = (_ROW_PLAIN | first.payload_type) << 16 | first.sequence + number & 0xFFFF
    words[:, 1] = first.timestamp + number * _SIZE & 0xFFFFFFFF
    words[:, 2] = first.ssrc
    words[:, 3:] = np.frombuffer(payloads, _WORDS, count * _SIZE // 4).reshape(count, -1)
    return words.tobytes()


class Row(NamedTuple):
    """Packets of 160 octets that follow each other, without a mark."""

    first: Packet
    timestamps: NDArray[np.int64]
    octets: bytes
    """All payloads."""


def read_row(octets: bytes) -> Row | None:
    """Return packets of one source that follow each other without a mark, or None if they are no such packets.

    Args:
        octets: Datagrams of `ROW_SIZE`, joined; one at least.
    """
    first = read_packet(octets[:ROW_SIZE])
    if first is None:
        return None
    words = np.frombuffer(octets, _WORDS).reshape(-1, ROW_SIZE // 4)
    numbers = words[:, :3].astype(np.int64)
    wanted = (_ROW_PLAIN | first.payload_type) << 16 | first.sequence + np.arange(len(words)) & 0xFFFF
    if ((numbers[:, 0] ^ wanted) | (numbers[:, 2] ^ first.ssrc)).any():
        return None
    return Row(first, numbers[:, 1], words[:, 3:].tobytes())


def write_event(event: KeyEvent) -> bytes:
    """Return the payload that tells of a key."""
    return _EVENT.pack(KEYS.index(event.key), event.is_ended << 7 | event.volume, event.duration)


def read_event(payload: bytes) -> KeyEvent | None:
    """Return what a payload tells, or None if it tells of no key."""
    if len(payload) < _EVENT.size:
        return None
    code, flags, duration = _EVENT.unpack_from(payload)
    if code >= len(KEYS):
        return None
    return KeyEvent(KEYS[code], duration, is_ended=bool(flags >> 7), volume=flags & 0x3F)
