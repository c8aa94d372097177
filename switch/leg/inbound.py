"""The leg of an INVITE we received: the UAS side (RFC 3261 §13.3, §9.2).

```
   start: 100
       |
  +----v----+  ring: 18x
  | INVITED |------+   answer: 200     +------------+
  |         |<-----+  ---------------->| IN_SESSION |  (all else is in the session)
  +---------+                          +------------+
       |  refuse: 3xx-6xx; hang up: 480; CANCEL: 200 and 487; BYE: 200 and 487; Expires: 487
  +----v---+
  | ENDED  |  CANCEL: 200; anything else: 481
  +--------+
```
"""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final

from switch.dialog.dialog import answering_dialog
from switch.leg.acceptance import Acceptance
from switch.leg.answers import answer_plainly
from switch.leg.causes import cause_of
from switch.leg.commands import Answer, Command, Fields, HangUp, Refuse, Ring
from switch.leg.effects import Effect, Reply, RequestFailed, Tell
from switch.leg.endpoint import Endpoint
from switch.leg.events import Cause, Ended
from switch.leg.session import Session
from switch.sip.message import Request, Response, respond


class State(Enum):
    """States of the diagram."""

    INVITED = "invited"
    IN_SESSION = "in-session"
    ENDED = "ended"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.INVITED: frozenset({State.IN_SESSION, State.ENDED}),
    State.IN_SESSION: frozenset(),
    State.ENDED: frozenset(),
}


class Inbound:
    """One INVITE outside of a dialog, and the session it leads to."""

    __slots__ = ("_chance", "_endpoint", "_expires_at", "local_tag", "request", "session", "state")

    def __init__(self, request: Request, *, local_tag: str, endpoint: Endpoint, chance: Random) -> None:
        self.state = State.INVITED
        self.request = request
        self.local_tag = local_tag
        self.session: Session | None = None
        self._endpoint = endpoint
        self._chance = chance
        self._expires_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of this leg."""
        return self.state is State.ENDED or (self.session is not None and self.session.is_over)

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next."""
        return self._expires_at if self.session is None else self.session.deadline

    def start(self, now: float) -> list[Effect]:
        """Say 100 at once, and take note of Expires (§13.3.1)."""
        if self.request.expires is not None:
            self._expires_at = now + self.request.expires
        return [Reply(self.request, respond(self.request, 100, to_tag=None))]

    def handle(self, event: Request | Response | RequestFailed | Command, now: float) -> list[Effect]:
        """Take what arrived for this leg, or what the call wants."""
        match event:
            case Request() if event.from_.tag != self.request.from_.tag:  # not of this dialog (§12.2.2)
                return [] if event.method == "ACK" else [self._reply(event, 481)]
            case Request() if self.session is None or event.method == "CANCEL":
                return self._take_request(event, now)
            case _ if self.session is not None:
                return self.session.handle(event, now)
            case _ if self.state is State.ENDED:
                return []
            case Ring(status=status, description=description):
                fields = self._endpoint.ringing(description)
                return [self._reply(self.request, status, headers=fields, body=description)]
            case Answer(description=description):
                return self._answer(description, now)
            case Refuse(status=status, reason=reason, headers=headers):
                return self._refuse(status, Ended(cause_of(status), status), reason=reason, headers=headers)
            case HangUp(headers=headers):
                return self._refuse(480, Ended(Cause.NORMAL, 480), headers=headers)
            case _:
                return []  # re-offers and responses need a session

    def expire(self, now: float) -> list[Effect]:
        """Refuse with 487 once the time in Expires is over; else the session's timers."""
        if self.session is not None:
            return self.session.expire(now)
        if self._expires_at is None or now < self._expires_at:
            return []
        return self._refuse(487, Ended(Cause.CANCELLED, 487))

    def _answer(self, description: bytes, now: float) -> list[Effect]:
        fields = self._endpoint.answering(description)
        reply = self._reply(self.request, 200, headers=fields, body=description)
        self._move(State.IN_SESSION)
        self.session = Session(
            answering_dialog(self.request, local_tag=self.local_tag),
            endpoint=self._endpoint,
            chance=self._chance,
            acceptance=Acceptance(self.request, reply.response, now),
        )
        return [reply]

    def _refuse(self, status: int, ended: Ended, *, reason: str | None = None, headers: Fields = ()) -> list[Effect]:
        self._move(State.ENDED)
        self._expires_at = None
        fields = (("Server", self._endpoint.product), *headers)
        return [self._reply(self.request, status, reason=reason, headers=fields), Tell(ended)]

    def _take_request(self, request: Request, now: float) -> list[Effect]:
        if request.method == "ACK":
            return []
        if request.method == "CANCEL":
            if self.session is not None and request.cseq.number != self.request.cseq.number:
                return self.session.handle(request, now)
            reply = self._reply(request, 200)
            if self.state is not State.INVITED:
                return [reply]
            return [reply, *self._refuse(487, Ended(Cause.CANCELLED, 487))]
        if self.state is State.ENDED:
            return [self._reply(request, 481)]
        match request.method:
            case "BYE":  # a caller may end an early dialog so (§15)
                return [self._reply(request, 200), *self._refuse(487, Ended(Cause.CANCELLED, 487))]
            case "INFO":
                return [self._reply(request, 200)]  # a key before anybody listens
            case "INVITE" | "UPDATE":  # the first offer has no answer yet (RFC 3311 §5.2)
                return [self._reply(request, 500, headers=(("Retry-After", "1"),))]
            case _:
                return [answer_plainly(request, to_tag=self.local_tag)]

    def _reply(
        self, request: Request, status: int, *, reason: str | None = None, headers: Fields = (), body: bytes = b""
    ) -> Reply:
        response = respond(request, status, to_tag=self.local_tag, reason=reason, headers=headers, body=body)
        return Reply(request, response)

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
