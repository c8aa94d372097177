"""A switch that dies at any commit while it settles cards: nothing is taken, given back or lost twice, or forgotten."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.audit_cards import CardsOwed
from ledger.errors import BookClosedError
from ledger.money import ZERO
from ledger.product_rows import read_rows
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState
from ledger.store import Book
from switch.call.settlement import settle_cards
from switch.payments.simulated import SimulatedProcessor
from tests.support.books import FileShelf
from tests.support.ledger import NOW, STORY, usd
from tests.support.mortal import KilledError, Mortal
from tests.switch.call.test_settlement import (
    BEFORE_THE_CAPTURE,
    FIRST,
    SOLD,
    TALKED,
    UNGIVING,
    UNTAKEN,
    VISA,
    WHILE_IT_IS_ASKED,
    Log,
)

LOOKS = 4
"""More than any of the stories needs: what is due, the capture, the refund, and once more."""

STORIES = {
    "less-is-taken": (BEFORE_THE_CAPTURE, VISA, CardState.CAPTURED, [], "1.6", CardsOwed(ZERO, ZERO, ZERO)),
    "refunded": (
        WHILE_IT_IS_ASKED,
        VISA,
        CardState.CAPTURED,
        [CardRefundState.REFUNDED],
        "1.6",
        CardsOwed(ZERO, ZERO, ZERO),
    ),
    "refund-refused": (
        WHILE_IT_IS_ASKED,
        UNGIVING,
        CardState.CAPTURED,
        [CardRefundState.REFUSED],
        "2.1",
        CardsOwed(ZERO, usd("0.5"), ZERO),
    ),
    "capture-refused": (TALKED, UNTAKEN, CardState.REFUSED, [], "0", CardsOwed(ZERO, ZERO, usd("2.1"))),
    "capture-refused-of-a-refunded-call": (
        WHILE_IT_IS_ASKED,
        UNTAKEN,
        CardState.REFUSED,
        [CardRefundState.DROPPED],
        "0",
        CardsOwed(ZERO, ZERO, usd("1.6")),
    ),
    "sale-refused": (SOLD, UNTAKEN, CardState.REFUSED, [], "0", CardsOwed(ZERO, ZERO, ZERO)),
}
"""What happened before, the card, and what must be known in the end: of the card, its refunds, and what was taken."""


async def live(
    address: str, processor: SimulatedProcessor, log: Log, at: int | None = None, *, is_stored: bool = False
) -> int:
    """Let a switch settle, and die at a commit; returns how many it came to."""
    book = await Book.open(address, is_inline=True)
    mortal = Mortal(book._writing.session, at, is_stored=is_stored)
    with suppress(BookClosedError, KilledError):
        for _ in range(LOOKS):
            await settle_cards(book, processor, now=lambda: NOW, log=log)
    with suppress(KilledError):
        await book.close()
    return mortal.commits


@pytest.mark.parametrize("is_stored", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES)
async def test_a_switch_killed_at_any_commit_leaves_a_card_to_be_settled_once(
    tmp_path: Path, story: str, *, is_stored: bool
) -> None:
    history, card, *wanted = STORIES[story]
    shelf = FileShelf(tmp_path)

    async def settled(at: int | None) -> int:
        processor, log, address = SimulatedProcessor(), Log(), shelf.book(*STORY, *history)
        await processor.authorise(FIRST, card, usd("28") if history is SOLD else usd("5"))
        commits = await live(address, processor, log, at, is_stored=is_stored)
        await live(address, processor, log)
        async with await Book.open(address, is_inline=True) as book:
            (row,) = await book.read(lambda core: list(read_rows(core, CardPayment)))
            refunds = await book.read(lambda core: list(read_rows(core, CardRefund)))
            report = await audit(book)
        found = [row.state, [each.state for each in refunds], str(processor.taken), report.cards]
        assert (found, processor.reserved, report.findings) == (wanted, ZERO, ()), f"killed at commit {at}"
        return commits

    commits = await settled(None)
    assert commits > 1
    for at in range(1, commits + 1):
        assert await settled(at) == at
