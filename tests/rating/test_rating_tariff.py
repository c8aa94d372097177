"""Rates keep their word through a crash, and refuse what cannot price."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from rating.errors import RateError
from rating.jurisdiction import Jurisdiction
from rating.tariff import Rate, free_rate
from tests.rating.rate_builders import rate, rates, tariff
from tests.support.examples import examples


@given(rates())
@examples(100)
def test_a_stored_rate_comes_back_equal(of: Rate) -> None:
    assert Rate.from_json(of.to_json()) == of


def test_a_stored_rate_holds_its_amounts_as_decimal_text() -> None:
    assert json.loads(rate("0.12", "1.50", connection="1E+2").to_json()) == {
        "tariff": "test",
        "prefix": "+1",
        "place": "United States",
        "per_minute": "0.12",
        "first_price": "1.50",
        "connection": "100",
        "first_seconds": 60,
        "increment_seconds": 60,
        "minimum_seconds": 60,
    }


def test_a_rate_of_a_jurisdiction_keeps_it() -> None:
    local = rate(prefix="+", jurisdiction=Jurisdiction.LOCAL)
    assert json.loads(local.to_json())["jurisdiction"] == "local"
    assert Rate.from_json(local.to_json()) == local


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(rate().to_json()) | fields)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a stored rate"),
        ("[]", "its fields"),
        ("{}", "its fields"),
        (changed(more=1), "its fields"),
        (changed(tariff=1), "tariff"),
        (changed(per_minute=0.025), "per_minute: 0.025 is not a decimal in quotes"),
        (changed(per_minute="much"), "per_minute: 'much' is not a decimal"),
        (changed(per_minute=None), "per_minute: None"),
        (changed(per_minute="NaN"), "per_minute: NaN"),
        (changed(connection="-1"), "connection: -1"),
        (changed(connection="1000.01"), "connection: 1000.01"),
        (changed(first_price="0.0000000001"), "first_price: 1E-10 has more than 9 decimals"),
        (changed(first_seconds=0), "first_seconds: 0"),
        (changed(first_seconds=True), "first_seconds: True"),
        (changed(increment_seconds="6"), "increment_seconds: '6'"),
        (changed(increment_seconds=86_401), "increment_seconds: 86401"),
        (changed(minimum_seconds=59), "minimum_seconds: 59 is below the first interval of 60"),
        (changed(prefix="1212"), "prefix: '1212'"),
        (changed(jurisdiction="nearby"), "jurisdiction: 'nearby'"),
        (changed(jurisdiction=["local"]), "jurisdiction: ['local']"),
        (changed(jurisdiction="local"), "jurisdiction: a rate of local calls has no prefix, but +1"),
    ],
)
def test_a_damaged_stored_rate_is_refused_and_named(text: str, word: str) -> None:
    with pytest.raises(RateError) as caught:
        Rate.from_json(text)
    assert word in str(caught.value)


@pytest.mark.parametrize("field", ["per_minute", "first_price", "connection"])
def test_one_amount_makes_a_rate_cost_something(field: str) -> None:
    assert free_rate().is_free
    assert not replace(free_rate(), **{field: Decimal("0.01")}).is_free


@pytest.mark.parametrize(
    ("day", "until", "expected"),
    [
        (date(2021, 3, 18), None, False),
        (date(2021, 3, 19), None, True),
        (date(2099, 1, 1), None, True),
        (date(2022, 12, 31), date(2023, 1, 1), True),
        (date(2023, 1, 1), date(2023, 1, 1), False),
    ],
)
def test_a_tariff_holds_from_its_first_day_to_the_day_before_the_next(
    day: date, until: date | None, expected: bool
) -> None:
    assert tariff(valid_from=date(2021, 3, 19), valid_until=until).covers(day) is expected
