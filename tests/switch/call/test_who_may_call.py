"""Who may call, and what is refused before anything is kept of it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from scenarios.phones.phone import Line, Phone
from switch.agent.legs import OutboundLeg
from switch.call.timeline import Kind
from switch.leg.authorizer import Login
from switch.leg.events import Answered, Cause, Ended, LegEvent
from switch.sip.headers import address
from switch.sip.uri import SipUri
from tests.support.switchboard import Board, switchboard

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\n"
)
TRUSTED = 'listen = "127.0.0.1:5060"\ntrusted = ["127.0.0.0/8"]'


def invite(
    board: Board, phone: Phone, dialled: str | None = "12125550123", *, offer: bytes = OFFER, login: bool = True
) -> OutboundLeg:
    """An INVITE as a phone would send it, with a body of one's own."""
    host, port = board.switch.address
    uri = SipUri("sip", dialled, None, host, port)
    return phone.agent.invite(
        uri=uri,
        to=address(uri),
        from_=address(phone.identity),
        destination=board.switch.address,
        offer=offer,
        login=Login.with_password(phone.line.user, phone.line.password) if login else None,
    )


async def events_of(leg: OutboundLeg) -> list[LegEvent]:
    events: list[LegEvent] = []
    while not (events and isinstance(events[-1], Ended)):
        events.append(await leg.event())
    return events


async def refusal(leg: OutboundLeg) -> int | None:
    (ended,) = await events_of(leg)
    assert isinstance(ended, Ended)
    return ended.status


async def test_an_invite_without_proof_is_challenged_and_keeps_nothing(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        station = await board.phone("yard")
        before = board.switch.metrics()
        assert await refusal(invite(board, station, login=False)) == 401
        metrics = board.switch.metrics()
        assert metrics["transactions"] <= before["transactions"]
        assert metrics.get("legs_in", 0) == 0
        assert metrics["invites_screened_out"] == 1
        assert metrics.get("stray_ack", 0) == 0


@pytest.mark.parametrize(
    ("user", "dialled", "status"), [("family", "12125550123", 403), ("yard", None, 484), ("family", None, 484)]
)
async def test_who_is_no_station_or_dials_nothing_is_refused(
    tmp_path: Path, user: str, dialled: str | None, status: int
) -> None:
    async with switchboard(tmp_path) as board:
        assert await refusal(invite(board, await board.phone(user), dialled)) == status
        assert board.switch.reception.call_count == 0


async def test_one_call_too_many_is_asked_to_come_again(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path, replacing=("[switch]", "[switch]\ncalls_max = 1")) as board:
            first = await (await board.phone("yard")).dial("12125550123")
            await first.answered()
            assert await refusal(invite(board, await board.phone("gym"))) == 503
            await first.hang_up()
            await board.is_clean()
            again = await board.switch_phone("gym").dial("12125550123")
            await again.answered()
            await again.hang_up()
    assert [line["kind"] for line in logged if line["event"] == "sip_dropped"] == ["call_over_limit"]


async def test_a_switch_that_closes_refuses_as_before_what_it_would_refuse_and_then_takes_no_call(
    tmp_path: Path,
) -> None:
    """Nothing is kept of an INVITE that was challenged: repeated by the network, it must be challenged again."""
    async with switchboard(tmp_path) as board:
        station = await board.phone("yard")
        await board.switch.reception.close()
        assert await refusal(invite(board, station, login=False)) == 401
        assert await refusal(invite(board, station)) == 503
        assert board.switch.reception.call_count == 0


async def test_a_trusted_address_needs_no_proof_and_is_believed_who_it_says_it_is(tmp_path: Path) -> None:
    server = ("127.0.0.1", 5060)
    async with (
        switchboard(tmp_path, replacing=('listen = "127.0.0.1:5060"', TRUSTED)) as board,
        Phone(Line(user="yard", server=server), Random(1)) as station,
        Phone(Line(user="nobody", server=server), Random(2)) as stranger,
        Phone(Line(user="yard", server=server, host="10.9.9.9"), Random(3)) as outside,
    ):
        call = await station.dial("12125550123")
        await call.answered()
        assert await refusal(invite(board, stranger, login=False)) == 403
        assert await refusal(invite(board, outside, login=False)) == 401
        await call.hang_up()


async def test_an_unknown_user_and_a_wrong_password_are_refused_alike(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        for user in ("yard", "nobody"):
            line = Line(user=user, password="guessed", server=board.switch.address)
            async with Phone(line, Random(user)) as phone:
                assert await refusal(invite(board, phone)) == 403


async def test_an_offer_with_nothing_in_common_is_not_acceptable_and_told(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        offer = OFFER.replace(b"AVP 0 101", b"AVP 18 101")
        with capture_logs() as logged:
            assert await refusal(invite(board, await board.phone("yard"), offer=offer)) == 488
        await board.is_clean()
    (told,) = (each for each in logged if each["event"] == "offer_refused")
    assert told["offered"] == "audio RTP/AVP 18 telephone-event/8000"
    assert "PCMU" in told["remedy"]


async def test_an_offer_that_cannot_be_read_is_not_acceptable(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        assert await refusal(invite(board, await board.phone("yard"), offer=b"v=9\r\nnonsense")) == 488
        await board.is_clean()


async def test_a_caller_without_an_offer_gets_ours_and_without_an_answer_is_released(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        leg = invite(board, await board.phone("yard"), offer=b"")
        answered, ended = await events_of(leg)
        assert isinstance(answered, Answered)
        assert b"m=audio" in answered.description
        assert isinstance(ended, Ended)
        assert ended.cause is Cause.NORMAL
        assert (await board.record()).why == "gave-up"
        told = [item.text for item in board.timelines[0].items if item.kind is Kind.STATE]
        assert any("no audio that we can carry" in text for text in told), told
        await board.is_clean()


async def test_a_call_without_a_free_port_is_refused_and_forgotten(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        media = board.switch.services.media
        legs = [await media.open_leg() for _ in range(board.ports)]
        assert await refusal(invite(board, await board.phone("yard"))) == 503
        for leg in legs:
            leg.close()
        await board.is_clean()


async def test_a_called_party_without_a_free_port_is_unreachable(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        await board.phone("family")
        media = board.switch.services.media
        legs = [await media.open_leg() for _ in range(board.ports - 1)]
        call = await (await board.phone("yard")).dial("12125550123")
        await call.answered()
        await call.press("4417")
        await call.wait_for_end()
        assert (await board.record()).why == "unreachable"
        for leg in legs:
            leg.close()
        await board.is_clean()
