"""Run the load alone: `python -m scenarios.load FILE`."""

import typer

from scenarios.load.cli import register

if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    register(app)
    app()
