"""Commands that drive the switch from outside: `demo`, `run`, `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command()(demo)
    app.command()(run)
    app.command()(schema)


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


def run(  # noqa: PLR0917 - options of the command line are given by name
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    live: Annotated[
        bool, typer.Option("--live", help="In real time on sockets of 127.0.0.1: those that say `live: true`.")
    ] = False,
    phones: Annotated[
        str, typer.Option(help="With --live, whose telephones people use: own, or baresip where `softphones: true`.")
    ] = "own",
    jobs: Annotated[
        int, typer.Option(min=0, max=64, help="How many run at once, each in a process; 0: as many as cores.")
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="Instead of each scenario's own.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here: an .html file, or a folder.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write all results here as JSON.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep books and recordings in this folder.")] = None,
) -> None:
    """Play scenarios: whole calls in virtual time, judged by what was heard and what was paid.

    Exit code 0: all passed; 1: one failed; 2: a file is wrong.
    """
    from scenarios.play.softphones import Phones  # noqa: PLC0415 - see `demo`
    from scenarios.run.command import Wanted, run_command  # noqa: PLC0415 - see `demo`

    if phones not in {each.value for each in Phones}:
        raise typer.BadParameter(f"{phones} are no telephones; own or baresip are", param_hint="--phones")
    if phones != Phones.OWN.value and not live:
        raise typer.BadParameter("foreign telephones keep real time; add --live", param_hint="--phones")

    wanted = Wanted(
        paths=tuple(paths),
        is_live=live,
        phones=Phones(phones),
        jobs=jobs,
        seed=seed,
        junit=junit,
        report=report,
        json=as_json,
        folder=keep,
    )
    raise typer.Exit(run_command(wanted))


def schema() -> None:
    """Print the JSON Schema of scenarios, for editors and other programs."""
    from scenarios.language.schema import schema_text  # noqa: PLC0415 - see `demo`

    typer.echo(schema_text())
