"""The Trust Fund: who may send (S1-16, S2-4), and what it tops up (S1-18)."""

from __future__ import annotations

import pytest

from ledger.chart import debit
from ledger.money import AccountId
from ledger.outcomes import Refusal
from switch.service.answers import Denial, Denied, Step
from switch.service.customers import Customers
from switch.service.trust import Sent, TrustFund
from tests.support.ledger import NOW, usd
from tests.switch.service.serving import PROVIDER, a_book, a_customer

TRUST = AccountId("trust:jordan")


async def send(fund: TrustFund, amount: str = "20", **changed: str) -> Sent | Denied:
    said = {"person_id": "jordan", "customer_id": "c-1", "inmate_id": "C-1", "legal_name": "jordan a. doe"} | changed
    person_id, deposit_id = said.pop("person_id"), f"t-{amount}"
    return await fund.deposit(person_id, usd(amount), deposit_id=deposit_id, channel="web", agent="kim", at=NOW, **said)


async def test_a_holder_who_knows_the_person_sends_once_with_the_fee_as_a_line() -> None:
    async with a_book() as book:
        fund = TrustFund(book, PROVIDER)
        await a_customer(book)
        sent = await send(fund)
        assert isinstance(sent, Sent) and (sent.booked.balance, sent.fee) == (usd("20"), usd("3"))
        again = await send(fund)
        assert isinstance(again, Sent) and again.is_repeat
        cash = await book.balance(AccountId("cash:web"))
        assert cash is not None and cash.balance == usd("-23")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"inmate_id": "C-2"}, Refusal.WRONG_PERSON.value),
        ({"legal_name": "Jordan Doe"}, Refusal.WRONG_PERSON.value),
        ({"customer_id": "c-9"}, Denial.NO_CUSTOMER.value),
        ({"person_id": "riley"}, Denial.NO_IDENTITY.value),
        ({"person_id": "nobody"}, Denial.NO_PERSON.value),
    ],
)
async def test_whoever_does_not_know_the_person_or_is_unknown_sends_nothing(
    changed: dict[str, str], words: str
) -> None:
    async with a_book() as book:
        await a_customer(book)
        denied = await send(TrustFund(book, PROVIDER), **changed)
        assert isinstance(denied, Denied) and denied.words == words
        assert await book.balance(AccountId("cash:web")) is None


async def test_a_customer_without_a_number_and_a_payment_over_the_cap_are_refused() -> None:
    async with a_book() as book:
        fund = TrustFund(book, PROVIDER)
        await Customers(book, PROVIDER).create("c-1", "Alex", agent="kim", at=NOW)
        assert await send(fund) == Denied(Denial.NEEDS_NUMBER, "c-1", Step.ADD_FACILITY)
        await a_customer(book, "c-2")
        dear = await send(fund, "50.01", customer_id="c-2")
        assert isinstance(dear, Denied) and dear.words == Refusal.OVER_CAP.value


async def test_the_trust_fund_tops_up_the_persons_own_debit_account() -> None:
    """S1-18."""
    async with a_book() as book:
        fund = TrustFund(book, PROVIDER)
        await a_customer(book)
        assert await fund.balance("jordan") == Denied(Denial.NO_IDENTITY, "jordan")
        assert await fund.balance("nobody") == Denied(Denial.NO_PERSON, "nobody")
        await send(fund)
        moved = await fund.top_up("jordan", usd("5"), transfer_id="x-1", agent="kim", at=NOW)
        assert isinstance(moved, Sent) and (moved.account_id, moved.booked.balance) == (debit("jordan"), usd("5"))
        dear = await fund.top_up("jordan", usd("15.01"), transfer_id="x-2", agent="kim", at=NOW)
        assert isinstance(dear, Denied) and dear.words == Refusal.INSUFFICIENT_FUNDS.value
        nobody = await fund.top_up("nobody", usd("1"), transfer_id="x-3", agent="kim", at=NOW)
        assert nobody == Denied(Denial.NO_PERSON, "nobody")
        left = await fund.balance("jordan")
        assert not isinstance(left, Denied) and left.balance == usd("15")
