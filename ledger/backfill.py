"""The log of a SQLite book, copied back into its file beside the writer.

SQLite copies the log (WAL) into the file within the commit that has made it long, and whoever waits for that commit
waits for thousands of pages. Copied by another connection as it grows, it keeps nobody from writing; what is left for
the commit is what came since.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

COMMITS: Final = 32
"""Commits after which the log is copied: of a busy switch a third of a second, and some thousand pages."""


class Backfill:
    """Copies the log of one file, in a thread of its own, which starts when there is first something to copy."""

    def __init__(self, path: Path) -> None:
        self._uri: Final = f"{path.absolute().as_uri()}?mode=rw"  # A file that is gone is not made anew.
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-backfill")
        self._under_way: Future[None] | None = None
        self._commits = 0

    def committed(self) -> None:
        """Say that something was committed."""
        self._commits += 1
        if self._commits >= COMMITS and (self._under_way is None or self._under_way.done()):
            self._commits = 0
            self._under_way = self._thread.submit(self._copy)

    def close(self) -> None:
        """Wait until nothing is under way."""
        self._thread.shutdown()

    def _copy(self) -> None:
        # Whatever keeps it from copying, a lock or a full disk, the writer meets itself.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._uri, uri=True)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
