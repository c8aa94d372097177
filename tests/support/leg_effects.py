"""Effects of a leg in short: what was told, and what went where."""

from __future__ import annotations

from random import Random

from switch.leg.effects import AbandonInvite, Effect, Reply, SendAck, SendCancel, SendRequest, Tell
from switch.leg.endpoint import Endpoint
from switch.leg.events import LegEvent

ENDPOINT = Endpoint("<sip:switch@192.0.2.2:5060>", "payphone-test")


def chance() -> Random:
    return Random(7)


def short(effects: list[Effect]) -> list[str | LegEvent]:
    """Events as they are; `200 INVITE` for a reply, `send BYE`, `ack`, `cancel`, `abandon` for the rest."""
    return [_short(effect) for effect in effects]


def _short(effect: Effect) -> str | LegEvent:
    match effect:
        case Tell(event=event):
            return event
        case Reply(response=response):
            return f"{response.status} {response.cseq.method}"
        case SendRequest(request=request):
            return f"send {request.method}"
        case SendAck():
            return "ack"
        case SendCancel():
            return "cancel"
        case AbandonInvite():
            return "abandon"
