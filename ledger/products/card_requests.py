"""What the book can be asked about cards: that one is asked, approved, captured, void, refused, given back (S1-11).

As in `ledger.requests`, every instant is an argument and `at` is not part of a request's body.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.money import AccountId, CallId, Money
from ledger.products.card_rows import CardUse

CARD_WAIT_MAX: Final = timedelta(minutes=5)
"""After which nobody waits for the answer to a deposit by card: its call is not in the book, and may have died.

A profile lets a processor answer for two minutes at most.
"""

_OF_CARDS: Final = "/card/"
_OF_CARD_REFUNDS: Final = "/refund/"


@dataclass(frozen=True, slots=True)
class AskCard:
    """A payment processor is going to be asked to reserve money of a card, for a call or an account (S1-10, S1-11).

    The card itself is never in the book.
    """

    payment_id: str
    """What the processor knows it by: `card_payment_id`."""
    call_id: CallId
    use: CardUse
    amount: Money
    """The most the call can cost, or the deposit with its fee."""
    channel: str
    at: datetime

    def __post_init__(self) -> None:
        if call_of_card(self.payment_id) != self.call_id:
            raise AssertionError(f"{self.payment_id} is not of call {self.call_id}")


@dataclass(frozen=True, slots=True)
class DeclineCard:
    """The processor said no."""

    payment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AuthoriseCard:
    """The processor reserved the amount: the call may be talked on it (S1-11)."""

    payment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SellAccount:
    """The processor reserved the amount: it opens the prepaid account of the called number (S1-10).

    The deposit is booked under the id of the payment.
    """

    payment_id: str
    number: str
    """E.164."""
    fee: Money
    """The part of the amount that is the fee of the channel (S3-7)."""
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DepositByCard:
    """The processor reserved the amount: it is put on an account by its holder (S3-13).

    The deposit is booked under the id of the payment.
    """

    payment_id: str
    account_id: AccountId
    fee: Money
    """The part of the amount that is the fee of the channel (S3-7)."""
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DueCard:
    """Decide what the processor has to be asked of a card: to capture, to void, or nothing yet."""

    payment_id: str
    at: datetime
    is_given_up: bool = False
    """Nobody waits for its answer any more, though the call goes on."""


@dataclass(frozen=True, slots=True)
class CaptureCard:
    """The processor took what a call owed, and nothing of the rest; booked as `<call>/capture`."""

    payment_id: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SettleDeposit:
    """The processor took a deposit with its fee, which is booked since it was reserved."""

    payment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VoidCard:
    """The processor reserves nothing any more."""

    payment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RefuseCard:
    """The processor will never take what is due: what a call cost is lost, a deposit is charged back.

    Booked as `<payment>/refused`.
    """

    payment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RepayCard:
    """The processor gave back to a card what was refunded of its call; booked under the id of the refund."""

    refund_id: str
    channel: str
    at: datetime

    @property
    def payment_id(self) -> str:
        """The payment it is given back of."""
        return payment_of_refund(self.refund_id)


@dataclass(frozen=True, slots=True)
class KeepRefund:
    """The processor will never give a refund back: it stays owed on the account of the call."""

    refund_id: str
    at: datetime

    @property
    def payment_id(self) -> str:
        """The payment it was to be given back of."""
        return payment_of_refund(self.refund_id)


@dataclass(frozen=True, slots=True)
class PayRefund:
    """An agent paid to the holder what the processor would never give back; booked under the id of the refund.

    `channel` is the way in which it was paid.
    """

    refund_id: str
    channel: str
    at: datetime
    memo: str = ""

    @property
    def payment_id(self) -> str:
        """The payment it was to be given back of."""
        return payment_of_refund(self.refund_id)


def card_payment_id(call_id: CallId, number: int) -> str:
    """The id of the card that was asked for as this one of a call, counted from 1."""
    return f"{call_id}{_OF_CARDS}{number}"


def call_of_card(payment_id: str) -> CallId:
    """The call a card was asked for in."""
    return CallId(payment_id.rpartition(_OF_CARDS)[0])


def card_refund_id(payment_id: str, number: int) -> str:
    """The id of this refund of a payment, counted from 1."""
    return f"{payment_id}{_OF_CARD_REFUNDS}{number}"


def payment_of_refund(refund_id: str) -> str:
    """The payment of which a refund is given back."""
    return refund_id.rpartition(_OF_CARD_REFUNDS)[0]


CardMove = AskCard | DeclineCard | AuthoriseCard | DueCard | SettleDeposit | VoidCard
"""What is known of a card, with no money in the book: answered `CardStands`."""

CardBooking = CaptureCard | SellAccount | DepositByCard | RepayCard | PayRefund
"""What moves money in the book: answered `Booked`."""

CardRequest = CardMove | CardBooking | RefuseCard | KeepRefund
