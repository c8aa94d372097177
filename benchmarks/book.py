"""How many holds a second a book takes durably, on SQLite and on PostgreSQL, beside plain transfers by pgbench."""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.transfers import transfers_per_second
from ledger.audit import audit
from ledger.chart import Opener, advancepay
from ledger.hold import hold_id
from ledger.money import CallId, Money
from ledger.outcomes import Placed
from ledger.records import OpenCall
from ledger.requests import Deposit, OpenAccount, PlaceHold, Process, StartCall
from ledger.store import Book
from switch.app.commands import GARBAGE_THRESHOLDS
from switch.app.loops import loop_factory
from tests.support.postgres import cluster, missing

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNTS = 100
PAYERS = [advancepay(f"+1212555{number:04d}") for number in range(ACCOUNTS)]
CALLS = [CallId(f"call-{number}") for number in range(ACCOUNTS)]
CROWDS = ((1_000, 10), (100, 50), (1, 50))
"""Waiters at once, and holds of each: a flood, a busy switch, and somebody alone."""

ROUNDS = 3
"""Every figure is the median of so many runs, on one book that grows."""

OFFERED = 2_000
OFFERED_SECONDS = 2.0
"""Holds a second that come whether or not those before them are answered, and for how long."""

MEDIA_TICK = 0.005
"""The step of the media engine: how late the event loop comes to it while the book works."""


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    gc.collect()  # The collector as `serve` has it.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    found = _run(_measure("in memory", ":memory:", CROWDS[:1], is_offered=False))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found += _run(_measure("SQLite", str(Path(folder, "book.db")), CROWDS, is_offered=True))
    if (why := missing()) is not None:
        return [*found, _row(f"no figures of PostgreSQL: {why}", 0, "")]
    with cluster(is_durable=True) as server:
        found += _run(_measure("PostgreSQL", server.make("book"), CROWDS, is_offered=True))
        transfers = transfers_per_second(server, "transfers", rounds=ROUNDS)
    found.append(_row("two-row transfers by pgbench, same server", round(transfers), "transfers/s"))
    holds = next(row["value"] for row in found if row["name"] == _rate_name("PostgreSQL", CROWDS[0][0]))
    found.append(_row("holds on PostgreSQL for each such transfer", round(holds / transfers, 2), ""))
    return found


def _run(measuring: Coroutine[Any, Any, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """On the loop that `serve` runs on."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(measuring)


async def _measure(
    where: str, address: str, crowds: tuple[tuple[int, int], ...], *, is_offered: bool
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    numbers = count(1)
    async with await Book.open(address) as book:
        await _prepare(book)
        for waiters, each in crowds:
            rounds = [await _crowd(book, where, waiters, each, numbers) for _ in range(ROUNDS)]
            found += [
                {**rows[0], "value": statistics.median(row["value"] for row in rows)}
                for rows in zip(*rounds, strict=True)
            ]
        if is_offered:
            waits = [await _offered(book, numbers) for _ in range(ROUNDS)]
            name = f"{where}: wait for a hold, {OFFERED:,}/s offered"
            for percent in (50, 99):
                middle = statistics.median(_percentile(each, percent) for each in waits)
                found.append(_row(f"{name}, p{percent}", middle, "ms"))
        started = perf_counter()
        report = await audit(book)
        seconds = perf_counter() - started
        assert report.is_clean, report.findings
        found.append(_row(f"{where}: audit of {report.holds:,} holds", round(seconds, 3), "s"))
    return found


async def _prepare(book: Book) -> None:
    await book.register(Process("bench", "bench", 1, "1", NOW, NOW))
    for number, (call_id, account_id) in enumerate(zip(CALLS, PAYERS, strict=True)):
        call = OpenCall(call_id, "bench", "f", "s", None, None, "advancepay", account_id, NOW)
        await asyncio.gather(
            book.submit(OpenAccount(account_id, Opener.AGENT, NOW)),
            book.submit(Deposit(f"d-{number}", account_id, Money(10**12), "processor", NOW)),
            book.submit(StartCall(call)),
        )


async def _crowd(book: Book, where: str, waiters: int, each: int, numbers: count[int]) -> list[dict[str, Any]]:
    waits: list[float] = []
    late: list[float] = []

    async def wait(waiter: int) -> None:
        for _ in range(each):
            await _hold(book, waiter, next(numbers), waits)

    async def tick() -> None:
        while True:
            due = perf_counter() + MEDIA_TICK
            await asyncio.sleep(MEDIA_TICK)
            late.append(perf_counter() - due)

    ticking = asyncio.create_task(tick())
    started, worked = perf_counter(), process_time()
    await asyncio.gather(*(wait(waiter) for waiter in range(waiters)))
    seconds, work = perf_counter() - started, process_time() - worked
    ticking.cancel()
    name = f"{waiters:,} waiting"
    return [
        _row(_rate_name(where, waiters), round(len(waits) / seconds), "holds/s"),
        _row(f"{where}: processor time of a hold, {name}", round(work / len(waits) * 1e6, 1), "us"),
        _row(f"{where}: wait for a hold, {name}, p50", _percentile(waits, 50), "ms"),
        _row(f"{where}: wait for a hold, {name}, p99", _percentile(waits, 99), "ms"),
        _row(f"{where}: event loop late, {name}, p99", _percentile(late or [0.0], 99), "ms"),
    ]


async def _offered(book: Book, numbers: count[int]) -> list[float]:
    """An open loop: each hold is asked at its own instant, and waits from then on, however late it was taken up."""
    waits: list[float] = []
    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(round(OFFERED * OFFERED_SECONDS)):
            due = started + number / OFFERED
            if (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(_hold(book, number, next(numbers), waits, due))
    return waits


async def _hold(book: Book, payer: int, number: int, waits: list[float], due: float | None = None) -> None:
    call_id, account_id = CALLS[payer % ACCOUNTS], PAYERS[payer % ACCOUNTS]
    asked = perf_counter() if due is None else due
    outcome = await book.submit(PlaceHold(hold_id(call_id, number), account_id, call_id, Money(1), NOW))
    waits.append(perf_counter() - asked)
    assert isinstance(outcome, Placed)


def _rate_name(where: str, waiters: int) -> str:
    return f"{where}: {'' if where == 'in memory' else 'durable '}holds, {waiters:,} waiting"


def _percentile(seconds: list[float], percent: int) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000, 2)


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit}
