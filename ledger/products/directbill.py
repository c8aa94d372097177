"""Accounts that are invoiced monthly (S3-10): limits, invoices, and what becomes of those that do not pay.

    IssueInvoice ──► OPEN ──┬─ CheckInvoice, paid when due ──► PAID
                            └─ not paid ──► OVERDUE (no more calls) ──► CONVERTED
                                            as soon as no call goes on

Converted, the debt and the numbers stand on a prepaid account of the same key, `advanceconnect:<key>`, which
owes: what comes in pays the debt first.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.chart import AccountKind, key_of, kind_of
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Checked, Invoiced, Noted, Refusal
from ledger.products.requests import CheckInvoice, IssueInvoice, SetCreditLimit
from ledger.products.rows import CalledNumber, CreditLine, Invoice, InvoiceState
from ledger.products.windows import Sum, Window
from ledger.rows import Account


def set_limit(draft: Draft, request: SetCreditLimit) -> Noted:
    """Agree on another limit, not below what is spent and held; an account that is blocked stays so."""
    account, line = _invoiced(draft, request.account_id)
    if request.limit < ZERO or account.balance - account.held < -request.limit:
        raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, account.account_id)
    if line.blocked_at is not None:
        raise RefusedError(Refusal.OWES, account.account_id)
    draft.put(replace(line, credit_limit=request.limit))
    draft.open(replace(account, floor=-request.limit))
    return Noted(account.account_id)


def issue(draft: Draft, request: IssueInvoice) -> Invoiced:
    """Ask for what was owed at the end of a month, once a month; nothing is asked where nothing is owed."""
    account, _ = _invoiced(draft, request.account_id)
    invoice_id = f"{account.account_id}/{request.period}"
    known = draft.view.products.get(Invoice, invoice_id)
    if known is not None:
        return Invoiced(invoice_id, known.amount, known.due_at, is_new=False)
    if request.at < request.until:
        raise RefusedError(Refusal.NOT_DUE, invoice_id)
    amount = -draft.total_of(balance_at_end(account.account_id, request))
    if amount <= ZERO:
        raise RefusedError(Refusal.UNKNOWN_CHARGE, account.account_id)
    draft.put(
        Invoice(
            invoice_id,
            account.account_id,
            request.period,
            amount,
            request.until,
            request.at,
            request.due_at,
            InvoiceState.OPEN,
        )
    )
    return Invoiced(invoice_id, amount, request.due_at, is_new=True)


def prepaid_id(account_id: AccountId) -> AccountId:
    """The prepaid account that an account on credit becomes; their keys have one form."""
    return AccountId(f"{AccountKind.ADVANCECONNECT.value}:{key_of(account_id)}")


def balance_at_end(account_id: AccountId, request: IssueInvoice) -> Window:
    """Everything before the end of the invoiced month."""
    return Window(account_id, Sum.ALL, until=request.until)


def paid_since(invoice: Invoice) -> Window:
    """What came in for an invoice: everything but calls, after the month, up to its due date."""
    return Window(invoice.account_id, Sum.PAYMENTS, since=invoice.until, until=invoice.due_at)


def check(draft: Draft, request: CheckInvoice) -> Checked:
    """Judge an invoice that is due: paid, or its account takes no more calls and is converted."""
    invoice = draft.view.products.get(Invoice, request.invoice_id)
    if invoice is None:
        raise RefusedError(Refusal.UNKNOWN_INVOICE, request.invoice_id)
    if request.at < invoice.due_at:
        raise RefusedError(Refusal.NOT_DUE, request.invoice_id)
    left = max(ZERO, invoice.amount - draft.total_of(paid_since(invoice)))
    if invoice.state in {InvoiceState.PAID, InvoiceState.CONVERTED}:
        return Checked(invoice.invoice_id, invoice.state, left)
    if not left:
        draft.put(replace(invoice, state=InvoiceState.PAID))
        return Checked(invoice.invoice_id, InvoiceState.PAID, ZERO)
    state = _convert(draft, invoice, request)
    draft.put(replace(invoice, state=state))
    return Checked(invoice.invoice_id, state, left)


def _convert(draft: Draft, invoice: Invoice, request: CheckInvoice) -> InvoiceState:
    """Block the account, and move what it owes to a prepaid account unless a call goes on."""
    account, line = _invoiced(draft, invoice.account_id)
    if line.blocked_at is None:
        draft.put(replace(line, blocked_at=request.at))
    draft.open(replace(account, floor=min(ZERO, account.balance - account.held)))
    if account.held:
        return InvoiceState.OVERDUE
    prepaid = prepaid_id(account.account_id)
    if prepaid not in draft.view.accounts:
        draft.open(Account(prepaid, ZERO, ZERO, ZERO, request.at))
    if account.balance < ZERO:
        _move_debt(draft, account.account_id, prepaid, -account.balance, request)
    products = draft.view.products
    for number in products.of(CalledNumber, account.account_id):
        draft.put(replace(number, account_id=prepaid))
    for other in products.of(Invoice, account.account_id):
        if other.state is InvoiceState.OPEN and other.invoice_id != invoice.invoice_id:
            draft.put(replace(other, state=InvoiceState.CONVERTED))
    return InvoiceState.CONVERTED


def _move_debt(draft: Draft, source: AccountId, prepaid: AccountId, debt: Money, request: CheckInvoice) -> None:
    entry = EntryDraft(
        EntryId(f"{request.invoice_id}/conversion"),
        EntryKind.CONVERSION,
        request.at,
        (Posting(prepaid, -debt), Posting(source, debt)),
        memo=f"invoice {request.invoice_id} was not paid",
    )
    draft.book(entry, owing=prepaid)


def _invoiced(draft: Draft, account_id: AccountId) -> tuple[Account, CreditLine]:
    account = draft.account(account_id)
    line = draft.credit_line(account_id)
    if kind_of(account_id) is not AccountKind.DIRECTBILL or line is None:
        raise RefusedError(Refusal.NOT_ALLOWED, account_id)
    return account, line
