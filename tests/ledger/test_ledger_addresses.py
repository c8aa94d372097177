"""Where books are looked for, and what is found there instead of one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from ledger.errors import BookAddressError, LedgerUnavailableError, MissingBookError, NotABookError
from ledger.store import Book
from tests.support.books import ServerShelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.db"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "postgresql://x",
        "mysql://x/y",
        "sqlite+aiosqlite://",
        "sqlite:///:memory:?x=1",
        "sqlite:///x.db?mode=ro",
        "a://b:c:d",
    ],
)
async def test_what_is_not_the_address_of_a_book_is_refused(address: str) -> None:
    with pytest.raises(BookAddressError):
        await Book.open(address)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://u:sekret@host/x",
        "postgresql://u:sekret@host",
        "postgresql://u:sekret@host:port/x",
        "a://u:sekret@h/x",
    ],
)
async def test_a_password_is_not_shown_with_what_is_wrong_about_an_address(address: str) -> None:
    with pytest.raises(BookAddressError) as refused:
        await Book.open(address)
    assert "postgresql://HOST/payphone" in str(refused.value) and "sekret" not in str(refused.value)


async def test_a_book_that_must_be_there_is_not_made(path: Path) -> None:
    with pytest.raises(MissingBookError):
        await Book.open(str(path), may_create=False)
    assert not path.exists()
    with pytest.raises(MissingBookError):
        await Book.open(str(path / "no-folder" / "book.db"))


async def test_a_book_in_a_folder_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(MissingBookError, match=r"no book at .*book\.db: make the folder .*deep, or name another"):
        await Book.open(str(tmp_path / "deep" / "book.db"))


async def test_other_files_are_left_alone(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(NotABookError):
        await Book.open(str(path))


async def test_a_locked_file_cannot_be_opened(path: Path) -> None:
    await (await Book.open(str(path))).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailableError):
            await Book.open(str(path), busy_seconds=0.01)


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
async def test_a_file_is_named_by_a_url_too(path: Path, scheme: str) -> None:
    await (await Book.open(f"{scheme}:///{path}")).close()
    assert path.exists()


# On PostgreSQL.


@pytest.mark.postgres
async def test_an_empty_database_is_not_made_a_book_unasked(postgres: ServerShelf) -> None:
    address = postgres.empty()
    with pytest.raises(MissingBookError, match="no book in this database"):
        await Book.open(address, may_create=False)
    with psycopg.connect(address) as other:
        assert other.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_said_without_its_password(postgres: ServerShelf) -> None:
    address = postgres.cluster.url("nowhere").replace("@", ":hush@")
    with pytest.raises(LedgerUnavailableError, match="nowhere") as raised:
        await Book.open(address)
    assert "hush" not in str(raised.value)


@pytest.mark.postgres
async def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailableError, match="cannot be opened"):
        await Book.open(f"postgresql://somebody@/book?host={tmp_path}")
