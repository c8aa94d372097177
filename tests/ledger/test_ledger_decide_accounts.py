"""The pure rules of accounts: opened, paid into, moved between, adjusted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.chart import Opener, advancepay, cash
from ledger.draft import AMOUNT_MAX, BALANCE_MAX
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Booked, Opened, Refusal, Refused
from ledger.requests import Adjust, OpenAccount, Request, Transfer
from ledger.rows import Account
from tests.support.ledger import (
    FAMILY,
    INCOME,
    INSIDE,
    NOW,
    PHONE_BILL,
    STORY,
    PureBook,
    deposit,
    end,
    hold,
    later,
    open_account,
    refused,
    usd,
)

COURTESY = AccountId("promotions:courtesy")


# Accounts.


def test_an_account_is_opened_once() -> None:
    book = PureBook()
    assert book.submit(open_account()) == Opened(FAMILY, is_new=True)
    assert book.submit(open_account()) == Opened(FAMILY, is_new=False)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (OpenAccount(FAMILY, Opener.CALL, NOW), refused(Refusal.NOT_ALLOWED, FAMILY)),
        (OpenAccount(cash("mail"), Opener.AGENT, NOW), refused(Refusal.NOT_ALLOWED, cash("mail"))),
        (OpenAccount(AccountId("gold:1"), Opener.AGENT, NOW), refused(Refusal.MALFORMED_ACCOUNT, "gold:1")),
        (OpenAccount(FAMILY, Opener.AGENT, NOW, usd("5")), refused(Refusal.NOT_ALLOWED, FAMILY)),
        (
            OpenAccount(PHONE_BILL, Opener.AGENT, NOW, usd("-5")),
            refused(Refusal.AMOUNT_OUT_OF_RANGE, PHONE_BILL),
        ),
    ],
)
def test_an_account_is_only_opened_on_the_terms_of_its_kind(request_: Request, outcome: Refused) -> None:
    assert PureBook().submit(request_) == outcome


def test_a_receivable_may_have_a_limit_which_a_call_takes_as_it_is() -> None:
    book = PureBook(OpenAccount(PHONE_BILL, Opener.AGENT, NOW, usd("50")))
    assert book.rows.accounts[PHONE_BILL].available == usd("50")
    assert book.submit(OpenAccount(PHONE_BILL, Opener.CALL, NOW)) == Opened(PHONE_BILL, is_new=False)
    assert book.submit(OpenAccount(PHONE_BILL, Opener.AGENT, NOW)) == refused(Refusal.TERMS_DIFFER, PHONE_BILL)


# Deposits, transfers, adjustments.


def test_a_deposit_credits_the_account_and_debits_cash() -> None:
    book = PureBook(open_account())
    assert book.submit(deposit("10")) == Booked(EntryId("payment-1"), usd("10"), usd("10"))
    assert book.rows.accounts[cash("processor")].balance == usd("-10")
    assert [entry.draft.entry_id for entry in book.rows.new_entries] == ["payment-1"]


def test_a_deposit_that_is_sent_again_is_booked_once() -> None:
    book = PureBook(open_account(), deposit("10"))
    again = book.decide(replace(deposit("10"), at=later(99)))
    assert (again.outcome, again.is_repeat, again.changes) == (
        Booked(EntryId("payment-1"), usd("10"), usd("10")),
        True,
        (),
    )


def test_another_request_under_a_used_id_is_refused() -> None:
    book = PureBook(open_account(), deposit("10"))
    for other in (deposit("11"), Transfer("payment-1", FAMILY, INSIDE, usd("1"), NOW)):
        assert book.submit(other) == refused(Refusal.ID_REUSED, "payment-1")
    assert book.state() == (usd("10"), ZERO)


def test_a_refused_request_may_be_tried_again_under_its_id() -> None:
    book = PureBook()
    assert book.submit(deposit("10")) == refused(Refusal.UNKNOWN_ACCOUNT, FAMILY)
    book.submit(open_account())
    assert book.submit(deposit("10")) == Booked(EntryId("payment-1"), usd("10"), usd("10"))


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (deposit("0"), refused(Refusal.AMOUNT_OUT_OF_RANGE, "payment-1")),
        (deposit("-1"), refused(Refusal.AMOUNT_OUT_OF_RANGE, "payment-1")),
        (
            replace(deposit("1"), amount=AMOUNT_MAX + Money(1)),
            refused(Refusal.AMOUNT_OUT_OF_RANGE, "payment-1"),
        ),
        (
            deposit("1", account_id=advancepay("+13105550100")),
            refused(Refusal.UNKNOWN_ACCOUNT, "advancepay:+13105550100"),
        ),
        (deposit("1", account_id=cash("processor")), refused(Refusal.NOT_ALLOWED, cash("processor"))),
        (replace(deposit("1"), channel="No Way"), refused(Refusal.MALFORMED_ACCOUNT, "cash:No Way")),
        (deposit("1", "call-1/charge"), refused(Refusal.ID_RESERVED, "call-1/charge")),
        (deposit("1", ""), refused(Refusal.ID_RESERVED, "")),
        (deposit("1", "x" * 201), refused(Refusal.ID_RESERVED, "x" * 201)),
    ],
)
def test_a_deposit_that_cannot_be_booked_says_why(request_: Request, outcome: Refused) -> None:
    book = PureBook(open_account(), deposit("10", "before"))
    assert book.submit(request_) == outcome
    assert book.state() == (usd("10"), ZERO)


def test_no_balance_leaves_the_range_of_the_database() -> None:
    book = PureBook()
    book.rows.load([Account(FAMILY, ZERO, BALANCE_MAX, ZERO, NOW)])
    assert book.submit(deposit("1")) == refused(Refusal.AMOUNT_OUT_OF_RANGE, FAMILY)


def test_a_transfer_moves_what_is_available() -> None:
    book = PureBook(open_account(), open_account(INSIDE), deposit("10"))
    assert book.submit(Transfer("t-1", FAMILY, INSIDE, usd("4"), NOW)) == Booked(EntryId("t-1"), usd("4"), usd("4"))
    assert book.state() == (usd("6"), ZERO)


def test_money_that_is_held_cannot_be_moved_away() -> None:
    book = PureBook(*STORY, open_account(INSIDE), hold("7"))
    assert book.submit(Transfer("t-1", FAMILY, INSIDE, usd("4"), NOW)) == refused(
        Refusal.INSUFFICIENT_FUNDS, FAMILY, "3"
    )


@pytest.mark.parametrize(
    ("source", "target", "outcome"),
    [
        (FAMILY, FAMILY, refused(Refusal.NOT_ALLOWED, FAMILY)),
        (FAMILY, cash("processor"), refused(Refusal.NOT_ALLOWED, cash("processor"))),
        (FAMILY, PHONE_BILL, refused(Refusal.UNKNOWN_ACCOUNT, PHONE_BILL)),
    ],
)
def test_transfers_join_customers_accounts_only(source: AccountId, target: AccountId, outcome: Refused) -> None:
    book = PureBook(open_account(), deposit("10"))
    assert book.submit(Transfer("t-1", source, target, usd("1"), NOW)) == outcome


def test_an_adjustment_gives_or_takes() -> None:
    book = PureBook(open_account(), deposit("10"))
    assert book.submit(Adjust("a-1", FAMILY, usd("2"), COURTESY, NOW)) == Booked(EntryId("a-1"), usd("2"), usd("12"))
    assert book.submit(Adjust("a-2", FAMILY, usd("-5"), COURTESY, NOW)) == Booked(EntryId("a-2"), usd("-5"), usd("7"))
    assert book.rows.accounts[COURTESY].balance == usd("3")


@pytest.mark.parametrize(
    ("account_id", "amount", "against", "outcome"),
    [
        (FAMILY, "-10.000001", COURTESY, refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, "10")),
        (FAMILY, "0", COURTESY, refused(Refusal.AMOUNT_OUT_OF_RANGE, "a-1")),
        (FAMILY, "1", INCOME, refused(Refusal.NOT_ALLOWED, INCOME)),
        (FAMILY, "1", AccountId("x"), refused(Refusal.MALFORMED_ACCOUNT, "x")),
        (cash("processor"), "1", cash("processor"), refused(Refusal.NOT_ALLOWED, cash("processor"))),
        (INSIDE, "1", COURTESY, refused(Refusal.UNKNOWN_ACCOUNT, INSIDE)),
    ],
)
def test_adjustments_take_no_more_than_is_there_and_leave_income_alone(
    account_id: AccountId, amount: str, against: AccountId, outcome: Refused
) -> None:
    book = PureBook(open_account(), deposit("10"))
    assert book.submit(Adjust("a-1", account_id, usd(amount), against, NOW)) == outcome


def test_income_is_not_adjusted() -> None:
    book = PureBook(*STORY, hold("1"), end("1"))
    assert book.submit(Adjust("a-1", INCOME, usd("1"), COURTESY, NOW)) == refused(Refusal.NOT_ALLOWED, INCOME)
