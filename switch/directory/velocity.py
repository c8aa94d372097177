"""Velocity limits (DOMAIN: controls): decided purely, on the book's records and on what calls that go on may use.

A call takes its share when it is admitted, in the transaction that looks at what was used, as money is held: of
several calls at one instant, on whatever switches, each finds what the others left. A share counts while its call is
open and ends with it: what was not talked is free again, and a crash neither loses a share nor leaves one behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, delete, func, insert, select, type_coerce

from ledger.money import CallId
from ledger.store import Book
from ledger.tables import calls, open_calls
from switch.directory.rules import WORTH_A_CALL, Counted, VelocityLimit
from switch.directory.tables import velocity_shares


@dataclass(frozen=True, slots=True)
class Used:
    """Calls and their talk."""

    calls: int
    talk: timedelta


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of one limit."""

    accepted: Used
    """By accepted calls, those that go on too, until now."""
    promised: Used
    """And by what other calls that go on may still use."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that is about to be admitted."""

    call_id: CallId
    number: str
    person: str
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit leaves too little for a call."""

    limit: VelocityLimit
    key: str
    is_used_up: bool
    """By accepted calls; else others may still talk it away, or leave some of it."""


def left_of(limit: VelocityLimit, used: Used, longest: timedelta) -> timedelta:
    """How long the next call may be by a velocity limit, `longest` at most; zero where there may be none."""
    if limit.calls is not None and used.calls >= limit.calls:
        return timedelta(0)
    if limit.talk is None:
        return longest
    return max(timedelta(0), min(longest, limit.talk - used.talk))


def key_of(limit: VelocityLimit, number: str, person: str) -> str:
    """Whose calls a velocity limit counts: the number, or the id of the person."""
    return number if limit.of is Counted.NUMBER else person


class Velocity:
    """The shares that the calls of one book have of their limits."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def share(self, wanted: Wanted, limits: Sequence[VelocityLimit], *, now: datetime) -> timedelta | Reached:
        """Take what every limit leaves for a call, in place of what the call had taken; its longest talk.

        Raises:
            LedgerError: The book does not answer.
        """

        def take(connection: Connection) -> timedelta | Reached:
            _forget(connection, wanted.call_id)
            longest = wanted.longest
            for limit in limits:
                key = key_of(limit, wanted.number, wanted.person)
                used = usage(connection, limit.of, key, since=now - limit.within, now=now)
                worth = min(longest, WORTH_A_CALL)
                if left_of(limit, used.promised, longest) < worth:
                    return Reached(limit, key, is_used_up=left_of(limit, used.accepted, longest) < worth)
                longest = left_of(limit, used.promised, longest)
            row = {"call_id": wanted.call_id, "number": wanted.number, "person": wanted.person, "talk": longest}
            connection.execute(insert(velocity_shares).values(row))
            return longest

        return await self._book.write(take)

    async def give_back(self, call_id: CallId) -> None:
        """Let others have what a call took, which was not admitted after all.

        Raises:
            LedgerError: The book does not answer; the share ends with the call.
        """
        await self._book.write(lambda connection: _forget(connection, call_id))


def usage(connection: Connection, counted: Counted, key: str, *, since: datetime, now: datetime) -> Usage:
    """What was used by a person, or with a number, in calls that began at `since` or later, or go on."""
    name = "number" if counted is Counted.NUMBER else "person"
    ended = select(func.count(), type_coerce(func.coalesce(func.sum(calls.c.talk), 0), BigInteger)).where(
        calls.c[name] == key, calls.c.started_at >= since, calls.c.accepted_at.is_not(None)
    )
    going_on = select(open_calls.c.call_id, open_calls.c.accepted_at).where(
        open_calls.c[name] == key, open_calls.c.accepted_at.is_not(None)
    )
    count, micros = connection.execute(ended).one()
    shared = (
        select(velocity_shares.c.call_id, velocity_shares.c.talk)
        .join(open_calls, open_calls.c.call_id == velocity_shares.c.call_id)
        .where(velocity_shares.c[name] == key)
    )
    shares = {row.call_id: row.talk for row in connection.execute(shared)}
    talks = {row.call_id: max(timedelta(0), now - row.accepted_at) for row in connection.execute(going_on)}
    talked = timedelta(microseconds=int(micros))
    # A call of a switch that knows of no limits has no share: what it talked until now counts.
    most = talks | shares
    return Usage(
        Used(count + len(talks), sum(talks.values(), talked)), Used(count + len(most), sum(most.values(), talked))
    )


def _forget(connection: Connection, call_id: CallId) -> None:
    """Drop the share of a call, and those whose calls have ended."""
    is_over = velocity_shares.c.call_id.not_in(select(open_calls.c.call_id))
    connection.execute(delete(velocity_shares).where((velocity_shares.c.call_id == call_id) | is_over))
