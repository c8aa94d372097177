"""The leg of an INVITE we send: the UAC side (RFC 3261 §13.2, §9.1, §22.2).

```
   start: INVITE
        |            401, 407: INVITE again
  +-----v-----+<---------------------------+
  |  CALLING  |--------------------------+ |
  +-----------+  1xx     +------------+  | |   2xx: ACK      +------------+
    |       |----------->| PROCEEDING |--+-+---------------->| IN_SESSION |
    |                    +------------+  |                   +------------+
    | hang up   hang up: CANCEL |        | 3xx-6xx, silence   (2xx again: ACK;
    |                    +------v-----+  |                     2xx of a fork: ACK, BYE)
    +------------------->| CANCELLING |  |
       (CANCEL follows   +------------+  |
        the first 1xx)     |       |     |
             2xx: ACK, BYE |       | 3xx-6xx, silence, or 64*T1 after CANCEL
             in a session  v     +-v-----v+
                                 |  ENDED |
                                 +--------+
```
"""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final

from switch.dialog.dialog import calling_dialog
from switch.leg.answers import answer_plainly
from switch.leg.authorizer import Authorizer
from switch.leg.causes import cause_of
from switch.leg.commands import Command, Fields, HangUp
from switch.leg.effects import (
    AbandonInvite,
    Effect,
    Reply,
    RequestFailed,
    SendAck,
    SendCancel,
    SendRequest,
    Tell,
)
from switch.leg.endpoint import Endpoint
from switch.leg.events import Answered, Cause, Ended, Ringing
from switch.leg.session import Session
from switch.sip.headers import NameAddr
from switch.sip.message import Request, Response, make_request, respond
from switch.sip.uri import Uri
from switch.transaction.timers import TRANSACTION_TIME

FORKS_MAX: Final = 8
"""Answers of other branches that are acknowledged and ended: a forking proxy rings a few phones, not more."""

_RINGING: Final = frozenset({180, 183})
_REPEATED: Final = ("Authorization", "Proxy-Authorization")


