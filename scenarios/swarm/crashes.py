"""A paid call killed at every point: counted once, then played again to die at each (`scenarios.swarm.points`).

A second switch starts on the same book and settles; it may die as well, at any point of its first seconds, and
a third one ends what both left. Then people call again, and everything is judged: by the invariants and the
model of the swarm, and by what the book held at the instant of death, which says to the micro what the
talk must cost.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from ledger.hold import Hold
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.store import Book
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from scenarios.swarm.cases import PLENTY, Case
from scenarios.swarm.house import BOOK_FILE, PORTS, House
from scenarios.swarm.invariants import check
from scenarios.swarm.observed import Observed
from scenarios.swarm.people import Callee, Caller, Household
from scenarios.swarm.points import Point, Points, counted
from scenarios.swarm.run import LIMIT_SECONDS, pay, payer, settle
from scenarios.swarm.setting import build, close, empty_book, lay_cables, new_folder, nowhere, silence
from scenarios.swarm.tap import Tap
from switch.app.switch import Switch

RECOVERY_SECONDS: Final = 0.7
"""Points of a recovery are those of so long: the start, the first heartbeat, which settles, each BYE and its answer."""
AFTERWARDS_SECONDS: Final = 1.0
"""After a call that nobody killed its points are counted so much longer: what follows the record belongs to it."""
NEVER_SECONDS: Final = 120.0
"""Longer than a call: a point that was not reached by then never is."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a switch left in its book when it died."""

    at: float
    processes: dict[str, Process]
    calls: tuple[OpenCall, ...]
    holds: tuple[Hold, ...]
    records: tuple[CallRecord, ...]


@dataclass(slots=True)
class Verdict:
    """What a run came to.

    Attributes:
        points: Those of the call if nobody died; of the recovery if one switch did.
        lost: Seconds of talk that were not charged, for each death.
    """

    case: str
    deaths: tuple[int, ...]
    faults: tuple[str, ...]
    points: tuple[Point, ...]
    struck: tuple[str, ...] = ()
    lost: tuple[float, ...] = ()
    digest: str = ""


@dataclass(slots=True)
class Story:
    """One run while it goes on."""

    case: Case
    deaths: tuple[int, ...]
    house: House
    outside: Book
    observed: Observed
    points: Points
    struck: asyncio.Event
    left: list[Left] = field(default_factory=list)
    struck_at: list[Point] = field(default_factory=list)


def run_crash(case: Case, deaths: tuple[int, ...]) -> Verdict:
    """Play a case; the first switch dies at the first of these points, the second one at the second."""
    empty = empty_book()
    folder = new_folder()
    network = Network(Random(f"crash/{case.name}/network"))
    loop = VirtualLoop(network, limit=LIMIT_SECONDS)
    try:
        with silence():
            return loop.run_until_complete(_run(case, deaths, folder, loop, empty))
    except Exception as error:  # noqa: BLE001 - a stall, a failed assertion: the fault this run has found
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return Verdict(case.name, deaths, (words[:600],), ())
    finally:
        close(loop)
        shutil.rmtree(folder, ignore_errors=True)


async def _run(case: Case, deaths: tuple[int, ...], folder: Path, loop: VirtualLoop, empty: bytes) -> Verdict:
    tap = Tap()
    loop.network.observe(tap.note)
    lay_cables(case.plan, loop.network)
    (folder / BOOK_FILE).write_bytes(empty)
    house = House(
        seed=0, world=build(case.plan, folder), folder=folder, ports=PORTS, has_media=False, log=nowhere()
    )  # fmt: skip
    observed = Observed(plan=case.plan, tap=tap, lives=house.lives, troubled=[], taped=house.taped, folder=folder)
    struck = asyncio.Event()

    def strike() -> None:
        observed.kills.append(loop.time())
        house.vanish()
        struck.set()

    async with AsyncExitStack() as stack:
        points = stack.enter_context(counted(loop, strike))
        outside = await Book.open(str(folder / BOOK_FILE), is_inline=True)
        await stack.enter_async_context(outside)
        stack.push_async_callback(house.stop)
        story = Story(case, deaths, house, outside, observed, points, struck)
        await _play(story, stack)
        seen = tuple(points.seen)
        await settle(house, tap)
        await house.mourn()
        await check(observed, house, outside)
        lost = await _judge(story)
    return Verdict(
        case=case.name,
        deaths=deaths,
        faults=tuple(observed.faults),
        points=seen,
        struck=tuple(str(point) for point in story.struck_at),
        lost=lost,
        digest=observed.digest(),
    )


