"""Bytes to values (RFC 3261 §7, §18.3): one datagram, one message.

One pass cuts the header into fields; then everything that has a typed property is read, so that whatever
is wrong is found here and nowhere later.
"""

from __future__ import annotations

import re
from typing import Final

from switch.sip.errors import (
    FramingError,
    MalformedHeaderError,
    MalformedUriError,
    MethodMismatchError,
    MissingHeaderError,
    RepeatedHeaderError,
    SipError,
    StartLineError,
)
from switch.sip.fields import Headers, read_call_id, read_cseq, read_from, read_to, read_vias
from switch.sip.grammar import is_token
from switch.sip.headers import Via
from switch.sip.message import Request, Response
from switch.sip.methods import KNOWN_METHODS
from switch.sip.names import COMMON, canonical_name
from switch.sip.salvage import salvage
from switch.sip.status import Status
from switch.sip.uri import URI_CHARS_MAX, SipUri, Uri, parse_uri

DATAGRAM_BYTES_MAX: Final = 65_507
"""What UDP over IPv4 can carry: 65,535 less 20 of IP and 8 of UDP."""

HEAD_BYTES_MAX: Final = 32_768
"""The longest of RFC 4475 has 3.6 kB; ten times that is no telephone."""

HEADER_LINES_MAX: Final = 256
"""RFC 4475 §3.1.1.7 has 47 lines; 70 hops may add a Via and a Record-Route each."""

