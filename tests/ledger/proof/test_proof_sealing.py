from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, func, insert, select

from ledger.audit import audit
from ledger.entries import ROOT_HASH
from ledger.migrate import differences
from ledger.proof import sealing
from ledger.proof.checkpoint import Checkpoint, CheckpointError, Facts
from ledger.proof.keys import key_id
from ledger.proof.seal import Seal, digest_of, row_digest
from ledger.proof.sealing import make_checkpoint, read_checkpoints
from ledger.proof.tables import seals
from ledger.proof.verify import Witness
from ledger.requests import EndCall
from ledger.store import Book
from tests.support.ledger import record, write_book
from tests.support.papers import RICH, days

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.db", *RICH)


async def sealed_keys(book: Book, table: str) -> set[str]:
    query = select(seals.c.row_key).where(seals.c.table_name == table)
    return await book.read(lambda connection: set(connection.execute(query).scalars()))


async def test_a_checkpoint_says_where_the_book_stands(path: Path) -> None:
    async with await Book.open(str(path)) as book:
        made = await make_checkpoint(book, KEY, days(50))
        entries = await book.entries()
        assert await book.read(read_checkpoints) == (made,)
    facts = Facts.of(made.statement)
    assert (facts.number, facts.at, facts.previous) == (1, days(50), ROOT_HASH)
    assert (facts.seq, facts.hash) == (entries[-1].seq, entries[-1].hash)
    assert facts.key_id == key_id(KEY.public_key())
    assert facts.text == made.statement


async def test_each_checkpoint_seals_only_what_is_new_and_names_the_one_before(path: Path) -> None:
    async with await Book.open(str(path)) as book:
        first = await make_checkpoint(book, KEY, days(50))
        second = await make_checkpoint(book, KEY, days(51))
    facts = Facts.of(second.statement)
    assert facts.previous == first.digest
    assert {count for count, _ in facts.sealed.values()} == {0}


async def test_a_hold_is_sealed_when_it_is_settled(path: Path) -> None:
    async with await Book.open(str(path)) as book:
        await make_checkpoint(book, KEY, days(50))
        assert "open/hold/1" not in await sealed_keys(book, "holds")
        await book.submit(EndCall(record("open")))
        await make_checkpoint(book, KEY, days(51))
        assert "open/hold/1" in await sealed_keys(book, "holds")
        assert (await audit(book, Witness(KEY.public_key()))).is_clean


async def test_seals_of_a_run_that_broke_off_are_put_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "WRITE_ROWS", 3)

    def leave_some(connection: Connection) -> None:
        row = {"table_name": "calls", "row_key": "free", "checkpoint": 1, "about": "", "digest": "x"}
        connection.execute(insert(seals), [row])

    async with await Book.open(str(path)) as book:
        await book.write(leave_some)
        await make_checkpoint(book, KEY, days(50))
        report = await audit(book, Witness(KEY.public_key()))
    assert (report.findings, report.checkpoints) == ((), 1)


async def test_of_two_at_the_same_time_one_is_told_to_try_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = sealing._look

    async with await Book.open(str(path)) as book, await Book.open(str(path)) as other:
        seen = await book.read(look)
        monkeypatch.setattr(sealing, "_look", lambda _connection: seen)
        await make_checkpoint(other, KEY, days(50))
        with pytest.raises(CheckpointError, match="make this one again"):
            await make_checkpoint(book, KEY, days(50))
        report = await audit(book, Witness(KEY.public_key()))
        assert (report.findings, report.checkpoints) == ((), 1)


async def test_seals_that_another_run_put_away_leave_no_checkpoint(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storing = sealing._Storing.__call__

    def store_and_lose_one(self: sealing._Storing, connection: Connection) -> None:
        storing(sealing._Storing(self.number, self.made[1:]), connection)

    monkeypatch.setattr(sealing._Storing, "__call__", store_and_lose_one)
    async with await Book.open(str(path)) as book:
        with pytest.raises(CheckpointError, match="make this one again"):
            await make_checkpoint(book, KEY, days(50))
        assert await book.read(read_checkpoints) == ()


async def test_the_first_book_may_be_empty(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        made = await make_checkpoint(book, KEY, days(0))
        assert Facts.of(made.statement).seq == 0
        assert (await audit(book, Witness(KEY.public_key(), made))).is_clean
        assert await book.read(differences) == []


async def test_the_key_never_enters_the_book(path: Path) -> None:
    async with await Book.open(str(path)) as book:
        await make_checkpoint(book, KEY, days(50))
    with closing(sqlite3.connect(path)) as other:
        dump = "\n".join(other.iterdump())
    assert KEY.private_bytes_raw().hex() not in dump
    assert KEY.private_bytes_raw() not in path.read_bytes()


def test_a_checkpoint_goes_to_a_file_and_back() -> None:
    facts = Facts(1, days(0), 0, ROOT_HASH, ROOT_HASH, "key", {"calls": (0, "x")})
    checkpoint = Checkpoint(facts.text, "ff")
    assert Checkpoint.from_json(checkpoint.to_json()) == checkpoint
    assert Facts.of(checkpoint.statement) == facts


@pytest.mark.parametrize(
    "text", ["", "[]", '{"statement": 1, "signature": ""}', '{"statement": "{}", "signature": ""}']
)
def test_what_is_no_checkpoint_is_said(text: str) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoint.from_json(text)


def test_the_digest_of_seals_does_not_depend_on_the_order_a_database_has() -> None:
    made = [Seal("calls", key, "", "x") for key in ("b", "B", "ä", "a")]
    assert digest_of(made) == digest_of(reversed(made))
    assert digest_of(made) != digest_of(made[1:])


def test_a_column_added_later_and_empty_leaves_a_digest_as_it_is() -> None:
    before = row_digest(["a", "c"], ["x", 1])
    assert row_digest(["a", "b", "c"], ["x", None, 1]) == before
    assert row_digest(["a", "b", "c"], ["x", 0, 1]) != before


def test_digests_never_change_for_rows_already_sealed() -> None:
    assert row_digest(["call_id", "charged"], ["c-1", 375_000]) == (
        "6d26858cfc4b45e15ee6cd95b01c456cb6b32a3cbac69e75c8efd5d970ef2ac9"
    )


def test_what_the_program_never_writes_has_a_digest_too() -> None:
    assert len({row_digest(["a"], [value]) for value in (1, "1", 1.5, b"1")}) == 4  # type: ignore[list-item]


async def test_seals_are_counted_by_checkpoint(path: Path) -> None:
    async with await Book.open(str(path)) as book:
        made = await make_checkpoint(book, KEY, days(50))
        query = select(seals.c.table_name, func.count()).group_by(seals.c.table_name)
        counted = await book.read(lambda connection: {row.table_name: row[1] for row in connection.execute(query)})
    assert counted == {name: count for name, (count, _) in Facts.of(made.statement).sealed.items() if count}
