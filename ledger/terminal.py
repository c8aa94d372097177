"""What every command on a book shares: its options, opening it, printing facts, and ending in an error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Never, TypeVar

import typer

from ledger import chart
from ledger.address import book_url, in_words
from ledger.errors import LedgerError, MalformedAccountError, MissingBookError, no_text
from ledger.money import AccountId
from ledger.store import Book

T = TypeVar("T")

NUMBER_KINDS: Final = (chart.advancepay, chart.lec)
"""Accounts that a number may have, AdvancePay first."""

Database = Annotated[str, typer.Option("--db", envvar="PAYPHONE_DB", help="URL or file of the book.", metavar="URL")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; amounts are decimal strings.")]


def with_book(address: str, use: Callable[[Book], Awaitable[T]]) -> T:
    """Open the book, which must be there, use it and close it."""

    async def run() -> T:
        async with await Book.open(address, may_create=False) as book:
            return await use(book)

    try:
        return asyncio.run(run())
    except MissingBookError:
        fail(f"no book at {in_words(book_url(address))}: start `payphone serve` once, or name another with --db", 2)
    except UnicodeEncodeError as error:  # Bytes of the command line that are no UTF-8.
        fail(no_text(error), 2)
    except LedgerError as error:
        fail(str(error), 2)


def print_facts(facts: Any, words: str, *, as_json: bool) -> None:
    """Print the facts as JSON, or the words that say them."""
    typer.echo(json.dumps(facts, indent=2) if as_json else words)


def fail(words: str, code: int) -> Never:
    """Say what is wrong, and end with this exit code."""
    typer.echo(words, err=True)
    raise typer.Exit(code)


def accounts_named(text: str) -> list[AccountId]:
    """The account of this id, or those a number may have, AdvancePay first."""
    try:
        if text.startswith("+"):
            return [of_number(text) for of_number in NUMBER_KINDS]
        return [chart.parse_account(text)]
    except MalformedAccountError as error:
        fail(f"{error}, or give a number like +12125550123", 2)
