"""Shrinking: leave out parts of a failing plan, one at a time, for as long as it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.swarm.plan import Plan
from scenarios.swarm.run import Outcome

RUNS_MAX = 200
"""Runs a shrink may take: some two minutes."""


def shrink(plan: Plan, run: Callable[[Plan], Outcome]) -> tuple[tuple[str, ...], Plan]:
    """Return the names of the parts that may be left out, and the plan without them."""
    wanted = kinds(run(plan).faults)
    dropped: list[str] = []
    runs = 0
    is_smaller = bool(wanted)
    while is_smaller:
        is_smaller = False
        for name in plan.parts:
            runs += 1
            if runs > RUNS_MAX:
                return tuple(dropped), plan
            candidate = plan.without(name)
            if kinds(run(candidate).faults) & wanted:
                plan, is_smaller = candidate, True
                dropped.append(name)
    return tuple(dropped), plan


def kinds(faults: tuple[str, ...]) -> frozenset[str]:
    """What sort of faults these are: their first word."""
    return frozenset(fault.partition(" ")[0] for fault in faults)