class State(Enum):
    """States of the diagram."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCELLING = "cancelling"
    IN_SESSION = "in-session"
    ENDED = "ended"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.CALLING: frozenset({State.CALLING, State.PROCEEDING, State.CANCELLING, State.IN_SESSION, State.ENDED}),
    State.PROCEEDING: frozenset({State.CALLING, State.CANCELLING, State.IN_SESSION, State.ENDED}),
    State.CANCELLING: frozenset({State.IN_SESSION, State.ENDED}),
    State.IN_SESSION: frozenset(),
    State.ENDED: frozenset(),
}


class Outbound:
    """One INVITE of ours, and the session it leads to."""

    __slots__ = (
        "_abandon_at",
        "_acks",
        "_authorizer",
        "_chance",
        "_endpoint",
        "_has_rung",
        "_request",
        "session",
        "state",
    )

    def __init__(
        self,
        *,
        uri: Uri,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        offer: bytes,
        headers: Fields = (),
        endpoint: Endpoint,
        chance: Random,
        authorizer: Authorizer | None = None,
    ) -> None:
        assert from_.tag, "the From of an INVITE has a tag"
        self.state = State.CALLING
        self.session: Session | None = None
        self._endpoint = endpoint
        self._chance = chance
        self._authorizer = authorizer
        self._has_rung = False
        self._abandon_at: float | None = None
        self._acks: dict[str, SendAck] = {}
        self._request = make_request(
            "INVITE",
            uri,
            from_=from_,
            to=to,
            call_id=call_id,
            cseq=1,
            headers=(("Contact", endpoint.contact), *endpoint.offering(offer), *headers),
            body=offer,
        )

    @property
    def request(self) -> Request:
        """The INVITE as it was sent last, without its Via."""
        return self._request

    @property
    def local_tag(self) -> str:
        """Our half of the dialog's name."""
        return self._request.from_.tag or ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of this leg, except late answers of forks."""
        return self.state is State.ENDED or (self.session is not None and self.session.is_over)

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next."""
        return self._abandon_at if self.session is None else self.session.deadline

    def start(self, now: float) -> list[Effect]:  # noqa: ARG002 - all machines start alike
        """Send the INVITE."""
        return [SendRequest(self._request, None)]

    def handle(self, event: Request | Response | RequestFailed | Command, now: float) -> list[Effect]:
        """Take what arrived for this leg, or what the call wants."""
        if isinstance(event, Response):
            return self._take_response(event, now)
        if isinstance(event, Request):
            return self._take_request(event, now)
        if self.session is not None:
            is_old = isinstance(event, RequestFailed) and event.method in ("INVITE", "CANCEL")
            if is_old and event.number <= self._number:  # type: ignore[union-attr]
                return []
            return self.session.handle(event, now)
        if isinstance(event, HangUp):
            return self._cancel(now)
        if isinstance(event, RequestFailed) and event.method == "INVITE" and event.number == self._number:
            return self._end(Ended(Cause.UNREACHABLE))
        return []

    def expire(self, now: float) -> list[Effect]:
        """Give up on an answer to CANCEL (§9.1); else the session's timers."""
        if self.session is not None:
            return self.session.expire(now)
        if self._abandon_at is None or now < self._abandon_at:
            return []
        self._move(State.ENDED)
        return [AbandonInvite(self._number)]

    @property
    def _number(self) -> int:
        return self._request.cseq.number

    def _cancel(self, now: float) -> list[Effect]:
        if self.state not in {State.CALLING, State.PROCEEDING}:
            return []
        is_heard = self.state is State.PROCEEDING
        self._move(State.CANCELLING)
        ended: list[Effect] = [Tell(Ended(Cause.CANCELLED))]
        return self._send_cancel(now) + ended if is_heard else ended

    def _send_cancel(self, now: float) -> list[Effect]:
        self._abandon_at = now + TRANSACTION_TIME
        return [SendCancel(self._number)]

    def _take_response(self, response: Response, now: float) -> list[Effect]:
        cseq = response.cseq
        if cseq.method == "CANCEL":
            return []
        if cseq.method != "INVITE" or cseq.number > self._number:
            session = self.session
            if session is None or (response.to.tag or "") != session.dialog.id.remote_tag:
                return []  # of a BYE to a fork
            return session.handle(response, now)
        if cseq.number < self._number:
            return []  # of the INVITE before the challenge
        if response.status < 200:
            return self._take_provisional(response, now)
        if response.status < 300:
            return self._take_acceptance(response)
        if self.state is State.CANCELLING:
            self._move(State.ENDED)
            return []
        if self.state not in {State.CALLING, State.PROCEEDING}:
            return []
        retry = None
        if self._authorizer is not None:
            retry = self._authorizer.again(self._request, response, number=self._number + 1)
        if retry is not None:
            self._request = retry
            self._move(State.CALLING)
            return [SendRequest(retry, None)]
        return self._end(Ended(cause_of(response.status), response.status))

    def _take_provisional(self, response: Response, now: float) -> list[Effect]:
        if self.state is State.CALLING:
            self._move(State.PROCEEDING)
        elif self.state is State.CANCELLING and self._abandon_at is None:
            return self._send_cancel(now)
        if self.state is not State.PROCEEDING or self._has_rung or response.status not in _RINGING:
            return []
        self._has_rung = True
        return [Tell(Ringing())]

    def _take_acceptance(self, response: Response) -> list[Effect]:
        remote_tag = response.to.tag or ""
        repeat = self._acks.get(remote_tag)
        if repeat is not None:
            return [repeat]
        if len(self._acks) >= FORKS_MAX:
            return []
        dialog = calling_dialog(self._request, response)
        repeated = tuple((name, value) for name in _REPEATED for value in self._request.headers.all(name))
        ack = SendAck(dialog.ack(self._number, headers=repeated), dialog.next_hop)
        self._acks[remote_tag] = ack
        effects: list[Effect] = [ack]
        if self.state not in {State.CALLING, State.PROCEEDING, State.CANCELLING}:
            return [*effects, SendRequest(dialog.request("BYE"), dialog.next_hop)]
        was_cancelled = self.state is State.CANCELLING
        self._move(State.IN_SESSION)
        self._abandon_at = None
        self.session = Session(dialog, endpoint=self._endpoint, chance=self._chance, authorizer=self._authorizer)
        if was_cancelled:  # the answer crossed our CANCEL
            return [*effects, *self.session.leave((), None)]
        return [*effects, Tell(Answered(response.body))]

    def _take_request(self, request: Request, now: float) -> list[Effect]:
        """Hand a request to the session; before there is one, only an early dialog can have sent it."""
        if self.session is not None:
            if (request.from_.tag or "") == self.session.dialog.id.remote_tag:
                return self.session.handle(request, now)
            return [] if request.method == "ACK" else [_reply(request, 481)]
        match request.method:
            case "ACK":
                return []
            case "OPTIONS":
                return [answer_plainly(request, to_tag=None)]
            case "INVITE" | "UPDATE" if self.state is not State.ENDED:
                return [_reply(request, 491)]  # our own offer is not answered yet (§14.2)
            case _:
                return [_reply(request, 481)]

    def _end(self, ended: Ended) -> list[Effect]:
        is_told = self.state is State.CANCELLING
        if self.state in {State.IN_SESSION, State.ENDED}:
            return []
        self._move(State.ENDED)
        return [] if is_told else [Tell(ended)]

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
        if to is State.ENDED:
            self._abandon_at = None


def _reply(request: Request, status: int) -> Reply:
    return Reply(request, respond(request, status, to_tag=None))
