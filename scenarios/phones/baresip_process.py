"""A process of baresip, the softphone of Debian: headless, told what to do over TCP, every SIP message in its output.

Its module ctrl_tcp takes commands and tells events as JSON in netstrings.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from scenarios.phones.baresip_trace import Trace
from scenarios.phones.errors import PhoneError
from switch.agent.observed import Observed

MODULES: Final = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")
START_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 5.0
"""How long a command may take to be answered: it does nothing that waits."""

END_SECONDS: Final = 3.0
CONTROL: Final = 4
"""Its control port is so far behind the first: the next one is taken for SIP over TLS."""

LIFE_SECONDS: Final = 900
"""baresip ends itself after so long, whatever became of who started it."""

CONFIG: Final = """\
poll_method epoll
net_interface {host}
sip_listen {host}:{sip}
sip_trans_def udp
call_local_timeout 120
call_max_calls {calls}
audio_player aubridge,nil
audio_source aufile,{silence}
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
jitter_buffer_delay 0-0
rtp_timeout 60
ringback_disabled yes
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
ctrl_tcp_listen {host}:{control}
"""


class BaresipMissingError(PhoneError):
    """baresip is not installed."""


def find_baresip() -> tuple[str, Path]:
    """The program and the folder of its modules.

    Raises:
        BaresipMissingError: One of them is missing; says what to install.
    """
    program = shutil.which("baresip")
    modules = next((Path(each) for each in MODULES if Path(each).is_dir()), None)
    if program is None or modules is None:
        raise BaresipMissingError("baresip is not installed; `apt-get install baresip-core`, or leave `--phones` out")
    return program, modules


class BaresipProcess:
    """One running baresip.

    Args:
        folder: Its own, empty.
        host: A loopback address where ports from `port` on are free.
        port: Where it takes SIP; control and audio are behind it.
        calls_max: Calls it takes at a time.
        silence: What is in its microphone at the beginning.
        on_message: Takes each SIP message, as soon as it is printed.
        on_event: Takes each event, as the dictionary that it is.
    """

    PORTS: Final = 60
    """How many ports one takes, from `port` on."""

    def __init__(
        self,
        folder: Path,
        host: str,
        port: int,
        *,
        calls_max: int,
        silence: Path,
        on_message: Callable[[Observed], None],
        on_event: Callable[[dict[str, Any]], None],
    ) -> None:
        self.heard = folder / "heard"
        self._folder = folder
        self._address = (host, port + CONTROL)
        self._trace = Trace((host, port))
        self._on_message = on_message
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._loop = asyncio.get_running_loop()
        self._program, modules = find_baresip()
        self.heard.mkdir()
        ports = {"sip": port, "control": port + CONTROL, "rtp": port + 10, "rtp_end": port + self.PORTS - 2}
        config = CONFIG.format(host=host, calls=calls_max, silence=silence, heard=self.heard, modules=modules, **ports)
        for name, text in (("config", config), ("accounts", ""), ("contacts", "")):
            (folder / name).write_text(text)

    async def start(self) -> None:
        """Start it, and wait until it takes commands.

        Raises:
            PhoneError: It does not.
        """
        # Into a pipe it prints by the block; a line at a time tells what happened when it happened.
        words = [self._program, "-s", "-t", str(LIFE_SECONDS), "-f", str(self._folder)]
        if (by_line := shutil.which("stdbuf")) is not None:
            words = [by_line, "-oL", *words]
        self._process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder,
        )
        self._readers.append(self._loop.create_task(self._follow_output(), name="output of baresip"))
        try:
            async with asyncio.timeout(START_SECONDS):
                reader, self._writer = await self._connect()
        except TimeoutError:
            raise PhoneError(f"baresip takes no commands {START_SECONDS:g} s after its start") from None
        self._readers.append(self._loop.create_task(self._follow_control(reader), name="events of baresip"))

    async def command(self, name: str, params: str = "") -> str:
        """Tell it to do something, and return what it says to that.

        Raises:
            PhoneError: It cannot, or does not answer.
        """
        if self._writer is None:
            raise PhoneError("baresip does not run")
        self._asked += 1
        token = str(self._asked)
        text = json.dumps({"command": name, "params": params, "token": token}).encode()
        answer = self._answers[token] = self._loop.create_future()
        try:
            self._writer.write(b"%d:%s," % (len(text), text))
            async with asyncio.timeout(ANSWER_SECONDS):
                said = await answer
        except (OSError, TimeoutError) as error:
            raise PhoneError(f"baresip does not answer to `{name}`") from error
        finally:
            del self._answers[token]
        data = str(said.get("data", "")).strip()
        if not said.get("ok"):
            raise PhoneError(f"baresip cannot `{name}`: {data}")
        return data

    def kill(self) -> None:
        """End it at once, with nothing said to anybody."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        """End it, by its own process id, and free everything."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(END_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self.kill()
                await self._process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Its control port opens some time after the start: ask until it does."""
        while True:
            try:
                return await asyncio.open_connection(*self._address)
            except OSError:
                assert self._process is not None
                if self._process.returncode is not None:
                    raise PhoneError(f"baresip ended with {self._process.returncode} at its start") from None
                await asyncio.sleep(0.02)

    async def _follow_output(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while printed := await self._process.stdout.read(65_536):
            for message in self._trace.take(printed, self._loop.time()):
                self._on_message(message)

    async def _follow_control(self, reader: asyncio.StreamReader) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length = await reader.readuntil(b":")
                text = await reader.readexactly(int(length[:-1]) + 1)
                self._told(json.loads(text[:-1]))

    def _told(self, said: dict[str, Any]) -> None:
        if said.get("event"):
            self._on_event(said)
            return
        answer = self._answers.get(str(said.get("token")))
        if answer is not None and not answer.done():
            answer.set_result(said)
