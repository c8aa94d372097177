"""What the book can be asked about products: numbers, allowances, trust money, invoices, idle accounts, messages.

As in `ledger.requests`, every instant is an argument and `at` is not part of a request's body. Local days
and months are the asker's: they come as UTC instants and as labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ledger.entries import EntryId
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.products.card_requests import (
    CaptureCard,
    CardRequest,
    DepositByCard,
    PayRefund,
    RefuseCard,
    RepayCard,
    SellAccount,
    call_of_card,
)
from ledger.products.rows import Direction, MessageState

ACTIVATION_MAX: Final = timedelta(hours=24)
"""S3-5: "allow up to 24 hours to receive calls"."""


@dataclass(frozen=True, slots=True)
class AddNumber:
    """Let an account pay for the calls of a called number, from an instant on (S3-3, S3-5)."""

    account_id: AccountId
    number: str
    """E.164."""
    active_from: datetime
    """At most `ACTIVATION_MAX` after `at`."""
    at: datetime

    def __post_init__(self) -> None:
        if not self.at <= self.active_from <= self.at + ACTIVATION_MAX:
            raise AssertionError(f"{self.number} becomes active {self.active_from - self.at} after it was added")


@dataclass(frozen=True, slots=True)
class RemoveNumber:
    """Let an account no longer pay for a number."""

    account_id: AccountId
    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TakeAllowance:
    """Reserve free seconds of an allowance for a call, once for each key."""

    call_id: CallId
    key: str
    """`<allowance>/<person>`."""
    cycle: str
    """The label of the cycle, such as its first day: `2021-04-04`."""
    wanted: int
    """Seconds."""
    limit: int
    """Seconds that one cycle has."""
    at: datetime

    def __post_init__(self) -> None:
        if self.wanted < 0 or self.limit < 0:
            raise AssertionError(f"{self.wanted} seconds of {self.limit} of {self.key}")


@dataclass(frozen=True, slots=True)
class AdmitCall:
    """May a call go on at the cost of an account that is charged after its calls (S3-9)?"""

    call_id: CallId
    account_id: AccountId
    at: datetime


@dataclass(frozen=True, slots=True)
class PostCharge:
    """Book the charge of a call that ended, but was to be charged later, as `<call>/charge`."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class Chargeback:
    """A bank took a payment back, with its fee; the account may owe afterwards."""

    chargeback_id: str
    deposit_id: EntryId
    at: datetime
    memo: str = ""


@dataclass(frozen=True, slots=True)
class RegisterTrust:
    """Open the account of a person's money at the facility, with what a sender must know (S2-4)."""

    account_id: AccountId
    inmate_id: str
    legal_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SendToTrust:
    """A deposit to a person's trust account by somebody who has an account here (S1-16, S2-4)."""

    deposit_id: str
    account_id: AccountId
    holder: AccountId
    """The sender's own account."""
    inmate_id: str
    legal_name: str
    amount: Money
    """What the person gets; the fee comes on top."""
    channel: str
    at: datetime
    fee: Money = ZERO
    memo: str = ""


@dataclass(frozen=True, slots=True)
class SetCreditLimit:
    """Agree on another credit limit for an account that is invoiced."""

    account_id: AccountId
    limit: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    """Ask for what an account owes of the calls before an instant (S3-10)."""

    account_id: AccountId
    period: str
    """The label of the month, such as `2026-11`: one invoice for each."""
    until: datetime
    """The end of the month, exclusive."""
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckInvoice:
    """Look whether an invoice that is due was paid; if not, block its account and convert it."""

    invoice_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteInterest:
    """Somebody showed interest in an account, without money: it is not idle (47 CFR 64.6130)."""

    account_id: AccountId
    at: datetime


@dataclass(frozen=True, slots=True)
class NotifyIdle:
    """An account was notified that it is idle, unless something happened on it since."""

    account_id: AccountId
    idle_since: datetime
    """What happened after this instant makes the notice void."""
    at: datetime


class Ending(Enum):
    """Where the money of a closed account goes."""

    REFUND = "refund"
    """Back to its owner, through a channel."""
    UNCLAIMED = "unclaimed"
    """To the state, whose law says what is done with it."""


@dataclass(frozen=True, slots=True)
class CloseAccount:
    """Close an idle account and pay out what is on it, unless something happened on it since (S1-5)."""

    closing_id: str
    account_id: AccountId
    idle_since: datetime
    ending: Ending
    to: str
    """The channel of a refund, or the state of unclaimed property."""
    at: datetime


@dataclass(frozen=True, slots=True)
class BuyCredits:
    """A bundle of message credits (S2-1), paid through a channel or from an account (S1-18)."""

    purchase_id: str
    account_id: AccountId
    """`messages:<owner>`: a customer, or a person inside."""
    credits: int
    amount: Money
    """The price of the bundle."""
    channel: str
    """How the money comes where no account pays."""
    at: datetime
    source: AccountId | None = None
    """The account that pays, which has no fee."""
    fee: Money = ZERO
    memo: str = ""


@dataclass(frozen=True, slots=True)
class SubmitMessage:
    """Take a message, whose words are kept elsewhere, and its credits."""

    message_id: str
    account_id: AccountId
    """Whose credits."""
    facility: str
    person: str
    """The id of the person inside."""
    contact: str
    """The id of the customer outside."""
    direction: Direction
    credits: int
    characters: int
    promised_at: datetime
    """When it will have been reviewed, by what the provider says of itself."""
    at: datetime


@dataclass(frozen=True, slots=True)
class MoveMessage:
    """A message is looked at, approved, or rejected so that its credits come back (S2-2)."""

    message_id: str
    to: MessageState
    at: datetime


@dataclass(frozen=True, slots=True)
class SettleMessage:
    """A message is delivered, or rejected by a policy that keeps its credits: they are earned, as `<message>/use`."""

    message_id: str
    to: MessageState
    at: datetime


ProductRequest = (
    AddNumber
    | RemoveNumber
    | TakeAllowance
    | AdmitCall
    | PostCharge
    | Chargeback
    | RegisterTrust
    | SendToTrust
    | CardRequest
    | SetCreditLimit
    | IssueInvoice
    | CheckInvoice
    | NoteInterest
    | NotifyIdle
    | CloseAccount
    | BuyCredits
    | SubmitMessage
    | MoveMessage
    | SettleMessage
)


def product_request_id(request: ProductRequest) -> str | None:
    """The id under which the outcome is remembered; None where asking again is harmless by itself."""
    match request:
        case TakeAllowance():
            return f"{request.call_id}/allowance/{request.key}"
        case PostCharge():
            return f"{request.call_id}/post"
        case CaptureCard():
            return f"{call_of_card(request.payment_id)}/capture"
        case SellAccount() | DepositByCard():
            return request.payment_id
        case RefuseCard():
            return f"{request.payment_id}/refused"
        case RepayCard() | PayRefund():
            return request.refund_id
        case Chargeback():
            return request.chargeback_id
        case SendToTrust():
            return request.deposit_id
        case CloseAccount():
            return request.closing_id
        case BuyCredits():
            return request.purchase_id
        case SettleMessage():
            return f"{request.message_id}/use"
        case _:
            return None
