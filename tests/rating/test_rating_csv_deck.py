"""CSV decks become tariffs, or every bad line is named with its number and a remedy."""

from __future__ import annotations

import gc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.csv_deck import TARIFFS_MAX, parse_deck
from rating.csv_rows import MISTAKES_MAX
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.load import load_tariffs
from rating.mistake import Mistake
from rating.tariff import KINDS, Rate, Tariff
from tests.support.examples import examples

FILE = Path("deck.csv")
HEAD = (
    "prefix,jurisdiction,place,per_minute,first,increment,minimum,first_price,connection,kinds,valid_from,"
    "valid_until,zone\n"
)
ROW = "+1,,here,0.10,,,,,,,2021-01-01,,UTC\n"


def row(**fields: str) -> str:
    """A line under `HEAD`."""
    given = {"prefix": "+1", "place": "here", "per_minute": "0.10", "valid_from": "2021-01-01", "zone": "UTC"} | fields
    return ",".join(given.get(name, "") for name in HEAD.strip().split(",")) + "\n"


def told(text: str, path: Path = FILE) -> list[tuple[int | None, str]]:
    """Line and column of every mistake."""
    read = parse_deck(text, path)
    assert isinstance(read, list), read
    return [(mistake.line, mistake.key) for mistake in read]


def tariffs(text: str) -> tuple[Tariff, ...]:
    read = parse_deck(text, FILE)
    assert isinstance(read, tuple), [str(each) for each in read]
    return read


def test_a_line_of_few_words_has_full_minutes_and_every_kind() -> None:
    assert tariffs(HEAD + ROW) == (
        Tariff(
            name="deck",
            valid_from=date(2021, 1, 1),
            valid_until=None,
            zone="UTC",
            kinds=frozenset(KINDS),
            rates=(Rate(tariff="deck", prefix="+1", place="here", per_minute=Decimal("0.10")),),
        ),
    )


def test_every_column_finds_its_field() -> None:
    text = HEAD + row(
        prefix="",
        jurisdiction="interstate",
        first="30",
        increment="6",
        minimum="90",
        first_price="1.50",
        connection="0.5",
        kinds="debit collect",
        valid_until="2022-01-01",
        zone="America/New_York",
    )
    (tariff,) = tariffs(text)
    assert (tariff.valid_until, tariff.zone) == (date(2022, 1, 1), "America/New_York")
    assert tariff.kinds == {"debit", "collect"}
    assert tariff.rates == (
        Rate(
            tariff="deck",
            prefix="+",
            place="here",
            per_minute=Decimal("0.10"),
            first_price=Decimal("1.50"),
            connection=Decimal("0.5"),
            first_seconds=30,
            increment_seconds=6,
            minimum_seconds=90,
            jurisdiction=Jurisdiction.INTERSTATE,
        ),
    )


def test_the_minimum_is_the_first_interval_unless_it_is_said() -> None:
    ((rate,),) = [tariff.rates for tariff in tariffs(HEAD + row(first="30"))]
    assert rate.minimum_seconds == 30


def test_rows_of_one_validity_zone_and_kinds_are_one_tariff() -> None:
    text = (
        HEAD + row() + row(prefix="+2") + row(prefix="+3", kinds="debit") + row(prefix="+4", valid_until="2022-01-01")
    )
    assert [[rate.prefix for rate in tariff.rates] for tariff in tariffs(text)] == [["+1", "+2"], ["+3"], ["+4"]]


def test_comments_empty_lines_quotes_spaces_and_the_mark_of_spreadsheets_are_read() -> None:
    head = '\ufeff# a deck, "made up"\n\nzone, valid_from,place,per_minute,prefix\n# here\n'
    text = head + 'UTC,2021-01-01, "a, b",0.1,+1\n\n'
    ((rate,),) = [tariff.rates for tariff in tariffs(text)]
    assert (rate.place, rate.per_minute) == ("a, b", Decimal("0.1"))


