"""What is owed to the payment processor is asked until it is known, and done once, however often answers are lost."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ivr.card_number import Card
from ledger.audit import audit
from ledger.audit_cards import NOTHING_OWED
from ledger.chart import AccountKind, account_of
from ledger.money import ZERO, Money
from ledger.product_rows import read_rows
from ledger.products.card_requests import AskCard, AuthoriseCard, CaptureCard, DueCard, SellAccount, card_payment_id
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState, CardUse
from ledger.products.shares import charge_id
from ledger.requests import Refund, Request
from ledger.store import Book
from switch.call.settlement import CHARGED_BACK, LOST, settle_cards
from switch.payments.gateway import Done, NoAnswerError, Rejected
from switch.payments.simulated import SimulatedProcessor
from tests.support.ledger import CALL, NOW, STORY, end, hold, usd

CARD = account_of(AccountKind.ONECALL, CALL)
FIRST = card_payment_id(CALL, 1)
ASK = AskCard(FIRST, CALL, CardUse.CALL, usd("5"), "phone", NOW)
SALE = AskCard(FIRST, CALL, CardUse.SALE, usd("28"), "phone", NOW)
VISA = Card("4242424242424242", "1230", "123")
UNTAKEN = Card("4000000000000069", "1230", "123")
UNGIVING = Card("4000000000005126", "1230", "123")

TALKED = (ASK, AuthoriseCard(FIRST, NOW), hold("3", account_id=CARD), end("2.1", payer=CARD))
NOT_TALKED = (ASK, AuthoriseCard(FIRST, NOW), hold("3", account_id=CARD), end())
NEVER_ANSWERED = (ASK, DueCard(FIRST, NOW, is_given_up=True))
CRASHED = (ASK, end())
SOLD = (SALE, SellAccount(FIRST, "+12125550126", usd("3"), "phone", NOW))

LOSSES = [*itertools.product(("done", "before", "after"), repeat=2)]
"""What becomes of the first requests to the processor: answered, lost on the way there, or on the way back."""


class Log:
    def __init__(self) -> None:
        self.warned: list[dict[str, Any]] = []

    def info(self, _event: str, **_facts: Any) -> None: ...

    def warning(self, event: str, **facts: Any) -> None:
        self.warned.append({"event": event, **facts})


class LossyProcessor(SimulatedProcessor):
    """Loses requests or answers, as it is told."""

    def __init__(self, losses: tuple[str, ...]) -> None:
        super().__init__()
        self.losses = [*losses]
        self.asked = 0

    async def capture(self, payment_id: str, amount: Money) -> Done | Rejected:
        async with self._lossy():
            return await super().capture(payment_id, amount)

    async def void(self, payment_id: str) -> Done:
        async with self._lossy():
            return await super().void(payment_id)

    async def refund(self, payment_id: str, refund_id: str, amount: Money) -> Done | Rejected:
        async with self._lossy():
            return await super().refund(payment_id, refund_id, amount)

    @asynccontextmanager
    async def _lossy(self) -> AsyncIterator[None]:
        self.asked += 1
        loss = self.losses.pop(0) if self.losses else "done"
        if loss == "before":
            raise NoAnswerError("lost")
        yield
        if loss == "after":
            raise NoAnswerError("lost")


async def settled(
    folder: Path,
    history: tuple[Request, ...],
    processor: LossyProcessor,
    *,
    is_reserved: bool = True,
    paid_by: Card = VISA,
    log: Log | None = None,
) -> tuple[Book, CardPayment]:
    """A book with this history, settled as often as answers may be lost, and once more."""
    book = await Book.open(str(folder / "book.db"))
    for request in (*STORY, *history):
        await book.answer(request)
    if is_reserved:
        await processor.authorise(FIRST, paid_by, next(each.amount for each in history if isinstance(each, AskCard)))
    for _ in range(len(processor.losses) + 2):
        await settle_cards(book, processor, now=lambda: NOW, log=log or Log())
    (card,) = await book.read(lambda connection: list(read_rows(connection, CardPayment)))
    return book, card


@pytest.mark.parametrize("losses", LOSSES, ids="-".join)
@pytest.mark.parametrize(
    ("history", "state", "taken"),
    [
        (TALKED, CardState.CAPTURED, "2.1"),
        (NOT_TALKED, CardState.VOIDED, "0"),
        (NEVER_ANSWERED, CardState.VOIDED, "0"),
        (CRASHED, CardState.VOIDED, "0"),
        (SOLD, CardState.CAPTURED, "28"),
    ],
    ids=["talked", "not-talked", "never-answered", "crashed", "sold"],
)
async def test_every_card_ends_captured_or_voided_once(
    tmp_path: Path, history: tuple[Request, ...], state: CardState, taken: str, losses: tuple[str, ...]
) -> None:
    processor = LossyProcessor(losses)
    book, card = await settled(tmp_path, history, processor)
    async with book:
        assert (card.state, processor.reserved, processor.taken) == (state, ZERO, usd(taken))
        assert (await audit(book)).findings == ()
        asked = processor.asked
        await settle_cards(book, processor, now=lambda: NOW, log=Log())
        assert processor.asked == asked, "what is known is not asked again"


REFUND = Refund("r-1", charge_id(CALL), usd("0.5"), NOW)
DUE = DueCard(FIRST, NOW)
BEFORE_THE_CAPTURE, WHILE_IT_IS_ASKED = (*TALKED, REFUND), (*TALKED, DUE, REFUND)
AFTER_IT = (*TALKED, DUE, CaptureCard(FIRST, "phone", NOW), REFUND)


@pytest.mark.parametrize("losses", LOSSES, ids="-".join)
@pytest.mark.parametrize(
    ("history", "is_taken", "states"),
    [
        (BEFORE_THE_CAPTURE, False, []),
        (WHILE_IT_IS_ASKED, False, [CardRefundState.REFUNDED]),
        (AFTER_IT, True, [CardRefundState.REFUNDED]),
    ],
    ids=["before", "while", "after"],
)
async def test_a_card_has_its_refund_once_however_often_answers_are_lost(
    tmp_path: Path,
    history: tuple[Request, ...],
    is_taken: bool,
    states: list[CardRefundState],
    losses: tuple[str, ...],
) -> None:
    processor = LossyProcessor(())
    await processor.authorise(FIRST, VISA, usd("5"))
    if is_taken:
        await processor.capture(FIRST, usd("2.1"))
    processor.losses = [*losses]
    book, card = await settled(tmp_path, history, processor)
    async with book:
        refunds = await book.read(lambda connection: list(read_rows(connection, CardRefund)))
        assert (card.state, [each.state for each in refunds]) == (CardState.CAPTURED, states)
        assert processor.taken == usd("1.6")
        report = await audit(book)
        assert (report.findings, report.cards) == ((), NOTHING_OWED)
        asked = processor.asked
        await settle_cards(book, processor, now=lambda: NOW, log=Log())
        assert processor.asked == asked, "what is known is not asked again"


@pytest.mark.parametrize("losses", LOSSES, ids="-".join)
async def test_a_refund_that_is_refused_stays_owed_and_is_never_asked_again(
    tmp_path: Path, losses: tuple[str, ...]
) -> None:
    processor, log = LossyProcessor(losses), Log()
    book, _ = await settled(tmp_path, WHILE_IT_IS_ASKED, processor, paid_by=UNGIVING, log=log)
    async with book:
        asked = processor.asked
        await settle_cards(book, processor, now=lambda: NOW, log=log)
        assert (processor.asked, processor.taken) == (asked, usd("2.1"))
        report = await audit(book)
        assert (report.findings, report.cards.kept) == ((), usd("0.5"))
    (told,) = (each for each in log.warned if each["event"] == "card_refund_refused")
    command = "payphone service pay-refund call-1/card/1/refund/1"
    assert told["remedy"] == f"pay it to the holder another way, then say: {command}"


@pytest.mark.parametrize("losses", LOSSES, ids="-".join)
@pytest.mark.parametrize(("history", "lost"), [(TALKED, "2.1"), (SOLD, "0")], ids=["talked", "sold"])
async def test_a_capture_that_is_refused_is_lost_or_charged_back_and_never_asked_again(
    tmp_path: Path, history: tuple[Request, ...], lost: str, losses: tuple[str, ...]
) -> None:
    processor, log = LossyProcessor(losses), Log()
    book, card = await settled(tmp_path, history, processor, paid_by=UNTAKEN, log=log)
    async with book:
        asked, records = processor.asked, await book.calls()
        await settle_cards(book, processor, now=lambda: NOW, log=log)
        assert (card.state, processor.asked) == (CardState.REFUSED, asked)
        assert (processor.reserved, processor.taken) == (ZERO, ZERO)
        assert await book.calls() == records
        report = await audit(book)
        assert (report.findings, report.cards.lost) == ((), usd(lost))
    (told,) = (each for each in log.warned if each["event"] == "card_capture_refused")
    assert told["remedy"] == (LOST if history is TALKED else CHARGED_BACK)


async def test_a_processor_that_never_heard_of_a_payment_holds_it_void(tmp_path: Path) -> None:
    processor = LossyProcessor(())
    book, card = await settled(tmp_path, CRASHED, processor, is_reserved=False)
    async with book:
        assert card.state is CardState.VOIDED
        await processor.authorise(FIRST, VISA, usd("5"))
        assert processor.reserved == ZERO


async def test_two_switches_that_settle_at_once_take_the_money_once(tmp_path: Path) -> None:
    processor = LossyProcessor(())
    async with await Book.open(str(tmp_path / "book.db")) as one, await Book.open(str(tmp_path / "book.db")) as other:
        for request in (*STORY, *TALKED):
            await one.answer(request)
        await processor.authorise(FIRST, VISA, usd("5"))
        for _ in range(2):
            for each in (one, other):
                await settle_cards(each, processor, now=lambda: NOW, log=Log())
        assert processor.taken == usd("2.1")
        assert (await audit(one)).findings == ()


async def test_nothing_is_asked_while_a_call_goes_on(tmp_path: Path) -> None:
    processor = LossyProcessor(())
    book, card = await settled(tmp_path, TALKED[:3], processor)
    async with book:
        assert (card.state, processor.asked, processor.reserved) == (CardState.AUTHORISED, 0, usd("5"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE card_payments SET state = 'voided'",
        "UPDATE card_payments SET due = 6000000",
        "DELETE FROM card_payments",
    ],
)
async def test_the_audit_names_a_card_that_does_not_fit_what_is_booked(tmp_path: Path, statement: str) -> None:
    book, _ = await settled(tmp_path, TALKED, LossyProcessor(()))
    await book.close()
    with sqlite3.connect(tmp_path / "book.db") as connection:
        connection.execute(statement)
    connection.close()
    async with await Book.open(str(tmp_path / "book.db")) as again:
        assert {finding.rule for finding in (await audit(again)).findings} == {"card"}
