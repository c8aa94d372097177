"""URIs as SIP writes them (RFC 3261 §19.1, §25.1).

Fields hold what is meant, without escapes; a URI that was read is written as it stood, so that a peer
gets its Contact back octet by octet in the Request-URI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote_from_bytes, unquote_to_bytes

from switch.sip.errors import MalformedUriError

Pairs: TypeAlias = tuple[tuple[str, str], ...]
UriParams: TypeAlias = tuple[tuple[str, str | None], ...]

URI_CHARS_MAX: Final = 2048
"""The longest URI of RFC 4475 (§3.1.1.7) has under 600; the cache below stays under 20 MB at worst."""

_URIS_KEPT: Final = 4096
"""A thousand stations, each seen in From, To, Contact and the Request-URI; about 1 kB each."""

_UNRESERVED: Final = "-_.!~*'()"
# '#' should be %23 in a user part, but dialled feature codes arrive with it bare; we write %23.
_SIP_URI: Final = re.compile(
    r"([sS][iI][pP][sS]?):"
    r"(?:([A-Za-z0-9\-_.!~*'()&=+$,;?/%#]+)(?::([A-Za-z0-9\-_.!~*'()&=+$,%]*))?@)?"
    r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9\-_.]+))"
    r"(?::([0-9]{1,5}))?"
    r"((?:;[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+(?:=[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+)?)*)"
    r"(?:\?([A-Za-z0-9\-_.!~*'()\[\]/?:+$%=&]+))?"
)
_OTHER_URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):([^\x00-\x20<>\"\x7f]+)")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()]*")

_USER_SAFE: Final = _UNRESERVED + "&=+$,;?/"
_PASSWORD_SAFE: Final = _UNRESERVED + "&=+$,"
_PARAM_SAFE: Final = _UNRESERVED + "[]/:&+$"
_HEADER_SAFE: Final = _UNRESERVED + "[]/?:+$"


@dataclass(frozen=True, slots=True)
class SipUri:
    """A `sip:` or `sips:` URI; an IPv6 host stands without its brackets."""

    scheme: str = "sip"
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    params: UriParams = ()
    headers: Pairs = ()
    _text: str = field(default="", init=False, compare=False, repr=False)

    def param(self, name: str) -> str | None:
        """The value of a parameter: empty where it stands alone (`lr`), None where it is absent."""
        for key, value in self.params:
            if key == name:
                return "" if value is None else value
        return None

    def __str__(self) -> str:
        return self._text or _write(self)


@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI of another scheme (`tel:`, or one nobody knows), kept as it stands after the colon."""

    scheme: str
    rest: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}" if self.scheme else self.rest


Uri: TypeAlias = SipUri | OtherUri


@lru_cache(maxsize=_URIS_KEPT)
def parse_uri(text: str) -> Uri:
    """Read a URI; one of an unknown scheme is kept whole.

    Raises:
        MalformedUriError: The text has no scheme, or is no SIP URI although it says so.
    """
    if len(text) > URI_CHARS_MAX:
        raise MalformedUriError(text)
    found = _SIP_URI.fullmatch(text)
    if found is None:
        return _parse_other(text)
    scheme, user, password, address, name, port_text, params, headers = found.groups()
    if "%" in text:
        if _BAD_ESCAPE.search(text) is not None:
            raise MalformedUriError(text)
        user = None if user is None else _unescape(user)
        password = None if password is None else _unescape(password)
    port = None
    if port_text is not None:
        port = int(port_text)
        if not 0 < port < 65536:
            raise MalformedUriError(text)
    uri = SipUri(
        scheme.lower(),
        user,
        password,
        name or address,
        port,
        _parse_params(params) if params else (),
        _parse_headers(headers) if headers else (),
    )
    object.__setattr__(uri, "_text", text)
    return uri


def same_uri(one: Uri, other: Uri) -> bool:
    """Whether two URIs are equivalent by RFC 3261 §19.1.4 (not transitive, as the section admits).

    Deviates: an escaped reserved character equals the bare one, since fields hold no escapes.
    """
    if not isinstance(one, SipUri) or not isinstance(other, SipUri):
        return one == other
    if _fixed_parts(one) != _fixed_parts(other):
        return False
    ours, theirs = _by_name(one.params), _by_name(other.params)
    if any(ours[key] != theirs[key] for key in ours.keys() & theirs.keys()):
        return False
    # These five never match a URI without them; any other parameter on one side only is ignored.
    return not (ours.keys() ^ theirs.keys()) & {"user", "ttl", "method", "maddr", "transport"}


def _parse_other(text: str) -> OtherUri:
    found = _OTHER_URI.fullmatch(text)
    if found is None or found.group(1).lower() in ("sip", "sips"):
        raise MalformedUriError(text)
    return OtherUri(found.group(1).lower(), found.group(2))


def _parse_params(text: str) -> UriParams:
    params: list[tuple[str, str | None]] = []
    for item in text[1:].split(";"):
        name, equals, value = item.partition("=")
        params.append((_unescape(name).lower(), _unescape(value) if equals else None))
    return tuple(params)


def _parse_headers(text: str) -> Pairs:
    pairs: list[tuple[str, str]] = []
    for item in text.split("&"):
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise MalformedUriError(text)
        pairs.append((_unescape(name), _unescape(value)))
    return tuple(pairs)


def _by_name(params: UriParams) -> dict[str, str | None]:
    return {key: None if value is None else value.lower() for key, value in params}


def _fixed_parts(uri: SipUri) -> tuple[object, ...]:
    headers = sorted((name.lower(), value) for name, value in uri.headers)
    return (uri.scheme, uri.user, uri.password, uri.host.lower(), uri.port, headers)


def _unescape(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape") if "%" in text else text


def _escape(text: str, safe: str) -> str:
    if _PLAIN.fullmatch(text) is not None:
        return text
    return quote_from_bytes(text.encode("utf-8", "surrogateescape"), safe)


def format_host(host: str) -> str:
    """A host as it stands in a URI or a Via: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _write(uri: SipUri) -> str:
    parts = [uri.scheme, ":"]
    if uri.user is not None:
        parts.append(_escape(uri.user, _USER_SAFE))
        if uri.password is not None:
            parts += (":", _escape(uri.password, _PASSWORD_SAFE))
        parts.append("@")
    parts.append(format_host(uri.host))
    if uri.port is not None:
        parts.append(f":{uri.port}")
    for name, value in uri.params:
        parts += (";", _escape(name, _PARAM_SAFE))
        if value is not None:
            parts += ("=", _escape(value, _PARAM_SAFE))
    if uri.headers:
        pairs = (f"{_escape(name, _HEADER_SAFE)}={_escape(value, _HEADER_SAFE)}" for name, value in uri.headers)
        parts += ("?", "&".join(pairs))
    return "".join(parts)
