"""How much an agent lets grow. Going over it is answered 503 with Retry-After."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLOSE_TIME: Final = 2.0
"""Seconds `close` waits for the answers to its BYEs: two retransmissions and a bit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one agent."""

    transactions: int = 200_000
    """32 s of lingering transactions at 1,000 calls/s, four a call, is 128,000; each takes about 2 kB."""
    legs: int = 20_000
    """Twice the calls two cores can carry with media by a wide margin."""
    asks: int = 1_000
    """Handlers of REGISTER and the like that have not answered yet: a second's worth of registrations."""
