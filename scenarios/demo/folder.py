"""The folder a demonstration leaves behind, and starting it afresh without harm to anything else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from ledger.papers.writing import Format, What, export, file_name

MARK: Final = ".payphone-demo"
"""A file that says: this folder is a demonstration's own, and the next one may replace it."""

EXPORTS: Final = (
    (Format.BEANCOUNT, What.ENTRIES),
    (Format.HLEDGER, What.ENTRIES),
    (Format.CSV, What.ENTRIES),
    (Format.CSV, What.CALLS),
)
"""The book for other programs: `book.beancount`, `book.journal`, `entries.csv`, `calls.csv`."""

OWN_FILES: Final = (
    "book.db",
    "book.db-wal",
    "book.db-shm",
    *(file_name(format_, what) for format_, what in EXPORTS),
    "calls.jsonl",
    "report.txt",
    "switch.log",
)
RECORDINGS: Final = "recordings"


class FolderError(Exception):
    """The folder cannot be used; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the results of a run lie."""

    path: Path

    @property
    def book(self) -> Path:
        """The book, SQLite."""
        return self.path / "book.db"

    @property
    def calls(self) -> Path:
        """The call records, JSON lines."""
        return self.path / "calls.jsonl"

    @property
    def recordings(self) -> Path:
        """Stereo WAV files, the caller left, the called party right."""
        return self.path / RECORDINGS

    @property
    def report(self) -> Path:
        """All that was printed at the end, as plain text, with every expectation."""
        return self.path / "report.txt"

    @property
    def log(self) -> Path:
        """What the switch and the phones logged."""
        return self.path / "switch.log"

    def leave_exports(self, connection: Connection) -> None:
        """Write the book for other programs (see `EXPORTS`)."""
        for format_, what in EXPORTS:
            export(connection, format_, what, self.path)


def start_afresh(path: Path) -> Folder:
    """Make the folder, or empty it of an earlier run's own files; anything else in it stays.

    Raises:
        FolderError: It is no folder, it has files and is not a demonstration's, or it cannot be written.
    """
    try:
        if path.exists() and not path.is_dir():
            raise FolderError(f"{path} is a file; name a folder with --out")
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()) and not (path / MARK).is_file():
            raise FolderError(f"{path} has files that are not a demonstration's; name another folder with --out")
        (path / MARK).touch()
        for name in OWN_FILES:
            (path / name).unlink(missing_ok=True)
        recordings = path / RECORDINGS
        if recordings.is_symlink():
            recordings.unlink()
        elif recordings.is_dir():
            shutil.rmtree(recordings)
    except OSError as error:
        raise FolderError(f"{path} cannot be used: {error.strerror}; name another folder with --out") from error
    return Folder(path)
