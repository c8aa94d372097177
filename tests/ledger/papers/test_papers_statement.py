from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copyfile
from zoneinfo import ZoneInfo

import pytest

from ledger.money import AccountId, Money, total
from ledger.papers.sheet import Sheet, dollars, minutes, set_sheet
from ledger.papers.sheet_html import sheet_html
from ledger.papers.sheet_pdf import sheet_pdf
from ledger.papers.sheet_text import sheet_text
from ledger.papers.statement import LineKind, Statement, read_statement
from ledger.store import Book
from tests.support.ledger import FAMILY, NUMBER, PHONE_BILL, usd, write_book
from tests.support.papers import JULY, JUNE, RICH, days

ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("rich") / "book.db", *RICH)


async def statement_of(path: Path, account_id: AccountId, begins: datetime = JUNE, ends: datetime = JULY) -> Statement:
    async with await Book.open(str(path)) as book:
        found = await book.read(lambda connection: read_statement(connection, account_id, begins, ends))
    assert found is not None
    return found


def sheet_of(statement: Statement) -> Sheet:
    return set_sheet(statement, "June 2021", ZONE, lambda at: at.astimezone(ZoneInfo(ZONE)))


async def test_a_month_has_every_line_with_its_balance(rich: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    assert statement.opening == usd("1.424")
    assert [(line.kind.name, str(line.amount), str(line.balance)) for line in statement.lines] == [
        ("DEPOSIT", "2", "3.424"),
        ("DEPOSIT", "25", "28.424"),
        ("CALL", "-0.375", "28.049"),
        ("CALL", "0", "28.049"),
        ("REFUND", "0.1", "28.149"),
        ("ADJUSTMENT", "0.000001", "28.149001"),
        ("TRANSFER", "-3", "25.149001"),
        ("ADJUSTMENT", "-1", "24.149001"),
        ("CALL", "-0.375", "23.774001"),
    ]
    assert statement.closing == usd("23.774001")


async def test_a_call_that_ends_as_the_month_does_belongs_to_the_next(rich: Path) -> None:
    july = await statement_of(rich, FAMILY, JULY, JULY + timedelta(days=31))
    assert july.opening == (await statement_of(rich, FAMILY)).closing
    assert [line.entry_id for line in july.lines] == ["july/charge"]


async def test_all_months_together_come_to_the_balance(rich: Path) -> None:
    begins = [days(-60), JUNE, JULY, days(3_000)]
    statements = [await statement_of(rich, FAMILY, *each) for each in pairwise(begins)]
    assert all(after.opening == before.closing for before, after in pairwise(statements))
    assert statements[-1].closing == statements[-1].account.balance
    for statement in statements:
        assert statement.closing - statement.opening == total(statement.total_of(kind) for kind in LineKind)


async def test_a_refund_names_the_call_it_gives_back(rich: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    (refund,) = (line for line in statement.lines if line.kind is LineKind.REFUND)
    assert refund.call is not None and refund.call.call_id == "first"
    assert "Refund for the call to +12125550123" in sheet_text(sheet_of(statement))


async def test_a_charge_whose_record_is_gone_is_shown_without_it(rich: Path, tmp_path: Path) -> None:
    path = copyfile(rich, tmp_path / "book.db")
    with closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM calls WHERE call_id = 'first'")
        other.commit()
    statement = await statement_of(path, FAMILY)
    assert statement.closing == (await statement_of(rich, FAMILY)).closing
    assert [row.what for row in sheet_of(statement).rows if row.amount == "-0.375000"] == ["Call", f"Call to {NUMBER}"]


async def test_an_account_that_is_not_there_has_no_statement(rich: Path) -> None:
    async with await Book.open(str(rich)) as book:
        unknown = AccountId("debit:nobody")
        assert await book.read(lambda connection: read_statement(connection, unknown, JUNE, JULY)) is None


async def test_the_text_of_the_statement_of_a_phone_bill_is_this(rich: Path) -> None:
    assert sheet_text(sheet_of(await statement_of(rich, PHONE_BILL))) == (
        "Statement of account: June 2021\n"
        "lec:+12125550123\n"
        "2021-06-01 00:00 to 2021-07-01 00:00, America/Los_Angeles\n"
        "\n"
        "Opening amount due       0.00\n"
        "Deposits                -1.00\n"
        "Calls                    2.55\n"
        "Closing amount due       1.55\n"
        "\n"
        "Date              What                  Minutes  Amount  Amount due  Details\n"
        "2021-06-05 00:15  Call to +12125550123    15:00    2.55        2.55  +1 at 0.025\n"
        "2021-06-11 00:00  Deposit                         -1.00        1.55  of the phone company\n"
        "\n"
        "Amounts are US dollars, exact to a millionth: prices by the minute are finer than a cent.\n"
        "A positive amount is due; payments and refunds lower it.\n"
        "A call stands where it was booked: at its end. Only talk from acceptance on is billed.\n"
    )


async def test_a_month_without_anything_says_so(rich: Path) -> None:
    sheet = sheet_of(await statement_of(rich, FAMILY, days(100), days(130)))
    assert "Nothing was booked in this month." in sheet_text(sheet)
    assert "Nothing was booked in this month." in sheet_html(sheet)
    assert sheet_pdf(sheet).startswith(b"%PDF-")


async def test_taxes_and_fees_within_a_charge_are_told(rich: Path, tmp_path: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    parts = ((AccountId("taxes:ca:utility"), usd("0.01875")), (AccountId("income:fees:card"), usd("0.5")))
    line = replace(statement.lines[2], parts=(*parts, (AccountId("receivable:state:co"), usd("-0.1"))))
    sheet = sheet_of(replace(statement, lines=(line,)))
    assert sheet.rows[0].detail == (
        "+1 at 0.025; includes tax (ca, utility) 0.01875; includes fee (card) 0.50; paid by others (state, co) 0.10"
    )


async def test_the_page_needs_nothing_from_elsewhere_and_takes_words_as_words(rich: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    line = replace(statement.lines[1], memo="<b>bold</b>")
    page = sheet_html(sheet_of(replace(statement, lines=(line,))))
    assert "&lt;b&gt;bold" in page and "<b>bold" not in page
    assert "http" not in page and "src=" not in page
    assert "@media print" in page


async def test_a_memo_cannot_pass_for_another_line(rich: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    forged = replace(statement.lines[1], memo="thanks \x1b[8m\n2021-06-02 00:00  Deposit   1,000.00  1,025.00\u202e")
    (row,) = sheet_of(replace(statement, lines=(forged,))).rows
    assert row.detail == "thanks \ufffd[8m 2021-06-02 00:00 Deposit 1,000.00 1,025.00\ufffd"


async def test_a_memo_longer_than_a_page_goes_on_over_the_pages(rich: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    line = replace(statement.lines[2], memo="words " * 3_000)
    made = sheet_pdf(sheet_of(replace(statement, lines=(line,))))
    assert made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") >= 3


async def test_the_pdf_has_every_line_on_as_many_pages_as_it_takes(rich: Path, tmp_path: Path) -> None:
    statement = await statement_of(rich, FAMILY)
    line = replace(statement.lines[2], memo="<i>words</i> – ü 電")
    sheet = sheet_of(replace(statement, lines=(line,) * 70))
    made = sheet_pdf(sheet)
    assert sheet_pdf(sheet) == made
    pages = made.count(b"/Type /Page\n") or made.count(b"/Type /Page ")
    assert pages >= 3


@pytest.mark.parametrize(
    ("micros", "decimals", "text"),
    [(0, 2, "0.00"), (375_000, 3, "0.375"), (-1, 6, "-0.000001"), (1_234_500_000, 2, "1,234.50")],
)
def test_an_amount_is_shown_exactly(micros: int, decimals: int, text: str) -> None:
    assert dollars(Money(micros), decimals) == text


def test_no_amount_is_cut() -> None:
    with pytest.raises(AssertionError):
        dollars(usd("0.375"), 2)


@pytest.mark.parametrize(
    ("talk", "text"),
    [
        (timedelta(minutes=15), "15:00"),
        (timedelta(seconds=1, milliseconds=250), "0:01.25"),
        (timedelta(hours=2, seconds=5), "120:05"),
    ],
)
def test_talk_is_shown_exactly(talk: timedelta, text: str) -> None:
    assert minutes(talk) == text
