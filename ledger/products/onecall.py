"""One call paid by a bank card (S1-11): authorised before it, captured or given up after it.

    AuthoriseCard ──► the account `onecall:<call>` may go down to minus the authorised amount: calls hold of it
                      ├─ CaptureCard   the card pays what the call cost, never more than was authorised
                      └─ VoidCard      nothing was talked: nothing is paid

Afterwards its floor is nothing. Only the payment processor knows the card.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.chart import AccountKind, account_of, cash_id
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId, CallId
from ledger.outcomes import Booked, Noted, Opened, Refusal
from ledger.products.requests import AuthoriseCard, CaptureCard, VoidCard
from ledger.rows import Account


def authorise(draft: Draft, request: AuthoriseCard) -> Opened:
    """Open the account of a call on the credit that a bank guarantees, once."""
    if request.call_id not in draft.view.calls:
        raise RefusedError(Refusal.UNKNOWN_CALL, request.call_id)
    account_id = onecall_id(request.call_id)
    draft.check_amount(request.amount, account_id)
    existing = draft.view.accounts.get(account_id)
    if existing is None:
        draft.open(Account(account_id, -request.amount, ZERO, ZERO, request.at))
    elif existing.floor != -request.amount:
        raise RefusedError(Refusal.TERMS_DIFFER, account_id)
    return Opened(account_id, existing is None)


def capture(draft: Draft, request: CaptureCard) -> Booked:
    """Take from the card what the account owes, once its call is over."""
    account = _settled(draft, request.call_id)
    if account.balance >= ZERO:
        raise RefusedError(Refusal.UNKNOWN_CHARGE, account.account_id)
    amount = -account.balance
    postings = (Posting(cash_id(request.channel), -amount), Posting(account.account_id, amount))
    entry_id = EntryId(f"{request.call_id}/capture")
    draft.book(EntryDraft(entry_id, EntryKind.CAPTURE, request.at, postings, request.call_id, memo=request.memo))
    draft.open(replace(draft.account(account.account_id), floor=ZERO))
    return Booked(entry_id, amount, ZERO)


def void(draft: Draft, request: VoidCard) -> Noted:
    """Give the authorisation up; giving it up again changes nothing."""
    account = _settled(draft, request.call_id)
    if account.balance < ZERO:
        raise RefusedError(Refusal.OWES, account.account_id, account.balance)
    draft.open(replace(account, floor=ZERO))
    return Noted(account.account_id)


def onecall_id(call_id: CallId) -> AccountId:
    """The account of a call that a card pays.

    Raises:
        RefusedError: The call's id cannot stand in one.
    """
    try:
        return account_of(AccountKind.ONECALL, call_id)
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, call_id) from None


def _settled(draft: Draft, call_id: CallId) -> Account:
    account = draft.account(onecall_id(call_id))
    if account.held or call_id in draft.view.calls:
        raise RefusedError(Refusal.HAS_CALLS, account.account_id)
    return account
