"""Four processes spend one account at once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.audit import audit_snapshot
from ledger.hold import HoldState
from ledger.money import ZERO, Money
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import FAMILY, INCOME, STORY, deposit

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 110
"""How long they may take: three seconds, most of it imports, where nothing else is at work."""
LOOK_SECONDS = 0.2
NAMES = ("one", "two", "three", "four")
CALLS = 60
"""Of each process; together they ask for 1,440 holds."""


@pytest.fixture
def address(shelf: Shelf) -> str:
    return shelf.book(*STORY[:2], deposit("0.5"))


@pytest.mark.realtime
async def test_four_processes_never_spend_a_cent_twice(address: str) -> None:
    words = [sys.executable, "-m", "tests.support.hammer", address]
    running = [
        await asyncio.create_subprocess_exec(
            *words, name, str(CALLS), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        for name in NAMES
    ]
    looks = 0
    async with await Book.open(address) as book, asyncio.timeout(SECONDS_MAX):
        for process in running:
            assert process.stdout is not None and await process.stdout.readline() == b"ready\n"
        ends = asyncio.gather(*(process.communicate(b"\n") for process in running))
        try:
            while not ends.done():  # Every snapshot is sound, whoever is in the middle of what.
                report = await book.read(audit_snapshot)
                assert report.findings == ()
                looks += 1
                await asyncio.wait([ends], timeout=LOOK_SECONDS)
            said = [json.loads(output) for output, _ in await ends]
        finally:
            for process in running:
                if process.returncode is None:
                    process.kill()
        sums = Counter[str]()
        for each in said:
            sums.update(each)
        report = await book.read(audit_snapshot)
        assert report.findings == ()
        assert (report.calls, report.open_calls) == (len(NAMES) * CALLS, 0)
        assert await book.holds(state=HoldState.PLACED) == ()
        found = {account.account_id: account for account in await book.accounts()}
        entries = await book.entries()
    assert (found[FAMILY].balance, found[FAMILY].held) == (Money(500_000 + sums["deposited"] - sums["charged"]), ZERO)
    assert found[INCOME].balance == Money(sums["charged"])
    assert looks > 1
    assert sums["refused"] > 0, "they fought for it"
    owners = [str(entry.draft.call_id).partition("-")[0] for entry in entries if entry.draft.call_id]
    assert set(owners) == set(NAMES)
    changes = sum(before != after for before, after in pairwise(owners))
    assert changes > len(NAMES), "they did not run one after the other"
