"""Makes the calls of a plan when they are due, whatever the target does, and counts what comes of them."""

from __future__ import annotations

import asyncio
import math
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from random import Random, SystemRandom
from typing import Final

from scenarios.load.arrivals import arrivals, duration_of
from scenarios.load.attempt import Attempt
from scenarios.load.media import Media
from scenarios.load.parties import Parties
from scenarios.load.plan import Behaviour, KindTable, Plan
from scenarios.load.registering import RENEW_AFTER, register_all
from scenarios.load.scoring import score, score_setup
from scenarios.load.signalling import Signalling, open_signalling
from scenarios.load.tally import LATE_START, Second, Tally
from scenarios.load.telephones import Pool, callee_of, caller_of

TICK: Final = 0.02
"""How often the event loop's lag is looked at."""
BUSY_SECONDS: Final = 10
"""A core is called busy by the mean over so many seconds; one second may hold a garbage collection."""
DRAIN_SECONDS: Final = 60.0
"""How long calls may go on after the last one began, beyond their own length; then they are abandoned."""
SETUPS_KEPT: Final = 180
"""Seconds after which the setup times of a second become percentiles: three times the longest usual patience."""
STRAY_COUNTERS: Final = ("faults", "stray_response", "malformed", "unknown_dialog", "send_errors", "leg_events_dropped")


@dataclass(slots=True)
class Progress:
    """What can be watched while it runs."""

    tally: Tally
    duration: float
    began_at: float | None = None
    in_progress: int = 0
    phase: str = "registering"
    registered: int = 0


