"""What a run needs before anybody moves: cables, files, an empty book, silence."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog

from ledger.store import Book
from prompts.audio import Library
from prompts.catalog import LANGUAGES
from scenarios.sim.links import Link
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from scenarios.swarm.house import BOOK_FILE, PORTS
from scenarios.swarm.plan import SWITCH_HOST, Plan
from scenarios.swarm.texts import config_text, profile_text, tariff_text
from switch.app.config import parse_config
from switch.app.world import World, build_world

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - `mkdtemp` makes a folder of our own in it
"""Files in memory, where the system has such a folder: thousands of books need no disk."""
FILE: Final = "swarm.toml"


def lay_cables(plan: Plan, network: Network) -> None:
    """Put the hosts of the plan on the network."""
    network.host("switch", SWITCH_HOST)
    for host in [*(station.host for station in plan.stations), *(number.host for number in plan.numbers)]:
        network.host(host, host)
        network.link_both(host, "switch", plan.link)
    network.link_default = Link()


def build(plan: Plan, folder: Path) -> World:
    """Write the files of the plan, and read them as `serve` does."""
    (folder / "tariff.toml").write_text(tariff_text(plan))
    (folder / "profile.toml").write_text(profile_text(plan))
    config = parse_config(config_text(plan, PORTS, BOOK_FILE), FILE)
    return build_world(config, FILE, folder, library=lambda languages: _library(tuple(languages)))


@lru_cache(maxsize=2)
def _library(languages: tuple[str, ...]) -> Library:
    """The recorded words of some languages, read once a process."""
    first, *others = (LANGUAGES[language] for language in languages)
    library = Library(first, others=others)
    library.load_all()
    return library


def new_folder() -> Path:
    """A folder for one run."""
    return Path(tempfile.mkdtemp(prefix="payphone-swarm-", dir=MEMORY if MEMORY.is_dir() else None))


@lru_cache(maxsize=1)
def empty_book() -> bytes:
    """The file of a book with its tables and nothing else, made once a process."""
    with tempfile.TemporaryDirectory(prefix="payphone-") as folder:
        path = Path(folder, "empty.db")

        async def make() -> None:
            async with await Book.open(str(path)):
                pass

        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(make())
        finally:
            loop.close()
        return path.read_bytes()


def close(loop: VirtualLoop) -> None:
    """End whatever still waits on a loop, and close it."""
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.set_exception_handler(lambda _loop, _context: None)
    loop.close()


@contextmanager
def silence() -> Iterator[None]:
    """The switch of a random world complains a lot, and rightly; here the verdict counts."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        logging.disable(before)
        structlog.reset_defaults()


def nowhere() -> Any:
    """A log that keeps nothing."""
    return structlog.wrap_logger(_Nowhere(), processors=[])


class _Nowhere:
    """A logger that drops everything."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_words, **_facts: None