MISTAKES = (
    HEAD
    + row(prefix="12")
    + row(prefix="+0")
    + row(prefix="")
    + row(prefix="+2", jurisdiction="local")
    + row(prefix="", jurisdiction="nearby")
    + row(place="")
    + row(place="x" * 81)
    + row(per_minute="")
    + row(per_minute="-1")
    + row(per_minute="1000.01")
    + row(per_minute="0.0000000001")
    + row(first="0", increment="x", minimum="86401")
    + row(first="90", minimum="60")
    + row(first_price="1e3", connection="free")
    + row(kinds="gift")
    + row(kinds="debit debit")
    + row(valid_from="")
    + row(valid_from="2021-13-01")
    + row(valid_from="20210101")
    + row(valid_until="2021-01-01")
    + row(valid_until="soon")
    + row(zone="Mars/Base")
    + "+5,here\n"
    + '+6,"he"re\n'
    + row(prefix="+7", place="")
    + row(prefix="8", place="", zone="")
    + row(prefix="+9", valid_from="0001-01-01", zone="Asia/Tokyo")
)


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    assert told(MISTAKES) == [
        (2, "prefix"),
        (3, "prefix"),
        (4, "prefix"),
        (5, "jurisdiction"),
        (6, "jurisdiction"),
        (7, "place"),
        (8, "place"),
        (9, "per_minute"),
        (10, "per_minute"),
        (11, "per_minute"),
        (12, "per_minute"),
        (13, "first"),
        (13, "increment"),
        (13, "minimum"),
        (14, "minimum"),
        (15, "connection"),
        (15, "first_price"),
        (16, "kinds"),
        (17, "kinds"),
        (18, "valid_from"),
        (19, "valid_from"),
        (20, "valid_from"),
        (21, "valid_until"),
        (22, "valid_until"),
        (23, "zone"),
        (24, ""),
        (25, ""),
        (26, "place"),
        (27, "prefix"),
        (27, "place"),
        (27, "zone"),
        (28, "valid_from"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(None, "")]),
        ("# only this\n", [(None, "")]),
        (HEAD, [(None, "")]),
        ("prefix,place\n", [(1, "header")] * 3),
        (HEAD.replace("kinds", "kidns"), [(1, "header")]),
        (HEAD.replace("kinds", "zone"), [(1, "header")]),
        ("\n# x\n" + HEAD.replace("place,", ""), [(3, "header")]),
        ('"a"b,c\n', [(1, "")]),
        (HEAD + ROW + ROW, [(3, "prefix")]),
        (HEAD + row(kinds="debit") + row(kinds="collect") + row(), [(4, "prefix")]),
        (HEAD + row(valid_until="2022-01-01") + row(valid_from="2021-12-31"), [(3, "prefix")]),
        (HEAD + row(valid_from="2021-12-31") + row(valid_until="2022-01-01"), [(3, "prefix")]),
        (HEAD + row(prefix="", jurisdiction="local") * 2, [(3, "prefix")]),
        (HEAD + row(place='"over two\nlines"') + row(prefix="x"), [(4, "prefix")]),
    ],
)
def test_each_mistake_is_found_where_it_stands(text: str, expected: list[tuple[int | None, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        HEAD + row(valid_until="2022-01-01") + row(valid_from="2022-01-01"),
        HEAD + row(kinds="debit") + row(kinds="collect advancepay"),
    ],
)
def test_one_prefix_may_have_a_row_for_each_time_and_kind(text: str) -> None:
    assert len(Deck(tariffs(text)).tariffs) == 2


def test_a_mistake_names_file_line_column_fault_and_remedy() -> None:
    (mistake,) = parse_deck(HEAD + row(per_minute="ten"), FILE)
    assert str(mistake) == (
        "deck.csv:2: per_minute: 'ten' is not an amount; "
        "write dollars from 0 to 1000, as in 0.025, with at most 9 decimals"
    )


def test_a_file_full_of_mistakes_is_told_to_a_limit() -> None:
    read = parse_deck(HEAD + row(prefix="x") * (MISTAKES_MAX + 7), FILE)
    assert len(read) == MISTAKES_MAX + 1
    assert isinstance(read[-1], Mistake)
    assert read[-1].what == "7 more mistakes are not shown"


def test_the_name_of_the_file_is_the_name_of_the_tariff() -> None:
    assert told(HEAD + ROW, Path("My Deck.csv")) == [(None, "")]


def test_a_deck_of_too_many_combinations_is_refused() -> None:
    days = (date(2000, 1, 1).replace(year=2000 + n // 336, month=n % 12 + 1, day=n // 12 % 28 + 1) for n in range(1001))
    lines = [row(prefix=f"+{n + 1}", valid_from=day.isoformat()) for n, day in enumerate(days)]
    assert len(lines) == TARIFFS_MAX + 1
    assert told(HEAD + "".join(lines)) == [(None, "")]


def test_decks_of_both_forms_are_one(tmp_path: Path) -> None:
    wide, narrow = tmp_path / "wide.csv", tmp_path / "narrow.toml"
    wide.write_text(HEAD + ROW + row(prefix="", jurisdiction="interstate"), encoding="utf-8")
    narrow.write_text(
        'name = "narrow"\nvalid_from = 2021-01-01\nzone = "UTC"\n'
        '[[rows]]\nplace = "here"\nprefixes = ["+1212"]\nper_minute = "0.10"\n',
        encoding="utf-8",
    )
    deck = load_tariffs(wide, narrow)
    assert isinstance(deck, Deck)
    assert [tariff.name for tariff in deck.tariffs] == ["wide", "narrow"]
    narrow.write_text(narrow.read_text(encoding="utf-8").replace("+1212", "+1"), encoding="utf-8")
    mistakes = load_tariffs(wide, narrow)
    assert isinstance(mistakes, list)
    assert "prefix +1 is priced by wide" in mistakes[0].what


@given(st.text(max_size=80) | st.text('+1,",\n 0.UTC2021-', max_size=80))
@examples(200)
def test_no_text_breaks_the_reader(text: str) -> None:
    assert told(text)
    parse_deck(HEAD + text, FILE)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(is_enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        tariffs(HEAD + ROW)
        assert gc.isenabled() == is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
