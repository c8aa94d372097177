"""`python -m ledger FILE`: audit a book."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.cli import audit_book
from ledger.terminal import AsJson


def main(file: Annotated[str, typer.Argument(help="File or URL of the book.")], *, as_json: AsJson = False) -> None:
    """Rebuild every balance of a book from its postings, and check what must always hold."""
    audit_book(file, as_json)


if __name__ == "__main__":
    typer.run(main)
