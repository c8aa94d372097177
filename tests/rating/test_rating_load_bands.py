"""Bands and holidays of tariff files, and every mistake in them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from rating.band import Band, DayKind
from rating.load import parse_tariff
from rating.tariff import MidCall, Tariff

FILE = Path("tariff.toml")
HEAD = """\
name = "t"
valid_from = 2021-01-01
zone = "America/New_York"
mid_call = "split"
holidays = [2022-07-04]
"""
BANDS = """
[[bands]]
name = "evening"
days = ["mon-fri", "sun"]
from = "17:00"
until = "23:00"

[[bands]]
name = "night"
from = "23:00"
until = "08:00"
"""
ROWS = """
[[rows]]
place = "here"
prefixes = ["+1", "+1212"]
per_minute = "0.21"

[[rows]]
band = "evening"
place = "here"
prefixes = ["+1"]
per_minute = "0.15"
"""
EVERY_DAY = frozenset(DayKind) - {DayKind.HOLIDAY}


def read(text: str) -> Tariff:
    tariff = parse_tariff(text, FILE)
    assert isinstance(tariff, Tariff), tariff
    return tariff


def bands(*tables: str) -> tuple[Band, ...]:
    text = "".join(f'[[bands]]\nname = "b{number}"\n{table}\n' for number, table in enumerate(tables))
    return read(HEAD + text + ROWS.partition("[[rows]]\nband")[0]).bands


def told(text: str) -> list[tuple[int | None, str]]:
    """Line and key of every mistake."""
    mistakes = parse_tariff(text, FILE)
    assert isinstance(mistakes, list), mistakes
    assert all(mistake.remedy and mistake.what for mistake in mistakes)
    return [(mistake.line, mistake.key) for mistake in mistakes]


def test_a_file_says_bands_holidays_and_what_a_change_does() -> None:
    tariff = read(HEAD + BANDS + ROWS)
    weekdays = {DayKind.MON, DayKind.TUE, DayKind.WED, DayKind.THU, DayKind.FRI, DayKind.SUN}
    assert tariff.bands == (
        Band("evening", frozenset(weekdays), 17 * 60, 23 * 60),
        Band("night", EVERY_DAY, 23 * 60, 8 * 60),
    )
    assert tariff.holidays == {date(2022, 7, 4)}
    assert tariff.mid_call is MidCall.SPLIT
    assert [rate.prefix for rate in tariff.rates] == ["+1", "+1212"]
    assert tariff.band_rates["evening"]["+1"].per_minute == Decimal("0.15")


def test_without_them_a_tariff_has_no_bands_and_a_price_is_fixed() -> None:
    tariff = read('name = "t"\nvalid_from = 2021-01-01\nzone = "UTC"\n' + ROWS.partition("[[rows]]\nband")[0])
    assert (tariff.bands, tariff.holidays, tariff.mid_call) == ((), frozenset(), MidCall.FIXED)
    (rate, _) = tariff.rates
    assert tariff.rate_at(rate, datetime(2021, 7, 2, 21, tzinfo=UTC)) == (rate, "")


@pytest.mark.parametrize(
    ("instant", "prefix", "band", "per_minute"),
    [
        ("2021-07-02 20:59:59", "+1", "", "0.21"),
        ("2021-07-02 21:00", "+1", "evening", "0.15"),
        ("2021-07-02 21:00", "+1212", "", "0.21"),
        ("2021-07-03 03:00", "+1", "", "0.21"),
        ("2021-07-03 21:00", "+1", "", "0.21"),
        ("2022-07-04 21:00", "+1", "evening", "0.15"),
        ("2021-12-03 21:59", "+1", "", "0.21"),
        ("2021-12-03 22:00", "+1", "evening", "0.15"),
    ],
)
def test_the_band_that_holds_prices_the_prefixes_it_has(instant: str, prefix: str, band: str, per_minute: str) -> None:
    tariff = read(HEAD + BANDS + ROWS)
    base = next(rate for rate in tariff.rates if rate.prefix == prefix)
    found, name = tariff.rate_at(base, datetime.fromisoformat(instant).replace(tzinfo=UTC))
    assert (name, found.per_minute) == (band, Decimal(per_minute))


def test_days_are_named_alone_or_as_ranges_that_may_go_over_the_weekend() -> None:
    (alone, ranges, over, one) = bands(
        'days = ["sat"]', 'days = ["mon-wed", "fri"]', 'days = ["sat-mon"]', 'days = ["tue-tue"]'
    )
    assert alone.days == {DayKind.SAT}
    assert ranges.days == {DayKind.MON, DayKind.TUE, DayKind.WED, DayKind.FRI}
    assert over.days == {DayKind.SAT, DayKind.SUN, DayKind.MON}
    assert one.days == {DayKind.TUE}


def test_a_band_of_every_day_has_holidays_where_another_names_them() -> None:
    assert [band.days for band in bands("")] == [EVERY_DAY]
    named, every = bands('days = ["holiday"]', 'from = "08:00"')
    assert named.days == {DayKind.HOLIDAY}
    assert every == Band("b1", frozenset(DayKind), 8 * 60, 24 * 60)


MISTAKES = """\
name = "t"
valid_from = 2021-01-01
zone = "UTC"
mid_call = "never"
holidays = [
    2021-07-04, # Independence Day
    "2021-12-25",
]

[[bands]]
name = "Evening"
days = ["mon-fri", "holidays", "mon-holiday"]
from = "24:00"
until = "24:01"

[[bands]]
name = "night"
start = "17:00"
from = "17:00"
until = "17:00"

[[bands]]
name = "night"
days = []

[[rows]]
place = "here"
prefixes = ["+1"]
per_minute = "0.10"

[[rows]]
band = "dawn"
place = "here"
prefixes = ["+1"]
per_minute = "0.10"

[[rows]]
band = "night"
place = "here"
prefixes = ["+44"]
per_minute = "0.10"
"""


def test_every_mistake_is_named_by_line_and_key() -> None:
    assert told(MISTAKES) == [
        (4, "mid_call"),
        (7, "holidays[1]"),
        (11, "bands[0].name"),
        (12, "bands[0].days[1]"),
        (12, "bands[0].days[2]"),
        (13, "bands[0].from"),
        (14, "bands[0].until"),
        (18, "bands[1].start"),
        (20, "bands[1].until"),
        (23, "bands[2].name"),
        (24, "bands[2].days"),
        (32, "rows[1].band"),
        (38, "rows[2].band"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD.replace("[2022-07-04]", "[2022-07-04, 2022-07-04]") + BANDS + ROWS, [(5, "holidays[1]")]),
        (HEAD + BANDS + ROWS.replace('"+1"]\nper_minute = "0.15"', '"+1", "+1"]\nper_minute = "0.15"'), None),
        ("bands = [3]\nholidays = 4\n" + HEAD.replace("holidays", "valid_until") + ROWS, None),
        (HEAD + "bands = 3\n" + ROWS, None),
        (HEAD + BANDS + ROWS.replace('"evening"', "[]"), None),
    ],
)
def test_values_of_other_kinds_are_mistakes_too(text: str, expected: list[tuple[int, str]] | None) -> None:
    assert (told(text) == expected) if expected else told(text)


def test_an_item_that_cannot_be_found_is_named_by_the_line_of_its_array() -> None:
    assert told(HEAD + "kinds = [\n[]]\n" + ROWS.partition("[[rows]]\nband")[0]) == [(6, "kinds[0]")]
