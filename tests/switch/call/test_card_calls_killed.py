"""The switch is killed at many instants of a call paid by card: nothing stays reserved, nothing is taken twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.money import ZERO
from ledger.product_rows import read_rows
from ledger.products.rows import CardPayment, CardState
from scenarios.play.api import playing
from scenarios.play.errors import NotHappenedError
from scenarios.play.stage import Stage
from switch.call.desk import CARD_ENTERED

QUICK, SLOW_TO_END = "4242424242424242", "4000000000000341"
KILLED = [
    (0.5, QUICK, []),
    (1.9, QUICK, [CardState.ASKED]),
    (2.3, QUICK, [CardState.ASKED]),
    (3.5, QUICK, [CardState.AUTHORISED]),
    (5.5, QUICK, [CardState.AUTHORISED]),
    (6.7, QUICK, [CardState.AUTHORISED]),
    (7.5, QUICK, [CardState.CAPTURING]),
    (9.0, QUICK, [CardState.CAPTURED]),
    (12.0, SLOW_TO_END, [CardState.CAPTURING]),
]
"""Seconds after a card was entered, the card, and what the book knows of it then."""


async def enter(stage: Stage, number: str) -> None:
    """A call as far as the last digit of the card."""
    caller, friend = stage.actor("station 4-yard"), stage.actor("friend")
    await caller.dials("2125550126")
    await caller.presses("4417")
    await friend.answers()
    await friend.presses("51")
    await asyncio.sleep(1)
    await friend.presses(number)
    await friend.presses("1230")
    await friend.presses("123")
    while not any(item.text == CARD_ENTERED for trace in stage.traces for item in trace.items):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("seconds", "number", "known"), KILLED)
async def test_a_crash_leaves_nothing_reserved_and_nothing_taken_that_is_not_booked(
    tmp_path: Path, seconds: float, number: str, known: list[CardState]
) -> None:
    header = {"payments": {"processor": "simulated"}, "profile": {"card": {"offers": ["onecall"]}}}
    async with playing("demo-6s", folder=tmp_path, **header) as stage:
        await enter(stage, number)
        hanging_up = asyncio.create_task(_hangs_up(stage))
        await asyncio.sleep(seconds)
        await stage.kill_switch()
        async with stage.reading() as book:
            assert [each.state for each in await book.read(lambda core: list(read_rows(core, CardPayment)))] == known
        await hanging_up
        await stage.start_switch()
        await asyncio.sleep(60)
        processor = stage.life.processor
        assert processor is not None
        async with stage.reading() as book:
            report = await audit(book)
            (record,) = await book.calls()
            cards = await book.read(lambda connection: list(read_rows(connection, CardPayment)))
        assert report.findings == ()
        assert {each.state for each in cards} <= {CardState.CAPTURED, CardState.VOIDED}
        assert (processor.reserved, processor.taken) == (ZERO, record.charged)


async def _hangs_up(stage: Stage) -> None:
    """Hang up six seconds after the card was entered, if the line still lives."""
    await asyncio.sleep(6.5)
    try:
        await stage.actor("friend").hangs_up()
    except NotHappenedError:
        return
