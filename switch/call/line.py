"""One party's line: its signalling and its media, seen by the story as a person.

`run` pumps the events of the leg until it ends; keys come from RTP and from INFO alike. Everything the
story awaits of a line ends with `HungUpError` once the party is gone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ivr.ports import HungUpError
from prompts.audio import Library
from prompts.catalog import ClipId
from switch.call.offers import Negotiator, in_words
from switch.call.timeline import SWITCH, Kind, Timeline
from switch.leg.events import Answered, Ended, Established, LegEvent, Pressed, Reoffered, Ringing
from switch.media.control import (
    Address,
    DigitPressed,
    MachineHeard,
    MediaEvent,
    MediaLeg,
    MediaLost,
    MediaStarted,
    PlayEnded,
    PlayId,
    ThirdPartyHeard,
)

KEYS_MAX: Final = 64
"""Keys kept for the next question; who mashes more than this is not answering any."""


TWICE_SECONDS: Final = 0.5
"""Within which one press arrives in both ways, if a phone uses both."""


class SignallingLeg(Protocol):
    """What a line needs of an inbound or outbound leg of the user agent."""

    @property
    def peer(self) -> Address:
        """Where the far end was last heard."""

    async def event(self) -> LegEvent:
        """The next event; `Ended` is the last."""

    def answer_reoffer(self, description: bytes) -> None:
        """Accept a re-INVITE."""

    def refuse_reoffer(self, status: int = 488) -> None:
        """Refuse a re-INVITE; the session stays as it was."""

    def hang_up(self) -> None:
        """BYE, CANCEL or refuse, whatever ends it now."""

    def snapshot(self) -> str:
        """What a restarted process needs to send BYE."""


class Line:
    """A person on the line. Implements `ivr.ports.Party`."""

    def __init__(
        self,
        *,
        name: str,
        leg: SignallingLeg,
        media: MediaLeg,
        negotiator: Negotiator,
        library: Library,
        timeline: Timeline,
        clock: Callable[[], float],
        on_ringing: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.leg = leg
        self.media = media
        self.ended: Ended | None = None
        self.rang_at: float | None = None
        self.answered_at: float | None = None
        self.last_key_at: float | None = None
        self.is_lost = False
        self._negotiator = negotiator
        self._library = library
        self._timeline = timeline
        self._clock = clock
        self._keys: deque[str] = deque(maxlen=KEYS_MAX)
        self._ignored: tuple[str, float] | None = None
        """A key that ends what was complete without it, and until when it belongs to that."""
        self._played: PlayId | None = None
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()
        self._pressed: tuple[str, float, bool] | None = None
        """The key before, when, and whether by signalling."""
        self._on_ringing = on_ringing
        self._on_lost: Callable[[], None] | None = None
        self._on_third_party: Callable[[], None] | None = None
        self._is_listened_to = False
        self._machine = asyncio.Event()
        media.on_event(self._media_event)

    async def run(self) -> None:
        """Follow the leg to its end."""
        while self.ended is None:
            self._leg_event(await self.leg.event())

    async def play(self, clips: Sequence[ClipId]) -> None:
        """Say it all (`ivr.ports.Party.play`)."""
        play = self._say(clips)
        while self._played != play:
            await self._change(None)
            self._check()

    async def ask(
        self, clips: Sequence[ClipId], *, is_complete: Callable[[str], bool], end: str, first: float, between: float
    ) -> str:
        """Say it and take keys (`ivr.ports.Party.ask`); keys pressed before count, and spare the words."""
        self._check()
        play = None if self._keys else self._say(clips)
        keys = ""
        deadline: float | None = None
        while True:
            while self._keys:
                key = self._keys.popleft()
                if play is not None:
                    self.media.stop()
                    play = None
                if key == end:
                    return keys
                keys += key
                if is_complete(keys):
                    self._ignored = end, self._clock() + between
                    return keys
                deadline = self._clock() + between
            if play is not None and self._played == play:
                play, deadline = None, self._clock() + first
            if not await self._change(deadline):
                return keys
            self._check()

    def forget_keys(self) -> None:
        """Keep no key that was pressed until now."""
        self._keys.clear()
        self._ignored = None

    async def left(self) -> None:
        """Return once the party is gone."""
        await self._gone.wait()

    async def machine(self) -> None:
        """Return once the party is heard to be a machine."""
        await self._machine.wait()

    def listen_for_machine(self, speech_seconds: float | None) -> None:
        """Listen whether a machine answered, until a key is pressed: only people press any. None: no more."""
        is_wanted = speech_seconds is not None
        if is_wanted or self._is_listened_to:
            self.media.listen_for_machine(speech_seconds)
        self._is_listened_to = is_wanted

    async def answered(self) -> bool:
        """Wait until the far end answers (True) or its leg ends (False)."""
        while self.answered_at is None and self.ended is None:
            await self._change(None)
        return self.ended is None

    def on_lost(self, listener: Callable[[], None] | None) -> None:
        """Whom to tell when nothing is heard of the party for long."""
        self._on_lost = listener

    def on_third_party(self, listener: Callable[[], None]) -> None:
        """Listen for a third party from now on, and whom to tell."""
        self._on_third_party = listener
        self.media.listen_for_third_party()

    def loop(self, clip: ClipId) -> None:
        """Play a clip for ever, as hold audio."""
        self.media.play([self._library.clip(clip)], is_looped=True)

    def overlay(self, clips: Sequence[ClipId]) -> None:
        """Say it over what is heard."""
        self._timeline.add(Kind.WORDS, SWITCH, self.name, self._library.catalog.text(clips))
        self.media.overlay(self._library.sequence(clips))

    def hang_up(self) -> None:
        """End the leg; harmless when it is over."""
        if self.ended is None:
            self.leg.hang_up()

    def close(self) -> None:
        """Free the media port."""
        self.media.on_event(None)
        self.media.close()

    def _say(self, clips: Sequence[ClipId]) -> PlayId:
        self._check()
        self._timeline.add(Kind.WORDS, SWITCH, self.name, self._library.catalog.text(clips))
        return self.media.play(self._library.sequence(clips))

    def _check(self) -> None:
        if self.ended is not None:
            raise HungUpError

    async def _change(self, deadline: float | None) -> bool:
        """Wait for anything to happen; False when the deadline came first."""
        self._changed.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _leg_event(self, event: LegEvent) -> None:
        now = self._clock()
        match event:
            case Ringing():
                if self.rang_at is None:
                    self.rang_at = now
                if self._on_ringing is not None:
                    self._on_ringing()
            case Answered(description):
                if self._is_agreed(description):
                    self.answered_at = now
            case Established(description):
                self._is_agreed(description)
            case Reoffered(description):
                answer = self._negotiator.answer(description, self.media, self.leg.peer)
                if answer is None:
                    self._tell_refused(description)
                    self.leg.refuse_reoffer(488)
                else:
                    self.leg.answer_reoffer(answer)
            case Pressed(key):
                self._press(key, now, is_signalled=True)
            case Ended():
                self.ended = event
                self._negotiator.rest(self.media, self.leg.peer)
                self._gone.set()
        self._changed.set()

    def _is_agreed(self, description: bytes) -> bool:
        """Take the answer to our offer; without one that fits there is nothing to talk over, and we hang up."""
        if self._negotiator.answered(description, self.media, self.leg.peer):
            return True
        self._tell_refused(description)
        self.leg.hang_up()
        return False

    def _tell_refused(self, description: bytes) -> None:
        self._timeline.add(Kind.STATE, self.name, SWITCH, f"no audio that we can carry: {in_words(description)}")

    def _media_event(self, event: MediaEvent) -> None:
        match event:
            case DigitPressed(key, at):
                self._press(key, at, is_signalled=False)
            case PlayEnded(play_id):
                self._played = play_id
            case MediaLost():
                self.is_lost = True
                self._timeline.add(Kind.MEDIA, self.name, SWITCH, "nothing is heard any more")
                if self._on_lost is not None:
                    self._on_lost()
            case MediaStarted():
                self.is_lost = False
            case MachineHeard():
                if self._is_listened_to:  # A key may have come first, in the same step.
                    self._timeline.add(Kind.MEDIA, self.name, SWITCH, "a machine is heard")
                    self.listen_for_machine(None)
                    self._machine.set()
            case ThirdPartyHeard():
                if self._on_third_party is not None:
                    self._on_third_party()
        self._changed.set()

    def _press(self, key: str, at: float, *, is_signalled: bool) -> None:
        """Keep a key; an end key right behind complete keys belongs to them and is dropped.

        A phone may send one press as SIP INFO and in its audio as well: the second of the two tells nothing.
        """
        before, self._pressed = self._pressed, (key, at, is_signalled)
        if before is not None and before[0] == key and before[2] is not is_signalled and at - before[1] < TWICE_SECONDS:
            self._pressed = None  # The next press of this key is another one.
            return
        self._timeline.add(Kind.KEY, self.name, SWITCH, "key")
        self.listen_for_machine(None)
        ignored, self._ignored = self._ignored, None
        if ignored is not None and key == ignored[0] and at <= ignored[1]:
            return
        self.last_key_at = at
        self._keys.append(key)
        self._changed.set()
