"""What a running switch does again and again beside its calls: its heartbeat, and looking for what has become due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from ledger.errors import LedgerError
from ledger.jobs import post_due
from ledger.liveness import this_process
from ledger.outcomes import Refused
from ledger.records import OpenCall
from switch.app.world import World
from switch.call.names import forget_names
from switch.call.reception import Reception
from switch.call.recovery import recover
from switch.call.services import Services
from switch.call.settlement import settle_when_due

HEARTBEAT_SECONDS: Final = 1.0
"""How far apart heartbeats are, and so how much talk a crash can cost the house."""
OUTSIDE_SECONDS: Final = 0.5
"""How far apart looks at what other processes changed are: a deposit, or a block, is heard of within half a second."""
SWEEP_SECONDS: Final = 60.0
SETTLING_SECONDS: Final = 1.0
"""Between two looks for what is owed to the payment processor, where it is not known at once."""
POSTING_SECONDS: Final = (1.0, 60.0)
"""How far apart looks for charges to be posted are: a quarter of their delay, within these."""


@asynccontextmanager
async def chores(
    services: Services, reception: Reception, beat_seconds: float, posting_seconds: float | None
) -> AsyncIterator[None]:
    """What is done again and again while the switch runs; None: nobody is charged later."""
    repeated = [
        _repeat(_Beat(services), beat_seconds, services.log),
        services.book.watch_outside(OUTSIDE_SECONDS),
        _repeat(reception.cut_blocked, OUTSIDE_SECONDS, services.log),
        _repeat(partial(_sweep, services), SWEEP_SECONDS, services.log),
    ]
    if services.gateway is not None:
        repeated.append(_repeat(partial(settle_when_due, services), SETTLING_SECONDS, services.log))
    if posting_seconds is not None:
        repeated.append(_repeat(partial(_post, services), posting_seconds, services.log))
    tasks = [asyncio.create_task(chore) for chore in repeated]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def posting_seconds(world: World) -> float | None:
    """How often to look for charges whose time has come; None where no account is charged later."""
    if not any(opening.settles_later for opening in world.openings.values()):
        return None
    least, most = POSTING_SECONDS
    return min(most, max(least, world.pricing.settles_after.total_seconds() / 4))


async def _repeat(chore: Callable[[], Awaitable[None]], seconds: float, log: Any) -> None:
    """Do a chore again and again; what goes wrong once is told, and tried again."""
    while True:
        try:
            await chore()
        except LedgerError as error:
            log.error("book_does_not_answer", error=str(error))
        except Exception:  # a fault of ours must not end the heartbeat
            log.exception("chore_failed")
        await asyncio.sleep(seconds)


class _Beat:
    """Stores that this process lives, and settles what others left when they died."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._release = _Release(services)

    async def __call__(self) -> None:
        services = self._services
        now = services.clock.utc(services.clock.now())
        beaten = await services.book.beat(services.process_id, now)
        if isinstance(beaten, Refused):
            # Another process took us for dead and settled our calls, after a sleep or a clock that leapt.
            services.log.error("process_was_declared_dead", why=beaten.why.value)
            await services.book.register(this_process(services.process_id, now))
            return
        services.busy.others = frozenset(process.process_id for process in beaten.others)
        if beaten.others:
            recovered = await recover(
                services.book,
                beaten.others,
                now=now,
                settles_after=services.pricing.settles_after,
                release=self._release,
                log=services.log,
            )
            for record in recovered:
                services.alerts.ended(record, None)


class _Release:
    """Sends a BYE in each dialog of a dead process, once, though its call may be settled only at a later try.

    What was spoken for its call alone is removed.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        """Both legs of each call the dead left open: no more than they had."""

    def __call__(self, call: OpenCall) -> None:
        if self._services.names is not None:
            forget_names(self._services.names, call.call_id)
        for snapshot in call.legs:
            if snapshot and snapshot not in self._told:
                self._told.add(snapshot)
                task = asyncio.create_task(self._bye(snapshot))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _bye(self, snapshot: str) -> None:
        try:
            response = await self._services.agent.bye_from_snapshot(snapshot)
        except ValueError as error:
            self._services.log.error("leg_not_released", error=str(error))
            return
        self._services.log.info("leg_released", status=response.status)


async def _sweep(services: Services) -> None:
    """Forget expired registrations."""
    services.registrar.sweep(services.clock.now())


async def _post(services: Services) -> None:
    """Post the charges of calls that were to be charged later, when their time has come (S3-9)."""
    for call_id in await post_due(services.book, services.clock.utc(services.clock.now())):
        services.log.info("charge_posted", call_id=call_id)
