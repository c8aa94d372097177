"""Phones for tests, on hosts of their own."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scenarios.phones.call import PhoneCall
from scenarios.phones.phone import Line, Phone

NORTH, SOUTH = "10.0.0.1", "10.0.0.2"


@asynccontextmanager
async def two_phones(north: Line | None = None, south: Line | None = None) -> AsyncIterator[tuple[Phone, Phone]]:
    """Two phones that know each other's address and no server."""
    async with (
        Phone(north or Line("north", host=NORTH, port=5060), random.Random("north")) as one,
        Phone(south or Line("south", host=SOUTH, port=5060), random.Random("south")) as other,
    ):
        yield one, other


async def connect(caller: Phone, callee: Phone) -> tuple[PhoneCall, PhoneCall]:
    """Let one call the other, who answers at once."""
    outgoing = await caller.dial(str(callee.contact))
    incoming = await callee.next_call()
    await incoming.answer()
    await outgoing.answered()
    return outgoing, incoming
