"""The first steps of calls through a whole switch."""

from __future__ import annotations

from scenarios.phones.call import PhoneCall
from scenarios.phones.phone import Phone
from tests.support.switchboard import Board


async def dial(board: Board, number: str = "12125550123", *, user: str = "yard", pin: str = "4417") -> PhoneCall:
    """A station that dials and enters a PIN at once."""
    station = await board.phone(user)
    call = await station.dial(number)
    await call.answered()
    await call.press(pin)
    return call


async def accepted(board: Board, family: Phone) -> tuple[PhoneCall, PhoneCall]:
    """A talk that has begun: the caller's call and the called party's."""
    call = await dial(board)
    answered = await family.next_call()
    await answered.answer()
    await answered.press("5")
    return call, answered
