"""How much faster than real time a whole switch runs in scenarios: a paid story call of fifteen minutes.

With media, both parties' phones send and hear audio all the time and the call is recorded; what each hears is
checked. Signalling and charging alone, the phones offer inactive audio and press keys by SIP INFO; a few such calls
follow each other, so that what is done once for a world (statements compiled) counts as it does in scenarios. The
switch's heartbeat writes to the book every second, which then costs more than the calls: both are told, a beat a
second and a beat a minute.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import statistics
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import structlog

from ledger.records import CallRecord
from scenarios.phones.codec import tone
from scenarios.phones.phone import Line, Phone
from scenarios.play.leaping import leap_audio
from scenarios.sim.loop import VirtualLoop
from switch.app.config import parse_config
from switch.app.switch import Switch, running
from switch.app.world import build_world

RUNS = 5
CALLS = 4
"""Calls without media one after another."""
TALK_SECONDS = 900
NOON = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)

CONFIG = """
tariffs = ["california-2021"]
priced_as_on = 2021-06-01
[switch]
listen = "127.0.0.1:5060"
[media]
ports = [20000, 20039]
[book]
url = "sqlite+aiosqlite:///:memory:"
[[facilities]]
id = "prison"
name = "facility/state-prison"
[[stations]]
user = "yard"
password = "yard-secret"
facility = "prison"
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
name = "name/jordan"
[[phones]]
number = "+12125550123"
user = "family"
password = "family-secret"
advancepay = "10"
[[lines]]
prefix = "+1212555012"
type = "landline"
"""


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rows: list[dict[str, Any]] = []
    alone = "paid calls of 15 minutes, signalling and charging"
    for name, play, least in (
        ("paid call of 15 minutes with media", partial(_with_media, beat_seconds=1), 100),
        (f"{alone}, a heartbeat a second", partial(_without_media, beat_seconds=1), None),
        (f"{alone}, a heartbeat a minute", partial(_without_media, beat_seconds=60), 10_000),
    ):
        speeds = [_speed(play) for _ in range(RUNS)]
        row = {"name": name, "value": round(statistics.median(speeds)), "unit": "x real time"}
        rows.append(row if least is None else {**row, "min": least})
    return rows


def _speed(play: Callable[[Path], Awaitable[float]]) -> float:
    """Seconds of the world for a second of the processor, from the dialling to the record."""
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as folder:
        loop = VirtualLoop()
        leap_audio(loop)
        gc.collect()  # Else one run pays for the rubbish of another.
        try:
            return loop.run_until_complete(play(Path(folder)))
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


async def _with_media(folder: Path, *, beat_seconds: float) -> float:
    async with _world(folder, beat_seconds) as (switch, ended):
        yard, family = _phones(switch, has_audio=True)
        async with yard, family:
            await family.register()
            began, spent = _now(), time.process_time()
            call = await yard.dial("12125550123")
            await call.answered()
            await call.press("4417")
            answered = await family.next_call()
            await answered.answer()
            await answered.press("5")
            await asyncio.sleep(2)
            talking = [
                asyncio.create_task(call.speak(tone(1000, TALK_SECONDS))),
                asyncio.create_task(answered.speak(tone(600, TALK_SECONDS))),
            ]
            await answered.wait_for_end()
            await call.wait_for_end()
            record = await ended.get()
            virtual, spent = _now() - began, time.process_time() - spent
            await asyncio.gather(*talking, return_exceptions=True)
            _check(record)
            until = answered.ended_at
            assert until is not None
            assert answered.heard.tone_seconds(1000, until - 100, until - 50) > 49
            assert call.heard.tone_seconds(600, until - 100, until - 50) > 49
    assert record.recording is not None
    with wave.open(str(folder / "recordings" / record.recording)) as tape:
        assert abs(tape.getnframes() / 8000 - TALK_SECONDS) < 0.1
    return virtual / spent


async def _without_media(folder: Path, *, beat_seconds: float) -> float:
    async with _world(folder, beat_seconds) as (switch, ended):
        yard, family = _phones(switch, has_audio=False)
        async with yard, family:
            await family.register()
            began, spent = _now(), time.process_time()
            for _ in range(CALLS):
                call = await yard.dial("12125550123")
                await call.answered()
                await call.press("4417", by="info")
                answered = await family.next_call()
                await answered.answer()
                await answered.press("5", by="info")
                await answered.wait_for_end()
                await call.wait_for_end()
                _check(await ended.get())
            return (_now() - began) / (time.process_time() - spent)


@asynccontextmanager
async def _world(folder: Path, beat_seconds: float) -> AsyncIterator[tuple[Switch, asyncio.Queue[CallRecord]]]:
    world = build_world(parse_config(CONFIG, "bench.toml"), "bench.toml", folder)
    ended: asyncio.Queue[CallRecord] = asyncio.Queue()
    log = structlog.get_logger("bench")
    async with running(
        world, base=folder, random=Random(1), utc=NOON, log=log, beat_seconds=beat_seconds, is_inline=True
    ) as switch:
        switch.services.ended.append(lambda record, _timeline: ended.put_nowait(record))
        yield switch, ended


def _phones(switch: Switch, *, has_audio: bool) -> tuple[Phone, Phone]:
    lines = [
        Line(user=user, password=f"{user}-secret", server=switch.address, has_audio=has_audio)
        for user in ("yard", "family")
    ]
    return Phone(lines[0], Random("yard")), Phone(lines[1], Random("family"))


def _check(record: CallRecord) -> None:
    assert record.why == "time-limit", record.why
    assert record.talk.total_seconds() == TALK_SECONDS
    assert str(record.charged) == "0.375", record.charged


def _now() -> float:
    return asyncio.get_running_loop().time()


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:75} {row['value']:>10} {row['unit']}")
