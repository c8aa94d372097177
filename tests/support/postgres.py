"""A PostgreSQL cluster of the tests' own: in a temporary folder, on a Unix socket alone, as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

BINARIES: Final = Path("/usr/lib/postgresql")
USERS: Final = ("postgres", "nobody")
"""Who runs the server where the tests run as root, which `initdb` refuses."""
SECONDS_MAX: Final = 60
"""How long the server may take to start or to stop."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; every database in it is a test's."""

    socket_folder: Path
    user: str

    def url(self, database: str) -> str:
        """The address of a book in one of its databases."""
        return f"postgresql://{self.user}@/{database}?host={self.socket_folder}"

    def make(self, database: str) -> str:
        """Make an empty database, and return the address of a book in it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[arg-type] # a name of the tests' own
        return self.url(database)


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
    data, name = folder / "data", user or pwd.getpwuid(os.getuid()).pw_name
    if user is not None:
        shutil.chown(folder, user)
    safety = () if is_durable else ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
    settings = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", *safety)
    try:
        _run(binaries / "initdb", "-D", data, "-U", name, "-A", "trust", "-E", "UTF8", "--no-sync", user=user)
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *settings],
            user=user,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "server.log").open("wb"),
        )
        try:
            _run(binaries / "pg_isready", "-q", "-h", folder, "-t", str(SECONDS_MAX), user=user, tries=300)
            yield Cluster(folder, name)
        finally:
            server.terminate()  # By its own process: a smart shutdown would wait for lost connections.
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(SECONDS_MAX)
    finally:
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


def _folder_of_binaries() -> Path | None:
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _unprivileged() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in USERS if user in known), None)
