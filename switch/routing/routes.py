"""Where a dialled user part leads, and which trunk carries a number.

Pure values and lookups; the configuration fills them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from prompts.catalog import ClipId


@dataclass(frozen=True, slots=True)
class Trunk:
    """A gateway or carrier that takes our INVITEs at an address."""

    name: str
    address: tuple[str, int]
    prefixes: tuple[str, ...] = ("",)
    """Numbers in E.164 it carries, by prefix; the longest wins."""


@dataclass(frozen=True, slots=True)
class BridgeRoute:
    """Dialled numbers with this prefix are bridged plainly to a trunk: no story, no charge."""

    prefix: str
    trunk: str


@dataclass(frozen=True, slots=True)
class MenuRoute:
    """A service number: answer, say the words, take one key, bridge to `bridge_prefix` + key."""

    number: str
    words: tuple[ClipId, ...]
    bridge_prefix: str
    trunk: str


@dataclass(frozen=True, slots=True)
class AccountRoute:
    """The family's line (S3-13): balance and blocks by keypad, and customer service behind a trunk."""

    number: str
    facility: str
    """Whose profile is spoken."""
    trunk: str | None
    service: str
    """What customer service is dialled as."""


Route = BridgeRoute | MenuRoute | AccountRoute


class RouteTable:
    """Service routes and trunks, and the networks that need not prove who they are."""

    def __init__(
        self,
        *,
        routes: Sequence[Route],
        trunks: Sequence[Trunk],
        trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
    ) -> None:
        self._menus = {route.number: route for route in routes if not isinstance(route, BridgeRoute)}
        bridges = [route for route in routes if isinstance(route, BridgeRoute)]
        self._bridges = sorted(bridges, key=lambda route: len(route.prefix), reverse=True)
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._trusted = tuple(trusted)

    def service(self, user: str) -> Route | None:
        """The service route of a dialled user part, None for a call of the story."""
        menu = self._menus.get(user)
        if menu is not None:
            return menu
        return next((route for route in self._bridges if user.startswith(route.prefix)), None)

    def trunk(self, name: str) -> Trunk:
        """A trunk by name; it exists, the configuration was checked."""
        return self._trunks[name]

    def trunk_for(self, number: str) -> Trunk | None:
        """The trunk that carries a number, by longest prefix."""
        best: tuple[int, Trunk] | None = None
        for trunk in self._trunks.values():
            for prefix in trunk.prefixes:
                if number.startswith(prefix) and (best is None or len(prefix) > best[0]):
                    best = (len(prefix), trunk)
        return best[1] if best else None

    def is_trusted(self, host: str) -> bool:
        """Whether requests from this address are believed without a digest."""
        if not self._trusted:
            return False
        address = ipaddress.ip_address(host)
        return any(address in network for network in self._trusted)
