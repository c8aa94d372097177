"""A leg after its answer: what happens within the confirmed dialog (RFC 3261 §12.2, §14, §15).

```
      2xx sent                                     2xx received, ACK sent
         |                                                   |
  +------v-----+  ACK: Established               +-----------v-+  BYE received: 200
  | CONFIRMING |-------------------------------->| ESTABLISHED |-----------------+
  +------------+                                 +-------------+                 |
     |  |   |  no ACK in 64*T1: BYE                     |  hang up: BYE          |
     |  |   +--------------------------------+          |  481, 408, silence     |
     |  | hang up                            |          |  to a re-INVITE: BYE   |
     |  |  +---------+  ACK, or none in      |          |                        |
     |  +->| LEAVING |---------------------+ |          |                        |
     |     +---------+  64*T1: BYE         v v          v                        |
     |          | BYE received            +--------+  BYE answered or timed out  |
     |          | : 200                   | ENDING |-----------------------+     |
     |          v                         +--------+ (answers BYE with 200)|     |
     |     +---------+                                                     |     |
     +---->|  ENDED  |<----------------------------------------------------+-----+
           +---------+
```

`Ended` is told when the talk is over, which is before the BYE of ours is answered.
"""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final, assert_never

from switch.dialog.dialog import Dialog
from switch.leg.acceptance import Acceptance
from switch.leg.answers import answer_plainly, glare_wait
from switch.leg.authorizer import Authorizer
from switch.leg.commands import (
    Answer,
    AnswerReoffer,
    Command,
    Fields,
    HangUp,
    Refuse,
    RefuseReoffer,
    Reoffer,
    Ring,
    SendInfo,
)
from switch.leg.effects import Effect, Reply, RequestFailed, SendAck, SendRequest, Tell
from switch.leg.endpoint import Endpoint
from switch.leg.events import (
    Cause,
    Ended,
    Established,
    Pressed,
    Reanswered,
    Reoffered,
    ReofferRefused,
)
from switch.leg.info import KEYS, RELAY, read_key, write_key
from switch.sip.message import Request, Response, respond

REOFFER_TIME: Final = 10.0
"""How long the call may think about a re-INVITE; a peer's user waits while holding, so not longer."""
RETRY_AFTER: Final = "1"
"""Seconds in the Retry-After of a 500 to an INVITE that overlaps another; §14.2 asks for 0 to 10."""


class State(Enum):
    """States of the diagram."""

    CONFIRMING = "confirming"
    ESTABLISHED = "established"
    LEAVING = "leaving"
    ENDING = "ending"
    ENDED = "ended"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.CONFIRMING: frozenset({State.ESTABLISHED, State.LEAVING, State.ENDING, State.ENDED}),
    State.ESTABLISHED: frozenset({State.ENDING, State.ENDED}),
    State.LEAVING: frozenset({State.ENDING, State.ENDED}),
    State.ENDING: frozenset({State.ENDED}),
    State.ENDED: frozenset(),
}
_TALKING: Final = frozenset({State.CONFIRMING, State.ESTABLISHED})


