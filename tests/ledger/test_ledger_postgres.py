"""What only a server does to a book: it ends connections, is killed and comes back, and has several processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from ledger import writer
from ledger.audit import audit
from ledger.errors import LedgerUnavailableError
from ledger.money import ZERO
from ledger.outcomes import Ended, Placed
from ledger.prepared import Answer, Prepared
from ledger.store import Book
from tests.support.books import ServerShelf
from tests.support.ledger import CALL, FAMILY, STORY, deposit, end, hold, hold_of, usd
from tests.support.postgres import cluster

pytestmark = pytest.mark.postgres


@pytest.fixture
def address(postgres: ServerShelf) -> str:
    return postgres.book(*STORY)


@pytest.fixture
async def book(address: str) -> AsyncIterator[Book]:
    async with await Book.open(address, busy_seconds=0.01) as opened:
        yield opened


def database_of(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


async def test_a_lost_connection_is_found_again_within_a_request(
    book: Book, address: str, postgres: ServerShelf
) -> None:
    await book.submit(hold("4"))
    await book.accounts()
    assert postgres.cluster.disconnect(database_of(address)) == 2
    assert await book.submit(hold("1", 2)) == Placed(hold_of(2), usd("5"))
    assert (await audit(book)).findings == ()


async def test_whoever_asks_finds_a_lost_connection_again(book: Book, address: str, postgres: ServerShelf) -> None:
    await book.accounts()
    postgres.cluster.disconnect(database_of(address))
    account = await book.balance(FAMILY)
    assert account is not None and account.balance == usd("10")
    postgres.cluster.disconnect(database_of(address))
    await book.poll_outside_changes()
    assert len(await book.accounts()) == 2


async def test_a_connection_that_ends_in_mid_transaction_leaves_nothing_half_done(
    book: Book, address: str, postgres: ServerShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TRIES_MAX", 1)
    await book.submit(hold("4"))

    def end_it(_connection: object) -> None:
        postgres.cluster.disconnect(database_of(address))

    # The end of the call is decided in the transaction whose connection is ended before it is saved.
    outcomes = await asyncio.gather(book.write(end_it), book.submit(end("3")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LedgerUnavailableError] * 2
    account = await book.balance(FAMILY)
    assert account is not None and (account.balance, account.held) == (usd("10"), usd("4"))
    await book.submit(end("3"))
    account = await book.balance(FAMILY)
    assert account is not None and (account.balance, account.held) == (usd("7"), ZERO)
    assert (await audit(book)).findings == ()


class Ending:
    """Statements, and what is done right before the n-th of them, once all before it have run."""

    def __init__(self, inner: Prepared, left: int, end: Callable[[], object]) -> None:
        self.left = left
        self._inner = inner
        self._end = end

    def send(self, text: str, parameters: Sequence[Any]) -> Answer:
        self._count()
        return self._inner.send(text, parameters)

    def commit(self) -> None:
        self._count()
        self._inner.commit()

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._inner.settle()
            self._end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_a_connection_that_ends_before_any_statement_leaves_nothing_half_done(
    postgres: ServerShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TRIES_MAX", 1)
    for statement in count(1):
        address = postgres.book(*STORY, hold("4"))
        async with await Book.open(address) as book:
            session = book._writing.session
            end_it = partial(postgres.cluster.disconnect, database_of(address))
            assert session._prepared is not None
            ending = Ending(session._prepared, statement, end_it)
            session._prepared = ending  # type: ignore[assignment] # it has all that is asked of one
            with suppress(LedgerUnavailableError):
                await book.submit(end("3"))
                break
            assert ending.left <= 0
            account = await book.balance(FAMILY)
            assert account is not None and (account.balance, account.held) == (usd("10"), usd("4")), statement
            await book.submit(end("3"))
            account = await book.balance(FAMILY)
            assert account is not None and (account.balance, account.held) == (usd("7"), ZERO)
            assert (await audit(book)).findings == ()
    assert statement > 12, "the end of a call has more statements than that, and each was one to end before"


async def test_a_commit_that_nobody_is_told_of_is_not_done_twice(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0)
    await book.submit(hold("4"))
    commit, lost = Prepared.commit, []

    def lose(self: Prepared) -> None:
        commit(self)
        if not lost:
            lost.append(self)
            raise psycopg.OperationalError("the server closed the connection")

    monkeypatch.setattr(Prepared, "commit", lose)
    assert await book.submit(end("3")) == Ended(CALL, "call-1/charge", usd("3"), usd("1"))
    assert len(lost) == 1
    account = await book.balance(FAMILY)
    assert account is not None and (account.balance, account.held) == (usd("7"), ZERO)
    assert (await audit(book)).findings == ()


async def test_a_book_lives_through_a_server_that_is_killed_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0)
    with cluster(is_durable=True) as own:
        async with await Book.open(own.make("book_0")) as book:
            for request in (*STORY, hold("4")):
                await book.answer(request)
            own.kill()
            with pytest.raises(LedgerUnavailableError):
                await book.submit(end("3"))
            with pytest.raises(LedgerUnavailableError):
                await book.accounts()
            own.start()
            assert {each.account_id: (each.balance, each.held) for each in await book.accounts()}[FAMILY] == (
                usd("10"),
                usd("4"),
            )
            await book.submit(end("3"))
            assert (await audit(book)).findings == ()


async def test_whoever_reads_does_not_wait_for_whoever_writes(book: Book, address: str, postgres: ServerShelf) -> None:
    with postgres.locked(address):
        assert len(await book.accounts()) == 2
        account = await book.balance(FAMILY)
        await book.poll_outside_changes()
    assert account is not None and account.balance == usd("10")


async def test_one_snapshot_is_read_however_many_statements_ask(book: Book, address: str) -> None:
    def ask(connection: object) -> list[int]:
        count = text("SELECT count(*) FROM entries")
        first = connection.execute(count).scalar_one()  # type: ignore[attr-defined]
        with psycopg.connect(address) as other:
            other.execute("UPDATE head SET seq = seq + 1")
            other.execute("DELETE FROM postings")
            other.execute("DELETE FROM entries")
        return [first, connection.execute(count).scalar_one()]  # type: ignore[attr-defined]

    assert await book.read(ask) == [1, 1]


async def test_a_writer_waits_for_the_head_and_decides_on_what_it_then_finds(
    book: Book, address: str, postgres: ServerShelf
) -> None:
    async with await Book.open(address) as patient:
        lock = postgres.locked(address)
        asked = asyncio.ensure_future(patient.submit(hold("11")))
        with pytest.raises(LedgerUnavailableError):
            await book.submit(deposit("5", "payment-2"))
        lock.change("UPDATE accounts SET balance = balance + 2000000, change = 9 WHERE account_id LIKE 'advancepay%'")
        lock.let_go()
        assert await asked == Placed(hold_of(), usd("1"))
