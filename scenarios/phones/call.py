"""One call at a phone: what its owner does, and what he hears."""

import asyncio
from typing import Any, Literal

from scenarios.phones.bargain import Bargain
from scenarios.phones.codec import Audio
from scenarios.phones.errors import CallEndedError, ReofferRefusedError
from scenarios.phones.heard import Heard, HeardKey
from scenarios.phones.keys import KeyStyle
from scenarios.phones.rtp import AudioPath, Sound
from switch.agent.legs import InboundLeg, OutboundLeg
from switch.leg.events import (
    Answered,
    Ended,
    Established,
    LegEvent,
    Pressed,
    Reanswered,
    Reoffered,
    ReofferRefused,
    Ringing,
)
from switch.sdp.errors import SdpError
from switch.sip.message import Request

KeysBy = Literal["rfc4733", "info"]
"""How keys travel: as telephone events in the audio, or as SIP INFO."""

REFUSED_MEDIA = 488
"""Not Acceptable Here: nothing in common to talk with (RFC 3261 §21.4.26)."""


class PhoneCall:
    """A call, from the INVITE on. Verbs that need a living call raise `CallEndedError` when it is over.

    Attributes:
        ringing_at: When the far end rang, or this phone did.
        answered_at: When the call was answered, by either side.
        acknowledged_at: When the ACK to the answer arrived here, or left.
        ended_at: When it ended.
        is_held_by_peer: Whether the far end wants no audio from here.
    """

    def __init__(self, leg: InboundLeg | OutboundLeg, sound: Sound, bargain: Bargain, style: KeyStyle) -> None:
        self.ringing_at: float | None = None
        self.answered_at: float | None = None
        self.acknowledged_at: float | None = None
        self.ended_at: float | None = None
        self.is_held_by_peer = False
        self._leg = leg
        self._sound = sound
        self._bargain = bargain
        self._style = style
        self._loop = asyncio.get_running_loop()
        self._is_holding = False
        self._answer: tuple[bytes, AudioPath] | None = None
        self._rung = asyncio.Event()
        self._picked_up = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._ended: asyncio.Future[Ended] = self._loop.create_future()
        self._reoffer: asyncio.Future[int] | None = None

    @property
    def heard(self) -> Heard:
        """What was heard so far; stays after the end."""
        return self._sound.heard

    @property
    def request(self) -> Request:
        """The INVITE."""
        return self._leg.request

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._leg.call_id

    @property
    def is_ended(self) -> bool:
        """Whether the call is over."""
        return self._ended.done()

    @property
    def path(self) -> AudioPath | None:
        """Where audio goes, None before it is agreed."""
        return self._sound.path

    async def rings(self) -> None:
        """Wait until the far end rings (or, for an incoming call, this phone does)."""
        await self._reach(self._rung, "ringing_at")

    async def answered(self) -> None:
        """Wait until the call is answered."""
        await self._reach(self._picked_up, "answered_at")

    async def acknowledged(self) -> None:
        """Wait until the ACK to the answer came (or was sent, by the side that called)."""
        await self._reach(self._acknowledged, "acknowledged_at")

    async def wait_for_end(self) -> Ended:
        """Wait until the call is over, and return why."""
        return await asyncio.shield(self._ended)

    async def ends_within(self, seconds: float) -> bool:
        """Let time pass; return True, at once, if the call ends meanwhile."""
        done, _ = await asyncio.wait({self._ended}, timeout=seconds)
        return bool(done)

    def prepare(self) -> bool:
        """Judge the offer of an incoming call; refuse it and return False if there is nothing to talk with."""
        assert isinstance(self._leg, InboundLeg)
        if not self._leg.offer:
            return True
        try:
            self._answer = self._bargain.answer(self._leg.offer)
        except SdpError:
            self._leg.refuse(REFUSED_MEDIA)
            return False
        return True

    def ring(self, *, status: int = 180) -> None:
        """Let the caller know that it rings here."""
        self._require_alive()
        assert isinstance(self._leg, InboundLeg)
        self._leg.ring(status=status)
        self._mark_ringing()

    async def answer(self, *, after: float = 0.0) -> None:
        """Pick up an incoming call, `after` seconds from now."""
        assert isinstance(self._leg, InboundLeg)
        await self._pause(after)
        if self._answer is None:
            self._leg.answer(self._bargain.offer())
        else:
            description, path = self._answer
            self._leg.answer(description)
            self._connect(path)
        self._mark_answered()

    async def refuse(self, status: int = 486, *, after: float = 0.0) -> None:
        """Turn an incoming call down, `after` seconds from now."""
        assert isinstance(self._leg, InboundLeg)
        await self._pause(after)
        self._leg.refuse(status)

    async def hang_up(self, *, after: float = 0.0) -> Ended:
        """End the call in whatever way its state asks for: BYE, CANCEL or 480. Over already is no error."""
        await asyncio.wait({self._ended}, timeout=after)
        self._leg.hang_up()
        return await self.wait_for_end()

    async def press(self, keys: str, *, by: KeysBy = "rfc4733", style: KeyStyle | None = None) -> None:
        """Press keys one after another; returns after the pause behind the last, or where that key ends the call."""
        self._require_alive()
        chosen = style or self._style
        if by == "rfc4733":
            await self._finish(self._sound.press(keys, chosen))
            return
        for key in keys:
            self._require_alive()
            self._leg.send_info(key)
            await asyncio.wait({self._ended}, timeout=chosen.seconds + chosen.pause_seconds)

    async def speak(self, audio: Audio) -> None:
        """Say something; returns when its last sample was sent. Cancelled, it falls silent."""
        self._require_alive()
        try:
            await self._finish(self._sound.speak(audio))
        except asyncio.CancelledError:
            self._sound.hush()
            raise

    def go_silent(self, *, is_silent: bool = True) -> None:
        """Send no audio at all from now on, as a phone whose network path broke; or again."""
        self._sound.go_silent(is_silent=is_silent)

    async def hold(self) -> None:
        """Put the far end on hold (RFC 3264 §8.4).

        Raises:
            ReofferRefusedError: The peer does not want that, or asked for something at the same moment.
        """
        await self._change(is_holding=True)

    async def resume(self) -> None:
        """Undo `hold`; raises what `hold` raises."""
        await self._change(is_holding=False)

    async def move_audio(self) -> None:
        """Take another port for audio, and offer it (RFC 3264 §8.3.1); raises what `hold` raises."""
        self._require_alive()
        await self._sound.move()
        self._bargain.move(self._sound.address)
        await self._change(is_holding=self._is_holding)

    async def follow(self) -> None:
        """Take the leg's events until its end; the phone runs this beside its owner."""
        try:
            while not self._ended.done():
                self._take(await self._leg.event())
        finally:
            self._sound.close()

    def vanish(self) -> None:
        """Let go of the socket, as a phone that lost its network: nothing is said to anybody."""
        self._sound.close()

    def _take(self, event: LegEvent) -> None:
        match event:
            case Ringing():
                self._mark_ringing()
            case Answered(description=description):
                self._agree(description)
                self._mark_answered()
                self._mark_acknowledged()
            case Established(description=description):
                if description:
                    self._agree(description)
                self._mark_acknowledged()
            case Reoffered(description=description):
                self._take_reoffer(description)
            case Reanswered(description=description):
                self._agree(description)
                self._settle_reoffer(200)
            case ReofferRefused(status=status):
                self._bargain.forget_offer()
                self._settle_reoffer(status)
            case Pressed(key=key):
                self.heard.keys.append(HeardKey(key, self._loop.time()))
            case Ended():
                self._end(event)

    def _agree(self, description: bytes) -> None:
        """Take an answer; without audio in common the call has no sense and is hung up."""
        try:
            self._connect(self._bargain.accept(description))
        except SdpError:
            self._leg.hang_up()

    def _take_reoffer(self, description: bytes) -> None:
        direction = "sendonly" if self._is_holding else "sendrecv"
        if not description:
            self._leg.answer_reoffer(self._bargain.offer(direction))
            return
        try:
            answer, path = self._bargain.answer(description, direction)
        except SdpError:
            self._leg.refuse_reoffer(REFUSED_MEDIA)
            return
        self._leg.answer_reoffer(answer)
        self.is_held_by_peer = not path.is_sending
        self._connect(path)

    async def _change(self, *, is_holding: bool) -> None:
        await self.acknowledged()  # before that nothing may be offered (RFC 3261 §14.1)
        self._require_alive()
        assert self._reoffer is None, "one change at a time"
        self._reoffer = self._loop.create_future()
        self._leg.reoffer(self._bargain.offer("sendonly" if is_holding else "sendrecv"))
        try:
            await self._first(self._reoffer)
            self._require_alive()
            status = self._reoffer.result()
        finally:
            self._reoffer = None
        if status != 200:
            raise ReofferRefusedError(status)
        self._is_holding = is_holding
        path = self._sound.path
        assert path is not None
        self._connect(path)

    def _settle_reoffer(self, status: int) -> None:
        if self._reoffer is not None and not self._reoffer.done():
            self._reoffer.set_result(status)

    def _connect(self, path: AudioPath) -> None:
        self._sound.connect(path)
        self._sound.mute(is_muted=self._is_holding)

    def _mark_ringing(self) -> None:
        if self.ringing_at is None:
            self.ringing_at = self._loop.time()
        self._rung.set()

    def _mark_answered(self) -> None:
        if self.answered_at is None:
            self.answered_at = self._loop.time()
        self._rung.set()
        self._picked_up.set()

    def _mark_acknowledged(self) -> None:
        self.acknowledged_at = self._loop.time()
        self._acknowledged.set()

    def _end(self, ended: Ended) -> None:
        self.ended_at = self._loop.time()
        self._ended.set_result(ended)
        for event in (self._rung, self._picked_up, self._acknowledged):
            event.set()

    async def _reach(self, event: asyncio.Event, reached: str) -> None:
        await event.wait()
        if getattr(self, reached) is None:
            self._require_alive()

    async def _pause(self, seconds: float) -> None:
        """Let time pass; the end of the call ends it early."""
        self._require_alive()
        if seconds > 0:
            await asyncio.wait({self._ended}, timeout=seconds)
            self._require_alive()

    async def _finish(self, done: asyncio.Future[None]) -> None:
        """Wait for audio or keys to be sent; what was hushed counts as finished."""
        await self._first(done)
        if not done.done() or done.cancelled():
            self._require_alive()

    async def _first(self, future: asyncio.Future[Any]) -> None:
        """Wait for a future or the end of the call."""
        futures: list[asyncio.Future[Any]] = [future, self._ended]
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)

    def _require_alive(self) -> None:
        if self._ended.done():
            ended = self._ended.result()
            raise CallEndedError(ended.cause, ended.status)
