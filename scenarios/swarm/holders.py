"""Owners of called phones who call the family's line, and what they remember of it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from scenarios.phones.call import PhoneCall
from scenarios.phones.errors import CallEndedError
from scenarios.swarm.people import PATIENCE, Household
from scenarios.swarm.plan import NumberPlan
from scenarios.swarm.service_plan import OnLine

LINE_NUMBER: Final = "8005550199"


@dataclass(slots=True)
class Phoned:
    """What the owner of a number remembers of a call to the line."""

    number: NumberPlan
    plan: OnLine
    dialled_at: float
    ended_at: float | None = None


async def phone_line(home: Household, number: NumberPlan, plan: OnLine, memories: list[Phoned]) -> None:
    """Call the line, press keys, and leave."""
    loop = asyncio.get_running_loop()
    phone = await home.pick_up()
    memory = Phoned(number, plan, loop.time())
    memories.append(memory)
    call = await phone.dial(LINE_NUMBER)
    pressing = asyncio.create_task(_press(home, call, plan))
    try:
        ended = asyncio.create_task(_wait(call))
        await asyncio.wait({ended}, timeout=PATIENCE if plan.leaves_after is None else plan.leaves_after)
        if not call.is_ended:
            if plan.is_dropping:
                await home.drop()
                await home.register()
            else:
                with contextlib.suppress(CallEndedError):
                    await call.hang_up()
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)
    finally:
        pressing.cancel()
        await asyncio.gather(pressing, return_exceptions=True)
        memory.ended_at = loop.time()


async def _press(home: Household, call: PhoneCall, plan: OnLine) -> None:
    with contextlib.suppress(CallEndedError):
        await call.answered()
        home.hush(call)
        for after, keys in plan.keys:
            await asyncio.sleep(after)
            await home.press(call, keys)


async def _wait(call: PhoneCall) -> None:
    await call.wait_for_end()
