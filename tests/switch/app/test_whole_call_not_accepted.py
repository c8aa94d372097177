"""Whole calls that nobody accepted, on virtual time: why, and what was heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scenarios.sim.network import Network, Passage
from switch.leg.events import Cause
from tests.support.switchboard import switchboard
from tests.support.whole_calls import dial


async def test_hanging_up_in_the_greeting_refuses_and_the_caller_is_told(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        answered = await family.next_call()
        await answered.answer()
        await answered.hang_up(after=2)
        await call.wait_for_end()
        record = await board.record()
        assert (record.why, record.ended_by, str(record.charged)) == ("refused", "callee", "0")
        assert board.said_to_caller()[-1] == "Your call was not accepted."
        assert record.accepted_at is None


async def test_seven_blocks_the_facility_and_the_next_call_never_rings(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        answered = await family.next_call()
        await answered.answer()
        await answered.press("7")
        await call.wait_for_end()
        assert (await board.record()).why == "blocked-by-callee"
        again = await dial(board, user="gym")
        await again.wait_for_end()
        record = await board.record(2)
        assert record.why == "blocked"
        assert record.rang_at is None
        assert not family.calls


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("12125550125", "cell-phone"),
        ("12125550126", "carrier-not-billing"),
        ("12125550199", "number-not-approved"),
        ("911", "never-dialable"),
        ("18005551234", "never-dialable"),
        ("1212555", "invalid-number"),
        ("2125550124", "unreachable"),
    ],
)
async def test_a_call_that_cannot_be_placed_is_denied_with_its_reason(folder: Path, number: str, why: str) -> None:
    async with switchboard(folder) as board:
        call = await dial(board, number)
        await call.wait_for_end()
        record = await board.record()
        assert record.why == why
        assert record.rang_at is None
        assert str(record.charged) == "0"


async def test_a_person_without_a_debit_account_is_told(folder: Path) -> None:
    async with switchboard(folder) as board:
        station = await board.phone("yard")
        call = await station.dial("0")
        await call.answered()
        await call.press("2290")
        await asyncio.sleep(1)
        await call.press("1")
        await asyncio.sleep(1)
        await call.press("2125550124")
        await call.wait_for_end()
        assert (await board.record()).why == "no-account"


async def test_a_number_off_the_allowed_list_is_denied(folder: Path) -> None:
    async with switchboard(folder) as board:
        call = await dial(board, pin="2290")
        await call.wait_for_end()
        assert (await board.record()).why == "not-on-list"


@pytest.mark.parametrize(("status", "why"), [(486, "busy"), (600, "busy"), (603, "refused"), (480, "no-answer")])
async def test_what_the_called_phone_answers_is_told_inside(folder: Path, status: int, why: str) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        await (await family.next_call()).refuse(status)
        await call.wait_for_end()
        record = await board.record()
        assert record.why == why
        assert record.answered_at is None


async def test_nobody_answers_for_forty_five_seconds(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        ringing = await family.next_call()
        assert (await ringing.wait_for_end()).cause is Cause.CANCELLED
        await call.wait_for_end()
        assert (await board.record()).why == "no-answer"


async def test_giving_up_while_it_rings_cancels_the_called_leg(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        ringing = await family.next_call()
        await call.hang_up(after=2)
        assert (await ringing.wait_for_end()).cause is Cause.CANCELLED
        record = await board.record()
        assert (record.why, record.ended_by) == ("gave-up", "caller")


async def test_three_bad_pins_lock_the_station_for_the_next_caller_too(folder: Path) -> None:
    async with switchboard(folder) as board:
        call = await dial(board, pin="000011112222")
        await call.wait_for_end()
        assert (await board.record()).why == "bad-pin"
        again = await board.switch_phone("yard").dial("12125550123")
        await again.wait_for_end()
        assert (await board.record(2)).why == "locked-out"


async def test_how_to_hang_up_on_both_is_stored_as_soon_as_the_called_party_answers(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        answered = await family.next_call()
        await answered.answer()
        await asyncio.sleep(1)
        (stored,) = await board.switch.services.book.open_calls()
        assert stored.answered_at is not None
        assert stored.accepted_at is None
        assert len(stored.legs) == 2
        await call.hang_up()


async def test_a_party_that_hung_up_is_sent_no_more_audio(folder: Path, network: Network) -> None:
    sent: list[Passage] = []
    network.observe(sent.append)
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board)
        answered = await family.next_call()
        await answered.answer()
        await asyncio.sleep(2)
        await answered.hang_up()
        ended_at = answered.ended_at
        assert ended_at is not None
        await call.wait_for_end()
        assert call.ended_at is not None
        assert call.ended_at > ended_at + 1, "the caller was told why in the meantime"
        ports = {passage.source[1] for passage in sent if 20000 <= passage.source[1] < 20040}
        late = {passage.source[1] for passage in sent if passage.at > ended_at + 0.1 and passage.source[1] in ports}
        assert (len(ports), len(late)) == (2, 1), "only the caller is still spoken to"
