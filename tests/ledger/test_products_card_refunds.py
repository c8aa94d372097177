"""Refunds of calls that a card paid, and cards that never pay: given back once, never more than was taken; a loss."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.audit_cards import CardsOwed
from ledger.chart import REFUSED_CARDS, AccountKind, account_of, cash, fee_income_id
from ledger.entries import EntryId
from ledger.money import ZERO
from ledger.outcomes import Booked, CardRefundStands, CardStands, Refusal, Refused
from ledger.products.card_requests import (
    AskCard,
    AuthoriseCard,
    CaptureCard,
    DueCard,
    KeepRefund,
    PayRefund,
    RefuseCard,
    RepayCard,
    SellAccount,
    SettleDeposit,
    VoidCard,
    card_payment_id,
    card_refund_id,
)
from ledger.products.card_rows import CardRefund, CardRefundState, CardState, CardUse
from ledger.products.requests import Chargeback
from ledger.requests import Refund, Request
from ledger.store import Book
from tests.support.ledger import CALL, INCOME, NOW, STORY, PureBook, end, hold, usd, write_book

CARD = account_of(AccountKind.ONECALL, CALL)
CHARGE = EntryId(f"{CALL}/charge")
FIRST = card_payment_id(CALL, 1)
BACK, BACK_AGAIN = card_refund_id(FIRST, 1), card_refund_id(FIRST, 2)
ASK = AskCard(FIRST, CALL, CardUse.CALL, usd("5"), "phone", NOW)
DUE, CAPTURE, REFUSE = DueCard(FIRST, NOW), CaptureCard(FIRST, "phone", NOW), RefuseCard(FIRST, NOW)
TALKED: tuple[Request, ...] = (
    *STORY,
    ASK,
    AuthoriseCard(FIRST, NOW),
    hold("3", account_id=CARD),
    end("2.1", payer=CARD),
)
CAPTURED = (*TALKED, DUE, CAPTURE)
REPAY, KEEP = RepayCard(BACK, "phone", NOW), KeepRefund(BACK, NOW)
PAY = PayRefund(BACK, "mail", NOW, "cheque 7")
SOLD = (*STORY, replace(ASK, use=CardUse.SALE), SellAccount(FIRST, "+12125550126", usd("3"), "phone", NOW))

BY_HAND = Chargeback("back-1", EntryId(FIRST), NOW)


def refund(amount: str | None, name: str = "r-1") -> Refund:
    return Refund(name, CHARGE, None if amount is None else usd(amount), NOW)


def rows(book: PureBook) -> list[tuple[str, CardRefundState, str]]:
    return [(each.refund_id, each.state, str(each.amount)) for each in book.rows.products.all(CardRefund)]


def test_a_refund_is_owed_to_the_card_until_it_is_known_that_it_has_it() -> None:
    book = PureBook(*CAPTURED)
    assert [book.submit(refund("0.5")) for _ in range(2)] == [Booked(EntryId("r-1"), usd("0.5"), usd("0.5"))] * 2
    assert rows(book) == [(BACK, CardRefundState.REFUNDING, "0.5")]
    assert (book.balance(CARD), book.balance(cash("phone")), book.balance(INCOME)) == (
        usd("0.5"),
        usd("-2.1"),
        usd("1.6"),
    )
    assert [book.submit(REPAY) for _ in range(2)] == [Booked(EntryId(BACK), usd("0.5"), ZERO)] * 2
    assert rows(book) == [(BACK, CardRefundState.REFUNDED, "0.5")]
    assert (book.balance(CARD), book.balance(cash("phone"))) == (ZERO, usd("-1.6"))


def test_what_is_refunded_before_the_capture_is_decided_is_not_taken_at_all() -> None:
    book = PureBook(*TALKED, refund("0.5"))
    assert rows(book) == []
    assert book.submit(DUE) == CardStands(FIRST, CardState.CAPTURING, usd("1.6"))
    book.submit(CAPTURE)
    assert book.submit(refund(None, "r-2")) == Booked(EntryId("r-2"), usd("1.6"), usd("1.6"))
    assert rows(book) == [(BACK, CardRefundState.REFUNDING, "1.6")]


def test_a_call_refunded_whole_before_the_capture_is_voided() -> None:
    book = PureBook(*TALKED, refund(None))
    assert book.submit(DUE) == CardStands(FIRST, CardState.VOIDING, ZERO)
    assert isinstance(book.submit(VoidCard(FIRST, NOW)), CardStands)
    assert book.submit(refund("0.1", "r-2")) == Refused(Refusal.OVER_CHARGED, CHARGE, ZERO)


def test_what_is_refunded_while_the_capture_is_asked_for_goes_back_after_it() -> None:
    book = PureBook(*TALKED, DUE, refund("0.5"))
    assert book.submit(REPAY) == Refused(Refusal.NOT_ALLOWED, BACK)
    assert book.submit(CAPTURE) == Booked(EntryId(f"{CALL}/capture"), usd("2.1"), usd("0.5"))
    assert book.submit(REPAY) == Booked(EntryId(BACK), usd("0.5"), ZERO)


def test_each_refund_has_an_id_of_its_own_and_together_they_are_never_more_than_was_taken() -> None:
    book = PureBook(*CAPTURED, refund("1"), refund("1.1", "r-2"))
    assert [row[0] for row in rows(book)] == [BACK, BACK_AGAIN]
    assert book.submit(refund("0.000001", "r-3")) == Refused(Refusal.OVER_CHARGED, CHARGE, ZERO)
    for each in (BACK, BACK_AGAIN):
        book.submit(replace(REPAY, refund_id=each))
    assert (book.balance(CARD), book.balance(cash("phone"))) == (ZERO, ZERO)


def test_no_more_goes_back_than_was_captured_though_the_charge_was_higher() -> None:
    book = PureBook(*TALKED)
    book.rows.accounts[CARD] = book.rows.accounts[CARD].moved(balance=usd("-2"))  # Ten cents were given by hand.
    book.submit(DUE)
    assert book.submit(refund("2.1")) == Refused(Refusal.OVER_CHARGED, CHARGE, usd("2"))


def test_a_refund_that_the_processor_refuses_stays_owed() -> None:
    book = PureBook(*CAPTURED, refund("0.5"))
    assert [book.submit(KEEP) for _ in range(2)] == [CardRefundStands(BACK, CardRefundState.REFUSED)] * 2
    assert book.balance(CARD) == usd("0.5")
    assert book.submit(REPAY) == Refused(Refusal.NOT_ALLOWED, BACK)


def test_a_refused_refund_that_an_agent_paid_is_owed_no_more_and_comes_out_of_the_cash_it_was_paid_from() -> None:
    book = PureBook(*CAPTURED, refund("0.5"), KEEP)
    assert [book.submit(PAY) for _ in range(2)] == [Booked(EntryId(BACK), usd("0.5"), ZERO)] * 2
    assert rows(book) == [(BACK, CardRefundState.PAID, "0.5")]
    assert [book.balance(each) for each in (CARD, cash("phone"), cash("mail"))] == [ZERO, usd("-2.1"), usd("0.5")]
    assert book.submit(KEEP) == Refused(Refusal.NOT_ALLOWED, BACK)


def test_a_capture_that_is_refused_is_a_loss_and_the_income_stays() -> None:
    book = PureBook(*TALKED, DUE)
    entry_id = EntryId(f"{FIRST}/refused")
    assert [book.submit(REFUSE) for _ in range(2)] == [Booked(entry_id, usd("2.1"), ZERO)] * 2
    assert (book.balance(REFUSED_CARDS), book.balance(INCOME), book.balance(CARD)) == (usd("-2.1"), usd("2.1"), ZERO)
    assert book.rows.accounts[CARD].available == ZERO, "nothing is talked on it any more"
    assert book.submit(DUE) == CardStands(FIRST, CardState.REFUSED, usd("2.1"))
    assert book.submit(refund("1")) == Refused(Refusal.NOT_PAID, CALL), "nobody has back what nobody paid"


def test_what_was_to_go_back_to_a_card_that_never_paid_is_dropped() -> None:
    book = PureBook(*TALKED, DUE, refund("0.5"))
    assert book.submit(REFUSE) == Booked(EntryId(f"{FIRST}/refused"), usd("1.6"), ZERO)
    assert rows(book) == [(BACK, CardRefundState.DROPPED, "0.5")]
    whole = PureBook(*TALKED, DUE, refund(None))
    assert [whole.submit(REFUSE) for _ in range(2)] == [CardStands(FIRST, CardState.REFUSED, usd("2.1"))] * 2
    assert whole.balance(REFUSED_CARDS) == ZERO


def test_a_deposit_that_is_refused_is_charged_back_once_with_its_fee() -> None:
    book = PureBook(*SOLD)
    sold = account_of(AccountKind.ADVANCEPAY, "+12125550126")
    assert [book.submit(REFUSE) for _ in range(2)] == [Booked(EntryId(f"{FIRST}/refused"), usd("-2"), ZERO)] * 2
    assert [book.balance(each) for each in (sold, cash("phone"), fee_income_id("phone"))] == [ZERO] * 3
    assert book.submit(SettleDeposit(FIRST, NOW)) == Refused(Refusal.NOT_ALLOWED, FIRST)
    by_hand = PureBook(*SOLD, BY_HAND)
    assert by_hand.submit(REFUSE) == CardStands(FIRST, CardState.REFUSED, usd("5"))
    assert by_hand.balance(sold) == ZERO


@pytest.mark.parametrize(
    ("before", "request_", "outcome"),
    [
        (CAPTURED, REPAY, "UNKNOWN_CARD"),
        (CAPTURED, KEEP, "UNKNOWN_CARD"),
        (CAPTURED, PAY, "UNKNOWN_CARD"),
        ((*CAPTURED, refund("1")), PAY, "NOT_ALLOWED"),
        ((*CAPTURED, refund("1"), REPAY), PAY, "ID_REUSED"),
        ((*CAPTURED, refund("1")), replace(REPAY, channel="web"), "NOT_ALLOWED"),
        ((*CAPTURED, refund("1"), REPAY), KEEP, "NOT_ALLOWED"),
        (STORY, REFUSE, "UNKNOWN_CARD"),
        (TALKED, REFUSE, "NOT_ALLOWED"),
        (CAPTURED, REFUSE, "NOT_ALLOWED"),
        ((*TALKED, DUE, REFUSE), CAPTURE, "NOT_ALLOWED"),
    ],
)
def test_what_cannot_be_known_of_a_card_says_why(before: tuple[Request, ...], request_: Request, outcome: str) -> None:
    refused = PureBook(*before).submit(request_)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal[outcome]


HISTORIES = {
    "refunding": ((*CAPTURED, refund("0.5")), CardsOwed(usd("0.5"), ZERO, ZERO)),
    "refunded": ((*CAPTURED, refund("0.5"), REPAY), CardsOwed(ZERO, ZERO, ZERO)),
    "kept": ((*CAPTURED, refund("0.5"), KEEP), CardsOwed(ZERO, usd("0.5"), ZERO)),
    "paid": ((*CAPTURED, refund("0.5"), KEEP, PAY), CardsOwed(ZERO, ZERO, ZERO)),
    "early": ((*TALKED, refund("0.5"), DUE, CAPTURE), CardsOwed(ZERO, ZERO, ZERO)),
    "lost": ((*TALKED, DUE, refund("0.5"), REFUSE), CardsOwed(ZERO, ZERO, usd("1.6"))),
    "charged-back": ((*SOLD, REFUSE), CardsOwed(ZERO, ZERO, ZERO)),
    "charged-back-by-hand": ((*SOLD, BY_HAND, REFUSE), CardsOwed(ZERO, ZERO, ZERO)),
}


@pytest.mark.parametrize("name", HISTORIES)
async def test_the_audit_is_clean_and_tells_what_is_owed_to_cards_and_what_is_lost(name: str) -> None:
    history, owed = HISTORIES[name]
    async with await Book.open(":memory:") as book:
        for request in history:
            assert not isinstance((await book.answer(request)).outcome, Refused)
        report = await audit(book)
    assert (report.findings, report.cards) == ((), owed)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("refunding", "UPDATE card_refunds SET state = 'refunded'"),
        ("refunding", "UPDATE card_refunds SET state = 'dropped'"),
        ("refunding", "UPDATE card_refunds SET amount = 3000000"),
        ("refunding", "UPDATE card_refunds SET refund_id = 'call-1/card/2/refund/1'"),
        ("refunding", "UPDATE card_refunds SET state = 'nowhere'"),
        ("refunded", "UPDATE card_refunds SET amount = 400000"),
        ("refunded", "UPDATE card_refunds SET state = 'refunding'"),
        ("refunded", "DELETE FROM card_refunds"),
        ("paid", "UPDATE card_refunds SET amount = 400000"),
        ("paid", "UPDATE card_refunds SET state = 'refused'"),
        ("lost", "UPDATE card_payments SET state = 'captured'"),
        ("lost", "UPDATE card_refunds SET amount = 400000"),
        ("lost", "DELETE FROM card_refunds"),
        ("charged-back", "UPDATE entries SET refunds = 'elsewhere' WHERE kind = 'chargeback'"),
    ],
)
async def test_the_audit_names_a_refund_or_a_loss_that_does_not_fit_what_is_booked(
    tmp_path: Path, name: str, statement: str
) -> None:
    path = write_book(tmp_path / "book.db", *HISTORIES[name][0])
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    async with await Book.open(str(path)) as book:
        found = {finding.rule for finding in (await audit(book)).findings}
    assert found & {"card", "unreadable"}
