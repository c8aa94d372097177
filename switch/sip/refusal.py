"""What a user agent server must refuse before it acts, in the order of RFC 3261 §8.2.

The front door asks once for each request outside a dialog and answers with what it gets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from switch.sip.errors import MalformedHeaderError
from switch.sip.grammar import find_param, parse_params
from switch.sip.message import Request
from switch.sip.methods import ACK, CANCEL, INVITE, KNOWN_METHODS, REGISTER
from switch.sip.status import Status
from switch.sip.uri import SipUri


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, and the header fields that tell the sender what would have passed."""

    status: Status
    headers: tuple[tuple[str, str], ...] = ()


def refuse_unsupported(
    request: Request,
    *,
    methods: Collection[str],
    extensions: Collection[str],
    schemes: Collection[str],
    body_types: Collection[str],
) -> Refusal | None:
    """Say what is wrong with asking this of us, None where nothing is.

    ACK and CANCEL are never refused here: the one has no answer, the other must not carry a Require
    (RFC 3261 §8.2.2.3).

    Args:
        request: What is asked.
        methods: What we serve; a method unknown to everybody gets 501, a known one 405.
        extensions: Option tags a Require may name (420).
        schemes: Schemes of a Request-URI, in lower case (416).
        body_types: Media types we read and write, in lower case (415, 406).
    """
    if request.method in (ACK, CANCEL):
        return None
    if request.method not in methods:
        allow = (("Allow", ", ".join(methods)),)
        known = request.method in KNOWN_METHODS
        return Refusal(Status.METHOD_NOT_ALLOWED if known else Status.NOT_IMPLEMENTED, allow)
    if request.uri.scheme not in schemes:
        return Refusal(Status.UNSUPPORTED_URI_SCHEME)
    if request.method == REGISTER and not isinstance(request.to.uri, SipUri):
        # An address of record is a SIP URI (RFC 3261 §10.3 step 5, RFC 4475 §3.3.4).
        return Refusal(Status.BAD_REQUEST)
    unknown = [tag for tag in request.require if tag.lower() not in extensions]
    if unknown:
        return Refusal(Status.BAD_EXTENSION, (("Unsupported", ", ".join(unknown)),))
    return _refuse_content(request, body_types)


def _refuse_content(request: Request, body_types: Collection[str]) -> Refusal | None:
    if request.body and not _is_optional(request):
        if request.content_type is None:
            return Refusal(Status.BAD_REQUEST)
        if request.content_type not in body_types:
            return Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept", ", ".join(body_types)),))
        codings = ",".join(request.headers.all("Content-Encoding")).lower().split(",")
        if not {coding.strip(" \t") for coding in codings} <= {"", "identity"}:
            return Refusal(Status.UNSUPPORTED_MEDIA_TYPE, (("Accept-Encoding", "identity"),))
    if request.method == INVITE and not _accepts(request, body_types):
        warning = '399 payphone "the answer would be application/sdp"'
        return Refusal(Status.NOT_ACCEPTABLE, (("Warning", warning),))
    return None


def _is_optional(request: Request) -> bool:
    """Whether the sender says that the body may be passed over (RFC 3261 §20.11)."""
    disposition = request.headers.get("Content-Disposition")
    if disposition is None:
        return False
    start = disposition.find(";")
    if start < 0:
        return False
    try:
        params = parse_params("Content-Disposition", disposition, start)
    except MalformedHeaderError:
        return False
    return (find_param(params, "handling") or "").lower() == "optional"


def _accepts(request: Request, body_types: Collection[str]) -> bool:
    """Whether an answer of ours would be readable; without Accept it is application/sdp (RFC 3261 §20.1)."""
    values = request.headers.all("Accept")
    if not values:
        return True
    ranges = {element.partition(";")[0].strip(" \t").lower() for value in values for element in value.split(",")}
    return any(accepted in ranges for kind in body_types for accepted in ("*/*", f"{kind.partition('/')[0]}/*", kind))
