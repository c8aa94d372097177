"""The command `payphone`: every folder mounts its commands through the entry points of `payphone.commands`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated

import typer

app = typer.Typer(
    name="payphone",
    help="A telephone switch for calls that must be accepted and paid.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of  # noqa: PLC0415

        typer.echo(version_of("payphone"))
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    for entry in sorted(entry_points(group="payphone.commands"), key=lambda entry: entry.name):
        entry.load()(app)
    app()
