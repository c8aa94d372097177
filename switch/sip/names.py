"""Names of header fields: one spelling each (RFC 3261 §7.3.1, §7.3.3 and the registry)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from switch.sip.errors import MalformedHeaderError
from switch.sip.grammar import is_token

COMPACT_FORMS: Final[dict[str, str]] = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

_SPELLINGS: Final = """
Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info
Authorization Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length
Content-Type CSeq Date Diversion Error-Info Event Expires From History-Info Identity Identity-Info In-Reply-To
Max-Forwards MIME-Version Min-Expires Min-SE Organization P-Access-Network-Info P-Asserted-Identity
P-Preferred-Identity Path Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason
Record-Route Refer-To Referred-By Reject-Contact Remote-Party-ID Replaces Reply-To Request-Disposition Require
Retry-After Route RSeq Server Service-Route Session-Expires Session-ID Subject Subscription-State Supported
Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate
"""

_BY_LOWER: Final = {**COMPACT_FORMS, **{name.lower(): name for name in _SPELLINGS.split()}}

COMMON: Final[dict[str, str]] = {
    **{name: name for name in _SPELLINGS.split()},
    **{name.upper(): name for name in _SPELLINGS.split()},
    **_BY_LOWER,
    **{short.upper(): name for short, name in COMPACT_FORMS.items()},
}
"""The spellings that are seen in practice; any other goes through `canonical_name`."""

_NAMES_KEPT: Final = 1024
"""Peers invent a few dozen names each; beyond a thousand somebody is playing."""

_NAME_CHARS_MAX: Final = 256
"""Longer than any registered name by far, and it keeps the cache small."""


@lru_cache(maxsize=_NAMES_KEPT)
def canonical_name(name: str) -> str:
    """The one spelling of a header field's name, compact forms resolved.

    Raises:
        MalformedHeaderError: The name is not a token, or is absurdly long.
    """
    if len(name) > _NAME_CHARS_MAX or not is_token(name):
        raise MalformedHeaderError(name[:40], "(name)")
    lower = name.lower()
    return _BY_LOWER.get(lower) or "-".join([part.capitalize() for part in lower.split("-")])
