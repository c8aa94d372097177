"""Which cap a tariff breaks, on which days and by how much."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rating.cap_table import FILE_BYTES_MAX, load_caps, shipped_caps
from rating.caps import Break, CapTable, Charge, Days, Facility, FacilityKind, breaks, fee_breaks
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.load import load_tariffs, shipped_tariffs
from rating.place_table import area_codes
from rating.tariff import KINDS, Tariff
from tests.rating.rate_builders import rate

ALWAYS = Days(date.min)
PRISON = Facility(FacilityKind.PRISON)
NEW_CAPS = date(2026, 4, 6)


def jail(population: int, state: str = "") -> Facility:
    return Facility(FacilityKind.JAIL, population, state)


def tariff(*rates: Any, since: date = date(2010, 1, 1), until: date | None = None, kinds: Any = KINDS) -> Tariff:
    return Tariff("test", since, until, "UTC", frozenset(kinds), tuple(rates))


def judged(*rates: Any, facility: Facility = PRISON, window: Days = ALWAYS, **fields: Any) -> list[Break]:
    return breaks(tariff(*rates, **fields), shipped_caps(), facility, window, area_codes())


def dates(found: list[Break]) -> list[tuple[str, str, str | None, str]]:
    return [
        (str(each.charge), str(each.days.start), each.days.until and str(each.days.until), str(each.over))
        for each in found
    ]


@pytest.mark.parametrize(
    ("facility", "expected"),
    [
        (PRISON, [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.16"), ("2026-04-06", "0.19")]),
        (jail(1000), [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.14"), ("2026-04-06", "0.2")]),
        (jail(999), [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.09"), ("2026-04-06", "0.18")]),
        (jail(349), [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.09"), ("2026-04-06", "0.17")]),
        (jail(99), [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.09"), ("2026-04-06", "0.15")]),
        (jail(49), [("2014-02-11", "0.09"), ("2014-02-11", "0.05"), ("2021-10-26", "0.09"), ("2026-04-06", "0.11")]),
    ],
)
def test_each_facility_has_its_caps_through_the_years(facility: Facility, expected: list[tuple[str, str]]) -> None:
    found = judged(rate("0.30"), facility=facility)
    assert [(str(each.days.start), str(each.over)) for each in found] == expected
    assert [each.kinds for each in found[:2]] == [("advancepay", "debit"), ("collect",)]
    assert found[-1].days.until is None


@pytest.mark.parametrize(
    ("population", "cap"),
    [
        (5000, "0.10"),
        (1000, "0.10"),
        (999, "0.12"),
        (350, "0.12"),
        (349, "0.13"),
        (100, "0.13"),
        (99, "0.15"),
        (50, "0.15"),
        (49, "0.19"),
        (0, "0.19"),
    ],
)
def test_a_jail_is_capped_by_its_population(population: int, cap: str) -> None:
    window = Days(NEW_CAPS)
    assert judged(rate(cap), facility=jail(population), window=window) == []
    (found,) = judged(rate(f"{cap}1"), facility=jail(population), window=window)
    assert (found.allowed, found.over) == (Decimal(cap), Decimal("0.001"))


def test_days_are_those_of_tariff_cap_and_window_together() -> None:
    found = judged(rate("0.15"), since=date(2020, 1, 1), until=date(2024, 1, 1), window=Days(date(2022, 1, 1)))
    assert dates(found) == [("per minute", "2022-01-01", "2024-01-01", "0.01")]
    assert judged(rate("0.15"), until=date(2021, 10, 26)) == []
    assert judged(rate("0.30"), window=Days(date(2000, 1, 1), date(2010, 1, 1))) == []


def test_a_kind_of_billing_that_no_cap_is_for_breaks_none() -> None:
    assert judged(rate("0.25"), kinds=["collect"], until=date(2021, 10, 26)) == []


@pytest.mark.parametrize(
    ("fields", "state", "is_interstate", "is_domestic"),
    [
        ({"prefix": "+1"}, "", True, True),
        ({"prefix": "+12"}, "CA", True, True),
        ({"prefix": "+1213"}, "CA", False, True),
        ({"prefix": "+1213555"}, "CA", False, True),
        ({"prefix": "+1213"}, "NY", True, True),
        ({"prefix": "+1213"}, "", True, True),
        ({"prefix": "+1416"}, "CA", False, False),
        ({"prefix": "+44"}, "CA", False, False),
        ({"prefix": "+"}, "CA", True, True),
        ({"prefix": "+", "jurisdiction": Jurisdiction.LOCAL}, "", False, True),
        ({"prefix": "+", "jurisdiction": Jurisdiction.INTRALATA}, "", False, True),
        ({"prefix": "+", "jurisdiction": Jurisdiction.INTERLATA}, "", False, True),
        ({"prefix": "+", "jurisdiction": Jurisdiction.INTERSTATE}, "", True, True),
        ({"prefix": "+", "jurisdiction": Jurisdiction.INTERNATIONAL}, "", False, False),
    ],
)
def test_a_row_is_judged_by_the_calls_it_may_price(
    fields: dict[str, Any], state: str, is_interstate: bool, is_domestic: bool
) -> None:
    found = judged(rate("0.50", **fields), facility=Facility(FacilityKind.PRISON, None, state))
    orders = {each.order for each in found}
    assert ("2021 order" in orders, "2024 order" in orders) == (is_interstate, is_domestic)


def test_the_row_of_all_numbers_is_international_where_others_price_the_country() -> None:
    by_jurisdiction = [rate("0.01", prefix="+", jurisdiction=each) for each in list(Jurisdiction)[:4]]
    for others in ([rate("0.01")], by_jurisdiction):
        assert judged(rate("0.50", prefix="+", place="anywhere"), *others) == []
    assert judged(rate("0.50", prefix="+", place="anywhere"), *by_jurisdiction[1:]) != []


def test_what_is_charged_beside_minutes_is_broken_from_the_ban_on() -> None:
    found = judged(rate("0.05", "0.50", connection="3.00"))
    assert dates(found) == [("connection", "2016-03-17", None, "3"), ("first interval", "2016-03-17", None, "0.45")]
    assert judged(rate("0.05", "0.50", connection="3.00"), until=date(2016, 3, 17)) == []
    assert judged(rate("0.05", "0.50", prefix="+44")) == []


def test_a_first_interval_at_or_below_its_share_is_no_surcharge() -> None:
    assert judged(rate("0.06", "0.03", first=30)) == []
    assert [each.over for each in judged(rate("0.06", "0.04", first=30))] == [Decimal("0.01")]


def test_rows_that_are_judged_alike_are_one() -> None:
    rows = [rate("0.20", prefix=prefix) for prefix in ("+1212", "+1718")]
    (found,) = judged(*rows, window=Days(NEW_CAPS))
    assert found.keys == ("+1212", "+1718")


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("automated", "3.00", [("2026-04-06", "3")]),
        ("automated", "3.01", [("2016-03-17", "0.01"), ("2026-04-06", "3.01")]),
        ("agent", "5.95", [("2026-04-06", "5.95")]),
        ("bill", "2.50", [("2016-03-17", "0.5"), ("2026-04-06", "2.5")]),
        ("voice", "9.00", [("2026-04-06", "9")]),
        ("agent", "0", []),
    ],
)
def test_fees_are_capped_until_they_are_banned(name: str, amount: str, expected: list[tuple[str, str]]) -> None:
    found = fee_breaks(name, Decimal(amount), shipped_caps(), ALWAYS)
    assert [(str(each.days.start), str(each.over)) for each in found] == expected
    assert {each.charge for each in found} <= {Charge.FEE}
    assert fee_breaks(name, Decimal(amount), shipped_caps(), Days(date(2000, 1, 1), date(2016, 1, 1))) == []


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("california-2020", "CA", []),
        ("california-2021", "CA", []),
        ("california-collect", "CA", [("per minute", "2021-10-26", "2023-01-01", "0.07")]),
        ("connecticut", "CT", [("per minute", "2021-10-26", "2022-10-01", "0.05")]),
        ("federal", "", [("per minute", "2021-10-26", "2025-01-01", "0.07")]),
        (
            "yakima",
            "WA",
            [("first interval", "2020-01-01", None, "1.38"), ("per minute", "2026-04-06", None, "0.01")],
        ),
        ("new-york-city", "NY", [("first interval", "2016-03-17", "2019-05-01", "0.45")]),
        ("free-2023", "CA", []),
    ],
)
def test_shipped_tariffs_judged_as_prisons(name: str, state: str, expected: list[tuple[str, str, str, str]]) -> None:
    deck = load_tariffs(shipped_tariffs()[name])
    assert isinstance(deck, Deck)
    facility = Facility(FacilityKind.PRISON, None, state)
    found = [each for one in deck.tariffs for each in breaks(one, shipped_caps(), facility, ALWAYS, area_codes())]
    assert dates(found) == expected


def test_each_cap_says_where_it_comes_from_and_what_is_unverified() -> None:
    table = shipped_caps()
    assert all(each.order for each in (*table.rates, *table.bans, *table.fees))
    assert {each.order for each in table.rates if each.unverified} == {"2013 order", "2021 order"}


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "caps.toml"
    path.write_text('[[fees]]\norder = "mine"\nfrom = 2020-01-01\namount = "1"\n', encoding="utf-8")
    table = load_caps(path)
    assert isinstance(table, CapTable)
    assert (len(table.rates), len(table.bans), [each.amount for each in table.fees]) == (0, 0, [Decimal(1)])


JAIL = b'[[rates]]\norder = "x"\nfrom = 2021-01-01\nscope = "domestic"\nfacility = "jail"\nper_minute = "1"\n'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, [(None, "", "cannot be read")]),
        (b"\xff", [(None, "", "is not UTF-8")]),
        (b"rates = ", [(1, "", "is not TOML")]),
        (b'[[rates]]\norder = "x"\nfrom = 2020-01-01\nscope = "all"\nper_minute = "1"\n', [(4, "rates[0].scope", "")]),
        (
            b'[[fees]]\norder = ""\namount = -1\n',
            [(1, "fees[0].from", "is missing"), (2, "fees[0].order", ""), (3, "fees[0].amount", "")],
        ),
        (b"", [(None, "rates", "no cap stands there")]),
        (b"rates = [1]\n", [(1, "rates[0]", "")]),
        (
            b'[[bans]]\norder = "x"\nfrom = 2021-01-01\nuntil = 2021-01-01\nscope = "domestic"\ncharge = "per-call"\n',
            [(4, "bans[0].until", "2021-01-01 is not later than from, 2021-01-01")],
        ),
        (
            b'[[fees]]\norder = "x"\nfrom = 2021-01-01T00:00:00Z\nuntil = 2021-01-01\namount = 1\n',
            [(3, "fees[0].from", "")],
        ),
        (
            b'[[rates]]\norder = "x"\nfrom = 2021-01-01\nscope = "domestic"\npopulation = 50\nper_minute = "1"\n',
            [(1, "rates[0].facility", "for jails")],
        ),
        (
            JAIL + b"population = 50\npopulation_below = 50\n",
            [(8, "rates[0].population_below", "50 is not more than population, 50")],
        ),
        (b"x" * (FILE_BYTES_MAX + 1), [(None, "", "larger than")]),
    ],
)
def test_mistakes_of_a_table_are_told(
    tmp_path: Path, content: bytes | None, expected: list[tuple[int | None, str, str]]
) -> None:
    path = tmp_path / "caps.toml"
    if content is not None:
        path.write_bytes(content)
    mistakes = load_caps(path)
    assert isinstance(mistakes, list)
    assert [(each.line, each.key) for each in mistakes] == [(line, key) for line, key, _ in expected]
    assert all(word in each.what for each, (_, _, word) in zip(mistakes, expected, strict=True))