class Generator:
    """One run of a plan in one process.

    Args:
        plan: What to do.
        target: Where the calls go.
        seed: Of arrivals and mix. Identifiers are always new, as a target may remember those of an earlier run.
        clock: Seconds, finer than the loop's.
    """

    def __init__(
        self,
        plan: Plan,
        target: tuple[str, int],
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self.target = target
        self.tally = Tally()
        self.progress = Progress(self.tally, duration_of(plan.shape))
        self._clock = clock
        self._random = Random(seed)
        self._identities = SystemRandom()
        self._is_stopping = asyncio.Event()
        self._callers = Pool(plan.callers.first, plan.callers.count)
        # Kinds that name the same telephones share them: a telephone takes one call at a time.
        pools = {table: Pool(table.first, table.count) for kind in plan.mix if (table := kind.callees) is not None}
        self._callees = {kind.title: pools[kind.callees] for kind in plan.mix if kind.callees is not None}
        self._common = None if plan.callees is None else Pool(plan.callees.first, plan.callees.count)
        self._tasks: set[asyncio.Task[None]] = set()
        self._setups: dict[int, list[float]] = {}
        self._lag = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the first call was to begin."""
        began_at = self.progress.began_at
        return 0.0 if began_at is None else self._clock() - began_at

    def stop(self) -> None:
        """Begin no further calls; those that live are hung up."""
        self._is_stopping.set()

    async def run(self) -> Tally:
        """Make all calls, wait for their ends, and return the counts.

        Raises:
            OSError: A socket cannot be had.
            ConnectionError: A telephone was not registered.
        """
        async with self._opened() as (parties, inside, outside, media):
            register = partial(register_all, self.plan, self.target, inside, outside, self._tell_registered)
            granted = await register()
            beside = [asyncio.create_task(self._watch())]
            if granted is not None:
                beside.append(asyncio.create_task(self._renew(register, granted)))
            try:
                await self._begin_calls(parties)
                await self._drain()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                await self._abandon()
                self._take_counts(inside, outside, media)
        self.progress.phase = "done"
        return self.tally

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Parties, Signalling, Signalling | None, Media]]:
        plan = self.plan
        media = Media(plan.media_host, self._clock, self._identities, has_audio=plan.media)
        inside = outside = None
        try:
            inside = await open_signalling(plan.callers.listen, self._identities, self._clock)
            if plan.callees is not None:
                outside = await open_signalling(plan.callees.listen, self._identities, self._clock)
            parties = Parties(
                plan,
                self.target,
                inside=inside,
                outside=outside,
                media=media,
                clock=self._clock,
                on_settled=self._settle,
            )
            try:
                yield parties, inside, outside, media
            finally:
                await parties.close()
        finally:
            for signalling in (inside, outside):
                if signalling is not None:
                    await signalling.close()
            media.close()

    async def _begin_calls(self, parties: Parties) -> None:
        """Begin each call at its instant, never before it."""
        self.progress.phase = "calling"
        began_at = self.progress.began_at = self._clock()
        weights = [kind.weight for kind in self.plan.mix]
        for due in arrivals(self.plan.shape, self.plan.arrivals, self._random):
            kind = self._random.choices(self.plan.mix, weights)[0]
            if await self._is_stopped_before(began_at + due):
                break
            self._begin(parties, kind, began_at + due)
        if not self._is_stopping.is_set():
            await self._is_stopped_before(began_at + self.progress.duration)
        self.tally.elapsed = self._clock() - began_at

    async def _is_stopped_before(self, instant: float) -> bool:
        """Wait until then; True if the run is stopped before.

        The loop's timers have milliseconds: rounded up, so that no call begins early and looks fast.
        """
        while (left := instant - self._clock()) > 0:
            if self._is_stopping.is_set():
                return True
            await asyncio.sleep(min(0.1, math.ceil(left * 1000) / 1000))
        if instant - self._clock() > -LATE_START:
            return self._is_stopping.is_set()
        await asyncio.sleep(0)  # behind: let the network be heard all the same
        return self._is_stopping.is_set()

    def _begin(self, parties: Parties, kind: KindTable, intended_at: float) -> None:
        self.tally.started += 1
        row = self._row(intended_at)
        row.intended += 1
        task = asyncio.create_task(self._call(parties, kind, intended_at))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.progress.in_progress = len(self._tasks)
        self.tally.in_progress_max = max(self.tally.in_progress_max, len(self._tasks))

    async def _call(self, parties: Parties, kind: KindTable, intended_at: float) -> None:
        """One call, and its counts."""
        row = self._row(intended_at)
        place = self._callers.take()
        callees, table = self._callees.get(kind.title, self._common), self.plan.called(kind)
        called = None if callees is None else callees.take()
        if place is None or (callees is not None and called is None):
            for pool, index in ((self._callers, place), (callees, called)):
                if pool is not None and index is not None:
                    pool.give_back(index)
            side = "caller" if place is None else "called party"
            self.tally.finish(kind.title, f"no free {side}")
            row.failed += 1
            return
        callee = None if called is None or table is None else callee_of(table, called)
        attempt = Attempt(
            kind,
            intended_at,
            caller_of(self.plan.callers, place),
            callee,
            asyncio.get_running_loop().create_future(),
        )
        names = () if callee is None else {name.removeprefix("+") for name in callee.names}
        for name in names:
            parties.awaited[name] = attempt
        row.started += 1
        try:
            await parties.call(attempt)
            await parties.outlive(attempt)
        finally:
            for name in names:
                parties.awaited.pop(name, None)
            self._callers.give_back(place)
            is_used_up = kind.behaviour is Behaviour.BLOCK and attempt.reached_at is not None
            if callees is not None and called is not None and not is_used_up:
                callees.give_back(called)
            self._finish(attempt, row)

    def _finish(self, attempt: Attempt, row: Second) -> None:
        has_callees = self._common is not None
        failure = score(self.tally, attempt, has_callees=has_callees, has_audio=self.plan.media)
        if failure is None:
            row.succeeded += 1
        else:
            row.failed += 1
        if attempt.answered_at is not None:
            row.answered += 1
        self.progress.in_progress = len(self._tasks) - 1

    def _settle(self, attempt: Attempt) -> None:
        """The INVITE has its final answer: the live table need not wait for the end of the call."""
        score_setup(self.tally, attempt)
        if attempt.rung_at is not None:
            second = int(attempt.intended_at - (self.progress.began_at or 0.0))
            self._setups.setdefault(second, []).append(attempt.rung_at - attempt.intended_at)

    async def _renew(self, register: Callable[[], Awaitable[int | None]], granted: int) -> None:
        """Register again and again; what is refused then is a note, and its calls fail by themselves."""
        while True:
            await asyncio.sleep(granted * RENEW_AFTER)
            try:
                await register()
            except ConnectionError:
                self.tally.generator.strays["registrations not renewed"] += 1

    def _tell_registered(self, count: int) -> None:
        self.progress.registered = count

    def _row(self, instant: float) -> Second:
        return self.tally.second(int(instant - (self.progress.began_at or instant)))

    async def _drain(self) -> None:
        """Wait for the calls that live; a stopped run hangs up at once."""
        self.progress.phase = "draining"
        longest = max(kind.patience + kind.holds + (kind.cut_after or 0.0) for kind in self.plan.mix)
        until = self._clock() + longest + DRAIN_SECONDS
        while self._tasks and self._clock() < until and not self._is_stopping.is_set():
            await asyncio.wait(self._tasks, timeout=0.1)

    async def _abandon(self) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    # Watching itself.

    async def _watch(self) -> None:
        """Note once a second what the generator costs, and how late its loop is."""
        counts = self.tally.generator
        started, cpu_began = self._clock(), time.process_time()
        second, cpu = 0, cpu_began
        recent: list[float] = []
        while True:
            due = self._clock() + TICK
            await asyncio.sleep(TICK)
            now = self._clock()
            self._lag = max(self._lag, now - due)
            counts.lag_max = max(counts.lag_max, now - due)
            if int(now - started) > second:
                used, cpu = time.process_time() - cpu, time.process_time()
                row = self.tally.second(second)
                row.cpu, row.lag, row.in_progress = used, self._lag, len(self._tasks)
                recent = [*recent, used][-BUSY_SECONDS:]
                counts.busiest = max(counts.busiest, sum(recent) / len(recent))
                self._close_seconds(second - SETUPS_KEPT)
                second, self._lag = int(now - started), 0.0
            counts.cpu_seconds = time.process_time() - cpu_began
            counts.wall_seconds = now - started

    def _close_seconds(self, until: int) -> None:
        """Turn the setup times of these seconds into percentiles."""
        for second in [second for second in self._setups if second < until]:
            setups = sorted(self._setups.pop(second))
            row = self.tally.second(second)
            row.setup_p50 = setups[len(setups) // 2]
            row.setup_p99 = setups[min(len(setups) - 1, len(setups) * 99 // 100)]
            row.setup_max = setups[-1]

    def _take_counts(self, inside: Signalling, outside: Signalling | None, media: Media) -> None:
        tally = self.tally
        self._close_seconds(len(tally.seconds) + 1)
        tally.packets_sent, tally.packets_received = media.sent, media.received
        strays = tally.generator.strays
        strays.update(media.strays)
        for signalling in filter(None, (inside, outside)):
            counters = signalling.agent.counters
            strays.update({name: counters[name] for name in STRAY_COUNTERS if counters[name]})
        tally.statuses.update(inside.statuses)


def raise_file_limit() -> None:
    """Let this process open as many files as it may: a call with audio takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # some systems name a limit they do not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
