"""For tests of customer service: a provider, a book, and the short ways to the first steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

from ledger.audit import audit
from ledger.money import AccountId
from ledger.products.bundles import Bundle, MessagePolicy
from ledger.products.policy import ChannelFee, DepositPolicy
from ledger.store import Book
from prompts.catalog import ClipId
from rating.business import BusinessHours
from rating.jurisdiction import Place
from switch.directory.people import Directory, Facility, FacilityId, PersonId, PersonInside
from switch.service.customers import Customers, Holding
from switch.service.provider import Provider
from tests.support.ledger import NOW, usd

HOME = "+12125550123"
CELL = "+12125550124"
HOUSEHOLD = AccountId("advanceconnect:c-1")

NORTH = Facility(FacilityId("north"), ClipId("facility/state-prison"), "california-gtl", place=Place(state="CA"))
SOUTH = Facility(FacilityId("south"), ClipId("facility/state-prison"), "california-gtl")
JORDAN = PersonInside(
    PersonId("jordan"), FacilityId("north"), "4417", ClipId("name/jordan"), inmate_id="C-1", legal_name="Jordan A. Doe"
)
RILEY = PersonInside(PersonId("riley"), FacilityId("south"), "2290", ClipId("name/riley"))

PROVIDER = Provider(
    Directory(facilities=[NORTH, SOUTH], stations=[], people=[JORDAN, RILEY], numbers=[], lines=[]),
    DepositPolicy((ChannelFee("web", usd("3")),), cap=usd("50")),
    timedelta(hours=1),
    MessagePolicy(
        (Bundle(10, usd("3")), Bundle(100, usd("60")), Bundle(40, usd("8"), state="CA")),
        characters_per_credit=10,
        characters_max=50,
    ),
    BusinessHours("UTC", holidays=frozenset({date(2026, 11, 26)})),
)


@asynccontextmanager
async def a_book() -> AsyncIterator[Book]:
    """A book in memory that passes its audit at the end."""
    async with await Book.open(":memory:") as book:
        yield book
        assert (await audit(book)).findings == ()


async def a_customer(book: Book, customer_id: str = "c-1", number: str = HOME, facility: str = "north") -> Holding:
    """A customer who has taken all steps but the last."""
    customers = Customers(book, PROVIDER)
    await customers.create(customer_id, "Alex Doe", agent="kim", at=NOW)
    await customers.add_facility(customer_id, facility, agent="kim", at=NOW)
    await customers.add_number(customer_id, number, agent="kim", at=NOW)
    held = await customers.show(customer_id)
    assert isinstance(held, Holding)
    return held
