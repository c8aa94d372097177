"""The switch is killed at many instants of calls that a card pays: nothing stays reserved, nothing is taken twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.chart import advancepay
from ledger.money import ZERO, Money
from ledger.product_rows import read_rows
from ledger.products.requests import CARD_WAIT_MAX
from ledger.products.rows import CardPayment, CardState
from scenarios.play.api import playing
from scenarios.play.errors import NotHappenedError
from scenarios.play.stage import Stage
from switch.call.desk import CARD_ENTERED

QUICK, SLOW_TO_END, LATE = "4242424242424242", "4000000000000341", "4000000000000077"
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


KILLED_ON_THE_LINE = [
    (0.5, QUICK, [], "0.075"),
    (2.1, QUICK, [CardState.ASKED], "0.075"),
    (2.6, QUICK, [CardState.CAPTURING], "25.075"),
    (6.0, QUICK, [CardState.CAPTURED], "25.075"),
    (4.0, LATE, [CardState.ASKED], "0.075"),
    (6.0, SLOW_TO_END, [CardState.CAPTURING], "25.075"),
]
"""Seconds after the last key of a card on the account line, the card, what the book knows then, and the end of it."""


@pytest.mark.parametrize(("seconds", "number", "known", "balance"), KILLED_ON_THE_LINE)
async def test_a_crash_on_the_account_line_leaves_a_deposit_paid_and_booked_or_neither(
    tmp_path: Path, seconds: float, number: str, known: list[CardState], balance: str
) -> None:
    async with playing("demo-6s", folder=tmp_path, payments={"processor": "simulated"}) as stage:
        family = stage.actor("family")
        await family.dials("8005550199")
        for keys in ("2", "25#", "2", number, "1230", "123"):
            await asyncio.sleep(1)
            await family.presses(keys)
        await asyncio.sleep(seconds)
        await stage.kill_switch()
        async with stage.reading() as book:
            assert [each.state for each in await book.read(lambda core: list(read_rows(core, CardPayment)))] == known
        await stage.start_switch()
        await asyncio.sleep(CARD_WAIT_MAX.total_seconds() + 30)
        processor = stage.life.processor
        assert processor is not None
        async with stage.reading() as book:
            report = await audit(book)
            account = await book.balance(advancepay("+12125550123"))
            cards = await book.read(lambda connection: list(read_rows(connection, CardPayment)))
        assert account is not None
        assert report.findings == ()
        assert {each.state for each in cards} <= {CardState.CAPTURED, CardState.VOIDED}
        assert str(account.balance) == balance
        assert (processor.reserved, processor.taken) == (ZERO, account.balance - Money.from_text("0.075"))


async def _hangs_up(stage: Stage) -> None:
    """Hang up six seconds after the card was entered, if the line still lives."""
    await asyncio.sleep(6.5)
    try:
        await stage.actor("friend").hangs_up()
    except NotHappenedError:
        return
