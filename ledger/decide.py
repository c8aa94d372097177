"""The book's decisions, pure: the rows a request touches go in, its outcome and the changes come out.

Nothing here reads a clock, draws lots, or remembers anything. A balance is only ever judged against
the rows of the transaction that will store the decision.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger import settle
from ledger.chart import AccountKind, Opener, Terms, kind_of, parse_account, terms_of
from ledger.digest import digest
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.errors import MalformedAccountError
from ledger.hold import is_hold_id
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Beaten, Booked, Opened, Outcome, Refusal, Refused, Registered, Remembered, Retired
from ledger.products import card_refunds, trust
from ledger.products.decide import decide_product
from ledger.products.deposits import book_deposit
from ledger.products.requests import BuyCredits, Chargeback, CloseAccount, SendToTrust
from ledger.products.rows import CreditLine
from ledger.products.shares import refund_postings
from ledger.requests import (
    REQUEST_ID_MAX,
    Adjust,
    Deposit,
    EndCall,
    ExpireHolds,
    Heartbeat,
    OpenAccount,
    PlaceHold,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    RetireProcess,
    StartCall,
    Transfer,
    UpdateCall,
    is_reserved,
    request_id,
)
from ledger.rows import Account, Decision, ForgetProcess, RememberedRequest, View

_Chosen = Deposit | Transfer | Adjust | Refund | Chargeback | SendToTrust | CloseAccount | BuyCredits

_CORRECTING: Final = frozenset({AccountKind.PROMOTIONS, AccountKind.CASH})
"""What an account is corrected against. Income is not: it changes by charges and refunds alone."""


def decide(view: View, request: Request) -> Decision:
    """Decide one request.

    A request with an id that was done before has its first outcome again, without changes; with another
    body it is refused. A refusal changes nothing and is not remembered.
    """
    identity = request_id(request)
    if identity is None:
        return _decide_fresh(view, request)
    body = digest(request)
    if (seen := view.remembered.get(identity)) is not None:
        if seen.digest != body:
            return Decision(Refused(Refusal.ID_REUSED, identity))
        return Decision(seen.outcome, is_repeat=True)
    is_taken = is_hold_id(identity) if not isinstance(request, PlaceHold) else False
    if not 0 < len(identity) <= REQUEST_ID_MAX or is_taken or (_is_chosen(request) and is_reserved(identity)):
        return Decision(Refused(Refusal.ID_RESERVED, identity))
    decision = _decide_fresh(view, request)
    outcome = decision.outcome
    if not isinstance(outcome, Remembered):
        return decision
    return Decision(outcome, (*decision.changes, RememberedRequest(identity, body, outcome)))


def _is_chosen(request: Request) -> bool:
    """Whether the asker chose its id, rather than the call it belongs to."""
    return isinstance(request, _Chosen)


def _decide_fresh(view: View, request: Request) -> Decision:
    draft = Draft(view)
    try:
        outcome = _dispatch(draft, request)
        return Decision(outcome, draft.changes())
    except RefusedError as refused:
        return Decision(refused.outcome)


def _dispatch(draft: Draft, request: Request) -> Outcome:
    match request:
        case PlaceHold() | ReleaseHold() | StartCall() | UpdateCall() | EndCall() | ExpireHolds():
            return settle.decide_call(draft, request)
        case Heartbeat():
            return _beat(draft, request)
        case OpenAccount():
            return _open_account(draft, request)
        case Deposit():
            return _deposit(draft, request)
        case Transfer():
            return _transfer(draft, request)
        case Adjust():
            return _adjust(draft, request)
        case Refund():
            return _refund(draft, request)
        case RegisterProcess():
            draft.put(request.process)
            return Registered(request.process.process_id)
        case RetireProcess():
            return _retire(draft, request)
        case _:
            return decide_product(draft, request)


def _open_account(draft: Draft, request: OpenAccount) -> Outcome:
    account_id = request.account_id
    try:
        terms = terms_of(parse_account(account_id))
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, account_id) from None
    floor = _agreed_floor(terms, request)
    existing = draft.view.accounts.get(account_id)
    if existing is None:
        draft.put(Account(account_id, floor, ZERO, ZERO, request.at))
        if kind_of(account_id) is AccountKind.DIRECTBILL and request.credit_limit is not None:
            draft.put(CreditLine(account_id, request.credit_limit, request.at))
        return Opened(account_id, is_new=True)
    # A call that finds the account open takes it as customer service has opened it.
    if draft.agreed_floor(existing) != floor and request.by is not Opener.CALL:
        raise RefusedError(Refusal.TERMS_DIFFER, account_id)
    return Opened(account_id, is_new=False)


def _agreed_floor(terms: Terms, request: OpenAccount) -> Money | None:
    limit = request.credit_limit
    is_allowed = terms.may_have_limit if limit is not None else not terms.must_have_limit
    if request.by not in terms.openers or not is_allowed or (request.settles_later and not terms.may_settle_later):
        raise RefusedError(Refusal.NOT_ALLOWED, request.account_id)
    if request.settles_later:
        return None
    if limit is None:
        return terms.floor
    if limit < ZERO:
        raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, request.account_id)
    return -limit


def _deposit(draft: Draft, request: Deposit) -> Outcome:
    account = draft.account(request.account_id)
    if not terms_of(account.account_id).takes_deposits:
        raise RefusedError(Refusal.NOT_ALLOWED, account.account_id)
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


def _transfer(draft: Draft, request: Transfer) -> Outcome:
    for account_id in (request.source, request.target):
        is_customers = terms_of(draft.account(account_id).account_id).takes_deposits
        if not is_customers and not trust.is_own_debit(request.source, request.target):
            raise RefusedError(Refusal.NOT_ALLOWED, account_id)
    if request.source == request.target:
        raise RefusedError(Refusal.NOT_ALLOWED, request.source)
    draft.check_amount(request.amount, request.transfer_id)
    return _book(
        draft,
        EntryKind.TRANSFER,
        request.transfer_id,
        request.at,
        request.memo,
        taken_from=request.source,
        given_to=request.target,
        amount=request.amount,
    )


def _adjust(draft: Draft, request: Adjust) -> Outcome:
    draft.account(request.account_id)
    try:
        against = kind_of(parse_account(request.against))
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, request.against) from None
    if against not in _CORRECTING or request.against == request.account_id:
        raise RefusedError(Refusal.NOT_ALLOWED, request.against)
    if kind_of(request.account_id) is AccountKind.INCOME:
        raise RefusedError(Refusal.NOT_ALLOWED, request.account_id)
    gives = request.amount > ZERO
    amount = request.amount if gives else -request.amount
    draft.check_amount(amount, request.adjustment_id)
    booked = _book(
        draft,
        EntryKind.ADJUSTMENT,
        request.adjustment_id,
        request.at,
        request.memo,
        taken_from=request.against if gives else request.account_id,
        given_to=request.account_id if gives else request.against,
        amount=amount,
    )
    return replace(booked, amount=request.amount, balance=draft.account(request.account_id).balance)


def _refund(draft: Draft, request: Refund) -> Outcome:
    charge = draft.view.charges.get(request.charge_id)
    if charge is None:
        raise RefusedError(Refusal.UNKNOWN_CHARGE, request.charge_id)
    left = charge.left
    amount = left if request.amount is None else request.amount
    if request.amount is not None:
        draft.check_amount(amount, request.refund_id)
    if amount > left or left == ZERO:
        raise RefusedError(Refusal.OVER_CHARGED, request.charge_id, left)
    kind, memo = request.kind, request.memo
    if kind is not None:
        memo = f"{kind.value}: {memo}" if memo else kind.value
    postings = refund_postings(charge, amount)
    entry_id = EntryId(request.refund_id)
    draft.book(EntryDraft(entry_id, EntryKind.REFUND, request.at, postings, refunds=request.charge_id, memo=memo))
    if kind_of(charge.payer) is AccountKind.ONECALL:
        card_refunds.owe(draft, request.charge_id, amount, request.at)
    return Booked(entry_id, amount, draft.account(charge.payer).balance)


def _book(
    draft: Draft,
    kind: EntryKind,
    entry_id: str,
    at: datetime,
    memo: str,
    *,
    taken_from: AccountId,
    given_to: AccountId,
    amount: Money,
) -> Booked:
    """Book an entry of two postings; the last one is who gets the money."""
    postings = (Posting(taken_from, -amount), Posting(given_to, amount))
    entry = EntryDraft(EntryId(entry_id), kind, at, postings, memo=memo)
    draft.book(entry)
    return Booked(entry.entry_id, amount, draft.account(given_to).balance)


def _beat(draft: Draft, request: Heartbeat) -> Outcome:
    process = draft.process(request.process_id)
    # A beat that was overtaken by a later one does not turn time back.
    draft.put(replace(process, beat_at=max(process.beat_at, request.at)))
    others = tuple(each for each in draft.view.processes.values() if each.process_id != request.process_id)
    return Beaten(request.process_id, others)


def _retire(draft: Draft, request: RetireProcess) -> Outcome:
    draft.process(request.process_id)
    if any(call.process_id == request.process_id for call in draft.view.calls.values()):
        raise RefusedError(Refusal.PROCESS_HAS_CALLS, request.process_id)
    draft.put(ForgetProcess(request.process_id))
    return Retired(request.process_id)
