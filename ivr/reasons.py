"""Why a call did not go through, or ended: one word each for the record, the caller's ear and the metric.

`Reason` is ordered by precedence: when several apply, the first named here is told.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Values are the words of the record."""

    # Before a number is known.
    STATION_OFF = "station-off"
    LOCKED_OUT = "locked-out"
    BAD_PIN = "bad-pin"
    NO_NUMBER = "no-number"
    # The number and who may call it.
    INVALID_NUMBER = "invalid-number"
    NEVER_DIALABLE = "never-dialable"
    NOT_ON_LIST = "not-on-list"
    BLOCKED = "blocked"
    OUTSIDE_HOURS = "outside-hours"
    TOO_SOON = "too-soon"
    """The same person called the same number a moment ago, and it came to nothing."""
    LIMIT_REACHED = "limit-reached"
    PERSON_BUSY = "person-busy"
    NUMBER_BUSY = "number-busy"
    # Who pays.
    NO_TARIFF = "no-tariff"
    NO_ACCOUNT = "no-account"
    NO_FUNDS = "no-funds"
    CELL_PHONE = "cell-phone"
    BUSINESS_LINE = "business-line"
    VOIP_LINE = "voip-line"
    HOSPITAL_LINE = "hospital-line"
    NUMBER_NOT_APPROVED = "number-not-approved"
    CARRIER_NOT_BILLING = "carrier-not-billing"
    COLLECT_LIMIT = "collect-limit"
    # Ringing.
    NO_ROUTE = "no-route"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    UNREACHABLE = "unreachable"
    # The called party's choice.
    REFUSED = "refused"
    ANSWERING_MACHINE = "answering-machine"
    """A machine that answered was told by its sound, and the profile releases such calls."""
    NOT_ACCEPTED = "not-accepted"
    NOT_PAID = "not-paid"
    """The number cannot be billed, and the called party did not pay for the call in another way (S1-10, S1-11)."""
    BLOCKED_BY_CALLEE = "blocked-by-callee"
    # The talk.
    HUNG_UP = "hung-up"
    FUNDS_EXHAUSTED = "funds-exhausted"
    TIME_LIMIT = "time-limit"
    MEDIA_LOST = "media-lost"
    THIRD_PARTY = "third-party"
    """A third party was suspected, and the profile ends such calls."""
    # The switch.
    GAVE_UP = "gave-up"
    """The caller hung up before acceptance."""
    RECOVERED = "recovered"
    SHUT_DOWN = "shut-down"
    FAULT = "fault"
