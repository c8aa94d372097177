"""Answers that are the same whatever state a leg is in."""

from __future__ import annotations

from random import Random

from switch.leg.effects import Reply
from switch.leg.endpoint import ACCEPT, ALLOW
from switch.sip.message import Request, respond


def answer_plainly(request: Request, *, to_tag: str | None) -> Reply:
    """Answer a request that changes nothing: OPTIONS with what we can, any method not ours with 405."""
    if request.method == "OPTIONS":
        fields = (("Allow", ALLOW), ("Accept", ACCEPT))
        return Reply(request, respond(request, 200, to_tag=to_tag, headers=fields))
    return Reply(request, respond(request, 405, to_tag=to_tag, headers=(("Allow", ALLOW),)))


def glare_wait(chance: Random, *, is_caller: bool) -> float:
    """Seconds until a re-INVITE that met 491 is sent again (RFC 3261 §14.1).

    Who made the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms.
    """
    return (chance.randint(210, 400) if is_caller else chance.randint(0, 200)) / 100
