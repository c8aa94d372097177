"""Provisioning in one order (S1-17): what comes first is said, and every step is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.chart import advancepay
from ledger.money import AccountId
from ledger.outcomes import Refusal
from switch.service.answers import Denial, Denied, Step
from switch.service.customers import Credit, Customers, Holding, OwnNumber, PaidIn
from tests.support.ledger import NOW, later, usd
from tests.switch.service.serving import CELL, HOME, HOUSEHOLD, PROVIDER, a_book, a_customer


async def test_each_step_names_the_one_that_comes_first() -> None:
    async with a_book() as book:
        customers = Customers(book, PROVIDER)

        async def pay() -> tuple[Denial, Step | None] | str:
            done = await customers.deposit("c-1", usd("5"), deposit_id="d-1", channel="mail", agent="kim", at=NOW)
            return (done.why, done.first) if isinstance(done, Denied) else str(done.booked.balance)

        assert await pay() == (Denial.NO_CUSTOMER, Step.CREATE_ACCOUNT)
        await customers.create("c-1", "Alex Doe", agent="kim", at=NOW)
        assert await pay() == (Denial.NEEDS_FACILITY, Step.ADD_FACILITY)
        early = await customers.add_number("c-1", HOME, agent="kim", at=NOW)
        assert early == Denied(Denial.NEEDS_FACILITY, "c-1", Step.ADD_FACILITY)
        await customers.add_facility("c-1", "north", agent="kim", at=NOW)
        assert await pay() == (Denial.NEEDS_NUMBER, Step.ADD_NUMBER)
        await customers.add_number("c-1", HOME, agent="kim", at=NOW)
        assert [await pay(), await pay()] == ["5", "5"]


async def test_a_step_taken_again_changes_nothing() -> None:
    async with a_book() as book:
        first = await a_customer(book)
        assert await a_customer(book) == first
        assert first.next_step is Step.DEPOSIT
        assert first.accounts == (advancepay(HOME),)


@pytest.mark.parametrize(
    ("customer_id", "name", "email", "why"),
    [
        ("c-1", "Robin Doe", None, Denial.ID_TAKEN),
        ("jordan", "Jordan", None, Denial.ID_TAKEN),
        ("c-2", "", None, Denial.NOT_A_NAME),
        ("c-2", "Two\nlines", None, Denial.NOT_A_NAME),
        ("c-2", "x" * 201, None, Denial.NOT_A_NAME),
        ("c-2", "Alex", "nowhere", Denial.NOT_A_NAME),
        ("no id at all!", "Alex", None, Denial.NOT_A_NAME),
        ("c" * 65, "Alex", None, Denial.NOT_A_NAME),
    ],
)
async def test_an_id_is_one_customers_and_a_name_is_a_name(
    customer_id: str, name: str, email: str | None, why: Denial
) -> None:
    async with a_book() as book:
        await a_customer(book)
        answer = await Customers(book, PROVIDER).create(customer_id, name, agent="kim", at=NOW, email=email)
        assert answer == Denied(why, customer_id)


async def test_numbers_and_accounts_are_one_customers() -> None:
    async with a_book() as book:
        customers = Customers(book, PROVIDER)
        await a_customer(book)
        await a_customer(book, "c-2", CELL)

        async def add(number: str, account: str | None = None) -> OwnNumber | Denied:
            return await customers.add_number("c-2", number, agent="kim", at=NOW, account=account)

        assert await add(HOME) == Denied(Denial.NUMBER_TAKEN, HOME)
        assert await add("+12125550125", str(advancepay(HOME))) == Denied(Denial.NOT_THEIR_ACCOUNT, advancepay(HOME))
        assert await add(CELL, HOUSEHOLD) == Denied(Denial.NUMBER_TAKEN, CELL)
        assert await add("911") == Denied(Denial.UNDIALABLE, "911")
        for account, why in (("box:1", Refusal.MALFORMED_ACCOUNT), (str(advancepay(CELL)), Refusal.NOT_ALLOWED)):
            denied = await add("+12125550125", account)
            assert isinstance(denied, Denied) and denied.refused is not None and denied.refused.why is why
        lec = await add("+12125550125", "directbill:db-1")
        assert isinstance(lec, Denied) and lec.words == Refusal.NOT_ALLOWED.value


async def test_a_number_of_a_household_is_paid_for_from_its_activation_on() -> None:
    """S3-3, S3-5."""
    async with a_book() as book:
        customers = Customers(book, PROVIDER)
        await a_customer(book)
        added = await customers.add_number("c-1", CELL, agent="kim", at=NOW, account=HOUSEHOLD)
        assert added == OwnNumber(CELL, HOUSEHOLD, NOW + timedelta(hours=1))
        assert await book.payer_of(CELL, later(3_599)) is None
        assert await book.payer_of(CELL, later(3_600)) == HOUSEHOLD
        again = await customers.add_number("c-1", CELL, agent="kim", at=later(60), account=HOUSEHOLD)
        assert again == added


async def test_a_payment_keeps_to_cap_and_fee_and_names_the_account_of_several() -> None:
    async with a_book() as book:
        customers = Customers(book, PROVIDER)
        await a_customer(book)
        await customers.add_number("c-1", CELL, agent="kim", at=NOW, account=HOUSEHOLD)

        async def pay(amount: str, account: str | None, channel: str = "web") -> PaidIn | Denied:
            deposit_id = f"d-{amount}"
            return await customers.deposit(
                "c-1", usd(amount), deposit_id=deposit_id, channel=channel, agent="kim", at=NOW, account=account
            )

        both = (advancepay(HOME), HOUSEHOLD)
        assert await pay("5", None) == Denied(Denial.SEVERAL_ACCOUNTS, "c-1", known=both)
        other = "advancepay:+12125550199"
        assert await pay("5", other) == Denied(Denial.NOT_THEIR_ACCOUNT, other, known=both)
        paid = await pay("5", HOUSEHOLD)
        assert isinstance(paid, PaidIn) and (paid.fee, paid.booked.balance) == (usd("3"), usd("5"))
        dear = await pay("50.01", HOUSEHOLD)
        assert isinstance(dear, Denied) and dear.refused is not None and dear.refused.available == usd("50")
        nothing = await pay("0", HOUSEHOLD)
        assert isinstance(nothing, Denied) and nothing.words == Refusal.AMOUNT_OUT_OF_RANGE.value
        (entry,) = await book.entries(account_id=both[1])
        assert entry.draft.memo == "c-1, by kim"


async def test_customers_are_listed_the_newest_first_and_facilities_are_those_there_are() -> None:
    async with a_book() as book:
        customers = Customers(book, PROVIDER)
        await a_customer(book)
        await customers.create("c-2", "Robin", agent="kim", at=later(1), email="r@example.org", address="1 Way")
        assert [each.customer_id for each in await customers.list()] == ["c-2", "c-1"]
        nowhere = await customers.add_facility("c-1", "west", agent="kim", at=NOW)
        assert nowhere == Denied(Denial.NO_FACILITY, "west", known=("north", "south"))
        nobody = await customers.add_facility("c-9", "north", agent="kim", at=NOW)
        assert nobody == Denied(Denial.NO_CUSTOMER, "c-9", Step.CREATE_ACCOUNT)
        held = await customers.show("c-2")
        assert isinstance(held, Holding) and held.next_step is Step.ADD_FACILITY


@pytest.mark.parametrize(
    ("state", "score", "limit"),
    [("CT", 600, "30"), ("CT", 599, None), ("CT", None, None), ("AK", None, "50"), ("ak", 300, "50")],
)
async def test_direct_bill_is_given_after_a_credit_check_and_to_alaska_without(
    state: str, score: int | None, limit: str | None
) -> None:
    async with a_book() as book:
        await a_customer(book)
        customers = Customers(book, PROVIDER)
        given = [await customers.give_credit("c-1", state=state, score=score, agent="kim", at=NOW) for _ in range(2)]
        account = await book.balance(AccountId("directbill:c-1"))
        if limit is None:
            assert given == [Denied(Denial.NO_CREDIT, "c-1")] * 2
            assert account is None
            return
        assert given == [Credit(AccountId("directbill:c-1"), usd(limit))] * 2
        assert account is not None and account.available == usd(limit)
        added = await customers.add_number("c-1", CELL, agent="kim", at=NOW, account="directbill:c-1")
        assert isinstance(added, OwnNumber)


async def test_nobody_gives_credit_to_who_is_no_customer() -> None:
    async with a_book() as book:
        denied = await Customers(book, PROVIDER).give_credit("c-1", state="AK", score=None, agent="kim", at=NOW)
        assert denied == Denied(Denial.NO_CUSTOMER, "c-1", Step.CREATE_ACCOUNT)
