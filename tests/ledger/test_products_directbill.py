"""Direct Bill: credit decision (S3-11), limits, monthly invoices, and conversion when one is not paid (S3-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.chart import AccountKind, Opener, account_of
from ledger.entries import EntryId
from ledger.money import ZERO
from ledger.outcomes import Booked, Checked, Invoiced, Noted, Opened, Placed, Refusal, Refused
from ledger.products.credit import PROVING_TIME, CreditRule
from ledger.products.requests import AddNumber, Chargeback, CheckInvoice, IssueInvoice, SetCreditLimit
from ledger.products.rows import CalledNumber, CreditLine, Invoice, InvoiceState
from ledger.requests import Deposit, OpenAccount, Request, StartCall
from tests.support.ledger import (
    FAMILY,
    NOW,
    NUMBER,
    STORY,
    PureBook,
    a_call,
    end,
    hold,
    hold_of,
    usd,
)

BILL = account_of(AccountKind.DIRECTBILL, "smith")
PREPAID = account_of(AccountKind.ADVANCECONNECT, "smith")
DAY = timedelta(days=1)
UNTIL = NOW + 9 * DAY
DUE = UNTIL + 20 * DAY
INVOICE_ID = f"{BILL}/2026-11"
ISSUE = IssueInvoice(BILL, "2026-11", UNTIL, DUE, UNTIL)
CHECK = CheckInvoice(INVOICE_ID, DUE)
OPEN = OpenAccount(BILL, Opener.AGENT, NOW, usd("30"))
TALKED: tuple[Request, ...] = (
    *STORY,
    OPEN,
    AddNumber(BILL, NUMBER, NOW, NOW),
    hold("12", account_id=BILL),
    end("12", payer=BILL),
)
INVOICED = (*TALKED, ISSUE)


def pay(amount: str, deposit_id: str = "check-1", days: int = 10) -> Deposit:
    return Deposit(deposit_id, BILL, usd(amount), "mail", NOW + days * DAY)


def state_of(book: PureBook, invoice_id: str = INVOICE_ID) -> InvoiceState:
    row = book.rows.products.get(Invoice, invoice_id)
    assert row is not None
    return row.state


# Credit.


@pytest.mark.parametrize(
    ("state", "score", "limit"),
    [("AK", None, "50"), ("ak", 1, "50"), ("CT", None, None), ("CT", 599, None), ("CT", 600, "30")],
)
def test_alaska_is_preapproved_and_others_are_checked(state: str, score: int | None, limit: str | None) -> None:
    """S3-11: Alaska has $50.00 without a check; elsewhere a score decides."""
    assert CreditRule().decide(state, score) == (None if limit is None else usd(limit))


LINE = CreditLine(BILL, usd("30"), NOW)
PAID = Invoice(INVOICE_ID, BILL, "2026-11", usd("12"), UNTIL, UNTIL, DUE, InvoiceState.PAID)


@pytest.mark.parametrize(
    ("line", "invoices", "days", "limit"),
    [
        (LINE, [PAID], 90, "50"),
        (LINE, [PAID], 89, "30"),
        (LINE, [], 90, "30"),
        (LINE, [replace(PAID, state=InvoiceState.OPEN)], 90, "30"),
        (LINE, [PAID, replace(PAID, state=InvoiceState.OPEN)], 90, "50"),
        (LINE, [PAID, replace(PAID, state=InvoiceState.OVERDUE)], 90, "30"),
        (replace(LINE, credit_limit=usd("80")), [PAID], 90, "80"),
        (replace(LINE, blocked_at=NOW), [PAID], 90, "30"),
    ],
)
def test_ninety_days_of_payment_on_time_raise_the_limit(
    line: CreditLine, invoices: list[Invoice], days: int, limit: str
) -> None:
    assert PROVING_TIME == 90 * DAY
    assert CreditRule().limit_at(line, invoices, NOW + days * DAY) == usd(limit)


def test_an_account_on_credit_needs_a_limit_and_its_calls_keep_it() -> None:
    book = PureBook(*STORY)
    assert book.submit(replace(OPEN, credit_limit=None)) == Refused(Refusal.NOT_ALLOWED, BILL)
    assert [book.submit(OPEN) for _ in range(2)] == [Opened(BILL, is_new=True), Opened(BILL, is_new=False)]
    assert book.submit(replace(OPEN, credit_limit=usd("40"))) == Refused(Refusal.TERMS_DIFFER, BILL)
    assert book.submit(hold("30.01", account_id=BILL)) == Refused(Refusal.INSUFFICIENT_FUNDS, BILL, usd("30"))
    assert book.submit(hold("30", account_id=BILL)) == Placed(hold_of(), ZERO)


def test_opening_costs_nothing() -> None:
    book = PureBook(OPEN)
    assert (book.rows.new_entries, book.balance(BILL)) == ([], ZERO)


def test_another_limit_is_not_below_what_is_spent() -> None:
    book = PureBook(*TALKED)
    assert book.submit(SetCreditLimit(BILL, usd("50"), NOW)) == Noted(BILL)
    assert book.rows.accounts[BILL].available == usd("38")
    assert book.submit(SetCreditLimit(BILL, usd("12"), NOW)) == Noted(BILL)
    for limit in ("11.99", "-1"):
        ask = SetCreditLimit(BILL, usd(limit), NOW)
        assert book.submit(ask) == Refused(Refusal.AMOUNT_OUT_OF_RANGE, BILL)
    assert book.submit(SetCreditLimit(FAMILY, usd("5"), NOW)) == Refused(Refusal.NOT_ALLOWED, FAMILY)


# Invoices.


def test_an_invoice_asks_for_what_was_owed_at_the_end_of_the_month() -> None:
    book = PureBook(*TALKED, pay("2", days=12))
    assert book.submit(ISSUE) == Invoiced(INVOICE_ID, usd("12"), DUE, is_new=True)
    assert book.submit(replace(ISSUE, due_at=DUE + DAY)) == Invoiced(INVOICE_ID, usd("12"), DUE, is_new=False)


@pytest.mark.parametrize(
    ("before", "request_", "why", "subject"),
    [
        (TALKED, replace(ISSUE, at=UNTIL - DAY), Refusal.NOT_DUE, INVOICE_ID),
        ((*TALKED, pay("12", days=1)), ISSUE, Refusal.UNKNOWN_CHARGE, BILL),
        (STORY, replace(ISSUE, account_id=FAMILY), Refusal.NOT_ALLOWED, FAMILY),
        (STORY, CHECK, Refusal.UNKNOWN_INVOICE, INVOICE_ID),
        (INVOICED, replace(CHECK, at=DUE - DAY), Refusal.NOT_DUE, INVOICE_ID),
    ],
)
def test_nothing_is_asked_too_early_or_where_nothing_is_owed(
    before: tuple[Request, ...], request_: Request, why: Refusal, subject: str
) -> None:
    assert PureBook(*before).submit(request_) == Refused(why, subject)


@pytest.mark.parametrize(
    "payments",
    [[pay("12")], [pay("5"), pay("7", "check-2", 28)], [pay("20")]],
)
def test_an_invoice_that_was_paid_in_time_is_paid(payments: list[Deposit]) -> None:
    book = PureBook(*INVOICED, *payments)
    assert [book.submit(CHECK) for _ in range(2)] == [Checked(INVOICE_ID, InvoiceState.PAID, ZERO)] * 2
    assert book.rows.accounts[BILL].floor == usd("-30")


def test_an_unpaid_account_is_blocked_and_becomes_prepaid_with_its_numbers_and_its_debt() -> None:
    book = PureBook(*INVOICED, pay("5"), pay("4", "late", 29))
    assert book.submit(CHECK) == Checked(INVOICE_ID, InvoiceState.CONVERTED, usd("7"))
    assert (book.balance(BILL), book.balance(PREPAID)) == (ZERO, usd("-3"))
    assert [each.number for each in book.rows.products.of(CalledNumber, PREPAID)] == [NUMBER]
    assert list(book.rows.products.of(CalledNumber, BILL)) == []
    book.submit(StartCall(a_call("call-2")))
    for account_id in (BILL, PREPAID):
        ask = hold("0.01", call_id="call-2", account_id=account_id)
        assert book.submit(ask) == Refused(Refusal.OWES, account_id, ZERO)
    changed = book.decide(CHECK).changes
    assert book.submit(CHECK) == Checked(INVOICE_ID, InvoiceState.CONVERTED, usd("7"))
    assert changed == ()
    assert book.submit(SetCreditLimit(BILL, usd("50"), NOW)) == Refused(Refusal.OWES, BILL)


def test_what_comes_in_pays_the_converted_debt_first() -> None:
    book = PureBook(*INVOICED, CHECK, Deposit("d-2", PREPAID, usd("15"), "mail", DUE))
    account = book.rows.accounts[PREPAID]
    assert (account.balance, account.floor, account.available) == (usd("3"), ZERO, usd("3"))


def test_a_call_that_goes_on_delays_the_conversion_but_gets_no_more() -> None:
    book = PureBook(*INVOICED, StartCall(a_call("call-2")), hold("3", call_id="call-2", account_id=BILL))
    assert book.submit(CHECK) == Checked(INVOICE_ID, InvoiceState.OVERDUE, usd("12"))
    ask = hold("0.01", 2, "call-2", BILL)
    assert book.submit(ask) == Refused(Refusal.OWES, BILL, ZERO)
    book.submit(end("2", "call-2", BILL))
    assert book.rows.accounts[BILL].available == ZERO
    assert book.submit(CHECK) == Checked(INVOICE_ID, InvoiceState.CONVERTED, usd("12"))
    assert book.balance(PREPAID) == usd("-14")


def test_conversion_takes_other_open_invoices_along_and_an_account_that_is_there() -> None:
    december = replace(ISSUE, period="2026-12", until=UNTIL + 15 * DAY, due_at=DUE + 30 * DAY, at=UNTIL + 15 * DAY)
    book = PureBook(*INVOICED, december, OpenAccount(PREPAID, Opener.AGENT, NOW))
    book.submit(Deposit("d-2", PREPAID, usd("1"), "mail", NOW))
    book.submit(CHECK)
    assert state_of(book, f"{BILL}/2026-12") is InvoiceState.CONVERTED
    assert book.balance(PREPAID) == usd("-11")


def test_who_paid_late_is_converted_without_a_debt() -> None:
    book = PureBook(*INVOICED, pay("12", days=29))
    assert book.submit(CHECK) == Checked(INVOICE_ID, InvoiceState.CONVERTED, usd("12"))
    assert (book.balance(PREPAID), state_of(book)) == (ZERO, InvoiceState.CONVERTED)


def test_a_payment_a_bank_takes_back_never_widens_the_credit() -> None:
    book = PureBook(*TALKED, pay("12"), StartCall(a_call("call-2")), hold("25", call_id="call-2", account_id=BILL))
    back = Chargeback("back-1", EntryId("check-1"), NOW)
    assert book.submit(back) == Booked(EntryId("back-1"), usd("-12"), usd("-12"))
    assert book.rows.accounts[BILL].floor == usd("-37")
    book.submit(end("1", "call-2", BILL))
    account = book.rows.accounts[BILL]
    assert (account.balance, account.floor, account.available) == (usd("-13"), usd("-30"), usd("17"))
