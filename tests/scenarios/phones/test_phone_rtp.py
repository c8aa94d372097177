import asyncio
import itertools
import random
from pathlib import Path

import numpy as np
import pytest

import prompts
from prompts.audio import Library
from prompts.catalog import ClipId
from prompts.recognise import Recogniser
from scenarios.phones.codec import Law, silence, tone
from scenarios.phones.keys import KeyStyle
from scenarios.phones.packets import Packet, read_event, read_packet, write_packet
from scenarios.phones.rtp import AudioPath, Sound, open_sound
from scenarios.sim.links import Link
from scenarios.sim.network import Network, Passage

NORTH, SOUTH = "10.0.0.1", "10.0.0.2"
STYLES = {
    "as RFC 4733 says": KeyStyle(),
    "without the marker bit": KeyStyle(is_marked=False),
    "first packet lost": KeyStyle(first_lost=1),
    "first three packets lost": KeyStyle(first_lost=3),
    "all ends lost": KeyStyle(ends_lost=3),
    "audio going on": KeyStyle(with_audio=True),
    "a single frame": KeyStyle(seconds=0.02, pause_seconds=0.02),
}


async def talking(law: Law = Law.PCMU, *, is_south_sending: bool = True) -> tuple[Sound, Sound]:
    north = await open_sound(NORTH, 4000, random.Random(1))
    south = await open_sound(SOUTH, 4002, random.Random(2))
    north.connect(AudioPath(south.address, law, law.value, 101))
    south.connect(AudioPath(north.address, law, law.value, 101, is_sending=is_south_sending))
    return north, south


def packets_of(passages: list[Passage], host: str) -> list[Packet]:
    packets = [read_packet(passage.data) for passage in passages if passage.source[0] == host]
    return [packet for packet in packets if packet is not None]


