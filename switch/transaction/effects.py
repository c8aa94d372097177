"""What goes into a transaction besides messages, and what comes out of it, in order."""

from __future__ import annotations

from dataclasses import dataclass

from switch.sip.message import Request, Response


@dataclass(frozen=True, slots=True)
class Respond:
    """Input of a server transaction: its user answers the request."""

    response: Response


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """Input: the transport could not send what this transaction asked it to."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """Input of an INVITE client transaction: no final answer came in 64*T1 after CANCEL (§9.1)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Effect: put this on the wire."""

    message: Request | Response


@dataclass(frozen=True, slots=True)
class Deliver:
    """Effect: pass this up to the transaction's user."""

    message: Request | Response


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Effect: timer B, F or H fired, nobody answered."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Effect: tell the user that the transport failed."""


Effect = Send | Deliver | TimedOut | Failed
