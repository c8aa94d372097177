"""Streams of the simulated network: what TCP promises, with a link's delay and without its losses.

Bytes arrive in order or not at all. While hosts are cut apart, segments wait and are tried again; after
`PATIENCE_SECONDS` the connection is lost. There is no TLS: what asks for it is refused.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from scenarios.sim.datagrams import SimulatedSocket
from scenarios.sim.hosts import ANY
from scenarios.sim.network import Address, Network

HIGH_WATER_BYTES = 65536
"""Bytes sent and not yet taken by the peer's protocol above which the sender is asked to pause."""

LOW_WATER_BYTES = 16384
"""Bytes under which a paused sender may go on: a quarter, as asyncio does."""

RETRY_SECONDS = 1.0
"""Between two tries to pass a cut link: the least retransmission timeout of RFC 6298 §2.4."""

PATIENCE_SECONDS = 60.0
"""Until a connection that gets nothing through is lost; RFC 9293 asks for 100 s at least, tests for less."""


class SimulatedStreamTransport(asyncio.Transport):
    """One end of a stream."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: Network,
        protocol: asyncio.Protocol,
        local: Address,
        remote: Address,
    ) -> None:
        simulated = SimulatedSocket(socket.SOCK_STREAM, local)
        super().__init__({"sockname": local, "peername": remote, "socket": simulated})
        self._loop = loop
        self._network = network
        self._protocol: asyncio.Protocol = protocol
        self._local, self._remote = local, remote
        self._peer: SimulatedStreamTransport | None = None
        self._is_closing = self._is_lost = self._is_ended = self._is_reading_paused = self._is_writing_paused = False
        self._underway: deque[bytes | None] = deque()  # None is the end of the stream
        self._underway_bytes = 0
        self._arrived: deque[bytes | None] = deque()
        self._last_arrival = 0.0
        self._high, self._low = HIGH_WATER_BYTES, LOW_WATER_BYTES

    def join(self, peer: "SimulatedStreamTransport") -> None:
        """Make `peer` the other end."""
        self._peer = peer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        if self._is_ended or self._is_closing or not data:
            return
        self._underway_bytes += len(data)
        self._send(bytes(data))
        if self._underway_bytes > self._high and not self._is_writing_paused:
            self._is_writing_paused = True
            self._protocol.pause_writing()

    def write_eof(self) -> None:
        """Say that nothing more will be sent."""
        if not self._is_ended:
            self._is_ended = True
            self._send(None)

    def can_write_eof(self) -> bool:
        """Return True: an end can be sent alone."""
        return True

    def close(self) -> None:
        """Send what is under way, then end the stream."""
        if self._is_closing:
            return
        self.write_eof()
        self._is_closing = True
        self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """End the stream now; the peer hears of a reset."""
        self._is_closing = self._is_ended = True
        self._underway.clear()
        if self._peer is not None:
            delay = self._network.one_way(self._local[0], self._remote[0])
            if delay is not None:
                self._loop.call_later(delay, self._peer._lose, ConnectionResetError(104, "reset by peer"))
        self._loop.call_soon(self._lose, None)

    def is_closing(self) -> bool:
        """Tell whether the stream is closed or closing."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Keep what arrives until `resume_reading`."""
        self._is_reading_paused = True

    def resume_reading(self) -> None:
        """Hand over what arrived meanwhile, and go on."""
        self._is_reading_paused = False
        self._loop.call_soon(self._hand_over)

    def is_reading(self) -> bool:
        """Tell whether the protocol takes data."""
        return not self._is_reading_paused and not self._is_closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when the protocol is asked to pause and to resume."""
        self._high = HIGH_WATER_BYTES if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the peer has not taken yet."""
        return self._underway_bytes

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the low and the high limit."""
        return (self._low, self._high)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol read from now on."""
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def _send(self, piece: bytes | None) -> None:
        self._underway.append(piece)
        self._schedule(self._loop.time())

    def _schedule(self, asked_at: float) -> None:
        delay = self._network.one_way(self._local[0], self._remote[0])
        if delay is not None:
            self._last_arrival = max(self._last_arrival, self._loop.time() + delay)
            self._loop.call_at(self._last_arrival, self._arrive)
        elif self._loop.time() - asked_at < PATIENCE_SECONDS:
            self._loop.call_later(RETRY_SECONDS, self._schedule, asked_at)
        else:
            self._lose(TimeoutError(110, "connection timed out"))

    def _arrive(self) -> None:
        """Pass the oldest piece under way: each scheduled arrival stands for one piece."""
        if self._underway and self._peer is not None:
            self._peer._arrived.append(self._underway.popleft())
            self._peer._hand_over()

    def _hand_over(self) -> None:
        while self._arrived and not self._is_reading_paused:
            piece = self._arrived.popleft()
            if self._is_lost:
                continue
            if piece is None:
                if not self._protocol.eof_received():
                    self.close()
                continue
            if not self._is_closing:
                self._protocol.data_received(piece)
            if self._peer is not None:
                self._peer._taken(len(piece))

    def _taken(self, count: int) -> None:
        self._underway_bytes -= count
        if self._is_writing_paused and self._underway_bytes <= self._low:
            self._is_writing_paused = False
            self._protocol.resume_writing()

    def _lose(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = self._is_closing = self._is_ended = True
        self._protocol.connection_lost(error)


class SimulatedServer(asyncio.AbstractServer):
    """A listening stream socket."""

    def __init__(self, network: Network, where: Address, loop: asyncio.AbstractEventLoop) -> None:
        self._network = network
        self._where = where
        self._loop = loop
        self._closed = asyncio.Event()

    @property
    def sockets(self) -> tuple[SimulatedSocket, ...]:
        """The listening socket, as asyncio's servers show it."""
        return () if self._closed.is_set() else (SimulatedSocket(socket.SOCK_STREAM, self._where),)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return self._loop

    def is_serving(self) -> bool:
        """Tell whether connections are taken."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Take no more connections."""
        if not self._closed.is_set():
            del self._network.listeners[self._where]
            self._closed.set()

    async def wait_closed(self) -> None:
        """Wait until the server is closed."""
        await self._closed.wait()

    async def start_serving(self) -> None:
        """Do nothing: the server serves from its creation."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        try:
            await self._closed.wait()
        finally:
            self.close()


async def connect(
    loop: asyncio.AbstractEventLoop,
    network: Network,
    protocol_factory: Callable[[], asyncio.Protocol],
    host: str | None,
    port: int | None,
    *,
    local_addr: tuple[str, int] | None = None,
    ssl: object = None,
    **_options: object,
) -> tuple[SimulatedStreamTransport, asyncio.Protocol]:
    """Open a stream.

    Raises:
        ConnectionRefusedError: Nobody listens there.
        TimeoutError: Nothing passes.
    """
    _refuse_tls(ssl)
    assert host is not None
    assert port is not None
    remote = (network.resolve(host), port)
    wanted = (
        (network.source_towards(remote[0]), 0)
        if local_addr is None
        else (network.resolve(local_addr[0]), local_addr[1])
    )
    local = (wanted[0], wanted[1] or next(network.host_of(wanted[0]).ports))
    started = loop.time()
    while (there := network.one_way(local[0], remote[0])) is None:
        if loop.time() - started >= PATIENCE_SECONDS:
            raise TimeoutError(110, f"connecting to {remote[0]}:{remote[1]} timed out")
        await asyncio.sleep(RETRY_SECONDS)
    await asyncio.sleep(there)
    accept = network.listeners.get(remote) or network.listeners.get((ANY, port))
    await asyncio.sleep(there)
    if accept is None:
        raise ConnectionRefusedError(111, f"nobody listens at {remote[0]}:{remote[1]}")
    protocol = protocol_factory()
    near = SimulatedStreamTransport(loop, network, protocol, local, remote)
    accept(near, local, remote)
    protocol.connection_made(near)
    return near, protocol


def listen(
    loop: asyncio.AbstractEventLoop,
    network: Network,
    protocol_factory: Callable[[], asyncio.Protocol],
    host: str | None,
    port: int | None,
    *,
    ssl: object = None,
    **_options: object,
) -> SimulatedServer:
    """Listen for streams.

    Raises:
        OSError: The port is taken.
    """
    _refuse_tls(ssl)
    address = network.resolve(host)
    where = (address, port or next(network.host_of(address).ports))
    if where in network.listeners:
        raise OSError(98, f"address in use: {where[0]}:{where[1]}")

    def accept(near: SimulatedStreamTransport, source: Address, target: Address) -> None:
        protocol = protocol_factory()
        far = SimulatedStreamTransport(loop, network, protocol, target, source)
        near.join(far)
        far.join(near)
        protocol.connection_made(far)

    network.listeners[where] = accept
    return SimulatedServer(network, where, loop)


def _refuse_tls(ssl: object) -> None:
    if ssl:
        raise NotImplementedError("the simulated network carries no TLS")
