"""The table of caps as TOML becomes values, or every mistake in it; `tables/caps.toml` is the shipped one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from rating.caps import Ban, CapTable, Days, FacilityKind, FeeCap, RateCap, Scope
from rating.document import parse_document, read_text
from rating.locate import Key
from rating.mistake import Mistake
from rating.place_table import TABLES
from rating.tariff import AMOUNT_MAX, KINDS

CAPS: Final = TABLES / "caps.toml"
FILE_BYTES_MAX: Final = 2**20
"""Orders come every few years; a table that long is another file."""
_SEE: Final = "see rating/tables/caps.toml for what stands where"
_TABLES: Final = ("rates", "bans", "fees")
_REMEDIES: Final = dict.fromkeys(
    (*_TABLES, "order", "scope", "kinds", "per_minute", "charge", "fee", "amount", "unverified"), _SEE
) | {
    "from": "write the first day without quotes, as in from = 2021-10-26",
    "until": "write the first day without the cap, later than from, or leave it out",
    "facility": 'write facility = "jail" beside population or population_below: prisons have no size here',
    "population": "write whole people, fewer than population_below",
    "population_below": "write whole people, more than population",
}

_Amount = Annotated[Decimal, Field(ge=0, le=AMOUNT_MAX)]
_Day = Annotated[date, Field(strict=True)]
_People = Annotated[StrictInt, Field(ge=0)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order: Annotated[str, Field(min_length=1)]
    unverified: str = ""
    start: Annotated[_Day, Field(alias="from")]
    until: _Day | None = None

    def days(self) -> Days:
        return Days(self.start, self.until)


class _Rate(_Entry):
    scope: Scope
    kinds: Annotated[list[Literal["advancepay", "debit", "collect"]], Field(min_length=1)] = list(KINDS)
    facility: FacilityKind | None = None
    population: _People = 0
    population_below: _People | None = None
    per_minute: _Amount


class _Ban(_Entry):
    scope: Scope
    charge: Literal["per-call"]


class _Fee(_Entry):
    fee: str = ""
    amount: _Amount


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rates: list[_Rate] = []
    bans: list[_Ban] = []
    fees: list[_Fee] = []


@cache
def shipped_caps() -> CapTable:
    """The table that comes with the package."""
    table = load_caps(CAPS)
    assert isinstance(table, CapTable), table
    return table


def load_caps(path: Path) -> CapTable | list[Mistake]:
    """Read a table of caps, or tell all mistakes in it."""
    text = read_text(path, bytes_max=FILE_BYTES_MAX, too_large="name a table of caps", kind="table of caps")
    if isinstance(text, Mistake):
        return [text]
    file = parse_document(text, path, _File, _REMEDIES, _contradictions)
    if isinstance(file, list):
        return file
    return CapTable(
        rates=tuple(
            RateCap(
                days=each.days(),
                order=each.order,
                unverified=each.unverified,
                scope=each.scope,
                per_minute=each.per_minute,
                kinds=frozenset(each.kinds),
                facility=each.facility,
                population=each.population,
                population_below=each.population_below,
            )
            for each in file.rates
        ),
        bans=tuple(Ban(each.days(), each.order, each.unverified, each.scope) for each in file.bans),
        fees=tuple(FeeCap(each.days(), each.order, each.unverified, each.amount, each.fee) for each in file.fees),
    )


def _contradictions(document: Mapping[str, object]) -> Iterator[tuple[Key, str]]:
    """What each key alone cannot show: caps that would be about no day, no facility, or nothing at all."""
    if not any(document.get(name) for name in _TABLES):
        yield (_TABLES[0],), "no cap stands there, so that none could be broken"
    for name in _TABLES:
        entries = document.get(name)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, Mapping):
                yield from (((name, number, key), what) for key, what in _contradiction(entry))


def _contradiction(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    start, until = entry.get("from"), entry.get("until")
    if isinstance(start, date) and isinstance(until, date) and not _is_time(start, until) and until <= start:
        yield "until", f"{until} is not later than from, {start}"
    least, below = entry.get("population", 0), entry.get("population_below")
    if (least or below is not None) and entry.get("facility") != FacilityKind.JAIL:
        yield "facility", "a cap by the number of people is for jails"
    if isinstance(least, int) and isinstance(below, int) and below <= least:
        yield "population_below", f"{below} is not more than population, {least}"


def _is_time(*days: date) -> bool:
    """Whether one of them has hours; then its type is told already."""
    return any(isinstance(day, datetime) for day in days)
