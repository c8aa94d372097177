"""What velocity limits count, and how calls share what they leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.liveness import this_process
from ledger.money import CallId
from ledger.records import CallRecord, OpenCall
from ledger.requests import EndCall, StartCall, UpdateCall
from ledger.store import Book
from switch.directory.rules import Counted, VelocityLimit
from switch.directory.velocity import Reached, Usage, Used, Velocity, Wanted, key_of, left_of, usage
from tests.support.books import Shelf

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


async def used(book: Book, counted: Counted, key: str) -> Usage:
    return await book.read(lambda core: usage(core, counted, key, since=NOON - WEEK, now=NOON))


def both(calls: int, talk: timedelta) -> Usage:
    return Usage(Used(calls, talk), Used(calls, talk))


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
        assert await used(book, Counted.NUMBER, "+12125550123") == both(3, 11 * MINUTE)
        assert await used(book, Counted.PERSON, "jordan") == both(3, 12 * MINUTE)
        assert await used(book, Counted.PERSON, "casey") == both(0, timedelta(0))


async def share(
    book: Book, call: OpenCall, *limits: VelocityLimit, longest: timedelta = 15 * MINUTE
) -> timedelta | Reached:
    assert call.number is not None and call.person is not None
    return await Velocity(book).share(Wanted(call.call_id, call.number, call.person, longest), limits, now=NOON)


TALK = VelocityLimit("talk", Counted.NUMBER, WEEK, talk=20 * MINUTE)
TWO = VelocityLimit("two", Counted.PERSON, WEEK, calls=2, blocks=True)


async def test_calls_that_go_on_share_what_is_left_and_what_is_not_talked_is_free_again() -> None:
    async with await Book.open(":memory:") as book:
        await book.register(this_process("p", NOON))
        first, second, third = [await began(book, name, NOON, accepted=False) for name in ("one", "two", "three")]
        assert await share(book, first, TALK) == 15 * MINUTE
        assert await share(book, first, TALK) == 15 * MINUTE, "a call that asks again has its own share again"
        assert await share(book, second, TALK) == 5 * MINUTE
        assert await share(book, third, TALK) == Reached(TALK, "+12125550123", is_used_up=False)
        await book.submit(UpdateCall(accepted := replace(first, accepted_at=NOON)))
        assert await share(book, third, TALK) == Reached(TALK, "+12125550123", is_used_up=False)
        await ended(book, accepted, 2 * MINUTE)
        assert await share(book, third, TALK) == 13 * MINUTE
        await Velocity(book).give_back(third.call_id)
        assert await share(book, await began(book, "four", NOON, accepted=False), TALK) == 13 * MINUTE


async def test_a_number_of_calls_is_used_up_by_accepted_ones_alone() -> None:
    async with await Book.open(":memory:") as book:
        await book.register(this_process("p", NOON))
        await ended(book, await began(book, "zero", NOON - MINUTE), MINUTE)
        first, second = [await began(book, name, NOON, accepted=False) for name in ("one", "two")]
        assert await share(book, first, TALK, TWO) == 15 * MINUTE
        assert await share(book, second, TWO) == Reached(TWO, "jordan", is_used_up=False)
        await book.submit(UpdateCall(replace(first, accepted_at=NOON)))
        assert await share(book, second, TWO) == Reached(TWO, "jordan", is_used_up=True)


async def test_of_calls_admitted_at_one_instant_by_two_switches_none_sees_what_another_took(shelf: Shelf) -> None:
    address = shelf.empty()
    async with await Book.open(address) as book, await Book.open(address) as other:
        await book.register(this_process("p", NOON))
        began_ = [await began(book, f"call-{number}", NOON, accepted=False) for number in range(8)]
        shares = await asyncio.gather(
            *(share(each, call, TALK, longest=4 * MINUTE) for call, each in zip(began_, [book, other] * 4, strict=True))
        )
        taken = [each for each in shares if isinstance(each, timedelta)]
        assert sum(taken, timedelta(0)) == TALK.talk
        assert len(shares) - len(taken) == 3


@pytest.mark.parametrize(
    ("calls", "talk", "before", "left"),
    [
        (2, None, Used(1, 40 * MINUTE), 15 * MINUTE),
        (2, None, Used(2, 3 * MINUTE), timedelta(0)),
        (2, None, Used(3, 3 * MINUTE), timedelta(0)),
        (None, 60 * MINUTE, Used(9, 40 * MINUTE), 15 * MINUTE),
        (None, 60 * MINUTE, Used(9, 50 * MINUTE), 10 * MINUTE),
        (None, 60 * MINUTE, Used(9, 60 * MINUTE), timedelta(0)),
        (None, 60 * MINUTE, Used(9, 61 * MINUTE), timedelta(0)),
    ],
)
def test_a_velocity_limit_leaves_what_was_not_used(
    calls: int | None, talk: timedelta | None, before: Used, left: timedelta
) -> None:
    limit = VelocityLimit("weekly", Counted.NUMBER, WEEK, calls, talk)
    assert left_of(limit, before, 15 * MINUTE) == left


def test_a_velocity_limit_counts_calls_of_the_person_or_to_the_number() -> None:
    assert key_of(TALK, "+12125550123", "jordan") == "+12125550123"
    assert key_of(TWO, "+12125550123", "jordan") == "jordan"


async def test_the_look_uses_an_index() -> None:
    async with await Book.open(":memory:") as book:
        for name in ("number", "person"):
            query = f"EXPLAIN QUERY PLAN SELECT count(*) FROM calls WHERE {name} = 'x' AND started_at >= 5"
            plan = await book.read(lambda connection, query=query: connection.exec_driver_sql(query).all())
            assert f"ix_calls_{name}_started_at" in str(plan)
