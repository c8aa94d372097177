"""Keys as a capture of telephone events (RFC 4733), for SIPp to play."""

from __future__ import annotations

import struct
from pathlib import Path

PAYLOAD_TYPE = 101
PACKET_SECONDS = 0.02
UNITS = 160
"""Timestamp units of a packet: 20 ms at 8 kHz."""
PRESS_PACKETS = 5
"""100 ms of key, as a person presses; the last state is then repeated (RFC 4733 §2.5.1.4)."""
END_PACKETS = 3
PAUSE_PACKETS = 6
VOLUME = 10
KEYS = "0123456789*#"
SSRC = 0x50415950


def seconds_of(keys: str) -> float:
    """How long these keys take."""
    return len(keys) * (PRESS_PACKETS + END_PACKETS + PAUSE_PACKETS) * PACKET_SECONDS


def write_capture(file: Path, keys: str) -> None:
    """A pcap file of Ethernet frames; addresses and ports are SIPp's to replace."""
    frames = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)]
    for number, (slot, payload) in enumerate(_packets(keys)):
        datagram = _datagram(_rtp(number, *payload))
        seconds, micros = divmod(round(slot * PACKET_SECONDS * 1e6), 1_000_000)
        frames.append(struct.pack("<IIII", seconds, micros, len(datagram), len(datagram)) + datagram)
    file.write_bytes(b"".join(frames))


def _packets(keys: str) -> list[tuple[int, tuple[int, bool, bytes]]]:
    """Slots of 20 ms, each with timestamp, marker and payload."""
    packets: list[tuple[int, tuple[int, bool, bytes]]] = []
    for index, key in enumerate(keys):
        slot = index * (PRESS_PACKETS + END_PACKETS + PAUSE_PACKETS)
        timestamp = 8_000 + slot * UNITS
        for step in range(PRESS_PACKETS + END_PACKETS):
            is_end = step >= PRESS_PACKETS
            duration = min(step + 1, PRESS_PACKETS) * UNITS
            event = struct.pack("!BBH", KEYS.index(key), VOLUME | (0x80 if is_end else 0), duration)
            packets.append((slot + step, (timestamp, step == 0, event)))
    return packets


def _rtp(number: int, timestamp: int, has_marker: bool, payload: bytes) -> bytes:
    return struct.pack("!BBHII", 0x80, PAYLOAD_TYPE | (0x80 if has_marker else 0), number, timestamp, SSRC) + payload


def _datagram(payload: bytes) -> bytes:
    """Ethernet, IPv4 and UDP around it; SIPp computes the checksums."""
    udp = struct.pack("!HHHH", 10_000, 10_000, 8 + len(payload), 0) + payload
    address = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, address, address)
    return bytes(12) + b"\x08\x00" + ip + udp
