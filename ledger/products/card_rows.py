"""Rows of cards: what was asked of payment processors, and what of it goes back (S1-10, S1-11, S3-13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ledger.money import ZERO, CallId, Money


class CardUse(Enum):
    """What a card is to pay."""

    CALL = "call"
    """One call, up to the amount (S1-11)."""
    SALE = "sale"
    """A prepaid account of the called number, with this deposit and its fee (S1-10)."""
    DEPOSIT = "deposit"
    """Money on an account that is there, from its holder, who calls the account line (S3-13)."""


class CardState(Enum):
    """What is known of a card at the payment processor, and what is owed to it (`ledger.products.cards`)."""

    ASKED = "asked"
    DECLINED = "declined"
    AUTHORISED = "authorised"
    CAPTURING = "capturing"
    VOIDING = "voiding"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUSED = "refused"
    """The processor will never take what is due: it is lost (a call), or charged back (a deposit)."""


@dataclass(frozen=True, slots=True)
class CardPayment:
    """A card that was asked for in a call. Which card it is, only the processor knows."""

    payment_id: str
    call_id: CallId
    """The call, or that of the holder to the account line, which the book knows nothing else of."""
    use: CardUse
    amount: Money
    """What the processor was asked to reserve."""
    channel: str
    state: CardState
    asked_at: datetime
    due: Money = ZERO
    """What the processor has to take, or took."""

    @property
    def row_id(self) -> str:
        """The id the processor knows it by."""
        return self.payment_id

    @property
    def parent(self) -> str:
        """The call."""
        return self.call_id


class CardRefundState(Enum):
    """What is known of money on its way back to a card (`ledger.products.card_refunds`)."""

    REFUNDING = "refunding"
    REFUNDED = "refunded"
    REFUSED = "refused"
    """The processor will never give it back: it stays on the account of the call, owed to who paid."""
    PAID = "paid"
    """It was refused, and an agent paid it to the holder another way."""
    DROPPED = "dropped"
    """The card never paid, so that it has nothing back."""


@dataclass(frozen=True, slots=True)
class CardRefund:
    """Part of what a card paid for a call, to be given back to it."""

    refund_id: str
    """What the processor knows it by, and the id of its entry: `card_refund_id`."""
    call_id: CallId
    amount: Money
    channel: str
    state: CardRefundState
    asked_at: datetime

    @property
    def row_id(self) -> str:
        """The id the processor knows it by."""
        return self.refund_id

    @property
    def parent(self) -> str:
        """The call."""
        return self.call_id
