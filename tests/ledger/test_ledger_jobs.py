"""What is due on a day is done once, however often it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.chart import AccountKind, Opener, account_of, advancepay
from ledger.jobs import Done, Job, Left, Month, Report, Rules, run_jobs
from ledger.money import ZERO
from ledger.outcomes import Refusal, Refused
from ledger.product_rows import read_rows
from ledger.products.inactivity import InactivityRule
from ledger.products.requests import Ending, IssueInvoice, NoteInterest
from ledger.products.rows import Invoice
from ledger.requests import Deposit, OpenAccount, Request, StartCall
from ledger.store import Book
from tests.support.ledger import (
    FAMILY,
    NOW,
    STORY,
    a_call,
    deposit,
    end,
    hold,
    later,
    open_account,
    usd,
)

DAY = timedelta(days=1)
BILL = account_of(AccountKind.DIRECTBILL, "smith")
LATE_PAYER = advancepay("+12125550188")
NOVEMBER = Month("2026-11", NOW + 9 * DAY, NOW + 29 * DAY)
INVOICE = f"{BILL}/2026-11"
RULES = Rules()
NOTHING = Report((), (), is_complete=True)

BOOKED: tuple[Request, ...] = (
    *STORY,
    OpenAccount(BILL, Opener.AGENT, NOW, usd("30")),
    hold("12", account_id=BILL),
    end("12", payer=BILL),
    OpenAccount(LATE_PAYER, Opener.AGENT, NOW, settles_later=True),
    deposit("5", "payment-2", LATE_PAYER),
    StartCall(a_call("call-2")),
    replace(end("2", "call-2", LATE_PAYER), posts_at=later(3600)),
)
"""An account on credit that owes twelve dollars, and a charge that is pending."""


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    async with await Book.open(str(tmp_path / "book.db"), is_inline=True) as opened:
        for request in BOOKED:
            await opened.answer(request)
        yield opened
        assert (await audit(opened)).findings == ()


async def run(book: Book, days: float, month: Month = NOVEMBER, rules: Rules = RULES) -> list[Done]:
    """Run twice: what the second run finds is nothing, and it changes nothing."""
    at = NOW + days * DAY
    report = await run_jobs(book, at, month, rules)
    accounts, entries = await book.accounts(), await book.entries()
    again = await run_jobs(book, at, month, rules)
    assert again.done == ()
    assert (await book.accounts(), await book.entries()) == (accounts, entries)
    assert report.is_complete
    return list(report.done)


async def test_pending_charges_are_posted_when_their_time_has_come(book: Book) -> None:
    """S3-9: posted after a delay."""
    early = replace(NOVEMBER, until=NOW)
    assert await run_jobs(book, later(3599), early, RULES) == NOTHING
    assert await run(book, 1, early) == [Done(Job.POST, "call-2", usd("2"))]


async def test_a_month_is_invoiced_when_it_has_ended_and_judged_when_it_is_due(book: Book) -> None:
    """S3-10: billed monthly; unpaid at the due date: blocked and converted."""
    assert Done(Job.INVOICE, INVOICE, usd("12")) in await run(book, 9)
    assert await run(book, 28) == []
    await book.answer(Deposit("check-1", BILL, usd("5"), "mail", NOW + 20 * DAY))
    assert await run(book, 29) == [Done(Job.CONVERTED, INVOICE, usd("7"))]
    prepaid = await book.balance(account_of(AccountKind.ADVANCECONNECT, "smith"))
    assert prepaid is not None
    assert (prepaid.balance, prepaid.available) == (usd("-7"), ZERO)


async def test_a_month_that_a_later_invoice_asks_for_is_not_asked_for_again(book: Book) -> None:
    """Whoever runs a day that was left out would else block who pays the later invoice in time."""
    december = Month("2026-12", NOVEMBER.until + 31 * DAY, NOVEMBER.due_at + 31 * DAY)
    rules = Rules(inactivity=InactivityRule(notice_after=timedelta(days=999)))
    assert await run(book, 40, december, rules) == [
        Done(Job.POST, "call-2", usd("2")),
        Done(Job.INVOICE, f"{BILL}/2026-12", usd("12")),
    ]
    assert await run(book, 9, NOVEMBER, rules) == []
    await book.answer(Deposit("check-1", BILL, usd("12"), "mail", NOW + 41 * DAY))
    assert await run(book, 60, december, rules) == [Done(Job.PAID, f"{BILL}/2026-12", ZERO)]


async def test_an_account_that_talks_when_its_invoice_is_due_is_blocked_now_and_converted_later(book: Book) -> None:
    await run(book, 9)
    await book.answer(StartCall(a_call("call-3")))
    await book.answer(hold("3", call_id="call-3", account_id=BILL))
    assert await run(book, 29) == [Done(Job.OVERDUE, INVOICE, usd("12"))]
    await book.answer(end("1", "call-3", BILL))
    assert await run(book, 30) == [Done(Job.CONVERTED, INVOICE, usd("12"))]


async def test_ninety_days_of_payment_on_time_raise_the_limit(book: Book) -> None:
    await run(book, 9)
    await book.answer(Deposit("check-1", BILL, usd("12"), "mail", NOW + 20 * DAY))
    assert await run(book, 29) == [Done(Job.PAID, INVOICE, ZERO)]
    unhurried = Rules(inactivity=InactivityRule(notice_after=timedelta(days=999)))
    assert await run(book, 89.9, rules=unhurried) == []
    assert await run(book, 90, rules=unhurried) == [Done(Job.RAISE, BILL, usd("50"))]
    account = await book.balance(BILL)
    assert account is not None
    assert account.available == usd("50")


@pytest.mark.parametrize(
    ("rules", "closing"),
    [
        (Rules(), 271),
        (Rules(ending=Ending.UNCLAIMED, to="ct"), 271),
        (Rules(inactivity=InactivityRule(is_from_notice=False)), 180),
    ],
)
async def test_idle_accounts_are_notified_and_then_closed(tmp_path: Path, rules: Rules, closing: int) -> None:
    """S1-5 and 47 CFR 64.6130: the refund, or unclaimed property, is exactly what was on the account."""
    async with await Book.open(str(tmp_path / "book.db"), is_inline=True) as book:
        for request in (open_account(), deposit("10")):
            await book.answer(request)
        assert await run(book, 89, rules=rules) == []
        assert await run(book, 91, rules=rules) == [Done(Job.NOTIFY, FAMILY)]
        assert await run(book, closing - 1, rules=rules) == []
        assert await run(book, closing, rules=rules) == [Done(Job.CLOSE, FAMILY, usd("10"))]
        assert await run(book, closing + 400, rules=rules) == []
        assert (await audit(book)).findings == ()


async def test_interest_or_a_deposit_starts_the_clock_anew_and_an_account_may_be_used_after_its_closing(
    tmp_path: Path,
) -> None:
    async with await Book.open(str(tmp_path / "book.db"), is_inline=True) as book:
        await book.answer(open_account())
        assert await run(book, 90) == [Done(Job.NOTIFY, FAMILY)]
        await book.answer(NoteInterest(FAMILY, NOW + 100 * DAY))
        assert await run(book, 189) == []
        assert await run(book, 190) == [Done(Job.NOTIFY, FAMILY)]
        assert await run(book, 370) == [Done(Job.CLOSE, FAMILY)]
        await book.answer(Deposit("d-9", FAMILY, usd("3"), "mail", NOW + 400 * DAY))
        assert await run(book, 490) == [Done(Job.NOTIFY, FAMILY)]
        assert await run(book, 670) == [Done(Job.CLOSE, FAMILY, usd("3"))]


async def test_one_run_is_bounded_and_says_that_more_is_due(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db"), is_inline=True) as book:
        for number in range(3):
            await book.answer(open_account(advancepay(f"+1212555010{number}")))
        runs = [await run_jobs(book, NOW + 90 * DAY, NOVEMBER, RULES, steps_max=2) for _ in range(3)]
    assert [(len(report.done), report.is_complete) for report in runs] == [(2, False), (1, True), (0, True)]


class Racing(Book):
    """A book on which somebody pays, or ends a call, right before each step."""

    before: tuple[Request, ...] = ()

    async def answer(self, request):  # type: ignore[no-untyped-def]
        for other in self.before:
            await super().answer(other)
        return await super().answer(request)


def at(days: float) -> datetime:
    return NOW + days * DAY


@pytest.mark.parametrize(
    ("days", "before", "left"),
    [
        (90, Deposit("d-9", FAMILY, usd("1"), "mail", at(89)), Left(FAMILY, Refused(Refusal.STILL_USED, FAMILY))),
        (270, Deposit("d-9", FAMILY, usd("1"), "mail", at(269)), Left(FAMILY, Refused(Refusal.STILL_USED, FAMILY))),
    ],
)
async def test_what_happens_between_the_look_and_the_step_is_seen(
    tmp_path: Path, days: int, before: Request, left: Left
) -> None:
    async with await Racing.open(str(tmp_path / "book.db"), is_inline=True) as book:
        await book.answer(open_account())
        if days > 90:
            await run_jobs(book, at(90), NOVEMBER, RULES)
        book.before = (before,)
        assert await run_jobs(book, at(days), NOVEMBER, RULES) == Report((), (left,), is_complete=True)


async def test_two_runs_at_once_do_each_step_once(tmp_path: Path) -> None:
    async with await Racing.open(str(tmp_path / "book.db"), is_inline=True) as book:
        for request in BOOKED:
            await book.answer(request)
        await run_jobs(book, later(3600), replace(NOVEMBER, until=NOW), RULES)
        book.before = (IssueInvoice(BILL, NOVEMBER.label, NOVEMBER.until, NOVEMBER.due_at, at(9)),)
        assert await run_jobs(book, at(9), NOVEMBER, RULES) == NOTHING
        assert [each.amount for each in await invoices_of(book)] == [usd("12")]


async def invoices_of(book: Book) -> list[Invoice]:
    return await book.read(lambda connection: list(read_rows(connection, Invoice)))
