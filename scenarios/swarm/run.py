"""One run of a plan on virtual time: from an empty book to its verdict."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from ledger.money import AccountId, Money
from ledger.outcomes import Refused
from ledger.requests import Deposit
from ledger.store import Book
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from scenarios.swarm import plan as plans
from scenarios.swarm.cards import given_up_at
from scenarios.swarm.counter import Counter
from scenarios.swarm.facility_plan import Suspected
from scenarios.swarm.holders import phone_line
from scenarios.swarm.house import BOOK_FILE, NOON, PORTS, House
from scenarios.swarm.invariants import check
from scenarios.swarm.mailroom import Mailroom
from scenarios.swarm.observed import Barred, Observed, Paid
from scenarios.swarm.people import Callee, Caller, Household
from scenarios.swarm.plan import SWITCH_HOST, Plan
from scenarios.swarm.processor import Processor
from scenarios.swarm.service_plan import AtCounter, AtMailroom, OnLine
from scenarios.swarm.setting import build, close, empty_book, lay_cables, new_folder, nowhere, silence
from scenarios.swarm.tap import Tap
from switch.app.switch import Switch
from switch.call.timeline import Timeline
from switch.directory.blocks import BlockKind, Blocks
from switch.directory.flags import Suspicion

LIMIT_SECONDS: Final = 7200.0
"""Virtual seconds after which a run counts as stalled: three times what the longest plan takes."""
LINGER_SECONDS: Final = 32.5
"""64*T1, and half a second for timers set a little later (RFC 3261 §17.1.1.1)."""
SETTLE_SECONDS: Final = 600.0
"""Longer than the longest talk and every retransmission; what still goes on then goes on for ever."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    seed: int
    faults: tuple[str, ...]
    digest: str
    virtual_seconds: float
    calls: int
    charged: int
    timelines: tuple[Timeline, ...] = ()


def run_plan(plan: Plan) -> Outcome:
    """Run a plan and judge it. Whatever the run raises is a fault too."""
    empty = empty_book()
    folder = new_folder()
    network = Network(Random(f"swarm/{plan.seed}/network"))
    loop = VirtualLoop(network, limit=LIMIT_SECONDS)
    try:
        with silence():
            return loop.run_until_complete(_run(plan, folder, network, empty))
    except Exception as error:  # noqa: BLE001 - a stall, a failed assertion: the fault this run has found
        words = f"{type(error).__name__}: {error}".splitlines()
        return Outcome(plan.seed, (" ".join(words)[:600],), "", loop.time(), 0, 0)
    finally:
        close(loop)
        shutil.rmtree(folder, ignore_errors=True)


async def _run(plan: Plan, folder: Path, network: Network, empty: bytes) -> Outcome:
    loop = asyncio.get_running_loop()
    tap = Tap()
    network.observe(tap.note)
    lay_cables(plan, network)
    (folder / BOOK_FILE).write_bytes(empty)
    house = House(
        seed=plan.seed, world=build(plan, folder), folder=folder, ports=PORTS, has_media=plan.has_media, log=nowhere()
    )
    house.troubles = [event for event in plan.events if isinstance(event, plans.BookTrouble)]
    observed = Observed(plan=plan, tap=tap, lives=house.lives, troubled=house.troubled, taped=house.taped)
    observed.folder = folder
    if plan.takes_cards:
        troubles = [event for event in plan.events if isinstance(event, plans.ProcessorTrouble)]
        house.processor = observed.processor = Processor(troubles, house.is_living)
    async with AsyncExitStack() as stack:
        outside = await Book.open(str(folder / BOOK_FILE), is_inline=not plan.has_media)
        await stack.enter_async_context(outside)
        stack.push_async_callback(house.stop)
        await house.start()
        await _play(plan, house, outside, observed, stack)
        await settle(house, tap)
        await house.mourn()
        await check(observed, house, outside)
    return Outcome(
        seed=plan.seed,
        faults=tuple(observed.faults),
        digest=observed.digest(),
        virtual_seconds=loop.time(),
        calls=len(observed.records),
        charged=sum(record.charged.micros for record in observed.records),
        timelines=tuple(observed.timelines.values()),
    )