class Session:
    """One confirmed dialog. `acceptance` is our 2xx on the way to its ACK, None if the 2xx was theirs."""

    __slots__ = (
        "_acceptance",
        "_ack",
        "_authorizer",
        "_bye",
        "_chance",
        "_endpoint",
        "_glare",
        "_glare_at",
        "_is_caller",
        "_is_told",
        "_leave_headers",
        "_offered",
        "_offered_until",
        "_reoffer",
        "dialog",
        "state",
    )

    def __init__(
        self,
        dialog: Dialog,
        *,
        endpoint: Endpoint,
        chance: Random,
        acceptance: Acceptance | None = None,
        authorizer: Authorizer | None = None,
    ) -> None:
        self.state = State.ESTABLISHED if acceptance is None else State.CONFIRMING
        self.dialog = dialog
        self._endpoint = endpoint
        self._chance = chance
        self._is_caller = acceptance is None
        self._acceptance = acceptance
        self._authorizer = authorizer
        self._is_told = False
        self._leave_headers: Fields = ()
        self._bye: Request | None = None
        self._reoffer: Request | None = None
        self._ack: Request | None = None
        self._glare = b""
        self._glare_at: float | None = None
        self._offered: Request | None = None
        self._offered_until = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of this dialog."""
        return self.state is State.ENDED

    @property
    def deadline(self) -> float | None:
        """When `expire` has to be called next."""
        soonest = None if self._acceptance is None else self._acceptance.deadline
        if self._offered is not None and (soonest is None or self._offered_until < soonest):
            soonest = self._offered_until
        if self._glare_at is not None and (soonest is None or self._glare_at < soonest):
            soonest = self._glare_at
        return soonest

    def handle(self, event: Request | Response | RequestFailed | Command, now: float) -> list[Effect]:
        """Take what arrived in the dialog, or what the call wants."""
        match event:
            case Request():
                return self._take_request(event, now)
            case Response():
                return self._take_response(event, now)
            case RequestFailed():
                return self._take_failure(event)
            case HangUp(headers=headers):
                return self.leave(headers, Ended(Cause.NORMAL))
            case Reoffer(description=description):
                return self._send_reoffer(description)
            case AnswerReoffer(description=description):
                return self._answer_reoffer(description, now)
            case RefuseReoffer(status=status):
                return self._refuse_reoffer(status)
            case SendInfo(key=key):
                return self._send_info(key)
            case Ring() | Answer() | Refuse():
                return []  # too late: the INVITE has its answer
            case _:
                assert_never(event)

    def expire(self, now: float) -> list[Effect]:
        """Repeat a 2xx, give up on its ACK, on the call's answer to a re-INVITE, or retry after glare."""
        effects: list[Effect] = []
        if self._acceptance is not None:
            if self._acceptance.is_expired(now):
                self._acceptance = None
                return self._send_bye(Ended(Cause.UNREACHABLE))
            if self._acceptance.is_due(now):
                effects.append(Reply(self._acceptance.request, self._acceptance.response))
        if self._offered is not None and now >= self._offered_until:
            effects += self._refuse_reoffer(500)
        if self._glare_at is not None and now >= self._glare_at:
            self._glare_at = None
            effects += self._send_reoffer(self._glare)
        return effects

    def leave(self, headers: Fields, ended: Ended | None) -> list[Effect]:
        """Send BYE, now or as soon as the ACK is here (§15: the callee waits for it)."""
        if self.state not in _TALKING:
            return []
        self._leave_headers = headers
        if self.state is State.ESTABLISHED:
            return self._send_bye(ended)
        self._move(State.LEAVING)
        return self._told(ended)

    def _take_request(self, request: Request, now: float) -> list[Effect]:
        if request.method == "ACK":
            return self._take_ack(request)
        if request.method == "BYE":
            return self._take_bye(request)
        if request.method == "CANCEL":
            return self._take_cancel(request)
        if self.state not in _TALKING:
            return [Reply(request, respond(request, 481, to_tag=None))]
        if not self.dialog.is_in_order(request):
            return [Reply(request, respond(request, 500, to_tag=None))]
        match request.method:
            case "INVITE" | "UPDATE" if request.body or request.method == "INVITE":
                return self._take_reoffer(request, now)
            case "UPDATE":
                self.dialog.refresh_target(request)
                headers = self._endpoint.answering(b"")
                return [Reply(request, respond(request, 200, to_tag=None, headers=headers))]
            case "INFO":
                return self._take_info(request)
            case _:
                return [answer_plainly(request, to_tag=None)]

    def _take_ack(self, ack: Request) -> list[Effect]:
        if self._acceptance is None or ack.cseq.number != self._acceptance.number:
            return []
        self._acceptance = None
        match self.state:
            case State.CONFIRMING:
                self._move(State.ESTABLISHED)
                return [Tell(Established(ack.body))]
            case State.LEAVING:
                return self._send_bye(None)
            case State.ESTABLISHED if ack.body:
                return [Tell(Established(ack.body))]
            case _:
                return []

    def _take_bye(self, bye: Request) -> list[Effect]:
        if self.state is State.ENDED:
            return [Reply(bye, respond(bye, 481, to_tag=None))]
        if not self.dialog.is_in_order(bye):
            return [Reply(bye, respond(bye, 500, to_tag=None))]
        effects: list[Effect] = [Reply(bye, respond(bye, 200, to_tag=None))]
        if self.state is not State.ENDING:  # two BYEs crossed: ours is still to be answered
            effects += self._refuse_reoffer(487)
            self._stop(State.ENDED)
            effects += self._told(Ended(Cause.NORMAL))
        return effects

    def _take_cancel(self, cancel: Request) -> list[Effect]:
        """Cancel a re-INVITE the call has not answered; any other CANCEL comes too late (§9.2)."""
        effects: list[Effect] = [Reply(cancel, respond(cancel, 200, to_tag=None))]
        if self._offered is not None and self._offered.cseq.number == cancel.cseq.number:
            effects += self._refuse_reoffer(487)
        return effects

    def _take_reoffer(self, request: Request, now: float) -> list[Effect]:
        if self._offered is not None or (request.method == "INVITE" and self._acceptance is not None):
            headers = (("Retry-After", RETRY_AFTER),)
            return [Reply(request, respond(request, 500, to_tag=None, headers=headers))]
        if self._reoffer is not None:
            return [Reply(request, respond(request, 491, to_tag=None))]
        self._offered = request
        self._offered_until = now + REOFFER_TIME
        return [Tell(Reoffered(request.body))]

    def _answer_reoffer(self, description: bytes, now: float) -> list[Effect]:
        request = self._offered
        if request is None:
            return []
        self._offered = None
        self.dialog.refresh_target(request)
        headers = self._endpoint.answering(description)
        response = respond(request, 200, to_tag=None, headers=headers, body=description)
        if request.method == "INVITE":
            self._acceptance = Acceptance(request, response, now)
        return [Reply(request, response)]

    def _refuse_reoffer(self, status: int) -> list[Effect]:
        request, self._offered = self._offered, None
        return [] if request is None else [Reply(request, respond(request, status, to_tag=None))]

    def _take_info(self, info: Request) -> list[Effect]:
        key = read_key(info.content_type or "", info.body)
        status = 200 if key is not None or not info.body else 400
        reply = Reply(info, respond(info, status, to_tag=None))
        return [reply] if key is None else [reply, Tell(Pressed(key))]

    def _send_info(self, key: str) -> list[Effect]:
        assert key in KEYS, key
        if self.state not in _TALKING:
            return []
        body = write_key(key)
        return [self._sending(self.dialog.request("INFO", headers=(("Content-Type", RELAY),), body=body))]

    def _send_reoffer(self, description: bytes) -> list[Effect]:
        if self.state not in _TALKING:
            return []
        if self._reoffer is not None or self._offered is not None or self._acceptance is not None:
            return [Tell(ReofferRefused(491))]  # §14.1: not while another INVITE is in progress
        self._glare = description
        self._reoffer = self.dialog.request(
            "INVITE",
            contact=self._endpoint.contact,
            headers=self._endpoint.offering(description),
            body=description,
        )
        return [self._sending(self._reoffer)]

    def _take_response(self, response: Response, now: float) -> list[Effect]:
        if response.status < 200:
            return []
        cseq = response.cseq
        if cseq.method == "BYE":
            return self._bye_answered(response)
        if cseq.method == "INVITE":
            return self._reoffer_answered(response, now)
        if response.status in (408, 481):
            return self._send_bye(Ended(Cause.UNREACHABLE, response.status))  # §12.2.1.2
        return []

    def _bye_answered(self, response: Response) -> list[Effect]:
        if self._bye is None or response.cseq.number != self._bye.cseq.number:
            return []
        retry = self._authorized(self._bye, response)
        if retry is not None:
            self._bye = retry
            return [self._sending(retry)]
        self._stop(State.ENDED)
        return []

    def _reoffer_answered(self, response: Response, now: float) -> list[Effect]:
        number = response.cseq.number
        if self._ack is not None and self._ack.cseq.number == number:
            return [SendAck(self._ack, self.dialog.next_hop)] if response.status < 300 else []
        if self._reoffer is None or self._reoffer.cseq.number != number:
            return []
        sent, self._reoffer = self._reoffer, None
        if response.status < 300:
            self.dialog.refresh_target(response)
            self._ack = self.dialog.ack(number)
            effects: list[Effect] = [SendAck(self._ack, self.dialog.next_hop)]
            if self.state in _TALKING:
                effects.append(Tell(Reanswered(response.body)))
            return effects
        if self.state not in _TALKING:
            return []
        if response.status in (408, 481):
            return self._send_bye(Ended(Cause.UNREACHABLE, response.status))  # §14.1
        if response.status == 491:
            self._glare_at = now + glare_wait(self._chance, is_caller=self._is_caller)
            return []
        retry = self._authorized(sent, response)
        if retry is not None:
            self._reoffer = retry
            return [self._sending(retry)]
        return [Tell(ReofferRefused(response.status))]

    def _take_failure(self, failure: RequestFailed) -> list[Effect]:
        if failure.method == "BYE":
            if self._bye is not None and self._bye.cseq.number == failure.number:
                self._stop(State.ENDED)
            return []
        return self._send_bye(Ended(Cause.UNREACHABLE))  # §12.2.1.2: as 408

    def _authorized(self, request: Request, response: Response) -> Request | None:
        """The same request with credentials and the next CSeq, None if there is no use (§22.2)."""
        if self._authorizer is None:
            return None
        retry = self._authorizer.again(request, response, number=self.dialog.local_cseq + 1)
        if retry is not None:
            self.dialog.local_cseq += 1
        return retry

    def _send_bye(self, ended: Ended | None) -> list[Effect]:
        if self.state in {State.ENDING, State.ENDED}:
            return []
        effects = self._refuse_reoffer(487)
        self._stop(State.ENDING)
        headers = (("User-Agent", self._endpoint.product), *self._leave_headers)
        self._bye = self.dialog.request("BYE", headers=headers)
        return [*effects, self._sending(self._bye), *self._told(ended)]

    def _sending(self, request: Request) -> SendRequest:
        return SendRequest(request, self.dialog.next_hop)

    def _told(self, ended: Ended | None) -> list[Effect]:
        if self._is_told or ended is None:
            return []
        self._is_told = True
        return [Tell(ended)]

    def _stop(self, to: State) -> None:
        self._acceptance = self._offered = self._glare_at = self._bye = None
        self._move(to)

    def _move(self, to: State) -> None:
        assert to in MOVES[self.state], (self.state, to)
        self.state = to
