"""Plays a script: each step in its turn, each expectation noted with its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from scenarios.language.expectations import Since
from scenarios.language.quantities import Span, seconds_text
from scenarios.language.scenario import TOGETHER, Step
from scenarios.language.steps import ActorStep, Machine, Released, Tone, Way, Words
from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, tone
from scenarios.phones.keys import KeyStyle
from scenarios.play import around
from scenarios.play.actor import PATIENCE, Actor
from scenarios.play.ears import Phrase
from scenarios.play.errors import CannotActError, NotHappenedError
from scenarios.play.expect import expect, instant
from scenarios.play.result import Checked
from scenarios.play.service import deposit
from scenarios.play.stage import Stage
from scenarios.play.voices import INSIDE, OUTSIDE, in_voice
from switch.directory.flags import Suspicion

PERCEIVED: Final = {"rings", "rings back", "hears", "not heard", "hears nothing", "released", "held by peer"}
MODIFIERS: Final = {"by", "way", "meanwhile", "at", "since", "within"}
TONE_SECONDS: Final = 1.0


@dataclass(slots=True)
class Script:
    """The playing of one script."""

    stage: Stage
    checked: list[Checked] = field(default_factory=list)

    async def play(self, steps: Sequence[Step]) -> None:
        """Play steps in their order.

        Raises:
            NotHappenedError, CannotActError: A step failed; it stands in `checked`.
        """
        for step in steps:
            await self._play(step)

    async def _play(self, step: Step) -> None:
        try:
            match step.kind:
                case "wait":
                    await asyncio.sleep(step.body.seconds)
                case "together":
                    await self._together(step.body)
                case "actor":
                    await self._act(self.stage.actor(step.actor), step)
                case "expect":
                    await expect(self.stage, step.body)
                    self._note(step, "as expected")
                case _:
                    await around.happen(self.stage, step.kind, step.body)
        except (NotHappenedError, CannotActError) as error:
            if step.kind != TOGETHER:
                found = error.instead if isinstance(error, NotHappenedError) else str(error)
                self.checked.append(Checked(step.text, is_met=False, found=found, line=step.line, at=self.stage.now))
            raise

    def _note(self, step: Step, found: str) -> None:
        self.checked.append(Checked(step.text, is_met=True, found=found, line=step.line, at=self.stage.now))

    async def _together(self, steps: Sequence[Step]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for step in steps:
                    group.create_task(self._play(step))
        except BaseExceptionGroup as errors:
            raise next(_leaves(errors)) from None

    async def _act(self, actor: Actor, step: Step) -> None:
        """Do and perceive what a step says, in the order written."""
        body: ActorStep = step.body
        verbs = [key for key in body.order if key not in MODIFIERS]
        if body.at is not None and not PERCEIVED & set(verbs):
            await self._wait_until(actor, body.at, body.since)
        for verb in verbs:
            await self._verb(actor, body, verb)
        if PERCEIVED & set(verbs):
            self._note(step, f"at {seconds_text(self.stage.now)}")

    async def _verb(self, actor: Actor, body: ActorStep, verb: str) -> None:  # noqa: C901 - one case for each verb
        within = PATIENCE if body.within is None else body.within.seconds
        match verb:
            case "registers":
                await self._registers(actor, body.registers)
            case "registers in vain":
                status = None if body.registers_in_vain is True else body.registers_in_vain
                await actor.registers_in_vain(status)
            case "unregisters":
                await actor.unregisters()
            case "dials":
                assert body.dials is not None
                await actor.dials(body.dials)
            case "pin" | "presses":
                keys = body.pin if verb == "pin" else body.presses
                assert keys is not None
                await self._presses(actor, keys, body)
            case "speaks":
                assert body.speaks is not None
                await actor.speaks(self._voiced(actor, body.speaks), is_meanwhile=body.meanwhile)
            case "answers":
                await actor.answers()
            case "answers by machine":
                await self._machine(actor, body.answers_by_machine)
            case "refuses":
                await actor.refuses(486 if body.refuses is True else int(body.refuses or 486))
            case "hangs up" | "gives up":
                await actor.hangs_up()
            case "holds":
                await actor.holds()
            case "resumes":
                await actor.resumes()
            case "moves audio":
                await actor.moves_audio()
            case "goes silent":
                actor.goes_silent(is_silent=bool(body.goes_silent))
            case "drops off":
                around.drop_off(self.stage, actor)
            case "comes back":
                around.come_back(self.stage, actor)
            case "deposits":
                assert body.deposits is not None
                await deposit(self.stage, actor.name, body.deposits)
            case "three way" | "forwards":
                self._suspect(actor, Suspicion.THREE_WAY if verb == "three way" else Suspicion.FORWARDED)
            case "waits":
                assert body.waits is not None
                await asyncio.sleep(body.waits.seconds)
            case _:
                await self._perceive(actor, body, verb, within)

    async def _perceive(self, actor: Actor, body: ActorStep, verb: str, within: float) -> None:
        match verb:
            case "rings":
                await self._rings(actor, body, within)
            case "rings back":
                await actor.rings_back(within=within, is_wanted=bool(body.rings_back))
            case "hears":
                assert body.hears is not None
                await self._hears(actor, body, body.hears)
            case "not heard":
                assert body.not_heard is not None
                self._not_heard(actor, body.not_heard)
            case "hears nothing":
                assert body.hears_nothing is not None
                await actor.hears_nothing(body.hears_nothing.seconds)
            case "released":
                await self._released(actor, body, within)
            case "held by peer":
                if actor.call.is_held_by_peer is not body.held_by_peer:
                    raise NotHappenedError(f"{actor.name} held by peer: {body.held_by_peer}", "it is the other way")
            case _:
                raise AssertionError(f"no verb {verb}")

    def _suspect(self, actor: Actor, suspicion: Suspicion) -> None:
        if not self.stage.switch.reception.suspect(self.stage.number(actor.name), suspicion):
            raise CannotActError(f"nobody calls {actor.name}")

    async def _registers(self, actor: Actor, wanted: Span | Literal[True] | None) -> None:
        await actor.registers(round(wanted.seconds) if isinstance(wanted, Span) else 3600)

    async def _presses(self, actor: Actor, keys: str, body: ActorStep) -> None:
        if body.by == "inband":
            await actor.speaks(around.touch_tones(keys))
            return
        await actor.presses(keys, by=body.by or "rfc4733", style=None if body.way is None else _style(body.way))

    async def _machine(self, actor: Actor, machine: Machine | Literal[True] | None) -> None:
        await actor.answers()
        if isinstance(machine, Machine):
            if machine.after is not None:
                await asyncio.sleep(machine.after.seconds)
            if machine.says is not None:
                await actor.speaks(self._audio(machine.says), is_meanwhile=True)

    async def _rings(self, actor: Actor, body: ActorStep, within: float) -> None:
        if body.rings is False:
            await actor.is_not_rung(0.0 if body.within is None else body.within.seconds)
            return
        if body.at is not None:
            within = max(0.0, self._instant(actor, body) + body.at.latest - self.stage.loop.time())
        await actor.rings(body.rings.seconds if isinstance(body.rings, Span) else 0.0, within=within)
        if body.at is not None:
            self._check_instant(actor, body, actor.call.ringing_at or 0.0, "rings")

    async def _hears(self, actor: Actor, body: ActorStep, words: Words) -> None:
        within = PATIENCE if body.within is None else body.within.seconds
        if isinstance(words, Tone):
            await actor.hears_tone(
                words.tone, TONE_SECONDS if words.for_ is None else words.for_.seconds, within=within
            )
            return
        phrases = self._phrases(words)
        if body.at is not None:
            length = sum(self.stage.setting.ears.seconds(phrase) + 0.5 for phrase in phrases)
            within = max(0.0, self._instant(actor, body) + body.at.latest + length - self.stage.loop.time()) + 1.0
        found = await actor.hears(phrases, within=within)
        if body.at is not None:
            self._check_instant(actor, body, found.at, f"hears {found.clip_id}")

    def _not_heard(self, actor: Actor, words: Words) -> None:
        if isinstance(words, Tone):
            seconds = actor.tone_heard(words.tone)
            if seconds > 0:
                raise NotHappenedError(f"{actor.name} hears no {words.tone} Hz", f"it was heard for {seconds:.2f} s")
            return
        for phrase in self._phrases(words):
            if heard := actor.heard(phrase):
                at = seconds_text(heard[0].at - self.stage.began_at)
                said = self.stage.setting.ears.words(phrase)
                raise NotHappenedError(f"{actor.name} does not hear “{said}”", f"it was heard at {at}")

    async def _released(self, actor: Actor, body: ActorStep, within: float) -> None:
        wanted = body.released if isinstance(body.released, Released) else Released()
        at, since = wanted.at or body.at, wanted.since or body.since
        if at is not None:
            within = max(0.0, instant(self.stage, since, actor.call) + at.latest - self.stage.loop.time()) + 1.0
        ended = await actor.is_released(within=within)
        if wanted.status is not None and ended.status != wanted.status:
            raise NotHappenedError(f"{actor.name} is released with {wanted.status}", f"with {ended.status}")
        if at is not None:
            assert actor.call.ended_at is not None
            _check(actor, at, actor.call.ended_at - instant(self.stage, since, actor.call), "is released")

    async def _wait_until(self, actor: Actor, at: Span, since: Since | None) -> None:
        due = instant(self.stage, since, actor.calls[-1] if actor.calls else None) + at.seconds
        late = self.stage.loop.time() - due
        if late > at.slack:
            raise CannotActError(f"it is {seconds_text(late)} too late to act at {at}")
        await asyncio.sleep(max(0.0, -late))

    def _instant(self, actor: Actor, body: ActorStep) -> float:
        return instant(self.stage, body.since, actor.calls[-1] if actor.calls else None)

    def _check_instant(self, actor: Actor, body: ActorStep, found: float, what: str) -> None:
        assert body.at is not None
        _check(actor, body.at, found - self._instant(actor, body), what)

    def _phrases(self, words: str | list[str]) -> list[Phrase]:
        ears = self.stage.setting.ears
        return [phrase for name in ([words] if isinstance(words, str) else words) for phrase in ears.phrases(name)]

    def _voiced(self, actor: Actor, words: Words) -> Audio:
        """What a person says, in a voice of their own."""
        audio = self._audio(words)
        if isinstance(words, Tone):
            return audio
        return in_voice(audio, INSIDE if actor.telephone.number is None else OUTSIDE)

    def _audio(self, words: Words) -> Audio:
        if isinstance(words, Tone):
            return tone(words.tone, TONE_SECONDS if words.for_ is None else words.for_.seconds)
        pause = np.zeros(SAMPLES_PER_SECOND // 8, np.int16)
        library = self.stage.setting.ears.library
        return np.concatenate(
            [part for phrase in self._phrases(words) for clip in phrase for part in (library.clip(clip), pause)]
        )


def _check(actor: Actor, at: Span, found: float, what: str) -> None:
    if not at.fits(found):
        raise NotHappenedError(f"{actor.name} {what} at {at}", f"at {seconds_text(found)}")


def _style(way: Way) -> KeyStyle:
    style = KeyStyle(
        is_marked=way.marker, first_lost=way.first_lost, ends_lost=way.ends_lost, with_audio=way.with_audio
    )
    if way.held is None and way.pause is None:
        return style
    return KeyStyle(
        seconds=style.seconds if way.held is None else way.held.seconds,
        pause_seconds=style.pause_seconds if way.pause is None else way.pause.seconds,
        is_marked=way.marker,
        first_lost=way.first_lost,
        ends_lost=way.ends_lost,
        with_audio=way.with_audio,
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
