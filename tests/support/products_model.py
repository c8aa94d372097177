"""A model of the products, of sums alone: dictionaries of micros and seconds, and what is asked to compare with them.

It knows no floors, rows or entries. The rules of a state machine say what each request does to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from ledger.chart import AccountKind, account_of, advancepay, call_income, debit, taxes
from ledger.money import AccountId, CallId
from ledger.outcomes import Outcome
from ledger.products.rows import Allowance, CalledNumber, InvoiceState
from ledger.requests import Request
from tests.support.ledger import NOW, PureBook

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


class Model(RuleBasedStateMachine):
    """What a book must come to; by itself, the book is the pure rules in memory."""

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

    def pay(self, account_id: AccountId, amount: int) -> None:
        if account_id == BILL:
            self.payments.append((self.now, amount))

    def book_charge(self, call_id: CallId, payer: AccountId, price: int, tax: int, share: int) -> None:
        self.move((payer, -price), (STATE, -share), (TAX, tax), (INCOME, price + share - tax))
        self.charges[call_id] = (payer, price)

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
