"""One story of customer service on both databases, another opening of the book for each chapter."""

from __future__ import annotations

from datetime import timedelta

from ledger.audit import audit
from ledger.chart import advancepay
from ledger.migrate import differences
from ledger.products.inactivity import InactivityRule
from ledger.products.requests import NotifyIdle
from ledger.products.rows import Direction, MessageState
from ledger.store import Book
from switch.service.care import Care
from switch.service.customers import Customers, PaidIn
from switch.service.history import history
from switch.service.mail import Letter, Mail
from switch.service.outbox import Outbox
from tests.support.books import Shelf
from tests.support.ledger import NOW, later, usd
from tests.switch.service.serving import HOME, PROVIDER, a_customer


async def test_what_is_served_is_found_again(shelf: Shelf) -> None:
    address = shelf.empty()
    async with await Book.open(address) as book:
        assert await book.read(differences) == []
        await a_customer(book)
        paid = await Customers(book, PROVIDER).deposit(
            "c-1", usd("20"), deposit_id="d-1", channel="web", agent="kim", at=later(1)
        )
        assert isinstance(paid, PaidIn)
        await Care(book).block(HOME, agent="kim", at=later(2), why="asked")
        await Care(book).note("c-1", "called", agent="kim", at=later(3))
    async with await Book.open(address) as book:
        mail = Mail(book, PROVIDER)
        await mail.buy("c-1", 40, purchase_id="b-1", agent="kim", at=later(4), source=advancepay(HOME))
        await mail.send("c-1", "jordan", "Hello ✓", message_id="m-1", direction=Direction.TO_PERSON, at=later(5))
        assert [each.message.message_id for each in await mail.queue("north")] == ["m-1"]
        for step in (mail.review, mail.approve, mail.deliver):
            await step("m-1", agent="kim", at=later(6))
        await book.submit(NotifyIdle(advancepay(HOME), later(99), NOW + timedelta(days=90)))
        assert len(await Outbox(book).fill(InactivityRule())) == 1
    async with await Book.open(address) as book:
        letter = await Mail(book, PROVIDER).show("m-1")
        assert isinstance(letter, Letter)
        assert (letter.message.state, letter.words, letter.credits_left) == (MessageState.DELIVERED, "Hello ✓", 39)
        assert len(await Outbox(book).hand_over(lambda _notice: None, to="file", at=NOW)) == 1
        assert await Outbox(book).waiting() == ()
        found = await history(book, "c-1")
        assert isinstance(found, tuple)
        assert [each.what for each in found] == [
            "customer created",
            "facility added",
            "number added",
            "deposit",
            "block",
            "noted",
            "purchase",
            "purchase",
            "use",
        ]
        assert (await audit(book)).is_clean
