from __future__ import annotations

import asyncio

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from ledger.address import POSTGRESQL, SQLITE, book_url
from ledger.errors import NewerBookError, NotABookError
from ledger.migrate import differences
from ledger.migrations.versions import r0001_book
from ledger.store import Book
from ledger.tables import LEDGER_TABLES, metadata
from tests.support.books import Shelf

DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}


async def test_the_history_comes_to_the_tables_that_are_declared(shelf: Shelf) -> None:
    async with await Book.open(shelf.empty()) as book:
        assert await book.read(differences) == []


async def test_a_difference_between_history_and_tables_is_seen(shelf: Shelf) -> None:
    async with await Book.open(shelf.empty()) as book:
        await book.write(lambda connection: connection.execute(text("ALTER TABLE calls ADD COLUMN mood TEXT")))
        assert "mood" in "".join(await book.read(differences))


def test_the_ledgers_tables_are_on_the_metadata_others_share() -> None:
    assert {table.name for table in LEDGER_TABLES} <= set(metadata.tables)


async def test_a_book_of_a_newer_program_is_left_alone(shelf: Shelf) -> None:
    address = shelf.book()
    shelf.change(address, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerBookError, match="9999"):
        await Book.open(address)


async def test_a_database_with_other_tables_is_left_alone(shelf: Shelf) -> None:
    address = shelf.empty()
    engine = create_engine(book_url(address).set(drivername=DRIVERS[shelf.kind]))
    with engine.begin() as other:
        other.execute(text("CREATE TABLE recipes (name TEXT)"))
    with pytest.raises(NotABookError):
        await Book.open(address)
    assert inspect(engine).get_table_names() == ["recipes"]
    engine.dispose()


@pytest.mark.realtime
async def test_two_that_make_the_same_book_at_once_make_one(shelf: Shelf) -> None:
    address = shelf.empty()
    books = await asyncio.gather(*(Book.open(address) for _ in range(2)))
    for book in books:
        await book.close()
    async with await Book.open(address) as book:
        assert await book.read(differences) == []


async def test_a_book_is_never_taken_back_a_step(shelf: Shelf) -> None:
    async with await Book.open(shelf.empty()) as book:

        def go_back(connection: object) -> None:
            with Operations.context(MigrationContext.configure(connection)):  # type: ignore[arg-type]
                r0001_book.downgrade()

        with pytest.raises(NotImplementedError, match="restore a copy"):
            await book.read(go_back)
