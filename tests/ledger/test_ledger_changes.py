"""Who listens to a book hears which accounts changed, by whichever process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ledger.errors import LedgerUnavailableError
from ledger.store import Book
from tests.support.ledger import FAMILY, INCOME, PROCESS, deposit, end, hold, later


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
