"""The media drivers there are, and phones with sockets. A second driver joins by a second entry in `DRIVERS`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

from switch.media.control import Address, Codec, MediaDriver, MediaEvent, MediaLeg, Stream
from switch.media.driver import InProcessDriver
from switch.media.wire import parse
from tests.support.rtp import Phone
from tests.support.sockets import Listener, open_listener

HOST = "127.0.0.1"
PORTS = range(42000, 42016)


def in_process(ports: range = PORTS, silence_max: float = 30.0) -> MediaDriver:
    return InProcessDriver(host=HOST, advertised="203.0.113.1", ports=ports, random=Random(7), silence_max=silence_max)


DRIVERS: list[Callable[..., MediaDriver]] = [in_process]


@asynccontextmanager
async def running(driver: MediaDriver) -> AsyncIterator[MediaDriver]:
    try:
        yield driver
    finally:
        await driver.close()


class SoftPhone:
    """A phone with a socket: says one code all the time until told otherwise."""

    def __init__(self, listener: Listener, peer: Address, ssrc: int) -> None:
        assert listener.transport is not None
        self.listener = listener
        self.transport = listener.transport
        self.address: Address = self.transport.get_extra_info("sockname")[:2]
        self.peer = peer
        self.phone = Phone(ssrc=ssrc)

    async def say(self, code: int, frames: int) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for n in range(frames):
            self.transport.sendto(self.phone.say(code), self.peer)
            await asyncio.sleep(started + (n + 1) * 0.02 - loop.time())

    async def press(self, key: str) -> None:
        for packet in self.phone.press(key):
            self.transport.sendto(packet, self.peer)
            await asyncio.sleep(0.02)

    @property
    def heard(self) -> list[bytes]:
        return [parse(data).payload for data, _ in self.listener.heard]


async def phone_for(leg: MediaLeg, *, ssrc: int = 1, host: str = HOST, codec: Codec = Codec.PCMU) -> SoftPhone:
    """Open a phone and connect the leg to it."""
    phone = SoftPhone(await open_listener(host), (HOST, leg.address[1]), ssrc)
    phone.phone.codec = codec
    leg.connect(Stream(phone.address, codec, codec.value, 101))
    return phone


def events_of(leg: MediaLeg) -> list[MediaEvent]:
    events: list[MediaEvent] = []
    leg.on_event(events.append)
    return events
