"""A translator of addresses, as stands between a home network and the world (RFC 4787).

It maps each inside socket to one port of its public address whatever the destination (endpoint-independent
mapping, §4.1) and lets in only answers of addresses that were written to (address-dependent filtering, §5).
`rebind` forgets all mappings, as a restarted router does: the next datagram comes from another port. `move` does so
and takes another public address, as where a telephone leaves one network for another.
"""

import itertools

_PORTS = range(20000, 49152)
"""Public ports handed out: below the ephemeral ones, so that a test tells them apart."""


class Nat:
    """Translates between sockets inside and ports of the public address."""

    def __init__(self, public: str, inside: frozenset[str]) -> None:
        self.public = public
        self.inside = inside
        self._ports = itertools.cycle(_PORTS)
        self._by_inner: dict[tuple[str, int], int] = {}
        self._by_port: dict[int, tuple[str, int]] = {}
        self._written_to: dict[int, set[str]] = {}

    def outbound(self, source: tuple[str, int], target: tuple[str, int]) -> tuple[str, int]:
        """Return the source the world sees for a datagram from inside."""
        if source not in self._by_inner:
            port = next(self._ports)
            self._by_inner[source] = port
            self._by_port[port] = source
            self._written_to[port] = set()
        port = self._by_inner[source]
        self._written_to[port].add(target[0])
        return (self.public, port)

    def inbound(self, source: tuple[str, int], target: tuple[str, int]) -> tuple[str, int] | None:
        """Return the inside socket a datagram from the world is for, or None if it may not pass."""
        if source[0] not in self._written_to.get(target[1], ()):
            return None
        return self._by_port[target[1]]

    def rebind(self) -> None:
        """Forget every mapping: what comes next from inside gets new ports, and the old ones are dead."""
        self._by_inner.clear()
        self._by_port.clear()
        self._written_to.clear()

    def move(self, public: str) -> None:
        """Take another public address, with no mapping kept from the old one."""
        self.public = public
        self.rebind()
