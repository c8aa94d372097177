"""Who called a number a while ago, by the records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ivr.reasons import Reason
from ledger.liveness import this_process
from ledger.money import CallId
from ledger.records import CallRecord, OpenCall
from ledger.requests import EndCall, StartCall
from ledger.store import Book
from switch.directory.attempts import Attempts

NOON = datetime(2021, 6, 8, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALL = CallRecord(
    call_id=CallId("call-1"),
    facility="prison",
    station="yard",
    person="jordan",
    number="+12125550123",
    billing="none",
    payer=None,
    started_at=NOON - 20 * MINUTE,
    ended_at=NOON - 10 * MINUTE,
    why="refused",
    ended_by="callee",
)


@pytest.mark.parametrize(
    ("record", "minutes", "has_tried"),
    [
        (CALL, 11, True),
        (CALL, 10, False),
        (replace(CALL, why="busy"), 11, True),
        (replace(CALL, why="hung-up"), 11, False),
        (replace(CALL, person="sam"), 11, False),
        (replace(CALL, number="+12125550124"), 11, False),
        (replace(CALL, why="gave-up"), 11, False),
        (replace(CALL, why="gave-up", rang_at=NOON - 15 * MINUTE), 11, True),
    ],
)
async def test_a_call_of_the_same_two_counts_until_the_time_is_over(
    record: CallRecord, minutes: int, *, has_tried: bool
) -> None:
    ends = {Reason.REFUSED, Reason.BUSY, Reason.GAVE_UP}
    async with await Book.open(":memory:") as book:
        await book.register(this_process("p", NOON))
        begun = OpenCall(record.call_id, "p", "prison", "yard", None, None, "none", None, record.started_at)
        await book.submit(StartCall(begun))
        await book.submit(EndCall(record))
        since = NOON - minutes * MINUTE
        assert await Attempts(book).has_tried("jordan", "+12125550123", since=since, ends=ends) is has_tried
