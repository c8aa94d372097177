"""Values of single header fields (RFC 3261 §20): Via, From/To/Contact/Route, CSeq.

All of them read one element, unfolded and without the header's name, and are written by `str`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from switch.sip.errors import MalformedHeaderError, MalformedUriError
from switch.sip.grammar import (
    Params,
    find_param,
    format_display,
    format_params,
    parse_params,
    unquote,
    with_param,
)
from switch.sip.uri import OtherUri, SipUri, Uri, format_host, parse_uri

MAGIC_COOKIE: Final = "z9hG4bK"
"""A branch that begins so is unique to its transaction (RFC 3261 §8.1.1.7)."""

CSEQ_MAX: Final = 2**31
"""A CSeq number is below this (RFC 3261 §8.1.1.5)."""

_PARTS_KEPT: Final = 4096
"""Hops and addresses come back in every message of a call, and with every call of a telephone; at most 256
characters each, so 4 MB."""

_PART_CHARS_MAX: Final = 256

_VIA: Final = re.compile(
    r"[sS][iI][pP][ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+"
    r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9\-_.]+))(?:[ \t]*:[ \t]*([0-9]{1,5}))?[ \t]*"
)
_VIA_REMAINS: Final = re.compile(
    r"[ \t]*SIP[ \t]*/[ \t]*[0-9.]+[ \t]*/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+"
    r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9\-_.]+))(?:[ \t]*:[ \t]*([0-9]{1,5})(?![0-9]))?",
    re.IGNORECASE,
)
# Bare display names are tokens; letters beyond ASCII pass too, since softphones send them unquoted.
_NAME_ADDR: Final = re.compile(
    r"""(?:("[^"\\]*(?:\\.[^"\\]*)*")[ \t]*|([A-Za-z0-9\-.!%*_+`'~ \t\x80-\U0010ffff]*))<([^<> \t]+)""", re.DOTALL
)
_ADDR_SPEC: Final = re.compile(r"[^<>\"?,; \t]+")
_CSEQ: Final = re.compile(r"([0-9]{1,20})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")


@dataclass(frozen=True, slots=True)
class Via:
    """One hop of a message's way (RFC 3261 §20.42); an IPv6 host stands without its brackets."""

    transport: str
    host: str
    port: int | None = None
    params: Params = ()

    @property
    def branch(self) -> str | None:
        """The transaction's id, None where an RFC 2543 element sent none."""
        return find_param(self.params, "branch")

    @property
    def received(self) -> str | None:
        """The address the request really came from, without brackets."""
        value = find_param(self.params, "received")
        return None if value is None else value.strip("[]")

    @property
    def rport(self) -> int | None:
        """The port the request really came from, None unless a server has filled it in (RFC 3581)."""
        value = find_param(self.params, "rport")
        return int(value) if value and value.isascii() and value.isdigit() else None

    @property
    def wants_rport(self) -> bool:
        """Whether the sender asks for its answers on the port it sent from (RFC 3581 §3)."""
        return find_param(self.params, "rport") is not None

    def param(self, name: str) -> str | None:
        """The value of a parameter: empty where it stands alone, None where it is absent."""
        return find_param(self.params, name)

    def with_param(self, name: str, value: str | int | None) -> Via:
        """The same hop with a parameter set, in its old place or at the end."""
        text = None if value is None else str(value)
        return replace(self, params=with_param(self.params, name, text))

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {format_host(self.host)}{port}{format_params(self.params)}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """An address with a display name and parameters: From, To, Contact, Route (RFC 3261 §20.10)."""

    display_name: str
    uri: Uri
    params: Params = ()

    @property
    def tag(self) -> str | None:
        """The dialog's half of this side, None where there is none yet."""
        return find_param(self.params, "tag")

    @property
    def is_star(self) -> bool:
        """Whether this is the `*` of a REGISTER that removes all bindings (RFC 3261 §10.2.2)."""
        return self == STAR

    def param(self, name: str) -> str | None:
        """The value of a header parameter: empty where it stands alone, None where it is absent."""
        return find_param(self.params, name)

    def with_param(self, name: str, value: str | int | None) -> NameAddr:
        """The same address with a header parameter set."""
        text = None if value is None else str(value)
        return replace(self, params=with_param(self.params, name, text))

    def with_tag(self, tag: str) -> NameAddr:
        """The same address with its tag set."""
        return replace(self, params=with_param(self.params, "tag", tag))

    def __str__(self) -> str:
        if self.is_star:
            return "*"
        display = f"{format_display(self.display_name)} " if self.display_name else ""
        return f"{display}<{self.uri}>{format_params(self.params)}"


STAR: Final = NameAddr("", OtherUri("", "*"))
"""The Contact `*`."""


@dataclass(frozen=True, slots=True)
class CSeq:
    """The place of a request in its dialog (RFC 3261 §20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_via(value: str) -> Via:
    """Read one Via value (RFC 3261 §20.42).

    Raises:
        MalformedHeaderError: The value does not match `via-parm`, or its branch is the bare cookie
            (RFC 4475 §3.2.1).
    """
    end = value.find(";")
    head = value if end < 0 else value[:end]
    hop = _read_hop(head) if len(head) <= _PART_CHARS_MAX else None
    if hop is None:
        raise MalformedHeaderError("Via", value)
    params = parse_params("Via", value, end) if end >= 0 else ()
    for key, branch in params:
        if key == "branch" and branch == MAGIC_COOKIE:
            raise MalformedHeaderError("Via", value)
    transport, host, port = hop
    return Via(transport, host, port, params)


def salvage_via(value: str) -> Via | None:
    """Read the hop of a Via whose tail is broken, so that its sender can be told; None where even that fails."""
    found = _VIA_REMAINS.match(value)
    if found is None:
        return None
    transport, address, host, port_text = found.groups()
    port = int(port_text) if port_text is not None and 0 < int(port_text) < 65536 else None
    return Via(transport, host or address, port)


def parse_name_addr(name: str, value: str) -> NameAddr:
    """Read one `name-addr` or `addr-spec` with parameters; `name` is the header field (RFC 3261 §20).

    Without `<...>` everything after a semicolon belongs to the header, and the URI may hold neither
    a comma nor a question mark.

    Raises:
        MalformedHeaderError: The value does not match its grammar.
    """
    head, bracket, _ = value.partition(">")
    found = None
    if bracket:
        found = _read_name_and_uri(head) if len(head) <= _PART_CHARS_MAX else _name_and_uri(head)
    end = len(head) + 1
    if found is None:
        found, end = _long_form(value)
    if found is None:
        raise MalformedHeaderError(name, value)
    display, uri = found
    return NameAddr(display, uri, parse_params(name, value, end) if end < len(value) else ())


def parse_cseq(value: str) -> CSeq:
    """Read a CSeq value.

    Raises:
        MalformedHeaderError: No number and method, or the number is 2**31 or more.
    """
    found = _CSEQ.fullmatch(value)
    if found is None:
        raise MalformedHeaderError("CSeq", value)
    number = int(found.group(1))
    if number >= CSEQ_MAX:
        raise MalformedHeaderError("CSeq", value)
    return CSeq(number, found.group(2))


def address(uri: SipUri, *, display_name: str = "", tag: str | None = None) -> NameAddr:
    """Build a From, To or Contact."""
    return NameAddr(display_name, uri, () if tag is None else (("tag", tag),))


@lru_cache(maxsize=_PARTS_KEPT)
def _read_hop(head: str) -> tuple[str, str, int | None] | None:
    """Transport, host and port of a Via, None where they do not match."""
    found = _VIA.fullmatch(head)
    if found is None:
        return None
    transport, address, host, port_text = found.groups()
    port = None if port_text is None else int(port_text)
    return (transport, host or address, port) if port is None or 0 < port < 65536 else None


def _long_form(value: str) -> tuple[tuple[str, Uri] | None, int]:
    """What a display name with a bracket in its quotes holds, or an address without brackets; and its end."""
    found = _NAME_ADDR.match(value)
    if found is not None:
        end = found.end() + 1
        return (_name_and_uri(value[: end - 1]) if value[end - 1 : end] == ">" else None), end
    bare = _ADDR_SPEC.match(value)
    if bare is None:
        return None, 0
    uri = _uri_or_none(bare.group())
    return (None if uri is None else ("", uri)), bare.end()


def _name_and_uri(head: str) -> tuple[str, Uri] | None:
    """Display name and URI of everything before the closing bracket, None where it does not match."""
    found = _NAME_ADDR.fullmatch(head)
    if found is None:
        return None
    quoted, bare, uri_text = found.groups()
    uri = _uri_or_none(uri_text)
    if uri is None:
        return None
    return (unquote(quoted) if quoted is not None else bare.strip(" \t")), uri


_read_name_and_uri = lru_cache(maxsize=_PARTS_KEPT)(_name_and_uri)


def _uri_or_none(text: str) -> Uri | None:
    try:
        return parse_uri(text)
    except MalformedUriError:
        return None
