"""What a command line asks about (tariffs, a number, days, talk, places), or an exit that names the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

import typer

from rating.build import build_terms
from rating.calendar import local_day, read_instant
from rating.compare import Offer, bands_beside
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction, Place, PlaceTable
from rating.load import CALIFORNIA, load_tariffs, shipped_tariffs
from rating.mistake import Mistake
from rating.numbers import Destination, Undialable, normalise
from rating.place_table import area_codes, load_places
from rating.price import NO_TALK
from rating.tariff import DAY_MIN, FREE_KIND, KINDS, Rate
from rating.terms import Terms, plain

USAGE: Final = 2
"""Exit code of a command line that makes no sense."""
REFUSED: Final = 1
"""Exit code where there is no price: a number never dialled, no rate, mistakes in a tariff; or a cap is broken."""
FAMILIES: Final = {"california": CALIFORNIA}
"""Names for several shipped tariffs that are one deck over the years."""

YEAR_MAX: Final = 9000
"""Of an instant: the calendar ends with 9999, and the longest talk is years after it."""

_TALK = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?")
_HOME = re.compile(r"([A-Z]{2})(?:/(\d{3,5})?)?(?:/(.{1,80}))?")
_WHY = {
    Undialable.INVALID_NUMBER: "is not a number; dial ten digits, 1 and ten digits, 011 or + and a country code",
    Undialable.NEVER_DIALABLE: "is never dialled from a facility (toll-free, premium and special numbers)",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a facility stands and what is known of numbers."""

    table: PlaceTable
    home: Place

    def jurisdiction(self, number: str) -> Jurisdiction:
        """Of a call from the facility to an E.164 number."""
        return self.table.jurisdiction(self.home, number)


@dataclass(frozen=True, slots=True)
class Found:
    """What a command line asks about, and its rate."""

    destination: Destination
    kind: str
    on: date
    jurisdiction: Jurisdiction
    rate: Rate
    """The one that holds outside of every band."""
    deck: Deck
    at: datetime | None
    """When the call is accepted, where more than the day was said; then its bands are known."""

    @property
    def bands(self) -> tuple[str, ...]:
        """What a price by the day alone leaves out: bands of its tariff, in whose hours the price is another."""
        return () if self.at else bands_beside(self.deck, self.rate, self.kind, self.on)

    def terms(self, talk: timedelta) -> Terms:
        """What the price of a talk depends on."""
        if self.at is None:
            return plain(self.rate)
        terms = build_terms(
            self.deck,
            number=self.destination.e164,
            kind=self.kind,
            at=self.at,
            answer_within=NO_TALK,
            limit=talk,
            jurisdiction=self.jurisdiction,
        )
        assert terms is not None, "its rate was found"
        return terms

    def facts(self) -> dict[str, object]:
        """For JSON."""
        number, country = self.destination.e164, self.destination.country
        more: dict[str, object] = {"outside_bands": list(self.bands)} if self.bands else {}
        if self.at is not None:
            more["at"] = self.at.isoformat()
        return more | {
            "number": number,
            "country": country,
            "kind": self.kind,
            "on": self.on.isoformat(),
            "jurisdiction": self.jurisdiction,
        }

    def head(self) -> str:
        """For people."""
        when = f"on {self.on}" if self.at is None else f"accepted at {self.at:%Y-%m-%d %H:%M:%S %Z}"
        return (
            f"[bold]{self.destination.e164}[/bold] ({self.destination.country}), {self.kind}, {when}, "
            f"{self.jurisdiction}"
        )


def outside(bands: tuple[str, ...]) -> str:
    """What to say of a price by the day alone, which is that of no band."""
    return f"outside of its bands, which have other prices: {', '.join(bands)}"


def find(number: str, tariffs: list[str] | None, on: str | None, kind: str, places: Places) -> Found:
    """The rate of one call, or an exit that says why there is none."""
    check_kind(kind)
    deck = deck_of(tariffs)
    zone = deck.tariffs[-1].zone
    asked = None if on is None else _day_or_instant(on, zone)
    at = asked if isinstance(asked, datetime) else None
    called = destination(number)
    when = local_day(at, zone) if at else asked or default_day(deck, datetime.now(UTC))
    jurisdiction = places.jurisdiction(called.e164)
    rate = deck.rate(called.e164, kind, at or when, jurisdiction)
    if rate is None:
        names = ", ".join(dict.fromkeys(tariff.name for tariff in deck.tariffs))
        what = f"no rate for {called.e164}, {kind}, {jurisdiction}, on {on or when} in {names}"
        refuse(f"{what}; see --tariff, --kind, --on and --home")
    return Found(called, kind, when, jurisdiction, rate, deck, at)


