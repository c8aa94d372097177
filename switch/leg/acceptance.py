"""A 2xx to an INVITE, repeated until its ACK arrives (RFC 3261 §13.3.1.4).

Beside the server transaction, because an ACK for a 2xx is a transaction of its own and 2xx is
repeated end to end: after T1, each time twice as late up to T2, for 64*T1.
"""

from __future__ import annotations

from switch.sip.message import Request, Response
from switch.transaction.timers import T1, T2, TRANSACTION_TIME


class Acceptance:
    """One 2xx on its way."""

    __slots__ = ("_interval", "_resend_at", "expires_at", "number", "request", "response")

    def __init__(self, request: Request, response: Response, now: float) -> None:
        self.request = request
        self.response = response
        self.number = request.cseq.number
        self.expires_at = now + TRANSACTION_TIME
        self._interval = T1
        self._resend_at = now + T1

    @property
    def deadline(self) -> float:
        """When to look again."""
        return min(self._resend_at, self.expires_at)

    def is_expired(self, now: float) -> bool:
        """Whether no ACK came in 64*T1."""
        return now >= self.expires_at

    def is_due(self, now: float) -> bool:
        """Whether to send the 2xx again now; each call that says so doubles the wait."""
        if now < self._resend_at:
            return False
        self._interval = min(2 * self._interval, T2)
        self._resend_at = now + self._interval
        return True
