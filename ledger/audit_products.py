"""What must always hold of the rows that products keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, literal, select

from ledger.audit_cards import check_card_refunds, check_cards
from ledger.chart import AccountKind, kind_of
from ledger.columns import Amount
from ledger.entries import EntryKind
from ledger.finding import RESTORE, Finding
from ledger.money import ZERO, AccountId, Money
from ledger.product_rows import read_rows
from ledger.products.directbill import paid_since
from ledger.products.messages import use_id
from ledger.products.rows import (
    Allowance,
    AllowanceTake,
    CreditLine,
    CreditLot,
    Invoice,
    InvoiceState,
    Message,
    MessageDraw,
    MessageState,
)
from ledger.question import Question
from ledger.reads import read_accounts
from ledger.tables import entries, open_calls, postings

_OPEN_CALLS: Final = Question(select(open_calls.c.call_id))
_CONVERTED: Final = Question(select(entries.c.entry_id).where(entries.c.kind == EntryKind.CONVERSION.value))
_USED: Final = Question(select(entries.c.entry_id).where(entries.c.kind == EntryKind.USE.value))


def check_allowances(connection: Connection) -> Iterator[Finding]:
    """What an allowance holds is held for calls that go on."""
    held: defaultdict[tuple[str, str], int] = defaultdict(int)
    is_open = set(_OPEN_CALLS.column(connection))
    for take in read_rows(connection, AllowanceTake):
        held[take.key, take.cycle] += take.seconds
        if take.call_id not in is_open:
            yield Finding(
                "allowance", f"call {take.call_id}", f"{take.seconds} s of {take.key} held, it is not open", RESTORE
            )
    for row in read_rows(connection, Allowance):
        seconds = held.pop((row.key, row.cycle), 0)
        if row.held_seconds != seconds:
            yield Finding(
                "allowance", row.key, f"{row.held_seconds} s held in {row.cycle}, its calls hold {seconds} s", RESTORE
            )
    for (key, cycle), seconds in held.items():
        yield Finding("allowance", key, f"calls hold {seconds} s in {cycle}, of which it knows nothing", RESTORE)


def check_credit(connection: Connection) -> Iterator[Finding]:
    """An account on credit goes down to what was agreed on, or to its debt."""
    lines = {line.account_id: line for line in read_rows(connection, CreditLine)}
    for account in read_accounts(connection):
        if kind_of(account.account_id) is not AccountKind.DIRECTBILL:
            continue
        row, line = f"account {account.account_id}", lines.get(account.account_id)
        if line is None:
            yield Finding("floor", row, "it is on credit that nobody agreed on", RESTORE)
        elif account.floor != min(line.floor, account.balance - account.held):
            yield Finding("floor", row, f"floor {account.floor}, agreed is {line.floor}", RESTORE)


def check_invoices(connection: Connection) -> Iterator[Finding]:
    """Who was judged to have paid did pay in time, and whose invoice was not paid is blocked (S3-10).

    What came in is counted without what was taken back or converted, which may have been after the judgement.
    """
    blocked = {line.account_id for line in read_rows(connection, CreditLine) if line.blocked_at is not None}
    converted = {entry_id.removesuffix("/conversion") for entry_id in _CONVERTED.column(connection)}
    for invoice in read_rows(connection, Invoice):
        row, is_converted = f"invoice {invoice.invoice_id}", invoice.state is InvoiceState.CONVERTED
        if invoice.invoice_id != f"{invoice.account_id}/{invoice.period}":
            yield Finding("invoice", row, f"it asks {invoice.account_id} for {invoice.period}", RESTORE)
        if invoice.state is InvoiceState.PAID and (came_in := _came_in(connection, invoice)) < invoice.amount:
            yield Finding("invoice", row, f"it is paid, of {invoice.amount} came in {came_in}", RESTORE)
        if invoice.state in {InvoiceState.OVERDUE, InvoiceState.CONVERTED} and invoice.account_id not in blocked:
            yield Finding("invoice", row, f"it is {invoice.state.value}, and its account is not blocked", RESTORE)
        if invoice.invoice_id in converted and not is_converted:
            yield Finding("invoice", row, f"an entry converted it, it is {invoice.state.value}", RESTORE)
        converted.discard(invoice.invoice_id)
    for invoice_id in sorted(converted):
        yield Finding("invoice", f"invoice {invoice_id}", "an entry converted it, and it is not there", RESTORE)


def _came_in(connection: Connection, invoice: Invoice) -> Money:
    window = paid_since(invoice)
    query = (
        select(func.coalesce(func.sum(postings.c.amount), literal(ZERO, Amount())))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(
            postings.c.account_id == window.account_id,
            postings.c.amount > ZERO,
            entries.c.kind.in_(sorted(kind.value for kind in window.of.value - {EntryKind.CONVERSION})),
            entries.c.at >= window.since,
            entries.c.at < window.until,
        )
    )
    came_in: Money = connection.execute(query).scalar_one()
    return came_in


def check_messages(connection: Connection) -> Iterator[Finding]:
    """What is owed in messages is what their lots and the messages on their way have; used credits are earned once."""
    owed: defaultdict[AccountId, Money] = defaultdict(lambda: ZERO)
    drawn: defaultdict[str, tuple[int, Money]] = defaultdict(lambda: (0, ZERO))
    of_message: defaultdict[str, int] = defaultdict(int)
    earned = set(_USED.column(connection))
    messages = {message.message_id: message for message in read_rows(connection, Message)}
    for draw in read_rows(connection, MessageDraw):
        credits_, amount = drawn[draw.lot_id]
        drawn[draw.lot_id] = (credits_ + draw.credits, amount + draw.amount)
        of_message[draw.message_id] += draw.credits
        if draw.message_id in messages and use_id(draw.message_id) not in earned:
            owed[messages[draw.message_id].account_id] += draw.amount
    for lot in read_rows(connection, CreditLot):
        owed[lot.account_id] += lot.amount_left
        credits_, amount = drawn.pop(lot.lot_id, (0, ZERO))
        if (lot.credits_left + credits_, lot.amount_left + amount) != (lot.credits, lot.amount):
            problem = f"{lot.credits_left} credits left and {credits_} drawn, of {lot.credits}"
            yield Finding(
                "messages", f"credits {lot.lot_id}", f"{problem}, or their money is not {lot.amount}", RESTORE
            )
    for lot_id, (credits_, _) in drawn.items():
        yield Finding("messages", f"credits {lot_id}", f"{credits_} drawn of a lot that is not there", RESTORE)
    for message in messages.values():
        is_earned = use_id(message.message_id) in earned
        yield from _check_message(message, of_message.pop(message.message_id, 0), is_earned=is_earned)
    for message_id, credits_ in of_message.items():
        yield Finding(
            "messages", f"message {message_id}", f"{credits_} credits drawn for one that is not there", RESTORE
        )
    for account in read_accounts(connection):
        sum_ = owed[account.account_id]
        if kind_of(account.account_id) is AccountKind.MESSAGES and account.balance != sum_:
            problem = f"balance {account.balance}, credits that nobody used have {sum_}"
            yield Finding("messages", f"account {account.account_id}", problem, RESTORE)


def _check_message(message: Message, drawn: int, *, is_earned: bool) -> Iterator[Finding]:
    """A message has its credits, unless it was rejected and gave them back; they are earned when it is at its end."""
    row, state = f"message {message.message_id}", message.state
    if drawn != message.credits and not (state is MessageState.REJECTED and drawn == 0):
        yield Finding("messages", row, f"{drawn} credits drawn, it costs {message.credits}", RESTORE)
    is_over = state is MessageState.DELIVERED or (state is MessageState.REJECTED and drawn > 0)
    if is_earned is not is_over:
        problem = "its credits are earned" if is_earned else "its credits are not earned"
        yield Finding("messages", row, f"it is {state.value}, and {problem}", RESTORE)


PRODUCT_CHECKS: Final = (
    check_allowances,
    check_credit,
    check_invoices,
    check_cards,
    check_card_refunds,
    check_messages,
)
