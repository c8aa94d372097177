"""Non-INVITE server transaction (RFC 3261 §17.2.2).

```
                    start: pass the request up
                             |
                        +----v---+  request again: nothing
                        | TRYING |
                        +--------+
                1xx: send |   | 200-699: send
                          |   +------------------------+
                   +------v-----+  200-699: send  +----v------+
      1xx, request-| PROCEEDING |---------------->| COMPLETED |- request again: send
      again: send  +------------+                 +-----------+
                          | error: Failed            |  timer J; error: Failed
                          |                   +------v-----+
                          +------------------>| TERMINATED |
                                              +------------+
```
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from switch.sip.message import Request, Response
from switch.transaction.effects import Deliver, Effect, Failed, Respond, Send, TransportFailed
from switch.transaction.timers import TRANSACTION_TIME


class State(Enum):
    """States of figure 8 of RFC 3261."""

    INITIAL = "initial"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.INITIAL: frozenset({State.TRYING}),
    State.TRYING: frozenset({State.PROCEEDING, State.COMPLETED}),
    State.PROCEEDING: frozenset({State.COMPLETED, State.TERMINATED}),
    State.COMPLETED: frozenset({State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


class Server:
    """One request that was received and is neither INVITE nor ACK."""

    __slots__ = ("_ends_at", "_is_reliable", "_request", "_response", "state")

    def __init__(self, request: Request, *, is_reliable: bool) -> None:
        self.state = State.INITIAL
        self._request: Request | None = request
        self._is_reliable = is_reliable
        self._response: Response | None = None
        self._ends_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the transaction may be forgotten."""
        return self.state is State.TERMINATED

    @property
    def is_answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state in {State.COMPLETED, State.TERMINATED}

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next: timer J, once answered."""
        return self._ends_at

    def start(self, now: float) -> list[Effect]:  # noqa: ARG002 - all machines start alike
        """Pass the request up."""
        assert self._request is not None
        self._move(State.TRYING)
        return [Deliver(self._request)]

    def handle(self, event: Request | Respond | TransportFailed, now: float) -> list[Effect]:
        """Take the request again, the user's answer, or a failure to send."""
        if isinstance(event, Respond):
            return self._respond(event.response, now)
        if isinstance(event, TransportFailed):
            if self.state not in {State.PROCEEDING, State.COMPLETED}:
                return []
            self._move(State.TERMINATED)
            return [Failed()]
        return [] if self._response is None else [Send(self._response)]

    def expire(self, now: float) -> list[Effect]:
        """Fire timer J."""
        if self._ends_at is not None and now >= self._ends_at:
            self._move(State.TERMINATED)
        return []

    def _respond(self, response: Response, now: float) -> list[Effect]:
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []  # any later answer is discarded (§17.2.2)
        self._response = response
        if response.status >= 200:
            self._move(State.COMPLETED)
            self._request = None
            self._ends_at = now if self._is_reliable else now + TRANSACTION_TIME
        elif self.state is State.TRYING:
            self._move(State.PROCEEDING)
        return [Send(response)]

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
        if to is State.TERMINATED:
            self._request = self._response = self._ends_at = None
