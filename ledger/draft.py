"""A decision in the making: accounts as the decision leaves them, and the rows it adds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger.chart import AccountKind, Opener, kind_of, parse_account, terms_of
from ledger.entries import EntryDraft
from ledger.errors import MalformedAccountError
from ledger.hold import Hold
from ledger.money import AMOUNT_MAX_UNITS, MICROS_PER_UNIT, ZERO, AccountId, Money
from ledger.outcomes import Refusal, Refused
from ledger.products.rows import CreditLine, RowT
from ledger.products.windows import Window, total_of
from ledger.requests import Process
from ledger.rows import Account, Change, View

AMOUNT_MAX: Final = Money(AMOUNT_MAX_UNITS * MICROS_PER_UNIT)
"""The most that one request may move: what `Money` reads from text."""

BALANCE_MAX: Final = Money(9_000 * AMOUNT_MAX.micros)
"""9 * 10**18 micros: the next amount still fits below 2**63, the range of a database integer."""


class RefusedError(Exception):
    """Ends a decision early: nothing of the draft is kept. Never leaves `ledger.decide`."""

    def __init__(self, why: Refusal, subject: str | None = None, available: Money | None = None) -> None:
        super().__init__(why.value)
        self.outcome = Refused(why, subject, available)


class Draft:
    """Collects one decision's changes over a view that stays as it is."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._accounts: dict[AccountId, Account] = {}
        self._rows: list[Change] = []

    def changes(self) -> tuple[Change, ...]:
        """What has to be stored, accounts first: other rows refer to them."""
        return (*map(self._raised, self._accounts.values()), *self._rows)

    def put(self, row: Change) -> None:
        """Store a row."""
        self._rows.append(row)

    def account(self, account_id: AccountId) -> Account:
        """The account as it stands in this draft.

        Raises:
            RefusedError: There is none.
        """
        account = self._accounts.get(account_id) or self.view.accounts.get(account_id)
        if account is None:
            raise RefusedError(Refusal.UNKNOWN_ACCOUNT, account_id)
        return account

    def process(self, process_id: str) -> Process:
        """The registered process.

        Raises:
            RefusedError: There is none.
        """
        process = self.view.processes.get(process_id)
        if process is None:
            raise RefusedError(Refusal.UNKNOWN_PROCESS, process_id)
        return process

    def check_amount(self, amount: Money, subject: str) -> None:
        """Refuse what is not more than nothing, or more than one request may move."""
        if not ZERO < amount <= AMOUNT_MAX:
            raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, subject)

    def hold(self, hold: Hold, *, is_remembered: bool) -> Money | None:
        """Place a hold, if so much is available; returns what is left. `is_remembered`: the hold says so itself."""
        account = self.account(hold.account_id)
        if (available := account.available) is not None and hold.amount > available:
            why = Refusal.OWES if self.owes(account) else Refusal.INSUFFICIENT_FUNDS
            raise RefusedError(why, hold.account_id, available)
        moved = account.moved(held=account.held + hold.amount)
        self._put_account(moved)
        self._rows.append(replace(hold, available=moved.available) if is_remembered else hold)
        return moved.available

    def settle(self, hold: Hold) -> None:
        """Store a hold that is no longer placed; none of it is held any more."""
        account = self.account(hold.account_id)
        self._put_account(account.moved(held=account.held - hold.amount))
        self._rows.append(hold)

    def book(self, entry: EntryDraft, owing: AccountId | None = None) -> None:
        """Post an entry. Accounts of the book itself are opened by their first posting.

        `owing` may be taken below its floor; it then owes.

        Raises:
            RefusedError: An account does not exist, or the entry takes more than is available.
        """
        for posting in entry.postings:
            account = self._account_of_posting(posting.account_id, entry.at)
            available = account.available
            after = account.moved(balance=account.balance + posting.amount)
            if posting.amount < ZERO and available is not None and available + posting.amount < ZERO:
                if posting.account_id != owing:
                    raise RefusedError(Refusal.INSUFFICIENT_FUNDS, posting.account_id, available)
                after = replace(after, floor=after.balance - after.held)
            if not -BALANCE_MAX <= after.balance <= BALANCE_MAX:
                raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, posting.account_id)
            self._put_account(after)
        self._rows.append(entry)

    def open(self, account: Account) -> None:
        """Store an account that was not there, or one with another floor."""
        self._put_account(account)

    def total_of(self, window: Window) -> Money:
        """The sum of an account's postings in a window, those of this group included; not of this draft."""
        posted = self.view.posted.get(window.account_id, ())
        return total_of(window, self.view.totals.get(window, ZERO), posted)

    def owes(self, account: Account) -> bool:
        """Whether its owner is in debt beyond what was agreed on, so that no call goes on its account."""
        if kind_of(account.account_id) is AccountKind.DIRECTBILL:
            line = self.credit_line(account.account_id)
            return line is not None and line.blocked_at is not None
        return terms_of(account.account_id).floor is not None and account.balance < ZERO

    def agreed_floor(self, account: Account) -> Money | None:
        """The floor as it was agreed on when the account was opened, whatever it owes."""
        if account.floor is None:
            return None
        if (line := self.credit_line(account.account_id)) is not None:
            return -line.credit_limit
        floor = terms_of(account.account_id).floor
        return account.floor if floor is None else floor

    def may_owe(self, account_id: AccountId) -> bool:
        """Whether a debt can be kept as the floor of the account, and rises with what comes in."""
        return terms_of(account_id).floor is not None or kind_of(account_id) is AccountKind.DIRECTBILL

    def _raised(self, account: Account) -> Account:
        """Where an account owes, its floor is its debt: what comes in pays that first."""
        floor = account.floor
        if floor is None or floor.micros >= 0:
            return account
        agreed = terms_of(account.account_id).floor
        if kind_of(account.account_id) is AccountKind.DIRECTBILL:
            line = self.credit_line(account.account_id)
            agreed = None if line is None else line.floor
        if agreed is None:
            return account
        return replace(account, floor=min(agreed, account.balance - account.held))

    def credit_line(self, account_id: AccountId) -> CreditLine | None:
        """What was agreed on with the owner of an account that is invoiced."""
        return self.product(CreditLine, account_id)

    def product(self, kind: type[RowT], row_id: str) -> RowT | None:
        """A row of a product as it stands in this draft, None if there is none."""
        for row in reversed(self._rows):
            if isinstance(row, kind) and row.row_id == row_id:
                return row
        return self.view.products.get(kind, row_id)

    def _account_of_posting(self, account_id: AccountId, at: datetime) -> Account:
        if account_id in self._accounts or account_id in self.view.accounts:
            return self.account(account_id)
        try:
            terms = terms_of(parse_account(account_id))
        except MalformedAccountError:
            raise RefusedError(Refusal.MALFORMED_ACCOUNT, account_id) from None
        if Opener.BOOK not in terms.openers:
            raise RefusedError(Refusal.UNKNOWN_ACCOUNT, account_id)
        return Account(account_id, terms.floor, ZERO, ZERO, at)

    def _put_account(self, account: Account) -> None:
        self._accounts[account.account_id] = account
