"""INVITE client transaction (RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2).

```
                start: send INVITE, timers A (UDP) and B
                              |
         timer A: send   +----v----+  timer B: TimedOut, error: Failed
             +-----------| CALLING |----------------------------------+
             +---------->+---------+                                  |
                  1xx: up |   |  | 300-699: ACK, up                   |
                          |   |  +------------------------+           |
                          |   | 2xx: up                   |           |
                   +------v---|-+  300-699: ACK, up  +----v------+    |
        1xx: up <--| PROCEEDING |------------------->| COMPLETED |    |
                   +------------+                    +-----------+    |
                   2xx: up |  |   error: Failed       | 300-699: ACK  |
                   +-------v--+-+                     | timer D       |
        2xx: up <--|  ACCEPTED  |                     | error: Failed |
                   +------------+                     |               |
                           | timer M           +------v-----+         |
                           +------------------>| TERMINATED |<--------+
                                               +------------+
```
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from switch.sip.fields import Headers
from switch.sip.message import Request, Response
from switch.transaction.effects import Abandon, Deliver, Effect, Failed, Send, TimedOut, TransportFailed
from switch.transaction.timers import T1, TRANSACTION_TIME

MAX_FORWARDS: Final = "70"
"""The initial value that RFC 3261 §8.1.1.6 recommends."""


class State(Enum):
    """States of figure 5 of RFC 6026."""

    INITIAL = "initial"
    CALLING = "calling"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.INITIAL: frozenset({State.CALLING}),
    State.CALLING: frozenset({State.PROCEEDING, State.COMPLETED, State.ACCEPTED, State.TERMINATED}),
    State.PROCEEDING: frozenset({State.COMPLETED, State.ACCEPTED, State.TERMINATED}),
    State.COMPLETED: frozenset({State.TERMINATED}),
    State.ACCEPTED: frozenset({State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


class InviteClient:
    """One INVITE we sent. The request must carry its Via, whose branch names the transaction."""

    __slots__ = ("_ack", "_ends_at", "_is_reliable", "_request", "_resend_after", "_resend_at", "state")

    def __init__(self, request: Request, *, is_reliable: bool) -> None:
        self.state = State.INITIAL
        self._request: Request | None = request
        self._is_reliable = is_reliable
        self._ack: Request | None = None
        self._resend_at: float | None = None
        self._resend_after = T1
        self._ends_at: float | None = None

    @property
    def request(self) -> Request | None:
        """The INVITE, until a final answer came."""
        return self._request

    @property
    def is_over(self) -> bool:
        """Whether the transaction may be forgotten."""
        return self.state is State.TERMINATED

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next."""
        if self._resend_at is not None and self._ends_at is not None and self._resend_at < self._ends_at:
            return self._resend_at
        return self._ends_at

    def start(self, now: float) -> list[Effect]:
        """Send the INVITE; start timers A and B (§17.1.1.2)."""
        assert self._request is not None
        self._move(State.CALLING)
        self._ends_at = now + TRANSACTION_TIME
        if not self._is_reliable:
            self._resend_at = now + T1
        return [Send(self._request)]

    def handle(self, event: Response | TransportFailed | Abandon, now: float) -> list[Effect]:
        """Take a response, a failure to send, or the order to give up."""
        if isinstance(event, Response):
            return self._take_response(event, now)
        if self.state is State.TERMINATED:
            return []
        if isinstance(event, Abandon):
            if self.state not in {State.CALLING, State.PROCEEDING}:
                return []
            self._move(State.TERMINATED)
            return [TimedOut()]
        if self.state is State.ACCEPTED:
            return []
        self._move(State.TERMINATED)
        return [Failed()]

    def expire(self, now: float) -> list[Effect]:
        """Fire timers A, B, D and M."""
        if self._ends_at is not None and now >= self._ends_at:
            was_calling = self.state is State.CALLING
            self._move(State.TERMINATED)
            return [TimedOut()] if was_calling else []
        if self._resend_at is None or now < self._resend_at:
            return []
        assert self._request is not None
        self._resend_after *= 2
        self._resend_at = now + self._resend_after
        return [Send(self._request)]

    def _take_response(self, response: Response, now: float) -> list[Effect]:
        match self.state:
            case State.CALLING | State.PROCEEDING:
                return self._first_final(response, now) if response.status >= 200 else self._provisional(response)
            case State.COMPLETED if response.status >= 300:
                assert self._ack is not None
                return [Send(self._ack)]
            case State.ACCEPTED if 200 <= response.status < 300:
                return [Deliver(response)]
            case _:
                return []

    def _provisional(self, response: Response) -> list[Effect]:
        if self.state is State.CALLING:
            self._move(State.PROCEEDING)
            self._resend_at = self._ends_at = None
        return [Deliver(response)]

    def _first_final(self, response: Response, now: float) -> list[Effect]:
        self._resend_at = None
        if response.status < 300:
            self._move(State.ACCEPTED)
            self._request = None
            self._ends_at = now + TRANSACTION_TIME  # timer M
            return [Deliver(response)]
        assert self._request is not None
        self._move(State.COMPLETED)
        self._ack = build_ack(self._request, response)
        self._request = None
        self._ends_at = now if self._is_reliable else now + TRANSACTION_TIME  # timer D
        return [Send(self._ack), Deliver(response)]

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
        if to is State.TERMINATED:
            self._request = self._ack = self._resend_at = self._ends_at = None


def build_ack(invite: Request, response: Response) -> Request:
    """The ACK for a final answer of 300 to 699, in the INVITE's transaction (RFC 3261 §17.1.1.3)."""
    return _beside(invite, "ACK", response.headers.get("To") or "")


def build_cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE that was sent (RFC 3261 §9.1)."""
    return _beside(invite, "CANCEL", invite.headers.get("To") or "")


def _beside(invite: Request, method: str, to: str) -> Request:
    """A request with the identity of the INVITE: same URI, top Via, From, Call-ID, number and route."""
    fields = [
        ("Via", str(invite.via)),
        ("Max-Forwards", MAX_FORWARDS),
        *(("Route", route) for route in invite.headers.all("Route")),
        ("From", invite.headers.get("From") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} {method}"),
    ]
    return Request(method, invite.uri, Headers(fields), b"")
