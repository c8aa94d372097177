import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.phones.codec import Law, decode, encode, silence, tone
from scenarios.phones.packets import KEYS, KeyEvent, Packet, read_event, read_packet, write_event, write_packet
from switch.media.control import Codec
from switch.media.g711 import compress, expand
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("law", "code", "value"),
    [
        (Law.PCMU, 0xFF, 0),
        (Law.PCMU, 0xFE, 8),
        (Law.PCMU, 0x80, 32124),
        (Law.PCMU, 0x00, -32124),
        (Law.PCMU, 0x8F, 16764),
        (Law.PCMA, 0xD5, 8),
        (Law.PCMA, 0x55, -8),
        (Law.PCMA, 0xAA, 32256),
        (Law.PCMA, 0x2A, -32256),
        (Law.PCMA, 0x80, 5504),
    ],
)
def test_a_code_means_what_the_recommendation_says(law: Law, code: int, value: int) -> None:
    assert decode(bytes([code]), law).tolist() == [value]


@pytest.mark.parametrize("law", Law)
def test_every_value_of_the_law_is_encoded_exactly(law: Law) -> None:
    values = decode(bytes(range(256)), law)
    assert decode(encode(values, law), law).tolist() == values.tolist()


@pytest.mark.parametrize(("law", "codec"), [(Law.PCMU, Codec.PCMU), (Law.PCMA, Codec.PCMA)])
def test_phone_and_switch_make_the_same_of_every_sample(law: Law, codec: Codec) -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    theirs = expand(compress(samples, codec), codec)
    assert decode(encode(samples, law), law).tolist() == theirs.tolist()


@pytest.mark.parametrize("law", Law)
def test_a_tone_survives_with_the_quality_of_g711(law: Law) -> None:
    sent = tone(1004, 1.0)
    error = decode(encode(sent, law), law).astype(float) - sent
    assert 10 * np.log10(np.mean(sent.astype(float) ** 2) / np.mean(error**2)) > 36


def test_a_tone_has_the_level_asked_for() -> None:
    power = np.mean((tone(1000, 1.0, level_dbov=-26) / 32768.0) ** 2)
    assert 10 * np.log10(power) == pytest.approx(-26, abs=0.01)


def test_silence_is_the_quietest_code() -> None:
    assert encode(silence(0.0005), Law.PCMU) == b"\xff" * 4
    assert np.abs(decode(encode(silence(0.0005), Law.PCMA), Law.PCMA)).tolist() == [8] * 4


@examples(100)
@given(
    st.builds(
        Packet,
        payload_type=st.integers(0, 127),
        sequence=st.integers(0, 2**16 - 1),
        timestamp=st.integers(0, 2**32 - 1),
        ssrc=st.integers(0, 2**32 - 1),
        payload=st.binary(max_size=200),
        is_marked=st.booleans(),
    )
)
def test_packets_are_read_as_they_were_written(packet: Packet) -> None:
    assert read_packet(write_packet(packet)) == packet


def test_sources_extension_and_padding_of_a_packet_are_skipped() -> None:
    fixed = bytes([0x80 | 0x20 | 0x10 | 2, 0]) + bytes(10)
    datagram = fixed + bytes(8) + b"\x00\x00\x00\x01" + bytes(4) + b"audio" + b"\x00\x00\x03"
    packet = read_packet(datagram)
    assert packet is not None
    assert packet.payload == b"audio"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        bytes([0x80]) + bytes(10),
        bytes([0x40]) + bytes(11),
        bytes([0x82]) + bytes(18),
        bytes([0x90]) + bytes(13),
        bytes([0xA0]) + bytes(11) + b"\x02",
    ],
    ids=["empty", "short", "version 1", "sources missing", "extension missing", "more padding than payload"],
)
def test_what_cannot_be_rtp_is_none(datagram: bytes) -> None:
    assert read_packet(datagram) is None


@examples(200)
@given(st.binary(max_size=40))
def test_no_datagram_breaks_the_reader(datagram: bytes) -> None:
    packet = read_packet(datagram)
    assert packet is None or datagram[0] >> 6 == 2


@pytest.mark.parametrize("key", KEYS)
def test_events_are_read_as_they_were_written(key: str) -> None:
    event = KeyEvent(key, 800, is_ended=True)
    assert read_event(write_event(event)) == event


def test_an_event_that_is_no_key_is_none() -> None:
    assert read_event(b"\x10\x0a\x00\xa0") is None
    assert read_event(b"\x01\x0a") is None
