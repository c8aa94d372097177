"""What velocity limits count: accepted calls of records, and those that go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ledger.liveness import this_process
from ledger.money import CallId
from ledger.records import CallRecord, OpenCall
from ledger.requests import EndCall, StartCall, UpdateCall
from ledger.store import Book
from switch.directory.rules import Counted
from switch.directory.usage import Usage, Used

NOON = datetime(2021, 6, 8, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


async def began(
    book: Book, name: str, at: datetime, *, person: str = "jordan", number: str = "+12125550123", accepted: bool = True
) -> OpenCall:
    call = OpenCall(CallId(name), "p", "prison", "yard", person, number, "none", None, at)
    await book.submit(StartCall(call))
    if accepted:
        call = replace(call, accepted_at=at)
        await book.submit(UpdateCall(call))
    return call


async def ended(book: Book, call: OpenCall, talk: timedelta) -> None:
    record = CallRecord(
        call_id=call.call_id,
        facility=call.facility,
        station=call.station,
        person=call.person,
        number=call.number,
        billing="none",
        payer=None,
        started_at=call.started_at,
        ended_at=call.started_at + talk,
        why="hung-up",
        ended_by="caller",
        accepted_at=call.accepted_at,
        talk=talk if call.accepted_at else timedelta(0),
    )
    await book.submit(EndCall(record))


async def test_accepted_calls_of_a_number_and_of_a_person_count_within_the_time() -> None:
    async with await Book.open(":memory:") as book:
        await book.register(this_process("p", NOON))
        await ended(book, await began(book, "old", NOON - WEEK - MINUTE), 5 * MINUTE)
        await ended(book, await began(book, "one", NOON - WEEK), 5 * MINUTE)
        await ended(book, await began(book, "sams", NOON - MINUTE, person="sam"), 2 * MINUTE)
        await ended(book, await began(book, "other", NOON - MINUTE, number="+12125550124"), 3 * MINUTE)
        await ended(book, await began(book, "refused", NOON - MINUTE, accepted=False), MINUTE)
        await began(book, "goes on", NOON - 4 * MINUTE)
        await began(book, "rings", NOON - 4 * MINUTE, accepted=False)
        usage, since = Usage(book), NOON - WEEK
        assert await usage.of(Counted.NUMBER, "+12125550123", since=since, now=NOON) == Used(3, 11 * MINUTE)
        assert await usage.of(Counted.PERSON, "jordan", since=since, now=NOON) == Used(3, 12 * MINUTE)
        assert await usage.of(Counted.PERSON, "casey", since=since, now=NOON) == Used(0, timedelta(0))


async def test_the_look_uses_an_index() -> None:
    async with await Book.open(":memory:") as book:
        for name in ("number", "person"):
            query = f"EXPLAIN QUERY PLAN SELECT count(*) FROM calls WHERE {name} = 'x' AND started_at >= 5"
            plan = await book.read(lambda connection, query=query: connection.exec_driver_sql(query).all())
            assert f"ix_calls_{name}_started_at" in str(plan)
