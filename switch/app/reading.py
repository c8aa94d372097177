"""How every command reads a configuration: one way, with one manner of ending where it has mistakes.

`world_of` is for who runs a switch, and loads the recordings too; `serving` for who serves customers and staff.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Never

import typer

from ledger.terminal import fail
from switch.app.config import Config, ConfigError, load_config
from switch.app.serving import provider_of
from switch.app.world import World, build_rules, build_world
from switch.service.provider import Provider

EXAMPLE: Final = Path(__file__).with_name("example.toml")
"""The commented example: what is read where no file is named."""

Configuration = Annotated[
    Path, typer.Option("--config", envvar="PAYPHONE_CONFIG", help="The provider's configuration; the example without.")
]


def read_world(file: Path, base: Path, *, book: str | None = None) -> World:
    """Everything a configuration says; relative paths start at `base`, and `book` goes before the file's.

    Raises:
        ConfigError: With every mistake found.
    """
    config = load_config(file)
    return build_world(config if book is None else _with_book(config, book), str(file), base)


def world_of(file: Path, base: Path, *, book: str | None = None) -> World:
    """As `read_world`, or an end with its mistakes."""
    try:
        return read_world(file, base, book=book)
    except ConfigError as error:
        _end(error)


def serving(file: Path) -> Provider:
    """What a configuration says to those who serve customers, or an end with its mistakes; no words are loaded."""
    try:
        config = load_config(file)
        rules = build_rules(config, str(file), file.parent)
    except ConfigError as error:
        _end(error)
    return provider_of(config, rules.directory, rules.deposits)


def _end(error: ConfigError) -> Never:
    fail("\n".join(map(str, error.mistakes)), 2)


def _with_book(config: Config, book: str) -> Config:
    url = book if "://" in book else f"sqlite+aiosqlite:///{Path(book).resolve()}"
    return config.model_copy(update={"book": config.book.model_copy(update={"url": url})})
