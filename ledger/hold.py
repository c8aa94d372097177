"""A hold: money put aside for talk that is about to happen.

    PlaceHold ──► PLACED ──┬─ capture ──► CAPTURED   the talk happened: all or part was charged
                           ├─ release ──► RELEASED   it did not: all of it goes back
                           └─ expire ───► EXPIRED    nobody came back for it: all of it goes back

The part of a captured hold that was not charged goes back at the same instant. The last three states
are final. (RFC 8506 §5: granted, used and unused units of a reservation.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, NewType

from ledger.money import ZERO, AccountId, CallId, Money

HoldId = NewType("HoldId", str)
"""`<call>/hold/<n>`."""


class HoldState(Enum):
    """Where a hold stands."""

    PLACED = "placed"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


MOVES: Final[Mapping[HoldState, frozenset[HoldState]]] = MappingProxyType(
    {
        HoldState.PLACED: frozenset({HoldState.CAPTURED, HoldState.RELEASED, HoldState.EXPIRED}),
        HoldState.CAPTURED: frozenset(),
        HoldState.RELEASED: frozenset(),
        HoldState.EXPIRED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold on one account, for one call."""

    hold_id: HoldId
    account_id: AccountId
    call_id: CallId
    amount: Money
    placed_at: datetime
    state: HoldState = HoldState.PLACED
    captured: Money = ZERO
    settled_at: datetime | None = None
    available: Money | None = None
    """What could be held beyond it when it was placed, where this is all that is remembered of its request."""

    def capture(self, amount: Money, at: datetime) -> Hold:
        """Charge `amount` of it, more than nothing and at most all of it; the rest goes back."""
        if not ZERO < amount <= self.amount:
            raise AssertionError(f"{amount} of the {self.amount} of {self.hold_id} cannot be captured")
        return self._move(HoldState.CAPTURED, amount, at)

    def release(self, at: datetime) -> Hold:
        """Give all of it back."""
        return self._move(HoldState.RELEASED, ZERO, at)

    def expire(self, at: datetime) -> Hold:
        """Give all of it back, for nobody came to settle it."""
        return self._move(HoldState.EXPIRED, ZERO, at)

    def _move(self, to: HoldState, captured: Money, at: datetime) -> Hold:
        if to not in MOVES[self.state]:
            raise AssertionError(f"{self.hold_id} is {self.state.value}: it cannot become {to.value}")
        return replace(self, state=to, captured=captured, settled_at=at)


def hold_id(call_id: CallId, number: int) -> HoldId:
    """The id of the `number`th hold of a call, counted from 1."""
    return HoldId(f"{call_id}/hold/{number}")


def is_hold_id(text: str) -> bool:
    """Whether an id can only be that of a hold: no other request's id has this form."""
    return text.count("/") == _SLASHES and "/hold/" in text and text[-1].isdecimal()


def ids_of_call(call_id: CallId) -> tuple[str, str]:
    """Two texts; in the order of their bytes, the ids of all holds of a call are between them."""
    return f"{call_id}/hold/", f"{call_id}/hold0"


_SLASHES: Final = 2
