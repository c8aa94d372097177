"""A whole scenario, and reading one from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from ivr.mistake import Mistake
from scenarios.language.billing import Billing, Fee, FreeTalk, Opening
from scenarios.language.complaints import told_mistakes
from scenarios.language.expectations import After, Expect
from scenarios.language.model import Part, Text
from scenarios.language.quantities import Amount, Duration
from scenarios.language.source import Place, ScenarioError, Source, read_source
from scenarios.language.staff import StaffStep, Velocity
from scenarios.language.steps import ActorStep, ClockStep, Home, NetworkStep, ServiceStep, Softphone, SwitchStep

EXTENSIONS: Final = (".yaml", ".yml")

KINDS: Final[Mapping[str, type[Part]]] = {
    "expect": Expect,
    "network": NetworkStep,
    "switch": SwitchStep,
    "customer service": ServiceStep,
    "staff": StaffStep,
    "clock": ClockStep,
}
"""Steps that are no telephone's."""

KEYS_SHOWN_MAX: Final = 2
"""Keys of a step that its line shows: a choice has no more."""

WAIT: Final = "wait"
TOGETHER: Final = "together"
STATION: Final = "station "
"""Before the name of a station's telephone."""


class Header(Part):
    """Everything but the script, checked by its types alone."""

    scenario: Text
    rules: list[Text] = Field(default=[])
    about: Text | None = None
    world: Text
    accounts: dict[str, Opening] = Field(default={})
    """By called number (advancepay), by the id of a person (debit), or by the id of the account."""
    allowances: dict[str, FreeTalk] = Field(default={})
    free_days: dict[str, list[date]] = Field(default={})
    """By their name: days on which calls cost nothing."""
    billing: Billing = Billing()
    payments: dict[str, Any] = Field(default={})
    """Who takes cards: `{processor: simulated}`."""
    velocity: dict[str, Velocity] = Field(default={})
    controls: dict[str, Any] = Field(default={})
    watches: dict[str, dict[str, Any]] = Field(default={})
    messages: dict[str, Any] = Field(default={})
    """What credits cost, and when messages are reviewed: as the configuration has it."""
    fees: dict[str, Amount | Fee] = Field(default={})
    """By channel: what a payment costs on top."""
    taxes: list[Text] | None = None
    """Files of taxes, fees and shares of states, beside the scenario."""
    places: list[Text] | None = None
    local_calls: list[Text] | None = None
    people: dict[str, dict[str, Any]] = Field(default={})
    phones: dict[str, dict[str, Any]] = Field(default={})
    stations: dict[str, dict[str, Any]] = Field(default={})
    lines: dict[str, dict[str, Any]] = Field(default={})
    facilities: dict[str, dict[str, Any]] = Field(default={})
    tariffs: list[Text] | None = None
    priced_as_on: Literal["today"] | date | None = None
    """A day, or `today` where the world has one: the day of the wall clock."""
    profile: dict[str, dict[str, Any] | list[Any]] = Field(default={})
    switch: dict[str, Any] = Field(default={})
    media: dict[str, Any] = Field(default={})
    telephones: dict[str, Softphone] = Field(default={})
    """What the softphones themselves are like: codecs, keys, lines."""
    network: dict[str, Home] = Field(default={})
    begins: datetime | None = None
    """The switch's wall clock at the start."""
    seed: int = 1
    live: bool = False
    """Whether it also runs in real time on real sockets."""
    softphones: bool = False
    """Whether its people may use foreign softphones as well, in real time on real sockets."""
    limit: Duration | None = None
    """Virtual time after which the scenario counts as hung."""
    thresholds: list[Text] = Field(default=[])
    """What a load of this scenario must keep to, as in load plans; `payphone run` does not look at them."""
    script: list[Any]
    after: After = After()


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with the line it begins at."""

    line: int | None
    kind: str
    """`actor`, `expect`, `network`, `switch`, `customer service`, `staff`, `clock`, `wait` or `together`."""
    actor: str
    body: Any
    """A part of `language.steps` or `language.expectations`; a `Span` to wait; the steps that happen together."""
    text: str
    """The step as one line, for reports."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario whose words are understood; whether its names exist is known with its world."""

    file: str
    base: Path
    """The folder relative paths start at."""
    header: Header
    steps: tuple[Step, ...]
    source: Source

    @property
    def name(self) -> str:
        """What it is called."""
        return self.header.scenario

    def actors(self) -> tuple[str, ...]:
        """The telephones its steps name, in order."""
        return tuple(dict.fromkeys(step.actor for step in _flat(self.steps) if step.actor))


