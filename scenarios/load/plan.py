"""A load plan as frozen values; `plan_file` reads it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from enum import Enum
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scenarios.load import quantities
from scenarios.load.arrivals import Process, Stage
from scenarios.load.thresholds import Threshold, parse_threshold

LINES_MAX: Final = 100_000
"""Telephones of one side: more would need more ports than a host has."""


def parse_address(value: object) -> tuple[str, int]:
    """Read `127.0.0.1:5060`.

    Raises:
        ValueError: It is no IP address with a port.
    """
    if isinstance(value, tuple) and len(value) == 2:
        return str(value[0]), int(value[1])
    if not isinstance(value, str) or ":" not in value:
        raise ValueError('write "address:port", for example "127.0.0.1:5060"')
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"{host!r} is not an IP address; names are not looked up") from None
    if not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{port!r} is not a port; 0 to 65535")
    return host, int(port)


def _read(reader: Callable[[str], Any]) -> BeforeValidator:
    def read(value: object) -> Any:
        return reader(value) if isinstance(value, str) else value

    return BeforeValidator(read)


def _time(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'give the unit: "{value}s"')
    return value


Address = Annotated[tuple[str, int], BeforeValidator(parse_address)]
Time = Annotated[float, Field(ge=0, le=86_400), _read(quantities.seconds), BeforeValidator(_time)]
Rate = Annotated[float, Field(ge=0, le=100_000), _read(quantities.per_second)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D,]*$", max_length=64)]


def _template(value: str) -> str:
    """A text in which `{n}`, `{n:04}` and the like stand for the number of the line."""
    try:
        value.format(n=1, number="", digits="", pin="", user="")
        names = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except (ValueError, LookupError, AttributeError) as error:
        raise ValueError(f"{value!r}: {error}") from None
    if names - {"n", "number", "digits", "pin", "user"}:
        raise ValueError(f"{value!r}: known are {{n}}, {{number}}, {{digits}}, {{pin}} and {{user}}")
    return value


Template = Annotated[str, BeforeValidator(str), Field(max_length=200), _read(_template)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Behaviour(Enum):
    """What the called party does."""

    BRIDGE = "bridge"
    """Answers, and talks."""
    ACCEPT = "accept"
    """Answers, hears the greeting, presses the accept key, and talks."""
    REFUSE = "refuse"
    """Answers, hears the greeting, and hangs up."""
    BLOCK = "block"
    """Answers, hears the greeting, and presses the block key; its number is not called again."""
    BUSY = "busy"
    """Turns the call down."""
    MACHINE = "machine"
    """Answers and presses nothing, until the target ends the call."""
    NO_ANSWER = "no-answer"
    """Lets it ring."""


TALKING: Final = frozenset({Behaviour.BRIDGE, Behaviour.ACCEPT})


class CallersTable(_Table):
    """`callers`: the telephones that call, numbered from `first` on."""

    user: Template = "load-{n}"
    password: Template | None = None
    pin: Template = ""
    count: Annotated[int, Field(ge=1, le=LINES_MAX)] = 10_000
    first: Annotated[int, Field(ge=0)] = 0
    listen: Address = ("127.0.0.1", 0)
    registers: bool = False


class NumbersTable(_Table):
    """`callees` of a kind of call: telephones that only calls of this kind go to."""

    number: Template = "{n:06}"
    user: Template | None = None
    password: Template | None = None
    count: Annotated[int, Field(ge=1, le=LINES_MAX)] = 10_000
    first: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _is_told_apart(self) -> Self:
        names = [text for text in (self.number, self.user) if text is not None]
        if self.count > 1 and not all("{n" in text for text in names):
            raise ValueError("number and user need {n}, so that calls can be told apart; or count: 1")
        return self


class CalleesTable(NumbersTable):
    """`callees`: the telephones that are called; with `user` each registers."""

    listen: Address = ("127.0.0.1", 0)


class KindTable(_Table):
    """An entry of `mix`: a kind of call."""

    behaviour: Behaviour
    name: Name | None = None
    weight: Annotated[float, Field(gt=0)] = 1.0
    dials: Template = "{number}"
    presses: Template = ""
    """What the caller presses once it is answered; a comma is a pause of half a second."""
    thinks: Time = 0.5
    """How long after the answer it begins to."""
    rings: Time = 0.0
    status: Annotated[int, Field(ge=400, le=699)] = 486
    """What a busy party answers."""
    listens: Time = 0.5
    """How long the called party hears the greeting before its key or hang-up."""
    key: Keys | None = None
    holds: Time = 5.0
    """How long both talk."""
    hangs_up: Literal["caller", "callee", "target"] = "caller"
    cut_after: Time | None = None
    """The paid talk after which the target is to end the call; the rest is `cutoff`."""
    patience: Time = 30.0
    """How long the caller waits for each thing to happen before it gives up."""
    keys_by: Literal["rfc4733", "info"] = "rfc4733"
    callees: NumbersTable | None = None
    """Called parties for this kind alone: numbers without money, or to be blocked."""

    @property
    def title(self) -> str:
        """Its name in tables."""
        return self.name or self.behaviour.value

    @property
    def outside_key(self) -> str:
        """What the called party presses."""
        if self.key is not None:
            return self.key
        return {Behaviour.ACCEPT: "5", Behaviour.BLOCK: "7"}.get(self.behaviour, "")

    @model_validator(mode="after")
    def _fits(self) -> KindTable:
        if self.hangs_up == "target" and self.cut_after is None:
            raise ValueError('hangs_up: target needs cut_after, for example cut_after: "6s"')
        if self.cut_after is not None and self.hangs_up != "target":
            raise ValueError("cut_after needs hangs_up: target")
        return self


class StageTable(_Table):
    """An entry of `stages`: a rate held (`rate`), or a ramp (`from`, `to`), for a time."""

    rate: Rate | None = None
    from_: Annotated[Rate | None, Field(alias="from")] = None
    to: Rate | None = None
    for_: Annotated[Time, Field(alias="for", gt=0)]

    @model_validator(mode="after")
    def _is_one(self) -> StageTable:
        is_ramp = self.from_ is not None and self.to is not None
        if (self.rate is None) != is_ramp or (self.rate is not None and (self.from_, self.to) != (None, None)):
            raise ValueError('give rate: "20/s", or from: "1/s" and to: "20/s"')
        return self

    @property
    def stage(self) -> Stage:
        """As the arrivals want it."""
        if self.rate is not None:
            return Stage(self.rate, self.rate, self.for_)
        return Stage(self.from_ or 0.0, self.to or 0.0, self.for_)


class Plan(_Table):
    """The whole file."""

    load: Annotated[str, Field(min_length=1, max_length=200)]
    """What this load is, in a line."""
    target: Address | None = None
    """Where the INVITEs go; the command line may say so instead."""
    arrivals: Process = Process.POISSON
    seed: int = 1
    stages: Annotated[tuple[StageTable, ...], Field(min_length=1, max_length=100)]
    media: bool = True
    codec: Literal["PCMU", "PCMA"] = "PCMU"
    media_host: str = "127.0.0.1"
    """Where audio is received."""
    domain: str | None = None
    """The host in From and To, the target's if not given."""
    callers: CallersTable = CallersTable()
    callees: CalleesTable | None = None
    """Absent: the called parties are elsewhere, and the caller hangs up after `holds`."""
    mix: Annotated[tuple[KindTable, ...], Field(min_length=1, max_length=50)]
    thresholds: tuple[Annotated[Threshold, _read(parse_threshold)], ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Plan:
        titles = [kind.title for kind in self.mix]
        twice = {title for title in titles if titles.count(title) > 1}
        if twice:
            raise ValueError(f"give each kind of call its own name: {', '.join(sorted(twice))} is there twice")
        for threshold in self.thresholds:
            if threshold.kind is not None and threshold.kind not in titles:
                raise ValueError(f"{threshold.text!r}: the mix has no {threshold.kind!r}; it has {', '.join(titles)}")
        if self.callees is None:
            alone = [kind.title for kind in self.mix if kind.hangs_up == "callee" or kind.callees is not None]
            if alone:
                raise ValueError(f"{alone[0]}: hangs_up: callee and callees need `callees` in the plan")
            nowhere = [kind.title for kind in self.mix if "{number" in kind.dials + kind.presses]
            if nowhere:
                raise ValueError(
                    f"{nowhere[0]}: {{number}} needs `callees`; without them say what it dials: dials: service"
                )
        return self

    def called(self, kind: KindTable) -> NumbersTable | None:
        """The telephones that a kind of call goes to."""
        return self.callees if kind.callees is None else kind.callees

    @property
    def shape(self) -> tuple[Stage, ...]:
        """The stages as the arrivals want them."""
        return tuple(stage.stage for stage in self.stages)
