"""Calls outside the story: a plain bridge, a menu of one key, and calls of the story over a trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest

from scenarios.phones.call import PhoneCall
from scenarios.phones.codec import Audio
from scenarios.phones.phone import Line, Phone
from switch.leg.events import Cause
from tests.support.switchboard import Board, switchboard

ROUTES = """
[[trunks]]
name = "far"
address = "10.0.0.9:5080"
prefixes = ["+44", "+1646"]
[[routes]]
bridge = "9"
trunk = "far"
[[routes]]
menu = "700"
words = ["reason/no-number"]
bridge_to = "90"
trunk = "far"
[[users]]
user = "tester"
password = "tester-secret"
"""


def tone(seconds: float, hertz: float) -> Audio:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 8000)) / 8000)).astype(np.int16)


class Far:
    """The far end of the trunk, and the phone of a tester."""

    def __init__(self, board: Board, tester: Phone, far: Phone) -> None:
        self.board = board
        self.tester = tester
        self.far = far

    async def bridged(self, dialled: str = "9123") -> tuple[PhoneCall, PhoneCall]:
        call = await self.tester.dial(dialled)
        answered = await self.far.next_call()
        await answered.answer()
        await call.answered()
        return call, answered


@asynccontextmanager
async def trunk(folder: Path, *, silence_max: float = 30) -> AsyncIterator[Far]:
    async with switchboard(folder, more=ROUTES, silence_max=silence_max) as board:
        line = Line(user="gateway", host="10.0.0.9", port=5080, is_ringing=False)
        async with Phone(line, Random(5)) as far:
            yield Far(board, await board.phone("tester"), far)
            await board.is_clean()
        assert board.records == []


async def test_a_bridge_rings_when_the_trunk_rings_and_answers_when_it_answers(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("9123")
        answered = await far.far.next_call()
        assert str(answered.request.uri) == "sip:9123@10.0.0.9:5080"
        await asyncio.sleep(1)
        assert call.ringing_at is None
        answered.ring()
        await call.rings()
        assert call.answered_at is None
        await answered.answer(after=1)
        await call.answered()
        await asyncio.gather(call.speak(tone(2, 1000)), answered.speak(tone(2, 600)))
        now = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=now - 2, until=now) > 1.5
        assert call.heard.tone_seconds(600, since=now - 2, until=now) > 1.5
        await call.hang_up()
        assert (await answered.wait_for_end()).cause is Cause.NORMAL


async def test_keys_pass_through_a_bridge(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call, answered = await far.bridged()
        await call.press("12#")
        await asyncio.sleep(0.5)
        assert "".join(pressed.key for pressed in answered.heard.keys) == "12#"
        await answered.hang_up()
        assert (await call.wait_for_end()).cause is Cause.NORMAL


@pytest.mark.parametrize(
    ("status", "told"), [(486, 486), (603, 603), (404, 404), (480, 480), (503, 503), (488, 503), (500, 503)]
)
async def test_a_bridge_that_is_not_reached_tells_the_caller_why(tmp_path: Path, status: int, told: int) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("9123")
        await (await far.far.next_call()).refuse(status)
        assert (await call.wait_for_end()).status == told


async def test_a_bridge_nobody_answers_gives_up_after_a_minute(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        started = asyncio.get_running_loop().time()
        call = await far.tester.dial("9123")
        ringing = await far.far.next_call()
        ringing.ring()
        assert (await ringing.wait_for_end()).cause is Cause.CANCELLED
        assert (await call.wait_for_end()).status == 480
        assert asyncio.get_running_loop().time() - started == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("after", [0.0, 0.0003, 0.0007, 0.002, 2.0])
@pytest.mark.parametrize("dialled", ["9123", "700"])
async def test_a_caller_who_leaves_while_it_rings_ends_the_ringing(tmp_path: Path, dialled: str, after: float) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial(dialled)
        if dialled == "700":
            await call.answered()
            await call.press("5")
        ringing = asyncio.create_task(far.far.next_call())
        await asyncio.sleep(after)
        await call.hang_up()
        await asyncio.sleep(2)
        if ringing.done():
            assert (await ringing.result().wait_for_end()).cause is Cause.CANCELLED
        ringing.cancel()


async def test_an_answer_that_crosses_the_callers_cancel_is_ended_at_once(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("9123")
        answered = await far.far.next_call()
        answered.ring()
        await call.rings()
        await asyncio.gather(call.hang_up(), answered.answer())
        assert (await answered.wait_for_end()).cause in {Cause.NORMAL, Cause.CANCELLED}


async def test_the_menu_says_its_words_takes_a_key_and_bridges_to_it(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("700")
        await call.answered()
        await asyncio.sleep(2.5)
        await call.press("7", by="info")
        answered = await far.far.next_call()
        assert answered.request.uri.user == "907"  # type: ignore[union-attr]
        await answered.answer()
        await asyncio.gather(call.speak(tone(1, 1000)), asyncio.sleep(1.5))
        now = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=now - 2, until=now) > 0.8
        await answered.hang_up()
        await call.wait_for_end()


async def test_a_menu_without_a_key_hangs_up(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("700")
        assert (await call.wait_for_end()).cause is Cause.NORMAL
        assert call.ended_at is not None and call.answered_at is not None
        assert 11 < call.ended_at - call.answered_at < 14


async def test_a_menu_whose_number_is_busy_hangs_up(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("700")
        await call.answered()
        await call.press("5")
        await (await far.far.next_call()).refuse(486)
        assert (await call.wait_for_end()).cause is Cause.NORMAL


async def test_a_bridge_ends_when_a_phone_drops_off_the_network(tmp_path: Path) -> None:
    async with trunk(tmp_path, silence_max=5) as far:
        call, _answered = await far.bridged()
        await asyncio.sleep(3)
        far.far.drop_off()
        ended = await call.wait_for_end()
        assert ended.cause is Cause.NORMAL


@pytest.mark.parametrize("at", [0.0, 0.0001, 0.001, 1.0])
async def test_a_stop_ends_a_bridge_at_whatever_instant(tmp_path: Path, at: float) -> None:
    async with trunk(tmp_path) as far:
        call = await far.tester.dial("9123")
        await asyncio.sleep(at)
        await far.board.switch.reception.close()
        await call.hang_up(after=5)


async def test_a_bridge_without_a_port_is_refused(tmp_path: Path) -> None:
    async with trunk(tmp_path) as far:
        media = far.board.switch.services.media
        legs = [await media.open_leg() for _ in range(far.board.ports)]
        call = await far.tester.dial("9123")
        assert (await call.wait_for_end()).status == 503
        for leg in legs[1:]:
            leg.close()
        legs.pop(0).close()


async def test_the_story_calls_a_number_the_trunk_carries(tmp_path: Path) -> None:
    async with switchboard(tmp_path, more=ROUTES) as board:
        async with Phone(Line(user="gateway", host="10.0.0.9", port=5080), Random(5)) as gateway:
            call = await (await board.phone("dorm")).dial("16465550100")
            await call.answered()
            await call.press("3301")
            answered = await gateway.next_call()
            assert str(answered.request.uri) == "sip:+16465550100@10.0.0.9:5080"
            await answered.answer()
            await answered.press("5")
            await call.hang_up(after=3)
            await answered.wait_for_end()
        record = await board.record()
        assert (record.why, record.billing) == ("hung-up", "free")


async def test_a_number_no_trunk_carries_is_no_route(tmp_path: Path) -> None:
    async with switchboard(tmp_path, more=ROUTES) as board:
        call = await (await board.phone("dorm")).dial("13105550100")
        await call.answered()
        await call.press("3301")
        await call.wait_for_end()
        assert (await board.record()).why == "no-route"
