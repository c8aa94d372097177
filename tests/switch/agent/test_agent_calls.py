"""What the owner of an agent can do with a call, and what is left of one that breaks."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from switch.agent.legs import EVENTS_MAX
from switch.agent.observed import Observed
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
from switch.sip.message import Request
from switch.transaction.invite_client import InviteClient
from tests.support.sip_messages import SDP
from tests.support.sip_wire import CALLEE_AT, CALLER_AT, Callee, Wire, call, collect, every

NORMAL = Ended(Cause.NORMAL)


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
