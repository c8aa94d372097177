"""OneCall (S1-11): authorised, captured for what was talked, or given up; never more, never twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.chart import AccountKind, account_of, cash
from ledger.entries import EntryId
from ledger.money import ZERO, CallId
from ledger.outcomes import Booked, Ended, Noted, Opened, Placed, Refusal, Refused
from ledger.products.requests import AuthoriseCard, CaptureCard, VoidCard
from ledger.requests import Request, StartCall
from tests.support.ledger import CALL, NOW, STORY, PureBook, a_call, end, hold, hold_of, usd

CARD = account_of(AccountKind.ONECALL, CALL)
AUTHORISE = AuthoriseCard(CALL, usd("5"), NOW)
CAPTURE = CaptureCard(CALL, "card", NOW)
VOID = VoidCard(CALL, NOW)
TALKED: tuple[Request, ...] = (*STORY, AUTHORISE, hold("3", account_id=CARD), end("2.1", payer=CARD))


def test_a_card_pays_what_its_call_cost() -> None:
    book = PureBook(*TALKED)
    assert book.balance(CARD) == usd("-2.1")
    assert [book.submit(CAPTURE) for _ in range(2)] == [Booked(EntryId("call-1/capture"), usd("2.1"), ZERO)] * 2
    assert (book.balance(CARD), book.balance(cash("card"))) == (ZERO, usd("-2.1"))
    assert book.rows.accounts[CARD].available == ZERO
    assert book.submit(VOID) == Noted(CARD)


def test_no_more_is_talked_than_was_authorised() -> None:
    book = PureBook(*STORY, AUTHORISE)
    assert book.submit(hold("5.01", account_id=CARD)) == Refused(Refusal.INSUFFICIENT_FUNDS, CARD, usd("5"))
    assert book.submit(hold("5", account_id=CARD)) == Placed(hold_of(), ZERO)
    assert book.submit(end("5", payer=CARD)) == Ended(CALL, EntryId("call-1/charge"), usd("5"), ZERO)


def test_a_call_that_was_not_talked_is_given_up() -> None:
    book = PureBook(*STORY, AUTHORISE, hold("3", account_id=CARD), end())
    assert book.submit(CAPTURE) == Refused(Refusal.UNKNOWN_CHARGE, CARD)
    assert [book.submit(VOID) for _ in range(2)] == [Noted(CARD)] * 2
    assert book.rows.accounts[CARD].available == ZERO


def test_a_card_is_authorised_once_for_each_call() -> None:
    book = PureBook(*STORY)
    assert [book.submit(AUTHORISE) for _ in range(2)] == [Opened(CARD, is_new=True), Opened(CARD, is_new=False)]
    assert book.submit(replace(AUTHORISE, amount=usd("6"))) == Refused(Refusal.TERMS_DIFFER, CARD)


@pytest.mark.parametrize(
    ("before", "request_", "outcome"),
    [
        (STORY, replace(AUTHORISE, call_id=CallId("call-9")), Refused(Refusal.UNKNOWN_CALL, "call-9")),
        (STORY, replace(AUTHORISE, amount=ZERO), Refused(Refusal.AMOUNT_OUT_OF_RANGE, CARD)),
        ((*STORY, StartCall(a_call("a/b"))), AuthoriseCard(CallId("a/b"), usd("1"), NOW), None),
        (STORY, CAPTURE, Refused(Refusal.UNKNOWN_ACCOUNT, CARD)),
        ((*STORY, AUTHORISE), CAPTURE, Refused(Refusal.HAS_CALLS, CARD)),
        ((*STORY, AUTHORISE), VOID, Refused(Refusal.HAS_CALLS, CARD)),
        (TALKED, VOID, Refused(Refusal.OWES, CARD, usd("-2.1"))),
        (TALKED, replace(CAPTURE, channel="No Way"), Refused(Refusal.MALFORMED_ACCOUNT, "cash:No Way")),
    ],
)
def test_a_card_that_cannot_pay_says_why(
    before: tuple[Request, ...], request_: Request, outcome: Refused | None
) -> None:
    expected = outcome or Refused(Refusal.MALFORMED_ACCOUNT, "a/b")
    assert PureBook(*before).submit(request_) == expected
