"""The courtesy call of a number: one call gets it, for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ledger.money import CallId
from ledger.store import Book
from switch.directory.courtesy import CourtesyCalls
from tests.support.ledger import NOW, NUMBER

CALLS = [CallId(f"call-{number}") for number in range(8)]


async def test_of_calls_at_once_in_two_processes_one_gets_the_courtesy(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as one, await Book.open(str(tmp_path / "book.db")) as other:
        desks = [CourtesyCalls(one), CourtesyCalls(other)]
        got = await asyncio.gather(*(desks[place % 2].use(NUMBER, call_id, NOW) for place, call_id in enumerate(CALLS)))
        assert got.count(True) == 1
        user = CALLS[got.index(True)]
        assert await desks[0].use(NUMBER, user, NOW), "its answer may have been lost"
        assert await desks[1].is_used(NUMBER)
        assert not await desks[1].is_used("+12125550199")


async def test_a_courtesy_outlives_the_process(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        assert await CourtesyCalls(book).use(NUMBER, CALLS[0], NOW)
    async with await Book.open(str(tmp_path / "book.db")) as book:
        assert not await CourtesyCalls(book).use(NUMBER, CALLS[1], NOW)
