"""A caller who hangs up while it rings at the other end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.switchboard import switchboard


async def test_giving_up_while_it_rings_leaves_no_port_and_is_recorded_as_having_rung(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        free = board.switch.metrics()["media_ports_free"]
        station = await board.phone("yard")
        family = await board.phone("family")
        call = await station.dial("12125550123")
        await call.answered()
        await asyncio.sleep(3)
        await call.press("4417")
        await family.next_call()
        await asyncio.sleep(2)
        await call.hang_up()
        await asyncio.sleep(1)
        (record,) = board.records
        assert (record.why, record.ended_by) == ("gave-up", "caller")
        assert record.rang_at is not None and record.answered_at is None
        assert board.switch.metrics()["media_ports_free"] == free
