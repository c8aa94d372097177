"""Whole calls through a whole switch, on virtual time: what was heard, and what was paid."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.support.switchboard import switchboard


async def test_an_accepted_call_is_cut_when_the_money_ends(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        station = await board.phone("yard")
        family = await board.phone("family")
        call = await station.dial("12125550123")
        await call.answered()
        await asyncio.sleep(3)
        await call.press("4417")
        ringing = await family.next_call()
        await ringing.answer(after=2)
        await asyncio.sleep(4)
        await ringing.press("5")
        await ringing.wait_for_end()
        await call.wait_for_end()
        await asyncio.sleep(1)
        (record,) = board.records
        assert record.why == "funds-exhausted"
        assert record.talk == timedelta(seconds=180)
        assert str(record.charged) == "0.075"
        assert (await board.balances())["advancepay:+12125550123"] == "0"
