"""The payer's account changes while it rings and while they talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.money import AccountId, Money
from ledger.outcomes import Booked, Refusal, Refused
from ledger.requests import Adjust, Deposit
from ledger.store import Book
from scenarios.phones.call import PhoneCall
from tests.support.switchboard import NOON, Board, switchboard

TARIFF = """
name = "{name}"
valid_from = 2020-01-01
zone = "UTC"
first = {first}
increment = {increment}
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "{per_minute}"
{more}
"""
PAYER = AccountId("advancepay:+12125550123")


@asynccontextmanager
async def board_with(
    folder: Path, *, first: int = 6, increment: int = 6, per_minute: str = "0.25", more: str = ""
) -> AsyncIterator[Board]:
    """A switch whose one tariff is this; the account of the called number has 0.075."""
    text = TARIFF.format(name="own", first=first, increment=increment, per_minute=per_minute, more=more)
    (folder / "own.toml").write_text(text)
    async with switchboard(folder, tariffs='["own.toml"]') as board:
        yield board
        await board.is_clean()


async def top_up(book: Book, amount: str, name: str = "top-up") -> None:
    outcome = await book.submit(Deposit(name, PAYER, Money.from_text(amount), "processor", NOON))
    assert isinstance(outcome, Booked)


async def take(book: Book, amount: str) -> Booked | Refused:
    return await book.submit(Adjust("taken", PAYER, -Money.from_text(amount), AccountId("promotions:courtesy"), NOON))


async def rung(board: Board) -> tuple[PhoneCall, PhoneCall]:
    """A call that rings: the caller's side, the called phone's side."""
    family = await board.phone("family")
    call = await (await board.phone("yard")).dial("12125550123")
    await call.answered()
    await call.press("4417")
    return call, await family.next_call()


async def accept(answered: PhoneCall) -> None:
    await answered.answer()
    await answered.press("5")


def warnings(board: Board) -> list[str]:
    return [text for text in board.said_to_caller() if "left" in text]


async def test_a_top_up_while_it_rings_counts_from_the_start(tmp_path: Path) -> None:
    async with board_with(tmp_path) as board:
        _, answered = await rung(board)
        await top_up(board.switch.services.book, "0.425")
        await accept(answered)
        await answered.wait_for_end()
        record = await board.record()
        assert record.talk == timedelta(seconds=120)
        assert str(record.charged) == "0.5"
        assert warnings(board) == ["You have one minute left.", "You have thirty seconds left."]


async def test_a_talk_that_was_paid_for_a_minute_at_a_time_outlives_a_first_slice_that_took_all(tmp_path: Path) -> None:
    async with board_with(tmp_path, first=60, increment=60, per_minute="0.075") as board:
        _, answered = await rung(board)
        await top_up(board.switch.services.book, "0.075")
        await accept(answered)
        await answered.wait_for_end()
        assert (await board.record()).talk == timedelta(seconds=120)


@pytest.mark.parametrize(("before_the_cut", "talk"), [(0.5, 24), (0.1, 24), (0.02, 24)])
async def test_a_top_up_in_the_last_instants_still_moves_the_cut(
    tmp_path: Path, before_the_cut: float, talk: int
) -> None:
    async with board_with(tmp_path) as board:
        call, answered = await rung(board)
        await answered.answer()
        now = asyncio.get_running_loop().time
        pressed_at = now()
        await answered.press("5")
        await asyncio.sleep(18 - before_the_cut - (now() - pressed_at))
        await top_up(board.switch.services.book, "0.025")
        await call.wait_for_end()
        record = await board.record()
        assert (record.talk, str(record.charged)) == (timedelta(seconds=talk), "0.1")


async def test_money_that_is_held_for_a_talk_cannot_be_moved_away_and_what_is_not_can(tmp_path: Path) -> None:
    async with board_with(tmp_path) as board:
        book = board.switch.services.book
        await top_up(book, "1")
        call, answered = await rung(board)
        await accept(answered)
        await asyncio.sleep(1)
        refused = await take(book, "1")
        assert isinstance(refused, Refused)
        assert refused.why is Refusal.INSUFFICIENT_FUNDS
        assert isinstance(await take(book, "0.825"), Booked)
        await call.wait_for_end()
        record = await board.record()
        assert (record.why, record.talk, str(record.charged)) == ("funds-exhausted", timedelta(seconds=60), "0.25")
        assert (await board.balances())[PAYER] == "0"


async def test_money_taken_while_they_talk_is_warned_of_at_once(tmp_path: Path) -> None:
    async with board_with(tmp_path) as board:
        book = board.switch.services.book
        await top_up(book, "1")
        call, answered = await rung(board)
        await accept(answered)
        await asyncio.sleep(20)
        await take(book, "0.825")
        await call.wait_for_end()
        await board.record()
        assert warnings(board) == ["You have thirty-nine seconds left.", "You have thirty seconds left."]


async def test_a_first_minute_for_free_is_free_and_is_talked_without_money(tmp_path: Path) -> None:
    more = 'first_price = "0"'
    async with board_with(tmp_path, first=60, increment=60, per_minute="0.10", more=more) as board:
        _, answered = await rung(board)
        await accept(answered)
        await answered.wait_for_end()
        record = await board.record()
        assert (record.why, record.talk, str(record.charged)) == ("funds-exhausted", timedelta(seconds=60), "0")


async def test_a_flat_price_is_charged_once_for_a_talk_of_any_length(tmp_path: Path) -> None:
    more = 'first_price = "0.05"'
    async with board_with(tmp_path, first=60, increment=60, per_minute="0", more=more) as board:
        call, answered = await rung(board)
        await accept(answered)
        await call.hang_up(after=80)
        record = await board.record()
        assert record.why == "hung-up"
        assert record.talk > timedelta(seconds=75)
        assert str(record.charged) == "0.05"


async def test_a_person_without_money_for_the_first_interval_is_told_and_nobody_rings(tmp_path: Path) -> None:
    async with board_with(tmp_path, per_minute="2") as board:
        family = await board.phone("family")
        call = await (await board.phone("yard")).dial("12125550123")
        await call.answered()
        await call.press("4417")
        await call.wait_for_end()
        record = await board.record()
        assert (record.why, record.rang_at, str(record.charged)) == ("no-funds", None, "0")
        assert not family.calls
