"""What comes of a request. Outcomes are values; those of requests with an id are remembered as JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from json.encoder import encode_basestring_ascii
from typing import Final, NamedTuple, assert_never

from ledger.entries import EntryId
from ledger.hold import HoldId
from ledger.money import AccountId, CallId, Money
from ledger.products.card_rows import CardRefundState, CardState
from ledger.products.rows import InvoiceState, MessageState
from ledger.requests import Process


class Refusal(Enum):
    """Why nothing was done, in order of precedence. Values are the words shown to people."""

    ID_REUSED = "another request already has this id"
    ID_RESERVED = "an id has 1 to 200 characters, and none of those forms that belong to calls; choose another"
    MALFORMED_ACCOUNT = "not the id of an account"
    UNKNOWN_ACCOUNT = "there is no such account"
    NOT_ALLOWED = "not allowed for this kind of account"
    TERMS_DIFFER = "the account is open on other terms"
    UNKNOWN_PROCESS = "the process is not registered"
    PROCESS_HAS_CALLS = "the process still has open calls"
    HAS_CALLS = "a call on the account is going on"
    CALL_ENDED = "the call has ended"
    UNKNOWN_CALL = "the call is not open"
    UNKNOWN_HOLD = "there is no such hold"
    HOLD_SETTLED = "the hold was settled already"
    UNKNOWN_CHARGE = "there is no such charge"
    UNKNOWN_DEPOSIT = "there is no such deposit"
    UNKNOWN_INVOICE = "there is no such invoice"
    UNKNOWN_CARD = "no card was asked for under this id"
    UNKNOWN_MESSAGE = "there is no such message"
    WRONG_STATE = "the message is not at this step"
    UNKNOWN_NUMBER = "the number is not on the account"
    NUMBER_TAKEN = "the number is on another account"
    TOO_MANY_NUMBERS = "the account has as many numbers as it may have"
    NOT_A_HOLDER = "only the holder of an account may send money"
    WRONG_PERSON = "inmate id and legal name do not match"
    ALREADY_BACK = "the deposit was charged back already"
    NOT_PAID = "the card did not pay for the call"
    NOT_DUE = "the time for it has not come"
    STILL_USED = "the account was used since"
    AMOUNT_OUT_OF_RANGE = "the amount is out of range"
    OVER_CAP = "more than one payment may be"
    OVER_HELD = "more than is held for the call"
    OVER_CHARGED = "more than is left of the charge"
    OVER_CARRIER_LIMIT = "the phone company's limit for the month is reached"
    OVER_PROVIDER_LIMIT = "the provider's limit for the month is reached"
    NO_CREDITS = "not enough credits for messages"
    OWES = "the account owes money, to be paid first"
    INSUFFICIENT_FUNDS = "insufficient funds"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, and nothing is remembered: the same id may be asked again."""

    why: Refusal
    subject: str | None = None
    """The account, hold, call, charge or id it is about."""
    available: Money | None = None
    """How much there was where an amount was too much."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The account is open."""

    account_id: AccountId
    is_new: bool


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry was booked."""

    entry_id: EntryId
    amount: Money
    balance: Money
    """Of the account the request was about, right after."""


@dataclass(frozen=True, slots=True, init=False)
class Placed:
    """The money is put aside."""

    hold_id: HoldId
    available: Money | None
    """What can be held beyond it; None where the account has no limit."""

    def __init__(self, hold_id: HoldId, available: Money | None) -> None:
        _set_hold_id(self, hold_id)  # By its slots, as `Money`: most outcomes are of this kind.
        _set_available(self, available)


_set_hold_id: Final = Placed.__dict__["hold_id"].__set__
_set_available: Final = Placed.__dict__["available"].__set__


@dataclass(frozen=True, slots=True)
class Released:
    """The hold went back."""

    hold_id: HoldId
    amount: Money


@dataclass(frozen=True, slots=True)
class Expired:
    """These holds went back, and so many free seconds of allowances."""

    hold_ids: tuple[HoldId, ...]
    amount: Money
    free_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The call is open."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class Updated:
    """The open call is stored anew."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class Ended:
    """Record, charge and holds are settled."""

    call_id: CallId
    entry_id: EntryId | None
    charged: Money
    released: Money
    """What was held for the call and not charged."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The process is known."""

    process_id: str


