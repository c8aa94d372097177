from __future__ import annotations

import pytest

from switch.sip.message import Request
from switch.sip.parse import parse_datagram
from switch.sip.refusal import Refusal, refuse_unsupported
from switch.sip.status import Status


def request(method: str, *lines: str, uri: str = "sip:bob@example.org", body: bytes = b"") -> Request:
    to = "isbn:1" if "isbn" in lines else "<sip:bob@example.org>"
    head = (
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa",
        "From: <sip:alice@example.com>;tag=1",
        f"To: {to}",
        "Call-ID: c",
        f"CSeq: 7 {method}",
        *[line for line in lines if line != "isbn"],
        "",
        "",
    )
    message = parse_datagram("\r\n".join(head).encode() + body)
    assert isinstance(message, Request)
    return message


def refuse(message: Request) -> Refusal | None:
    return refuse_unsupported(
        message,
        methods=("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER"),
        extensions=frozenset({"timer"}),
        schemes=frozenset({"sip", "tel"}),
        body_types=("application/sdp",),
    )


SDP = "Content-Type: application/sdp"


@pytest.mark.parametrize(
    "message",
    [
        request("INVITE", SDP, body=b"v=0"),
        request("INVITE", "Require: Timer"),
        request("INVITE", "Accept: application/*;q=0.5, text/plain"),
        request("INVITE", "Accept: */*"),
        request("INVITE", SDP, "Content-Encoding: identity", body=b"v=0"),
        request("INVITE", "Content-Type: text/plain", "Content-Disposition: render; handling=optional", body=b"x"),
        request("OPTIONS", "Accept: text/plain"),
        request("OPTIONS", uri="tel:+12125550123"),
        request("ACK", "Require: nonsense"),
        request("CANCEL", "Require: nonsense"),
    ],
)
def test_what_we_can_do_is_not_refused(message: Request) -> None:
    assert refuse(message) is None


ALLOW = (("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER"),)


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (request("SUBSCRIBE"), Refusal(Status.METHOD_NOT_ALLOWED, ALLOW)),
        (request("invite"), Refusal(Status.NOT_IMPLEMENTED, ALLOW)),
        (request("OPTIONS", uri="soap.beep://192.0.2.103:3002"), Refusal(Status.UNSUPPORTED_URI_SCHEME)),
        (request("REGISTER", "isbn"), Refusal(Status.BAD_REQUEST)),
        (request("INVITE", "Require: timer, a, B"), Refusal(Status.BAD_EXTENSION, (("Unsupported", "a, B"),))),
        (
            request("INVITE", "Content-Type: text/plain", body=b"x"),
            Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept", "application/sdp"),)),
        ),
        (
            request("INVITE", SDP, "Content-Encoding: gzip", body=b"x"),
            Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept-Encoding", "identity"),)),
        ),
        (request("INVITE", body=b"x"), Refusal(Status.BAD_REQUEST)),
        (
            request("INVITE", "Content-Type: text/plain", "Content-Disposition: session;;", body=b"x"),
            Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept", "application/sdp"),)),
        ),
        (
            request("INVITE", "Content-Type: text/plain", "Content-Disposition: session", body=b"x"),
            Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept", "application/sdp"),)),
        ),
        (
            request("INVITE", "Accept: text/nobodyKnowsThis"),
            Refusal(Status.NOT_ACCEPTABLE, (("Warning", '399 payphone "the answer would be application/sdp"'),)),
        ),
    ],
)
def test_what_we_cannot_do_is_refused_with_what_would_pass(message: Request, refusal: Refusal) -> None:
    assert refuse(message) == refusal


def test_the_method_is_looked_at_before_scheme_extension_and_content() -> None:
    worst = ("Require: a", "Content-Type: text/plain")
    statuses = [
        refuse(request("NEW", *worst, uri="soap.beep:x", body=b"x")),
        refuse(request("INVITE", *worst, uri="soap.beep:x", body=b"x")),
        refuse(request("INVITE", *worst, body=b"x")),
        refuse(request("INVITE", worst[1], body=b"x")),
    ]
    assert [int(found.status) for found in statuses if found is not None] == [501, 416, 420, 415]
