"""What the book can be asked to do.

Every instant is an argument: `at` is when the asker says it happened, aware UTC. `at` is not part of
a request's body: a deposit that is retried a minute later is the same deposit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Final

from ledger.chart import Opener
from ledger.entries import EntryId
from ledger.hold import HoldId
from ledger.money import ZERO, AccountId, CallId, Money, total
from ledger.products.requests import ProductRequest, product_request_id
from ledger.records import CallRecord, OpenCall

REQUEST_ID_MAX: Final = 200
"""A call's id with its suffix, or any reference a payment processor prints on a receipt."""

_OF_CALLS: Final = ("/hold/", "/allowance/", "/card/")
_ENDS_OF_CALLS: Final = ("/start", "/end", "/charge", "/post", "/capture", "/use")
"""What ids that derive from calls, and from messages, have in them, or end in."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running program that has calls of its own; it beats once a second."""

    process_id: str
    host: str
    pid: int
    pid_started: str
    """When the system started that pid, in the system's words: a pid alone is used again."""
    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open an account, unless it is open already on the same terms."""

    account_id: AccountId
    by: Opener
    at: datetime
    credit_limit: Money | None = None
    """How far a settle-later account may go; None leaves the floor of its kind."""
    settles_later: bool = False
    """Prepaid, but charged after its calls: it may go below nothing, and then owes (S3-9)."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money came in for a customer's account."""

    deposit_id: str
    account_id: AccountId
    amount: Money
    channel: str
    """`processor`, `mail`, ...: the cash account it is booked against."""
    at: datetime
    memo: str = ""
    fee: Money = ZERO
    """Paid on top of the amount, for the channel (S3-7; see `ledger.products.policy`)."""


@dataclass(frozen=True, slots=True)
class MonthlyLimits:
    """How much of a month's calls may be billed to a number; each None where there is no limit (S1-9)."""

    since: datetime
    """The start of the month."""
    by_carrier: Money | None = None
    by_provider: Money | None = None


@dataclass(frozen=True, slots=True, init=False)
class PlaceHold:
    """Put money aside for a call that is open. `hold_id` is `<call>/hold/<n>`."""

    hold_id: HoldId
    account_id: AccountId
    call_id: CallId
    amount: Money
    at: datetime
    limits: MonthlyLimits | None = None

    def __init__(  # noqa: PLR0917 - in the order of its fields, as a dataclass has them.
        self,
        hold_id: HoldId,
        account_id: AccountId,
        call_id: CallId,
        amount: Money,
        at: datetime,
        limits: MonthlyLimits | None = None,
    ) -> None:
        if not hold_id.startswith(f"{call_id}/hold/"):
            raise AssertionError(f"hold {hold_id!r} does not derive from call {call_id!r}")
        # By its slots, as `Money`: most requests are of this kind.
        set_hold_id, set_account_id, set_call_id, set_amount, set_at, set_limits = _SLOTS_OF_HOLD
        set_hold_id(self, hold_id)
        set_account_id(self, account_id)
        set_call_id(self, call_id)
        set_amount(self, amount)
        set_at(self, at)
        set_limits(self, limits)


_SLOTS_OF_HOLD: Final = [PlaceHold.__dict__[each.name].__set__ for each in fields(PlaceHold)]


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Give one hold back before its call ends."""

    hold_id: HoldId
    at: datetime


@dataclass(frozen=True, slots=True)
class StartCall:
    """A call began; from now on a crash of its process can be settled."""

    call: OpenCall


@dataclass(frozen=True, slots=True)
class UpdateCall:
    """What is known of an open call has changed: store all of it anew."""

    call: OpenCall


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A part of a charge that goes to, or comes from, an account of its own."""

    account_id: AccountId
    amount: Money


