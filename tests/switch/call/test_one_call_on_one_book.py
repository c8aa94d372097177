"""One live call per person and per called number, over all switches on one book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.liveness import this_process
from ledger.money import CallId
from ledger.records import CallRecord, OpenCall
from ledger.requests import EndCall, RetireProcess, StartCall, UpdateCall
from tests.support.switchboard import NOON, Board, switchboard

NUMBER = "+12125550123"
CALL = OpenCall(CallId("elsewhere"), "other", "prison", "gym", "riley", NUMBER, "free", None, NOON)


@asynccontextmanager
async def another_switch(board: Board, call: OpenCall) -> AsyncIterator[None]:
    """A second switch on the book, with one admitted call; the first one knows it from its next heartbeat on."""
    book = board.switch.services.book
    await book.register(this_process("other", NOON))
    await book.submit(StartCall(replace(call, rate=None)))
    await book.submit(UpdateCall(call))
    await asyncio.sleep(1.1)
    yield
    record = CallRecord(
        call_id=call.call_id,
        facility=call.facility,
        station=call.station,
        person=call.person,
        number=call.number,
        billing="free",
        payer=None,
        started_at=NOON,
        ended_at=NOON,
        why="gave-up",
        ended_by="caller",
    )
    await book.submit(EndCall(record))
    await book.submit(RetireProcess("other"))


async def reason(board: Board) -> str:
    call = await (await board.phone("yard")).dial(NUMBER[1:])
    await call.answered()
    await call.press("4417")
    await call.wait_for_end()
    return (await board.record()).why


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (replace(CALL, rate="{}"), "number-busy"),
        (replace(CALL, rate="{}", person="jordan", number="+12125550124"), "person-busy"),
        (CALL, "unreachable"),
        (replace(CALL, rate="{}", number="+12125550124"), "unreachable"),
    ],
)
async def test_a_call_that_another_switch_admitted_makes_person_and_number_busy(
    tmp_path: Path, call: OpenCall, why: str
) -> None:
    async with switchboard(tmp_path) as board, another_switch(board, call):
        assert await reason(board) == why


async def test_of_two_that_are_admitted_at_one_instant_this_one_is_busy_and_holds_nothing(tmp_path: Path) -> None:
    """The other call is admitted after this one has looked: it looks again when it is stored itself."""
    async with switchboard(tmp_path) as board, another_switch(board, CALL):
        book = board.switch.services.book
        submit, admitted = book.submit, replace(CALL, rate="{}")

        async def overtaken(request: object) -> object:
            if isinstance(request, UpdateCall) and request.call.call_id != "elsewhere" and request.call.rate:
                await submit(UpdateCall(admitted))
            return await submit(request)  # type: ignore[call-overload]

        book.submit = overtaken  # type: ignore[method-assign,assignment]
        assert await reason(board) == "number-busy"
        assert (await board.balances())[f"advancepay:{NUMBER}"] == "0.075"
        assert all(call.rate is None for call in await book.open_calls() if call.process_id != "other")


async def test_where_one_call_is_not_the_rule_a_number_may_have_several(tmp_path: Path) -> None:
    more = "[controls]\none_call_per_number = false\n"
    async with switchboard(tmp_path, more=more) as board, another_switch(board, replace(CALL, rate="{}")):
        assert await reason(board) == "unreachable"
