"""The book against a model of sums: the pure rules and the store, driven by the same requests."""

from __future__ import annotations

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger.audit import audit
from ledger.chart import Opener, advancepay, call_income, lec
from ledger.hold import HoldId, hold_id
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import Booked, Ended, Expired, Outcome, Placed, Refused, Released
from ledger.requests import (
    Charge,
    Deposit,
    EndCall,
    ExpireHolds,
    OpenAccount,
    PlaceHold,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    StartCall,
    Transfer,
)
from ledger.settle import charge_id
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import NOW, PROCESS, PureBook, a_call, later, record

PREPAID = [advancepay("+12125550101"), advancepay("+12125550102")]
BILL = lec("+12125550101")
PAYERS = [*PREPAID, BILL]
CALLS = [CallId(f"call-{number}") for number in range(4)]
AMOUNTS = st.integers(1, 12).map(Money)
HOLDS = st.builds(hold_id, st.sampled_from(CALLS), st.integers(1, 4))


class Ledger(RuleBasedStateMachine):
    """Every request goes to the rules; the model keeps nothing but dictionaries of sums."""

    def __init__(self) -> None:
        super().__init__()
        self.model_balance: dict[AccountId, int] = dict.fromkeys(PAYERS, 0)
        self.model_holds: dict[HoldId, tuple[AccountId, CallId, int]] = {}
        self.open: set[CallId] = set()
        self.ended: set[CallId] = set()
        self.used: set[str] = set()
        self.charged: dict[CallId, tuple[AccountId, int]] = {}
        """Who paid each charged call, and how much of it was not given back."""
        self.earned = 0
        self.given = 0

    @initialize()
    def begin(self) -> None:
        self.begin_book()
        self.ask(RegisterProcess(PROCESS))
        for account_id in PAYERS:
            self.ask(OpenAccount(account_id, Opener.AGENT, NOW))

    def begin_book(self) -> None:
        self.book = PureBook()

    def ask(self, request: Request) -> Outcome:
        return self.book.submit(request)

    def available(self, account_id: AccountId) -> int | None:
        held = sum(amount for holder, _, amount in self.model_holds.values() if holder == account_id)
        return None if account_id == BILL else self.model_balance[account_id] - held

    @rule(account_id=st.sampled_from(PAYERS), amount=AMOUNTS, number=st.integers(1, 6))
    def deposit(self, account_id: AccountId, amount: Money, number: int) -> None:
        deposit_id = f"deposit-{number}"
        outcome = self.ask(Deposit(deposit_id, account_id, amount, "mail", NOW))
        if deposit_id not in self.used:
            self.used.add(deposit_id)
            self.model_balance[account_id] += amount.micros
            self.given += amount.micros
            assert outcome == Booked(outcome.entry_id, amount, Money(self.model_balance[account_id]))  # type: ignore[union-attr]

    @rule(source=st.sampled_from(PREPAID), amount=AMOUNTS, number=st.integers(1, 6))
    def transfer(self, source: AccountId, amount: Money, number: int) -> None:
        target = PREPAID[1 - PREPAID.index(source)]
        outcome = self.ask(Transfer(f"transfer-{number}", source, target, amount, NOW))
        if f"transfer-{number}" in self.used:
            return
        available = self.available(source)
        assert available is not None
        assert isinstance(outcome, Booked) is (amount.micros <= available)
        if isinstance(outcome, Booked):
            self.used.add(f"transfer-{number}")
            self.model_balance[source] -= amount.micros
            self.model_balance[target] += amount.micros

    @rule(call_id=st.sampled_from(CALLS))
    def start(self, call_id: CallId) -> None:
        outcome = self.ask(StartCall(a_call(call_id)))
        if call_id not in self.ended:
            assert not isinstance(outcome, Refused)
            self.open.add(call_id)

    @rule(hold=HOLDS, account_id=st.sampled_from(PAYERS), amount=AMOUNTS)
    def hold(self, hold: HoldId, account_id: AccountId, amount: Money) -> None:
        call_id = CallId(hold.partition("/")[0])
        outcome = self.ask(PlaceHold(hold, account_id, call_id, amount, NOW))
        if hold in self.used:
            return
        available = self.available(account_id)
        fits = call_id in self.open and (available is None or amount.micros <= available)
        assert isinstance(outcome, Placed) is fits
        if fits:
            self.used.add(hold)
            self.model_holds[hold] = (account_id, call_id, amount.micros)

    @rule(hold=HOLDS)
    def release(self, hold: HoldId) -> None:
        was_held = self.model_holds.pop(hold, None)
        outcome = self.ask(ReleaseHold(hold, NOW))
        assert was_held is None or outcome == Released(hold, Money(was_held[2]))

    @rule(call_id=st.sampled_from(CALLS), payer=st.sampled_from(PAYERS), price=st.integers(0, 15))
    def end(self, call_id: CallId, payer: AccountId, price: int) -> None:
        charge = Charge(payer, Money(price), call_income("advancepay")) if price else None
        outcome = self.ask(EndCall(record(call_id, str(Money(price)), payer), charge))
        if call_id in self.ended:
            return
        of_call = {key: each for key, each in self.model_holds.items() if each[1] == call_id}
        held = sum(amount for holder, _, amount in of_call.values() if holder == payer)
        may_end = not price or (call_id in self.open and (price <= held or payer == BILL))
        assert isinstance(outcome, Ended) is may_end
        if may_end:
            self.model_holds = {key: each for key, each in self.model_holds.items() if key not in of_call}
            self.model_balance[payer] -= price
            self.earned += price
            if price:
                self.charged[call_id] = (payer, price)
            self.ended.add(call_id)
            self.open.discard(call_id)

    @rule(call_id=st.sampled_from(CALLS), amount=st.none() | AMOUNTS, number=st.integers(1, 8))
    def refund(self, call_id: CallId, amount: Money | None, number: int) -> None:
        refund_id = f"refund-{number}"
        outcome = self.ask(Refund(refund_id, charge_id(call_id), amount, NOW))
        if refund_id in self.used:
            return
        payer, left = self.charged.get(call_id, (None, 0))
        asked = left if amount is None else amount.micros
        assert isinstance(outcome, Booked) is (payer is not None and 0 < asked <= left)
        if isinstance(outcome, Booked):
            assert payer is not None
            self.used.add(refund_id)
            self.charged[call_id] = (payer, left - asked)
            self.model_balance[payer] += asked
            self.earned -= asked

    @rule(is_silent=st.booleans())
    def expire(self, is_silent: bool) -> None:
        outcome = self.ask(ExpireHolds(later(60 if is_silent else -60), later(90)))
        gone = set(self.model_holds) if is_silent else set()
        assert isinstance(outcome, Expired)
        assert set(outcome.hold_ids) == gone
        for hold in gone:
            del self.model_holds[hold]

    def balances(self) -> dict[str, tuple[int, int]]:
        return {
            account.account_id: (account.balance.micros, account.held.micros)
            for account in self.book.rows.accounts.values()
        }

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        found = self.balances()
        for account_id in PAYERS:
            held = sum(amount for holder, _, amount in self.model_holds.values() if holder == account_id)
            assert found[account_id] == (self.model_balance[account_id], held)
            assert account_id == BILL or found[account_id][0] >= held
        assert found.get("income:calls:advancepay", (0, 0))[0] == self.earned
        assert found.get("cash:mail", (0, 0))[0] == -self.given
        assert sum(balance for balance, _ in found.values()) == 0


class StoredLedger(Ledger):
    """The same on a database, audited at the end, and opened again now and then."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.address = shelf.book()

    def begin_book(self) -> None:
        self.runner = asyncio.Runner()
        self.stored = self.runner.run(Book.open(self.address))

    def ask(self, request: Request) -> Outcome:
        return self.runner.run(self.stored.answer(request)).outcome

    @rule()
    def open_again(self) -> None:
        self.runner.run(self.stored.close())
        self.stored = self.runner.run(Book.open(self.address))

    def balances(self) -> dict[str, tuple[int, int]]:
        return {
            account.account_id: (account.balance.micros, account.held.micros)
            for account in self.runner.run(self.stored.accounts())
        }

    def teardown(self) -> None:
        try:
            assert self.runner.run(audit(self.stored)).findings == ()
        finally:
            self.runner.run(self.stored.close())
            self.runner.close()


TestPureRules = Ledger.TestCase
TestPureRules.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)


def test_stored_rules(shelf: Shelf) -> None:
    most = settings(deadline=None, max_examples=6, stateful_step_count=25)
    run_state_machine_as_test(lambda: StoredLedger(shelf), settings=most)  # type: ignore[no-untyped-call]
