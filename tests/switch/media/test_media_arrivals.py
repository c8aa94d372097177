"""What arrives at a leg: from where, nothing for long, floods and garbage."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Address, Codec, DigitPressed, MediaLost, MediaStarted
from switch.media.engine import Engine
from switch.media.receiving import STRANGER_PACKETS
from tests.support.rtp import OTHER, PHONE, Bench, Phone, stream

# --- where media come from and go to ---------------------------------------------------------------------------


def test_the_first_valid_packet_latches_the_real_address_once() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    real, stranger = ("198.51.100.7", 1234), ("203.0.113.5", 99)
    phone = Phone()
    bench.run(0.1)
    bench.step([(leg, phone.say(0x2A), real)])
    bench.run(0.1)
    bench.step([(leg, phone.say(0x2A), stranger)])
    bench.run(0.1)
    assert [heard.target for heard in bench.to(leg)] == [("192.0.2.99", 9)] * 5 + [real] * 10
    assert bench.told(leg) == [MediaStarted(pytest.approx(1000.1))]
    assert bench.engine.statistics(leg).packets_discarded == 1


def test_the_address_that_was_told_takes_over_from_a_stranger_and_keeps_the_leg() -> None:
    bench = Bench()
    told, stranger = ("192.0.2.99", 9), ("203.0.113.5", 99)
    leg = bench.connected(stream(told))
    left_over, phone = Phone(ssrc=5), Phone()
    bench.step([(leg, left_over.say(0x2A), stranger)])
    bench.step([(leg, phone.say(0x2B), told)])
    bench.step([(leg, left_over.say(0x2A), stranger), (leg, phone.say(0x2B), told)])
    bench.run(0.1)
    assert bench.to(leg)[-1].target == told
    assert bench.engine.statistics(leg).packets_discarded == 1
    assert [type(event) for event in bench.told(leg)] == [MediaStarted]


TOLD, BESIDE, OTHER_WAY, SIGNALLED, NOBODY = (
    ("10.0.0.9", 9),
    ("10.0.0.9", 8),
    ("10.1.1.9", 9),
    ("198.51.100.7", 1234),
    ("203.0.113.5", 99),
)
"""The address of SDP, another port of its host, its port of another host, the host signalling comes from, and one for
which nothing speaks."""


@pytest.mark.parametrize(
    ("first", "second", "is_taken_over"),
    [
        (NOBODY, SIGNALLED, True),
        (NOBODY, BESIDE, True),
        (NOBODY, OTHER_WAY, True),
        (NOBODY, TOLD, True),
        (SIGNALLED, TOLD, True),
        (BESIDE, TOLD, True),
        (NOBODY, ("203.0.113.6", 99), False),
        (SIGNALLED, BESIDE, False),
        (SIGNALLED, ("198.51.100.7", 4321), False),
        (SIGNALLED, NOBODY, False),
        (TOLD, SIGNALLED, False),
    ],
)
def test_a_source_for_which_more_speaks_takes_over(first: Address, second: Address, *, is_taken_over: bool) -> None:
    bench = Bench()
    leg = bench.connected(stream(TOLD, signalled_from=SIGNALLED[0]))
    phones = {first: Phone(ssrc=5), second: Phone(ssrc=6)}
    for _ in range(3):
        bench.step([(leg, phone.say(0x2A), source) for source, phone in phones.items()])
    bench.run(0.1)
    assert bench.to(leg)[-1].target == (second if is_taken_over else first)
    assert [type(event) for event in bench.told(leg)] == [MediaStarted]


@pytest.mark.parametrize(
    ("source", "before", "is_heard"),
    [
        (TOLD, 0, True),
        (SIGNALLED, 0, True),
        (BESIDE, 0, True),
        (OTHER_WAY, 0, True),
        (NOBODY, 0, False),
        (NOBODY, STRANGER_PACKETS, True),
    ],
)
def test_keys_of_one_for_whom_nothing_speaks_count_after_a_while(
    source: Address, before: int, *, is_heard: bool
) -> None:
    bench = Bench()
    leg = bench.connected(stream(TOLD, signalled_from=SIGNALLED[0]))
    phone = Phone()
    for _ in range(before):
        bench.step([(leg, phone.say(0x2A), source)])
        bench.run(0.02)
    for packet in phone.press("5"):
        bench.step([(leg, packet, source)])
    assert [event.key for event in bench.told(leg) if isinstance(event, DigitPressed)] == (["5"] if is_heard else [])


@pytest.mark.parametrize(
    "datagram",
    [b"", b"garbage", b"\x00" * 172, Phone(codec=Codec.PCMA).say(0xD5), Phone().say(b""), Phone().say(bytes(2000))],
    ids=["empty", "text", "zeros", "other payload type", "no payload", "endless"],
)
def test_what_is_not_valid_latches_nothing_and_is_counted(datagram: bytes) -> None:
    bench = Bench()
    leg = bench.connected()
    bench.step([(leg, datagram, OTHER)])
    bench.run(0.1)
    assert {heard.target for heard in bench.to(leg)} == {PHONE}
    assert bench.told(leg) == []
    assert bench.engine.statistics(leg).packets_discarded == 1


def test_a_new_remote_address_is_latched_anew_but_a_hold_is_not() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    bench.engine.connect(leg, stream(("192.0.2.99", 9), is_sending=False), bench.now)
    bench.engine.connect(leg, stream(("192.0.2.99", 9)), bench.now)
    bench.run(0.02)
    assert bench.to(leg)[-1].target == PHONE
    bench.engine.connect(leg, stream(("192.0.2.50", 50)), bench.now)
    bench.run(0.02)
    assert bench.to(leg)[-1].target == ("192.0.2.50", 50)
    bench.step([(leg, Phone(ssrc=5).say(0x2A), OTHER)])
    bench.run(0.02)
    assert bench.to(leg)[-1].target == OTHER
    assert [type(event) for event in bench.told(leg)] == [MediaStarted, MediaStarted]


def test_a_packet_that_came_before_the_new_address_was_agreed_is_not_latched() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    came_at = bench.now
    bench.run(0.02)
    bench.engine.connect(leg, stream(("192.0.2.50", 50)), bench.now)
    bench.engine.step(bench.now, [(leg, Phone(ssrc=5).say(0x2A), OTHER, came_at)])
    bench.run(0.02)
    assert bench.to(leg)[-1].target == ("192.0.2.50", 50)


@pytest.mark.parametrize("remote", [("0.0.0.0", 4000), ("192.0.2.1", 0)])
def test_a_remote_address_that_is_nowhere_is_not_sent_to(remote: tuple[str, int]) -> None:
    bench = Bench()
    leg = bench.connected(stream(remote))
    bench.run(0.1)
    assert bench.sent == []
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    bench.run(0.1)
    assert {heard.target for heard in bench.sent} == {PHONE}


def test_a_leg_that_may_not_receive_hears_and_latches_nothing() -> None:
    bench = Bench()
    one = bench.connected(stream(("192.0.2.99", 9), is_receiving=False))
    two = bench.connected(stream(OTHER))
    bench.engine.hear(two, one, with_digits=True)
    bench.talk(one, Phone(), 0.4)
    bench.run(0.1, [(0.0, one, Phone().press("5")[0], PHONE)])
    assert set(bench.audio(two)) == {0xFF}
    assert bench.events == []
    assert {heard.target for heard in bench.to(one)} == {("192.0.2.99", 9)}


def test_a_flood_is_cut_off_and_counted() -> None:
    bench = Bench()
    leg = bench.connected()
    phone = Phone()
    bench.step([(leg, phone.say(0x2A), PHONE)])
    bench.step([(leg, phone.say(0x2A), PHONE) for _ in range(500)])
    bench.step([(leg, b"garbage", PHONE) for _ in range(500)])
    statistics = bench.engine.statistics(leg)
    assert statistics.packets_in <= 2 * 48 + 1
    assert statistics.packets_in + statistics.packets_discarded == 1001


# --- silence -------------------------------------------------------------------------------------------------


def test_silence_is_told_once_until_media_return() -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    phone = Phone()
    bench.talk(leg, phone, 1.0)
    bench.run(5.0)
    bench.talk(leg, phone, 1.0)
    bench.run(5.0)
    losses = [event.at - 1000 for event in bench.told(leg) if isinstance(event, MediaLost)]
    assert losses == [pytest.approx(2.98, abs=0.11), pytest.approx(8.98, abs=0.11)]


def test_a_peer_never_heard_is_lost_too() -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    bench.run(3.0)
    assert bench.told(leg) == [MediaLost(pytest.approx(1002.0, abs=0.11))]


@pytest.mark.parametrize(
    "held", [stream(is_sending=False), stream(is_receiving=False), stream(is_sending=False, is_receiving=False)]
)
def test_silence_is_no_loss_while_held_or_not_receiving(held: object) -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    bench.engine.connect(leg, held, bench.now)  # type: ignore[arg-type]
    bench.run(4.0)
    assert bench.told(leg) == []
    bench.engine.connect(leg, stream(), bench.now)
    bench.run(1.5)
    assert bench.told(leg) == []
    bench.run(1.0)
    assert [type(event) for event in bench.told(leg)] == [MediaLost]


# --- robustness ------------------------------------------------------------------------------------------------


header = st.builds(
    lambda first, second, rest: bytes([first, second]) + rest,
    st.sampled_from([0x80, 0x90, 0xA0, 0x81, 0x40]),
    st.sampled_from([0, 8, 101, 0x80, 0xE5, 200]),
    st.binary(min_size=10, max_size=10),
)
datagrams = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda head, size: head + bytes(size), header, st.sampled_from([0, 4, 80, 160, 240, 960, 1400])),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), datagrams, st.sampled_from([PHONE, OTHER])), max_size=60))
def test_arbitrary_datagrams_never_raise_and_are_all_counted(
    arrivals: list[tuple[int, bytes, tuple[str, int]]],
) -> None:
    bench = Bench()
    legs = [bench.connected() for _ in range(3)]
    bench.engine.hear(legs[0], legs[1], with_digits=True)
    gone = bench.connected()
    bench.engine.close(gone)
    legs.append(gone)
    bench.run(1.0, [(n * 0.015, legs[leg], data, source) for n, (leg, data, source) in enumerate(arrivals)])
    sent = sum(leg != 3 for leg, _, _ in arrivals)
    statistics = [bench.engine.statistics(leg) for leg in legs[:3]]
    assert sum(s.packets_in + s.packets_discarded for s in statistics) <= sent
    assert all(len(bench.to(leg)) == 50 for leg in legs[:3])


def test_more_legs_than_rows_are_refused() -> None:
    engine = Engine(capacity=1, now=0.0)
    engine.open(Random(1))
    with pytest.raises(IndexError):
        engine.open(Random(1))


def test_a_command_to_a_closed_leg_is_our_fault() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.engine.close(leg)
    bench.engine.close(leg)
    with pytest.raises(AssertionError):
        bench.engine.stop(leg)
