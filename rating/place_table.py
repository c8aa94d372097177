"""Places of telephone numbers and pairs of local rate centres from CSV files, or every mistake in them.

code,country,state,rate_centre,lata          country is US if the column is absent or the field empty
213,US,CA,,                                  NPA
213-555,US,CA,Harbor Flats,991               NPA-NXX; it fills in what the area code does not say

state,rate_centre,to_state,to_rate_centre    from where to where a call is local; the reverse is a row of its own
CA,Tule Bend,CA,Dry Fork
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from rating.csv_rows import Row, limited, rows
from rating.document import read_text
from rating.jurisdiction import LocalPair, Place, PlaceTable
from rating.mistake import Mistake
from rating.numbers import MAIN_REGION

FILE_BYTES_MAX: Final = 32 * 2**20
"""All 170,000 exchanges in use take some 6 MiB."""
TABLES: Final = Path(__file__).parent / "tables"
AREA_CODES: Final = TABLES / "area-codes.csv"

_CODE: Final = re.compile(r"([2-9]\d\d)(?:-?([2-9]\d\d))?")
_STATE: Final = re.compile(r"(?:[A-Z]{2})?")
_LATA: Final = re.compile(r"(?:\d{3,5})?")
_NAME_MAX: Final = 80


@cache
def area_codes() -> PlaceTable:
    """The shipped table of area codes: country and state."""
    table = load_places([AREA_CODES])
    assert isinstance(table, PlaceTable), table
    return table


def load_places(paths: Sequence[Path], local: Sequence[Path] = ()) -> PlaceTable | list[Mistake]:
    """Read tables of places, and of local pairs, into one; a later file's word counts."""
    places: dict[str, Place] = {}
    pairs: set[LocalPair] = set()
    mistakes: list[Mistake] = []
    for path in paths:
        found, faults = _places(path)
        places |= found
        mistakes += limited(faults, path)
    for path in local:
        more, faults = _pairs(path)
        pairs |= more
        mistakes += limited(faults, path)
    return mistakes or PlaceTable(places, pairs)


def _places(path: Path) -> tuple[dict[str, Place], list[Mistake]]:
    places: dict[str, Place] = {}
    mistakes: list[Mistake] = []
    for row in _rows(path, ("code", "state"), ("country", "rate_centre", "lata")):
        if isinstance(row, Mistake):
            mistakes.append(row)
            continue
        line, (code, state, country, rate_centre, lata) = row
        parts = _CODE.fullmatch(code)
        key = "".join(part or "" for part in parts.groups()) if parts else code
        faults = (
            ("code", code, parts is not None, "write an area code, 213, or one with its exchange, 213-555"),
            ("code", code, key not in places, "keep one of the rows of this code"),
            ("state", state, _STATE.fullmatch(state), "write the two capital letters of the postal code, or nothing"),
            (
                "country",
                country,
                _STATE.fullmatch(country),
                "write two capital letters (ISO 3166-1), or nothing for US",
            ),
            ("rate_centre", rate_centre, len(rate_centre) <= _NAME_MAX, f"write at most {_NAME_MAX} characters"),
            ("lata", lata, _LATA.fullmatch(lata), "write the digits of the LATA, or nothing"),
        )
        mistakes += (
            Mistake(path, line, key_, f"{value!r} does not stand here rightly", remedy)
            for key_, value, is_right, remedy in faults
            if not is_right
        )
        places.setdefault(key, Place(country or MAIN_REGION, state, rate_centre, lata))
    return places, mistakes


def _pairs(path: Path) -> tuple[set[LocalPair], list[Mistake]]:
    pairs: set[LocalPair] = set()
    mistakes: list[Mistake] = []
    for row in _rows(path, ("state", "rate_centre", "to_state", "to_rate_centre"), ()):
        if isinstance(row, Mistake):
            mistakes.append(row)
            continue
        line, (state, centre, to_state, to_centre) = row
        if all((state, centre, to_state, to_centre)):
            pairs.add(((state, centre), (to_state, to_centre)))
        else:
            mistakes.append(Mistake(path, line, "", "a field is empty", "name state and rate centre of both sides"))
    return pairs, mistakes


def _rows(path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[Row | Mistake]:
    text = read_text(path, bytes_max=FILE_BYTES_MAX, too_large="split it by area code", kind="CSV file")
    if isinstance(text, Mistake):
        yield text
    else:
        yield from rows(text, path, required, optional)
