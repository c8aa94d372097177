"""Where messages go over UDP (RFC 3261 §18.1.1, §18.2; RFC 3581)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from switch.sip.fields import Headers
from switch.sip.grammar import with_param
from switch.sip.headers import Via
from switch.sip.message import Request
from switch.sip.uri import SipUri, Uri

Address = tuple[str, int]

DEFAULT_PORT: Final = 5060
_HOSTS_KEPT: Final = 4096
"""Hosts whose kind is remembered: a thousand stations and their trunks."""


@lru_cache(maxsize=_HOSTS_KEPT)
def is_ip(host: str) -> bool:
    """Whether a host is an IP address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def address_of(uri: Uri, fallback: Address) -> Address:
    """Where to send a request for this URI.

    Deviates: RFC 3263 would ask the DNS for a host name; names go to `fallback`, where the peer was heard.
    """
    if isinstance(uri, SipUri):
        host = uri.param("maddr") or uri.host
        if is_ip(host):
            return host, uri.port or DEFAULT_PORT
    return fallback


def stamped(request: Request, source: Address) -> Request:
    """The request with `received` and `rport` in its top Via, as its responses have to copy it (§18.2.1)."""
    via = request.via
    wants_rport = via.wants_rport
    if via.host == source[0] and not wants_rport:
        return request
    params = with_param(via.params, "received", source[0])
    if wants_rport:
        params = with_param(params, "rport", str(source[1]))
    via = Via(via.transport, via.host, via.port, params)
    fields = dict(request.headers.fields)
    fields["Via"] = (str(via), *map(str, request.vias[1:]))
    headers = Headers.of(fields)
    headers.typed = {**request.headers.typed, "via": via}
    headers.typed.pop("vias", None)
    return Request(request.method, request.uri, headers, request.body)


def response_address(via: Via, source: Address) -> Address:
    """Where the responses go: to the source address, and its port if `rport` asks for it (§18.2.2)."""
    if via.wants_rport:
        return source
    return source[0], via.port or DEFAULT_PORT