async def _play(story: Story, stack: AsyncExitStack) -> None:
    """The call, the deaths in it, and the next call."""
    plan, house, observed, points = story.case.plan, story.house, story.observed, story.points
    loop = house.loop
    (station,), (number,) = plan.stations, plan.numbers
    assert number.user is not None
    homes = [Household(user, host, seed=0, has_media=False) for user, host in (
        (station.user, station.host), (number.user, number.host)
    )]  # fmt: skip
    for home in homes:
        stack.push_async_callback(home.put_away)

    def keep(switch: Switch) -> None:
        switch.services.ended.append(lambda record, timeline: observed.timelines.update({record.call_id: timeline}))

    house.on_start.append(keep)
    await house.start()
    caller = Caller(homes[0], station)
    callee = Callee(homes[1], number, payer(story.outside, number, observed), observed.accepted)
    observed.callers, observed.callees = [caller], [callee]
    await callee.home.register()
    taking = asyncio.create_task(callee.run())
    points.arm(0, story.deaths[0] if story.deaths else None)
    undertaker = asyncio.create_task(_restart(story))
    try:
        first, again = plan.calls
        await caller.call(first, plan.people[0], number)
        await undertaker
        if not story.deaths:
            await asyncio.sleep(AFTERWARDS_SECONDS)
            points.disarm()
        while callee.taken and callee.taken[-1].ended_at is None:  # noqa: ASYNC110 - people may take a second
            await asyncio.sleep(1.0)
        if number.advancepay is not None:
            await pay(story.outside, f"advancepay:{number.number}", PLENTY, observed)
        await caller.call(again, plan.people[0], number)
        assert loop.time() < LIMIT_SECONDS
    finally:
        undertaker.cancel()
        taking.cancel()
        await asyncio.gather(undertaker, taking, return_exceptions=True)


async def _restart(story: Story) -> None:
    """Bury each switch that dies, look at what it left, and start the next one."""
    house, points = story.house, story.points
    for index in range(len(story.deaths)):
        async with asyncio.timeout(NEVER_SECONDS):
            await story.struck.wait()
        story.struck.clear()
        assert points.struck is not None
        story.struck_at.append(points.struck)
        house.bury()
        story.left.append(await _look(story))
        await asyncio.sleep(story.case.after[index])
        is_last = index + 1 == len(story.deaths)
        points.arm(len(house.lives), None if is_last else story.deaths[index + 1])
        if is_last:
            house.loop.call_later(RECOVERY_SECONDS, points.disarm)
        await house.start(story.case.step[index])
    if story.deaths:
        await story.observed.callees[0].home.register()


async def _look(story: Story) -> Left:
    outside = story.outside
    return Left(
        at=story.observed.kills[-1],
        processes={process.process_id: process for process in await outside.processes()},
        calls=await outside.open_calls(),
        holds=await outside.holds(),
        records=await outside.calls(),
    )


async def _judge(story: Story) -> tuple[float, ...]:
    """What the swarm does not ask, because only here the instant of death is known exactly."""
    judge = Judge(story, {record.call_id: record for record in story.observed.records})
    for left in story.left:
        for call in left.calls:
            judge.settled(call, left)
        for record in left.records:
            if judge.records.get(record.call_id) != record:
                judge.fault(f"the record of {record.call_id} changed after it was made")
    await judge.holds_are_settled()
    judge.parties_are_told()
    judge.next_call_worked()
    return tuple(judge.lost)


