"""Many seeds, side by side in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import count, islice
from random import Random
from typing import Final

from scenarios.swarm.run import Outcome, run_plan
from scenarios.swarm.world import make_plan

HASH_SEED = "0"
"""Sets of text iterate alike in every process, or a run would not be the same run (docs/architecture.md)."""

SEEDS_A_PROCESS = 400
"""A process is replaced after so many runs, so that what libraries keep cannot grow."""
AHEAD: Final = 8
"""So many seeds for each process are given ahead, so that none waits while another runs a long one."""


def has_media(seed: int, share: float) -> bool:
    """Whether this seed runs with media, where a share of all seeds does; the same for ever."""
    return Random(f"swarm/{seed}/media").random() < share


def run_seed(task: tuple[int, float]) -> Outcome:
    """Run one seed, without what cannot travel between processes."""
    seed, share = task
    outcome = run_plan(make_plan(seed, has_media=has_media(seed, share)))
    return Outcome(
        outcome.seed, outcome.faults, outcome.digest, outcome.virtual_seconds, outcome.calls, outcome.charged
    )


def run_many(
    *, first: int, seeds: int | None, share: float, jobs: int, seconds: float | None, least: int = 0
) -> Iterator[Outcome]:
    """Run seeds from `first` on, until enough were run or the time is over; outcomes in the order of seeds.

    `least` seeds are run however long they take.
    """
    until = None if seconds is None else time.monotonic() + seconds
    done = 0
    tasks = ((seed, share) for seed in islice(count(first), seeds))
    if jobs == 1:
        for task in tasks:
            if until is not None and done >= least and time.monotonic() >= until:
                return
            done += 1
            yield run_seed(task)
        return
    os.environ["PYTHONHASHSEED"] = HASH_SEED
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=SEEDS_A_PROCESS) as pool:
        given = deque(pool.apply_async(run_seed, (task,)) for task in islice(tasks, jobs * AHEAD))
        while given:
            yield given.popleft().get()
            done += 1
            is_time_over = until is not None and done + len(given) >= least and time.monotonic() >= until
            if not is_time_over:  # What was given is finished.
                given.extend(pool.apply_async(run_seed, (task,)) for task in islice(tasks, 1))


def is_hash_fixed() -> bool:
    """Whether this process hashes text as every other run does."""
    return sys.flags.hash_randomization == 0
