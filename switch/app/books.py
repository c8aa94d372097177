"""The group `payphone ledger`: what leaves the book, and the statement of a month.

A month is local time, which only `rating.calendar` knows: the statement's command turns it into instants here,
where both may be imported, and hands them down.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Final, assert_never

import typer

from ledger.chart import parse_account
from ledger.errors import MalformedAccountError
from ledger.papers.cli import register as register_papers
from ledger.papers.sheet import Sheet, set_sheet
from ledger.papers.sheet_html import sheet_html
from ledger.papers.sheet_text import sheet_text
from ledger.papers.statement import read_statement
from ledger.proof.cli import register as register_proof
from ledger.store import DEFAULT_URL
from ledger.terminal import Database, fail, with_book
from rating.calendar import is_zone, local_month, local_time

ZONE: Final = "America/Los_Angeles"
"""Of the built-in example's facilities."""


class StatementFormat(Enum):
    """How a statement is set."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"


def register(app: typer.Typer) -> None:
    """Mount the group."""
    group = typer.Typer(help="What leaves the book: exports, statements, checkpoints.", no_args_is_help=True)
    register_papers(group)
    register_proof(group)
    group.command("statement")(statement)
    app.add_typer(group, name="ledger")


def statement(  # noqa: PLR0917 - typer calls it by name.
    account: Annotated[str, typer.Argument(help="An account, like advancepay:+12125550123.")],
    month: Annotated[str, typer.Option("--month", help="Like 2021-06.", metavar="YYYY-MM")],
    zone: Annotated[str, typer.Option(help="Whose month it is, by the name of a time zone.")] = ZONE,
    format_: Annotated[
        StatementFormat | None,
        typer.Option("--format", help="How it is set; without it as the file's name ends, else as text."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file; without it, standard output.")] = None,
    db: Database = DEFAULT_URL,
) -> None:
    """Print or write the statement of an account for one month."""
    begins, ends = _instants(month, zone)
    try:
        account_id = parse_account(account)
    except MalformedAccountError as error:
        fail(str(error), 2)
    found = with_book(
        db, lambda book: book.read(lambda connection: read_statement(connection, account_id, begins, ends))
    )
    if found is None:
        fail(f"no account {account_id}: `payphone accounts` lists them", 1)
    name = f"{local_time(begins, zone):%B %Y}"
    _deliver(set_sheet(found, name, zone, lambda at: local_time(at, zone)), format_ or _format_of(out), out)


def _instants(month: str, zone: str) -> tuple[datetime, datetime]:
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", month)
    if match is None or match[1] == "0000" or match[1] == "9999":
        fail(f"--month {month}: write a year and a month, like 2021-06", 2)
    if not is_zone(zone):
        fail(f"--zone {zone}: write a name of the time zone data, like {ZONE} (Debian: tzdata)", 2)
    return local_month(int(match[1]), int(match[2]), zone)


def _format_of(out: Path | None) -> StatementFormat:
    """What the name of a file promises."""
    suffix = "" if out is None else out.suffix.lower()
    return {".html": StatementFormat.HTML, ".pdf": StatementFormat.PDF}.get(suffix, StatementFormat.TEXT)


def _deliver(sheet: Sheet, format_: StatementFormat, out: Path | None) -> None:
    content = _content(sheet, format_)
    if out is None:
        typer.echo(content, nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}; name another file with --out", 2)
    typer.echo(str(out))


def _content(sheet: Sheet, format_: StatementFormat) -> bytes:
    match format_:
        case StatementFormat.TEXT:
            return sheet_text(sheet).encode()
        case StatementFormat.HTML:
            return sheet_html(sheet).encode()
        case StatementFormat.PDF:
            from ledger.papers.sheet_pdf import sheet_pdf  # noqa: PLC0415 - a sixth of the start of every command

            return sheet_pdf(sheet)
        case _:
            assert_never(format_)