@dataclass(slots=True)
class Judge:
    """Looks at one run that is over."""

    story: Story
    records: dict[str, CallRecord]
    lost: list[float] = field(default_factory=list)

    def fault(self, words: str) -> None:
        """Note a fault."""
        self.story.observed.faults.append(f"crash: {words}")

    def settled(self, call: OpenCall, left: Left) -> None:
        """A call that a dead process left open has the record, the talk and the charge that its book said."""
        record, process = self.records.get(call.call_id), left.processes.get(call.process_id)
        if record is None or process is None:
            self.fault(f"{call.call_id} was left open, and has {'no record' if record is None else 'no process'}")
            return
        if record.why != "recovered":
            self.fault(f"{call.call_id} was left open, and its record says {record.why}")
        life = self.story.observed.lives[0]
        died = self.story.left[0].at
        if call.accepted_at is None:
            self._unaccepted(record, died)
            return
        accepted = life.loop_time(call.accepted_at)
        talk = max(timedelta(0), process.beat_at - call.accepted_at)
        prices = self.story.case.plan.prices
        price = prices.of(talk.total_seconds())
        if record.talk != talk or record.charged.micros != price:
            self.fault(f"{call.call_id} costs {record.charged} for {record.talk}, and must {price} for {talk}")
        ends = [
            died,
            *(at for dialog in self._dialogs() if (at := self.story.observed.tap.byes.get(dialog)) is not None),
        ]
        talked = min(ends) - accepted
        if record.charged.micros > prices.of(max(0.0, talked) + TICK_SECONDS):
            self.fault(f"{call.call_id} costs {record.charged}, and they talked {talked:.6f} s")
        held = sum(hold.amount.micros for hold in left.holds if hold.call_id == call.call_id)
        if price > held:
            self.fault(f"{call.call_id}: {held} micros were held, when its talk cost {price}")
        lost = talked - talk.total_seconds()
        self.lost.append(lost)
        if lost > HEARTBEAT_SECONDS + TICK_SECONDS:
            self.fault(f"{call.call_id}: {lost:.3f} s of talk were lost")

    def _unaccepted(self, record: CallRecord, died: float) -> None:
        if record.charged.micros or record.talk:
            self.fault(f"{record.call_id} was not accepted, and costs {record.charged}")
        keys = [
            at for dialog in self._dialogs()
            for key, at in self.story.observed.tap.keys.get(dialog, {}).values()
            if key == "5" and self.story.observed.callees[0].taken and at < died - TICK_SECONDS
            and dialog == self.story.observed.callees[0].taken[0].call_id
        ]  # fmt: skip
        if keys:
            self.fault(
                f"{record.call_id} was accepted {died - keys[0]:.6f} s before the death, and that was not stored"
            )

    def _dialogs(self) -> list[str]:
        """Call-IDs of both legs of the first call."""
        observed = self.story.observed
        taken = [taken.call_id for taken in observed.callees[0].taken if taken.invited_at <= self.story.left[0].at]
        return [observed.callers[0].dialled[0].call_id, *taken[:1]]

    async def holds_are_settled(self) -> None:
        """What was held is captured or given back, and what is captured is the charge."""
        for call_id, record in self.records.items():
            holds = [hold for hold in await self.story.outside.holds() if hold.call_id == call_id]
            captured = sum(hold.captured.micros for hold in holds)
            if captured != record.charged.micros:
                self.fault(f"{call_id}: {captured} micros of its holds are captured, and it costs {record.charged}")

    def parties_are_told(self) -> None:
        """Whoever was in a call when its switch died hears BYE as soon as there is a switch again."""
        if not self.story.left or not self.story.left[0].calls:
            return
        tap = self.story.observed.tap
        call = self.story.left[0].calls[0]
        legs = len(call.legs)
        if call.rate is not None and not legs:
            self.fault(f"{call.call_id} is admitted, and nobody could tell its caller that it is over")
        until = self.story.observed.lives[-1].began + TOLD_SECONDS
        for dialog in self._dialogs()[:legs]:
            ends = [*tap.switch_byes.get(dialog, ()), *((tap.byes[dialog],) if dialog in tap.byes else ())]
            if not any(at <= until for at in ends):
                self.fault(f"nobody told {dialog} that the call is over")

    def next_call_worked(self) -> None:
        """The next call is talked and paid."""
        last = max(self.story.observed.records, key=self._begun, default=None)
        if last is None or not last.talk or last.why != "hung-up" or not last.charged.micros:
            self.fault(f"the next call did not work: {last}")

    def _begun(self, record: CallRecord) -> int:
        """Which call this is of those the caller made: records of two lives are not ordered by their clocks."""
        lives = self.story.observed.lives
        dialled = [call.dialled_at for call in self.story.observed.callers[0].dialled]
        return max(
            (index for index, at in enumerate(dialled) for life in lives
             if life.began <= at and abs(life.loop_time(record.started_at) - at) < 0.5),
            default=-1,
        )  # fmt: skip


HEARTBEAT_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.001
"""Within so little two instants are one: the way of a datagram, and no time passes while a book works inline."""
TOLD_SECONDS: Final = 1.0
