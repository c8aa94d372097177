"""The book: what the rest of the program asks money of.

A `Book` is opened on a file, may be shared with other processes, and has one writer (`ledger.writer`).
It is used by one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Self, TypeVar, overload

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from ledger import product_reads, reads
from ledger.address import MEMORY, book_path, book_url, in_words
from ledger.asking import asked
from ledger.crowd import placed_of
from ledger.engine import Session, WriteInline, WriteThread, Writing
from ledger.entries import Entry
from ledger.errors import LedgerUnavailableError, MissingBookError, NotABookError
from ledger.group import Beside, Committed, Together, Write, look_outside, outcome_of
from ledger.hold import Hold, HoldState
from ledger.listeners import Listener, Listeners, RowsListener
from ledger.migrate import bring_up_to_date
from ledger.money import AccountId, CallId
from ledger.neighbours import Neighbours
from ledger.outcomes import (
    Admitted,
    Answer,
    Beaten,
    Booked,
    CardRefundStands,
    CardStands,
    Checked,
    Ended,
    Expired,
    Invoiced,
    MessageStands,
    Noted,
    NumberAdded,
    NumberRemoved,
    Opened,
    Outcome,
    Placed,
    Refused,
    Registered,
    Released,
    Retired,
    Started,
    Taken,
    Updated,
)
from ledger.products.card_requests import CardBooking, CardMove, KeepRefund, RefuseCard
from ledger.products.requests import (
    AddNumber,
    AdmitCall,
    BuyCredits,
    Chargeback,
    CheckInvoice,
    CloseAccount,
    IssueInvoice,
    MoveMessage,
    NoteInterest,
    NotifyIdle,
    PostCharge,
    RegisterTrust,
    RemoveNumber,
    SendToTrust,
    SetCreditLimit,
    SettleMessage,
    SubmitMessage,
    TakeAllowance,
)
from ledger.readers import Readers
from ledger.records import CallRecord, OpenCall
from ledger.requests import (
    Adjust,
    Deposit,
    EndCall,
    ExpireHolds,
    Heartbeat,
    OpenAccount,
    PlaceHold,
    Process,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    RetireProcess,
    StartCall,
    Transfer,
    UpdateCall,
)
from ledger.rows import Account
from ledger.stored import ACCOUNTS
from ledger.writer import GROUP_MAX, Writer

BUSY_SECONDS: Final = 2.0
"""How long one try waits for another process's write: theirs take milliseconds, a migration a second."""

DEFAULT_URL: Final = "sqlite+aiosqlite:///payphone.db"

T = TypeVar("T")


