"""Machines of the simulated network, and which one the running code stands on."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

SHARED = "localhost"
"""The host that owns 127.0.0.0/8 and on which code stands that was not put elsewhere."""

ANY = "0.0.0.0"  # noqa: S104 - the wildcard of the simulated network

PORTS_EPHEMERAL = range(49152, 65536)
"""Ports given to sockets that ask for none (RFC 6335 §6)."""

standing: ContextVar[str] = ContextVar("standing", default=SHARED)
"""The name of the host on which the running code stands."""


@dataclass(slots=True)
class Host:
    """A machine: a name and the addresses it owns."""

    name: str
    addresses: tuple[str, ...]
    is_plugged: bool = True
    ports: Iterator[int] = field(default_factory=lambda: itertools.cycle(PORTS_EPHEMERAL), repr=False)

    @contextmanager
    def here(self) -> Iterator[None]:
        """Let code run on this host: its sockets without an address of their own belong to it."""
        token = standing.set(self.name)
        try:
            yield
        finally:
            standing.reset(token)

    def source_towards(self, target: str) -> str:
        """Return the address from which it sends to `target`."""
        return target if self.name == SHARED and target.startswith("127.") else self.addresses[0]
