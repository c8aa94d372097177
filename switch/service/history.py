"""One time line of a customer or a number: calls, money, blocks, and what agents noted, the oldest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from ledger.chart import AccountKind, advancepay, kind_of, lec
from ledger.entries import EntryKind
from ledger.money import AccountId, Money
from ledger.reads import read_calls
from ledger.records import CallRecord
from ledger.store import Book
from ledger.tables import entries, postings
from rating.numbers import Undialable, normalise
from switch.directory.tables import blocks
from switch.service.acts import ActKind, read_acts
from switch.service.answers import Denial, Denied
from switch.service.customers import read_holding

LAST_MAX: Final = 1_000
"""Lines of one answer; whoever needs more reads the book's statements."""

_TOLD: Final = frozenset({ActKind.CREATED, ActKind.FACILITY_ADDED, ActKind.NUMBER_ADDED, ActKind.NOTED})
"""Acts that nothing else in the book tells of."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a time line."""

    at: datetime
    what: str
    """`call`, `deposit`, `refund`, `block`, `unblock`, `noted`, ..."""
    subject: str
    words: str
    amount: Money | None = None
    """Of money: what it did to the account."""


async def history(book: Book, subject: str, *, last: int = LAST_MAX) -> tuple[Moment, ...] | Denied:
    """The last moments of a customer, or of a number."""

    def look(connection: Connection) -> tuple[Moment, ...] | Denied:
        held = read_holding(connection, subject)
        if held is not None:
            numbers = [each.number for each in held.numbers]
            owned = {*held.accounts, AccountId(f"messages:{subject}")}
        else:
            destination = normalise(subject)
            if isinstance(destination, Undialable):
                return Denied(Denial.NO_CUSTOMER, subject)
            numbers = [destination.e164]
            owned = {advancepay(destination.e164), lec(destination.e164)}
        customer_id = None if held is None else subject
        most = min(last, LAST_MAX)
        records = [each for number in numbers for each in reversed(read_calls(connection, last=most, number=number))]
        owned |= {
            each.payer for each in records if each.payer is not None and kind_of(each.payer) is AccountKind.ONECALL
        }
        found = [
            *map(_call, records),
            *_money(connection, owned, most),
            *_blocks(connection, numbers, most),
            *_acts(connection, customer_id, numbers, most),
        ]
        # Each kind comes in its own order, which the sort keeps within one instant.
        return tuple(sorted(found, key=lambda moment: moment.at)[-most:])

    return await book.read(look)


def _call(record: CallRecord) -> Moment:
    talk = f"{record.talk.total_seconds():.0f} s, {record.why} by {record.ended_by}"
    words = f"from {record.facility} to {record.number}: {talk}"
    return Moment(record.started_at, "call", record.call_id, words, record.charged)


def _money(connection: Connection, accounts: Collection[AccountId], last: int) -> Iterator[Moment]:
    query = (
        select(
            entries.c.at, entries.c.kind, entries.c.entry_id, entries.c.memo, postings.c.account_id, postings.c.amount
        )
        .join(entries, entries.c.seq == postings.c.seq)
        # What a call cost stands beside the call.
        .where(postings.c.account_id.in_(sorted(accounts)), entries.c.kind != EntryKind.CHARGE.value)
        .order_by(entries.c.seq.desc())
        .limit(last)
    )
    for row in reversed(connection.execute(query).all()):
        yield Moment(row.at, row.kind, row.entry_id, f"{row.account_id}: {row.memo}".rstrip(": "), row.amount)


def _blocks(connection: Connection, numbers: Collection[str], last: int) -> Iterator[Moment]:
    query = select(blocks).where(blocks.c.number.in_(sorted(numbers))).order_by(blocks.c.block_id.desc()).limit(last)
    for row in reversed(connection.execute(query).all()):
        yield Moment(row.blocked_at, "block", row.number, f"{row.kind}, facility {row.facility}: {row.why}")
        if row.removed_at is not None:
            yield Moment(row.removed_at, "unblock", row.number, f"facility {row.facility}: {row.removed_why}")


def _acts(connection: Connection, customer_id: str | None, numbers: Collection[str], last: int) -> Iterator[Moment]:
    for act in reversed(read_acts(connection, customer_id=customer_id, numbers=numbers, last=last)):
        if act.kind in _TOLD:
            words = f"{act.words} (by {act.agent})" if act.words else f"by {act.agent}"
            yield Moment(act.at, act.kind.value, act.number or act.subject, words)
