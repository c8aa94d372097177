"""The commands of the switch itself: `serve` and `check`."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Any, Final

import structlog
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ledger.errors import LedgerError
from ledger.export import record_json
from ledger.records import CallRecord
from switch.app import staff
from switch.app.config import Config, ConfigError, parse_config
from switch.app.deposits import deposit
from switch.app.loops import loop_factory
from switch.app.places import UnwritableError, try_places
from switch.app.reading import EXAMPLE, read_world, world_of
from switch.app.switch import ListenError, Switch, running
from switch.app.world import World
from switch.call.timeline import Timeline
from switch.media.files import TooFewFilesError

METRICS_SECONDS: Final = 60.0

GARBAGE_THRESHOLDS: Final = (2_000, 5, 500)
"""An ended call is garbage in cycles, some two hundred objects, so that the young are looked through often: 10 ms
each 12,000 objects, where 200,000 stop every call for a quarter of a second. The old are transactions, which live
for 32 s and go by themselves: they are looked through in vain, and seldom."""


class LogLevel(Enum):
    """The least a log line must matter."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


out = Console()
err = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command()(serve)
    app.command()(check)
    app.command()(deposit)
    staff.register(app)


def serve(
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it, the built-in example.")] = None,
    db: Annotated[str | None, typer.Option(help="The book's database URL, in place of the file's.")] = None,
    json_log: Annotated[bool, typer.Option("--json-log", help="Log lines as JSON.")] = False,
    log_level: Annotated[
        LogLevel, typer.Option(help="What is not logged at all: anything below this.")
    ] = LogLevel.INFO,
) -> None:
    """Run the switch until it is interrupted."""
    base = Path.cwd() if config is None else config.parent
    world = world_of(config or EXAMPLE, base, book=db)
    log = _logger(is_json=json_log, level=log_level)
    try:
        try_places(world, base)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(world, base, config or EXAMPLE, log))
    except LedgerError as error:
        _fail(f"the book cannot be used: {error}")
    except (ListenError, TooFewFilesError, UnwritableError) as error:
        _fail(str(error))


def check(
    file: Annotated[Path, typer.Argument(help="The configuration to check.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Check a configuration: names file, line and key of every mistake; exit 1 if there is one."""
    try:
        world = read_world(file, file.parent)
    except ConfigError as error:
        if as_json:
            mistakes = [{"file": m.file, "line": m.line, "key": m.key, "text": m.text} for m in error.mistakes]
            print(json.dumps({"ok": False, "mistakes": mistakes}))  # noqa: T201 - facts go to stdout as they are
        else:
            for mistake in error.mistakes:
                err.print(str(mistake), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    config = world.config
    facts = {
        "facilities": len(config.facilities),
        "stations": len(config.stations),
        "people": len(config.people),
        "phones": len(config.phones),
        "lines": len(config.lines),
        "trunks": len(config.trunks),
        "tariffs": [tariff.name for tariff in world.pricing.deck.tariffs],
    }
    if as_json:
        print(json.dumps({"ok": True, **facts}))  # noqa: T201
    else:
        counted = ", ".join(f"{value} {name}" for name, value in facts.items() if name != "tariffs")
        tariffs = ", ".join(tariff.name for tariff in world.pricing.deck.tariffs)
        out.print(f"[green]{escape(str(file))} is right[/]: {counted}; tariffs {tariffs}", soft_wrap=True)


def _logger(*, is_json: bool, level: LogLevel) -> Any:
    """Lines on standard error: for people on a terminal, or JSON."""
    renderer: Any = structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.value.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    return structlog.get_logger()


async def _serve(world: World, base: Path, file: Path, log: Any) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running(world, base=base, random=SystemRandom(), utc=datetime.now(UTC), log=log) as switch:
        if world.config.book.records is not None:
            switch.services.ended.append(_appender(base / world.config.book.records, log))
        _quieten_collector()
        _print_welcome(switch, world, file)
        log.info("switch_started", address="{}:{}".format(*switch.address))
        metrics = asyncio.create_task(_log_metrics(switch, log))
        await ended.wait()
        log.info("switch_stopping", calls=switch.reception.call_count)
        metrics.cancel()
        log.info("metrics", **_moved(switch.metrics()))
    log.info("switch_stopped")


def _quieten_collector() -> None:
    """Never look for garbage in what was made at the start, and less often in the rest: it stops every call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _log_metrics(switch: Switch, log: Any) -> None:
    """Every counter that has moved, once a minute; `serve` tells them once more at its end."""
    before: dict[str, int] = {}
    while True:
        await asyncio.sleep(METRICS_SECONDS)
        now = switch.metrics()
        if now != before:
            log.info("metrics", **_moved(now))
        before = now


def _moved(counters: dict[str, int]) -> dict[str, int]:
    """What is not zero, by name."""
    return {name: value for name, value in sorted(counters.items()) if value}


def _appender(path: Path, log: Any) -> Any:
    """Appends each call record to a file, a line of JSON each."""

    def append(record: CallRecord, _timeline: Timeline) -> None:
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(record_json(record) + "\n")
        except OSError as error:
            log.error("record_not_written", file=str(path), error=str(error), remedy="it stands in the book")

    return append


def _print_welcome(switch: Switch, world: World, file: Path) -> None:
    """Where it listens, and ready-made accounts for a softphone."""
    host, port = switch.address
    out.print(f"[bold]payphone[/] listens for SIP over UDP on [bold]{host}:{port}[/]; configuration {file}")
    rows = world.config
    if not rows.stations and not rows.phones:
        return
    table = Table(title="Accounts for softphones (registrar and proxy: the address above)", title_justify="left")
    for column in ("user", "password", "is", "dial"):
        table.add_column(column, overflow="fold")
    people = {row.facility: row for row in reversed(rows.people)}
    is_example = file == EXAMPLE

    def shown(secret: SecretStr) -> str:
        """The example's secrets are in the package anyway; a person's own stay where they are."""
        return secret.get_secret_value() if is_example else "as configured"

    for station in rows.stations:
        person = people.get(station.facility)
        pin = f"; PIN {shown(person.pin)}" if person is not None else ""
        table.add_row(station.user, shown(station.password), f"station at {station.facility}", f"0 or a number{pin}")
    for phone in rows.phones:
        if phone.user is not None and phone.password is not None:
            table.add_row(phone.user, shown(phone.password), f"called number {phone.number}", "-")
    out.print(table)


def _fail(text: str) -> None:
    err.print(text, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)


def built_in_config() -> Config:
    """The example, validated."""
    return parse_config(EXAMPLE.read_text(encoding="utf-8"), str(EXAMPLE))
