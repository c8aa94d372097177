"""What a book stores, and many who ask it at once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from ledger import writer
from ledger.audit import audit
from ledger.errors import BookOverloadedError
from ledger.hold import HoldState
from ledger.liveness import dead
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Ended, Expired, Placed, Refusal, Refused, Retired, Updated
from ledger.requests import Adjust, ExpireHolds, ReleaseHold, RetireProcess, StartCall, Transfer, UpdateCall
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import (
    CALL,
    FAMILY,
    INCOME,
    INSIDE,
    NOW,
    NUMBER,
    PROCESS,
    STORY,
    PureBook,
    a_call,
    deposit,
    end,
    hold,
    hold_of,
    later,
    open_account,
    record,
    state,
    usd,
)

# What is stored.


async def test_what_was_decided_is_there_after_opening_again(shelf: Shelf) -> None:
    address = shelf.empty()
    async with await Book.open(address) as first:
        for request in (*STORY, hold("4"), hold("1", 2)):
            await first.answer(request)
    async with await Book.open(address) as second:
        assert await state(second) == (usd("10"), usd("5"))
        assert await second.open_calls() == (a_call(),)
        assert await second.processes() == (PROCESS,)
        assert await second.submit(end("4.5")) == Ended(CALL, "call-1/charge", usd("4.5"), usd("0.5"))
        assert await second.call(CALL) == record(charged="4.5")
        assert await second.calls() == (record(charged="4.5"),)
        assert (await audit(second)).findings == ()


async def test_a_store_and_the_pure_rules_come_to_the_same(book: Book) -> None:
    pure = PureBook(*STORY)
    for request in (hold("4"), hold("9", 2), hold("4"), ReleaseHold(hold_of(), NOW), hold("2", 3), end("1")):
        assert await book.submit(request) == pure.submit(request)
    assert await state(book) == pure.state()
    assert [entry.hash for entry in await book.entries()] == [entry.hash for entry in pure.rows.new_entries]


async def test_a_request_is_remembered_across_processes(book: Book, address: str) -> None:
    async with await Book.open(address) as other:
        answer = await other.answer(deposit("10"))
        assert (answer.outcome, answer.is_repeat) == (Booked("payment-1", usd("10"), usd("10")), True)
        assert await other.submit(deposit("11")) == Refused(Refusal.ID_REUSED, "payment-1")


async def test_an_open_call_is_stored_whole(book: Book) -> None:
    told = replace(a_call(), accepted_at=later(3), legs=('{"tag": "a"}', "{}"), rate="{}", income=INCOME)
    assert await book.submit(UpdateCall(told)) == Updated(CALL)
    assert await book.open_calls(process_id=PROCESS.process_id) == (told,)
    assert await book.open_calls(process_id="switch-9") == ()


async def test_records_are_found_by_what_they_say(book: Book) -> None:
    for number in range(3):
        request = end(call_id=f"denied-{number}")
        started = later(number)
        await book.answer(replace(request, record=replace(request.record, started_at=started)))
    assert [each.call_id for each in await book.calls(last=2)] == ["denied-2", "denied-1"]
    assert len(await book.calls(number=NUMBER, person="p-1", payer=FAMILY)) == 3
    assert await book.calls(number="+13105550100") == ()
    assert await book.call(CALL) is None
    assert await book.balance(AccountId("advancepay:+13105550100")) is None


async def test_holds_are_found_by_call_and_state(book: Book) -> None:
    await book.answer(hold("1"))
    await book.answer(hold("1", 2))
    await book.answer(ReleaseHold(hold_of(), NOW))
    assert [each.hold_id for each in await book.holds(call_id=CALL)] == [hold_of(), hold_of(2)]
    assert [each.hold_id for each in await book.holds(state=HoldState.PLACED)] == [hold_of(2)]


async def test_holds_of_a_silent_process_expire_and_its_calls_end(book: Book) -> None:
    await book.answer(hold("4"))
    await book.answer(StartCall(replace(a_call("call-2"), accepted_at=later(1))))
    await book.answer(hold("1", call_id="call-2"))
    assert await book.submit(ExpireHolds(later(60), later(90))) == Expired((hold_of(),), usd("4"))
    assert await book.submit(RetireProcess(PROCESS.process_id)) == Refused(
        Refusal.PROCESS_HAS_CALLS, PROCESS.process_id
    )
    for call_id, charged in ((CALL, "0"), ("call-2", "0.5")):
        await book.answer(end(charged, call_id))
    assert await book.submit(RetireProcess(PROCESS.process_id)) == Retired(PROCESS.process_id)
    assert await book.processes() == ()
    assert (await audit(book)).findings == ()


async def test_two_expiries_in_one_group_judge_silence_each_for_itself(book: Book) -> None:
    await book.answer(hold("4"))
    earlier, latter = ExpireHolds(NOW, later(90)), ExpireHolds(later(60), later(90))
    assert await asyncio.gather(book.submit(earlier), book.submit(latter)) == [
        Expired((), ZERO),
        Expired((hold_of(),), usd("4")),
    ]


async def test_a_beaten_process_is_alive_and_a_silent_one_dead(book: Book) -> None:
    await book.register(replace(PROCESS, process_id="switch-2", host="elsewhere"))
    await book.beat("switch-2", later(60))

    def is_alive(process: object) -> bool | None:
        return None if process == await_free else False

    (first, second) = await book.processes()
    await_free = second
    assert dead(await book.processes(), later(61), is_alive) == (first,)
    assert dead(await book.processes(), later(71), is_alive) == (first, second)


async def test_money_moves_between_accounts_and_is_corrected(book: Book) -> None:
    await book.answer(open_account(INSIDE))
    assert await book.submit(Transfer("t-1", FAMILY, INSIDE, usd("4"), NOW)) == Booked("t-1", usd("4"), usd("4"))
    against = AccountId("promotions:courtesy")
    assert await book.submit(Adjust("a-1", INSIDE, usd("-1"), against, NOW)) == Booked("a-1", usd("-1"), usd("3"))
    assert (await audit(book)).findings == ()


# Many at once.


async def test_a_thousand_holds_at_once_never_overspend(book: Book) -> None:
    outcomes = await asyncio.gather(*(book.submit(hold("0.025", number)) for number in range(1, 1001)))
    placed = [outcome for outcome in outcomes if isinstance(outcome, Placed)]
    assert len(placed) == 400
    assert outcomes[400:] == [Refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, ZERO)] * 600
    assert await state(book) == (usd("10"), usd("10"))
    assert (await audit(book)).findings == ()


async def test_two_books_on_one_database_share_one_balance(book: Book, address: str) -> None:
    async with await Book.open(address) as other:
        await other.answer(StartCall(a_call("call-2")))
        asked = [
            each
            for number in range(1, 151)
            for each in (
                book.submit(hold("0.1", number)),
                other.submit(hold("0.1", number, call_id="call-2")),
            )
        ]
        outcomes = await asyncio.gather(*asked)
        assert sum(isinstance(outcome, Placed) for outcome in outcomes) == 100
        assert await state(other) == (usd("10"), usd("10"))
        assert (await audit(book)).findings == ()


async def test_the_same_request_twice_in_one_group_is_done_once(book: Book) -> None:
    first, second = await asyncio.gather(book.answer(hold("4")), book.answer(hold("4")))
    assert (first.is_repeat, second.is_repeat, first.outcome == second.outcome) == (False, True, True)
    assert await state(book) == (usd("10"), usd("4"))


async def test_a_call_lives_within_one_group(book: Book) -> None:
    asked = (
        book.submit(StartCall(a_call("call-2"))),
        book.submit(hold("1", call_id="call-2")),
        book.submit(end("0.5", "call-2")),
        book.submit(hold("1", 2, call_id="call-2")),
    )
    *_, last = await asyncio.gather(*asked)
    assert last == Refused(Refusal.UNKNOWN_CALL, "call-2")
    assert await state(book) == (usd("9.5"), ZERO)


async def test_a_request_that_cannot_be_decided_fails_alone(book: Book) -> None:
    broken = replace(deposit("1", "d-2"), memo={1, 2})  # type: ignore[arg-type]
    good, bad, also = await asyncio.gather(
        book.submit(hold("1")), book.submit(broken), book.submit(hold("1", 2)), return_exceptions=True
    )
    assert isinstance(bad, AssertionError)
    assert [type(good), type(also)] == [Placed, Placed]


async def test_a_row_the_database_refuses_fails_alone(book: Book) -> None:
    """A record that lacks what its table demands passes `decide`, which does not know the tables."""
    broken = end(call_id="denied-1")
    broken = replace(broken, record=replace(broken.record, station=None))  # type: ignore[arg-type]
    good, bad, also = await asyncio.gather(
        book.submit(hold("1")), book.submit(broken), book.submit(hold("1", 2)), return_exceptions=True
    )
    assert re.search("NOT NULL|not-null", str(bad))
    assert [type(good), type(also)] == [Placed, Placed]
    assert await book.calls() == ()


async def test_more_than_the_queue_holds_is_refused_at_once(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 2)
    outcomes = await asyncio.gather(*(book.submit(hold("1", number)) for number in (1, 2, 3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Placed, Placed, BookOverloadedError]


async def test_large_crowds_are_split_into_groups(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP_MAX", 7)
    outcomes = await asyncio.gather(*(book.submit(hold("0.1", number)) for number in range(1, 31)))
    assert all(isinstance(outcome, Placed) for outcome in outcomes)


async def test_after_its_end_a_call_neither_holds_nor_opens_again(book: Book) -> None:
    await book.submit(end())
    assert await book.submit(hold("1")) == Refused(Refusal.UNKNOWN_CALL, CALL)
    assert (await book.answer(StartCall(a_call()))).is_repeat
    assert await book.open_calls() == ()
