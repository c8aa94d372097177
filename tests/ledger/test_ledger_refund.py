"""Refunds are decided over charges that were stored, so these run on a book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ledger.audit import audit
from ledger.chart import cash_id
from ledger.entries import EntryId
from ledger.money import ZERO
from ledger.outcomes import Booked, Refusal, Refused
from ledger.requests import Refund
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import FAMILY, INCOME, NOW, STORY, end, hold, usd

CHARGE = EntryId("call-1/charge")


@pytest.fixture
def address(shelf: Shelf) -> str:
    return shelf.book(*STORY, hold("4"), end("3"))


@pytest.fixture
async def book(address: str) -> AsyncIterator[Book]:
    async with await Book.open(address) as opened:
        yield opened


async def test_a_refund_gives_part_back_and_then_the_rest(book: Book) -> None:
    assert await book.submit(Refund("r-1", CHARGE, usd("1"), NOW)) == Booked(EntryId("r-1"), usd("1"), usd("8"))
    assert await book.submit(Refund("r-2", CHARGE, None, NOW)) == Booked(EntryId("r-2"), usd("2"), usd("10"))
    assert [(each.account_id, each.balance) for each in await book.accounts() if each.account_id == INCOME] == [
        (INCOME, ZERO)
    ]
    assert (await audit(book)).findings == ()


async def test_no_more_is_refunded_than_was_charged(book: Book) -> None:
    assert await book.submit(Refund("r-1", CHARGE, usd("3.000001"), NOW)) == Refused(
        Refusal.OVER_CHARGED, CHARGE, usd("3")
    )
    await book.submit(Refund("r-2", CHARGE, usd("3"), NOW))
    for request in (Refund("r-3", CHARGE, usd("1"), NOW), Refund("r-4", CHARGE, None, NOW)):
        assert await book.submit(request) == Refused(Refusal.OVER_CHARGED, CHARGE, ZERO)


async def test_two_refunds_in_one_group_see_each_other(book: Book) -> None:
    first, second = [book.submit(Refund(f"r-{n}", CHARGE, usd("2"), NOW)) for n in (1, 2)]
    assert await asyncio.gather(first, second) == [
        Booked(EntryId("r-1"), usd("2"), usd("9")),
        Refused(Refusal.OVER_CHARGED, CHARGE, usd("1")),
    ]


@pytest.mark.parametrize("charge_id", ["call-9/charge", "payment-1"])
async def test_only_charges_are_refunded(book: Book, charge_id: str) -> None:
    assert await book.submit(Refund("r-1", EntryId(charge_id), None, NOW)) == Refused(Refusal.UNKNOWN_CHARGE, charge_id)


@pytest.mark.parametrize("amount", ["0", "-1"])
async def test_a_refund_gives_something(book: Book, amount: str) -> None:
    assert await book.submit(Refund("r-1", CHARGE, usd(amount), NOW)) == Refused(Refusal.AMOUNT_OUT_OF_RANGE, "r-1")


async def test_a_refund_follows_its_call_in_the_entries(book: Book) -> None:
    await book.submit(Refund("r-1", CHARGE, usd("1"), NOW, "dropped call"))
    found = await book.entries(call_id=end().record.call_id)
    assert [(entry.draft.entry_id, entry.draft.refunds) for entry in found] == [
        (CHARGE, None),
        ("r-1", CHARGE),
    ]
    of_account = await book.entries(account_id=FAMILY)
    assert [entry.seq for entry in of_account] == [1, 2, 3]


async def test_entries_of_a_call_may_be_those_of_an_account_alone(book: Book) -> None:
    await book.submit(Refund("r-1", CHARGE, usd("1"), NOW))
    call_id = end().record.call_id
    for account_id, found in ((FAMILY, [CHARGE, "r-1"]), (cash_id("processor"), [])):
        entries = await book.entries(call_id=call_id, account_id=account_id)
        assert [entry.draft.entry_id for entry in entries] == found
