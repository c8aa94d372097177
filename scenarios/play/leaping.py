"""Audio in leaps: between two instants at which anything else happens, all frames of all calls at once.

Most of what happens in a scenario with media is 20 ms of audio after another: a phone says them, the network
carries them, the switch's engine steps, the other phone hears. As long as nothing else is due, all of that is known
beforehand and is done for many frames together, and time then jumps over them. Whatever comes of it is what came of
it frame by frame, down to every datagram and instant that observers of the network see; wherever it could be
otherwise (a link with losses, a translator of addresses, a new key at the switch, the end of a prompt, two things at
the very same instant), the frames are left to the timers.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from math import inf, nextafter
from operator import itemgetter
from typing import Any, Final

from scenarios.phones.packets import FRAME_SAMPLES, FRAME_SECONDS, Packet, read_packet
from scenarios.phones.rtp import Sound
from scenarios.play.passing import BEFORE, Stream
from scenarios.sim.datagrams import SimulatedDatagramTransport
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import RTP_FIRST, Address, Fate, Network, Passage
from switch.media.driver import InProcessDriver, LegSocket
from switch.media.leaping import Incoming, Leap
from switch.media.legs import LegId
from switch.media.wire import RtpPacket

SECONDS_MAX: Final = 10.0
"""The longest leap: what is prepared for it takes some megabytes."""

FRAMES_MIN: Final = 3
"""Fewer frames cost less one by one."""

PAUSE_SECONDS: Final = 0.1
"""How long frames are left to the timers after something was in the way: it mostly still is after 20 ms."""

HEARD_WITHIN: Final = 1.5 * FRAME_SECONDS
"""What arrives is heard by a step a frame later at the latest."""

_AUDIO: Final = (Network.arrive, Sound.tick, InProcessDriver.step)
"""What is called by timers of audio; the first also by those of signalling."""

_Timer = tuple[float, int, Any]


def leap_audio(loop: VirtualLoop) -> None:
    """Let audio on this loop go in leaps."""
    loop.leaping = _Leaper(loop).leap


class _Obstacle(Exception):  # noqa: N818 - no error: the frames are left to the timers
    """Something is not plain, or something happens soon, at an instant that is known."""

    def __init__(self, until: float | None = None) -> None:
        self.until = until


@dataclass(slots=True)
class _Pending:
    """Everything that is to happen."""

    until: float
    """When something happens that is no audio."""
    sounds: list[_Timer] = field(default_factory=list)
    drivers: list[_Timer] = field(default_factory=list)
    passing: list[_Timer] = field(default_factory=list)


class _Leaper:
    """Looks whether there is a leap each time the virtual clock is to jump."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._network = loop.network
        self._not_before = 0.0

    def leap(self) -> bool:
        """Leap over audio, if there is nothing but audio for some frames; whether there was a leap."""
        now, _, handle = self._loop.timers[0]
        if now < self._not_before or getattr(handle._callback, "__func__", None) not in _AUDIO:
            return False
        pending = self._pending(now)
        if len(pending.drivers) != 1 or pending.until - now < FRAMES_MIN * FRAME_SECONDS:
            self._not_before = pending.until
            return False
        try:
            until = _Leap(self._loop, self._network, pending).make()
        except _Obstacle as obstacle:
            # What happens at that very instant is what the timers are for.
            self._not_before = now + PAUSE_SECONDS if obstacle.until is None else nextafter(obstacle.until, inf)
            return False
        self._not_before = nextafter(until, inf)
        return True

    def _pending(self, now: float) -> _Pending:
        pending = _Pending(min(now + SECONDS_MAX, self._loop.limit))
        arrive, tick, step = _AUDIO
        for timer in self._loop.timers:
            when, _, handle = timer
            if handle._cancelled:
                continue
            what = getattr(handle._callback, "__func__", None)
            if what is arrive and handle._args[0][:1] >= RTP_FIRST:
                pending.passing.append(timer)
            elif what is tick:
                pending.sounds.append(timer)
            elif what is step:
                pending.drivers.append(timer)
            elif when < pending.until:
                pending.until = when
        return pending


