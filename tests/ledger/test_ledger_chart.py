from __future__ import annotations

import pytest

from ledger.chart import (
    CHART,
    AccountKind,
    Opener,
    Side,
    advancepay,
    call_income,
    cash,
    debit,
    key_of,
    kind_of,
    lec,
    parse_account,
    taxes,
    terms_of,
)
from ledger.errors import MalformedAccountError
from ledger.money import ZERO


def test_every_kind_has_terms_whose_example_is_an_account() -> None:
    assert set(CHART) == set(AccountKind)
    assert [kind_of(parse_account(terms.example)) for terms in CHART.values()] == list(CHART)


def test_ids_are_a_kind_and_its_key() -> None:
    assert advancepay("+12125550123") == "advancepay:+12125550123"
    assert debit("p-1001") == "debit:p-1001"
    assert lec("+12125550123") == "lec:+12125550123"
    assert cash("mail") == "cash:mail"
    assert call_income("collect") == "income:calls:collect"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "advancepay",
        "advancepay:",
        "advancepay:2125550123",
        "advancepay:+0212",
        "savings:+12125550123",
        "debit:two words",
        "debit:" + "x" * 65,
        "income:Calls",
        "cash:",
        "ADVANCEPAY:+12125550123",
        "advancepay:+12125550123\n",
        "advanceconnect:+1",
        "trust:",
        "onecall:a/b",
        "onecall:" + "x" * 121,
        "directbill:two words",
        "receivable:State:CO",
        "taxes:us-ct",
        "taxes:us-ct:sales:more",
        "commissions:",
        "unclaimed:conn",
    ],
)
def test_what_is_not_an_account_is_named_with_an_example(text: str) -> None:
    with pytest.raises(MalformedAccountError) as caught:
        parse_account(text)
    assert repr(text) in str(caught.value)


def test_only_customer_service_opens_prepaid_accounts_and_they_never_go_below_nothing() -> None:
    for account_id in (advancepay("+12125550123"), debit("p-1")):
        terms = terms_of(account_id)
        assert (terms.openers, terms.floor, terms.side) == ({Opener.AGENT}, ZERO, Side.CREDIT)


def test_a_call_may_open_the_receivable_it_is_billed_to() -> None:
    terms = terms_of(lec("+12125550123"))
    assert Opener.CALL in terms.openers
    assert (terms.floor, terms.side) == (None, Side.DEBIT)


def test_a_tax_has_an_account_for_each_jurisdiction_and_name() -> None:
    assert taxes("US-CT", "Sales Tax") == "taxes:us-ct:sales-tax"
    assert key_of(taxes("06", "user_fee")) == "06:user-fee"
    with pytest.raises(MalformedAccountError):
        taxes("US-CT", "???")


def test_only_prepaid_money_has_a_floor_and_only_it_may_settle_later() -> None:
    prepaid = {kind for kind, terms in CHART.items() if terms.floor == ZERO}
    never_later = {AccountKind.TRUST, AccountKind.MESSAGES}
    assert prepaid == {AccountKind.ADVANCEPAY, AccountKind.ADVANCECONNECT, AccountKind.DEBIT, *never_later}
    assert {kind for kind, terms in CHART.items() if terms.may_settle_later} == prepaid - never_later
    assert {kind for kind, terms in CHART.items() if terms.must_have_limit} == {
        AccountKind.ONECALL,
        AccountKind.DIRECTBILL,
    }
