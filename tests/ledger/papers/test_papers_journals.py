from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from sqlalchemy import Connection

from ledger.chart import parse_account
from ledger.money import Money
from ledger.papers import snapshot
from ledger.papers.journals import beancount_lines, hledger_lines, six_decimals
from ledger.papers.writing import Format, What, export
from ledger.store import Book
from tests.support.ledger import write_book
from tests.support.papers import ODD_MEMO, RICH

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("rich") / "book.db", *RICH)


async def written(path: Path, lines: Callable[[Connection], object]) -> str:
    async with await Book.open(str(path)) as book:
        return "".join(f"{line}\n" for line in await book.read(lambda connection: list(lines(connection))))  # type: ignore[call-overload]


def bean_check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "book.beancount"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([BEAN_CHECK, "--no-cache", file], capture_output=True, text=True, timeout=60, check=False)


async def test_bean_check_passes_a_book_with_some_of_everything(rich: Path, tmp_path: Path) -> None:
    text = await written(rich, beancount_lines)
    result = bean_check(text, tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert text.count(" open ") == text.count(" balance ") == 8


async def test_bean_check_sees_a_balance_that_is_off_by_a_micro(rich: Path, tmp_path: Path) -> None:
    text = await written(rich, beancount_lines)
    (balance,) = (line for line in text.splitlines() if " balance Liabilities:AdvancePay" in line)
    amount = balance.split()[3]
    off = six_decimals(Money.from_text(amount) + Money(1))
    result = bean_check(text.replace(balance, balance.replace(amount, off)), tmp_path)
    assert result.returncode == 1
    assert "Balance failed" in result.stderr


async def test_beancount_reads_the_ids_and_memos_as_they_are(rich: Path, tmp_path: Path) -> None:
    directives, errors, _ = loader.load_string(await written(rich, beancount_lines))
    assert errors == []
    deposits = [each for each in directives if isinstance(each, data.Transaction) and each.payee == "deposit"]
    (odd,) = (each for each in deposits if each.meta["id"] == 'pay "1", part')
    # A bell is no text that beancount takes.
    assert odd.narration == ODD_MEMO.replace("\x07", "\ufffd")
    opened = {each.meta["id"]: each.account for each in directives if isinstance(each, data.Open)}
    assert opened["debit:p_1.x"] == "Liabilities:Debit:Hex-p-5F1-2Ex"


async def test_an_account_is_opened_on_the_day_of_its_first_posting(rich: Path) -> None:
    async with await Book.open(str(rich)) as book:
        lines = await book.read(snapshot.read_account_lines)
    days = {line.account_id: str(line.first_day) for line in lines}
    assert days["advancepay:+12125550123"] == "2021-05-12"
    # Opened by the booking of an entry of an earlier day than the one that opened it before.
    assert days[parse_account("cash:processor")] == "2021-05-22"


async def test_a_long_journal_is_read_in_pieces(rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await written(rich, hledger_lines)
    monkeypatch.setattr(snapshot, "CHUNK", 2)
    assert await written(rich, hledger_lines) == whole


@pytest.mark.parametrize("lines", [beancount_lines, hledger_lines])
async def test_an_empty_book_is_an_empty_journal(tmp_path: Path, lines: Callable[[Connection], object]) -> None:
    async with await Book.open(str(tmp_path / "book.db")):
        pass
    assert "balance" not in await written(tmp_path / "book.db", lines)


@pytest.mark.parametrize(("format_", "begins"), [(Format.BEANCOUNT, "option"), (Format.HLEDGER, "; payphone")])
async def test_a_journal_without_a_file_goes_to_standard_output(
    rich: Path, format_: Format, begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with await Book.open(str(rich)) as book:
        assert await book.read(lambda connection: export(connection, format_, What.ENTRIES, None)) is None
    assert capsys.readouterr().out.startswith(begins)


async def test_a_journal_in_a_folder_has_its_name(rich: Path, tmp_path: Path) -> None:
    async with await Book.open(str(rich)) as book:
        path = await book.read(lambda connection: export(connection, Format.HLEDGER, What.ENTRIES, tmp_path))
    assert path == tmp_path / "book.journal"
    assert [each.name for each in tmp_path.iterdir()] == ["book.journal"]


@pytest.mark.parametrize(("micros", "text"), [(0, "0.000000"), (375_000, "0.375000"), (-1, "-0.000001")])
def test_an_amount_has_six_decimals(micros: int, text: str) -> None:
    assert six_decimals(Money(micros)) == text
