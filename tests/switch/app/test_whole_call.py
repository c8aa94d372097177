"""Whole calls through a whole switch, on virtual time: what was heard, and what was paid."""

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
from scenarios.phones.call import PhoneCall
from scenarios.phones.codec import Audio
from scenarios.phones.phone import Phone
from scenarios.sim.network import Network, Passage
from switch.leg.events import Cause
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


def tone(seconds: float, hertz: float) -> Audio:
    at = np.arange(round(seconds * 8000)) / 8000
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "six.toml").write_text(SIX_SECONDS)
    return tmp_path


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
