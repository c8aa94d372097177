"""Links: how datagrams fare from one host to another."""

from __future__ import annotations

from dataclasses import dataclass, field

DATAGRAM_BYTES_MAX = 65507
"""65535 bytes of an IPv4 packet less its header of 20 and the UDP header of 8."""


@dataclass(frozen=True, slots=True)
class Link:
    """How datagrams fare in one direction between two hosts.

    Attributes:
        delay: Seconds from sending to arrival.
        jitter: Seconds of additional delay at most, each time drawn evenly; order is kept.
        loss: Share of datagrams that vanish.
        loss_burst: Mean count of datagrams that vanish in a row; 1 means independent losses.
        duplication: Share of datagrams that arrive twice.
        reordering: Share of datagrams held back so that younger ones overtake them.
        reordering_delay: Seconds they are held back.
        bytes_max: Larger datagrams vanish, as where fragments are dropped.
    """

    delay: float = 0.0002
    jitter: float = 0.0
    loss: float = 0.0
    loss_burst: float = 1.0
    duplication: float = 0.0
    reordering: float = 0.0
    reordering_delay: float = 0.03
    bytes_max: int = DATAGRAM_BYTES_MAX
    has_chance: bool = field(init=False, repr=False, compare=False)
    """Whether what becomes of a datagram is drawn."""

    def __post_init__(self) -> None:
        assert self.delay >= 0
        assert self.jitter >= 0
        assert self.loss_burst >= 1
        assert all(0 <= share <= 1 for share in (self.loss, self.duplication, self.reordering))
        chances = (self.jitter, self.loss, self.duplication, self.reordering)
        object.__setattr__(self, "has_chance", any(chances))
