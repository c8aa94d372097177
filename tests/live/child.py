"""A child process and the lines it writes, each awaited with a bound; nothing of it outlives the test."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LINES_MAX = 100_000
"""A test that makes a process write more than this has gone wrong."""

END_SECONDS = 10.0
"""How long a process may take to end by itself after it was asked to."""


class NeverSaidError(AssertionError):
    """A process did not write what was awaited of it."""


class Child:
    """A running program whose standard output and error are read line by line.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        ask: The signal that asks it to end.
        environment: Its environment, ours if left out.
        takes_lines: Whether it is told what to do by lines (`tell`).
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        ask: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
        takes_lines: bool = False,
    ) -> None:
        self.name = Path(command[0]).name
        self.lines: list[str] = []
        self._ask = ask
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE if takes_lines else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None, f"{self.name} was not started to take lines"
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def said(self, matches: Callable[[str], bool], *, within: float, which: int = 0) -> str:
        """Return the first line that matches, or a later one (`which` counts from 0); wait for it if need be."""
        until = time.monotonic() + within
        with self._news:
            while True:
                found = [line for line in self.lines if matches(line)]
                if len(found) > which:
                    return found[which]
                if not self._news.wait(max(0.0, until - time.monotonic())):
                    raise NeverSaidError(f"{self.name} did not say so in {within} s; its last lines:\n{self.tail()}")

    def goes_on(self, seconds: float) -> None:
        """Let this much time pass; it must still run then."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"{self.name} ended with {code}; its last lines:\n{self.tail()}")

    def ended(self, *, within: float) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end in {within} s; its last lines:\n{self.tail()}") from None
        self._reader.join(END_SECONDS)
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code

    def end(self) -> int:
        """Ask it to end, make it end if it does not, and return its exit code."""
        if self.is_running:
            self.process.send_signal(self._ask)
        try:
            return self.ended(within=END_SECONDS)
        except AssertionError:
            return self.kill()

    def kill(self) -> int:
        """End it at once, with nothing tidied up (`kill -9`)."""
        self.process.kill()
        return self.ended(within=END_SECONDS)

    def tail(self, count: int = 30) -> str:
        """The last lines."""
        return "\n".join(self.lines[-count:])

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                with self._news:
                    if len(self.lines) < LINES_MAX:
                        self.lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                    self._news.notify_all()
