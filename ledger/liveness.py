"""Whether a process that was registered is still running."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ledger.requests import Process

SILENCE_MAX: Final = timedelta(seconds=10)
"""Ten missed beats: how long a process on another host may be silent before it counts as dead."""

_STARTED_FIELD: Final = 22
"""Field `starttime` of /proc/<pid>/stat (proc(5)), counted from 1."""

_DEAD: Final = frozenset({"Z", "X", "x"})
"""States of a process that was killed and whose parent has not looked yet."""


def this_process(process_id: str, at: datetime) -> Process:
    """The running process, to be registered under an id of its own."""
    pid = os.getpid()
    return Process(process_id, socket.gethostname(), pid, started_mark(pid) or "", at, at)


def started_mark(pid: int) -> str | None:
    """When the system started a pid, in its own words; None if there is no such process, or only its corpse."""
    try:
        text = (Path("/proc") / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The name of the program, field 2, is in parentheses and may hold spaces.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in _DEAD else fields[_STARTED_FIELD - 3]


def is_running(process: Process) -> bool | None:
    """Whether a process runs on this host; None if it is another host's."""
    if process.host != socket.gethostname():
        return None
    return started_mark(process.pid) == process.pid_started


def dead(
    processes: Iterable[Process], now: datetime, is_alive: Callable[[Process], bool | None]
) -> tuple[Process, ...]:
    """Those that are not alive; where nobody can know, those that have been silent too long."""
    found = []
    for process in processes:
        alive = is_alive(process)
        if alive is None:
            alive = now - process.beat_at <= SILENCE_MAX
        if not alive:
            found.append(process)
    return tuple(found)
