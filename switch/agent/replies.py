"""Answers to requests outside of calls.

Their To tag is a keyed hash of what a retransmission repeats, so that the same request has the same
answer although nothing was kept of it (RFC 3261 §8.2.7), and the ACK of such an answer is known again.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from switch.leg.commands import Fields
from switch.leg.endpoint import ACCEPT, BODY_TYPES
from switch.sip.message import Request, Response, respond
from switch.sip.refusal import refuse_unsupported

RETRY_AFTER: Final = "5"
"""Seconds told with 503: long enough for a burst to pass, short enough for a person who redials."""

_SCHEMES: Final = ("sip", "sips", "tel")
_TAG_CHARS: Final = 16
"""64 bits, twice what §19.3 asks for."""


class Replies:
    """Builds the responses of one agent.

    Args:
        key: What nobody outside can guess; it makes the tags.
        product: For Server.
        methods: What is served.
        extensions: Option tags understood in Require.
    """

    __slots__ = ("_extensions", "_key", "_methods", "_product")

    def __init__(self, *, key: bytes, product: str, methods: tuple[str, ...], extensions: tuple[str, ...]) -> None:
        self._key = key
        self._product = product
        self._methods = methods
        self._extensions = extensions

    def reply(
        self, request: Request, status: int, *, headers: Fields = (), body: bytes = b"", reason: str | None = None
    ) -> Response:
        """A response with a tag of ours, the same for each retransmission of the request."""
        fields = (("Server", self._product), *headers)
        return respond(request, status, to_tag=self._tag(request), headers=fields, body=body, reason=reason)

    def busy(self, request: Request) -> Response:
        """503: something is at its limit."""
        return self.reply(request, 503, headers=(("Retry-After", RETRY_AFTER),))

    def unsupported(self, request: Request) -> Response | None:
        """The refusal of what nobody here could serve, in the order of §8.2; None where nothing is wrong."""
        refusal = refuse_unsupported(
            request,
            methods=self._methods,
            extensions=self._extensions,
            schemes=_SCHEMES,
            body_types=BODY_TYPES,
        )
        return None if refusal is None else self.reply(request, refusal.status, headers=refusal.headers)

    def by_method(self, request: Request) -> Response:
        """The answer to a request outside of dialogs that nobody else has answered."""
        allow = ", ".join(self._methods)
        match request.method:
            case "OPTIONS":
                fields = (("Allow", allow), ("Accept", ACCEPT), ("Supported", ", ".join(self._extensions)))
                return self.reply(request, 200, headers=fields)
            case "BYE" | "INFO" | "UPDATE":  # only legal within a dialog
                return self.reply(request, 481)
            case _:
                return self.reply(request, 405, headers=(("Allow", allow),))

    def is_ack_of_reply(self, ack: Request) -> bool:
        """Whether this ACK confirms a refusal built here; it repeats the branch of the INVITE (§17.1.1.3)."""
        tag = ack.to.tag or ""
        return hmac.compare_digest(tag.encode("utf-8", "surrogateescape"), self._tag(ack).encode())

    def _tag(self, request: Request) -> str:
        via = request.via
        sent_by = f"{via.host}:{via.port}"
        facts = (via.branch or "", sent_by, request.call_id, request.from_.tag or "", str(request.cseq.number))
        text = "\0".join(facts).encode("utf-8", "surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_TAG_CHARS]
