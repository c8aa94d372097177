"""Offers a phone seldom makes and often gets: late, renewed, empty, broken."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from scenarios.phones.bargain import Bargain
from scenarios.phones.codec import Law, tone
from switch.leg.events import Cause
from switch.sdp.errors import SdpError
from tests.support.phones import SOUTH, connect, two_phones
from tests.support.sockets import Listener, open_listener

EAST = "10.0.0.3"


def bargain(*laws: Law, takes_events: bool = True, port: int = 4000) -> Bargain:
    return Bargain(session_id=7, address=(EAST, port), laws=laws or tuple(Law), takes_events=takes_events)


def test_an_offer_and_its_answer_lead_to_two_ends_of_one_path() -> None:
    ours, theirs = bargain(), bargain(Law.PCMA, port=5000)
    answer, their_path = theirs.answer(ours.offer())
    our_path = ours.accept(answer)
    assert (our_path.remote, their_path.remote) == ((EAST, 5000), (EAST, 4000))
    assert our_path.law is their_path.law is Law.PCMA
    assert our_path.digits_payload_type == their_path.digits_payload_type == 101
    assert our_path.is_sending
    assert their_path.is_sending


def test_a_phone_without_events_leaves_them_out_on_both_sides() -> None:
    ours, theirs = bargain(), bargain(takes_events=False)
    answer, their_path = theirs.answer(ours.offer())
    assert ours.accept(answer).digits_payload_type is None
    assert their_path.digits_payload_type is None


def test_a_held_peer_may_not_send_until_resumed_and_versions_count_up() -> None:
    ours, theirs = bargain(), bargain(port=5000)
    ours.accept(theirs.answer(ours.offer())[0])
    held, held_path = theirs.answer(ours.offer("sendonly"))
    assert not held_path.is_sending
    assert ours.accept(held).is_sending
    _, path = theirs.answer(ours.offer("sendrecv"))
    assert path.is_sending
    assert b"o=- 7 3 IN" in ours.offer("sendrecv")


def test_a_refused_offer_is_forgotten() -> None:
    ours, theirs = bargain(), bargain(port=5000)
    ours.accept(theirs.answer(ours.offer())[0])
    ours.offer("sendonly")
    ours.forget_offer()
    with pytest.raises(AssertionError, match="no offer"):
        ours.accept(theirs.offer())


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(SdpError, match="nothing in the offer"):
        bargain(Law.PCMU).answer(bargain(Law.PCMA).offer())


@dataclass(slots=True)
class Wire:
    """A peer made of text, for what our own agent never sends."""

    socket: Listener
    tag: str = ""
    branches: Iterator[int] = field(default_factory=itertools.count)

    def send(self, method: str, cseq: int, body: bytes = b"") -> None:
        lines = [
            f"{method} sip:south@10.0.0.2:5060 SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.3:5060;branch=z9hG4bK{next(self.branches)}",
            "Max-Forwards: 70",
            "From: <sip:east@10.0.0.3>;tag=e",
            f"To: <sip:south@10.0.0.2>{self.tag}",
            "Call-ID: late@10.0.0.3",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:east@10.0.0.3:5060>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.socket.send("\r\n".join([*lines, "", ""]).encode() + body, (SOUTH, 5060))

    async def described(self, cseq: int) -> bytes:
        """The description in the 200 to our INVITE of this number."""
        await asyncio.sleep(0.1)
        ok = self.socket.datagrams[-1]
        assert ok.startswith(b"SIP/2.0 200")
        assert b"CSeq: %d INVITE" % cseq in ok
        self.tag = ";" + ok.partition(b"To: ")[2].partition(b"\r\n")[0].partition(b";")[2].decode()
        return ok.partition(b"\r\n\r\n")[2]


async def test_an_invite_without_an_offer_is_answered_with_one_and_the_ack_settles_it() -> None:
    async with two_phones() as (_, south):
        wire = Wire(await open_listener(EAST, 5060))
        wire.send("INVITE", 1)
        incoming = await south.next_call()
        await incoming.answer()
        answer, path = bargain().answer(await wire.described(1))
        assert incoming.path is None
        wire.send("ACK", 1, answer)
        await incoming.acknowledged()
        assert incoming.path is not None
        assert incoming.path.remote == (EAST, 4000)
        assert path.remote[0] == SOUTH


async def test_a_renewed_invite_without_an_offer_gets_ours_with_what_was_agreed() -> None:
    async with two_phones() as (_, south):
        wire = Wire(await open_listener(EAST, 5060))
        wire.send("INVITE", 1, bargain().offer())
        incoming = await south.next_call()
        await incoming.answer()
        first = await wire.described(1)
        wire.send("ACK", 1)
        await incoming.acknowledged()
        wire.send("INVITE", 2)
        second = await wire.described(2)
        wire.send("ACK", 2, bargain().answer(second)[0])
        await asyncio.sleep(1)
        assert second == first
        assert not incoming.is_ended


async def test_a_renewed_offer_that_cannot_be_read_is_refused_and_the_call_goes_on() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await incoming.acknowledged()
        outgoing._leg.reoffer(b"v=0\r\nnonsense\r\n")
        await asyncio.sleep(2)
        assert not incoming.is_ended
        await outgoing.speak(tone(700, 0.5))
        await asyncio.sleep(0.1)
        assert incoming.heard.tone_seconds(700, 0, 10) > 0.4


async def test_an_answer_without_audio_in_common_ends_the_call() -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        incoming._leg.answer(bargain().offer().replace(b"RTP/AVP 0 8 101", b"RTP/AVP 18"))
        assert (await outgoing.wait_for_end()).cause is Cause.NORMAL
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        assert outgoing.path is None