async def _play(plan: Plan, house: House, outside: Book, observed: Observed, stack: AsyncExitStack) -> None:
    """Let people and events run until all calls were made."""
    homes: list[Household] = []

    def home(user: str, host: str) -> Household:
        made = Household(user, host, seed=plan.seed, has_media=plan.has_media)
        stack.push_async_callback(made.put_away)
        homes.append(made)
        return made

    def keep(switch: Switch) -> None:
        switch.services.ended.append(lambda record, timeline: observed.timelines.update({record.call_id: timeline}))

    house.on_start.append(keep)
    if house.switch is not None:
        keep(house.switch)
    callers = [Caller(home(station.user, station.host), station) for station in plan.stations]
    callees = []
    for number in plan.numbers:
        if number.user is not None:
            top_up = payer(outside, number, observed)
            callees.append(Callee(home(number.user, number.host), number, top_up, observed.accepted))
    observed.callers, observed.callees = callers, callees
    for callee in callees:
        await callee.home.register()
    waiting = [asyncio.create_task(callee.run()) for callee in callees]
    counter = Counter(house.world, outside, observed)
    events = [asyncio.create_task(_happen(event, house, outside, counter, observed)) for event in plan.events]
    async with asyncio.TaskGroup() as stations:
        for index, caller in enumerate(callers):
            stations.create_task(_use(plan, index, caller))
    observed.is_over = True
    observed.accepted.set()
    if observed.processor is not None:
        observed.processor.first.set()
    for event in events:
        await event
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in waiting:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _use(plan: Plan, index: int, caller: Caller) -> None:
    for call in plan.calls:
        if call.station == index:
            await caller.call(call, plan.people[call.person], plan.numbers[call.number])


async def _happen(event: plans.Event, house: House, outside: Book, counter: Counter, observed: Observed) -> None:
    """One event of the plan, at its instant."""
    if event == plans.NOTHING:
        return
    if isinstance(event, plans.OnAccept):
        await _strike(observed.accepted, event, house, observed)
        return
    if isinstance(event, plans.OnCard):
        if observed.processor is not None:
            await _strike(observed.processor.first, event, house, observed)
        return
    await asyncio.sleep(event.at)
    match event:
        case plans.Deposited(_, account, micros):
            await pay(outside, account, micros, observed)
        case AtCounter() | AtMailroom() | OnLine():
            await _serve(event, house, outside, counter, observed)
        case plans.BlockedByAgent(_, index):
            await bar(outside, observed.plan.numbers[index].number, observed)
        case Suspected(_, index) if house.switch is not None:
            number = observed.plan.numbers[index].number
            if house.switch.reception.suspect(number, Suspicion.THREE_WAY):
                observed.suspected.append((house.loop.time(), number))
        case plans.Parted(_, host, seconds):
            house.loop.network.cut(host, SWITCH_HOST)
            observed.parted.append((house.loop.time(), house.loop.time() + seconds, host))
            await asyncio.sleep(seconds)
            house.loop.network.heal(host, SWITCH_HOST)
        case plans.Killed():
            await _restart(event, house, observed)
        case plans.BookTrouble() | plans.ProcessorTrouble():
            pass  # The house has it, or the processor.


async def _serve(
    event: AtCounter | AtMailroom | OnLine, house: House, outside: Book, counter: Counter, observed: Observed
) -> None:
    """The owner of a number goes to customer service, writes, or calls the family's line."""
    number, mail = observed.plan.numbers[event.number], observed.plan.mail
    match event:
        case AtCounter():
            await counter.serve(event, number)
        case AtMailroom() if mail is not None:
            await Mailroom(house.world, outside, counter, observed).serve(event, number, mail)
        case OnLine():
            home = next((callee.home for callee in observed.callees if callee.number == number), None)
            if home is not None:
                await phone_line(home, number, event, observed.phoned)


