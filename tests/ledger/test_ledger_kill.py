"""A process that is killed while it books: what it was told is there, and nothing is half done."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.liveness import dead, is_running
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import NOW

BUSY = """
import asyncio, sys
from ledger.liveness import this_process
from ledger.store import Book
from tests.support.ledger import NOW, StartCall, a_call, deposit, end, hold, open_account

async def call(book, number):
    call_id = f"call-{number}"
    await book.answer(StartCall(a_call(call_id, "busy")))
    for step in range(1, 4):
        await book.answer(hold("0.01", step, call_id))
        print("held", f"{call_id}/hold/{step}", flush=True)
    await book.answer(end("0.025", call_id))
    print("ended", call_id, flush=True)

async def main():
    book = await Book.open(sys.argv[1])
    await book.register(this_process("busy", NOW))
    await book.answer(open_account())
    await book.answer(deposit("1000"))
    number = 0
    while True:
        await asyncio.gather(*(call(book, number + each) for each in range(20)))
        number += 20

asyncio.run(main())
"""


@pytest.mark.realtime
@pytest.mark.parametrize("lines", [1, 47, 200])
def test_what_a_killed_process_was_told_is_stored_and_the_rest_can_be_settled(shelf: Shelf, lines: int) -> None:
    address = shelf.empty()
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", BUSY, address], stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().split() for _ in range(lines)]
        child.kill()
        told += [line.split() for line in child.stdout if line.endswith("\n")]

    async def look() -> None:
        async with await Book.open(address) as book:
            assert (await audit(book)).findings == ()
            held = {str(each.hold_id) for each in await book.holds()}
            ended = {str(each.call_id) for each in await book.calls()}
            assert {name for word, name in told if word == "held"} <= held
            assert {name for word, name in told if word == "ended"} <= ended
            (gone,) = dead(await book.processes(), NOW, is_running)
            assert {call.process_id for call in await book.open_calls()} <= {gone.process_id}

    asyncio.run(look())
