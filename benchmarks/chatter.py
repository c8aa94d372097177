"""Audio of many calls over one socket: sent every 20 ms a leg, and what arrives is traced to who said it.

Every packet says in its payload which leg it is of, its number, and when it left. The switch passes codes of
the same law on as they are, so each arrival tells what was lost, how long it took, and whether it came from
the port of the right leg.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field

from scenarios.phones.packets import KeyEvent, Packet, write_event, write_packet

Address = tuple[str, int]

FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
PHASES = 10
"""Legs take turns: a tenth of them speaks every 2 ms."""
KEY_FRAMES = 4
"""A key is held for 80 ms, and 60 ms pass after it."""
KEY_PAUSE_FRAMES = 3
LATE_MAX = 0.2
"""Later than this the schedule moves: the generator itself stood still."""
DRAIN_MAX = 2_000
RECEIVE_BUFFER = 4 * 1024 * 1024
MAGIC = 0x5A17C0DE
STAMP = struct.Struct("!IHHId")
"""In the payload: magic, leg, window, number, instant of sending."""


@dataclass(slots=True, eq=False)
class Leg:
    """One party's audio."""

    number: int
    partner: Leg | None = None
    remote: Address | None = None
    payload_type: int = 0
    digits_payload_type: int = 101
    sequence: int = 0
    timestamp: int = 0
    keys: deque[tuple[str, asyncio.Future[float]]] = field(default_factory=deque)
    key_frames: int = 0
    key_timestamp: int = 0
    received: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Heard:
    """What came of the packets sent in one window."""

    sent: int = 0
    arrived: int = 0
    misled: int = 0
    """Arrivals at the wrong leg."""
    late_ticks: int = 0
    """Times the generator itself was more than 10 ms late."""
    delays: list[float] = field(default_factory=list)


class Chatter:
    """All legs of a crowd. Use it inside a running loop, and close it."""

    def __init__(self, host: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind((host, 0))
        self._legs: list[Leg] = []
        self._phases: list[dict[int, Leg]] = [{} for _ in range(PHASES)]
        self._by_remote: dict[Address, Leg] = {}
        self._window = 0
        self._is_counting = False
        self.heard = Heard()
        self._silence = bytes([0xFF]) * (FRAME_SAMPLES - STAMP.size)
        self._loop.add_reader(self._socket, self._drain)
        self._slot = 0
        self._next_at = time.monotonic()
        self._timer = self._loop.call_soon(self._tick)

    @property
    def address(self) -> Address:
        """Where every leg receives."""
        host, port = self._socket.getsockname()
        return host, port

    def leg(self) -> Leg:
        """Make a leg; it speaks once it is connected."""
        leg = Leg(len(self._legs))
        self._legs.append(leg)
        return leg

    def connect(self, leg: Leg, remote: Address, payload_type: int, digits_payload_type: int | None) -> None:
        """Speak to this address from now on."""
        leg.remote, leg.payload_type = remote, payload_type
        leg.digits_payload_type = 101 if digits_payload_type is None else digits_payload_type
        self._by_remote[remote] = leg
        self._phases[leg.number % PHASES][leg.number] = leg

    def disconnect(self, leg: Leg) -> None:
        """Say nothing more."""
        self._phases[leg.number % PHASES].pop(leg.number, None)
        if leg.remote is not None and self._by_remote.get(leg.remote) is leg:
            del self._by_remote[leg.remote]
        for _, sent in leg.keys:
            sent.cancel()
        leg.keys.clear()

    def press(self, leg: Leg, keys: str) -> list[asyncio.Future[float]]:
        """Press keys one after another; each future is the instant its first packet left."""
        pressed = [(key, self._loop.create_future()) for key in keys]
        leg.keys.extend(pressed)
        return [sent for _, sent in pressed]

    def start_counting(self) -> None:
        """Begin a window."""
        self._window += 1
        self.heard = Heard()
        for leg in self._legs:
            leg.received.clear()
        self._is_counting = True

    def stop_counting(self) -> None:
        """End the window; what is on its way still counts when it arrives."""
        self._is_counting = False

    def close(self) -> None:
        """Free the socket."""
        self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._next_at > LATE_MAX:
            self._next_at = now
        if now - self._next_at > FRAME_SECONDS / 2:
            self.heard.late_ticks += 1
        while self._next_at <= now:
            for leg in self._phases[self._slot].values():
                self._speak(leg)
            self._slot = (self._slot + 1) % PHASES
            self._next_at += FRAME_SECONDS / PHASES
        self._timer = self._loop.call_later(max(0.0, self._next_at - time.monotonic()), self._tick)

    def _speak(self, leg: Leg) -> None:
        if leg.keys and self._dial(leg):
            leg.timestamp += FRAME_SAMPLES
            return
        window = self._window if self._is_counting else 0
        if window:
            self.heard.sent += 1
        stamp = STAMP.pack(MAGIC, leg.number, window, leg.sequence, time.monotonic())
        self._send(leg, leg.payload_type, leg.timestamp, stamp + self._silence)
        leg.timestamp += FRAME_SAMPLES

    def _dial(self, leg: Leg) -> bool:
        """Send the frame of a key; False in the pause after it."""
        key, sent = leg.keys[0]
        leg.key_frames += 1
        frames = leg.key_frames
        if frames == 1:
            leg.key_timestamp = leg.timestamp
        if frames > KEY_FRAMES:
            if frames == KEY_FRAMES + KEY_PAUSE_FRAMES:
                leg.keys.popleft()
                leg.key_frames = 0
            return False
        payload = write_event(KeyEvent(key, frames * FRAME_SAMPLES, is_ended=frames == KEY_FRAMES))
        at = time.monotonic()
        for _ in range(3 if frames == KEY_FRAMES else 1):
            self._send(leg, leg.digits_payload_type, leg.key_timestamp, payload, is_marked=frames == 1)
        if frames == 1 and not sent.done():
            sent.set_result(at)
        return True

    def _send(self, leg: Leg, payload_type: int, timestamp: int, payload: bytes, *, is_marked: bool = False) -> None:
        assert leg.remote is not None
        packet = Packet(
            payload_type, leg.sequence & 0xFFFF, timestamp & 0xFFFFFFFF, leg.number + 1, payload, is_marked=is_marked
        )
        leg.sequence += 1
        self._socket.sendto(write_packet(packet), leg.remote)

    def _drain(self) -> None:
        for _ in range(DRAIN_MAX):
            try:
                datagram, source = self._socket.recvfrom(2048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._hear(datagram, source, time.monotonic())

    def _hear(self, datagram: bytes, source: Address, now: float) -> None:
        if len(datagram) != 12 + FRAME_SAMPLES:
            return
        magic, number, window, sequence, at = STAMP.unpack_from(datagram, 12)
        if magic != MAGIC or window == 0 or window != self._window:
            return
        listener = self._by_remote.get(source)
        speaker = None if listener is None else listener.partner
        if speaker is None or speaker.number != number:
            self.heard.misled += 1
            return
        if sequence in speaker.received:
            return
        speaker.received.add(sequence)
        self.heard.arrived += 1
        self.heard.delays.append(now - at)
