"""Commands: price a call, quote a number, check tariff files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from rating.calendar import local_day
from rating.deck import Deck
from rating.explain import explain
from rating.load import CALIFORNIA, load_tariffs, shipped_tariffs
from rating.numbers import Destination, Undialable, normalise
from rating.price import quote
from rating.tariff import FREE_KIND, KINDS, Rate

USAGE: Final = 2
"""Exit code of a command line that makes no sense."""
REFUSED: Final = 1
"""Exit code where there is no price: a number never dialled, no rate, mistakes in a tariff."""

_TALK = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?")
_WHY = {
    Undialable.INVALID_NUMBER: "is not a number; dial ten digits, 1 and ten digits, 011 or + and a country code",
    Undialable.NEVER_DIALABLE: "is never dialled from a facility (toll-free, premium and special numbers)",
}

rate_app = typer.Typer(help="Price calls: quote, explain, check tariffs.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="As dialled: 2125550123, 011442079460000, +12125550123.")]
TariffOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tariff", help="A shipped tariff or a tariff file; may be repeated. If absent, all of California's."
    ),
]
OnOption = Annotated[
    str | None, typer.Option("--on", help="Local day, YYYY-MM-DD. Today, or the first day of a lone past tariff.")
]
KindOption = Annotated[str, typer.Option("--kind", help=f"{', '.join(KINDS)} or {FREE_KIND}.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


def register(app: typer.Typer) -> None:
    """Mount the group `rate` on the command `payphone`."""
    app.add_typer(rate_app, name="rate")


def main() -> None:
    """Run `python -m rating`, which is `payphone rate explain`."""
    app = typer.Typer(add_completion=False)
    app.command()(explain_command)
    app()


@rate_app.command("explain")
def explain_command(
    number: Number,
    *,
    talk: Annotated[str, typer.Option("--talk", help="Accepted talk: 95s, 15m, 1m35s, 1h.")] = "60s",
    tariff: TariffOption = None,
    on: OnOption = None,
    kind: KindOption = "advancepay",
    as_json: JsonOption = False,
) -> None:
    """Price one call and show how the price came about."""
    length = _talk(talk)
    found = _find(number, tariff, on, kind)
    explanation = explain(found.rate, length)
    if as_json:
        facts = found.facts()
        typer.echo(json.dumps(facts | json.loads(explanation.to_json()), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(found.head())
    console.print(escape(explanation.to_text()), soft_wrap=True)


@rate_app.command("quote")
def quote_command(
    number: Number,
    *,
    tariff: TariffOption = None,
    on: OnOption = None,
    kind: KindOption = "advancepay",
    as_json: JsonOption = False,
) -> None:
    """Show what is told before acceptance: the first minute and each further one."""
    found = _find(number, tariff, on, kind)
    told = quote(found.rate)
    if as_json:
        facts = found.facts() | {
            "tariff": found.rate.tariff,
            "prefix": found.rate.prefix,
            "place": found.rate.place,
            "first_minute": str(told.first_minute),
            "each_minute": str(told.each_minute),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(found.head())
    console.print(escape(f"{found.rate.place} ({found.rate.prefix}) by tariff {found.rate.tariff}"), soft_wrap=True)
    console.print(f"  first minute         {told.first_minute}")
    console.print(f"  each further minute  {told.each_minute}")


@rate_app.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(help="Tariff files that are to form one deck.")],
    as_json: JsonOption = False,
) -> None:
    """Name every mistake in tariff files, with line and remedy."""
    deck = load_tariffs(*files)
    if isinstance(deck, list):
        if as_json:
            rows = [
                {"file": str(each.file), "line": each.line, "key": each.key, "what": each.what, "remedy": each.remedy}
                for each in deck
            ]
            typer.echo(json.dumps(rows, ensure_ascii=False))
            raise typer.Exit(REFUSED)
        _refuse(*(str(mistake) for mistake in deck))
    if as_json:
        typer.echo("[]")
        return
    for tariff in deck.tariffs:
        until = tariff.valid_until or "further notice"
        typer.echo(f"{tariff.name}: {len(tariff.rates)} prefixes, {tariff.valid_from} until {until}")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a command line asks about."""

    destination: Destination
    kind: str
    on: date
    rate: Rate

    def facts(self) -> dict[str, str]:
        number, country = self.destination.e164, self.destination.country
        return {"number": number, "country": country, "kind": self.kind, "on": self.on.isoformat()}

    def head(self) -> str:
        return f"[bold]{self.destination.e164}[/bold] ({self.destination.country}), {self.kind}, on {self.on}"


def _find(number: str, tariffs: list[str] | None, on: str | None, kind: str) -> _Found:
    if kind not in (*KINDS, FREE_KIND):
        _misuse(f"--kind {kind}: choose from {', '.join((*KINDS, FREE_KIND))}")
    asked = None if on is None else _day(on)
    deck = _deck(tariffs)
    destination = normalise(number)
    if isinstance(destination, Undialable):
        _refuse(f"{number} {_WHY[destination]}")
    day = asked or _day_of(deck, datetime.now(UTC))
    rate = deck.rate(destination.e164, kind, day)
    if rate is None:
        names = ", ".join(tariff.name for tariff in deck.tariffs)
        _refuse(f"no rate for {destination.e164}, {kind}, on {day} in {names}; see --tariff, --kind and --on")
    return _Found(destination, kind, day, rate)


def _day_of(deck: Deck, now: datetime) -> date:
    """Today; for one tariff that does not hold today, its first day."""
    if len(deck.tariffs) > 1:
        return local_day(now, deck.tariffs[-1].zone)
    (tariff,) = deck.tariffs
    today = local_day(now, tariff.zone)
    return today if tariff.covers(today) else tariff.valid_from


def _deck(names: list[str] | None) -> Deck:
    shipped = shipped_tariffs()
    paths = [shipped.get(name, Path(name)) for name in names or CALIFORNIA]
    unknown = [path for path in paths if not path.is_file()]
    if unknown:
        _misuse(*(f"--tariff {path}: no such file, nor a shipped tariff ({', '.join(shipped)})" for path in unknown))
    deck = load_tariffs(*paths)
    if isinstance(deck, list):
        _refuse(*(str(mistake) for mistake in deck))
    return deck


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _misuse(f"--on {text}: write a day as 2021-06-01")


def _talk(text: str) -> timedelta:
    parts = _TALK.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        _misuse(f"--talk {text}: write for example 95s, 15m or 1m35s")
    hours, minutes, seconds = (Decimal(part or 0) for part in parts.groups())
    micros = int(((hours * 60 + minutes) * 60 + seconds) * 1_000_000)
    return timedelta(microseconds=micros)


def _misuse(*lines: str) -> NoReturn:
    _complain(lines)
    raise typer.Exit(USAGE)


def _refuse(*lines: str) -> NoReturn:
    _complain(lines)
    raise typer.Exit(REFUSED)


def _complain(lines: tuple[str, ...]) -> None:
    for line in lines:
        typer.echo(line, err=True)
