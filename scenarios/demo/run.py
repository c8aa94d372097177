"""The command `payphone demo`: run, show, judge; the exit code is the judgement."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

import structlog
from rich.console import Console

from ledger.errors import LedgerError
from scenarios.demo.ears import listen
from scenarios.demo.folder import Folder, FolderError, start_afresh
from scenarios.demo.judge import judge
from scenarios.demo.live import watch_lines, watch_table
from scenarios.demo.report import WIDTH, Report, facts, print_plan, print_report, print_verdict
from scenarios.demo.stage import OverdueError, Performance, Progress, demo_world, perform
from scenarios.phones.errors import RegistrationError
from switch.app.config import ConfigError
from switch.app.loops import loop_factory
from switch.app.world import World
from switch.media.files import TooFewFilesError

DONE: Final = 0
FAILED: Final = 1
UNUSABLE: Final = 2
"""The folder named cannot be used."""


def run_demo(path: Path, *, as_json: bool) -> int:
    """Run the demonstration into a folder and print it; the exit code."""
    began = time.monotonic()
    console = Console() if sys.stdout.isatty() else Console(width=_width_without_terminal())
    try:
        folder = start_afresh(path)
    except FolderError as error:
        return _fail(str(error), UNUSABLE)
    try:
        world = demo_world()
        if not as_json:
            print_plan(console)
        performance = _performed(world, folder, None if as_json else console)
    except (ConfigError, LedgerError, OverdueError, RegistrationError, TooFewFilesError) as error:
        return _fail(f"the demonstration failed: {error}", FAILED)
    except OSError as error:
        return _fail(f"the demonstration cannot open what it needs: {error}", FAILED)
    report = report_of(performance, world, folder, seconds=time.monotonic() - began)
    return show(report, console, as_json=as_json)


def report_of(performance: Performance, world: World, folder: Folder, *, seconds: float) -> Report:
    """Listen and judge."""
    listened = {scene.planned.key: listen(scene, performance.voices, world.library) for scene in performance.scenes}
    expectations = judge(performance, listened, folder, world.library.catalog)
    return Report(performance, listened, expectations, folder, seconds)


def show(report: Report, console: Console, *, as_json: bool) -> int:
    """Write the full report into the folder, print it, and return the exit code."""
    full = io.StringIO()
    _print_all(report, Console(file=full, width=WIDTH), is_full=True)
    lines = [line.rstrip() for line in full.getvalue().splitlines()]
    report.folder.report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if as_json:
        console.file.write(json.dumps(facts(report), ensure_ascii=False, indent=2) + "\n")
    else:
        _print_all(report, console, is_full=False)
    return FAILED if report.failures else DONE


def _performed(world: World, folder: Folder, console: Console | None) -> Performance:
    """The run, on the fastest loop there is, logged to a file."""

    def watch(progress: Progress) -> Coroutine[Any, Any, None]:
        assert console is not None
        return watch_table(progress, console) if console.is_terminal else watch_lines(progress, console)

    with folder.log.open("w", encoding="utf-8", buffering=1) as file:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            ],
            logger_factory=structlog.WriteLoggerFactory(file=file),
        )
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(
                perform(
                    world,
                    folder,
                    random=SystemRandom(),
                    utc=datetime.now(UTC),
                    log=structlog.get_logger(),
                    watch=None if console is None else watch,
                )
            )


def _width_without_terminal() -> int:
    """A width for files and pipes: that of `COLUMNS`, or the report's own."""
    return max(WIDTH, Console().width)


def _print_all(report: Report, console: Console, *, is_full: bool) -> None:
    print_report(report, console, is_full=is_full)
    print_verdict(report, console)


def _fail(text: str, code: int) -> int:
    Console(stderr=True).print(text, style="red", highlight=False, markup=False, soft_wrap=True)
    return code
