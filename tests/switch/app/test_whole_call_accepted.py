"""Whole calls that were accepted, on virtual time: what was heard, and what was paid."""

from __future__ import annotations

import asyncio
import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ledger.money import AccountId, Money
from ledger.outcomes import Booked
from ledger.requests import Deposit
from scenarios.phones.codec import Audio
from switch.leg.events import Cause
from tests.support.switchboard import NOON, switchboard
from tests.support.whole_calls import accepted, dial


def tone(seconds: float, hertz: float) -> Audio:
    at = np.arange(round(seconds * 8000)) / 8000
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


async def test_an_accepted_call_is_cut_when_the_money_ends(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        family = await board.phone("family")
        call, answered = await accepted(board, family)
        assert (await answered.wait_for_end()).cause is Cause.NORMAL
        assert (await call.wait_for_end()).cause is Cause.NORMAL
        record = await board.record()
        assert record.why == "funds-exhausted"
        assert record.ended_by == "switch"
        assert record.talk == timedelta(seconds=18)
        assert str(record.charged) == "0.075"
        assert record.accepted_at is not None
        assert answered.ended_at is not None
        cut = NOON + timedelta(seconds=answered.ended_at - board.started)
        assert abs(cut - record.accepted_at - timedelta(seconds=18)) < timedelta(milliseconds=20)
        assert await board.balances() == {
            "advancepay:+12125550123": "0",
            "cash:configuration": "-0.125",
            "debit:jordan": "0.05",
            "income:calls:advancepay": "0.075",
        }


async def test_nobody_is_heard_before_acceptance_and_both_are_after(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        family = await board.phone("family")
        call = await dial(board)
        answered = await family.next_call()
        await answered.answer()
        talking = [asyncio.create_task(call.speak(tone(12, 1000))), asyncio.create_task(answered.speak(tone(12, 600)))]
        await asyncio.sleep(4)
        before = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=0, until=before) == 0
        assert call.heard.tone_seconds(600, since=0, until=before) == 0
        await answered.press("5")
        await asyncio.sleep(3)
        now = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=now - 2, until=now) > 1.5
        assert call.heard.tone_seconds(600, since=now - 2, until=now) > 1.5
        await asyncio.gather(*talking, return_exceptions=True)
        await call.hang_up()
        record = await board.record()
        assert record.recording is not None
    with wave.open(str(folder / "recordings" / record.recording)) as tape:
        assert (tape.getnchannels(), tape.getframerate()) == (2, 8000)
        assert tape.getnframes() / 8000 == pytest.approx(record.talk.total_seconds(), abs=0.1)


async def test_collect_is_charged_to_the_receivable_of_the_phone_company(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        neighbor = await board.phone("neighbor")
        call = await dial(board, "2125550124")
        answered = await neighbor.next_call()
        await answered.answer()
        await answered.press("5")
        await call.hang_up(after=8)
        record = await board.record()
        assert (record.billing, record.payer) == ("collect", "lec:+12125550124")
        assert record.talk > timedelta(seconds=7)
        balances = await board.balances()
        assert balances["lec:+12125550124"] == "-0.05"
        assert balances["income:calls:collect"] == "0.05"


async def test_who_dials_zero_chooses_to_pay_from_the_debit_account(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        neighbor = await board.phone("neighbor")
        station = await board.phone("yard")
        call = await station.dial("0")
        await call.answered()
        await call.press("4417")
        await asyncio.sleep(1)
        await call.press("1")
        await asyncio.sleep(1)
        await call.press("2125550124", by="info")
        answered = await neighbor.next_call()
        await answered.answer()
        await answered.press("5")
        await answered.hang_up(after=5)
        await call.wait_for_end()
        record = await board.record()
        assert (record.billing, record.payer, record.ended_by) == ("debit", "debit:jordan", "callee")
        assert (await board.balances())["debit:jordan"] == "0.025"


async def test_a_free_facility_charges_nobody(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call = await dial(board, user="dorm", pin="3301")
        answered = await family.next_call()
        await answered.answer()
        await answered.press("5")
        await call.hang_up(after=4)
        record = await board.record()
        assert (record.billing, record.payer, str(record.charged)) == ("free", None, "0")
        assert record.talk > timedelta(seconds=3)


async def test_a_privileged_call_is_never_recorded(folder: Path) -> None:
    async with switchboard(folder) as board:
        attorney = await board.phone("attorney")
        call = await dial(board, "2125550150")
        answered = await attorney.next_call()
        await answered.answer()
        await answered.press("5")
        await call.hang_up(after=3)
        assert (await board.record()).recording is None
    assert not list(folder.glob("recordings/*"))


async def test_a_top_up_in_the_final_seconds_extends_the_call_without_a_gap(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        family = await board.phone("family")
        call, answered = await accepted(board, family)
        await asyncio.sleep(16)
        book = board.switch.services.book
        top_up = Deposit("top-up", AccountId("advancepay:+12125550123"), Money.from_text("0.05"), "processor", NOON)
        assert isinstance(await book.submit(top_up), Booked)
        await answered.wait_for_end()
        await call.wait_for_end()
        record = await board.record()
        assert record.talk == timedelta(seconds=30)
        assert str(record.charged) == "0.125"


async def test_one_live_call_per_person_and_per_number(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call, _ = await accepted(board, family)
        same_person = await dial(board, "2125550124", user="gym")
        await same_person.wait_for_end()
        assert (await board.record()).why == "person-busy"
        await call.hang_up()
        assert (await board.record(2)).why == "hung-up"


async def test_a_phone_that_drops_off_the_network_ends_the_call(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]', silence_max=5) as board:
        family = await board.phone("family")
        call, _ = await accepted(board, family)
        await asyncio.sleep(4)
        family.drop_off()
        await call.wait_for_end()
        record = await board.record()
        assert record.why == "media-lost"
        assert timedelta(seconds=8) < record.talk < timedelta(seconds=11)
        assert str(record.charged) == "0.05"


async def test_a_shutdown_ends_and_books_the_talk(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        family = await board.phone("family")
        call, answered = await accepted(board, family)
        await asyncio.sleep(7)
        await board.switch.reception.close()
        await call.wait_for_end()
        await answered.wait_for_end()
        record = await board.record()
        assert (record.why, str(record.charged)) == ("shut-down", "0.05")


async def test_hold_by_the_called_party_is_answered_locally(folder: Path) -> None:
    async with switchboard(folder, tariffs='["six.toml"]') as board:
        family = await board.phone("family")
        call, answered = await accepted(board, family)
        await answered.hold()
        speaking = asyncio.create_task(call.speak(tone(6, 1000)))
        await asyncio.sleep(2)
        now = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=now - 1, until=now) == 0
        await answered.resume()
        await asyncio.sleep(2)
        now = asyncio.get_running_loop().time()
        assert answered.heard.tone_seconds(1000, since=now - 1, until=now) > 0.8
        await asyncio.gather(speaking, return_exceptions=True)
        await call.hang_up()
        assert (await board.record()).why == "hung-up"


async def test_nothing_is_left_thirty_two_seconds_after_the_last_call(folder: Path) -> None:
    async with switchboard(folder) as board:
        family = await board.phone("family")
        call, answered = await accepted(board, family)
        await call.hang_up(after=1)
        await answered.wait_for_end()
        await asyncio.sleep(33)
        services = board.switch.services
        metrics = board.switch.metrics()
        assert (metrics["calls"], metrics["legs"], metrics["transactions"]) == (0, 0, 0)
        assert metrics["media_ports_free"] == board.ports
        assert len(services.timelines) == 0
        assert not services.busy.people
        assert not services.busy.numbers
