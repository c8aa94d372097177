"""What is kept of a call: the record at its end, and what must survive a crash before that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ledger.money import ZERO, AccountId, CallId, Money


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The one record of a call. All instants are aware UTC.

    `answered_at` and `accepted_at` are apart: answer is not acceptance, and only talk is charged.
    """

    call_id: CallId
    facility: str
    station: str
    person: str | None
    """The person inside, by the id of the directory; never the PIN."""
    number: str | None
    """The called number in E.164, None when none was entered."""
    billing: str
    """`advancepay`, `debit`, `collect`, `free`, or `none` for a call that never got so far."""
    payer: AccountId | None
    started_at: datetime
    ended_at: datetime
    why: str
    """The reason it ended, by the names of `ivr.reasons` in lower case with hyphens: `funds-exhausted`."""
    ended_by: str
    """`caller`, `callee` or `switch`."""
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    talk: timedelta = timedelta(0)
    """Charged talk: from acceptance to the end, never past the last paid instant."""
    charged: Money = ZERO
    tariff: str | None = None
    explanation: str | None = None
    """JSON text of `rating.explain`: row, increments, rounding."""
    recording: str | None = None
    """File of the recording, relative to the folder of recordings; None when nothing was recorded."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that is going on, stored so that a crash can be settled.

    Once accepted, `rate` prices the talk, `granted` is the talk paid for so far, and `legs` lets the
    next process send both parties a BYE.
    """

    call_id: CallId
    process_id: str
    facility: str
    station: str
    person: str | None
    number: str | None
    billing: str
    payer: AccountId | None
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    granted: timedelta = timedelta(0)
    tariff: str | None = None
    rate: str | None = None
    """JSON text of the `rating.tariff.Rate` that was fixed at admission."""
    income: AccountId | None = None
    recording: str | None = None
    legs: tuple[str, ...] = field(default=())
    """Opaque JSON texts of `switch.dialog`, one for each answered leg."""
