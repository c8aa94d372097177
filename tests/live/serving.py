"""A `payphone serve` process as users run it, and the other commands beside it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.live.child import Child

PAYPHONE = str(Path(sys.executable).with_name("payphone"))
START_SECONDS = 120.0
"""Bound of a start, or of a command; a second or three on an idle machine, far more beside a parallel run."""

Address = tuple[str, int]


class Serving(Child):
    """A switch of its own process. Its configuration stands in `folder`, its book becomes `payphone.db` there.

    Args:
        folder: An empty folder, or one of an earlier switch.
        config: The text of its configuration.
        within: A command that replaces itself by the one it is given (`nice`, a namespace).
    """

    def __init__(self, folder: Path, config: str, *, within: Sequence[str] = ()) -> None:
        file = folder / "payphone.toml"
        file.write_text(config, encoding="utf-8")
        super().__init__([*within, PAYPHONE, "serve", "--json-log", "--config", str(file)], folder)
        self.folder = folder
        try:
            host, port = str(self.logged("switch_started", within=START_SECONDS)["address"]).rsplit(":", 1)
        except BaseException:
            self.kill()
            raise
        self.address: Address = (host, int(port))

    def logged(self, event: str, *, within: float = 10.0, **facts: object) -> dict[str, Any]:
        """The first log line of this event with these facts; waits for it."""
        return facts_of(self.said(lambda line: _tells(line, event, facts), within=within))

    def count(self, event: str, **facts: object) -> int:
        """How many lines of this event there are so far."""
        return sum(_tells(line, event, facts) for line in self.lines)

    def call_ended(self, station: str, *, dialled: str, within: float = 20.0, which: int = 0) -> dict[str, Any]:
        """The record of this station's call to this number, the first or a later one, once it has ended."""
        call = {"station": station, "dialled": dialled}
        started = facts_of(self.said(lambda line: _tells(line, "call_started", call), within=within, which=which))
        self.logged("call_ended", within=within, call_id=started["call_id"])
        return self.record(started["call_id"])

    def record(self, call_id: str) -> dict[str, Any]:
        """The record of a call, as `payphone calls` prints it."""
        (found,) = (record for record in self.command("calls", "--last", "100") if record["call"] == call_id)
        return dict(found)

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Every account by its name, as `payphone accounts` prints them."""
        return {account["account"]: account for account in self.command("accounts")}

    def audit(self) -> dict[str, Any]:
        """What `payphone audit` found; it must have ended well."""
        return dict(self.command("audit"))

    def command(self, *words: str) -> Any:
        """Run another command of payphone on the book; it must succeed."""
        return payphone(self.folder, *words)

    def answers(self, *, within: float = 5.0) -> int | None:
        """The status of the answer to an OPTIONS, None if there is none."""
        return ask_options(self.address, within=within)


def payphone(folder: Path, *words: str) -> Any:
    """Run a command on the book of a folder and return the facts it prints."""
    ended = subprocess.run(
        [PAYPHONE, *words, "--db", "payphone.db", "--json"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"payphone {' '.join(words)}: {ended.returncode}\n{ended.stdout!r}\n{ended.stderr!r}"
    return json.loads(ended.stdout)


def ask_options(address: Address, *, within: float) -> int | None:
    """Send OPTIONS from a socket of its own, again every half second, until it is answered."""
    until = time.monotonic() + within
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(0.5)
        host, port = phone.getsockname()
        text = (
            f"OPTIONS sip:{address[0]}:{address[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-alive-{port}-{time.monotonic_ns()}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:probe@{host}>;tag=probe\r\nTo: <sip:{address[0]}>\r\n"
            f"Call-ID: alive-{time.monotonic_ns()}@{host}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        while time.monotonic() < until:
            phone.sendto(text.encode(), address)
            try:
                answer = phone.recv(65_535)
            except TimeoutError:
                continue
            return int(answer.split(maxsplit=2)[1])
    return None


def facts_of(line: str) -> dict[str, Any]:
    """A log line taken apart; a line that is none has no facts."""
    if not line.startswith("{"):
        return {}
    try:
        facts = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _tells(line: str, event: str, facts: dict[str, object]) -> bool:
    told = facts_of(line)
    return told.get("event") == event and all(told.get(name) == value for name, value in facts.items())
