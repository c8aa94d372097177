"""The same histories on a database, a transaction for each request: rows found again are the rows there were."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.audit import audit
from ledger.chart import AccountKind, Opener, account_of, call_income, debit, taxes
from ledger.entries import EntryId
from ledger.money import AccountId, CallId
from ledger.outcomes import Refusal, Refused
from ledger.product_reads import read_numbers
from ledger.product_rows import read_rows
from ledger.products.card_requests import (
    AskCard,
    AuthoriseCard,
    CaptureCard,
    DeclineCard,
    DepositByCard,
    DueCard,
    SellAccount,
    SettleDeposit,
    VoidCard,
    card_payment_id,
)
from ledger.products.card_rows import CardUse
from ledger.products.requests import (
    AddNumber,
    AdmitCall,
    Chargeback,
    CheckInvoice,
    CloseAccount,
    Ending,
    IssueInvoice,
    NoteInterest,
    NotifyIdle,
    PostCharge,
    RegisterTrust,
    RemoveNumber,
    SendToTrust,
    SetCreditLimit,
    TakeAllowance,
)
from ledger.products.rows import CalledNumber
from ledger.requests import (
    Charge,
    ChargeLine,
    Deposit,
    EndCall,
    ExpireHolds,
    MonthlyLimits,
    OpenAccount,
    Refund,
    Request,
    StartCall,
    Transfer,
)
from ledger.store import Book
from ledger.stored import PRODUCTS
from tests.support.ledger import (
    CALL,
    FAMILY,
    INCOME,
    NOW,
    NUMBER,
    PHONE_BILL,
    STORY,
    PureBook,
    a_call,
    deposit,
    end,
    hold,
    later,
    open_account,
    record,
    usd,
)

DAY = timedelta(days=1)
HOME = account_of(AccountKind.ADVANCECONNECT, "home")
BILL = account_of(AccountKind.DIRECTBILL, "home")
TRUST = account_of(AccountKind.TRUST, "p-1")
CARD = account_of(AccountKind.ONECALL, CALL)
CHARGE = EntryId("call-1/charge")
CALL_2 = CallId("call-2")
LINE = CallId("line-1")
ON_LINE = card_payment_id(LINE, 1)
SECOND = StartCall(a_call("call-2"))
LATE = later(3600)


def split(payer: AccountId = FAMILY) -> Charge:
    lines = (ChargeLine(taxes("us-ct", "sales"), usd("0.2")), ChargeLine(AccountId("commissions:north"), usd("1")))
    return Charge(payer, usd("3"), INCOME, "talk", lines, (ChargeLine(AccountId("receivable:state:co"), usd("1")),))


def limited(amount: str, call_id: str) -> Request:
    limits = MonthlyLimits(NOW, usd("4"), usd("5"))
    return replace(hold(amount, call_id=call_id, account_id=PHONE_BILL), limits=limits)


def take(wanted: int, call_id: str = CALL, key: str = "fortnight/p-1") -> TakeAllowance:
    return TakeAllowance(CallId(call_id), key, "2021-04-04", wanted, 900, NOW)


HISTORIES: dict[str, tuple[Request, ...]] = {
    "lines": (
        *STORY,
        hold("4"),
        EndCall(record(charged="3"), split()),
        Refund("r-1", CHARGE, usd("1"), NOW),
        Refund("r-2", CHARGE, None, NOW),
        Refund("r-3", CHARGE, None, NOW),
    ),
    "numbers": (
        open_account(HOME),
        AddNumber(HOME, NUMBER, NOW + DAY, NOW),
        AddNumber(HOME, "+12125550124", NOW, NOW),
        AddNumber(HOME, NUMBER, NOW, NOW),
        RemoveNumber(HOME, "+12125550124", NOW),
        RemoveNumber(HOME, "+12125550124", NOW),
    ),
    "allowances": (
        *STORY,
        SECOND,
        take(600),
        take(600, "call-2"),
        take(60, "call-2", "month/p-1"),
        take(600),
        EndCall(replace(record(), talk=timedelta(seconds=100))),
        take(1, "call-2", "week/p-1"),
        ExpireHolds(later(50), later(100)),
        StartCall(a_call("call-3")),
        take(900, "call-3"),
    ),
    "pending": (
        STORY[0],
        OpenAccount(FAMILY, Opener.AGENT, NOW, settles_later=True),
        *STORY[2:],
        SECOND,
        AdmitCall(CALL, FAMILY, NOW),
        EndCall(record(charged="3"), split(), posts_at=LATE),
        replace(end("9", "call-2"), posts_at=LATE),
        PostCharge(CALL, later(1)),
        PostCharge(CALL, LATE),
        PostCharge(CALL, LATE),
        PostCharge(CALL_2, LATE),
        StartCall(a_call("call-3")),
        AdmitCall(CallId("call-3"), FAMILY, NOW),
        Refund("r-1", CHARGE, usd("1"), NOW),
    ),
    "chargeback": (
        *STORY,
        hold("4"),
        replace(deposit("5", "payment-2"), channel="web", fee=usd("5.95")),
        Chargeback("back-1", EntryId("payment-1"), NOW),
        Chargeback("back-2", EntryId("payment-2"), NOW),
        Chargeback("back-3", EntryId("payment-2"), NOW),
        Chargeback("back-4", CHARGE, NOW),
        hold("1", 2),
        end("3"),
        deposit("1", "payment-5"),
    ),
    "collect": (
        *STORY,
        SECOND,
        open_account(PHONE_BILL),
        limited("3", CALL),
        EndCall(record(charged="2.5", payer=PHONE_BILL), Charge(PHONE_BILL, usd("2.5"), call_income("collect"))),
        limited("2", "call-2"),
        limited("1.5", "call-2"),
    ),
    "direct bill": (
        *STORY,
        SECOND,
        OpenAccount(BILL, Opener.AGENT, NOW, usd("30")),
        AddNumber(BILL, NUMBER, NOW, NOW),
        hold("12", account_id=BILL),
        end("12", payer=BILL),
        SetCreditLimit(BILL, usd("50"), NOW),
        IssueInvoice(BILL, "2026-11", NOW + DAY, NOW + 20 * DAY, NOW + DAY),
        IssueInvoice(BILL, "2026-11", NOW + DAY, NOW + 20 * DAY, NOW + DAY),
        IssueInvoice(BILL, "2026-12", NOW + 2 * DAY, NOW + 50 * DAY, NOW + 2 * DAY),
        Deposit("p-1", BILL, usd("5"), "mail", NOW + 3 * DAY),
        hold("3", call_id="call-2", account_id=BILL),
        CheckInvoice(f"{BILL}/2026-11", NOW + 20 * DAY),
        hold("3", 2, "call-2", BILL),
        end("2", "call-2", BILL),
        CheckInvoice(f"{BILL}/2026-11", NOW + 21 * DAY),
        CheckInvoice(f"{BILL}/2026-11", NOW + 21 * DAY),
        CheckInvoice(f"{BILL}/2026-12", NOW + 50 * DAY),
        CheckInvoice("nothing", NOW + 50 * DAY),
        Deposit("p-2", HOME, usd("20"), "mail", NOW + 22 * DAY),
    ),
    "trust": (
        open_account(),
        open_account(debit("p-1")),
        RegisterTrust(TRUST, "C-44017", "Mary Smith", NOW),
        RegisterTrust(TRUST, "C-44017", "Mary Smith", NOW),
        SendToTrust("t-1", TRUST, FAMILY, "C-44017", "mary smith", usd("20"), "web", NOW, usd("3")),
        SendToTrust("t-2", TRUST, FAMILY, "C-44018", "mary smith", usd("20"), "web", NOW),
        Transfer("x-1", TRUST, debit("p-1"), usd("5"), NOW),
        Chargeback("back-1", EntryId("t-1"), NOW),
    ),
    "one call": (
        *STORY,
        SECOND,
        AskCard(card_payment_id(CALL, 1), CALL, CardUse.CALL, usd("5"), "card", NOW),
        AskCard(card_payment_id(CALL_2, 1), CALL_2, CardUse.CALL, usd("5"), "card", NOW),
        AskCard(card_payment_id(CALL_2, 2), CALL_2, CardUse.CALL, usd("5"), "card", NOW),
        AskCard(card_payment_id(CALL_2, 3), CALL_2, CardUse.SALE, usd("28"), "card", NOW),
        AuthoriseCard(card_payment_id(CALL, 1), NOW),
        AuthoriseCard(card_payment_id(CALL_2, 1), NOW),
        DeclineCard(card_payment_id(CALL_2, 2), NOW),
        SellAccount(card_payment_id(CALL_2, 3), "+12125550126", usd("3"), "card", NOW),
        hold("5", account_id=CARD),
        CaptureCard(card_payment_id(CALL, 1), "card", NOW),
        end("2", payer=CARD),
        DueCard(card_payment_id(CALL, 1), NOW),
        CaptureCard(card_payment_id(CALL, 1), "card", NOW),
        CaptureCard(card_payment_id(CALL, 1), "card", NOW),
        end(call_id="call-2"),
        DueCard(card_payment_id(CALL_2, 1), NOW),
        VoidCard(card_payment_id(CALL_2, 1), NOW),
        VoidCard(card_payment_id(CALL_2, 1), NOW),
        SettleDeposit(card_payment_id(CALL_2, 3), NOW),
    ),
    "deposit by card": (
        *STORY,
        AskCard(ON_LINE, LINE, CardUse.DEPOSIT, usd("28"), "card", NOW),
        AskCard(card_payment_id(LINE, 2), LINE, CardUse.DEPOSIT, usd("28"), "card", NOW),
        DepositByCard(ON_LINE, FAMILY, usd("3"), "card", NOW),
        DepositByCard(ON_LINE, FAMILY, usd("3"), "card", NOW),
        DueCard(card_payment_id(LINE, 2), NOW),
        DueCard(card_payment_id(LINE, 2), NOW, is_given_up=True),
        DueCard(ON_LINE, NOW),
        SettleDeposit(ON_LINE, NOW),
    ),
    "idle": (
        open_account(),
        deposit("10"),
        NoteInterest(FAMILY, NOW + DAY),
        NotifyIdle(FAMILY, NOW, NOW + 90 * DAY),
        NotifyIdle(FAMILY, NOW + DAY, NOW + 91 * DAY),
        NotifyIdle(FAMILY, NOW + DAY, NOW + 95 * DAY),
        CloseAccount("c-1", FAMILY, NOW, Ending.UNCLAIMED, "ct", NOW + 271 * DAY),
        CloseAccount("c-2", FAMILY, NOW + DAY, Ending.UNCLAIMED, "ct", NOW + 271 * DAY),
        CloseAccount("c-3", FAMILY, NOW + DAY, Ending.REFUND, "check", NOW + 271 * DAY),
    ),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
async def test_a_book_on_file_decides_as_the_pure_rules_do_and_keeps_the_same_rows(
    tmp_path: Path, history: tuple[Request, ...]
) -> None:
    pure = PureBook()
    async with await Book.open(str(tmp_path / "book.db")) as book:
        for request in history:
            assert await book.submit(request) == pure.submit(request)  # type: ignore[call-overload]
        kept = await book.read(lambda connection: {kind: set(read_rows(connection, kind)) for kind in PRODUCTS})
        accounts = {account.account_id: account for account in await book.accounts()}
        report = await audit(book)
    assert kept == {kind: set(pure.rows.products.all(kind)) for kind in PRODUCTS}
    assert accounts == pure.rows.accounts
    assert report.findings == ()


async def test_a_group_of_requests_sees_what_each_of_them_did(tmp_path: Path) -> None:
    *before, ends, too_much, _ = HISTORIES["collect"]
    async with await Book.open(str(tmp_path / "book.db")) as book:
        for request in before:
            await book.submit(request)  # type: ignore[call-overload]
        _, found = await asyncio.gather(book.answer(ends), book.answer(too_much))
    assert found.outcome == Refused(Refusal.OVER_CARRIER_LIMIT, PHONE_BILL, usd("1.5"))


# Reading.


async def test_who_pays_for_a_number_is_told_by_the_instant(tmp_path: Path) -> None:
    """S3-5: up to 24 hours until calls are received."""
    async with await Book.open(str(tmp_path / "book.db")) as book:
        for request in HISTORIES["numbers"]:
            await book.submit(request)  # type: ignore[call-overload]
        told = [await book.payer_of(NUMBER, at) for at in (NOW, NOW + DAY - timedelta(microseconds=1), NOW + DAY)]
        numbers = await book.read(lambda connection: read_numbers(connection, HOME))
        nobody = await book.payer_of("+12125550124", NOW + DAY)
    assert told == [None, None, HOME]
    assert numbers == (CalledNumber(NUMBER, HOME, NOW, NOW + DAY),)
    assert nobody is None


# What the audit finds.


@pytest.mark.parametrize(
    ("history", "statements", "found"),
    [
        ("pending", ["DELETE FROM pending_charges WHERE call_id = 'call-2'"], ("charge", "call call-2")),
        ("pending", ["UPDATE pending_charges SET amount = 1 WHERE call_id = 'call-2'"], ("charge", "call call-2")),
        ("pending", ["DELETE FROM calls WHERE call_id = 'call-2'"], ("charge", "call call-2")),
        (
            "pending",
            ["INSERT INTO pending_charges SELECT 'call-1', payer, amount, body, posts_at FROM pending_charges"],
            ("charge", "call call-1"),
        ),
        ("allowances", ["UPDATE allowances SET held_seconds = held_seconds + 1"], ("allowance", "fortnight/p-1")),
        ("allowances", ["DELETE FROM open_calls WHERE call_id = 'call-3'"], ("allowance", "call call-3")),
        ("allowances", ["DELETE FROM allowances WHERE key = 'fortnight/p-1'"], ("allowance", "fortnight/p-1")),
        ("chargeback", ["UPDATE accounts SET floor = -1 WHERE account_id LIKE 'adv%'"], ("floor", f"account {FAMILY}")),
        ("direct bill", ["UPDATE accounts SET floor = -1 WHERE account_id LIKE 'dir%'"], ("floor", f"account {BILL}")),
        ("direct bill", ["DELETE FROM credit_lines"], ("floor", f"account {BILL}")),
        (
            "direct bill",
            ["UPDATE invoices SET state = 'paid' WHERE period = '2026-12'"],
            ("invoice", f"invoice {BILL}/2026-12"),
        ),
        (
            "direct bill",
            ["UPDATE invoices SET state = 'open' WHERE period = '2026-11'"],
            ("invoice", f"invoice {BILL}/2026-11"),
        ),
        ("direct bill", ["DELETE FROM invoices WHERE period = '2026-11'"], ("invoice", f"invoice {BILL}/2026-11")),
        ("direct bill", ["UPDATE credit_lines SET blocked_at = NULL"], ("invoice", f"invoice {BILL}/2026-12")),
        (
            "direct bill",
            ["UPDATE invoices SET period = '2027-01' WHERE period = '2026-12'"],
            ("invoice", f"invoice {BILL}/2026-12"),
        ),
        (
            "lines",
            ["UPDATE accounts SET floor = 0 WHERE account_id = 'commissions:north'"],
            ("floor", "account commissions:north"),
        ),
        (
            "lines",
            ["UPDATE postings SET amount = amount * 9 WHERE account_id LIKE 'taxes%' AND amount < 0"],
            ("refund", f"entry {CHARGE}"),
        ),
    ],
)
async def test_each_row_of_a_product_that_was_changed_is_named(
    tmp_path: Path, history: str, statements: list[str], found: tuple[str, str]
) -> None:
    path = tmp_path / "book.db"
    requests = HISTORIES[history]
    async with await Book.open(str(path)) as book:
        for request in requests[:11] if history == "pending" else requests:
            await book.submit(request)  # type: ignore[call-overload]
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            assert other.execute(statement).rowcount > 0
        other.commit()
    async with await Book.open(str(path)) as book:
        findings = [(finding.rule, finding.row) for finding in (await audit(book)).findings]
    assert found in findings


async def test_a_refused_request_leaves_no_row(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        refused = await book.submit(AddNumber(HOME, NUMBER, NOW, NOW))
        rows = await book.read(lambda connection: connection.execute(select(PRODUCTS[CalledNumber].table)).all())
    assert (refused, rows) == (Refused(Refusal.UNKNOWN_ACCOUNT, HOME), [])
