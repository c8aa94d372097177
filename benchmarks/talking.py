"""A hundred calls that talk at once, both ways, and what one of them costs: bridged plainly, and paid and recorded.

The switch is a process of its own; the crowd that signals and speaks for both parties of every call shares
the machine with it. Every packet is traced: none may be lost, none may reach another leg.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import wave
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.chatter import FRAME_SECONDS, Heard
from benchmarks.crowd import Crowd, Talker, gathered
from benchmarks.paid_world import accepted_call, write_world
from benchmarks.process import Served, serving

CALLS = 100
SETUP_SECONDS = 0.05
"""Between two calls: twenty a second."""
SETTLE_SECONDS = 2.0
WINDOW_SECONDS = 15.0
WAIT_SECONDS = 60.0
RECORDED_LATE_MAX = 0.5
"""All hang up in the same instant; the last call's turn comes a few hundred milliseconds later."""

Pair = tuple[Talker, Talker]


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    with tempfile.TemporaryDirectory(prefix="payphone-talking.") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    async with gathered(Random(11)) as crowd:
        config = write_world(
            folder, trunk=crowd.address, people=CALLS, numbers=CALLS, funds="100.00", increment=6, slice_=12
        )
        with serving(folder, config) as served:
            idle = await _idle(served)
            rows += await _talk(crowd, served, "bridged", idle, await _gather(_bridged(crowd, served)))
            rows += await _talk(crowd, served, "paid and recorded", idle, await _gather(_paid(crowd, served)))
        _check_recordings(folder)
    return [{"name": "the switch with no call", "value": round(100 * idle, 2), "unit": "% of a core"}, *rows]


def _bridged(crowd: Crowd, served: Served) -> list[Coroutine[Any, Any, Pair]]:
    async def call(index: int) -> Pair:
        await asyncio.sleep(index * SETUP_SECONDS)
        number = f"9{index:04d}"
        inside = await crowd.dial("anybody", number, served.address)
        outside = await crowd.taken(number)
        crowd.join(inside, outside)
        return inside, outside

    return [call(index) for index in range(CALLS)]


def _paid(crowd: Crowd, served: Served) -> list[Coroutine[Any, Any, Pair]]:
    async def call(index: int) -> Pair:
        await asyncio.sleep(index * SETUP_SECONDS)
        accepted = await accepted_call(crowd, served.address, index, index)
        return accepted.inside, accepted.outside

    return [call(index) for index in range(CALLS)]


async def _gather(calls: list[Coroutine[Any, Any, Pair]]) -> list[Pair]:
    async with asyncio.timeout(WAIT_SECONDS):
        return await asyncio.gather(*calls)


async def _idle(served: Served) -> float:
    """Cores used with nothing to do."""
    before, began = served.cpu_seconds(), time.monotonic()
    await asyncio.sleep(SETTLE_SECONDS)
    return (served.cpu_seconds() - before) / (time.monotonic() - began)


async def _talk(crowd: Crowd, served: Served, kind: str, idle: float, pairs: list[Pair]) -> list[dict[str, Any]]:
    """Let all talk for the window, hang up, and tell what came of it."""
    chatter = crowd.chatter
    await asyncio.sleep(SETTLE_SECONDS)
    before, own, began = served.cpu_seconds(), time.process_time(), time.monotonic()
    chatter.start_counting()
    await asyncio.sleep(WINDOW_SECONDS)
    chatter.stop_counting()
    wall = time.monotonic() - began
    cores, own = (served.cpu_seconds() - before) / wall, (time.process_time() - own) / wall
    await asyncio.sleep(0.5)
    heard = chatter.heard
    for inside, outside in pairs:
        assert not inside.ended.done() and not outside.ended.done(), f"{kind}: a call ended early"
        inside.sip.hang_up()
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(*(talker.ended for pair in pairs for talker in pair))
    return _rows(kind, heard, cores=cores, idle=idle, own=own, wall=wall)


def _rows(kind: str, heard: Heard, *, cores: float, idle: float, own: float, wall: float) -> list[dict[str, Any]]:
    expected = 2 * CALLS * wall / FRAME_SECONDS
    assert heard.sent > 0.95 * expected, f"the generator sent {heard.sent} of {expected:.0f} packets"
    delays = sorted(heard.delays)
    each = (cores - idle) / CALLS
    name = f"{CALLS} calls, {kind}"
    return [
        {"name": f"{name}: packets sent", "value": heard.sent, "unit": "packets"},
        {"name": f"{name}: lost", "value": heard.sent - heard.arrived, "unit": "packets", "max": 0},
        {"name": f"{name}: at the wrong leg", "value": heard.misled, "unit": "packets", "max": 0},
        {"name": f"{name}: delay p50", "value": round(1000 * delays[len(delays) // 2], 1), "unit": "ms"},
        {"name": f"{name}: delay p99", "value": round(1000 * delays[len(delays) * 99 // 100], 1), "unit": "ms"},
        {"name": f"{name}: the switch", "value": round(100 * cores, 1), "unit": "% of a core"},
        {"name": f"{name}: a call", "value": round(100 * each, 3), "unit": "% of a core"},
        {"name": f"{name}: a call-second", "value": round(1000 * each, 2), "unit": "CPU ms"},
        {"name": f"{name}: the generator", "value": round(100 * own, 1), "unit": "% of a core"},
        {"name": f"{name}: generator late over 10 ms", "value": heard.late_ticks, "unit": "times"},
    ]


def _check_recordings(folder: Path) -> None:
    """Every paid call was recorded, as long as it talked."""
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(records) == CALLS, f"{len(records)} records of {CALLS} calls"
    for record in records:
        with wave.open(str(folder / "recordings" / record["recording"])) as recording:
            seconds = recording.getnframes() / recording.getframerate()
        assert abs(seconds - float(record["talk_seconds"])) < RECORDED_LATE_MAX, (seconds, record)


if __name__ == "__main__":
    for line in run():
        print(f"{line['name']}: {line['value']} {line['unit']}")
