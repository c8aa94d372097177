"""An account that settles later (S3-9): charged a while after its calls, once, though the switch dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.entries import EntryKind
from ledger.store import Book
from scenarios.play.crash import crash
from scenarios.sim.loop import VirtualLoop
from tests.support.switchboard import NOON, Board
from tests.switch.call.shared_account import ACCOUNT, sharing, talk, top_up

LATER = "settles_later = true"
AFTER = 20
"""Seconds from the end of a call to its charge."""
LOOKS = AFTER / 4
"""Seconds between two looks for what is due."""
BILLING = f"[billing]\nsettles_after = {AFTER}\n"


async def balance(book: Book) -> str:
    account = await book.balance(ACCOUNT)
    assert account is not None and not account.held
    return str(account.balance)


async def charges(book: Book) -> list[str]:
    """What was booked of the account's calls."""
    entries = await book.entries(account_id=ACCOUNT)
    postings = [entry.draft.postings for entry in entries if entry.draft.kind is EntryKind.CHARGE]
    return [str(posting.amount) for each in postings for posting in each if posting.account_id == ACCOUNT]


async def talk_for(board: Board, seconds: float, number: int = 0) -> None:
    """A call of this length, at a tenth of a cent for each second begun."""
    call, _ = await talk(board, number)
    await call.hang_up(after=seconds - 0.5)


async def refused(board: Board, number: int) -> str:
    """Why a call to this number is not admitted."""
    before = len(board.records)
    await board.known_phone(f"phone{number}")
    call = await (await board.known_phone(f"station{number}")).dial(f"1212555020{number}")
    await call.answered()
    await call.press(f"500{number}")
    await call.wait_for_end()
    record = await board.record(before + 1)
    assert (record.rang_at, str(record.charged)) == (None, "0")
    return record.why


async def test_a_charge_is_posted_once_its_time_has_come_and_the_balance_may_be_below_nothing(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=1, deposit="0.01", account=LATER, more=BILLING) as board:
        book = board.switch.services.book
        await talk_for(board, 15)
        record = await board.record()
        assert (record.why, str(record.charged)) == ("hung-up", "0.015")
        await asyncio.sleep(AFTER - 1)
        assert (await balance(book), await charges(book)) == ("0.01", [])
        await asyncio.sleep(1 + LOOKS)
        assert (await balance(book), await charges(book)) == ("-0.005", ["-0.015"])
        await asyncio.sleep(3 * AFTER)
        assert await charges(book) == ["-0.015"]


async def test_calls_side_by_side_are_each_let_through_and_all_owed(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=3, deposit="0.01", account=LATER, more=BILLING) as board:
        await asyncio.gather(*(talk_for(board, seconds, number) for number, seconds in enumerate((9, 20, 32))))
        await board.record(3)
        await asyncio.sleep(AFTER + LOOKS)
        book = board.switch.services.book
        assert sorted(await charges(book)) == ["-0.009", "-0.02", "-0.032"]
        assert await balance(book) == "-0.051"


async def test_whoever_owes_is_not_called_from_any_number_until_all_is_paid(tmp_path: Path) -> None:
    async with sharing(tmp_path, count=2, deposit="0.01", account=LATER, more=BILLING) as board:
        book = board.switch.services.book
        await talk_for(board, 15)
        await asyncio.sleep(AFTER + LOOKS)
        assert await balance(book) == "-0.005"
        assert [await refused(board, number) for number in (0, 1)] == ["no-funds", "no-funds"]
        await top_up(book, "0.004999", "not all of it")
        assert await refused(board, 1) == "no-funds"
        await top_up(book, "0.000001", "the rest")
        assert await refused(board, 0) == "no-funds", "nothing is owed, and nothing is there"
        await top_up(book, "0.001", "something")
        await talk_for(board, 5)
        assert str((await board.record(6)).charged) == "0.005"


@asynccontextmanager
async def restarted(folder: Path, *, killed_after: float, down: float) -> AsyncIterator[tuple[Board, float]]:
    """A switch on the book of one that was killed so long after a call of 0.015; and when that is due, in seconds."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    started = loop.time()
    async with sharing(folder, count=1, deposit="0.01", account=LATER, more=BILLING, is_killed=True) as board:
        await talk_for(board, 15)
        due_at = (await board.record()).ended_at + timedelta(seconds=AFTER)
        await asyncio.sleep(killed_after)
        await crash(board.switch, loop, folder / "book.db")
    await asyncio.sleep(down)
    utc = NOON + timedelta(seconds=loop.time() - started)
    async with sharing(folder, count=1, deposit="0.01", account=LATER, more=BILLING, utc=utc, life=2) as board:
        yield board, (due_at - utc).total_seconds()


@pytest.mark.parametrize("killed_after", [0.5, AFTER - 1, AFTER + LOOKS])
@pytest.mark.parametrize("down", [1, 2 * AFTER])
async def test_a_charge_is_posted_once_though_the_switch_was_killed_before_it_or_after(
    tmp_path: Path, killed_after: float, down: float
) -> None:
    async with restarted(tmp_path, killed_after=killed_after, down=down) as (board, due):
        book = board.switch.services.book
        await asyncio.sleep(max(0, due) + LOOKS)
        assert (await balance(book), await charges(book)) == ("-0.005", ["-0.015"])
        assert await refused(board, 0) == "no-funds"
        await top_up(book, "0.006")
        await asyncio.sleep(3 * AFTER)
        assert (await balance(book), await charges(book)) == ("0.001", ["-0.015"])


async def test_a_restart_does_not_hasten_a_charge(tmp_path: Path) -> None:
    async with restarted(tmp_path, killed_after=0.5, down=1) as (board, due):
        book = board.switch.services.book
        await asyncio.sleep(due - 1)
        assert (await balance(book), await charges(book)) == ("0.01", [])
        await asyncio.sleep(1 + LOOKS)
        assert (await balance(book), await charges(book)) == ("-0.005", ["-0.015"])
