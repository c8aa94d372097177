"""Messages and the credits that pay for them (S2-1, S2-2): bought in bundles, used when a message is delivered.

What was paid for credits nobody has used yet is not earned: it stands on `messages:<owner>`, in lots, and belongs
partly to messages on their way. A message draws its credits from the oldest lots; the last credit of a lot takes
what is left of its money, so that nothing is lost in rounding.

    SubmitMessage ──► SUBMITTED ──► IN_REVIEW ──┬─► APPROVED ──SettleMessage──► DELIVERED   income
                                                ├─► REJECTED   its credits are back in their lots
                                                └─SettleMessage──► REJECTED   its credits are kept: income

The words of a message are never in these rows, nor in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ledger.chart import AccountKind, account_of, cash_id, fee_income_id, key_of, kind_of
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind, Posting
from ledger.money import AccountId, Money, total
from ledger.outcomes import Booked, MessageStands, Refusal
from ledger.products.requests import BuyCredits, MoveMessage, SettleMessage, SubmitMessage
from ledger.products.rows import CreditLot, DropRow, Message, MessageDraw, MessageState

CREDITS_MAX: Final = 10_000
"""Credits of one bundle; providers sell tens at a time."""

INCOME: Final = account_of(AccountKind.INCOME, "messages")
"""What delivered messages earned."""

MOVES: Final[Mapping[MessageState, frozenset[MessageState]]] = MappingProxyType(
    {
        MessageState.SUBMITTED: frozenset({MessageState.IN_REVIEW}),
        MessageState.IN_REVIEW: frozenset({MessageState.APPROVED, MessageState.REJECTED}),
        MessageState.APPROVED: frozenset({MessageState.DELIVERED}),
        MessageState.REJECTED: frozenset(),
        MessageState.DELIVERED: frozenset(),
    }
)
"""Every legal move."""

_SETTLING: Final = frozenset({MessageState.DELIVERED, MessageState.REJECTED})
_SOURCES: Final = frozenset({AccountKind.ADVANCEPAY, AccountKind.ADVANCECONNECT, AccountKind.TRUST})
"""Whose money buys credits; a Trust Fund buys the person's own alone."""


def buy(draft: Draft, request: BuyCredits) -> Booked:
    """Sell a bundle: its price is owed in messages until they are delivered.

    Raises:
        RefusedError: The source may not pay, the amount is out of range, or less than a micro a credit.
    """
    account_id, amount = request.account_id, request.amount
    if kind_of(account_id) is not AccountKind.MESSAGES:
        raise RefusedError(Refusal.NOT_ALLOWED, account_id)
    draft.check_amount(amount, request.purchase_id)
    if not 0 < request.credits <= min(CREDITS_MAX, amount.micros):
        raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, request.purchase_id)
    paid, fees = _paid(draft, request)
    postings = (paid, *fees, Posting(account_id, amount))
    entry_id = EntryId(request.purchase_id)
    draft.book(EntryDraft(entry_id, EntryKind.PURCHASE, request.at, postings, memo=request.memo))
    draft.put(CreditLot(request.purchase_id, account_id, request.at, request.credits, request.credits, amount, amount))
    return Booked(entry_id, amount, draft.account(account_id).balance)


def submit(draft: Draft, request: SubmitMessage) -> MessageStands:
    """Take a message with its credits; the same one again changes nothing.

    Raises:
        RefusedError: Its owner has too few credits, or another message has this id.
    """
    if not 0 < request.credits <= CREDITS_MAX or kind_of(request.account_id) is not AccountKind.MESSAGES:
        raise RefusedError(Refusal.NOT_ALLOWED, request.account_id)
    known = draft.view.products.get(Message, request.message_id)
    if known is not None:
        if _asked(known) != _asked(_message(request)):
            raise RefusedError(Refusal.ID_REUSED, request.message_id)
        return MessageStands(known.message_id, known.state, known.credits)
    lots = sorted(draft.view.products.of(CreditLot, request.account_id), key=lambda lot: (lot.bought_at, lot.lot_id))
    if sum(lot.credits_left for lot in lots) < request.credits:
        raise RefusedError(Refusal.NO_CREDITS, request.account_id)
    for lot, drawn in _draws(request, lots):
        draft.put(lot)
        draft.put(drawn)
    draft.put(_message(request))
    return MessageStands(request.message_id, MessageState.SUBMITTED, request.credits)


