"""One transaction for a group of requests: load what they touch, decide one after the other, save.

This runs on the writing connection, inside its transaction; `ledger.writer` commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, select

from ledger.crowd import Crowd, placed_of
from ledger.decide import decide
from ledger.footprint import footprint
from ledger.head import look_at_head
from ledger.load import load, load_plain
from ledger.money import AccountId
from ledger.outcomes import Answer, Outcome, Refused
from ledger.requests import PlaceHold, Request
from ledger.rows import Decision, WorkingRows
from ledger.save import save
from ledger.statements import Working
from ledger.tables import accounts


@dataclass(frozen=True, slots=True)
class Write:
    """Rows of another package, written through the book's one writer.

    `apply` gets the writing connection inside the transaction, behind a savepoint of its own: what it
    raises goes to whoever asked and undoes only its own rows. It may run again if the transaction has
    to be repeated, so its only effects must be in the database. It touches only its own tables; its
    return value goes to whoever asked, once it is committed.
    """

    apply: Callable[[Connection], Any]


class Beside(Protocol):
    """Writes rows beside a request."""

    def __call__(self, connection: Connection, outcome: Outcome, /, *, is_new: bool) -> object:
        """Write them; `is_new`: the request changed something, which a repeat does not."""


@dataclass(frozen=True, slots=True)
class Together:
    """A request and rows of another package, stored together or not at all.

    `apply` is as that of a `Write`, and is not called where the book refuses the request. It sees the rows of the
    ledger as they were before the group. What it raises goes to whoever asked, and undoes the request too.
    """

    request: Request
    apply: Beside


Item = Request | Write | Together


@dataclass(frozen=True, slots=True)
class Failed:
    """This request alone could not be decided; the rest of its group was."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Committed:
    """What a group came to, and what has changed since this book last looked."""

    results: tuple[Any, ...]
    """For each item an `Answer`, what a plain hold left (`ledger.crowd`), a `Failed`, or what a `Write` returned."""
    changes: int
    touched: frozenset[AccountId]
    """Accounts changed by this group, and by others since."""
    is_written_beside: bool
    """Whether rows of other packages may have changed too."""


def outcome_of(request: Request, result: Answer | int) -> Outcome:
    """What a request came to, by its result in a group."""
    return result.outcome if isinstance(result, Answer) else placed_of(request, result)


def run_group(session: Working, items: Sequence[Item], seen_changes: int, *, is_sure: bool = True) -> Committed:
    """Decide and store a group; nothing of it counts until the transaction commits.

    Unless `is_sure`, plain holds with nothing else among them are taken to be new.

    Raises:
        sqlalchemy.exc.IntegrityError: Not `is_sure`, and one of them was placed before: run it again.
    """
    decided = None if is_sure else _place_all(session, items)
    rows, results = _decide_any(session, items) if decided is None else decided
    touched: set[AccountId] = set()
    if has_others := rows.head.changes > seen_changes:
        touched.update(changed_since(session.core, seen_changes))
    is_written_beside = any(isinstance(item, Write | Together) for item in items)
    reached = save(session, rows, is_written_beside=is_written_beside)
    touched.update(rows.changed_accounts)
    return Committed(tuple(results), reached.changes, frozenset(touched), has_others or is_written_beside)


def _place_all(session: Working, items: Sequence[Item]) -> tuple[WorkingRows, list[Any]] | None:
    """Place plain holds that are taken to be new; None if there is anything else to be said.

    That none was placed before is not asked: the one key of a hold lets nobody store it twice.
    """
    holds = [item for item in items if type(item) is PlaceHold]
    if len(holds) < len(items):
        return None
    rows = load_plain(session, {each.account_id for each in holds}, {each.call_id for each in holds})
    results: list[Any] = []
    crowd = Crowd(rows)
    crowd.place(items, results)
    crowd.show_accounts()
    return (rows, results) if len(results) == len(items) else None


def _decide_any(session: Working, items: Sequence[Item]) -> tuple[WorkingRows, list[Any]]:
    rows = load(session, footprint(_requests(items)))

    def write(apply: Callable[[Connection], Any]) -> Any:
        with session.core.begin_nested():
            return apply(session.core)

    return rows, decide_all(rows, items, write)


def decide_all(
    rows: WorkingRows, items: Sequence[Item], write: Callable[[Callable[[Connection], Any]], Any]
) -> list[Any]:
    """Decide one after the other on rows that then have every change; `write` does what is not decided here."""
    view, crowd = rows.view, Crowd(rows)
    results: list[Any] = []
    crowd.place(items, results)
    while (index := len(results)) < len(items):
        item = items[index]
        try:
            if isinstance(item, Write):
                results.append(write(item.apply))
            else:
                crowd.show()
                request, beside = (item.request, item.apply) if isinstance(item, Together) else (item, None)
                decision = decide(view, request)
                if beside is not None and not isinstance(decision.outcome, Refused):
                    write(_with(beside, decision))
                rows.apply(decision.changes)
                results.append(Answer(decision.outcome, decision.is_repeat))
        except Exception as error:  # noqa: BLE001 - handed on to whoever asked, who sees it raised.
            results.append(Failed(error))
        crowd.place(items, results)
    crowd.show_accounts()
    return results


def _with(beside: Beside, decision: Decision) -> Callable[[Connection], Any]:
    return lambda connection: beside(connection, decision.outcome, is_new=bool(decision.changes))


def _requests(items: Iterable[Item]) -> Iterator[Request]:
    for item in items:
        if isinstance(item, Together):
            yield item.request
        elif not isinstance(item, Write):
            yield item


def changed_since(connection: Connection, change: int) -> frozenset[AccountId]:
    """The accounts that changed after a change of the book, by its number."""
    changed = select(accounts.c.account_id).where(accounts.c.change > change)
    return frozenset(AccountId(account_id) for account_id in connection.execute(changed).scalars())


def look_outside(session: Working, seen_changes: int) -> Committed:
    """What others have changed since this book last looked; it writes nothing."""
    changes = look_at_head(session).changes
    touched = changed_since(session.core, seen_changes) if changes > seen_changes else frozenset()
    return Committed((), changes, touched, is_written_beside=changes > seen_changes)