class _Leap:
    """One leap."""

    def __init__(self, loop: VirtualLoop, network: Network, pending: _Pending) -> None:
        self._loop = loop
        self._network = network
        self._until = pending.until
        self._step_timer = pending.drivers[0]
        self._driver: InProcessDriver = self._step_timer[2]._callback.__self__
        sounds = sorted(pending.sounds, key=itemgetter(0, 1))
        self._ticking: dict[Sound, _Timer] = {timer[2]._callback.__self__: timer for timer in sounds}
        self._ways: dict[Sound, Stream] = {}
        self._passing = sorted(pending.passing, key=itemgetter(0, 1))

    def make(self) -> float:
        """Make it, and return where it ends: something happens then that is the timers'.

        Raises:
            _Obstacle: Something is not plain; nothing has changed.
        """
        streams = self._streams()
        ticks, steps = self._schedule(streams)
        saying: list[tuple[list[float], Stream]] = []
        for sound, instants in ticks.items():
            if instants:
                saying.append((instants, self._send(self._ways[sound], sound.compose(len(instants)), instants)))
        leap = self._driver.leap(steps, self._incoming(streams, steps))
        if leap is None:
            raise _Obstacle
        for leg, said, target in leap.said:
            stream = self._stream(streams, self._driver.socket_of(leg), target)
            saying.append((steps, self._send(stream, [(0, _as_read(said))], steps)))
        hearing = self._heard(streams)
        # Everything is plain, and comes true.
        self._tell(saying)
        for sound, source, packet, arrivals in hearing:
            sound.hear_row(packet, source, arrivals)
        self._land(ticks, steps, leap, saying, streams)
        return self._until

    def _tell(self, saying: list[tuple[list[float], Stream]]) -> None:
        """Let observers of the network see each datagram in its turn."""
        for _, stream in saying:
            stream.way.passed(stream.last_arrival)
        if not self._network.is_observed:
            return
        passages: list[tuple[float, int, Passage]] = []
        for number, (_, stream) in enumerate(saying):
            way = stream.way
            for piece, n in stream.sent():
                at, arrival = piece.sent_at[n], piece.instants[n]
                passage = Passage(at, way.source, way.target, piece.datagram(n), Fate.SENT, arrival)
                passages.append((at, number, passage))
        passages.sort(key=itemgetter(0, 1))
        for _, _, passage in passages:
            self._network.tell(passage)

    def _land(
        self,
        ticks: dict[Sound, list[float]],
        steps: list[float],
        leap: Leap,
        saying: list[tuple[list[float], Stream]],
        streams: dict[tuple[Address, Address], Stream],
    ) -> None:
        """Set what is to happen after the leap, in the order in which the timers would have set it."""
        done = {self._step_timer[1]}
        done |= {timer[1] for timer in self._passing if timer[0] < self._until}
        done |= {self._ticking[sound][1] for sound, instants in ticks.items() if instants}
        self._loop.take_away(done)
        setting: list[tuple[float, int, int, Callable[[], None]]] = []
        for turn, (_, stream) in enumerate(saying):
            setting += [
                (piece.sent_at[n], turn, 0, partial(self._pass, stream, piece.datagram(n), piece.instants[n]))
                for piece, n in stream.sent(self._until)
            ]
        for turn, (sound, instants) in enumerate((sound, instants) for sound, instants in ticks.items() if instants):
            context = self._ticking[sound][2]._context
            setting.append((instants[-1], turn, 1, partial(context.run, sound.advance, len(instants))))
        land = partial(self._driver.land, leap, self._waiting(streams, steps[-1]))
        setting.append((steps[-1], len(saying), 1, partial(self._step_timer[2]._context.run, land)))
        for _, _, _, act in sorted(setting, key=itemgetter(0, 1, 2)):
            act()

    def _waiting(
        self, streams: dict[tuple[Address, Address], Stream], last_step: float
    ) -> list[tuple[LegId, bytes, Address, float]]:
        """What has arrived at the switch since its last step, in order of its arrival."""
        arrived: list[tuple[float, float, tuple[LegId, bytes, Address, float]]] = []
        for stream in streams.values():
            protocol = stream.protocol
            if isinstance(protocol, LegSocket):
                assert protocol.leg is not None
                for piece, n in stream.between(last_step, self._until):
                    at, source = piece.instants[n], stream.way.source
                    arrived.append((at, piece.sent_at[n], (protocol.leg, piece.datagram(n), source, at)))
        return [each for _, _, each in sorted(arrived, key=itemgetter(0, 1))]

    def _pass(self, stream: Stream, data: bytes, at: float) -> None:
        way = stream.way
        self._loop.pass_at(at, self._network.arrive, data, way.source, way.target, stream.sender, self._loop)

    def _schedule(self, streams: dict[tuple[Address, Address], Stream]) -> tuple[dict[Sound, list[float]], list[float]]:
        """When phones say a frame and the switch steps, up to where something else happens."""
        coming: dict[Sound, list[float]] = {}
        for sound in self._ticking:
            instants = coming[sound] = sound.look_ahead(self._until)
            if not instants:
                raise _Obstacle
            # Where one of them ends earlier, as a sentence is over, the leap does.
            self._until = min(self._until, instants[-1])
            self._ways[sound] = self._stream(streams, *sound.way)
        news_at = min(self._news(coming, streams), default=inf)
        self._until = min(self._until, news_at + HEARD_WITHIN)
        steps = self._driver.look_ahead(self._until)
        if not steps or steps[0] != self._step_timer[0]:
            raise _Obstacle
        # The step that hears a new key is left to the timers, as the switch is told of it; so is a new voice.
        self._until = min(self._until, steps[-1], *steps[bisect_right(steps, news_at) :][:1])
        # Phones that say their first frame at one instant do so ever after, in the same turn. At other instants two
        # things have in common, whose turn it is, is left to the timers.
        paces = {instants[0]: instants for instants in coming.values()}
        known: set[float] = set()
        for instants in (steps, *paces.values()):
            self._until = min([self._until, *known.intersection(instants)])
            known.update(instants)
        steps = self._before(steps)
        if len(steps) < FRAMES_MIN:
            raise _Obstacle(self._until)
        return {sound: self._before(instants) for sound, instants in coming.items()}, steps

    def _before(self, instants: list[float]) -> list[float]:
        return instants[: bisect_left(instants, self._until)]

    def _news(
        self, coming: dict[Sound, list[float]], streams: dict[tuple[Address, Address], Stream]
    ) -> Iterator[float]:
        """When packets arrive at legs that begin something there, or tell of a key."""
        for leg, data, _, at in self._driver.arrived:
            packet = read_packet(data)
            if packet is None or not self._driver.is_plain(leg, packet):
                yield at
        for stream in streams.values():
            protocol = stream.protocol
            if isinstance(protocol, LegSocket) and protocol.leg is not None:
                for piece in stream.pieces:
                    if not self._driver.is_plain(protocol.leg, piece.packet):
                        yield piece.instants[0]
        for sound, instants in coming.items():
            stream = self._ways[sound]
            protocol = stream.protocol
            if isinstance(protocol, LegSocket) and protocol.leg is not None:
                for number, packet in sound.firsts_ahead:
                    if number < len(instants) and not self._driver.is_plain(protocol.leg, packet):
                        yield stream.way.arrivals(instants[number : number + 1])[0]

    def _streams(self) -> dict[tuple[Address, Address], Stream]:
        """What is on its way, by its source and target as the network sees them."""
        streams: dict[tuple[Address, Address], Stream] = {}
        for when, _, handle in self._passing:
            data, source, target, sender, _ = handle._args
            stream = streams.get((source, target))
            if stream is None:
                stream = streams[source, target] = self._way(source, target, sender)
            stream.add(_plain(data), [when], [BEFORE])
        return streams

    def _way(self, source: Address, target: Address, sender: SimulatedDatagramTransport) -> Stream:
        way = self._network.plain_way(source, target, sender)
        if way is None:
            raise _Obstacle
        return Stream(way, sender)

    def _stream(
        self, streams: dict[tuple[Address, Address], Stream], sender: asyncio.DatagramTransport, target: Address
    ) -> Stream:
        """What passes from a socket."""
        assert isinstance(sender, SimulatedDatagramTransport)
        stream = self._way(sender.local, target, sender)
        return streams.setdefault((stream.way.source, target), stream)

    def _send(self, stream: Stream, packets: Iterable[tuple[int, Packet]], instants: list[float]) -> Stream:
        """Add what a socket sends at these instants, each with the number of the first of its own."""
        arrivals = stream.way.arrivals(instants)
        if stream.pieces and stream.last_arrival > arrivals[0]:
            raise _Obstacle  # Held back on a line that was worse before.
        for first, packet in packets:
            part = slice(first, first + max(1, len(packet.payload) // FRAME_SAMPLES))
            stream.add(packet, arrivals[part], instants[part])
        return stream

    def _incoming(self, streams: dict[tuple[Address, Address], Stream], steps: list[float]) -> dict[LegId, Incoming]:
        """What arrives at each leg before the last step."""
        waiting: dict[LegId, tuple[Address, list[tuple[Packet, list[float]]]]] = {}
        for leg, data, source, at in self._driver.arrived:
            known, rows = waiting.setdefault(leg, (source, []))
            if known != source:
                raise _Obstacle
            rows.append((_plain(data), [at]))
        stepping = set(steps)
        for stream in streams.values():
            protocol = stream.protocol
            if isinstance(protocol, LegSocket):
                is_apart = all(stepping.isdisjoint(piece.instants) for piece in stream.pieces)
                if protocol.leg is None or not is_apart:
                    raise _Obstacle
                source, rows = waiting.setdefault(protocol.leg, (stream.way.source, []))
                if source != stream.way.source or (
                    rows and stream.pieces and rows[-1][1][-1] > stream.pieces[0].instants[0]
                ):
                    raise _Obstacle
                rows += stream.before(steps[-1])
        return {leg: Incoming(source, rows) for leg, (source, rows) in waiting.items() if rows}

    def _heard(
        self, streams: dict[tuple[Address, Address], Stream]
    ) -> list[tuple[Sound, Address, Packet, list[float]]]:
        """What phones hear before the leap ends."""
        found = []
        hearing: set[Sound] = set()
        for stream in streams.values():
            protocol = stream.protocol
            if isinstance(protocol, Sound):
                heard = stream.before(self._until)
                if heard and protocol in hearing:
                    raise _Obstacle  # Two sources at one phone.
                hearing |= {protocol} if heard else set()
                found += [(protocol, stream.way.source, packet, arrivals) for packet, arrivals in heard]
            elif not isinstance(protocol, LegSocket):
                raise _Obstacle
        return found


def _plain(data: bytes) -> Packet:
    """A datagram as a packet that is written as it was read."""
    packet = read_packet(data) if data[:1] == RTP_FIRST else None
    if packet is None:
        raise _Obstacle
    return packet


def _as_read(packet: RtpPacket) -> Packet:
    """What a phone reads of a packet of the switch."""
    return Packet(packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc, packet.payload, packet.is_marked)
