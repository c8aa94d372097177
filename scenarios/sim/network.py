"""A simulated network of hosts, links and sockets, the same from the same seed.

Addresses are numeric strings. Every address belongs to a host: those of 127.0.0.0/8 to one host that all
programs share, others to the host declared with `host`, or else to a host of their own. A socket is bound to
(address, port); one bound to 0.0.0.0 hears everything sent to its host, the one the opening code stands on
(`Host.here`). What happens between two hosts is said by a `Link` for each direction; observers see every
datagram with its fate.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from enum import Enum, auto
from ipaddress import ip_address
from typing import NamedTuple, Protocol, TypeAlias

from scenarios.sim.hosts import ANY, PORTS_EPHEMERAL, SHARED, Host, standing
from scenarios.sim.links import Link
from scenarios.sim.nat import Nat
from scenarios.sim.routes import Flow, LinkState, PlainWay, Route
from scenarios.sim.timers import Timers

Address: TypeAlias = tuple[str, int]
"""Where a socket is: numeric address and port."""

ROUTES_MAX = 100_000
"""Ways remembered at once: forgotten all together, they are found again at ten times the price of a look-up."""

RTP_FIRST = b"\x80"
"""RTP begins with its version 2 in the two highest bits (RFC 3550 §5.1); signalling is text."""


class UnknownHostError(OSError):
    """Nobody on the simulated network has this name."""


class Fate(Enum):
    """What became of a datagram."""

    SENT = auto()
    LOST = auto()
    CUT = auto()


class Passage(NamedTuple):
    """One datagram on its way; a duplicated one has two."""

    at: float
    source: Address
    target: Address
    data: bytes
    fate: Fate
    arrives_at: float | None = None


class Receiver(Protocol):
    """A bound socket as the network sees it."""

    def deliver(self, data: bytes, source: Address) -> None:
        """Take a datagram."""

    def refuse(self, target: Address) -> None:
        """Hear that nobody listens at `target` (ICMP port unreachable)."""


class Network:
    """Hosts, the links between them, and the sockets bound on them.

    Args:
        chance: Seeds the chance of every link; each link has its own, so that one more flow elsewhere
            changes nothing here.
        is_telling_unreachable: Whether a sender hears that nobody listens at a port.
    """

    def __init__(self, chance: random.Random, *, is_telling_unreachable: bool = True) -> None:
        self.is_telling_unreachable = is_telling_unreachable
        self._link_default = Link()
        self._seed = chance.getrandbits(64)
        self._hosts = {SHARED: Host(SHARED, ("127.0.0.1",))}
        self._owners: dict[str, str] = {}
        self._links: dict[tuple[str, str], Link] = {}
        self._states: dict[tuple[str, str], LinkState] = {}
        self._cuts: set[tuple[str, str]] = set()
        self._nats: list[Nat] = []
        self._receivers: dict[Address, Receiver] = {}
        self._wildcards: dict[tuple[str, int], Receiver] = {}
        self.listeners: dict[Address, Callable[..., object]] = {}
        self._observers: list[Callable[[Passage], None]] = []
        self.losing: Callable[[bytes, Address, Address], bool] | None = None
        """Picks single datagrams to lose, by content, source and target: a certain message of a call. Audio is lost by
        chance only."""
        self._routes: dict[tuple[Address, Address], Route] = {}

    @property
    def link_default(self) -> Link:
        """How datagrams fare where nothing else was said."""
        return self._link_default

    @link_default.setter
    def link_default(self, link: Link) -> None:
        self._link_default = link
        self._routes.clear()

    def host(self, name: str, *addresses: str) -> Host:
        """Declare a host with its addresses, or return the one declared before."""
        if name not in self._hosts:
            assert addresses, f"host {name} needs an address"
            self._hosts[name] = Host(name, addresses)
        self._routes.clear()
        host = self._hosts[name]
        for address in addresses:
            ip_address(address)
            owner = self._owners.setdefault(address, name)
            assert owner == name, f"{address} belongs to {owner}"
        return host

    def host_of(self, address: str) -> Host:
        """Return the host that owns `address`; an undeclared address becomes a host of its own."""
        if address == ANY:
            return self._hosts[standing.get()]
        if address.startswith("127."):
            return self._hosts[SHARED]
        return self._hosts[self._owners[address]] if address in self._owners else self.host(address, address)

    def resolve(self, name: str | None) -> str:
        """Return the address of a host's name; numeric addresses stay what they are.

        Raises:
            UnknownHostError: The name is neither.
        """
        if not name:
            return ANY
        try:
            return str(ip_address(name))
        except ValueError:
            if name not in self._hosts:
                raise UnknownHostError(f"no host is called {name}") from None
            return self._hosts[name].addresses[0]

    def link(self, source: str, target: str, link: Link) -> None:
        """Say how datagrams fare from one host to another; `*` stands for every host."""
        self._links[source, target] = link
        self._routes.clear()

    def link_both(self, one: str, other: str, link: Link) -> None:
        """Say the same for both directions."""
        self.link(one, other, link)
        self.link(other, one, link)

    def cut(self, one: str, other: str) -> None:
        """Let nothing pass between two hosts any more."""
        self._cuts |= {(one, other), (other, one)}
        self._routes.clear()

    def heal(self, one: str, other: str) -> None:
        """Undo `cut`."""
        self._cuts -= {(one, other), (other, one)}
        self._routes.clear()

    def unplug(self, name: str) -> None:
        """Let nothing leave or reach a host any more; it keeps talking to itself."""
        self._hosts[name].is_plugged = False

    def plug(self, name: str) -> None:
        """Undo `unplug`."""
        self._hosts[name].is_plugged = True

    def nat(self, public: str, *inside: str) -> Nat:
        """Hide the addresses `inside` behind the address `public`, and return the translator.

        From outside nothing reaches the hidden addresses themselves. Links to and from the one host they belong to
        hold for the public address too.
        """
        nat = Nat(public, frozenset(inside))
        self._nats.append(nat)
        self._own_public(nat)
        return nat

    def move_nat(self, nat: Nat, public: str) -> None:
        """Give a translator another public address; what it knew is forgotten, and the old address is dead."""
        nat.move(public)
        self._own_public(nat)

    def _own_public(self, nat: Nat) -> None:
        owners = {self.host_of(address).name for address in nat.inside}
        self.host(owners.pop() if len(owners) == 1 else f"nat {nat.public}", nat.public)

    def observe(self, observer: Callable[[Passage], None]) -> None:
        """Call `observer` with every datagram sent from now on."""
        self._observers.append(observer)

    def source_towards(self, target: str) -> str:
        """Return the address from which the host the code stands on would send to `target`."""
        return self._hosts[standing.get()].source_towards(target)

    def bind(self, receiver: Receiver, address: str, port: int) -> Address:
        """Bind a socket and return where; port 0 asks for a free one.

        Raises:
            OSError: The port is taken.
        """
        host = self.host_of(address)
        if port == 0:
            port = next(
                port for port in itertools.islice(host.ports, len(PORTS_EPHEMERAL)) if self._is_free(address, port)
            )
        if not self._is_free(address, port):
            raise OSError(98, f"address in use: {address}:{port}")
        if address == ANY:
            self._wildcards[host.name, port] = receiver
        else:
            self._receivers[address, port] = receiver
        return (address, port)

    def release(self, receiver: Receiver) -> None:
        """Let go of whatever `receiver` is bound to."""
        self._receivers = {where: bound for where, bound in self._receivers.items() if bound is not receiver}
        self._wildcards = {where: bound for where, bound in self._wildcards.items() if bound is not receiver}

    def send(self, data: bytes, source: Address, target: Address, sender: Receiver, timers: Timers) -> None:
        """Send a datagram: decide its fate now, deliver it in its time."""
        if source[0] == ANY:
            source = (self._source_address(sender, target[0]), source[1])
        route = self._routes.get((source, target)) or self._find_route(source, target)
        now = timers.time()
        fate, arrivals = self._travel(route, data, source, target, now)
        seen = source
        for nat in route.nats:
            seen = nat.outbound(source, target)
        if self._observers:
            for arrives_at in arrivals or (None,):
                passage = Passage(now, source, target, data, fate, arrives_at)
                for observer in self._observers:
                    observer(passage)
        for arrival in arrivals:
            timers.pass_at(arrival, self.arrive, data, seen, target, sender, timers)

    def plain_way(self, source: Address, target: Address, sender: Receiver) -> PlainWay | None:
        """The way of audio between two sockets, None unless all that is sent arrives after the same delay."""
        if source[0] == ANY:
            source = (self._source_address(sender, target[0]), source[1])
        route = self._routes.get((source, target)) or self._find_route(source, target)
        is_plain = route.is_open and not route.link.has_chance and not route.nats
        if not is_plain or (self._nats and any(target[0] == nat.public for nat in self._nats)):
            return None
        receiver = self._receivers.get(target) or self._wildcards.get((route.goal.name, target[1]))
        return None if receiver is None else PlainWay(source, target, receiver, route)

    @property
    def is_observed(self) -> bool:
        """Whether anybody looks at datagrams."""
        return bool(self._observers)

    def tell(self, passage: Passage) -> None:
        """Tell observers of a datagram that took a plain way."""
        for observer in self._observers:
            observer(passage)

    def one_way(self, source: str, target: str) -> float | None:
        """Return how long a segment of a stream takes, or None where nothing passes; streams lose nothing."""
        origin, goal = self.host_of(source).name, self.host_of(target).name
        if self._is_cut(origin, goal):
            return None
        link = self._link_between(origin, goal)
        return link.delay + self._state(origin, goal).chance.random() * link.jitter

    def arrive(self, data: bytes, source: Address, target: Address, sender: Receiver, timers: Timers) -> None:
        """Hand a datagram over, which is where it was sent to."""
        for nat in self._nats:
            if target[0] == nat.public:
                inner = nat.inbound(source, target)
                if inner is None or not self.host_of(inner[0]).is_plugged:
                    return
                target = inner
        receiver = self._receivers.get(target) or self._wildcards.get((self.host_of(target[0]).name, target[1]))
        if receiver is not None:
            receiver.deliver(data, source)
        elif self.is_telling_unreachable:
            back = self.one_way(target[0], source[0])
            if back is not None:
                timers.call_at(timers.time() + back, sender.refuse, target)

    def _find_route(self, source: Address, target: Address) -> Route:
        origin, goal = self.host_of(source[0]), self.host_of(target[0])
        if len(self._routes) >= ROUTES_MAX:
            self._routes.clear()
        state = self._state(origin.name, goal.name)
        route = self._routes[source, target] = Route(
            origin,
            goal,
            (origin.name, goal.name) in self._cuts or self._is_hidden(source[0], target[0]),
            self._link_between(origin.name, goal.name),
            state,
            state.flows.setdefault((source, target), Flow()),
            tuple(nat for nat in self._nats if source[0] in nat.inside and target[0] not in nat.inside),
        )
        return route

    def _is_hidden(self, source: str, target: str) -> bool:
        """Whether an address behind a translator is written to from outside."""
        return any(target in nat.inside and source not in nat.inside for nat in self._nats)

    def _travel(
        self, route: Route, data: bytes, source: Address, target: Address, now: float
    ) -> tuple[Fate, Sequence[float]]:
        if not route.is_open:
            return Fate.CUT, ()
        link, state = route.link, route.state
        is_picked = self.losing is not None and data[:1] < RTP_FIRST and self.losing(data, source, target)
        if is_picked or len(data) > link.bytes_max or (link.has_chance and self._is_lost(link, state)):
            return Fate.LOST, ()
        flow = route.flow
        if not link.has_chance:
            flow.last_arrival = max(now + link.delay, flow.last_arrival)
            return Fate.SENT, (flow.last_arrival,)
        draw = state.chance.random
        copies = 2 if draw() < link.duplication else 1
        arrivals = []
        for _ in range(copies):
            arrival = now + link.delay + draw() * link.jitter
            if draw() < link.reordering:
                arrival += link.reordering_delay
            else:
                arrival = flow.last_arrival = max(arrival, flow.last_arrival)
            arrivals.append(arrival)
        return Fate.SENT, arrivals

    @staticmethod
    def _is_lost(link: Link, state: LinkState) -> bool:
        """Draw whether this datagram is lost (a chain of two states, Gilbert's model)."""
        if link.loss_burst == 1:
            return state.chance.random() < link.loss
        if state.is_losing:
            state.is_losing = state.chance.random() >= 1 / link.loss_burst
        else:
            # Entering at this rate makes the long-run share of lost datagrams equal `loss`.
            state.is_losing = state.chance.random() * link.loss_burst * (1 - link.loss) < link.loss
        return state.is_losing

    def _is_cut(self, origin: str, goal: str) -> bool:
        if origin == goal:
            return False
        both_plugged = self._hosts[origin].is_plugged and self._hosts[goal].is_plugged
        return not both_plugged or (origin, goal) in self._cuts

    def _link_between(self, origin: str, goal: str) -> Link:
        for pair in ((origin, goal), (origin, "*"), ("*", goal)):
            if pair in self._links:
                return self._links[pair]
        return self.link_default

    def _state(self, origin: str, goal: str) -> LinkState:
        pair = (origin, goal)
        if pair not in self._states:
            self._states[pair] = LinkState(random.Random(f"{self._seed}/{origin}/{goal}"))
        return self._states[pair]

    def _is_free(self, address: str, port: int) -> bool:
        name = self.host_of(address).name
        if (name, port) in self._wildcards or (address, port) in self._receivers:
            return False
        if address != ANY:
            return True
        return not any(bound == port and self.host_of(where).name == name for where, bound in self._receivers)

    def _source_address(self, sender: Receiver, target: str) -> str:
        host = next(self._hosts[name] for (name, _), bound in self._wildcards.items() if bound is sender)
        return host.source_towards(target)
