"""Requests and responses (RFC 3261 §7, §8).

Messages are frozen. Header fields are kept as text; a typed property reads its field when it is first
asked for and keeps the answer. After `parse_datagram` no property raises: what it reads has been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar, overload

from switch.sip.errors import MalformedHeaderError
from switch.sip.fields import (
    SECONDS_MAX,
    Headers,
    addresses_reader,
    number_reader,
    read_call_id,
    read_contacts,
    read_content_type,
    read_cseq,
    read_from,
    read_retry_after,
    read_to,
    read_top_via,
    read_vias,
    tokens_reader,
)
from switch.sip.headers import NameAddr, Via, parse_name_addr
from switch.sip.status import reason_phrase
from switch.sip.uri import Uri

T = TypeVar("T")

MAX_FORWARDS_DEFAULT: Final = 70
"""RFC 3261 §8.1.1.6."""

COPIED: Final[tuple[str, ...]] = ("Via", "From", "To", "Call-ID", "CSeq")
"""What every response takes over from its request (RFC 3261 §8.2.6.2)."""

_HAS_TAG: Final = re.compile(r";[ \t]*tag[ \t]*=", re.IGNORECASE)


class Typed(Generic[T]):
    """A property that reads header fields once and keeps what it read beside them."""

    __slots__ = ("_key", "_read")

    def __init__(self, read: Callable[[Headers], T]) -> None:
        self._read = read
        self._key = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = name

    @overload
    def __get__(self, message: None, owner: type) -> Typed[T]: ...
    @overload
    def __get__(self, message: Request | Response, owner: type) -> T: ...
    def __get__(self, message: Request | Response | None, owner: type) -> Typed[T] | T:
        if message is None:
            return self
        headers = message.headers
        try:
            kept: T = headers.typed[self._key]
        except KeyError:
            kept = headers.typed[self._key] = self._read(headers)
        return kept


@dataclass(frozen=True, slots=True)
class Request:
    """A request (RFC 3261 §7.1)."""

    method: str
    uri: Uri
    headers: Headers
    body: bytes = b""

    via = Typed(read_top_via)
    vias = Typed(read_vias)
    from_ = Typed(read_from)
    to = Typed(read_to)
    call_id = Typed(read_call_id)
    cseq = Typed(read_cseq)
    contacts = Typed(read_contacts)
    routes = Typed(addresses_reader("Route"))
    record_routes = Typed(addresses_reader("Record-Route"))
    max_forwards = Typed(number_reader("Max-Forwards", 255))
    expires = Typed(number_reader("Expires", SECONDS_MAX))
    require = Typed(tokens_reader("Require"))
    supported = Typed(tokens_reader("Supported"))
    allow = Typed(tokens_reader("Allow"))
    content_type = Typed(read_content_type)
    """The media type in lower case, without its parameters."""

    def with_headers(self, headers: Headers) -> Request:
        """The same request with other header fields."""
        return replace(self, headers=headers)


@dataclass(frozen=True, slots=True)
class Response:
    """A response (RFC 3261 §7.2)."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    via = Typed(read_top_via)
    vias = Typed(read_vias)
    from_ = Typed(read_from)
    to = Typed(read_to)
    call_id = Typed(read_call_id)
    cseq = Typed(read_cseq)
    contacts = Typed(read_contacts)
    record_routes = Typed(addresses_reader("Record-Route"))
    expires = Typed(number_reader("Expires", SECONDS_MAX))
    min_expires = Typed(number_reader("Min-Expires", SECONDS_MAX))
    retry_after = Typed(read_retry_after)
    require = Typed(tokens_reader("Require"))
    supported = Typed(tokens_reader("Supported"))
    unsupported = Typed(tokens_reader("Unsupported"))
    allow = Typed(tokens_reader("Allow"))
    content_type = Typed(read_content_type)
    """The media type in lower case, without its parameters."""

    @property
    def is_final(self) -> bool:
        """Whether the transaction's answer is decided: 200 and above."""
        return self.status >= 200

    def with_headers(self, headers: Headers) -> Response:
        """The same response with other header fields."""
        return replace(self, headers=headers)


def make_request(
    method: str,
    uri: Uri,
    *,
    from_: NameAddr,
    to: NameAddr,
    call_id: str,
    cseq: int,
    via: Via | None = None,
    contact: NameAddr | None = None,
    routes: Iterable[NameAddr] = (),
    max_forwards: int = MAX_FORWARDS_DEFAULT,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Request:
    """Build a request with what every request must have (RFC 3261 §8.1.1).

    Without `via` the request is not ready to be sent: whoever sends it prepends one.
    """
    fields: dict[str, tuple[str, ...]] = {} if via is None else {"Via": (str(via),)}
    route_set = tuple([str(route) for route in routes])
    if route_set:
        fields["Route"] = route_set
    fields["Max-Forwards"] = (str(max_forwards),)
    fields["From"] = (str(from_),)
    fields["To"] = (str(to),)
    fields["Call-ID"] = (call_id,)
    fields["CSeq"] = (f"{cseq} {method}",)
    if contact is not None:
        fields["Contact"] = (str(contact),)
    if content_type is not None:
        fields["Content-Type"] = (content_type,)
    return Request(method, uri, _with_extra(fields, headers), body)


def respond(
    request: Request,
    status: int,
    *,
    to_tag: str | None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    reason: str | None = None,
) -> Response:
    """Build the response to a request, which may be only partly readable (RFC 3261 §8.2.6).

    Via, From, To, Call-ID and CSeq are copied as they stand, Timestamp into a 100, Record-Route into what
    can establish a dialog (§12.1.1). The tag goes to a To that has none and never into a 100. A name in
    `headers` replaces what was copied under it.
    """
    asked = request.headers.fields
    fields = {name: asked[name] for name in COPIED if name in asked}
    if status == 100:
        if "Timestamp" in asked:
            fields["Timestamp"] = asked["Timestamp"]
    elif to_tag is not None and "To" in fields and not _has_tag(fields["To"][0]):
        fields["To"] = (f"{fields['To'][0]};tag={to_tag}",)
    if 100 < status < 300 and "Record-Route" in asked:
        fields["Record-Route"] = asked["Record-Route"]
    return Response(status, reason_phrase(status) if reason is None else reason, _with_extra(fields, headers), body)


def _has_tag(to: str) -> bool:
    if "tag" not in to and _HAS_TAG.search(to) is None:
        return False
    try:
        return parse_name_addr("To", to).tag is not None
    except MalformedHeaderError:
        return _HAS_TAG.search(to) is not None


def _with_extra(fields: dict[str, tuple[str, ...]], extra: Iterable[tuple[str, str]]) -> Headers:
    added = Headers(extra)
    fields.update(added.fields)
    return Headers.of(fields)
