"""What is known of a call so far: the one place from which its open row and its record are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ledger.money import ZERO, AccountId, CallId, Money
from ledger.records import CallRecord, OpenCall
from switch.directory.flags import Flag
from switch.media.control import Recording


@dataclass(slots=True)
class Draft:
    """A call record being filled in, field by field, as each becomes known."""

    call_id: CallId
    process_id: str
    facility: str
    station: str
    started_at: datetime
    person: str | None = None
    number: str | None = None
    billing: str = "none"
    payer: AccountId | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    tariff: str | None = None
    rate: str | None = None
    granted: timedelta = timedelta(0)
    """Talk that nothing is held for: of an account that is charged later."""
    income: AccountId | None = None
    recording: str | None = None
    legs: tuple[str, ...] = ()
    turn: tuple[str, str] | None = None
    """Person and number whose turn this call has taken."""
    tape: Recording | None = None
    flags: list[Flag] = field(default_factory=list)
    """Suspicions, each once; they are stored as they come."""
    flags_due: list[Flag] = field(default_factory=list)
    """Those that are not stored yet."""

    def open_call(self) -> OpenCall:
        """What must survive a crash."""
        return OpenCall(
            call_id=self.call_id,
            process_id=self.process_id,
            facility=self.facility,
            station=self.station,
            person=self.person,
            number=self.number,
            billing=self.billing,
            payer=self.payer,
            started_at=self.started_at,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            accepted_at=self.accepted_at,
            granted=self.granted,
            tariff=self.tariff,
            rate=self.rate,
            income=self.income,
            recording=self.recording,
            legs=self.legs,
        )

    def record(
        self,
        *,
        ended_at: datetime,
        why: str,
        ended_by: str,
        talk: timedelta = timedelta(0),
        charged: Money = ZERO,
        explanation: str | None = None,
    ) -> CallRecord:
        """The record of the ended call."""
        return CallRecord(
            call_id=self.call_id,
            facility=self.facility,
            station=self.station,
            person=self.person,
            number=self.number,
            billing=self.billing,
            payer=self.payer,
            started_at=self.started_at,
            ended_at=ended_at,
            why=why,
            ended_by=ended_by,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            accepted_at=self.accepted_at,
            talk=talk,
            charged=charged,
            tariff=self.tariff,
            explanation=explanation,
            recording=self.recording,
        )
