from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sdp.description import DIRECTIONS, Origin, SessionDescription
from switch.sdp.errors import NegotiationError
from switch.sdp.negotiate import (
    AgreedStream,
    Answered,
    accept,
    answer,
    in_words,
    is_hold,
    make_offer,
    revise,
    with_direction,
)
from switch.sdp.parse import parse_description
from switch.sdp.write import write_description
from tests.support.examples import examples

HERE, THERE = ("192.0.2.1", 40000), ("192.0.2.2", 50000)
MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


def offered(*lines: str, host: str = THERE[0]) -> SessionDescription:
    head = f"v=0\no=- 1 1 IN IP4 {host}\ns=-\nc=IN IP{6 if ':' in host else 4} {host}\nt=0 0\n"
    return parse_description((head + "\n".join(lines)).encode())


def answered(offer: SessionDescription, **options: object) -> Answered:
    given_ = {"session_id": 9, "version": 1, "address": HERE, "codecs": ("PCMU", "PCMA"), **options}
    return answer(offer, **given_)  # type: ignore[arg-type]


def our_offer(**options: object) -> SessionDescription:
    given_ = {
        "session_id": 9,
        "version": 1,
        "address": HERE,
        "codecs": ("PCMU", "PCMA"),
        "digits": True,
        **options,
    }
    return make_offer(**given_)  # type: ignore[arg-type]


def stream_of(offer: SessionDescription, **options: object) -> AgreedStream:
    stream = answered(offer, **options).stream
    assert stream is not None
    return stream


def test_an_offer_reads_as_telephones_write_it() -> None:
    assert write_description(our_offer()).decode().split("\r\n") == [
        "v=0",
        "o=- 9 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 40000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


def test_an_answer_takes_the_first_codec_of_theirs_and_their_digits() -> None:
    offer = offered("m=audio 50000 RTP/AVP 9 8 0 96", "a=rtpmap:9 G722/8000", "a=rtpmap:96 telephone-event/8000")
    found = answered(offer)
    assert found.stream == AgreedStream(*THERE, "PCMA", 8, 96, "sendrecv", 20, 96)
    assert write_description(found.description).decode().split("\r\n")[5:] == [
        "m=audio 40000 RTP/AVP 8 96",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


@pytest.mark.parametrize(
    ("formats", "rtpmaps", "agreed"),
    [
        ("0", [], ("PCMU", 0, None)),
        ("97", ["97 pcma/8000/1"], ("PCMA", 97, None)),
        ("0 101", [], ("PCMU", 0, None)),
        ("101 0", ["101 telephone-event/8000", "0 PCMU/8000"], ("PCMU", 0, 101)),
        ("0 101", ["101 telephone-event/16000"], ("PCMU", 0, None)),
        ("0 8", ["0 OPUS/48000/2"], ("PCMA", 8, None)),
        ("97 0", ["97 PCMU/16000"], ("PCMU", 0, None)),
        ("200 x 0", ["200 PCMU/8000"], ("PCMU", 0, None)),
    ],
)
def test_payload_types_mean_what_their_map_says(
    formats: str, rtpmaps: list[str], agreed: tuple[str, int, int | None]
) -> None:
    stream = stream_of(offered(f"m=audio 50000 RTP/AVP {formats}", *[f"a=rtpmap:{value}" for value in rtpmaps]))
    assert (stream.codec_name, stream.payload_type, stream.digits_payload_type) == agreed


def test_feedback_that_is_offered_need_not_be_sent() -> None:
    """RFC 4585 §4.1: the answer keeps the profile; early feedback is what one may send."""
    found = answered(offered("m=audio 50000 RTP/AVPF 0", "a=rtcp-fb:* trr-int 5000"))
    assert (found.description.media[0].protocol, found.description.media[0].port) == ("RTP/AVPF", 40000)
    assert found.stream is not None and found.stream.codec_name == "PCMU"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "no media"),
        (["m=audio 50000 RTP/SAVP 96 0", "a=rtpmap:96 opus/48000/2"], "audio RTP/SAVP opus/48000/2 0"),
        (["m=audio 5 RTP/AVP 18", "a=rtpmap:18", "m=video 5 RTP/AVP 31"], "audio RTP/AVP 18, video RTP/AVP 31"),
        (["m=audio 5 RTP/AVP 96", "a=rtpmap:96 \x1b[31mred"], "audio RTP/AVP ?[31mred"),
        ([f"m=audio 5 RTP/AVP {'7 ' * 300}7"], f"audio RTP/AVP {'7 ' * 93}…"),
    ],
)
def test_an_offer_is_told_in_words_that_a_log_can_hold(lines: list[str], told: str) -> None:
    assert in_words(offered(*lines)) == told


