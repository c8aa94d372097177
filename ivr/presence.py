"""Presence: what must end when somebody hangs up, ends.

`staying` runs a block for as long as a party is on the line. It turns the departure of that party
into `HungUpError` at the block's own await, whatever it was waiting for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.ports import HungUpError, Party


@asynccontextmanager
async def staying(party: Party) -> AsyncIterator[None]:
    """Run the block while `party` is on the line.

    Raises:
        HungUpError: The party left inside the block.
    """
    try:
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(_raise_once_gone(party))
            yield
            watcher.cancel()
    except BaseExceptionGroup as group_error:
        raise first_leaf(group_error) from None


def first_leaf(error: BaseException) -> BaseException:
    """The first error inside nested groups: the one that ended the others."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _raise_once_gone(party: Party) -> None:
    await party.left()
    raise HungUpError
