"""What is due on a day: charges to be posted, invoices, idle accounts. Doing it twice does nothing the second time.

Every step is a request like any other, decided on the rows of its own transaction: who calls or pays between
the look and the step is seen, and the step is refused. A number that was added needs no job: it is active from
its instant on (`Book.payer_of`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from ledger import product_reads
from ledger.entries import to_micros
from ledger.money import CallId, Money
from ledger.outcomes import Booked, Checked, Invoiced, Refused
from ledger.products.credit import CreditRule
from ledger.products.inactivity import InactivityRule, Step
from ledger.products.requests import (
    CheckInvoice,
    CloseAccount,
    Ending,
    IssueInvoice,
    NotifyIdle,
    PostCharge,
    ProductRequest,
    SetCreditLimit,
)
from ledger.store import Book

T = TypeVar("T")

STEPS_MAX: Final = 1_000
"""Steps of one kind in one run: a second of work. A run that reached it says so, and is to be run again."""


@dataclass(frozen=True, slots=True)
class Month:
    """The month to be invoiced: the last one that has ended."""

    label: str
    """Such as `2026-11`."""
    until: datetime
    """Its end, exclusive."""
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """What a provider does with what is due."""

    credit: CreditRule = field(default_factory=CreditRule)
    inactivity: InactivityRule = field(default_factory=InactivityRule)
    ending: Ending = Ending.REFUND
    to: str = "check"
    """The channel of refunds, or the state of unclaimed property."""


class Job(Enum):
    """What was done. Values are the words shown to people."""

    POST = "posted the charge of"
    INVOICE = "invoiced"
    OPEN = "left open"
    """Never done: the state a due invoice is in before it is judged."""
    PAID = "paid in time:"
    OVERDUE = "not paid, blocked:"
    CONVERTED = "not paid, blocked and converted:"
    RAISE = "raised the limit of"
    NOTIFY = "notified as idle"
    CLOSE = "closed"


@dataclass(frozen=True, slots=True)
class Done:
    """One step that changed something."""

    job: Job
    subject: str
    """The call, the invoice or the account."""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """One step that was refused: something happened between the look and the step."""

    subject: str
    refused: Refused


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has come to."""

    done: tuple[Done, ...]
    left: tuple[Left, ...]
    is_complete: bool
    """Nothing that is due was put off to the next run."""


async def run_jobs(book: Book, at: datetime, month: Month, rules: Rules, steps_max: int = STEPS_MAX) -> Report:
    """Do what is due at an instant.

    Args:
        book: The book.
        at: The instant the work is done as of; entries carry it.
        month: The month to be invoiced.
        rules: What is done.
        steps_max: Steps of one kind in this run.

    Raises:
        LedgerUnavailableError: The database did not answer; what was done until then is stored.
    """
    run = _Run(book, at, month, rules, steps_max)
    await run.post_charges()
    await run.issue_invoices()
    await run.check_invoices()
    await run.raise_limits()
    await run.look_at_idle()
    return Report(tuple(run.done), tuple(run.left), run.is_complete)


async def post_due(book: Book, at: datetime, steps_max: int = STEPS_MAX) -> tuple[CallId, ...]:
    """Post the pending charges whose time has come, and nothing else (S3-9); returns the calls that were charged.

    One that another process posts at the same time is booked once, and counts for both.

    Raises:
        LedgerUnavailableError: The database did not answer; what was posted until then is stored.
    """
    due = await book.read(lambda core: product_reads.read_due_charges(core, at, steps_max))
    posted = [(call_id, await book.submit(PostCharge(call_id, at))) for call_id in due]
    return tuple(call_id for call_id, outcome in posted if isinstance(outcome, Booked))


class _Run:
    def __init__(self, book: Book, at: datetime, month: Month, rules: Rules, steps_max: int) -> None:
        self.done: list[Done] = []
        self.left: list[Left] = []
        self.is_complete = True
        self._book = book
        self._at = at
        self._month = month
        self._rules = rules
        self._most = steps_max

    async def post_charges(self) -> None:
        """Pending charges whose time has come (S3-9)."""
        due = await self._book.read(lambda core: product_reads.read_due_charges(core, self._at, self._most + 1))
        for call_id in self._some(due):
            await self._step(Job.POST, call_id, PostCharge(call_id, self._at))

    async def issue_invoices(self) -> None:
        """An invoice for each account on credit that owed something when the month ended (S3-10)."""
        label, until, due_at = self._month.label, self._month.until, self._month.due_at
        due = await self._book.read(lambda core: product_reads.read_to_invoice(core, label, until, self._most + 1))
        for account_id in self._some(due):
            await self._step(Job.INVOICE, account_id, IssueInvoice(account_id, label, until, due_at, self._at))

    async def check_invoices(self) -> None:
        """Invoices that are due: paid, or their accounts are blocked and converted (S3-10)."""
        due = await self._book.read(lambda core: product_reads.read_due_invoices(core, self._at, self._most + 1))
        for invoice_id, state in self._some(due):
            await self._step(Job[state.name], invoice_id, CheckInvoice(invoice_id, self._at))

    async def raise_limits(self) -> None:
        """Limits that were earned by paying on time (S3-10)."""
        rule = self._rules.credit
        lines = await self._book.read(lambda core: list(product_reads.read_credit(core)))
        earned = [(line, rule.limit_at(line, invoices, self._at)) for line, invoices in lines]
        for line, limit in self._some([each for each in earned if each[1] > each[0].credit_limit]):
            await self._step(Job.RAISE, line.account_id, SetCreditLimit(line.account_id, limit, self._at))

    async def look_at_idle(self) -> None:
        """Idle accounts: notified, or closed when their time is over (S1-5)."""
        rule, at = self._rules.inactivity, self._at
        idle = await self._book.read(lambda core: list(product_reads.read_idle(core, rule, at)))
        for account, used_at, step in self._some(idle):
            account_id = account.account_id
            if step is Step.NOTIFY:
                await self._step(Job.NOTIFY, account_id, NotifyIdle(account_id, used_at, at))
            else:
                closing_id = f"closing/{account_id}/{to_micros(used_at)}"
                close = CloseAccount(closing_id, account_id, used_at, self._rules.ending, self._rules.to, at)
                await self._step(Job.CLOSE, account_id, close)

    def _some(self, due: list[T]) -> list[T]:
        """As many as one run does."""
        if len(due) > self._most:
            self.is_complete = False
        return due[: self._most]

    async def _step(self, job: Job, subject: str, request: ProductRequest) -> None:
        """Ask for one step, and note what came of it."""
        match (await self._book.answer(request)).outcome:
            case Refused() as refused:
                self.left.append(Left(subject, refused))
            case Checked(invoice_id, state, left):
                if state.name != job.name:
                    self.done.append(Done(Job[state.name], invoice_id, left))
            case Invoiced(invoice_id, amount, _, is_new):
                if is_new:
                    self.done.append(Done(job, invoice_id, amount))
            case Booked(_, amount, _):
                self.done.append(Done(job, subject, amount))
            case _:
                limit = request.limit if isinstance(request, SetCreditLimit) else None
                self.done.append(Done(job, subject, limit))
