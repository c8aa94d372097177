"""What the owner of an agent can do with it."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from switch.agent.legs import EVENTS_MAX
from switch.agent.observed import HIDDEN, Observed, SipReceived, SipSent
from switch.agent.user_agent import UserAgent
from switch.leg.authorizer import Login
from switch.leg.events import (
    Answered,
    Cause,
    Ended,
    Established,
    Pressed,
    Reanswered,
    Reoffered,
    ReofferRefused,
    Ringing,
)
from switch.sip.digest import Challenge, find_credentials, is_right
from switch.sip.headers import NameAddr, Via
from switch.sip.message import Request, Response, make_request, respond
from switch.sip.uri import SipUri, parse_uri
from switch.sip.write import write
from switch.transaction.invite_client import InviteClient
from tests.support.sip_messages import CALLER, SDP, a_request, summary
from tests.support.sip_wire import CALLEE_AT, CALLER_AT, STRANGER_AT, Callee, Wire, call, collect, every

NORMAL = Ended(Cause.NORMAL)
LOGIN = Login.with_password("caller", "secret")


class Pair:
    """Two agents in a call that was just answered."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.caller = self.wire.agent(CALLER_AT)
        self.callee = self.wire.agent(CALLEE_AT)
        self.answering = Callee(self.callee, answer_after=0.0)

    async def connected(self) -> Pair:
        self.leg = call(self.caller)
        assert [await self.leg.event(), await self.leg.event()] == [Ringing(), Answered(SDP)]
        await asyncio.sleep(1)
        self.far = self.answering.legs[0]
        self.told = self.answering.events
        return self


async def test_hold_and_resume_go_through_in_both_directions() -> None:
    pair = await Pair().connected()
    pair.leg.reoffer(b"hold")
    await asyncio.sleep(0.1)
    assert pair.told == [Established(b""), Reoffered(b"hold")]
    pair.far.answer_reoffer(b"held")
    assert await pair.leg.event() == Reanswered(b"held")
    await asyncio.sleep(0.1)  # until the ACK is there
    pair.far.reoffer(b"back")
    assert await pair.leg.event() == Reoffered(b"back")
    pair.leg.refuse_reoffer()
    await asyncio.sleep(0.1)
    assert pair.told[2:] == [ReofferRefused(488)]


async def test_reinvites_that_cross_are_both_refused_and_the_callee_tries_first() -> None:
    pair = await Pair().connected()
    pair.leg.reoffer(b"mine")
    pair.far.reoffer(b"yours")
    await asyncio.sleep(2.05)
    assert await pair.leg.event() == Reoffered(b"yours")
    pair.leg.answer_reoffer(b"yes")
    await asyncio.sleep(4)
    assert pair.told[-2:] == [Reanswered(b"yes"), Reoffered(b"mine")]
    assert pair.wire.kinds().count("491 INVITE") == 2


async def test_a_cancelled_reinvite_is_refused_with_487_and_the_call_goes_on() -> None:
    pair = await Pair().connected()
    pair.leg.reoffer(b"hold")
    await asyncio.sleep(0.1)
    ((invite, run),) = [
        (run.machine.request, run)
        for run in pair.caller.transactions.clients.values()
        if "INVITE" in run.key and isinstance(run.machine, InviteClient) and run.machine.request is not None
    ]
    assert invite.body == b"hold"
    pair.caller.transactions.cancel(run)
    await asyncio.sleep(0.1)
    assert await pair.leg.event() == ReofferRefused(487)
    pair.far.answer_reoffer(b"too late")
    assert pair.wire.kinds().count("200 CANCEL") == 1
    pair.leg.hang_up()
    await asyncio.sleep(70)
    assert pair.caller.is_idle
    assert pair.callee.is_idle


async def test_keys_by_info_arrive_in_order() -> None:
    pair = await Pair().connected()
    for key in "15*":
        pair.leg.send_info(key)
    await asyncio.sleep(1)
    assert pair.told[1:] == [Pressed("1"), Pressed("5"), Pressed("*")]


async def test_a_flood_of_keys_nobody_fetches_is_dropped_but_the_end_is_told() -> None:
    pair = await Pair().connected()
    for _ in range(EVENTS_MAX + 50):
        pair.far.send_info("1")
    await asyncio.sleep(1)
    pair.far.hang_up()
    heard = await collect(pair.leg, [])
    assert len(heard) == EVENTS_MAX + 1
    assert heard[-1] == NORMAL
    assert pair.caller.counters["leg_events_dropped"] == 50


async def test_after_the_end_event_keeps_saying_so() -> None:
    pair = await Pair().connected()
    pair.leg.hang_up()
    assert [await pair.leg.event(), await pair.leg.event()] == [NORMAL, NORMAL]


