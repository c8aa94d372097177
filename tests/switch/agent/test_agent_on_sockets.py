"""The same agent on real sockets and the loop of production."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
import structlog

from switch.agent.user_agent import UserAgent
from switch.leg.events import Answered, Cause, Ended, Ringing
from switch.net.udp import UdpTransport, open_udp
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri
from tests.support.sip_messages import SDP
from tests.support.sip_wire import call


async def agent_on_socket(seed: int) -> tuple[UserAgent, UdpTransport]:
    agents: list[UserAgent] = []

    def receive(data: bytes, source: tuple[str, int]) -> None:
        agents[0].receive(data, source)

    udp = await open_udp("127.0.0.1", 0, receive)
    host, port = udp.address
    agents.append(
        UserAgent(
            send=udp.send,
            contact=SipUri(host=host, port=port),
            tokens=Tokens(Random(seed)),
            product="payphone-test",
            log=structlog.get_logger(),
        )
    )
    return agents[0], udp


@pytest.mark.realtime
async def test_a_call_over_loopback_rings_is_answered_and_ends() -> None:
    caller, caller_udp = await agent_on_socket(1)
    callee, callee_udp = await agent_on_socket(2)
    callee.on_invite = lambda leg: (leg.ring(), leg.answer(SDP))  # type: ignore[func-returns-value]
    async with asyncio.timeout(10):
        leg = call(caller, callee_udp.address)
        assert [await leg.event(), await leg.event()] == [Ringing(), Answered(SDP)]
        await callee.close()
        assert await leg.event() == Ended(Cause.NORMAL)
        await caller.close()
    await caller_udp.close()
    await callee_udp.close()
    assert caller.is_idle
    assert callee.is_idle
