"""Requests of an agent: answered, challenged, given up, and watched."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from switch.agent.observed import HIDDEN, Observed, SipReceived, SipSent
from switch.agent.user_agent import UserAgent
from switch.leg.authorizer import Login
from switch.leg.events import Answered
from switch.sip.digest import Challenge, find_credentials, is_right
from switch.sip.headers import Via
from switch.sip.message import Request, Response, make_request
from switch.sip.uri import parse_uri
from switch.sip.write import write
from tests.support.sip_messages import CALLER, SDP, a_request, summary
from tests.support.sip_wire import CALLEE_AT, CALLER_AT, STRANGER_AT, Wire, call

LOGIN = Login.with_password("caller", "secret")


def challenging(agent: UserAgent, asked: list[Request]) -> None:
    """Ask for a digest once, then take whatever is right."""

    def check(request: Request) -> Response | None:
        asked.append(request)
        credentials = find_credentials(request.headers, "Authorization", "payphone")
        if credentials is not None and is_right(credentials, method=request.method, secret=LOGIN.secret):
            return None
        challenge = Challenge("payphone", f"nonce-{len(asked)}")
        return agent.reply(request, 401, headers=(("WWW-Authenticate", str(challenge)),))

    agent.on_request = lambda request, _source: check(request) or agent.reply(request, 200)


def registering() -> Request:
    uri = parse_uri("sip:192.0.2.2")
    caller = CALLER.with_tag("t")
    return make_request("REGISTER", uri, from_=caller, to=CALLER, call_id="reg@192.0.2.1", cseq=1)


async def test_a_registration_meets_its_challenge_once() -> None:
    wire = Wire()
    phone, registrar = wire.agent(CALLER_AT), wire.agent(CALLEE_AT, methods=("REGISTER",))
    asked: list[Request] = []
    challenging(registrar, asked)
    answer = await phone.request(registering(), CALLEE_AT, login=LOGIN)
    assert answer.status == 200
    assert [request.cseq.number for request in asked] == [1, 2]
    assert len({request.call_id for request in asked}) == 1


async def test_a_wrong_password_is_not_tried_again() -> None:
    wire = Wire()
    phone, registrar = wire.agent(CALLER_AT), wire.agent(CALLEE_AT, methods=("REGISTER",))
    asked: list[Request] = []
    challenging(registrar, asked)
    wrong = Login.with_password("caller", "wrong")
    assert (await phone.request(registering(), CALLEE_AT, login=wrong)).status == 401
    assert len(asked) == 2


async def test_a_request_nobody_answers_is_a_408_after_32_seconds() -> None:
    phone = Wire().agent(CALLER_AT)
    answer = await phone.request(registering(), STRANGER_AT)
    assert answer.status == 408
    assert asyncio.get_running_loop().time() == pytest.approx(32.0)
    assert phone.is_idle


async def test_giving_up_a_request_leaves_nothing_broken() -> None:
    wire = Wire()
    phone, registrar = wire.agent(CALLER_AT), wire.agent(CALLEE_AT, methods=("REGISTER",))
    registrar.on_request = lambda request, _source: registrar.reply(request, 200)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await phone.request(registering(), CALLEE_AT)
    await asyncio.sleep(50)
    assert phone.is_idle
    assert phone.counters["faults"] == 0


async def test_a_challenged_call_is_sent_again_with_credentials_and_answered() -> None:
    wire = Wire()
    caller, callee = wire.agent(CALLER_AT), wire.agent(CALLEE_AT)
    challenge = (("WWW-Authenticate", str(Challenge("payphone", "n"))),)
    callee.on_invite = lambda leg: (
        leg.answer(SDP) if "Authorization" in leg.request.headers else leg.refuse(401, headers=challenge)
    )
    leg = call(caller, login=LOGIN)
    assert await leg.event() == Answered(SDP)
    assert [kind for kind in wire.kinds() if kind != "100 INVITE"] == [
        "INVITE", "401 INVITE", "ACK", "INVITE", "200 INVITE", "ACK",
    ]  # fmt: skip


async def test_the_observer_sees_every_message_and_no_secret() -> None:
    wire = Wire()
    phone, registrar = wire.agent(CALLER_AT), wire.agent(CALLEE_AT, methods=("REGISTER",))
    challenging(registrar, [])
    seen: list[Observed] = []
    phone.observe(seen.append)
    registrar.observe(seen.append)
    await phone.request(registering(), CALLEE_AT, login=LOGIN)
    shown = [(type(one), one.peer, summary(one.message)) for one in seen]
    assert shown == [
        (SipSent, CALLEE_AT, "REGISTER"),
        (SipReceived, CALLER_AT, "REGISTER"),
        (SipSent, CALLER_AT, "401 REGISTER"),
        (SipReceived, CALLEE_AT, "401 REGISTER"),
        (SipSent, CALLEE_AT, "REGISTER"),
        (SipReceived, CALLER_AT, "REGISTER"),
        (SipSent, CALLER_AT, "200 REGISTER"),
        (SipReceived, CALLEE_AT, "200 REGISTER"),
    ]
    values = [one.message.headers.get("Authorization") for one in seen]
    assert set(values) == {None, HIDDEN}


async def test_a_fault_in_receive_is_logged_and_the_next_datagram_is_served() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    options = write(a_request("OPTIONS", via=Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKx"),))))

    def break_once(_event: Observed) -> None:
        agent.observe(None)
        raise AssertionError("broken observer")

    agent.observe(break_once)
    with capture_logs() as logs:
        agent.receive(options, STRANGER_AT)
        agent.receive(options, STRANGER_AT)
    assert [line["event"] for line in logs] == ["datagram_failed"]
    assert [summary(message) for _, message in wire.to_strangers] == ["200 OPTIONS"]
