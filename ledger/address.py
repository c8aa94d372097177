"""Where a book lives: an address, as a URL or as the plain path of a file, checked and made whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ledger.errors import BookAddressError

MEMORY: Final = ":memory:"
"""A book without a file: it ends with the program. For simulations and for trying things out."""

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
"""The two kinds of database, by the names of their dialects."""

_FILE_DRIVER: Final = "sqlite+aiosqlite"
_SERVER_DRIVER: Final = "postgresql+psycopg"

_EXAMPLE: Final = "postgresql://HOST/payphone"


def book_url(address: str) -> URL:
    """The URL of a book, given as one or as the plain path of a file.

    Raises:
        BookAddressError: Not a database that a book can live in.
    """
    if "://" not in address:
        if not address:
            raise BookAddressError("no database is named; write for example sqlite+aiosqlite:///payphone.db")
        return URL.create(_FILE_DRIVER, database=address)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        kind = address.partition("://")[0]  # What follows may have a password in it.
        raise BookAddressError(
            f"what follows {kind}:// is not the URL of a database: write it like {_EXAMPLE}"
        ) from None
    shown = repr(url.render_as_string(hide_password=True))
    if url.get_backend_name() == POSTGRESQL:
        if not url.database:
            raise BookAddressError(f"{shown}: name the database too, {_EXAMPLE}")
        return url.set(drivername=_SERVER_DRIVER)
    if url.get_backend_name() != SQLITE:
        raise BookAddressError(
            f"{shown}: books live in SQLite or PostgreSQL; write sqlite:///payphone.db or {_EXAMPLE}"
        )
    if url.query or not url.database or (MEMORY in url.database and url.database != MEMORY):
        raise BookAddressError(f"{shown}: a book needs a file, which other processes can open too")
    return url.set(drivername=_FILE_DRIVER)


def book_path(url: URL) -> Path | None:
    """The file of a book; None for one that has none."""
    if url.get_backend_name() != SQLITE or url.database == MEMORY:
        return None
    return Path(url.database or "")


def in_words(url: URL) -> str:
    """How a book is named to people: its path, or its URL without the password."""
    path = book_path(url)
    return url.render_as_string(hide_password=True) if path is None else str(path)
