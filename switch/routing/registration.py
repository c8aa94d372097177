"""Answers REGISTER (RFC 3261 §10.3)."""

from __future__ import annotations

from dataclasses import dataclass

from switch.routing.accounts import Accounts, Denied
from switch.routing.registrar import (
    EXPIRES_DEFAULT,
    EXPIRES_MAX,
    EXPIRES_MIN,
    Binding,
    Registrar,
    StaleRegisterError,
    TooManyBindingsError,
)
from switch.sip.headers import NameAddr
from switch.sip.message import Request, Response, respond
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri


def register(
    request: Request,
    source: tuple[str, int],
    *,
    accounts: Accounts,
    registrar: Registrar,
    tokens: Tokens,
    now: float,
) -> Response:
    """The answer to a REGISTER; bindings are changed only when every check has passed."""
    to_tag = tokens.tag()
    who = accounts.authenticate(request, now)
    if isinstance(who, Denied):
        return respond(request, who.status, to_tag=to_tag, headers=who.headers)
    record = request.to.uri
    if not isinstance(record, SipUri) or record.user != who:
        return respond(request, 403, to_tag=to_tag, reason="Not Your Address Of Record")
    bindings = _wanted(request, source, now)
    if isinstance(bindings, Denied):
        return respond(request, bindings.status, to_tag=to_tag, headers=bindings.headers)
    try:
        if isinstance(bindings, Everything):
            registrar.unbind_all(who, request.call_id, request.cseq.number)
        else:
            registrar.bind(who, bindings, now)
    except StaleRegisterError:
        return respond(request, 500, to_tag=to_tag, reason="Out Of Order")
    except TooManyBindingsError:
        return respond(request, 403, to_tag=to_tag, reason="Too Many Contacts")
    contacts = [
        ("Contact", str(NameAddr("", live.contact).with_param("expires", max(1, round(live.expires_at - now)))))
        for live in registrar.bindings(who, now)
    ]
    return respond(request, 200, to_tag=to_tag, headers=contacts)


@dataclass(frozen=True, slots=True)
class Everything:
    """`Contact: *` with `Expires: 0`: forget all contacts (RFC 3261 §10.2.2)."""


def _wanted(request: Request, source: tuple[str, int], now: float) -> tuple[Binding, ...] | Everything | Denied:
    """The bindings a REGISTER asks for."""
    default = float(request.expires) if request.expires is not None else EXPIRES_DEFAULT
    if any(contact.is_star for contact in request.contacts):
        return Everything() if request.expires == 0 else Denied(400)
    wanted: list[Binding] = []
    for contact in request.contacts:
        if not isinstance(contact.uri, SipUri):
            return Denied(416)
        asked = contact.param("expires")
        seconds = min(float(asked) if asked else default, EXPIRES_MAX)
        if 0 < seconds < EXPIRES_MIN:
            return Denied(423, (("Min-Expires", str(round(EXPIRES_MIN))),))
        wanted.append(Binding(contact.uri, source, request.call_id, request.cseq.number, now + seconds))
    return tuple(wanted)
