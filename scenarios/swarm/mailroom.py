"""The mailroom: an agent, in a program apart, who sells credits, takes messages and reviews them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from ledger.money import AccountId
from ledger.product_rows import read_rows
from ledger.products.messages import INCOME
from ledger.products.rows import CreditLot, Direction
from ledger.store import Book
from scenarios.swarm.counter import AGENT, Counter
from scenarios.swarm.mail_model import DONE, Bought, MailModel, Sent, Stepped
from scenarios.swarm.observed import Observed, Paid
from scenarios.swarm.plan import FACILITY, NumberPlan, prepaid_account
from scenarios.swarm.service_plan import AtMailroom, LetterPlan, MailPlan
from switch.app.serving import provider_of
from switch.app.world import World
from switch.service.answers import Denied
from switch.service.mail import Letter, Mail

WORD: Final = "x"
STEPS: Final = {
    "waits": (),
    "delivered": ("review", "approve", "approve", "deliver"),
    "early": ("deliver", "approve", "review"),
    "rejected": ("review", "reject", "deliver"),
}
"""What agents do with a message that is to end so, mistakes included."""


class Mailroom:
    """Serves the customers of a counter, one after another."""

    def __init__(self, world: World, outside: Book, counter: Counter, observed: Observed) -> None:
        self._mail = Mail(outside, provider_of(world.config, world.directory, world.deposits))
        self._counter = counter
        self._observed = observed
        self._loop = asyncio.get_running_loop()

    async def serve(self, event: AtMailroom, number: NumberPlan, plan: MailPlan) -> None:
        """Sell credits to the owner of a prepaid number, and take what is written."""
        account = prepaid_account(number)
        if account is None:
            return
        async with self._counter.free:
            customer = await self._counter.provision(number, account)
            await self._sell(event, customer, account, plan)
            for letter in event.letters:
                await self._send(letter, customer)

    async def _sell(self, event: AtMailroom, customer: str, account: str, plan: MailPlan) -> None:
        credits_, price = plan.bundles[event.bundle]
        source = account if event.channel is None else None
        name, began = f"credits/{len(self._observed.mail):04}", self._loop.time()
        fee = 0 if event.channel is None else self._observed.plan.fees.get(event.channel, 0)
        for _ in range(event.times):
            answer = await self._mail.buy(
                customer,
                credits_,
                purchase_id=name,
                agent=AGENT,
                at=self._counter.utc(),
                channel=event.channel or "processor",
                source=source,
            )
            told = _told(answer)
            self._observed.mail.append(Bought(name, customer, credits_, price, source, fee, told))
            if source is not None and not isinstance(answer, Denied) and not answer.is_repeat:
                self._observed.paid.append(Paid(began, source, -price, self._loop.time()))

    async def _send(self, letter: LetterPlan, customer: str) -> None:
        person = self._observed.plan.people[letter.person]
        name = f"letter/{len(self._observed.mail):04}"
        numbers = self._counter.numbers[customer]
        answer: Letter | Denied | None = None
        for _ in range(letter.times):
            answer = await self._mail.send(
                customer,
                person.person,
                WORD * letter.characters,
                message_id=name,
                direction=Direction.TO_PERSON,
                at=self._counter.utc(),
            )
            is_contact = person.allowed is None or bool(numbers & set(person.allowed))
            is_theirs = person.facility == FACILITY
            self._observed.mail.append(Sent(name, customer, letter.characters, is_theirs, is_contact, _told(answer)))
        for step in () if isinstance(answer, Denied) else STEPS[letter.fate]:
            await asyncio.sleep(letter.waits)
            self._observed.mail.append(Stepped(name, step, _told(await self._take(name, step))))

    async def _take(self, name: str, step: str) -> Letter | Denied:
        at = self._counter.utc()
        if step == "reject":
            return await self._mail.reject(name, "by swarm", agent=AGENT, at=at)
        act = {"review": self._mail.review, "approve": self._mail.approve, "deliver": self._mail.deliver}[step]
        return await act(name, agent=AGENT, at=at)


async def check_mail(observed: Observed, book: Book) -> int:
    """Judge messages and credits; returns what they earned with the fees of bundles, in micros."""
    plan = observed.plan.mail
    if plan is None:
        return 0
    model = MailModel(plan.characters_per_credit, plan.keeps_rejected)
    observed.faults += model.judge(observed.mail)
    owners = sorted({act.owner for act in observed.mail if isinstance(act, Bought)})
    expected = {f"messages:{owner}": model.owed(owner) for owner in owners} | {str(INCOME): model.earned}
    for account_id, micros in expected.items():
        account = await book.balance(AccountId(account_id))
        found = 0 if account is None else account.balance.micros
        if found != micros:
            observed.faults.append(f"mail: {account_id} is at {found}, and must be at {micros}")
    lots = await book.read(lambda connection: tuple(read_rows(connection, CreditLot)))
    for owner in owners:
        left = sum(lot.credits_left for lot in lots if lot.account_id == f"messages:{owner}")
        if left != model.credits_left(owner):
            observed.faults.append(f"mail: {owner} has {left} credits, and must have {model.credits_left(owner)}")
    return model.fees + model.earned


def _told(answer: Any) -> str:
    """What was answered, in the words of the model."""
    if not isinstance(answer, Denied):
        return DONE
    return answer.why.name if answer.refused is None else answer.refused.why.name
