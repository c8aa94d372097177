from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from ledger import writer
from ledger.audit import audit
from ledger.errors import (
    BookClosedError,
    BookOverloadedError,
    LedgerUnavailableError,
)
from ledger.hold import HoldState
from ledger.liveness import dead
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Booked, Ended, Expired, Placed, Refusal, Refused, Retired, Updated
from ledger.requests import Adjust, ExpireHolds, ReleaseHold, RetireProcess, StartCall, Transfer, UpdateCall
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import (
    CALL,
    FAMILY,
    INCOME,
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
    usd,
)

INSIDE = AccountId("debit:p-1")


@pytest.fixture
def address(shelf: Shelf) -> str:
    """Of a book that has the story."""
    return shelf.book(*STORY)


@pytest.fixture
async def book(address: str) -> AsyncIterator[Book]:
    async with await Book.open(address, busy_seconds=0.01) as opened:
        yield opened


async def state(book: Book) -> tuple[Money, Money]:
    account = await book.balance(FAMILY)
    assert account is not None
    return account.balance, account.held


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


# What goes wrong.


async def test_a_locked_database_takes_nothing_and_says_so(book: Book, address: str, shelf: Shelf) -> None:
    with shelf.locked(address), pytest.raises(LedgerUnavailableError, match="lock"):
        await book.submit(hold("4"))
    assert await state(book) == (usd("10"), ZERO)
    assert await book.submit(hold("4")) == Placed(hold_of(), usd("6"))


