"""Linphone without a window (`linphone-daemon` of Debian): told what to do by lines, heard by the events it prints."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.live.child import Child
from tests.live.ports import free_range
from tests.live.programs import program
from tests.live.serving import Address

START_SECONDS: Final = 60.0
CONFIG: Final = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_info={info}
use_rfc2833={events}
guess_hostname=1
contact="{user}" <sip:{user}@127.0.0.1:{sip}>
register_only_when_network_is_up=0
[net]
firewall_policy=0
[rtp]
audio_rtp_port={rtp}
[video]
enabled=0
[storage]
uri=null
"""
CODECS_OF_ITS_OWN: Final = ("opus/48000/2", "speex/16000/1", "speex/8000/1")
PACKET_OCTETS: Final = 172
"""20 ms of G.711 and a header of RTP."""
_STATISTICS: Final = re.compile(r"ortp-message-incoming (delivered to the app|cumulative lost) +(\d+)")


class Linphone:
    """A running Linphone with one account.

    Args:
        folder: Where its files are.
        server: The registrar.
        user: Of the account.
        password: Of the account.
        is_info: Keys go out by INFO instead of as telephone events (RFC 4733).
        has_own_codecs: It offers Opus and Speex before G.711, as it comes.
    """

    def __init__(
        self,
        folder: Path,
        server: Address,
        user: str,
        password: str,
        *,
        is_info: bool = False,
        has_own_codecs: bool = False,
    ) -> None:
        path = program("linphone-daemon", "linphone-cli")
        folder.mkdir()
        self.user = user
        self._server = f"{server[0]}:{server[1]}"
        self._log = folder / "log"
        first = free_range()
        keys = {"info": int(is_info), "events": int(not is_info)}
        (folder / "rc").write_text(CONFIG.format(user=user, sip=first, rtp=first + 10, **keys))
        command = [path, "--config", str(folder / "rc"), "--log", str(self._log), "--disable-stats-events"]
        home = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        self._child = Child(command, folder, environment={**os.environ, **home}, takes_lines=True)
        if not has_own_codecs:
            for codec in CODECS_OF_ITS_OWN:
                self.do(f"audio-codec-disable {codec}")
        self.do(f"register sip:{user}@{server[0]} sip:{self._server} {password} {user}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self.do("quit")
        self._child.end()

    def do(self, command: str) -> None:
        """Give a command of `linphone-daemon --dump-commands-help`."""
        self._child.tell(command)

    def registered(self) -> None:
        """Wait until the registrar has taken it."""
        for _ in range(round(START_SECONDS / 0.5)):
            self.do("register-status ALL")
            self._child.goes_on(0.5)
            if any("LinphoneRegistrationOk" in line for line in self._child.lines):
                return
        raise AssertionError(f"{self.user} does not register:\n{self._child.tail()}")

    def dial(self, number: str) -> None:
        """Call a number."""
        self.do(f"call sip:{number}@{self._server}")

    def press(self, keys: str, *, apart: float = 0.4) -> None:
        """Press keys; a tone of Linphone has 100 ms."""
        for key in keys:
            self.do(f"dtmf {key}")
            self.listen(apart)

    def listen(self, seconds: float) -> None:
        """Listen for so long; the call must not end meanwhile."""
        before = self.count("CallEnd")
        self._child.goes_on(seconds)
        assert self.count("CallEnd") == before, f"{self.user}: the call ended:\n{self._child.tail()}"

    def in_state(self, state: str, *, within: float, which: int = 0) -> None:
        """Wait until a call has come into a state (`CallIncomingReceived`), the first time or a later one."""
        self._child.said(lambda line: line == f"Event: Linphone{state}", within=within, which=which)

    def count(self, state: str) -> int:
        """How often a call has come into a state."""
        return sum(line == f"Event: Linphone{state}" for line in self._child.lines)

    def received(self) -> tuple[int, int]:
        """Packets of audio delivered, and lost, on the last stream that has ended."""
        last = {name: int(value) for name, value in _STATISTICS.findall(self._log.read_text(errors="replace"))}
        return last["delivered to the app"] // PACKET_OCTETS, last["cumulative lost"]
