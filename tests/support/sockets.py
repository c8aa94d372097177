"""Sockets for tests: a protocol that keeps what it hears, with the instant."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

Address = tuple[str, int]


@dataclass(slots=True)
class Listener(asyncio.DatagramProtocol):
    """Keeps every datagram, its source and its instant, and every error."""

    heard: list[tuple[bytes, Address]] = field(default_factory=list)
    instants: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None
    is_lost: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.heard.append((data, addr))
        self.instants.append(asyncio.get_running_loop().time())

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True

    @property
    def address(self) -> Address:
        assert self.transport is not None
        return self.transport.get_extra_info("sockname")

    def send(self, data: bytes, target: Address | None = None) -> None:
        assert self.transport is not None
        self.transport.sendto(data, target)

    @property
    def datagrams(self) -> list[bytes]:
        return [data for data, _ in self.heard]


async def open_listener(host: str = "127.0.0.1", port: int = 0, remote: Address | None = None) -> Listener:
    """Open a socket on the running loop."""
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(Listener, local_addr=(host, port), remote_addr=remote)
    return protocol
