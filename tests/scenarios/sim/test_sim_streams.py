import asyncio
from asyncio import StreamReader, StreamWriter

import pytest

from scenarios.sim.network import Link, Network

NORTH, SOUTH = "10.0.0.1", "10.0.0.2"


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    finally:
        writer.close()


async def test_lines_go_there_and_back_in_two_delays(network: Network) -> None:
    network.link_both(NORTH, SOUTH, Link(delay=0.05))
    server = await asyncio.start_server(echo, SOUTH, 8080)
    reader, writer = await asyncio.open_connection(SOUTH, 8080, local_addr=(NORTH, 0))
    asked_at = asyncio.get_running_loop().time()
    writer.write(b"one\n")
    assert await reader.readline() == b"one\n"
    assert asyncio.get_running_loop().time() == pytest.approx(asked_at + 0.1)
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""
    server.close()
    await server.wait_closed()


async def test_nobody_listening_refuses(network: Network) -> None:
    with pytest.raises(ConnectionRefusedError, match="8081"):
        await asyncio.open_connection(SOUTH, 8081)


async def test_a_port_is_served_once() -> None:
    async with await asyncio.start_server(echo, SOUTH, 8080):
        with pytest.raises(OSError, match="in use"):
            await asyncio.start_server(echo, SOUTH, 8080)
    async with await asyncio.start_server(echo, SOUTH, 8080) as again:
        assert again.sockets[0].getsockname() == (SOUTH, 8080)


async def test_a_slow_reader_slows_its_writer_and_loses_nothing() -> None:
    received = bytearray()
    drained_at: list[float] = []

    async def read_slowly(reader: StreamReader, writer: StreamWriter) -> None:
        while chunk := await reader.read(10_000):
            received.extend(chunk)
            await asyncio.sleep(0.1)
        writer.close()

    async with await asyncio.start_server(read_slowly, SOUTH, 8080, limit=10_000):
        _, writer = await asyncio.open_connection(SOUTH, 8080)
        for number in range(300):
            writer.write(bytes([number % 256]) * 1000)
            await writer.drain()
        drained_at.append(asyncio.get_running_loop().time())
        writer.write_eof()
        await asyncio.sleep(10)
        writer.close()
    assert bytes(received) == b"".join(bytes([number % 256]) * 1000 for number in range(300))
    assert drained_at[0] > 1


async def test_bytes_written_during_a_cut_arrive_when_it_heals(network: Network) -> None:
    async with await asyncio.start_server(echo, SOUTH, 8080):
        reader, writer = await asyncio.open_connection(SOUTH, 8080)
        network.cut("localhost", SOUTH)
        writer.write(b"one\n")
        await asyncio.sleep(5)
        network.heal("localhost", SOUTH)
        assert await reader.readline() == b"one\n"
        writer.close()


async def test_a_cut_that_stays_loses_the_connection(network: Network) -> None:
    async with await asyncio.start_server(echo, SOUTH, 8080):
        reader, writer = await asyncio.open_connection(SOUTH, 8080)
        network.cut("localhost", SOUTH)
        writer.write(b"one\n")
        with pytest.raises(TimeoutError):
            await reader.readline()
        writer.close()


async def test_an_aborted_connection_is_reset_at_the_other_end() -> None:
    ends: list[BaseException] = []

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await reader.readline()
        except ConnectionResetError as error:
            ends.append(error)
        writer.close()

    async with await asyncio.start_server(listen, SOUTH, 8080):
        _, writer = await asyncio.open_connection(SOUTH, 8080)
        writer.transport.abort()
        await asyncio.sleep(1)
    assert len(ends) == 1


async def test_tls_is_refused_clearly() -> None:
    with pytest.raises(NotImplementedError, match="TLS"):
        await asyncio.open_connection(SOUTH, 8080, ssl=True)
