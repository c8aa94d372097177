"""The ways between sockets of the simulated network, and what they remember."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scenarios.sim.hosts import Host
from scenarios.sim.nat import Nat

if TYPE_CHECKING:
    from scenarios.sim.links import Link
    from scenarios.sim.network import Address, Receiver


@dataclass(slots=True)
class Flow:
    """What is remembered of the datagrams from one socket to another."""

    last_arrival: float = 0.0


@dataclass(slots=True)
class LinkState:
    """What a link remembers between datagrams."""

    chance: random.Random
    is_losing: bool = False
    flows: dict[tuple[Address, Address], Flow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What is known of the way from one socket to another, until the network changes."""

    origin: Host
    goal: Host
    is_cut: bool
    link: Link
    state: LinkState
    flow: Flow
    nats: tuple[Nat, ...]

    @property
    def is_open(self) -> bool:
        """Whether anything passes."""
        return not self.is_cut and (self.origin is self.goal or (self.origin.is_plugged and self.goal.is_plugged))


class PlainWay:
    """A way from one socket to another on which nothing is left to chance: datagrams arrive a delay later."""

    def __init__(self, source: Address, target: Address, receiver: Receiver, route: Route) -> None:
        self.source = source
        self.target = target
        self.receiver = receiver
        self._delay = route.link.delay
        self._flow = route.flow

    def arrivals(self, instants: Sequence[float]) -> list[float]:
        """When datagrams sent at these instants arrive, as `Network.send` has it."""
        delay, last = self._delay, self._flow.last_arrival
        found = [at + delay for at in instants]
        return found if found[0] >= last else [max(at, last) for at in found]

    def passed(self, arrival: float) -> None:
        """Note when the last datagram arrives that was sent."""
        self._flow.last_arrival = arrival
