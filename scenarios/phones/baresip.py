"""A telephone that is a baresip: a program we did not write, in the hands of the same people.

async with BaresipPhone(line, host, port) as phone:
    await phone.register()
    call = await phone.dial("12125550123")
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from scenarios.phones.baresip_call import BaresipCall
from scenarios.phones.baresip_process import BaresipProcess
from scenarios.phones.baresip_sound import Earpiece, write_speech
from scenarios.phones.codec import Audio
from scenarios.phones.errors import PhoneError, RegistrationError
from scenarios.phones.phone import Line
from switch.agent.observed import Observed, SipSent
from switch.leg.events import Cause, Ended
from switch.sip.errors import SipError
from switch.sip.message import Request, Response

REGISTER_SECONDS: Final = 20.0
"""How long a registrar may take to decide."""

DIAL_SECONDS: Final = 5.0
CHALLENGED: Final = 401


class BaresipPhone:
    """A softphone of one line; see `Handset`.

    Args:
        line: What it is told; baresip has its own way with keys and rings at once.
        host: A loopback address of its own.
        port: The first of its ports there (`BaresipProcess.PORTS`).

    Raises:
        BaresipMissingError: The program is not installed.
    """

    def __init__(self, line: Line, host: str, port: int) -> None:
        self.line = line
        self.is_watched = False
        self.calls: list[BaresipCall] = []
        self._folder = Path(tempfile.mkdtemp(prefix="payphone-baresip-"))
        self._silence = self._folder / "silence.wav"
        self._spoken = 0
        self._observer: Callable[[Observed], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._incoming: asyncio.Queue[BaresipCall] = asyncio.Queue()
        self._all: dict[str, BaresipCall] = {}
        self._dialled: asyncio.Future[BaresipCall] | None = None
        self._registered: asyncio.Future[int] | None = None
        self._challenges = 0
        self._account = ""
        self._hushing: asyncio.Task[None] | None = None
        write_speech(self._silence, np.zeros(0, np.int16))
        self.process = BaresipProcess(
            self._folder,
            host,
            port,
            calls_max=line.calls_max,
            silence=self._silence,
            on_message=self._observed,
            on_event=self._told,
        )

    async def __aenter__(self) -> Self:
        """Start the program."""
        try:
            await self.process.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program, by its process id."""
        await self.process.stop()
        for call in self._all.values():
            call.end(Ended(Cause.UNREACHABLE))
        await asyncio.gather(*(call.listening for call in self._all.values()), return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def observe(self, observer: Callable[[Observed], None] | None) -> None:
        """Show every SIP message to a function, without secrets."""
        self._observer = observer

    async def register(self, *, seconds: int = 3600) -> int:
        """Register, and return for how many seconds.

        Raises:
            RegistrationError: The registrar refuses or is silent.
        """
        await self._take_account(seconds)
        return seconds

    async def unregister(self) -> None:
        """Remove the registration; raises what `register` raises."""
        if not self._account:
            return
        self._expect_registration()
        await self.process.command("uadel", self._account)
        self._account = ""
        await self._judge_registration()

    async def dial(self, number: str) -> BaresipCall:
        """Call a number; the INVITE is on its way when this returns."""
        if not self._account:
            await self._take_account(0)
        assert self.line.server is not None
        host, port = self.line.server
        self._dialled = self._loop.create_future()
        try:
            await self.process.command("dial", f"sip:{number}@{host}:{port}")
            async with asyncio.timeout(DIAL_SECONDS):
                return await self._dialled
        except TimeoutError:
            raise PhoneError(f"baresip sent no INVITE within {DIAL_SECONDS:g} s") from None
        finally:
            self._dialled = None

    async def next_call(self) -> BaresipCall:
        """Wait for the next incoming call."""
        return await self._incoming.get()

    def drop_off(self) -> None:
        """Kill the program: no BYE, no audio, no answers."""
        self.process.kill()
        self.calls.clear()

    async def says(self, audio: Audio) -> None:
        """Put something into the microphone of the call that is."""
        self._spoken += 1
        file = self._folder / f"speech-{self._spoken}.wav"
        write_speech(file, audio)
        await self.process.command("ausrc", f"aufile,{file}")

    async def hushes(self) -> None:
        """Put silence into the microphone."""
        await self.process.command("ausrc", f"aufile,{self._silence}")

    async def _take_account(self, seconds: int) -> None:
        """Be the line, registered for so long; not at all for 0."""
        assert self.line.server is not None, "a softphone needs a server"
        host, port = self.line.server
        if self._account:
            await self.process.command("uadel", self._account)
        codecs = ",".join(f"{law.name}/8000/1" for law in self.line.laws)
        login = f"auth_user={self.line.user};auth_pass={self.line.password}"
        self._account = f"sip:{self.line.user}@{host}:{port}"
        if seconds:
            self._expect_registration()
        await self.process.command(
            "uanew",
            f"<{self._account};transport=udp>;{login};regint={seconds};audio_codecs={codecs};answermode=manual",
        )
        if seconds:
            await self._judge_registration()

    def _expect_registration(self) -> None:
        self._registered, self._challenges = self._loop.create_future(), 0

    async def _judge_registration(self) -> None:
        assert self._registered is not None
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                status = await self._registered
        except TimeoutError:
            status = 408
        finally:
            self._registered = None
        if status != 200:
            raise RegistrationError(status, "")

    def _observed(self, seen: Observed) -> None:
        if self._observer is not None:
            self._observer(seen)
        is_sent = isinstance(seen, SipSent)
        try:
            call_id, method = seen.message.call_id, seen.message.cseq.method
        except SipError:
            return
        if method == "REGISTER" and isinstance(seen.message, Response):
            self._take_registration(seen.message.status)
            return
        call = self._all.get(call_id)
        if call is None:
            if method != "INVITE" or not isinstance(seen.message, Request):
                return
            call = self._begin(call_id, is_incoming=not is_sent)
        rang = call.ringing_at
        call.take(seen.message, is_sent=is_sent)
        if call.is_incoming and rang is None and call.ringing_at is not None:
            self._incoming.put_nowait(call)
        if call.is_ended and call in self.calls:
            self.calls.remove(call)
            self._hushing = self._loop.create_task(self._forget_speech())

    def _begin(self, call_id: str, *, is_incoming: bool) -> BaresipCall:
        earpiece = Earpiece(self.process.heard, self.line.laws[0])
        call = self._all[call_id] = BaresipCall(self, call_id, earpiece, is_incoming=is_incoming)
        self.calls.append(call)
        if not is_incoming and self._dialled is not None and not self._dialled.done():
            self._dialled.set_result(call)
        return call

    def _take_registration(self, status: int) -> None:
        """The last answer counts; the first challenge is not it."""
        if status == CHALLENGED and not self._challenges:
            self._challenges += 1
            return
        if self._registered is not None and not self._registered.done() and status >= 200:
            self._registered.set_result(status)

    def _told(self, event: dict[str, Any]) -> None:
        call = self._all.get(str(event.get("id")))
        if event.get("type") == "CALL_CLOSED" and call is not None:
            call.closed()

    async def _forget_speech(self) -> None:
        """What was said last would be said again in the next call: let that begin in silence."""
        if self._spoken:
            with suppress(PhoneError):
                await self.hushes()
