"""A load plan from a scenario: its telephones' stories as a mix, its world's users, numbers and PINs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from ivr.mistake import Mistake
from scenarios.language.scenario import EXTENSIONS, STATION, load_scenario
from scenarios.language.source import ScenarioError
from scenarios.load.plan import TALKING, Behaviour, KindTable, Plan
from scenarios.load.plan_file import PlanError
from scenarios.load.stories import Stories, Story, kind_of
from scenarios.load.thresholds import parse_threshold
from scenarios.play.setting import Setting, prepare
from switch.app.telephone_tables import PersonTable

CALL_OVERHEAD: Final = 2.0
"""Seconds of a call besides what its kind waits: keys, the switch's words, the ends."""

ROOM: Final = 2
"""Callers advised for each call at a time: arrivals come in bunches."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who a scenario's load is played by. With `count` None each is there once, under its own name."""

    setting: Setting
    station: str
    pin: str
    callees: tuple[str, ...]
    """Names of called telephones, in the order they are called first."""
    count: int | None

    def people(self) -> tuple[PersonTable, ...]:
        """Whose PIN is entered: one person, or nobody."""
        config = self.setting.world.config
        facility = next(each.facility for each in config.stations if STATION + each.user == self.station)
        return tuple(
            each
            for each in config.people
            if self.pin and (each.facility, each.pin.get_secret_value()) == (facility, self.pin)
        )

    def place(self, callee: str) -> int:
        """The first number of a called party's copies."""
        return self.callees.index(callee) * (self.count or 1)


@dataclass(frozen=True, slots=True)
class Translated:
    """A plan without target, and what its user has to know."""

    plan: Plan
    notes: tuple[str, ...]
    cast: Cast


def is_scenario(path: Path) -> bool:
    """Whether a file is a scenario and no plan: it has the key `scenario`. What cannot be read is told by the plan."""
    if path.suffix not in EXTENSIONS:
        return False
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    return isinstance(root, yaml.MappingNode) and any(key.value == "scenario" for key, _ in root.value)


def translate(path: Path, *, stages: Any, count: int | None) -> Translated:
    """The plan of a scenario.

    Raises:
        PlanError: With every mistake found: of the scenario itself, and of what cannot be played under load.
    """
    try:
        setting = prepare(load_scenario(path), is_live=False)
    except ScenarioError as error:
        raise PlanError(tuple(Mistake(each.file, each.line, each.key, each.text) for each in error.mistakes)) from error
    stories = Stories(setting)
    mistakes = list(stories.mistakes)
    header, source = setting.scenario.header, setting.scenario.source
    for index, text in enumerate(header.thresholds):
        try:
            parse_threshold(text)
        except ValueError as error:
            place = ("thresholds", index)
            mistakes.append(Mistake(str(path), source.line(place), f"thresholds[{index + 1}]", str(error)))
    if not stories.stories and not mistakes:
        mistakes.append(Mistake(str(path), source.line(("script",)), "script", "nobody dials; a load makes calls"))
    if mistakes:
        raise PlanError(tuple(sorted(mistakes, key=lambda each: each.line or 0)))
    cast = _cast(setting, stories.stories, count)
    try:
        plan = Plan.model_validate(
            {
                "load": setting.scenario.name,
                "seed": header.seed,
                "stages": stages,
                "callers": _callers(cast),
                "callees": _callees(cast, cast.callees[0]),
                "mix": _mix(stories, cast),
                "thresholds": header.thresholds,
            }
        )
    except ValidationError as error:
        told = error.errors(include_url=False)
        raise PlanError(tuple(Mistake(str(path), None, "", str(item["msg"])) for item in told)) from error
    return Translated(plan, (*stories.notes(), *_limits(plan, cast)), cast)


