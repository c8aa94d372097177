"""The in-process driver: sockets and one timer around the engine.

Datagrams wait in a list until the next step. One timer paces all legs: it is set to the next tick at which a
leg is due, counted from the epoch of the engine, so lateness never adds up, and it stands still while no leg
is connected. Events are told after the step that found them, so a listener may give any command.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final, cast

import structlog

from switch.media.control import (
    Address,
    Audio,
    LegStatistics,
    MediaEvent,
    MediaLeg,
    PlayId,
    PortsExhaustedError,
    Recording,
    Stream,
)
from switch.media.engine import SILENCE_MAX, TICK, Engine, Step
from switch.media.files import even_ports
from switch.media.leaping import Incoming, Leap
from switch.media.legs import LegId
from switch.media.recorder import Completed, RecordingWriter
from switch.media.taping import RecordingId
from switch.media.wire import AnyPacket

ARRIVED_MAX: Final = 65536
"""Datagrams waiting for one step, over all legs: thirty times what 2000 of them send in 20 ms."""

log = structlog.get_logger(__name__)


class InProcessDriver:
    """Paces one engine on the running event loop. Make it inside that loop; `is_inline` is `RecordingWriter`'s."""

    def __init__(
        self,
        *,
        host: str,
        advertised: str,
        ports: range,
        random: Random,
        tick: float = TICK,
        silence_max: float = SILENCE_MAX,
        is_inline: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._advertised = advertised
        self._random = random
        self._free = deque(even_ports(ports))
        # Phones that a dead switch left talking still send to the ports it began with.
        self._free.rotate(-random.randrange(max(1, len(self._free))))
        self._engine = Engine(
            capacity=max(1, len(self._free)), now=self._loop.time(), tick=tick, silence_max=silence_max
        )
        self._legs: dict[LegId, InProcessLeg] = {}
        self._sockets: dict[int, LegSocket] = {}
        self._recordings: dict[RecordingId, InProcessRecording] = {}
        self._writer = RecordingWriter(is_inline=is_inline)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self.arrived: list[tuple[LegId, bytes, Address, float]] = []
        self.socket_errors = 0
        """Errors the system reported for sockets of this driver."""
        self.datagrams_dropped = 0
        """Datagrams beyond `ARRIVED_MAX` in one step."""

    @property
    def frames_skipped(self) -> int:
        """Frames of 20 ms left out because the loop stood still too long."""
        return self._engine.frames_skipped

    @property
    def ports_free(self) -> int:
        """Ports of the pool nobody has."""
        return len(self._free)

    async def open_leg(self) -> MediaLeg:
        """Bind the next free even port; one that something else holds is passed over.

        Raises:
            PortsExhaustedError: None is free.
        """
        for _ in range(len(self._free)):
            if not self._free:
                break
            port = self._free.popleft()
            socket = LegSocket(self, port)
            try:
                await self._bind(socket)
            except OSError:
                self.socket_errors += 1
                continue
            leg_id = self._engine.open(self._random)
            leg = InProcessLeg(self, self._engine, leg_id, socket, (self._advertised, port))
            socket.leg = leg_id
            self._legs[leg_id] = leg
            return leg
        raise PortsExhaustedError

    async def _bind(self, socket: LegSocket) -> None:
        """Make the socket; if that fails or is cancelled, its port goes back to the pool."""
        try:
            await self._loop.create_datagram_endpoint(lambda: socket, local_addr=(self._host, socket.port))
        except BaseException:
            if socket.transport is None:
                self._free.append(socket.port)
            else:
                socket.transport.close()
            raise

    def record(self, left: MediaLeg, right: MediaLeg, path: Path) -> Recording:
        """Record what both peers say, from this instant."""
        recording = self._engine.record(_own(left).leg_id, _own(right).leg_id, self._loop.time())
        self._writer.begin(recording, path)
        handle = self._recordings[recording] = InProcessRecording(self, recording)
        self.wake()
        return handle

    async def close(self) -> None:
        """Stop pacing, complete recordings, close every socket."""
        for recording in list(self._recordings.values()):
            recording.stop()
        for leg in list(self._legs.values()):
            leg.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sockets:
            await asyncio.gather(*(socket.closed for socket in self._sockets.values()))
        await self._loop.run_in_executor(None, self._writer.close)
        for path, error in self._writer.failures:
            log.error("recording_failed", path=str(path), error=str(error))

    def wake(self) -> None:
        """Set the timer to the next instant something is due, if that is not yet so."""
        due = self._engine.idle_until
        if due is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_at(due, self.step)

    def forget(self, leg: InProcessLeg) -> None:
        """Drop a leg that closes."""
        self._engine.close(leg.leg_id)
        del self._legs[leg.leg_id]
        self.wake()

    def stop_recording(self, recording: RecordingId, then: Completed) -> None:
        """End one recording; `then` is told on the loop."""

        def tell(is_complete: bool) -> None:  # noqa: FBT001 - as the writer calls it
            with contextlib.suppress(RuntimeError):  # A loop that is closed waits for no file.
                self._loop.call_soon_threadsafe(then, is_complete)

        if self._recordings.pop(recording, None) is not None:
            self._writer.end(recording, self._engine.stop_recording(recording, self._loop.time()), tell)

    def socket_made(self, socket: LegSocket) -> None:
        """Count a socket in."""
        self._sockets[socket.port] = socket

    def socket_lost(self, socket: LegSocket, error: Exception | None) -> None:
        """Return the port of a socket that is closed now."""
        if error is not None:
            self.socket_errors += 1
        self._sockets.pop(socket.port, None)
        self._free.append(socket.port)

    # For simulations, which know what will arrive: many steps at once.

    def look_ahead(self, until: float) -> list[float]:
        """The instants of coming steps that may be made at once, and of the next after them (`Engine.look_ahead`)."""
        return self._engine.look_ahead(until)

    def is_plain(self, leg: LegId, packet: AnyPacket) -> bool:
        """Whether a packet that arrives for a leg begins nothing and is told to nobody."""
        return self._engine.is_plain(leg, packet)

    def leap(self, instants: Sequence[float], arrived: Mapping[LegId, Incoming]) -> Leap | None:
        """Make these steps; None where they cannot be made at once. `land` after it, or it did not happen."""
        return self._engine.leap(instants, arrived)

    def land(self, leap: Leap, arrived: list[tuple[LegId, bytes, Address, float]]) -> None:
        """Be where these steps lead to, with what has arrived since the last of them; sending is the caller's."""
        self._engine.keep(leap)
        self.arrived = arrived
        if leap.recorded is not None:
            self._writer.add(leap.recorded)
        self._timer = None
        self.wake()

    def socket_of(self, leg: LegId) -> asyncio.DatagramTransport:
        """The socket of a leg that is open."""
        return self._legs[leg].transport

    def step(self) -> None:
        """Step the engine, send, hand over what is recorded, set the timer, tell events."""
        self._timer = None
        # A loop with coarse timers may call a little early: it is then the instant it was asked for.
        now = max(self._loop.time(), self._due)
        arrived, self.arrived = self.arrived, []
        step = self._engine.step(now, arrived)
        self._send(step)
        for frames in step.recorded:
            self._writer.add(frames)
        self.wake()
        for leg_id, event in step.events:
            leg = self._legs.get(leg_id)
            if leg is not None:
                leg.tell(event)

    def _send(self, step: Step) -> None:
        legs = self._legs
        for leg_id, datagram, target in step.packets:
            legs[leg_id].sendto(datagram, target)


class LegSocket(asyncio.DatagramProtocol):
    """The socket of one leg."""

    def __init__(self, driver: InProcessDriver, port: int) -> None:
        self._driver = driver
        self._time = asyncio.get_running_loop().time
        self.port = port
        self.leg: LegId | None = None
        self.transport: asyncio.DatagramTransport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = cast("asyncio.DatagramTransport", transport)
        self._driver.socket_made(self)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Keep what arrives until the next step."""
        arrived = self._driver.arrived
        if self.leg is None or len(arrived) >= ARRIVED_MAX:
            self._driver.datagrams_dropped += 1
            return
        arrived.append((self.leg, data, addr, self._time()))

    def error_received(self, exc: Exception) -> None:
        """Count an error the system reports."""
        del exc
        self._driver.socket_errors += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Return the port."""
        self._driver.socket_lost(self, exc)
        if not self.closed.done():
            self.closed.set_result(None)


class InProcessLeg:
    """A leg of this driver. After `close`, `stop`, `hear` and `close` do nothing, and the rest is a fault."""

    def __init__(
        self, driver: InProcessDriver, engine: Engine, leg_id: LegId, socket: LegSocket, address: Address
    ) -> None:
        assert socket.transport is not None
        self._driver = driver
        self._engine = engine
        self.transport = socket.transport
        self._socket = socket
        self._address = address
        self._listener: Callable[[MediaEvent], None] | None = None
        self._final: LegStatistics | None = None
        self._loop = asyncio.get_running_loop()
        self.leg_id = leg_id
        self.sendto = socket.transport.sendto

    @property
    def address(self) -> Address:
        """Where this leg receives, as others are told."""
        return self._address

    def on_event(self, listener: Callable[[MediaEvent], None] | None) -> None:
        """Tell this listener from now on."""
        self._listener = listener

    def tell(self, event: MediaEvent) -> None:
        """Pass one event on; what the listener does wrong is the loop's to report, and media go on."""
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception as error:  # noqa: BLE001
            self._loop.call_exception_handler({"message": "A media listener failed", "exception": error})

    def connect(self, stream: Stream) -> None:
        """Start, or change after a re-INVITE."""
        self._engine.connect(self.leg_id, stream, self._loop.time())
        self._driver.wake()

    def play(self, audio: Sequence[Audio], *, is_looped: bool = False) -> PlayId:
        """Say this instead of whatever is played now."""
        play_id = self._engine.play(self.leg_id, audio, self._loop.time(), is_looped=is_looped)
        self._driver.wake()
        return play_id

    def overlay(self, audio: Sequence[Audio]) -> PlayId:
        """Say this over what the peer hears."""
        play_id = self._engine.overlay(self.leg_id, audio, self._loop.time())
        self._driver.wake()
        return play_id

    def stop(self) -> None:
        """Stop playing, overlays too."""
        if self._final is None:
            self._engine.stop(self.leg_id)

    def hear(self, source: MediaLeg | None, *, with_digits: bool = False) -> None:
        """Let the peer hear what `source` receives."""
        if self._final is None:
            heard = None if source is None else _own(source).leg_id
            self._engine.hear(self.leg_id, heard, with_digits=with_digits)

    def listen_for_third_party(self) -> None:
        """Listen to what the peer says from now on."""
        if self._final is None:
            self._engine.listen_for_third_party(self.leg_id)

    def listen_for_machine(self, speech_seconds: float | None) -> None:
        """Listen to what the peer says from now on; None: no more."""
        if self._final is None:
            self._engine.listen_for_machine(self.leg_id, speech_seconds)

    def statistics(self) -> LegStatistics:
        """Counters until now, or until `close`."""
        return self._engine.statistics(self.leg_id) if self._final is None else self._final

    def close(self) -> None:
        """Free the port once the socket is gone; nothing is told any more."""
        if self._final is not None:
            return
        self._final = self.statistics()
        self._listener = None
        self._socket.leg = None
        self._driver.forget(self)
        self.transport.close()


class InProcessRecording:
    """A recording of this driver."""

    def __init__(self, driver: InProcessDriver, recording: RecordingId) -> None:
        self._driver = driver
        self._recording = recording
        self._is_complete: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """End it at this instant."""
        self._driver.stop_recording(self._recording, self._complete)

    async def completed(self) -> bool:
        """Wait until the file has its name."""
        return await asyncio.shield(self._is_complete)

    def _complete(self, is_complete: bool) -> None:  # noqa: FBT001 - as the writer calls it
        self._is_complete.set_result(is_complete)


def _own(leg: MediaLeg) -> InProcessLeg:
    assert isinstance(leg, InProcessLeg), "a leg of another driver"
    return leg
