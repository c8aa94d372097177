"""INVITEs that are refused before anything is kept of them (RFC 3261 §8.2.7)."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from switch.agent.addresses import Address
from switch.agent.legs import InboundLeg
from switch.agent.user_agent import UserAgent
from switch.sip.headers import Via
from switch.sip.message import Request, Response, make_request
from switch.sip.write import write
from tests.support.sip_messages import SDP, a_request
from tests.support.sip_wire import CALLEE_AT, STRANGER_AT, Callee, Wire, call, collect, every

VIA = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKstranger"),))
OTHER_VIA = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKotherway"),))


class Doorkeeper:
    """Refuses every INVITE with a status, and remembers who asked."""

    def __init__(self, agent: UserAgent, status: int | None = 401) -> None:
        self.asked: list[tuple[str, Address]] = []
        self.taken: list[InboundLeg] = []
        self.status = status
        self._agent = agent
        agent.on_screen = self._screen
        agent.on_invite = self._take

    def _screen(self, request: Request, source: Address) -> Response | None:
        self.asked.append((request.call_id, source))
        headers = (("WWW-Authenticate", 'Digest realm="r", nonce="n"'),) if self.status == 401 else ()
        return None if self.status is None else self._agent.reply(request, self.status, headers=headers)

    def _take(self, leg: InboundLeg) -> None:
        self.taken.append(leg)
        leg.refuse(480)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def agent(wire: Wire) -> UserAgent:
    return wire.agent(CALLEE_AT)


def invite(via: Via = VIA, **parts: object) -> bytes:
    return write(a_request("INVITE", via=via, **parts))  # type: ignore[arg-type]


def responses(wire: Wire) -> list[Response]:
    return [message for _, message in wire.to_strangers if isinstance(message, Response)]


def ack_of(response: Response) -> bytes:
    ack = make_request(
        "ACK",
        a_request("INVITE").uri,
        from_=response.from_,
        to=response.to,
        call_id=response.call_id,
        cseq=response.cseq.number,
    )
    return write(ack.with_headers(ack.headers.replace("Via", str(response.via))))


async def test_a_refused_invite_leaves_no_transaction_and_no_leg(wire: Wire, agent: UserAgent) -> None:
    door = Doorkeeper(agent)
    agent.receive(invite(), STRANGER_AT)
    (answer,) = responses(wire)
    assert (answer.status, answer.headers.get("WWW-Authenticate")) == (401, 'Digest realm="r", nonce="n"')
    assert wire.to_strangers[0][0] == STRANGER_AT
    assert door.asked == [(answer.call_id, STRANGER_AT)]
    assert door.taken == []
    assert agent.is_idle
    assert agent.counters["invites_screened_out"] == 1


async def test_a_retransmission_is_refused_with_the_same_tag_and_another_request_with_another(
    wire: Wire, agent: UserAgent
) -> None:
    Doorkeeper(agent)
    for data in (invite(), invite(), invite(via=OTHER_VIA), invite(call_id="another")):
        agent.receive(data, STRANGER_AT)
    first, again, other_branch, other_call = [answer.to.tag for answer in responses(wire)]
    assert first and first == again
    assert len({first, other_branch, other_call}) == 3


async def test_two_agents_never_make_the_same_tag(wire: Wire, agent: UserAgent) -> None:
    other = wire.agent(("192.0.2.9", 5060))
    for each in (agent, other):
        Doorkeeper(each)
        each.receive(invite(), STRANGER_AT)
    assert len({answer.to.tag for answer in responses(wire)}) == 2


async def test_the_ack_of_a_refusal_is_taken_in_silence(wire: Wire, agent: UserAgent) -> None:
    Doorkeeper(agent)
    agent.receive(invite(), STRANGER_AT)
    with capture_logs() as logged:
        agent.receive(ack_of(responses(wire)[0]), STRANGER_AT)
    assert agent.counters["stray_ack"] == 0
    assert logged == []
    assert agent.is_idle


async def test_an_ack_with_somebody_elses_tag_is_still_a_stray(wire: Wire, agent: UserAgent) -> None:
    Doorkeeper(agent)
    agent.receive(invite(), STRANGER_AT)
    (answer,) = responses(wire)
    agent.receive(ack_of(answer).replace((answer.to.tag or "").encode(), b"0123456789abcdef"), STRANGER_AT)
    assert agent.counters["stray_ack"] == 1


async def test_a_cancel_of_a_refused_invite_finds_nothing(wire: Wire, agent: UserAgent) -> None:
    Doorkeeper(agent)
    agent.receive(invite(), STRANGER_AT)
    agent.receive(write(a_request("CANCEL", via=VIA)), STRANGER_AT)
    assert [answer.status for answer in responses(wire)] == [401, 481]


async def test_an_invite_that_may_pass_becomes_a_leg_and_is_asked_about_once(wire: Wire, agent: UserAgent) -> None:
    door = Doorkeeper(agent, None)
    agent.receive(invite(), STRANGER_AT)
    agent.receive(invite(), STRANGER_AT)
    assert len(door.asked) == 1
    assert len(door.taken) == 1
    assert [answer.status for answer in responses(wire)] == [100, 480, 480]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (invite(body=b"x", content_type="application/x-unknown"), 415),
        (invite(headers=(("Require", "teleport"),)), 420),
        (invite(uri="gopher:somewhere"), 416),
        (invite(headers=(("Max-Forwards", "0"),)), 483),
        (invite(to_tag="nobody"), 481),
    ],
)
async def test_what_nobody_could_take_is_refused_before_the_door_is_asked(
    data: bytes, status: int, wire: Wire, agent: UserAgent
) -> None:
    door = Doorkeeper(agent)
    agent.receive(data, STRANGER_AT)
    assert [answer.status for answer in responses(wire)] == [status]
    assert door.asked == []


async def test_a_merged_copy_of_an_invite_that_passed_is_refused(wire: Wire, agent: UserAgent) -> None:
    Doorkeeper(agent, None)
    agent.receive(invite(), STRANGER_AT)
    agent.receive(invite(via=OTHER_VIA), STRANGER_AT)
    assert [answer.status for answer in responses(wire)] == [100, 480, 482]


async def test_a_fault_at_the_door_is_answered_and_counted(wire: Wire, agent: UserAgent) -> None:
    def broken(_request: Request, _source: Address) -> Response | None:
        raise ZeroDivisionError

    agent.on_screen = broken
    with capture_logs() as logged:
        agent.receive(invite(), STRANGER_AT)
    assert [answer.status for answer in responses(wire)] == [500]
    assert agent.counters["faults"] == 1
    assert [line["event"] for line in logged] == ["request_failed"]
    assert agent.is_idle


async def test_a_lost_refusal_is_given_again_to_the_retransmission(wire: Wire, agent: UserAgent) -> None:
    phone = wire.agent(("192.0.2.1", 5060))
    Doorkeeper(agent, 404)
    wire.drop = lambda kind, nth: kind == "404 INVITE" and nth == 0
    leg = call(phone)
    (ended,) = await collect(leg, [])
    assert str(ended) == "Ended(cause=<Cause.NO_ROUTE: 'no-route'>, status=404)"
    assert wire.kinds() == ["INVITE", "404 INVITE", "INVITE", "404 INVITE", "ACK"]
    assert agent.is_idle


async def test_a_caller_who_never_hears_the_refusal_costs_the_switch_nothing(wire: Wire, agent: UserAgent) -> None:
    phone = wire.agent(("192.0.2.1", 5060))
    Doorkeeper(agent, 403)
    wire.drop = every("403 INVITE")
    await collect(call(phone), [])
    assert wire.kinds().count("INVITE") == 7
    assert agent.is_idle
    assert agent.counters["responses_unconfirmed"] == 0


async def test_a_reinvite_is_never_screened(wire: Wire, agent: UserAgent) -> None:
    phone = wire.agent(("192.0.2.1", 5060))
    Callee(agent, answer_after=0.1)
    asked: list[str] = []
    agent.on_screen = lambda request, _: asked.append(request.call_id)
    leg = call(phone)
    await leg.event()
    await leg.event()
    leg.reoffer(SDP)
    await asyncio.sleep(1)
    assert wire.kinds().count("INVITE") == 2
    assert len(asked) == 1
