from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sdp.description import Attribute, MediaDescription, Origin, SessionDescription
from switch.sdp.errors import MalformedDescriptionError
from switch.sdp.parse import DESCRIPTION_BYTES_MAX, LINES_MAX, MEDIA_MAX, parse_description
from switch.sdp.write import write_description
from tests.support.examples import examples

DATA = Path(__file__).parents[3].parent / "shared" / "data"

TYPICAL = """v=0
o=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com
s=A call
i=what it is about
c=IN IP4 192.0.2.10
b=AS:64
t=0 0
a=tool:phone
m=audio 49170 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=sendonly
m=video 51372/2 RTP/AVP 31
i=a face
c=IN IP6 2001:db8::1
b=AS:256
"""

WORD = st.text("abc019-", min_size=1, max_size=5)
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028"), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
HOST = st.sampled_from(["192.0.2.1", "2001:db8::1", "host.example"])
ATTRIBUTES = st.lists(st.builds(Attribute, WORD, st.none() | VALUE), max_size=3).map(tuple)
NUMBER = st.integers(0, 2**64)
MEDIA = st.builds(
    MediaDescription,
    st.sampled_from(["audio", "video"]),
    st.integers(0, 65535),
    st.sampled_from(["RTP/AVP", "UDP"]),
    st.lists(WORD, min_size=1, max_size=3).map(tuple),
    st.none() | HOST,
    ATTRIBUTES,
    st.integers(1, 9),
    st.just((("i", "x"), ("b", "AS:1"))) | st.just(()),
)
DESCRIPTION = st.builds(
    SessionDescription,
    st.builds(Origin, WORD, NUMBER, NUMBER, HOST),
    st.lists(MEDIA, max_size=3).map(tuple),
    VALUE,
    st.none() | HOST,
    st.just("0 0") | st.just("1 2"),
    ATTRIBUTES,
    st.just((("i", "x"), ("e", "y"), ("b", "AS:1"), ("k", "z"))) | st.just(()),
)


@given(DESCRIPTION)
@examples(150)
def test_a_description_is_the_same_after_it_was_written(description: SessionDescription) -> None:
    assert parse_description(write_description(description)) == description


def test_every_line_finds_its_place() -> None:
    assert parse_description(TYPICAL.replace("\n", "\r\n").encode()) == SessionDescription(
        Origin("alice", 2890844526, 2890844527, "host.atlanta.example.com"),
        (
            MediaDescription(
                "audio",
                49170,
                "RTP/AVP",
                ("0", "8", "101"),
                attributes=(
                    Attribute("rtpmap", "0 PCMU/8000"),
                    Attribute("rtpmap", "101 telephone-event/8000"),
                    Attribute("sendonly"),
                ),
            ),
            MediaDescription(
                "video", 51372, "RTP/AVP", ("31",), "2001:db8::1", (), 2, (("i", "a face"), ("b", "AS:256"))
            ),
        ),
        "A call",
        "192.0.2.10",
        "0 0",
        (Attribute("tool", "phone"),),
        (("i", "what it is about"), ("b", "AS:64")),
    )


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_line_ends_of_any_kind_are_taken(line_end: str) -> None:
    described = parse_description(TYPICAL.encode())
    assert parse_description(TYPICAL.replace("\n", line_end).encode()) == described
    assert parse_description(TYPICAL.strip().replace("\n", line_end).encode()) == described


@pytest.mark.parametrize("line", ["s=A call\n", "t=0 0\n", "i=what it is about\n", "a=tool:phone\n"])
def test_lines_that_sloppy_peers_leave_out_are_not_missed(line: str) -> None:
    described = parse_description(TYPICAL.replace(line, "", 1).encode())
    assert [media.port for media in described.media] == [49170, 51372]
    assert parse_description(write_description(described)) == described


def test_an_empty_name_and_blank_lines_are_passed_over() -> None:
    described = parse_description(TYPICAL.replace("s=A call", "s=\n\n ").encode())
    assert described.name == "-"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("v=0", "v=1", 1),
        ("v=0\n", "", 1),
        ("o=alice 2890844526", "o=alice x", 2),
        ("IN IP4 host", "IN IPX host", 2),
        ("c=IN IP4 192.0.2.10", "c=192.0.2.10", 5),
        ("a=tool:phone", "a tool", 8),
        ("a=tool:phone", "a =tool", 8),
        ("m=audio 49170", "m=audio port", 9),
        ("m=audio 49170", "m=audio 65536", 9),
        (" RTP/AVP 0 8 101", " RTP/AVP", 9),
        ("c=IN IP6 2001:db8::1", "c=IN IP6", 15),
    ],
)
def test_a_line_that_cannot_be_read_is_named(old: str, new: str, line: int) -> None:
    with pytest.raises(MalformedDescriptionError) as caught:
        parse_description(TYPICAL.replace(old, new, 1).encode())
    assert caught.value.line == line


def test_whose_session_it_is_must_be_said() -> None:
    with pytest.raises(MalformedDescriptionError):
        parse_description(b"v=0\r\ns=-\r\nt=0 0\r\n")


@pytest.mark.parametrize(
    "more",
    ["a=x\n" * LINES_MAX, "m=audio 1 RTP/AVP 0\n" * (MEDIA_MAX + 1), "a=" + "x" * DESCRIPTION_BYTES_MAX],
)
def test_too_much_is_refused(more: str) -> None:
    with pytest.raises(MalformedDescriptionError):
        parse_description((TYPICAL + more).encode())


@given(st.binary(max_size=100) | st.lists(st.sampled_from(TYPICAL.splitlines())).map(lambda x: "\n".join(x).encode()))
@examples(200)
def test_anything_is_read_or_refused(data: bytes) -> None:
    readable(data)
    readable(b"v=0\r\n" + data)


def test_bytes_that_are_no_text_survive() -> None:
    data = TYPICAL.replace("a=tool:phone", "a=tool:\udcff").encode("utf-8", "surrogateescape")
    assert b"a=tool:\xff\r\n" in write_description(parse_description(data))


@pytest.mark.parametrize("value", ["x\r\nm=audio 1 RTP/AVP 0", "\n", "\r"])
def test_a_line_end_inside_a_value_is_never_written(value: str) -> None:
    with pytest.raises(AssertionError):
        write_description(SessionDescription(Origin("-", 1, 1, "h"), attributes=(Attribute("x", value),)))


@pytest.mark.skipif(not DATA.is_dir(), reason="the RFC's messages are not beside this checkout")
@pytest.mark.parametrize("name", ["ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"])
def test_the_descriptions_of_rfc_5118_are_read(name: str) -> None:
    body = (DATA / "rfc5118" / "wire" / f"{name}.dat").read_bytes().partition(b"\r\n\r\n")[2]
    described = parse_description(body)
    assert all(described.host_of(media) for media in described.media)


def readable(data: bytes) -> None:
    try:
        described = parse_description(data)
    except MalformedDescriptionError:
        return
    assert parse_description(write_description(described)) == described
