"""RTP packets and telephone events as the phones read and write them (RFC 3550 §5.1, RFC 4733 §2.3)."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from scenarios.phones.codec import SAMPLES_PER_SECOND

KEYS = "0123456789*#ABCD"
"""Keys by their event code (RFC 4733 §3.2)."""

_FIXED = struct.Struct("!BBHII")
FRAME_SAMPLES = 160
"""20 ms at 8 kHz, the default packetisation of RFC 3551 §4.5; an octet each."""

FRAME_SECONDS = FRAME_SAMPLES / SAMPLES_PER_SECOND

_EVENT = struct.Struct("!BBH")


class Packet(NamedTuple):
    """One RTP packet without its contributing sources, extension and padding."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    is_marked: bool = False


def packets_from(row: Packet, number: int) -> Packet:
    """Return packets of 20 ms of audio that follow each other without the first ones.

    Args:
        row: The first, with the payloads of all, joined; so is what is returned.
        number: How many are left out.
    """
    start = number * FRAME_SAMPLES
    return row._replace(
        sequence=row.sequence + number & 0xFFFF,
        timestamp=row.timestamp + start & 0xFFFFFFFF,
        payload=row.payload[start:],
        is_marked=row.is_marked and not number,
    )


def joined(row: Packet, payload: bytes) -> Packet:
    """Return a packet, or several as for `packets_from`, with one more payload."""
    payload_type, sequence, timestamp, ssrc, payloads, is_marked = row
    return Packet(payload_type, sequence, timestamp, ssrc, payloads + payload, is_marked)


def nth_packet(row: Packet, number: int) -> Packet:
    """Return one of packets that follow each other, given as for `packets_from`, counted from 0."""
    rest = packets_from(row, number)
    return rest._replace(payload=rest.payload[:FRAME_SAMPLES])


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
