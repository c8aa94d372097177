"""A decision in the making: accounts as the decision leaves them, and the rows it adds."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.chart import Opener, parse_account, terms_of
from ledger.entries import EntryDraft
from ledger.errors import MalformedAccountError
from ledger.hold import Hold
from ledger.money import AMOUNT_MAX_UNITS, MICROS_PER_UNIT, ZERO, AccountId, Money
from ledger.outcomes import Refusal, Refused
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
        return (*self._accounts.values(), *self._rows)

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

    def hold(self, hold: Hold) -> None:
        """Place a hold, if so much is available."""
        account = self.account(hold.account_id)
        if (available := account.available) is not None and hold.amount > available:
            raise RefusedError(Refusal.INSUFFICIENT_FUNDS, hold.account_id, available)
        self._put_account(account.moved(held=account.held + hold.amount))
        self._rows.append(hold)

    def settle(self, hold: Hold) -> None:
        """Store a hold that is no longer placed; none of it is held any more."""
        account = self.account(hold.account_id)
        self._put_account(account.moved(held=account.held - hold.amount))
        self._rows.append(hold)

    def book(self, entry: EntryDraft) -> None:
        """Post an entry. Accounts of the book itself are opened by their first posting.

        Raises:
            RefusedError: An account does not exist, or the entry takes more than is available.
        """
        for posting in entry.postings:
            account = self._account_of_posting(posting.account_id, entry.at)
            available = account.available
            after = account.moved(balance=account.balance + posting.amount)
            if posting.amount < ZERO and available is not None and available + posting.amount < ZERO:
                raise RefusedError(Refusal.INSUFFICIENT_FUNDS, posting.account_id, available)
            if not -BALANCE_MAX <= after.balance <= BALANCE_MAX:
                raise RefusedError(Refusal.AMOUNT_OUT_OF_RANGE, posting.account_id)
            self._put_account(after)
        self._rows.append(entry)

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
