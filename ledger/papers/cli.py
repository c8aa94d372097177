"""Commands of `payphone ledger` that write the book for other programs.

Exit codes: 0 done; 2 used wrongly, or there is no book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.papers.writing import Format, What, export
from ledger.store import DEFAULT_URL
from ledger.terminal import Database, with_book


def register(group: typer.Typer) -> None:
    """Mount the commands."""
    group.command("export")(export_book)


def export_book(
    format_: Annotated[Format, typer.Option("--format", help="What other program reads it.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="A file, or a folder that is there; without it, standard output.")
    ] = None,
    what: Annotated[What, typer.Option("--what", help="Tables only: postings or call records.")] = What.ENTRIES,
    db: Database = DEFAULT_URL,
) -> None:
    """Write the journal for beancount or hledger, or postings or call records as CSV or Parquet."""
    written = with_book(db, lambda book: book.read(lambda connection: export(connection, format_, what, out)))
    if written is not None:
        typer.echo(str(written))
