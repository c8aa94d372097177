"""The command `payphone load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(load)


def load(
    file: Annotated[Path, typer.Argument(help="A load plan, or a scenario (YAML).")],
    *,
    rate: Annotated[str | None, typer.Option(help="Calls a second in place of the plan's stages: 20/s.")] = None,
    for_: Annotated[str | None, typer.Option("--for", help="How long, in place of the plan's stages: 60s.")] = None,
    target: Annotated[str | None, typer.Option(help="Where the calls go, HOST:PORT, in place of the plan's.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page of its own with plots here (HTML).")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every figure here (JSON).")] = None,
    find_knee: Annotated[
        bool, typer.Option("--find-knee", help="Search the highest rate that keeps the thresholds.")
    ] = False,
    no_media: Annotated[
        bool, typer.Option("--no-media", help="Send and hear no audio; keys go out all the same.")
    ] = False,
    callers: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How often a scenario's telephones are there.")
    ] = None,
    world_out: Annotated[
        Path | None,
        typer.Option("--world-out", help="Write a scenario's world with so many --callers here, and make no call."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of arrivals and mix, in place of the plan's.")] = None,
) -> None:
    """Make calls at a given rate, whatever the target does, and measure what a caller would.

    Exit code 0: every threshold of the plan was kept; 1: one was not, or no call could be made; 2: the plan is wrong.
    """
    from scenarios.load.command import Options, run_load  # noqa: PLC0415 - the other commands need none of it

    raise typer.Exit(
        run_load(
            Options(
                file=file,
                rate=rate,
                duration=for_,
                target=target,
                report=report,
                json_file=json_file,
                seed=seed,
                is_search=find_knee,
                has_media=False if no_media else None,
                callers=callers,
                world_out=world_out,
            )
        )
    )
