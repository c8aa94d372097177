"""A book that does not answer: new calls are refused, those that are go on until their grant ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ledger.group import Write
from ledger.money import AccountId, Money
from ledger.records import CallRecord
from ledger.requests import Deposit, EndCall, OpenAccount, PlaceHold, StartCall, UpdateCall
from ledger.store import Book
from scenarios.phones.call import PhoneCall
from switch.call.recovery import settle
from switch.leg.events import Cause
from tests.support.outage import READ, Outage
from tests.support.switchboard import NOON, Board, switchboard

PER_SECOND = """
name = "per-second"
valid_from = 2020-01-01
zone = "UTC"
first = 1
increment = 1
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.06"
"""
PAYER = AccountId("advancepay:+12125550123")


@asynccontextmanager
async def troubled(folder: Path, *, funds: str = "1") -> AsyncIterator[tuple[Board, Outage]]:
    """A switch on a book that can be put out of order, and at least so much to talk for."""
    (folder / "second.toml").write_text(PER_SECOND)
    async with switchboard(folder, tariffs='["second.toml"]') as board:
        await deposit(board, funds)
        outage = Outage(board.switch.services.book)
        yield board, outage
        outage.end()
        await board.is_clean()


async def deposit(board: Board, amount: str, name: str = "funds") -> None:
    book = board.switch.services.book
    await book.submit(Deposit(name, PAYER, Money.from_text(amount), "processor", NOON))


async def dialled(board: Board, number: str = "12125550123") -> PhoneCall:
    call = await (await board.phone("yard")).dial(number)
    await call.answered()
    await call.press("4417")
    return call


async def talking(board: Board) -> tuple[PhoneCall, PhoneCall]:
    family = await board.phone("family")
    call = await dialled(board)
    answered = await family.next_call()
    await answered.answer()
    await answered.press("5")
    return call, answered


async def only(board: Board) -> CallRecord:
    await board.record()
    (record,) = board.records
    return record


async def test_a_new_call_is_refused_and_leaves_nothing_but_its_record(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        outage.fail(StartCall)
        call = await (await board.phone("yard")).dial("12125550123")
        ended = await call.wait_for_end()
        assert (ended.cause, ended.status) == (Cause.UNREACHABLE, 503)
        assert len(outage.failed) == 1
        record = await only(board)
        assert (record.why, record.number, str(record.charged)) == ("fault", None, "0")


@pytest.mark.parametrize("kind", [READ, PlaceHold, UpdateCall, OpenAccount])
async def test_a_call_that_cannot_be_admitted_is_told_so_and_booked_as_a_fault(
    tmp_path: Path, kind: type | str
) -> None:
    async with troubled(tmp_path) as (board, outage):
        station = await board.phone("yard")
        call = await station.dial("12125550123" if kind is not OpenAccount else "12125550124")
        await call.answered()
        await asyncio.sleep(1)
        outage.fail(kind)
        await call.press("4417")
        await call.wait_for_end()
        outage.end()
        record = await only(board)
        assert (record.why, str(record.charged), record.rang_at) == ("fault", "0", None)
        assert board.said_to_caller()[-1] == board.switch.services.library.catalog.text(["reason/fault"])


async def test_a_talk_goes_on_to_the_end_of_its_grant_and_its_end_is_stored_when_the_book_is_back(
    tmp_path: Path,
) -> None:
    async with troubled(tmp_path) as (board, outage):
        call, answered = await talking(board)
        await asyncio.sleep(1)
        outage.fail(object)
        ended = await answered.wait_for_end()
        assert ended.cause is Cause.NORMAL
        await call.wait_for_end()
        assert answered.ended_at is not None and answered.answered_at is not None
        assert answered.ended_at - answered.answered_at == pytest.approx(60, abs=0.1)
        await asyncio.sleep(100)
        assert board.records == []
        assert board.switch.reception.call_count == 1
        outage.end()
        record = await only(board)
        assert (record.why, record.talk, str(record.charged)) == ("funds-exhausted", timedelta(seconds=60), "0.06")


async def test_a_short_outage_when_a_slice_is_due_is_not_noticed(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        call, _ = await talking(board)
        await asyncio.sleep(52)
        outage.fail(PlaceHold, times=4)
        await call.hang_up(after=40)
        assert len(outage.failed) == 4
        record = await only(board)
        assert record.why == "hung-up"
        assert record.talk > timedelta(seconds=90)


@pytest.mark.parametrize(("since", "until"), [(10, 50), (50, 59), (54, 59), (54, 59.7)])
async def test_a_book_that_is_back_before_the_grant_ends_leaves_the_talk_without_a_gap(
    tmp_path: Path, since: float, until: float
) -> None:
    """Nothing at all is answered meanwhile; the slice is due at 55 s, asked for twice a second, then more often."""
    async with troubled(tmp_path) as (board, outage):
        call, answered = await talking(board)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(since)
        outage.fail(object)
        await asyncio.sleep(until - since)
        outage.end()
        await call.hang_up(after=100 - until)
        record = await only(board)
        assert record.why == "hung-up"
        assert timedelta(seconds=99) < record.talk < timedelta(seconds=101)
        assert str(record.charged) == "0.101"
        assert outage.failed
        for phone in (call, answered):
            assert phone.heard.gaps(began + 1, began + 99) == []


async def test_new_calls_get_503_while_the_book_is_out_of_order_and_what_goes_on_goes_on(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        call, answered = await talking(board)
        station, neighbor = await board.phone("gym"), await board.phone("neighbor")
        outage.fail(object)
        refused = await station.dial("12125550124")
        ended = await refused.wait_for_end()
        assert (ended.cause, ended.status) == (Cause.UNREACHABLE, 503)
        assert not await answered.ends_within(20)
        outage.end()
        again = await station.dial("12125550124")
        await again.answered()
        await again.press("2290")
        ringing = await neighbor.next_call()
        await again.hang_up()
        await ringing.wait_for_end()
        assert not await answered.ends_within(60), "beyond its first grant"
        await call.hang_up()
        await board.record(3)
        assert sorted(record.why for record in board.records) == ["fault", "gave-up", "hung-up"]
        assert board.records[2].talk > timedelta(seconds=80)


@pytest.mark.parametrize("times", [1, 3, 7])
async def test_the_end_of_a_call_is_asked_for_until_it_is_stored(tmp_path: Path, times: int) -> None:
    async with troubled(tmp_path) as (board, outage):
        call, answered = await talking(board)
        outage.fail(EndCall, times=times)
        await call.hang_up(after=5)
        await answered.wait_for_end()
        record = await only(board)
        assert len(outage.failed) == times
        assert str(record.charged) == "0.006"


async def test_an_acceptance_that_is_not_stored_at_once_is_stored_later(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        family = await board.phone("family")
        call = await dialled(board)
        answered = await family.next_call()
        outage.fail(UpdateCall, times=3)
        await answered.answer()
        await answered.press("5")
        book = board.switch.services.book
        assert (await book.open_calls())[0].accepted_at is None
        await asyncio.sleep(2)
        (stored,) = await book.open_calls()
        assert stored.accepted_at is not None
        assert len(stored.legs) == 2
        await call.hang_up()


async def test_a_block_that_was_pressed_stands_although_the_book_was_out_of_order(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        family = await board.phone("family")
        call = await dialled(board)
        answered = await family.next_call()
        await answered.answer()
        outage.fail(Write, times=3)
        await answered.press("7")
        await call.wait_for_end()
        await only(board)
        assert len(outage.failed) == 3
        assert await board.switch.services.blocks.is_blocked("+12125550123", "prison")


async def test_a_station_is_locked_by_the_next_call_if_the_lock_was_not_stored(tmp_path: Path) -> None:
    async with troubled(tmp_path) as (board, outage):
        station = await board.phone("yard")
        outage.fail(Write, times=1)
        call = await station.dial("12125550123")
        await call.answered()
        await call.press("000011112222")
        await call.wait_for_end()
        assert (await board.record()).why == "fault"
        again = await station.dial("12125550123")
        await again.wait_for_end()
        assert (await board.record(2)).why == "locked-out"


async def test_a_balance_that_is_never_read_does_not_delay_the_cut(tmp_path: Path) -> None:
    async with troubled(tmp_path, funds="0.001") as (board, outage):
        _, answered = await talking(board)
        outage.is_hanging = True
        await deposit(board, "0.001", "wakes the charging")
        await answered.wait_for_end()
        outage.is_hanging = False
        record = await only(board)
        assert record.why == "funds-exhausted"
        assert answered.ended_at is not None and answered.answered_at is not None
        talked = record.talk.total_seconds()
        assert answered.ended_at - answered.answered_at == pytest.approx(talked, abs=0.1)


async def test_a_switch_that_stops_while_the_book_is_out_of_order_leaves_the_call_to_the_next_start(
    tmp_path: Path,
) -> None:
    with capture_logs() as logged:
        async with troubled(tmp_path) as (board, outage):
            call, _ = await talking(board)
            outage.fail(EndCall)
            before = asyncio.get_running_loop().time()
            await board.switch.reception.close()
            assert asyncio.get_running_loop().time() - before < 10
            await call.wait_for_end()
            assert board.records == []
            (left,) = await board.switch.services.book.open_calls()
            assert left.accepted_at is not None
            outage.end()
            await settle_by_hand(board.switch.services.book, board)
    assert "call_left_open" in [line["event"] for line in logged]


async def settle_by_hand(book: Book, board: Board) -> None:
    """What the next start does."""
    (process,) = await book.processes()
    (call,) = await book.open_calls()
    record, charge = settle(call, process, Money.from_text("0.06"))
    await book.submit(EndCall(record, charge))
    board.records.append(record)
    assert record.why == "recovered"
