"""Datagram sockets of the simulated network, behind asyncio's transport interface."""

import asyncio
import socket
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, cast

from scenarios.sim.hosts import ANY
from scenarios.sim.links import DATAGRAM_BYTES_MAX
from scenarios.sim.network import Address, Network
from scenarios.sim.timers import Timers


class SimulatedSocket:
    """What `get_extra_info("socket")` shows of a simulated socket: options are accepted and mean nothing."""

    def __init__(self, kind: socket.SocketKind, name: Address) -> None:
        self.family = socket.AF_INET
        self.type = kind
        self._name = name

    def getsockname(self) -> Address:
        """Return where the socket is bound."""
        return self._name

    def setsockopt(self, *_option: object) -> None:
        """Accept an option."""

    def getsockopt(self, *_option: object) -> int:
        """Return 0 for every option."""
        return 0


class SimulatedDatagramTransport(asyncio.DatagramTransport):
    """Hands datagrams to the network, and what arrives to its protocol."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: Network,
        protocol: asyncio.DatagramProtocol,
        local: Address,
        remote: Address | None,
    ) -> None:
        self._loop = loop
        self._timers = cast("Timers", loop)  # It is the virtual one.
        self._network = network
        self._protocol = protocol
        self._remote = remote
        self._is_closing = False
        self._context = copy_context()  # What arrives is the receiver's business, whoever sent it.
        self._local = network.bind(self, *local)
        simulated = SimulatedSocket(socket.SOCK_DGRAM, self._local)
        super().__init__({"sockname": self._local, "peername": remote, "socket": simulated})

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any = None) -> None:
        """Send one datagram to `addr`, or to the peer the socket is connected to."""
        if self._is_closing:
            return
        if self._remote is not None and addr is not None and addr != self._remote:
            raise ValueError(f"Invalid address: must be None or {self._remote}")
        target = addr or self._remote
        if target is None:
            raise ValueError("a socket without a peer needs an address to send to")
        content = bytes(data)
        if len(content) > DATAGRAM_BYTES_MAX:
            error = OSError(90, f"message too long: {len(content)} bytes")
            self._loop.call_soon(self._protocol.error_received, error)
            return
        self._network.send(content, self._local, (target[0], target[1]), self, self._timers)

    @property
    def local(self) -> Address:
        """Where it is bound."""
        return self._local

    def deliver(self, data: bytes, source: Address) -> None:
        """Take a datagram from the network."""
        if not self._is_closing and (self._remote is None or self._remote == source):
            self._context.run(self._protocol.datagram_received, data, source)

    def refuse(self, target: Address) -> None:
        """Hear that nobody listens at `target`; as on Linux, only a connected socket is told."""
        if not self._is_closing and self._remote == target:
            error = ConnectionRefusedError(111, f"nobody listens at {target[0]}:{target[1]}")
            self._context.run(self._protocol.error_received, error)

    def close(self) -> None:
        """Free the port now and say so to the protocol soon."""
        if self._is_closing:
            return
        self._is_closing = True
        self._network.release(self)
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close: a datagram socket has nothing to flush."""
        self.close()

    def is_closing(self) -> bool:
        """Tell whether the socket was closed."""
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        """Return 0: datagrams leave at once."""
        return 0

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol receive from now on."""
        assert isinstance(protocol, asyncio.DatagramProtocol)
        self._protocol = protocol


def open_datagram_endpoint(
    loop: asyncio.AbstractEventLoop,
    network: Network,
    protocol_factory: Callable[[], asyncio.DatagramProtocol],
    local_addr: tuple[str | None, int] | None = None,
    remote_addr: tuple[str, int] | None = None,
    *,
    sock: socket.socket | None = None,
    **_options: object,
) -> tuple[SimulatedDatagramTransport, asyncio.DatagramProtocol]:
    """Open a simulated socket; a real `sock` only lends its address and stays unused.

    Raises:
        OSError: The address is in use.
    """
    if sock is not None:
        local_addr = sock.getsockname()[:2]
        sock.close()
    remote = None if remote_addr is None else (network.resolve(remote_addr[0]), remote_addr[1])
    if local_addr is not None:
        local = (network.resolve(local_addr[0]), local_addr[1])
    else:
        local = (ANY if remote is None else network.source_towards(remote[0]), 0)
    protocol = protocol_factory()
    transport = SimulatedDatagramTransport(loop, network, protocol, local, remote)
    protocol.connection_made(transport)
    return transport, protocol
