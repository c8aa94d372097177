"""The account of one call paid by a bank card (S1-11): what was talked on the credit that a bank guarantees.

    authorise ──► the account `onecall:<call>` may go down to minus the authorised amount: calls hold of it
                  ├─ capture   the card pays what the call cost, never more than was authorised
                  ├─ write_off the card will never pay it: a loss
                  └─ give_up   nothing was talked: nothing is paid

Afterwards its floor is nothing. What is owed to the processor meanwhile is told by `ledger.products.cards`. What is
refunded after the capture stands on the account, owed to the card, until it has it back (`repay`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger.chart import REFUSED_CARDS, AccountKind, account_of, cash_id
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.outcomes import Booked, Refusal
from ledger.products.card_rows import CardRefund
from ledger.rows import Account

REFUSED: Final = "refused by the processor of the card"
"""The memo of what is not paid in the end."""


def authorise(draft: Draft, call_id: CallId, amount: Money, at: datetime) -> AccountId:
    """Open the account of a call on the credit that a bank guarantees, once for each call."""
    account_id = onecall_id(call_id)
    if account_id in draft.view.accounts:
        raise RefusedError(Refusal.TERMS_DIFFER, account_id)
    draft.open(Account(account_id, -amount, ZERO, ZERO, at))
    return account_id


def owed(draft: Draft, call_id: CallId) -> Money:
    """What the card owes for its call, which is over; nothing where none was talked."""
    return max(ZERO, -_settled(draft, call_id).balance)


def capture(draft: Draft, call_id: CallId, amount: Money, channel: str, at: datetime) -> Booked:
    """Book what the card paid."""
    account = _settled(draft, call_id)
    postings = (Posting(cash_id(channel), -amount), Posting(account.account_id, amount))
    entry_id = EntryId(f"{call_id}/capture")
    draft.book(EntryDraft(entry_id, EntryKind.CAPTURE, at, postings, call_id))
    after = draft.account(account.account_id)
    draft.open(replace(after, floor=ZERO))
    return Booked(entry_id, amount, after.balance)


def write_off(draft: Draft, call_id: CallId, lost: Money, entry_id: EntryId, at: datetime) -> Booked | None:
    """Book as a loss what the card will never pay; None where all of it was refunded meanwhile."""
    account = _settled(draft, call_id)
    if lost:
        postings = (Posting(REFUSED_CARDS, -lost), Posting(account.account_id, lost))
        draft.book(EntryDraft(entry_id, EntryKind.LOSS, at, postings, call_id, memo=REFUSED))
    after = draft.account(account.account_id)
    draft.open(replace(after, floor=ZERO))
    return Booked(entry_id, lost, after.balance) if lost else None


def repay(draft: Draft, refund: CardRefund, channel: str, at: datetime, memo: str = "") -> Booked:
    """Book what the card, or its holder, has back out of the cash of a channel."""
    account = _settled(draft, refund.call_id)
    postings = (Posting(account.account_id, -refund.amount), Posting(cash_id(channel), refund.amount))
    entry_id = EntryId(refund.refund_id)
    draft.book(EntryDraft(entry_id, EntryKind.REPAYMENT, at, postings, refund.call_id, memo=memo))
    return Booked(entry_id, refund.amount, draft.account(account.account_id).balance)


def give_up(draft: Draft, call_id: CallId) -> None:
    """Let nothing be talked any more on an account that owes nothing."""
    draft.open(replace(_settled(draft, call_id), floor=ZERO))


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
    if account.held or call_id in draft.view.open:
        raise RefusedError(Refusal.HAS_CALLS, account.account_id)
    return account
