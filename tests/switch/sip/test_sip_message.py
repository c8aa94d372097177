from __future__ import annotations

from dataclasses import replace

import pytest

from switch.sip.errors import MalformedHeaderError, MissingHeaderError, RepeatedHeaderError
from switch.sip.fields import Headers
from switch.sip.headers import NameAddr, Via, address
from switch.sip.message import Request, make_request, respond
from switch.sip.parse import parse_datagram
from switch.sip.uri import SipUri
from switch.sip.write import write

ALICE = SipUri("sip", "alice", None, "example.com")
BOB = SipUri("sip", "bob", None, "example.org", 5070)


def invite(*headers: tuple[str, str], body: bytes = b"") -> Request:
    return make_request(
        "INVITE",
        BOB,
        via=Via("UDP", "192.0.2.1", 5060, (("branch", "z9hG4bKa"), ("rport", None))),
        from_=address(ALICE, display_name="Alice", tag="1"),
        to=address(BOB),
        call_id="c@192.0.2.1",
        cseq=7,
        contact=address(replace(ALICE, host="192.0.2.1")),
        routes=(NameAddr("", SipUri(host="p1.example", params=(("lr", None),))), address(SipUri(host="p2.example"))),
        headers=headers,
        body=body,
        content_type="application/sdp" if body else None,
    )


def test_a_built_request_reads_back_as_it_was_built() -> None:
    built = invite(("Subject", "x"), body=b"v=0\r\n")
    read = parse_datagram(write(built))
    assert read == built
    assert isinstance(read, Request)
    assert (read.via.branch, read.from_.tag, read.to.tag, read.cseq.number) == ("z9hG4bKa", "1", None, 7)
    assert [str(route.uri) for route in read.routes] == ["sip:p1.example;lr", "sip:p2.example"]
    assert (read.max_forwards, read.content_type, read.expires) == (70, "application/sdp", None)


def test_names_are_one_in_every_spelling() -> None:
    headers = Headers([("v", "1"), ("VIA", "2"), ("x-oDd", "3"), ("cSEQ", "4")])
    assert list(headers.items()) == [("Via", "1"), ("Via", "2"), ("X-Odd", "3"), ("CSeq", "4")]
    assert headers.all("via") == ("1", "2")
    assert (headers.get("V"), headers.get("X-ODD"), headers.get("To")) == ("1", "3", None)
    assert "x-odd" in headers


def test_headers_change_only_in_a_copy() -> None:
    headers = Headers([("Via", "2"), ("To", "t")])
    assert headers.prepend("v", "1").append("Via", "3").all("Via") == ("1", "2", "3")
    assert headers.replace("t", "other").get("To") == "other"
    assert headers.remove("To") == headers.replace("To") == Headers([("Via", "2")])
    assert headers == Headers([("To", "t"), ("Via", "2")])
    assert hash(headers) == hash(Headers([("To", "t"), ("Via", "2")]))


def test_the_order_of_values_under_one_name_counts() -> None:
    assert Headers([("Route", "a"), ("Route", "b")]) != Headers([("Route", "b"), ("Route", "a")])


def test_a_copy_with_other_headers_reads_them_afresh() -> None:
    request = invite()
    assert request.via.received is None
    changed = request.with_headers(request.headers.replace("Via", str(request.via.with_param("received", "::1"))))
    assert changed.via.received == "::1"
    assert request.via.received is None


def test_a_response_copies_what_ties_it_to_its_request() -> None:
    request = invite(("Record-Route", "<sip:p.example;lr>"), ("Timestamp", "5"))
    response = respond(request, 180, to_tag="2")
    assert list(response.headers.items()) == [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport"),
        ("From", "Alice <sip:alice@example.com>;tag=1"),
        ("To", "<sip:bob@example.org:5070>;tag=2"),
        ("Call-ID", "c@192.0.2.1"),
        ("CSeq", "7 INVITE"),
        ("Record-Route", "<sip:p.example;lr>"),
    ]
    assert response.reason == "Ringing"


def test_a_100_carries_the_timestamp_and_no_tag() -> None:
    response = respond(invite(("Timestamp", "5")), 100, to_tag="2")
    assert (response.headers.get("Timestamp"), response.to.tag) == ("5", None)


def test_a_refusal_carries_no_route() -> None:
    assert respond(invite(("Record-Route", "<sip:p.example;lr>")), 486, to_tag="2").record_routes == ()


