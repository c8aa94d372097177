"""Rows are changed behind the book's back, one by one: each is named, and nothing else is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from ledger.audit import audit_snapshot
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting, entry_hash, from_micros
from ledger.money import AccountId, Money
from ledger.proof.checkpoint import Checkpoint
from ledger.proof.keys import is_signed
from ledger.proof.seal import SEALED, UNSEALED, Sealed
from ledger.proof.sealing import make_checkpoint
from ledger.proof.verify import Witness, check_checkpoints
from ledger.requests import Deposit
from ledger.store import Book
from ledger.tables import LEDGER_TABLES
from tests.support.ledger import FAMILY, usd, write_book
from tests.support.papers import RICH, days

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNED_AT = days(50)


@dataclass(frozen=True)
class Kept:
    """A book with two checkpoints, and what was kept outside it."""

    path: Path
    first: Checkpoint
    last: Checkpoint


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    path = write_book(tmp_path_factory.mktemp("rich") / "book.db", *RICH)

    async def sign_twice() -> Kept:
        async with await Book.open(str(path)) as book:
            first = await make_checkpoint(book, KEY, SIGNED_AT)
            await book.submit(Deposit("second", FAMILY, usd("7"), "processor", days(51)))
            last = await make_checkpoint(book, KEY, days(52))
            await book.submit(Deposit("unsealed", FAMILY, usd("8"), "processor", days(53)))
        return Kept(path, first, last)

    return asyncio.run(sign_twice())


@pytest.fixture
def kept(tmp_path: Path, original: Kept) -> Kept:
    return replace(original, path=Path(copyfile(original.path, tmp_path / "book.db")))


def change(path: Path, *statements: str) -> None:
    """Change rows with every guard of the database off."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            assert other.execute(statement).rowcount != 0, statement
        other.commit()


WITH_KEY = Witness(KEY.public_key())


def found(path: Path, witness: Witness = WITH_KEY) -> list[tuple[str, str]]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        report = audit_snapshot(connection, witness)
    engine.dispose()
    return [(finding.rule, finding.row) for finding in report.findings]


