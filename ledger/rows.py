"""The rows a decision looks at, and the changes it asks for.

`View` is what `ledger.decide` reads. `WorkingRows` is the same rows while a group of requests is decided
one after the other: it takes each decision's changes, so that the next request sees them, and keeps
what must be written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from ledger.entries import Entry, EntryDraft, EntryId, EntryKind, Head, seal
from ledger.hold import Hold, HoldId, HoldState
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.outcomes import Outcome, Remembered
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands."""

    account_id: AccountId
    floor: Money | None
    """The lowest balance it may reach; None without a limit."""
    balance: Money
    held: Money
    opened_at: datetime

    @property
    def available(self) -> Money | None:
        """What can still be held or taken; None without a limit."""
        return None if self.floor is None else self.balance - self.held - self.floor

    def moved(self, *, balance: Money | None = None, held: Money | None = None) -> Account:
        """The account with another balance, or another sum of holds."""
        balance = self.balance if balance is None else balance
        held = self.held if held is None else held
        return Account(self.account_id, self.floor, balance, held, self.opened_at)


@dataclass(frozen=True, slots=True)
class RememberedRequest:
    """A request that was done: asked again, it has the same outcome."""

    request_id: str
    digest: str
    outcome: Remembered


@dataclass(frozen=True, slots=True)
class ChargeEntry:
    """A charge that may be given back, and how much of it was."""

    charge_id: EntryId
    payer: AccountId
    income: AccountId
    amount: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class View:
    """Rows by their keys. What was looked for and is not here does not exist.

    Whoever is in here brings along what it needs to be judged: a hold its account and its call, an open
    call its process.
    """

    accounts: Mapping[AccountId, Account]
    holds: Mapping[HoldId, Hold]
    placed: Mapping[CallId, Mapping[HoldId, None]]
    """The placed holds among `holds`, by call."""
    calls: Mapping[CallId, OpenCall]
    remembered: Mapping[str, RememberedRequest]
    charges: Mapping[EntryId, ChargeEntry]
    processes: Mapping[str, Process]


@dataclass(frozen=True, slots=True)
class CloseCall:
    """The call is no longer open."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class ForgetProcess:
    """The process is no longer registered."""

    process_id: str


Change = Account | Hold | OpenCall | CloseCall | CallRecord | EntryDraft | Process | ForgetProcess | RememberedRequest
"""A row to be stored in place of the one with its key, a row to be added, or a row to be dropped."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of a request, and what has to be stored for it."""

    outcome: Outcome
    changes: tuple[Change, ...] = ()
    is_repeat: bool = False
    """The outcome was remembered from the first time."""


@dataclass(slots=True)
class WorkingRows:
    """Rows under change, with what is still to be written: `None` marks a row to be dropped."""

    head: Head
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    holds: dict[HoldId, Hold] = field(default_factory=dict)
    placed: dict[CallId, dict[HoldId, None]] = field(default_factory=dict)
    calls: dict[CallId, OpenCall] = field(default_factory=dict)
    remembered: dict[str, RememberedRequest] = field(default_factory=dict)
    charges: dict[EntryId, ChargeEntry] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    changed_accounts: dict[AccountId, Account] = field(default_factory=dict)
    changed_holds: dict[HoldId, Hold] = field(default_factory=dict)
    changed_calls: dict[CallId, OpenCall | None] = field(default_factory=dict)
    changed_processes: dict[str, Process | None] = field(default_factory=dict)
    new_requests: list[RememberedRequest] = field(default_factory=list)
    new_records: list[CallRecord] = field(default_factory=list)
    new_entries: list[Entry] = field(default_factory=list)

    @property
    def view(self) -> View:
        """These rows for a decision, which sees every later change too."""
        return View(
            self.accounts,
            self.holds,
            self.placed,
            self.calls,
            self.remembered,
            self.charges,
            self.processes,
        )

    def load(self, loaded: Iterable[Account | Hold | OpenCall | Process | RememberedRequest | ChargeEntry]) -> None:
        """Take rows as they are stored."""
        for row in loaded:
            match row:
                case Account():
                    self.accounts[row.account_id] = row
                case Hold():
                    self._put_hold(row)
                case OpenCall():
                    self.calls[row.call_id] = row
                case Process():
                    self.processes[row.process_id] = row
                case RememberedRequest():
                    self.remembered[row.request_id] = row
                case ChargeEntry():
                    self.charges[row.charge_id] = row
                case _:
                    assert_never(row)

    @property
    def has_news(self) -> bool:
        """Whether anything changed but processes: that is worth telling others of the book."""
        return bool(
            self.changed_accounts
            or self.changed_holds
            or self.changed_calls
            or self.new_requests
            or self.new_records
            or self.new_entries
        )

    def apply(self, changes: Iterable[Change]) -> None:
        """Make a decision's changes seen by the next decision, and keep them to be written."""
        for change in changes:
            match change:
                case Account():
                    self.accounts[change.account_id] = self.changed_accounts[change.account_id] = change
                case Hold():
                    self._put_hold(change)
                    self.changed_holds[change.hold_id] = change
                case RememberedRequest():
                    self.remembered[change.request_id] = change
                    self.new_requests.append(change)
                case OpenCall():
                    self.calls[change.call_id] = self.changed_calls[change.call_id] = change
                case CloseCall(call_id):
                    self.calls.pop(call_id)
                    self.changed_calls[call_id] = None
                case CallRecord():
                    self.new_records.append(change)
                case EntryDraft():
                    self._append(change)
                case Process():
                    self.processes[change.process_id] = self.changed_processes[change.process_id] = change
                case ForgetProcess(process_id):
                    self.processes.pop(process_id)
                    self.changed_processes[process_id] = None
                case _:
                    assert_never(change)

    def _put_hold(self, hold: Hold) -> None:
        self.holds[hold.hold_id] = hold
        of_call = self.placed.setdefault(hold.call_id, {})
        if hold.state is HoldState.PLACED:
            of_call[hold.hold_id] = None
        else:
            of_call.pop(hold.hold_id, None)

    def _append(self, draft: EntryDraft) -> None:
        entry = seal(draft, self.head)
        self.head = replace(self.head, seq=entry.seq, hash=entry.hash)
        self.new_entries.append(entry)
        if draft.kind is EntryKind.CHARGE:
            payer, income = draft.postings
            charge = ChargeEntry(draft.entry_id, payer.account_id, income.account_id, income.amount, ZERO)
            self.charges[draft.entry_id] = charge
        elif draft.refunds is not None:
            charge = self.charges[draft.refunds]
            given = draft.postings[-1].amount
            self.charges[draft.refunds] = replace(charge, refunded=charge.refunded + given)
