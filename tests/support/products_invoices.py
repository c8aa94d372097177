"""Rules of called numbers and invoices for the machine of products."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ledger.money import AccountId, Money
from ledger.outcomes import Checked, Invoiced, NumberAdded, NumberRemoved, Refusal, Refused
from ledger.products.requests import AddNumber, CheckInvoice, IssueInvoice, RemoveNumber
from ledger.products.rows import InvoiceState
from tests.support.products_model import BILL, HOME, NUMBERS, SOME, Model


class Invoices(Model):
    """A direct-bill account is invoiced, pays or does not, and its numbers go with it."""

    @rule(number=st.sampled_from(NUMBERS), account_id=st.sampled_from([HOME, BILL]))
    def add_number(self, number: str, account_id: AccountId) -> None:
        outcome = self.ask(AddNumber(account_id, number, self.now, self.now))
        is_free = self.numbers.get(number, account_id) == account_id
        assert isinstance(outcome, NumberAdded) is is_free
        if is_free:
            self.numbers[number] = account_id

    @rule(number=st.sampled_from(NUMBERS), account_id=st.sampled_from([HOME, BILL]))
    def remove_number(self, number: str, account_id: AccountId) -> None:
        outcome = self.ask(RemoveNumber(account_id, number, self.now))
        is_its = self.numbers.get(number) == account_id
        assert isinstance(outcome, NumberRemoved) is is_its
        if is_its:
            del self.numbers[number]

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.day += days

    @rule()
    def invoice(self) -> None:
        if self.is_blocked:
            return
        self.day = max(self.day, 1)
        period = f"day-{self.day}"
        until, due_at = self.now, self.now + timedelta(days=3)
        outcome = self.ask(IssueInvoice(BILL, period, until, due_at, self.now))
        if f"{BILL}/{period}" in self.invoices:
            return
        owed = self.owed_before(until)
        assert isinstance(outcome, Invoiced) is (owed > 0)
        if isinstance(outcome, Invoiced):
            assert outcome.amount == Money(owed)
            self.invoices[outcome.invoice_id] = (owed, until, due_at, InvoiceState.OPEN)

    def owed_before(self, until: datetime) -> int:
        """Calls are dated by their records, on the first day; so only today's payments come after."""
        return -self.balance[BILL] + sum(amount for at, amount in self.payments if at >= until)

    @rule(which=SOME)
    def check(self, which: int) -> None:
        if not self.invoices:
            return
        invoice_id = [*self.invoices][which % len(self.invoices)]
        amount, until, due_at, state = self.invoices[invoice_id]
        outcome = self.ask(CheckInvoice(invoice_id, self.now))
        if self.now < due_at:
            assert outcome == Refused(Refusal.NOT_DUE, invoice_id)
            return
        assert isinstance(outcome, Checked)
        if state in {InvoiceState.PAID, InvoiceState.CONVERTED}:
            assert outcome.state is state
            return
        left = amount - sum(paid for at, paid in self.payments if until <= at < due_at)
        if left <= 0:
            self.invoices[invoice_id] = (amount, until, due_at, InvoiceState.PAID)
        else:
            self.is_blocked = True
            self.invoices[invoice_id] = (amount, until, due_at, InvoiceState.OVERDUE)
            if not self.held(BILL):
                self.convert(invoice_id)
        assert outcome.state is self.invoices[invoice_id][3]

    def convert(self, invoice_id: str) -> None:
        debt = max(0, -self.balance[BILL])
        self.move((BILL, debt), (HOME, -debt))
        self.pay(BILL, debt)
        self.numbers = dict.fromkeys(self.numbers, HOME)
        for each, (amount, until, due_at, state) in self.invoices.items():
            if each == invoice_id or state is InvoiceState.OPEN:
                self.invoices[each] = (amount, until, due_at, InvoiceState.CONVERTED)
