"""A call that is ended at any instant, by anybody: one record, no hold, nothing left."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.money import AccountId, Money
from ledger.requests import Deposit
from scenarios.phones.call import PhoneCall
from scenarios.phones.errors import CallEndedError
from scenarios.phones.phone import Phone
from tests.support.switchboard import NOON, Board, switchboard

SIX_SECONDS = """
name = "six-seconds"
valid_from = 2020-01-01
zone = "UTC"
first = 6
increment = 6
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.25"
"""
PAYER = AccountId("advancepay:+12125550123")
INSTANTS = {
    "caller": [
        0.0,
        0.0003,
        0.001,
        0.0015,
        0.3,
        1.02,
        1.65,
        1.656,
        2.2,
        3.1,
        3.154,
        3.1552,
        3.157,
        9.1552,
        21.154,
        21.2,
    ],
    "callee": [1.66, 2.1551, 2.7, 3.15, 3.1552, 3.2, 3.5, 9.155, 21.1551, 23.0],
    "both": [0.001, 1.656, 2.2, 3.1552, 9.155, 21.155],
    "switch": [
        0.0,
        0.0003,
        0.001,
        0.0011,
        0.0015,
        1.2,
        1.6548,
        1.655,
        1.656,
        2.1551,
        3.1549,
        3.1552,
        3.2,
        21.1549,
        21.2,
    ],
}
"""Seconds from the INVITE. At 1.655 the PIN is complete and it rings, at 2.155 it is answered, at 3.155 accepted; the
money ends at 21.155."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "six.toml").write_text(SIX_SECONDS)
    return tmp_path


class Drama:
    """One call whose people do what people do, until somebody ends it."""

    def __init__(self, board: Board, station: Phone, family: Phone) -> None:
        self.board = board
        self.station = station
        self.family = family
        self.call: PhoneCall | None = None
        self.answered: PhoneCall | None = None

    async def play(self) -> None:
        self.call = await self.station.dial("12125550123")
        await asyncio.gather(self._inside(self.call), self._outside(), return_exceptions=True)

    async def _inside(self, call: PhoneCall) -> None:
        await call.answered()
        await asyncio.sleep(1)
        await call.press("4417")

    async def _outside(self) -> None:
        self.answered = await self.family.next_call()
        await asyncio.sleep(0.5)
        await self.answered.answer()
        await asyncio.sleep(1)
        await self.answered.press("5")


async def run_until(board: Board, station: Phone, family: Phone, at: float, who: str) -> None:
    """Play the call and let somebody end it at this instant."""
    drama = Drama(board, station, family)
    playing = asyncio.create_task(drama.play())
    await asyncio.sleep(at)
    call, answered = drama.call, drama.answered
    match who:
        case "caller" if call is not None:
            await call.hang_up()
        case "callee" if answered is not None:
            await answered.hang_up()
        case "both" if call is not None:
            await asyncio.gather(call.hang_up(), *([answered.hang_up()] if answered else []))
        case "switch":
            for going in list(board.switch.reception._calls.values()):
                going.stop()
    assert drama.call is not None
    await drama.call.hang_up(after=60)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


async def refill(board: Board, number: int) -> None:
    """Bring the account back to what it was."""
    spent = Money.from_text("0.075") - Money.from_text((await board.balances())[PAYER])
    if spent.micros:
        await board.switch.services.book.submit(Deposit(f"refill-{number}", PAYER, spent, "processor", NOON))


@pytest.mark.parametrize("who", INSTANTS)
async def test_whoever_ends_a_call_at_whatever_instant_nothing_is_left_of_it(folder: Path, who: str) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        station, family = await board.phone("yard"), await board.phone("family")
        for number, at in enumerate(INSTANTS[who]):
            before = len(board.records)
            await run_until(board, station, family, at, who)
            await board.is_clean()
            assert len(board.records) - before <= 1, f"two records of the call ended at {at}"
            for record in board.records[before:]:
                assert (record.accepted_at is None) == (record.talk == timedelta(0) and not record.charged.micros)
                assert record.talk <= timedelta(seconds=18)
                assert record.why not in {"fault", "recovered"}
            await refill(board, number)
        assert {record.why for record in board.records} >= REASONS[who]


REASONS = {
    "caller": {"gave-up", "hung-up", "funds-exhausted"},
    "callee": {"no-answer", "refused", "hung-up", "funds-exhausted"},
    "both": {"gave-up", "hung-up", "funds-exhausted"},
    "switch": {"shut-down", "funds-exhausted"},
}


async def test_the_accept_key_and_the_hang_up_of_the_called_party_at_once_charge_all_or_nothing(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        station, family = await board.phone("yard"), await board.phone("family")
        for number, after in enumerate(
            [0.0, 0.0001, 0.001, 0.005, 0.01, 0.015, 0.019, 0.0195, 0.02, 0.0205, 0.021, 0.03]
        ):
            call = await station.dial("12125550123")
            await call.answered()
            await call.press("4417")
            answered = await family.next_call()
            await answered.answer()
            pressing = asyncio.create_task(answered.press("5"))
            await answered.hang_up(after=after)
            with contextlib.suppress(CallEndedError):
                await pressing
            await call.wait_for_end()
            record = await board.record(number + 1)
            facts = (record.why, record.ended_by, record.accepted_at is not None, str(record.charged))
            assert facts in {("refused", "callee", False, "0"), ("hung-up", "callee", True, "0.025")}
            await board.is_clean()
            await refill(board, number)
        assert len({record.why for record in board.records}) == 2, "both outcomes were met"
