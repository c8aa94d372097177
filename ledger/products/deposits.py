"""Money that comes in with a fee on top (S3-7), and money that a bank takes back."""

from __future__ import annotations

from datetime import datetime

from ledger.chart import cash_id, fee_income_id
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.money import AccountId, Money
from ledger.outcomes import Booked, Refusal
from ledger.products.requests import Chargeback


def book_deposit(
    draft: Draft,
    deposit_id: str,
    account_id: AccountId,
    amount: Money,
    *,
    channel: str,
    fee: Money,
    at: datetime,
    memo: str,
) -> Booked:
    """Book what came through a channel: the amount to the account, the fee to its income.

    Raises:
        RefusedError: An amount is out of range, or the channel is no word for one.
    """
    draft.check_amount(amount, deposit_id)
    if fee:
        draft.check_amount(fee, deposit_id)
    fees = (Posting(fee_income_id(channel), fee),) if fee else ()
    taken = Posting(cash_id(channel), Money(-amount.micros - fee.micros))
    postings = (taken, *fees, Posting(account_id, amount))
    draft.book(EntryDraft(EntryId(deposit_id), EntryKind.DEPOSIT, at, postings, memo=memo))
    return Booked(EntryId(deposit_id), amount, draft.account(account_id).balance)


def charge_back(draft: Draft, request: Chargeback) -> Booked:
    """Take a deposit back with its fee, once; what the account no longer has, its owner owes."""
    deposit = draft.view.deposits.get(request.deposit_id)
    if deposit is None:
        raise RefusedError(Refusal.UNKNOWN_DEPOSIT, request.deposit_id)
    if deposit.is_back:
        raise RefusedError(Refusal.ALREADY_BACK, request.deposit_id)
    postings = tuple(Posting(each.account_id, -each.amount) for each in deposit.postings)
    account_id, amount = postings[-1].account_id, postings[-1].amount
    entry = EntryDraft(
        EntryId(request.chargeback_id),
        EntryKind.CHARGEBACK,
        request.at,
        postings,
        refunds=request.deposit_id,
        memo=request.memo,
    )
    draft.book(entry, owing=account_id if draft.may_owe(account_id) else None)
    return Booked(entry.entry_id, amount, draft.account(account_id).balance)
