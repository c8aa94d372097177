"""A book that does not answer some of the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ledger.errors import LedgerUnavailableError
from ledger.store import Book

READ = "read"
"""What stands for a read among the items that are asked of a book."""


class Outage:
    """Fails whatever `fails` says; `is_hanging` lets reads wait for ever instead."""

    def __init__(self, book: Book) -> None:
        self.fails: Callable[[object], bool] = lambda _: False
        self.is_hanging = False
        self.failed: list[object] = []
        self._put = book._writer.put
        self._read = book.read
        book._writer.put = self._troubled_put  # type: ignore[method-assign]
        book.read = self._troubled_read  # type: ignore[method-assign]

    def fail(self, kind: type | str, times: int = 10**9) -> None:
        """Fail the next so many items of a kind (`READ` for reads, `object` for everything)."""

        def fails(item: object) -> bool:
            nonlocal times
            is_meant = item == kind if isinstance(kind, str) else isinstance(item, kind)
            times -= is_meant
            return is_meant and times >= 0

        self.fails = fails

    def end(self) -> None:
        """Answer everything again."""
        self.fails = lambda _: False

    def _check(self, item: object) -> None:
        if self.fails(item):
            self.failed.append(item)
            raise LedgerUnavailableError("the book is out of order")

    async def _troubled_put(self, item: Any) -> Any:
        self._check(item)
        return await self._put(item)

    async def _troubled_read(self, query: Any) -> Any:
        self._check(READ)
        if self.is_hanging:
            await asyncio.Event().wait()
        return await self._read(query)
