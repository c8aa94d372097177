"""SIPp, the test tool of Debian's sip-tester, as a phone of one call.

The scenarios stand in `sipp/`. Where one says `<keys/>` it presses the keys it is given, as telephone
events from a capture, or by INFO.
"""

from __future__ import annotations

import os
import threading
import time
from enum import Enum
from pathlib import Path

from tests.live.child import Child
from tests.live.ports import free_range, is_bound
from tests.live.programs import lacking, program
from tests.live.rtp_keys import seconds_of, write_capture
from tests.live.serving import Address

SCENARIOS = Path(__file__).with_name("sipp")
START_SECONDS = 60.0
CALL_SECONDS = 60
"""SIPp gives up by itself after this."""


class Keys(Enum):
    """How keys are sent."""

    RTP = "telephone-event"
    INFO = "info"


PLAY = """
  <nop><action><exec play_pcap_audio="{file}"/></action></nop>
  <pause milliseconds="{milliseconds}"/>
"""
ASK_INFO = """
  <send retrans="500">
    <![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: [$mine]
To: [$theirs]
Call-ID: [call_id]
CSeq: {cseq} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=160
]]>
  </send>
  <recv response="200"/>
"""


class Sipp(Child):
    """A running SIPp with one scenario; it listens when this is made.

    Args:
        scenario: A file of `sipp/`, without its ending.
        server: The switch.
        folder: For its logs.
        user: Its account, with the password.
        dials: The number it calls.
        presses: What it presses at `<keys/>`.
        keys: How it does.
        port: Its SIP port, None for any.
    """

    def __init__(
        self,
        scenario: str,
        server: Address,
        folder: Path,
        *,
        user: str,
        password: str,
        dials: str = "",
        presses: str = "",
        keys: Keys = Keys.RTP,
        port: int | None = None,
    ) -> None:
        path = program("sipp", "sip-tester")
        first = free_range() if port is None else port
        name = f"{scenario}-{user}"
        file = folder / f"{name}.xml"
        text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
        file.write_text(text.replace("<keys/>", _pressing(folder / f"{name}.pcap", presses, keys)), encoding="utf-8")
        self.messages = folder / f"{name}.messages"
        options: dict[str, object] = {
            "-sf": file,
            "-i": "127.0.0.1",
            "-p": first,
            "-mi": "127.0.0.1",
            "-mp": first + 10,
            "-m": 1,
            "-s": dials or user,
            "-au": user,
            "-ap": password,
            "-timeout": CALL_SECONDS,
            "-message_file": self.messages,
            "-error_file": folder / f"{name}.errors",
        }
        flat = [str(word) for option in options.items() for word in option]
        switches = ["-trace_msg", "-trace_err", "-nostdin", "-timeout_error"]
        super().__init__([path, "{}:{}".format(*server), *flat, "-key", "user", user, *switches], folder)
        try:
            self._await_socket(first)
        except BaseException:
            self.kill()
            raise

    def done(self, *, within: float) -> str:
        """Wait until its scenario went through to the end; returns every message it saw."""
        try:
            code = self.ended(within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._seen()}") from None
        assert code == 0, f"sipp ended with {code}\n{self.tail()}\n{self._seen()}"
        return self._seen()

    def saw(self, text: str, *, times: int = 1, within: float) -> None:
        """Wait until a text stands so often in the messages it sent and received."""
        until = time.monotonic() + within
        while self._seen().count(text) < times:
            assert self.is_running and time.monotonic() < until, f"no {text!r}\n{self.tail()}\n{self._seen()}"
            threading.Event().wait(0.02)

    def _seen(self) -> str:
        return self.messages.read_text(errors="replace") if self.messages.exists() else ""

    def _await_socket(self, port: int) -> None:
        """Until its socket is bound; a scenario may be over before this looks."""
        until = time.monotonic() + START_SECONDS
        while self.is_running and not is_bound(port):
            assert time.monotonic() < until, f"sipp did not listen in {START_SECONDS} s\n{self.tail()}"
            threading.Event().wait(0.02)


def register(server: Address, folder: Path, *, user: str, password: str, port: int) -> None:
    """Register an account, with digest, from the port at which it will be called."""
    with Sipp("register", server, folder, user=user, password=password, port=port) as sipp:
        sipp.done(within=15)


def _pressing(capture: Path, presses: str, keys: Keys) -> str:
    if not presses:
        return ""
    if keys is Keys.INFO:
        return "".join(ASK_INFO.format(cseq=10 + index, key=key) for index, key in enumerate(presses))
    if os.geteuid() != 0:
        lacking("SIPp plays captures through a raw socket, which only root may open")
    write_capture(capture, presses)
    return PLAY.format(file=capture, milliseconds=round(1000 * seconds_of(presses)))
