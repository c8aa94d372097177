"""baresip, the softphone of Debian, headless: audio from a file and into a file, told what to do over TCP.

Its module ctrl_tcp takes commands and tells events as JSON in netstrings.
"""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prompts.audio import Audio
from tests.live.child import Child
from tests.live.ports import free_range
from tests.live.programs import lacking, program
from tests.live.serving import Address
from tests.live.sound import read_recording, write_tone

MODULES = Path("/usr/lib/baresip/modules")
TONE_SECONDS = 90.0
"""baresip ends a call when its audio file ends: longer than any call here."""
START_SECONDS = 60.0
CONFIG = """\
poll_method epoll
net_interface 127.0.0.1
sip_listen 127.0.0.1:{sip}
sip_trans_def udp
call_local_timeout 60
call_max_calls 2
audio_player aubridge,nil
audio_source aufile,{sound}
audio_alert aubridge,nil2
audio_level no
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode poll
audio_buffer 20-160
rtp_ports {rtp}-{rtp_end}
rtcp_mux no
jitter_buffer_delay 1-10
rtp_timeout 60
module_path {modules}
module g711.so
module aubridge.so
module aufile.so
module sndfile.so
module uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {heard}
ctrl_tcp_listen 127.0.0.1:{control}
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something baresip told, and when (seconds of the monotonic clock)."""

    kind: str
    param: str
    at: float


class Baresip:
    """A running baresip with one account, registered with digest; in its microphone is a tone."""

    def __init__(
        self, folder: Path, server: Address, user: str, password: str, *, hertz: float, law: str = "PCMU"
    ) -> None:
        path = program("baresip", "baresip")
        if not MODULES.is_dir():
            lacking(f"there is no {MODULES}: apt-get install baresip-core")
        self.events: list[Event] = []
        self.user = user
        self._server = server
        self._heard = folder / "heard"
        self._heard.mkdir(parents=True)
        write_tone(folder / "tone.wav", hertz, TONE_SECONDS)
        first = free_range()
        names = {"sip": first, "control": first + 4, "rtp": first + 10, "rtp_end": first + 48}
        sound = folder / "tone.wav"
        (folder / "config").write_text(CONFIG.format(**names, sound=sound, modules=MODULES, heard=self._heard))
        host, port = server
        account = f"<sip:{user}@{host}:{port};transport=udp>;auth_user={user};auth_pass={password}"
        (folder / "accounts").write_text(f"{account};regint=60;audio_codecs={law}/8000/1;answermode=manual\n")
        (folder / "contacts").write_text("")
        self._news = threading.Condition()
        self._child = Child([path, "-f", str(folder)], folder, ask=signal.SIGINT)
        try:
            self._socket = self._connect(("127.0.0.1", first + 4))
        except BaseException:
            self._child.kill()
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def registered(self) -> None:
        """Wait until the server has taken the registration."""
        self._child.said(lambda line: f"{self.user}@" in line and "200 OK" in line, within=START_SECONDS)

    def dial(self, number: str) -> None:
        """Call a number."""
        self._command("dial", f"sip:{number}@{self._server[0]}:{self._server[1]}")

    def answer(self) -> None:
        """Take the call that rings."""
        self._command("accept")

    def press(self, keys: str, *, apart: float = 0.3) -> None:
        """Press keys; they go out as telephone events (RFC 4733)."""
        for key in keys:
            self._command("sndcode", key)
            self.listen(apart)

    def listen(self, seconds: float) -> None:
        """Listen for so long; the call must not end meanwhile."""
        with self._news:
            was_closed = self._news.wait_for(lambda: self._find("CALL_CLOSED") is not None, seconds)
        assert not was_closed, f"{self.user}: the call ended: {self.events}"

    def heard_event(self, kind: str, *, within: float) -> Event:
        """Wait for the first event of a kind."""
        with self._news:
            self._news.wait_for(lambda: self._find(kind) is not None, within)
            found = self._find(kind)
        assert found is not None, f"{self.user}: no {kind} in {within} s: {self.events}\n{self._child.tail()}"
        return found

    def close(self) -> None:
        """End the program; its recordings are whole after it."""
        if self._child.is_running:
            self._child.end()
        self._socket.close()
        self._reader.join(5)

    def recording(self) -> Audio:
        """What it has heard in its one call; close it first."""
        (file,) = self._heard.glob("*-dec.wav")
        return read_recording(file)

    def _find(self, kind: str) -> Event | None:
        return next((event for event in self.events if event.kind == kind), None)

    def _connect(self, address: Address) -> socket.socket:
        """Its control port opens some time after the start: ask until it does."""
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                return socket.create_connection(address, 1)
            except OSError:
                assert self._child.is_running and time.monotonic() < until, self._child.tail()
                self._wait(lambda: not self._child.is_running, 0.05)

    def _wait(self, holds: Callable[[], bool], seconds: float) -> None:
        with self._news:
            self._news.wait_for(holds, seconds)

    def _command(self, name: str, params: str = "") -> None:
        text = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))

    def _read(self) -> None:
        self._socket.settimeout(None)
        waiting = b""
        while True:
            try:
                received = self._socket.recv(65_536)
            except OSError:
                return
            if not received:
                return
            messages, waiting = _netstrings(waiting + received)
            with self._news:
                for message in messages:
                    if message.get("event"):
                        event = Event(message["type"], str(message.get("param", "")), time.monotonic())
                        self.events.append(event)
                self._news.notify_all()


def _netstrings(octets: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """Whole messages, and what is left (`length:text,` each)."""
    messages: list[dict[str, Any]] = []
    while b":" in octets:
        length, _, rest = octets.partition(b":")
        size = int(length)
        if len(rest) < size + 1:
            break
        messages.append(json.loads(rest[:size]))
        octets = rest[size + 1 :]
    return messages, octets
