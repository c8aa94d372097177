"""Tariff files (TOML) become a deck, or a list of everything that is wrong with them.

    name = "example"                 # unique; stands in call records
    valid_from = 2021-03-19          # first local day
    valid_until = 2023-01-01         # optional: first local day on which it no longer holds
    zone = "America/Los_Angeles"     # whose days these are
    kinds = ["advancepay", "debit"]  # optional: all kinds
    first = 60                       # optional, seconds: first interval, begun with acceptance
    increment = 60                   # optional, seconds: billed whole when begun
    minimum = 60                     # optional, seconds: least talk billed; the first interval if absent

    [[rows]]
    place = "United States"
    prefixes = ["+1"]                # E.164; the longest that fits a number decides; "+" fits all
    # jurisdiction = "interstate"    # instead of prefixes: calls of this kind, or of these where it is a list
    per_minute = "0.025"             # dollars; quoted or bare, read exactly
    first_price = "1.50"             # optional: the first interval, where it costs differently
    connection = "0"                 # optional: once per call
    increment = 6                    # optional: each row may differ in first, increment and minimum
    # band = "evening"               # optional: the price in one of the [[bands]], see `load_bands`

Files are validated by pydantic at this edge and leave it as frozen values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt

from rating.calendar import is_zone
from rating.csv_deck import CSV_SUFFIX, parse_deck
from rating.deck import Deck, overlaps
from rating.document import parse_document, read_text
from rating.jurisdiction import Jurisdiction
from rating.load_bands import (
    BAND_REMEDIES,
    BANDS_MAX,
    HOLIDAYS_MAX,
    BandTable,
    band_contradictions,
    bands,
)
from rating.locate import Key
from rating.mistake import Mistake
from rating.tariff import (
    AMOUNT_MAX,
    AMOUNT_PLACES_MAX,
    ANYWHERE,
    DAY_MIN,
    KINDS,
    PREFIX_DIGITS_MAX,
    SECONDS_MAX,
    MidCall,
    Rate,
    Tariff,
)

FILE_BYTES_MAX: Final = 64 * 2**20
"""A world-wide tariff of 100,000 prefixes takes about 2 MiB; far more is not a tariff."""
SHIPPED: Final = Path(__file__).parent / "tariffs"
CALIFORNIA: Final = ("california-2020", "california-2021", "california-collect", "free-2023")
"""The shipped tariffs that together are one deck over the years; `demo` stands alone."""

_DEFAULT_SECONDS: Final = 60
_NO_BAND: Final = ""
_REMEDIES: Final = BAND_REMEDIES | {
    "name": 'write lower-case letters, digits and hyphens, as in name = "california-2021"',
    "valid_from": f"write a date from {DAY_MIN} on, without quotes, as in valid_from = 2021-03-19",
    "valid_until": "write the first day without the tariff, later than valid_from, or leave it out",
    "zone": 'write a name of the time zone data, as in zone = "America/Los_Angeles" (Debian: tzdata)',
    "kinds": f"choose from {', '.join(KINDS)}, or leave it out for all",
    "first": f"write whole seconds from 1 to {SECONDS_MAX}",
    "increment": f"write whole seconds from 1 to {SECONDS_MAX}",
    "minimum": f"write whole seconds, at least the first interval and at most {SECONDS_MAX}",
    "rows": "write at least one [[rows]] with place, prefixes and per_minute",
    "place": 'name the place for people, as in place = "United States"',
    "prefixes": 'write + and digits, each prefix once, as in prefixes = ["+1212"], or ["+"] for all numbers',
    "jurisdiction": f"choose from {', '.join(Jurisdiction)}, each once, and name no prefixes in that row",
    "per_minute": 'write dollars a minute, as in per_minute = "0.025"',
    "first_price": 'write dollars for the whole first interval, as in first_price = "1.50", or leave it out',
    "connection": 'write dollars for each call, as in connection = "3.00", or leave it out',
}

_Amount = Annotated[Decimal, Field(ge=0, le=AMOUNT_MAX, decimal_places=AMOUNT_PLACES_MAX)]
_Seconds = Annotated[StrictInt, Field(ge=1, le=SECONDS_MAX)]
_Day = Annotated[date, Field(strict=True, ge=DAY_MIN)]
_Prefix = Annotated[str, Field(pattern=rf"^\+(?:[1-9][0-9]{{0,{PREFIX_DIGITS_MAX - 1}}})?$")]
_Jurisdictions = Annotated[
    list[Jurisdiction], Field(min_length=1), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    place: Annotated[str, Field(min_length=1, max_length=80)]
    prefixes: Annotated[list[_Prefix], Field(min_length=1)] | None = None
    jurisdiction: _Jurisdictions | None = None
    per_minute: _Amount
    first_price: _Amount | None = None
    connection: _Amount = Decimal(0)
    first: _Seconds | None = None
    increment: _Seconds | None = None
    minimum: _Seconds | None = None
    band: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    valid_from: _Day
    valid_until: _Day | None = None
    zone: str
    kinds: Annotated[list[Literal["advancepay", "debit", "collect"]], Field(min_length=1)] = list(KINDS)
    first: _Seconds = _DEFAULT_SECONDS
    increment: _Seconds = _DEFAULT_SECONDS
    minimum: _Seconds | None = None
    mid_call: Literal["fixed", "split"] = "fixed"
    holidays: Annotated[list[_Day], Field(max_length=HOLIDAYS_MAX)] = []
    bands: Annotated[list[BandTable], Field(max_length=BANDS_MAX)] = []
    rows: Annotated[list[_Row], Field(min_length=1)]


def load_tariffs(*paths: Path) -> Deck | list[Mistake]:
    """Read tariff files into one deck, or tell all mistakes in all of them."""
    tariffs: list[Tariff] = []
    files: dict[str, Path] = {}
    mistakes: list[Mistake] = []
    for path in paths:
        read = read_tariffs(path)
        if isinstance(read, list):
            mistakes += read
        elif read[0].name in files:
            what = f"the name {read[0].name!r} is taken by {files[read[0].name]}"
            mistakes.append(Mistake(path, None, "name", what, "give each tariff its own name"))
        else:
            tariffs += read
            files[read[0].name] = path
    for overlap in overlaps(tariffs):
        what = (
            f"prefix {overlap.prefix} is priced by {overlap.first} ({files[overlap.first]}) as well, "
            "for the same kind and day"
        )
        remedy = "part the two by valid_from and valid_until, by kinds or by prefixes"
        mistakes.append(Mistake(files[overlap.second], None, "rows", what, remedy))
    return mistakes or Deck(tariffs)


def shipped_tariffs() -> dict[str, Path]:
    """The tariffs that come with the package, by name."""
    return {path.stem: path for path in sorted(SHIPPED.iterdir()) if path.suffix in {".toml", CSV_SUFFIX}}


def read_tariffs(path: Path) -> tuple[Tariff, ...] | list[Mistake]:
    """Read one file: a TOML file is one tariff, a CSV deck one for each validity, zone and kinds in it."""
    text = read_text(
        path, bytes_max=FILE_BYTES_MAX, too_large="split it by place into several tariffs", kind="tariff file"
    )
    if isinstance(text, Mistake):
        return [text]
    if path.suffix == CSV_SUFFIX:
        return parse_deck(text, path)
    tariff = parse_tariff(text, path)
    return tariff if isinstance(tariff, list) else (tariff,)


def parse_tariff(text: str, path: Path) -> Tariff | list[Mistake]:
    """Read the text of a tariff file; `path` is only named in mistakes."""
    file = parse_document(text, path, _File, _REMEDIES, _contradictions)
    return file if isinstance(file, list) else _tariff(file)


def _tariff(file: _File) -> Tariff:
    rates: list[Rate] = []
    band_rates: dict[str, dict[str, Rate]] = {}
    for row in file.rows:
        made = _rates(file, row)
        if row.band is None:
            rates += made
        else:
            band_rates.setdefault(row.band, {}).update((rate.calls, rate) for rate in made)
    return Tariff(
        name=file.name,
        valid_from=file.valid_from,
        valid_until=file.valid_until,
        zone=file.zone,
        kinds=frozenset(file.kinds),
        rates=tuple(rates),
        bands=bands(file.bands),
        band_rates=band_rates,
        holidays=frozenset(file.holidays),
        mid_call=MidCall(file.mid_call),
    )


def _rates(file: _File, row: _Row) -> list[Rate]:
    first = row.first or file.first
    return [
        Rate(
            tariff=file.name,
            prefix=prefix,
            place=row.place,
            per_minute=row.per_minute,
            first_price=row.first_price,
            connection=row.connection,
            first_seconds=first,
            increment_seconds=row.increment or file.increment,
            minimum_seconds=row.minimum or file.minimum or first,
            jurisdiction=jurisdiction,
        )
        for prefix, jurisdiction in _whom(row)
    ]


def _whom(row: _Row) -> Iterator[tuple[str, Jurisdiction | None]]:
    """The calls a row prices: by prefix or by jurisdiction."""
    yield from ((prefix, None) for prefix in row.prefixes or ())
    yield from ((ANYWHERE, jurisdiction) for jurisdiction in row.jurisdiction or ())


def _contradictions(document: Mapping[str, object]) -> Iterator[tuple[Key, str]]:
    """What each key alone cannot show; looks only at values of the right type."""
    start, end = document.get("valid_from"), document.get("valid_until")
    if isinstance(start, date) and isinstance(end, date) and not _is_earlier(start, end):
        yield ("valid_until",), f"{end} is not later than valid_from, {start}"
    zone = document.get("zone")
    if isinstance(zone, str) and not is_zone(zone):
        yield ("zone",), f"this machine knows no time zone {zone!r}"
    rows = document.get("rows")
    yield from band_contradictions(document)
    seen: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        if not isinstance(row, Mapping):
            continue
        yield from _short_minimum(document, row, index)
        if "prefixes" not in row and "jurisdiction" not in row:
            yield ("rows", index, "prefixes"), "is missing"
        elif "prefixes" in row and "jurisdiction" in row:
            yield ("rows", index, "jurisdiction"), "a row prices prefixes or a jurisdiction, not both"
        band = str(row.get("band", _NO_BAND))
        for name in ("prefixes", "jurisdiction"):
            words = row.get(name)
            for position, word in enumerate(words if isinstance(words, list) else [words]):
                if not isinstance(word, str):
                    continue
                if (band, word) in seen:
                    yield ("rows", index, name, position), f"{word} stands in rows[{seen[band, word]}] already"
                seen.setdefault((band, word), index)
    for (band, word), index in seen.items():
        if band != _NO_BAND and (_NO_BAND, word) not in seen:
            yield ("rows", index, "band"), f"{word} has no row without a band"


def _short_minimum(document: Mapping[str, object], row: Mapping[str, object], index: int) -> Iterator[tuple[Key, str]]:
    first = row.get("first", document.get("first", _DEFAULT_SECONDS))
    minimum = row.get("minimum", document.get("minimum", first))
    if isinstance(first, int) and isinstance(minimum, int) and 0 < minimum < first:
        key: Key = ("rows", index, "minimum") if "minimum" in row or "first" in row else ("minimum",)
        yield key, f"{minimum} is below the first interval, {first}"


def _is_earlier(start: date, end: date) -> bool:
    """Compare two dates; date-times are left to the check of their type."""
    return isinstance(start, datetime) or isinstance(end, datetime) or start < end
