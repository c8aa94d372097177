"""Allowed lists that change while switches run: durable, in the book's database (S2-3, S2-5).

The configuration's list is the beginning; each change is a row that stays, and the last row of a number holds.

    nobody asked ──request──▶ requested ──approve──▶ approved ──remove──▶ removed
         └───────add────────────┘ (reviewed)  │          ▲
         └───────add (not reviewed)───────────┼──────────┘
                                              └─refuse─▶ refused
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import Connection, insert, select

from ledger.store import Book
from switch.directory.rules import ListRules
from switch.directory.tables import contact_changes


class Action(Enum):
    """What may be asked for a number on a list."""

    ADD = "add"
    """By the person inside."""
    REMOVE = "remove"
    REQUEST = "request"
    """By somebody outside who wants to be called (S2-3)."""
    APPROVE = "approve"
    REFUSE = "refuse"


class ContactState(Enum):
    """What became of a number."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    REMOVED = "removed"


class ListRefusal(Enum):
    """Why a list stays as it is. Values are what is told."""

    LISTED = "it is on the list already"
    WAITING = "it waits for a review already"
    NOT_LISTED = "it is not on the list"
    NOT_REQUESTED = "nobody asked for it"
    FULL = "the list is full; remove a number first"
    TOO_SOON = "the list was changed too often; wait until the oldest change is past"


OF_THE_LIST: Final = frozenset({ContactState.APPROVED, ContactState.REMOVED})
"""Rows that change whom may be called, and so count as changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row: what became of a number, when and why."""

    number: str
    state: ContactState
    at: datetime
    why: str


def listed(start: Iterable[str], changes: Iterable[Change]) -> frozenset[str]:
    """The list as it stands: the configuration's numbers, and the changes in their order."""
    numbers = set(start)
    for change in changes:
        match change.state:
            case ContactState.APPROVED:
                numbers.add(change.number)
            case ContactState.REMOVED:
                numbers.discard(change.number)
    return frozenset(numbers)


def decide(
    action: Action, number: str, *, start: Iterable[str], changes: Sequence[Change], rules: ListRules, at: datetime
) -> ContactState | ListRefusal:
    """What becomes of a number, or why the list stays as it is.

    Args:
        action: What is asked.
        number: E.164.
        start: The configuration's list.
        changes: Every change of the person's list so far, the oldest first.
        rules: The facility's.
        at: Now, aware UTC.
    """
    numbers = listed(start, changes)
    last = next((change.state for change in reversed(changes) if change.number == number), None)
    is_waiting = last is ContactState.REQUESTED
    recent = sum(change.state in OF_THE_LIST and change.at > at - rules.within for change in changes)
    is_too_soon = rules.changes_max is not None and recent >= rules.changes_max
    if action is Action.REMOVE:
        if number not in numbers:
            return ListRefusal.NOT_LISTED
        return ListRefusal.TOO_SOON if is_too_soon else ContactState.REMOVED
    if number in numbers:
        return ListRefusal.LISTED
    if action in {Action.APPROVE, Action.REFUSE} and not is_waiting:
        return ListRefusal.NOT_REQUESTED
    if action is Action.REFUSE:
        return ContactState.REFUSED
    is_asked = action is Action.REQUEST or (action is Action.ADD and rules.is_reviewed)
    if is_asked and is_waiting:
        return ListRefusal.WAITING
    if len(numbers) >= rules.numbers_max:
        return ListRefusal.FULL
    if is_too_soon:
        return ListRefusal.TOO_SOON
    return ContactState.REQUESTED if is_asked else ContactState.APPROVED


class Contacts:
    """The changes of all allowed lists in one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def changes(self, person: str) -> tuple[Change, ...]:
        """Every change of a person's list, the oldest first.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        return await self._book.read(lambda connection: read_changes(connection, person))

    async def change(
        self,
        person: str,
        number: str,
        action: Action,
        *,
        start: Iterable[str],
        rules: ListRules,
        why: str,
        at: datetime,
    ) -> ContactState | ListRefusal:
        """Decide and store a change, in one transaction: two at once do not both get the last place."""

        def store(connection: Connection) -> ContactState | ListRefusal:
            changes = read_changes(connection, person)
            decided = decide(action, number, start=start, changes=changes, rules=rules, at=at)
            if isinstance(decided, ContactState):
                row = {"person": person, "number": number, "state": decided.value, "why": why, "at": at}
                connection.execute(insert(contact_changes).values(row))
            return decided

        return await self._book.write(store)


def read_changes(connection: Connection, person: str) -> tuple[Change, ...]:
    """Every change of a person's list, the oldest first."""
    query = select(contact_changes).where(contact_changes.c.person == person).order_by(contact_changes.c.change_id)
    return tuple(Change(row.number, ContactState(row.state), row.at, row.why) for row in connection.execute(query))
