from __future__ import annotations

from itertools import product

import pytest

from ledger.hold import MOVES, Hold, HoldState
from ledger.money import ZERO
from tests.support.ledger import CALL, FAMILY, NOW, hold_of, later, usd

PLACED = Hold(hold_of(), FAMILY, CALL, usd("2"), NOW)
EVENTS = {
    HoldState.CAPTURED: lambda hold: hold.capture(usd("0.5"), later(1)),
    HoldState.RELEASED: lambda hold: hold.release(later(1)),
    HoldState.EXPIRED: lambda hold: hold.expire(later(1)),
}
IN_STATE = {HoldState.PLACED: PLACED} | {state: event(PLACED) for state, event in EVENTS.items()}


def test_the_table_of_moves_names_every_state() -> None:
    assert set(MOVES) == set(HoldState)


@pytest.mark.parametrize(("to", "captured"), [("CAPTURED", usd("0.5")), ("RELEASED", ZERO), ("EXPIRED", ZERO)])
def test_a_placed_hold_is_settled_once_and_says_when(to: str, captured: object) -> None:
    settled = IN_STATE[HoldState[to]]
    assert (settled.state, settled.captured, settled.settled_at) == (HoldState[to], captured, later(1))


@pytest.mark.parametrize(
    ("state", "to"), list(product([state for state in HoldState if state is not HoldState.PLACED], EVENTS))
)
def test_a_settled_hold_never_moves_again(state: HoldState, to: HoldState) -> None:
    with pytest.raises(AssertionError, match=f"is {state.value}"):
        EVENTS[to](IN_STATE[state])


@pytest.mark.parametrize("amount", ["0", "-1", "2.000001"])
def test_nothing_and_more_than_was_held_cannot_be_captured(amount: str) -> None:
    with pytest.raises(AssertionError, match="cannot be captured"):
        PLACED.capture(usd(amount), NOW)
