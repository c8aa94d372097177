"""A loopback address of this process alone, so that runs beside each other share no port."""

from __future__ import annotations

import os
from typing import Final

FIRST: Final = 0x7F_40_00_00
"""127.64.0.0: with the 22 bits of a Linux process id (`kernel.pid_max` is 4,194,304 at most) up to 127.127.255.255."""


def own_host() -> str:
    """An address of 127.64.0.0/10, made of the process id; Linux takes all of 127.0.0.0/8 for itself."""
    number = FIRST + os.getpid() % (1 << 22)
    return ".".join(str(number >> shift & 0xFF) for shift in (24, 16, 8, 0))
