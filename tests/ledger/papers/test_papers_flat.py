from __future__ import annotations

import csv
import io
import os
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ledger.entries import to_micros
from ledger.papers.flat import CALLS, ENTRIES, Flat, ParquetMissingError, write_csv, write_parquet
from ledger.papers.writing import ExportError, Format, What, export
from ledger.store import Book
from tests.support.ledger import write_book
from tests.support.papers import ODD_MEMO, RICH


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("rich") / "book.db", *RICH)


async def csv_rows(path: Path, flat: Flat) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    async with await Book.open(str(path)) as book:
        count = await book.read(lambda connection: write_csv(flat, connection, file))
    rows = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert len(rows) == count
    return rows


async def parquet_rows(path: Path, flat: Flat, out: Path) -> list[tuple[object, ...]]:
    async with await Book.open(str(path)) as book:
        await book.read(lambda connection: write_parquet(flat, connection, out))
    with duckdb.connect() as database:
        instants = {name for name, type_ in flat.columns if type_.value == "TIMESTAMPTZ"}
        columns = ", ".join(f'epoch_us("{name}")' if name in instants else f'"{name}"' for name, _ in flat.columns)
        return database.execute(f"SELECT {columns} FROM read_parquet(?)", [str(out)]).fetchall()


async def test_postings_as_csv_sum_to_the_balances(rich: Path) -> None:
    rows = await csv_rows(rich, ENTRIES)
    async with await Book.open(str(rich)) as book:
        balances = {account.account_id: account.balance.decimal for account in await book.accounts()}
    for account_id, balance in balances.items():
        assert sum(Decimal(row["amount"]) for row in rows if row["account"] == account_id) == balance
    assert any(row["memo"] == ODD_MEMO for row in rows)


async def test_calls_as_csv_have_a_row_for_each_record(rich: Path) -> None:
    rows = await csv_rows(rich, CALLS)
    assert [row["call"] for row in rows] == ["may", "first", "free", "collect", "inside", "last", "july"]
    assert (rows[2]["talk_seconds"], rows[2]["charged"], rows[2]["rang_at"]) == ("60.250000", "0.000000", "")
    assert rows[0]["accepted_at"] == "2021-05-23T07:00:00+00:00"


async def test_parquet_holds_what_the_book_holds(rich: Path, tmp_path: Path) -> None:
    rows = await parquet_rows(rich, ENTRIES, tmp_path / "it's.parquet")
    async with await Book.open(str(rich)) as book:
        entries = await book.entries()
    assert rows == [
        (
            entry.seq,
            line,
            entry.draft.entry_id,
            entry.draft.kind.value,
            to_micros(entry.draft.at),
            posting.account_id,
            posting.amount.decimal,
            entry.draft.call_id,
            entry.draft.refunds,
            entry.draft.memo,
            entry.hash,
        )
        for entry in entries
        for line, posting in enumerate(entry.draft.postings, start=1)
    ]


async def test_parquet_has_exact_types(rich: Path, tmp_path: Path) -> None:
    await parquet_rows(rich, CALLS, tmp_path / "calls.parquet")
    with duckdb.connect() as database:
        described = database.execute(f"DESCRIBE SELECT * FROM read_parquet('{tmp_path / 'calls.parquet'}')").fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["charged"] == "DECIMAL(19,6)"
    assert types["talk_seconds"] == "DECIMAL(18,6)"
    assert types["started_at"] == "TIMESTAMP WITH TIME ZONE"


async def test_parquet_keeps_nothing_apart_from_an_empty_text(rich: Path, tmp_path: Path) -> None:
    rows = await parquet_rows(rich, ENTRIES, tmp_path / "x.parquet")
    assert (rows[0][7], rows[0][9]) == (None, "")


async def test_without_duckdb_the_remedy_is_said(rich: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    async with await Book.open(str(rich)) as book:
        with pytest.raises(ParquetMissingError, match=r"payphone\[export\]"):
            await book.read(lambda connection: export(connection, Format.PARQUET, What.CALLS, tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("format_", "what", "out", "words"),
    [
        (Format.BEANCOUNT, What.CALLS, None, "--format csv"),
        (Format.PARQUET, What.ENTRIES, None, "--out"),
        (Format.CSV, What.ENTRIES, Path("/nowhere/x.csv"), "name another file"),
    ],
)
async def test_what_cannot_be_written_is_said(
    rich: Path, format_: Format, what: What, out: Path | None, words: str
) -> None:
    async with await Book.open(str(rich)) as book:
        with pytest.raises(ExportError, match=words):
            await book.read(lambda connection: export(connection, format_, what, out))


async def test_a_pipe_or_a_device_is_not_replaced_by_a_file(rich: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with await Book.open(str(rich)) as book:
        with pytest.raises(ExportError, match="is no file"):
            await book.read(lambda connection: export(connection, Format.CSV, What.ENTRIES, pipe))
    assert pipe.is_fifo()
