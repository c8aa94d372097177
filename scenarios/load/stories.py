"""The calls of a scenario, each as one kind of call for a load: who waits how long, presses what, and hangs up.

A load does not hear words and knows no book. What a step says is heard passes as time, as long as the words are; what
it expects is not judged, and that is told. What changes anything but the calls is a mistake, never left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ivr.mistake import Mistake
from scenarios.language.expectations import Ended, Expect
from scenarios.language.quantities import Span
from scenarios.language.scenario import STATION, Scenario, Step
from scenarios.language.steps import ActorStep, Machine, Released, Tone, Words
from scenarios.play.setting import Setting

COMMA_SECONDS: Final = 0.5
"""A comma between keys of a load plan."""

RINGING_MARGIN: Final = 20.0
"""Seconds beyond the target's ringing time: the reason is said, and the call ended."""
MACHINE_PATIENCE: Final = 120.0
"""Seconds the target may take over its choices before it ends a call that nobody accepts."""

ALONE: Final = {
    "network": "the network is the target's own under load",
    "switch": "the target is not stopped or killed by a load",
    "customer service": "a load has no book",
    "staff": "a load has no book",
    "clock": "a load has no clock but the real one",
}
HEADERS: Final = {
    "network": "the network is the target's own under load",
    "begins": "a load runs on the real clock",
    "telephones": "a load's telephones speak PCMU, take telephone events, ring, and register where they are called",
}
REFUSED: Final = frozenset(
    {
        "registers",
        "registers in vain",
        "unregisters",
        "holds",
        "resumes",
        "moves audio",
        "goes silent",
        "drops off",
        "comes back",
        "deposits",
    }
)
UNJUDGED: Final = frozenset({"not heard", "hears nothing", "rings back", "held by peer"})
HOW: Final = frozenset({"by", "way", "meanwhile", "at", "since", "within", "pin"})


@dataclass(slots=True)
class Story:
    """One call of the script. Instants are seconds of the script."""

    line: int | None
    caller: str
    dials: str
    callee: str = ""
    keys: list[str] = field(default_factory=list)
    """What the caller presses; commas are pauses."""
    outside_keys: list[str] = field(default_factory=list)
    keyed_at: float = 0.0
    """When the caller's last key was pressed, or the number dialled."""
    is_rung: bool = False
    answered_at: float | None = None
    outside_keyed_at: float | None = None
    listens: float | None = None
    """From the answer to the first key, or to what ends the call."""
    rings: float = 0.0
    accepted_at: float | None = None
    is_blocked: bool = False
    is_by_info: bool = False
    status: int | None = None
    hangs_up: str = ""
    ended_at: float = 0.0
    cut_at: float | None = None


