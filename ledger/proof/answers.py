"""Every request that was done left its rows, and every row came of a request.

The table `requests` remembers what was decided; holds, records and entries are what came of it. A row that was removed
or inserted on one side has nobody on the other. A plain hold is itself all that is remembered of its request: it has a
call, and what a call gave back as it ended was in its holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, Connection, func, select

from ledger.entries import EntryKind
from ledger.finding import RESTORE, Finding
from ledger.hold import HoldState
from ledger.money import ZERO, CallId, Money
from ledger.outcomes import Booked, Ended, Placed, Remembered, Started, Taken, from_text
from ledger.question import Question, among, listed
from ledger.requests import is_reserved
from ledger.tables import calls, entries, holds, open_calls, requests

_OF_REQUESTS: Final = tuple(kind.value for kind in EntryKind if kind not in {EntryKind.CHARGE, EntryKind.CONVERSION})
"""Entries that have the id of their request."""

BATCH: Final = 500
"""Requests looked at together."""

_KEYS: Final = "wanted"


def _among(column: ColumnElement[str], *others: ColumnElement[Any]) -> Question:
    return Question(select(column, *others).where(among(column, _KEYS)))


_ANSWERED: Final = Question(select(requests.c.request_id, requests.c.outcome).execution_options(yield_per=BATCH))
_HOLDS: Final = _among(holds.c.hold_id)
_ENTRIES: Final = _among(entries.c.entry_id)
_OPEN: Final = _among(open_calls.c.call_id)
_CHARGED: Final = _among(calls.c.call_id, calls.c.charged)
_SETTLED: Final = Question(
    select(calls.c.call_id, func.sum(holds.c.amount))
    .join(holds, (holds.c.call_id == calls.c.call_id) & (holds.c.settled_at == calls.c.ended_at))
    .group_by(calls.c.call_id)
)
"""What was held by each call's holds that were settled as it ended."""


def check_answers(connection: Connection) -> Iterator[Finding]:
    """Requests without what came of them, and rows without a request."""
    yield from _check_rows(connection)
    settled = {CallId(call_id): amount for call_id, amount in _SETTLED.rows(connection)}
    answered = _ANSWERED.rows(connection)
    while batch := list(islice(answered, BATCH)):
        outcomes: dict[str, Remembered] = {}
        for request_id, text in batch:
            try:
                outcomes[request_id] = from_text(text)
            except ValueError:
                yield Finding("request", f"request {request_id}", "its outcome cannot be read", RESTORE)
        there = _There(connection, outcomes.values(), settled)
        for request_id, outcome in outcomes.items():
            if problem := _misplaced(request_id, outcome) or there.problem(outcome):
                yield Finding("request", f"request {request_id}", problem, RESTORE)


def _misplaced(request_id: str, outcome: Remembered) -> str | None:
    """Why this cannot be the outcome of a request with this id: ids derive from what is done."""
    match outcome:
        case Placed(hold_id):
            expected: str = hold_id
        case Started(call_id):
            expected = f"{call_id}/start"
        case Ended(call_id):
            expected = f"{call_id}/end"
        case Booked(entry_id):
            # Ids that derive from a call may book an entry of another id of that call.
            expected = request_id if is_reserved(request_id) else entry_id
        case Taken(key):
            # The rest of its id is the call, which has no row of it any more once it has ended.
            expected = request_id if request_id.endswith(f"/allowance/{key}") else key
        case _:
            assert_never(outcome)
    return None if request_id == expected else f"what came of it belongs to request {expected}"


class _There:
    """Which rows that some outcomes speak of are in the book."""

    def __init__(self, connection: Connection, outcomes: Iterable[Remembered], settled: Mapping[CallId, Money]) -> None:
        self._settled = settled
        held, booked, called = set[str](), set[str](), set[str]()
        for outcome in outcomes:
            match outcome:
                case Placed(hold_id):
                    held.add(hold_id)
                case Booked(entry_id):
                    booked.add(entry_id)
                case Started(call_id):
                    called.add(call_id)
                case Ended(call_id, entry_id):
                    called.add(call_id)
                    booked |= {entry_id} if entry_id is not None else set()
                case Taken():
                    pass
                case _:
                    assert_never(outcome)

        def found(question: Question, keys: set[str]) -> Iterable[tuple[Any, ...]]:
            return question.rows(connection, **{_KEYS: listed(keys)}) if keys else ()

        self._holds = {hold_id for (hold_id,) in found(_HOLDS, held)}
        self._entries = {entry_id for (entry_id,) in found(_ENTRIES, booked)}
        self._open = {call_id for (call_id,) in found(_OPEN, called)}
        self._charged = {CallId(call_id): charged for call_id, charged in found(_CHARGED, called)}

    def problem(self, outcome: Remembered) -> str | None:
        """What is wrong with what a request came to; None if nothing is."""
        match outcome:
            case Placed(hold_id) if hold_id not in self._holds:
                return f"hold {hold_id} came of it, and is not there"
            case Booked(entry_id) if entry_id not in self._entries:
                return f"entry {entry_id} came of it, and is not there"
            case Started(call_id) if call_id not in self._open and call_id not in self._charged:
                return f"call {call_id} came of it, and is neither open nor recorded"
            case Ended():
                return self._problem_of_end(outcome)
        return None

    def _problem_of_end(self, ended: Ended) -> str | None:
        call_id, entry_id, charged = ended.call_id, ended.entry_id, ended.charged
        if call_id not in self._charged:
            return f"the record of call {call_id} came of it, and is not there"
        if self._charged[call_id] != charged:
            return f"call {call_id} was charged {charged} by it, its record says {self._charged[call_id]}"
        if entry_id is not None and entry_id not in self._entries:
            return f"entry {entry_id} came of it, and is not there"
        # One that was given back at the same instant, before the end, is counted too.
        if ended.released and (held := self._settled.get(call_id, ZERO)) < charged + ended.released:
            return f"{charged + ended.released} were held for call {call_id} as it ended, its holds come to {held}"
        return None


def _check_rows(connection: Connection) -> Iterator[Finding]:
    """Holds, records, open calls and entries that nobody asked for."""
    for word, question in _UNASKED:
        for key in question.column(connection):
            yield Finding("request", f"{word} {key}", "no request that was done asked for it", RESTORE)


def _unasked(key: ColumnElement[str], request_id: ColumnElement[str], *rows: ColumnElement[bool]) -> Question:
    """Rows, by their key, without the request they came of."""
    query = select(key).outerjoin(requests, requests.c.request_id == request_id)
    return Question(query.where(*rows, requests.c.request_id.is_(None)))


_WITHOUT_CALL: Final = Question(
    select(holds.c.hold_id)
    .outerjoin(calls, calls.c.call_id == holds.c.call_id)
    .outerjoin(open_calls, open_calls.c.call_id == holds.c.call_id)
    .where(holds.c.available.is_not(None), calls.c.call_id.is_(None), open_calls.c.call_id.is_(None))
    .where(holds.c.state != HoldState.PLACED.value)
)
"""Settled ones: a placed hold without its open call is named by the audit of holds."""

_UNASKED: Final = (
    ("hold", _unasked(holds.c.hold_id, holds.c.hold_id, holds.c.available.is_(None))),
    ("hold", _WITHOUT_CALL),
    ("call", _unasked(calls.c.call_id, calls.c.call_id.concat("/end"))),
    ("open call", _unasked(open_calls.c.call_id, open_calls.c.call_id.concat("/start"))),
    ("entry", _unasked(entries.c.entry_id, entries.c.entry_id, entries.c.kind.in_(_OF_REQUESTS))),
)
