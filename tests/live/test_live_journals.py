"""hledger reads our exported book and comes to our balances."""

from __future__ import annotations

import asyncio
import csv
import io
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.papers.names import foreign_name
from ledger.papers.writing import Format, What, export
from ledger.rows import Account
from ledger.store import Book
from tests.live.programs import program
from tests.support.ledger import write_book
from tests.support.papers import RICH

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def hledger() -> str:
    return program("hledger", "hledger")


@pytest.fixture
def rich(tmp_path: Path) -> tuple[Path, tuple[Account, ...]]:
    """The journal of a rich book, and the balances of the book."""
    write_book(tmp_path / "book.db", *RICH)

    async def leave() -> tuple[Account, ...]:
        async with await Book.open(str(tmp_path / "book.db")) as book:
            await book.read(lambda connection: export(connection, Format.HLEDGER, What.ENTRIES, tmp_path))
            return await book.accounts()

    return tmp_path / "book.journal", asyncio.run(leave())


def run(hledger: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [hledger, *words], capture_output=True, text=True, timeout=60, check=False, env={"LC_ALL": "C.UTF-8"}
    )


def test_hledger_passes_a_book_with_some_of_everything(hledger: str, rich: tuple[Path, tuple[Account, ...]]) -> None:
    result = run(hledger, "-f", str(rich[0]), "check", "--strict")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_hledger_comes_to_our_balances(hledger: str, rich: tuple[Path, tuple[Account, ...]]) -> None:
    journal, accounts = rich
    printed = run(hledger, "-f", str(journal), "balance", "--empty", "--flat", "--output-format", "csv").stdout
    found = {row["account"]: Decimal(row["balance"].split()[0]) for row in csv.DictReader(io.StringIO(printed))}
    ours = {foreign_name(account.account_id): -account.balance.decimal for account in accounts}
    assert {name: amount for name, amount in found.items() if name.casefold() != "total"} == ours


def test_hledger_sees_a_balance_that_is_off_by_a_micro(hledger: str, rich: tuple[Path, tuple[Account, ...]]) -> None:
    journal, _ = rich
    text = journal.read_text(encoding="utf-8")
    assert "= 1.550000 USD" in text
    journal.write_text(text.replace("= 1.550000 USD", "= 1.550001 USD"), encoding="utf-8")
    result = run(hledger, "-f", str(journal), "check")
    assert result.returncode != 0
    assert "1.550001" in result.stderr


def test_hledger_finds_an_entry_by_its_id(hledger: str, rich: tuple[Path, tuple[Account, ...]]) -> None:
    found = run(hledger, "-f", str(rich[0]), "print", "tag:id=^refund-1$").stdout
    assert "refund | dropped call" in found
    assert found.count("USD") == 2
