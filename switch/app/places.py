"""What a switch writes beside its book, tried before the first call: a recording that was not kept is lost for ever."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from ivr.profile import SpokenName
from switch.app.world import World


class UnwritableError(Exception):
    """A place of the configuration cannot be written to."""

    def __init__(self, key: str, place: Path, reason: str) -> None:
        super().__init__(f"{key}: {place} cannot be written: {reason}; name another place, or let us write there")
        self.key = key


def try_places(world: World, base: Path) -> None:
    """Make the folders that calls are kept in, and write to each place once; what is there already stays.

    Raises:
        UnwritableError: At the first place that does not take it.
    """
    for key, folder in _folders(world):
        try:
            (base / folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=base / folder):
                pass
        except OSError as error:
            raise UnwritableError(key, base / folder, error.strerror or str(error)) from error
    for key, file in _files(world):
        try:
            with (base / file).open("ab"):
                pass
        except OSError as error:
            raise UnwritableError(key, base / file, error.strerror or str(error)) from error


def _folders(world: World) -> Iterator[tuple[str, Path]]:
    media = world.config.media
    if media.recordings is not False:
        yield "media.recordings", media.recordings
    if any(profile.inside.name is not SpokenName.CONFIGURED for profile in world.profiles.values()):
        yield "media.names", media.names


def _files(world: World) -> Iterator[tuple[str, Path]]:
    if world.config.book.records is not None:
        yield "book.records", world.config.book.records
    if world.config.payments.processor is not None:
        yield "payments.journal", world.config.payments.journal
