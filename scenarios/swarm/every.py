"""Every death of every case, side by side in processes of their own."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from scenarios.swarm.cases import CASES
from scenarios.swarm.crashes import Verdict, run_crash
from scenarios.swarm.many import HASH_SEED, SEEDS_A_PROCESS
from scenarios.swarm.points import Kind, Point

CHUNK: Final = 8
"""Runs handed to a process at once: a few seconds of work."""

COLLECTED_AFTER: Final = (50_000, 20, 50)
"""Thresholds of the garbage collector: a run leaves some thousand objects in cycles, and many more that stay."""

Task = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class Tally:
    """What the runs of one case came to."""

    case: str
    points: int = 0
    runs: int = 0
    second_runs: int = 0
    failed: list[Verdict] = field(default_factory=list)
    lost_max: float = 0.0

    def add(self, verdict: Verdict) -> None:
        """Count a run."""
        if len(verdict.deaths) == 1:
            self.runs += 1
        else:
            self.second_runs += 1
        if verdict.faults:
            self.failed.append(verdict)
        self.lost_max = max([self.lost_max, *verdict.lost])


def firsts(points: Iterable[Point]) -> tuple[int, ...]:
    """Where the first switch dies if the second is to die at every point: after each commit that moved something."""
    return tuple(point.number for point in points if point.kind is Kind.COMMITTED and point.is_money)


def around_money(points: Sequence[Point], kinds: frozenset[Kind]) -> tuple[int, ...]:
    """The points of these kinds at the instants at which the book changes more than a heartbeat."""
    instants = {point.at for point in points if point.is_money}
    return tuple(point.number for point in points if point.at in instants and point.kind in kinds)


def run_every(case: str, *, jobs: int, is_twice: bool) -> Iterator[Tally]:
    """Kill a case at each of its points, then twice over if wanted; yields the tally again and again."""
    counted = run_crash(CASES[case], ())
    tally = Tally(case, len(counted.points), failed=[counted] if counted.faults else [])
    yield tally
    os.environ["PYTHONHASHSEED"] = HASH_SEED
    with multiprocessing.get_context("spawn").Pool(jobs, _prepare, maxtasksperchild=SEEDS_A_PROCESS) as pool:
        for verdict in pool.imap(_run, [(case, (point.number,)) for point in counted.points], chunksize=CHUNK):
            tally.add(verdict)
            yield tally
        if not is_twice:
            return
        tasks: list[Task] = []
        for first in firsts(counted.points):
            recovery = run_crash(CASES[case], (first,))
            tasks += [(case, (first, point.number)) for point in recovery.points]
        for verdict in pool.imap(_run, tasks, chunksize=CHUNK):
            tally.add(verdict)
            yield tally


def _prepare() -> None:
    gc.set_threshold(*COLLECTED_AFTER)


def _run(task: Task) -> Verdict:
    """One run, without what only its own process needs."""
    case, deaths = task
    verdict = run_crash(CASES[case], deaths)
    verdict.points = ()
    return verdict
