from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from ledger.errors import NewerBookError, NotABookError
from ledger.migrate import differences
from ledger.migrations.versions import r0001_book
from ledger.store import Book
from ledger.tables import LEDGER_TABLES, metadata


async def test_the_history_comes_to_the_tables_that_are_declared(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        assert await book.read(differences) == []


async def test_a_difference_between_history_and_tables_is_seen(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        await book.write(lambda connection: connection.execute(text("ALTER TABLE calls ADD COLUMN mood TEXT")))
        assert "mood" in "".join(await book.read(differences))


def test_the_ledgers_tables_are_on_the_metadata_others_share() -> None:
    assert {table.name for table in LEDGER_TABLES} <= set(metadata.tables)


async def test_a_book_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    await (await Book.open(str(path))).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    with pytest.raises(NewerBookError, match="9999"):
        await Book.open(str(path))


async def test_a_database_with_other_tables_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.commit()
    with pytest.raises(NotABookError):
        await Book.open(str(path))
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


@pytest.mark.realtime
async def test_two_that_make_the_same_book_at_once_make_one(tmp_path: Path) -> None:
    path = str(tmp_path / "book.db")
    books = await asyncio.gather(*(Book.open(path) for _ in range(2)))
    for book in books:
        await book.close()
    async with await Book.open(path) as book:
        assert await book.read(differences) == []


async def test_a_book_is_never_taken_back_a_step(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:

        def go_back(connection: object) -> None:
            with Operations.context(MigrationContext.configure(connection)):  # type: ignore[arg-type]
                r0001_book.downgrade()

        with pytest.raises(NotImplementedError, match="restore a copy"):
            await book.read(go_back)
