"""For tests of the media engine: packets of a phone, and a bench that steps an engine through time."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

import numpy as np

from switch.media.control import Audio, Codec, MediaEvent, Stream
from switch.media.digits import KEYS
from switch.media.engine import TICK, Engine
from switch.media.legs import FEW, LegId
from switch.media.taping import RecordedFrames
from switch.media.wire import RtpPacket, parse, write

Address = tuple[str, int]
PHONE: Address = ("192.0.2.1", 4000)
OTHER: Address = ("192.0.2.2", 4002)
EVENTS = 101


def tone(samples: int, *, amplitude: int = 8000, period: int = 20) -> Audio:
    """A tone that is never silent for a frame."""
    return (np.sin(np.arange(samples) * 2 * np.pi / period) * amplitude).astype(np.int16)


def stream(
    remote: Address = PHONE,
    codec: Codec = Codec.PCMU,
    *,
    digits: int | None = EVENTS,
    is_sending: bool = True,
    is_receiving: bool = True,
    signalled_from: str = "",
) -> Stream:
    """What offer/answer may have agreed."""
    return Stream(
        remote,
        codec,
        codec.value,
        digits,
        is_sending=is_sending,
        is_receiving=is_receiving,
        signalled_from=signalled_from,
    )


@dataclass
class Phone:
    """Counts packets as a phone does; each method makes the next one."""

    address: Address = PHONE
    codec: Codec = Codec.PCMU
    ssrc: int = 0x1234
    sequence: int = 65530
    timestamp: int = 0xFFFFFF00

    def say(self, payload: bytes | int, *, is_marked: bool = False) -> bytes:
        """One frame: its payload, or one code all through."""
        body = payload if isinstance(payload, bytes) else bytes([payload]) * 160
        datagram = self._packet(self.codec.value, self.timestamp, body, is_marked=is_marked)
        self.timestamp = (self.timestamp + len(body)) & 0xFFFFFFFF
        return datagram

    def press(self, key: str, *, frames: int = 3, is_marked: bool = True) -> list[bytes]:
        """An event with three ends; audio pauses meanwhile."""
        started = self.timestamp
        packets = []
        for frame in range(frames + 2):
            duration = 160 * min(frame + 1, frames)
            flags = 10 | (0x80 if frame >= frames - 1 else 0)
            payload = struct.pack("!BBH", KEYS.index(key), flags, duration)
            packets.append(self._packet(EVENTS, started, payload, is_marked=is_marked and frame == 0))
            self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        return packets

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, *, is_marked: bool) -> bytes:
        packet = RtpPacket(payload_type, self.sequence, timestamp, self.ssrc, payload, is_marked=is_marked)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return write(packet)


@dataclass(frozen=True)
class Heard:
    """A packet the engine sent."""

    at: float
    leg: LegId
    packet: RtpPacket
    target: Address


@dataclass
class Bench:
    """An engine on a clock of its own."""

    capacity: int = 64
    silence_max: float = 30.0
    now: float = 1000.0
    few: int = FEW
    sent: list[Heard] = field(default_factory=list)
    events: list[tuple[LegId, MediaEvent]] = field(default_factory=list)
    recorded: list[RecordedFrames] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(1)
        self.engine = Engine(capacity=self.capacity, now=self.now, silence_max=self.silence_max, few=self.few)

    def connected(self, agreed: Stream | None = None) -> LegId:
        """Open a leg and connect it."""
        leg = self.engine.open(self.random)
        self.engine.connect(leg, agreed or stream(), self.now)
        return leg

    def step(self, arrived: Iterable[tuple[LegId, bytes, Address]] = (), *, after: float = 0.0) -> None:
        """Step once, `after` seconds later."""
        self.now += after
        step = self.engine.step(self.now, [(leg, data, source, self.now) for leg, data, source in arrived])
        self.sent += [Heard(self.now, leg, parse(data), target) for leg, data, target in step.packets]
        self.events += step.events
        self.recorded += step.recorded

    def run(self, seconds: float, arrivals: Iterable[tuple[float, LegId, bytes, Address]] = ()) -> None:
        """Step every tick; arrivals are told by seconds from now."""
        start = self.now
        waiting = sorted(((start + at, leg, data, source) for at, leg, data, source in arrivals), key=lambda a: a[0])
        for tick in range(1, round(seconds / TICK) + 1):
            self.now = start + tick * TICK
            due = [arrival for arrival in waiting if arrival[0] <= self.now]
            waiting = waiting[len(due) :]
            self.step((leg, data, source) for _, leg, data, source in due)

    def talk(self, leg: LegId, phone: Phone, seconds: float, code: int = 0x2A) -> None:
        """Let a phone say one code for some time, a packet every 20 ms."""
        frames = round(seconds / 0.02)
        self.run(seconds, [(n * 0.02, leg, phone.say(code), phone.address) for n in range(frames)])

    def audio(self, leg: LegId) -> bytes:
        """All payloads sent as audio to a leg's peer."""
        return b"".join(heard.packet.payload for heard in self.to(leg) if heard.packet.payload_type != EVENTS)

    def to(self, leg: LegId) -> list[Heard]:
        """All packets sent to a leg's peer."""
        return [heard for heard in self.sent if heard.leg == leg]

    def told(self, leg: LegId) -> list[MediaEvent]:
        """All events of a leg."""
        return [event for told, event in self.events if told == leg]