@dataclass(frozen=True, slots=True)
class Charge:
    """The price of a call's talk, to be booked as `<call>/charge`. Nothing is booked for zero.

    What payer and shares pay together is what the lines and, with the rest, the income get.
    """

    payer: AccountId
    amount: Money
    """What the payer pays, taxes and fees included."""
    income: AccountId
    memo: str = ""
    lines: tuple[ChargeLine, ...] = ()
    """Taxes, fees, commissions: what of the charge is not income of calls."""
    shares: tuple[ChargeLine, ...] = ()
    """What others pay of it (`receivable:state:<id>`)."""

    def __post_init__(self) -> None:
        if min((self.amount, *(line.amount for line in (*self.lines, *self.shares)))) < ZERO:
            raise AssertionError(f"a charge of {self.amount} to {self.payer}: give money back with Refund")
        if self.earned < ZERO:
            raise AssertionError(f"a charge of {self.total} to {self.payer} has lines of {self.total - self.earned}")

    @property
    def total(self) -> Money:
        """What all who pay it pay together."""
        return self.amount + total(share.amount for share in self.shares)

    @property
    def earned(self) -> Money:
        """What is left for the income when the lines have theirs."""
        return self.total - total(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class EndCall:
    """A call is over: its record, its charge, and the end of its holds, all together or not at all."""

    record: CallRecord
    charge: Charge | None = None
    posts_at: datetime | None = None
    """If set, the charge is kept as pending and booked from then on by `PostCharge` (S3-9)."""
    free_seconds: int | None = None
    """Talk that the allowances of the call covered; None means all its talk that they can cover."""

    def __post_init__(self) -> None:
        charged = self.charge.amount if self.charge else ZERO
        if self.record.charged != charged:
            raise AssertionError(
                f"call {self.record.call_id}: the record says {self.record.charged}, the charge {charged}"
            )
        if self.charge and charged and self.record.payer != self.charge.payer:
            raise AssertionError(
                f"call {self.record.call_id}: {self.record.payer} pays by the record, by the charge {self.charge.payer}"
            )


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move money between two customers' accounts."""

    transfer_id: str
    source: AccountId
    target: AccountId
    amount: Money
    at: datetime
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Adjust:
    """Correct an account by hand, up or down, against promotions (or another account of the book)."""

    adjustment_id: str
    account_id: AccountId
    amount: Money
    """Positive gives, negative takes."""
    against: AccountId
    at: datetime
    memo: str = ""


class RefundKind(Enum):
    """Why a charge is given back. Values open the memo of the entry."""

    DROPPED_CALL = "dropped-call"
    COURTESY = "courtesy"
    TEST_ACCOUNT = "test-account"
    MISDIAL = "misdial"


@dataclass(frozen=True, slots=True)
class Refund:
    """Give all or part of a call's charge back to who paid it: each line and share in proportion."""

    refund_id: str
    charge_id: EntryId
    amount: Money | None
    """None gives back whatever of the charge has not been given back yet."""
    at: datetime
    memo: str = ""
    kind: RefundKind | None = None


@dataclass(frozen=True, slots=True)
class ExpireHolds:
    """Give back holds nobody will come for: of calls never accepted, whose process is silent.

    Talk that was accepted is settled by recovery, from the open call, and never expires here.
    """

    silent_since: datetime
    """Processes that have not beaten at or after this instant count as gone."""
    at: datetime


@dataclass(frozen=True, slots=True)
class RegisterProcess:
    """A process starts; its calls may follow."""

    process: Process


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A process is alive at this instant. After a crash, talk is priced to the last one."""

    process_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RetireProcess:
    """A process is over, with no call left open: by shutdown, or because it was recovered."""

    process_id: str


Request = (
    OpenAccount
    | Deposit
    | PlaceHold
    | ReleaseHold
    | StartCall
    | UpdateCall
    | EndCall
    | Transfer
    | Adjust
    | Refund
    | ExpireHolds
    | RegisterProcess
    | Heartbeat
    | RetireProcess
    | ProductRequest
)


def request_id(request: Request) -> str | None:
    """The id under which the outcome is remembered; None where asking again is harmless by itself."""
    match request:
        case PlaceHold():
            return request.hold_id
        case EndCall():
            return f"{request.record.call_id}/end"
        case StartCall():
            return f"{request.call.call_id}/start"
        case Deposit():
            return request.deposit_id
        case Transfer():
            return request.transfer_id
        case Adjust():
            return request.adjustment_id
        case Refund():
            return request.refund_id
        case OpenAccount() | ReleaseHold() | UpdateCall() | ExpireHolds():
            return None
        case RegisterProcess() | Heartbeat() | RetireProcess():
            return None
        case _:
            return product_request_id(request)


def is_reserved(text: str) -> bool:
    """Whether an id belongs to those that derive from calls, so that nobody else may choose it."""
    return any(part in text for part in _OF_CALLS) or text.endswith(_ENDS_OF_CALLS)
