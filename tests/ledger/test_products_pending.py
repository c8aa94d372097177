"""Accounts that are charged after their calls (S3-9): negative balance, owed in full, no calls until paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.chart import Opener
from ledger.entries import EntryId
from ledger.money import ZERO, CallId
from ledger.outcomes import Admitted, Booked, Ended, Refusal, Refused
from ledger.products.requests import AdmitCall, PostCharge
from ledger.products.rows import PendingCharge
from ledger.requests import EndCall, OpenAccount, RegisterProcess, Request, StartCall
from tests.support.ledger import (
    CALL,
    FAMILY,
    INCOME,
    NOW,
    PHONE_BILL,
    PROCESS,
    PureBook,
    a_call,
    deposit,
    end,
    hold,
    later,
    open_account,
    usd,
)

LATE: tuple[Request, ...] = (
    RegisterProcess(PROCESS),
    OpenAccount(FAMILY, Opener.AGENT, NOW, settles_later=True),
    deposit("1"),
    StartCall(a_call()),
    StartCall(a_call("call-2")),
)
POSTS_AT = later(600)


def admit(call_id: str = CALL) -> AdmitCall:
    return AdmitCall(CallId(call_id), FAMILY, NOW)


def end_later(charged: str, call_id: str = CALL) -> EndCall:
    return replace(end(charged, call_id), posts_at=POSTS_AT)


def post(call_id: str = CALL, seconds: float = 600) -> PostCharge:
    return PostCharge(CallId(call_id), later(seconds))


def test_two_calls_are_admitted_on_one_balance_and_their_sum_is_owed() -> None:
    book = PureBook(*LATE)
    assert [book.submit(admit(call)) for call in (CALL, "call-2")] == [Admitted(FAMILY, usd("1"))] * 2
    assert book.submit(end_later("0.9")) == Ended(CALL, None, usd("0.9"), ZERO)
    book.submit(end_later("0.6", "call-2"))
    assert (book.balance(FAMILY), len(book.rows.new_records)) == (usd("1"), 2)
    assert book.submit(post()) == Booked(EntryId("call-1/charge"), usd("0.9"), usd("0.1"))
    assert book.submit(post("call-2")) == Booked(EntryId("call-2/charge"), usd("0.6"), usd("-0.5"))
    assert list(book.rows.products.all(PendingCharge)) == []
    book.submit(StartCall(a_call("call-3")))
    assert book.submit(admit("call-3")) == Refused(Refusal.OWES, FAMILY, usd("-0.5"))
    book.submit(deposit("0.5", "payment-2"))
    assert book.submit(admit("call-3")) == Refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, ZERO)
    book.submit(deposit("0.01", "payment-3"))
    assert book.submit(admit("call-3")) == Admitted(FAMILY, usd("0.01"))


def test_a_pending_charge_is_posted_once_and_not_before_its_time() -> None:
    book = PureBook(*LATE, end_later("0.9"))
    assert book.submit(post(seconds=599)) == Refused(Refusal.NOT_DUE, CALL)
    assert [book.submit(post()) for _ in range(2)] == [Booked(EntryId("call-1/charge"), usd("0.9"), usd("0.1"))] * 2
    assert book.submit(post("call-2")) == Refused(Refusal.UNKNOWN_CHARGE, "call-2")
    assert book.balance(INCOME) == usd("0.9")


def test_no_hold_is_placed_on_an_account_that_settles_later() -> None:
    assert PureBook(*LATE).submit(hold("0.1")) == Refused(Refusal.NOT_ALLOWED, FAMILY)


@pytest.mark.parametrize(
    ("before", "request_", "outcome"),
    [
        (LATE, admit("call-9"), Refused(Refusal.UNKNOWN_CALL, "call-9")),
        (LATE, AdmitCall(CALL, PHONE_BILL, NOW), Refused(Refusal.UNKNOWN_ACCOUNT, PHONE_BILL)),
        ((*LATE, open_account(PHONE_BILL)), AdmitCall(CALL, PHONE_BILL, NOW), Refused(Refusal.NOT_ALLOWED, PHONE_BILL)),
        ((*LATE[:1], open_account(), *LATE[2:]), admit(), Refused(Refusal.NOT_ALLOWED, FAMILY)),
        ((*LATE[:1], open_account(), *LATE[2:]), end_later("0.5"), Refused(Refusal.NOT_ALLOWED, FAMILY)),
    ],
)
def test_only_accounts_opened_so_settle_later(before: tuple[Request, ...], request_: Request, outcome: Refused) -> None:
    assert PureBook(*before).submit(request_) == outcome


def test_only_prepaid_accounts_are_opened_to_settle_later_and_stay_so() -> None:
    book = PureBook(*LATE)
    assert book.submit(OpenAccount(PHONE_BILL, Opener.AGENT, NOW, settles_later=True)) == Refused(
        Refusal.NOT_ALLOWED, PHONE_BILL
    )
    assert book.submit(open_account()) == Refused(Refusal.TERMS_DIFFER, FAMILY)


def test_holds_on_other_accounts_go_back_when_the_charge_is_kept() -> None:
    book = PureBook(*LATE, open_account(PHONE_BILL), hold("2", account_id=PHONE_BILL))
    assert book.submit(end_later("0.5")) == Ended(CALL, None, usd("0.5"), usd("1.5"))
    assert book.rows.accounts[PHONE_BILL].held == ZERO
