"""The process around the calls: what it listens on, its heartbeat, its chores."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
import structlog
from structlog.testing import capture_logs

from ledger.errors import LedgerError, LedgerUnavailableError
from ledger.money import ZERO, AccountId
from ledger.requests import Heartbeat, RetireProcess
from switch.app.chores import posting_seconds
from switch.app.config import parse_config
from switch.app.switch import ListenError, running
from switch.app.world import World, build_world
from tests.support.outage import Outage
from tests.support.switchboard import CONFIG, NOON, switchboard

LOG = structlog.get_logger("test")

HOUSEHOLD = "advanceconnect:household"
LATER = f"""\
[[accounts]]
id = "{HOUSEHOLD}"
numbers = ["+12125550123"]
deposit = "0.01"
settles_later = true
"""


def world_of(folder: Path, old: str = "", new: str = "") -> World:
    text = CONFIG.replace("TARIFFS", '["california-2021", "california-collect"]').replace("SILENCE", "30")
    return build_world(parse_config(text.replace(old, new), "test.toml"), "test.toml", folder)


async def test_an_address_that_is_taken_is_named_by_its_key(tmp_path: Path) -> None:
    async with switchboard(tmp_path):
        with pytest.raises(ListenError, match=r"127\.0\.0\.1:5060: .*; change switch\.listen") as caught:
            async with running(world_of(tmp_path), base=tmp_path, random=Random(2), utc=NOON, log=LOG):
                raise AssertionError
        assert caught.value.key == "switch.listen"


async def test_a_media_address_that_is_not_ours_is_found_before_the_first_call(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    make = loop.create_datagram_endpoint

    async def refuse(factory: object, **where: object) -> object:
        if where["local_addr"] == ("198.51.100.1", 0):
            raise OSError(99, "Cannot assign requested address")
        return await make(factory, **where)  # type: ignore[call-overload]

    loop.create_datagram_endpoint = refuse  # type: ignore[method-assign, assignment]
    world = world_of(tmp_path, "[media]", '[media]\nlisten = "198.51.100.1"')
    with pytest.raises(ListenError, match=r"Cannot assign requested address; change media\.listen"):
        async with running(world, base=tmp_path, random=Random(2), utc=NOON, log=LOG):
            raise AssertionError


async def test_an_opening_balance_that_was_changed_is_refused_with_the_remedy(tmp_path: Path) -> None:
    async with switchboard(tmp_path):
        pass
    world = world_of(tmp_path, 'advancepay = "0.075"', 'advancepay = "1.00"')
    with pytest.raises(LedgerError, match="payphone deposit"):
        async with running(world, base=tmp_path, random=Random(2), utc=NOON, log=LOG):
            raise AssertionError


async def test_no_money_is_booked_where_a_number_of_an_account_is_refused(tmp_path: Path) -> None:
    async with running(
        world_of(tmp_path, "[media]", f"{LATER}[media]"), base=tmp_path, random=Random(1), utc=NOON, log=LOG
    ):
        pass
    other = LATER.replace("household", "neighbors").replace('"0.01"', '"7.00"')
    world = world_of(tmp_path, "[media]", f"{other}[media]")
    with pytest.raises(LedgerError, match=r"number \+12125550123 of advanceconnect:neighbors: .*; take it out"):
        async with running(world, base=tmp_path, random=Random(2), utc=NOON, log=LOG):
            raise AssertionError
    async with running(world_of(tmp_path), base=tmp_path, random=Random(3), utc=NOON, log=LOG) as switch:
        account = await switch.services.book.balance(AccountId("advanceconnect:neighbors"))
    assert account is not None
    assert account.balance == ZERO


async def test_a_switch_that_stops_leaves_no_process_behind_and_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        async with switchboard(tmp_path) as board:
            assert len(await board.switch.services.book.processes()) == 1


async def test_the_heartbeat_goes_on_after_an_outage_and_after_a_fault(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path) as board:
            book = board.switch.services.book
            outage = Outage(book)
            outage.fail(Heartbeat)
            await asyncio.sleep(5)
            (before,) = await book.processes()
            outage.end()
            beat, faults = book.beat, iter([ZeroDivisionError(), None])

            async def broken(*facts: object) -> object:
                fault = next(faults, None)
                if fault is not None:
                    raise fault
                return await beat(*facts)  # type: ignore[arg-type]

            book.beat = broken  # type: ignore[method-assign, assignment]
            await asyncio.sleep(5)
            (after,) = await book.processes()
            assert (after.beat_at - before.beat_at).total_seconds() > 5
    events = [line["event"] for line in logged]
    assert events.count("book_does_not_answer") >= 4
    assert events.count("chore_failed") == 1


async def test_a_process_that_others_took_for_dead_makes_itself_known_again(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path) as board:
            services = board.switch.services
            await services.book.submit(RetireProcess(services.process_id))
            await asyncio.sleep(2)
            assert [process.process_id for process in await services.book.processes()] == [services.process_id]
            family = await board.phone("family")
            call = await (await board.phone("yard")).dial("12125550123")
            await call.answered()
            await call.press("4417")
            await (await family.next_call()).refuse()
            await call.wait_for_end()
            assert (await board.record()).why == "busy"
    assert [line["event"] for line in logged].count("process_was_declared_dead") == 1


async def test_a_call_in_the_moment_others_took_us_for_dead_is_refused(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path) as board:
            services = board.switch.services
            station = await board.phone("yard")
            await services.book.submit(RetireProcess(services.process_id))
            call = await station.dial("12125550123")
            assert (await call.wait_for_end()).status == 503
            await board.is_clean()
    assert [line["event"] for line in logged].count("call_not_opened") == 1


async def test_changes_of_other_processes_are_looked_for_again_after_an_outage(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        book = board.switch.services.book
        outage = Outage(book)
        outage.fail("read")
        await asyncio.sleep(3)
        with pytest.raises(LedgerUnavailableError):
            await book.accounts()
        outage.end()
        assert await book.accounts()


async def test_registrations_that_expired_are_swept(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        family = await board.phone("family")
        await family.register(seconds=60)
        registrar = board.switch.services.registrar
        assert "family" in registrar._bindings
        await asyncio.sleep(125)
        assert registrar._bindings == {}


async def test_a_call_that_comes_while_the_switch_stops_is_refused(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        station = await board.phone("yard")
        await board.switch.reception.close()
        call = await station.dial("12125550123")
        assert (await call.wait_for_end()).status == 503
        assert board.switch.reception.call_count == 0


async def test_charges_that_are_due_are_posted_by_the_switch_itself(tmp_path: Path) -> None:
    async with switchboard(tmp_path, more=f"{LATER}[billing]\nsettles_after = 8\n") as board:
        family = await board.phone("family")
        call = await (await board.phone("yard")).dial("12125550123")
        await call.answered()
        await call.press("4417")
        callee = await family.next_call()
        await callee.answer()
        await callee.press("5")
        await asyncio.sleep(5)
        await callee.hang_up()
        assert str((await board.record()).charged) == "0.025"
        await asyncio.sleep(7)
        assert (await board.balances())[HOUSEHOLD] == "0.01", "not before its time"
        await asyncio.sleep(3.5)
        assert (await board.balances())[HOUSEHOLD] == "-0.015"


@pytest.mark.parametrize(
    ("accounts", "settles_after", "seconds"),
    [("", 60, None), (LATER, 60, 15), (LATER, 1, 1), (LATER, 86_400, 60), (LATER.replace("true", "false"), 60, None)],
)
def test_charges_are_looked_for_only_where_an_account_settles_later(
    tmp_path: Path, accounts: str, settles_after: int, seconds: float | None
) -> None:
    billing = f"[billing]\nsettles_after = {settles_after}\n{accounts}[[lines]]"
    world = world_of(tmp_path, '[[lines]]\nprefix = "+1212555012"', f'{billing}\nprefix = "+1212555012"')
    assert posting_seconds(world) == seconds
