from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sip.message import Request, Response, respond
from switch.sip.parse import HEAD_BYTES_MAX, HEADER_LINES_MAX, RejectedError, is_keep_alive, parse_datagram
from switch.sip.salvage import salvage
from switch.sip.write import write
from tests.support.examples import examples

FIRST = "OPTIONS sip:bob@example.org SIP/2.0"
LINES = (
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa",
    "Max-Forwards: 70",
    "From: <sip:alice@example.com>;tag=1",
    "To: <sip:bob@example.org>",
    "Call-ID: c@192.0.2.1",
    "CSeq: 7 OPTIONS",
)
DATA = Path(__file__).parents[3].parent / "shared" / "data"
SEEDS = [path.read_bytes() for path in sorted(DATA.glob("rfc*/wire/*.dat"))]


def datagram(*more: str, first: str = FIRST, lines: tuple[str, ...] = LINES, body: bytes = b"") -> bytes:
    return "\r\n".join((first, *lines, *more, "", "")).encode("utf-8", "surrogateescape") + body


def without(name: str) -> tuple[str, ...]:
    return tuple(line for line in LINES if not line.startswith(name))


def rejected(data: bytes) -> RejectedError:
    with pytest.raises(RejectedError) as caught:
        parse_datagram(data)
    return caught.value


def read_request(data: bytes) -> Request:
    message = parse_datagram(data)
    assert isinstance(message, Request)
    return message


def test_line_ends_before_the_first_line_are_passed_over() -> None:
    assert read_request(b"\r\n\r\n" + datagram()).method == "OPTIONS"


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\x00\x00\x00\x00"])
def test_keep_alives_are_told_from_messages(data: bytes) -> None:
    assert is_keep_alive(data)
    assert rejected(data).request is None
    assert not is_keep_alive(datagram())


def test_without_content_length_the_rest_is_the_body() -> None:
    assert read_request(datagram(body=b"abc")).body == b"abc"


def test_octets_beyond_content_length_are_ignored() -> None:
    assert read_request(datagram("Content-Length: 2", body=b"abc")).body == b"ab"


@pytest.mark.parametrize("length", ["4", "-1", "", "1 1", "0x1", "99999999999", "1, 1", "١"])
def test_a_content_length_that_cannot_be_is_refused(length: str) -> None:
    fault = rejected(datagram(f"Content-Length: {length}", body=b"abc"))
    assert (fault.status, fault.request is not None) == (400, True)


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ("OPTIONS sip:bob@example.org SIP/2.0 ", 400),
        ("OPTIONS  sip:bob@example.org SIP/2.0", 400),
        ("OPTIONS sip:bob@example.org SIP/3.0", 505),
        ("OPTIONS sip:bob@example.org SIP/2.00", 505),
        ("OPT;IONS sip:bob@example.org SIP/2.0", None),
        ("OPTIONS bob SIP/2.0", 400),
        ("OPTIONS sip:bob@example.org?Route=x SIP/2.0", 400),
        ("OPTIONS sip:bob@example.org;method=BYE SIP/2.0", 400),
        (f"OPTIONS sip:{'b' * 3000}@example.org SIP/2.0", 414),
        ("OPTIONS sip:bob@example.org", None),
        ("GET / HTTP/1.1", None),
        ("ACK sip:bob@example.org SIP/3.0", None),
        ("SIP/2.0 099 X", None),
        ("SIP/2.0 700 X", None),
        ("SIP/3.0 200 OK", None),
        ("SIP/2.0 2000 OK", None),
    ],
)
def test_a_broken_first_line_is_answered_only_where_it_asks_for_an_answer(first: str, status: int | None) -> None:
    fault = rejected(datagram(first=first))
    assert (None if fault.request is None else int(fault.status)) == status


def test_the_version_is_read_in_any_case() -> None:
    assert read_request(datagram(first="OPTIONS sip:bob@example.org sip/2.0")).method == "OPTIONS"


@pytest.mark.parametrize("first", ["SIP/2.0 200 OK", "SIP/2.0 200 ", "SIP/2.0 200"])
def test_a_response_may_lack_its_reason(first: str) -> None:
    message = parse_datagram(datagram(first=first))
    assert isinstance(message, Response)
    assert (message.status, message.is_final) == (200, True)


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq"])
def test_what_every_request_must_have_is_missed(name: str) -> None:
    fault = rejected(datagram(lines=without(name)))
    assert fault.request is not None
    assert name not in fault.request.headers
    assert write(respond(fault.request, fault.status, to_tag="2")).startswith(b"SIP/2.0 400 Bad Request\r\nVia: ")


def test_without_a_via_there_is_nobody_to_answer() -> None:
    fault = rejected(datagram(lines=without("Via")))
    assert (fault.request, fault.via) == (None, None)


def test_max_forwards_may_be_missing() -> None:
    assert read_request(datagram(lines=without("Max-Forwards"))).max_forwards is None


