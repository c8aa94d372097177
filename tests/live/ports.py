"""Free ports of loopback, apart for every worker of a parallel run."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

WORKER_PORTS = 2_500
"""For each of eight workers, below the ports a kernel hands out by itself (32768 and up on Linux)."""


class _Allotment:
    """Gives ports of a worker in turn, to all threads."""

    def __init__(self, worker: int) -> None:
        self._first = 11_000 + WORKER_PORTS * (worker % 8)
        self._given = 0
        self._lock = threading.Lock()

    def take(self, width: int) -> int:
        with self._lock:
            if self._given + width > WORKER_PORTS:
                self._given = 0
            first = self._first + self._given
            self._given += width
        return first


_allotment = _Allotment(int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))


def free_range(width: int = 50) -> int:
    """The first of so many ports in a row, free as far as looking at a few tells; nobody else gets them soon."""
    for _ in range(WORKER_PORTS // width):
        first = _allotment.take(width)
        if all(is_free(port) for port in (first, first + 2, first + 10, first + width - 1)):
            return first
    raise AssertionError(f"there are no {width} free ports in a row")


def is_bound(port: int) -> bool:
    """Whether somebody has bound a UDP port, by the kernel's table: to bind it only to see could be in their way."""
    lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    return any(int(line.split()[1].partition(":")[2], 16) == port for line in lines)


def is_free(port: int) -> bool:
    """Whether nothing is bound to a port of loopback, over UDP or TCP; nobody may be about to bind it."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
