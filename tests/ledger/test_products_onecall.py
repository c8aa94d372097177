"""Cards (S1-10, S1-11): asked for, authorised, captured for what was talked, or given up; never more, never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.chart import AccountKind, account_of, cash, fee_income_id
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId, CallId
from ledger.outcomes import Booked, CardStands, Ended, Placed, Refusal, Refused
from ledger.products.card_requests import (
    CARD_WAIT_MAX,
    AskCard,
    AuthoriseCard,
    CaptureCard,
    DeclineCard,
    DepositByCard,
    DueCard,
    SellAccount,
    SettleDeposit,
    VoidCard,
    card_payment_id,
)
from ledger.products.card_rows import CardState, CardUse
from ledger.requests import Request, StartCall
from tests.support.ledger import CALL, FAMILY, NOW, STORY, PureBook, a_call, deposit, end, hold, hold_of, usd

CARD = account_of(AccountKind.ONECALL, CALL)
FIRST = card_payment_id(CALL, 1)
SECOND = card_payment_id(CALL, 2)
ASK = AskCard(FIRST, CALL, CardUse.CALL, usd("5"), "phone", NOW)
ASK_AGAIN = replace(ASK, payment_id=SECOND)
AUTHORISE = AuthoriseCard(FIRST, NOW)
DUE = DueCard(FIRST, NOW)
GIVE_UP = DueCard(FIRST, NOW, is_given_up=True)
CAPTURE = CaptureCard(FIRST, "phone", NOW)
SETTLE = SettleDeposit(FIRST, NOW)
VOID = VoidCard(FIRST, NOW)
DECLINE = DeclineCard(FIRST, NOW)
AUTHORISED: tuple[Request, ...] = (*STORY, ASK, AUTHORISE)
TALKED: tuple[Request, ...] = (*AUTHORISED, hold("3", account_id=CARD), end("2.1", payer=CARD))
SALE = replace(ASK, use=CardUse.SALE, amount=usd("28"))
NEW_NUMBER = "+12125550126"
SELL = SellAccount(FIRST, NEW_NUMBER, usd("3"), "phone", NOW)
ON_LINE = card_payment_id(CallId("line-1"), 1)
LINE = AskCard(ON_LINE, CallId("line-1"), CardUse.DEPOSIT, usd("28"), "phone", NOW)
DEPOSIT = DepositByCard(ON_LINE, FAMILY, usd("3"), "phone", NOW)
SOLD = account_of(AccountKind.ADVANCEPAY, NEW_NUMBER)


def stands(state: CardState, due: str = "0", payment_id: str = FIRST) -> CardStands:
    return CardStands(payment_id, state, usd(due))


def test_a_card_pays_what_its_call_cost() -> None:
    book = PureBook(*TALKED)
    assert book.balance(CARD) == usd("-2.1")
    assert [book.submit(DUE) for _ in range(2)] == [stands(CardState.CAPTURING, "2.1")] * 2
    assert [book.submit(CAPTURE) for _ in range(2)] == [Booked(EntryId("call-1/capture"), usd("2.1"), ZERO)] * 2
    assert (book.balance(CARD), book.balance(cash("phone"))) == (ZERO, usd("-2.1"))
    assert book.rows.accounts[CARD].available == ZERO


def test_what_is_due_stays_as_it_was_decided_whatever_is_refunded_meanwhile() -> None:
    book = PureBook(*TALKED, DUE, deposit("1", "unrelated"))
    assert book.submit(DUE) == stands(CardState.CAPTURING, "2.1")


def test_no_more_is_talked_than_was_authorised() -> None:
    book = PureBook(*AUTHORISED)
    assert book.submit(hold("5.01", account_id=CARD)) == Refused(Refusal.INSUFFICIENT_FUNDS, CARD, usd("5"))
    assert book.submit(hold("5", account_id=CARD)) == Placed(hold_of(), ZERO)
    assert book.submit(end("5", payer=CARD)) == Ended(CALL, EntryId("call-1/charge"), usd("5"), ZERO)


def test_a_call_that_was_not_talked_is_given_up() -> None:
    book = PureBook(*AUTHORISED, hold("3", account_id=CARD), end())
    assert book.submit(DUE) == stands(CardState.VOIDING)
    assert book.rows.accounts[CARD].available == ZERO
    assert [book.submit(VOID) for _ in range(2)] == [stands(CardState.VOIDED)] * 2


def test_nothing_is_due_while_the_call_goes_on() -> None:
    book = PureBook(*AUTHORISED)
    assert book.submit(DUE) == stands(CardState.AUTHORISED)
    assert book.submit(GIVE_UP) == stands(CardState.AUTHORISED)


def test_a_card_whose_answer_never_came_is_to_be_voided() -> None:
    book = PureBook(*STORY, ASK, GIVE_UP)
    assert book.submit(AUTHORISE) == Refused(Refusal.NOT_ALLOWED, FIRST)
    assert book.submit(VOID) == stands(CardState.VOIDED)
    assert CARD not in book.rows.accounts


def test_a_card_asked_for_before_a_crash_is_to_be_voided_once_its_call_is_over() -> None:
    book = PureBook(*STORY, ASK, end())
    assert book.submit(AUTHORISE) == Refused(Refusal.UNKNOWN_CALL, CALL)
    assert book.submit(DUE) == stands(CardState.VOIDING)


def test_another_card_may_be_tried_and_the_first_one_given_up_beside_it() -> None:
    book = PureBook(*STORY, ASK, GIVE_UP, ASK_AGAIN, AuthoriseCard(SECOND, NOW), VOID)
    assert book.rows.accounts[CARD].available == usd("5")
    assert book.submit(replace(DUE, payment_id=SECOND)) == stands(CardState.AUTHORISED, payment_id=SECOND)


def test_a_declined_card_owes_nothing_and_is_owed_nothing() -> None:
    book = PureBook(*STORY, ASK, DECLINE)
    assert book.submit(DECLINE) == book.submit(GIVE_UP) == stands(CardState.DECLINED)
    assert book.submit(VOID) == Refused(Refusal.NOT_ALLOWED, FIRST)


def test_a_sold_account_has_its_deposit_and_the_fee_is_earned() -> None:
    book = PureBook(*STORY, SALE)
    assert [book.submit(SELL) for _ in range(2)] == [Booked(EntryId(FIRST), usd("25"), usd("25"))] * 2
    balances = [book.balance(each) for each in (SOLD, cash("phone"), fee_income_id("phone"))]
    assert balances == [usd("25"), usd("-28"), usd("3")]
    assert [book.submit(SETTLE) for _ in range(2)] == [stands(CardState.CAPTURED, "28")] * 2
    assert book.balance(cash("phone")) == usd("-28")


def test_a_sale_to_a_number_that_has_an_account_is_a_deposit_on_it() -> None:
    number = FAMILY.partition(":")[2]
    book = PureBook(*STORY, SALE, replace(SELL, number=number))
    assert book.balance(FAMILY) == usd("35")


def test_nothing_is_sold_to_a_call_that_is_over() -> None:
    book = PureBook(*STORY, SALE, end())
    assert book.submit(SELL) == Refused(Refusal.UNKNOWN_CALL, CALL)
    assert book.submit(DUE) == stands(CardState.VOIDING)


def test_a_deposit_by_card_is_put_on_an_account_and_needs_no_call_in_the_book() -> None:
    book = PureBook(*STORY, LINE, DEPOSIT)
    balances = [book.balance(each) for each in (FAMILY, cash("phone"), fee_income_id("phone"))]
    assert balances == [usd("35"), usd("-28"), usd("3")]
    assert book.submit(DEPOSIT) == Booked(EntryId(ON_LINE), usd("25"), usd("35")), "asked again it is booked once"
    assert book.submit(DueCard(ON_LINE, NOW)) == stands(CardState.CAPTURING, "28", ON_LINE)
    settle = SettleDeposit(ON_LINE, NOW)
    assert [book.submit(settle) for _ in range(2)] == [stands(CardState.CAPTURED, "28", ON_LINE)] * 2
    assert (book.balance(FAMILY), book.balance(cash("phone"))) == (usd("35"), usd("-28"))


def test_a_deposit_that_is_asked_for_is_waited_for_until_somebody_gives_up_or_nobody_can_wait_any_more() -> None:
    waited = PureBook(*STORY, LINE)
    soon, late = NOW + CARD_WAIT_MAX - timedelta(seconds=1), NOW + CARD_WAIT_MAX
    assert waited.submit(DueCard(ON_LINE, soon)) == stands(CardState.ASKED, payment_id=ON_LINE)
    assert waited.submit(DueCard(ON_LINE, late)) == stands(CardState.VOIDING, payment_id=ON_LINE)
    given_up = PureBook(*STORY, LINE, DueCard(ON_LINE, soon, is_given_up=True))
    for book in (waited, given_up):
        assert book.submit(DEPOSIT) == Refused(Refusal.NOT_ALLOWED, ON_LINE), "what is voided pays nothing"
        assert book.balance(FAMILY) == usd("10")
        assert book.submit(VoidCard(ON_LINE, late)) == stands(CardState.VOIDED, payment_id=ON_LINE)


@pytest.mark.parametrize(
    ("before", "request_", "outcome"),
    [
        (STORY, DEPOSIT, "UNKNOWN_CARD"),
        ((*STORY, LINE), replace(DEPOSIT, account_id=AccountId("advancepay:+12125550199")), "UNKNOWN_ACCOUNT"),
        ((*AUTHORISED, LINE), replace(DEPOSIT, account_id=CARD), "NOT_ALLOWED"),
        ((*STORY, LINE), replace(DEPOSIT, channel="web"), "NOT_ALLOWED"),
        ((*STORY, LINE), replace(DEPOSIT, fee=usd("28")), "AMOUNT_OUT_OF_RANGE"),
        ((*STORY, SALE), replace(DEPOSIT, payment_id=FIRST), "NOT_ALLOWED"),
        ((*STORY, LINE), replace(SELL, payment_id=ON_LINE), "NOT_ALLOWED"),
        ((*STORY, LINE), AuthoriseCard(ON_LINE, NOW), "NOT_ALLOWED"),
        ((*STORY, LINE, DEPOSIT), CaptureCard(ON_LINE, "phone", NOW), "NOT_ALLOWED"),
        (STORY, AskCard("call-9/card/1", CallId("call-9"), CardUse.CALL, usd("5"), "phone", NOW), "UNKNOWN_CALL"),
        (STORY, replace(ASK, amount=ZERO), "AMOUNT_OUT_OF_RANGE"),
        ((*STORY, ASK), replace(ASK, amount=usd("6")), "ID_REUSED"),
        ((*AUTHORISED, ASK_AGAIN), AuthoriseCard(SECOND, NOW), "TERMS_DIFFER"),
        (STORY, AUTHORISE, "UNKNOWN_CARD"),
        (STORY, DECLINE, "UNKNOWN_CARD"),
        (STORY, DUE, "UNKNOWN_CARD"),
        (STORY, VOID, "UNKNOWN_CARD"),
        (STORY, CAPTURE, "UNKNOWN_CARD"),
        ((*STORY, SALE), AUTHORISE, "NOT_ALLOWED"),
        ((*STORY, SALE), replace(SELL, channel="web"), "NOT_ALLOWED"),
        ((*STORY, SALE), replace(SELL, number="12"), "MALFORMED_ACCOUNT"),
        ((*STORY, replace(SALE, channel="No Way")), replace(SELL, channel="No Way"), "MALFORMED_ACCOUNT"),
        (AUTHORISED, SELL, "NOT_ALLOWED"),
        (AUTHORISED, CAPTURE, "NOT_ALLOWED"),
        (AUTHORISED, VOID, "NOT_ALLOWED"),
        ((*TALKED, DUE), SETTLE, "NOT_ALLOWED"),
        ((*STORY, SALE, SELL), CAPTURE, "NOT_ALLOWED"),
        ((*TALKED, DUE), replace(CAPTURE, channel="web"), "NOT_ALLOWED"),
        (
            (*STORY, StartCall(a_call("a/b")), AskCard("a/b/card/1", CallId("a/b"), CardUse.CALL, usd("1"), "p", NOW)),
            AuthoriseCard("a/b/card/1", NOW),
            "MALFORMED_ACCOUNT",
        ),
    ],
)
def test_a_card_that_cannot_pay_says_why(before: tuple[Request, ...], request_: Request, outcome: str) -> None:
    refused = PureBook(*before).submit(request_)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal[outcome]


def test_a_card_belongs_to_its_call() -> None:
    with pytest.raises(AssertionError, match="is not of call"):
        AskCard("call-2/card/1", CALL, CardUse.CALL, usd("5"), "phone", NOW)
