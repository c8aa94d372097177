"""Rules of money for the machine of products: paid in, moved, charged back, refunded, and paid by card."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ledger.entries import EntryId
from ledger.money import AccountId, Money
from ledger.outcomes import Booked, CardStands, Refusal, Refused
from ledger.products.card_requests import AskCard, AuthoriseCard, CaptureCard, DueCard, VoidCard, card_payment_id
from ledger.products.card_rows import CardState, CardUse
from ledger.products.requests import Chargeback, SendToTrust
from ledger.requests import Deposit, Refund, Transfer
from ledger.settle import charge_id
from tests.support.products_model import (
    AMOUNTS,
    CUSTOMERS,
    FAMILY,
    FEES,
    INCOME,
    INSIDE,
    OFTEN_NEW,
    SOME,
    STATE,
    TAX,
    TRUST,
    Model,
    card,
    some,
)


class MovesMoney(Model):
    """Money comes in, and goes back."""

    @rule(account_id=st.sampled_from(CUSTOMERS), amount=AMOUNTS, fee=st.integers(0, 3), is_new=OFTEN_NEW)
    def deposit(self, account_id: AccountId, amount: int, fee: int, is_new: bool) -> None:
        name = self.fresh("deposit", is_new=is_new)
        outcome = self.ask(Deposit(name, account_id, Money(amount), "web", self.now, fee=Money(fee)))
        if name not in self.deposits:
            self.move((AccountId("cash:web"), -amount - fee), (FEES, fee), (account_id, amount))
            self.deposits[name] = (account_id, amount, fee)
            self.pay(account_id, amount)
            assert outcome == Booked(EntryId(name), Money(amount), Money(self.balance[account_id]))

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
