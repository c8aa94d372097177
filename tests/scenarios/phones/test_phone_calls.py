import asyncio
import random

import pytest

from scenarios.phones.codec import Law, tone
from scenarios.phones.errors import CallEndedError, ReofferRefusedError
from scenarios.phones.keys import KeyStyle
from scenarios.phones.phone import Line, Phone
from scenarios.sim.links import Link
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network, Passage
from switch.leg.events import Cause, Ended
from switch.sdp.errors import NegotiationError
from tests.support.phones import NORTH, SOUTH, connect, two_phones

BAD = Link(delay=0.03, jitter=0.02, loss=0.05, duplication=0.05, reordering=0.05)
WORSE = Link(delay=0.03, jitter=0.02, loss=0.25, duplication=0.1, reordering=0.1)


def now() -> float:
    return asyncio.get_running_loop().time()


async def settle(*phones: Phone) -> None:
    """64·T1 after the last message nothing may be left of a call."""
    await asyncio.sleep(40)
    assert all(phone.is_idle and not phone.calls for phone in phones)


async def test_a_call_is_dialled_rung_answered_talked_and_hung_up() -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(f"sip:south@{SOUTH}:5060")
        incoming = await south.next_call()
        await outgoing.rings()
        assert not outgoing.is_ended
        await incoming.answer(after=3)
        await outgoing.answered()
        await incoming.acknowledged()
        assert outgoing.answered_at == pytest.approx(3, abs=0.01)
        async with asyncio.TaskGroup() as group:
            group.create_task(outgoing.speak(tone(600, 1)))
            group.create_task(incoming.speak(tone(1900, 1)))
        ended = await outgoing.hang_up()
        assert ended.cause is Cause.NORMAL
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        assert incoming.heard.tone_seconds(600, 0, 5) == pytest.approx(1, abs=0.05)
        assert outgoing.heard.tone_seconds(1900, 0, 5) == pytest.approx(1, abs=0.05)
        assert incoming.heard.tone_seconds(1900, 0, 5) == 0
        await settle(north, south)


@pytest.mark.parametrize("law", Law)
async def test_the_law_the_callee_speaks_is_taken(law: Law) -> None:
    async with two_phones(south=Line("south", host=SOUTH, port=5060, laws=(law,))) as phones:
        outgoing, incoming = await connect(*phones)
        assert outgoing.path is not None
        assert incoming.path is not None
        assert (outgoing.path.law, incoming.path.law) == (law, law)
        await outgoing.speak(tone(600, 0.5))
        assert incoming.heard.tone_seconds(600, 0, 1) > 0.4


async def test_phones_without_a_common_law_do_not_ring() -> None:
    lines = (Line("north", host=NORTH, laws=(Law.PCMU,)), Line("south", host=SOUTH, laws=(Law.PCMA,)))
    async with two_phones(*lines) as (north, south):
        call = await north.dial(str(south.contact))
        assert await call.wait_for_end() == Ended(Cause.INCOMPATIBLE, 488)
        assert call.ringing_at is None
        await settle(north, south)


@pytest.mark.parametrize(
    ("status", "cause"), [(486, Cause.BUSY), (603, Cause.DECLINED), (480, Cause.NO_ANSWER), (404, Cause.NO_ROUTE)]
)
async def test_a_refused_call_ends_with_its_cause(status: int, cause: Cause) -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        await incoming.refuse(status, after=1)
        assert await outgoing.wait_for_end() == Ended(cause, status)
        with pytest.raises(CallEndedError, match=str(status)):
            await outgoing.answered()
        await settle(north, south)


async def test_a_second_call_is_busy_and_the_first_goes_on() -> None:
    async with two_phones() as (north, south), Phone(Line("east", host="10.0.0.3"), random.Random(3)) as east:
        first, its_end = await connect(north, south)
        second = await east.dial(str(south.contact))
        assert await second.wait_for_end() == Ended(Cause.BUSY, 486)
        assert not first.is_ended
        await first.hang_up()
        await its_end.wait_for_end()
        third, _ = await connect(east, south)
        assert not third.is_ended


async def test_a_caller_who_gives_up_cancels_and_the_callee_stops_ringing() -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        answering = asyncio.create_task(incoming.answer(after=10))
        ended = await outgoing.hang_up(after=2)
        assert ended.cause is Cause.CANCELLED
        assert (await incoming.wait_for_end()).cause is Cause.CANCELLED
        with pytest.raises(CallEndedError):
            await answering
        assert now() < 3
        await settle(north, south)


async def test_a_number_where_nobody_listens_is_unreachable() -> None:
    async with two_phones() as (north, _):
        call = await north.dial("sip:nobody@10.0.0.9:5060")
        assert (await call.wait_for_end()).cause is Cause.UNREACHABLE
        assert now() == pytest.approx(32, abs=1)


async def test_ends_that_cross_end_both_sides_normally(network: Network) -> None:
    network.link_both(NORTH, SOUTH, Link(delay=0.1))
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await asyncio.sleep(1)
        one, other = await asyncio.gather(outgoing.hang_up(), incoming.hang_up())
        assert (one.cause, other.cause) == (Cause.NORMAL, Cause.NORMAL)
        await settle(north, south)


