"""What comes out of a leg, in order, and the failures that go into it."""

from __future__ import annotations

from dataclasses import dataclass

from switch.leg.events import LegEvent
from switch.sip.message import Request, Response
from switch.sip.uri import Uri


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """Input: a request of ours got no final answer in time (timer B or F), or could not be sent."""

    method: str
    number: int
    """Of its CSeq."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the call."""

    event: LegEvent


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer this request in its server transaction."""

    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Send this in a new client transaction. The shell adds the Via."""

    request: Request
    next_hop: Uri | None
    """Where to; None for where the leg was told to send its INVITE."""


@dataclass(frozen=True, slots=True)
class SendAck:
    """Send the ACK of a 2xx: no transaction, but the shell adds a Via (RFC 3261 §13.2.2.4)."""

    request: Request
    next_hop: Uri


@dataclass(frozen=True, slots=True)
class SendCancel:
    """Cancel the INVITE with this CSeq number, in a new client transaction (§9.1)."""

    number: int


@dataclass(frozen=True, slots=True)
class AbandonInvite:
    """Forget the INVITE with this CSeq number: no final answer followed its CANCEL (§9.1)."""

    number: int


Effect = Tell | Reply | SendRequest | SendAck | SendCancel | AbandonInvite