async def _strike(
    moment: asyncio.Event, event: plans.OnAccept | plans.OnCard, house: House, observed: Observed
) -> None:
    """Let something happen about when the first call is accepted, or the first card checked, if one is."""
    await moment.wait()
    if observed.is_over:
        return
    await asyncio.sleep(event.after)
    if isinstance(event.event, plans.BookTrouble):
        house.troubles.append(replace(event.event, at=house.loop.time()))
    else:
        await _restart(event.event, house, observed)


async def _restart(event: plans.Killed, house: House, observed: Observed) -> None:
    """End the switch and start it again, unless it is down already."""
    if house.switch is None:
        return
    if event.is_orderly:
        observed.stops.append(house.loop.time())
        await house.stop()
    else:
        for _ in range(event.rounds):
            await asyncio.sleep(0)
        at = house.loop.time()
        if not await house.kill():
            return  # Somebody else ended it in these rounds.
        observed.kills.append(at)
    await asyncio.sleep(event.after)
    await house.start(event.step)
    for callee in observed.callees:
        await callee.home.register()


async def pay(outside: Book, account: str, micros: int, observed: Observed) -> None:
    """Deposit money, and note when."""
    number = len(observed.paid) + 1
    paid = Paid(asyncio.get_running_loop().time(), account, micros)
    observed.paid.append(paid)
    deposit = Deposit(f"swarm/{number}", AccountId(account), Money(micros), "swarm", NOON)
    if isinstance(await outside.submit(deposit), Refused):
        paid.micros = 0  # An account that is to be sold by card later.
    paid.stored_at = asyncio.get_running_loop().time()


async def bar(outside: Book, number: str, observed: Observed) -> None:
    """Block a number as customer service does, and note when."""
    barred = Barred(asyncio.get_running_loop().time(), number)
    observed.barred.append(barred)
    if await Blocks(outside).block(number=number, facility=plans.FACILITY, kind=BlockKind.AGENT, why="swarm", at=NOON):
        barred.stored_at = asyncio.get_running_loop().time()


def payer(outside: Book, number: plans.NumberPlan, observed: Observed) -> Any:
    """What a called party does to top up the account that pays for its calls."""

    async def top_up(micros: int) -> None:
        if number.advancepay is not None or number.is_household:
            account = plans.HOUSEHOLD if number.is_household else f"advancepay:{number.number}"
            # What was begun is finished: a program that deposits does not die with the call.
            await asyncio.shield(asyncio.ensure_future(pay(outside, account, micros, observed)))

    return top_up


async def settle(house: House, tap: Tap) -> None:
    """Wait until every call is over and the network has been quiet for 64*T1."""
    if house.switch is None:
        await house.start()
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_SECONDS
    busy_at = max(loop.time(), house.processor.healthy_at if house.processor is not None else 0.0)
    given_up = _given_up_at(house)
    if given_up < until - LINGER_SECONDS:  # A clock that was set back is not waited for.
        busy_at = max(busy_at, given_up)
    while loop.time() < until:
        switch = house.switch
        assert switch is not None
        if switch.reception.call_count:
            busy_at = loop.time() + 1.0
        left = max(busy_at, tap.last_at) + LINGER_SECONDS - loop.time()
        if left <= 0:
            return
        await asyncio.sleep(1.0 if busy_at > loop.time() else left)


def _given_up_at(house: House) -> float:
    """When the last deposit that was asked for on the line is given up, where its switch may not have decided it."""
    if house.processor is None or not (len(house.lives) > 1 or house.troubled):
        return 0.0
    asked = [each.at for each in house.processor.asked if each.act == "authorise" and each.payment.startswith("line-")]
    found = [0.0]
    for at in asked:
        life = next(life for life in reversed(house.lives) if life.began <= at)
        found.append(given_up_at(life.utc + timedelta(seconds=at - life.began), house.lives[-1]))
    return max(found)