async def test_waiting_for_an_event_can_be_given_up() -> None:
    pair = await Pair().connected()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await pair.leg.event()
    pair.far.hang_up()
    assert await pair.leg.event() == NORMAL


async def test_a_reason_reaches_the_peer() -> None:
    pair = await Pair().connected()
    seen: list[Observed] = []
    pair.callee.observe(seen.append)
    pair.leg.hang_up(reason_header='Q.850;cause=16;text="funds"')
    await asyncio.sleep(1)
    assert seen[0].message.headers.get("Reason") == 'Q.850;cause=16;text="funds"'


async def test_commands_after_the_end_do_nothing() -> None:
    pair = await Pair().connected()
    pair.leg.hang_up()
    await asyncio.sleep(1)
    before = pair.wire.kinds()
    for leg in (pair.leg, pair.far):
        leg.hang_up()
        leg.reoffer(SDP)
        leg.send_info("1")
        leg.answer_reoffer(SDP)
    pair.far.answer(SDP)
    pair.far.ring()
    pair.far.refuse(486)
    pair.leg.cancel()
    assert pair.wire.kinds() == before


async def test_another_process_can_hang_up_from_a_snapshot() -> None:
    pair = await Pair().connected()
    snapshot = pair.leg.snapshot()
    pair.leg.send_info("1")
    await asyncio.sleep(1)
    reborn = pair.wire.agent(CALLER_AT)  # the same address, and no memory
    answer = await reborn.bye_from_snapshot(snapshot, reason_header="Q.850;cause=41")
    assert answer.status == 200
    await asyncio.sleep(1)
    assert pair.told[-1] == NORMAL
    again = await reborn.bye_from_snapshot(snapshot)
    assert again.status == 481


async def test_a_snapshot_of_the_callees_side_works_too() -> None:
    pair = await Pair().connected()
    reborn = pair.wire.agent(CALLEE_AT)
    assert (await reborn.bye_from_snapshot(pair.far.snapshot())).status == 200
    assert await pair.leg.event() == NORMAL


async def test_before_the_answer_there_is_nothing_to_snapshot() -> None:
    pair = Pair()
    pair.answering = Callee(pair.callee, answer_after=None)
    leg = call(pair.caller)
    assert leg.snapshot() == ""
    await asyncio.sleep(0.1)
    assert pair.answering.legs[0].snapshot() == ""
    leg.cancel()


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"dialog": {}, "peer": ["a", 1]}'])
async def test_a_text_that_is_no_snapshot_is_refused(text: str) -> None:
    agent = Wire().agent(CALLER_AT)
    with pytest.raises(ValueError):
        await agent.bye_from_snapshot(text)


async def test_close_ends_every_call_and_waits_for_the_answers() -> None:
    pair = await Pair().connected()
    ringing = Callee(pair.callee, answer_after=None)
    second = call(pair.caller)
    await asyncio.sleep(0.1)
    started = asyncio.get_running_loop().time()
    await pair.callee.close()
    assert asyncio.get_running_loop().time() - started < 0.1
    assert pair.callee.is_idle
    assert pair.told[-1] == NORMAL
    assert await ringing.legs[0].event() == NORMAL
    assert await collect(pair.leg, []) == [NORMAL]
    assert await collect(second, []) == [Ringing(), Ended(Cause.UNREACHABLE, 503)]


async def test_close_does_not_wait_for_ever_for_a_dead_peer() -> None:
    pair = await Pair().connected()
    pair.wire.drop = every("BYE")
    started = asyncio.get_running_loop().time()
    await pair.caller.close(within=1.0)
    assert asyncio.get_running_loop().time() - started == pytest.approx(1.0)
    assert pair.caller.counters["legs_left_at_close"] == 1
    assert pair.caller.is_idle


async def test_a_closing_agent_takes_no_new_call() -> None:
    pair = await Pair().connected()
    pair.wire.drop = every("200 BYE")
    closing = asyncio.ensure_future(pair.callee.close(within=1.0))
    await asyncio.sleep(0.1)
    assert await collect(call(pair.caller), []) == [Ended(Cause.UNREACHABLE, 503)]
    await closing


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


async def test_a_caller_behind_a_nat_gets_our_bye_where_it_was_heard() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    agent.on_invite = lambda leg: leg.answer(SDP)
    via = Via("UDP", "10.0.0.5", 5060, (("branch", "z9hG4bKnat"), ("rport", None)))
    invite = a_request(via=via, contact="<sip:caller@10.0.0.5:5060>")
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    agent.receive(write(invite), STRANGER_AT)
    to_tag = wire.to_strangers[-1][1].to.tag
    ack = a_request("ACK", via=via.with_param("branch", "z9hG4bKack"), to_tag=to_tag)
    agent.receive(write(ack), STRANGER_AT)
    legs[0].hang_up()
    destination, bye = wire.to_strangers[-1]
    assert destination == STRANGER_AT
    assert isinstance(bye, Request)
    assert str(bye.uri) == "sip:caller@10.0.0.5:5060"


