"""A process that dies while an agent acts: no act without its line in the log, and no line without its act."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Connection, Table, func, select

from ledger.audit import audit
from ledger.chart import advancepay, debit
from ledger.entries import EntryKind
from ledger.errors import BookClosedError
from ledger.money import CallId
from ledger.products.card_requests import KeepRefund, card_payment_id, card_refund_id
from ledger.products.rows import Direction
from ledger.products.shares import charge_id
from ledger.requests import Refund, RefundKind, StartCall
from ledger.store import Book
from ledger.tables import account_numbers, accounts, entries, messages
from switch.directory.tables import blocks
from switch.service.acts import ActKind
from switch.service.care import Care
from switch.service.customers import Customers
from switch.service.mail import Mail
from switch.service.tables import customer_facilities, customer_numbers, customers, message_words, service_acts
from switch.service.trust import TrustFund
from tests.support.books import FileShelf
from tests.support.ledger import CALL, NOW, STORY, a_call, by_card, end, hold, later, usd
from tests.support.mortal import KilledError, Mortal
from tests.switch.service.serving import CELL, HOME, HOUSEHOLD, PROVIDER

CARD_CALL = CallId("call-2")
BACK = card_refund_id(card_payment_id(CARD_CALL, 1), 1)
BEFORE = (
    *STORY,
    hold("1"),
    end("0.5"),
    StartCall(a_call(CARD_CALL)),
    *by_card(CARD_CALL),
    Refund("r-0", charge_id(CARD_CALL), usd("0.2"), NOW),
    KeepRefund(BACK, NOW),
)
"""Two calls of fifty cents, paid by an account that no agent opened, and by a card that did not take a refund."""

OURS = "kim"

OPENED = (advancepay(CELL), HOUSEHOLD, "trust:jordan", debit("jordan"))
"""Accounts that the story opens on its way; that of Direct Bill is an act of its own."""

MONEY = {
    ActKind.DEPOSITED: (EntryKind.DEPOSIT, "c-1, by kim"),
    ActKind.REFUNDED: (EntryKind.REFUND, "courtesy: by kim"),
    ActKind.REFUND_PAID: (EntryKind.REPAYMENT, "by kim"),
    ActKind.TRUST_DEPOSITED: (EntryKind.DEPOSIT, "from c-1, by kim"),
    ActKind.TOPPED_UP: (EntryKind.TRANSFER, "top-up, by kim"),
    ActKind.CREDITS_SOLD: (EntryKind.PURCHASE, "40 credits, by kim"),
}
"""How the journal shows what was done."""


async def serve(book: Book) -> None:
    """Every act there is, each of which may be asked again."""
    customers_, care = Customers(book, PROVIDER), Care(book)
    fund, mail = TrustFund(book, PROVIDER), Mail(book, PROVIDER)
    await customers_.create("c-1", "Alex Doe", agent=OURS, at=NOW)
    await customers_.add_facility("c-1", "north", agent=OURS, at=NOW)
    await customers_.add_number("c-1", CELL, agent=OURS, at=NOW)
    await customers_.add_number("c-1", HOME, agent=OURS, at=NOW, account=HOUSEHOLD)
    await customers_.give_credit("c-1", state="AK", score=None, agent=OURS, at=NOW)
    chosen = str(HOUSEHOLD)
    await customers_.deposit("c-1", usd("20"), deposit_id="d-1", channel="web", agent=OURS, at=later(1), account=chosen)
    await care.block(HOME, agent=OURS, at=later(2), why="asked")
    await care.unblock(HOME, agent=OURS, at=later(3), why="asked again")
    await care.refund(CALL, RefundKind.COURTESY, refund_id="r-1", agent=OURS, at=later(4), amount=usd("0.2"))
    await care.pay_refund(BACK, channel="mail", agent=OURS, at=later(4))
    said = {"customer_id": "c-1", "inmate_id": "C-1", "legal_name": "Jordan A. Doe"}
    await fund.deposit("jordan", usd("9"), deposit_id="t-1", channel="web", agent=OURS, at=later(5), **said)
    await fund.top_up("jordan", usd("2"), transfer_id="x-1", agent=OURS, at=later(6))
    await mail.buy("c-1", 40, purchase_id="b-1", agent=OURS, at=later(7), source=chosen)
    await mail.send("c-1", "jordan", "Hello", message_id="m-1", direction=Direction.TO_PERSON, at=later(8))
    for step in (mail.review, mail.approve, mail.deliver):
        await step("m-1", agent=OURS, at=later(9))


async def told(book: Book) -> Counter[ActKind]:
    """What the log says was done."""
    kinds = await book.read(lambda core: core.execute(select(service_acts.c.kind)).scalars().all())
    return Counter(ActKind[kind.upper()] for kind in kinds)


async def done(book: Book) -> Counter[ActKind]:
    """What was done, by what it left behind."""

    def look(core: Connection) -> Counter[ActKind]:
        def count(table: Table, *where: ColumnElement[bool]) -> int:
            return core.execute(select(func.count()).select_from(table).where(*where)).scalar_one()

        def booked(kind: EntryKind, memo: str) -> int:
            return count(entries, entries.c.kind == kind.value, entries.c.memo == memo)

        put_on = count(account_numbers)
        assert put_on == count(customer_numbers, customer_numbers.c.account_id == HOUSEHOLD)
        assert count(messages) == count(message_words)
        counted = {
            ActKind.CREATED: count(customers),
            ActKind.FACILITY_ADDED: count(customer_facilities),
            ActKind.ACCOUNT_OPENED: count(accounts, accounts.c.account_id.in_(OPENED)),
            ActKind.NUMBER_ADDED: count(customer_numbers),
            ActKind.CREDIT_GIVEN: count(accounts, accounts.c.account_id.startswith("directbill:")),
            ActKind.BLOCKED: count(blocks),
            ActKind.UNBLOCKED: count(blocks, blocks.c.removed_at.is_not(None)),
            ActKind.REVIEWED: count(messages, messages.c.reviewed_at.is_not(None)),
            ActKind.APPROVED: count(messages, messages.c.judged_at.is_not(None)),
            ActKind.DELIVERED: count(messages, messages.c.delivered_at.is_not(None)),
        } | {act: booked(*entry) for act, entry in MONEY.items()}
        return Counter({act: number for act, number in counted.items() if number})

    return await book.read(look)


async def live(address: str, at: int | None = None, *, is_stored: bool = False) -> int:
    """Let a process serve, and die at a commit; returns how many it came to."""
    book = await Book.open(address, is_inline=True)
    mortal = Mortal(book._writing.session, at, is_stored=is_stored)
    with suppress(BookClosedError, KilledError):
        await serve(book)
    with suppress(KilledError):
        await book.close()
    return mortal.commits


@pytest.mark.parametrize("is_stored", [False, True], ids=["before", "after"])
async def test_a_process_killed_at_any_commit_leaves_every_act_with_its_line(
    tmp_path: Path, *, is_stored: bool
) -> None:
    shelf = FileShelf(tmp_path)
    whole = shelf.book(*BEFORE)
    commits = await live(whole)
    async with await Book.open(whole, is_inline=True) as book:
        kinds = await told(book)
    assert set(kinds) == set(ActKind) - {ActKind.NOTED, ActKind.REJECTED}, "the story has every act that has a deed"
    for at in range(1, commits + 1):
        address = shelf.book(*BEFORE)
        assert await live(address, at, is_stored=is_stored) == at
        async with await Book.open(address, is_inline=True) as book:
            assert await told(book) == await done(book), f"killed at commit {at}"
            await serve(book)
            again = await told(book)
            assert again == await done(book)
            doubled = {kind for kind in again if again[kind] != kinds[kind]}
            assert doubled <= {ActKind.BLOCKED, ActKind.UNBLOCKED}, f"killed at commit {at}: done twice"
            assert (await audit(book)).findings == ()
