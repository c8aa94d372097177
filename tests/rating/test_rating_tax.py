"""Dated taxes, fees and shares of states, and every mistake in their tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from rating.load_tax import TABLE_BYTES_MAX, load_taxes, parse_taxes
from rating.tax import Levy, LevyKind, StateShare, TaxTable

FILE = Path("taxes.toml")
TABLE = """\
zone = "America/New_York"

[[taxes]]
name = "sales-tax"
jurisdiction = "connecticut"
share = "0.06"
valid_from = 2021-01-01
valid_until = 2021-07-01

[[taxes]]
name = "sales-tax"
jurisdiction = "connecticut"
share = "0.0635"
valid_from = 2021-07-01

[[taxes]]
name = "universal-service"
jurisdiction = "us"
share = 0.318
valid_from = 2021-01-01
calls = ["interstate", "international"]

[[fees]]
name = "access"
jurisdiction = "hartford"
per_call = "0.05"
valid_from = 2021-01-01

[[shares]]
state = "colorado"
share = "0.25"
valid_from = 2023-09-01
valid_until = 2024-07-01
"""
SALES = Levy("sales-tax", "connecticut", share=Decimal("0.0635"))
ALL = {"us", "connecticut", "hartford"}


def table(text: str = TABLE) -> TaxTable:
    read = parse_taxes(text, FILE)
    assert isinstance(read, TaxTable), read
    return read


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "jurisdictions", "reach", "expected"),
    [
        (utc(2021, 7, 1, 4), {"connecticut"}, "local", [SALES]),
        (utc(2021, 7, 1, 3, 59), {"connecticut"}, "local", [Levy("sales-tax", "connecticut", share=Decimal("0.06"))]),
        (utc(2020, 12, 31), ALL, "interstate", []),
        (utc(2022, 1, 1), {"us"}, "intralata", []),
        (utc(2022, 1, 1), {"us"}, "interstate", [Levy("universal-service", "us", share=Decimal("0.318"))]),
        (utc(2022, 1, 1), {"ohio"}, "interstate", []),
        (
            utc(2022, 1, 1),
            {"hartford", "connecticut"},
            "local",
            [SALES, Levy("access", "hartford", LevyKind.FEE, per_call=Decimal("0.05"))],
        ),
    ],
)
def test_a_call_bears_the_levies_of_its_jurisdictions_on_the_local_day(
    at: datetime, jurisdictions: set[str], reach: str, expected: list[Levy]
) -> None:
    assert table().levies_on(at, jurisdictions=jurisdictions, reach=reach) == tuple(expected)


@pytest.mark.parametrize(
    ("payer", "at", "expected"),
    [
        ("colorado", utc(2023, 9, 1, 3), None),
        ("colorado", utc(2023, 9, 1, 4), StateShare("colorado", Decimal("0.25"))),
        ("colorado", utc(2024, 7, 1, 4), None),
        ("ohio", utc(2024, 1, 1), None),
    ],
)
def test_a_state_pays_its_share_on_its_days(payer: str, at: datetime, expected: StateShare | None) -> None:
    assert table().share_of(payer, at) == expected


MISTAKES = """\
zone = "Mars/Base"
more = 1

[[taxes]]
name = "sales tax"
jurisdiction = "connecticut"
share = "1.5"
valid_from = "2021-07-01"

[[taxes]]
name = "a"
jurisdiction = "b"
share = "0.0635"
valid_from = 2021-07-01
valid_until = 2021-07-01
calls = ["overseas"]

[[taxes]]
name = "a"
jurisdiction = "b"
valid_from = 2021-07-01

[[taxes]]
name = "a"
jurisdiction = "b"
share = "0.06"
valid_from = 2022-07-01

[[fees]]
name = "fee"
jurisdiction = "b"
per_call = "1000"
valid_from = 2021-07-01

[[shares]]
state = "colorado"
share = "0.25"
valid_from = 2023-09-01

[[shares]]
state = "colorado"
share = "0.50"
valid_from = 2024-07-01
"""


def test_every_mistake_is_named_by_line_and_key() -> None:
    mistakes = parse_taxes(MISTAKES, FILE)
    assert isinstance(mistakes, list)
    assert [(mistake.line, mistake.key) for mistake in mistakes] == [
        (1, "zone"),
        (2, "more"),
        (5, "taxes[0].name"),
        (7, "taxes[0].share"),
        (8, "taxes[0].valid_from"),
        (15, "taxes[1].valid_until"),
        (16, "taxes[1].calls[0]"),
        (18, "taxes[2].share"),
        (27, "taxes[3].valid_from"),
        (32, "fees[0].per_call"),
        (43, "shares[1].valid_from"),
    ]
    assert all(mistake.remedy for mistake in mistakes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("valid_until = 2021-07-01", ""),
        ("valid_until = 2021-07-01", "valid_until = 2021-07-02"),
        ('share = "0.06"', ""),
        ('[[shares]]\nstate = "colorado"', "[[shares]]"),
        ('["interstate", "international"]', '[["interstate"], "international"]'),
        ('["interstate", "international"]', "3"),
        ("valid_from = 2023-09-01", "valid_from = 2023-09-01T00:00:00"),
        ("zone", "zone = "),
        ('zone = "America/New_York"', "taxes = 3"),
        ('zone = "America/New_York"', "zone = 3"),
        (TABLE, "shares = [3]"),
    ],
)
def test_other_tables_are_refused(old: str, new: str) -> None:
    assert TABLE.count(old) >= 1
    assert isinstance(parse_taxes(TABLE.replace(old, new, 1), FILE), list)


def test_the_same_tax_may_hold_at_once_for_different_calls() -> None:
    both = TABLE.replace("valid_until = 2021-07-01", 'calls = ["local"]').replace(
        "valid_from = 2021-07-01", 'calls = ["interstate"]\nvalid_from = 2021-07-01'
    )
    on = table(both).levies_on(utc(2022, 1, 1), jurisdictions={"connecticut"}, reach="local")
    assert [levy.share for levy in on] == [Decimal("0.06")]


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "taxes.toml"
    path.write_text(TABLE, encoding="utf-8")
    assert load_taxes(path) == table()


def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_text("#" * (TABLE_BYTES_MAX + 1), encoding="utf-8")
    for path, words in ((tmp_path / "none.toml", "cannot be read"), (large, "larger than")):
        (mistake,) = load_taxes(path)  # type: ignore[misc]
        assert words in mistake.what


def test_days_are_those_of_the_zone() -> None:
    assert table().shares[0].period.since == date(2023, 9, 1)
