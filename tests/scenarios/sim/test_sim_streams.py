import asyncio
from asyncio import StreamReader, StreamWriter

import pytest

from scenarios.sim.links import Link
from scenarios.sim.network import Network

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


class Ends(asyncio.Protocol):
    """Keeps what a transport tells."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_ended = False
        self.lost: list[Exception | None] = []

    def data_received(self, data: bytes) -> None:
        self.received.extend(data)

    def eof_received(self) -> bool:
        self.is_ended = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


async def joined() -> tuple[asyncio.Transport, Ends, asyncio.Transport, Ends]:
    loop = asyncio.get_running_loop()
    far_ends = Ends()
    made: list[asyncio.Transport] = []
    far_ends.connection_made = made.append  # type: ignore[method-assign, assignment]
    await loop.create_server(lambda: far_ends, SOUTH, 8080)
    near, near_ends = await loop.create_connection(Ends, SOUTH, 8080)
    return near, near_ends, made[0], far_ends


async def test_one_side_may_end_its_sending_and_still_hear() -> None:
    near, near_ends, far, far_ends = await joined()
    assert near.can_write_eof()
    near.write(b"question")
    near.write_eof()
    near.write(b"lost")
    await asyncio.sleep(1)
    assert (bytes(far_ends.received), far_ends.is_ended) == (b"question", True)
    far.write(b"answer")
    await asyncio.sleep(1)
    assert bytes(near_ends.received) == b"answer"
    far.close()
    far.close()
    assert far.is_closing()
    near.close()
    await asyncio.sleep(1)
    assert (near_ends.lost, far_ends.lost) == ([None], [None])


async def test_what_arrives_while_reading_pauses_is_kept_and_counts_as_unsent() -> None:
    near, _, far, far_ends = await joined()
    assert far.is_reading()
    far.pause_reading()
    near.write(b"x" * 100)
    await asyncio.sleep(1)
    assert not far.is_reading()
    assert (far_ends.received, near.get_write_buffer_size()) == (b"", 100)
    far.resume_reading()
    await asyncio.sleep(1)
    assert (bytes(far_ends.received), near.get_write_buffer_size()) == (b"x" * 100, 0)


async def test_a_stream_tells_its_addresses_and_limits_and_changes_protocols() -> None:
    near, _, far, far_ends = await joined()
    assert near.get_extra_info("peername") == (SOUTH, 8080) == far.get_extra_info("sockname")
    assert near.get_extra_info("sockname") == far.get_extra_info("peername")
    near.set_write_buffer_limits(high=1000)
    assert near.get_write_buffer_limits() == (250, 1000)
    near.set_write_buffer_limits()
    assert near.get_write_buffer_limits() == (16384, 65536)
    later = Ends()
    far.set_protocol(later)
    assert far.get_protocol() is later
    near.write(b"hello")
    await asyncio.sleep(1)
    assert (bytes(later.received), bytes(far_ends.received)) == (b"hello", b"")


async def test_connecting_across_a_cut_waits_for_it_to_heal_and_then_gives_up(network: Network) -> None:
    loop = asyncio.get_running_loop()
    async with await asyncio.start_server(echo, SOUTH, 8080):
        network.cut("localhost", SOUTH)
        loop.call_later(5, network.heal, "localhost", SOUTH)
        _, writer = await asyncio.open_connection(SOUTH, 8080)
        assert loop.time() == pytest.approx(5, abs=1.1)
        writer.close()
        network.cut("localhost", SOUTH)
        with pytest.raises(TimeoutError, match="timed out"):
            await asyncio.open_connection(SOUTH, 8080)


async def test_a_server_serves_until_it_is_told_to_stop() -> None:
    server = await asyncio.start_server(echo, SOUTH)
    assert server.is_serving()
    assert server.get_loop() is asyncio.get_running_loop()
    host, port = server.sockets[0].getsockname()
    assert (host, port >= 49152) == (SOUTH, True)
    await server.start_serving()
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(1)
    serving.cancel()
    await asyncio.wait({serving})
    assert not server.is_serving()
    assert server.sockets == ()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(SOUTH, port)
