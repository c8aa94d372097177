"""One telephone and its owner: the verbs of the language as an async Python API.

Each verb waits until what it says has happened, and raises `NotHappenedError` if it does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scenarios.language.flows import Arrow
from scenarios.phones.call import KeysBy
from scenarios.phones.codec import Audio
from scenarios.phones.errors import PhoneError, RegistrationError
from scenarios.phones.handset import Handset, HandsetCall
from scenarios.phones.heard import HeardClip
from scenarios.phones.keys import KeyStyle
from scenarios.play.ears import Ears, Found, Phrase
from scenarios.play.errors import CannotActError, NotHappenedError
from scenarios.play.listening import LISTEN_SECONDS, Listening
from scenarios.play.result import KeyPressed, SipSeen
from scenarios.play.telephones import Telephone
from scenarios.sim.loop import VirtualLoop
from switch.agent.observed import Observed, SipSent
from switch.call.reception import message_text
from switch.leg.events import Ended
from switch.sip.errors import SipError
from switch.sip.message import Request

PATIENCE: Final = 60.0
"""Seconds an actor waits for what it expects, unless told otherwise: longer than ringing and greeting."""

OVERLAP: Final = 0.12
"""Seconds by which clips in a row may seem to overlap: their trimmed edges, and the recogniser's reach."""

