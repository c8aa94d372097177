"""Books that work on one loop tell each other of changes, at the turns at which a book that polls finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ledger.errors import LedgerUnavailableError
from ledger.store import Book
from tests.support.ledger import FAMILY, PROCESS, STORY, deposit, later

SECONDS = 0.5


class Watching:
    """A book that is watched, one beside it, and when the first looked and heard."""

    def __init__(self, book: Book, neighbour: Book) -> None:
        self.book = book
        self.neighbour = neighbour
        self.looked: list[float] = []
        self.heard: list[float] = []
        self.fails = False
        self._poll = book.poll_outside_changes
        self._began = asyncio.get_running_loop().time()
        book.poll_outside_changes = self.poll  # type: ignore[method-assign]
        book.on_change(lambda account: self.heard.append(self.now) if account == FAMILY else None)

    @property
    def now(self) -> float:
        return round(asyncio.get_running_loop().time() - self._began, 6)

    async def poll(self) -> None:
        self.looked.append(self.now)
        if self.fails:
            raise LedgerUnavailableError("not now")
        await self._poll()


async def watch(
    path: Path, do: Callable[[Watching], Awaitable[None]], *, is_inline: bool = True, seconds: float = 3.2
) -> Watching:
    async with AsyncExitStack() as stack:
        book = await stack.enter_async_context(await Book.open(str(path), is_inline=is_inline))
        for request in STORY:
            await book.submit(request)
        watching = Watching(book, await stack.enter_async_context(await Book.open(str(path), is_inline=is_inline)))
        watcher = asyncio.create_task(book.watch_outside(SECONDS))
        doing = asyncio.create_task(do(watching))  # type: ignore[arg-type]
        await asyncio.sleep(seconds)
        watcher.cancel()
        await doing
    return watching


async def idle(_watching: Watching) -> None:
    """Nobody changes anything."""


async def deposited(watching: Watching) -> None:
    await asyncio.sleep(1.2)
    await watching.neighbour.submit(deposit("5", "d-2"))


async def test_what_a_neighbour_changes_is_found_at_the_next_turn(tmp_path: Path) -> None:
    watching = await watch(tmp_path / "book.db", deposited)
    assert watching.looked == [0.0, 1.5]
    assert watching.heard == [1.5]


async def test_nobody_looks_while_nobody_changes_anything(tmp_path: Path) -> None:
    assert (await watch(tmp_path / "book.db", idle)).looked == [0.0]


@pytest.mark.parametrize("do", [idle, deposited])
async def test_a_book_that_processes_share_looks_at_every_turn(
    tmp_path: Path, do: Callable[[Watching], Awaitable[None]]
) -> None:
    watching = await watch(tmp_path / "book.db", do, is_inline=False)
    assert watching.looked == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert watching.heard == ([1.5] if do is deposited else [])


async def test_what_happens_at_a_turn_is_found_at_the_one_after_it(tmp_path: Path) -> None:
    async def at_a_turn(watching: Watching) -> None:
        await asyncio.sleep(1.0)
        await watching.neighbour.submit(deposit("5", "d-2"))

    assert (await watch(tmp_path / "book.db", at_a_turn)).heard == [1.5]


async def test_a_heartbeat_of_a_neighbour_is_nothing_to_find(tmp_path: Path) -> None:
    async def beaten(watching: Watching) -> None:
        await asyncio.sleep(1.2)
        await watching.neighbour.beat(PROCESS.process_id, later(1))

    assert (await watch(tmp_path / "book.db", beaten)).looked == [0.0]


async def test_what_a_book_changes_itself_is_nothing_to_find(tmp_path: Path) -> None:
    async def own(watching: Watching) -> None:
        await asyncio.sleep(1.2)
        await watching.book.submit(deposit("5", "d-2"))

    watching = await watch(tmp_path / "book.db", own)
    assert (watching.looked, watching.heard) == ([0.0], [1.2])


async def test_a_database_that_does_not_answer_is_asked_again_at_every_turn(tmp_path: Path) -> None:
    async def silent_for_a_while(watching: Watching) -> None:
        await deposited(watching)
        watching.fails = True
        await asyncio.sleep(1.0)
        watching.fails = False

    watching = await watch(tmp_path / "book.db", silent_for_a_while)
    assert watching.looked == [0.0, 1.5, 2.0, 2.5]
    assert watching.heard == [2.5]


async def test_a_book_that_was_closed_is_told_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "book.db")
    async with await Book.open(path, is_inline=True) as book:
        gone = await Book.open(path, is_inline=True)
        await gone.close()
        await gone.close()
        for request in STORY:
            await book.submit(request)
        assert not gone._neighbours._changed.is_set()
