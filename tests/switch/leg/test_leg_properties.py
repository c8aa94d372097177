"""Whatever happens in whatever order: one end, one final answer to each INVITE, and an end to it all."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from switch.leg.commands import (
    Answer,
    AnswerReoffer,
    Command,
    HangUp,
    Refuse,
    RefuseReoffer,
    Reoffer,
    Ring,
    SendInfo,
)
from switch.leg.effects import AbandonInvite, Effect, Reply, RequestFailed, SendRequest, Tell
from switch.leg.events import Ended
from switch.leg.inbound import Inbound
from switch.leg.outbound import Outbound
from switch.sip.message import Request, Response
from switch.sip.uri import parse_uri
from switch.transaction.invite_client import build_cancel
from tests.support.examples import examples
from tests.support.leg_effects import ENDPOINT, chance
from tests.support.sip_messages import CALLEE, CALLER, SDP, a_request, an_answer

COMMANDS: list[Command] = [
    Ring(),
    Answer(SDP),
    Refuse(486),
    HangUp(),
    Reoffer(SDP),
    AnswerReoffer(SDP),
    RefuseReoffer(),
    SendInfo("1"),
]
METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "INFO", "OPTIONS", "PRACK", "NOTIFY"]
STATUSES = [100, 180, 183, 200, 200, 302, 401, 404, 408, 481, 486, 487, 491, 500, 603]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("command"), st.sampled_from(COMMANDS)),
        st.tuples(st.just("request"), st.sampled_from(METHODS)),
        st.tuples(st.just("again"), st.integers(0, 5)),
        st.tuples(st.just("answer"), st.tuples(st.integers(0, 5), st.sampled_from(STATUSES))),
        st.tuples(st.just("silence"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.2, 1.0, 11.0, 40.0])),
    ),
    max_size=25,
)


class Play:
    """One leg, everything it did, and the invariants that must hold of that."""

    def __init__(self, leg: Inbound | Outbound, *, peer_tag: str, our_tag: str) -> None:
        self.leg = leg
        self.now = 0.0
        self.sent: list[Request] = []
        self.received: list[Request] = []
        self.told: list[object] = []
        self.finals: dict[tuple[str, int], list[Response]] = {}
        self._peer_tag, self._our_tag = peer_tag, our_tag
        self._number = 1
        self.take(leg.start(0.0))

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Tell(event=event):
                    assert not self.ended, "nothing is told after the end"
                    self.told.append(event)
                case Reply(request=request, response=response) if response.status >= 200:
                    self.finals.setdefault((request.method, request.cseq.number), []).append(response)
                case SendRequest(request=request):
                    self.sent.append(request)
                case AbandonInvite():
                    assert self.leg.is_over
                case _:
                    pass

    @property
    def ended(self) -> bool:
        return bool(self.told) and isinstance(self.told[-1], Ended)

    def step(self, kind: str, what: object) -> None:
        now, leg = self.now, self.leg
        match kind, what:
            case "command", command:
                self.take(leg.handle(command, now))  # type: ignore[arg-type]
            case "request", str(method):
                self._request(method)
            case "again", int(n) if self.received:
                request = self.received[n % len(self.received)]
                if request.method == "ACK":
                    self.take(leg.handle(request, now))
            case "answer", (int(n), int(status)) if self.sent:
                self.take(leg.handle(an_answer(self.sent[n % len(self.sent)], status, body=SDP), now))
            case "silence", int(n) if self.sent:
                cseq = self.sent[n % len(self.sent)].cseq
                self.take(leg.handle(RequestFailed(cseq.method, cseq.number), now))
            case "wait", float(seconds):
                self.wait(seconds)
            case _:
                pass

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(1000):
            at = self.leg.deadline
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            self.take(self.leg.expire(self.now))
        else:
            raise AssertionError("a timer that never ends")
        self.now = until

    def _request(self, method: str) -> None:
        if method == "CANCEL":
            invites = [request for request in self.received if request.method == "INVITE"]
            if invites:
                self.take(self.leg.handle(build_cancel(invites[-1]), self.now))
            return
        invites = [request for request in self.received if request.method == "INVITE"]
        number = invites[-1].cseq.number if method == "ACK" and invites else self._next()
        request = a_request(
            method,
            number=number,
            branch=f"z9hG4bK{method}{number}",
            from_tag=self._peer_tag,
            to_tag=self._our_tag,
            body=SDP if method in {"INVITE", "UPDATE"} else b"",
        )
        self.received.append(request)
        self.take(self.leg.handle(request, self.now))

    def _next(self) -> int:
        self._number += 1
        return self._number


def play_to_the_end(play: Play, steps: list[tuple[str, object]]) -> None:
    for kind, what in steps:
        play.step(kind, what)
    play.take(play.leg.handle(HangUp(), play.now))
    play.wait(100.0)
    for request in list(play.sent):  # whatever is still out there times out, in the end
        cseq = request.cseq
        play.take(play.leg.handle(RequestFailed(cseq.method, cseq.number), play.now))
    play.wait(100.0)
    for request in list(play.sent):
        cseq = request.cseq
        play.take(play.leg.handle(RequestFailed(cseq.method, cseq.number), play.now))
    assert sum(isinstance(event, Ended) for event in play.told) == 1
    assert play.ended
    assert play.leg.is_over
    assert play.leg.deadline is None
    for request in play.received:
        if request.method != "ACK":
            assert_answered_once(request.method, play.finals.get((request.method, request.cseq.number), []))


def assert_answered_once(method: str, finals: list[Response]) -> None:
    """One final answer; the 2xx of an INVITE is the same one, repeated until its ACK."""
    assert finals
    assert len(finals) == 1 or (method == "INVITE" and finals[0].status == 200)
    assert all(final is finals[0] for final in finals)


def inbound() -> Play:
    leg = Inbound(a_request(body=SDP), local_tag="ours", endpoint=ENDPOINT, chance=chance())
    play = Play(leg, peer_tag="caller-tag", our_tag="ours")
    play.received.append(leg.request)
    return play


def outbound() -> Play:
    leg = Outbound(
        uri=parse_uri("sip:callee@192.0.2.2"),
        from_=CALLER.with_tag("caller-tag"),
        to=CALLEE,
        call_id="call@192.0.2.1",
        offer=SDP,
        endpoint=ENDPOINT,
        chance=chance(),
    )
    return Play(leg, peer_tag="callee-tag", our_tag="caller-tag")


@examples(150)
@given(start=st.sampled_from([inbound, outbound]), steps=STEPS)
def test_every_leg_ends_once_and_answers_every_request_once(
    start: Callable[[], Play], steps: list[tuple[str, object]]
) -> None:
    play_to_the_end(start(), steps)


@examples(100)
@given(steps=STEPS)
def test_so_does_every_leg_that_was_answered(steps: list[tuple[str, object]]) -> None:
    play = inbound()
    play.step("command", Answer(SDP))
    play.step("request", "ACK")
    play_to_the_end(play, steps)
    answered = outbound()
    answered.step("answer", (0, 200))
    play_to_the_end(answered, steps)
