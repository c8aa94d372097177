"""What the people of a plan do at their phones, and what they remember of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from scenarios.phones.call import PhoneCall
from scenarios.phones.errors import CallEndedError, RegistrationError, ReofferRefusedError
from scenarios.phones.phone import Line, Phone
from scenarios.swarm.facility_plan import BALANCE_KEY
from scenarios.swarm.plan import SWITCH_HOST, Answering, CallPlan, NumberPlan, PersonPlan, StationPlan

PATIENCE: Final = 150.0
"""Seconds after which anybody hangs up: longer than every limit of a world, with ringing and greeting."""

ACCEPT_KEY: Final = "5"
REGISTER_SECONDS: Final = 3600
SECRET: Final = "secret"  # noqa: S105 - of a simulated phone


@dataclass(slots=True)
class Dialled:
    """What the caller remembers of one call."""

    plan: CallPlan
    person: PersonPlan
    number: NumberPlan
    station: StationPlan
    call_id: str
    dialled_at: float
    address: tuple[str, int] | None = None
    left_at: float | None = None
    is_dropped: bool = False
    ended_at: float | None = None


@dataclass(slots=True)
class Taken:
    """What the called party remembers of one call."""

    number: NumberPlan
    plan: Answering
    call_id: str
    invited_at: float
    answered_at: float | None = None
    pressed: list[tuple[str, float]] = field(default_factory=list)
    left_at: float | None = None
    is_dropped: bool = False
    ended_at: float | None = None


class Household:
    """A phone and its owner. The phone is replaced by a new one after it dropped off."""

    def __init__(self, user: str, host: str, *, seed: int, has_media: bool) -> None:
        self.user = user
        self.host = host
        self.phone: Phone | None = None
        self._seed = seed
        self._has_media = has_media
        self._phones = 0

    async def pick_up(self) -> Phone:
        """The phone, a new one if there is none."""
        if self.phone is None:
            self._phones += 1
            line = Line(user=self.user, password=SECRET, server=(SWITCH_HOST, 5060), host=self.host)
            self.phone = Phone(line, Random(f"swarm/{self._seed}/{self.user}/{self._phones}"))
            await self.phone.__aenter__()
        return self.phone

    async def register(self) -> None:
        """Register, if the switch answers."""
        phone = await self.pick_up()
        with contextlib.suppress(RegistrationError):
            await phone.register(seconds=REGISTER_SECONDS)

    async def drop(self) -> None:
        """The phone vanishes, and its owner gets another."""
        phone, self.phone = self.phone, None
        if phone is not None:
            phone.drop_off()
            await phone.__aexit__(None, None, None)

    async def put_away(self) -> None:
        """Switch the phone off."""
        phone, self.phone = self.phone, None
        if phone is not None:
            await phone.__aexit__(None, None, None)

    def hush(self, call: PhoneCall) -> None:
        """Send no audio where nobody listens."""
        if not self._has_media:
            call.go_silent()

    async def press(self, call: PhoneCall, keys: str) -> None:
        """Press keys in the way of this run."""
        await call.press(keys, by="rfc4733" if self._has_media else "info")


class Caller:
    """The people at one station, one call after another."""

    def __init__(self, home: Household, station: StationPlan) -> None:
        self.home = home
        self.station = station
        self.dialled: list[Dialled] = []
        self._loop = asyncio.get_running_loop()

    async def call(self, plan: CallPlan, person: PersonPlan, number: NumberPlan) -> None:
        """Make one call, to its end."""
        await asyncio.sleep(plan.waits)
        phone = await self.home.pick_up()
        call = await phone.dial("0" if plan.is_asked else number.number.removeprefix("+"))
        memory = Dialled(plan, person, number, self.station, call.call_id, self._loop.time())
        self.dialled.append(memory)
        doing = asyncio.create_task(self._do(call, plan, number))
        holding = asyncio.create_task(_hold(call, plan.holds))
        try:
            leaves = PATIENCE if plan.leaves_after is None else plan.leaves_after
            await asyncio.wait({_ended(call)}, timeout=leaves)
            if not call.is_ended:
                memory.left_at = self._loop.time()
                if plan.is_dropping:
                    memory.is_dropped = True
                    await self.home.drop()
                    return
                await call.hang_up()
        finally:
            for task in (doing, holding):
                task.cancel()
            await asyncio.gather(doing, holding, return_exceptions=True)
            memory.ended_at = self._loop.time()

    async def _do(self, call: PhoneCall, plan: CallPlan, number: NumberPlan) -> None:
        with contextlib.suppress(CallEndedError):
            await call.answered()
            self.home.hush(call)
            if plan.language:
                await asyncio.sleep(plan.thinks)
                await self.home.press(call, plan.language)
            for pin in plan.pins:
                await asyncio.sleep(plan.thinks)
                await self.home.press(call, pin)
            if plan.is_asked:
                for _ in range(plan.asks_balance):
                    await asyncio.sleep(plan.thinks)
                    await self.home.press(call, BALANCE_KEY)
                await asyncio.sleep(plan.thinks)
                await self.home.press(call, "1" if plan.is_debit else "0")
                await asyncio.sleep(plan.thinks)
                await self.home.press(call, number.number.removeprefix("+1"))


class Callee:
    """The owner of a called phone: takes every call as its plan says."""

    def __init__(
        self, home: Household, number: NumberPlan, top_up: Callable[[int], Awaitable[None]], accepted: asyncio.Event
    ) -> None:
        self.home = home
        self.number = number
        self.taken: list[Taken] = []
        self._top_up = top_up
        self._accepted = accepted
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Take calls for ever."""
        while True:
            phone = await self.home.pick_up()
            call = await phone.next_call()
            plan = self.number.answers[len(self.taken) % len(self.number.answers)]
            await self._take(call, plan)

    async def _take(self, call: PhoneCall, plan: Answering) -> None:
        memory = Taken(self.number, plan, call.call_id, self._loop.time())
        self.taken.append(memory)
        extras: list[asyncio.Task[None]] = []
        try:
            await self._do(call, plan, memory, extras)
        except CallEndedError:
            pass
        finally:
            for task in extras:
                task.cancel()
            await asyncio.gather(*extras, return_exceptions=True)
            memory.ended_at = self._loop.time()

    async def _do(self, call: PhoneCall, plan: Answering, memory: Taken, extras: list[asyncio.Task[None]]) -> None:
        if plan.is_ignoring:
            await call.wait_for_end()
            return
        if plan.status is not None:
            await call.refuse(plan.status, after=plan.after)
            await call.wait_for_end()
            return
        await call.answer(after=plan.after)
        memory.answered_at = self._loop.time()
        self.home.hush(call)
        extras.append(asyncio.create_task(self._press(call, plan, memory)))
        extras.append(asyncio.create_task(_hold(call, plan.holds)))
        leaves = PATIENCE if plan.leaves_after is None else plan.leaves_after
        await asyncio.wait({_ended(call)}, timeout=leaves)
        if call.is_ended:
            return
        memory.left_at = self._loop.time()
        if plan.is_dropping:
            memory.is_dropped = True
            await self.home.drop()
            await self.home.register()
            return
        await call.hang_up()

    async def _press(self, call: PhoneCall, plan: Answering, memory: Taken) -> None:
        with contextlib.suppress(CallEndedError):
            await call.acknowledged()
            for after, key in plan.keys:
                await asyncio.sleep(after)
                memory.pressed.append((key, self._loop.time()))
                if key == ACCEPT_KEY:
                    self._accepted.set()
                await self.home.press(call, key)
        if plan.top_up is not None:
            await asyncio.sleep(plan.top_up[0])
            await self._top_up(plan.top_up[1])


async def _hold(call: PhoneCall, plan: tuple[float, float] | None) -> None:
    if plan is None:
        return
    with contextlib.suppress(CallEndedError, ReofferRefusedError):
        await call.answered()
        await asyncio.sleep(plan[0])
        await call.hold()
        await asyncio.sleep(plan[1])
        await call.resume()


def _ended(call: PhoneCall) -> asyncio.Task[object]:
    return asyncio.create_task(_wait(call))


async def _wait(call: PhoneCall) -> None:
    await call.wait_for_end()
