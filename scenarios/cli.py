"""Commands that drive the switch from outside: `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command()(demo)


def demo(
    out: Annotated[
        Path, typer.Option(help="Where book, records and recordings go; an earlier run's are replaced.")
    ] = Path("out/demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON, at the end.")] = False,
) -> None:
    """Play four calls side by side on 127.0.0.1, in 40 seconds: accepted and cut, refused, blocked, not billable.

    Exit code 0: every expectation held; 1: one did not, or the switch could not start; 2: the folder cannot be used.
    """
    from scenarios.demo.run import run_demo  # noqa: PLC0415 - the other commands need neither phones nor numpy

    raise typer.Exit(run_demo(out, as_json=as_json))
