"""A run as it goes: a table that lives on a terminal, and the table of its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scenarios.load import quantities
from scenarios.load.arrivals import rate_at
from scenarios.load.generator import Generator
from scenarios.load.knee import Step
from scenarios.load.measures import Measure
from scenarios.load.outcome import Outcome, knee_facts
from scenarios.load.tally import Tally

REFRESH_SECONDS: Final = 1.0
"""Drawing reads every histogram, ten milliseconds in which no call begins: not more often than need be."""
LINE_SECONDS: Final = 5.0
FAILURES_SHOWN: Final = 8
COLUMNS: Final = ("p50", "p95", "p99", "max")


async def watch(generator: Generator, console: Console) -> None:
    """Show the run until cancelled: a live table, or a line every few seconds where there is no terminal."""
    if not console.is_terminal:
        while True:
            await asyncio.sleep(LINE_SECONDS)
            console.print(line(generator), highlight=False, soft_wrap=True)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            live.update(picture(generator), refresh=True)
            await asyncio.sleep(REFRESH_SECONDS)


def line(generator: Generator) -> str:
    """Where the run stands, in a line."""
    progress, tally = generator.progress, generator.tally
    p99 = tally.statistic(Measure.SETUP, "p99")
    setup = "" if p99 is None else f", p99 setup {quantities.time_text(p99)}"
    return (
        f"{generator.elapsed:6.1f} s  {progress.phase}: {tally.started} begun, {progress.in_progress} in progress, "
        f"{tally.succeeded.total()} well, {tally.failed()} failed{setup}"
    )


def picture(generator: Generator) -> Group:
    """The live table."""
    progress, tally = generator.progress, generator.tally
    elapsed = generator.elapsed
    bar = ProgressBar(total=progress.duration, completed=min(elapsed, progress.duration), width=40)
    host, port = generator.target
    head = Text.assemble(
        (generator.plan.load, "bold"),
        f"  →  sip:{host}:{port}\n",
        f"{progress.phase}  {elapsed:.0f} of {progress.duration:.0f} s  "
        f"at {quantities.rate_text(rate_at(generator.plan.shape, elapsed))}",
    )
    if progress.phase == "registering":
        head.append(f"  {progress.registered} registered")
    return Group(head, bar, counts_table(tally, progress.in_progress), times_table(tally), failures_table(tally))


def counts_table(tally: Tally, in_progress: int) -> Table:
    """Calls by kind."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("kind", "finished", "well", "failed", ""):
        table.add_column(name, justify="left" if name in ("kind", "") else "right")
    for kind in tally.kinds:
        failed = tally.failed(kind)
        style = "red" if failed else ""
        table.add_row(kind, str(tally.calls(kind)), str(tally.succeeded[kind]), Text(str(failed), style=style), "")
    note = f"{tally.started} begun, {in_progress} in progress"
    table.add_row("all", str(tally.calls()), str(tally.succeeded.total()), str(tally.failed()), note, style="bold")
    return table


def times_table(tally: Tally) -> Table:
    """Percentiles of every measure taken, and losses."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("time")
    table.add_column("count", justify="right")
    for name in COLUMNS:
        table.add_column(name, justify="right", min_width=8)
    for measure in Measure:
        times = tally.all_times(measure)
        if len(times):
            figures = times.statistics(COLUMNS)
            shown = ["" if figure is None else quantities.time_text(figure) for figure in figures]
            table.add_row(measure.value, str(len(times)), *shown)
    for name, loss in (("rtp_loss", tally.rtp), ("audio_loss", tally.audio)):
        if loss.loss is not None:
            table.add_row(name, str(loss.expected), quantities.share_text(loss.loss))
    return table


def failures_table(tally: Tally) -> Table | Text:
    """What went wrong, by class."""
    classes = tally.failure_classes()
    if not classes:
        return Text("")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("failure", style="red")
    table.add_column("calls", justify="right")
    table.add_column("of")
    for name, count, kinds in classes[:FAILURES_SHOWN]:
        table.add_row(name, str(count), ", ".join(f"{kind} {number}" for kind, number in kinds.items()))
    return table


def print_outcome(outcome: Outcome, console: Console) -> None:
    """The end of a run, for people."""
    tally = outcome.tally
    host, port = outcome.target
    console.print(
        f"[bold]{outcome.plan.load}[/]  →  sip:{host}:{port}: {tally.started} calls in {tally.elapsed:.1f} s "
        f"({quantities.rate_text(tally.rate)}), at most {tally.in_progress_max} at a time",
        highlight=False,
    )
    console.print(counts_table(tally, 0), times_table(tally), failures_table(tally))
    for judged in outcome.judged:
        console.print(Text(str(judged), style="green" if judged.is_kept else "bold red"))
    for warning in outcome.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
    if outcome.was_stopped:
        console.print(Text("stopped before its end; calls in progress were hung up and count as failed", "yellow"))


def print_knee(steps: Sequence[Step], console: Console) -> None:
    """The end of a search, for people."""
    found = knee_facts(steps)
    best, failed = found["rate_per_second"], found["failed_at_per_second"]
    if best is None:
        console.print(Text(f"no rate passed; the lowest tried was {quantities.rate_text(failed)}", "bold red"))
    elif failed is None:
        console.print(Text(f"the knee lies above {quantities.rate_text(best)}: nothing failed", "bold"))
    else:
        shown = f"the knee: {quantities.rate_text(best)} passed, {quantities.rate_text(failed)} did not"
        console.print(Text(shown, "bold green"))
    if found["in_doubt"]:
        console.print(Text("the generator had a part in what failed: the knee of the target may be higher", "yellow"))
