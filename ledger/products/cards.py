"""What is owed to a payment processor: every card that was asked for, until it is known that nothing is reserved.

The processor is asked by the switch; the book says what it has to be asked, so that a crash forgets none of it.

            ┌─ DECLINED
    ASKED ──┼─ AUTHORISED ──┬─ CAPTURING ── CAPTURED     a call was talked
            │               └─ VOIDING ──── VOIDED       it was not
            ├─ CAPTURING (an account was sold) ── CAPTURED
            └─ VOIDING ── VOIDED                          no answer came, or nobody waited for it

A row is stored as ASKED before the processor hears of it, under the id the processor is told: so the worst that is
not known is that money may be reserved under this id, and to void it is always right. Only what the processor was
told is here; of the card itself the book knows nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from ledger.chart import advancepay
from ledger.draft import Draft, RefusedError
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, CallId
from ledger.outcomes import Booked, CardStands, Refusal
from ledger.products import onecall
from ledger.products.deposits import book_deposit
from ledger.products.requests import (
    AskCard,
    AuthoriseCard,
    CaptureCard,
    CardRequest,
    DeclineCard,
    DueCard,
    SellAccount,
    SettleSale,
    VoidCard,
    call_of_card,
)
from ledger.products.rows import CardPayment, CardState, CardUse
from ledger.rows import Account

UNKNOWN: Final = frozenset({CardState.ASKED, CardState.AUTHORISED})
"""States in which it is not decided yet what the processor has to be asked."""


def decide_card(draft: Draft, request: CardRequest) -> CardStands | Booked:
    """Decide one of the requests about a card; asked again, each changes nothing."""
    match request:
        case AskCard():
            return _ask(draft, request)
        case DeclineCard():
            return _decline(draft, request)
        case AuthoriseCard():
            return _authorise(draft, request)
        case SellAccount():
            return _sell(draft, request)
        case DueCard():
            return _due(draft, request)
        case CaptureCard():
            return _capture(draft, request)
        case SettleSale():
            return _settle_sale(draft, request)
        case VoidCard():
            return _void(draft, request)
        case _:
            assert_never(request)


def _ask(draft: Draft, request: AskCard) -> CardStands:
    """Remember that the processor is going to be asked."""
    _require_open(draft, request.call_id)
    draft.check_amount(request.amount, request.payment_id)
    row = CardPayment(
        request.payment_id,
        request.call_id,
        request.use,
        request.amount,
        request.channel,
        CardState.ASKED,
        request.at,
    )
    existing = draft.product(CardPayment, request.payment_id)
    if existing is None:
        draft.put(row)
        return _stands(row)
    if replace(existing, state=row.state, due=row.due, asked_at=row.asked_at) != row:
        raise RefusedError(Refusal.ID_REUSED, request.payment_id)
    return _stands(existing)


def _decline(draft: Draft, request: DeclineCard) -> CardStands:
    """The processor said no: nothing is reserved, and nothing is owed to it."""
    row = _row(draft, request.payment_id)
    return _move(draft, row, CardState.DECLINED) if row.state is CardState.ASKED else _stands(row)


def _authorise(draft: Draft, request: AuthoriseCard) -> CardStands:
    """The processor reserved the amount for a call that goes on: its account may go down by so much."""
    row = _row(draft, request.payment_id)
    if row.state is CardState.AUTHORISED:
        return _stands(row)
    row = _asked(draft, request.payment_id, CardUse.CALL)
    onecall.authorise(draft, row.call_id, row.amount, request.at)
    return _move(draft, row, CardState.AUTHORISED)


def _sell(draft: Draft, request: SellAccount) -> Booked:
    """The processor reserved a deposit and its fee: open the prepaid account of the number, and owe the capture."""
    row = _asked(draft, request.payment_id, CardUse.SALE)
    if request.channel != row.channel:
        raise RefusedError(Refusal.NOT_ALLOWED, request.channel)
    try:
        account_id = advancepay(request.number)
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, request.number) from None
    if account_id not in draft.view.accounts:
        draft.open(Account(account_id, ZERO, ZERO, ZERO, request.at))
    booked = book_deposit(
        draft,
        row.payment_id,
        account_id,
        row.amount - request.fee,
        channel=row.channel,
        fee=request.fee,
        at=request.at,
        memo="sold in a call",
    )
    _move(draft, replace(row, due=row.amount), CardState.CAPTURING)
    return booked


def _due(draft: Draft, request: DueCard) -> CardStands:
    """Decide what the processor has to be asked next: of a call that is over, or of a card that was given up."""
    row = _row(draft, request.payment_id)
    is_open = row.call_id in draft.view.open
    is_given_up = request.is_given_up and row.state is CardState.ASKED
    if row.state not in UNKNOWN or (is_open and not is_given_up):
        return _stands(row)
    owed = ZERO if row.state is CardState.ASKED else onecall.owed(draft, row.call_id)
    if owed:
        return _move(draft, replace(row, due=owed), CardState.CAPTURING)
    if row.state is CardState.AUTHORISED:
        onecall.give_up(draft, row.call_id)
    return _move(draft, row, CardState.VOIDING)


def _capture(draft: Draft, request: CaptureCard) -> Booked:
    """The processor took what a call owed; the rest of what was reserved is free again."""
    row = _capturing(draft, request.payment_id, CardUse.CALL)
    if request.channel != row.channel:
        raise RefusedError(Refusal.NOT_ALLOWED, request.channel)
    booked = onecall.capture(draft, row.call_id, row.due, row.channel, request.at)
    _move(draft, row, CardState.CAPTURED)
    return booked


def _settle_sale(draft: Draft, request: SettleSale) -> CardStands:
    """The processor took a deposit with its fee, which is booked already."""
    row = _row(draft, request.payment_id)
    if row.state is CardState.CAPTURED and row.use is CardUse.SALE:
        return _stands(row)
    return _move(draft, _capturing(draft, request.payment_id, CardUse.SALE), CardState.CAPTURED)


def _capturing(draft: Draft, payment_id: str, use: CardUse) -> CardPayment:
    row = _row(draft, payment_id)
    if row.state is not CardState.CAPTURING or row.use is not use:
        raise RefusedError(Refusal.NOT_ALLOWED, payment_id)
    return row


def _void(draft: Draft, request: VoidCard) -> CardStands:
    """The processor reserves nothing any more under this id, and never will."""
    row = _row(draft, request.payment_id)
    if row.state is CardState.VOIDED:
        return _stands(row)
    if row.state is not CardState.VOIDING:
        raise RefusedError(Refusal.NOT_ALLOWED, request.payment_id)
    return _move(draft, row, CardState.VOIDED)


def _asked(draft: Draft, payment_id: str, use: CardUse) -> CardPayment:
    """The row of a card that a call still waits for.

    Raises:
        RefusedError: It was given up meanwhile, is for something else, or its call is over.
    """
    row = _row(draft, payment_id)
    if row.use is not use or row.state is not CardState.ASKED:
        raise RefusedError(Refusal.NOT_ALLOWED, payment_id)
    _require_open(draft, call_of_card(payment_id))
    return row


def _require_open(draft: Draft, call_id: CallId) -> None:
    if call_id not in draft.view.open:
        raise RefusedError(Refusal.UNKNOWN_CALL, call_id)


def _row(draft: Draft, payment_id: str) -> CardPayment:
    row = draft.product(CardPayment, payment_id)
    if row is None:
        raise RefusedError(Refusal.UNKNOWN_CARD, payment_id)
    return row


def _move(draft: Draft, row: CardPayment, state: CardState) -> CardStands:
    moved = replace(row, state=state)
    draft.put(moved)
    return _stands(moved)


def _stands(row: CardPayment) -> CardStands:
    return CardStands(row.payment_id, row.state, row.due)
