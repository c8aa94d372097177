"""A third party that is suspected: by sound, by signalling; noted, or cut."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ivr.third_party import ThirdParty
from ledger.group import Write
from ledger.requests import EndCall
from scenarios.phones.call import PhoneCall
from switch.call.suspicions import tells_of_forwarding
from switch.call.timeline import Kind
from switch.directory.flags import Flags, Source, Suspicion
from switch.sip.message import respond
from tests.support.outage import Outage
from tests.support.sip_messages import a_request
from tests.support.switchboard import Board, switchboard
from tests.switch.media.test_media_third_party import click, dial_tone, noise, silence

FACILITY = 'name = "facility/state-prison"\n'
FLASH = np.concatenate([noise(1), click(), silence(0.5), click(), silence(0.2), dial_tone(3)])


def profile(folder: Path, text: str) -> tuple[str, str]:
    """What puts a profile with this section of third parties in the configuration's place."""
    (folder / "own.toml").write_text(f'name = "own"\n[third_party]\n{text}\n')
    return FACILITY, f'{FACILITY}profile = "own.toml"\n'


async def ringing(board: Board, number: str = "12125550123", user: str = "family") -> tuple[PhoneCall, PhoneCall]:
    phone = await board.phone(user)
    call = await (await board.phone("yard")).dial(number)
    await call.answered()
    await call.press("4417")
    return call, await phone.next_call()


async def flags(board: Board) -> list[tuple[Suspicion, Source]]:
    return [(flag.suspicion, flag.source) for flag in await Flags(board.switch.services.book).latest()]


@pytest.mark.parametrize(
    ("policy", "why", "found"),
    [
        ("listens = true", "hung-up", [(Suspicion.THREE_WAY, Source.HEARD)]),
        ('listens = true\nthree_way = "cut"', "third-party", [(Suspicion.THREE_WAY, Source.HEARD)]),
        ('three_way = "cut"', "hung-up", []),
    ],
    ids=["noted", "cut", "not listened to"],
)
async def test_a_flash_and_a_dial_tone_of_the_called_party_are_heard_where_the_profile_listens(
    tmp_path: Path, policy: str, why: str, found: list[tuple[Suspicion, Source]]
) -> None:
    async with switchboard(tmp_path, replacing=profile(tmp_path, policy)) as board:
        call, answered = await ringing(board)
        await answered.answer()
        await answered.press("5")
        speaking = asyncio.create_task(answered.speak(FLASH))
        is_cut = await call.ends_within(7)
        assert is_cut is (why == "third-party")
        if not is_cut:
            await call.hang_up()
        await asyncio.gather(speaking, return_exceptions=True)
        record = await board.record()
        assert record.why == why
        assert record.accepted_at is not None and record.talk > timedelta(0)
        assert await flags(board) == found


async def test_nobody_listens_to_a_privileged_call(tmp_path: Path) -> None:
    async with switchboard(tmp_path, replacing=profile(tmp_path, "listens = true")) as board:
        call, answered = await ringing(board, "12125550150", "attorney")
        await answered.answer()
        await answered.press("5")
        await answered.speak(FLASH)
        await call.hang_up()
        assert (await board.record()).recording is None
        assert await flags(board) == []


async def test_a_called_number_that_forwards_is_noted_while_it_rings(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call, answered = await ringing(board)
        answered.ring(status=181)
        await answered.answer()
        await answered.press("5")
        assert not await call.ends_within(2)
        await call.hang_up()
        await board.record()
        assert await flags(board) == [(Suspicion.FORWARDED, Source.SIP)]
        told = [item.text for item in board.timelines[0].items if item.kind is Kind.STATE]
        assert "suspected: forwarded, sip" in told


async def test_a_suspicion_is_stored_while_the_call_goes_on(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call, _ = await ringing(board)
        board.switch.reception.suspect("+12125550123", Suspicion.THREE_WAY)
        await asyncio.sleep(0.5)
        assert not board.records
        assert await flags(board) == [(Suspicion.THREE_WAY, Source.INJECTED)]
        await call.hang_up()
        await board.record()
        assert await flags(board) == [(Suspicion.THREE_WAY, Source.INJECTED)]


async def test_a_suspicion_that_the_book_cannot_take_is_stored_before_the_call_ends(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call, _ = await ringing(board)
        outage = Outage(board.switch.services.book)
        outage.fail(Write)
        board.switch.reception.suspect("+12125550123", Suspicion.THREE_WAY)
        await asyncio.sleep(0.5)
        outage.end()
        assert outage.failed and await flags(board) == []
        await call.hang_up()
        await board.record()
        assert await flags(board) == [(Suspicion.THREE_WAY, Source.INJECTED)]


async def test_where_forwarding_is_cut_nobody_talks(tmp_path: Path) -> None:
    async with switchboard(tmp_path, replacing=profile(tmp_path, 'forwarded = "cut"')) as board:
        call, answered = await ringing(board)
        answered.ring(status=181)
        assert await call.ends_within(1)
        record = await board.record()
        assert (record.why, record.accepted_at, str(record.charged)) == ("third-party", None, "0")


async def test_a_call_that_is_not_to_the_number_is_not_suspected(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call, _ = await ringing(board)
        assert board.switch.reception.suspect("+12125550124", Suspicion.THREE_WAY) == 0
        assert board.switch.reception.suspect("+12125550123", Suspicion.THREE_WAY) == 1
        assert board.switch.reception.suspect("+12125550123", Suspicion.THREE_WAY) == 1
        await call.hang_up()
        await board.record()
        assert await flags(board) == [(Suspicion.THREE_WAY, Source.INJECTED)]


async def test_a_call_that_is_over_is_not_suspected_though_the_book_does_not_know_of_its_end(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call, _ = await ringing(board)
        outage = Outage(board.switch.services.book)
        outage.fail(EndCall)
        await call.hang_up()
        await asyncio.sleep(0.5)
        assert outage.failed and not board.records
        assert board.switch.reception.suspect("+12125550123", Suspicion.THREE_WAY) == 0
        outage.end()
        await board.record()
        assert await flags(board) == []


@pytest.mark.parametrize(
    ("method", "status", "headers", "is_forwarded"),
    [
        ("INVITE", 180, (), False),
        ("INVITE", 181, (), True),
        ("INVITE", 302, (), True),
        ("INVITE", 200, (("Diversion", "<sip:+12125550123@x>;reason=unconditional"),), True),
        ("INVITE", 200, (("History-Info", "<sip:family@x>;index=1"),), False),
        ("INVITE", 180, (("History-Info", "<sip:family@x>;index=1, <sip:other@x>;index=1.1"),), True),
        ("INVITE", 180, (("History-Info", "<sip:family@x>;index=1"), ("History-Info", "<sip:o@x>;index=1.1")), True),
        ("REGISTER", 302, (), False),
    ],
)
def test_only_what_clearly_tells_of_forwarding_counts(
    method: str, status: int, headers: tuple[tuple[str, str], ...], is_forwarded: bool
) -> None:
    response = respond(a_request(method), status, to_tag="t", headers=headers)
    assert tells_of_forwarding(response) is is_forwarded


def test_by_default_nobody_listens_and_nothing_is_cut() -> None:
    assert ThirdParty().model_dump(mode="json") == {"three_way": "flag", "forwarded": "flag", "listens": False}
