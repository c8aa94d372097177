"""The command `payphone run`: a line for each scenario, the ladder of one that failed, and the exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scenarios.phones.baresip_process import BaresipMissingError, find_baresip
from scenarios.play.many import NoScenarioError, find_files, is_for_live, run_files, why_not_softphones
from scenarios.play.result import Result, Verdict, facts
from scenarios.play.run import Options
from scenarios.play.softphones import Phones
from scenarios.run.junit import write_junit
from scenarios.run.ladders import ladders, write_ladders

PASSED: Final = 0
FAILED: Final = 1
WRONG: Final = 2

MARKS: Final = {
    Verdict.PASSED: ("passed", "green"),
    Verdict.FAILED: ("FAILED", "bold red"),
    Verdict.WRONG: ("wrong", "bold yellow"),
}
FILE_REPORT: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked for."""

    paths: tuple[Path, ...]
    is_live: bool = False
    phones: Phones = Phones.OWN
    jobs: int = 1
    seed: int | None = None
    junit: Path | None = None
    report: Path | None = None
    json: Path | None = None
    folder: Path | None = None


def run_command(wanted: Wanted, console: Console | None = None) -> int:
    """Run, print, write what was asked for; the exit code."""
    console = console or Console()
    began = time.monotonic()
    try:
        files = find_files(wanted.paths)
        if wanted.phones is Phones.BARESIP:
            find_baresip()
    except (NoScenarioError, BaresipMissingError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return WRONG
    found = len(files)
    if wanted.phones is Phones.BARESIP:
        files = _fitting(files, console)
    elif wanted.is_live:
        files = [path for path in files if is_for_live(path)]
    left_out = found - len(files)
    options = Options(
        is_live=wanted.is_live,
        phones=wanted.phones,
        seed=wanted.seed,
        folder=wanted.folder,
        is_telling_all=wanted.report is not None,
        is_telling_passed={wanted.report, wanted.json, wanted.folder} != {None},
    )
    results = _run(files, options, wanted.jobs, console)
    by_softphones = wanted.phones is not Phones.OWN
    seconds = time.monotonic() - began
    _summary(results, console, left_out=left_out, by_softphones=by_softphones, seconds=seconds)
    _write(results, wanted, console)
    if any(result.verdict is Verdict.WRONG for result in results):
        return WRONG
    return PASSED if all(result.is_passed for result in results) else FAILED


def _fitting(files: Sequence[Path], console: Console) -> list[Path]:
    """The scenarios that softphones play; the others are listed with what keeps them from it."""
    fitting: list[Path] = []
    for path in files:
        if reason := why_not_softphones(path):
            console.print(f"[dim]own    [/] {escape(f'{path.stem}: {reason}')}", highlight=False, soft_wrap=True)
        else:
            fitting.append(path)
    return fitting


def _run(files: Sequence[Path], options: Options, jobs: int, console: Console) -> list[Result]:
    """Run all, with a line for each as soon as it is over."""
    results: list[Result] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Without a thread of its own: a process that has several is not to be forked.
    with Progress(
        *columns, console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("scenarios", total=len(files))
        for result in run_files(files, options, jobs):
            results.append(result)
            _line(result, progress.console)
            progress.update(task, advance=1, refresh=True)
    return results


def _line(result: Result, console: Console) -> None:
    word, style = MARKS[result.verdict]
    times = (
        f"{_time(result.virtual_seconds)} in {result.real_seconds:.2f} s"
        if not result.is_live
        else (f"{result.real_seconds:.1f} s")
    )
    console.print(
        f"[{style}]{word:<7}[/] {escape(result.scenario)} [dim]({escape(times)}, seed {result.seed})[/]",
        highlight=False,
        soft_wrap=True,
    )
    if result.verdict is Verdict.WRONG:
        console.print(result.fault, markup=False, highlight=False, soft_wrap=True)
    if result.verdict is Verdict.FAILED:
        _failure(result, console)


def _failure(result: Result, console: Console) -> None:
    """What was expected and what was found, then the ladders."""
    shown = [
        f"{result.file}{f':{each.line}' if each.line else ''}: {each.text}\n    found: {each.found}"
        for each in result.failures
    ]
    for text in shown or [f"{result.file}: {result.fault}"]:
        console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
    if result.calls:
        console.print(ladders(result.calls), markup=False, highlight=False, soft_wrap=True)


def _summary(
    results: Sequence[Result], console: Console, *, left_out: int, by_softphones: bool, seconds: float
) -> None:
    passed = sum(result.is_passed for result in results)
    virtual = sum(result.virtual_seconds for result in results)
    told = f"{passed} of {len(results)} scenarios passed in {seconds:.1f} s"
    if results and not results[0].is_live:
        told += f" ({_time(virtual)} of calls)"
    if left_out:
        told += f"; {left_out} {'left to our own phones' if by_softphones else 'run in virtual time alone'}"
    console.print(told, style="green" if passed == len(results) else "red", highlight=False)


def _write(results: Sequence[Result], wanted: Wanted, console: Console) -> None:
    for result in results:
        if result.folder:
            write_ladders(result, Path(result.folder))
    if wanted.junit is not None:
        write_junit(results, wanted.junit)
    if wanted.json is not None:
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_text(json.dumps(facts(list(results)), ensure_ascii=False, indent=1), encoding="utf-8")
    if wanted.report is not None:
        from scenarios.report.page import write_html  # noqa: PLC0415 - templates are read for a report alone

        path = wanted.report if wanted.report.suffix in {".html", ".htm"} else wanted.report / FILE_REPORT
        path.parent.mkdir(parents=True, exist_ok=True)
        write_html(results, path)
        console.print(f"report: {path}", highlight=False, soft_wrap=True)


def _time(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
