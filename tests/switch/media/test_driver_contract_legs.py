"""What every media driver must do for a leg: its port, what it plays, what its listener is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from scenarios.sim.network import Network
from switch.media.control import Codec, MediaDriver, MediaEvent, MediaLost, PlayEnded, PortsExhaustedError
from switch.media.driver import InProcessDriver
from switch.media.g711 import compress
from tests.support.media_drivers import HOST, events_of, phone_for, running
from tests.support.rtp import tone
from tests.support.sockets import open_listener


async def test_a_leg_tells_the_advertised_address_and_an_even_port(make_driver: Callable[..., MediaDriver]) -> None:
    async with running(make_driver()) as driver:
        legs = [await driver.open_leg() for _ in range(8)]
        assert {leg.address for leg in legs} == {("203.0.113.1", port) for port in range(42000, 42016, 2)}


async def test_another_life_begins_with_other_ports() -> None:
    """Phones that a dead switch left talking still send to those it began with."""
    firsts = []
    for life in range(3):
        driver = InProcessDriver(host=HOST, advertised=HOST, ports=range(42000, 42400), random=Random(life))
        async with running(driver):
            firsts.append((await driver.open_leg()).address[1])
    assert len(set(firsts)) == 3


async def test_a_ninth_leg_in_a_pool_of_eight_is_refused_until_one_closes(
    make_driver: Callable[..., MediaDriver],
) -> None:
    async with running(make_driver()) as driver:
        legs = [await driver.open_leg() for _ in range(8)]
        with pytest.raises(PortsExhaustedError):
            await driver.open_leg()
        port = legs[3].address[1]
        legs[3].close()
        legs[3].close()
        await asyncio.sleep(0)
        assert (await driver.open_leg()).address[1] == port


async def test_a_port_something_else_holds_is_passed_over(make_driver: Callable[..., MediaDriver]) -> None:
    await open_listener(HOST, 42000)
    async with running(make_driver()) as driver:
        assert {(await driver.open_leg()).address[1] for _ in range(7)} == set(range(42002, 42016, 2))
        with pytest.raises(PortsExhaustedError):
            await driver.open_leg()


async def test_nothing_is_sent_before_connect(make_driver: Callable[..., MediaDriver], network: Network) -> None:
    passages: list[object] = []
    network.observe(passages.append)
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        leg.play([tone(800)])
        await asyncio.sleep(1)
        assert passages == []


async def test_a_prompt_is_heard_whole_and_its_end_told_with_the_instant(
    make_driver: Callable[..., MediaDriver],
) -> None:
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        events = events_of(leg)
        phone = await phone_for(leg)
        play = leg.play([tone(700), tone(500)])
        await asyncio.sleep(0.5)
        audio = b"".join(phone.heard)
        assert compress(np.concatenate([tone(700), tone(500)]), Codec.PCMU).tobytes() in audio
        last = phone.listener.instants[7]
        assert events == [PlayEnded(play, pytest.approx(last, abs=0.001))]


async def test_a_listener_may_command_and_is_never_called_from_a_command(
    make_driver: Callable[..., MediaDriver],
) -> None:
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        phone = await phone_for(leg)
        order: list[str] = []

        def listen(event: MediaEvent) -> None:
            order.append(type(event).__name__)
            if len(order) < 4:
                leg.play([])
                order.append("commanded")
            else:
                leg.close()

        leg.on_event(listen)
        leg.play([])
        order.append("begun")
        await asyncio.sleep(0.3)
        assert order == ["begun", "PlayEnded", "commanded", "PlayEnded"]
        before = len(phone.heard)
        await asyncio.sleep(0.3)
        assert len(phone.heard) == before


async def test_a_listener_that_fails_is_reported_and_media_go_on(make_driver: Callable[..., MediaDriver]) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        phone = await phone_for(leg)

        def fail(event: MediaEvent) -> None:
            raise ValueError(event)

        leg.on_event(fail)
        leg.play([])
        await asyncio.sleep(0.3)
        assert [type(context["exception"]) for context in reported] == [ValueError]
        assert len(phone.heard) >= 14


async def test_silence_is_told(make_driver: Callable[..., MediaDriver]) -> None:
    async with running(make_driver(silence_max=3.0)) as driver:
        leg = await driver.open_leg()
        events = events_of(leg)
        phone = await phone_for(leg)
        await phone.say(0x11, 50)
        ended = asyncio.get_running_loop().time()
        await asyncio.sleep(10)
        losses = [event.at for event in events if isinstance(event, MediaLost)]
        assert losses == [pytest.approx(ended + 3, abs=0.15)]


async def test_counters_stay_after_close(make_driver: Callable[..., MediaDriver]) -> None:
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        phone = await phone_for(leg)
        await phone.say(0x11, 20)
        before = leg.statistics()
        leg.close()
        leg.stop()
        leg.hear(None)
        assert leg.statistics() == before
        assert before.packets_in == 20


async def test_a_driver_without_connected_legs_sets_no_timer(make_driver: Callable[..., MediaDriver]) -> None:
    loop: Any = asyncio.get_running_loop()
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        assert loop.pending_timers == []
        await phone_for(leg)
        assert len(loop.pending_timers) == 1
        leg.close()
        assert loop.pending_timers == []
