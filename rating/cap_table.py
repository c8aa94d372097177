"""The table of caps as TOML becomes values, or every mistake in it; `tables/caps.toml` is the shipped one."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from rating.caps import Ban, CapTable, Days, FacilityKind, FeeCap, RateCap, Scope
from rating.document import read_text
from rating.locate import Lines, key_text
from rating.mistake import Mistake
from rating.place_table import TABLES
from rating.tariff import AMOUNT_MAX, KINDS

CAPS: Final = TABLES / "caps.toml"
FILE_BYTES_MAX: Final = 2**20
"""Orders come every few years; a table that long is another file."""
_REMEDY: Final = "see rating/tables/caps.toml for what stands where"

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
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        return [Mistake(path, None, "", f"is not TOML: {error}", "correct the syntax there")]
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        lines = Lines(text)
        return [
            Mistake(path, lines.line(each["loc"]), key_text(each["loc"]), each["msg"], _REMEDY)
            for each in error.errors(include_url=False)
        ]
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
