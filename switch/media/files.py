"""How many open files the media needs, and asking the system for them."""

from __future__ import annotations

import resource
from typing import Final

OTHER_FILES: Final = 128
"""Signalling sockets, the book, logs, the console: a hundred with room to spare."""


class TooFewFilesError(Exception):
    """The system does not let this process open as many files as its ports need."""

    def __init__(self, needed: int, allowed: int) -> None:
        super().__init__(
            f"{needed} open files are needed and {allowed} allowed: "
            "narrow the range of media ports or raise the hard limit (ulimit -Hn)"
        )
        self.needed = needed
        self.allowed = allowed


def required_files(ports: range) -> int:
    """Open files for a socket on every even port, and a recording for every two of them."""
    legs = len(even_ports(ports))
    return legs + (legs + 1) // 2 + OTHER_FILES


def even_ports(ports: range) -> range:
    """The ports RTP may take; the odd one after each is RTCP's (RFC 3550 §11)."""
    first = ports.start + ports.start % 2
    return range(first, max(first, ports.stop), 2)


def raise_file_limit(needed: int) -> int:
    """Raise the soft limit of open files to `needed` where it is lower; the limit then in force.

    Raises:
        TooFewFilesError: The hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return soft
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooFewFilesError(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return needed
