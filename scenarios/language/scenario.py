"""A whole scenario, and reading one from a file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from scenarios.language.expectations import After, Expect
from scenarios.language.model import Part, Text
from scenarios.language.quantities import Amount, Duration
from scenarios.language.source import Place, ScenarioError, Source, read_source
from scenarios.language.steps import ActorStep, ClockStep, Link, NetworkStep, ServiceStep, SwitchStep
from switch.app.config import Mistake

EXTENSIONS: Final = (".yaml", ".yml")

KINDS: Final[Mapping[str, type[Part]]] = {
    "expect": Expect,
    "network": NetworkStep,
    "switch": SwitchStep,
    "customer service": ServiceStep,
    "clock": ClockStep,
}
"""Steps that are no telephone's."""

WAIT: Final = "wait"
TOGETHER: Final = "together"
STATION: Final = "station "
"""Before the name of a station's telephone."""


class Opening(Part):
    """An account at the start."""

    advancepay: Amount | None = None
    debit: Amount | None = None


class Header(Part):
    """Everything but the script, checked by its types alone."""

    scenario: Text
    rules: list[Text] = Field(default=[])
    about: Text | None = None
    world: Text
    accounts: dict[str, Opening] = Field(default={})
    """By called number (advancepay) or by the id of a person (debit)."""
    people: dict[str, dict[str, Any]] = Field(default={})
    phones: dict[str, dict[str, Any]] = Field(default={})
    stations: dict[str, dict[str, Any]] = Field(default={})
    lines: dict[str, dict[str, Any]] = Field(default={})
    facilities: dict[str, dict[str, Any]] = Field(default={})
    tariffs: list[Text] | None = None
    priced_as_on: date | None = None
    profile: dict[str, dict[str, Any]] = Field(default={})
    switch: dict[str, Any] = Field(default={})
    media: dict[str, Any] = Field(default={})
    telephones: dict[str, dict[str, Any]] = Field(default={})
    """What the softphones themselves are like: codecs, keys, lines."""
    network: dict[str, Link] = Field(default={})
    begins: datetime | None = None
    """The switch's wall clock at the start."""
    seed: int = 1
    live: bool = False
    """Whether it also runs in real time on real sockets."""
    limit: Duration | None = None
    """Virtual time after which the scenario counts as hung."""
    script: list[Any]
    after: After = After()


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with the line it begins at."""

    line: int | None
    kind: str
    """`actor`, `expect`, `network`, `switch`, `customer service`, `clock`, `wait` or `together`."""
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


def suggestion(word: str, known: Iterable[str]) -> str:
    """Words that tell what somebody may have meant."""
    known = list(known)
    close = difflib.get_close_matches(word, known, 1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known are {', '.join(sorted(known))}"


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
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        told: set[Place] = set()
        for item in error.errors(include_url=False):
            at = tuple(part for part in item["loc"] if not _is_of_a_union(part, raw, item["loc"]))
            if at in told:
                continue  # Each member of a union says what it wants: the first is enough.
            told.add(at)
            mistakes.append(source.mistake((*place, *at), _remedy(item, model, at, raw)))
        return None


def _is_of_a_union(part: str | int, raw: Any, loc: tuple[str | int, ...]) -> bool:
    """Whether a part of pydantic's place names a member of a union, and no place of the document."""
    value = raw
    for each in loc:
        if isinstance(value, dict) and each in value:
            value = value[each]
        elif isinstance(value, list) and isinstance(each, int):
            value = value[each] if each < len(value) else None
        elif each == part:
            return each != loc[-1] or not isinstance(value, dict)
    return False


def _remedy(item: Any, model: type[Part], place: Place, raw: Any) -> str:
    """What to do instead, by the kind of mistake."""
    kind, message = item["type"], str(item["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return f"is not known here; {suggestion(str(place[-1]), _keys_at(model, place[:-1], raw))}"
    if kind == "missing":
        return "is missing"
    if kind in {"string_type", "string_pattern_mismatch"} and not isinstance(item.get("input"), dict | list):
        return f"{item['input']!r}: {message[0].lower()}{message[1:]}; write it in quotes"
    return message


def _keys_at(model: type[Part], place: Place, raw: Any) -> tuple[str, ...]:
    """The keys a mapping inside a model may have."""
    del raw
    found: type[Part] = model
    for name in place:
        field = next((field for key, field in found.model_fields.items() if field.alias == name), None)
        inner = None if field is None else next(iter(_parts_of(field.annotation)), None)
        if inner is not None:
            found = inner
    return found.keys()


def _parts_of(annotation: Any) -> Iterable[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _parts_of(inner)


def _one_line(name: str, body: Any) -> str:
    return f"{name}: {_flow(body)}"


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _flat(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if step.kind == TOGETHER:
            yield from _flat(step.body)
        else:
            yield step
