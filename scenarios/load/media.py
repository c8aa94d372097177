"""The audio of all calls of the load: a socket a party, one timer for all, no task and no object a packet.

Every frame is silence that begins with a mark: whose it is, its number, and when it left. A target that passes G.711 on
as it is carries the marks to the other party, so that each end knows what was lost between the two and how long it
took. A target that decodes and mixes loses the marks; loss and jitter of its own streams are counted all the same.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Final

from scenarios.load.streams import Arrived
from scenarios.phones.packets import KeyEvent, read_packet, write_event

Address = tuple[str, int]

FRAME_SECONDS: Final = 0.02
FRAME_SAMPLES: Final = 160
PHASES: Final = 10
"""Parties take turns: a tenth of them speaks every 2 ms."""
KEY_FRAMES: Final = 5
"""A key is held for 100 ms."""
KEY_PAUSE_FRAMES: Final = 5
COMMA_FRAMES: Final = 25
"""A comma among the keys: half a second."""
LATE_MAX: Final = 0.2
"""Later than this the schedule of frames moves, as a sound card would skip."""
REST_SECONDS: Final = 5.0
"""How long a port is left alone after its call: what a target still sends there belongs to nobody."""
AFTERWARDS: Final = 0.5
"""Audio that comes later than this after the end of a call is worth a note."""
SOURCES_MAX: Final = 8
"""Sources heard by one party; a target begins a new one when it changes what it plays, a few times a call."""
RECEIVE_BUFFER: Final = 256 * 1024
DELAYS_MAX: Final = 600
"""Delays kept of a party: one a second for ten minutes."""
DELAY_EVERY: Final = 50
EVEN_TRIES: Final = 64

_MAGIC: Final = 0x9A7C1E55
_HEADER: Final = struct.Struct("!BBHII")
_MARK: Final = struct.Struct("!IIId")
_RUNNING: Final = struct.Struct("!HI")
_STAMPED: Final = struct.Struct("!Id")
_RTCP: Final = range(72, 77)
"""Payload types that RTCP packets of types 200 to 204 seem to have (RFC 5761 §4)."""
_SILENCE: Final = {0: 0xFF, 8: 0xD5}


class Voice:
    """One party of one call, as the media see it. Made by `Media.open`."""

    __slots__ = (
        "arrived",
        "buffer",
        "closed_at",
        "delays",
        "digits_payload_type",
        "frames",
        "heard_at",
        "is_speaking",
        "key_frames",
        "key_timestamp",
        "keys",
        "marks",
        "number",
        "partner",
        "remote",
        "sequence",
        "sock",
        "timestamp",
    )

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.partner: int | None = None
        """The number of the party whose marks are to arrive here; None: our own, echoed."""
        self.arrived: dict[int, Arrived] = {}
        """What came, by source."""
        self.marks = Arrived()
        self.delays: list[float] = []
        self.remote: Address | None = None
        self.digits_payload_type: int | None = None
        self.buffer = bytearray(_HEADER.size + FRAME_SAMPLES)
        self.keys: deque[tuple[str, asyncio.Future[float]]] = deque()
        self.key_frames = 0
        self.key_timestamp = 0
        self.sequence = 0
        self.timestamp = 0
        self.frames = 0
        self.closed_at: float | None = None
        self.heard_at: float | None = None
        """When the last packet came."""
        self.is_speaking = False

    @property
    def address(self) -> Address:
        """Where it receives."""
        host, port = self.sock.getsockname()[:2]
        return host, port


class Media:
    """The audio of everybody. Use it inside a running loop, and close it.

    Args:
        host: Where audio is received.
        clock: Seconds, finer than the loop's.
        random: Where the numbers of parties begin, so that those of another process are others.
        has_audio: Without it nothing is sent but keys, nothing is heard, and all parties share a socket.
    """

    def __init__(self, host: str, clock: Callable[[], float], random: Random, *, has_audio: bool) -> None:
        self.sent = 0
        self.received = 0
        self.strays: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._clock = clock
        self._has_audio = has_audio
        self._shared = None if has_audio else self._bind()
        self._sockets: dict[int, Voice] = {}
        self._resting: deque[tuple[float, socket.socket]] = deque()
        self._phases: list[dict[int, Voice]] = [{} for _ in range(PHASES)]
        self._slot = 0
        self._count = random.getrandbits(31)
        self._next_at = clock()
        self._timer: asyncio.Handle = self._loop.call_soon(self._tick)

    def open(self) -> Voice:
        """A party with a port of its own.

        Raises:
            OSError: There is no port or no file left.
        """
        self._count += 1
        voice = Voice(self._count, self._shared or self._socket())
        if self._shared is None:
            self._sockets[voice.sock.fileno()] = voice
        return voice

    def connect(self, voice: Voice, remote: Address, payload_type: int, digits_payload_type: int | None) -> None:
        """Speak to this address from now on."""
        voice.remote, voice.digits_payload_type = remote, digits_payload_type
        _HEADER.pack_into(voice.buffer, 0, 0x80, payload_type, 0, 0, voice.number)
        _MARK.pack_into(voice.buffer, _HEADER.size, _MAGIC, voice.number, 0, 0.0)
        begin = _HEADER.size + _MARK.size
        voice.buffer[begin:] = bytes([_SILENCE.get(payload_type, 0xFF)]) * (len(voice.buffer) - begin)
        voice.is_speaking = self._has_audio
        if voice.is_speaking or voice.keys:
            self._phases[voice.number % PHASES][voice.number] = voice

    def press(self, voice: Voice, keys: str) -> asyncio.Future[float]:
        """Press keys one after another; the future is the instant at which the last one's first packet left."""
        assert keys.strip(","), f"no key in {keys!r}"
        pressed = [(key, self._loop.create_future()) for key in keys]
        voice.keys.extend(pressed)
        if voice.remote is not None:
            self._phases[voice.number % PHASES][voice.number] = voice
        return next(done for key, done in reversed(pressed) if key != ",")

    def close_voice(self, voice: Voice) -> None:
        """Say and hear nothing more."""
        self._phases[voice.number % PHASES].pop(voice.number, None)
        for _, pressed in voice.keys:
            pressed.cancel()
        voice.keys.clear()
        if self._shared is None and voice.closed_at is None:
            self._resting.append((self._clock(), voice.sock))
        voice.closed_at = self._clock()

    def close(self) -> None:
        """Free every port."""
        self._timer.cancel()
        for fileno in self._sockets:
            self._loop.remove_reader(fileno)
        for voice in self._sockets.values():
            voice.sock.close()
        self._sockets.clear()
        self._resting.clear()
        if self._shared is not None:
            self._shared.close()

    def _socket(self) -> socket.socket:
        """One that has rested, or a new one."""
        if self._resting and self._clock() - self._resting[0][0] >= REST_SECONDS:
            return self._resting.popleft()[1]
        sock = self._bind()
        self._loop.add_reader(sock.fileno(), self._hear, sock)
        return sock

    def _bind(self) -> socket.socket:
        """A socket with an even port, where RTP belongs (RFC 3550 §11)."""
        for _ in range(EVEN_TRIES):
            sock = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
                sock.bind((self._host, 0))
            except OSError:
                sock.close()
                raise
            if sock.getsockname()[1] % 2 == 0:
                return sock
            sock.close()
        raise OSError("no even port is free")

    def _tick(self) -> None:
        now = self._clock()
        if now - self._next_at > LATE_MAX:
            self._next_at = now
        while self._next_at <= now:
            for voice in list(self._phases[self._slot].values()):
                self._speak(voice)
            self._slot = (self._slot + 1) % PHASES
            self._next_at += FRAME_SECONDS / PHASES
        self._timer = self._loop.call_later(max(0.0, self._next_at - self._clock()), self._tick)

    def _speak(self, voice: Voice) -> None:
        if not (voice.keys and self._dial(voice)) and voice.is_speaking:
            buffer = voice.buffer
            voice.frames += 1
            _RUNNING.pack_into(buffer, 2, voice.sequence, voice.timestamp)
            _STAMPED.pack_into(buffer, _HEADER.size + 8, voice.frames, self._clock())
            self._put(voice, buffer)
        voice.timestamp = (voice.timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        if not voice.is_speaking and not voice.keys:
            self._phases[voice.number % PHASES].pop(voice.number, None)

    def _dial(self, voice: Voice) -> bool:
        """Send the frame of a key; False in the pause behind it, in which audio goes on."""
        key, pressed = voice.keys[0]
        voice.key_frames += 1
        frames = voice.key_frames
        held, last = (0, COMMA_FRAMES) if key == "," else (KEY_FRAMES, KEY_FRAMES + KEY_PAUSE_FRAMES)
        if frames >= last:
            voice.keys.popleft()
            voice.key_frames = 0
        if frames > held:
            return False
        if frames == 1:
            voice.key_timestamp = voice.timestamp
        payload = write_event(KeyEvent(key, frames * FRAME_SAMPLES, is_ended=frames == held))
        second = (0x80 if frames == 1 else 0) | (voice.digits_payload_type or 101)
        for _ in range(3 if frames == held else 1):
            header = _HEADER.pack(0x80, second, voice.sequence, voice.key_timestamp, voice.number)
            self._put(voice, header + payload)
        if frames == 1 and not pressed.done():
            pressed.set_result(self._clock())
        return True

    def _put(self, voice: Voice, datagram: bytes | bytearray) -> None:
        voice.sequence = (voice.sequence + 1) & 0xFFFF
        self.sent += 1
        try:
            voice.sock.sendto(datagram, voice.remote or ("", 0))
        except OSError:
            self.strays["audio not sent"] += 1

    def _hear(self, sock: socket.socket) -> None:
        """Take one datagram; the loop calls again while there are more."""
        try:
            datagram = sock.recv(2048)
        except OSError:
            return  # nothing after all, or an ICMP error of what was sent before
        voice = self._sockets[sock.fileno()]
        if voice.closed_at is not None:
            if self._clock() - voice.closed_at > AFTERWARDS:
                self.strays["audio after the end of a call"] += 1
            return
        if len(datagram) < _HEADER.size or datagram[0] >> 6 != 2:
            self.strays["not RTP"] += 1
            return
        first, second, sequence, timestamp, source = _HEADER.unpack_from(datagram)
        if second & 0x7F in _RTCP:
            return
        self.received += 1
        now = voice.heard_at = self._clock()
        arrived = voice.arrived.get(source)
        if arrived is None:
            if len(voice.arrived) >= SOURCES_MAX:
                self.strays["audio of too many sources"] += 1
                return
            arrived = voice.arrived[source] = Arrived()
        arrived.take_number(sequence)
        if len(datagram) < _HEADER.size + _MARK.size:
            return  # keys, comfort noise
        arrived.take_time(timestamp, now)
        if first == 0x80:
            self._take_mark(voice, datagram, _HEADER.size, now)
        elif (packet := read_packet(datagram)) is not None and len(packet.payload) >= _MARK.size:
            self._take_mark(voice, packet.payload, 0, now)

    def _take_mark(self, voice: Voice, data: bytes, offset: int, now: float) -> None:
        magic, number, frame, sent_at = _MARK.unpack_from(data, offset)
        if magic != _MAGIC:
            return
        if number != (voice.number if voice.partner is None else voice.partner):
            self.strays["audio of another call"] += 1
            return
        voice.marks.take_number(frame & 0xFFFF)
        if frame % DELAY_EVERY == 0 and len(voice.delays) < DELAYS_MAX:
            voice.delays.append(max(0.0, now - sent_at))
