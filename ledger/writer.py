"""The one writer of a book: a queue, and a task that commits what is in it, group by group.

While one group's transaction runs, the next one gathers; so the cost of a durable commit is shared by
all who wait for it, and one who is alone does not wait for others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError

from ledger.engine import Writing
from ledger.errors import BookClosedError, BookOverloadedError, LedgerUnavailableError, UnstorableError, no_text
from ledger.group import Committed, Failed, Item, run_group

GROUP_MAX: Final = 1000
"""Requests in one transaction: some 30 ms of work, so that nobody waits long behind a crowd."""

QUEUE_MAX: Final = 20_000
"""Requests waiting: twenty full groups, a second of work; whoever comes then is refused at once."""

TRIES_MAX: Final = 3
"""How often a transaction is begun before its requests fail; each try waits for the lock on its own."""

RETRY_SECONDS: Final = 0.05
"""Pause before a transaction is tried again; far below the second for which talk is held ahead."""


class Writer:
    """Takes requests, and answers each after it is durably stored."""

    def __init__(self, writing: Writing, seen_changes: int, committed: Callable[[Committed], None]) -> None:
        self.seen_changes = seen_changes
        self._writing = writing
        self._committed = committed
        self._items: list[Item] = []
        self._waiting: list[asyncio.Future[Any]] = []
        """Who waits for each item."""
        self._loop = asyncio.get_running_loop()
        self._wake = self._loop.create_future()
        self._is_closing = False
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    def put(self, item: Item) -> asyncio.Future[Any]:
        """Queue an item; what is returned is done once it is stored.

        Whoever is cancelled while waiting may find it stored nevertheless: ask again under the same id.

        Raises:
            BookClosedError: The book is closing.
            BookOverloadedError: Too many are waiting already.

        The future raises `LedgerUnavailableError` if the database took nothing, after every retry, and
        `UnstorableError` if it keeps no such text.
        """
        if self._is_closing:
            raise BookClosedError("the book is closed")
        if len(self._items) >= QUEUE_MAX:
            raise BookOverloadedError(f"{QUEUE_MAX} requests are waiting for the book")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._items.append(item)
        self._waiting.append(future)
        if not self._wake.done():
            self._wake.set_result(None)
        return future

    async def close(self) -> None:
        """Take no more, finish what is queued, and end. A fault that ended it before is raised here."""
        self._is_closing = True
        if not self._wake.done():
            self._wake.set_result(None)
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    def kill(self) -> None:
        """Take no more, and let go of what is queued, as the death of the process would: for simulations of it."""
        self._is_closing = True
        for future in self._waiting:
            if not future.done():
                future.set_exception(BookClosedError("the process was killed"))
                future.exception()  # Nobody may be left who looks at it.
        self._items.clear()
        self._waiting.clear()

    async def _run(self) -> None:
        try:
            while self._items or not self._is_closing:
                if not self._items:
                    self._wake = self._loop.create_future()
                    await self._wake
                    continue
                items, waiting = self._items[:GROUP_MAX], self._waiting[:GROUP_MAX]
                del self._items[:GROUP_MAX], self._waiting[:GROUP_MAX]
                await self._write(items, waiting)
        finally:
            # Only a loop that is torn down, or a fault of this module, leaves somebody waiting.
            self._is_closing = True
            _fail(self._waiting, lambda: BookClosedError("the book ended before this was stored"))

    async def _write(self, items: list[Item], waiting: list[asyncio.Future[Any]]) -> None:
        """Store a group, and answer everyone in it."""
        try:
            committed = await self._transact(items)
        except OperationalError as error:
            words = f"the database took nothing: {error.orig}"
            _fail(waiting, lambda: LedgerUnavailableError(words))
            return
        except (SQLAlchemyError, UnicodeEncodeError) as error:
            # One of them breaks a rule of the database, which `decide` should have seen, or is no text: find it.
            if len(items) > 1:
                for item, future in zip(items, waiting, strict=True):
                    await self._write([item], [future])
                return
            fault = _fault_of(error)
            _fail(waiting, lambda: fault)
            return
        except BaseException:
            _fail(waiting, lambda: BookClosedError("the book ended while this was stored: ask again later"))
            raise
        self._answer(waiting, committed)

    def _answer(self, waiting: list[asyncio.Future[Any]], committed: Committed) -> None:
        self.seen_changes = max(self.seen_changes, committed.changes)
        for future, result in zip(waiting, committed.results, strict=True):
            if future.done():
                continue
            if type(result) is Failed:
                future.set_exception(result.error)
            else:
                future.set_result(result)
        self._committed(committed)

    async def _transact(self, items: list[Item]) -> Committed:
        tries = 0
        is_sure = False
        while True:
            try:
                return await self._writing.run(run_group, items, self.seen_changes, is_sure=is_sure)
            except IntegrityError:
                if is_sure:
                    raise
                is_sure = True  # A hold was placed before.
            except OperationalError:
                # Locked, full, or failing: the whole group once more. Ids keep a commit whose
                # confirmation was lost from being booked twice.
                tries += 1
                if tries == TRIES_MAX:
                    raise
                await asyncio.sleep(RETRY_SECONDS)


def _fault_of(error: Exception) -> Exception:
    """What the one who asked is told of a request that no database takes."""
    match error:
        case UnicodeEncodeError():
            return UnstorableError(no_text(error))
        case DataError():
            return UnstorableError(f"the database does not keep this: {error.orig}")
        case _:
            return error


def _fail(waiting: Iterable[asyncio.Future[Any]], make_error: Callable[[], Exception]) -> None:
    """Raise an exception of its own at everyone who still waits."""
    for future in waiting:
        if not future.done():
            future.set_exception(make_error())