def test_digits_we_do_not_take_are_not_in_the_answer() -> None:
    offer = offered("m=audio 50000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")
    found = answered(offer, digits=False)
    assert found.description.media[0].formats == ("0",)
    assert found.stream is not None
    assert (found.stream.digits_payload_type, found.stream.own_digits_payload_type) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        "m=audio 50000 RTP/AVP 18",
        "m=audio 0 RTP/AVP 0",
        "m=audio 50000 RTP/SAVP 0",
        "m=video 50000 RTP/AVP 0",
        "m=audio 50000 RTP/AVP 0\nc=IN IP4 host.example.com",
        "m=audio 50000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127",
        "m=audio 50000 RTP/AVP 0\nc=IN IP4 255.255.255.255",
        "m=audio 50000 RTP/AVP 0\nc=IN IP6 2001:db8::1",
    ],
)
def test_a_medium_we_cannot_carry_is_answered_with_port_zero(line: str) -> None:
    found = answered(offered(line))
    assert found.stream is None
    assert [media.port for media in found.description.media] == [0]
    assert found.description.media[0].formats == offered(line).media[0].formats


def test_every_medium_is_answered_in_its_place() -> None:
    offer = offered(
        "m=video 50002 RTP/AVP 31", "m=audio 50000 RTP/AVP 18", "m=audio 50004 RTP/AVP 0", "m=audio 50006 RTP/AVP 0"
    )
    found = answered(offer)
    assert [(media.media, media.port) for media in found.description.media] == [
        ("video", 0),
        ("audio", 0),
        ("audio", 40000),
        ("audio", 0),
    ]
    assert found.stream is not None
    assert found.stream.remote_port == 50004


def test_an_offer_of_nothing_is_answered_with_nothing() -> None:
    assert answered(offered()) == Answered(SessionDescription(Origin("-", 9, 1, HERE[0]), host=HERE[0]), None)


def test_a_medium_without_any_address_is_refused() -> None:
    offer = replace(offered("m=audio 50000 RTP/AVP 0"), host=None)
    assert answered(offer).stream is None


@pytest.mark.parametrize("wanted", DIRECTIONS)
@pytest.mark.parametrize("theirs", DIRECTIONS)
def test_both_sides_agree_on_a_direction_that_neither_exceeds(wanted: str, theirs: str) -> None:
    offer = our_offer(address=THERE, direction=theirs)
    found = answered(offer, direction=wanted)
    assert found.stream is not None
    agreed = accept(offer, found.description)
    assert agreed.direction_for_us == MIRROR[found.stream.direction_for_us]
    assert found.stream.may_send <= (wanted in ("sendrecv", "sendonly"))
    assert found.stream.may_send == (wanted in ("sendrecv", "sendonly") and theirs in ("sendrecv", "recvonly"))
    assert found.stream.may_receive == (wanted in ("sendrecv", "recvonly") and theirs in ("sendrecv", "sendonly"))


def test_a_direction_of_the_session_counts_where_the_medium_has_none() -> None:
    assert stream_of(offered("a=sendonly", "m=audio 50000 RTP/AVP 0")).direction_for_us == "recvonly"
    assert stream_of(offered("a=sendonly", "m=audio 50000 RTP/AVP 0", "a=sendrecv")).direction_for_us == "sendrecv"


@pytest.mark.parametrize(
    ("lines", "held", "direction"),
    [
        (("m=audio 50000 RTP/AVP 0",), False, "sendrecv"),
        (("m=audio 50000 RTP/AVP 0", "a=recvonly"), False, "sendonly"),
        (("m=audio 50000 RTP/AVP 0", "a=sendonly"), True, "recvonly"),
        (("m=audio 50000 RTP/AVP 0", "a=inactive"), True, "inactive"),
        (("m=audio 50000 RTP/AVP 0", "c=IN IP4 0.0.0.0"), True, "recvonly"),
        (("m=audio 50000 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=recvonly"), True, "inactive"),
    ],
)
def test_hold_is_seen_in_the_direction_and_in_an_address_of_zeros(
    lines: tuple[str, ...], held: bool, direction: str
) -> None:
    offer = offered(*lines)
    assert is_hold(offer) is held
    assert stream_of(offer).direction_for_us == direction


def test_nothing_is_held_where_there_is_no_audio() -> None:
    assert not is_hold(offered("m=video 50000 RTP/AVP 31", "a=sendonly"))
    assert not is_hold(offered("m=audio 0 RTP/AVP 0", "a=sendonly"))


