"""Jurisdiction from the places of facility and number; unknown means interstate."""

from __future__ import annotations

from pathlib import Path

import pytest

from rating.csv_rows import MISTAKES_MAX
from rating.jurisdiction import DOMESTIC, Jurisdiction, Place, PlaceTable, country_of, jurisdiction, unplaced
from rating.place_table import FILE_BYTES_MAX, TABLES, area_codes, load_places

HOME = Place("US", "CA", "Tule Bend", "992")
PAIRS = {(("CA", "Tule Bend"), ("CA", "Dry Fork")), (("CA", "Tule Bend"), ("NV", "Salt Flat"))}


def example() -> PlaceTable:
    table = load_places([TABLES / "example-exchanges.csv"], [TABLES / "example-local.csv"])
    assert isinstance(table, PlaceTable), table
    return area_codes().merged(table)


def told(tmp_path: Path, text: str, *, local: bool = False) -> list[tuple[int | None, str]]:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    read = load_places([], [path]) if local else load_places([path])
    assert isinstance(read, list)
    return [(mistake.line, mistake.key) for mistake in read]


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (Place("US", "CA", "Tule Bend", "992"), "local"),
        (Place("US", "CA", "Tule Bend"), "local"),
        (Place("US", "CA", "Dry Fork", "992"), "local"),
        (Place("US", "NV", "Salt Flat", "720"), "local"),
        (Place("US", "NV", "Tule Bend", "992"), "interstate"),
        (Place("US", "CA", "Far Camp", "992"), "intralata"),
        (Place("US", "CA", "", "992"), "intralata"),
        (Place("US", "CA", "Far Camp", "991"), "interlata"),
        (Place("US", "CA"), "interlata"),
        (Place("US", "NV", "Far Camp", "992"), "interstate"),
        (Place("US"), "interstate"),
        (Place("CA", "ON"), "international"),
        (Place(""), "international"),
    ],
)
def test_the_places_of_both_decide(called: Place, expected: str) -> None:
    assert jurisdiction(HOME, called, PAIRS) == expected


def test_local_pairs_hold_in_one_direction() -> None:
    assert jurisdiction(Place("US", "CA", "Dry Fork", "992"), HOME, PAIRS) is Jurisdiction.INTRALATA


def test_from_a_place_nobody_knows_calls_within_the_country_are_interstate() -> None:
    assert jurisdiction(Place(), HOME) is Jurisdiction.INTERSTATE
    assert jurisdiction(Place(state="CA"), Place("US", "CA")) is Jurisdiction.INTERLATA


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12095550123", "local"),
        ("+16615550123", "local"),
        ("+12095560123", "interlata"),
        ("+13105550123", "interlata"),
        ("+12125550123", "interstate"),
        ("+17875550123", "interstate"),
        ("+14165550123", "international"),
        ("+18765550123", "international"),
        ("+442079460000", "international"),
        ("+12015550123", "interstate"),
        ("+17415550123", "interstate"),
    ],
)
def test_tables_of_exchanges_and_area_codes_place_numbers(number: str, expected: str) -> None:
    assert example().jurisdiction(HOME, number) == expected


def test_an_exchange_fills_in_what_its_area_code_does_not_say() -> None:
    places = {
        "213": Place("US", "CA", "Harbor Flats", "991"),
        "213555": Place("US", "", "Pier", ""),
        "213556": Place("US", "NV", "", ""),
        "310555": Place("US", "CA", "Pier", "991"),
    }
    table = PlaceTable(places)
    assert table.place("+12135550123") == Place("US", "CA", "Pier", "991")
    assert table.place("+12135560123") == Place("US", "NV", "", "")
    assert table.place("+12135570123") == places["213"]
    assert table.place("+13105550123") == places["310555"]
    assert table.place("+13105560123") == Place("US")


def test_the_later_of_two_tables_is_believed() -> None:
    one, other = PlaceTable({"213": Place(state="CA")}), PlaceTable({"213": Place(state="NV")})
    assert one.merged(other).place("+12135550123").state == "NV"


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12125550123", "US"),
        ("+17875550123", "US"),
        ("+13405550123", "US"),
        ("+19995550123", "US"),
        ("+14165550123", "CA"),
        ("+442079460000", "GB"),
        ("+999123", ""),
        ("12", ""),
        ("", ""),
    ],
)
def test_countries_are_those_of_phonenumbers_and_territories_are_the_countrys(number: str, country: str) -> None:
    assert country_of(number) == country
    assert (unplaced(number) is Jurisdiction.INTERSTATE) == (country == "US")


def test_shipped_area_codes_are_states_territories_or_other_countries() -> None:
    table = area_codes()
    home = table.area_codes(lambda place: place.country == "US")
    assert len(home) == 342
    assert len({table.place(f"+1{code}5550123").state for code in home}) == 56
    assert table.area_codes(lambda place: place.country == "US" and not place.state) == []
    abroad = table.area_codes(lambda place: place.country != "US")
    assert len(home) + len(abroad) == len(table.area_codes(lambda place: True)) == 409
    assert DOMESTIC.isdisjoint({table.place(f"+1{code}5550123").country for code in abroad})


def test_all_mistakes_of_a_table_of_places_are_told(tmp_path: Path) -> None:
    text = "code,state,country,rate_centre,lata\n" + "".join(
        (
            "213,CA,,,\n",
            "213,CA,,,\n",
            "21,CA,,,\n",
            "113,CA,,,\n",
            "213-155,CA,,,\n",
            "214,Texas,,,\n",
            "215,PA,USA,,\n",
            f"216,OH,,{'x' * 81},\n",
            "217,IL,,,12\n",
            "218,MN\n",
            "213555,CA,US,Pier,991\n",
        )
    )
    assert told(tmp_path, text) == [
        (3, "code"),
        (4, "code"),
        (5, "code"),
        (6, "code"),
        (7, "state"),
        (8, "country"),
        (9, "rate_centre"),
        (10, "lata"),
        (11, ""),
    ]


def test_all_mistakes_of_a_table_of_local_pairs_are_told(tmp_path: Path) -> None:
    text = "state,rate_centre,to_state,to_rate_centre\nCA,Tule Bend,CA,\nCA,Tule Bend,CA,Dry Fork\nCA\n"
    assert told(tmp_path, text, local=True) == [(2, ""), (4, "")]
    assert told(tmp_path, "state\n", local=True) == [(1, "header")] * 3


def test_a_table_of_mistakes_is_told_to_a_limit(tmp_path: Path) -> None:
    assert len(told(tmp_path, "code,state\n" + "x,CA\n" * 300)) == MISTAKES_MAX + 1


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "cannot be read"), (b"\xff", "is not UTF-8"), (b"", "has no header")],
)
def test_a_file_that_is_no_table_is_one_mistake(tmp_path: Path, content: bytes | None, word: str) -> None:
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)
    for mistakes in (load_places([path]), load_places([], [path])):
        assert isinstance(mistakes, list)
        assert [word in mistake.what for mistake in mistakes] == [True]


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    mistakes = load_places([path])
    assert isinstance(mistakes, list)
    assert ["larger than" in mistake.what for mistake in mistakes] == [True]