def load_scenario(path: Path) -> Scenario:
    """Read a file.

    Raises:
        ScenarioError: With every mistake found.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError((Mistake(str(path), None, "", f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise ScenarioError((Mistake(str(path), None, "", "is not UTF-8 text"),)) from error
    return parse_scenario(text, str(path), path.parent)


def parse_scenario(text: str, file: str, base: Path, *, first_line: int = 1) -> Scenario:
    """Read a text; `file` names it in mistakes.

    Raises:
        ScenarioError: With every mistake found.
    """
    source = read_source(text, file, first_line=first_line)
    if not isinstance(source.value, dict):
        raise ScenarioError((source.mistake((), "a scenario is keys with values; begin with `scenario: its name`"),))
    mistakes: list[Mistake] = []
    header = _validated(Header, source.value, (), source, mistakes)
    raw = source.value.get("script")
    steps = _steps(raw, ("script",), source, mistakes) if isinstance(raw, list) else ()
    if isinstance(raw, list) and not raw:
        mistakes.append(source.mistake(("script",), "has no step"))
    if mistakes or header is None:
        raise ScenarioError(tuple(sorted(mistakes, key=lambda each: each.line or 0)))
    return Scenario(file, base, header, steps, source)


def _steps(raw: list[Any], place: Place, source: Source, mistakes: list[Mistake]) -> tuple[Step, ...]:
    found = (_step(each, (*place, index), source, mistakes) for index, each in enumerate(raw))
    return tuple(step for step in found if step is not None)


def _step(raw: Any, place: Place, source: Source, mistakes: list[Mistake]) -> Step | None:
    if not isinstance(raw, dict) or len(raw) != 1:
        text = "a step is one name with what it does, as `- family: {answers: true}`"
        if isinstance(raw, dict):
            text += f"; this has {len(raw)}: {', '.join(raw)}; begin each with `- `"
        mistakes.append(source.mistake(place, text))
        return None
    ((name, body),) = raw.items()
    line, text, inner = source.line((*place, name)), _one_line(name, body), (*place, name)
    if name == WAIT:
        part = _validated(_Wait, {"wait": body}, place, source, mistakes)
        return None if part is None else Step(line, WAIT, "", part.wait, text)
    if name == TOGETHER:
        if not isinstance(body, list):
            mistakes.append(source.mistake(inner, "is a list of steps that happen at the same time"))
            return None
        return Step(line, TOGETHER, "", _steps(body, inner, source, mistakes), text)
    model = KINDS.get(name, ActorStep)
    if not isinstance(body, dict):
        mistakes.append(source.mistake(inner, f"is {body!r}; write what it does, as {{answers: true}}"))
        return None
    part = _validated(model, body, inner, source, mistakes)
    if part is None:
        return None
    is_actor = name not in KINDS
    return Step(line, "actor" if is_actor else name, name if is_actor else "", part, text)


class _Wait(Part):
    wait: Duration


def _validated(model: type[Part], raw: dict[str, Any], place: Place, source: Source, mistakes: list[Mistake]) -> Any:
    """The values of a mapping, or None after noting what is wrong with it."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        mistakes += told_mistakes(error, model, raw, place, source)
        return None


def _one_line(name: str, body: Any) -> str:
    return f"{name}: {_flow(body)}"


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(_shown(key, each))}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _shown(key: str, value: Any) -> Any:
    """Keys in a row may be a card: a report shows how many they were."""
    is_hidden = key == "presses" and isinstance(value, str) and len(value) > KEYS_SHOWN_MAX
    return "•" * len(value) if is_hidden else value


def _flat(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if step.kind == TOGETHER:
            yield from _flat(step.body)
        else:
            yield step
