"""The products against a model of sums: the pure rules and the store, driven by the same requests.

The model knows no floors, rows or entries: dictionaries of micros and seconds, and what each rule of the domain
says of them.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ledger.audit import audit
from ledger.chart import Opener
from ledger.hold import hold_id
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import Admitted, Booked, Ended, Expired, Outcome, Placed, Taken
from ledger.product_rows import read_rows
from ledger.products.requests import AdmitCall, PostCharge, RegisterTrust, TakeAllowance
from ledger.products.rows import Allowance, CalledNumber
from ledger.requests import (
    Charge,
    ChargeLine,
    EndCall,
    ExpireHolds,
    OpenAccount,
    PlaceHold,
    RegisterProcess,
    Request,
    StartCall,
)
from ledger.settle import charge_id
from ledger.store import Book
from tests.support.ledger import NOW, PROCESS, a_call, record
from tests.support.products_invoices import Invoices
from tests.support.products_model import (
    AMOUNTS,
    BILL,
    CUSTOMERS,
    CYCLE,
    FAMILY,
    FREE,
    HOME,
    INCOME,
    INSIDE,
    KEY,
    LATE,
    LIMIT,
    OFTEN_NEW,
    SOME,
    STATE,
    TAX,
    TRUST,
    card,
    some,
)
from tests.support.products_money import MovesMoney


class Products(MovesMoney, Invoices):
    """Each rule asks for one thing, and says what must come of it: those of calls here, the others from two files."""

    @initialize()
    def begin(self) -> None:
        self.begin_book()
        self.ask(RegisterProcess(PROCESS))
        for account_id in (FAMILY, HOME, INSIDE):
            self.ask(OpenAccount(account_id, Opener.AGENT, NOW))
        self.ask(OpenAccount(LATE, Opener.AGENT, NOW, settles_later=True))
        self.ask(OpenAccount(BILL, Opener.AGENT, NOW, Money(LIMIT)))
        self.ask(RegisterTrust(TRUST, "C-1", "Mary Smith", NOW))
        # Everybody has something, calls go on, and one was paid on credit: every rule has work from its first step.
        for account_id in CUSTOMERS:
            self.deposit(account_id, amount=10, fee=1, is_new=True)
        self.send(amount=10, name="Mary Smith", is_new=True)
        for _ in range(4):
            self.start(is_new=True)
        self.hold(which=0, payer=BILL, amount=25, is_new=True, is_all=False)
        self.end(which=0, payer=BILL, price=25, tax=1, share=2, seconds=0, is_fair=True)

    @rule(is_new=OFTEN_NEW)
    def start(self, is_new: bool) -> None:
        call_id = CallId(self.fresh("call", is_new=is_new))
        self.ask(StartCall(a_call(call_id)))
        if call_id not in self.ended:
            self.holds.setdefault(call_id, {})

    @rule(
        which=SOME,
        payer=st.sampled_from([FAMILY, FAMILY, HOME, BILL, None]),
        amount=AMOUNTS,
        is_new=OFTEN_NEW,
        is_all=st.booleans(),
    )
    def hold(self, which: int, payer: AccountId | None, amount: int, is_new: bool, is_all: bool) -> None:
        call_id = self.call(which)
        account_id = payer or card(call_id)
        amount = (self.available(account_id) if is_all else 0) or amount
        self.made["hold"] += is_new
        name = hold_id(call_id, self.made["hold"])
        outcome = self.ask(PlaceHold(name, account_id, call_id, Money(amount), self.now))
        if name in self.used:
            return
        is_there = payer is not None or call_id in self.cards
        fits = call_id in self.holds and is_there and amount <= self.available(account_id)
        assert isinstance(outcome, Placed) is fits
        if fits:
            self.used.add(name)
            of_call = self.holds[call_id]
            of_call[account_id] = of_call.get(account_id, 0) + amount

    @rule(which=SOME)
    def admit(self, which: int) -> None:
        call_id = self.call(which)
        outcome = self.ask(AdmitCall(call_id, LATE, self.now))
        assert isinstance(outcome, Admitted) is (call_id in self.holds and self.balance[LATE] > 0)

    @rule(which=SOME, wanted=st.integers(0, FREE))
    def take(self, which: int, wanted: int) -> None:
        call_id = self.call(which)
        outcome = self.ask(TakeAllowance(call_id, KEY, CYCLE, wanted, FREE, self.now))
        if f"take/{call_id}" in self.used:
            return
        assert isinstance(outcome, Taken) is (call_id in self.holds)
        if isinstance(outcome, Taken):
            self.used.add(f"take/{call_id}")
            assert outcome.seconds == min(wanted, FREE - self.free_used - sum(self.takes.values()))
            self.takes[call_id] = outcome.seconds

    @rule(
        which=SOME,
        payer=st.sampled_from([FAMILY, LATE, HOME, BILL, None]),
        price=st.integers(0, 25),
        tax=st.integers(0, 3),
        share=st.integers(0, 3),
        seconds=st.integers(0, FREE),
        is_fair=OFTEN_NEW,
    )
    def end(
        self, which: int, payer: AccountId | None, price: int, tax: int, share: int, seconds: int, is_fair: bool
    ) -> None:
        call_id = self.call(which)
        account_id = payer or card(call_id)
        if is_fair and payer != LATE and (of_call := self.holds.get(call_id)):
            account_id = max(of_call)
            price = min(price, of_call[account_id])
        tax = min(tax, price + share)
        lines, shares = (ChargeLine(TAX, Money(tax)),), (ChargeLine(STATE, Money(share)),)
        charge = Charge(account_id, Money(price), INCOME, "", lines, shares)
        posts_at = self.now + timedelta(days=1) if payer == LATE else None
        told = record(call_id, str(Money(price)), account_id)
        free = min(seconds, self.takes.get(call_id, 0))
        outcome = self.ask(EndCall(told, charge, posts_at, free))
        if call_id in self.ended:
            return
        of_call = self.holds.get(call_id, {})
        is_there = account_id != card(call_id) or call_id in self.cards
        is_paid = payer == LATE or price <= of_call.get(account_id, 0)
        is_booked = price + share > 0
        may_end = not is_booked or (call_id in self.holds and is_there and is_paid)
        assert isinstance(outcome, Ended) is may_end
        if not may_end:
            return
        self.ended[call_id] = None
        self.holds.pop(call_id, None)
        self.free_used += free if self.takes.pop(call_id, 0) else 0
        if is_booked and payer == LATE:
            self.pending[call_id] = (price, tax, share)
        elif is_booked:
            self.book_charge(call_id, account_id, price, tax, share)

    @rule(which=SOME)
    def post(self, which: int) -> None:
        call_id = some(self.pending, which)
        outcome = self.ask(PostCharge(call_id, self.now + timedelta(days=2)))
        if (waiting := self.pending.pop(call_id, None)) is not None:
            self.book_charge(call_id, LATE, *waiting)
            assert outcome == Booked(charge_id(call_id), Money(waiting[0]), Money(self.balance[LATE]))

    @rule(is_silent=st.booleans())
    def expire(self, is_silent: bool) -> None:
        outcome = self.ask(ExpireHolds(NOW + timedelta(seconds=60 if is_silent else -60), self.now))
        assert isinstance(outcome, Expired)
        assert outcome.free_seconds == (sum(self.takes.values()) if is_silent else 0)
        if is_silent:
            self.holds = {call_id: {} for call_id in self.holds}
            self.takes.clear()


class StoredProducts(Products):
    """The same on a database, audited at the end, and opened again now and then."""

    def begin_book(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self.folder.name) / "book.db")
        self.runner = asyncio.Runner()
        self.stored = self.runner.run(Book.open(self.path, is_inline=True))

    def ask(self, request: Request) -> Outcome:
        return self.runner.run(self.stored.answer(request)).outcome

    @rule()
    def open_again(self) -> None:
        self.runner.run(self.stored.close())
        self.stored = self.runner.run(Book.open(self.path, is_inline=True))

    def sums(self) -> dict[AccountId, tuple[int, int]]:
        return {
            account.account_id: (account.balance.micros, account.held.micros)
            for account in self.runner.run(self.stored.accounts())
        }

    def rows(self) -> tuple[list[Allowance], list[CalledNumber]]:
        return self.runner.run(
            self.stored.read(
                lambda connection: (list(read_rows(connection, Allowance)), list(read_rows(connection, CalledNumber)))
            )
        )

    def teardown(self) -> None:
        try:
            assert self.runner.run(audit(self.stored)).findings == ()
        finally:
            self.runner.run(self.stored.close())
            self.runner.close()
            self.folder.cleanup()


TestPureProducts = Products.TestCase
TestPureProducts.settings = settings(deadline=None, max_examples=120, stateful_step_count=60)
TestStoredProducts = StoredProducts.TestCase
TestStoredProducts.settings = settings(deadline=None, max_examples=6, stateful_step_count=30)
