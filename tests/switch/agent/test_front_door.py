"""What strangers can send, and what they get for it."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from structlog.testing import capture_logs

from switch.agent.legs import InboundLeg
from switch.agent.limits import Limits
from switch.agent.user_agent import UserAgent
from switch.leg.events import Cause, Ended
from switch.sip.headers import Via
from switch.sip.message import Request, Response
from switch.sip.write import write
from switch.transaction.invite_client import build_cancel
from tests.support.sip_messages import SDP, a_request, an_answer
from tests.support.sip_wire import CALLEE_AT, STRANGER_AT, Wire

VIA = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKstranger"),))
SOURCE = STRANGER_AT


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def agent(wire: Wire) -> UserAgent:
    return wire.agent(CALLEE_AT)


def answers(wire: Wire) -> list[int]:
    return [message.status for _, message in wire.to_strangers if isinstance(message, Response)]


def the_answer(wire: Wire) -> Response:
    (found,) = (message for _, message in wire.to_strangers if isinstance(message, Response))
    return found


def stranger(method: str, **parts: object) -> bytes:
    return write(a_request(method, via=VIA, **parts))  # type: ignore[arg-type]


async def test_options_says_what_we_can(wire: Wire, agent: UserAgent) -> None:
    agent.receive(stranger("OPTIONS"), SOURCE)
    answer = the_answer(wire)
    assert answer.status == 200
    assert set(answer.allow) >= {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE"}
    assert "application/sdp" in (answer.headers.get("Accept") or "")
    assert answer.headers.get("Supported") is not None
    assert answer.to.tag


REFUSED = {
    "unknown method": (stranger("BREW"), 501),
    "known method that is not served": (stranger("PUBLISH"), 405),
    "extension in Require": (stranger("OPTIONS", headers=(("Require", "teleport"),)), 420),
    "scheme": (stranger("OPTIONS", uri="gopher:somewhere"), 416),
    "body type": (stranger("INVITE", body=b"x", content_type="application/x-unknown"), 415),
    "no more hops": (stranger("OPTIONS", headers=(("Max-Forwards", "0"),)), 483),
    "BYE in no dialog": (stranger("BYE", to_tag="nobody"), 481),
    "BYE outside of dialogs": (stranger("BYE"), 481),
    "INVITE in no dialog": (stranger("INVITE", to_tag="nobody"), 481),
    "CANCEL of nothing": (stranger("CANCEL"), 481),
    "INVITE that nobody takes": (stranger("INVITE"), 480),
    "no CSeq": (stranger("OPTIONS").replace(b"CSeq", b"X-CSeq"), 400),
    "other version": (stranger("OPTIONS").replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), 505),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_we_refuse_has_its_status_a_tag_and_no_trace(name: str, wire: Wire, agent: UserAgent) -> None:
    data, status = REFUSED[name]
    agent.receive(data, SOURCE)
    assert answers(wire) == [status]
    assert the_answer(wire).to.tag
    await asyncio.sleep(40)
    assert agent.is_idle


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        (stranger("ACK"), "stray_ack"),
        (stranger("ACK", to_tag="nobody"), "stray_ack"),
        (write(an_answer(a_request(via=VIA))), "stray_response"),
        (b"\r\n\r\n", "ignored"),
        (b"", "ignored"),
        (b"\x00" * 4, "ignored"),
        (b"hello", "malformed"),
        (b"\xff" * 1500, "malformed"),
        (stranger("ACK").replace(b"CSeq", b"X-CSeq"), "malformed"),
    ],
)
async def test_what_deserves_no_answer_gets_none_and_is_counted(
    data: bytes, counter: str, wire: Wire, agent: UserAgent
) -> None:
    agent.receive(data, SOURCE)
    assert wire.to_strangers == []
    assert agent.counters[counter] == 1
    assert agent.is_idle


async def test_answers_go_to_the_source_address_and_the_port_in_via(wire: Wire, agent: UserAgent) -> None:
    via = Via("UDP", "nat.example", 7000, (("branch", "z9hG4bKx"),))
    agent.receive(write(a_request("OPTIONS", via=via)), SOURCE)
    ((destination, answer),) = wire.to_strangers
    assert destination == ("192.0.2.66", 7000)
    assert answer.via.received == "192.0.2.66"
    assert answer.via.rport is None


async def test_answers_go_back_to_the_source_port_if_rport_asks(wire: Wire, agent: UserAgent) -> None:
    via = Via("UDP", "192.0.2.66", 7000, (("branch", "z9hG4bKx"), ("rport", None)))
    agent.receive(write(a_request("OPTIONS", via=via)), SOURCE)
    ((destination, answer),) = wire.to_strangers
    assert destination == SOURCE
    assert (answer.via.received, answer.via.rport) == SOURCE


async def test_only_the_top_via_is_stamped(wire: Wire, agent: UserAgent) -> None:
    lower = ("Via", "SIP/2.0/UDP first.example;branch=z9hG4bKlow")
    request = a_request("OPTIONS", via=Via("UDP", "proxy.example", None, (("branch", "z9hG4bKtop"), ("rport", None))))
    request = request.with_headers(request.headers.append(*lower))
    agent.receive(write(request), SOURCE)
    top, first = the_answer(wire).vias
    assert (top.host, top.received, first.host, first.received) == (
        "proxy.example",
        "192.0.2.66",
        "first.example",
        None,
    )


async def test_a_repeated_request_gets_the_same_answer_and_asks_the_handler_once(wire: Wire, agent: UserAgent) -> None:
    asked: list[Request] = []

    def handle(request: Request, _source: object) -> Response:
        asked.append(request)
        return agent.reply(request, 200)

    agent.on_request = handle
    agent.receive(stranger("OPTIONS"), SOURCE)
    agent.receive(stranger("OPTIONS"), SOURCE)
    assert len(asked) == 1
    assert wire.to_strangers[0] == wire.to_strangers[1]


async def test_a_copy_that_came_another_way_is_refused_with_482(wire: Wire, agent: UserAgent) -> None:
    agent.on_invite = lambda leg: leg.ring()
    agent.receive(stranger("INVITE"), SOURCE)
    agent.receive(stranger("INVITE").replace(b"z9hG4bKstranger", b"z9hG4bKdetour"), SOURCE)
    assert answers(wire) == [100, 180, 482]


async def test_an_owner_may_serve_further_methods(wire: Wire) -> None:
    agent = wire.agent(CALLEE_AT, methods=("REGISTER",), extensions=("path",))
    agent.on_request = lambda request, _source: agent.reply(request, 200, headers=(("X-Method", request.method),))
    agent.receive(stranger("REGISTER", headers=(("Require", "path"),)), SOURCE)
    assert the_answer(wire).headers.get("X-Method") == "REGISTER"


async def test_a_handler_may_answer_later(wire: Wire, agent: UserAgent) -> None:
    async def later(request: Request) -> Response:
        await asyncio.sleep(3)
        return agent.reply(request, 202)

    agent.on_request = lambda request, _source: later(request)
    agent.receive(stranger("OPTIONS"), SOURCE)
    assert answers(wire) == []
    assert not agent.is_idle
    await asyncio.sleep(4)
    assert answers(wire) == [202]
    await asyncio.sleep(32)
    assert agent.is_idle


async def test_too_many_unanswered_handlers_get_503(wire: Wire) -> None:
    agent = wire.agent(CALLEE_AT, limits=Limits(asks=1))

    async def never(_request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    agent.on_request = lambda request, _source: never(request)
    agent.receive(stranger("OPTIONS"), SOURCE)
    agent.receive(stranger("OPTIONS", call_id="two").replace(b"z9hG4bKstranger", b"z9hG4bKtwo"), SOURCE)
    assert answers(wire) == [503]
    assert the_answer(wire).retry_after is not None
    await agent.close()


async def test_transactions_over_the_limit_get_503_without_being_kept(wire: Wire) -> None:
    agent = wire.agent(CALLEE_AT, limits=Limits(transactions=3))
    for n in range(10):
        data = stranger("OPTIONS", call_id=f"call{n}").replace(b"z9hG4bKstranger", b"z9hG4bKn%d" % n)
        agent.receive(data, SOURCE)
    assert answers(wire) == [200] * 3 + [503] * 7
    assert agent.transaction_count == 3
    assert agent.counters["over_limit"] == 7


async def test_calls_over_the_limit_get_503_with_retry_after(wire: Wire) -> None:
    agent = wire.agent(CALLEE_AT, limits=Limits(legs=1))
    agent.on_invite = lambda leg: leg.ring()
    for n in range(2):
        agent.receive(stranger("INVITE", call_id=f"call{n}").replace(b"z9hG4bKstranger", b"z9hG4bKn%d" % n), SOURCE)
    assert answers(wire) == [100, 180, 503]
    last = wire.to_strangers[-1][1]
    assert isinstance(last, Response)
    assert last.retry_after == 5


async def test_a_fault_of_ours_ends_that_call_with_500_and_the_next_one_works(wire: Wire, agent: UserAgent) -> None:
    legs: list[InboundLeg] = []

    def take(leg: InboundLeg) -> None:
        legs.append(leg)
        assert len(legs) > 1, "broken on the first call"
        leg.answer(SDP)

    agent.on_invite = take
    with capture_logs() as logs:
        agent.receive(stranger("INVITE"), SOURCE)
    assert answers(wire) == [100, 500]
    assert await legs[0].event() == Ended(Cause.FAILED, 500)
    assert [line["event"] for line in logs] == ["leg_failed"]
    agent.receive(stranger("INVITE", call_id="two").replace(b"z9hG4bKstranger", b"z9hG4bKtwo"), SOURCE)
    assert answers(wire)[2:] == [100, 200]


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_fault_in_a_handler_is_answered_with_500(wire: Wire, agent: UserAgent, *, is_late: bool) -> None:
    async def fail_later() -> Response:
        await asyncio.sleep(1)
        raise AssertionError("broken")

    def handle(_request: Request, _source: object) -> object:
        assert is_late, "broken"
        return fail_later()

    agent.on_request = handle  # type: ignore[assignment]
    with capture_logs() as logs:
        agent.receive(stranger("OPTIONS"), SOURCE)
        await asyncio.sleep(2)
    assert answers(wire) == [500]
    assert [line["event"] for line in logs] == ["request_failed"]


async def test_a_flood_of_garbage_is_counted_but_hardly_logged(agent: UserAgent) -> None:
    chance = Random(1)
    with capture_logs() as logs:
        for _ in range(500):
            agent.receive(chance.randbytes(200), SOURCE)
    assert agent.counters["malformed"] == 500
    assert len(logs) == 1
    assert agent.is_idle


async def test_cancel_after_a_refusal_is_answered(wire: Wire, agent: UserAgent) -> None:
    invite = a_request(via=VIA)
    agent.receive(write(invite), SOURCE)
    agent.receive(write(build_cancel(invite)), SOURCE)
    assert answers(wire) == [480, 200]


async def test_an_invite_without_a_branch_is_acknowledged_by_rfc_2543(wire: Wire, agent: UserAgent) -> None:
    """The ACK of a 2xx shares the key of its INVITE there: the transaction hands it on."""
    old = Via("UDP", "192.0.2.66", 5099)
    legs: list[InboundLeg] = []

    def take(leg: InboundLeg) -> None:
        legs.append(leg)
        leg.answer(SDP)

    agent.on_invite = take
    invite = a_request(via=old, from_tag="", contact="")
    agent.receive(write(invite), SOURCE)
    answer = wire.to_strangers[-1][1]
    agent.receive(write(a_request("ACK", via=old, from_tag="", to_tag=answer.to.tag)), SOURCE)
    assert type(await legs[0].event()).__name__ == "Established"


async def test_after_close_nothing_is_answered(wire: Wire, agent: UserAgent) -> None:
    await agent.close()
    agent.receive(stranger("OPTIONS"), SOURCE)
    assert wire.to_strangers == []
