"""The simulated network of a scenario: one link between each telephone and the switch."""

from __future__ import annotations

import hashlib
import itertools
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from scenarios.language.steps import Link as LinkChange
from scenarios.language.steps import Lost
from scenarios.play.errors import CannotActError
from scenarios.sim.links import Link
from scenarios.sim.nat import Nat
from scenarios.sim.network import Address, Fate, Network, Passage

SWITCH: Final = "switch"
ALL: Final = "all"
TO: Final = "to "
FROM: Final = "from "
PUBLIC: Final = "203.0.113.{number}"
"""Public addresses of telephones behind a NAT (RFC 5737, for documentation)."""
PUBLIC_MAX: Final = 254
_INSTANTS: Final = struct.Struct("!dd")


class Wires:
    """Links by the names of actors, and the fingerprint of everything that passed them."""

    def __init__(self, network: Network, actors: Iterable[str], *, is_traced: bool = True) -> None:
        self.network = network
        self.actors = tuple(actors)
        self._links: dict[tuple[str, str], Link] = {}
        self._trace = hashlib.sha256()
        self._ends: dict[tuple[Address, Address, Fate], bytes] = {}
        self._losses: list[_Loss] = []
        self._nats: dict[str, Nat] = {}
        self._publics = itertools.count(1)
        self._is_traced = is_traced
        if is_traced:
            network.observe(self._note)
        network.losing = self._loses

    @property
    def fingerprint(self) -> str:
        """SHA-256 of every datagram so far, with its instant and fate; empty where they are not noted."""
        return self._trace.hexdigest() if self._is_traced else ""

    def change(self, links: Mapping[str, LinkChange]) -> None:
        """Change links; what a change leaves out stays."""
        for name, change in links.items():
            actor = name.removeprefix(TO).removeprefix(FROM)
            for each in self.actors if actor == ALL else (actor,):
                if not name.startswith(FROM):
                    self._set(SWITCH, each, change)
                if not name.startswith(TO):
                    self._set(each, SWITCH, change)

    def cut(self, actor: str) -> None:
        """Let nothing pass between a telephone and the switch."""
        self.network.cut(actor, SWITCH)

    def heal(self, actor: str) -> None:
        """Undo `cut`."""
        self.network.heal(actor, SWITCH)

    def hide(self, actor: str) -> None:
        """Put a telephone behind a NAT of its own."""
        self._nats[actor] = self.network.nat(self._next_public(), *self.network.host(actor).addresses)

    def move(self, actor: str) -> None:
        """Let a telephone behind a NAT be in another network: another public address, other ports.

        Raises:
            CannotActError: It is behind none.
        """
        self.network.move_nat(self._nat(actor), self._next_public())

    def rebind(self, actor: str) -> None:
        """Let the NAT of a telephone forget its ports; raises what `move` raises."""
        self._nat(actor).rebind()

    def _nat(self, actor: str) -> Nat:
        if actor not in self._nats:
            raise CannotActError(
                f"{actor} is behind no NAT; write `network: {{{actor}: {{behind nat: true}}}}` at the top"
            )
        return self._nats[actor]

    def _next_public(self) -> str:
        number = next(self._publics)
        if number > PUBLIC_MAX:
            raise CannotActError(f"telephones have moved {PUBLIC_MAX} times; no public address is left")
        return PUBLIC.format(number=number)

    def lose(self, lost: Lost) -> None:
        """Lose SIP messages from now on."""
        for name in (lost.to, lost.from_):
            if name is not None and name not in {*self.actors, SWITCH}:
                raise CannotActError(f"{name} is no telephone; write a name of the world, or `switch`")
        self._losses.append(_Loss(lost, skipped=lost.skip, left=lost.times))

    def _set(self, source: str, target: str, change: LinkChange) -> None:
        link = self._links.get((source, target), self.network.link_default)
        spans = {
            "delay": change.delay,
            "jitter": change.jitter,
            "reordering_delay": change.reordered_by,
        }
        values: dict[str, float] = {name: span.seconds for name, span in spans.items() if span is not None}
        shares = {"loss": change.loss, "duplication": change.duplication, "reordering": change.reordering}
        values |= {name: share for name, share in shares.items() if share is not None}
        if change.burst is not None:
            values["loss_burst"] = float(change.burst)
        link = replace(link, **values)  # type: ignore[arg-type]
        self._links[source, target] = link
        self.network.link(source, target, link)

    def _note(self, passage: Passage) -> None:
        at, source, target, data, fate, arrives_at = passage
        instants = _INSTANTS.pack(at, math.nan if arrives_at is None else arrives_at)
        ends = self._ends.get((source, target, fate))
        if ends is None:
            ends = self._ends[source, target, fate] = f"{source} {target} {fate.name} ".encode()
        self._trace.update(instants + ends + data)

    def _loses(self, data: bytes, source: Address, target: Address) -> bool:
        """Whether this very datagram is to be lost."""
        if not self._losses or not _is_sip(data):
            return False
        start, cseq = _start_and_method(data)
        origin, goal = self.network.host_of(source[0]).name, self.network.host_of(target[0]).name
        return any(loss.takes(start, cseq, origin, goal) for loss in self._losses)


@dataclass(slots=True)
class _Loss:
    """A rule and how often it still applies."""

    lost: Lost
    skipped: int
    left: int

    def takes(self, start: str, method: str, origin: str, goal: str) -> bool:
        if not self.left or self.lost.message != message_name(start, method):
            return False
        if self.lost.to not in {None, goal} or self.lost.from_ not in {None, origin}:
            return False
        if self.skipped:
            self.skipped -= 1
            return False
        self.left -= 1
        return True


def message_name(start: str, method: str) -> str:
    """A message as a script names it: `INVITE`, `200 to INVITE`."""
    return f"{start.split()[1]} to {method}" if start.startswith("SIP/2.0 ") else start.partition(" ")[0]


def _is_sip(data: bytes) -> bool:
    """RTP begins with its version 2 in the two highest bits; SIP is text."""
    return bool(data) and data[0] < 0x80


def _start_and_method(data: bytes) -> tuple[str, str]:
    lines = data.partition(b"\r\n\r\n")[0].decode(errors="replace").split("\r\n")
    cseq = next((line for line in lines if line.lower().startswith("cseq:")), "")
    return lines[0], cseq.rpartition(" ")[2]
