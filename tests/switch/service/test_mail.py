"""Messages (S2-1, S2-2): bought, sent, reviewed in the promised time, delivered or rejected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger.money import AccountId
from ledger.outcomes import Refusal
from ledger.products.rows import Direction, MessageState
from ledger.store import Book
from switch.directory.contacts import Action, Contacts, ContactState
from switch.directory.people import Directory
from switch.directory.rules import ListRules
from switch.service.answers import Denial, Denied, Step
from switch.service.customers import Customers
from switch.service.mail import Letter, Mail, Sold
from switch.service.tables import message_words
from switch.service.trust import TrustFund
from tests.support.ledger import NOW, later, usd
from tests.switch.service.serving import CELL, HOME, JORDAN, NORTH, PROVIDER, SOUTH, a_book, a_customer

KEEPING = replace(PROVIDER, messages=replace(PROVIDER.messages, keeps_rejected=True))


async def buy(mail: Mail, owner: str = "c-1", count: int = 40, **more: str) -> Sold | Denied:
    return await mail.buy(owner, count, purchase_id=f"b-{count}", agent="kim", at=NOW, **more)


async def send(
    mail: Mail, message_id: str = "m-1", words: str = "Hello, Jordan", customer: str = "c-1", person: str = "jordan"
) -> Letter | Denied:
    return await mail.send(customer, person, words, message_id=message_id, direction=Direction.TO_PERSON, at=later(1))


def told(answer: Letter | Denied) -> tuple[MessageState, int] | str:
    return (answer.message.state, answer.credits_left) if isinstance(answer, Letter) else answer.words


async def test_credits_have_the_price_of_the_facility_and_the_fee_of_the_channel() -> None:
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        await a_customer(book)
        sold = await buy(mail, channel="web")
        assert isinstance(sold, Sold) and (sold.bundle.price, sold.fee) == (usd("8"), usd("3"))
        again = await buy(mail, channel="web")
        assert isinstance(again, Sold) and again.is_repeat
        assert await buy(mail, count=10) == Denied(Denial.NO_BUNDLE, "10 at north", known=("40 for 8",))
        await a_customer(book, "c-2", "+12125550199", "south")
        elsewhere = await mail.buy("c-2", 10, purchase_id="b-3", agent="kim", at=NOW)
        assert isinstance(elsewhere, Sold) and elsewhere.bundle.price == usd("3")
        dear = await mail.buy("c-2", 100, purchase_id="b-4", agent="kim", at=NOW)
        assert isinstance(dear, Denied) and dear.words == Refusal.OVER_CAP.value
        assert mail.sold_at("nowhere", NOW) == ()


async def test_credits_are_for_customers_who_added_the_facility_and_paid_by_their_own_accounts() -> None:
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        assert await buy(mail) == Denied(Denial.NO_CUSTOMER, "c-1", Step.CREATE_ACCOUNT)
        await Customers(book, PROVIDER).create("c-1", "Alex", agent="kim", at=NOW)
        assert await buy(mail) == Denied(Denial.NEEDS_FACILITY, "c-1", Step.ADD_FACILITY)
        held = await a_customer(book, "c-2")
        assert await buy(mail, "c-2", facility="south") == Denied(Denial.NOT_THIS_FACILITY, "south", known=("north",))
        other = await buy(mail, "c-2", source="debit:jordan")
        assert other == Denied(Denial.NOT_THEIR_ACCOUNT, "debit:jordan", known=held.accounts)
        poor = await buy(mail, "c-2", source=f"advancepay:{HOME}")
        assert isinstance(poor, Denied) and poor.words == Refusal.INSUFFICIENT_FUNDS.value
        await Customers(book, PROVIDER).deposit("c-2", usd("8"), deposit_id="d-1", channel="mail", agent="kim", at=NOW)
        assert isinstance(await buy(mail, "c-2", source=f"advancepay:{HOME}"), Sold)


async def test_the_trust_fund_buys_the_persons_credits_and_the_person_answers() -> None:
    """S1-18."""
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        await a_customer(book)
        await TrustFund(book, PROVIDER).deposit(
            "jordan",
            usd("10"),
            customer_id="c-1",
            inmate_id="C-1",
            legal_name="Jordan A. Doe",
            deposit_id="t-1",
            channel="mail",
            agent="kim",
            at=NOW,
        )
        sold = await buy(mail, "jordan")
        assert isinstance(sold, Sold) and sold.fee == usd("0")
        sent = await mail.send(
            "c-1", "jordan", "I am well", message_id="m-2", direction=Direction.FROM_PERSON, at=later(1)
        )
        assert isinstance(sent, Letter) and sent.message.account_id == "messages:jordan"
        left = await book.balance(AccountId("trust:jordan"))
        assert left is not None and left.balance == usd("2")


async def test_a_message_is_reviewed_within_one_business_day_and_late_after_it() -> None:
    """NOW is a Sunday: one business day from nine to five is over on Monday at five."""
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        await a_customer(book)
        await buy(mail)
        sent = await send(mail)
        assert isinstance(sent, Letter)
        promised = datetime(2026, 11, 23, 17, tzinfo=UTC)
        assert (sent.message.promised_at, sent.message.credits) == (promised, 2)
        assert [sent.is_late(promised), sent.is_late(later(30 * 3600))] == [False, True]
        await send(mail, "m-2")
        assert [each.message.message_id for each in await mail.queue()] == ["m-1", "m-2"]
        assert await mail.queue("south") == ()
        await mail.review("m-1", agent="kim", at=later(2))
        rejected = await mail.reject("m-1", "a code word", agent="kim", at=later(3))
        assert isinstance(rejected, Letter) and not rejected.is_late(later(10**6))
        assert [each.message.message_id for each in await mail.queue("north")] == ["m-2"]


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 17), ("America/New_York", 22), ("America/Los_Angeles", 25)])
async def test_working_hours_of_the_review_are_those_of_the_persons_facility(zone: str, hour: int) -> None:
    """Monday at five there; the first facility of the configuration is another, with another clock."""
    facilities = [replace(SOUTH, zone="Asia/Tokyo"), replace(NORTH, zone=zone)]
    directory = Directory(facilities=facilities, stations=[], people=[JORDAN], numbers=[], lines=[])
    async with a_book() as book:
        mail = Mail(book, replace(PROVIDER, directory=directory))
        await a_customer(book)
        await buy(mail)
        sent = await send(mail)
        assert isinstance(sent, Letter)
        assert sent.message.promised_at == datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour)


async def test_who_may_call_only_a_list_has_messages_only_with_holders_of_a_number_on_it() -> None:
    """S2-3."""
    listed = replace(JORDAN, allowed=frozenset({CELL}))
    directory = Directory(facilities=[NORTH, SOUTH], stations=[], people=[listed], numbers=[], lines=[])
    async with a_book() as book:
        mail, contacts = Mail(book, replace(PROVIDER, directory=directory)), Contacts(book)
        await a_customer(book)
        await buy(mail)

        async def decided(action: Action) -> None:
            assert isinstance(
                await contacts.change("jordan", HOME, action, start={CELL}, rules=ListRules(), why="", at=NOW),
                ContactState,
            )

        assert await send(mail) == Denied(Denial.NOT_A_CONTACT, "jordan", known=(f"{HOME}, not asked for",))
        await decided(Action.REQUEST)
        assert await send(mail) == Denied(Denial.NOT_A_CONTACT, "jordan", known=(f"{HOME}, requested",))
        assert await mail.show("m-1") == Denied(Denial.NO_MESSAGE, "m-1")
        assert await book.read(lambda core: core.execute(select(func.count()).select_from(message_words)).scalar()) == 0
        await decided(Action.APPROVE)
        assert told(await send(mail)) == (MessageState.SUBMITTED, 38)
        await decided(Action.REMOVE)
        assert told(await send(mail)) == (MessageState.SUBMITTED, 38), "sent before, it is there"
        assert isinstance(await send(mail, "m-2"), Denied)
        await Customers(book, PROVIDER).add_number("c-1", CELL, agent="kim", at=NOW)
        assert told(await send(mail, "m-2")) == (MessageState.SUBMITTED, 36), "one number of several will do"


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        (("review", "approve", "deliver"), (MessageState.DELIVERED, 38)),
        (("review", "review", "approve", "approve", "deliver", "deliver"), (MessageState.DELIVERED, 38)),
        (("review", "reject"), (MessageState.REJECTED, 40)),
        (("deliver",), Refusal.WRONG_STATE.value),
        (("approve",), Refusal.WRONG_STATE.value),
        (("review", "deliver"), Refusal.WRONG_STATE.value),
        (("review", "reject", "approve"), Refusal.WRONG_STATE.value),
    ],
)
async def test_a_message_goes_its_way_step_by_step(steps: tuple[str, ...], end: object) -> None:
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        await a_customer(book)
        await buy(mail)
        await send(mail)
        assert told(await _walk(mail, steps)) == end


async def test_a_provider_may_keep_the_credits_of_what_it_rejects() -> None:
    async with a_book() as book:
        mail = Mail(book, KEEPING)
        await a_customer(book)
        await buy(mail)
        await send(mail)
        assert told(await _walk(mail, ("review", "reject", "reject"))) == (MessageState.REJECTED, 38)
        income = await book.balance(AccountId("income:messages"))
        assert income is not None and income.balance == usd("0.4")
        delivered = await mail.deliver("m-1", agent="kim", at=later(20))
        assert isinstance(delivered, Denied)
        assert (delivered.words, delivered.subject) == (Refusal.WRONG_STATE.value, "m-1 is rejected")


async def _walk(mail: Mail, steps: tuple[str, ...]) -> Letter | Denied:
    answer: Letter | Denied = Denied(Denial.NO_MESSAGE, "")
    for step in steps:
        more = {"why": "a code word"} if step == "reject" else {}
        answer = await getattr(mail, step)("m-1", agent="kim", at=later(5), **more)
    return answer


async def test_what_cannot_be_sent_costs_nothing_and_leaves_no_words() -> None:
    async with a_book() as book:
        mail = Mail(book, PROVIDER)
        await a_customer(book)
        assert told(await send(mail)) == Refusal.NO_CREDITS.value
        await buy(mail)
        assert told(await send(mail, words=" ")) == Denial.NO_WORDS.value
        assert told(await send(mail, words="x" * 51)) == Denial.NO_WORDS.value
        assert told(await send(mail, words="a\0b")) == Denial.NO_WORDS.value
        assert told(await send(mail, person="nobody")) == Denial.NO_PERSON.value
        assert told(await send(mail, person="riley")) == Denial.NOT_THIS_FACILITY.value
        assert told(await send(mail, customer="c-9")) == Denial.NO_CUSTOMER.value
        assert told(await send(mail, customer="jordan")) == Denial.NO_CUSTOMER.value
        assert await _words(book) == 0
        assert told(await send(mail)) == (MessageState.SUBMITTED, 38)
        assert told(await send(mail)) == (MessageState.SUBMITTED, 38)
        assert told(await send(mail, words="Other words")) == Refusal.ID_REUSED.value
        assert await _words(book) == 1
        for step in ("review", "deliver", "show"):
            more = {} if step == "show" else {"agent": "kim", "at": NOW}
            assert await getattr(mail, step)("m-9", **more) == Denied(Denial.NO_MESSAGE, "m-9")


async def _words(book: Book) -> int:
    return await book.read(
        lambda connection: connection.execute(select(func.count()).select_from(message_words)).scalar_one()
    )


async def test_an_id_that_is_a_persons_and_a_customers_has_no_credits() -> None:
    async with a_book() as book:
        facilities = PROVIDER.directory.facilities()
        empty = Directory(facilities=facilities, stations=[], people=[], numbers=[], lines=[])
        nobody = replace(PROVIDER, directory=empty)
        await Customers(book, nobody).create("jordan", "Jordan", agent="kim", at=NOW)
        assert await buy(Mail(book, PROVIDER), "jordan") == Denied(Denial.ID_TAKEN, "jordan")