def unsealed(path: Path) -> list[tuple[str, str]]:
    """As `found`, of the checkpoints alone: an audit of everything for every row would take a minute."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        findings = list(check_checkpoints(connection, WITH_KEY))
    engine.dispose()
    return [(finding.rule, finding.row) for finding in findings]


def names_of(path: Path, sealed: Sealed) -> list[tuple[str, str]]:
    """Each sealed row of a table: a condition that selects it, and what a finding calls it."""
    with closing(sqlite3.connect(path)) as other:
        query = "SELECT row_key, about FROM seals WHERE table_name = ? ORDER BY row_key"
        rows = other.execute(query, (sealed.name,)).fetchall()
    where = {
        "entries": "CAST(seq AS TEXT) = '{}'",
        "postings": "seq || '/' || line = '{}'",
    }.get(sealed.table.name, sealed.table.primary_key.columns.keys()[0] + " = '{}'")
    return [
        (where.format(key), f"{sealed.word} {key} ({about})" if about else f"{sealed.word} {key}")
        for key, about in rows
    ]


def test_a_sound_book_with_checkpoints_has_nothing_to_find(kept: Kept) -> None:
    for checkpoint in (None, kept.first, kept.last):
        assert found(kept.path, Witness(KEY.public_key(), checkpoint)) == []
    assert found(kept.path, Witness()) == []


def test_every_table_of_the_ledger_is_sealed_or_says_why_not() -> None:
    named = {sealed.table.name for sealed in SEALED} | set(UNSEALED)
    kept_as = {sealed.name for sealed in SEALED} | set(UNSEALED)
    assert [table.name for table in LEDGER_TABLES if table.name not in named] == []
    assert len(kept_as) == len(SEALED) + len(UNSEALED)


KEYS = {"seq", "line", "call_id", "hold_id", "request_id"}
CHANGES = [
    pytest.param(sealed, column.name, id=f"{sealed.word}-{column.name}")
    for sealed in SEALED
    for column in sealed.content
    if not (column.primary_key and column.name in KEYS) and (sealed.word, column.name) != ("account", "account_id")
]


@pytest.mark.parametrize(("sealed", "column"), CHANGES)
def test_a_row_that_was_changed_in_any_column_is_named(kept: Kept, sealed: Sealed, column: str) -> None:
    rows = names_of(kept.path, sealed)
    where, name = rows[len(rows) // 2]
    value = f"CASE typeof({column}) WHEN 'text' THEN {column} || 'x' WHEN 'integer' THEN {column} + 1 ELSE 7 END"
    change(kept.path, f"UPDATE {sealed.table.name} SET {column} = {value} WHERE {where}")
    assert [row for rule, row in found(kept.path) if rule == "sealed"] == [name]


@pytest.mark.parametrize("sealed", SEALED, ids=lambda sealed: sealed.name)
def test_each_row_that_was_removed_is_named(kept: Kept, sealed: Sealed, tmp_path: Path) -> None:
    rows = names_of(kept.path, sealed)
    assert len(rows) >= 5
    for where, name in rows:
        copied = Path(copyfile(kept.path, tmp_path / "tampered.db"))
        change(copied, f"DELETE FROM {sealed.table.name} WHERE {where}")
        assert [row for rule, row in unsealed(copied) if rule == "sealed"] == [name]


INSERTED = [
    (
        "INSERT INTO entries SELECT 0, 'gift', kind, at, call_id, refunds, memo, hash, hash FROM entries WHERE seq = 2",
        ("sealed", "entry 0 (gift)"),
    ),
    (
        "INSERT INTO postings SELECT seq, 3, account_id, amount FROM postings WHERE seq = 2 AND line = 1",
        ("chain", "entry 2 (may/charge)"),
    ),
    (
        "INSERT INTO requests SELECT 'gift', digest, outcome FROM requests WHERE request_id = 'courtesy-1'",
        ("request", "request gift"),
    ),
    (
        (
            "INSERT INTO holds SELECT 'gift/hold/1', account_id, 'gift', amount, placed_at, state, captured, "
            "settled_at, available FROM holds WHERE call_id = 'may'"
        ),
        ("request", "hold gift/hold/1"),
    ),
    (
        (
            "INSERT INTO holds SELECT 'may/hold/7', account_id, 'may', amount, placed_at, 'released', 0, "
            "settled_at, available FROM holds WHERE call_id = 'may'"
        ),
        ("sealed", f"hold may/hold/7 ({FAMILY})"),
    ),
    ("UPDATE holds SET available = NULL WHERE hold_id = 'may/hold/1'", ("request", "hold may/hold/1")),
    ("UPDATE calls SET call_id = 'gift' WHERE call_id = 'free'", ("request", "call gift")),
    ("INSERT INTO accounts VALUES ('debit:gift', 0, 5, 0, 0, 0)", ("balance", "account debit:gift")),
    ("UPDATE accounts SET balance = balance + 1 WHERE account_id = 'cash:mail'", ("balance", "account cash:mail")),
    ("UPDATE accounts SET held = 1 WHERE account_id = 'debit:p_1.x'", ("held", "account debit:p_1.x")),
    ("UPDATE open_calls SET call_id = 'gift'", ("request", "open call gift")),
    ("DELETE FROM entries WHERE entry_id = 'first/charge'", ("request", "request first/end")),
    ("DELETE FROM entries WHERE entry_id = 'courtesy-1'", ("request", "request courtesy-1")),
    ("DELETE FROM holds WHERE call_id = 'first'", ("capture", "call first")),
    ("DELETE FROM holds WHERE hold_id = 'open/hold/2'", ("sealed", f"placed hold open/hold/2 ({FAMILY})")),
    ("UPDATE requests SET outcome = '{}' WHERE request_id = 'late'", ("request", "request late")),
]


@pytest.mark.parametrize(("statement", "finding"), INSERTED, ids=[statement[:60] for statement, _ in INSERTED])
def test_a_row_or_balance_that_does_not_fit_the_others_is_named(
    kept: Kept, statement: str, finding: tuple[str, str]
) -> None:
    change(kept.path, statement)
    assert finding in found(kept.path)


def test_a_word_the_program_never_writes_hides_nothing(kept: Kept) -> None:
    change(kept.path, "UPDATE entries SET kind = 'gift' WHERE seq = 2")
    rows = found(kept.path)
    assert ("sealed", "entry 2 (may/charge)") in rows
    assert ("unreadable", "some row") in rows


def cut_tail(path: Path, seq: int) -> None:
    """Remove the last entries with everything that speaks of them, as one who knows the program would."""
    with closing(sqlite3.connect(path)) as other:
        ids = other.execute("SELECT entry_id FROM entries WHERE seq > ?", (seq,)).fetchall()
        lines = other.execute("SELECT account_id, amount FROM postings WHERE seq > ?", (seq,)).fetchall()
        other.executemany("UPDATE accounts SET balance = balance - ?2 WHERE account_id = ?1", lines)
        other.executemany("DELETE FROM requests WHERE request_id = ?", ids)
        other.execute("DELETE FROM postings WHERE seq > ?", (seq,))
        other.execute("DELETE FROM entries WHERE seq > ?", (seq,))
        other.execute("UPDATE head SET seq = ?1, hash = (SELECT hash FROM entries WHERE seq = ?1)", (seq,))
        other.commit()


def test_a_tail_removed_after_a_checkpoint_is_named_with_its_accounts(kept: Kept) -> None:
    with closing(sqlite3.connect(kept.path)) as other:
        (seq,) = other.execute("SELECT seq FROM entries WHERE entry_id = 'second'").fetchone()
    cut_tail(kept.path, seq - 1)
    rows = found(kept.path, Witness(KEY.public_key(), kept.last))
    assert ("checkpoint", f"entry {seq} (second)") in rows
    assert ("sealed", f"posting {seq}/1 (cash:processor)") in rows
    assert ("sealed", f"posting {seq}/2 ({FAMILY})") in rows
    assert ("sealed", "request second") in rows
    assert not [rule for rule, _ in rows if rule in {"chain", "balance"}], "the rest of it fits"


def test_a_tail_no_checkpoint_has_seen_cannot_be_missed(kept: Kept) -> None:
    """Where the proof ends: what came after the last checkpoint and went without a trace."""
    with closing(sqlite3.connect(kept.path)) as other:
        (seq,) = other.execute("SELECT seq FROM entries WHERE entry_id = 'unsealed'").fetchone()
    cut_tail(kept.path, seq - 1)
    assert found(kept.path, Witness(KEY.public_key(), kept.last)) == []


def rewrite_chain(path: Path) -> None:
    """Give a customer a dollar in the first entry, and write every hash, balance and seal of it anew."""
    with closing(sqlite3.connect(path)) as other:
        other.row_factory = sqlite3.Row
        other.execute(
            "UPDATE postings SET amount = amount + CASE line WHEN 1 THEN -1000000 ELSE 1000000 END WHERE seq = 1"
        )
        for account_id, more in other.execute(
            "SELECT account_id, iif(line = 1, -1000000, 1000000) FROM postings WHERE seq = 1"
        ).fetchall():
            other.execute("UPDATE accounts SET balance = balance + ? WHERE account_id = ?", (more, account_id))
        before = "0" * 64
        for row in other.execute("SELECT * FROM entries ORDER BY seq").fetchall():
            lines = other.execute("SELECT account_id, amount FROM postings WHERE seq = ? ORDER BY line", (row["seq"],))
            draft = EntryDraft(
                EntryId(row["entry_id"]),
                EntryKind(row["kind"]),
                from_micros(row["at"]),
                tuple(Posting(AccountId(line["account_id"]), Money(line["amount"])) for line in lines),
                row["call_id"],
                row["refunds"],
                row["memo"],
            )
            sealed = entry_hash(row["seq"], draft, before)
            other.execute("UPDATE entries SET previous_hash = ?, hash = ? WHERE seq = ?", (before, sealed, row["seq"]))
            before = sealed
        other.execute("UPDATE head SET hash = ?", (before,))
        other.commit()


def test_a_chain_that_was_written_anew_is_caught(kept: Kept) -> None:
    rewrite_chain(kept.path)
    rows = found(kept.path)
    assert "chain" not in {rule for rule, _ in rows}
    assert ("sealed", "posting 1/1 (cash:processor)") in rows
    assert next(row for rule, row in rows if rule == "checkpoint").startswith("entry ")


async def test_a_chain_and_checkpoints_written_anew_are_caught_by_the_key(kept: Kept) -> None:
    rewrite_chain(kept.path)
    change(kept.path, "DELETE FROM checkpoints", "DELETE FROM seals")
    async with await Book.open(str(kept.path)) as book:
        await make_checkpoint(book, OTHER_KEY, SIGNED_AT)
    assert found(kept.path, Witness()) == [], "without the key nothing tells"
    assert found(kept.path) == [("signature", "checkpoint 1")]
    rows = found(kept.path, Witness(KEY.public_key(), kept.first))
    assert ("checkpoint", "checkpoint 1") in rows and ("seal", "seals of postings, checkpoint 1") in rows


def test_checkpoints_taken_out_of_the_book_are_missed_by_the_kept_one(kept: Kept) -> None:
    rewrite_chain(kept.path)
    change(kept.path, "DELETE FROM checkpoints", "DELETE FROM seals")
    assert found(kept.path) == []
    rows = found(kept.path, Witness(KEY.public_key(), kept.last))
    assert ("checkpoint", "checkpoint 2") in rows
    assert any(rule == "checkpoint" and row.startswith("entry ") for rule, row in rows)


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE checkpoints SET statement = replace(statement, '\"number\":1', '\"number\":7') WHERE number = 1",
            ("signature", "checkpoint 7"),
        ),
        ("UPDATE checkpoints SET statement = 'x' WHERE number = 1", ("checkpoint", "checkpoint 1")),
        ("UPDATE checkpoints SET signature = 'ff' WHERE number = 2", ("signature", "checkpoint 2")),
        ("UPDATE checkpoints SET seq = 1 WHERE number = 2", ("checkpoint", "checkpoint 2")),
        ("DELETE FROM checkpoints WHERE number = 1", ("checkpoint", "checkpoint 1")),
        ("UPDATE checkpoints SET signature = 'ff' WHERE number = 1", ("checkpoint", "checkpoint 2")),
        ("UPDATE seals SET digest = 'x' WHERE row_key = 'free'", ("seal", "seals of calls, checkpoint 1")),
        ("DELETE FROM seals WHERE row_key = 'free'", ("seal", "seals of calls, checkpoint 1")),
        ("UPDATE seals SET about = 'x' WHERE row_key = 'free'", ("seal", "seals of calls, checkpoint 1")),
    ],
)
def test_a_checkpoint_or_seal_that_was_changed_is_named(kept: Kept, statement: str, finding: tuple[str, str]) -> None:
    change(kept.path, statement)
    assert finding in found(kept.path)


def test_a_kept_checkpoint_that_was_changed_is_not_believed(kept: Kept) -> None:
    forged = Checkpoint(kept.last.statement.replace('"seq":', '"seq":1'), kept.last.signature)
    assert ("signature", "the kept checkpoint 2") in found(kept.path, Witness(KEY.public_key(), forged))


def test_a_checkpoint_says_nothing_of_what_it_does_not_know(kept: Kept) -> None:
    told = json.loads(kept.last.statement)
    assert told["sealed"]["entries"][0] == told["sealed"]["requests"][0] == 1
    assert told["sealed"]["postings"][0] == 2
    assert told["sealed"]["holds"][0] == told["sealed"]["calls"][0] == 0
    assert is_signed(KEY.public_key(), kept.last.statement, kept.last.signature)
