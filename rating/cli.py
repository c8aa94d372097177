"""Commands: price a call, quote a number, check tariff files."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

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
    typer.Option("--tariff", help="A shipped tariff or a tariff file; may be repeated. All of California's."),
]
OnOption = Annotated[str | None, typer.Option("--on", help="Local day, YYYY-MM-DD; today if absent.")]
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
    destination, rate = _rate(number, tariff, on, kind)
    explanation = explain(rate, _talk(talk))
    if as_json:
        facts = {"number": destination.e164, "country": destination.country, "kind": kind}
        typer.echo(json.dumps(facts | json.loads(explanation.to_json()), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{destination.e164}[/bold] ({destination.country}), {kind}")
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
    destination, rate = _rate(number, tariff, on, kind)
    told = quote(rate)
    if as_json:
        facts = {
            "number": destination.e164,
            "country": destination.country,
            "kind": kind,
            "tariff": rate.tariff,
            "prefix": rate.prefix,
            "place": rate.place,
            "first_minute": str(told.first_minute),
            "each_minute": str(told.each_minute),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{destination.e164}[/bold] ({destination.country}), {kind}, {rate.tariff}: {rate.place}")
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


def _rate(number: str, tariffs: list[str] | None, on: str | None, kind: str) -> tuple[Destination, Rate]:
    if kind not in (*KINDS, FREE_KIND):
        _misuse(f"--kind {kind}: choose from {', '.join((*KINDS, FREE_KIND))}")
    day = _day(on)
    deck = _deck(tariffs)
    destination = normalise(number)
    if isinstance(destination, Undialable):
        _refuse(f"{number} {_WHY[destination]}")
    rate = deck.rate(destination.e164, kind, day)
    if rate is None:
        names = ", ".join(tariff.name for tariff in deck.tariffs)
        _refuse(f"no rate for {destination.e164}, {kind}, on {_day_text(day)} in {names}; see --tariff and --on")
    return destination, rate


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


def _day(text: str | None) -> date | datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        return date.fromisoformat(text)
    except ValueError:
        _misuse(f"--on {text}: write a day as 2021-06-01")


def _day_text(day: date | datetime) -> str:
    return day.date().isoformat() if isinstance(day, datetime) else day.isoformat()


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
