"""Idle accounts: notified, and closed 180 days later unless anything happens on them (S1-5, 47 CFR 64.6130).

Two rules. By the first the 180 days run from the first notification of inactivity; by the second from the last
use itself. Under both, a deposit, a call or a sign of interest starts everything anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ledger.chart import AccountKind, account_of, cash_id, is_prepaid
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Noted, Refusal
from ledger.products.requests import CloseAccount, Ending, NoteInterest, NotifyIdle
from ledger.products.rows import Dormancy
from ledger.products.windows import Sum
from ledger.rows import Account

IDLE_TIME: Final = timedelta(days=180)


class Step(Enum):
    """What an idle account is due for."""

    NOTIFY = "notify"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class InactivityRule:
    """When accounts are notified and closed."""

    is_from_notice: bool = True
    """The 180 days run from the first notification (S1-5), rather than from the last use (47 CFR 64.6130)."""
    notice_after: timedelta = timedelta(days=90)
    """Inactivity after which the owner is notified; the texts name no number."""
    closing_after: timedelta = IDLE_TIME

    def step(self, used_at: datetime, notified_at: datetime | None, at: datetime) -> Step | None:
        """What an account last used at an instant is due for; a notice before that use is void."""
        if notified_at is not None and notified_at < used_at:
            notified_at = None
        since = notified_at if self.is_from_notice else used_at
        if notified_at is not None and since is not None and at - since >= self.closing_after:
            return Step.CLOSE
        return Step.NOTIFY if notified_at is None and at - used_at >= self.notice_after else None


def note_interest(draft: Draft, request: NoteInterest) -> Noted:
    """Store a sign of interest; one that was overtaken by a later one does not turn time back."""
    account_id = _idling(draft, request.account_id).account_id
    known = _dormancy(draft, account_id)
    latest = request.at if known.interest_at is None else max(known.interest_at, request.at)
    draft.put(replace(known, interest_at=latest))
    return Noted(account_id)


def notify(draft: Draft, request: NotifyIdle) -> Noted:
    """Store that the owner was notified; the first notification of a spell counts."""
    account = _idling(draft, request.account_id)
    _check_idle(draft, account, request.idle_since)
    known = _dormancy(draft, account.account_id)
    if known.notified_at is None or known.notified_at <= last_used(draft, account):
        draft.put(replace(known, notified_at=request.at))
    return Noted(account.account_id)


def close(draft: Draft, request: CloseAccount) -> Booked | Noted:
    """Pay out what is on an idle account, to its owner or to a state; nothing is booked for nothing.

    A later deposit simply uses the account again.
    """
    account = _idling(draft, request.account_id)
    _check_idle(draft, account, request.idle_since)
    if account.balance < ZERO:
        raise RefusedError(Refusal.OWES, account.account_id, account.balance)
    draft.put(replace(_dormancy(draft, account.account_id), closed_at=request.at))
    if not account.balance:
        return Noted(account.account_id)
    entry_id = EntryId(request.closing_id)
    postings = (Posting(account.account_id, -account.balance), Posting(_receiver(request), account.balance))
    draft.book(EntryDraft(entry_id, EntryKind.CLOSING, request.at, postings, memo=request.ending.value))
    return Booked(entry_id, account.balance, ZERO)


def last_used(draft: Draft, account: Account) -> datetime:
    """The last deposit, call or sign of interest; the opening, where there was none."""
    account_id = account.account_id
    stored = (draft.view.last_used.get(account_id), _dormancy(draft, account_id).interest_at)
    posted = (each.at for each in draft.view.posted.get(account_id, ()) if each.kind in Sum.USE.value)
    return max((account.opened_at, *(at for at in stored if at is not None), *posted))


def _receiver(request: CloseAccount) -> AccountId:
    if request.ending is Ending.REFUND:
        return cash_id(request.to)
    try:
        return account_of(AccountKind.UNCLAIMED, request.to)
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, request.to) from None


def _check_idle(draft: Draft, account: Account, since: datetime) -> None:
    if account.held:
        raise RefusedError(Refusal.HAS_CALLS, account.account_id)
    if last_used(draft, account) > since:
        raise RefusedError(Refusal.STILL_USED, account.account_id)


def _idling(draft: Draft, account_id: AccountId) -> Account:
    """The account, if it is prepaid money of somebody outside or inside."""
    account = draft.account(account_id)
    if not is_prepaid(account_id):
        raise RefusedError(Refusal.NOT_ALLOWED, account_id)
    return account


def _dormancy(draft: Draft, account_id: AccountId) -> Dormancy:
    return draft.view.products.get(Dormancy, account_id) or Dormancy(account_id)
