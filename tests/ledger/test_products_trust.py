"""The person's money at the facility: who may send (S1-16, S2-4), and what it pays (S1-18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.chart import AccountKind, Opener, account_of, cash, debit
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Opened, Refusal, Refused
from ledger.products.requests import RegisterTrust, SendToTrust
from ledger.requests import Deposit, OpenAccount, Request, Transfer
from tests.support.ledger import FAMILY, NOW, PureBook, open_account, usd

TRUST = account_of(AccountKind.TRUST, "p-1")
REGISTER = RegisterTrust(TRUST, "C-44017", "Mary Ann Smith", NOW)
SEND = SendToTrust("t-1", TRUST, FAMILY, "C-44017", "Mary Ann Smith", usd("20"), "web", NOW, usd("3"))
READY: tuple[Request, ...] = (open_account(), open_account(debit("p-1")), open_account(debit("p-2")), REGISTER)


def test_money_comes_to_the_trust_account_and_the_fee_is_a_line() -> None:
    book = PureBook(*READY)
    assert book.submit(SEND) == Booked(EntryId("t-1"), usd("20"), usd("20"))
    assert book.balance(cash("web")) == usd("-23")
    assert book.balance(AccountId("income:fees:web")) == usd("3")
    assert book.submit(SEND) == Booked(EntryId("t-1"), usd("20"), usd("20"))
    assert book.balance(TRUST) == usd("20")


@pytest.mark.parametrize("name", ["mary ann smith", "  Mary  Ann   SMITH "])
def test_a_name_is_the_same_without_regard_to_case_and_spaces(name: str) -> None:
    assert isinstance(PureBook(*READY).submit(replace(SEND, legal_name=name, inmate_id=" C-44017")), Booked)


@pytest.mark.parametrize(
    ("request_", "why", "subject"),
    [
        (replace(SEND, inmate_id="C-44018"), Refusal.WRONG_PERSON, TRUST),
        (replace(SEND, legal_name="Mary Smith"), Refusal.WRONG_PERSON, TRUST),
        (replace(SEND, holder=account_of(AccountKind.ADVANCECONNECT, "x")), Refusal.NOT_A_HOLDER, "advanceconnect:x"),
        (replace(SEND, holder=debit("p-1")), Refusal.NOT_A_HOLDER, "debit:p-1"),
        (replace(SEND, account_id=FAMILY), Refusal.NOT_ALLOWED, FAMILY),
        (replace(SEND, account_id=account_of(AccountKind.TRUST, "p-9")), Refusal.UNKNOWN_ACCOUNT, "trust:p-9"),
        (replace(SEND, amount=ZERO), Refusal.AMOUNT_OUT_OF_RANGE, "t-1"),
        (Deposit("d-1", TRUST, usd("1"), "web", NOW), Refusal.NOT_ALLOWED, TRUST),
        (replace(REGISTER, legal_name="Mary Smith"), Refusal.TERMS_DIFFER, TRUST),
        (replace(REGISTER, account_id=FAMILY), Refusal.NOT_ALLOWED, FAMILY),
    ],
)
def test_only_holders_of_accounts_who_know_the_person_send(request_: Request, why: Refusal, subject: str) -> None:
    """S1-16, S2-4: neither id nor name is told apart as the wrong one."""
    assert PureBook(*READY).submit(request_) == Refused(why, subject)


def test_a_trust_account_is_registered_once_and_an_account_without_a_person_takes_nothing() -> None:
    book = PureBook(open_account(), OpenAccount(TRUST, Opener.AGENT, NOW))
    assert book.submit(SEND) == Refused(Refusal.WRONG_PERSON, TRUST)
    assert [book.submit(REGISTER) for _ in range(2)] == [Opened(TRUST, is_new=False)] * 2
    assert isinstance(book.submit(SEND), Booked)


def test_the_trust_account_pays_the_persons_own_calls_and_nobody_elses() -> None:
    """S1-18: services are funded through the Trust Fund."""
    book = PureBook(*READY, SEND)
    assert book.submit(Transfer("x-1", TRUST, debit("p-1"), usd("5"), NOW)) == Booked(
        EntryId("x-1"), usd("5"), usd("5")
    )
    for source, target in ((TRUST, debit("p-2")), (TRUST, FAMILY), (debit("p-1"), TRUST)):
        assert book.submit(Transfer("x-2", source, target, usd("1"), NOW)) == Refused(Refusal.NOT_ALLOWED, TRUST)
    assert book.submit(Transfer("x-3", TRUST, debit("p-1"), usd("15.01"), NOW)) == Refused(
        Refusal.INSUFFICIENT_FUNDS, TRUST, usd("15")
    )
