"""Tariff files become a deck, or every mistake in them is named at once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.load import CALIFORNIA, FILE_BYTES_MAX, load_tariffs, parse_tariff, shipped_tariffs
from rating.mistake import Mistake
from rating.price import Quote, afford, price, quote
from rating.tariff import KINDS, Rate, Tariff
from tests.support.examples import examples

FILE = Path("tariff.toml")
HEAD = 'name = "t"\nvalid_from = 2021-01-01\nzone = "UTC"\n'
ROW = '[[rows]]\nplace = "here"\nprefixes = ["+1"]\nper_minute = "0.10"\n'

LOCAL = ROW.replace('prefixes = ["+1"]', 'jurisdiction = "local"')


def told(text: str) -> list[tuple[int | None, str]]:
    """Line and key of every mistake."""
    read = parse_tariff(text, FILE)
    assert isinstance(read, list), read
    return [(mistake.line, mistake.key) for mistake in read]


def only_rate(text: str) -> Rate:
    read = parse_tariff(text, FILE)
    assert isinstance(read, Tariff), read
    (rate,) = read.rates
    return rate


def deck(*names: str) -> Deck:
    loaded = load_tariffs(*(shipped_tariffs()[name] for name in names))
    assert isinstance(loaded, Deck), loaded
    return loaded


def test_a_tariff_of_few_words_has_full_minutes_and_every_kind() -> None:
    assert parse_tariff(HEAD + ROW, FILE) == Tariff(
        name="t",
        valid_from=date(2021, 1, 1),
        valid_until=None,
        zone="UTC",
        kinds=frozenset(KINDS),
        rates=(Rate(tariff="t", prefix="+1", place="here", per_minute=Decimal("0.10")),),
    )


def test_rows_take_what_they_do_not_say_from_the_file() -> None:
    rate = only_rate(HEAD + "first = 30\nincrement = 6\nminimum = 90\n" + ROW + "increment = 10\n")
    assert (rate.first_seconds, rate.increment_seconds, rate.minimum_seconds) == (30, 10, 90)


def test_the_minimum_is_the_first_interval_unless_it_is_said() -> None:
    assert only_rate(HEAD + ROW + "first = 30\n").minimum_seconds == 30


@pytest.mark.parametrize("amount", ["0.1", '"0.1"', '"0.10"', "1e-1"])
def test_amounts_are_exact_with_and_without_quotes(amount: str) -> None:
    assert only_rate(HEAD + ROW.replace('"0.10"', amount)).per_minute == Decimal("0.1")


def test_a_row_prices_one_jurisdiction_or_several() -> None:
    read = parse_tariff(HEAD + LOCAL + LOCAL.replace('"local"', '["intralata", "interstate"]') + ROW, FILE)
    assert isinstance(read, Tariff), read
    assert [(rate.prefix, rate.jurisdiction) for rate in read.rates] == [
        ("+", Jurisdiction.LOCAL),
        ("+", Jurisdiction.INTRALATA),
        ("+", Jurisdiction.INTERSTATE),
        ("+1", None),
    ]


MISTAKES = """\
# every line but this one is wrong
name = "Bad name"
valid_from = "2021-03-19"
valid_until = 2021-01-01
zone = "Mars/Base"
kinds = ["advance", "debit"]
frist = 3
minimum = 5

[[rows]]
place = ""
prefixes = ["+1", "+0", # "+2",
  "12",
  "+1"]
per_minute = -0.025
first = true

[[rows]]
place = "x"
prefixes = ["+1"]
per_minute = true
first = 70
minimum = 60

