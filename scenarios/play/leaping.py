"""Audio in leaps: between two instants at which anything else happens, all frames of all calls at once.

Most of what happens in a scenario with media is 20 ms of audio after another: a phone says them, the network
carries them, the switch's engine steps, the other phone hears. As long as nothing else is due, all of that is known
beforehand and is done for many frames together, and time then jumps over them. Whatever comes of it is what came of
it frame by frame, down to every datagram and instant that observers of the network see; wherever it could be
otherwise (a link with losses, a translator of addresses, a key, the end of a prompt, two things at the very same
instant), the frames are left to the timers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

from scenarios.phones.packets import ROW_SIZE, Row
from scenarios.phones.rtp import FRAME_SECONDS, Sound
from scenarios.sim.datagrams import SimulatedDatagramTransport
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import RTP_FIRST, Address, Fate, Network, Passage
from scenarios.sim.routes import PlainWay
from switch.media.driver import InProcessDriver, LegSocket
from switch.media.leaping import Incoming, Leap
from switch.media.legs import LegId

SECONDS_MAX: Final = 10.0
"""The longest leap: what is prepared for it takes some megabytes."""

FRAMES_MIN: Final = 3
"""Fewer frames cost less one by one."""

PAUSE_SECONDS: Final = 0.1
"""How long frames are left to the timers after something was in the way: it mostly still is after 20 ms."""

_AUDIO: Final = (Network.arrive, Sound.tick, InProcessDriver.step)
"""What is called by timers of audio; the first also by those of signalling."""

_Timer = tuple[float, int, Any]


def leap_audio(loop: VirtualLoop) -> None:
    """Let audio on this loop go in leaps."""
    loop.leaping = _Leaper(loop).leap


class _Obstacle(Exception):  # noqa: N818 - no error: the frames are left to the timers
    """Something is not plain."""


@dataclass(slots=True)
class _Pending:
    """Everything that is to happen."""

    until: float
    """When something happens that is no audio."""
    sounds: list[_Timer] = field(default_factory=list)
    drivers: list[_Timer] = field(default_factory=list)
    passing: list[_Timer] = field(default_factory=list)


@dataclass(slots=True)
class _Stream:
    """Audio from one socket to another: what is on its way, and what is sent during the leap."""

    way: PlainWay
    sender: SimulatedDatagramTransport
    octets: bytearray = field(default_factory=bytearray)
    """Datagrams of `ROW_SIZE`, joined."""
    instants: list[float] = field(default_factory=list)
    """When each arrives."""
    sent_at: list[float] = field(default_factory=list)
    """When each is sent, -infinity for those sent before."""

    def datagram(self, number: int) -> bytes:
        """One of them."""
        return bytes(self.octets[number * ROW_SIZE : (number + 1) * ROW_SIZE])


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
            _Leap(self._loop, self._network, pending).make()
        except _Obstacle:
            self._not_before = now + PAUSE_SECONDS
            return False
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
        self._passing = sorted(pending.passing, key=itemgetter(0, 1))

    def make(self) -> None:
        """Make it.

        Raises:
            _Obstacle: Something is not plain; nothing has changed.
        """
        ticks, steps = self._schedule()
        streams = self._streams()
        saying: list[tuple[list[float], _Stream]] = []
        for sound, instants in ticks.items():
            if instants:
                transport, target = sound.way
                assert isinstance(transport, SimulatedDatagramTransport)
                saying.append(
                    (instants, self._send(streams, transport, target, sound.compose(len(instants)), instants))
                )
        leap = self._driver.leap(steps, self._incoming(streams, steps))
        if leap is None:
            raise _Obstacle
        for leg, octets, target in leap.said:
            transport = self._driver.socket_of(leg)
            assert isinstance(transport, SimulatedDatagramTransport)
            saying.append((steps, self._send(streams, transport, target, octets, steps)))
        hearing = self._heard(streams)
        # Everything is plain, and comes true.
        self._tell(saying)
        for sound, packets, source, arrivals in hearing:
            sound.hear_row(packets, source, arrivals)
        self._land(ticks, steps, leap, saying, streams)

    def _tell(self, saying: list[tuple[list[float], _Stream]]) -> None:
        """Let observers of the network see each datagram in its turn."""
        for _, stream in saying:
            stream.way.passed(stream.instants[-1])
        if not self._network.is_observed:
            return
        passages: list[tuple[float, int, Passage]] = []
        for number, (instants, stream) in enumerate(saying):
            way, first = stream.way, len(stream.instants) - len(instants)
            passages += [
                (at, number, Passage(at, way.source, way.target, stream.datagram(n), Fate.SENT, stream.instants[n]))
                for n, at in enumerate(instants, first)
            ]
        passages.sort(key=itemgetter(0, 1))
        for _, _, passage in passages:
            self._network.tell(passage)

    def _land(
        self,
        ticks: dict[Sound, list[float]],
        steps: list[float],
        leap: Leap,
        saying: list[tuple[list[float], _Stream]],
        streams: dict[tuple[Address, Address], _Stream],
    ) -> None:
        """Set what is to happen after the leap, in the order in which the timers would have set it."""
        done = {self._step_timer[1]}
        done |= {timer[1] for timer in self._passing if timer[0] < self._until}
        done |= {self._ticking[sound][1] for sound, instants in ticks.items() if instants}
        self._loop.take_away(done)
        setting: list[tuple[float, int, int, Callable[[], None]]] = []
        for turn, (instants, stream) in enumerate(saying):
            count, first = len(stream.instants), len(stream.instants) - len(instants)
            setting += [
                (instants[n - first], turn, 0, partial(self._pass, stream, stream.datagram(n), stream.instants[n]))
                for n in range(max(first, bisect_left(stream.instants, self._until)), count)
            ]
        for turn, (sound, instants) in enumerate((sound, instants) for sound, instants in ticks.items() if instants):
            context = self._ticking[sound][2]._context
            setting.append((instants[-1], turn, 1, partial(context.run, sound.advance, len(instants))))
        land = partial(self._driver.land, leap, self._waiting(streams, steps[-1]))
        setting.append((steps[-1], len(saying), 1, partial(self._step_timer[2]._context.run, land)))
        for _, _, _, act in sorted(setting, key=itemgetter(0, 1, 2)):
            act()

    def _waiting(
        self, streams: dict[tuple[Address, Address], _Stream], last_step: float
    ) -> list[tuple[LegId, bytes, Address, float]]:
        """What has arrived at the switch since its last step, in order of its arrival."""
        arrived: list[tuple[float, float, tuple[LegId, bytes, Address, float]]] = []
        for stream in streams.values():
            protocol = _protocol(stream)
            if isinstance(protocol, LegSocket):
                assert protocol.leg is not None
                waiting = range(*(bisect_left(stream.instants, at) for at in (last_step, self._until)))
                arrived += [
                    (at, stream.sent_at[n], (protocol.leg, stream.datagram(n), stream.way.source, at))
                    for n, at in ((n, stream.instants[n]) for n in waiting)
                ]
        return [each for _, _, each in sorted(arrived, key=itemgetter(0, 1))]

    def _pass(self, stream: _Stream, data: bytes, at: float) -> None:
        way = stream.way
        self._loop.pass_at(at, self._network.arrive, data, way.source, way.target, stream.sender, self._loop)

    def _schedule(self) -> tuple[dict[Sound, list[float]], list[float]]:
        """When phones say a frame and the switch steps, up to where something else happens."""
        coming = {sound: sound.look_ahead(self._until) for sound in self._ticking}
        steps = self._driver.look_ahead(self._until)
        if not steps or steps[0] != self._step_timer[0] or not all(coming.values()):
            raise _Obstacle
        # Where one of them ends earlier, as a play or a sentence is over, the leap does.
        self._until = min(self._until, steps[-1], *(instants[-1] for instants in coming.values()))
        # Phones that say their first frame at one instant do so ever after, in the same turn. At other instants two
        # things have in common, whose turn it is, is left to the timers.
        paces = {instants[0]: instants for instants in coming.values()}
        together = sorted(at for instants in (steps, *paces.values()) for at in instants if at < self._until)
        self._until = min((one for one, two in pairwise(together) if one == two), default=self._until)
        ticks = {sound: self._before(instants) for sound, instants in coming.items()}
        steps = self._before(steps)
        if len(steps) < FRAMES_MIN:
            raise _Obstacle
        return ticks, steps

    def _before(self, instants: list[float]) -> list[float]:
        return [at for at in instants if at < self._until]

    def _streams(self) -> dict[tuple[Address, Address], _Stream]:
        """What is on its way, by its source and target as the network sees them."""
        streams: dict[tuple[Address, Address], _Stream] = {}
        for when, _, handle in self._passing:
            data, source, target, sender, _ = handle._args
            stream = streams.get((source, target))
            if stream is None:
                stream = streams[source, target] = self._stream(source, target, sender)
            if len(data) != ROW_SIZE:
                raise _Obstacle
            stream.octets += data
            stream.instants.append(when)
            stream.sent_at.append(-math.inf)
        return streams

    def _stream(self, source: Address, target: Address, sender: SimulatedDatagramTransport) -> _Stream:
        way = self._network.plain_way(source, target, sender)
        if way is None:
            raise _Obstacle
        return _Stream(way, sender)

    def _send(
        self,
        streams: dict[tuple[Address, Address], _Stream],
        sender: SimulatedDatagramTransport,
        target: Address,
        octets: bytes,
        instants: list[float],
    ) -> _Stream:
        """Add what a socket sends."""
        stream = self._stream(sender.local, target, sender)
        stream = streams.setdefault((stream.way.source, target), stream)
        arrivals = stream.way.arrivals(instants)
        if stream.instants and stream.instants[-1] > arrivals[0]:
            raise _Obstacle  # Held back on a line that was worse before.
        stream.octets += octets
        stream.instants += arrivals
        stream.sent_at += instants
        return stream

    def _incoming(self, streams: dict[tuple[Address, Address], _Stream], steps: list[float]) -> dict[LegId, Incoming]:
        """What arrives at each leg before the last step."""
        waiting: dict[LegId, tuple[Address, bytearray, list[float]]] = {}
        for leg, data, source, at in self._driver.arrived:
            known, octets, instants = waiting.setdefault(leg, (source, bytearray(), []))
            if known != source or len(data) != ROW_SIZE:
                raise _Obstacle
            octets += data
            instants.append(at)
        for stream in streams.values():
            protocol = _protocol(stream)
            if isinstance(protocol, LegSocket):
                if protocol.leg is None or not set(stream.instants).isdisjoint(steps):
                    raise _Obstacle
                source, octets, instants = waiting.setdefault(protocol.leg, (stream.way.source, bytearray(), []))
                count = bisect_left(stream.instants, steps[-1])
                if source != stream.way.source or instants != sorted(instants):
                    raise _Obstacle
                octets += stream.octets[: count * ROW_SIZE]
                instants += stream.instants[:count]
        return {
            leg: Incoming(source, bytes(octets), instants)
            for leg, (source, octets, instants) in waiting.items()
            if octets
        }

    def _heard(self, streams: dict[tuple[Address, Address], _Stream]) -> list[tuple[Sound, Row, Address, list[float]]]:
        """What phones hear before the leap ends."""
        found = []
        for stream in streams.values():
            protocol = _protocol(stream)
            count = bisect_left(stream.instants, self._until)
            if isinstance(protocol, Sound) and count:
                packets = protocol.read(bytes(stream.octets[: count * ROW_SIZE]))
                if packets is None:
                    raise _Obstacle
                found.append((protocol, packets, stream.way.source, stream.instants[:count]))
            elif not isinstance(protocol, Sound | LegSocket):
                raise _Obstacle
        if len({id(sound) for sound, *_ in found}) < len(found):
            raise _Obstacle  # Two sources at one phone.
        return found


def _protocol(stream: _Stream) -> object:
    receiver = stream.way.receiver
    assert isinstance(receiver, SimulatedDatagramTransport)
    return receiver.get_protocol()
