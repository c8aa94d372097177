"""A process that spends one account with others, as fast as it can, and says what became of the money.

Run as `python -m tests.support.hammer ADDRESS NAME CALLS`. It says `ready` and waits for a line, so that all begin at
once; its last line of output is a JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from random import Random
from typing import Final

from ledger.hold import hold_id
from ledger.liveness import this_process
from ledger.money import CallId, Money
from ledger.outcomes import Ended, Placed
from ledger.requests import Charge, Deposit, EndCall, PlaceHold, ReleaseHold, StartCall
from ledger.store import Book
from tests.support.ledger import FAMILY, INCOME, NOW, a_call, record

HOLDS: Final = 6
"""Holds of each call, all asked at once."""

AT_ONCE: Final = 5
"""Calls of one process at once."""

AMOUNT: Final = Money(10_000)


async def main(address: str, name: str, calls: int) -> None:
    counts: Counter[str] = Counter()
    numbers, chance = iter(range(calls)), Random(name)
    async with await Book.open(address) as book:
        await book.register(this_process(name, NOW))
        print("ready", flush=True)  # noqa: T201 - to the test that waits for it.
        sys.stdin.readline()

        async def call(call_id: CallId) -> None:
            await book.submit(StartCall(a_call(call_id, name)))
            holds = [hold_id(call_id, number) for number in range(1, HOLDS + 1)]
            outcomes = await asyncio.gather(
                *(book.submit(PlaceHold(hold, FAMILY, call_id, AMOUNT, NOW)) for hold in holds)
            )
            placed = [outcome.hold_id for outcome in outcomes if isinstance(outcome, Placed)]
            counts["refused"] += len(holds) - len(placed)
            if len(placed) > 1 and chance.random() < 0.5:
                await book.submit(ReleaseHold(placed.pop(), NOW))
            price = Money(chance.randrange(AMOUNT.micros * len(placed) + 1))
            charge = Charge(FAMILY, price, INCOME) if price else None
            ended = await book.submit(EndCall(record(call_id, str(price)), charge))
            assert isinstance(ended, Ended)
            counts["charged"] += ended.charged.micros
            if chance.random() < 0.2:
                await book.submit(Deposit(f"{call_id}-gift", FAMILY, AMOUNT, "processor", NOW))
                counts["deposited"] += AMOUNT.micros

        async def work() -> None:
            for number in numbers:
                await call(CallId(f"{name}-{number}"))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
