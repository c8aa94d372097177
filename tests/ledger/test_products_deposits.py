"""Payments: fees by channel and date (S3-7), the cap of one (S3-1), and what a bank takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.chart import cash
from ledger.entries import EntryId
from ledger.errors import PolicyError
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Opened, Placed, Refusal, Refused
from ledger.products.policy import CONNECTICUT_FEES, FEDERAL_FEES, FEES_BANNED, ChannelFee, DepositPolicy
from ledger.products.requests import Chargeback
from ledger.requests import Deposit, Refund, StartCall
from tests.support.ledger import (
    FAMILY,
    INCOME,
    NOW,
    PHONE_BILL,
    STORY,
    PureBook,
    a_call,
    deposit,
    end,
    hold,
    hold_of,
    open_account,
    usd,
)

WEB = cash("web")
WEB_FEES = AccountId("income:fees:web")


def by_web(amount: str = "25", fee: str = "5.95", deposit_id: str = "payment-1") -> Deposit:
    return Deposit(deposit_id, FAMILY, usd(amount), "web", NOW, fee=usd(fee))


def back(number: int = 1) -> Chargeback:
    return Chargeback(f"back-{number}", EntryId(f"payment-{number}"), NOW, "card stolen")


# Fees and caps.


def test_a_fee_is_paid_on_top_and_is_income() -> None:
    """S3-7: the account gets the whole payment."""
    book = PureBook(open_account())
    assert book.submit(by_web()) == Booked(EntryId("payment-1"), usd("25"), usd("25"))
    assert (book.balance(WEB), book.balance(WEB_FEES)) == (usd("-30.95"), usd("5.95"))


def test_a_fee_is_not_below_nothing() -> None:
    book = PureBook(open_account())
    assert book.submit(by_web(fee="-1")) == Refused(Refusal.AMOUNT_OUT_OF_RANGE, "payment-1")


BEFORE = FEES_BANNED - timedelta(days=1)


@pytest.mark.parametrize(
    ("fees", "channel", "day", "fee"),
    [
        (CONNECTICUT_FEES, "web", BEFORE, "5.95"),
        (CONNECTICUT_FEES, "phone", BEFORE, "5.95"),
        (CONNECTICUT_FEES, "mail", BEFORE, "0"),
        (CONNECTICUT_FEES, "web", FEES_BANNED, "0"),
        (FEDERAL_FEES, "automated", BEFORE, "3"),
        (FEDERAL_FEES, "live-agent", BEFORE, "5.95"),
        (FEDERAL_FEES, "paper-bill", BEFORE, "2"),
        (FEDERAL_FEES, "live-agent", FEES_BANNED, "0"),
        ((ChannelFee("web", usd("1"), since=date(2020, 1, 1)),), "web", date(2019, 12, 31), "0"),
        ((ChannelFee("web", usd("1"), since=date(2020, 1, 1)),), "web", date(2020, 1, 1), "1"),
    ],
)
def test_what_a_channel_costs_depends_on_the_day(
    fees: tuple[ChannelFee, ...], channel: str, day: date, fee: str
) -> None:
    policy = DepositPolicy(fees)
    assert policy.deposit("d", FAMILY, usd("0.01"), channel, day=day, at=NOW) == Deposit(
        "d", FAMILY, usd("0.01"), channel, NOW, fee=usd(fee)
    )


def test_a_payment_over_the_cap_is_refused_and_one_at_the_cap_is_not() -> None:
    """S3-1: up to $50.00 per transaction."""
    policy = DepositPolicy(cap=usd("50"))
    ask = [policy.deposit("d", FAMILY, usd(amount), "web", day=BEFORE, at=NOW) for amount in ("50", "50.000001")]
    assert ask == [Deposit("d", FAMILY, usd("50"), "web", NOW), Refused(Refusal.OVER_CAP, FAMILY, usd("50"))]


def test_a_cap_below_fifty_dollars_is_illegal() -> None:
    with pytest.raises(PolicyError, match=r"a cap of 49\.99 on payments is illegal: write 50 or more"):
        DepositPolicy(cap=usd("49.99"))


@pytest.mark.parametrize(("channel", "fee"), [("No Way", "1"), ("web", "-1")])
def test_a_fee_that_cannot_be_names_its_channel(channel: str, fee: str) -> None:
    with pytest.raises(PolicyError, match=f"fee of channel '{channel}'"):
        ChannelFee(channel, usd(fee))


# Chargebacks.


def test_a_bank_takes_a_payment_back_with_its_fee_once() -> None:
    book = PureBook(open_account(), by_web())
    assert book.submit(back()) == Booked(EntryId("back-1"), usd("-25"), ZERO)
    assert {book.balance(each) for each in (WEB, WEB_FEES, FAMILY)} == {ZERO}
    assert book.submit(back()) == Booked(EntryId("back-1"), usd("-25"), ZERO)
    assert book.submit(replace(back(), chargeback_id="again")) == Refused(Refusal.ALREADY_BACK, "payment-1")
    assert book.submit(back(2)) == Refused(Refusal.UNKNOWN_DEPOSIT, "payment-2")


SPENT = (*STORY, hold("4"), end("4"))
"""Six of ten dollars are left."""


def test_what_the_account_no_longer_has_its_owner_owes() -> None:
    book = PureBook(*SPENT)
    assert book.submit(back()) == Booked(EntryId("back-1"), usd("-10"), usd("-4"))
    account = book.rows.accounts[FAMILY]
    assert (account.floor, account.available) == (usd("-4"), ZERO)
    assert book.submit(open_account()) == Opened(FAMILY, is_new=False)


def test_who_owes_calls_nobody_until_the_debt_is_paid() -> None:
    book = PureBook(*SPENT, back(), StartCall(a_call("call-2")))
    ask = hold("0.01", call_id="call-2")
    assert book.submit(ask) == Refused(Refusal.OWES, FAMILY, ZERO)
    book.submit(deposit("3.99", "payment-2"))
    assert book.rows.accounts[FAMILY].floor == usd("-0.01")
    assert book.submit(ask) == Refused(Refusal.OWES, FAMILY, ZERO)
    book.submit(deposit("0.01", "payment-3"))
    assert book.rows.accounts[FAMILY].floor == ZERO
    assert book.submit(ask) == Refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, ZERO)
    book.submit(deposit("0.01", "payment-4"))
    assert book.submit(ask) == Placed(hold_of(call_id="call-2"), ZERO)


def test_a_call_that_goes_on_is_charged_what_was_held_and_frees_nothing() -> None:
    book = PureBook(*STORY, hold("4"), back())
    account = book.rows.accounts[FAMILY]
    assert (account.balance, account.floor, account.available) == (ZERO, usd("-4"), ZERO)
    assert book.submit(hold("0.01", 2)) == Refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, ZERO)
    book.submit(end("3"))
    account = book.rows.accounts[FAMILY]
    assert (account.balance, account.floor, account.available) == (usd("-3"), usd("-3"), ZERO)
    assert book.balance(INCOME) == usd("3")


def test_a_refund_pays_the_debt_first() -> None:
    book = PureBook(*SPENT, back())
    book.submit(Refund("r-1", EntryId("call-1/charge"), usd("3"), NOW))
    assert (book.state(), book.rows.accounts[FAMILY].floor) == ((usd("-1"), ZERO), usd("-1"))


def test_a_payment_on_a_bill_without_limit_is_taken_back_like_any_other() -> None:
    book = PureBook(open_account(PHONE_BILL), deposit("10", account_id=PHONE_BILL))
    assert book.submit(back()) == Booked(EntryId("back-1"), usd("-10"), ZERO)
