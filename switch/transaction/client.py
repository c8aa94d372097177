"""Non-INVITE client transaction (RFC 3261 §17.1.2).

```
               start: send request, timers E (UDP) and F
                             |
        timer E: send   +----v---+   timer F: TimedOut, error: Failed
            +-----------| TRYING |------------------------------------+
            +---------->+--------+                                    |
                  1xx: up |   | 200-699: up                           |
                          |   +-------------------------+             |
                   +------v-----+  200-699: up    +-----v-----+       |
     timer E, 1xx -| PROCEEDING |---------------->| COMPLETED |       |
                   +------------+                 +-----------+       |
                          | timer F, error               | timer K    |
                          |                       +------v-----+      |
                          +---------------------->| TERMINATED |<-----+
                                                  +------------+
```
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from switch.sip.message import Request, Response
from switch.transaction.effects import Deliver, Effect, Failed, Send, TimedOut, TransportFailed
from switch.transaction.timers import T1, T2, T4, TRANSACTION_TIME


class State(Enum):
    """States of figure 6 of RFC 3261."""

    INITIAL = "initial"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.INITIAL: frozenset({State.TRYING}),
    State.TRYING: frozenset({State.PROCEEDING, State.COMPLETED, State.TERMINATED}),
    State.PROCEEDING: frozenset({State.COMPLETED, State.TERMINATED}),
    State.COMPLETED: frozenset({State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


class Client:
    """One request we sent that is neither INVITE nor ACK."""

    __slots__ = ("_ends_at", "_is_reliable", "_request", "_resend_after", "_resend_at", "state")

    def __init__(self, request: Request, *, is_reliable: bool) -> None:
        self.state = State.INITIAL
        self._request: Request | None = request
        self._is_reliable = is_reliable
        self._resend_at: float | None = None
        self._resend_after = T1
        self._ends_at: float | None = None

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
        """Send the request; start timers E and F (§17.1.2.2)."""
        assert self._request is not None
        self._move(State.TRYING)
        self._ends_at = now + TRANSACTION_TIME
        if not self._is_reliable:
            self._resend_at = now + T1
        return [Send(self._request)]

    def handle(self, event: Response | TransportFailed, now: float) -> list[Effect]:
        """Take a response, or a failure to send."""
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []  # a repeated answer (timer K waits for those)
        if isinstance(event, TransportFailed):
            self._move(State.TERMINATED)
            return [Failed()]
        if event.status < 200:
            if self.state is State.TRYING:
                self._move(State.PROCEEDING)
            return [Deliver(event)]
        self._move(State.COMPLETED)
        self._request = self._resend_at = None
        self._ends_at = now if self._is_reliable else now + T4  # timer K
        return [Deliver(event)]

    def expire(self, now: float) -> list[Effect]:
        """Fire timers E, F and K."""
        if self._ends_at is not None and now >= self._ends_at:
            is_answered = self.state is State.COMPLETED
            self._move(State.TERMINATED)
            return [] if is_answered else [TimedOut()]
        if self._resend_at is None or now < self._resend_at:
            return []
        assert self._request is not None
        self._resend_after = T2 if self.state is State.PROCEEDING else min(2 * self._resend_after, T2)
        self._resend_at = now + self._resend_after
        return [Send(self._request)]

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
        if to is State.TERMINATED:
            self._request = self._resend_at = self._ends_at = None
