from __future__ import annotations

import pytest

from ledger import audit as auditing
from ledger.audit import audit
from ledger.chart import call_income
from ledger.requests import Charge, EndCall, Refund, StartCall
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import NOW, PHONE_BILL, STORY, a_call, end, hold, open_account, record, usd

HISTORY = (
    *STORY,
    hold("4"),
    end("3"),
    open_account(PHONE_BILL),
    StartCall(a_call("call-2")),
    EndCall(
        record("call-2", "2", PHONE_BILL),
        Charge(PHONE_BILL, usd("2"), call_income("collect")),
    ),
    Refund("r-1", "call-1/charge", usd("1"), NOW),
    end(call_id="denied"),
    StartCall(a_call("call-3")),
    hold("1", call_id="call-3"),
)


@pytest.fixture
def address(shelf: Shelf) -> str:
    return shelf.book(*HISTORY)


async def found_after(shelf: Shelf, address: str, *statements: str) -> list[tuple[str, str]]:
    """Change rows behind the book's back, with every guard of the database off; audit."""
    shelf.change(address, *statements)
    async with await Book.open(address) as book:
        report = await audit(book)
    assert report.is_clean is (not report.findings)
    return [(finding.rule, finding.row) for finding in report.findings]


async def test_a_sound_book_has_nothing_to_find_and_is_counted(address: str) -> None:
    async with await Book.open(address) as book:
        report = await audit(book)
    assert report.findings == ()
    assert (report.accounts, report.entries, report.calls, report.open_calls, report.holds) == (5, 4, 3, 1, 2)
    assert report.head.seq == 4


FAMILY_ROW = "account advancepay:+12125550123"
CHARGE_ROW = "entry 2 (call-1/charge)"


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        (
            "UPDATE accounts SET balance = balance + 1 WHERE account_id LIKE 'advancepay%'",
            [("balance", FAMILY_ROW), ("double entry", "all accounts")],
        ),
        ("UPDATE accounts SET held = 0 WHERE account_id LIKE 'advancepay%'", [("held", FAMILY_ROW)]),
        ("UPDATE accounts SET floor = -5 WHERE account_id LIKE 'advancepay%'", [("floor", FAMILY_ROW)]),
        (
            "UPDATE accounts SET floor = 50000000 WHERE account_id LIKE 'advancepay%'",
            [("floor", FAMILY_ROW), ("floor", FAMILY_ROW)],
        ),
        (
            "DELETE FROM accounts WHERE account_id LIKE 'cash%'",
            [("balance", "account cash:processor"), ("double entry", "all accounts")],
        ),
        ("UPDATE entries SET memo = 'gift' WHERE seq = 2", [("chain", CHARGE_ROW)]),
        (
            "UPDATE entries SET hash = 'x' WHERE seq = 2",
            [("chain", CHARGE_ROW), ("chain", "entry 3 (call-2/charge)")],
        ),
        ("UPDATE head SET hash = 'x'", [("chain", "entry 4")]),
        (
            "UPDATE postings SET amount = amount + 1 WHERE seq = 1 AND line = 1",
            [
                ("chain", "entry 1 (payment-1)"),
                ("double entry", "entry 1 (payment-1)"),
                ("balance", "account cash:processor"),
            ],
        ),
        ("DELETE FROM open_calls", [("hold", "hold call-3/hold/1"), ("request", "request call-3/start")]),
        (
            "DELETE FROM calls WHERE call_id = 'call-1'",
            [
                ("charge", "call call-1"),
                ("request", "hold call-1/hold/1"),
                ("request", "request call-1/end"),
                ("request", "request call-1/start"),
            ],
        ),
        (
            "UPDATE calls SET charged = 1 WHERE call_id = 'call-1'",
            [("charge", "call call-1"), ("capture", "call call-1"), ("request", "request call-1/end")],
        ),
        (
            "UPDATE calls SET charged = 1 WHERE call_id = 'denied'",
            [("charge", "call denied"), ("capture", "call denied"), ("request", "request denied/end")],
        ),
        ("UPDATE calls SET payer = 'debit:p-1' WHERE call_id = 'call-1'", [("charge", "call call-1")]),
        (
            "UPDATE calls SET call_id = 'call-3' WHERE call_id = 'denied'",
            [("call", "call call-3"), ("request", "call call-3"), ("request", "request denied/end")],
        ),
        (
            "UPDATE holds SET captured = captured + 1 WHERE call_id = 'call-1'",
            [("capture", "call call-1")],
        ),
        (
            "DELETE FROM holds WHERE call_id = 'call-1'",
            [("capture", "call call-1"), ("request", "request call-1/end")],
        ),
        (
            """UPDATE accounts SET balance = balance + CASE WHEN account_id LIKE 'income:calls:a%' THEN 1 ELSE -1 END
            WHERE account_id LIKE 'income:calls:a%' OR account_id LIKE 'cash%'""",
            [
                ("balance", "account cash:processor"),
                ("balance", "account income:calls:advancepay"),
                ("income", "all income accounts"),
            ],
        ),
    ],
)
async def test_each_row_that_was_changed_is_named(
    shelf: Shelf, address: str, statement: str, findings: list[tuple[str, str]]
) -> None:
    # Databases give rows in orders of their own.
    assert sorted(await found_after(shelf, address, statement)) == sorted(findings)


async def test_an_entry_that_was_dropped_is_missed(shelf: Shelf, address: str) -> None:
    found = await found_after(shelf, address, "DELETE FROM postings WHERE seq = 3", "DELETE FROM entries WHERE seq = 3")
    assert found[:2] == [("chain", "entry 4 (r-1)"), ("chain", "entry 4 (r-1)")]
    assert ("charge", "call call-2") in found


async def test_a_call_that_was_charged_twice_is_found(shelf: Shelf, address: str) -> None:
    found = await found_after(
        shelf,
        address,
        "INSERT INTO entries SELECT 5, 'again', kind, at, call_id, refunds, memo, hash, hash FROM entries "
        "WHERE seq = 2",
        "INSERT INTO postings SELECT 5, line, account_id, amount FROM postings WHERE seq = 2",
    )
    assert ("charge", "call call-1") in found


async def test_a_charge_given_back_twice_is_found(shelf: Shelf, address: str) -> None:
    found = await found_after(shelf, address, "UPDATE postings SET amount = amount * 4 WHERE seq = 4")
    assert ("refund", "entry call-1/charge") in found


async def test_the_audit_looks_at_every_entry_of_a_long_chain(
    shelf: Shelf, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "CHUNK", 2)
    assert await found_after(shelf, address, "UPDATE entries SET memo = 'x' WHERE seq = 4") == [
        ("chain", "entry 4 (r-1)")
    ]


async def test_findings_are_limited(shelf: Shelf, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "FINDINGS_MAX", 3)
    assert len(await found_after(shelf, address, "UPDATE postings SET amount = amount + 1")) == 3
