"""What every media driver must do for a call: bridge it, record it, and outlast its network."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import uvloop

from scenarios.sim.links import Link
from scenarios.sim.network import Network
from switch.media.control import Codec, DigitPressed, MediaDriver, MediaStarted, PlayEnded
from switch.media.g711 import expand
from switch.media.wire import parse
from tests.support.media_drivers import events_of, phone_for, running
from tests.support.rtp import Phone, tone
from tests.support.sockets import open_listener


async def test_two_phones_hear_each_other_once_bridged(make_driver: Callable[..., MediaDriver]) -> None:
    async with running(make_driver()) as driver:
        one, two = await driver.open_leg(), await driver.open_leg()
        caller, callee = await phone_for(one), await phone_for(two, ssrc=2)
        async with asyncio.TaskGroup() as group:
            group.create_task(caller.say(0x11, 50))
            group.create_task(callee.say(0x22, 50))
            await asyncio.sleep(0.5)
            assert set(b"".join(caller.heard + callee.heard)) == {0xFF}
            one.hear(two)
            two.hear(one)
        await asyncio.sleep(0.001)
        assert set(b"".join(caller.heard)) == {0xFF, 0x22}
        assert set(b"".join(callee.heard)) == {0xFF, 0x11}
        statistics = one.statistics()
        assert (statistics.packets_in, statistics.packets_lost, statistics.packets_discarded) == (50, 0, 0)
        assert statistics.packets_out == len(caller.heard)


async def test_a_phone_behind_a_translator_is_latched(
    make_driver: Callable[..., MediaDriver], network: Network
) -> None:
    network.nat("127.0.0.9", "10.0.0.5")
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        events = events_of(leg)
        phone = await phone_for(leg, host="10.0.0.5")
        await asyncio.sleep(0.2)
        unlatched = len(phone.heard)
        leg.play([tone(800)])
        await phone.say(0x11, 10)
        assert [type(event) for event in events].count(MediaStarted) == 1
        assert len(phone.heard) - unlatched >= 9


async def test_keys_are_told_and_relayed_where_allowed(make_driver: Callable[..., MediaDriver]) -> None:
    async with running(make_driver()) as driver:
        one, two = await driver.open_leg(), await driver.open_leg()
        caller, callee = await phone_for(one), await phone_for(two, ssrc=2)
        events, others = events_of(one), events_of(two)
        two.hear(one)
        await caller.press("1")
        await asyncio.sleep(0.2)
        assert {parse(data).payload_type for data, _ in callee.listener.heard} == {0}
        two.hear(one, with_digits=True)
        loop = asyncio.get_running_loop()
        pressed_at = loop.time()
        await caller.press("2")
        await asyncio.sleep(0.3)
        keys = [event for event in events if isinstance(event, DigitPressed)]
        assert [event.key for event in keys] == ["1", "2"]
        assert 0 <= keys[1].at - pressed_at <= 0.001
        relayed = [parse(data) for data, _ in callee.listener.heard if parse(data).payload_type == 101]
        assert [packet.payload[0] for packet in relayed] == [2] * 7
        assert others == []


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


async def test_a_recording_holds_both_parties_from_its_start_to_its_stop(
    make_driver: Callable[..., MediaDriver], tmp_path: Path
) -> None:
    driver = make_driver()
    one, two = await driver.open_leg(), await driver.open_leg()
    caller, callee = await phone_for(one), await phone_for(two, ssrc=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(caller.say(0x11, 150))
        group.create_task(callee.say(0x22, 150))
        await asyncio.sleep(1)
        assert list(tmp_path.iterdir()) == []
        recording = driver.record(one, two, tmp_path / "deep" / "call.wav")
        await asyncio.sleep(1)
        recording.stop()
        recording.stop()
    await driver.close()
    samples = read(tmp_path / "deep" / "call.wav")
    assert len(samples) == 8000
    said = expand(np.array([0x11, 0x22], np.uint8), Codec.PCMU).tolist()
    assert [set(samples[:, side].tolist()) for side in (0, 1)] == [{said[0]}, {said[1]}]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["call.wav"]


async def test_closing_the_driver_completes_recordings_and_frees_every_port(
    make_driver: Callable[..., MediaDriver], tmp_path: Path
) -> None:
    driver = make_driver()
    one, two = await driver.open_leg(), await driver.open_leg()
    await phone_for(one), await phone_for(two)
    driver.record(one, two, tmp_path / "call.wav")
    await asyncio.sleep(0.5)
    await driver.close()
    assert len(read(tmp_path / "call.wav")) == 4000
    async with running(make_driver()) as again:
        assert len([await again.open_leg() for _ in range(8)]) == 8


async def test_garbage_and_strangers_do_not_disturb_a_call(
    make_driver: Callable[..., MediaDriver], network: Network
) -> None:
    chance = Random(3)
    async with running(make_driver()) as driver:
        leg = await driver.open_leg()
        phone = await phone_for(leg)
        stranger = await open_listener("127.0.0.8")
        assert stranger.transport is not None
        await phone.say(0x11, 5)
        async with asyncio.TaskGroup() as group:
            group.create_task(phone.say(0x11, 100))
            for _ in range(200):
                stranger.transport.sendto(chance.randbytes(chance.choice([0, 12, 172, 200])), phone.peer)
                stranger.transport.sendto(Phone(ssrc=9).say(0x33), phone.peer)
                await asyncio.sleep(0.01)
        statistics = leg.statistics()
        assert (statistics.packets_in, statistics.packets_lost) == (105, 0)
        assert statistics.packets_discarded == 400
        assert stranger.heard == []


async def test_a_poor_network_costs_what_it_loses_and_no_more(
    make_driver: Callable[..., MediaDriver], network: Network
) -> None:
    network.link_both("far", "localhost", Link(delay=0.08, jitter=0.04, loss=0.02, duplication=0.01, reordering=0.01))
    far = network.host("far", "198.51.100.1")
    async with running(make_driver()) as driver:
        one, two = await driver.open_leg(), await driver.open_leg()
        with far.here():
            caller = await phone_for(one, host="198.51.100.1")
        callee = await phone_for(two, ssrc=2)
        two.hear(one)
        await caller.say(0x11, 1000)
        await asyncio.sleep(0.5)
        statistics = one.statistics()
        whole = callee.heard.count(b"\x11" * 160)
        assert statistics.packets_in + statistics.packets_lost == pytest.approx(1000, abs=1)
        assert 5 <= statistics.packets_lost <= 40
        assert whole >= statistics.packets_in - statistics.packets_late - 3
        assert statistics.packets_late <= 3


# --- the same on the real loops --------------------------------------------------------------------------------


async def short_call(make_driver: Callable[..., MediaDriver], path: Path) -> None:
    driver = make_driver(ports=range(46100, 46140))
    one, two = await driver.open_leg(), await driver.open_leg()
    caller = await phone_for(one)
    callee = await phone_for(two, ssrc=2, codec=Codec.PCMA)
    events = events_of(one)
    two.hear(one)
    recording = driver.record(one, two, path)
    play = one.play([tone(800)])
    await asyncio.gather(caller.say(0x11, 25), callee.say(0x22, 25))
    await caller.press("5")
    await asyncio.sleep(0.1)
    recording.stop()
    statistics = one.statistics()
    await driver.close()
    # uvloop never ends to close a loop with an open transport while warnings are errors.
    caller.transport.close()
    callee.transport.close()
    await asyncio.sleep(0)
    assert {type(event) for event in events} == {MediaStarted, PlayEnded, DigitPressed}
    assert [event.play_id for event in events if isinstance(event, PlayEnded)] == [play]
    assert (statistics.packets_in, statistics.packets_lost) == (30, 0)
    assert b"".join(callee.heard).count(bytes([0x3B])) + b"".join(callee.heard).count(0xD5) > 0
    assert 4000 <= len(read(path)) <= 8000


@pytest.mark.realtime
@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_call_on_real_sockets(
    make_driver: Callable[..., MediaDriver], loop_factory: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path
) -> None:
    def run(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main)

    run(short_call(make_driver, tmp_path / "call.wav"))
