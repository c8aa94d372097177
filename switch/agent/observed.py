"""What an agent shows of its traffic, for a call's timeline. Secrets are cut out before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from switch.agent.addresses import Address
from switch.sip.message import Request, Response

SECRETS: Final = ("Authorization", "Proxy-Authorization")
HIDDEN: Final = "Digest (hidden)"


@dataclass(frozen=True, slots=True)
class SipSent:
    """A message left."""

    at: float
    peer: Address
    message: Request | Response


@dataclass(frozen=True, slots=True)
class SipReceived:
    """A well-formed message arrived."""

    at: float
    peer: Address
    message: Request | Response


Observed = SipSent | SipReceived


def without_secrets(message: Request | Response) -> Request | Response:
    """The message to show: digest answers are hidden."""
    headers = message.headers
    for name in SECRETS:
        if name in headers.fields:
            headers = headers.replace(name, HIDDEN)
    return message if headers is message.headers else message.with_headers(headers)
