"""A load on virtual time: what the target does cannot change when calls begin, only how long they take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
import structlog

from scenarios.load.generator import Generator
from scenarios.load.measures import Measure
from scenarios.load.plan import Plan
from scenarios.load.tally import Tally
from scenarios.phones.bargain import Bargain
from scenarios.phones.codec import Law
from switch.agent.legs import InboundLeg
from switch.agent.user_agent import UserAgent
from switch.leg.events import Ended
from switch.net.udp import UdpTransport, open_udp
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

TARGET = ("10.9.0.1", 5060)
CALLERS = "10.9.0.2"
BRIDGE = {"behaviour": "bridge", "dials": "service", "holds": "1s"}


class Target:
    """Answers every call after a delay, or does worse."""

    def __init__(self, *, answers_after: float = 0.0, status: int | None = None, hangs_up_after: float | None = None):
        self.begun: list[float] = []
        self.answers_after = answers_after
        self.status = status
        self.hangs_up_after = hangs_up_after
        self.tasks: set[asyncio.Task[None]] = set()
        self.transport: UdpTransport | None = None
        self.agent: UserAgent | None = None

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        assert self.agent is not None
        self.agent.receive(data, source)

    def take(self, leg: InboundLeg) -> None:
        self.begun.append(asyncio.get_running_loop().time())
        task = asyncio.create_task(self.answer(leg))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer(self, leg: InboundLeg) -> None:
        await asyncio.sleep(self.answers_after)
        if leg.is_ended:
            return
        if self.status is not None:
            leg.refuse(self.status)
            return
        leg.ring()
        bargain = Bargain(session_id=1, address=(TARGET[0], 40_000), laws=(Law.PCMU,), takes_events=True)
        leg.answer(bargain.answer(leg.offer)[0])
        if self.hangs_up_after is not None:
            await asyncio.sleep(self.hangs_up_after)
            leg.hang_up()
        while not isinstance(await leg.event(), Ended):
            pass


@asynccontextmanager
async def standing(target: Target) -> AsyncIterator[Target]:
    target.transport = await open_udp(*TARGET, target.receive)
    target.agent = UserAgent(
        send=target.transport.send,
        contact=SipUri(host=TARGET[0], port=TARGET[1]),
        tokens=Tokens(Random(3)),
        product="target",
        log=structlog.get_logger(),
    )
    target.agent.on_invite = target.take
    try:
        yield target
    finally:
        await target.agent.close()
        await target.transport.close()


def plan(**changes: Any) -> Plan:
    return Plan.model_validate(
        {
            "load": "a test",
            "arrivals": "fixed",
            "stages": [{"rate": "10/s", "for": "3s"}],
            "media": False,
            "callers": {"listen": f"{CALLERS}:0"},
            "mix": [BRIDGE],
            **changes,
        }
    )


async def made(plan: Plan, target: Target) -> Tally:
    async with standing(target):
        return await Generator(plan, TARGET, seed=5, clock=asyncio.get_running_loop().time).run()


async def test_every_call_of_a_fast_target_is_well() -> None:
    target = Target()
    tally = await made(plan(), target)
    assert (tally.started, tally.calls(), tally.failed()) == (30, 30, 0)
    assert tally.rate == pytest.approx(10, rel=0.01)
    assert sum(row.intended for row in tally.seconds) == sum(row.succeeded for row in tally.seconds) == 30


async def test_a_slow_target_does_not_slow_its_callers_and_its_waiting_is_measured() -> None:
    quick, slow = Target(), Target(answers_after=4.0)
    began = asyncio.get_running_loop().time()
    await made(plan(), quick)
    ended = asyncio.get_running_loop().time()
    tally = await made(plan(), slow)
    assert [at - ended for at in slow.begun] == pytest.approx([at - began for at in quick.begun], abs=0.003)
    assert tally.statistic(Measure.SETUP, "min") == pytest.approx(4.0, abs=0.05)
    assert tally.in_progress_max == 30
    assert tally.failed() == 0


async def test_a_target_that_stands_still_for_a_second_shows_it_to_all_who_were_to_call_then() -> None:
    target = Target()

    async def stall() -> None:
        await asyncio.sleep(1.0)
        target.answers_after = 1.0
        await asyncio.sleep(1.0)
        target.answers_after = 0.0

    stalling = asyncio.create_task(stall())
    tally = await made(plan(), target)
    await stalling
    assert tally.seconds[1].setup_p50 == pytest.approx(1.0, abs=0.05)
    assert tally.seconds[2].setup_p50 == pytest.approx(0.0, abs=0.05)
    assert tally.statistic(Measure.SETUP, "p90") == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("target", "failure"),
    [
        (Target(status=503), "status 503"),
        (Target(hangs_up_after=0.5), "BYE before the end"),
        (Target(answers_after=60.0), "not answered in time"),
    ],
    ids=["refused", "hung up on", "never answered"],
)
async def test_a_bad_target_fails_every_call_in_one_class(target: Target, failure: str) -> None:
    tally = await made(plan(mix=[{**BRIDGE, "patience": "2s"}]), target)
    assert tally.failure_classes() == [(failure, 30, {"bridge": 30})]


async def test_an_absent_target_is_told_apart_from_a_slow_one() -> None:
    calls = plan(mix=[{**BRIDGE, "patience": "2s"}])
    tally = await Generator(calls, TARGET, seed=5, clock=asyncio.get_running_loop().time).run()
    assert tally.failure_classes() == [("INVITE unanswered", 30, {"bridge": 30})]


async def test_too_few_telephones_are_failures_and_not_fewer_calls() -> None:
    tally = await made(plan(callers={"listen": f"{CALLERS}:0", "count": 5}), Target())
    assert tally.started == 30
    assert {name: count for name, count, _ in tally.failure_classes()} == {"no free caller": tally.failed()}
    assert tally.failed() >= 10


async def test_a_stopped_run_hangs_up_and_counts_what_was_in_progress_as_unfinished() -> None:
    target = Target()
    async with standing(target):
        generator = Generator(
            plan(mix=[{**BRIDGE, "holds": "60s"}]), TARGET, seed=5, clock=asyncio.get_running_loop().time
        )
        running = asyncio.create_task(generator.run())
        await asyncio.sleep(1.5)
        generator.stop()
        tally = await running
        await asyncio.sleep(1.0)
        assert target.agent is not None and target.agent.leg_count == 0
    assert tally.calls() == tally.started == len(target.begun) < 20
    assert tally.failure_classes() == [("unfinished at the end of the run", tally.started, {"bridge": tally.started})]


async def test_the_mix_is_drawn_by_weight_and_the_same_for_the_same_seed() -> None:
    mix = [{**BRIDGE, "name": name, "holds": "0s", "weight": weight} for name, weight in (("a", 3), ("b", 1))]
    calls = plan(mix=mix, stages=[{"rate": "100/s", "for": "2s"}])
    one, other = await made(calls, Target()), await made(calls, Target())
    assert one.attempted == other.attempted
    assert one.attempted["a"] / one.calls() == pytest.approx(0.75, abs=0.08)
