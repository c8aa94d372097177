"""The payment processor of a world: it stands outside, outlives every switch, and notes what it was asked.

A request is on its way by itself: a switch that dies or stops waiting takes none of it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

from ivr.card_number import Card
from ledger.money import Money
from scenarios.swarm.plan import ProcessorTrouble
from switch.payments.gateway import Approved, Declined, Done, NoAnswerError, Rejected
from switch.payments.simulated import SimulatedProcessor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it left the switch."""

    at: float
    act: str
    payment: str
    micros: int


class Processor:
    """Implements `PaymentGateway` by the simulated one, behind a way on which requests and answers get lost."""

    def __init__(self, troubles: Iterable[ProcessorTrouble], is_living: Callable[[], bool]) -> None:
        self.simulated = SimulatedProcessor()
        self.asked: list[Asked] = []
        self.approved_at: dict[str, float] = {}
        """When an approval came back to a switch that still waited for it, by payment."""
        self.first = asyncio.Event()
        """Set by the first request."""
        self._troubles = tuple(troubles)
        self._is_living = is_living
        self._loop = asyncio.get_running_loop()

    @property
    def healthy_at(self) -> float:
        """From when on it answers as it should."""
        return max((trouble.at + trouble.seconds for trouble in self._troubles), default=0.0)

    async def authorise(self, payment_id: str, card: Card, amount: Money) -> Approved | Declined:
        """Reserve an amount of a card."""
        answer = await self._send(
            "authorise", payment_id, amount.micros, lambda: self.simulated.authorise(payment_id, card, amount)
        )
        if isinstance(answer, Approved):
            self.approved_at.setdefault(payment_id, self._loop.time())
        return answer

    async def capture(self, payment_id: str, amount: Money) -> Done | Rejected:
        """Take this much of what is reserved."""
        return await self._send(
            "capture", payment_id, amount.micros, lambda: self.simulated.capture(payment_id, amount)
        )

    async def void(self, payment_id: str) -> Done:
        """Reserve nothing under this id any more."""
        return await self._send("void", payment_id, 0, lambda: self.simulated.void(payment_id))

    async def refund(self, payment_id: str, refund_id: str, amount: Money) -> Done | Rejected:
        """Give back of what was taken."""
        return await self._send(
            "refund", payment_id, amount.micros, lambda: self.simulated.refund(payment_id, refund_id, amount)
        )

    async def _send(self, act: str, payment_id: str, micros: int, work: Callable[[], Awaitable[T]]) -> T:
        """Let a request go its way, and wait for the answer."""
        if not self._is_living():
            await self._loop.create_future()  # Who is dead sends nothing; it is torn down at once.
        now = self._loop.time()
        self.asked.append(Asked(now, act, payment_id, micros))
        self.first.set()
        trouble = next((each for each in self._troubles if each.at <= now < each.at + each.seconds), None)
        task = self._loop.create_task(_carry(trouble, work), context=Context())
        task.add_done_callback(_hear)  # Or an answer nobody waits for would be an error nobody handled.
        return await asyncio.shield(task)


async def _carry(trouble: ProcessorTrouble | None, work: Callable[[], Awaitable[T]]) -> T:
    """Carry a request there and its answer back, as the way allows."""
    if trouble is not None and trouble.kind == "down":
        raise NoAnswerError("connection refused")
    if trouble is not None and trouble.kind == "late":
        await asyncio.sleep(trouble.seconds)
    answer = await work()
    if trouble is not None and trouble.kind == "mute":
        raise NoAnswerError("connection reset")
    return answer


def _hear(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
