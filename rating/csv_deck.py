"""A deck as a CSV file: a price a line, for tariffs of many prefixes.

    prefix,place,per_minute,first,increment,kinds,valid_from,valid_until,zone
    +1,United States,0.025,60,6,advancepay debit,2021-03-19,2023-01-01,America/Los_Angeles

`README.md` tells what each column holds. The name of the tariff is the name of the file. Rows of one validity, zone
and kinds become one `Tariff`. Everything beside prefix and place repeats in long decks, so it is checked once for each
combination that occurs; a rate is then a stamped copy of its combination's, which was validated when it was made.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Final

from rating.calendar import is_zone
from rating.csv_rows import limited, rows
from rating.jurisdiction import Jurisdiction
from rating.mistake import Mistake
from rating.tariff import (
    AMOUNT_MAX,
    AMOUNT_PLACES_MAX,
    ANYWHERE,
    DAY_MIN,
    KINDS,
    PREFIX_DIGITS_MAX,
    SECONDS_MAX,
    Rate,
    Tariff,
)

CSV_SUFFIX: Final = ".csv"
REQUIRED: Final = ("place", "per_minute", "valid_from", "zone")
TERMS: Final = ("first", "increment", "minimum", "first_price", "connection", "kinds", "valid_until")
OPTIONAL: Final = (*TERMS, "jurisdiction", "prefix")
PLACE_MAX: Final = 80
"""Characters: names of places are read aloud in the ears of people and printed in tables."""
TARIFFS_MAX: Final = 1000
"""Combinations of validity, zone and kinds: a deck that changed every day for years is several files."""

_DEFAULT_SECONDS: Final = "60"
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PREFIX: Final = re.compile(rf"\+(?:[1-9][0-9]{{0,{PREFIX_DIGITS_MAX - 1}}})?")
_AMOUNT: Final = re.compile(rf"[0-9]{{1,9}}(?:\.[0-9]{{1,{AMOUNT_PLACES_MAX}}})?")
_REMEDIES: Final = {
    "prefix": "write + and digits, as in +1212, or + for all numbers",
    "jurisdiction": f"write one of {', '.join(Jurisdiction)}",
    "place": f"name the place for people, in at most {PLACE_MAX} characters",
    "seconds": f"write whole seconds from 1 to {SECONDS_MAX}",
    "amount": f"write dollars from 0 to {AMOUNT_MAX}, as in 0.025, with at most {AMOUNT_PLACES_MAX} decimals",
    "minimum": "write at least the first interval, or leave it empty",
    "kinds": f"write any of {' '.join(KINDS)}, each once, with spaces between, or leave it empty for all",
    "day": f"write a day as 2021-03-19, from {DAY_MIN} on",
    "zone": "write a name of the time zone data, as America/New_York (Debian: tzdata)",
}

_Set = Callable[[Rate, object], None]
_SETTERS: Final[dict[str, _Set]] = {each.name: getattr(Rate, each.name).__set__ for each in fields(Rate)}
"""What sets each slot of a frozen value."""
Fault = tuple[str, str, str]
"""Column, what is wrong with it, and the remedy."""
GroupKey = tuple[date, date | None, str, frozenset[str]]


def parse_deck(text: str, path: Path) -> tuple[Tariff, ...] | list[Mistake]:
    """Read the text of a CSV deck, or tell what is wrong with each of its lines; `path` names the tariff."""
    reading = _Reading(path)
    with _collector_paused():
        for row in rows(text, path, REQUIRED, OPTIONAL):
            if isinstance(row, Mistake):
                reading.mistakes.append(row)
            else:
                reading.take(*row)
    reading.finish()
    if reading.mistakes:
        return limited(reading.mistakes, path)
    return tuple(
        Tariff(path.stem, valid_from, valid_until, zone, kinds, tuple(group.rates))
        for (valid_from, valid_until, zone, kinds), group in reading.groups.items()
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage is sought while rates pile up: there are no cycles among them, and looking doubles the time."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Terms:
    """Everything of a row but whom and where it prices, already checked."""

    group: GroupKey
    jurisdiction: Jurisdiction | None
    values: tuple[tuple[_Set, object], ...]
    """The fields of its rates but prefix and place, each with what sets it."""

    def rate(self, prefix: str, place: str) -> Rate:
        """A rate whose fields are known to be right: made without checking them a hundred thousand times."""
        rate = object.__new__(Rate)
        _SETTERS["prefix"](rate, prefix)
        _SETTERS["place"](rate, place)
        for set_value, value in self.values:
            set_value(rate, value)
        return rate


@dataclass(slots=True)
class _Group:
    """The rows of one validity, zone and kinds."""

    rates: list[Rate] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """By prefix or jurisdiction."""


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    path: Path
    mistakes: list[Mistake] = field(default_factory=list)
    groups: dict[GroupKey, _Group] = field(default_factory=dict)
    _terms: dict[tuple[str, ...], tuple[_Terms, _Group] | list[Fault]] = field(default_factory=dict)

    def take(self, line: int, row: tuple[str, ...]) -> None:
        place, prefix, key = row[0], row[-1], row[1:-1]
        known = self._terms.get(key) or self._learn(key)
        is_prefix = _PREFIX.fullmatch(prefix) is not None
        if isinstance(known, list) or is_prefix == bool(key[-1]) or not 0 < len(place) <= PLACE_MAX:
            faults = [*_whom_faults(prefix, key[-1], place), *(known if isinstance(known, list) else ())]
            self.mistakes += (Mistake(self.path, line, *fault) for fault in faults)
            return
        terms, group = known
        whom = terms.jurisdiction or prefix
        first = group.lines.setdefault(whom, line)
        if first != line:
            self._note_twice(whom, line, first)
        group.rates.append(terms.rate(prefix or ANYWHERE, place))

    def _learn(self, key: tuple[str, ...]) -> tuple[_Terms, _Group] | list[Fault]:
        terms = _terms(self.path.stem, key)
        known = terms if isinstance(terms, list) else (terms, self.groups.setdefault(terms.group, _Group()))
        self._terms[key] = known
        return known

    def _note_twice(self, whom: str, line: int, first: int) -> None:
        what = f"{whom} is priced in line {first} as well, for the same kind and day"
        remedy = "keep one of the two, or part them by valid_from and valid_until or by kinds"
        self.mistakes.append(Mistake(self.path, line, "prefix", what, remedy))

    def finish(self) -> None:
        """Find what no line shows alone."""
        for whom in self._shared():
            earlier: list[tuple[int, GroupKey]] = []
            rows_of = ((group.lines[whom], key) for key, group in self.groups.items() if whom in group.lines)
            for line, key in sorted(rows_of, key=itemgetter(0)):
                first = next((each for each, other in earlier if _is_overlap(other, key)), None)
                if first is not None:
                    self._note_twice(whom, line, first)
                earlier.append((line, key))
        if not _NAME.fullmatch(self.path.stem):
            what = f"the file's name, {self.path.stem!r}, is to be the name of its tariff"
            self.mistakes.append(Mistake(self.path, None, "", what, "use lower-case letters, digits and hyphens"))
        if len(self.groups) > TARIFFS_MAX:
            what = f"has {len(self.groups)} combinations of validity, zone and kinds; at most {TARIFFS_MAX} are read"
            self.mistakes.append(Mistake(self.path, None, "", what, "split it into several files"))
        if not self.groups and not self.mistakes:
            self.mistakes.append(
                Mistake(self.path, None, "", "prices nothing", "write at least one row below the header")
            )

    def _shared(self) -> set[str]:
        """What rows of more than one group price."""
        seen: set[str] = set()
        shared: set[str] = set()
        for group in self.groups.values():
            shared |= seen & group.lines.keys()
            seen |= group.lines.keys()
        return shared


def _terms(tariff: str, key: tuple[str, ...]) -> _Terms | list[Fault]:
    """Check the fields from `per_minute` to `jurisdiction`, in the order of the columns."""
    per_minute, start, zone, first, increment, minimum, first_price, connection, kinds, end, word = key
    first, increment = first or _DEFAULT_SECONDS, increment or _DEFAULT_SECONDS
    seconds = {"first": first, "increment": increment, "minimum": minimum or first}
    amounts = {"per_minute": per_minute, "connection": connection or "0"}
    if first_price:
        amounts["first_price"] = first_price
    faults = [(name, *fault) for name, text in seconds.items() for fault in _seconds_fault(text)]
    faults += [(name, *fault) for name, text in amounts.items() for fault in _amount_fault(text)]
    if not faults and int(seconds["minimum"]) < int(first):
        faults.append(("minimum", f"{minimum} is below the first interval, {first}", _REMEDIES["minimum"]))
    words = kinds.split()
    if not set(words) <= set(KINDS) or len(words) > len(set(words)):
        faults.append(("kinds", f"{kinds!r} are not kinds of billing", _REMEDIES["kinds"]))
    if word and word not in set(Jurisdiction):
        faults.append(("jurisdiction", f"{word!r} is not a jurisdiction", _REMEDIES["jurisdiction"]))
    if not is_zone(zone):
        faults.append(("zone", f"this machine knows no time zone {zone!r}", _REMEDIES["zone"]))
    valid_from, valid_until = _day(start), _day(end)
    for name, text, day in (("valid_from", start, valid_from), ("valid_until", end, valid_until)):
        if day is None and (text or name == "valid_from"):
            faults.append((name, f"{text!r} is not a day", _REMEDIES["day"]))
    if valid_from and valid_until and valid_until <= valid_from:
        faults.append(("valid_until", f"{end} is not later than valid_from, {start}", "write the first day without it"))
    if faults or valid_from is None:
        return faults
    rate = Rate(
        tariff=tariff,
        prefix=ANYWHERE,
        place="",
        per_minute=Decimal(per_minute),
        first_price=Decimal(first_price) if first_price else None,
        connection=Decimal(connection or 0),
        first_seconds=int(first),
        increment_seconds=int(increment),
        minimum_seconds=int(seconds["minimum"]),
        jurisdiction=Jurisdiction(word) if word else None,
    )
    values = ((each, getattr(rate, name)) for name, each in _SETTERS.items() if name not in {"prefix", "place"})
    return _Terms((valid_from, valid_until, zone, frozenset(words or KINDS)), rate.jurisdiction, tuple(values))


def _whom_faults(prefix: str, word: str, place: str) -> list[Fault]:
    faults = []
    if prefix and word:
        what = f"the row names the prefix {prefix!r} as well"
        faults.append(("jurisdiction", what, "leave one of the two empty"))
    elif not word and not _PREFIX.fullmatch(prefix):
        what = f"{prefix!r} is not a prefix" if prefix else "the row names neither a prefix nor a jurisdiction"
        faults.append(("prefix", what, _REMEDIES["prefix"]))
    if not 0 < len(place) <= PLACE_MAX:
        faults.append(("place", f"has {len(place)} characters", _REMEDIES["place"]))
    return faults


def _seconds_fault(text: str) -> list[tuple[str, str]]:
    is_right = text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= SECONDS_MAX
    return [] if is_right else [(f"{text!r} is not a number of seconds", _REMEDIES["seconds"])]


def _amount_fault(text: str) -> list[tuple[str, str]]:
    is_right = _AMOUNT.fullmatch(text) and Decimal(text) <= AMOUNT_MAX
    return [] if is_right else [(f"{text!r} is not an amount", _REMEDIES["amount"])]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if len(text) == 10 and day >= DAY_MIN else None


def _is_overlap(one: GroupKey, other: GroupKey) -> bool:
    (start, end, _, kinds), (other_start, other_end, _, other_kinds) = one, other
    return bool(kinds & other_kinds) and (end is None or other_start < end) and (other_end is None or start < other_end)
