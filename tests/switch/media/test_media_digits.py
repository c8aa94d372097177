from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.digits import KEYS, PRESSES_MAX, DigitReceiver, DigitSender
from tests.support.examples import examples

SOURCE = 77


@dataclass(frozen=True)
class Sent:
    timestamp: int
    payload: bytes


def event(key: str, timestamp: int, duration: int, *, is_end: bool = False) -> Sent:
    flags = 10 | (0x80 if is_end else 0)
    return Sent(timestamp & 0xFFFFFFFF, struct.pack("!BBH", KEYS.index(key), flags, duration))


def press(key: str, timestamp: int, frames: int = 4) -> list[Sent]:
    going = [event(key, timestamp, 160 * n) for n in range(1, frames)]
    return going + [event(key, timestamp, 160 * frames, is_end=True)] * 3


def held_down(key: str, timestamp: int, segments: int) -> list[Sent]:
    """A key held over several segments (RFC 4733 §2.5.1.3), thinned out to a few packets each."""
    packets = []
    for segment in range(segments):
        start = timestamp + segment * 0xFFFF
        packets += [event(key, start, duration) for duration in (160, 32000, 0xFFFF)]
    return [*packets, *[event(key, timestamp + segments * 0xFFFF, 800, is_end=True)] * 3]


def told(packets: list[Sent], source: int = SOURCE) -> str:
    receiver = DigitReceiver()
    keys = [receiver.receive(source, packet.timestamp, packet.payload) for packet in packets]
    return "".join(key for key in keys if key)


@pytest.mark.parametrize("key", list(KEYS))
def test_each_key_is_told_at_its_first_packet(key: str) -> None:
    receiver = DigitReceiver()
    first, *rest = press(key, 1000)
    assert receiver.receive(SOURCE, first.timestamp, first.payload) == key
    assert [receiver.receive(SOURCE, packet.timestamp, packet.payload) for packet in rest] == [None] * len(rest)


def test_the_same_key_with_a_new_timestamp_is_another_press() -> None:
    assert told(press("5", 1000) + press("5", 2600) + press("5", 4200)) == "555"


def test_one_packet_of_the_middle_or_the_end_is_enough() -> None:
    assert told([press("1", 0)[2], press("2", 1600)[-1], press("3", 3200)[0]]) == "123"


def test_a_key_held_for_minutes_is_told_once() -> None:
    assert told(held_down("7", 0xFFFF0000, 7)) == "7"


def test_a_key_held_is_told_once_though_whole_segments_are_lost() -> None:
    packets = held_down("7", 500, 6)
    assert told(packets[:2] + packets[9:]) == "7"


def test_a_key_held_is_told_once_though_the_second_segment_overtakes_the_first() -> None:
    first, second = held_down("7", 500, 2)[:3], held_down("7", 500, 2)[3:]
    assert told([second[0], *first, *second[1:]]) == "7"


def test_the_same_key_pressed_again_after_the_length_of_a_segment_is_another_press() -> None:
    assert told(press("7", 500) + press("7", 500 + 0xFFFF)) == "77"


def test_a_sender_that_starts_to_count_anew_is_heard() -> None:
    receiver = DigitReceiver()
    last = press("1", 0x7000_0000)[-1]
    assert receiver.receive(SOURCE, last.timestamp, last.payload) == "1"
    assert receiver.receive(SOURCE, 160, press("2", 160)[0].payload) == "2"
    assert receiver.receive(SOURCE + 1, 160, press("2", 160)[0].payload) == "2"
    assert receiver.receive(SOURCE + 1, 160, press("2", 160)[1].payload) is None


@pytest.mark.parametrize("payload", [b"", b"\x05\x0a\x00", b"\x10\x0a\x00\xa0", b"\xff\x0a\x00\xa0"])
def test_short_payloads_and_other_events_are_ignored(payload: bytes) -> None:
    assert DigitReceiver().receive(SOURCE, 0, payload) is None


@st.composite
def damaged_trains(draw: st.DrawFn) -> tuple[str, list[Sent]]:
    """Keys with at least one packet each left, some lost, some twice, and all within 300 ms of their place."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=10))
    start = draw(st.integers(0, 0xFFFFFFFF))
    arrivals: list[tuple[float, int, Sent]] = []
    for number, key in enumerate(keys):
        packets = press(key, start + number * 1600, draw(st.integers(2, 8)))
        kept = draw(st.sets(st.integers(0, len(packets) - 1), min_size=1))
        for place in sorted(kept):
            for _ in range(draw(st.integers(1, 2))):
                at = number * 200 + place * 20 + draw(st.integers(0, 300))
                arrivals.append((at, number, packets[place]))
    return "".join(keys), [packet for _, _, packet in sorted(arrivals, key=lambda arrival: arrival[0])]


@examples(150)
@given(damaged_trains())
def test_losses_copies_and_disorder_leave_each_key_told_once(train: tuple[str, list[Sent]]) -> None:
    keys, packets = train
    assert sorted(told(packets)) == sorted(keys)


@examples(100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 0xFFFFFFFF), st.binary(max_size=6)), max_size=30))
def test_arbitrary_events_never_raise(packets: list[tuple[int, int, bytes]]) -> None:
    receiver = DigitReceiver()
    for source, timestamp, payload in packets:
        assert receiver.receive(source, timestamp, payload) in {None, *KEYS}


def relayed(keys: str, timestamp: int = 4000) -> list[tuple[int, Sent, bool]]:
    sender = DigitSender()
    for key in keys:
        sender.press(key)
    packets = []
    frame = 0
    while not sender.is_idle:
        packet = sender.next_packet((timestamp + 160 * frame) & 0xFFFFFFFF)
        if packet is not None:
            packets.append((frame, Sent(packet.timestamp, packet.payload), packet.is_marked))
        frame += 1
    return packets


def test_a_relayed_key_grows_to_100_ms_and_ends_three_times() -> None:
    sent = [(packet, is_marked) for _, packet, is_marked in relayed("9")]
    assert [packet for packet, _ in sent] == press("9", 4000, 5)
    assert [is_marked for _, is_marked in sent] == [True] + [False] * 6


def test_relayed_keys_are_parted_by_60_ms() -> None:
    frames = [frame for frame, _, _ in relayed("12")]
    assert frames == [*range(7), *range(10, 17)]


@settings(deadline=None, max_examples=30)
@given(st.text(KEYS, max_size=PRESSES_MAX), st.integers(0, 0xFFFFFFFF))
def test_what_is_relayed_is_received(keys: str, timestamp: int) -> None:
    assert told([packet for _, packet, _ in relayed(keys, timestamp)]) == keys


def test_keys_beyond_the_limit_are_dropped() -> None:
    assert len(relayed("1" * (PRESSES_MAX + 5))) == 7 * PRESSES_MAX
