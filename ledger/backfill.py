"""The log of a SQLite book, copied back into its file beside the writer.

SQLite copies the log (WAL) into the file within the commit that has made it long, and whoever waits for that commit
waits for thousands of pages. Copied by another connection, it keeps nobody from writing, but never to its end: more
comes meanwhile. So what came meanwhile is copied too, as often as it gets less, and what is left at last the writer
copies between two groups: then it begins the log anew.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

COMMITS: Final = 32
"""Commits after which it is worth while to copy the log."""

SECONDS: Final = 2.0
"""From one copy's end to the next one's begin. A page is copied once, however often it was written since, and while
the disk takes them a commit waits longer: seldom and much is less of both."""

LEFT_MAX: Final = 100
"""Pages that may be left to the writer: some milliseconds of its time."""

COPIES_MAX: Final = 5
"""How often what came meanwhile is copied too: each time it is a part of what it was."""

_COPY: Final = "PRAGMA wal_checkpoint(PASSIVE)"


class Backfill:
    """Copies the log of one file, in a thread of its own, which starts when there is first something to copy."""

    def __init__(self, path: Path) -> None:
        self._uri: Final = f"{path.absolute().as_uri()}?mode=rw"  # A file that is gone is not made anew.
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-backfill")
        self._under_way: Future[None] | None = None
        self._commits = 0
        self._not_before = 0.0

    def committed(self, now: float) -> bool:
        """Say that something was committed; returns whether the writer is to copy what is left (`copy_rest`)."""
        self._commits += 1
        if self._under_way is None:
            if self._commits >= COMMITS and now >= self._not_before:
                self._under_way = self._thread.submit(self._copy)
            return False
        if not self._under_way.done():
            return False
        self._under_way, self._commits, self._not_before = None, 0, now + SECONDS
        return True

    def close(self) -> None:
        """Wait until nothing is under way."""
        self._thread.shutdown()

    def _copy(self) -> None:
        # Whatever keeps it from copying, a lock or a full disk, the writer meets itself.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._uri, uri=True)) as connection:
            copied = 0
            for _ in range(COPIES_MAX):
                before = copied
                _, _, copied = connection.execute(_COPY).fetchone()
                if copied - before <= LEFT_MAX:
                    return


def copy_rest(driver: Any) -> None:
    """Copy what is left of the log by the connection that writes, while it is between transactions."""
    with suppress(sqlite3.Error):  # What it meets, its next commit meets too.
        driver.execute(_COPY).fetchall()
