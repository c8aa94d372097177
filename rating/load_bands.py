"""Bands and holidays of a tariff file.

mid_call = "split"               # optional: an increment costs what holds when it begins; "fixed" if absent:
                                 # the price at acceptance holds to the end of the call
holidays = [2021-07-04]          # optional: days that count as Sundays, or as `holiday` where a band names it

[[bands]]                        # the first that holds decides; outside all, rows without a band do
name = "evening"
days = ["mon-fri", "sun"]        # optional: every day; mon tue wed thu fri sat sun holiday
from = "17:00"                   # optional: midnight
until = "23:00"                  # optional: midnight; no later than `from` means on the next day

[[rows]]
band = "evening"                 # prices its prefixes in this band; each has a row without a band too
...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from rating.band import Band, DayKind
from rating.locate import Key

BANDS_MAX: Final = 32
"""Bands of one tariff: four for each day of the week, and some to spare."""
HOLIDAYS_MAX: Final = 1000
"""Holidays of one tariff: a dozen a year for longer than any tariff holds."""

BAND_REMEDIES: Final = {
    "mid_call": 'write "fixed" or "split", or leave it out for "fixed"',
    "holidays": "write dates without quotes, as in holidays = [2021-07-04, 2021-12-25]",
    "bands": f"write at most {BANDS_MAX} [[bands]] with name, days, from and until",
    "days": 'write days or ranges of them, as in days = ["mon-fri", "sun", "holiday"], or leave it out for every day',
    "from": 'write hours and minutes, as in from = "17:00"',
    "until": 'write hours and minutes other than those of from, as in until = "23:00"; "24:00" is midnight',
    "band": "name one of the [[bands]], and price the same prefixes in a row without a band as well",
}
_HOUR: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_UNTIL: Final = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_NAMES: Final = {kind.name.lower(): kind for kind in DayKind}
_WEEK: Final = [name for name in _NAMES if name != "holiday"]
_DAYS: Final = rf"^({'|'.join(_WEEK)})(-({'|'.join(_WEEK)}))?$|^holiday$"


class BandTable(BaseModel):
    """One of the `[[bands]]`."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]
    days: Annotated[list[Annotated[str, Field(pattern=_DAYS)]], Field(min_length=1)] = ["mon-sun", "holiday"]
    start: Annotated[str, Field(alias="from", pattern=_HOUR)] = "00:00"
    until: Annotated[str, Field(pattern=_UNTIL)] = "24:00"

    def band(self, *, names_holidays: bool) -> Band:
        """The band; one of every day has holidays among its days only where another names them."""
        days = frozenset(day for words in self.days for day in _days(words))
        if "days" not in self.model_fields_set and not names_holidays:
            days -= {DayKind.HOLIDAY}
        return Band(self.name, days, _minute(self.start), _minute(self.until))


def bands(tables: list[BandTable]) -> tuple[Band, ...]:
    """The bands of a file, in their order."""
    names_holidays = any("holiday" in table.days for table in tables if "days" in table.model_fields_set)
    return tuple(table.band(names_holidays=names_holidays) for table in tables)


def band_contradictions(document: Mapping[str, object]) -> Iterator[tuple[Key, str]]:
    """What each key of bands and of rows with a band cannot show alone."""
    names: set[str] = set()
    for index, table in enumerate(_tables(document.get("bands"))):
        name = table.get("name")
        if isinstance(name, str) and name in names:
            yield ("bands", index, "name"), f"the name {name!r} is taken by a band above"
        if isinstance(name, str):
            names.add(name)
        if table.get("from", "00:00") == table.get("until", "24:00"):
            yield ("bands", index, "until"), "the band ends when it begins"
    days = document.get("holidays")
    seen: set[date] = set()
    for position, day in enumerate(days if isinstance(days, list) else []):
        if isinstance(day, date) and day in seen:
            yield ("holidays", position), f"{day} stands there twice"
        elif isinstance(day, date):
            seen.add(day)
    for index, row in enumerate(_tables(document.get("rows"))):
        band = row.get("band")
        if isinstance(band, str) and band not in names:
            yield ("rows", index, "band"), f"there is no band {band!r}"


def _tables(value: object) -> Iterator[Mapping[str, object]]:
    for table in value if isinstance(value, list) else []:
        yield table if isinstance(table, Mapping) else {}


def _days(words: str) -> Iterator[DayKind]:
    """Days of one word: a range goes forward, and over the end of the week where it must."""
    first, _, last = words.partition("-")
    day = _NAMES[first]
    yield day
    while last and day is not _NAMES[last]:
        day = DayKind((day + 1) % len(_WEEK))
        yield day


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