def _day_or_instant(text: str, zone: str) -> date | datetime:
    """A day, or an instant on the clocks of the tariff, where it names no others."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        at = read_instant(text, zone)
    except ValueError:
        misuse(f"--on {text}: write a day as 2021-06-01, or when it is accepted as 2021-06-01T18:30")
    if at.date() < DAY_MIN or at.year > YEAR_MAX:
        misuse(f"--on {text}: write an instant from {DAY_MIN} to the year {YEAR_MAX}")
    return at


def destination(number: str) -> Destination:
    """The number as dialled, or an exit that says why it is not dialled."""
    read = normalise(number)
    if isinstance(read, Undialable):
        refuse(f"{number} {_WHY[read]}")
    return read


def check_kind(kind: str) -> None:
    """Exit where there is no such kind of billing."""
    if kind not in (*KINDS, FREE_KIND):
        misuse(f"--kind {kind}: choose from {', '.join((*KINDS, FREE_KIND))}")


def places(home: str | None, tables: list[Path] | None, local: list[Path] | None) -> Places:
    """The facility's place, `STATE/LATA/CENTRE`, and the shipped area codes with the tables of the user."""
    table = load_places(tables or [], local or [])
    if isinstance(table, list):
        refuse_mistakes(table)
    parts = _HOME.fullmatch(home or "")
    if home and parts is None:
        misuse(
            f'--home {home}: write a state, and if known its LATA and rate centre, as CA, CA/991 or "CA/991/Tule Bend"'
        )
    state, lata, centre = (part or "" for part in parts.groups()) if parts else ("", "", "")
    found = area_codes().merged(table)
    if state and state not in found.states():
        misuse(f"--home {home}: no area code is in {state}; write the postal code of a state, as CA")
    return Places(found, Place(state=state, lata=lata, rate_centre=centre))


def default_day(deck: Deck, now: datetime) -> date:
    """Today; for a deck that no longer holds, or not yet, its first day."""
    today = local_day(now, deck.tariffs[-1].zone)
    if len({tariff.name for tariff in deck.tariffs}) > 1 or any(tariff.covers(today) for tariff in deck.tariffs):
        return today
    return min(tariff.valid_from for tariff in deck.tariffs)


def offer(name: str) -> Offer:
    """A deck by the name of a family, a shipped tariff or a file."""
    return Offer(name, deck_of([name]))


def deck_of(names: list[str] | None) -> Deck:
    """One deck of all that is named; all of California's without a name."""
    shipped = shipped_tariffs()
    words = [word for name in names or ["california"] for word in FAMILIES.get(name, (name,))]
    paths = [shipped.get(word, Path(word)) for word in words]
    unknown = [path for path in paths if not path.is_file()]
    if unknown:
        known = ", ".join([*FAMILIES, *shipped])
        misuse(*(f"--tariff {path}: no such file, nor a shipped tariff ({known})" for path in unknown))
    deck = load_tariffs(*paths)
    if isinstance(deck, list):
        refuse_mistakes(deck)
    return deck


def day(option: str, text: str) -> date:
    """A day of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        misuse(f"{option} {text}: write a day as 2021-06-01")


def talk(text: str) -> timedelta:
    """A length of talk of the command line."""
    parts = _TALK.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        misuse(f"--talk {text}: write for example 95s, 15m or 1m35s")
    hours, minutes, seconds = (Decimal(part or 0) for part in parts.groups())
    micros = int(((hours * 60 + minutes) * 60 + seconds) * 1_000_000)
    return timedelta(microseconds=micros)


def misuse(*lines: str) -> NoReturn:
    """Exit: the command line makes no sense."""
    _complain(lines)
    raise typer.Exit(USAGE)


def refuse(*lines: str) -> NoReturn:
    """Exit: there is no answer."""
    _complain(lines)
    raise typer.Exit(REFUSED)


def refuse_mistakes(mistakes: list[Mistake]) -> NoReturn:
    """Exit: files are wrong."""
    refuse(*(str(mistake) for mistake in mistakes))


def _complain(lines: tuple[str, ...]) -> None:
    for line in lines:
        typer.echo(line, err=True)
