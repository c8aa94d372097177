"""Tables of taxes, fees and shares of states (TOML) become a `TaxTable`, or everything that is wrong with them.

zone = "America/New_York"        # whose days these are

[[taxes]]                        # or [[fees]]
name = "sales-tax"               # stands in bills and accounts, as `taxes:connecticut:sales-tax`
jurisdiction = "connecticut"     # who levies it
share = "0.0635"                 # optional: of what the payer pays for talk, 0.0635 for 6.35 percent
per_call = "0.25"                # optional: dollars, once per call for which the payer pays something
valid_from = 2021-07-01          # first local day
valid_until = 2022-07-01         # optional: first local day without it
calls = ["interstate"]           # optional: all; local intralata interlata interstate international

[[shares]]                       # what a state pays of the price of talk
state = "colorado"
share = "0.25"
valid_from = 2023-09-01
valid_until = 2024-07-01
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from rating.calendar import is_zone
from rating.document import parse_document, read_text
from rating.locate import Key
from rating.mistake import Mistake
from rating.rounding import RATE_PLACES_MAX
from rating.tax import PER_CALL_MAX, DatedLevy, DatedShare, Levy, LevyKind, Period, StateShare, TaxTable

TABLE_BYTES_MAX: Final = 1_000_000
"""Some thousand taxes."""

REACHES: Final = ("local", "intralata", "interlata", "interstate", "international")

_REMEDIES: Final = {
    "zone": 'write a name of the time zone data, as in zone = "America/New_York" (Debian: tzdata)',
    "name": 'write lower-case letters, digits and hyphens, as in name = "sales-tax"',
    "jurisdiction": 'write lower-case letters, digits and hyphens, as in jurisdiction = "connecticut"',
    "state": 'write lower-case letters, digits and hyphens, as in state = "colorado"',
    "share": 'write a part of the whole from 0 to 1, as in share = "0.0635" for 6.35 percent',
    "per_call": f'write dollars up to {PER_CALL_MAX}, as in per_call = "0.25", or leave it out',
    "valid_from": "write a date without quotes, as in valid_from = 2021-07-01, and part it from the same one above",
    "valid_until": "write the first day without it, later than valid_from, or leave it out",
    "calls": f"choose from {', '.join(REACHES)}, or leave it out for all",
}

_Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=RATE_PLACES_MAX)]
_Day = Annotated[date, Field(strict=True)]
_Word = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class _Dated(BaseModel):
    model_config = ConfigDict(extra="forbid")

    valid_from: _Day
    valid_until: _Day | None = None


class _Levy(_Dated):
    name: _Word
    jurisdiction: _Word
    share: _Share = Decimal(0)
    per_call: Annotated[Decimal, Field(ge=0, le=PER_CALL_MAX, decimal_places=RATE_PLACES_MAX)] = Decimal(0)
    calls: Annotated[
        list[Literal["local", "intralata", "interlata", "interstate", "international"]], Field(min_length=1)
    ] = list(REACHES)


class _StateShare(_Dated):
    state: _Word
    share: _Share


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zone: str
    taxes: list[_Levy] = []
    fees: list[_Levy] = []
    shares: list[_StateShare] = []


def load_taxes(path: Path) -> TaxTable | list[Mistake]:
    """Read one table, or tell all mistakes in it."""
    text = read_text(path, bytes_max=TABLE_BYTES_MAX, too_large="leave out what is over", kind="table of taxes")
    return [text] if isinstance(text, Mistake) else parse_taxes(text, path)


def parse_taxes(text: str, path: Path) -> TaxTable | list[Mistake]:
    """Read the text of a table; `path` is only named in mistakes."""
    table = parse_document(text, path, _Table, _REMEDIES, _contradictions)
    if isinstance(table, list):
        return table
    kinds = ((LevyKind.TAX, table.taxes), (LevyKind.FEE, table.fees))
    return TaxTable(
        levies=tuple(
            DatedLevy(
                Levy(each.name, each.jurisdiction, kind, each.share, each.per_call),
                _period(table, each),
                frozenset(each.calls),
            )
            for kind, levies in kinds
            for each in levies
        ),
        shares=tuple(DatedShare(StateShare(each.state, each.share), _period(table, each)) for each in table.shares),
    )


def _period(table: _Table, each: _Dated) -> Period:
    return Period(table.zone, each.valid_from, each.valid_until)


def _contradictions(document: Mapping[str, object]) -> Iterator[tuple[Key, str]]:
    """What each key alone cannot show; looks only at values of the right type."""
    zone = document.get("zone")
    if isinstance(zone, str) and not is_zone(zone):
        yield ("zone",), f"this machine knows no time zone {zone!r}"
    for kind, names in (
        ("taxes", ("name", "jurisdiction")),
        ("fees", ("name", "jurisdiction")),
        ("shares", ("state",)),
    ):
        tables = document.get(kind)
        rows = [(number, each) for number, each in enumerate(tables if isinstance(tables, list) else [])]
        spans = [(number, each, _span(each)) for number, each in rows if isinstance(each, Mapping)]
        for number, each, span in spans:
            if span is None and _is_day(each.get("valid_from")) and _is_day(each.get("valid_until")):
                yield (kind, number, "valid_until"), f"{each['valid_until']} is not later than valid_from"
            if kind != "shares" and "share" not in each and "per_call" not in each:
                yield (kind, number, "share"), "neither share nor per_call is there"
        for (one, first, before), (two, second, after) in combinations(spans, 2):
            is_same = all(first.get(name) == second.get(name) for name in names)
            if is_same and before and after and before.meets(after) and _share_calls(first, second):
                yield (kind, two, "valid_from"), f"{kind}[{one}] is the same, and holds on some of these days"


def _span(each: Mapping[str, object]) -> Period | None:
    since, until = each.get("valid_from"), each.get("valid_until")
    if not isinstance(since, date) or not _is_day(since):
        return None
    if until is None:
        return Period("", since)
    return Period("", since, until) if isinstance(until, date) and _is_day(until) and since < until else None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _share_calls(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return bool(_calls(one) & _calls(other))


def _calls(each: Mapping[str, object]) -> set[str]:
    calls = each.get("calls", REACHES)
    return {reach for reach in REACHES if reach in calls} if isinstance(calls, (list, tuple)) else set()
