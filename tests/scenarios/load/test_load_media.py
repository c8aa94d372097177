"""The audio of the load on real sockets, through a relay that loses what it is told to."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Any

import pytest

from scenarios.load.media import Media, Voice
from scenarios.phones.packets import read_event, read_packet

pytestmark = pytest.mark.realtime

HOST = "127.0.0.1"


class Relay(asyncio.DatagramProtocol):
    """Passes packets on to one address, all but each n-th, until it has seen so many."""

    def __init__(self, target: tuple[str, int], *, loses_each: int = 0, until: int = 60) -> None:
        self.target = target
        self.loses_each = loses_each
        self.seen: list[bytes] = []
        self.until = until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.seen.append(data)
        if len(self.seen) >= self.until and not self.done.done():
            self.done.set_result(None)
        if not self.loses_each or len(self.seen) % self.loses_each:
            self.transport.sendto(data, self.target)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.transport.get_extra_info("sockname")[:2]
        return host, port


@contextmanager
def media(*, has_audio: bool = True) -> Iterator[Media]:
    made = Media(HOST, time.monotonic, Random(1), has_audio=has_audio)
    try:
        yield made
    finally:
        made.close()


@asynccontextmanager
async def relayed(target: tuple[str, int], **facts: int) -> AsyncIterator[Relay]:
    loop = asyncio.get_running_loop()
    transport, relay = await loop.create_datagram_endpoint(lambda: Relay(target, **facts), local_addr=(HOST, 0))
    try:
        yield relay
    finally:
        transport.close()


async def settled(voice: Voice, relay: Relay) -> None:
    """Until the relay has seen enough and the last of it was heard."""
    async with asyncio.timeout(20):
        await relay.done
        heard = sum(stream.received for stream in voice.arrived.values())
        while sum(stream.received for stream in voice.arrived.values()) < heard + 2:
            await asyncio.sleep(0)


async def test_each_lost_packet_is_counted_by_sequence_and_by_mark() -> None:
    with media() as sound:
        speaker, listener = sound.open(), sound.open()
        listener.partner = speaker.number
        async with relayed(listener.address, loses_each=7) as relay:
            sound.connect(speaker, relay.address, 0, 101)
            await settled(listener, relay)
            (stream,) = listener.arrived.values()
        lost = sum(1 for index in range(stream.expected) if (index + 1) % 7 == 0)
        assert stream.expected - stream.received == lost >= 8
        assert (listener.marks.expected, listener.marks.received) == (stream.expected, stream.received)
        assert listener.address[1] % 2 == 0
        assert listener.delays and 0 <= listener.delays[0] < 1


async def test_audio_that_leads_to_another_call_is_noticed() -> None:
    with media() as sound:
        speaker, stranger = sound.open(), sound.open()
        stranger.partner = 12_345
        async with relayed(stranger.address, until=5) as relay:
            sound.connect(speaker, relay.address, 0, 101)
            await settled(stranger, relay)
        assert sound.strays["audio of another call"] >= 5
        assert stranger.marks.expected == 0


@pytest.mark.parametrize("has_audio", [True, False])
async def test_keys_leave_as_telephone_events_with_audio_and_without(*, has_audio: bool) -> None:
    with media(has_audio=has_audio) as sound:
        speaker = sound.open()
        async with relayed((HOST, 9), until=14) as relay:
            sound.connect(speaker, relay.address, 0, 96)
            pressed = sound.press(speaker, "4,7")
            async with asyncio.timeout(20):
                at = await pressed
                await relay.done
                while speaker.keys or sum(1 for data in relay.seen if data[1] & 0x7F == 96) < 14:
                    await asyncio.sleep(0)
            packets = [packet for packet in map(read_packet, relay.seen) if packet is not None]
        events = [packet for packet in packets if packet.payload_type == 96]
        keys = [event for packet in events if (event := read_event(packet.payload)) is not None]
        assert [key.key for key in keys] == ["4"] * 7 + ["7"] * 7
        assert [key.is_ended for key in keys] == ([False] * 4 + [True] * 3) * 2
        assert [packet.is_marked for packet in events].count(True) == 2
        assert len({packet.timestamp for packet in events}) == 2
        assert [packet.sequence for packet in packets] == list(range(len(packets)))
        assert any(packet.payload_type == 0 for packet in packets) is has_audio
        assert at <= time.monotonic()


async def test_what_comes_after_the_end_of_a_call_belongs_to_nobody() -> None:
    now = [100.0]
    sound = Media(HOST, lambda: now[0], Random(1), has_audio=True)
    try:
        voice = sound.open()
        port = voice.address[1]
        sound.close_voice(voice)
        now[0] += 1.0
        assert sound.open().address[1] != port, "the port rests"
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, port))
        transport.sendto(bytes([0x80]) + bytes(40))
        async with asyncio.timeout(5):
            while not sound.strays["audio after the end of a call"]:
                await asyncio.sleep(0)
        transport.close()
        assert voice.arrived == {}
        now[0] += 10.0
        assert sound.open().address[1] == port
    finally:
        sound.close()
