from __future__ import annotations

import asyncio

import pytest

from switch.net.udp import open_udp

Arrived = list[tuple[bytes, tuple[str, int]]]


async def exchange() -> None:
    arrived: Arrived = []
    here = asyncio.Event()

    def take(data: bytes, source: tuple[str, int]) -> None:
        arrived.append((data, source))
        here.set()

    one = await open_udp("127.0.0.1", 0, lambda _data, _source: None)
    other = await open_udp("127.0.0.1", 0, take)
    assert other.address[0] == "127.0.0.1"
    assert other.address[1] > 0
    one.send(b"hello", other.address)
    async with asyncio.timeout(5):
        await here.wait()
    assert arrived == [(b"hello", one.address)]
    await one.close()
    await other.close()


async def test_a_datagram_arrives_with_its_source_on_virtual_time() -> None:
    await exchange()


@pytest.mark.realtime
async def test_a_datagram_arrives_with_its_source_on_real_sockets() -> None:
    await exchange()


async def test_sending_after_close_is_counted_and_closing_twice_is_fine() -> None:
    transport = await open_udp("127.0.0.1", 0, lambda _data, _source: None)
    await transport.close()
    transport.send(b"late", ("127.0.0.1", 9))
    assert transport.counters["sent_after_close"] == 1
    await transport.close()


async def test_a_port_unreachable_is_counted_and_the_socket_lives() -> None:
    arrived: Arrived = []
    transport = await open_udp("127.0.0.1", 0, lambda data, source: arrived.append((data, source)))
    transport.error_received(ConnectionRefusedError())
    transport.send(b"to myself", transport.address)
    await asyncio.sleep(1)
    assert transport.counters["socket_errors"] == 1
    assert arrived == [(b"to myself", transport.address)]
    await transport.close()


async def test_a_taken_port_is_refused() -> None:
    first = await open_udp("127.0.0.1", 0, lambda _data, _source: None)
    with pytest.raises(OSError):
        await open_udp("127.0.0.1", first.address[1], lambda _data, _source: None)
    await first.close()
