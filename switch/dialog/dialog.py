"""One peer-to-peer relation between two user agents (RFC 3261 §12).

A dialog makes the requests sent within it and judges those received. It knows neither Via nor
transactions: the shell adds the one and runs the other. It can be written down as JSON, so that a
process started after a crash can still send BYE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from switch.sip.errors import SipError
from switch.sip.fields import Headers
from switch.sip.message import Request, Response
from switch.sip.uri import SipUri, Uri, parse_uri

MAX_FORWARDS: Final = "70"
"""The initial value that RFC 3261 §8.1.1.6 recommends."""

CSEQ_MAX: Final = 2**31 - 1
"""CSeq numbers stay below 2**31 (§8.1.1.5)."""

ROUTES_MAX: Final = 20
"""Record-Route entries kept: no sane path crosses more proxies, and each is resent on every request."""


class DialogId(NamedTuple):
    """What names a dialog at this end (§12). A peer of RFC 2543 may leave its tag out: empty."""

    call_id: str
    local_tag: str
    remote_tag: str


class Dialog:
    """State of one dialog. `local` and `remote` are the From and To values of our requests."""

    __slots__ = (
        "id",
        "is_secure",
        "local",
        "local_cseq",
        "remote",
        "remote_cseq",
        "remote_target",
        "route_set",
    )

    def __init__(
        self,
        dialog_id: DialogId,
        *,
        local: str,
        remote: str,
        local_cseq: int,
        remote_cseq: int | None,
        route_set: tuple[str, ...],
        remote_target: Uri,
        is_secure: bool = False,
    ) -> None:
        self.id = dialog_id
        self.local = local
        self.remote = remote
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.route_set = route_set[:ROUTES_MAX]
        self.remote_target = remote_target
        self.is_secure = is_secure

    @property
    def next_hop(self) -> Uri:
        """Where requests go: the first route, else the remote target (§12.2.1.1, §8.1.2)."""
        return _route_uri(self.route_set[0]) if self.route_set else self.remote_target

    def request(
        self,
        method: str,
        *,
        contact: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Request:
        """Make the next request of this dialog (§12.2.1.1); its CSeq is one higher than the last."""
        self.local_cseq += 1
        assert self.local_cseq <= CSEQ_MAX, "a dialog never lives for two billion requests"
        return self._build(method, self.local_cseq, contact, headers, body)

    def ack(self, number: int, *, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> Request:
        """Make the ACK of a 2xx to the INVITE with this CSeq number (§13.2.2.4)."""
        return self._build("ACK", number, None, headers, body)

    def is_in_order(self, request: Request) -> bool:
        """Take note of a received request's CSeq; False asks for 500 (§12.2.2)."""
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh_target(self, message: Request | Response) -> None:
        """Follow the Contact of a target refresh: INVITE, UPDATE, or a 2xx to one (§12.2.1.2, §12.2.2)."""
        self.remote_target = contact_uri(message) or self.remote_target

    def facts(self) -> dict[str, Any]:
        """What there is to know, as JSON has it."""
        return {
            "id": list(self.id),
            "local": self.local,
            "remote": self.remote,
            "local_cseq": self.local_cseq,
            "remote_cseq": self.remote_cseq,
            "route_set": list(self.route_set),
            "remote_target": str(self.remote_target),
            "is_secure": self.is_secure,
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Dialog:
        """The dialog of these facts.

        Raises:
            ValueError: They are not what `facts` returns.
        """
        try:
            call_id, local_tag, remote_tag = facts["id"]
            return cls(
                DialogId(str(call_id), str(local_tag), str(remote_tag)),
                local=str(facts["local"]),
                remote=str(facts["remote"]),
                local_cseq=int(facts["local_cseq"]),
                remote_cseq=None if facts["remote_cseq"] is None else int(facts["remote_cseq"]),
                route_set=tuple(str(route) for route in facts["route_set"]),
                remote_target=parse_uri(str(facts["remote_target"])),
                is_secure=bool(facts["is_secure"]),
            )
        except (KeyError, TypeError, SipError) as error:
            raise ValueError(f"not the facts of a dialog: {error!r}") from error

    def to_json(self) -> str:
        """Write the dialog down."""
        return json.dumps(self.facts())

    @classmethod
    def from_json(cls, text: str) -> Dialog:
        """Read a dialog back.

        Raises:
            ValueError: The text is not what `to_json` writes.
        """
        return cls.from_facts(json.loads(text))

    def _build(
        self,
        method: str,
        number: int,
        contact: str | None,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> Request:
        uri, routes = self._path()
        fields = [("Max-Forwards", MAX_FORWARDS)]
        fields += [("Route", route) for route in routes]
        fields += [
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.id.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        if contact is not None:
            fields.append(("Contact", contact))
        fields += headers
        return Request(method, uri, Headers(fields), body)

    def _path(self) -> tuple[Uri, tuple[str, ...]]:
        """Request-URI and Route values; a first route without `lr` is a strict router (§12.2.1.1)."""
        if not self.route_set:
            return self.remote_target, ()
        first = _route_uri(self.route_set[0])
        if not isinstance(first, SipUri) or first.param("lr") is not None:
            return self.remote_target, self.route_set
        kept = tuple((name, value) for name, value in first.params if name != "method")
        return replace(first, params=kept, headers=()), (*self.route_set[1:], f"<{self.remote_target}>")


def answering_dialog(request: Request, *, local_tag: str) -> Dialog:
    """The dialog that our 101-299 answer to an INVITE makes (§12.1.1)."""
    return Dialog(
        DialogId(request.call_id, local_tag, request.from_.tag or ""),
        local=tagged(request.headers.get("To") or "", local_tag),
        remote=request.headers.get("From") or "",
        local_cseq=0,
        remote_cseq=request.cseq.number,
        route_set=tuple(str(route) for route in request.record_routes),
        remote_target=contact_uri(request) or request.from_.uri,
        is_secure=request.uri.scheme == "sips",
    )


def calling_dialog(request: Request, response: Response) -> Dialog:
    """The dialog that a 101-299 answer to our INVITE makes (§12.1.2)."""
    return Dialog(
        DialogId(request.call_id, request.from_.tag or "", response.to.tag or ""),
        local=request.headers.get("From") or "",
        remote=response.headers.get("To") or "",
        local_cseq=request.cseq.number,
        remote_cseq=None,
        route_set=tuple(str(route) for route in reversed(response.record_routes)),
        remote_target=contact_uri(response) or request.uri,
        is_secure=request.uri.scheme == "sips",
    )


def contact_uri(message: Request | Response) -> Uri | None:
    """The URI of a message's Contact, None where there is none, or only `*`."""
    for contact in message.contacts:
        if not contact.is_star:
            return contact.uri
    return None


def tagged(value: str, tag: str) -> str:
    """A To value with our tag."""
    return f"{value};tag={tag}"


def _route_uri(value: str) -> Uri:
    inside = value.partition("<")[2].partition(">")[0]
    return parse_uri(inside or value)
