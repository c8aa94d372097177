"""A PostgreSQL cluster of the tests' own: in a temporary folder, on a Unix socket alone, as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

BINARIES: Final = Path("/usr/lib/postgresql")
USERS: Final = ("postgres", "nobody")
"""Who runs the server where the tests run as root, which `initdb` refuses."""
SECONDS_MAX: Final = 60
"""How long a program of the server may take."""
STOP_SECONDS: Final = 30
"""How long the server may take to end before it is killed."""


@dataclass(slots=True)
class Cluster:
    """A server; every database in it is a test's."""

    socket_folder: Path
    user: str
    binaries: Path
    runs_as: str | None
    """The system's user, where it is not the one who runs the tests."""
    is_durable: bool = field(kw_only=True)
    _server: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The address of a book in one of its databases."""
        return f"postgresql://{self.user}@/{database}?host={self.socket_folder}"

    def make(self, database: str, *, template: str = "template1") -> str:
        """Make a database, empty or as a copy of one nobody uses; return the address of a book in it."""
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever still uses it."""
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def disconnect(self, database: str) -> int:
        """End every connection to a database, in the middle of whatever it does; returns how many there were."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            return connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database]
            ).rowcount

    def start(self) -> None:
        """Start it, and wait until it answers."""
        folder = self.socket_folder
        safety = ("fsync=off", "synchronous_commit=off", "full_page_writes=off") if not self.is_durable else ()
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", *safety)
        words = [word for setting in settings for word in ("-c", setting)]
        with (folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.binaries / "postgres", "-D", folder / "data", *words],
                user=self.runs_as,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        # It gives no sign of its own that it listens.
        _run(self.binaries / "pg_isready", "-q", "-h", folder, "-t", "1", user=self.runs_as, tries=300)

    def stop(self) -> None:
        """Ask it to end, by a fast shutdown: a smart one would wait for lost connections."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as if the machine had lost its power; `start` then has to recover."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        self._server.send_signal(how)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type] # names of the tests' own


def missing() -> str | None:
    """Why there can be no cluster here; None if there can."""
    if _folder_of_binaries() is None:
        return f"PostgreSQL is not installed: no initdb below {BINARIES} (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and _unprivileged() is None:
        return f"root may not run PostgreSQL, and there is no user {' or '.join(USERS)}"
    return None


@contextmanager
def cluster(*, is_durable: bool = False) -> Iterator[Cluster]:
    """Run a server inside this block; its folder is removed after it.

    Args:
        is_durable: Whether commits wait for the disk: for measurements, not for tests.
    """
    binaries, user = _folder_of_binaries(), _unprivileged() if os.getuid() == 0 else None
    assert binaries is not None, "ask `missing` first"
    # Not below pytest's folders: those are closed to other users, and their paths too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="payphone-pg-"))
    name = user or pwd.getpwuid(os.getuid()).pw_name
    if user is not None:
        shutil.chown(folder, user)
    server = Cluster(folder, name, binaries, user, is_durable=is_durable)
    try:
        data = folder / "data"
        _run(binaries / "initdb", "-D", data, "-U", name, "-A", "trust", "-E", "UTF8", "--no-sync", user=user)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *arguments: str | Path, user: str | None, tries: int = 1) -> None:
    for left in reversed(range(tries)):
        done = subprocess.run(
            [program, *arguments], user=user, cwd="/", capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        if done.returncode == 0:
            return
        if not left:
            raise RuntimeError(f"{program.name} failed: {done.stderr or done.stdout}")
        time.sleep(0.05)


def _folder_of_binaries() -> Path | None:
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _unprivileged() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in USERS if user in known), None)
