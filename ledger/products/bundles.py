"""What credits for messages cost, by facility, state and day; what a message costs; what is done if it is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.errors import PolicyError
from ledger.money import Money
from ledger.products.messages import CREDITS_MAX


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many credits at a price, while it holds, at a facility, in a state, or everywhere (S2-1)."""

    credits: int
    price: Money
    facility: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    """The first day it no longer holds; None while it has no end."""

    def __post_init__(self) -> None:
        if self.facility is not None and self.state is not None:
            raise PolicyError(f"bundle of {self.credits} credits: give a facility or a state, not both")
        if not 0 < self.credits <= CREDITS_MAX:
            raise PolicyError(f"bundle of {self.credits} credits: write 1 to {CREDITS_MAX}")
        if self.price.micros < self.credits:
            raise PolicyError(f"bundle of {self.credits} credits: {self.price} is less than a millionth for each")

    def holds_on(self, day: date) -> bool:
        """Whether it is sold on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """What messages cost, and how long they may be."""

    bundles: Sequence[Bundle] = ()
    characters_per_credit: int = 2_000
    """Begun ones count; *unverified*, a page in many places."""
    characters_max: int = 20_000
    """Of one message: ten pages."""
    keeps_rejected: bool = False
    """Whether the credits of a rejected message are used up."""

    def sold(self, *, facility: str, state: str, day: date) -> tuple[Bundle, ...]:
        """What is sold at a facility on a day: its own bundles, else its state's, else everybody's."""
        held = [each for each in self.bundles if each.holds_on(day)]
        for near in (
            [each for each in held if each.facility == facility],
            [each for each in held if each.state is not None and each.state == state],
        ):
            if near:
                return tuple(near)
        return tuple(each for each in held if each.facility is None and each.state is None)

    def credits_of(self, characters: int) -> int:
        """What a message of so many characters costs."""
        return -(-characters // self.characters_per_credit)
