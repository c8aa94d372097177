"""Runs benchmarks by name: `python -m benchmarks [NAME ...]`, all of them without a name.

Each runs in a process of its own, bounded in time; its figures are shown and kept in `out/bench/NAME.jsonl`.
A figure beyond its own `max` or `min` makes the exit code 1.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
OUT = HERE.parent / "out" / "bench"
SECONDS_MAX = 240.0
"""The longest takes some 70 s on an idle machine."""

console = Console()
errors = Console(stderr=True)


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all without one.")] = None,
    is_listing: Annotated[bool, typer.Option("--list", help="Print the names and end.")] = False,  # noqa: FBT002 - an option of the command line
    rows_of: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Run benchmarks and show their figures."""
    known = benchmarks()
    if rows_of:
        print(json.dumps(importlib.import_module(f"benchmarks.{rows_of}").run()))
        return
    if is_listing:
        for name, text in known.items():
            console.print(f"[bold]{name}[/]  {text}", highlight=False, soft_wrap=True)
        return
    unknown = [name for name in names or () if name not in known]
    if unknown:
        errors.print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}", style="red")
        raise typer.Exit(2)
    results = [measure(name) for name in names or known]
    raise typer.Exit(0 if all(results) else 1)


def benchmarks() -> dict[str, str]:
    """Every module of this folder with a `run`, and the first line of what it says of itself."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "\ndef run(" in text:
            found[path.stem] = text.removeprefix('"""').split("\n", 1)[0].removesuffix('"""')
    return found


def measure(name: str) -> bool:
    """Run one, show and keep its figures; False if it failed or a figure is out of its bounds."""
    console.print(f"[bold]{name}[/] ...", highlight=False)
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "--rows-of", name],
        cwd=HERE.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        said = ""
        errors.print(f"{name} did not end in {SECONDS_MAX:.0f} s", style="red")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.returncode != 0 or not said:
        errors.print(f"{name} failed with {child.returncode}", style="red")
        return False
    rows: list[dict[str, Any]] = json.loads(said)
    keep(name, rows)
    return show(name, rows)


def keep(name: str, rows: list[dict[str, Any]]) -> None:
    """Append the figures to the benchmark's file."""
    OUT.mkdir(parents=True, exist_ok=True)
    facts = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version()}
    with (OUT / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({**facts, "bench": name, **row}) + "\n")


def show(name: str, rows: list[dict[str, Any]]) -> bool:
    """Print a table; whether every figure is within its bounds."""
    table = Table(title=name, title_justify="left")
    table.add_column("figure", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    is_well = True
    for row in rows:
        value, least, most = row["value"], row.get("min"), row.get("max")
        is_out = (least is not None and value < least) or (most is not None and value > most)
        is_well = is_well and not is_out
        shown = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
        named = (("at least", least), ("at most", most))
        bounds = [f"{word} {bound:,}" for word, bound in named if bound is not None]
        unit = f"{row['unit']} ({', '.join(bounds)})" if bounds else row["unit"]
        table.add_row(row["name"], f"[red]{shown}[/]" if is_out else shown, unit)
    console.print(table)
    return is_well


if __name__ == "__main__":
    typer.run(main)
