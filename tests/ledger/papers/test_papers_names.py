from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chart import CHART, AccountKind
from ledger.money import AccountId
from ledger.papers.names import PLACES, Root, foreign_name, hledger_type

NAME = re.compile(r"(Assets|Liabilities|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")


def test_every_kind_of_account_has_its_place() -> None:
    assert [kind for kind in AccountKind if kind.value not in PLACES] == []


def test_no_two_kinds_share_a_place() -> None:
    taken = [(place.root, place.parts) for place in PLACES.values()]
    assert len(set(taken)) == len(taken)
    bare = {place.root for place in PLACES.values() if not place.parts}
    assert [root for root in bare if sum(place.root is root for place in PLACES.values()) > 1] == []


@pytest.mark.parametrize(
    ("account_id", "name", "letter"),
    [
        ("advancepay:+12125550123", "Liabilities:AdvancePay:N12125550123", "L"),
        ("debit:p-1001", "Liabilities:Debit:P-1001", "L"),
        ("debit:P-1001", "Liabilities:Debit:Id-P-1001", "L"),
        ("debit:n12125550123", "Liabilities:Debit:Id-n12125550123", "L"),
        ("debit:id-1", "Liabilities:Debit:Id-id-1", "L"),
        ("debit:p_1.x", "Liabilities:Debit:Hex-p-5F1-2Ex", "L"),
        ("lec:+12125550123", "Assets:PhoneCompany:N12125550123", "A"),
        ("income:calls:advancepay", "Income:Calls:Advancepay", "R"),
        ("cash:processor", "Assets:Cash:Processor", "C"),
        ("promotions:courtesy", "Expenses:Promotions:Courtesy", "X"),
    ],
)
def test_an_account_has_a_name_and_a_type(account_id: str, name: str, letter: str) -> None:
    assert (foreign_name(AccountId(account_id)), hledger_type(AccountId(account_id))) == (name, letter)


KEYS = {kind: st.from_regex(terms.key, fullmatch=True) for kind, terms in CHART.items()}
accounts = st.sampled_from(AccountKind).flatmap(
    lambda kind: KEYS[kind].map(lambda key: AccountId(f"{kind.value}:{key}"))
)
odd = st.text(alphabet="nNiIdDhHeExX-1_.+é", min_size=1, max_size=6).map(lambda key: AccountId(f"debit:{key}"))


@given(accounts)
def test_every_name_is_one_both_programs_take(account_id: AccountId) -> None:
    assert NAME.fullmatch(foreign_name(account_id))


@given(st.lists(accounts | odd, min_size=2, max_size=12, unique=True))
def test_no_two_accounts_have_the_same_name(ids: list[AccountId]) -> None:
    assert len({foreign_name(each) for each in ids}) == len(ids)


def test_roots_are_those_of_both_programs() -> None:
    assert {root.value for root in Root} == {"Assets", "Liabilities", "Income", "Expenses"}
