"""Accounts that are charged after their calls (S3-9): admitted while there is money, charged after a delay.

The record says at once what the call costs; the entry is *pending* until it is posted under the id it
would have had. Meanwhile other calls are admitted on the same balance, so it may go below nothing: then its
owner owes, and no call is admitted until the debt is paid.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ledger.chart import terms_of
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryKind
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.outcomes import Admitted, Booked, Refusal
from ledger.products.requests import AdmitCall, PostCharge
from ledger.products.rows import DropRow, PendingCharge
from ledger.products.shares import charge_id, charge_postings
from ledger.requests import Charge, ChargeLine


def admit(draft: Draft, request: AdmitCall) -> Admitted:
    """Let a call go on without a hold, while the balance is positive; what is pending does not count."""
    if request.call_id not in draft.view.open:
        raise RefusedError(Refusal.UNKNOWN_CALL, request.call_id)
    account = draft.account(request.account_id)
    if account.floor is not None or not terms_of(account.account_id).may_settle_later:
        raise RefusedError(Refusal.NOT_ALLOWED, account.account_id)
    if account.balance < ZERO:
        raise RefusedError(Refusal.OWES, account.account_id, account.balance)
    if not account.balance:
        raise RefusedError(Refusal.INSUFFICIENT_FUNDS, account.account_id, ZERO)
    return Admitted(account.account_id, account.balance)


def keep(draft: Draft, call_id: CallId, charge: Charge, posts_at: datetime) -> None:
    """Keep the charge of a call that ends, to be posted later.

    Raises:
        RefusedError: The account does not settle later.
    """
    if draft.account(charge.payer).floor is not None:
        raise RefusedError(Refusal.NOT_ALLOWED, charge.payer)
    draft.put(PendingCharge(call_id, charge.payer, charge.amount, charge_to_text(charge), posts_at))


def post(draft: Draft, request: PostCharge) -> Booked:
    """Book a pending charge whose time has come."""
    row = draft.view.products.get(PendingCharge, request.call_id)
    if row is None:
        raise RefusedError(Refusal.UNKNOWN_CHARGE, request.call_id)
    if request.at < row.posts_at:
        raise RefusedError(Refusal.NOT_DUE, request.call_id)
    charge = charge_from_text(row.body)
    postings = charge_postings(charge)
    entry = EntryDraft(
        charge_id(request.call_id), EntryKind.CHARGE, request.at, postings, call_id=request.call_id, memo=charge.memo
    )
    draft.book(entry)
    draft.put(DropRow(PendingCharge, row.row_id))
    return Booked(entry.entry_id, charge.amount, draft.account(charge.payer).balance)


def charge_to_text(charge: Charge) -> str:
    """One line of JSON, amounts in micros."""
    lines, shares = ([[line.account_id, line.amount.micros] for line in part] for part in (charge.lines, charge.shares))
    facts = [charge.payer, charge.amount.micros, charge.income, charge.memo, lines, shares]
    return json.dumps(facts, separators=(",", ":"))


def charge_from_text(text: str) -> Charge:
    """The inverse of `charge_to_text`."""
    payer, micros, income, memo, lines, shares = json.loads(text)
    return Charge(AccountId(payer), Money(micros), AccountId(income), memo, _lines(lines), _lines(shares))


def _lines(facts: list[Any]) -> tuple[ChargeLine, ...]:
    return tuple(ChargeLine(AccountId(account_id), Money(micros)) for account_id, micros in facts)
