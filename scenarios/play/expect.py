"""What must hold in the middle of a script: looked at until it does, or until time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from ledger.money import ZERO, Money
from scenarios.language.expectations import Ended, Expect, Since
from scenarios.language.quantities import seconds_text
from scenarios.phones.handset import HandsetCall
from scenarios.play.errors import CannotActError, NotHappenedError
from scenarios.play.stage import Stage
from scenarios.play.traces import Trace

SOON: Final = 2.0
"""Seconds within which what is expected comes to hold, where nothing else is said: an answer, a commit."""

LONGEST: Final = 1200.0
"""Seconds an end without an instant is awaited: longer than the longest talk of a profile."""

LOOK_SECONDS: Final = 0.05


async def expect(stage: Stage, wanted: Expect) -> None:
    """See that everything wanted comes to hold, in the order written.

    Raises:
        NotHappenedError: It does not.
    """
    within = SOON if wanted.within is None else wanted.within.seconds
    for key in wanted.order:
        match key:
            case "talking":
                await _comes(stage, f"talking: {wanted.talking}", lambda: _talking(stage, wanted), within)
            case "held" | "balance":
                amounts = wanted.held if key == "held" else wanted.balance
                for owner, amount in (amounts or {}).items():
                    look = partial(_amount, stage, owner, amount, is_held=key == "held")
                    await _comes(stage, f"{key} of {owner} is {amount}", look, within)
            case "ended":
                wished = wanted.ended if isinstance(wanted.ended, Ended) else Ended()
                await _ended(stage, wished, wanted)
            case "calls":
                await _comes(stage, f"{wanted.calls} calls go on", lambda: _calls(stage, wanted), within)
            case "messages":
                await _comes(stage, "messages", lambda: _messages(stage, wanted.messages or {}), within)


def instant(stage: Stage, since: Since | None, call: HandsetCall | None) -> float:
    """The instant that others count from, on the loop's clock.

    Raises:
        CannotActError: It has not come.
    """
    trace = stage.traces.of(call)
    if since is None:
        accepted_at = None if trace is None else trace.accepted_at
        return stage.began_at if accepted_at is None else accepted_at
    if since == "start":
        return stage.began_at
    if trace is None:
        raise CannotActError(f"no call was {since} yet")
    callee = trace.side("callee")
    found = {
        "dialled": trace.since,
        "rang": None if callee is None else callee.call.ringing_at,
        "answered": None if callee is None else callee.call.answered_at,
        "accepted": trace.accepted_at,
    }[since]
    if found is None:
        raise CannotActError(f"the call was not {since} yet")
    return found


def trace_of(stage: Stage, of: str | None) -> Trace | None:
    """The call of a telephone, or the one that began last."""
    if of is None:
        traces = list(stage.traces)
        return traces[-1] if traces else None
    actor = stage.actor(of)
    return stage.traces.of(actor.calls[-1]) if actor.calls else None


async def _comes(stage: Stage, text: str, look: Callable[[], Awaitable[str]], within: float) -> None:
    """Look until nothing is found to differ."""
    deadline = stage.loop.time() + within
    while found := await look():
        if stage.loop.time() >= deadline:
            raise NotHappenedError(text, found)
        await asyncio.sleep(LOOK_SECONDS)


async def _amount(stage: Stage, owner: str, wanted: Money, *, is_held: bool) -> str:
    account = await stage.account(owner)
    if account is None:
        return "there is no such account" if wanted != ZERO or not is_held else ""
    found = account.held if is_held else account.balance
    return "" if found == wanted else str(found)


async def _talking(stage: Stage, wanted: Expect) -> str:
    trace = trace_of(stage, wanted.of)
    is_talking = trace is not None and trace.accepted_at is not None and trace.record is None
    if is_talking is wanted.talking:
        return ""
    if trace is None:
        return "there is no call"
    return "they talk" if is_talking else _last(trace)


async def _calls(stage: Stage, wanted: Expect) -> str:
    count = stage.switch.reception.call_count if stage.life.is_running else 0
    return "" if count == wanted.calls else f"{count}"


async def _messages(stage: Stage, wanted: dict[str, int]) -> str:
    counts = stage.messages()
    differing = [f"{name}: {counts[name]}" for name, count in wanted.items() if counts[name] != count]
    return ", ".join(differing)


async def _ended(stage: Stage, wanted: Ended, step: Expect) -> None:
    trace = trace_of(stage, step.of)
    if trace is None:
        raise NotHappenedError("a call ends", "there is no call")
    call = trace.sides[0].call if trace.sides else None
    longest = LONGEST if step.within is None else step.within.seconds
    if wanted.at is not None:
        longest = max(0.0, instant(stage, wanted.since, call) + wanted.at.latest - stage.loop.time()) + 10.0
    deadline = stage.loop.time() + longest
    while trace.record is None and stage.loop.time() < deadline:
        await _over(trace, stage.loop, deadline)
        if trace.is_killed:
            async with stage.reading() as book:
                stage.traces.complete(await book.calls())
    record = trace.record
    if record is None:
        raise NotHappenedError("the call ends", f"it goes on: {_last(trace)}")
    if wanted.why is not None and record.why != wanted.why:
        raise NotHappenedError(f"the call ends: {wanted.why}", f"it ended: {record.why}, by {record.ended_by}")
    if wanted.by is not None and record.ended_by != wanted.by:
        raise NotHappenedError(f"the {wanted.by} ends the call", f"the {record.ended_by} did ({record.why})")
    if wanted.at is not None:
        found = trace.epoch.at(record.ended_at) - instant(stage, wanted.since, call)
        if not wanted.at.fits(found):
            raise NotHappenedError(f"the call ends at {wanted.at}", f"it ended at {seconds_text(found)}")


async def _over(trace: Trace, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
    """Wait until a call may have its record; who looked every `LOOK_SECONDS` would see it then."""
    at = loop.time() + LOOK_SECONDS
    with suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            await trace.over.wait()
    while at < loop.time():
        at += LOOK_SECONDS
    looking = asyncio.Event()
    loop.call_at(at, looking.set)
    await looking.wait()


def _last(trace: Trace) -> str:
    item = trace.items[-1]
    return f"the last that happened was: {item.text} ({item.source} to {item.target})"