async def test_an_answer_is_repeated_until_the_lost_ack_gets_through(network: Network) -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        await outgoing.rings()
        network.link(NORTH, SOUTH, Link(loss=1))
        await incoming.answer()
        await outgoing.answered()
        await asyncio.sleep(3)
        assert not incoming.is_ended
        network.link(NORTH, SOUTH, Link())
        await incoming.acknowledged()
        await outgoing.hang_up()
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        await settle(north, south)


async def test_an_answer_never_acknowledged_ends_the_call(network: Network) -> None:
    async with two_phones() as (north, south):
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        await outgoing.rings()
        network.link(NORTH, SOUTH, Link(loss=1))
        await incoming.answer()
        ended = await incoming.wait_for_end()
        assert ended.cause is not Cause.NORMAL
        assert now() == pytest.approx(32, abs=1)
        await outgoing.wait_for_end()


@pytest.mark.parametrize(
    "style", [KeyStyle(), KeyStyle(is_marked=False), KeyStyle(first_lost=1), KeyStyle(ends_lost=3)]
)
async def test_keys_arrive_by_events(style: KeyStyle) -> None:
    async with two_phones(north=Line("north", host=NORTH, style=style)) as (north, south):
        outgoing, incoming = await connect(north, south)
        await outgoing.press("0123456789*#")
        await asyncio.sleep(0.1)
        assert "".join(heard.key for heard in incoming.heard.keys) == "0123456789*#"


async def test_keys_arrive_by_info() -> None:
    async with two_phones(south=Line("south", host=SOUTH, takes_events=False)) as (north, south):
        outgoing, incoming = await connect(north, south)
        await outgoing.press("0123456789*#", by="info")
        assert "".join(heard.key for heard in incoming.heard.keys) == "0123456789*#"
        with pytest.raises(AssertionError, match="no telephone events"):
            await outgoing.press("1")


async def test_a_held_peer_hears_nothing_until_the_call_is_resumed() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await asyncio.sleep(1)
        await outgoing.hold()
        held_at = now()
        assert incoming.is_held_by_peer
        await asyncio.sleep(2)
        await outgoing.resume()
        resumed_at = now()
        assert not incoming.is_held_by_peer
        await outgoing.speak(tone(600, 1))
        await incoming.speak(tone(900, 1))
        assert incoming.heard.gaps(0.5, now() - 0.1) == [
            (pytest.approx(held_at, abs=0.05), pytest.approx(resumed_at, abs=0.05))
        ]
        assert outgoing.heard.gaps(0.5, now() - 0.1) == [
            (pytest.approx(held_at, abs=0.05), pytest.approx(resumed_at, abs=0.05))
        ]
        assert incoming.heard.tone_seconds(600, resumed_at, now()) == pytest.approx(1, abs=0.05)
        assert outgoing.heard.tone_seconds(900, resumed_at, now()) == pytest.approx(1, abs=0.05)


async def test_the_callee_may_hold_as_well_and_still_be_hung_up() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await incoming.hold()
        assert outgoing.is_held_by_peer
        await outgoing.hang_up()
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        with pytest.raises(CallEndedError):
            await incoming.resume()
        await settle(north, south)


async def test_holds_that_cross_are_tried_again_and_both_hold(network: Network) -> None:
    network.link_both(NORTH, SOUTH, Link(delay=0.1))
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await asyncio.sleep(1)
        await asyncio.gather(outgoing.hold(), incoming.hold())
        assert outgoing.is_held_by_peer
        assert incoming.is_held_by_peer
        await outgoing.resume()
        await asyncio.sleep(1)
        await incoming.resume()
        await outgoing.speak(tone(600, 0.5))
        await asyncio.sleep(0.2)
        assert incoming.heard.tone_seconds(600, 0, now()) > 0.4
        await outgoing.hang_up()
        await settle(north, south)


async def test_a_hold_the_peer_refuses_leaves_the_call_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(described: bytes, direction: str) -> None:
        raise NegotiationError("not now")

    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await incoming.acknowledged()
        monkeypatch.setattr(incoming._bargain, "answer", refuse)
        with pytest.raises(ReofferRefusedError, match="488"):
            await outgoing.hold()
        monkeypatch.undo()
        await outgoing.speak(tone(600, 0.5))
        await asyncio.sleep(0.1)
        assert incoming.heard.tone_seconds(600, 0, now()) > 0.4
        await outgoing.hold()
        assert incoming.is_held_by_peer


async def test_a_hold_overtaken_by_the_end_says_that_the_call_ended(network: Network) -> None:
    network.link_both(NORTH, SOUTH, Link(delay=0.1))
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await incoming.acknowledged()
        incoming._leg.hang_up()
        with pytest.raises(CallEndedError):
            await outgoing.hold()
        await settle(north, south)


async def test_a_speaker_who_is_cancelled_falls_silent() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await outgoing.speak(tone(600, 10))
        await asyncio.sleep(1)
        assert incoming.heard.tone_seconds(600, 0, now()) == pytest.approx(0.5, abs=0.05)


