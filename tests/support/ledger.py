"""For tests of money: a book in memory that decides by the pure rules, and short ways to say requests."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.chart import AccountKind, Opener, account_of, advancepay, call_income, debit, lec
from ledger.decide import decide
from ledger.entries import Head
from ledger.hold import HoldId, hold_id
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.outcomes import Outcome, Refusal, Refused
from ledger.products.card_requests import AskCard, AuthoriseCard, CaptureCard, DueCard, card_payment_id
from ledger.products.card_rows import CardUse
from ledger.records import CallRecord, OpenCall
from ledger.requests import (
    Charge,
    Deposit,
    EndCall,
    OpenAccount,
    PlaceHold,
    Process,
    RegisterProcess,
    Request,
    StartCall,
)
from ledger.rows import Decision, WorkingRows
from ledger.store import Book

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+12125550123"
FAMILY = advancepay(NUMBER)
PHONE_BILL = lec(NUMBER)
INSIDE = debit("p-1")
INCOME = call_income("advancepay")
CALL = CallId("call-1")
PROCESS = Process("switch-1", "host", 4711, "1000", NOW, NOW)


def usd(text: str) -> Money:
    return Money.from_text(text)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def open_account(account_id: AccountId = FAMILY, by: Opener = Opener.AGENT) -> OpenAccount:
    return OpenAccount(account_id, by, NOW)


def deposit(amount: str, deposit_id: str = "payment-1", account_id: AccountId = FAMILY) -> Deposit:
    return Deposit(deposit_id, account_id, usd(amount), "processor", NOW)


def a_call(call_id: str = CALL, process_id: str = PROCESS.process_id) -> OpenCall:
    return OpenCall(CallId(call_id), process_id, "north", "n-1", "p-1", NUMBER, "advancepay", FAMILY, NOW, legs=("{}",))


def hold(amount: str, number: int = 1, call_id: str = CALL, account_id: AccountId = FAMILY) -> PlaceHold:
    return PlaceHold(hold_of(number, call_id), account_id, CallId(call_id), usd(amount), later(number))


def hold_of(number: int = 1, call_id: str = CALL) -> HoldId:
    return hold_id(CallId(call_id), number)


def record(call_id: str = CALL, charged: str = "0", payer: AccountId | None = FAMILY) -> CallRecord:
    return CallRecord(
        call_id=CallId(call_id),
        facility="north",
        station="n-1",
        person="p-1",
        number=NUMBER,
        billing="advancepay",
        payer=payer,
        started_at=NOW,
        ended_at=later(60),
        why="hung-up",
        ended_by="caller",
        charged=usd(charged),
    )


def end(charged: str = "0", call_id: str = CALL, payer: AccountId = FAMILY) -> EndCall:
    charge = Charge(payer, usd(charged), INCOME, "talk") if usd(charged) else None
    return EndCall(record(call_id, charged, payer), charge)


def refused(why: Refusal, subject: str | None = None, available: str | None = None) -> Refused:
    return Refused(why, subject, None if available is None else usd(available))


STORY: tuple[Request, ...] = (
    RegisterProcess(PROCESS),
    open_account(),
    deposit("10"),
    StartCall(a_call()),
)
"""A process, an account with ten dollars, and a call that is open."""


def by_card(call_id: CallId) -> tuple[Request, ...]:
    """The rest of a call that began: fifty cents, which a card has paid."""
    payment, onecall = card_payment_id(call_id, 1), account_of(AccountKind.ONECALL, call_id)
    return (
        AskCard(payment, call_id, CardUse.CALL, usd("5"), "phone", NOW),
        AuthoriseCard(payment, NOW),
        hold("1", 1, call_id, onecall),
        end("0.5", call_id, onecall),
        DueCard(payment, NOW),
        CaptureCard(payment, "phone", later(1)),
    )


class PureBook:
    """The pure rules over rows in memory: what the book is, without a database."""

    def __init__(self, *requests: Request) -> None:
        self.rows = WorkingRows(Head())
        for request in requests:
            self.submit(request)

    def decide(self, request: Request) -> Decision:
        before = replace(
            self.rows,
            accounts=dict(self.rows.accounts),
            holds=dict(self.rows.holds),
            products=deepcopy(self.rows.products),
        )
        decision = decide(self.rows.view, request)
        assert self.rows == before, "deciding must not change what it looks at"
        return decision

    def submit(self, request: Request) -> Outcome:
        decision = self.decide(request)
        self.rows.apply(decision.changes)
        return decision.outcome

    def balance(self, account_id: AccountId) -> Money:
        """The balance of an account; nothing of one that is not there."""
        account = self.rows.accounts.get(account_id)
        return ZERO if account is None else account.balance

    def state(self) -> tuple[Money, Money]:
        """Balance and held of the family's account."""
        account = self.rows.accounts[FAMILY]
        return account.balance, account.held


async def state(book: Book) -> tuple[Money, Money]:
    """Balance and held of the family's account in a book that is stored."""
    account = await book.balance(FAMILY)
    assert account is not None
    return account.balance, account.held


def fill_book(address: str, *requests: Request) -> str:
    """Make a book with these requests done, and close it again; returns its address."""

    async def fill() -> None:
        async with await Book.open(address) as book:
            for request in requests:
                await book.answer(request)

    with ThreadPoolExecutor(1) as pool:  # A test that runs on a loop may ask for its book, too.
        pool.submit(asyncio.run, fill()).result()
    return address


def write_book(path: Path, *requests: Request) -> Path:
    """A book on file with these requests done, closed again: to be copied by each test that wants it."""
    fill_book(str(path), *requests)
    return path
