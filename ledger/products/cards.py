"""What is owed to a payment processor: every card that was asked for, until it is known that nothing is reserved.

The processor is asked by the switch; the book says what it has to be asked, so that a crash forgets none of it.

            ┌─ DECLINED
    ASKED ──┼─ AUTHORISED ──┬─ CAPTURING ──┬─ CAPTURED    a call was talked
            │               │              └─ REFUSED     ... and is never paid: a loss
            │               └─ VOIDING ──── VOIDED        it was not
            ├─ CAPTURING ──┬─ CAPTURED                    a deposit, booked when it was reserved
            │              └─ REFUSED                     ... and charged back
            └─ VOIDING ── VOIDED                          no answer came, or nobody waited for it

A row is stored as ASKED before the processor hears of it, under the id the processor is told: so the worst that is
not known is that money may be reserved under this id, and to void it is always right. Only what the processor was
told is here; of the card itself the book knows nothing.

Whether somebody still waits for an answer is told by the open call. A holder who calls the account line has none in
the book: there whoever gives up says so, and a question is given up by itself after `CARD_WAIT_MAX`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from ledger.chart import advancepay, terms_of
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryId
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId, CallId
from ledger.outcomes import Booked, CardRefundStands, CardStands, Refusal
from ledger.products import card_refunds, onecall
from ledger.products.card_requests import (
    CARD_WAIT_MAX,
    AskCard,
    AuthoriseCard,
    CaptureCard,
    CardRequest,
    DeclineCard,
    DepositByCard,
    DueCard,
    KeepRefund,
    PayRefund,
    RefuseCard,
    RepayCard,
    SellAccount,
    SettleDeposit,
    VoidCard,
    call_of_card,
)
from ledger.products.card_rows import CardPayment, CardState, CardUse
from ledger.products.deposits import book_deposit, charge_back
from ledger.products.requests import Chargeback
from ledger.rows import Account

UNKNOWN: Final = frozenset({CardState.ASKED, CardState.AUTHORISED})
"""States in which it is not decided yet what the processor has to be asked."""


def decide_card(draft: Draft, request: CardRequest) -> CardStands | CardRefundStands | Booked:
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
        case DepositByCard():
            return _deposit(draft, request)
        case DueCard():
            return _due(draft, request)
        case CaptureCard():
            return _capture(draft, request)
        case SettleDeposit():
            return _settle_deposit(draft, request)
        case VoidCard():
            return _void(draft, request)
        case RefuseCard():
            return _refuse(draft, request)
        case RepayCard():
            return card_refunds.repay(draft, request)
        case KeepRefund():
            return card_refunds.keep(draft, request)
        case PayRefund():
            return card_refunds.pay(draft, request)
        case _:
            assert_never(request)


def _ask(draft: Draft, request: AskCard) -> CardStands:
    """Remember that the processor is going to be asked."""
    if request.use is not CardUse.DEPOSIT:
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
    try:
        account_id = advancepay(request.number)
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, request.number) from None
    if account_id not in draft.view.accounts:
        draft.open(Account(account_id, ZERO, ZERO, ZERO, request.at))
    return _book_deposit(draft, row, account_id, request, memo="sold in a call")


def _deposit(draft: Draft, request: DepositByCard) -> Booked:
    """The processor reserved a deposit and its fee: put it on the account, and owe the capture."""
    row = _asked(draft, request.payment_id, CardUse.DEPOSIT)
    account = draft.account(request.account_id)
    if not terms_of(account.account_id).takes_deposits:
        raise RefusedError(Refusal.NOT_ALLOWED, account.account_id)
    return _book_deposit(draft, row, account.account_id, request, memo="by card on the account line")


def _book_deposit(
    draft: Draft, row: CardPayment, account_id: AccountId, request: SellAccount | DepositByCard, *, memo: str
) -> Booked:
    """Book what a card guarantees, less the fee, to an account."""
    if request.channel != row.channel:
        raise RefusedError(Refusal.NOT_ALLOWED, request.channel)
    booked = book_deposit(
        draft,
        row.payment_id,
        account_id,
        row.amount - request.fee,
        channel=row.channel,
        fee=request.fee,
        at=request.at,
        memo=memo,
    )
    _move(draft, replace(row, due=row.amount), CardState.CAPTURING)
    return booked


def _due(draft: Draft, request: DueCard) -> CardStands:
    """Decide what the processor has to be asked next: of a call that is over, or of a card that was given up."""
    row = _row(draft, request.payment_id)
    if row.use is CardUse.DEPOSIT:
        is_open = request.at < row.asked_at + CARD_WAIT_MAX
    else:
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
    row = _capturing(draft, request.payment_id, is_deposit=False)
    if request.channel != row.channel:
        raise RefusedError(Refusal.NOT_ALLOWED, request.channel)
    booked = onecall.capture(draft, row.call_id, row.due, row.channel, request.at)
    _move(draft, row, CardState.CAPTURED)
    return booked


def _settle_deposit(draft: Draft, request: SettleDeposit) -> CardStands:
    """The processor took a deposit with its fee, which is booked already."""
    row = _row(draft, request.payment_id)
    if row.state is CardState.CAPTURED and row.use is not CardUse.CALL:
        return _stands(row)
    return _move(draft, _capturing(draft, request.payment_id, is_deposit=True), CardState.CAPTURED)


def _refuse(draft: Draft, request: RefuseCard) -> Booked | CardStands:
    """The processor will never take what is due: let nobody owe it any more, or charge the deposit back."""
    row = _row(draft, request.payment_id)
    if row.state is CardState.REFUSED:
        return _stands(row)
    row = _capturing(draft, row.payment_id, is_deposit=row.use is not CardUse.CALL)
    stands = _move(draft, row, CardState.REFUSED)
    entry_id = EntryId(f"{row.payment_id}/refused")
    if row.use is CardUse.CALL:
        lost = row.due - card_refunds.drop(draft, row.call_id)
        return onecall.write_off(draft, row.call_id, lost, entry_id, request.at) or stands
    deposit_id = EntryId(row.payment_id)
    if draft.view.deposits[deposit_id].is_back:
        return stands  # The bank was quicker: an agent has charged it back by hand.
    return charge_back(draft, Chargeback(entry_id, deposit_id, request.at, onecall.REFUSED))


def _capturing(draft: Draft, payment_id: str, *, is_deposit: bool) -> CardPayment:
    row = _row(draft, payment_id)
    if row.state is not CardState.CAPTURING or (row.use is not CardUse.CALL) is not is_deposit:
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
    """The row of a card that somebody still waits for.

    Raises:
        RefusedError: It was given up meanwhile, is for something else, or its call is over.
    """
    row = _row(draft, payment_id)
    if row.use is not use or row.state is not CardState.ASKED:
        raise RefusedError(Refusal.NOT_ALLOWED, payment_id)
    if use is not CardUse.DEPOSIT:
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
