"""The calls of the demonstration, as the people in them act: each reads top to bottom.

People wait as people do, for what they hear to go on, for a while, or for the far end to leave; nothing
here knows what happens inside the switch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.records import CallRecord
from prompts.audio import Audio
from prompts.catalog import ClipId
from scenarios.demo import voices
from scenarios.demo.cast import Planned
from scenarios.phones.call import PhoneCall
from scenarios.phones.errors import PhoneError
from scenarios.phones.phone import Phone
from scenarios.report.ladder import HIDDEN_KEY
from switch.call.timeline import CALLEE, CALLER, Timeline


class NeverRangError(PhoneError):
    """The called phone was to ring."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Keys a party pressed in a row, one letter each; `shown` hides a PIN."""

    party: str
    shown: str


@dataclass(slots=True)
class Scene:
    """One call as it goes on.

    Attributes:
        inside: The call at the station's phone, once it was dialled.
        outside: The call at the called phone, once it rang.
        accepting_at: When the accept key was pressed.
        timeline: What the switch noted, once it knows the call.
        record: Once the call ended.
        pressed: Keys of both parties, in order.
        fault: What kept its people from doing what they meant to do.
    """

    planned: Planned
    pin: str
    inside: PhoneCall | None = None
    outside: PhoneCall | None = None
    accepting_at: float | None = None
    timeline: Timeline | None = None
    record: CallRecord | None = None
    pressed: list[Pressed] = field(default_factory=list)
    fault: str = ""

    async def dial(self, phone: Phone, number: str) -> PhoneCall:
        """Call from inside, and wait for the switch to answer."""
        self.inside = await phone.dial(number)
        await self.inside.answered()
        return self.inside

    async def ring(self, phone: Phone) -> PhoneCall:
        """Wait for the ringing outside, and pick up after a moment."""
        assert self.inside is not None, "it rings because somebody dialled"
        call, ended = asyncio.ensure_future(phone.next_call()), asyncio.ensure_future(self.inside.wait_for_end())
        await asyncio.wait({call, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not call.done():
            call.cancel()
            raise NeverRangError(f"{phone.line.user}'s phone never rang, and the caller's call ended")
        self.outside = call.result()
        await self.outside.answer(after=1.2)
        await self.outside.acknowledged()
        return self.outside

    async def press(self, party: str, keys: str, *, is_secret: bool = False) -> None:
        """Press keys at this party's phone."""
        call = self.inside if party == CALLER else self.outside
        assert call is not None, "a key is pressed in a call"
        self.pressed.append(Pressed(party, HIDDEN_KEY * len(keys) if is_secret else keys))
        await call.press(keys)

    async def enter_pin(self) -> None:
        """Hear the welcome, then enter the PIN."""
        await asyncio.sleep(2.4)
        await self.press(CALLER, self.pin, is_secret=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the people need: telephones by their user names, and voices."""

    phones: Mapping[str, Phone]
    spoken: Mapping[ClipId, Audio]

    async def say(self, call: PhoneCall, sentence: voices.Sentence) -> None:
        """Say a sentence in a call."""
        await call.speak(self.spoken[sentence.name])


async def accepted(scene: Scene, stage: Stage, callee: Phone) -> None:
    """They talk until the money ends: 18 s, warned at 8 s and 13 s, where both fall silent and listen."""
    inside = await scene.dial(stage.phones[scene.planned.station], scene.planned.number.removeprefix("+"))
    await scene.enter_pin()
    outside = await scene.ring(callee)
    # Nobody hears these: the call is not accepted yet.
    await stage.say(inside, voices.ASKING)
    await stage.say(outside, voices.HELLO)
    await asyncio.sleep(6.5)
    scene.accepting_at = asyncio.get_running_loop().time()
    await scene.press(CALLEE, "5")
    await asyncio.sleep(0.3)
    await stage.say(outside, voices.HELLO)
    await stage.say(inside, voices.ASKING)
    await stage.say(outside, voices.MONEY)
    await _until(scene.accepting_at + 10.6)
    await stage.say(inside, voices.THANKS)
    await stage.say(outside, voices.AGAIN)
    await _until(scene.accepting_at + 15.5)
    await stage.say(inside, voices.BYE_INSIDE)
    await stage.say(outside, voices.BYE_OUTSIDE)
    await outside.wait_for_end()
    await inside.wait_for_end()


async def refused(scene: Scene, stage: Stage, callee: Phone) -> None:
    """The price is asked for, and was too high: the called party hangs up."""
    inside = await scene.dial(stage.phones[scene.planned.station], scene.planned.number.removeprefix("+"))
    await scene.enter_pin()
    outside = await scene.ring(callee)
    await asyncio.sleep(6.5)
    await scene.press(CALLEE, "2")
    await asyncio.sleep(5.0)
    await outside.hang_up()
    await inside.wait_for_end()


async def blocked(scene: Scene, stage: Stage, callee: Phone) -> None:
    """The called party wants no calls from this facility any more, and hears that confirmed."""
    inside = await scene.dial(stage.phones[scene.planned.station], scene.planned.number.removeprefix("+"))
    await scene.enter_pin()
    outside = await scene.ring(callee)
    await asyncio.sleep(5.0)
    await scene.press(CALLEE, "7")
    await outside.wait_for_end()
    await inside.wait_for_end()


async def denied(scene: Scene, stage: Stage) -> None:
    """Somebody else of that facility calls the number that blocked it."""
    inside = await scene.dial(stage.phones[scene.planned.station], scene.planned.number.removeprefix("+"))
    await scene.enter_pin()
    await inside.wait_for_end()


async def unbillable(scene: Scene, stage: Stage) -> None:
    """Dial 0 and be asked for everything: PIN, who pays (0 is collect), the number."""
    inside = await scene.dial(stage.phones[scene.planned.station], "0")
    await scene.enter_pin()
    await asyncio.sleep(2.2)
    await scene.press(CALLER, "0")
    await asyncio.sleep(2.5)
    await scene.press(CALLER, scene.planned.number.removeprefix("+1"))
    await inside.wait_for_end()


async def _until(instant: float) -> None:
    await asyncio.sleep(max(0.0, instant - asyncio.get_running_loop().time()))