async def test_a_phone_gone_silent_keeps_its_call_and_sends_no_audio() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        outgoing.go_silent()
        await asyncio.sleep(10)
        assert not incoming.is_ended
        assert incoming.heard.last_at is None or incoming.heard.last_at < 0.1
        outgoing.go_silent(is_silent=False)
        await outgoing.speak(tone(600, 0.5))
        assert incoming.heard.tone_seconds(600, 10, now()) > 0.4


async def test_a_phone_that_drops_off_says_nothing_and_its_peer_notices_at_the_bye() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        await asyncio.sleep(1)
        outgoing_heard = incoming.heard
        north.drop_off()
        await asyncio.sleep(5)
        assert not incoming.is_ended
        assert outgoing_heard.last_at == pytest.approx(1, abs=0.05)
        await incoming.hang_up()
        await asyncio.sleep(40)
        assert south.is_idle
        assert not outgoing.is_ended


async def test_speech_and_keys_of_an_ended_call_say_that_it_ended() -> None:
    async with two_phones() as (north, south):
        outgoing, incoming = await connect(north, south)
        speaking = asyncio.create_task(outgoing.speak(tone(600, 10)))
        pressing = asyncio.create_task(outgoing.press("123456789"))
        await asyncio.sleep(0.5)
        await incoming.hang_up()
        for doing in (speaking, pressing):
            with pytest.raises(CallEndedError):
                await doing
        with pytest.raises(CallEndedError):
            await outgoing.speak(tone(600, 1))


async def test_leaving_the_phone_hangs_up_what_lives() -> None:
    async with two_phones() as (north, south):
        async with Phone(Line("east", host="10.0.0.3"), random.Random(3)) as east:
            _, incoming = await connect(east, south)
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        await settle(south)
        assert north.is_idle


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("link", [BAD, WORSE], ids=["bad", "worse"])
async def test_calls_end_well_on_bad_networks(network: Network, link: Link, seed: int) -> None:
    network.link_both(NORTH, SOUTH, link)
    lines = (Line(f"north{seed}", host=NORTH, port=5060), Line(f"south{seed}", host=SOUTH, port=5060))
    async with Phone(lines[0], random.Random(seed)) as north, Phone(lines[1], random.Random(-seed - 1)) as south:
        for _ in range(seed):
            network._state(NORTH, SOUTH).chance.random()
        outgoing = await north.dial(str(south.contact))
        incoming = await south.next_call()
        await incoming.answer(after=1)
        await outgoing.answered()
        await outgoing.press("5", by="rfc4733")
        await outgoing.speak(tone(600, 2))
        await (outgoing if seed % 2 else incoming).hang_up()
        await asyncio.gather(outgoing.wait_for_end(), incoming.wait_for_end())
        assert incoming.heard.tone_seconds(600, 0, now()) > 1.0
        await asyncio.sleep(100)
        assert north.is_idle
        assert south.is_idle


def everything_on_the_wire(seed: int) -> list[Passage]:
    """What passes in one call over a bad network, to the last byte of audio."""
    network = Network(random.Random(seed))
    network.link_both(NORTH, SOUTH, BAD)
    passages: list[Passage] = []
    network.observe(passages.append)

    async def main() -> None:
        async with two_phones() as (north, south):
            outgoing, incoming = await connect(north, south)
            await outgoing.press("5")
            await outgoing.speak(tone(600, 0.5))
            await incoming.hold()
            await asyncio.gather(outgoing.hang_up(), incoming.hang_up())
            await asyncio.sleep(40)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(network)) as runner:
        runner.run(main())
    return passages


def test_the_same_seed_gives_the_same_call_to_the_last_byte() -> None:
    first = everything_on_the_wire(7)
    assert len(first) > 80
    assert first == everything_on_the_wire(7)
    assert first != everything_on_the_wire(8)


@pytest.mark.realtime
async def test_a_call_over_real_sockets() -> None:
    lines = (Line("north", host="127.0.0.1"), Line("south", host="127.0.0.1"))
    async with two_phones(*lines) as (north, south):
        started = now()
        outgoing, incoming = await connect(north, south)
        await outgoing.speak(tone(600, 0.3))
        await outgoing.press("5", style=KeyStyle(seconds=0.06, pause_seconds=0.02))
        await outgoing.hang_up()
        assert (await incoming.wait_for_end()).cause is Cause.NORMAL
        assert incoming.heard.tone_seconds(600, started, now()) > 0.2
        assert [heard.key for heard in incoming.heard.keys] == ["5"]


async def test_a_line_without_audio_offers_inactive_and_presses_by_info(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    north = Line("north", host=NORTH, port=5060, has_audio=False)
    south = Line("south", host=SOUTH, port=5060, has_audio=False)
    async with two_phones(north, south) as (one, other):
        outgoing, incoming = await connect(one, other)
        await outgoing.press("5", by="info")
        assert [key.key for key in incoming.heard.keys] == ["5"]
        await outgoing.hang_up(after=1)
    assert any(b"a=inactive" in passage.data for passage in passages)
    assert {passage.target[1] for passage in passages} == {5060}
