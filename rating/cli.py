"""Commands: price a call, quote a number, compare tariffs, judge them by caps, check tariff files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ledger.money import Money
from rating import ask
from rating.cap_table import load_caps, shipped_caps
from rating.caps import Break, CapTable, Days, Facility, FacilityKind, breaks, fee_breaks
from rating.compare import Call, Case, compare, over_days, over_talk
from rating.explain import explain
from rating.load import load_tariffs
from rating.plot import plot_days, plot_talk
from rating.price import quote
from rating.tariff import FREE_KIND, KINDS

CASES_MAX = 24
"""Rows of one comparison: more lines than anybody tells apart in a plot."""

QUOTED = timedelta(minutes=2)
"""Talk that is quoted: the first minute and a further one."""

TABLE_WIDTH_MAX = 1_000
"""Columns that a table may take: far above the longest names of tariffs and places together."""

rate_app = typer.Typer(
    help="Price calls: quote, explain, compare; check tariffs and judge them by the FCC's caps.", no_args_is_help=True
)

Number = Annotated[str, typer.Argument(help="As dialled: 2125550123, 011442079460000, +12125550123.")]
TariffOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tariff",
        help="A shipped tariff or a tariff file (TOML or CSV); may be repeated: together they are one deck. "
        "If absent, all of California's.",
    ),
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="Local day, YYYY-MM-DD, or the instant of acceptance, YYYY-MM-DDTHH:MM, which bands need. "
        "Today, or the first day of a lone past tariff.",
    ),
]
KindOption = Annotated[str, typer.Option("--kind", help=f"{', '.join(KINDS)} or {FREE_KIND}.")]
HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home",
        metavar="STATE[/LATA[/CENTRE]]",
        help="Where the facility stands, as CA or CA/991/Tule Bend. If absent, domestic calls are interstate.",
    ),
]
PlacesOption = Annotated[
    list[Path] | None, typer.Option("--places", help="CSV of places by NPA or NPA-NXX; may be repeated.")
]
LocalOption = Annotated[list[Path] | None, typer.Option("--local", help="CSV of pairs of local rate centres.")]
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
    home: HomeOption = None,
    places: PlacesOption = None,
    local: LocalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Price one call and show how the price came about."""
    length = ask.talk(talk)
    found = ask.find(number, tariff, on, kind, ask.places(home, places, local))
    explanation = explain(found.terms(length), length)
    if as_json:
        typer.echo(json.dumps(found.facts() | json.loads(explanation.to_json()), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(found.head(), soft_wrap=True)
    console.print(escape(explanation.to_text()), soft_wrap=True)
    _print_basis(console, found)


@rate_app.command("quote")
def quote_command(
    number: Number,
    *,
    tariff: TariffOption = None,
    on: OnOption = None,
    kind: KindOption = "advancepay",
    home: HomeOption = None,
    places: PlacesOption = None,
    local: LocalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is told before acceptance: the first minute and each further one, without taxes."""
    found = ask.find(number, tariff, on, kind, ask.places(home, places, local))
    terms = found.terms(QUOTED)
    told, rate, band = quote(terms), terms.opening.rate, terms.opening.band
    if as_json:
        facts = found.facts() | {
            "tariff": rate.tariff,
            "prefix": rate.prefix,
            "place": rate.place,
            "first_minute": str(told.first_minute),
            "each_minute": str(told.each_minute),
            "taxes": "excluded",
        }
        if band:
            facts["band"] = band
        if told.changes_after is not None:
            facts["changes_after"] = str(told.changes_after)
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(found.head(), soft_wrap=True)
    held_by = f"{rate.tariff}, {band}" if band else rate.tariff
    console.print(escape(f"{rate.place} ({rate.calls}) by tariff {held_by}"), soft_wrap=True)
    console.print(f"  first minute         {told.first_minute}")
    console.print(f"  each further minute  {told.each_minute}")
    if told.changes_after is not None:
        console.print(f"  increments that begin {told.changes_after} after acceptance, or later, have another price")
    _print_basis(console, found)


@rate_app.command("compare")
def compare_command(
    number: Number,
    *,
    tariff: Annotated[
        list[str] | None,
        typer.Option(
            "--tariff", help="As for `quote`, but each is a deck of its own; `california` is all of its years."
        ),
    ] = None,
    on: Annotated[list[str] | None, typer.Option("--on", help="Local day; may be repeated. Today if absent.")] = None,
    talk: Annotated[str, typer.Option("--talk", help="Accepted talk: 95s, 15m, 1m35s, 1h.")] = "15m",
    kind: KindOption = "advancepay",
    home: HomeOption = None,
    places: PlacesOption = None,
    local: LocalOption = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write a drawing (SVG) there.")] = None,
    over: Annotated[
        str,
        typer.Option("--over", help="What the drawing runs over: `talk`, or `days` from the first --on to the last."),
    ] = "talk",
    as_json: JsonOption = False,
) -> None:
    """Price the same call under several tariffs and on several days, without taxes."""
    ask.check_kind(kind)
    if over not in {"talk", "days"}:
        ask.misuse(f"--over {over}: choose talk or days")
    length, where, called = ask.talk(talk), ask.places(home, places, local), ask.destination(number)
    offers = [ask.offer(name) for name in tariff or ["california"]]
    days = sorted({ask.day("--on", text) for text in on or ()}) or [datetime.now(UTC).date()]
    if len(offers) * len(days) > CASES_MAX:
        ask.misuse(f"{len(offers)} tariffs on {len(days)} days are more than {CASES_MAX} rows; name fewer")
    call = Call(called.e164, kind, where.jurisdiction(called.e164), length)
    cases = compare(call, offers, days)
    title = f"{call.number}, {kind}, {call.jurisdiction}"
    if plot is not None:
        if over == "talk":
            drawing = plot_talk(f"{title}: price of talk", over_talk(call, offers, days))
        else:
            drawing = plot_days(f"{title}: price of {talk}", over_days(call, offers, days[0], days[-1]))
        _write(plot, drawing)
    if as_json:
        typer.echo(json.dumps([_case_facts(call, talk, case) for case in cases], ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{title}[/bold], dollars without taxes", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("tariff", "on", "place", "first minute", "each further", f"{talk} of talk"):
        table.add_column(name, justify="left" if name in {"tariff", "on", "place"} else "right", no_wrap=True)
    for case in cases:
        amounts = (case.first_minute, case.each_minute, case.total)
        shown = ["no price" if amount is None else str(amount) for amount in amounts]
        table.add_row(escape(case.offer), str(case.on), "" if case.rate is None else escape(case.rate.place), *shown)
    _print_whole(console, table)
    for offer, bands in dict.fromkeys((case.offer, case.bands) for case in cases if case.bands):
        console.print(escape(f"{offer}: {ask.outside(bands)}"), soft_wrap=True)


@rate_app.command("caps")
def caps_command(
    tariffs: Annotated[list[str], typer.Argument(help="Shipped tariffs or tariff files, each judged alone.")],
    *,
    facility_kind: Annotated[str, typer.Option("--facility-kind", help="prison or jail.")] = "prison",
    population: Annotated[
        int | None, typer.Option("--population", min=0, help="Of a jail: people on an average day.")
    ] = None,
    home: Annotated[str | None, typer.Option("--home", help="State of the facility, as CA.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day that is judged.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="First day that is no longer judged.")] = None,
    fee: Annotated[
        list[str] | None,
        typer.Option(
            "--fee", help="A fee beside the price, as automated=3.00, agent=5.95, bill=2.00; may be repeated."
        ),
    ] = None,
    caps: Annotated[Path | None, typer.Option("--caps", help="A table of caps instead of the shipped one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which FCC cap a tariff breaks, on which days and by how much. Exit code 1 where one is broken."""
    window = _window(start, until)
    facility = _facility(facility_kind, population, home)
    places, table = ask.places(home, None, None).table, _caps(caps)
    found: list[Break] = []
    for name in tariffs:
        for each in ask.deck_of([name]).tariffs:
            found += breaks(each, table, facility, window, places)
    for text in fee or ():
        found += _fees(text, table, window)
    if as_json:
        typer.echo(json.dumps([_break_facts(each) for each in found], ensure_ascii=False))
    else:
        _print_breaks(found, facility)
    raise typer.Exit(ask.REFUSED if found else 0)


@rate_app.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(help="Tariff files (TOML or CSV) that are to form one deck.")],
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
            raise typer.Exit(ask.REFUSED)
        ask.refuse_mistakes(deck)
    if as_json:
        typer.echo("[]")
        return
    for tariff in deck.tariffs:
        until = tariff.valid_until or "further notice"
        count = len(tariff.rates)
        typer.echo(f"{tariff.name}: {count} {'price' if count == 1 else 'prices'}, {tariff.valid_from} until {until}")


def _case_facts(call: Call, talk: str, case: Case) -> dict[str, Any]:
    return {
        "number": call.number,
        "kind": call.kind,
        "jurisdiction": call.jurisdiction,
        "tariff": case.offer,
        "on": case.on.isoformat(),
        "place": None if case.rate is None else case.rate.place,
        "talk": talk,
        "first_minute": _text(case.first_minute),
        "each_minute": _text(case.each_minute),
        "total": _text(case.total),
        "taxes": "excluded",
    } | ({"outside_bands": list(case.bands)} if case.bands else {})


def _text(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def _write(path: Path, drawing: str) -> None:
    try:
        path.write_text(drawing + "\n", encoding="utf-8")
    except OSError as error:
        ask.misuse(f"--plot {path}: cannot be written: {error.strerror}; name a file in a folder that exists")


def _window(start: str | None, until: str | None) -> Days:
    window = Days(ask.day("--from", start) if start else date.min, ask.day("--until", until) if until else None)
    if window.until is not None and window.until <= window.start:
        ask.misuse(f"--until {until}: no day would be judged; write the first day after the last one that is judged")
    return window


def _facility(kind: str, population: int | None, home: str | None) -> Facility:
    if kind not in set(FacilityKind):
        ask.misuse(f"--facility-kind {kind}: choose from {', '.join(FacilityKind)}")
    if kind == FacilityKind.JAIL and population is None:
        ask.misuse("--facility-kind jail: caps of jails depend on their size; add --population")
    return Facility(FacilityKind(kind), population, (home or "")[:2])


def _caps(path: Path | None) -> CapTable:
    table = shipped_caps() if path is None else load_caps(path)
    if isinstance(table, list):
        ask.refuse_mistakes(table)
    return table


def _fees(text: str, caps: CapTable, window: Days) -> list[Break]:
    name, _, amount = text.partition("=")
    try:
        value = Decimal(amount)
    except InvalidOperation:
        value = Decimal("NaN")
    if not name or not value.is_finite() or value < 0:
        ask.misuse(f"--fee {text}: write a name and dollars, as automated=3.00")
    return fee_breaks(name, value, caps, window)


def _break_facts(each: Break) -> dict[str, Any]:
    return {
        "tariff": each.tariff,
        "row": list(each.keys),
        "place": each.place,
        "kinds": list(each.kinds),
        "charge": each.charge,
        "charged": f"{each.charged:f}",
        "allowed": f"{each.allowed:f}",
        "over": f"{each.over:f}",
        "from": each.days.start.isoformat(),
        "until": None if each.days.until is None else each.days.until.isoformat(),
        "order": each.order,
        "unverified": each.unverified,
    }


def _print_breaks(found: list[Break], facility: Facility) -> None:
    console = Console(highlight=False)
    people = "" if facility.population is None else f" of {facility.population} people"
    where = f" in {facility.state}" if facility.state else "; without --home all domestic prefixes count as interstate"
    console.print(f"judged as a {facility.kind}{people}{where}; calls abroad are not judged", soft_wrap=True)
    if not found:
        console.print("no cap is broken")
        return
    table = Table(box=None, pad_edge=False)
    columns: tuple[tuple[str, Callable[[Break], str]], ...] = (
        ("tariff", lambda each: each.tariff),
        ("row", _row),
        ("charge", lambda each: str(each.charge)),
        ("charged", lambda each: f"{each.charged:f}"),
        ("allowed", lambda each: f"{each.allowed:f}"),
        ("over", lambda each: f"{each.over:f}"),
        ("from", lambda each: str(each.days.start)),
        ("until", lambda each: str(each.days.until or "further notice")),
        ("by", lambda each: each.order + ("*" if each.unverified else "")),
    )
    for name, _ in columns:
        table.add_column(name, justify="right" if name in {"charged", "allowed", "over"} else "left", no_wrap=True)
    for each in found:
        table.add_row(*(escape(show(each)) for _, show in columns))
    _print_whole(console, table)
    for note in sorted({f"* {each.order}, unverified: {each.unverified}" for each in found if each.unverified}):
        console.print(escape(note), soft_wrap=True)


def _print_basis(console: Console, found: ask.Found) -> None:
    """What the amounts above are of, and what they leave out."""
    console.print("  in dollars, without taxes")
    if found.bands:
        console.print(escape(f"  {ask.outside(found.bands)}"), soft_wrap=True)


def _print_whole(console: Console, table: Table) -> None:
    """Print a table as wide as it is, whatever the terminal: a day or an amount that is cut is wrong."""
    wide = console.measure(table, options=console.options.update(max_width=TABLE_WIDTH_MAX)).maximum
    Console(highlight=False, width=max(console.width, wide)).print(table)


def _row(each: Break) -> str:
    """The row by its place and what it names, and the kinds of billing where not all are meant."""
    count = len(each.keys)
    named = ", ".join(each.keys) if count <= 2 else f"{each.keys[0]} and {count - 1} more"
    kinds = "" if len(each.kinds) == len(KINDS) else f", {', '.join(each.kinds)}"
    return f"{each.place} ({named}){kinds}"
