"""What people and programs ask a book about products, answered from one snapshot each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, func, or_, select

from ledger.chart import is_prepaid
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.product_rows import read_rows, read_total
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState, CardUse
from ledger.products.cards import UNKNOWN
from ledger.products.collect import month_of
from ledger.products.inactivity import InactivityRule, Step
from ledger.products.numbers import payer_at
from ledger.products.rows import Allowance, CalledNumber, CreditLine, Dormancy, Invoice, InvoiceState
from ledger.products.windows import Sum
from ledger.question import Question
from ledger.reads import to_account
from ledger.requests import MonthlyLimits
from ledger.rows import Account
from ledger.tables import (
    accounts,
    card_payments,
    card_refunds,
    dormancies,
    entries,
    invoices,
    open_calls,
    pending_charges,
    postings,
)

_OWED: Final = (CardState.CAPTURING, CardState.VOIDING)

# Asked every few seconds as long as a switch runs.
_CARDS_TO_SETTLE: Final = Question(
    select(card_payments.c.payment_id)
    .outerjoin(open_calls, open_calls.c.call_id == card_payments.c.call_id)
    .where(
        card_payments.c.state.in_(_OWED) | (card_payments.c.state.in_(tuple(UNKNOWN)) & open_calls.c.call_id.is_(None))
    )
    .order_by(card_payments.c.asked_at, card_payments.c.payment_id)
    .limit(bindparam("most", type_=Integer))
)
_REFUNDS_TO_SETTLE: Final = Question(
    select(card_refunds.c.refund_id)
    .where(
        card_refunds.c.state == CardRefundState.REFUNDING,
        card_refunds.c.call_id.in_(
            select(card_payments.c.call_id).where(
                card_payments.c.state == CardState.CAPTURED, card_payments.c.use == CardUse.CALL
            )
        ),
    )
    .order_by(card_refunds.c.asked_at, card_refunds.c.refund_id)
    .limit(bindparam("most", type_=Integer))
)


def read_payer(connection: Connection, number: str, at: datetime) -> AccountId | None:
    """Which account with several numbers pays for this one at an instant; None if none does (yet)."""
    return payer_at(next(read_rows(connection, CalledNumber, number={number}), None), at)


def read_numbers(connection: Connection, account_id: AccountId) -> tuple[CalledNumber, ...]:
    """The numbers of an account, by number."""
    found = read_rows(connection, CalledNumber, account_id={account_id})
    return tuple(sorted(found, key=lambda row: row.number))


def read_allowance_use(connection: Connection, key: str, cycle: str) -> int:
    """Seconds of an allowance that are used or held in a cycle."""
    row = next(read_rows(connection, Allowance, row_id={f"{key}/{cycle}"}), None)
    return 0 if row is None else row.used_seconds + row.held_seconds


def read_left_of_month(connection: Connection, account_id: AccountId, limits: MonthlyLimits) -> Money | None:
    """What a month's limits leave of a number's phone bill, what is held for calls that go on included (S1-9).

    None where nothing limits it, or there is no such account.
    """
    least = min((each for each in (limits.by_carrier, limits.by_provider) if each is not None), default=None)
    held = connection.execute(select(accounts.c.held).where(accounts.c.account_id == account_id)).scalar_one_or_none()
    if least is None or held is None:
        return None
    spent: Money = read_total(connection, month_of(account_id, limits))  # Below nothing, as receivables are.
    left: Money = least + spent - held
    return max(ZERO, left)


def read_due_charges(connection: Connection, at: datetime, most: int) -> list[CallId]:
    """Calls whose pending charge may be posted, the longest due first, `most` at most."""
    query = (
        select(pending_charges.c.call_id)
        .where(pending_charges.c.posts_at <= at)
        .order_by(pending_charges.c.posts_at, pending_charges.c.call_id)
        .limit(most)
    )
    return list(map(CallId, connection.execute(query).scalars()))


def read_cards_to_settle(connection: Connection, most: int) -> list[CardPayment]:
    """Cards of which the processor has to be asked something, the longest first; of calls that are over, or given up.

    Which are told by their state; an open call's card that still may be answered is left alone.
    """
    wanted = set(_CARDS_TO_SETTLE.column(connection, most=most))
    found = read_rows(connection, CardPayment, payment_id=wanted) if wanted else ()
    return sorted(found, key=lambda row: (row.asked_at, row.payment_id))


def read_refunds_to_settle(connection: Connection, most: int) -> list[CardRefund]:
    """Money that the processor has to give back to cards, the longest first; of captures that are known."""
    wanted = set(_REFUNDS_TO_SETTLE.column(connection, most=most))
    found = read_rows(connection, CardRefund, refund_id=wanted) if wanted else ()
    return sorted(found, key=lambda row: (row.asked_at, row.refund_id))


def read_to_invoice(connection: Connection, period: str, until: datetime, most: int) -> list[AccountId]:
    """Accounts on credit that owed something at an instant and have no invoice of this period, nor of a later one.

    A later one asks for what was owed before as well: to ask once more, due earlier, would block who pays it in time.
    """
    asked = select(invoices.c.account_id).where(or_(invoices.c.period == period, invoices.c.until > until))
    query = (
        select(postings.c.account_id)
        .join(entries, entries.c.seq == postings.c.seq)
        .where(
            postings.c.account_id.startswith("directbill:"),
            entries.c.at < until,
            postings.c.account_id.not_in(asked),
        )
        .group_by(postings.c.account_id)
        .having(func.sum(postings.c.amount) < ZERO)
        .order_by(postings.c.account_id)
        .limit(most)
    )
    return list(map(AccountId, connection.execute(query).scalars()))


def read_due_invoices(connection: Connection, at: datetime, most: int) -> list[tuple[str, InvoiceState]]:
    """Invoices that are due and neither paid nor converted, the longest due first."""
    query = (
        select(invoices.c.invoice_id, invoices.c.state)
        .where(invoices.c.state.in_([InvoiceState.OPEN, InvoiceState.OVERDUE]), invoices.c.due_at <= at)
        .order_by(invoices.c.due_at, invoices.c.invoice_id)
        .limit(most)
    )
    return [(invoice_id, state) for invoice_id, state in connection.execute(query)]


def read_credit(connection: Connection) -> Iterator[tuple[CreditLine, list[Invoice]]]:
    """Every account on credit with its invoices, by account."""
    of_account: dict[AccountId, list[Invoice]] = {}
    for invoice in read_rows(connection, Invoice):
        of_account.setdefault(invoice.account_id, []).append(invoice)
    for line in sorted(read_rows(connection, CreditLine), key=lambda line: line.account_id):
        yield line, of_account.get(line.account_id, [])


def read_idle(connection: Connection, rule: InactivityRule, at: datetime) -> Iterator[tuple[Account, datetime, Step]]:
    """Prepaid accounts that are due for a notice or for closing, with their last use, by account."""
    used = (
        select(postings.c.account_id, func.max(entries.c.at).label("used_at"))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(entries.c.kind.in_(sorted(kind.value for kind in Sum.USE.value)))
        .group_by(postings.c.account_id)
        .subquery()
    )
    query = (
        select(accounts, used.c.used_at, *(dormancies.c[name] for name in ("interest_at", "notified_at", "closed_at")))
        .outerjoin(used, used.c.account_id == accounts.c.account_id)
        .outerjoin(dormancies, dormancies.c.account_id == accounts.c.account_id)
        .where(accounts.c.opened_at <= at - rule.notice_after, accounts.c.held == ZERO, accounts.c.balance >= ZERO)
        .order_by(accounts.c.account_id)
    )
    for row in connection.execute(query).mappings():
        account = to_account(row)
        known = Dormancy(account.account_id, row["interest_at"], row["notified_at"], row["closed_at"])
        used_at = max(each for each in (account.opened_at, row["used_at"], known.interest_at) if each is not None)
        is_closed = known.closed_at is not None and known.closed_at >= used_at
        step = None if is_closed or not is_prepaid(account.account_id) else rule.step(used_at, known.notified_at, at)
        if step is not None:
            yield account, used_at, step
