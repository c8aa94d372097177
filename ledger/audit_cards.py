"""What must always hold of cards, and what is told of them: refunds on their way, and what no card paid in the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ledger.chart import AccountKind, account_of, kind_of
from ledger.entries import EntryKind
from ledger.finding import RESTORE, Finding
from ledger.money import ZERO, AccountId, CallId, Money, total
from ledger.product_rows import read_rows
from ledger.products.card_requests import payment_of_refund
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState, CardUse
from ledger.question import Question
from ledger.reads import read_accounts
from ledger.tables import entries, postings

_CAPTURES: Final = (CardState.AUTHORISED, CardState.CAPTURING, CardState.CAPTURED, CardState.REFUSED)
"""States of a card of which something is captured, or may be, or was to be."""

_OF_CARDS: Final = Question(
    select(entries.c.entry_id, entries.c.kind, entries.c.refunds, postings.c.amount)
    .join(postings, (postings.c.seq == entries.c.seq) & (postings.c.line == 1))
    .where(
        entries.c.kind.in_([EntryKind.CAPTURE.value, EntryKind.REPAYMENT.value, EntryKind.LOSS.value])
        | (
            entries.c.kind.in_([EntryKind.DEPOSIT.value, EntryKind.CHARGEBACK.value])
            & entries.c.entry_id.contains("/card/")
        )
    )
)
"""What cards paid, had back and never paid: by calls, and by deposits that carry the id of a card."""


class _Booked(NamedTuple):
    """The first posting of an entry of a card."""

    entry_id: str
    kind: str
    refunds: str | None
    amount: Money


def _booked_of_cards(connection: Connection) -> Iterator[_Booked]:
    return starmap(_Booked, _OF_CARDS.rows(connection))


_IN: Final = {EntryKind.CAPTURE.value, EntryKind.DEPOSIT.value}


@dataclass(frozen=True, slots=True)
class CardsOwed:
    """What an agent may have to look after though the book is sound."""

    refunding: Money
    """On its way back to cards: their processor has not said yet that they have it."""
    kept: Money
    """What the processor will never give back: owed to who paid, on the accounts of their calls."""
    lost: Money
    """What the processor refused to take after calls."""


NOTHING_OWED: Final = CardsOwed(ZERO, ZERO, ZERO)


def read_cards_owed(connection: Connection) -> CardsOwed:
    """What is owed to cards, and what they never paid."""
    refunds = list(read_rows(connection, CardRefund))

    def of(state: CardRefundState) -> Money:
        return total(each.amount for each in refunds if each.state is state)

    lost = total(-row.amount for row in _booked_of_cards(connection) if row.kind == EntryKind.LOSS.value)
    return CardsOwed(of(CardRefundState.REFUNDING), of(CardRefundState.REFUSED), lost)


def check_cards(connection: Connection) -> Iterator[Finding]:
    """Every authorisation is captured, voided, refused or still owed to the processor; what it paid is in the book.

    What is owed for a while (the processor does not answer) is no finding: it is asked again until it is known.
    """
    booked = {row.entry_id: -row.amount for row in _booked_of_cards(connection) if row.kind in _IN}
    guaranteed: dict[AccountId, Money] = {}
    for card in read_rows(connection, CardPayment):
        row = f"card {card.payment_id}"
        if card.due > card.amount:
            yield Finding("card", row, f"{card.due} is due of {card.amount} that was authorised", RESTORE)
        if card.use is CardUse.CALL:
            entry_id, is_booked = f"{card.call_id}/capture", card.state is CardState.CAPTURED
            if card.state in {CardState.AUTHORISED, CardState.CAPTURING}:
                guaranteed[account_of(AccountKind.ONECALL, card.call_id)] = card.amount
            if card.state not in _CAPTURES:
                continue
        else:
            entry_id = card.payment_id
            is_booked = card.state in {CardState.CAPTURING, CardState.CAPTURED, CardState.REFUSED}
        paid = booked.pop(entry_id, None)
        if (paid is not None) is not is_booked or (paid is not None and paid != card.due):
            yield Finding("card", row, f"it is {card.state.value}, {card.due} is due, booked is {paid}", RESTORE)
    for entry_id in booked:
        yield Finding("card", f"entry {entry_id}", "a card paid that nobody asked for", RESTORE)
    for account in read_accounts(connection):
        if kind_of(account.account_id) is AccountKind.ONECALL:
            credit = guaranteed.get(account.account_id, ZERO)
            if account.floor != -credit:
                problem = f"floor {account.floor}, a card guarantees {credit}"
                yield Finding("card", f"account {account.account_id}", problem, RESTORE)


def check_card_refunds(connection: Connection) -> Iterator[Finding]:
    """No card has back more than it paid; what it has back is booked; and what was refused is lost, once."""
    rows = {row.entry_id: row for row in _booked_of_cards(connection) if row.kind not in _IN}
    cards: dict[str, CardPayment] = {card.payment_id: card for card in read_rows(connection, CardPayment)}
    back: defaultdict[str, Money] = defaultdict(lambda: ZERO)
    of_call: defaultdict[CallId, Money] = defaultdict(lambda: ZERO)
    for refund in read_rows(connection, CardRefund):
        row, card = f"refund {refund.refund_id}", cards.get(payment_of_refund(refund.refund_id))
        of_call[refund.call_id] += refund.amount
        if card is None or card.call_id != refund.call_id:
            yield Finding("card", row, "no card was asked for that it could go back to", RESTORE)
            continue
        if (refund.state is CardRefundState.DROPPED) is not (card.state is CardState.REFUSED):
            yield Finding("card", row, f"it is {refund.state.value}, its card is {card.state.value}", RESTORE)
        back[card.payment_id] += refund.amount
        yield from _check_booked(row, refund, rows.pop(refund.refund_id, None))
    for payment_id, amount in back.items():
        if amount > cards[payment_id].due:
            problem = f"{amount} is given back of {cards[payment_id].due} that it paid"
            yield Finding("card", f"card {payment_id}", problem, RESTORE)
    for card in cards.values():
        if card.state is CardState.REFUSED:
            yield from _check_refused(card, of_call[card.call_id], rows.pop(f"{card.payment_id}/refused", None))
    for entry_id in rows:
        yield Finding("card", f"entry {entry_id}", "nothing of a card was given back or refused for it", RESTORE)


def _check_booked(row: str, refund: CardRefund, entry: _Booked | None) -> Iterator[Finding]:
    is_booked = refund.state in {CardRefundState.REFUNDED, CardRefundState.PAID}
    booked = None if entry is None else -entry.amount
    if (booked is not None) is not is_booked or (booked is not None and booked != refund.amount):
        yield Finding("card", row, f"it is {refund.state.value}, {refund.amount}; booked is {booked}", RESTORE)


def _check_refused(card: CardPayment, refunded: Money, entry: _Booked | None) -> Iterator[Finding]:
    """What a call cost and was not refunded is lost; a deposit was charged back, if not by hand."""
    if card.use is CardUse.CALL:
        lost = ZERO if entry is None else -entry.amount
        if lost != card.due - refunded:
            problem = f"it is refused, {card.due} was due, {refunded} refunded, lost is {lost}"
            yield Finding("card", f"card {card.payment_id}", problem, RESTORE)
    elif entry is not None and entry.refunds != card.payment_id:
        yield Finding("card", f"card {card.payment_id}", f"its entry charges back {entry.refunds}", RESTORE)
