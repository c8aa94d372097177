"""What was refunded of a call that a card paid, on its way back to the card (S1-11).

             ┌─ (no row)      not asked for yet what the call cost: so much less is captured
    a refund ┤
             └─ REFUNDING ──┬─ REFUNDED   the processor gave it back
                            ├─ REFUSED    it never will: the money stays owed on the account of the call
                            │     └─ PAID    until an agent paid it to the holder another way
                            └─ DROPPED    the processor refused the capture: the card never paid

A refund puts the money on `onecall:<call>`, where it is owed to the card. The row is stored with it, so that a crash
forgets none; the processor is asked once the capture is known, under the id of the row, until its answer is known.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger.draft import Draft, RefusedError
from ledger.entries import EntryId
from ledger.money import ZERO, CallId, Money, total
from ledger.outcomes import Booked, CardRefundStands, Refusal
from ledger.products import onecall
from ledger.products.card_requests import KeepRefund, PayRefund, RepayCard, card_refund_id
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState, CardUse
from ledger.products.shares import call_of_charge

_PAYING: Final = frozenset({CardState.AUTHORISED, CardState.CAPTURING, CardState.CAPTURED})


def owe(draft: Draft, charge_id: EntryId, amount: Money, at: datetime) -> None:
    """Let the card have back what was refunded of its call.

    Raises:
        RefusedError: The card did not pay, or not so much.
    """
    call_id = call_of_charge(charge_id)
    card = _paying(draft, call_id)
    if card.state is CardState.AUTHORISED:
        return  # What is captured is what the account owes by then.
    before = list(draft.view.products.of(CardRefund, call_id))
    left = card.due - total(each.amount for each in before)
    if amount > left:
        raise RefusedError(Refusal.OVER_CHARGED, charge_id, max(ZERO, left))
    refund_id = card_refund_id(card.payment_id, len(before) + 1)
    draft.put(CardRefund(refund_id, call_id, amount, card.channel, CardRefundState.REFUNDING, at))


def drop(draft: Draft, call_id: CallId) -> Money:
    """Give nothing back to a card that never paid; returns what was to go back."""
    dropped = list(draft.view.products.of(CardRefund, call_id))
    for each in dropped:
        draft.put(replace(each, state=CardRefundState.DROPPED))
    return total(each.amount for each in dropped)


def repay(draft: Draft, request: RepayCard) -> Booked:
    """The processor gave it back."""
    row = _refunding(draft, request)
    if request.channel != row.channel:
        raise RefusedError(Refusal.NOT_ALLOWED, request.channel)
    booked = onecall.repay(draft, row, row.channel, request.at)
    draft.put(replace(row, state=CardRefundState.REFUNDED))
    return booked


def pay(draft: Draft, request: PayRefund) -> Booked:
    """An agent paid what the processor refused to give back."""
    row = draft.product(CardRefund, request.refund_id)
    if row is None:
        raise RefusedError(Refusal.UNKNOWN_CARD, request.refund_id)
    if row.state is not CardRefundState.REFUSED:
        raise RefusedError(Refusal.NOT_ALLOWED, request.refund_id)
    booked = onecall.repay(draft, row, request.channel, request.at, request.memo)
    draft.put(replace(row, state=CardRefundState.PAID))
    return booked


def keep(draft: Draft, request: KeepRefund) -> CardRefundStands:
    """The processor will never give it back."""
    row = draft.product(CardRefund, request.refund_id)
    if row is None or row.state is not CardRefundState.REFUSED:
        row = replace(_refunding(draft, request), state=CardRefundState.REFUSED)
        draft.put(row)
    return CardRefundStands(row.refund_id, row.state)


def _paying(draft: Draft, call_id: CallId) -> CardPayment:
    for card in draft.view.products.of(CardPayment, call_id):
        if card.use is CardUse.CALL and card.state in _PAYING:
            return card
    raise RefusedError(Refusal.NOT_PAID, call_id)


def _refunding(draft: Draft, request: RepayCard | KeepRefund) -> CardRefund:
    row = draft.product(CardRefund, request.refund_id)
    card = draft.product(CardPayment, request.payment_id)
    if row is None or card is None:
        raise RefusedError(Refusal.UNKNOWN_CARD, request.refund_id)
    if row.state is not CardRefundState.REFUNDING or card.state is not CardState.CAPTURED:
        raise RefusedError(Refusal.NOT_ALLOWED, request.refund_id)
    return row
