"""What message credits cost: by facility, state and day (S2-1)."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.errors import PolicyError
from ledger.money import Money
from ledger.products.bundles import Bundle, MessagePolicy
from tests.support.ledger import usd

EVERYWHERE = Bundle(10, usd("3"))
STATE = Bundle(20, usd("5"), state="CA")
OLD = Bundle(40, usd("9"), facility="north", until=date(2026, 7, 1))
NEW = Bundle(40, usd("8"), facility="north", since=date(2026, 7, 1))
POLICY = MessagePolicy((EVERYWHERE, STATE, OLD, NEW), characters_per_credit=100)


@pytest.mark.parametrize(
    ("facility", "state", "day", "sold"),
    [
        ("north", "CA", date(2026, 6, 30), (OLD,)),
        ("north", "CA", date(2026, 7, 1), (NEW,)),
        ("south", "CA", date(2026, 7, 1), (STATE,)),
        ("south", "CT", date(2026, 7, 1), (EVERYWHERE,)),
        ("south", "", date(2026, 7, 1), (EVERYWHERE,)),
    ],
)
def test_a_facility_has_its_own_prices_or_its_states_or_everybodys(
    facility: str, state: str, day: date, sold: tuple[Bundle, ...]
) -> None:
    assert POLICY.sold(facility=facility, state=state, day=day) == sold


@pytest.mark.parametrize(("characters", "cost"), [(1, 1), (100, 1), (101, 2)])
def test_a_credit_begun_is_a_credit(characters: int, cost: int) -> None:
    assert POLICY.credits_of(characters) == cost


@pytest.mark.parametrize(
    ("count", "price", "facility", "state", "words"),
    [
        (10, usd("1"), "north", "CA", "not both"),
        (0, usd("1"), None, None, "write 1 to 10000"),
        (10_001, usd("1"), None, None, "write 1 to 10000"),
        (10, Money(9), None, None, "less than a millionth"),
    ],
)
def test_a_bundle_that_cannot_be_sold_is_refused(
    count: int, price: Money, facility: str | None, state: str | None, words: str
) -> None:
    with pytest.raises(PolicyError, match=words):
        Bundle(count, price, facility, state)