class Stories:
    """Reads a script. `mistakes` and `unjudged` tell what a load cannot play, and what it cannot judge."""

    def __init__(self, setting: Setting) -> None:
        self.stories: list[Story] = []
        self.mistakes: list[Mistake] = []
        self.unjudged: dict[str, list[int]] = defaultdict(list)
        self._setting = setting
        self._scenario: Scenario = setting.scenario
        self._clock = 0.0
        self._header()
        self._play(self._scenario.steps)
        for story in self.stories:
            self._close(story)
        after = self._scenario.source.line(("after",))
        if self._scenario.header.after.order and after is not None:
            self.unjudged["after"].append(after)

    def _wrong(self, line: int | None, key: str, text: str) -> None:
        self.mistakes.append(Mistake(self._scenario.file, line, key, text))

    def _header(self) -> None:
        for key, text in HEADERS.items():
            if getattr(self._scenario.header, key):
                self._wrong(self._scenario.source.line((key,)), key, f"{text}; leave it out")

    def _play(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step.kind:
                case "wait":
                    self._clock += step.body.seconds
                case "together":
                    began, longest = self._clock, self._clock
                    for each in step.body:
                        self._clock = began
                        self._play([each])
                        longest = max(longest, self._clock)
                    self._clock = longest
                case "expect":
                    self._expect(step, step.body)
                case "actor":
                    self._act(step, step.body)
                case _:
                    self._wrong(step.line, step.kind, f"{ALONE[step.kind]}; leave the step out")

    def _expect(self, step: Step, body: Expect) -> None:
        self.unjudged["expect"].append(step.line or 0)
        if isinstance(body.ended, Ended) and body.ended.at is not None and self.stories:
            self._cut(self.stories[-1], body.ended.at)

    def _act(self, step: Step, body: ActorStep) -> None:
        verbs = [key for key in body.order if key not in HOW or key == "pin"]
        if "dials" not in verbs and not self.stories:
            self._wrong(step.line, step.actor, "nobody has dialled yet; a load begins with a call")
            return
        if body.at is not None and body.since not in {None, "accepted"}:
            text = "under load instants count from the acceptance; write `waits` for others"
            self._wrong(step.line, f"{step.actor}.since", text)
        if body.at is not None and not {"released", "hears", "rings"} & set(verbs):
            self._clock = max(self._clock, self._base() + body.at.seconds)
        for verb in verbs:
            if verb in REFUSED or body.way is not None or body.by == "inband":
                what = verb if verb in REFUSED else "way" if body.way is not None else "by"
                self._wrong(step.line, f"{step.actor}.{what}", "is not played under load; leave it out")
            elif verb in UNJUDGED or verb == "hears":
                self.unjudged[verb].append(step.line or 0)
                self._clock += self._heard(body, verb)
            elif step.actor.startswith(STATION):
                self._caller(step, body, verb)
            else:
                self._callee(step, body, verb)

    def _base(self) -> float:
        accepted_at = self.stories[-1].accepted_at if self.stories else None
        return 0.0 if accepted_at is None else accepted_at

    def _heard(self, body: ActorStep, verb: str) -> float:
        if verb == "hears nothing" and body.hears_nothing is not None:
            return body.hears_nothing.seconds
        if verb != "hears" or body.hears is None:
            return 0.0
        seconds = self._length(body.hears)
        if body.at is not None:
            self._clock = max(self._clock, self._base() + body.at.seconds)
        return seconds

    def _length(self, words: Words) -> float:
        if isinstance(words, Tone):
            return 1.0 if words.for_ is None else words.for_.seconds
        ears = self._setting.ears
        names = [words] if isinstance(words, str) else words
        return sum(ears.seconds(phrase) for name in names for phrase in ears.phrases(name))

    def _both(self, story: Story, body: ActorStep, verb: str, line: int) -> bool:
        """What either party does alike."""
        match verb:
            case "waits" if body.waits is not None:
                self._clock += body.waits.seconds
            case "speaks" if body.speaks is not None:
                self._clock += 0.0 if body.meanwhile else self._length(body.speaks)
            case "released":
                wanted = body.released if isinstance(body.released, Released) else Released()
                if wanted.status is not None:
                    self.unjudged["released status"].append(line)
                if (at := wanted.at or body.at) is not None and not story.hangs_up:
                    self._cut(story, at)
            case _:
                return False
        return True

    def _cut(self, story: Story, at: Span) -> None:
        if story.accepted_at is not None:
            story.cut_at = at.seconds
            self._clock = max(self._clock, story.accepted_at + at.seconds)

    def _caller(self, step: Step, body: ActorStep, verb: str) -> None:
        if verb == "dials":
            self.stories.append(Story(step.line, step.actor, body.dials or "", keyed_at=self._clock))
            return
        story = self._story_of(step)
        if story is None or self._both(story, body, verb, step.line or 0):
            return
        match verb:
            case "pin" | "presses" if story.accepted_at is None:
                pause = round((self._clock - story.keyed_at) / COMMA_SECONDS) if story.keys else 0
                story.keys.append("," * pause + ((body.pin if verb == "pin" else body.presses) or ""))
                story.keyed_at = self._clock
                story.is_by_info |= body.by == "info"
            case "hangs up" | "gives up" if story.hangs_up:
                pass  # The other party has.
            case "hangs up" | "gives up" if story.accepted_at is not None:
                story.hangs_up, story.ended_at = "caller", self._clock
            case "hangs up" | "gives up":
                self._wrong(step.line, f"{step.actor}.{verb}", "a caller who gives up before the talk is not played")
            case _:
                self._wrong(step.line, f"{step.actor}.{verb}", "a caller does not do that under load; leave it out")

    def _callee(self, step: Step, body: ActorStep, verb: str) -> None:
        story = self.stories[-1]
        if story.callee not in {"", step.actor}:
            self._wrong(step.line, step.actor, f"is not called; the last call went to {story.callee}")
            return
        story.callee = step.actor
        if self._both(story, body, verb, step.line or 0):
            return
        match verb:
            case "rings" if body.rings is not False:
                story.is_rung = True
                if body.at is not None:
                    self.unjudged["rings at"].append(step.line or 0)
                self._clock += body.rings.seconds if isinstance(body.rings, Span) else 0.0
            case "answers" | "answers by machine":
                story.is_rung, story.answered_at = True, self._clock
                story.rings = self._clock - story.keyed_at
                if isinstance(body.answers_by_machine, Machine):
                    self.unjudged["says"].append(step.line or 0)
            case "refuses":
                story.is_rung, story.rings = True, self._clock - story.keyed_at
                story.status = body.refuses if isinstance(body.refuses, int) and body.refuses is not True else 486
            case "presses" if story.accepted_at is None and story.answered_at is not None:
                self._presses(story, body)
            case "hangs up" if story.hangs_up:
                pass  # The other party has.
            case "hangs up" if story.answered_at is not None:
                story.hangs_up, story.ended_at = "callee", self._clock
            case "hangs up":
                story.is_rung, story.rings, story.status = True, self._clock - story.keyed_at, 480
            case _:
                self._wrong(step.line, f"{step.actor}.{verb}", "a called party does not do that here under load")

    def _presses(self, story: Story, body: ActorStep) -> None:
        keys = body.presses or ""
        before = story.outside_keyed_at
        pause = 0 if before is None else round((self._clock - before) / COMMA_SECONDS)
        story.outside_keys.append("," * pause + keys)
        story.outside_keyed_at = self._clock
        story.is_by_info |= body.by == "info"
        if story.listens is None and story.answered_at is not None:
            story.listens = self._clock - story.answered_at
        chosen = self._setting.world.profiles[self._profile(story)].keys
        if keys.endswith(chosen.accept):
            story.accepted_at = self._clock
        elif keys.endswith(chosen.block):
            story.is_blocked = True

    def _profile(self, story: Story) -> str:
        config = self._setting.world.config
        user = story.caller.removeprefix(STATION)
        facility = next(each.facility for each in config.stations if each.user == user)
        return next(each.profile for each in config.facilities if each.id == facility)

    def ringing(self, story: Story) -> float:
        """How long the target lets a call ring."""
        return self._setting.world.profiles[self._profile(story)].outside.ringing

    def _story_of(self, step: Step) -> Story | None:
        found = next((story for story in reversed(self.stories) if story.caller == step.actor), None)
        if found is None:
            self._wrong(step.line, step.actor, "has not dialled; under load stations call and the others are called")
        return found

    def _close(self, story: Story) -> None:
        key = f"{story.caller}.dials"
        if not story.callee or not (story.is_rung or story.answered_at is not None):
            self._wrong(
                story.line, key, "no telephone rings, answers or refuses in this call; a load needs one that does"
            )
        elif story.accepted_at is not None and not story.hangs_up and story.cut_at is None:
            text = "nobody hangs up; write {hangs up: true, at: 5s}, or {released: true, at: 18s} where the money ends"
            self._wrong(story.line, key, text)
        if story.caller != self.stories[0].caller:
            self._wrong(story.line, key, f"under load one telephone calls, many times over: {self.stories[0].caller}")

    def notes(self) -> Iterator[str]:
        """What is not judged, in a line for each word."""
        for word, lines in self.unjudged.items():
            places = ", ".join(map(str, sorted(set(lines))))
            passes = "; its time passes" if word in {"hears", "hears nothing"} else ""
            yield f"not judged under load: {word} (line {places}){passes}"


def kind_of(story: Story, stories: Stories) -> dict[str, Any]:
    """A story as an entry of a plan's `mix`, without what depends on how often its telephones are there."""
    kind: dict[str, Any] = {"rings": _time(story.rings), "keys_by": "info" if story.is_by_info else "rfc4733"}
    if story.answered_at is None and story.status is None:
        return {**kind, "behaviour": "no-answer", "patience": _time(stories.ringing(story) + RINGING_MARGIN)}
    if story.answered_at is None:
        return {**kind, "behaviour": "busy", "status": story.status}
    key = "".join(story.outside_keys)
    listens = story.ended_at - story.answered_at if story.listens is None else story.listens
    kind |= {"listens": _time(max(0.0, listens))} | ({"key": key} if key else {})
    if story.accepted_at is None:
        behaviour = "block" if story.is_blocked else "refuse" if story.hangs_up else "machine"
        return {**kind, "behaviour": behaviour, "patience": _time(MACHINE_PATIENCE)}
    if story.hangs_up:
        holds = story.ended_at - story.accepted_at
        return {**kind, "behaviour": "accept", "holds": _time(holds), "hangs_up": story.hangs_up}
    assert story.cut_at is not None, "who accepts and is not hung up on is cut"
    cut = _time(story.cut_at)
    return {**kind, "behaviour": "accept", "holds": cut, "hangs_up": "target", "cut_after": cut}


def _time(seconds: float) -> str:
    return f"{round(seconds, 3)}s"