@dataclass(frozen=True, slots=True)
class Beaten:
    """The heartbeat is stored."""

    process_id: str
    others: tuple[Process, ...] = ()
    """The other processes on this book, as they stand: whoever beats looks after the dead among them."""


@dataclass(frozen=True, slots=True)
class Retired:
    """The process is forgotten."""

    process_id: str


@dataclass(frozen=True, slots=True)
class NumberAdded:
    """The account pays for the calls of this number."""

    number: str
    account_id: AccountId
    active_from: datetime


@dataclass(frozen=True, slots=True)
class NumberRemoved:
    """The account no longer pays for this number."""

    number: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Free seconds are held for the call: as many as were wanted, or what is left, perhaps none."""

    key: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may go on; it is charged later."""

    account_id: AccountId
    balance: Money


@dataclass(frozen=True, slots=True)
class Invoiced:
    """The invoice exists."""

    invoice_id: str
    amount: Money
    due_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """Where a due invoice stands now."""

    invoice_id: str
    state: InvoiceState
    left: Money
    """What of it is not paid."""


@dataclass(frozen=True, slots=True)
class CardStands:
    """Where a card stands now."""

    payment_id: str
    state: CardState
    due: Money
    """What the processor has to take, or took."""


@dataclass(frozen=True, slots=True)
class CardRefundStands:
    """Where money on its way back to a card stands now."""

    refund_id: str
    state: CardRefundState


@dataclass(frozen=True, slots=True)
class Noted:
    """It is known of the account."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class MessageStands:
    """Where a message stands now."""

    message_id: str
    state: MessageState
    credits: int


Remembered = Booked | Placed | Started | Ended | Taken
"""Outcomes that are stored under the id of their request."""

Outcome = (
    Remembered
    | Refused
    | Opened
    | Released
    | Expired
    | Updated
    | Registered
    | Beaten
    | Retired
    | NumberAdded
    | NumberRemoved
    | Admitted
    | Invoiced
    | Checked
    | CardStands
    | CardRefundStands
    | Noted
    | MessageStands
)


class Answer(NamedTuple):
    """What a request came to, and whether that was remembered from the first time.

    A tuple, for one is made for every request: that takes half of what a frozen dataclass does.
    """

    outcome: Outcome
    is_repeat: bool


_WORDS: Final = {Booked: "booked", Started: "started", Ended: "ended", Taken: "taken"}


_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def to_text(outcome: Remembered) -> str:
    """The JSON text of an outcome: a word, then its facts in order, amounts in micros."""
    match outcome:
        case Placed(hold_id, available):
            return placed_text(hold_id, "null" if available is None else available.micros)
        case Booked(entry_id, amount, balance):
            facts: list[str | int | None] = [entry_id, amount.micros, balance.micros]
        case Started(call_id):
            facts = [call_id]
        case Ended(call_id, charge_id, charged, released):
            facts = [call_id, charge_id, charged.micros, released.micros]
        case Taken(key, seconds):
            facts = [key, seconds]
        case _:
            assert_never(outcome)
    return _encode([_WORDS[type(outcome)], *facts])


def placed_text(hold_id: str, left: int | str) -> str:
    """The text of `Placed`, written by hand: most outcomes are of this kind."""
    return f'["placed",{encode_basestring_ascii(hold_id)},{left}]'


def from_text(text: str) -> Remembered:
    """The inverse of `to_text`.

    Raises:
        ValueError: The text was not written by `to_text`.
    """
    match json.loads(text):
        case ["placed", str(hold_id), int() | None as available]:
            return Placed(HoldId(hold_id), None if available is None else Money(available))
        case ["booked", str(entry_id), int(amount), int(balance)]:
            return Booked(EntryId(entry_id), Money(amount), Money(balance))
        case ["started", str(call_id)]:
            return Started(CallId(call_id))
        case ["ended", str(call_id), str() | None as entry, int(charged), int(released)]:
            charge_id = None if entry is None else EntryId(entry)
            return Ended(CallId(call_id), charge_id, Money(charged), Money(released))
        case ["taken", str(key), int(seconds)]:
            return Taken(key, seconds)
        case _:
            raise ValueError(f"{text!r} is not the text of an outcome")
