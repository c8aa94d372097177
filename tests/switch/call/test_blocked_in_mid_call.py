"""A block that comes while a call goes on ends it, within a second, and what was talked is charged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.store import Book
from prompts.catalog import ClipId
from switch.directory.blocks import EVERY_FACILITY, BlockKind, Blocks
from switch.leg.events import Cause
from tests.support.switchboard import NOON
from tests.switch.call.shared_account import ACCOUNT, rung, sharing, talk

NUMBER = "+12125550200"


async def block(
    book: Book, *, number: str = NUMBER, facility: str = "prison", kind: BlockKind = BlockKind.AGENT
) -> None:
    await Blocks(book).block(number=number, facility=facility, kind=kind, why="asked for", at=NOON)


@pytest.mark.parametrize(
    ("facility", "kind"),
    [("prison", BlockKind.AGENT), (EVERY_FACILITY, BlockKind.AGENT), ("prison", BlockKind.SECURITY)],
)
async def test_a_block_ends_the_talk_within_a_second_and_it_is_charged_until_then(
    tmp_path: Path, facility: str, kind: BlockKind
) -> None:
    async with sharing(tmp_path, count=1) as board:
        call, answered = await talk(board, 0)
        await asyncio.sleep(10)
        await block(board.switch.services.book, facility=facility, kind=kind)
        blocked_at = asyncio.get_running_loop().time()
        await call.wait_for_end()
        await answered.wait_for_end()
        assert call.ended_at is not None and call.ended_at - blocked_at < 1
        record = await board.record()
        assert (record.why, record.ended_by) == ("blocked", "switch")
        assert timedelta(seconds=9) < record.talk < timedelta(seconds=12)
        assert str(record.charged) == "0.011"


async def test_a_block_stored_by_another_process_does_so_too(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=1) as board:
        call, _ = await talk(board, 0)
        async with await Book.open(f"sqlite+aiosqlite:///{tmp_path / 'book.db'}") as other:
            await block(other)
        assert await call.ends_within(1)
        assert (await board.record()).why == "blocked"


async def test_a_block_while_it_rings_cancels_the_ringing_and_nothing_is_charged(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=1) as board:
        call, ringing = await rung(board, 0)
        await block(board.switch.services.book)
        blocked_at = asyncio.get_running_loop().time()
        assert (await ringing.wait_for_end()).cause is Cause.CANCELLED
        await call.wait_for_end()
        assert ringing.answered_at is None
        assert call.ended_at is not None and call.ended_at - blocked_at < 1
        record = await board.record()
        assert (record.why, record.accepted_at, str(record.charged)) == ("blocked", None, "0")
        assert (await board.balances())[ACCOUNT] == "0.1"


async def test_a_block_while_the_pin_is_entered_is_found_by_admission_and_nobody_rings(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=1) as board:
        phone = await board.phone("phone0")
        call = await (await board.phone("station0")).dial(NUMBER[1:])
        await call.answered()
        await call.press("50")
        await block(board.switch.services.book)
        assert not await call.ends_within(1), "whoever has not been admitted is not cut, but told"
        await call.press("00")
        await call.wait_for_end()
        record = await board.record()
        assert (record.why, record.rang_at, str(record.charged)) == ("blocked", None, "0")
        assert board.said_to_caller()[-1] == board.switch.services.library.catalog.text([ClipId("reason/blocked")])
        assert not phone.calls


@pytest.mark.parametrize("late", [0, 0.75, 1.5])
async def test_a_block_that_overtakes_admission_cuts_the_call_once_it_is_admitted(tmp_path: Path, late: float) -> None:
    """Admission has read the blocks, one is stored, and the book takes so long for the rest."""
    async with sharing(tmp_path, count=1) as board:
        blocks = board.switch.services.blocks
        asked = blocks.is_blocked

        async def overtaken(number: str, facility: str) -> bool:
            found = await asked(number, facility)
            await block(board.switch.services.book)
            await asyncio.sleep(late)
            return found

        blocks.is_blocked = overtaken  # type: ignore[method-assign]
        call, ringing = await rung(board, 0)
        assert await call.ends_within(1)
        await ringing.wait_for_end()
        record = await board.record()
        assert (record.why, record.accepted_at, str(record.charged)) == ("blocked", None, "0")


async def test_a_block_of_another_number_or_facility_or_by_a_key_elsewhere_or_removed_ends_nothing(
    tmp_path: Path,
) -> None:
    async with sharing(tmp_path, count=1) as board:
        book = board.switch.services.book
        await block(book)
        await Blocks(book).unblock(number=NUMBER, facility="prison", why="asked for", at=NOON)
        call, _ = await talk(board, 0)
        await block(book, number="+12125550201")
        await block(book, facility="youth")
        await block(book, kind=BlockKind.KEYPAD)
        assert not await call.ends_within(5)
        await call.hang_up()
        assert (await board.record()).why == "hung-up"