def move(draft: Draft, request: MoveMessage) -> MessageStands:
    """Review, approve, or reject a message; rejected so, it gives its credits back. Doing it again changes nothing."""
    message = _known(draft, request.message_id)
    if request.to is not message.state:
        if request.to not in MOVES[message.state] or request.to is MessageState.DELIVERED:
            raise RefusedError(Refusal.WRONG_STATE, message.message_id)
        is_judging = request.to is not MessageState.IN_REVIEW
        moved = replace(message, state=request.to)
        draft.put(replace(moved, judged_at=request.at) if is_judging else replace(moved, reviewed_at=request.at))
        if request.to is MessageState.REJECTED:
            _give_back(draft, message)
    return MessageStands(message.message_id, request.to, message.credits)


def settle(draft: Draft, request: SettleMessage) -> Booked:
    """Earn the credits of a message: it is delivered, or rejected by a policy that keeps them."""
    message = _known(draft, request.message_id)
    if request.to not in _SETTLING or request.to not in MOVES[message.state]:
        raise RefusedError(Refusal.WRONG_STATE, message.message_id)
    amount = total(each.amount for each in draft.view.products.of(MessageDraw, message.message_id))
    entry_id = use_id(message.message_id)
    postings = (Posting(message.account_id, -amount), Posting(INCOME, amount))
    memo = "message" if request.to is MessageState.DELIVERED else "message rejected, its credits kept"
    draft.book(EntryDraft(entry_id, EntryKind.USE, request.at, postings, memo=memo))
    is_delivered = request.to is MessageState.DELIVERED
    moved = replace(message, state=request.to)
    draft.put(replace(moved, delivered_at=request.at) if is_delivered else replace(moved, judged_at=request.at))
    return Booked(entry_id, amount, draft.account(message.account_id).balance)


def use_id(message_id: str) -> EntryId:
    """The id of the one entry that earns a message's credits."""
    return EntryId(f"{message_id}/use")


def _paid(draft: Draft, request: BuyCredits) -> tuple[Posting, tuple[Posting, ...]]:
    """Who pays: an account, without a fee; or a channel such as a card, with its fee."""
    source, amount = request.source, request.amount
    if source is None:
        if request.fee:
            draft.check_amount(request.fee, request.purchase_id)
        fees = (Posting(fee_income_id(request.channel), request.fee),) if request.fee else ()
        return Posting(cash_id(request.channel), Money(-amount.micros - request.fee.micros)), fees
    kind = kind_of(draft.account(source).account_id)
    is_of_another = kind is AccountKind.TRUST and key_of(source) != key_of(request.account_id)
    if kind not in _SOURCES or is_of_another or request.fee:
        raise RefusedError(Refusal.NOT_ALLOWED, source)
    return Posting(source, -amount), ()


def _message(request: SubmitMessage) -> Message:
    return Message(
        request.message_id,
        request.account_id,
        request.facility,
        request.person,
        request.contact,
        request.direction,
        request.credits,
        request.characters,
        MessageState.SUBMITTED,
        request.at,
        request.promised_at,
    )


def _asked(message: Message) -> tuple[object, ...]:
    """What of a message was asked for; the rest is when, and what became of it."""
    to = (message.facility, message.person, message.contact, message.direction)
    return (message.account_id, *to, message.credits, message.characters)


def _draws(request: SubmitMessage, lots: Iterable[CreditLot]) -> Iterator[tuple[CreditLot, MessageDraw]]:
    """The lots without the credits of a message, and what it takes of each, the oldest first."""
    wanted = request.credits
    for lot in lots:
        taken = min(wanted, lot.credits_left)
        if taken:
            amount = Money(lot.amount_left.micros * taken // lot.credits_left)
            wanted -= taken
            left = replace(lot, credits_left=lot.credits_left - taken, amount_left=lot.amount_left - amount)
            yield left, MessageDraw(request.message_id, lot.lot_id, taken, amount)


def _give_back(draft: Draft, message: Message) -> None:
    for drawn in tuple(draft.view.products.of(MessageDraw, message.message_id)):
        lot = draft.view.products.get(CreditLot, drawn.lot_id)
        if lot is None:
            raise AssertionError(f"message {message.message_id} has credits of {drawn.lot_id}, which is not there")
        back = replace(lot, credits_left=lot.credits_left + drawn.credits, amount_left=lot.amount_left + drawn.amount)
        draft.put(back)
        draft.put(DropRow(MessageDraw, drawn.row_id))


def _known(draft: Draft, message_id: str) -> Message:
    message = draft.view.products.get(Message, message_id)
    if message is None:
        raise RefusedError(Refusal.UNKNOWN_MESSAGE, message_id)
    return message


def messages_account(owner: str) -> AccountId:
    """The account of somebody's unused credits.

    Raises:
        MalformedAccountError: The owner's id cannot stand in one.
    """
    return account_of(AccountKind.MESSAGES, owner)
