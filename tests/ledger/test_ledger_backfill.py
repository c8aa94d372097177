from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from ledger.backfill import COMMITS, SECONDS, Backfill, copy_rest
from ledger.store import Book
from tests.support.ledger import STORY, hold

HOLDS = 40
SECONDS_MAX = 60


def make_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE facts (fact TEXT)")
    connection.execute("INSERT INTO facts VALUES ('it is so')")
    connection.commit()


def facts_in_file(path: Path) -> int:
    """How many the file has without its log."""
    alone = copyfile(path, path.with_name("alone.db"))
    with closing(sqlite3.connect(alone)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchall():
            return 0
        (count,) = connection.execute("SELECT COUNT(*) FROM facts").fetchone()
    return int(count)


@pytest.mark.parametrize(("commits", "in_file"), [(COMMITS - 1, 0), (COMMITS, 1)])
def test_the_log_is_copied_after_so_many_commits(tmp_path: Path, commits: int, in_file: int) -> None:
    path = tmp_path / "a book.db"
    with closing(sqlite3.connect(path)) as connection:
        make_log(connection)
        backfill = Backfill(path)
        for _ in range(commits):
            backfill.committed(0.0)
        backfill.close()
        assert facts_in_file(path) == in_file


def test_a_writer_in_the_middle_keeps_nothing_from_being_copied(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as connection:
        make_log(connection)
        connection.execute("INSERT INTO facts VALUES ('it is not so')")
        backfill = Backfill(path)
        for _ in range(COMMITS):
            backfill.committed(0.0)
        backfill.close()
        assert facts_in_file(path) == 1
        connection.commit()


def test_the_log_begins_anew_after_the_writer_has_copied_what_was_left(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as connection:
        make_log(connection)
        backfill = Backfill(path)
        told = [backfill.committed(0.0) for _ in range(COMMITS)]
        backfill.close()
        connection.execute("INSERT INTO facts VALUES ('it came meanwhile')")
        connection.commit()
        told.append(backfill.committed(0.0))
        assert told == [False] * COMMITS + [True]
        copy_rest(connection)
        assert facts_in_file(path) == 2
        before = path.with_name("book.db-wal").read_bytes()
        connection.execute("INSERT INTO facts VALUES ('it came after')")
        connection.commit()
        after = path.with_name("book.db-wal").read_bytes()
        assert len(after) == len(before), "it is written where the log began"


def test_the_log_is_left_alone_for_a_while_after_it_was_copied(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as connection:
        make_log(connection)
        backfill = Backfill(path)
        for _ in range(COMMITS):
            backfill.committed(0.0)
        while not backfill.committed(1.0):
            pass
        connection.execute("INSERT INTO facts VALUES ('it came after')")
        connection.commit()
        for _ in range(COMMITS):
            assert not backfill.committed(1.0 + SECONDS / 2)
        assert facts_in_file(path) == 1
        assert not backfill.committed(1.0 + SECONDS)
        backfill.close()
        assert facts_in_file(path) == 2


def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    backfill = Backfill(tmp_path / "book.db")
    for _ in range(COMMITS):
        backfill.committed(0.0)
    backfill.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.realtime
async def test_a_book_copies_its_log_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    async with await Book.open(str(path)) as book:
        before = path.stat().st_size
        for request in (*STORY, *(hold("0.1", number) for number in range(1, HOLDS + 1))):
            await book.answer(request)
        async with asyncio.timeout(SECONDS_MAX):
            while path.stat().st_size == before:
                await asyncio.sleep(0.01)
        assert len(await book.holds()) == HOLDS
