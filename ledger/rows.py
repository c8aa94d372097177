"""The rows a decision looks at, and the changes it asks for.

`View` is what `ledger.decide` reads. `WorkingRows` is the same rows while a group of requests is decided
one after the other: it takes each decision's changes, so that the next request sees them, and keeps
what must be written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from ledger.digest import digest_of_hold
from ledger.entries import Entry, EntryDraft, EntryId, EntryKind, Head, Posting, seal
from ledger.hold import Hold, HoldId, HoldState
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import Outcome, Placed, Remembered
from ledger.products.rows import DropRow, ProductRow, ProductRows
from ledger.products.windows import Posted, Window
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
class ChargePart:
    """One posting of a charge, credit positive, and how much of it is left after refunds (of the same sign)."""

    account_id: AccountId
    left: Money


@dataclass(frozen=True, slots=True)
class ChargeEntry:
    """A charge that may be given back, and how much of it was not yet."""

    charge_id: EntryId
    parts: tuple[ChargePart, ...]
    """The payer's first, the income's second, then lines and shares. No account has two."""

    @property
    def payer(self) -> AccountId:
        """Who paid it."""
        return self.parts[0].account_id

    @property
    def left(self) -> Money:
        """What the payer can still have back."""
        return -self.parts[0].left


@dataclass(frozen=True, slots=True)
class DepositEntry:
    """A deposit that a bank may take back, and whether it did."""

    deposit_id: EntryId
    postings: tuple[Posting, ...]
    is_back: bool


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
    open: AbstractSet[CallId]
    """Which of the calls that were asked for go on."""
    calls: Mapping[CallId, OpenCall]
    """Those that are needed whole: to judge whether they are abandoned, or whose they are."""
    remembered: Mapping[str, RememberedRequest]
    charges: Mapping[EntryId, ChargeEntry]
    processes: Mapping[str, Process]
    deposits: Mapping[EntryId, DepositEntry]
    products: ProductRows
    totals: Mapping[Window, Money]
    """Sums as they were stored; `posted` adds what this group has posted since."""
    last_used: Mapping[AccountId, datetime]
    """The last use of an account as it was stored."""
    posted: Mapping[AccountId, Sequence[Posted]]


@dataclass(frozen=True, slots=True)
class CloseCall:
    """The call is no longer open."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class ForgetProcess:
    """The process is no longer registered."""

    process_id: str


Change = (
    Account
    | Hold
    | OpenCall
    | CloseCall
    | CallRecord
    | EntryDraft
    | Process
    | ForgetProcess
    | RememberedRequest
    | ProductRow
    | DropRow
)
"""A row to be stored in place of the one with its key, a row to be added, or a row to be dropped."""


StoredHold = tuple[HoldId, AccountId, CallId, int, int, int]
"""A new row of the table `holds`: its amount, its instant and what was available then in micros; the rest is alike."""

