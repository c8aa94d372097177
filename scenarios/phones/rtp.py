"""The audio of one call at a phone: a socket that sends 20 ms a packet and keeps what it hears.

It shares no code with the switch's media, so that not every mistake is made twice. A phone whose owner says
nothing sends silence, as telephones do; `go_silent` sends nothing at all.
"""

import asyncio
import math
import random
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, repeat
from typing import cast

import numpy as np

from scenarios.phones.codec import Audio, Law, encode
from scenarios.phones.heard import Heard
from scenarios.phones.keys import KeyStyle, PressedKey
from scenarios.phones.packets import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    KEYS,
    Packet,
    joined,
    nth_packet,
    read_packet,
    write_packet,
)
from scenarios.phones.speech import Speech

FRAMES_LATE_MAX = 10
"""Frames sent at once after a late wake-up; what is later is skipped, as a sound card would."""

Address = tuple[str, int]

_SILENT = {law: encode(np.zeros(FRAME_SAMPLES, np.int16), law) for law in Law}

_Composed = tuple[list[tuple[int, Packet]], int, deque[PressedKey]]
"""Packets by their frames, the sequence number after them, and keys that are left."""

_STATIC = {law.value: law for law in Law}
"""Static payload types mean the same always, before the answer came and after."""


@dataclass(frozen=True, slots=True)
class AudioPath:
    """What offer/answer agreed, as the phone needs it."""

    remote: Address
    law: Law
    payload_type: int
    digits_payload_type: int | None
    """What to send keys as (RFC 4733), None where the peer takes none."""
    is_sending: bool = True
    digits_heard_as: int | None = None
    """What the peer sends keys as, where that differs."""


