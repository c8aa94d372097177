"""The counter of customer service: an agent, in a program apart, who provisions customers and takes their money."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ledger.entries import Entry
from ledger.money import Money
from ledger.store import Book
from scenarios.swarm.house import NOON
from scenarios.swarm.observed import Observed, Paid
from scenarios.swarm.payments_model import Asked, Booking, Counted, PaymentModel
from scenarios.swarm.plan import FACILITY, HOUSEHOLD, NumberPlan, prepaid_account
from scenarios.swarm.service_plan import AtCounter
from switch.app.serving import provider_of
from switch.app.world import World
from switch.service.acts import Act, ActKind, read_acts
from switch.service.answers import Denied
from switch.service.customers import Customers

AGENT: Final = "kim"
ACTS_MAX: Final = 1_000
"""More than a run can have."""


class Counter:
    """Serves one customer after another; each step is asked as the program of an agent asks it."""

    def __init__(self, world: World, outside: Book, observed: Observed) -> None:
        provider = provider_of(world.config, world.directory, world.deposits)
        self._customers = Customers(outside, provider)
        self._observed = observed
        self.free = asyncio.Lock()
        """Whoever is served holds it."""
        self._loop = asyncio.get_running_loop()
        self.numbers: dict[str, set[str]] = {}
        """Which numbers each customer was given."""

    async def serve(self, event: AtCounter, number: NumberPlan) -> None:
        """Take a payment of the owner of a number that is paid for in advance, and note what was answered."""
        account = prepaid_account(number)
        if account is None:
            return
        async with self.free:
            customer = _customer(account)
            if not event.is_hasty:
                await self.provision(number, account)
            asked = Asked(
                name=f"counter/{len(self._observed.asked) + 1}",
                customer=customer,
                account=account,
                channel=event.channel,
                micros=event.micros,
                is_customer=customer in self.numbers,
            )
            self._observed.asked.append(asked)
            for _ in range(event.times):
                await self._deposit(asked)

    async def provision(self, number: NumberPlan, account: str) -> str:
        """The steps that come before money (S1-17), asked again done once; who the customer is."""
        customer, at = _customer(account), self.utc()
        of_several = HOUSEHOLD if number.is_household else None
        for answer in (
            await self._customers.create(customer, "A holder", agent=AGENT, at=at),
            await self._customers.add_facility(customer, FACILITY, agent=AGENT, at=at),
            await self._customers.add_number(customer, number.number, account=of_several, agent=AGENT, at=at),
        ):
            if isinstance(answer, Denied):
                self._observed.faults.append(f"counter: {customer}, {account}: {answer.words} ({answer.subject})")
        self.numbers.setdefault(customer, set()).add(number.number)
        return customer

    def utc(self) -> datetime:
        """The time by the clock of this program."""
        return NOON + timedelta(seconds=self._loop.time())

    async def _deposit(self, asked: Asked) -> None:
        began = self._loop.time()
        answer = await self._customers.deposit(
            asked.customer,
            Money(asked.micros),
            deposit_id=asked.name,
            channel=asked.channel,
            agent=AGENT,
            at=self.utc(),
            account=asked.account,
        )
        if isinstance(answer, Denied):
            step = None if answer.first is None else answer.first.value
            asked.answers.append(step or (answer.refused.why.name if answer.refused else answer.words))
            return
        asked.answers.append("booked before" if answer.is_repeat else "booked")
        if not answer.is_repeat:
            self._observed.paid.append(Paid(began, asked.account, asked.micros, self._loop.time()))


async def check_counter(observed: Observed, book: Book) -> int:
    """Judge what customer service did; returns what fees it earned, in micros."""
    plan = observed.plan
    cap = None if plan.counter is None else plan.counter.cap
    model = PaymentModel(fees=plan.fees, cap=cap)
    acts: list[Act] = []
    for customer in sorted({asked.customer for asked in observed.asked}):
        acts += await book.read(partial(read_acts, customer_id=customer, numbers=(), last=ACTS_MAX))
    observed.faults += model.judge(observed.asked, _bookings(observed.entries), _counted(acts))
    return model.earned


def _bookings(entries: Sequence[Entry]) -> list[Booking]:
    """What was booked, as plain numbers."""
    return [
        Booking(
            entry.draft.entry_id,
            {posting.account_id: posting.amount.micros for posting in entry.draft.postings},
            entry.draft.memo,
        )
        for entry in entries
    ]


def _counted(acts: Sequence[Act]) -> list[Counted]:
    """The payments that the log of agents tells of."""
    found = []
    for act in acts:
        if act.kind is ActKind.DEPOSITED:
            amount, _, channel = act.words.partition(" by ")
            found.append(Counted(str(act.customer_id), act.subject, channel, Money.from_text(amount).micros))
    return found


def _customer(account: str) -> str:
    """Who owns an account."""
    return "holder-" + account.partition(":")[2].removeprefix("+")
