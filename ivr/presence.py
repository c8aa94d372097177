"""Presence: what must end when somebody hangs up, or turns out to be nobody, ends.

`staying` runs a block for as long as a party is on the line. It turns the departure of that party
into `HungUpError` at the block's own await, whatever it was waiting for. `talking_to_a_person` does
the same with a party that is heard to be a machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from ivr.ports import HungUpError, Party


class MachineAnsweredError(Exception):
    """It is a machine that answered."""


@asynccontextmanager
async def staying(party: Party) -> AsyncIterator[None]:
    """Run the block while `party` is on the line.

    Raises:
        HungUpError: The party left inside the block.
    """
    async with _watched(_raise_once_gone(party)):
        yield


@asynccontextmanager
async def talking_to_a_person(party: Party) -> AsyncIterator[None]:
    """Run the block until `party` is heard to be a machine.

    Raises:
        MachineAnsweredError: So it was heard.
    """
    async with _watched(_raise_once_machine(party)):
        yield


@asynccontextmanager
async def _watched(watch: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run the block while this does not raise."""
    try:
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(watch)
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


async def _raise_once_machine(party: Party) -> None:
    await party.machine()
    raise MachineAnsweredError