def test_a_tag_that_is_there_stays() -> None:
    request = invite()
    tagged = request.with_headers(request.headers.replace("To", str(request.to.with_tag("theirs"))))
    assert respond(tagged, 200, to_tag="ours").to.tag == "theirs"


def test_a_tag_inside_the_uri_is_not_the_tag_of_the_header() -> None:
    request = invite()
    inside = request.with_headers(request.headers.replace("To", "<sip:bob@example.org;tag=x>"))
    assert respond(inside, 200, to_tag="ours").to.tag == "ours"


def test_headers_given_to_a_response_replace_what_was_copied() -> None:
    response = respond(invite(), 200, to_tag="2", headers=[("To", "<sip:x@y>;tag=3"), ("Allow", "INVITE, BYE")])
    assert (response.to.tag, response.allow) == ("3", ("INVITE", "BYE"))


@pytest.mark.parametrize(("status", "reason"), [(200, "OK"), (487, "Request Terminated"), (499, "Request Failure")])
def test_a_status_has_its_words(status: int, reason: str) -> None:
    assert respond(invite(), status, to_tag="2").reason == reason


@pytest.mark.parametrize("value", ["x\r\nEvil: 1", "x\n", "\rx"])
def test_a_line_end_inside_a_field_is_never_written(value: str) -> None:
    with pytest.raises(AssertionError):
        write(invite(("Subject", value)))


def test_a_line_end_in_the_reason_is_never_written() -> None:
    with pytest.raises(AssertionError):
        write(respond(invite(), 200, to_tag="2", reason="OK\r\nEvil: 1"))


def test_the_length_of_the_body_is_counted_in_octets() -> None:
    assert b"Content-Length: 2\r\n\r\n\xc3\xb6" in write(invite(body="\u00f6".encode()))


@pytest.mark.parametrize(
    ("name", "value"),
    [("Max-Forwards", "256"), ("Max-Forwards", "-1"), ("Expires", "4294967296"), ("Expires", "soon")],
)
def test_a_number_out_of_range_is_refused(name: str, value: str) -> None:
    request = Request("INVITE", BOB, Headers([(name, value)]))
    with pytest.raises(MalformedHeaderError):
        _ = {"Max-Forwards": lambda: request.max_forwards, "Expires": lambda: request.expires}[name]()


def test_a_header_that_must_be_there_is_missed() -> None:
    with pytest.raises(MissingHeaderError):
        _ = Request("INVITE", BOB, Headers()).call_id
    with pytest.raises(MissingHeaderError):
        _ = Request("INVITE", BOB, Headers()).via


def test_a_header_that_may_stand_once_is_not_chosen_from_two() -> None:
    with pytest.raises(RepeatedHeaderError):
        _ = Request("INVITE", BOB, Headers([("From", str(ALICE)), ("f", str(BOB))])).from_


def test_the_star_stands_alone() -> None:
    assert Request("REGISTER", BOB, Headers([("m", "*")])).contacts[0].is_star
    with pytest.raises(MalformedHeaderError):
        _ = Request("REGISTER", BOB, Headers([("m", "*"), ("m", "<sip:a@b>")])).contacts


@pytest.mark.parametrize("expires", ["4294967296", "soon", "-1"])
def test_a_contact_that_expires_out_of_range_is_refused(expires: str) -> None:
    with pytest.raises(MalformedHeaderError):
        _ = Request("REGISTER", BOB, Headers([("m", f"<sip:a@b>;expires={expires}")])).contacts
    assert Request("REGISTER", BOB, Headers([("m", "<sip:a@b>;expires=0")])).contacts[0].param("expires") == "0"


def test_retry_after_is_its_seconds() -> None:
    request = invite()
    response = respond(request, 503, to_tag="2", headers=[("Retry-After", "18 (in a meeting);duration=3600")])
    assert response.retry_after == 18
    assert respond(request, 503, to_tag="2").retry_after is None


def test_an_empty_list_of_extensions_is_one() -> None:
    assert Request("OPTIONS", BOB, Headers([("k", "")])).supported == ()
    assert Request("OPTIONS", BOB, Headers([("k", "timer ,100rel")])).supported == ("timer", "100rel")


@pytest.mark.parametrize(("value", "kind"), [("Application/SDP ; x=1", "application/sdp"), ("a / b", "a/b")])
def test_a_content_type_is_its_kind_in_lower_case(value: str, kind: str) -> None:
    assert Request("INVITE", BOB, Headers([("c", value)])).content_type == kind
