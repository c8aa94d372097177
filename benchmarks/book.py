"""How many holds a second a book takes durably on a file, and how long each waits."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from ledger.audit import audit
from ledger.chart import Opener, advancepay
from ledger.hold import hold_id
from ledger.money import CallId, Money
from ledger.outcomes import Placed
from ledger.records import OpenCall
from ledger.requests import Deposit, OpenAccount, PlaceHold, Process, StartCall
from ledger.store import Book

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNTS = 100
CROWDS = ((1_000, 20), (100, 50), (1, 200))
"""Waiters at once, and holds of each: a flood, a busy switch, and somebody alone."""

MEDIA_TICK = 0.005
"""The step of the media engine: how late the event loop comes to it while the book works."""


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        return asyncio.run(_measure(Path(folder, "book.db")))


async def _measure(path: Path | str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with await Book.open(str(path)) as book:
        await _prepare(book)
        first = 1
        for waiters, each in CROWDS:
            found += await _crowd(book, waiters, each, first)
            first += waiters * each
        started = perf_counter()
        report = await audit(book)
        seconds = perf_counter() - started
        assert report.is_clean, report.findings
        found.append(_row(f"audit of {report.holds:,} holds", round(seconds, 3), "s"))
    return found


async def _prepare(book: Book) -> None:
    await book.register(Process("bench", "bench", 1, "1", NOW, NOW))
    for number in range(ACCOUNTS):
        account_id = advancepay(f"+1212555{number:04d}")
        call_id = CallId(f"call-{number}")
        call = OpenCall(call_id, "bench", "f", "s", None, None, "advancepay", account_id, NOW)
        await asyncio.gather(
            book.submit(OpenAccount(account_id, Opener.AGENT, NOW)),
            book.submit(Deposit(f"d-{number}", account_id, Money(10**12), "processor", NOW)),
            book.submit(StartCall(call)),
        )


async def _crowd(book: Book, waiters: int, each: int, first: int) -> list[dict[str, Any]]:
    waits: list[float] = []
    late: list[float] = []

    async def wait(waiter: int) -> None:
        call_id = CallId(f"call-{waiter % ACCOUNTS}")
        account_id = advancepay(f"+1212555{waiter % ACCOUNTS:04d}")
        for number in range(each):
            hold = hold_id(call_id, first + waiter * each + number)
            asked = perf_counter()
            outcome = await book.submit(PlaceHold(hold, account_id, call_id, Money(1), NOW))
            waits.append(perf_counter() - asked)
            assert isinstance(outcome, Placed)

    async def tick() -> None:
        while True:
            due = perf_counter() + MEDIA_TICK
            await asyncio.sleep(MEDIA_TICK)
            late.append(perf_counter() - due)

    ticking = asyncio.create_task(tick())
    started = perf_counter()
    await asyncio.gather(*(wait(waiter) for waiter in range(waiters)))
    seconds = perf_counter() - started
    ticking.cancel()
    name = f"{waiters:,} waiting"
    return [
        _row(f"durable holds, {name}", round(len(waits) / seconds), "holds/s"),
        _row(f"wait for a hold, {name}, p50", _percentile(waits, 50), "ms"),
        _row(f"wait for a hold, {name}, p99", _percentile(waits, 99), "ms"),
        _row(f"event loop late, {name}, p99", _percentile(late, 99), "ms"),
    ]


def _percentile(seconds: list[float], percent: int) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000, 2)


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit}
