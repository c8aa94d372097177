"""The products against a model of sums: the pure rules and the store, driven by the same requests.

The model knows no floors, rows or entries: dictionaries of micros and seconds, and what each rule of the domain
says of them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.audit import audit
from ledger.chart import AccountKind, Opener, account_of, advancepay, call_income, debit, taxes
from ledger.entries import EntryId
from ledger.hold import hold_id
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import (
    Admitted,
    Booked,
    CardStands,
    Checked,
    Ended,
    Expired,
    Invoiced,
    NumberAdded,
    NumberRemoved,
    Outcome,
    Placed,
    Refusal,
    Refused,
    Taken,
)
from ledger.product_rows import read_rows
from ledger.products.card_requests import AskCard, AuthoriseCard, CaptureCard, DueCard, VoidCard, card_payment_id
from ledger.products.card_rows import CardState, CardUse
from ledger.products.requests import (
    AddNumber,
    AdmitCall,
    Chargeback,
    CheckInvoice,
    IssueInvoice,
    PostCharge,
    RegisterTrust,
    RemoveNumber,
    SendToTrust,
    TakeAllowance,
)
from ledger.products.rows import Allowance, CalledNumber, InvoiceState
from ledger.requests import (
    Charge,
    ChargeLine,
    Deposit,
    EndCall,
    ExpireHolds,
    OpenAccount,
    PlaceHold,
    Refund,
    RegisterProcess,
    Request,
    StartCall,
    Transfer,
)
from ledger.settle import charge_id
from ledger.store import Book
from tests.support.ledger import NOW, PROCESS, PureBook, a_call, record

FAMILY = advancepay("+12125550101")
LATE = advancepay("+12125550102")
HOME = account_of(AccountKind.ADVANCECONNECT, "home")
BILL = account_of(AccountKind.DIRECTBILL, "home")
INSIDE = debit("p-1")
TRUST = account_of(AccountKind.TRUST, "p-1")
STATE = AccountId("receivable:state:co")
TAX = taxes("us", "sales")
INCOME = call_income("advancepay")
FEES = AccountId("income:fees:web")
NUMBERS = ["+13105550101", "+13105550102"]
KEY, CYCLE, FREE = "fortnight/p-1", "2021-04-04", 30
LIMIT = 20
AMOUNTS = st.integers(1, 12)
SOME = st.integers(0, 5)
"""Which of those in question; where there is none, one that nobody knows."""
OFTEN_NEW = st.sampled_from([True, True, True, True, False])
NOBODY = CallId("call-0")
CUSTOMERS = [FAMILY, LATE, HOME, BILL, INSIDE]


def card(call_id: CallId) -> AccountId:
    return account_of(AccountKind.ONECALL, call_id)


def some(pool: Collection[CallId], which: int) -> CallId:
    return [*pool][which % len(pool)] if pool else NOBODY


class Products(RuleBasedStateMachine):
    """Each rule asks for one thing, and says what must come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.balance: defaultdict[AccountId, int] = defaultdict(int)
        self.holds: dict[CallId, dict[AccountId, int]] = {}
        """Open calls, and what is held for each on whose account."""
        self.ended: dict[CallId, None] = {}
        self.charges: dict[CallId, tuple[AccountId, int]] = {}
        """Who paid each booked charge, and how much of it is not given back."""
        self.pending: dict[CallId, tuple[int, int, int]] = {}
        self.deposits: dict[str, tuple[AccountId, int, int]] = {}
        self.used: set[str] = set()
        self.cards: dict[CallId, int] = {}
        self.takes: dict[CallId, int] = {}
        self.free_used = 0
        self.numbers: dict[str, AccountId] = {}
        self.is_blocked = False
        self.invoices: dict[str, tuple[int, datetime, datetime, InvoiceState]] = {}
        self.payments: list[tuple[datetime, int]] = []
        self.day = 0
        self.made: defaultdict[str, int] = defaultdict(int)

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

    def begin_book(self) -> None:
        self.book = PureBook()

    def ask(self, request: Request) -> Outcome:
        return self.book.submit(request)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(days=self.day)

    def call(self, which: int) -> CallId:
        """One of the open calls, or the last one that ended."""
        return some([*self.holds, *list(self.ended)[-1:]], which)

    def fresh(self, kind: str, *, is_new: bool) -> str:
        """An id that was not used, or the last one that was."""
        self.made[kind] += is_new
        return f"{kind}-{self.made[kind]}"

    def held(self, account_id: AccountId) -> int:
        return sum(of_call.get(account_id, 0) for of_call in self.holds.values())

    def available(self, account_id: AccountId) -> int:
        credit = self.cards.get(CallId(account_id.partition(":")[2]), 0) if account_id.startswith("onecall") else 0
        if account_id == BILL and not self.is_blocked:
            credit = LIMIT
        return max(0, self.balance[account_id] - self.held(account_id) + credit)

    def move(self, *changes: tuple[AccountId, int]) -> None:
        assert sum(change for _, change in changes) == 0
        for account_id, change in changes:
            self.balance[account_id] += change

    # Money in, and back.

    @rule(account_id=st.sampled_from(CUSTOMERS), amount=AMOUNTS, fee=st.integers(0, 3), is_new=OFTEN_NEW)
    def deposit(self, account_id: AccountId, amount: int, fee: int, is_new: bool) -> None:
        name = self.fresh("deposit", is_new=is_new)
        outcome = self.ask(Deposit(name, account_id, Money(amount), "web", self.now, fee=Money(fee)))
        if name not in self.deposits:
            self.move((AccountId("cash:web"), -amount - fee), (FEES, fee), (account_id, amount))
            self.deposits[name] = (account_id, amount, fee)
            self.pay(account_id, amount)
            assert outcome == Booked(EntryId(name), Money(amount), Money(self.balance[account_id]))

    def pay(self, account_id: AccountId, amount: int) -> None:
        if account_id == BILL:
            self.payments.append((self.now, amount))

    @rule(which=SOME)
    def charge_back(self, which: int) -> None:
        name = [*self.deposits, ""][which % (len(self.deposits) + 1)]
        back = self.fresh("back", is_new=True)
        outcome = self.ask(Chargeback(back, EntryId(name), self.now))
        if name in self.used or not name:
            assert outcome == Refused(Refusal.ALREADY_BACK if name else Refusal.UNKNOWN_DEPOSIT, name)
            return
        self.used.add(name)
        account_id, amount, fee = self.deposits[name]
        self.move((AccountId("cash:web"), amount + fee), (FEES, -fee), (account_id, -amount))
        self.pay(account_id, -amount)
        assert outcome == Booked(EntryId(back), Money(-amount), Money(self.balance[account_id]))

    @rule(amount=AMOUNTS, name=st.sampled_from(["Mary Smith", "John Smith"]), is_new=OFTEN_NEW)
    def send(self, amount: int, name: str, is_new: bool) -> None:
        sent = self.fresh("sent", is_new=is_new)
        outcome = self.ask(SendToTrust(sent, TRUST, FAMILY, "C-1", name, Money(amount), "web", self.now))
        if sent not in self.used:
            assert isinstance(outcome, Booked) is (name == "Mary Smith")
            if isinstance(outcome, Booked):
                self.used.add(sent)
                self.move((AccountId("cash:web"), -amount), (TRUST, amount))

    @rule(amount=AMOUNTS, is_new=OFTEN_NEW)
    def top_up(self, amount: int, is_new: bool) -> None:
        name = self.fresh("top-up", is_new=is_new)
        outcome = self.ask(Transfer(name, TRUST, INSIDE, Money(amount), self.now))
        if name not in self.used:
            assert isinstance(outcome, Booked) is (amount <= self.available(TRUST))
            if isinstance(outcome, Booked):
                self.used.add(name)
                self.move((TRUST, -amount), (INSIDE, amount))

    # Calls.

    @rule(is_new=OFTEN_NEW)
    def start(self, is_new: bool) -> None:
        call_id = CallId(self.fresh("call", is_new=is_new))
        self.ask(StartCall(a_call(call_id)))
        if call_id not in self.ended:
            self.holds.setdefault(call_id, {})

    @rule(which=SOME, amount=AMOUNTS)
    def authorise(self, which: int, amount: int) -> None:
        call_id = self.call(which)
        payment_id = card_payment_id(call_id, 1)
        asked = self.ask(AskCard(payment_id, call_id, CardUse.CALL, Money(amount), "card", self.now))
        may_be = call_id in self.holds and self.cards.get(call_id, amount) == amount
        assert isinstance(asked, CardStands) is may_be
        if may_be:
            assert isinstance(self.ask(AuthoriseCard(payment_id, self.now)), CardStands)
            self.cards[call_id] = amount

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

    def book_charge(self, call_id: CallId, payer: AccountId, price: int, tax: int, share: int) -> None:
        self.move((payer, -price), (STATE, -share), (TAX, tax), (INCOME, price + share - tax))
        self.charges[call_id] = (payer, price)

    @rule(which=SOME)
    def post(self, which: int) -> None:
        call_id = some(self.pending, which)
        outcome = self.ask(PostCharge(call_id, self.now + timedelta(days=2)))
        if (waiting := self.pending.pop(call_id, None)) is not None:
            self.book_charge(call_id, LATE, *waiting)
            assert outcome == Booked(charge_id(call_id), Money(waiting[0]), Money(self.balance[LATE]))

    @rule(which=SOME, amount=st.none() | AMOUNTS, is_new=OFTEN_NEW)
    def refund(self, which: int, amount: int | None, is_new: bool) -> None:
        call_id = some(self.charges, which)
        name = self.fresh("refund", is_new=is_new)
        before = self.sums()
        outcome = self.ask(Refund(name, charge_id(call_id), None if amount is None else Money(amount), self.now))
        if name in self.used:
            return
        payer, left = self.charges.get(call_id, (FAMILY, 0))
        asked = left if amount is None else amount
        assert isinstance(outcome, Booked) is (0 < asked <= left)
        if isinstance(outcome, Booked):
            self.used.add(name)
            self.charges[call_id] = (payer, left - asked)
            self.balance[payer] += asked
            self.pay(payer, asked)
            # How the rest is divided is shown elsewhere; here, that it is whole and that nobody gains by it.
            for account_id in (STATE, TAX, INCOME):
                after = self.sums().get(account_id, (0, 0))[0]
                assert abs(after) <= abs(before.get(account_id, (0, 0))[0])
                self.balance[account_id] = after

    @rule(which=SOME)
    def capture(self, which: int) -> None:
        call_id = some(self.cards, which)
        payment_id = card_payment_id(call_id, 1)
        self.ask(DueCard(payment_id, self.now))
        outcome = self.ask(CaptureCard(payment_id, "card", self.now))
        owed, is_open = -self.balance[card(call_id)], call_id in self.holds
        if f"capture/{call_id}" in self.used:
            return
        assert isinstance(outcome, Booked) is (call_id in self.cards and not is_open and owed > 0)
        if isinstance(outcome, Booked):
            self.used.add(f"capture/{call_id}")
            self.move((AccountId("cash:card"), -owed), (card(call_id), owed))

    @rule(which=SOME)
    def void(self, which: int) -> None:
        call_id = some(self.cards, which)
        payment_id = card_payment_id(call_id, 1)
        due = self.ask(DueCard(payment_id, self.now))
        is_paid = isinstance(due, CardStands) and due.state in {CardState.CAPTURING, CardState.CAPTURED}
        assert (
            is_paid is (self.balance[card(call_id)] < 0 and call_id not in self.holds)
            or f"capture/{call_id}" in self.used
        )
        outcome = self.ask(VoidCard(payment_id, self.now))
        assert isinstance(outcome, Refused) is (call_id not in self.cards or call_id in self.holds or is_paid)

    @rule(is_silent=st.booleans())
    def expire(self, is_silent: bool) -> None:
        outcome = self.ask(ExpireHolds(NOW + timedelta(seconds=60 if is_silent else -60), self.now))
        assert isinstance(outcome, Expired)
        assert outcome.free_seconds == (sum(self.takes.values()) if is_silent else 0)
        if is_silent:
            self.holds = {call_id: {} for call_id in self.holds}
            self.takes.clear()

    # Numbers and invoices.

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

    # What must hold.

    def sums(self) -> dict[AccountId, tuple[int, int]]:
        return {
            account.account_id: (account.balance.micros, account.held.micros)
            for account in self.book.rows.accounts.values()
        }

    def rows(self) -> tuple[list[Allowance], list[CalledNumber]]:
        products = self.book.rows.products
        return list(products.all(Allowance)), list(products.all(CalledNumber))

    @invariant()
    def sums_are_those_of_the_model(self) -> None:
        found = self.sums()
        for account_id, balance in self.balance.items():
            assert found.get(account_id, (0, 0))[0] == balance, account_id
        for account_id in (FAMILY, HOME, BILL, INSIDE, *map(card, self.cards)):
            assert found.get(account_id, (0, 0))[1] == self.held(account_id), account_id
        assert sum(balance for balance, _ in found.values()) == 0

    @invariant()
    def no_free_second_is_had_twice(self) -> None:
        allowances, numbers = self.rows()
        assert [(each.used_seconds, each.held_seconds) for each in allowances] in (
            [(self.free_used, sum(self.takes.values()))],
            [] if not self.free_used and not any(self.takes.values()) else None,
        )
        assert {each.number: each.account_id for each in numbers} == self.numbers


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
