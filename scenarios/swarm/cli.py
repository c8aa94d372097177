"""Commands of the simulator: `swarm`, `replay` and `crashes`."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command()(swarm)
    app.command()(replay)
    app.command()(crashes)


def swarm(  # noqa: PLR0917 - the options of a command
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many seeds to run; 100 unless --for says otherwise.")
    ] = None,
    first: Annotated[int | None, typer.Option(min=0, help="The first seed; a fresh one if not given.")] = None,
    media: Annotated[float, typer.Option(min=0, max=1, help="Share of the seeds that run with audio.")] = 0.2,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes side by side.")] = 2,
    for_: Annotated[float | None, typer.Option("--for", min=1, help="Stop after so long, in seconds.")] = None,
    least: Annotated[int, typer.Option(min=0, help="With --for: seeds to run however long they take.")] = 0,
    shrinking: Annotated[bool, typer.Option("--shrink/--no-shrink", help="Make a failing plan smaller.")] = True,
) -> None:
    """Run random worlds with random people and faults on virtual time, and judge each by a model of the money.

    Exit code 0: nothing was violated; 1: something was, and its seeds are told.
    """
    _fix_hashes()
    from scenarios.swarm.many import has_media, run_many  # noqa: PLC0415 - the other commands need no simulator
    from scenarios.swarm.telling import tell_failure  # noqa: PLC0415

    begin = int(time.time()) % 1_000_000_000 if first is None else first
    wanted = 100 if seeds is None and for_ is None else seeds
    typer.echo(f"first seed {begin}")
    started, done, heard, calls, virtual = time.monotonic(), 0, 0, 0, 0.0
    failed: list[int] = []
    for outcome in run_many(first=begin, seeds=wanted, share=media, jobs=jobs, seconds=for_, least=least):
        done, calls, virtual = done + 1, calls + outcome.calls, virtual + outcome.virtual_seconds
        heard += has_media(outcome.seed, media)
        if outcome.faults:
            failed.append(outcome.seed)
            for line in tell_failure(outcome, media=media, is_shrinking=shrinking and len(failed) <= SHRUNK_MAX):
                typer.echo(line)
        if done % TOLD_EVERY == 0:
            typer.echo(f"{done} seeds, {len(failed)} failed")
    took = time.monotonic() - started
    typer.echo(
        f"{done} seeds from {begin}, {heard} of them with media: {len(failed)} failed; "
        f"{calls} calls, {virtual:.0f} virtual s in {took:.0f} s, "
        f"{done / took:.1f} seeds/s, {virtual / took:.0f} times real time"
    )
    raise typer.Exit(1 if failed else 0)


SHRUNK_MAX = 3
"""Failures that are made smaller: the rest are mostly the same ones, and each takes a minute."""
TOLD_EVERY = 500


def replay(
    seed: Annotated[int, typer.Argument(min=0, help="The seed that `payphone swarm` told.")],
    media: Annotated[float, typer.Option(min=0, max=1, help="The share of seeds with audio of that run.")] = 0.2,
    without: Annotated[list[str] | None, typer.Option(help="A part to leave out, as a shrunk failure says.")] = None,
) -> None:
    """Run one seed again and show the ladder of each of its calls, its plan, and what was violated.

    Exit code 0: nothing was violated; 1: something was; 2: there is no such part.
    """
    _fix_hashes()
    from scenarios.swarm.telling import tell_run  # noqa: PLC0415

    lines, is_clean = tell_run(seed, media=media, without=tuple(without or ()))
    for line in lines:
        typer.echo(line)
    if is_clean is None:
        raise typer.Exit(2)
    raise typer.Exit(0 if is_clean else 1)


def crashes(
    case: Annotated[list[str] | None, typer.Argument(help="The cases to play; all if none is named.")] = None,
    at: Annotated[
        list[int] | None, typer.Option(min=1, help="Die at this point alone; twice: and at that one of the recovery.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes side by side.")] = 2,
    twice: Annotated[
        bool, typer.Option("--twice/--once", help="Kill the recovery at each of its points as well.")
    ] = True,
) -> None:
    """Kill a paid call at every await and every commit point, start again, and judge what became of its money.

    Exit code 0: nothing was violated; 1: something was, and the points are told; 2: there is no such case.
    """
    _fix_hashes()
    from scenarios.swarm.cases import CASES  # noqa: PLC0415 - the other commands need no simulator
    from scenarios.swarm.telling import tell_death, tell_deaths  # noqa: PLC0415

    names = case or list(CASES)
    unknown = [name for name in names if name not in CASES]
    if unknown:
        typer.echo(f"there is no case {unknown[0]!r}; cases: {', '.join(CASES)}")
        raise typer.Exit(2)
    is_clean = True
    for name in names:
        lines = tell_death(name, tuple(at)) if at else tell_deaths(name, jobs=jobs, is_twice=twice)
        for line, is_fault in lines:
            typer.echo(line)
            is_clean = is_clean and not is_fault
    raise typer.Exit(0 if is_clean else 1)


def _fix_hashes() -> None:
    """Start again with the fixed hash seed: a run must be the same run in every process."""
    if sys.flags.hash_randomization and os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command again
