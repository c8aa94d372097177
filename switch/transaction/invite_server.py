"""INVITE server transaction (RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1).

```
                      start: 100 in 200 ms unless answered
                                   |
      INVITE: send last    +-------v----+   1xx: send
             +-------------|            |--------------+
             +------------>| PROCEEDING |<-------------+
                           +------------+
               300-699: send |        | 2xx: send
                             |        +----------------------+
        INVITE,        +-----v-----+                   +-----v----+  ACK: up
        timer G: send -| COMPLETED |                   | ACCEPTED |- 2xx: send
                       +-----------+                   +----------+  INVITE: nothing
              timer H: |        | ACK                        |
              TimedOut |   +----v------+                     | timer L
                       |   | CONFIRMED |- INVITE, ACK        |
                       |   +-----------+                     |
                       |        | timer I                    |
                       |   +----v-------+                    |
                       +-->| TERMINATED |<-------------------+
                           +------------+
```

A transport error is told and changes nothing, except after `TERMINATED` and `CONFIRMED` (RFC 6026 §8.4).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from switch.sip.message import Request, Response, respond
from switch.transaction.effects import Deliver, Effect, Failed, Respond, Send, TimedOut, TransportFailed
from switch.transaction.timers import T1, T2, T4, TRANSACTION_TIME, TRYING_DELAY


class State(Enum):
    """States of figure 7 of RFC 6026."""

    INITIAL = "initial"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.INITIAL: frozenset({State.PROCEEDING}),
    State.PROCEEDING: frozenset({State.COMPLETED, State.ACCEPTED}),
    State.COMPLETED: frozenset({State.CONFIRMED, State.TERMINATED}),
    State.CONFIRMED: frozenset({State.TERMINATED}),
    State.ACCEPTED: frozenset({State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


class InviteServer:
    """One INVITE that was received."""

    __slots__ = ("_ends_at", "_is_reliable", "_request", "_resend_after", "_resend_at", "_response", "state")

    def __init__(self, request: Request, *, is_reliable: bool) -> None:
        self.state = State.INITIAL
        self._request: Request | None = request
        self._is_reliable = is_reliable
        self._response: Response | None = None
        self._resend_at: float | None = None
        self._resend_after = T1
        self._ends_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the transaction may be forgotten."""
        return self.state is State.TERMINATED

    @property
    def is_answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state not in {State.INITIAL, State.PROCEEDING}

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next."""
        if self._resend_at is None:
            return self._ends_at
        if self._ends_at is None or self._resend_at < self._ends_at:
            return self._resend_at
        return self._ends_at

    def start(self, now: float) -> list[Effect]:
        """Pass the INVITE up; say 100 by ourselves if the user is slower than 200 ms."""
        assert self._request is not None
        self._move(State.PROCEEDING)
        self._resend_at = now + TRYING_DELAY
        return [Deliver(self._request)]

    def handle(self, event: Request | Respond | TransportFailed, now: float) -> list[Effect]:
        """Take a repeated INVITE, an ACK, the user's answer, or a failure to send."""
        if isinstance(event, Respond):
            return self._respond(event.response, now)
        if isinstance(event, TransportFailed):
            return [] if self.state in {State.CONFIRMED, State.TERMINATED} else [Failed()]
        if event.method == "ACK":
            return self._take_ack(event, now)
        if self.state in {State.PROCEEDING, State.COMPLETED} and self._response is not None:
            return [Send(self._response)]
        return []

    def expire(self, now: float) -> list[Effect]:
        """Fire the 200 ms of 100 Trying, and timers G, H, I and L."""
        if self._ends_at is not None and now >= self._ends_at:
            is_unconfirmed = self.state is State.COMPLETED
            self._move(State.TERMINATED)
            return [TimedOut()] if is_unconfirmed else []
        if self._resend_at is None or now < self._resend_at:
            return []
        if self.state is State.PROCEEDING:
            assert self._request is not None
            self._resend_at = None
            self._response = respond(self._request, 100, to_tag=None)
            return [Send(self._response)]
        assert self._response is not None
        self._resend_after = min(2 * self._resend_after, T2)
        self._resend_at = now + self._resend_after
        return [Send(self._response)]

    def _respond(self, response: Response, now: float) -> list[Effect]:
        if self.state is State.ACCEPTED:  # the user repeats its 2xx until the ACK (§13.3.1.4)
            return [Send(response)] if 200 <= response.status < 300 else []
        if self.state is not State.PROCEEDING:
            return []
        self._resend_at = None
        if response.status < 200:
            self._response = response
            return [Send(response)]
        self._request = None
        self._ends_at = now + TRANSACTION_TIME  # timer H or L
        if response.status < 300:
            self._move(State.ACCEPTED)
            self._response = None
            return [Send(response)]
        self._move(State.COMPLETED)
        self._response = response
        if not self._is_reliable:
            self._resend_at = now + T1  # timer G
        return [Send(response)]

    def _take_ack(self, ack: Request, now: float) -> list[Effect]:
        if self.state is State.ACCEPTED:
            return [Deliver(ack)]
        if self.state is State.COMPLETED:
            self._move(State.CONFIRMED)
            self._response = self._resend_at = None
            self._ends_at = now if self._is_reliable else now + T4  # timer I
        return []

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
        if to is State.TERMINATED:
            self._request = self._response = self._resend_at = self._ends_at = None
