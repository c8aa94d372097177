"""How exactly a talk ends at its last paid instant, on the wire: rounds of calls that all run dry together.

The switch runs in its own process; the parties here see when the first packet of the accept key left, and when
the BYEs of the switch arrive. Both processes read the same monotonic clock. What is measured is

    arrival of BYE - (the accept key left + the talk that the account pays for)

so the way of the key to the switch, of the BYE back, and whatever this process dawdles count against the switch.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.crowd import Crowd, gathered
from benchmarks.paid_world import Accepted, accepted_call, write_world
from benchmarks.process import Served, serving

ROUNDS = 10
CALLS = 20
INCREMENT = 1
SLICE = 2
TALK_SECONDS = 4
FUNDS = Decimal("0.01") * TALK_SECONDS
"""A cent a second."""
WAIT_SECONDS = 30.0
P99_MAX = 50.0
"""Milliseconds; what the product promises."""


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    with tempfile.TemporaryDirectory(prefix="payphone-cutoff.") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[dict[str, Any]]:
    async with gathered(Random(7)) as crowd:
        numbers = ROUNDS * CALLS
        config = write_world(
            folder,
            trunk=crowd.address,
            people=CALLS,
            numbers=numbers,
            funds=str(FUNDS),
            increment=INCREMENT,
            slice_=SLICE,
        )
        inside: list[float] = []
        outside: list[float] = []
        with serving(folder, config) as served:
            for turn in range(ROUNDS):
                for at_caller, at_callee in await _round(crowd, served, turn):
                    inside.append(at_caller)
                    outside.append(at_callee)
        _check_records(folder / "records.jsonl", numbers)
    return [*_rows("callee", outside), *_rows("caller", inside)]


async def _round(crowd: Crowd, served: Served, turn: int) -> list[tuple[float, float]]:
    """Seconds by which each call was cut late, at the caller and at the callee."""
    async with asyncio.timeout(WAIT_SECONDS):
        calls = await asyncio.gather(
            *(accepted_call(crowd, served.address, caller, turn * CALLS + caller) for caller in range(CALLS))
        )
        await asyncio.gather(*(talker.ended for call in calls for talker in (call.inside, call.outside)))
        await asyncio.sleep(0.5)
    return [_late(call) for call in calls]


def _late(call: Accepted) -> tuple[float, float]:
    assert call.inside.bye_at is not None and call.outside.bye_at is not None, f"{call.number}: no BYE came"
    due = call.key_at + TALK_SECONDS
    return call.inside.bye_at - due, call.outside.bye_at - due


def _check_records(path: Path, expected: int) -> None:
    """Every call ran dry, and cost exactly what its account had."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(records) == expected, f"{len(records)} records of {expected} calls"
    for record in records:
        assert record["why"] == "funds-exhausted", record
        assert Decimal(record["talk_seconds"]) == TALK_SECONDS, record
        assert Decimal(record["charged"]) == FUNDS, record


def _rows(party: str, seconds: list[float]) -> list[dict[str, Any]]:
    ordered = sorted(seconds)
    name = f"BYE at the {party} after the last paid instant"

    def row(what: str, index: int, **more: float) -> dict[str, Any]:
        return {"name": f"{name}, {what}", "value": round(1000 * ordered[index], 2), "unit": "ms", **more}

    last = len(ordered) - 1
    return [
        row("earliest", 0),
        row("p50", last // 2),
        row("p99", round(last * 0.99), max=P99_MAX),
        row("latest", last),
    ]


if __name__ == "__main__":
    for line in run():
        print(f"{line['name']}: {line['value']} {line['unit']}")