async def test_a_called_phone_behind_a_nat_gets_our_ack_and_bye_where_it_was_called() -> None:
    wire = Wire()
    agent = wire.agent(CALLER_AT)
    inside = SipUri(user="phone", host="10.0.0.5", port=5060)
    leg = agent.invite(
        uri=inside,
        to=NameAddr("", inside),
        from_=NameAddr("", SipUri(user="u", host=CALLER_AT[0])),
        destination=STRANGER_AT,
        offer=SDP,
    )
    _, invite = wire.to_strangers[-1]
    assert isinstance(invite, Request)
    headers = (("Contact", f"<{inside}>"), ("Content-Type", "application/sdp"))
    agent.receive(write(respond(invite, 200, to_tag="there", headers=headers, body=SDP)), STRANGER_AT)
    leg.hang_up()
    sent = [(where, message.method) for where, message in wire.to_strangers if isinstance(message, Request)]
    assert sent == [(STRANGER_AT, "INVITE"), (STRANGER_AT, "ACK"), (STRANGER_AT, "BYE")]


async def test_a_caller_without_nat_gets_our_bye_at_its_contact() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    via = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKplain"),))
    invite = a_request(via=via, contact="<sip:caller@192.0.2.77:6000>")
    agent.receive(write(invite), STRANGER_AT)
    to_tag = wire.to_strangers[-1][1].to.tag
    agent.receive(write(a_request("ACK", via=via.with_param("branch", "z9hG4bKa"), to_tag=to_tag)), STRANGER_AT)
    legs[0].hang_up()
    assert wire.to_strangers[-1][0] == ("192.0.2.77", 6000)


async def test_requests_in_a_dialog_with_a_route_go_to_the_route() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    via = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKroute"),))
    invite = a_request(via=via, headers=(("Record-Route", "<sip:192.0.2.88:5061;lr>"),))
    agent.receive(write(invite), STRANGER_AT)
    assert wire.to_strangers[-1][1].headers.get("Record-Route") == "<sip:192.0.2.88:5061;lr>"
    to_tag = wire.to_strangers[-1][1].to.tag
    agent.receive(write(a_request("ACK", via=via.with_param("branch", "z9hG4bKa"), to_tag=to_tag)), STRANGER_AT)
    legs[0].hang_up()
    destination, bye = wire.to_strangers[-1]
    assert destination == ("192.0.2.88", 5061)
    assert bye.headers.get("Route") == "<sip:192.0.2.88:5061;lr>"


async def test_a_transport_that_refuses_to_send_ends_the_call_as_unreachable() -> None:
    wire = Wire()
    agent = wire.agent(CALLER_AT)

    def refuse(_data: bytes, _destination: object) -> None:
        raise OSError("network is down")

    agent.transactions._send = refuse
    leg = call(agent)
    assert await leg.event() == Ended(Cause.UNREACHABLE)
    assert agent.is_idle
    assert agent.counters["send_errors"] == 1


class BrokenMachine:
    """A leg's machine with a fault in it, whatever it is asked."""

    def __init__(self, request: Request, local_tag: str) -> None:
        self.request = request
        self.local_tag = local_tag
        self.session = None
        self.deadline = None
        self.is_over = False

    def handle(self, _event: object, _now: float) -> list[object]:
        raise AssertionError("broken")


@pytest.mark.parametrize("kind", ["send_info", "hang_up"])
async def test_a_broken_leg_is_taken_out_its_peer_gets_500_and_nothing_is_left(kind: str) -> None:
    pair = await Pair().connected()
    (driver,) = pair.callee._legs.values()
    driver.machine = BrokenMachine(driver.machine.request, driver.machine.local_tag)
    with capture_logs() as logs:
        pair.leg.send_info("1") if kind == "send_info" else pair.leg.hang_up()
        await asyncio.sleep(1)
    assert pair.wire.kinds()[-1] == ("500 INFO" if kind == "send_info" else "500 BYE")
    assert pair.told[-1] == Ended(Cause.FAILED, 500)
    assert [line["event"] for line in logs] == ["leg_failed", "leg_abandoned"]
    pair.leg.hang_up()
    await asyncio.sleep(70)
    assert pair.callee.is_idle
    assert pair.caller.is_idle


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
