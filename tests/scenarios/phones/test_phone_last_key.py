"""A key that makes the far end hang up was pressed all the same."""

import asyncio

import pytest

from scenarios.phones.call import KeysBy, PhoneCall
from scenarios.phones.errors import CallEndedError
from tests.support.phones import connect, two_phones


async def hang_up_at(call: PhoneCall, key: str) -> None:
    while not any(heard.key == key for heard in call.heard.keys):
        await asyncio.sleep(0.005)
    await call.hang_up()


@pytest.mark.parametrize("by", ["rfc4733", "info"])
async def test_a_key_may_end_the_call(by: KeysBy) -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        async with asyncio.TaskGroup() as group:
            group.create_task(hang_up_at(incoming, "9"))
            group.create_task(outgoing.press("89", by=by))
        assert [heard.key for heard in incoming.heard.keys] == ["8", "9"]
        await outgoing.wait_for_end()


@pytest.mark.parametrize("by", ["rfc4733", "info"])
async def test_keys_after_the_one_that_ended_the_call_were_not_pressed(by: KeysBy) -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        hanging_up = asyncio.create_task(hang_up_at(incoming, "8"))
        with pytest.raises(CallEndedError):
            await outgoing.press("89", by=by)
        await hanging_up
