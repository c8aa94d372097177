"""A history of two processes, one of them killed, replayed against the pure rules in the order of its commits."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import Connection, select

from ledger.audit import audit
from ledger.outcomes import Answer, Refused
from ledger.reads import read_holds
from ledger.requests import Request
from ledger.rows import remembered_of
from ledger.store import Book
from ledger.tables import requests
from tests.support.books import Shelf
from tests.support.ledger import STORY, PureBook, deposit, open_account
from tests.support.recorded import COMMAND, FRIEND, Group, read

ROOT = Path(__file__).parents[2]
BEGINNING = (*STORY, open_account(FRIEND), deposit("3", "payment-2", FRIEND))
SECONDS_MAX = 100
"""How long both may take: two seconds, most of it imports, where nothing else is at work."""
REQUESTS = 300
"""How many each process asks, if it lives."""


@dataclass(frozen=True)
class Said:
    """What one process said."""

    asked: list[Request]
    groups: list[Group]
    told: list[tuple[Request, Answer]]


def said(messages: list[tuple[str, Any]]) -> Said:
    of = {word: [value for each, value in messages if each == word] for word in ("asked", "decided", "told")}
    return Said(of["asked"], of["decided"], of["told"])


def run_two(address: str, tellings: int, output: Path) -> tuple[Said, Said]:
    """Run two processes at once; kill the first once it has told so many answers."""
    lines: list[str] = []

    def start(seed: int, stdout: int | IO[str]) -> subprocess.Popen[str]:
        words = [*COMMAND, address, str(seed), str(REQUESTS)]
        return subprocess.Popen(words, stdout=stdout, text=True, cwd=ROOT)

    # The other one's output goes to a file: a full pipe would stop it in mid-transaction.
    with output.open("w") as file, start(1, subprocess.PIPE) as doomed, start(2, file) as spared:
        assert doomed.stdout is not None
        while sum(line.startswith("told") for line in lines) < tellings:
            lines.append(doomed.stdout.readline())
            assert lines[-1], "it ended by itself"
        doomed.kill()
        lines += doomed.stdout
        spared.wait(SECONDS_MAX)
    assert (doomed.returncode, spared.returncode) == (-9, 0)
    return said(read(lines)), said(read(output.read_text().splitlines(keepends=True)))


def committed(doomed: Said, spared: Said, changes: int) -> list[Group]:
    """The groups that were committed, in that order.

    Each change of the book has one number and belongs to one group. A group that changed nothing stands after the
    change it saw. All that was decided was committed too, but perhaps for the last group of the killed process.
    """
    numbers = {group.after for group in spared.groups if group.after > group.before}
    *sure, last = doomed.groups
    is_stored = last.after <= changes and last.after not in numbers
    of_doomed = doomed.groups if last.after == last.before or is_stored else sure
    in_order = sorted([*of_doomed, *spared.groups], key=lambda group: (group.after, group.after == group.before))
    written = [group.after for group in in_order if group.after > group.before]
    assert written == list(range(written[0], changes + 1)), "no change is missing, none has two groups"
    return in_order


def remembered(connection: Connection) -> dict[str, str]:
    seen = [each for each in map(remembered_of, read_holds(connection)) if each is not None]
    stored = {row.request_id: row.digest for row in connection.execute(select(requests))}
    assert not stored.keys() & {each.request_id for each in seen}, "nothing is remembered in two places"
    return stored | {each.request_id: each.digest for each in seen}


@pytest.mark.realtime
@pytest.mark.parametrize("tellings", [1, 40, 120])
def test_a_history_with_a_crash_is_one_that_the_pure_rules_allow(shelf: Shelf, tmp_path: Path, tellings: int) -> None:
    address = shelf.book(*BEGINNING)
    doomed, spared = run_two(address, tellings, tmp_path / "spared")

    async def replay() -> None:
        async with await Book.open(address) as book:
            report = await audit(book)
            assert report.findings == ()
            groups = committed(doomed, spared, report.head.changes)
            pure = PureBook(*BEGINNING)
            for group in groups:
                for request, answer in zip(group.requests, group.answers, strict=True):
                    decision = pure.decide(request)
                    assert (decision.outcome, decision.is_repeat) == (answer.outcome, answer.is_repeat)
                    pure.rows.apply(decision.changes)

            # What the book holds is what the replay comes to, row by row: nothing is there by half.
            assert {each.account_id: each for each in await book.accounts()} == pure.rows.accounts
            assert {each.hold_id: each for each in await book.holds()} == pure.rows.holds
            assert {each.call_id: each for each in await book.open_calls()} == pure.rows.calls
            assert list(await book.entries()) == pure.rows.new_entries
            assert set(await book.calls()) == set(pure.rows.new_records)
            assert await book.read(remembered) == {key: each.digest for key, each in pure.rows.remembered.items()}

            # What was told was committed, as it was told.
            decided = Counter(pair for group in groups for pair in zip(group.requests, group.answers, strict=True))
            assert Counter(doomed.told) + Counter(spared.told) <= decided

    asyncio.run(replay())
    of_both = [answer for each in (doomed, spared) for _, answer in each.told]
    assert any(answer.is_repeat for answer in of_both), "they asked for the same things"
    assert any(isinstance(answer.outcome, Refused) for answer in of_both)
    assert len(spared.told) == REQUESTS
