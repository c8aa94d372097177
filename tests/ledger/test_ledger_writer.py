"""The one writer of a book: what goes wrong under it, and the rows of others that go through it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from ledger import store, writer
from ledger.address import SQLITE
from ledger.audit import audit
from ledger.errors import BookClosedError, LedgerUnavailableError, UnstorableError
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Ended, Placed
from ledger.store import Book
from tests.support.books import ServerShelf, Shelf
from tests.support.ledger import CALL, FAMILY, STORY, deposit, end, hold, hold_of, open_account, state, usd

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
    """What runs statements, and breaks at the n-th; begin and commit count."""

    def __init__(self, inner: Any, left: int) -> None:
        self.left = left
        self._inner = inner
        self._error = sqlite3.OperationalError if isinstance(inner, sqlite3.Connection) else psycopg.OperationalError

    def __getattr__(self, name: str) -> Any:
        if name in {"execute", "send", "commit"}:
            self.left -= 1
            if self.left == 0:
                raise self._error("disk I/O error")
        return getattr(self._inner, name)


@pytest.mark.parametrize("statement", range(1, 20))
async def test_a_crash_at_any_statement_leaves_nothing_half_done(
    address: str, shelf: Shelf, statement: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks at the n-th statement of the end of a call, or right at the commit."""
    monkeypatch.setattr(writer, "TRIES_MAX", 1)
    async with await Book.open(address) as book:
        await book.answer(hold("4"))
        runs = "_driver" if shelf.kind == SQLITE else "_prepared"
        session = book._writing.session
        breaking = Breaking(getattr(session, runs), statement)
        setattr(session, runs, breaking)
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


async def test_many_are_told_in_their_order_what_came_of_each(book: Book) -> None:
    asked = (deposit("1", "payment-2"), hold("0.5"), hold("90", 2), deposit("2", "payment-2"), hold("0.5", 3))
    told = await book.submit_all(asked)
    assert [type(outcome).__name__ for outcome in told] == ["Booked", "Placed", "Refused", "Refused", "Placed"]
    assert await state(book) == (usd("11"), usd("1"))


async def test_more_than_a_group_are_done_group_by_group(monkeypatch: pytest.MonkeyPatch, book: Book) -> None:
    monkeypatch.setattr(store, "GROUP_MAX", 2)
    changed: list[AccountId] = []
    book.on_change(changed.append)
    told = await book.submit_all([hold("1", number) for number in range(1, 6)])
    assert told == [Placed(hold_of(number), usd(f"{10 - number}")) for number in range(1, 6)]
    assert changed == [FAMILY] * 3


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


@pytest.mark.parametrize("place", ["memo", "deposit_id", "account_id"])
async def test_a_text_that_nobody_can_store_fails_alone(book: Book, place: str) -> None:
    no_text = replace(deposit("1", "payment-2"), **{place: "half a pair: \ud800"})
    outcomes = await asyncio.gather(
        book.submit(hold("4")), book.submit(no_text), book.submit(deposit("1", "payment-3")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Placed, UnstorableError, Booked]
    assert "half a pair: \\ud800" in str(outcomes[1])
    assert await state(book) == (usd("11"), usd("4"))


@pytest.mark.postgres
async def test_what_one_database_alone_does_not_keep_is_said(postgres: ServerShelf) -> None:
    async with await Book.open(postgres.book(*STORY)) as book:
        with pytest.raises(UnstorableError, match="number 0"):
            await book.submit(replace(deposit("1", "payment-2"), memo="a\0b"))
        await book.submit(deposit("1", "payment-3"))


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
