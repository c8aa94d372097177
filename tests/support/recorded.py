"""A process that asks a book for this and that, and says all it asks, decides and is told: to be killed in the middle.

Run `COMMAND` with an address, a seed and how many requests. Each line of its output is a word and a pickled value:

    asked    a request, before the book gets it
    decided  a `Group`, inside the transaction that stores it, before its commit
    told     a request and its `Answer`
"""

from __future__ import annotations

import asyncio
import base64
import pickle
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from threading import Lock
from typing import Any, Final

from ledger import writer
from ledger.chart import advancepay
from ledger.crowd import placed_of
from ledger.engine import Session
from ledger.group import Committed, run_group
from ledger.head import take_head
from ledger.hold import hold_id
from ledger.money import CallId, Money
from ledger.outcomes import Answer
from ledger.requests import (
    Charge,
    Deposit,
    EndCall,
    PlaceHold,
    Refund,
    ReleaseHold,
    Request,
    StartCall,
    Transfer,
)
from ledger.settle import charge_id
from ledger.store import Book
from tests.support.ledger import FAMILY, INCOME, NOW, a_call, record

COMMAND: Final = (
    sys.executable,
    "-c",
    "import asyncio, sys; from tests.support.recorded import main; asyncio.run(main(*sys.argv[1:]))",
)
"""Not by `-m`: the classes of `__main__` are nobody else's."""

AT_ONCE: Final = 12
"""Requests that wait together."""

FRIEND: Final = advancepay("+12125550199")
PAYERS: Final = (FAMILY, FRIEND)


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that were decided together, and between which changes of the book."""

    before: int
    after: int
    requests: tuple[Request, ...]
    answers: tuple[Answer, ...]


def read(lines: Iterable[str]) -> list[tuple[str, Any]]:
    """What was said, without a last line that was cut off."""
    whole = (line.split() for line in lines if line.endswith("\n"))
    return [(word, pickle.loads(base64.b64decode(value))) for word, value in whole]


async def main(address: str, seed: str, requests: str) -> None:
    say_lock = Lock()

    def say(word: str, value: object) -> None:
        with say_lock:
            sys.stdout.write(f"{word} {base64.b64encode(pickle.dumps(value)).decode()}\n")
            sys.stdout.flush()

    def recorded(session: Session, items: Sequence[Any], seen_changes: int, *, is_sure: bool) -> Committed:
        before = take_head(session)().changes
        committed = run_group(session, items, seen_changes, is_sure=is_sure)
        answers = tuple(
            result if isinstance(result, Answer) else Answer(placed_of(item, result), is_repeat=False)
            for item, result in zip(items, committed.results, strict=True)
        )
        say("decided", Group(before, committed.changes, tuple(items), answers))
        return committed

    writer.run_group = recorded  # type: ignore[assignment, attr-defined]
    chance, numbers = Random(seed), iter(range(int(requests)))
    async with await Book.open(address) as book:

        async def ask() -> None:
            for number in numbers:
                request = any_request(chance, number)
                say("asked", request)
                say("told", (request, await book.answer(request)))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(ask())


def any_request(chance: Random, number: int) -> Request:
    """One of a window of ids that moves on: several processes, and each by itself, ask for the same things again."""
    call_id = CallId(f"call-{number // 12 + chance.randrange(4)}")
    amount = Money(chance.randrange(1, 13) * 100_000)
    payer, other = chance.sample(PAYERS, 2)
    once = number // 4 + chance.randrange(8)
    held = hold_id(call_id, chance.randrange(1, 6))
    kinds: Sequence[tuple[int, Request]] = (
        (5, StartCall(a_call(call_id))),
        (8, PlaceHold(held, payer, call_id, amount, NOW)),
        (3, ReleaseHold(held, NOW)),
        (4, EndCall(record(call_id, str(amount), payer), Charge(payer, amount, INCOME, "talk"))),
        (2, EndCall(record(call_id))),
        (2, Deposit(f"deposit-{once}", payer, amount, "processor", NOW)),
        (2, Transfer(f"transfer-{once}", payer, other, amount, NOW)),
        (2, Refund(f"refund-{once}", charge_id(call_id), chance.choice((None, amount)), NOW)),
    )
    (chosen,) = chance.choices([request for _, request in kinds], [weight for weight, _ in kinds])
    return chosen