async def test_a_frame_leaves_every_20_ms_with_timestamps_that_count_samples(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    await talking()
    await asyncio.sleep(0.99)
    packets = packets_of(passages, NORTH)
    assert len(packets) == 50
    assert {(b.timestamp - a.timestamp, b.sequence - a.sequence) for a, b in itertools.pairwise(packets)} == {(160, 1)}
    assert [packet.is_marked for packet in packets] == [True] + [False] * 49
    sent = [passage.at for passage in passages if passage.source[0] == NORTH]
    assert np.allclose(np.diff(sent), 0.02, atol=1e-9)


@pytest.mark.parametrize("law", Law)
async def test_speech_is_heard_at_the_other_end_when_it_was_said(law: Law) -> None:
    north, south = await talking(law)
    await asyncio.sleep(0.5)
    await north.speak(tone(1000, 1.0))
    assert asyncio.get_running_loop().time() == pytest.approx(1.5, abs=0.03)
    await asyncio.sleep(0.5)
    heard = south.heard
    assert heard.tone_seconds(1000, 0, 2) == pytest.approx(1.0, abs=0.05)
    assert heard.tone_seconds(1000, 0.52, 1.5) == pytest.approx(0.98, abs=0.03)
    assert heard.tone_seconds(1400, 0, 2) == 0
    assert heard.sound_seconds(0, 0.5) == 0
    assert heard.level_dbov(0.6, 1.4) == pytest.approx(-16, abs=0.2)
    assert north.heard.sound_seconds(0, 2) == 0


async def test_one_speech_follows_another_without_a_gap() -> None:
    north, south = await talking()
    north.speak(tone(500, 0.25))
    await north.speak(tone(1500, 0.25))
    await asyncio.sleep(0.1)
    assert south.heard.tone_seconds(500, 0, 1) == pytest.approx(0.25, abs=0.05)
    assert south.heard.tone_seconds(1500, 0, 1) == pytest.approx(0.25, abs=0.05)
    assert south.heard.sound_seconds(0, 1) == pytest.approx(0.5, abs=0.03)


async def test_a_hushed_phone_falls_silent_and_its_waiters_know() -> None:
    north, south = await talking()
    speech = north.speak(tone(500, 10))
    await asyncio.sleep(0.3)
    north.hush()
    with pytest.raises(asyncio.CancelledError):
        await speech
    await asyncio.sleep(1)
    assert south.heard.sound_seconds(0, 2) == pytest.approx(0.32, abs=0.03)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
async def test_keys_in_every_style_are_heard_once_each(style: KeyStyle) -> None:
    north, south = await talking()
    await north.press("5", style)
    await north.press("77#", style)
    await asyncio.sleep(0.1)
    assert "".join(heard.key for heard in south.heard.keys) == "577#"


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
async def test_frames_with_keys_are_known_before_they_are_sent(style: KeyStyle, network: Network) -> None:
    north, _ = await talking()
    await asyncio.sleep(0.11)
    passages: list[Passage] = []
    network.observe(passages.append)
    north.press("57", style)
    north.press("#", style)
    instants = north.look_ahead(asyncio.get_running_loop().time() + 1)
    count = len(instants) - 1
    composed = [
        (instants[frame + n], packet._replace(payload=packet.payload[n * 160 : n * 160 + 160]), n)
        for frame, packet in north.compose(count)
        for n in range(max(1, len(packet.payload) // 160))
    ]
    known = [
        (at, packet._replace(sequence=packet.sequence + n, timestamp=packet.timestamp + n * 160))
        for at, packet, n in composed
    ]
    await asyncio.sleep(1)
    sent = [passage for passage in passages if passage.source[0] == NORTH and passage.at < instants[count]]
    assert known == [(passage.at, read_packet(passage.data)) for passage in sent]
    assert count == 2 * frames_of(style) - 1, "the end of a press is told, that of a key within it is not"


def frames_of(style: KeyStyle) -> int:
    """Frames of one key with its pause."""
    return round((style.seconds + style.pause_seconds) / 0.02)


async def test_a_key_is_one_event_of_one_timestamp_ended_three_times(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    north, _ = await talking()
    await north.press("9", KeyStyle(seconds=0.1))
    packets = [packet for packet in packets_of(passages, NORTH) if packet.payload_type == 101]
    events = [read_event(packet.payload) for packet in packets]
    assert [(event.key, event.duration, event.is_ended) for event in events if event] == [
        ("9", 160, False),
        ("9", 320, False),
        ("9", 480, False),
        ("9", 640, False),
        ("9", 800, True),
        ("9", 800, True),
        ("9", 800, True),
    ]
    assert len({packet.timestamp for packet in packets}) == 1
    assert [packet.is_marked for packet in packets] == [True] + [False] * 6


async def test_a_style_changes_what_is_on_the_wire(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    north, _ = await talking(is_south_sending=False)
    style = KeyStyle(seconds=0.1, is_marked=False, first_lost=2, ends_lost=2)
    await asyncio.sleep(0.1)
    await north.press("9", style)
    packets = packets_of(passages, NORTH)
    events = [read_event(packet.payload) for packet in packets if packet.payload_type == 101]
    assert [event.duration for event in events if event] == [480, 640, 800]
    assert not any(packet.is_marked for packet in packets if packet.payload_type == 101)
    sequences = [packet.sequence for packet in packets]
    assert sequences[-1] - sequences[0] + 1 - len(sequences) == 4


async def test_keys_survive_a_bad_network(network: Network) -> None:
    network.link_both(NORTH, SOUTH, Link(delay=0.04, jitter=0.03, loss=0.1, duplication=0.1, reordering=0.1))
    north, south = await talking()
    await north.press("0123456789*#" * 3, KeyStyle(seconds=0.16))
    await asyncio.sleep(1)
    assert "".join(heard.key for heard in south.heard.keys) == "0123456789*#" * 3


async def test_loss_jitter_duplicates_and_reordering_are_measured(network: Network) -> None:
    network.link(NORTH, SOUTH, Link(delay=0.05, jitter=0.01, loss=0.05, duplication=0.02, reordering=0.02))
    north, south = await talking()
    await asyncio.sleep(40)
    reception = south.heard.reception
    assert reception.packets + reception.lost == pytest.approx(north.packets_sent, abs=5)
    assert 0.03 < reception.lost / north.packets_sent < 0.07
    assert 20 < reception.duplicated < 60
    assert 20 < reception.reordered < 60
    assert 0.002 < reception.jitter_seconds < 0.012
    perfect = north.heard.reception
    assert (perfect.lost, perfect.duplicated, perfect.reordered) == (0, 0, 0)
    assert perfect.jitter_seconds < 0.0005


async def test_lost_audio_is_a_gap_and_the_rest_stays_in_its_place(network: Network) -> None:
    north, south = await talking()
    speech = north.speak(tone(1000, 2.0))
    await asyncio.sleep(0.5)
    network.cut(NORTH, SOUTH)
    await asyncio.sleep(0.5)
    network.heal(NORTH, SOUTH)
    await speech
    await asyncio.sleep(0.5)
    ((start, end),) = south.heard.gaps(0, 2.4)
    assert (start, end) == (pytest.approx(0.5, abs=0.03), pytest.approx(1.0, abs=0.03))
    assert south.heard.tone_seconds(1000, 0, 2.4) == pytest.approx(1.5, abs=0.06)


async def test_a_phone_gone_silent_sends_nothing_and_starts_again_with_a_marker(network: Network) -> None:
    passages: list[Passage] = []
    north, south = await talking()
    await asyncio.sleep(0.1)
    north.go_silent()
    await asyncio.sleep(0.01)
    network.observe(passages.append)
    await asyncio.sleep(1)
    assert packets_of(passages, NORTH) == []
    north.go_silent(is_silent=False)
    await asyncio.sleep(0.1)
    packets = packets_of(passages, NORTH)
    assert packets[0].is_marked
    assert south.heard.reception.lost == 0
    assert len(south.heard.gaps(0, asyncio.get_running_loop().time())) == 1


async def test_a_phone_that_must_not_send_only_listens() -> None:
    north, south = await talking(is_south_sending=False)
    await north.speak(tone(1000, 0.5))
    assert south.packets_sent == 0
    assert south.heard.sound_seconds(0, 0.6) > 0.4


async def test_a_new_source_in_mid_call_goes_on_in_its_own_time() -> None:
    north, south = await talking()
    second = await open_sound(NORTH, 4100, random.Random(9))
    await asyncio.sleep(1)
    north.go_silent()
    second.connect(AudioPath(south.address, Law.PCMU, 0, 101))
    await second.speak(tone(700, 0.5))
    await asyncio.sleep(0.1)
    assert south.heard.tone_seconds(700, 1.0, 1.6) > 0.4
    assert set(south.heard.addresses) == {(NORTH, 4000), (NORTH, 4100)}


async def test_what_is_no_audio_is_counted_and_not_heard() -> None:
    north, south = await talking(is_south_sending=False)
    north.go_silent()
    stranger = await open_sound(NORTH, 4200, random.Random(3))
    assert stranger._transport is not None
    for datagram in (b"", b"\x00" * 20, write_packet(Packet(18, 1, 1, 1, b"x"))):
        stranger._transport.sendto(datagram, south.address)
    await asyncio.sleep(0.1)
    assert south.heard.discarded == 3
    assert south.heard.reception.packets == 0


async def test_recorded_words_are_recognised_where_they_were_heard(network: Network) -> None:
    words = ClipId("outside/call-through"), ClipId("outside/thank-you")
    library = Library(Path(prompts.__file__).parent / "en")
    recordings = {clip: library.clip(clip) for clip in library.catalog.clip_ids}
    network.link_both(NORTH, SOUTH, Link(delay=0.04, jitter=0.02, loss=0.01))
    north, south = await talking()
    await asyncio.sleep(0.5)
    for clip in words:
        await north.speak(recordings[clip])
    await asyncio.sleep(0.2)
    heard = south.heard.clips(Recogniser(recordings), 0, asyncio.get_running_loop().time())
    assert [one.clip_id for one in heard] == list(words)
    assert heard[0].at == pytest.approx(0.55, abs=0.06)
    assert all(one.is_whole for one in heard)


async def test_a_process_that_was_blocked_skips_what_is_too_late(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    await talking(is_south_sending=False)
    await asyncio.sleep(0.1)
    first = packets_of(passages, NORTH)[0]
    passages.clear()
    asyncio.get_running_loop()._now += 2.0
    await asyncio.sleep(0.1)
    packets = packets_of(passages, NORTH)
    assert 10 <= len(packets) <= 17
    assert (packets[-1].timestamp - first.timestamp) / 8000 == pytest.approx(2.2, abs=0.03)
    assert packets[-1].timestamp - packets[0].timestamp == 160 * (len(packets) - 1)
    assert packets[-1].sequence - packets[0].sequence == len(packets) - 1


async def test_what_is_older_than_an_hour_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.phones.heard.SECONDS_MAX", 1.0)
    monkeypatch.setattr("scenarios.phones.stretches.STRETCH_MAX", 160)
    north, south = await talking()
    await north.speak(tone(1000, 3.0))
    assert south.heard.tone_seconds(1000, 0, 3) == pytest.approx(1.0, abs=0.1)


async def test_closing_ends_everything_that_waits() -> None:
    north, _ = await talking()
    speech, keys = north.speak(silence(5)), north.press("123", KeyStyle())
    await asyncio.sleep(0.1)
    sent = north.packets_sent
    north.close()
    await asyncio.sleep(1)
    assert speech.cancelled()
    assert keys.cancelled()
    assert north.packets_sent == sent


@pytest.mark.realtime
async def test_a_real_loop_and_real_sockets_carry_a_tone_as_well() -> None:
    north, south = [await open_sound("127.0.0.1", 0, random.Random(seed)) for seed in (1, 2)]
    north.connect(AudioPath(south.address, Law.PCMA, 8, 96))
    south.connect(AudioPath(north.address, Law.PCMA, 8, 96))
    started = asyncio.get_running_loop().time()
    await north.speak(tone(1000, 0.3))
    await north.press("5", KeyStyle(seconds=0.06, pause_seconds=0.02))
    assert south.heard.tone_seconds(1000, started, started + 1) == pytest.approx(0.3, abs=0.1)
    assert [heard.key for heard in south.heard.keys] == ["5"]
    north.close()
    south.close()
