"""Money of a person inside that the facility keeps (S1-16, S1-18, S2-4)."""

from __future__ import annotations

from typing import Final

from ledger.chart import AccountKind, account_of, key_of, kind_of
from ledger.draft import Draft, RefusedError
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Opened, Refusal
from ledger.products.deposits import book_deposit
from ledger.products.requests import RegisterTrust, SendToTrust
from ledger.products.rows import TrustIdentity
from ledger.rows import Account

_HOLDERS: Final = frozenset({AccountKind.ADVANCEPAY, AccountKind.ADVANCECONNECT, AccountKind.DIRECTBILL})
"""Accounts of people outside."""


def register(draft: Draft, request: RegisterTrust) -> Opened:
    """Open a trust account with the facts a sender must know, unless it is open with the same facts."""
    account_id = request.account_id
    if kind_of(account_id) is not AccountKind.TRUST:
        raise RefusedError(Refusal.NOT_ALLOWED, account_id)
    identity = TrustIdentity(account_id, request.inmate_id, request.legal_name)
    known = draft.view.products.get(TrustIdentity, account_id)
    if known is not None and known != identity:
        raise RefusedError(Refusal.TERMS_DIFFER, account_id)
    is_new = account_id not in draft.view.accounts
    if is_new:
        draft.open(Account(account_id, ZERO, ZERO, ZERO, request.at))
    if known is None:
        draft.put(identity)
    return Opened(account_id, is_new)


def send(draft: Draft, request: SendToTrust) -> Booked:
    """Book a deposit by the holder of an account here who knows whom it is for, with its fee.

    Inmate id and name are refused together, so that nobody learns which of them was right.
    """
    account = draft.account(request.account_id)
    if kind_of(account.account_id) is not AccountKind.TRUST:
        raise RefusedError(Refusal.NOT_ALLOWED, account.account_id)
    if request.holder not in draft.view.accounts or kind_of(request.holder) not in _HOLDERS:
        raise RefusedError(Refusal.NOT_A_HOLDER, request.holder)
    known = draft.view.products.get(TrustIdentity, account.account_id)
    if known is None or not _is_same(known, request):
        raise RefusedError(Refusal.WRONG_PERSON, account.account_id)
    return book_deposit(
        draft,
        request.deposit_id,
        account.account_id,
        request.amount,
        channel=request.channel,
        fee=request.fee,
        at=request.at,
        memo=request.memo,
    )


def is_own_debit(source: AccountId, target: AccountId) -> bool:
    """Whether money goes from a person's trust account to the same person's account for calls."""
    return kind_of(source) is AccountKind.TRUST and target == account_of(AccountKind.DEBIT, key_of(source))


def _is_same(known: TrustIdentity, said: SendToTrust) -> bool:
    return known.inmate_id == said.inmate_id.strip() and _plain(known.legal_name) == _plain(said.legal_name)


def _plain(name: str) -> str:
    """A name as two people would write it alike: without regard to case and spaces between words."""
    return " ".join(name.casefold().split())