def _cast(setting: Setting, stories: list[Story], count: int | None) -> Cast:
    config = setting.world.config
    facility = next(each.facility for each in config.stations if STATION + each.user == stories[0].caller)
    pins = [each.pin.get_secret_value() for each in config.people if each.facility == facility]
    pressed = {part.lstrip(",") for story in stories for part in story.keys}
    used = sorted(pressed & set(pins))
    callees = tuple(dict.fromkeys(story.callee for story in stories))
    file, line = setting.scenario.file, stories[0].line
    if len(used) > 1:
        raise PlanError((Mistake(file, line, "pin", "under load one person calls, many times over; here are several"),))
    return Cast(setting, stories[0].caller, used[0] if used else "", callees, count)


def _callers(cast: Cast) -> dict[str, Any]:
    telephone = cast.setting.telephones[cast.station]
    if cast.count is None:
        return {"user": telephone.line.user, "password": telephone.line.password, "pin": cast.pin, "count": 1}
    return {
        "user": telephone.line.user + "-{n}",
        "password": telephone.line.password,
        "pin": f"{{n:0{len(cast.pin) or 4}}}",
        "count": cast.count,
    }


def _callees(cast: Cast, name: str) -> dict[str, Any]:
    telephone = cast.setting.telephones[name]
    number = telephone.number or ""
    row = {"password": telephone.line.password}
    if cast.count is None:
        return {**row, "number": number, "user": telephone.line.user, "count": 1}
    first = cast.place(name)
    return {
        **row,
        "number": number[:-4] + "{n:04}",
        "user": telephone.line.user + "-{n}",
        "first": first,
        "count": cast.count,
    }


def _mix(stories: Stories, cast: Cast) -> list[dict[str, Any]]:
    """A kind for each call; names tell apart what several calls do alike."""
    mix: list[dict[str, Any]] = []
    for story in stories.stories:
        kind = kind_of(story, stories)
        alike = sum(each["behaviour"] == kind["behaviour"] for each in mix)
        if alike:
            kind["name"] = f"{kind['behaviour']}-{alike + 1}"
        if story.callee != cast.callees[0]:
            kind["callees"] = _callees(cast, story.callee)
        mix.append({**kind, "dials": _dialled(story, cast), "presses": _pressed(story, cast)})
    return mix


def _is_number(keys: str, story: Story, cast: Cast) -> bool:
    number = (cast.setting.telephones[story.callee].number or "").removeprefix("+")
    return bool(keys) and keys.removeprefix("+").removesuffix("#") in {number, number.removeprefix("1")}


def _dialled(story: Story, cast: Cast) -> str:
    if cast.count is None:
        return story.dials.removeprefix("+")
    return "{digits}" if _is_number(story.dials, story, cast) else story.dials


def _pressed(story: Story, cast: Cast) -> str:
    text = ""
    for part in story.keys:
        keys = part.lstrip(",")
        text += "," * (len(part) - len(keys))
        if cast.count is not None and keys == cast.pin:
            text += "{pin}"
        elif cast.count is not None and _is_number(keys, story, cast):
            text += "{digits}" + ("#" if keys.endswith("#") else "")
        else:
            text += keys
    return text


def _limits(plan: Plan, cast: Cast) -> list[str]:
    """How many calls the cast can carry, where more are wanted."""
    longest = max(map(_length, plan.mix))
    count = cast.count or 1
    wanted = max(max(stage.rate_from, stage.rate_to) for stage in plan.shape)
    if wanted * longest <= count:
        return []
    carried = (
        f"{count} caller{'s' * (count > 1)} for calls of some {longest:.0f} s carry {count / longest:.2g} a second"
    )
    remedy = f"Give --callers {math.ceil(wanted * longest * ROOM)}, here and with --world-out FOLDER"
    return [f"{carried}; more find no free caller. {remedy}"]


def _length(kind: KindTable) -> float:
    """About how long a call of a kind takes, in seconds."""
    if kind.behaviour in {Behaviour.NO_ANSWER, Behaviour.MACHINE}:
        return kind.patience
    return kind.rings + kind.listens + (kind.holds if kind.behaviour in TALKING else 0.0) + CALL_OVERHEAD
