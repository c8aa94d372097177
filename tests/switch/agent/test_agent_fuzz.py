"""Damaged copies of a call's own messages, thrown at both sides while it lives."""

from __future__ import annotations

import asyncio
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.sim.loop import VirtualLoop
from tests.support.sip_wire import CALLEE_AT, CALLER_AT, STRANGER_AT, Callee, Wire, call, collect


def damaged(data: bytes, chance: Random) -> bytes:
    """The datagram with a few octets changed, cut out, or doubled; sometimes none."""
    octets = bytearray(data)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(octets) or 1)
        match chance.randint(0, 3):
            case 0:
                octets[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del octets[at : at + chance.randint(1, 40)]
            case 2:
                octets[at:at] = octets[at : at + chance.randint(1, 40)]
            case _:
                octets[at:at] = chance.choice([b"\r\n", b";tag=x", b"4294967296", b'"', b"<", b"\x00", b"%"])
    return bytes(octets)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_damaged_message_breaks_an_agent_or_leaves_anything_behind(seed: int) -> None:
    async def play() -> None:
        chance = Random(seed)
        wire = Wire()
        agents = [wire.agent(CALLER_AT), wire.agent(CALLEE_AT)]
        answering = Callee(agents[1], answer_after=chance.choice([None, 0.5]))
        heard: list[bytes] = []
        for agent in agents:
            agent.transactions._send = tapped(agent.transactions._send, heard)
        leg = call(agents[0])
        listening = asyncio.ensure_future(collect(leg, []))
        for _ in range(60):
            await asyncio.sleep(chance.choice([0.0, 0.01, 0.3]))
            source = chance.choice([CALLER_AT, CALLEE_AT, STRANGER_AT])
            chance.choice(agents).receive(damaged(chance.choice(heard), chance), source)
            if chance.random() < 0.05:
                leg.reoffer(b"v=0\r\n")
        for each in (leg, *answering.legs):
            each.hang_up()
        await asyncio.sleep(200)
        assert [agent.counters["faults"] for agent in agents] == [0, 0]
        for each in answering.legs:
            each.hang_up()
        await asyncio.sleep(200)
        assert listening.done()
        assert [agent.is_idle for agent in agents] == [True, True]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play())


def tapped(send, heard):  # type: ignore[no-untyped-def]
    def tap(data: bytes, destination: tuple[str, int]) -> None:
        heard.append(data)
        send(data, destination)

    return tap