_VERSION: Final = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_STATUS_LINE: Final = re.compile(r"(SIP/[0-9]+\.[0-9]+) ([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE | re.DOTALL)
_FOLD: Final = re.compile(r"\r\n[ \t]+")
_LENGTH: Final = re.compile(r"[0-9]{1,10}")

_CHECKED: Final = {
    "Contact": "contacts",
    "Record-Route": "record_routes",
    "Expires": "expires",
    "Require": "require",
    "Supported": "supported",
    "Allow": "allow",
    "Content-Type": "content_type",
}
_CHECKED_IN_REQUESTS: Final = {**_CHECKED, "Route": "routes", "Max-Forwards": "max_forwards"}
_CHECKED_IN_RESPONSES: Final = {
    **_CHECKED,
    "Unsupported": "unsupported",
    "Retry-After": "retry_after",
    "Min-Expires": "min_expires",
}


class RejectedError(SipError):
    """A datagram that is not a message we can act on.

    Attributes:
        status: What to answer with, if `request` is there.
        request: As much of the request as a response copies; None means to stay silent. Only its method
            and header texts are good for anything, and only `respond` should look at them.
        via: Where to answer to, read leniently from the top Via; None exactly where `request` is.
    """

    def __init__(self, fault: SipError, request: Request | None, via: Via | None) -> None:
        super().__init__(str(fault), fault.status)
        self.request = request
        self.via = via


def is_keep_alive(data: bytes) -> bool:
    """Whether a datagram only holds a mapping in a NAT open: empty, line ends, or zeros."""
    return not data.strip(b"\r\n\x00")


def parse_datagram(data: bytes) -> Request | Response:
    """Read a datagram.

    Octets behind Content-Length are ignored; without Content-Length the rest is the body (RFC 3261 §18.3).

    Raises:
        RejectedError: Anything is wrong with it; it says what to answer, and whether to.
    """
    try:
        return _parse(data)
    except SipError as fault:
        saved = salvage(data)
        request, via = (None, None) if saved is None else saved
        raise RejectedError(fault, request, via) from fault


def _parse(data: bytes) -> Request | Response:
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise FramingError("the header does not end")
    if end > HEAD_BYTES_MAX:
        raise FramingError("the header is too long", Status.MESSAGE_TOO_LARGE)
    head = data[:end].decode("utf-8", "surrogateescape")
    lines = head.split("\r\n")
    start = lines[0]
    if head.count("\n") >= len(lines) or head.count("\r") >= len(lines):
        raise FramingError("a line ends with half a line end")
    if "\r\n " in head or "\r\n\t" in head:
        lines = _FOLD.sub(" ", head[len(start) + 2 :]).split("\r\n")
        lines.insert(0, start)
    if len(lines) > HEADER_LINES_MAX:
        raise FramingError("too many header fields", Status.MESSAGE_TOO_LARGE)
    fields = _read_fields(lines)
    body = _read_body(fields, data[end + 4 :])
    if start[:4].upper() == "SIP/":
        return _read_response(start, Headers.of(fields), body)
    return _read_request(start, Headers.of(fields), body)


def _read_fields(lines: list[str]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    known = COMMON.get
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedHeaderError(line[:40], "(no colon)")
        key = known(name) or canonical_name(name.rstrip(" \t"))
        if key in fields:
            fields[key] += (value.strip(" \t"),)
        else:
            fields[key] = (value.strip(" \t"),)
    return fields


def _read_body(fields: dict[str, tuple[str, ...]], rest: bytes) -> bytes:
    lengths = fields.pop("Content-Length", None)
    if lengths is None:
        return rest
    if len(lengths) > 1:
        raise RepeatedHeaderError("Content-Length")
    if _LENGTH.fullmatch(lengths[0]) is None:
        raise MalformedHeaderError("Content-Length", lengths[0])
    length = int(lengths[0])
    if length > len(rest):
        raise FramingError(f"Content-Length is {length}, the body has {len(rest)} octets")
    return rest[:length]


def _read_request(start: str, headers: Headers, body: bytes) -> Request:
    parts = start.split(" ")
    if len(parts) != 3:
        raise StartLineError(f"{start[:200]!r} is not a request line")
    method, target, version = parts
    _check_version(start, version)
    if method not in KNOWN_METHODS and not is_token(method):
        raise StartLineError(f"{method[:40]!r} is not a method")
    request = Request(method, _read_target(target), headers, body)
    _check(request, _CHECKED_IN_REQUESTS)
    if request.cseq.method != method:
        status = Status.BAD_REQUEST if method in KNOWN_METHODS else Status.NOT_IMPLEMENTED
        raise MethodMismatchError(f"CSeq says {request.cseq.method}, the request {method}", status)
    return request


def _read_response(start: str, headers: Headers, body: bytes) -> Response:
    found = _STATUS_LINE.fullmatch(start)
    if found is None:
        raise StartLineError(f"{start[:200]!r} is not a status line")
    version, status, reason = found.groups()
    _check_version(start, version)
    response = Response(int(status), reason or "", headers, body)
    _check(response, _CHECKED_IN_RESPONSES)
    return response


def _check_version(start: str, version: str) -> None:
    if version == "SIP/2.0":
        return
    if _VERSION.fullmatch(version) is None:
        raise StartLineError(f"{start[:200]!r} does not say which SIP it is")
    if version.upper() != "SIP/2.0":
        raise StartLineError(f"{version[:40]!r} is not ours", Status.VERSION_NOT_SUPPORTED)


def _read_target(text: str) -> Uri:
    """Read a Request-URI: it has no header fields and no method parameter (RFC 3261 §19.1.1, table 1)."""
    if len(text) > URI_CHARS_MAX:
        raise StartLineError("the Request-URI is too long", Status.REQUEST_URI_TOO_LONG)
    uri = parse_uri(text)
    if isinstance(uri, SipUri) and (uri.headers or (uri.params and uri.param("method") is not None)):
        raise MalformedUriError(text)
    return uri


def _check(message: Request | Response, checked: dict[str, str]) -> None:
    """Read whatever has a typed property; what every message must have is missed here.

    The five of every message are read without going through their properties: this is the hot path.
    """
    headers = message.headers
    typed = headers.typed
    vias = typed["vias"] = read_vias(headers)
    if not vias:
        raise MissingHeaderError("Via")
    typed["via"] = vias[0]
    typed["from_"] = read_from(headers)
    typed["to"] = read_to(headers)
    typed["call_id"] = read_call_id(headers)
    typed["cseq"] = read_cseq(headers)
    for name in headers.fields:
        if name in checked:
            getattr(message, checked[name])
