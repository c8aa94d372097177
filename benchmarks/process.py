"""A `payphone serve` of its own process, and what it costs the processor."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAYPHONE = Path(sys.executable).with_name("payphone")
START_SECONDS = 40.0
"""Bound of a start: two seconds alone, many more beside others."""
STOP_SECONDS = 15.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
LISTENS = re.compile(rb"listens for SIP over UDP on ([0-9.]+):([0-9]+)")


@dataclass(frozen=True, slots=True)
class Served:
    """A switch that listens."""

    pid: int
    address: tuple[str, int]

    def cpu_seconds(self) -> float:
        """Processor time of the process so far, all threads, in user and kernel."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


@contextmanager
def serving(folder: Path, config: str) -> Iterator[Served]:
    """Run a switch with this configuration; book and recordings come to lie in `folder`.

    Raises:
        RuntimeError: It does not start, or it logged an error meanwhile.
    """
    file, log = folder / "world.toml", folder / "switch.log"
    file.write_text(config, encoding="utf-8")
    command = [str(PAYPHONE), "serve", "--config", str(file), "--log-level", "warning"]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
    try:
        address = _listening(process)
        if address is None:
            raise RuntimeError(f"payphone did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        yield Served(process.pid, address)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    if said:
        raise RuntimeError(f"the switch complained:\n{said[-2000:]}")


def _listening(process: subprocess.Popen[bytes]) -> tuple[str, int] | None:
    assert process.stdout is not None
    said = b""
    until = time.monotonic() + START_SECONDS
    while (left := until - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        piece = os.read(process.stdout.fileno(), 65_536)
        if not piece:
            break
        said += piece
        found = LISTENS.search(said)
        if found is not None:
            return found[1].decode(), int(found[2])
    return None
