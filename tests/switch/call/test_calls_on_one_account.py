"""Calls to several numbers that one account pays (S3-3): together they talk all its money, and no second more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.hold import HoldState
from ledger.money import Money, total
from tests.switch.call.shared_account import ACCOUNT, all_talk, rung, sharing, talk, top_up


@pytest.mark.parametrize(
    ("count", "increment", "slice_", "deposit", "seconds"),
    [
        (2, 1, 50, "0.1", 100),
        (2, 1, 60, "0.1", 100),
        (3, 1, 7, "0.1", 100),
        (4, 1, 24, "0.0965", 96),
        (5, 1, 20, "0.13", 130),
        (5, 6, 20, "0.13", 126),
        (2, 60, 60, "0.24", 240),
        (3, 60, 60, "0.3", 300),
        (4, 60, 90, "0.539", 480),
        (5, 60, 45, "0.419999", 360),
    ],
)
async def test_calls_on_one_balance_talk_exactly_what_it_pays(
    tmp_path: Path, count: int, increment: int, slice_: int, deposit: str, seconds: int
) -> None:
    """Slices divide the money or do not; of talk priced by 6 or 60 seconds, no part of an increment is begun."""
    talking = f"slice = {slice_}"
    async with sharing(tmp_path, count=count, deposit=deposit, increment=increment, talking=talking) as board:
        for call, _ in await all_talk(board, count):
            await call.wait_for_end()
        await board.record(count)
        assert {record.why for record in board.records} == {"funds-exhausted"}
        assert {record.talk % timedelta(seconds=increment) for record in board.records} == {timedelta(0)}
        assert sum((record.talk for record in board.records), timedelta(0)) == timedelta(seconds=seconds)
        charged = total(record.charged for record in board.records)
        assert charged == Money(seconds * 1000)
        assert (await board.balances())[ACCOUNT] == str(Money.from_text(deposit) - charged)


async def test_a_call_that_is_admitted_while_another_is_takes_what_that_one_leaves(tmp_path: Path) -> None:
    """Both see 100 s, and want 60: the second hold is refused, and 40 are held."""
    async with sharing(tmp_path, count=2, talking="slice = 60") as board:
        calls = await asyncio.gather(rung(board, 0), rung(board, 1))
        held = await board.switch.services.book.holds(state=HoldState.PLACED)
        assert sorted(str(hold.amount) for hold in held) == ["0.04", "0.06"]
        for call, _ in calls:
            await call.hang_up()


async def test_what_one_call_releases_when_it_hangs_up_is_talked_by_the_others_without_a_gap(tmp_path: Path) -> None:
    """70 s are paid, and each holds 30 ahead: at 31 s two can hold no more, until the third hangs up."""
    async with sharing(tmp_path, count=2, deposit="0.07", talking="slice = 40\nlimit = 300") as board:
        (first, _), (_, heard) = await all_talk(board, 2)
        began = asyncio.get_running_loop().time()
        await first.hang_up(after=20)
        await heard.wait_for_end()
        await board.record(2)
        assert [record.why for record in board.records] == ["hung-up", "funds-exhausted"]
        assert str(total(record.charged for record in board.records)) == "0.07"
        assert board.records[1].talk > timedelta(seconds=45)
        assert (await board.balances())[ACCOUNT] == "0"
        assert heard.ended_at is not None
        assert heard.heard.gaps(began + 1, heard.ended_at - 0.1) == []


async def test_a_deposit_is_shared_by_all_calls_that_run(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=3, deposit="0.03", increment=6, talking="slice = 12") as board:
        calls = await all_talk(board, 3)
        await asyncio.sleep(4)
        await top_up(board.switch.services.book, "0.06")
        for call, _ in calls:
            await call.wait_for_end()
        await board.record(3)
        assert {record.why for record in board.records} == {"funds-exhausted"}
        assert str(total(record.charged for record in board.records)) == "0.09"


async def test_a_call_for_which_the_others_left_nothing_is_not_admitted(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=2, deposit="0.02") as board:
        call, _ = await talk(board, 0)
        station = await board.phone("station1")
        refused = await station.dial("12125550201")
        await refused.answered()
        await refused.press("5001")
        await refused.wait_for_end()
        assert (await board.record()).why == "no-funds"
        await call.hang_up()
