"""Free UDP ports, apart for every worker of a parallel run."""

from __future__ import annotations

import itertools
import os
import socket

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_FIRST = 11_000 + 2_500 * (_WORKER % 8)
"""Below the ports a kernel hands out by itself (32768 and up on Linux); 2,500 for each of eight workers."""

_numbers = itertools.cycle(range(_FIRST, _FIRST + 2_500, 50))


def free_range() -> int:
    """The first of fifty ports, the ends of which are free on loopback; no other call gets them soon."""
    for _ in range(50):
        first = next(_numbers)
        if is_free(first) and is_free(first + 2) and is_free(first + 49):
            return first
    raise AssertionError("no fifty free ports in a row")


def is_free(port: int) -> bool:
    """Whether nothing is bound to a port of loopback, over UDP or TCP."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
