"""SIP calls a second on one core, without sockets and media: both sides of a call in one process.

A caller and a callee do together what a switch does for one bridged call: a leg in, a leg out, seven
messages written and seven read. Lingering transactions (32 s) pile up as they would in service.
"""

from __future__ import annotations

import asyncio
import resource
from random import Random
from time import process_time
from typing import Any

import structlog

from switch.agent.legs import InboundLeg
from switch.agent.user_agent import UserAgent
from switch.sip.headers import address
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

CALLS = 4_000
AT_ONCE = 20
CALLER = ("192.0.2.1", 5060)
CALLEE = ("192.0.2.2", 5060)
DESCRIPTION = b"v=0\r\n" + b"x" * 250
"""As long as a description of two codecs and keys; the agent does not look into it."""


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    before = _kilobytes()
    seconds = asyncio.run(_play())
    return [
        {"name": "sip_calls_per_second", "value": round(CALLS / seconds), "unit": "calls/s"},
        {"name": "sip_call_cost", "value": round(seconds / CALLS * 1e6), "unit": "us"},
        {"name": "sip_call_lingering", "value": round((_kilobytes() - before) / CALLS, 1), "unit": "kB"},
    ]


async def _play() -> float:
    loop = asyncio.get_running_loop()
    agents: dict[tuple[str, int], UserAgent] = {}

    def agent(at: tuple[str, int]) -> UserAgent:
        agents[at] = UserAgent(
            send=lambda data, to: loop.call_soon(agents[to].receive, data, at),
            contact=SipUri(host=at[0], port=at[1]),
            tokens=Tokens(Random(at[1])),
            product="payphone-bench",
            log=structlog.get_logger(),
        )
        return agents[at]

    caller, callee = agent(CALLER), agent(CALLEE)
    callee.on_invite = _take
    uri = SipUri(user="callee", host=CALLEE[0], port=CALLEE[1])

    async def calls() -> None:
        for _ in range(CALLS // AT_ONCE):
            leg = caller.invite(
                uri=uri,
                to=address(uri),
                from_=address(SipUri(user="caller", host=CALLER[0])),
                destination=CALLEE,
                offer=DESCRIPTION,
            )
            await leg.event()  # ringing
            await leg.event()  # answered
            leg.hang_up()
            await leg.event()

    started = process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(calls())
    while caller.leg_count or callee.leg_count:
        await asyncio.sleep(0)
    spent = process_time() - started
    assert caller.counters["faults"] == callee.counters["faults"] == 0
    await caller.close()
    await callee.close()
    return spent


def _take(leg: InboundLeg) -> None:
    leg.ring()
    leg.answer(DESCRIPTION)


def _kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:24} {row['value']:>10} {row['unit']}")
