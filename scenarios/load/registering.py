"""Registrations before the first call, and again before they run out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from scenarios.load.plan import Plan
from scenarios.load.signalling import Signalling
from scenarios.load.telephones import callee_of, caller_of

AT_ONCE: Final = 50
"""REGISTERs on their way: a registrar is not what is measured."""
SECONDS: Final = 3600
RENEW_AFTER: Final = 0.7
"""The share of the granted time after which registrations are renewed."""


async def register_all(
    plan: Plan,
    target: tuple[str, int],
    inside: Signalling,
    outside: Signalling | None,
    tell: Callable[[int], None],
) -> int | None:
    """Register every telephone that has to be; returns the shortest time granted, None if none had to.

    `tell` is told how many are done.

    Raises:
        ConnectionError: One was refused, or nobody answered.
    """
    domain = plan.domain or target[0]
    wanted: list[tuple[Signalling, str, str | None]] = []
    if plan.callers.registers:
        for index in range(plan.callers.first, plan.callers.first + plan.callers.count):
            caller = caller_of(plan.callers, index)
            wanted.append((inside, caller.user, caller.password))
    for table in (plan.callees, *(kind.callees for kind in plan.mix)):
        if table is None or table.user is None or outside is None:
            continue
        for index in range(table.first, table.first + table.count):
            callee = callee_of(table, index)
            wanted.append((outside, callee.user or "", callee.password))
    granted: list[int] = []
    for first in range(0, len(wanted), AT_ONCE):
        batch = wanted[first : first + AT_ONCE]
        granted += await asyncio.gather(
            *(signalling.register(user, password, target, domain, SECONDS) for signalling, user, password in batch)
        )
        tell(len(granted))
    return min(granted, default=None)
