"""One call at a baresip: what it does by commands, what becomes of it by SIP messages, what it hears by a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from scenarios.phones.baresip_sound import Earpiece
from scenarios.phones.call import KeysBy
from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio
from scenarios.phones.errors import CallEndedError, CannotDoError, PhoneError, ReofferRefusedError
from scenarios.phones.heard import Heard
from scenarios.phones.keys import KeyStyle
from switch.leg.causes import cause_of
from switch.leg.events import Cause, Ended
from switch.sip.message import Request, Response

if TYPE_CHECKING:
    from scenarios.phones.baresip import BaresipPhone

LOOK_SECONDS: Final = 0.02
"""How often the file of what is heard is looked at: once a frame."""

DONE_SECONDS: Final = 10.0
"""How long baresip may take to do what it was told."""

REST_SECONDS: Final = 0.25
"""After the end of a call: what it heard is in its file by then, and its own end in the SIP trace."""

CHALLENGES: Final = (401, 407)


class BaresipCall:
    """A call, from the INVITE on; see `HandsetCall`."""

    def __init__(self, phone: BaresipPhone, call_id: str, earpiece: Earpiece, *, is_incoming: bool) -> None:
        self.call_id = call_id
        self.is_incoming = is_incoming
        self.ringing_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.is_held_by_peer = False
        self._phone = phone
        self._ear = earpiece
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._picked_up = asyncio.Event()
        self._ended: asyncio.Future[Ended] = self._loop.create_future()
        self._reoffer: asyncio.Future[int] | None = None
        self._is_given_up = False
        self.listening = self._loop.create_task(self._listen(), name=f"baresip hears {call_id}")

    @property
    def heard(self) -> Heard:
        """What was heard so far; stays after the end."""
        return self._ear.heard

    @property
    def is_ended(self) -> bool:
        """Whether it is over."""
        return self._ended.done()

    async def rings(self) -> None:
        """Wait until the far end rings."""
        await self._rung.wait()
        if self.ringing_at is None:
            self._require_alive()

    async def answered(self) -> None:
        """Wait until the call is answered."""
        await self._picked_up.wait()
        if self.answered_at is None:
            self._require_alive()

    async def wait_for_end(self) -> Ended:
        """Wait until it is over, and return why."""
        return await asyncio.shield(self._ended)

    async def ends_within(self, seconds: float) -> bool:
        """Let time pass; return True, at once, if the call ends meanwhile."""
        done, _ = await asyncio.wait({self._ended}, timeout=seconds)
        return bool(done)

    async def answer(self) -> None:
        """Pick up."""
        self._require_alive()
        await self._phone.process.command("accept")
        await self._done(self.answered(), "answer")

    async def refuse(self, status: int = 486) -> None:
        """Turn down what rings: baresip says 486 and nothing else."""
        if status != 486:
            raise CannotDoError(f"baresip refuses with 486, not {status}")
        self._require_alive()
        await self._phone.process.command("hangup")
        await self._done(self.wait_for_end(), "refuse")

    async def hang_up(self) -> Ended:
        """End it: BYE, CANCEL or 486. Over already is no error."""
        if not self._ended.done():
            await self._phone.process.command("hangup")
        ended: Ended = await self._done(self.wait_for_end(), "hang up")
        return ended

    async def press(self, keys: str, *, by: KeysBy = "rfc4733", style: KeyStyle | None = None) -> None:
        """Press keys; each goes out as a telephone event of RFC 4733."""
        if by != "rfc4733" or style not in {None, KeyStyle()}:
            raise CannotDoError("baresip presses keys by RFC 4733, in its own way")
        style = KeyStyle()
        for key in keys:
            self._require_alive()
            await self._phone.process.command("sndcode", key)
            if await self.ends_within(style.seconds + style.pause_seconds):
                return

    async def speak(self, audio: Audio) -> None:
        """Say something; cancelled, it falls silent."""
        self._require_alive()
        await self._phone.says(audio)
        try:
            is_over = await self.ends_within(len(audio) / SAMPLES_PER_SECOND)
        except asyncio.CancelledError:
            await self._phone.hushes()
            raise
        if is_over:
            self._require_alive()

    def go_silent(self, *, is_silent: bool = True) -> None:  # noqa: ARG002 - as every `HandsetCall` has it
        """Not to be had of baresip."""
        raise CannotDoError("baresip always sends audio")

    async def hold(self) -> None:
        """Put the far end on hold (RFC 3264 §8.4).

        Raises:
            ReofferRefusedError: The peer does not want that.
        """
        await self._change("hold")

    async def resume(self) -> None:
        """Undo `hold`; raises what `hold` raises."""
        await self._change("resume")

    async def move_audio(self) -> None:
        """Not to be had of baresip."""
        raise CannotDoError("baresip keeps its port for audio")

    def take(self, message: Request | Response, *, is_sent: bool) -> None:
        """Follow a SIP message of this call."""
        if isinstance(message, Request):
            self._take_request(message, is_sent=is_sent)
        elif message.cseq.method == "INVITE" and message.status > 100:
            if self.answered_at is not None:
                self._take_reanswer(message.status, is_sent=is_sent)
            else:
                self._take_answer(message.status, is_sent=is_sent)

    def closed(self) -> None:
        """It tells that the call is over: the messages say so too, unless there were none."""
        self._loop.call_later(REST_SECONDS, self.end, Ended(Cause.FAILED))

    def end(self, ended: Ended) -> None:
        """The call is over, once and for all."""
        if self._ended.done():
            return
        self.ended_at = self._loop.time()
        self._ended.set_result(ended)
        self._rung.set()
        self._picked_up.set()

    def _take_request(self, message: Request, *, is_sent: bool) -> None:
        match message.method:
            case "BYE":
                self.end(Ended(Cause.NORMAL))
            case "CANCEL":
                self._is_given_up = True
            case "INVITE" if not is_sent and self.answered_at is not None:
                self.is_held_by_peer = b"a=sendonly" in message.body or b"a=inactive" in message.body
            case _:
                pass

    def _take_answer(self, status: int, *, is_sent: bool) -> None:
        if is_sent is not self.is_incoming or (status in CHALLENGES and not is_sent):
            return
        if status < 200:
            self.ringing_at = self._loop.time() if self.ringing_at is None else self.ringing_at
            self._rung.set()
        elif status < 300:
            self.answered_at = self._loop.time()
            self._rung.set()
            self._picked_up.set()
        else:
            self.end(Ended(Cause.CANCELLED if self._is_given_up else cause_of(status), status))

    def _take_reanswer(self, status: int, *, is_sent: bool) -> None:
        if is_sent or status < 200 or status in CHALLENGES:
            return
        if self._reoffer is not None and not self._reoffer.done():
            self._reoffer.set_result(status)

    async def _change(self, command: str) -> None:
        self._require_alive()
        self._reoffer = self._loop.create_future()
        try:
            await self._phone.process.command(command)
            status = await self._done(self._first(self._reoffer), command)
        finally:
            self._reoffer = None
        if status != 200:
            raise ReofferRefusedError(status)

    async def _first(self, future: asyncio.Future[int]) -> int:
        futures: list[asyncio.Future[Any]] = [future, self._ended]
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        self._require_alive()
        return future.result()

    async def _done(self, happening: Awaitable[Any], what: str) -> Any:
        try:
            async with asyncio.timeout(DONE_SECONDS):
                return await happening
        except TimeoutError:
            raise PhoneError(f"baresip did not {what} within {DONE_SECONDS:g} s") from None

    async def _listen(self) -> None:
        """Read what it hears, from the answer until everything of the call is there."""
        await self._picked_up.wait()
        try:
            while not self._ended.done():
                self._ear.listen(self._loop.time())
                await asyncio.sleep(LOOK_SECONDS)
            await asyncio.sleep(REST_SECONDS)
            if self.answered_at is not None and self.ended_at is not None:
                self._ear.listen(self.ended_at, is_over=True)
        finally:
            self._ear.close()

    def _require_alive(self) -> None:
        if self._ended.done():
            ended = self._ended.result()
            raise CallEndedError(ended.cause, ended.status)