class Sound(asyncio.DatagramProtocol):
    """Sends and hears audio and keys of one call.

    Args:
        chance: Gives source, first sequence number and first timestamp (RFC 3550 §5.1).
    """

    def __init__(self, chance: random.Random) -> None:
        self.heard = Heard()
        self.packets_sent = 0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_at = 0.0
        self._path: AudioPath | None = None
        self._is_silent = self._is_muted = False
        self._is_closed = False
        self._is_first = True
        self._ssrc = chance.getrandbits(32)
        self._sequence = chance.getrandbits(15)
        self._timestamp = chance.getrandbits(31)
        self._speeches: deque[Speech] = deque()
        self._keys: deque[PressedKey] = deque()
        self._composed: _Composed = ([], 0, self._keys)

    @property
    def address(self) -> Address:
        """Where the phone receives."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return (host, port)

    @property
    def path(self) -> AudioPath | None:
        """Where the audio goes at present."""
        return self._path

    def connect(self, path: AudioPath) -> None:
        """Send along `path` from now on; the first call starts the clock of frames."""
        if self._path is None:
            self._next_at = self._loop.time()
        self._path = path
        self._pace()

    def speak(self, audio: Audio) -> asyncio.Future[None]:
        """Say `audio` after what is being said; the future is done when its last sample was sent."""
        speech = Speech(audio, self._loop.create_future())
        self._speeches.append(speech)
        return speech.spoken

    def press(self, keys: str, style: KeyStyle) -> asyncio.Future[None]:
        """Send keys one after another; the future is done after the pause behind the last."""
        assert keys
        assert all(key in KEYS for key in keys), f"no such key in {keys!r}"
        assert self._path is not None, "keys need a connected call"
        assert self._path.digits_payload_type is not None, "the peer takes no telephone events"
        pressed = self._loop.create_future()
        self._keys.extend(PressedKey(key, style, None) for key in keys[:-1])
        self._keys.append(PressedKey(keys[-1], style, pressed))
        return pressed

    def hush(self) -> None:
        """Stop what is being said and forget what was to be said."""
        for speech in self._speeches:
            speech.spoken.cancel()
        self._speeches.clear()

    def go_silent(self, *, is_silent: bool = True) -> None:
        """Send nothing at all from now on, or again; keys and speech stand still meanwhile."""
        self._is_silent = is_silent
        self._pace()

    def mute(self, *, is_muted: bool) -> None:
        """Send nothing while the owner holds the call, whatever else is asked for."""
        self._is_muted = is_muted
        self._pace()

    async def move(self) -> None:
        """Receive and send at another free port of the same host from now on; the stream goes on as it was."""
        before = self._transport
        await self._loop.create_datagram_endpoint(lambda: self, local_addr=(self.address[0], 0))
        if before is not None:
            before.close()

    def close(self) -> None:
        """Free the port and let nobody wait."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.hush()
        for key in self._keys:
            if key.pressed is None or key.pressed.done():
                continue
            if not key.frames:
                key.pressed.cancel()
            else:
                key.pressed.set_result(None)  # It went down, though the call ended before it came up.
        self._keys.clear()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's are no subclass

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hear a packet."""
        packet = read_packet(data)
        if packet is None:
            self.heard.discarded += 1
        else:
            self._hear(packet, (addr[0], addr[1]), self._loop.time())

    def _hear(self, packet: Packet, source: Address, now: float) -> None:
        path = self._path
        if path is not None and packet.payload_type == path.payload_type:
            self.heard.hear(packet, path.law, source, now)
        elif path is not None and packet.payload_type in {path.digits_payload_type, path.digits_heard_as}:
            self.heard.hear_event(packet, source, now)
        elif packet.payload_type in _STATIC:
            self.heard.hear(packet, _STATIC[packet.payload_type], source, now)
        else:
            self.heard.discarded += 1

    # For simulations, which know what is to happen: many frames at once.

    @property
    def firsts_ahead(self) -> list[tuple[int, Packet]]:
        """The next packet of audio and the first one of the next key, if there is one, each without its payload.

        Each with the number of its frame, from 0.
        """
        path = self._path
        assert path is not None
        silenced = self._keys[0].silenced if self._keys else 0
        firsts = [(silenced, Packet(path.payload_type, 0, 0, self._ssrc, b""))]
        ahead = 0
        for key in self._keys:
            if key.told_in is not None:
                assert path.digits_payload_type is not None
                timestamp = (self._timestamp + ahead * FRAME_SAMPLES) % (1 << 32)
                at = key.timestamp if key.frames else timestamp
                firsts.append((ahead + key.told_in, Packet(path.digits_payload_type, 0, at, self._ssrc, b"")))
                break
            ahead += key.frames_left
        return firsts

    def look_ahead(self, until: float) -> list[float]:
        """Return the instants of the next frames of which nobody is told, and that of the frame after them.

        The last is not before `until`, or somebody is told of what is sent then; there is none while nothing is sent.
        """
        if self._is_closed or self._timer is None or not self._may_send():
            return []
        frames = max(0, math.ceil((until - self._next_at) / FRAME_SECONDS)) + 1
        if self._speeches:  # The frame that ends it tells so.
            if self._keys:
                return []
            frames = min(frames, (len(self._speeches[0].audio) - self._speeches[0].position - 1) // FRAME_SAMPLES)
        ahead = 0
        for key in self._keys:
            ahead += key.frames_left
            if key.pressed is not None:
                frames = min(frames, ahead - 1)
                break
        # Added up one by one, as the timers do: to the last bit.
        instants = list(accumulate(repeat(FRAME_SECONDS, frames), initial=self._next_at))
        return instants[: bisect_left(instants, until) + 1]

    @property
    def way(self) -> tuple[asyncio.DatagramTransport, Address]:
        """The socket and where it sends to."""
        assert self._transport is not None
        assert self._path is not None
        return self._transport, self._path.remote

    def compose(self, count: int) -> list[tuple[int, Packet]]:
        """Return what the next frames send, each with the number of its frame, from 0; nothing is said yet.

        Packets of audio that follow each other are one, their payloads joined.
        """
        path = self._path
        assert path is not None
        if self._keys:
            self._composed = self._compose_keys(count, path)
            return self._composed[0]
        payloads = _SILENT[path.law] * count
        if self._speeches:
            speech = self._speeches[0]
            payloads = encode(speech.audio[speech.position : speech.position + count * FRAME_SAMPLES], path.law)
        is_marked = self._is_first
        return [(0, Packet(path.payload_type, self._sequence, self._timestamp, self._ssrc, payloads, is_marked))]

    def advance(self, count: int) -> None:
        """Have sent so many frames, as `compose` told just now."""
        sent, sequence, has_audio = count, self._sequence + count, True
        if self._speeches:
            self._speeches[0].position += count * FRAME_SAMPLES
        elif self._keys:
            composed, sequence, self._keys = self._composed
            sizes = [len(packet.payload) // FRAME_SAMPLES for _, packet in composed]
            sent, has_audio = sum(max(1, size) for size in sizes), any(sizes)
        self._is_first = self._is_first and not has_audio
        self._sequence = sequence % (1 << 16)
        self._timestamp = (self._timestamp + count * FRAME_SAMPLES) % (1 << 32)
        self.packets_sent += sent
        for _ in range(count):  # Added up, as `tick` does.
            self._next_at += FRAME_SECONDS
        self._timer = self._loop.call_at(self._next_at, self.tick)

    def _compose_keys(self, count: int, path: AudioPath) -> _Composed:
        """Return the packets of frames with keys among silence, the number after them, and what is left of the keys."""
        assert path.digits_payload_type is not None
        keys = deque(replace(key) for key in self._keys)
        composed: list[tuple[int, Packet]] = []
        sequence, silent, is_first = self._sequence, 0, self._is_first
        for frame in range(count):
            timestamp = (self._timestamp + frame * FRAME_SAMPLES) % (1 << 32)
            events = keys[0].next_packets(timestamp) if keys else []
            for event in events:
                packet = Packet(path.digits_payload_type, sequence, keys[0].timestamp, self._ssrc, *event[:2])
                composed += [] if event.is_lost else [(frame, packet)]
                sequence = (sequence + 1) % (1 << 16)
            if events:
                silent = 0
            if not events or keys[0].style.with_audio:
                if silent:
                    start, packet = composed[-1]
                    composed[-1] = (start, joined(packet, _SILENT[path.law]))
                else:
                    packet = Packet(path.payload_type, sequence, timestamp, self._ssrc, _SILENT[path.law], is_first)
                    composed.append((frame, packet))
                    is_first = False
                sequence = (sequence + 1) % (1 << 16)
                silent += 1
            if keys and keys[0].is_over:
                keys.popleft()
        return composed, sequence, keys

    def hear_row(self, row: Packet, source: Address, instants: Sequence[float]) -> None:
        """Hear packets that follow each other, their payloads joined, one at each instant."""
        path = self._path
        if path is not None and row.payload_type == path.payload_type:
            self.heard.hear_row(row, path.law, source, instants)
        elif len(instants) == 1:
            self._hear(row, source, instants[0])
        else:
            for number, at in enumerate(instants):
                self._hear(nth_packet(row, number), source, at)

    def error_received(self, exc: Exception) -> None:
        """Go on: a peer whose port is closed is heard of by its signalling."""

    def _pace(self) -> None:
        """Start the timer where something may be sent again; the frames of the pause are left out."""
        if self._timer is None and not self._is_closed and self._may_send():
            self._skip(math.ceil((self._loop.time() - self._next_at) / FRAME_SECONDS))
            self._timer = self._loop.call_at(self._next_at, self.tick)

    def _skip(self, frames: int) -> None:
        """Leave frames out: the clock of the stream goes on without them."""
        if frames > 0:
            self._next_at += frames * FRAME_SECONDS
            self._timestamp = (self._timestamp + frames * FRAME_SAMPLES) % (1 << 32)

    def tick(self) -> None:
        """Send the frames that are due; the schedule never drifts. While nothing may be sent it stands still."""
        self._timer = None
        if not self._may_send():
            self._is_first = True
            return
        now = self._loop.time()
        self._skip(int((now - self._next_at) / FRAME_SECONDS) - FRAMES_LATE_MAX)
        while self._next_at <= now:
            self._send_frame()
            self._timestamp = (self._timestamp + FRAME_SAMPLES) % (1 << 32)
            self._next_at += FRAME_SECONDS
        self._timer = self._loop.call_at(self._next_at, self.tick)

    def _may_send(self) -> bool:
        return not self._is_silent and not self._is_muted and self._path is not None and self._path.is_sending

    def _send_frame(self) -> None:
        path = self._path
        assert path is not None
        key = self._keys[0] if self._keys else None
        is_pressed = key is not None and self._send_key(key, path)
        if not is_pressed or (key is not None and key.style.with_audio):
            self._send(path.payload_type, self._timestamp, self._next_frame(path.law), is_marked=self._is_first)
            self._is_first = False

    def _send_key(self, key: PressedKey, path: AudioPath) -> bool:
        """Send the frame of a key that is due; False during the pause behind it, in which audio goes on."""
        assert path.digits_payload_type is not None
        packets = key.next_packets(self._timestamp)
        for payload, is_marked, is_lost in packets:
            self._send(path.digits_payload_type, key.timestamp, payload, is_marked=is_marked, is_lost=is_lost)
        if key.is_over:
            self._keys.popleft()
            if key.pressed is not None and not key.pressed.done():
                key.pressed.set_result(None)
        return bool(packets)

    def _next_frame(self, law: Law) -> bytes:
        """Return the next 20 ms of speech, or silence."""
        frame = b""
        while self._speeches and len(frame) < FRAME_SAMPLES:
            speech = self._speeches[0]
            frame += speech.take(FRAME_SAMPLES - len(frame), law)
            if speech.position >= len(speech.audio):
                self._speeches.popleft()
                if not speech.spoken.done():
                    speech.spoken.set_result(None)
        return frame if len(frame) == FRAME_SAMPLES else frame + _SILENT[law][len(frame) :]

    def _send(
        self, payload_type: int, timestamp: int, payload: bytes, *, is_marked: bool, is_lost: bool = False
    ) -> None:
        packet = Packet(payload_type, self._sequence, timestamp, self._ssrc, payload, is_marked)
        self._sequence = (self._sequence + 1) % (1 << 16)
        if is_lost or self._transport is None or self._path is None or self._transport.is_closing():
            return
        self._transport.sendto(write_packet(packet), self._path.remote)
        self.packets_sent += 1


async def open_sound(host: str, port: int, chance: random.Random) -> Sound:
    """Bind a socket for the audio of one call; port 0 takes any free one."""
    loop = asyncio.get_running_loop()
    _, sound = await loop.create_datagram_endpoint(lambda: Sound(chance), local_addr=(host, port))
    return sound