class Book:
    """A ledger on a database. Open it with `Book.open`, close it with `close`."""

    def __init__(self, url: URL, writing: Writing, reading: Readers | None, changes: int) -> None:
        self._writing = writing
        self._reading = reading
        self._is_shared = url.database != MEMORY
        self._neighbours = Neighbours(book_path(url), changes, are_all=reading is None)
        self._listeners = Listeners()
        self._writer = Writer(writing, changes, self._committed)

    @classmethod
    async def open(
        cls,
        address: str = DEFAULT_URL,
        *,
        busy_seconds: float = BUSY_SECONDS,
        may_create: bool = True,
        is_inline: bool = False,
    ) -> Self:
        """Open a book by URL or path; make it, or bring its tables up to date, where needed.

        Args:
            address: Where it is; `:memory:` for one that ends with the program.
            busy_seconds: How long one try waits for another process's write.
            may_create: Whether a missing book is made.
            is_inline: Let the database work on the event loop instead of in threads: for simulations, where
                nobody waits for a disk. It hears of what other books of this loop change, and of nobody else's
                changes. A book in memory always does.

        Raises:
            BookAddressError: The address does not name a database a book can live in.
            MissingBookError: There is none, and `may_create` is false, or its folder does not exist.
            NewerBookError: A newer program wrote it.
            NotABookError: The file is something else.
            LedgerUnavailableError: The database did not answer.
        """
        url = book_url(address)
        path, name = book_path(url), in_words(url)
        if path is not None and not (path.is_file() or (may_create and path.parent.is_dir() and not path.exists())):
            folder = "" if path.parent.is_dir() else f": make the folder {path.parent}, or name another"
            raise MissingBookError(f"no book at {path}{folder}")
        is_inline = is_inline or url.database == MEMORY
        writing: Writing = (WriteInline if is_inline else WriteThread)(url, busy_seconds)
        try:
            changes = await bring_up_to_date(writing, may_create=may_create)
        except OperationalError as error:
            await writing.close()
            raise LedgerUnavailableError(f"the book at {name} cannot be opened: {error.orig}") from error
        except DatabaseError as error:
            await writing.close()
            raise NotABookError(f"{name} is not a book: {error.orig}") from error
        except BaseException:
            await writing.close()
            raise
        reading = None if is_inline else Readers(url, busy_seconds)
        return cls(url, writing, reading, changes)

    async def close(self) -> None:
        """Finish what was asked, and let go of the database. Closing again changes nothing."""
        try:
            await self._writer.close()
        finally:
            self._neighbours.leave()
            if self._reading is not None:
                await self._reading.close()
            await self._writing.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    # What changes the book.

    @overload
    async def submit(self, request: PlaceHold) -> Placed | Refused: ...
    @overload
    async def submit(self, request: ReleaseHold) -> Released | Refused: ...
    @overload
    async def submit(self, request: StartCall) -> Started | Refused: ...
    @overload
    async def submit(self, request: UpdateCall) -> Updated | Refused: ...
    @overload
    async def submit(self, request: EndCall) -> Ended | Refused: ...
    @overload
    async def submit(self, request: OpenAccount) -> Opened | Refused: ...
    @overload
    async def submit(self, request: ExpireHolds) -> Expired | Refused: ...
    @overload
    async def submit(self, request: RegisterProcess) -> Registered | Refused: ...
    @overload
    async def submit(self, request: Heartbeat) -> Beaten | Refused: ...
    @overload
    async def submit(self, request: RetireProcess) -> Retired | Refused: ...
    @overload
    async def submit(self, request: AddNumber) -> NumberAdded | Refused: ...
    @overload
    async def submit(self, request: RemoveNumber) -> NumberRemoved | Refused: ...
    @overload
    async def submit(self, request: TakeAllowance) -> Taken | Refused: ...
    @overload
    async def submit(self, request: AdmitCall) -> Admitted | Refused: ...
    @overload
    async def submit(
        self,
        request: Deposit
        | Transfer
        | Adjust
        | Refund
        | PostCharge
        | Chargeback
        | SendToTrust
        | CardBooking
        | BuyCredits
        | SettleMessage,
    ) -> Booked | Refused: ...
    @overload
    async def submit(self, request: SubmitMessage | MoveMessage) -> MessageStands | Refused: ...
    @overload
    async def submit(self, request: CloseAccount) -> Booked | Noted | Refused: ...
    @overload
    async def submit(self, request: RegisterTrust) -> Opened | Refused: ...
    @overload
    async def submit(self, request: IssueInvoice) -> Invoiced | Refused: ...
    @overload
    async def submit(self, request: CheckInvoice) -> Checked | Refused: ...
    @overload
    async def submit(self, request: SetCreditLimit | NoteInterest | NotifyIdle) -> Noted | Refused: ...
    @overload
    async def submit(self, request: CardMove) -> CardStands | Refused: ...
    @overload
    async def submit(self, request: RefuseCard) -> Booked | CardStands | Refused: ...
    @overload
    async def submit(self, request: KeepRefund) -> CardRefundStands | Refused: ...

    async def submit(self, request: Request) -> Outcome:
        """Decide a request and store what it changes; returns once that is durable.

        Requests are decided in the order they were submitted. The same request again has its first
        outcome again.

        Raises:
            LedgerUnavailableError: The database took nothing, after every retry.
            BookOverloadedError: Too many requests are waiting.
            BookClosedError: The book is closed.
        """
        return outcome_of(request, await self._writer.put(request))

    async def submit_all(self, requests: Sequence[Request]) -> list[Outcome]:
        """Submit requests in their order, a group of them in one transaction; returns what came of each, in that order.

        Each is decided by itself: one that is refused keeps none of the others from being done.

        Raises:
            LedgerUnavailableError: As `submit`; what was stored until then stays.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(requests), GROUP_MAX):
            group = requests[start : start + GROUP_MAX]
            outcomes += map(outcome_of, group, await asyncio.gather(*map(self._writer.put, group)))
        return outcomes

    async def answer(self, request: Request, beside: Beside | None = None) -> Answer:
        """As `submit`, tells whether the outcome was remembered, and writes rows beside it (`group.Together`)."""
        result: Any = await self._writer.put(request if beside is None else Together(request, beside))
        return result if type(result) is Answer else Answer(placed_of(request, result), is_repeat=False)

    async def write(self, apply: Callable[[Connection], T]) -> T:
        """Write rows of another package's tables through the one writer (see `ledger.group.Write`).

        Raises whatever `apply` raises, and the errors of `submit`.
        """
        result: T = await self._writer.put(Write(apply))
        return result

    async def register(self, process: Process) -> None:
        """Make a process known, before its first call."""
        await self.submit(RegisterProcess(process))

    async def beat(self, process_id: str, at: datetime) -> Beaten | Refused:
        """Store that a process is alive."""
        return await self.submit(Heartbeat(process_id, at))

    # What asks it.

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Ask anything of one snapshot, in tables of other packages too.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        return await asked(lambda: self._read(query))

    async def balance(self, account_id: AccountId) -> Account | None:
        """Balance, held and available of an account; None if there is no such account."""
        return await asked(lambda: self._writing.look(_look_at_account, account_id))

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, by id."""
        return await self.read(reads.read_accounts)

    async def calls(
        self,
        *,
        last: int | None = None,
        number: str | None = None,
        person: str | None = None,
        payer: AccountId | None = None,
    ) -> tuple[CallRecord, ...]:
        """Call records that match every filter given, the newest first, `last` of them at most."""
        return await self.read(
            lambda connection: reads.read_calls(connection, last=last, number=number, person=person, payer=payer)
        )

    async def call(self, call_id: CallId) -> CallRecord | None:
        """The record of a call, None while it is open or if there is none."""
        return await self.read(lambda connection: reads.read_call(connection, call_id))

    async def entries(self, *, call_id: CallId | None = None, account_id: AccountId | None = None) -> tuple[Entry, ...]:
        """Entries with their postings: of a call, of an account, or all."""
        return await self.read(
            lambda connection: reads.read_entries(connection, call_id=call_id, account_id=account_id)
        )

    async def holds(self, *, call_id: CallId | None = None, state: HoldState | None = None) -> tuple[Hold, ...]:
        """Holds, the oldest first."""
        return await self.read(lambda connection: reads.read_holds(connection, call_id=call_id, state=state))

    async def open_calls(self, *, process_id: str | None = None) -> tuple[OpenCall, ...]:
        """Calls that are going on, of all processes or of one."""
        return await self.read(lambda connection: reads.read_open_calls(connection, process_id=process_id))

    async def payer_of(self, number: str, at: datetime) -> AccountId | None:
        """Which account with several numbers pays for this one at an instant; None if none does (yet)."""
        return await self.read(lambda connection: product_reads.read_payer(connection, number, at))

    async def processes(self) -> tuple[Process, ...]:
        """The registered processes."""
        return await self.read(reads.read_processes)

    # What it tells.

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each account whose balance or holds changed; returns how to stop that.

        Changes of this book are told right after their commit, in the event loop; those of other
        processes with the next commit, or by `poll_outside_changes`.
        """
        return self._listeners.add(listener)

    def on_rows(self, listener: RowsListener) -> Callable[[], None]:
        """Call `listener` after each `write`, and when another process changed anything; returns how to stop that."""
        return self._listeners.add_of_rows(listener)

    async def poll_outside_changes(self) -> None:
        """Tell listeners what other processes have changed. Costs one row when nothing has.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        if not self._is_shared:
            return
        found = await asked(lambda: self._writing.look(look_outside, self._writer.seen_changes))
        # Meanwhile this book may have committed, and told, more than this snapshot shows.
        if found.changes > self._writer.seen_changes:
            self._writer.seen_changes = found.changes
            self._listeners.tell(found)

    async def watch_outside(self, seconds: float) -> None:
        """Poll for outside changes every so many seconds, until its task is cancelled, if others can make any."""
        if self._is_shared:
            await self._neighbours.watch(self.poll_outside_changes, seconds)

    def _committed(self, committed: Committed) -> None:
        self._listeners.tell(committed)
        self._neighbours.committed(committed)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        if self._reading is None:
            return await self._writing.look(_on_core, query)
        return await self._reading.read(query)


def _on_core(session: Session, work: Callable[[Connection], T]) -> T:
    return work(session.core)


def _look_at_account(session: Session, account_id: AccountId) -> Account | None:
    return next(iter(ACCOUNTS.find(session, "account_id", (account_id,))), None)