async def test_a_lock_that_is_let_go_in_time_costs_only_time(
    book: Book, address: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = shelf.locked(address)
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def let_go(seconds: float) -> None:
        pauses.append(seconds)
        lock.let_go()
        await sleep(0)

    monkeypatch.setattr(writer.asyncio, "sleep", let_go)
    assert await book.submit(hold("4")) == Placed(hold_of(), usd("6"))
    assert pauses == [writer.RETRY_SECONDS]


class Breaking:
    """A driver's connection that breaks at its n-th statement; begin and commit count."""

    def __init__(self, driver: Any, left: int) -> None:
        self.left = left
        self._driver = driver
        self._error = sqlite3.OperationalError if isinstance(driver, sqlite3.Connection) else psycopg.OperationalError

    def __getattr__(self, name: str) -> Any:
        if name in {"execute", "executemany", "commit"}:
            self.left -= 1
            if self.left == 0:
                raise self._error("disk I/O error")
        return getattr(self._driver, name)


@pytest.mark.parametrize("statement", range(20))
async def test_a_crash_at_any_statement_leaves_nothing_half_done(
    address: str, statement: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks at the n-th statement of the end of a call, or right at the commit."""
    monkeypatch.setattr(writer, "TRIES_MAX", 1)
    async with await Book.open(address) as book:
        await book.answer(hold("4"))
        breaking = Breaking(book._writing.session.driver, statement)
        book._writing.session._driver = breaking
        try:
            await book.answer(end("3"))
        except LedgerUnavailableError:
            assert breaking.left <= 0
    async with await Book.open(address) as again:
        assert await state(again) in {(usd("10"), usd("4")), (usd("7"), ZERO)}
        assert (await audit(again)).findings == ()
        assert await again.submit(end("3")) == Ended(CALL, "call-1/charge", usd("3"), usd("1"))
        assert await state(again) == (usd("7"), ZERO)
        assert (await audit(again)).findings == ()


async def test_a_closed_book_takes_nothing(shelf: Shelf) -> None:
    book = await Book.open(shelf.empty())
    await book.close()
    await book.close()
    with pytest.raises(BookClosedError):
        await book.submit(deposit("1"))


async def test_closing_finishes_what_was_asked(shelf: Shelf) -> None:
    book = await Book.open(shelf.empty())
    asked = [asyncio.ensure_future(book.answer(request)) for request in (*STORY, hold("1"))]
    await asyncio.sleep(0)
    await book.close()
    assert [type(answer.outcome).__name__ for answer in await asyncio.gather(*asked)] == [
        "Registered",
        "Opened",
        "Booked",
        "Started",
        "Placed",
    ]


async def test_who_stopped_waiting_is_not_told_of_a_failure(book: Book, address: str, shelf: Shelf) -> None:
    with shelf.locked(address):
        impatient = asyncio.ensure_future(book.submit(hold("1")))
        patient = asyncio.ensure_future(book.submit(hold("1", 2)))
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(LedgerUnavailableError):
            await patient


async def test_who_stops_waiting_does_not_disturb_the_others(book: Book) -> None:
    impatient = asyncio.ensure_future(book.submit(hold("1")))
    patient = asyncio.ensure_future(book.submit(hold("1", 2)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert isinstance(await patient, Placed)
    assert isinstance(await book.submit(hold("1")), Placed)
    assert await state(book) == (usd("10"), usd("2"))


async def test_a_writer_that_is_torn_down_leaves_nobody_waiting(shelf: Shelf) -> None:
    book = await Book.open(shelf.empty())
    first = asyncio.ensure_future(book.submit(open_account()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(book.submit(deposit("1")))
    await asyncio.sleep(0)
    book._writer._task.cancel()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [BookClosedError, BookClosedError]
    await book.close()


async def test_a_fault_of_the_writer_is_raised_when_the_book_is_closed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = await Book.open(shelf.empty())

    def fault(*_about: object) -> None:
        raise AssertionError("a fault")

    monkeypatch.setattr(book._writer, "_committed", fault)
    await book.submit(open_account())
    with pytest.raises(BookClosedError):
        await book.submit(deposit("1"))
    with pytest.raises(AssertionError, match="a fault"):
        await book.close()


# Rows of others.


async def test_a_database_that_goes_bad_is_said_when_it_is_read(book: Book) -> None:
    with pytest.raises(LedgerUnavailableError, match="cannot be read"):
        await book.read(lambda connection: connection.execute(text("SELECT * FROM nowhere")))


def put_note(words: str) -> Callable[[Connection], int]:
    def apply(connection: Connection) -> int:
        connection.execute(text("CREATE TABLE IF NOT EXISTS notes (words TEXT UNIQUE)"))
        return connection.execute(text("INSERT INTO notes VALUES (:words)"), {"words": words}).rowcount

    return apply


async def notes(book: Book) -> list[str]:
    return await book.read(lambda connection: list(connection.execute(text("SELECT words FROM notes")).scalars()))


async def test_rows_of_others_go_through_the_one_writer(book: Book) -> None:
    written, placed = await asyncio.gather(book.write(put_note("a")), book.submit(hold("1")))
    assert (written, type(placed)) == (1, Placed)
    assert await notes(book) == ["a"]


async def test_a_write_that_fails_undoes_itself_alone(book: Book) -> None:
    outcomes = await asyncio.gather(
        book.write(put_note("a")),
        book.write(put_note("a")),
        book.submit(hold("1")),
        return_exceptions=True,
    )
    assert "unique" in str(outcomes[1]).lower()
    assert await notes(book) == ["a"]
    assert await state(book) == (usd("10"), usd("1"))


async def test_a_write_that_fails_half_way_leaves_nothing(book: Book) -> None:
    await book.write(put_note("a"))

    def put_two(connection: Connection) -> None:
        put_note("b")(connection)
        put_note("a")(connection)

    with pytest.raises(IntegrityError):
        await book.write(put_two)
    assert await notes(book) == ["a"]


async def test_nobody_writes_through_a_read(book: Book) -> None:
    with pytest.raises(LedgerUnavailableError, match=r"read-?only"):
        await book.read(lambda connection: connection.execute(text("DELETE FROM holds")))


# What is told.


async def test_a_poll_that_was_overtaken_by_a_commit_tells_nothing_twice(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    look = book._writing.look

    async def overtaken(*query: Any) -> object:
        found = await look(*query)
        await book.submit(hold("1"))
        return found

    book.on_change(heard.append)
    monkeypatch.setattr(book._writing, "look", overtaken)
    await book.poll_outside_changes()
    monkeypatch.setattr(book._writing, "look", look)
    await book.poll_outside_changes()
    await asyncio.sleep(0)
    assert heard == [FAMILY]


async def test_listeners_hear_of_each_account_that_changed(book: Book) -> None:
    heard: list[str] = []
    stop = book.on_change(heard.append)
    await book.submit(hold("1"))
    await asyncio.sleep(0)
    assert heard == [FAMILY]
    await book.submit(end("1"))
    await asyncio.sleep(0)
    assert heard == [FAMILY, FAMILY, INCOME]
    stop()
    await book.submit(deposit("1", "d-2"))
    await asyncio.sleep(0)
    assert len(heard) == 3


async def test_changes_of_other_processes_are_told_when_polled(book: Book, address: str) -> None:
    heard: list[str] = []
    book.on_change(heard.append)
    async with await Book.open(address) as command:
        await command.submit(deposit("5", "d-2"))
    await book.poll_outside_changes()
    await asyncio.sleep(0)
    assert heard == [FAMILY, "cash:processor"]
    await book.poll_outside_changes()
    await asyncio.sleep(0)
    assert len(heard) == 2


async def test_changes_of_other_processes_are_told_with_the_next_commit(book: Book, address: str) -> None:
    heard: list[str] = []
    book.on_change(heard.append)
    async with await Book.open(address) as command:
        await command.submit(deposit("5", "d-2"))
    await book.beat(PROCESS.process_id, later(1))
    await asyncio.sleep(0)
    assert heard == [FAMILY, "cash:processor"]


async def test_a_watcher_polls_for_ever(book: Book, address: str) -> None:
    heard = asyncio.Event()
    book.on_change(lambda _account: heard.set())
    watcher = asyncio.ensure_future(book.watch_outside(0.05))
    async with await Book.open(address) as command:
        await command.submit(deposit("5", "d-2"))
    await heard.wait()
    watcher.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watcher


async def test_a_watcher_outlives_a_database_that_does_not_answer(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    polls: list[int] = []

    async def flaky() -> None:
        polls.append(1)
        raise LedgerUnavailableError("not now")

    monkeypatch.setattr(book, "poll_outside_changes", flaky)
    watcher = asyncio.ensure_future(book.watch_outside(1.0))
    await asyncio.sleep(2.5)
    watcher.cancel()
    assert len(polls) == 3


async def test_a_repeat_changes_nothing_and_is_not_told(book: Book) -> None:
    heard: list[str] = []
    book.on_change(heard.append)
    await book.submit(deposit("10"))
    await book.submit(hold("100"))
    await asyncio.sleep(0)
    assert heard == []


async def test_after_its_end_a_call_neither_holds_nor_opens_again(book: Book) -> None:
    await book.submit(end())
    assert await book.submit(hold("1")) == Refused(Refusal.UNKNOWN_CALL, CALL)
    assert (await book.answer(StartCall(a_call()))).is_repeat
    assert await book.open_calls() == ()
