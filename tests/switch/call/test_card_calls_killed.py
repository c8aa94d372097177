"""The switch is killed at many instants of calls that a card pays: nothing stays reserved, nothing is taken twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.audit import audit
from ledger.audit_cards import CardsOwed
from ledger.chart import advancepay
from ledger.money import ZERO, Money
from ledger.product_rows import read_rows
from ledger.products.card_requests import CARD_WAIT_MAX
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState
from ledger.requests import RefundKind
from scenarios.play.api import playing
from scenarios.play.errors import NotHappenedError
from scenarios.play.stage import Stage
from switch.call.desk import CARD_ENTERED
from switch.service.care import Care, GivenBack

QUICK, SLOW_TO_END, LATE = "4242424242424242", "4000000000000341", "4000000000000077"
UNTAKEN, UNGIVING = "4000000000000069", "4000000000005126"
HEADER: Final[dict[str, Any]] = {"payments": {"processor": "simulated"}, "profile": {"card": {"offers": ["onecall"]}}}
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
    async with playing("demo-6s", folder=tmp_path, **HEADER) as stage:
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


KILLED_WITH_A_REFUND = [
    (0.5, QUICK, False, CardRefundState.REFUNDING),
    (1.4, QUICK, True, CardRefundState.REFUNDING),
    (2.5, QUICK, True, CardRefundState.REFUNDED),
    (9.0, SLOW_TO_END, True, CardRefundState.REFUNDING),
    (30.0, SLOW_TO_END, True, CardRefundState.REFUNDED),
    (1.4, UNGIVING, False, CardRefundState.REFUNDING),
    (9.0, UNGIVING, False, CardRefundState.REFUSED),
]
"""Seconds after a refund was booked, the card, whether it has its money by then, and what the book knows of it."""


@pytest.mark.parametrize(("seconds", "number", "is_given", "known"), KILLED_WITH_A_REFUND)
async def test_a_crash_leaves_a_refund_given_back_once_or_owed_for_good(
    tmp_path: Path,
    seconds: float,
    number: str,
    is_given: bool,
    known: CardRefundState,
) -> None:
    async with playing("demo-6s", folder=tmp_path, **HEADER) as stage:
        await enter(stage, number)
        await _hangs_up(stage)
        await asyncio.sleep(30)
        record = await stage.record()
        async with stage.book() as book:
            given = await Care(book).refund(
                record.call_id, RefundKind.COURTESY, refund_id="r-1", agent="kim", at=stage.utc()
            )
        assert isinstance(given, GivenBack) and given.amount == record.charged
        await asyncio.sleep(seconds)
        await stage.kill_switch()
        async with stage.reading() as book:
            (refund,) = await book.read(lambda core: list(read_rows(core, CardRefund)))
        processor = stage.life.processor
        assert processor is not None
        assert (refund.state, processor.taken) == (known, ZERO if is_given else record.charged)
        await stage.start_switch()
        await asyncio.sleep(60)
        processor = stage.life.processor
        assert processor is not None
        async with stage.reading() as book:
            report = await audit(book)
            (refund,) = await book.read(lambda core: list(read_rows(core, CardRefund)))
        kept = record.charged if number == UNGIVING else ZERO
        assert (report.findings, report.cards) == ((), CardsOwed(ZERO, kept, ZERO))
        assert refund.state is (CardRefundState.REFUSED if kept else CardRefundState.REFUNDED)
        assert processor.taken == kept


@pytest.mark.parametrize(
    ("seconds", "known"),
    [(6.7, CardState.AUTHORISED), (7.2, CardState.CAPTURING), (9.0, CardState.REFUSED)],
)
async def test_a_crash_leaves_a_refused_capture_lost_once(tmp_path: Path, seconds: float, known: CardState) -> None:
    async with playing("demo-6s", folder=tmp_path, **HEADER) as stage:
        await enter(stage, UNTAKEN)
        hanging_up = asyncio.create_task(_hangs_up(stage))
        await asyncio.sleep(seconds)
        await stage.kill_switch()
        async with stage.reading() as book:
            assert [each.state for each in await book.read(lambda core: list(read_rows(core, CardPayment)))] == [known]
        await hanging_up
        await stage.start_switch()
        await asyncio.sleep(60)
        processor = stage.life.processor
        assert processor is not None
        async with stage.reading() as book:
            report = await audit(book)
            (record,) = await book.calls()
            (card,) = await book.read(lambda connection: list(read_rows(connection, CardPayment)))
        assert (report.findings, report.cards) == ((), CardsOwed(ZERO, ZERO, record.charged))
        assert (card.state, card.due) == (CardState.REFUSED, record.charged)
        assert (processor.reserved, processor.taken) == (ZERO, ZERO)


async def _hangs_up(stage: Stage) -> None:
    """Hang up six seconds after the card was entered, if the line still lives."""
    await asyncio.sleep(6.5)
    try:
        await stage.actor("friend").hangs_up()
    except NotHappenedError:
        return
