"""AdvanceConnect: several called numbers on one account (S3-3), active after up to 24 hours (S3-5)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ledger.chart import AccountKind, account_of
from ledger.money import AccountId
from ledger.outcomes import NumberAdded, NumberRemoved, Refusal, Refused
from ledger.products.numbers import NUMBERS_MAX, payer_at
from ledger.products.requests import ACTIVATION_MAX, AddNumber, RemoveNumber
from ledger.products.rows import CalledNumber
from tests.support.ledger import FAMILY, NOW, NUMBER, PureBook, open_account

HOME = account_of(AccountKind.ADVANCECONNECT, "home")
AUNT = account_of(AccountKind.ADVANCECONNECT, "aunt")
ACCOUNTS = (open_account(HOME), open_account(AUNT), open_account())
TOMORROW = NOW + ACTIVATION_MAX


def add(number: str = NUMBER, account_id: AccountId = HOME, active_from: datetime = NOW) -> AddNumber:
    return AddNumber(account_id, number, active_from, NOW)


def test_an_account_has_several_numbers_and_a_number_one_account() -> None:
    book = PureBook(*ACCOUNTS)
    assert book.submit(add()) == NumberAdded(NUMBER, HOME, NOW)
    assert book.submit(add("+12125550124")) == NumberAdded("+12125550124", HOME, NOW)
    assert book.submit(add(account_id=AUNT)) == Refused(Refusal.NUMBER_TAKEN, NUMBER)
    assert [each.number for each in book.rows.products.of(CalledNumber, HOME)] == [NUMBER, "+12125550124"]


def test_a_number_added_again_keeps_its_activation() -> None:
    book = PureBook(*ACCOUNTS, add(active_from=TOMORROW))
    assert book.decide(add()).changes == ()
    assert book.submit(add()) == NumberAdded(NUMBER, HOME, TOMORROW)


def test_a_number_is_paid_for_from_its_activation_on() -> None:
    row = CalledNumber(NUMBER, HOME, NOW, TOMORROW)
    assert payer_at(row, TOMORROW - timedelta(microseconds=1)) is None
    assert payer_at(row, TOMORROW) == HOME
    assert payer_at(None, TOMORROW) is None


@pytest.mark.parametrize("delay", [ACTIVATION_MAX + timedelta(microseconds=1), timedelta(microseconds=-1)])
def test_activation_takes_24_hours_at_most(delay: timedelta) -> None:
    with pytest.raises(AssertionError, match="becomes active"):
        add(active_from=NOW + delay)


def test_a_number_that_is_removed_may_go_to_another_account() -> None:
    book = PureBook(*ACCOUNTS, add())
    assert book.submit(RemoveNumber(HOME, NUMBER, NOW)) == NumberRemoved(NUMBER)
    assert book.submit(RemoveNumber(HOME, NUMBER, NOW)) == Refused(Refusal.UNKNOWN_NUMBER, NUMBER)
    assert book.submit(add(account_id=AUNT)) == NumberAdded(NUMBER, AUNT, NOW)
    assert book.submit(RemoveNumber(HOME, NUMBER, NOW)) == Refused(Refusal.UNKNOWN_NUMBER, NUMBER)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (add(account_id=FAMILY), Refused(Refusal.NOT_ALLOWED, NUMBER)),
        (add("2125550123"), Refused(Refusal.NOT_ALLOWED, "2125550123")),
        (
            add(account_id=account_of(AccountKind.ADVANCECONNECT, "nobody")),
            Refused(Refusal.UNKNOWN_ACCOUNT, "advanceconnect:nobody"),
        ),
    ],
)
def test_numbers_are_e164_and_stand_on_accounts_that_have_some(request_: AddNumber, outcome: Refused) -> None:
    assert PureBook(*ACCOUNTS).submit(request_) == outcome


def test_an_account_has_no_more_numbers_than_it_may_have() -> None:
    book = PureBook(*ACCOUNTS, *(add(f"+1212555{number:04}") for number in range(NUMBERS_MAX)))
    assert book.submit(add("+13105550100")) == Refused(Refusal.TOO_MANY_NUMBERS, HOME)