StoredRow = Account | Hold | OpenCall | Process | RememberedRequest | ChargeEntry | DepositEntry | ProductRow


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
    open: set[CallId] = field(default_factory=set)
    calls: dict[CallId, OpenCall] = field(default_factory=dict)
    remembered: dict[str, RememberedRequest] = field(default_factory=dict)
    charges: dict[EntryId, ChargeEntry] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    deposits: dict[EntryId, DepositEntry] = field(default_factory=dict)
    products: ProductRows = field(default_factory=ProductRows)
    totals: dict[Window, Money] = field(default_factory=dict)
    last_used: dict[AccountId, datetime] = field(default_factory=dict)
    posted: dict[AccountId, list[Posted]] = field(default_factory=dict)
    changed_accounts: dict[AccountId, Account] = field(default_factory=dict)
    changed_holds: dict[HoldId, Hold] = field(default_factory=dict)
    changed_calls: dict[CallId, OpenCall | None] = field(default_factory=dict)
    changed_processes: dict[str, Process | None] = field(default_factory=dict)
    new_requests: list[RememberedRequest] = field(default_factory=list)
    stored_holds: list[StoredHold] = field(default_factory=list)
    """New holds as they are stored (see `ledger.crowd`)."""
    new_records: list[CallRecord] = field(default_factory=list)
    new_entries: list[Entry] = field(default_factory=list)

    @property
    def view(self) -> View:
        """These rows for a decision, which sees every later change too."""
        return View(
            self.accounts,
            self.holds,
            self.placed,
            self.open,
            self.calls,
            self.remembered,
            self.charges,
            self.processes,
            self.deposits,
            self.products,
            self.totals,
            self.last_used,
            self.posted,
        )

    def load(self, loaded: Iterable[StoredRow]) -> None:
        """Take rows as they are stored."""
        for row in loaded:
            match row:
                case Account():
                    self.accounts[row.account_id] = row
                case Hold():
                    self.put_hold(row)
                case OpenCall():
                    self.calls[row.call_id] = row
                    self.open.add(row.call_id)
                case Process():
                    self.processes[row.process_id] = row
                case RememberedRequest():
                    self.remembered[row.request_id] = row
                case ChargeEntry():
                    self.charges[row.charge_id] = row
                case DepositEntry():
                    self.deposits[row.deposit_id] = row
                case _:
                    self.products.load(row)

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
            or self.products.changed
        )

    def apply(self, changes: Iterable[Change]) -> None:
        """Make a decision's changes seen by the next decision, and keep them to be written."""
        for change in changes:
            match change:
                case Account():
                    self.accounts[change.account_id] = self.changed_accounts[change.account_id] = change
                case Hold():
                    self.put_hold(change)
                    self.changed_holds[change.hold_id] = change
                case RememberedRequest():
                    self.remembered[change.request_id] = change
                    if not self._is_in_hold(change.request_id):
                        self.new_requests.append(change)
                case OpenCall():
                    self.calls[change.call_id] = self.changed_calls[change.call_id] = change
                    self.open.add(change.call_id)
                case CloseCall(call_id):
                    self.calls.pop(call_id, None)
                    self.open.remove(call_id)
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
                case DropRow():
                    self.products.drop(change)
                case _:
                    self.products.put(change)

    def put_hold(self, hold: Hold) -> None:
        """Make a hold seen by the next decision."""
        self.holds[hold.hold_id] = hold
        of_call = self.placed.setdefault(hold.call_id, {})
        if hold.state is HoldState.PLACED:
            of_call[hold.hold_id] = None
        else:
            of_call.pop(hold.hold_id, None)

    def _is_in_hold(self, request_id: str) -> bool:
        """Whether the hold that a request placed is all that is stored of it."""
        hold = self.holds.get(HoldId(request_id))
        return hold is not None and hold.available is not None

    def _append(self, draft: EntryDraft) -> None:
        entry = seal(draft, self.head)
        self.head = replace(self.head, seq=entry.seq, hash=entry.hash)
        self.new_entries.append(entry)
        for posting in draft.postings:
            posted = Posted(draft.kind, draft.at, posting.amount)
            self.posted.setdefault(posting.account_id, []).append(posted)
        match draft.kind:
            case EntryKind.CHARGE:
                self.charges[draft.entry_id] = charge_entry(draft.entry_id, draft.postings, ())
            case EntryKind.REFUND if draft.refunds is not None:
                parts = [Posting(part.account_id, part.left) for part in self.charges[draft.refunds].parts]
                self.charges[draft.refunds] = charge_entry(draft.refunds, parts, draft.postings)
            case EntryKind.DEPOSIT:
                self.deposits[draft.entry_id] = DepositEntry(draft.entry_id, draft.postings, is_back=False)
            case EntryKind.CHARGEBACK if draft.refunds is not None:
                self.deposits[draft.refunds] = replace(self.deposits[draft.refunds], is_back=True)
            case _:
                pass


def remembered_of(hold: Hold) -> RememberedRequest | None:
    """What a hold says of the request that placed it; None where the table `requests` has it."""
    if hold.available is None:
        return None
    body = digest_of_hold(hold.hold_id, hold.account_id, hold.call_id, hold.amount.micros)
    return RememberedRequest(hold.hold_id, body, Placed(hold.hold_id, hold.available))


def charge_entry(charge_id: EntryId, charged: Iterable[Posting], given_back: Iterable[Posting]) -> ChargeEntry:
    """A charge as its postings and those of its refunds leave it."""
    left = {posting.account_id: posting.amount for posting in charged}
    for posting in given_back:
        left[posting.account_id] += posting.amount
    return ChargeEntry(charge_id, tuple(ChargePart(account_id, amount) for account_id, amount in left.items()))
