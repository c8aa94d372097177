"""A switch that stops while calls end by themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.money import CallId
from switch.call.timeline import Item
from tests.support.switchboard import Board, switchboard


async def _stop_after(board: Board, steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    await board.switch.reception.close()


@pytest.mark.parametrize("steps", range(2, 8))
async def test_a_call_that_ends_just_before_the_switch_stops_is_booked_as_it_ended(tmp_path: Path, steps: int) -> None:
    async with switchboard(tmp_path) as board:
        stopping: list[asyncio.Task[None]] = []

        def watch(_: CallId, item: Item) -> None:
            if item.text == "BYE":
                stopping.append(asyncio.create_task(_stop_after(board, steps)))

        board.switch.services.watchers.append(watch)
        station = await board.phone("yard")
        call = await station.dial("12125550123")
        await call.answered()
        await asyncio.sleep(3)
        await call.hang_up()
        await asyncio.sleep(1)
        await asyncio.gather(*stopping)
        (record,) = board.records
        assert (record.why, record.ended_by) == ("gave-up", "caller")
