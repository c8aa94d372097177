"""SIP messages for tests: short to ask for, complete on the wire."""

from __future__ import annotations

from switch.sip.headers import CSeq, NameAddr, Via
from switch.sip.message import Request, Response, make_request, respond
from switch.sip.uri import parse_uri

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
CALLER = NameAddr("", parse_uri("sip:caller@192.0.2.1"))
CALLEE = NameAddr("", parse_uri("sip:callee@192.0.2.2"))


def a_request(
    method: str = "INVITE",
    *,
    number: int = 1,
    branch: str = "z9hG4bKone",
    from_tag: str = "caller-tag",
    to_tag: str | None = None,
    call_id: str = "call@192.0.2.1",
    contact: str = "<sip:caller@192.0.2.1:5070>",
    uri: str = "sip:callee@192.0.2.2",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    content_type: str | None = None,
    via: Via | None = None,
) -> Request:
    """A request of the caller, as it arrives."""
    return make_request(
        method,
        parse_uri(uri),
        from_=CALLER.with_tag(from_tag) if from_tag else CALLER,
        to=CALLEE if to_tag is None else CALLEE.with_tag(to_tag),
        call_id=call_id,
        cseq=number,
        via=via or Via("UDP", "192.0.2.1", 5070, (("branch", branch),)),
        headers=(("Contact", contact), *headers) if contact else headers,
        body=body,
        content_type=content_type or ("application/sdp" if body else None),
    )


def an_answer(
    request: Request,
    status: int = 200,
    *,
    to_tag: str | None = "callee-tag",
    contact: str = "<sip:callee@192.0.2.2:5080>",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Response:
    """A response to a request of ours, as it arrives. A request without a Via gets one first."""
    if "Via" not in request.headers:
        via = Via("UDP", "192.0.2.1", 5070, (("branch", "z9hG4bKours"),))
        request = request.with_headers(request.headers.prepend("Via", str(via)))
    fields = (("Contact", contact), *headers) if contact else headers
    return respond(request, status, to_tag=to_tag, headers=fields, body=body)


def acknowledging(request: Request, response: Response, *, body: bytes = b"") -> Request:
    """The ACK of a 2xx, as the caller sends it: in the dialog, on a branch of its own."""
    return a_request(
        "ACK",
        number=request.cseq.number,
        branch="z9hG4bKack",
        to_tag=response.to.tag,
        call_id=request.call_id,
        body=body,
    )


def summary(message: Request | Response) -> str:
    """`INVITE` for a request, `180 INVITE` for a response."""
    cseq: CSeq = message.cseq
    return message.method if isinstance(message, Request) else f"{message.status} {cseq.method}"