LOOK_BACK: Final = 20.0
"""Seconds of audio told about when words were not heard."""


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message at a telephone."""

    at: float
    call_id: str
    is_sent: bool
    name: str
    """`INVITE`, `200 to INVITE`."""
    text: str
    identity: tuple[str, ...]
    """The same for a retransmission."""


class Actor:
    """A telephone's owner."""

    def __init__(
        self, telephone: Telephone, phone: Handset, ears: Ears, met: Callable[[str, HandsetCall], None]
    ) -> None:
        self.telephone = telephone
        self.phone = phone
        self.messages: list[Message] = []
        self.calls: list[HandsetCall] = []
        self.keys: list[tuple[HandsetCall, KeyPressed]] = []
        self.speeches: list[asyncio.Task[None]] = []
        self._ears = ears
        self._met = met
        self._heard_until = 0.0
        self._loop = asyncio.get_running_loop()
        phone.observe(self._observed)

    @property
    def name(self) -> str:
        """What scenarios call it."""
        return self.telephone.name

    @property
    def call(self) -> HandsetCall:
        """The call it had last.

        Raises:
            CannotActError: It never had one.
        """
        if not self.calls:
            raise CannotActError(f"{self.name} has no call")
        return self.calls[-1]

    # What is done.

    async def registers(self, seconds: int = 3600) -> None:
        """Register at the switch."""
        try:
            await self.phone.register(seconds=seconds)
        except RegistrationError as error:
            raise NotHappenedError(f"{self.name} registers", str(error)) from error

    async def registers_in_vain(self, status: int | None = None) -> None:
        """Try to register, and be refused, with this status if one is given."""
        try:
            await self.phone.register()
        except RegistrationError as error:
            if status not in {None, error.status}:
                raise NotHappenedError(f"{self.name} is refused with {status}", str(error)) from error
        else:
            raise NotHappenedError(f"{self.name} registers in vain", "it is registered")

    async def unregisters(self) -> None:
        """Remove the registration."""
        try:
            await self.phone.unregister()
        except RegistrationError as error:
            raise NotHappenedError(f"{self.name} unregisters", str(error)) from error

    async def dials(self, number: str) -> HandsetCall:
        """Call a number; the INVITE is on its way when this returns."""
        self._has(await self.phone.dial(number.removeprefix("+")))
        return self.call

    async def is_answered(self, *, within: float = PATIENCE) -> None:
        """Wait until the call is answered."""
        await self._reach(self.call.answered(), "is answered", within)

    async def presses(self, keys: str, *, by: KeysBy = "rfc4733", style: KeyStyle | None = None) -> None:
        """Press keys, one after another, in an answered call."""
        await self.is_answered()
        call, chosen, at = self.call, style or self.phone.line.style, self._loop.time()
        for key in keys:
            self.keys.append((call, KeyPressed(at, key)))
            at += chosen.seconds + chosen.pause_seconds
        await self._do(call.press(keys, by=by, style=style), f"presses {len(keys)} keys")

    async def speaks(self, audio: Audio, *, is_meanwhile: bool = False) -> None:
        """Say something; with `is_meanwhile` it goes on while the next things happen."""
        await self.is_answered()
        if is_meanwhile:
            self.speeches.append(asyncio.create_task(self._speak(audio), name=f"{self.name} speaks"))
            await asyncio.sleep(0)
            return
        await self._do(self.call.speak(audio), "speaks")

    async def rings(self, seconds: float = 0.0, *, within: float = PATIENCE) -> HandsetCall:
        """Wait until it rings, and let it ring for so long."""
        call = await self._next_call(within)
        if call is None:
            raise NotHappenedError(f"{self.name} rings within {within:g} s", self.state())
        self._has(call)
        if seconds:
            await self._stay(call, seconds, f"rings for {seconds:g} s")
        return call

    async def is_not_rung(self, seconds: float = 0.0) -> None:
        """See that it does not ring, for so long."""
        call = await self._next_call(max(seconds, 1e-3))
        if call is not None:
            self._has(call)
            raise NotHappenedError(f"{self.name} does not ring", "it rings")

    async def answers(self) -> None:
        """Pick up what rings; waits until something does."""
        await self._ringing()
        await self._do(self.call.answer(), "answers")
        self._heard_until = self._loop.time()

    async def refuses(self, status: int = 486) -> None:
        """Turn down what rings; waits until something does."""
        await self._ringing()
        await self._do(self.call.refuse(status), "refuses")

    async def hangs_up(self) -> Ended:
        """End the call, in whatever way its state asks for."""
        return await self.call.hang_up()

    async def holds(self) -> None:
        """Put the far end on hold."""
        await self._do(self.call.hold(), "holds")

    async def resumes(self) -> None:
        """Undo `holds`."""
        await self._do(self.call.resume(), "resumes")

    async def moves_audio(self) -> None:
        """Take another port for audio, and tell the far end by a re-INVITE."""
        await self._do(self.call.move_audio(), "moves its audio")

    def goes_silent(self, *, is_silent: bool = True) -> None:
        """Send no audio at all, or again."""
        self.call.go_silent(is_silent=is_silent)

    # What is perceived.

    async def rings_back(self, *, within: float = PATIENCE, is_wanted: bool = True) -> None:
        """Wait until the far end is said to ring; or see that this is not said until the call is answered."""
        if is_wanted:
            await self._reach(self.call.rings(), "is told that it rings", within)
            if self.call.ringing_at is None:
                raise NotHappenedError(f"{self.name} is told that it rings", "it was answered at once")
        elif self.call.ringing_at is not None:
            raise NotHappenedError(f"{self.name} is not told that it rings", "it is")

    async def hears(self, phrases: Sequence[Phrase], *, within: float = PATIENCE) -> HeardClip:
        """Wait until these sentences were heard to their end, one after the other; returns the first of them."""
        deadline = self._loop.time() + within
        first: HeardClip | None = None
        for phrase in phrases:
            found = await self._listen(phrase, deadline)
            if found is None:
                raise NotHappenedError(f"{self.name} hears “{self._ears.words(phrase)}”", self.state())
            first = first or found
            self._heard_until = found.until
        assert first is not None, "words to hear are needed"
        return first

    async def hears_tone(self, hertz: float, seconds: float, *, within: float = PATIENCE) -> float:
        """Wait until a tone was heard for so long in all from now on; returns when it was enough."""
        call, since = await self._living(), self._loop.time()
        while call.heard.tone_seconds(hertz, since, self._loop.time()) < seconds - 1e-6:
            if self._loop.time() - since > within or call.is_ended:
                heard = call.heard.tone_seconds(hertz, since, self._loop.time())
                raise NotHappenedError(
                    f"{self.name} hears {hertz:g} Hz for {seconds:g} s", f"it was heard for {heard:.2f} s"
                )
            await asyncio.sleep(LISTEN_SECONDS)
        return self._loop.time()

    def heard(self, phrase: Phrase) -> list[HeardClip]:
        """Where a sentence was heard in the present call, whole or in part."""
        call = self.call
        if call.answered_at is None:
            return []
        until = self._loop.time() if call.ended_at is None else call.ended_at
        audio = call.heard.audio(call.answered_at, until)
        return list(self._ears.find(phrase, audio, call.answered_at).sentences)

    def tone_heard(self, hertz: float) -> float:
        """For how many seconds a tone was heard in the present call."""
        call = self.call
        if call.answered_at is None:
            return 0.0
        until = self._loop.time() if call.ended_at is None else call.ended_at
        return call.heard.tone_seconds(hertz, call.answered_at, until)

    async def hears_nothing(self, seconds: float) -> None:
        """See that no sound is heard for so long from now on."""
        call, since = await self._living(), self._loop.time()
        await asyncio.sleep(seconds)
        heard = call.heard.sound_seconds(since, self._loop.time())
        if heard > 0:
            raise NotHappenedError(f"{self.name} hears nothing for {seconds:g} s", f"sound for {heard:.2f} s")

    async def is_released(self, *, within: float = PATIENCE) -> Ended:
        """Wait until its call is over."""
        call = self.call
        try:
            async with asyncio.timeout(within):
                return await call.wait_for_end()
        except TimeoutError:
            raise NotHappenedError(f"the call of {self.name} ends within {within:g} s", self.state()) from None

    def state(self) -> str:
        """What there is instead of what was awaited, in words."""
        if not self.calls:
            return f"{self.name} has no call"
        call = self.calls[-1]
        if call.is_ended:
            assert call.ended_at is not None
            ended = next((each.text for each in reversed(self.messages) if each.call_id == call.call_id), "")
            return f"the call of {self.name} is over (last message: {ended}); {self._lately(call.ended_at)}"
        if call.answered_at is None:
            return f"{self.name} rings" if call.ringing_at is not None else f"the call of {self.name} is not answered"
        return f"the call of {self.name} goes on; {self._lately(self._loop.time())}"

    def sip_of(self, call: HandsetCall, since: float) -> tuple[SipSeen, ...]:
        """The messages of one call, with times from `since`; none where nobody knows these well enough."""
        seen = (each for each in self.messages if each.call_id == call.call_id and self.phone.is_watched)
        return tuple(SipSeen(each.at - since, each.is_sent, each.text) for each in seen)

    def flow(self, *, is_whole: bool = False) -> list[Arrow]:
        """Every message so far, as arrows; retransmissions only in a whole one."""
        seen: set[tuple[str, ...]] = set()
        arrows: list[Arrow] = []
        for message in self.messages:
            if is_whole or message.identity not in seen:
                arrows.append(Arrow(message.is_sent, message.name))
            seen.add(message.identity)
        return arrows

    def _lately(self, until: float) -> str:
        call = self.call
        if call.answered_at is None:
            return "it was never answered"
        since = max(call.answered_at, until - LOOK_BACK)
        clips = call.heard.clips(self._ears.all_words(), since, until)
        if clips:
            return "heard lately: " + ", ".join(
                clip.clip_id + ("" if clip.is_whole else " (in part)") for clip in clips
            )
        sound = call.heard.sound_seconds(since, until)
        return f"no words were heard lately, and sound for {sound:.1f} s" if sound else "nothing was heard lately"

    def _has(self, call: HandsetCall) -> None:
        self.calls.append(call)
        self._heard_until = self._loop.time()
        self._met(self.name, call)

    async def _ringing(self) -> None:
        if not self.calls or self.call.answered_at is not None or self.call.is_ended:
            await self.rings()

    async def _next_call(self, within: float) -> HandsetCall | None:
        try:
            async with asyncio.timeout(within):
                return await self.phone.next_call()
        except TimeoutError:
            return None

    async def _living(self) -> HandsetCall:
        await self.is_answered()
        return self.call

    async def _listen(self, phrase: Phrase, deadline: float) -> HeardClip | None:
        """Wait for one sentence, from where the last one ended."""
        call = self.call
        if call.answered_at is None:
            await self.is_answered()
        listening = Listening(self._ears, phrase, self._heard_until - OVERLAP)
        while True:
            now, is_ended = self._loop.time(), call.is_ended
            if listening.may_be_there(call.heard, now) or is_ended:
                found = await self._find(phrase, call, listening.since, now)
                words = listening.hears(found, call.heard, now, is_ended=is_ended)
                if words is not None:
                    return words
            if now >= deadline or is_ended:
                return None
            await call.ends_within(min(listening.rest(now), max(LISTEN_SECONDS, deadline - now)))

    async def _find(self, phrase: Phrase, call: HandsetCall, since: float, until: float) -> Found:
        """Compare what was heard; beside the loop where time is real, so that the switch's media go on meanwhile."""
        audio = call.heard.audio(since, until)
        if isinstance(self._loop, VirtualLoop):
            return self._ears.find(phrase, audio, since)
        return await asyncio.to_thread(self._ears.find, phrase, audio, since)

    async def _speak(self, audio: Audio) -> None:
        try:
            await self.call.speak(audio)
        except PhoneError:
            return  # The call ended in the middle of a sentence.

    async def _stay(self, call: HandsetCall, seconds: float, what: str) -> None:
        if await call.ends_within(seconds):
            raise NotHappenedError(f"{self.name} {what}", self.state())

    async def _reach(self, happening: Awaitable[object], what: str, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await happening
        except TimeoutError:
            raise NotHappenedError(f"{self.name} {what} within {within:g} s", self.state()) from None
        except PhoneError as error:
            raise NotHappenedError(f"{self.name} {what}", f"{error}; {self.state()}") from error

    async def _do(self, action: Awaitable[object], what: str) -> None:
        await self._reach(action, what, PATIENCE)

    def _observed(self, observed: Observed) -> None:
        message = observed.message
        try:
            text, call_id, cseq = message_text(message), message.call_id, message.cseq
        except SipError:
            return
        is_sent = isinstance(observed, SipSent)
        if isinstance(message, Request):
            name = message.method
            identity = (name, call_id, str(cseq))
        else:
            name = f"{message.status} to {cseq.method}"
            identity = (name, call_id, str(cseq))
        self.messages.append(Message(observed.at, call_id, is_sent, name, text, (str(is_sent), *identity)))