@given(
    st.permutations(["PCMU", "PCMA"]).flatmap(lambda names: st.integers(1, 2).map(lambda count: names[:count])),
    st.permutations(["PCMU", "PCMA"]).flatmap(lambda names: st.integers(1, 2).map(lambda count: names[:count])),
    st.booleans(),
    st.booleans(),
    st.sampled_from([20, 30, 40]),
)
@examples(100)
def test_what_the_answerer_sends_is_what_the_offerer_expects(
    offered_codecs: list[str], answered_codecs: list[str], ours: bool, theirs: bool, ptime: int
) -> None:
    offer = our_offer(codecs=offered_codecs, digits=ours, ptime=ptime)
    found = answered(offer, address=THERE, codecs=answered_codecs, digits=theirs)
    common = [name for name in offered_codecs if name in answered_codecs]
    expected = common[0] if common else None
    assert (found.stream and found.stream.codec_name) == expected
    assert [media.port == 0 for media in found.description.media] == [expected is None]
    agreed = None if expected is None else accept(offer, found.description)
    assert (agreed and (agreed.codec_name, agreed.payload_type)) == (
        found.stream and (found.stream.codec_name, found.stream.payload_type)
    )
    assert (agreed and (agreed.remote_host, agreed.remote_port)) == (None if expected is None else THERE)
    assert (agreed and agreed.digits_payload_type) == (101 if ours and theirs and expected else None)
    assert (found.stream and found.stream.ptime) == (None if expected is None else ptime)


def test_digits_that_were_not_answered_go_neither_way() -> None:
    agreed = accept(our_offer(), offered("m=audio 50000 RTP/AVP 0"))
    assert (agreed.digits_payload_type, agreed.own_digits_payload_type) == (None, None)


def test_an_answer_that_numbers_digits_otherwise_is_sent_its_own_number() -> None:
    theirs = offered("m=audio 50000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:40")
    agreed = accept(our_offer(), theirs)
    assert agreed == AgreedStream(*THERE, "PCMU", 0, 96, "sendrecv", 40, 101)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=audio 0 RTP/AVP 0",),
        ("m=audio 50000 RTP/AVP 18",),
        ("m=video 50000 RTP/AVP 0",),
        ("m=audio 50000 RTP/SAVP 0",),
        ("m=audio 50000 RTP/AVP 0", "m=video 0 RTP/AVP 31"),
        ("m=audio 50000 RTP/AVP 0", "c=IN IP6 ::1"),
        ("m=audio 50000 RTP/AVP 0", "c=IN IP4 phone.example"),
    ],
)
def test_an_answer_that_does_not_fit_is_an_error(lines: tuple[str, ...]) -> None:
    with pytest.raises(NegotiationError):
        accept(our_offer(), offered(*lines))


def test_a_codec_that_was_not_offered_cannot_be_answered() -> None:
    with pytest.raises(NegotiationError):
        accept(our_offer(codecs=("PCMA",)), offered("m=audio 50000 RTP/AVP 0"))


def test_version_six_works_as_version_four_does() -> None:
    offer = our_offer(address=("2001:db8::1", 40000))
    assert b"c=IN IP6 2001:db8::1\r\n" in write_description(offer)
    found = answered(offer, address=("2001:db8::2", 50000))
    assert found.stream is not None
    assert found.stream.remote_host == "2001:db8::1"
    assert accept(offer, found.description).remote_host == "2001:db8::2"


def test_a_mapped_address_is_one_of_version_four() -> None:
    offer = offered("m=audio 50000 RTP/AVP 0", host="::ffff:192.0.2.7")
    assert stream_of(offer).remote_host == "192.0.2.7"


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [
        ((), 20),
        (("a=ptime:30",), 30),
        (("a=ptime:200",), 60),
        (("a=ptime:25",), 20),
        (("a=ptime:0",), 20),
        (("a=ptime:x",), 20),
        (("a=ptime:40", "a=maxptime:30"), 30),
    ],
)
def test_packets_are_as_long_as_the_peer_wants_where_we_can(lines: tuple[str, ...], ptime: int) -> None:
    assert stream_of(offered("m=audio 50000 RTP/AVP 0", *lines)).ptime == ptime


def test_a_version_grows_by_one_exactly_when_something_changed() -> None:
    first = our_offer()
    assert revise(first, our_offer(session_id=77, version=5)) == first
    changed = revise(first, our_offer(session_id=77, version=5, address=("192.0.2.1", 40002)))
    assert (changed.origin.session_id, changed.origin.version) == (9, 2)
    assert changed.media[0].port == 40002


def test_hold_and_resume_keep_every_medium_in_its_place() -> None:
    first = answered(offered("m=video 50002 RTP/AVP 31", "m=audio 50000 RTP/AVP 0")).description
    held = with_direction(first, "sendonly")
    resumed = with_direction(held, "sendrecv")
    assert [(media.media, media.port) for media in held.media] == [("video", 0), ("audio", 40000)]
    assert [described.direction_of(described.media[1]) for described in (first, held, resumed)] == [
        "sendrecv",
        "sendonly",
        "sendrecv",
    ]
    assert [described.origin.version for described in (first, held, resumed)] == [1, 2, 3]
    assert held.media[0] == first.media[0]
    assert with_direction(held, "sendonly") == held
    assert is_hold(held)