@pytest.mark.parametrize(
    "line",
    [
        "Max-Forwards: 1",
        "f: <sip:x@y>;tag=2",
        "Contact: <sip:x@y",
        "Contact: <sip:x@y>,,<sip:z@y>",
        "Route: nonsense",
        "Record-Route: <>",
        "Require: a b",
        "Expires: never",
        "Content-Type: text",
        "no colon",
        "Via",
        "Bad Name: x",
        ": x",
        "N\u00e4me: x",
        "Subject: half\ra line end",
        "Subject: half\na line end",
    ],
)
def test_a_line_that_breaks_the_grammar_is_answered_with_400(line: str) -> None:
    fault = rejected(datagram(line))
    assert fault.request is not None
    assert (fault.status, fault.request.method, fault.via and fault.via.host) == (400, "OPTIONS", "192.0.2.1")


def test_a_folded_first_header_line_does_not_continue_the_first_line() -> None:
    assert rejected(datagram(first=FIRST + "\r\n Subject: x")).status == 400


def test_a_header_that_does_not_end_is_answered_if_it_can_be() -> None:
    fault = rejected("\n".join((FIRST, *LINES)).encode())
    assert fault.request is not None
    assert fault.request.headers.get("Call-ID") == "c@192.0.2.1"


def test_what_is_copied_of_a_broken_request_stands_once() -> None:
    fault = rejected(datagram("t: <sip:other@example.org>", "Via: SIP/2.0/UDP 192.0.2.9"))
    assert fault.request is not None
    assert fault.request.headers.all("To") == ("<sip:bob@example.org>",)
    assert len(fault.request.headers.all("Via")) == 2


def test_too_many_lines_or_too_long_a_header_are_refused() -> None:
    assert rejected(datagram(*["X: y"] * HEADER_LINES_MAX)).status == 513
    assert rejected(datagram("X: " + "y" * HEAD_BYTES_MAX)).status == 513


@pytest.mark.parametrize(
    "line",
    [
        "Contact: " + "<" * 30_000,
        'Contact: "' + "\\" * 30_000,
        "Contact: " + "a " * 15_000,
        "Contact: sip:a@b" + ";a" * 15_000 + "=",
        "Contact: " + ("\t " * 15_000),
        "Via: SIP" + " " * 30_000,
        "Route: " + "<sip:a@b>;" * 3_000,
        'Contact: "' + '\\"' * 15_000,
        "To: " + "%" * 30_000,
        "Contact: a" + " " * 30_000 + "b",
        "Contact: <sip:a@b>" + " \t" * 15_000 + "x",
        "Contact: <sip:a@b>;x" + " " * 30_000 + "x",
        "Subject: x\r\n y\r\nContact: <" + " " * 30_000 + "x",
        "Via: SIP/2.0/UDP a" + " " * 30_000 + "x",
        "CSeq: 1" + " " * 30_000,
        "Require: a" + " " * 30_000 + "b",
    ],
)
@pytest.mark.timeout(2)
def test_hostile_lines_take_no_longer_than_long_ones(line: str) -> None:
    assert rejected(datagram(line)).status == 400


@pytest.mark.timeout(2)
def test_a_hostile_first_line_takes_no_longer_than_a_long_one() -> None:
    assert rejected(datagram(first="OPTIONS" + " " * 30_000)).request is None
    assert rejected(datagram(first="OPTIONS" + " x" * 15_000)).request is None


@given(st.binary(max_size=300))
@examples(200)
def test_garbage_is_rejected_in_silence_or_answered_but_never_breaks_us(data: bytes) -> None:
    assert salvage(data) is None
    assert rejected(data).request is None


@given(st.lists(st.sampled_from([*LINES, FIRST, "", " x", ";", ",", '"', "<", "\x00", "SIP/2.0 200 OK"]), max_size=12))
@examples(200)
def test_lines_in_any_order_are_read_or_rejected(lines: list[str]) -> None:
    outcome("\r\n".join(lines).encode() + b"\r\n\r\n")


@pytest.mark.skipif(not SEEDS, reason="the RFC's messages are not beside this checkout")
@pytest.mark.parametrize("seed", range(8))
def test_mutated_messages_are_read_or_rejected_and_written_again(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(250):
        outcome(mutate(chance, chance.choice(SEEDS)))


def mutate(chance: random.Random, data: bytes) -> bytes:
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(mutated))
        match chance.randrange(4):
            case 0:
                mutated[at] = chance.randrange(256)
            case 1:
                del mutated[at : at + chance.randint(1, 20)]
                mutated += b" "
            case 2:
                mutated[at:at] = chance.choice(
                    [b"\r\n", b"\r\n ", b'"', b"<", b";", b",", b"%", b"\x00", b"\xff", b":"]
                )
            case _:
                other = chance.choice(SEEDS)
                begin = chance.randrange(len(other))
                mutated[at:at] = other[begin : begin + chance.randint(1, 40)]
    return bytes(mutated)


def outcome(data: bytes) -> None:
    """Nothing but RejectedError comes out; what is read reads the same again, what is not can be answered."""
    try:
        message = parse_datagram(data)
    except RejectedError as fault:
        broken = fault.request
        assert broken is None or write(respond(broken, fault.status, to_tag="2")).startswith(b"SIP/2.0 ")  # noqa: PT017
    else:
        assert parse_datagram(write(message)) == message
