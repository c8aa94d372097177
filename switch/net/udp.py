"""A UDP socket of the event loop: datagrams in and out, and nothing else.

Deviates: RFC 3261 §18.1.1 wants requests above 1300 octets sent over TCP. They go out over UDP here;
on the networks this runs on IP fragments arrive, and the peers we know of have no TCP listener.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, cast

Address = tuple[str, int]
Receiver = Callable[[bytes, Address], None]

RECEIVE_BUFFER: Final = 4 * 1024 * 1024
"""Octets asked of the kernel: at 1,000 calls/s about 8 MB/s arrive, so half a second of standstill."""


class UdpTransport(asyncio.DatagramProtocol):
    """One bound socket. Errors that ICMP reports are counted and change nothing."""

    def __init__(self, receiver: Receiver) -> None:
        self.counters: Counter[str] = Counter()
        self._receiver = receiver
        self._transport: asyncio.DatagramTransport | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> Address:
        """Where it is bound; the port is the real one even if 0 was asked for."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def send(self, data: bytes, destination: Address) -> None:
        """Send a datagram; after `close` it is dropped and counted."""
        if self._transport is None or self._transport.is_closing():
            self.counters["sent_after_close"] += 1
            return
        self._transport.sendto(data, destination)

    async def close(self) -> None:
        """Close the socket and wait until it is gone."""
        if self._transport is not None:
            self._transport.close()
            await self._closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; ask for a larger receive buffer where there is a real socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's are no subclass
        sock = transport.get_extra_info("socket")
        if sock is not None:
            self._enlarge(sock)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Pass it on."""
        self._receiver(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - asyncio calls it so
        """Count it: a port unreachable says nothing certain about any transaction."""
        self.counters["socket_errors"] += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Wake who waits in `close`."""
        if not self._closed.done():
            self._closed.set_result(None)

    def _enlarge(self, sock: socket.socket) -> None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        except (OSError, AttributeError):
            self.counters["receive_buffer_refused"] += 1


async def open_udp(host: str, port: int, receiver: Receiver) -> UdpTransport:
    """Bind a socket; every datagram goes to `receiver`.

    Raises:
        OSError: The address is taken or not ours.
    """
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: UdpTransport(receiver), local_addr=(host, port))
    return protocol
