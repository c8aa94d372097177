"""Whose telephones a scenario's people use, and what a foreign softphone cannot do of a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from random import Random
from typing import Final

from ivr.mistake import Mistake
from scenarios.language.scenario import TOGETHER, Scenario, Step
from scenarios.language.steps import ActorStep
from scenarios.phones.baresip import BaresipPhone
from scenarios.phones.baresip_process import BaresipProcess
from scenarios.phones.handset import Handset
from scenarios.phones.loopback import own_host
from scenarios.phones.phone import Line, Phone

FIRST_PORT: Final = 10_000
"""Of the softphones of a process, on its own loopback address; each has its own ports behind the last one's."""

PHONES_MAX: Final = 100
"""So many softphones have ports of their own at a time; a port is used again long after its softphone has ended."""

CANNOT: Final = {
    "goes silent": "a softphone always sends audio",
    "moves audio": "a softphone keeps its port for audio",
    "comes back": "a softphone that was killed does not come back",
    "way": "a softphone sends keys in its own way",
}
"""By key of a telephone's step: why a foreign softphone cannot do it."""


class Phones(Enum):
    """Whose telephones."""

    OWN = "own"
    """`scenarios.phones.phone`."""
    BARESIP = "baresip"


class Shelf:
    """Hands out telephones.

    Args:
        phones: Whose they are, for those who do something in the scenario; the others' are always our own.
        actors: Who does something.
        seed: Of every chance of our own.
    """

    _taken = 0

    def __init__(self, phones: Phones, actors: Iterable[str], seed: int) -> None:
        self._foreign = set(actors) if phones is Phones.BARESIP else set()
        self._seed = seed
        self._number = 0

    def take(self, name: str, line: Line) -> Handset:
        """A telephone for a line, not yet alive.

        Raises:
            BaresipMissingError: It is to be a baresip, and that is not installed.
        """
        number, self._number = self._number, self._number + 1
        if name not in self._foreign:
            return Phone(line, Random(f"{self._seed}/{name}/{number}"))
        place, Shelf._taken = Shelf._taken % PHONES_MAX, Shelf._taken + 1
        return BaresipPhone(line, own_host(), FIRST_PORT + place * BaresipProcess.PORTS)


def unfit(scenario: Scenario) -> list[Mistake]:
    """What of a scenario no foreign softphone can do, each with its place."""
    header, source = scenario.header, scenario.source
    found: list[Mistake] = []
    if header.network:
        found.append(source.mistake(("network",), "the network is simulated in virtual time alone"))
    actors = set(scenario.actors())
    for name, options in header.telephones.items():
        if name in actors and (not options.events or not options.rings or options.calls > 1):
            text = "a softphone takes events, rings at once, and has one call at a time"
            found.append(source.mistake(("telephones", name), text))
    after = header.after
    for key, flows in (("flow", after.flow), ("flow with retransmissions", after.flow_with_retransmissions)):
        if actors & set(flows or {}):
            found.append(source.mistake(("after", key), "it is that of our own telephones; a softphone has another"))
    for step in _flat(scenario.steps):
        found += [Mistake(scenario.file, step.line, step.actor or step.kind, text) for text in _reasons(step)]
    return found


def _reasons(step: Step) -> Iterator[str]:
    if step.kind == "network":
        yield "the network is changed in virtual time alone"
    if step.kind == "switch" and step.body.killed:
        yield "the switch is killed in virtual time alone"
    if not isinstance(step.body, ActorStep):
        return
    body = step.body
    for key in body.order:
        if key in CANNOT:
            yield f"{key}: {CANNOT[key]}"
    if body.by == "info":
        yield "by: a softphone sends keys as telephone events"
    if body.refuses not in {None, True, 486}:
        yield f"refuses: a softphone refuses with 486, not {body.refuses}"


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if step.kind == TOGETHER:
            yield from _flat(step.body)
        else:
            yield step