[[rows]]
per_minute = "abc"
connection = inf
first_price = "0.0000000001"
"""


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    assert told(MISTAKES) == [
        (2, "name"),
        (3, "valid_from"),
        (5, "zone"),
        (6, "kinds[0]"),
        (7, "frist"),
        (8, "minimum"),
        (11, "rows[0].place"),
        (12, "rows[0].prefixes[1]"),
        (13, "rows[0].prefixes[2]"),
        (14, "rows[0].prefixes[3]"),
        (15, "rows[0].per_minute"),
        (16, "rows[0].first"),
        (20, "rows[1].prefixes[0]"),
        (21, "rows[1].per_minute"),
        (23, "rows[1].minimum"),
        (25, "rows[2].place"),
        (25, "rows[2].prefixes"),
        (26, "rows[2].per_minute"),
        (27, "rows[2].connection"),
        (28, "rows[2].first_price"),
    ]


def test_a_mistake_names_file_line_key_fault_and_remedy() -> None:
    read = parse_tariff(HEAD + ROW.replace("0.10", "ten"), FILE)
    assert isinstance(read, list)
    (mistake,) = read
    assert str(mistake) == (
        "tariff.toml:7: rows[0].per_minute: input should be a valid decimal; "
        'write dollars a minute, as in per_minute = "0.025"'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(None, "name"), (None, "valid_from"), (None, "zone"), (None, "rows")]),
        (HEAD.replace("2021-01-01", "0001-01-01").replace("UTC", "Asia/Tokyo") + ROW, [(2, "valid_from")]),
        (HEAD.replace("2021-01-01", "1899-12-31") + ROW, [(2, "valid_from")]),
        (HEAD + "rows = 3\n", [(4, "rows")]),
        (HEAD + "rows = [3]\n", [(4, "rows[0]")]),
        (HEAD + "rows = []\n", [(4, "rows")]),
        (HEAD + ROW.replace('["+1"]', '"+1"'), [(6, "rows[0].prefixes")]),
        (HEAD + ROW.replace('["+1"]', "[1]"), [(6, "rows[0].prefixes[0]")]),
        (HEAD + ROW.replace('["+1"]', "[]"), [(6, "rows[0].prefixes")]),
        (HEAD + "valid_until = 2021-01-01\n" + ROW, [(4, "valid_until")]),
        (HEAD + "valid_until = 2021-01-01T00:00:00\n" + ROW, [(4, "valid_until")]),
        (HEAD + "minimum = 30\n" + ROW, [(4, "minimum")]),
        (HEAD + ROW + "first = 90\nminimum = 60\n", [(9, "rows[0].minimum")]),
        (HEAD + "minimum = 60\n" + ROW + "first = 90\n", [(5, "rows[0].minimum")]),
        (HEAD + ROW + "increment = 0\n", [(8, "rows[0].increment")]),
        (HEAD + ROW + "increment = 6.0\n", [(8, "rows[0].increment")]),
        (HEAD + ROW + "minimum = 99999\n", [(8, "rows[0].minimum")]),
        (HEAD + ROW + 'first_price = "1000.01"\n', [(8, "rows[0].first_price")]),
        (HEAD + ROW + ROW, [(10, "rows[1].prefixes[0]")]),
        (HEAD + ROW + 'jurisdiction = "local"\n', [(8, "rows[0].jurisdiction")]),
        (HEAD + LOCAL.replace('"local"', '"nearby"'), [(6, "rows[0].jurisdiction[0]")]),
        (HEAD + LOCAL.replace('"local"', '["local", "local"]'), [(6, "rows[0].jurisdiction[1]")]),
        (HEAD + LOCAL.replace('"local"', "[]"), [(6, "rows[0].jurisdiction")]),
        (HEAD + LOCAL.replace('"local"', "3"), [(6, "rows[0].jurisdiction")]),
        (HEAD + LOCAL + LOCAL, [(10, "rows[1].jurisdiction[0]")]),
        (HEAD + ROW + "[extra]\nkey = 1\n", [(8, "extra")]),
        (HEAD + "[[rows\n", [(4, "")]),
        (HEAD + "rows = ", [(4, "")]),
        (HEAD + "first = " + "9" * 5000 + "\n", [(None, "")]),
        (HEAD + "first = 1e9999999999999999999\n", [(None, "")]),
        (HEAD + "rows = " + "[" * 100_000 + "\n", [(None, "")]),
    ],
)
def test_each_mistake_is_found_where_it_stands(text: str, expected: list[tuple[int | None, str]]) -> None:
    assert told(text) == expected


@given(st.text(max_size=60) | st.text('rows[]=".+1\n ', max_size=60))
@examples(200)
def test_no_text_breaks_the_reader(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize(
    ("content", "word"), [(None, "cannot be read"), (b"\xff", "is not UTF-8"), (b"", "is missing")]
)
def test_a_file_that_is_no_tariff_is_one_mistake_or_more(tmp_path: Path, content: bytes | None, word: str) -> None:
    path = tmp_path / "tariff.toml"
    if content is not None:
        path.write_bytes(content)
    mistakes = load_tariffs(path)
    assert isinstance(mistakes, list)
    assert word in mistakes[0].what
    assert mistakes[0].file == path


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "tariff.toml"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    mistakes = load_tariffs(path)
    assert isinstance(mistakes, list)
    assert "larger than" in mistakes[0].what


def test_mistakes_of_several_files_are_told_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for path in paths:
        path.write_text(ROW, encoding="utf-8")
    mistakes = load_tariffs(*paths)
    assert isinstance(mistakes, list)
    assert {mistake.file for mistake in mistakes} == set(paths)


def test_tariffs_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    names = {"one": HEAD.replace('"t"', '"one"') + ROW, "two": HEAD.replace('"t"', '"two"') + ROW}
    for name, text in names.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert load_tariffs(tmp_path / "one", tmp_path / "two") == [
        Mistake(
            file=tmp_path / "two",
            line=None,
            key="rows",
            what=f"prefix +1 is priced by one ({tmp_path / 'one'}) as well, for the same kind and day",
            remedy="part the two by valid_from and valid_until, by kinds or by prefixes",
        )
    ]


def test_a_name_can_be_given_once() -> None:
    demo = shipped_tariffs()["demo"]
    mistakes = load_tariffs(demo, demo)
    assert isinstance(mistakes, list)
    assert [mistake.key for mistake in mistakes] == ["name"]
    assert "'demo' is taken" in mistakes[0].what


@pytest.mark.parametrize("name", sorted(shipped_tariffs()))
def test_every_shipped_tariff_loads_under_its_own_name(name: str) -> None:
    assert {tariff.name for tariff in deck(name).tariffs} == {name}


@pytest.mark.parametrize(
    ("number", "kind", "on", "each_minute"),
    [
        ("+12125550123", "advancepay", "2021-03-19", "0.025"),
        ("+13105550123", "debit", "2021-03-19", "0.025"),
        ("+14165550123", "debit", "2021-03-19", "0.07"),
        ("+18765550123", "debit", "2021-03-19", "0.07"),
        ("+442079460000", "debit", "2022-12-31", "0.07"),
        ("+13105550123", "debit", "2021-03-18", "0.076"),
        ("+12125550123", "debit", "2021-03-18", "0.21"),
        ("+14165550123", "debit", "2021-03-18", "0.75"),
        ("+442079460000", "advancepay", "2021-03-18", "0.75"),
        ("+13105550123", "collect", "2021-06-01", "0.076"),
        ("+12125550123", "collect", "2023-01-01", "0"),
        ("+442079460000", "debit", "2026-01-01", "0"),
    ],
)
def test_california_through_the_years(number: str, kind: str, on: str, each_minute: str) -> None:
    rate = deck(*CALIFORNIA).rate(number, kind, date.fromisoformat(on))
    assert rate is not None
    minute = Money.from_text(each_minute)
    assert quote(rate) == Quote(first_minute=minute, each_minute=minute)


@pytest.mark.parametrize(
    ("name", "jurisdiction", "on", "first_minute", "each_minute"),
    [
        ("connecticut", "local", "2021-06-30", "0.2433", "0.2433"),
        ("connecticut", "intralata", "2021-06-30", "0.2433", "0.2433"),
        ("connecticut", "interlata", "2021-06-30", "0.2433", "0.2433"),
        ("connecticut", "interstate", "2021-06-30", "0.21", "0.21"),
        ("connecticut", "interlata", "2021-07-01", "0.19", "0.19"),
        ("connecticut", "interstate", "2022-09-30", "0.19", "0.19"),
        ("connecticut", "interstate", "2022-10-01", "0", "0"),
        ("federal", "local", "2024-12-31", "0.06", "0.06"),
        ("federal", "intralata", "2024-12-31", "0.21", "0.21"),
        ("federal", "interstate", "2024-12-31", "0.21", "0.21"),
        ("federal", "interstate", "2025-01-01", "0.06", "0.06"),
        ("yakima", "interstate", "2022-01-01", "1.50", "0.12"),
        ("new-york-city", "local", "2018-01-01", "0.50", "0.05"),
    ],
)
def test_shipped_tariffs_by_jurisdiction(
    name: str, jurisdiction: str, on: str, first_minute: str, each_minute: str
) -> None:
    rate = deck(name).rate("+12125550123", "collect", date.fromisoformat(on), Jurisdiction(jurisdiction))
    assert rate is not None
    assert quote(rate) == Quote(first_minute=Money.from_text(first_minute), each_minute=Money.from_text(each_minute))


@pytest.mark.parametrize("path", sorted(shipped_tariffs().values()), ids=lambda path: path.stem)
def test_every_shipped_tariff_says_what_is_not_verified(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert any(word in text for word in ("unverified", "made up", "every call is free"))


def test_fifteen_minutes_in_california_cost_thirty_seven_and_a_half_cents() -> None:
    rate = deck(*CALIFORNIA).rate("+12125550123", "advancepay", date(2021, 6, 1))
    assert rate is not None
    assert price(rate, timedelta(minutes=15)) == Money.from_text("0.375")
    assert afford(rate, Money.from_text("0.375")) == timedelta(minutes=15)


def test_the_demo_bills_six_seconds_at_a_time() -> None:
    rate = deck("demo").rate("+12125550123", "collect", date(2026, 1, 1))
    assert rate is not None
    assert afford(rate, Money.from_text("0.06")) == timedelta(seconds=12)


def test_area_codes_of_california_are_those_of_the_numbering_plan() -> None:
    report = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nanp" / "npa_report.csv"
    if not report.is_file():
        pytest.skip("the numbering plan's report is not beside this checkout")
    fields = [line.split(",") for line in report.read_text(encoding="utf-8").splitlines()]
    areas = {f"+1{each[0]}" for each in fields if each[8:10] == ["CA", "US"]}
    rates = deck("california-2020").tariffs[0].rates
    assert {rate.prefix for rate in rates if rate.place == "California"} == areas
