"""What a leg tells the call: SIP ends here, above it there are causes and events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Cause(Enum):
    """Why a leg ended, without the words of SIP. Ordered by precedence."""

    NORMAL = "normal"
    """BYE, from either side."""
    CANCELLED = "cancelled"
    """The caller gave up before an answer."""
    BUSY = "busy"
    """486, 600."""
    NO_ANSWER = "no-answer"
    """408, 480, 487 without our CANCEL, or our own ringing limit."""
    DECLINED = "declined"
    """603, 403 and other refusals by the far end."""
    NO_ROUTE = "no-route"
    """404, 410, 484, 604: nobody there."""
    INCOMPATIBLE = "incompatible"
    """415, 488, 606: no common media."""
    UNREACHABLE = "unreachable"
    """No answer on the wire (timer B, F or H), 503, or a socket error."""
    FAILED = "failed"
    """Any other final answer of 400 and above."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end rings (180 or 183)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end answered our INVITE (2xx); `description` is its SDP, empty if there was none."""

    description: bytes


@dataclass(frozen=True, slots=True)
class Established:
    """The ACK for our 2xx arrived; `description` is the SDP in it, empty if there was none."""

    description: bytes


@dataclass(frozen=True, slots=True)
class Reoffered:
    """The far end sent a re-INVITE or UPDATE with this SDP (empty: it asks for our offer).

    Answer with `Leg.answer_reoffer` or `Leg.refuse_reoffer`.
    """

    description: bytes


@dataclass(frozen=True, slots=True)
class Reanswered:
    """The far end accepted our re-INVITE; `description` is its SDP, empty if there was none."""

    description: bytes


@dataclass(frozen=True, slots=True)
class ReofferRefused:
    """The far end refused our re-INVITE, or it could not be sent now; the session stays as it was."""

    status: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key by SIP INFO (application/dtmf-relay or application/dtmf)."""

    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over; the last event of every leg, exactly once."""

    cause: Cause
    status: int | None = None
    """The SIP status that ended it, where one did."""


LegEvent = Ringing | Answered | Established | Reoffered | Reanswered | ReofferRefused | Pressed | Ended
