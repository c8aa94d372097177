"""The paid calls that are killed at every point: each on a tariff by the second, some 20 s of talk in slices of 5."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scenarios.sim.links import Link
from scenarios.swarm.model import Prices
from scenarios.swarm.plan import FACILITY, Answering, CallPlan, NumberPlan, PersonPlan, Plan, StationPlan

PRICES: Final = Prices(1, 1, 1, Decimal("0.2433333"))
"""By the second, at a price whose seconds are no whole micros."""
TALK_SECONDS: Final = 20
ACCEPT_AFTER: Final = 1.0
PIN: Final = "4417"
NUMBER: Final = "+12125551000"
PLENTY: Final = PRICES.of(90)
TOP_UP: Final = (14.0, PRICES.of(6))
"""Two seconds before the end of the money: six seconds more."""
AGAIN_LEAVES: Final = 20.0
"""The next call is a short one: a few seconds of talk, after a price that may be told before it rings."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call to be killed, and how long after each death the next switch starts, its wall clock so far off."""

    name: str
    plan: Plan
    after: tuple[float, ...] = (3.0, 1.0)
    step: tuple[float, ...] = (0.0, 0.0)


def _plan(
    *,
    advancepay: int | None = None,
    debit: int | None = None,
    caller_leaves: float = 60.0,
    callee_leaves: float = 60.0,
    top_up: tuple[float, int] | None = None,
) -> Plan:
    person = PersonPlan("person", PIN, FACILITY, debit, None)
    answer = Answering(0.5, keys=((ACCEPT_AFTER, "5"),), leaves_after=callee_leaves, top_up=top_up)
    number = NumberPlan(NUMBER, "family", "10.0.2.1", "landline", advancepay, False, False, (answer,))
    first, again = (
        CallPlan(name, 0, 0, 0, 0.0, debit is not None, debit is not None, (PIN,), 0.2, leaves, False, None)
        for name, leaves in (("call-0", caller_leaves), ("call-1", AGAIN_LEAVES))
    )
    return Plan(
        seed=0,
        has_media=False,
        prices=PRICES,
        limit=60.0,
        warnings=(10.0,),
        slice=5.0,
        link=Link(),
        stations=(StationPlan("station", "10.0.1.1", FACILITY),),
        people=(person,),
        numbers=(number,),
        calls=(first, again),
        events=(),
    )


CASES: Final = {
    case.name: case
    for case in (
        Case("cut", _plan(advancepay=PRICES.of(TALK_SECONDS))),
        Case("top-up", _plan(advancepay=PRICES.of(TALK_SECONDS - 4), top_up=TOP_UP), after=(0.0, 0.0)),
        Case("caller", _plan(caller_leaves=26.3), after=(0.0, 3.0), step=(-3600.0, 0.0)),
        Case("callee", _plan(debit=PLENTY, callee_leaves=22.7), step=(3600.0, -3600.0)),
    )
}
"""Cut when the money ends; topped up before it does; collect, hung up inside; debit, hung up outside."""
