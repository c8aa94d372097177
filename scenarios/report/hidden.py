"""What no report shows: PINs, digest answers and the keys of media, wherever they would stand.

The agent hides digests and runners hide PINs already; a page that is passed on is looked through once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from scenarios.play.result import CallSeen, KeyPressed
from scenarios.report.ladder import HIDDEN_KEY
from switch.call.timeline import CALLER, Kind

HIDDEN: Final = "(hidden)"

PIN_JUDGED: Final = "PIN "
"""How the timeline begins to say that a PIN was accepted, or was not."""

LINES: Final = re.IGNORECASE | re.MULTILINE

SECRETS: Final = (
    # RFC 3261 §20.7, §20.28; a header may be folded over several lines (§7.3.1).
    (re.compile(r"^((?:Proxy-)?Authorization[ \t]*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", LINES), rf"\1 {HIDDEN}"),
    # RFC 4568 §9.1: the key of SRTP, in the clear.
    (re.compile(r"^(a=crypto:[^\r\n]*?inline:)[^\s|;]+", LINES), rf"\1{HIDDEN}"),
    # Keys as SIP INFO: `application/dtmf-relay` (`Signal=5`) and `application/dtmf` (a lone character).
    (re.compile(r"^(Signal[ \t]*=[ \t]*)[^\r\n]+", LINES), rf"\g<1>{HIDDEN_KEY}"),
)
LONE_KEY: Final = re.compile(r"\A(INFO .*?\r?\n\r?\n)\s*[0-9A-D*#]\s*\Z", re.IGNORECASE | re.DOTALL)


def without_secrets(message: str) -> str:
    """A SIP message to show."""
    for pattern, shown in SECRETS:
        message = pattern.sub(shown, message)
    return LONE_KEY.sub(rf"\g<1>{HIDDEN_KEY}", message)


def secret_until(call: CallSeen) -> float:
    """Until when the caller's keys are dots: the last judgement of a PIN, or the end where none was judged."""
    judged = [item.at for item in call.timeline if item.kind == Kind.STATE.value and item.text.startswith(PIN_JUDGED)]
    return max(judged, default=float("inf"))


def keys_shown(call: CallSeen) -> dict[str, Sequence[KeyPressed]]:
    """The keys of both parties as they may be shown, in order."""
    until = secret_until(call)
    shown: dict[str, list[KeyPressed]] = {}
    for phone in call.phones:
        hidden_until = until if phone.party == CALLER else float("-inf")
        shown.setdefault(phone.party, []).extend(_dotted(phone.keys, hidden_until))
    return {party: sorted(keys, key=lambda each: each.at) for party, keys in shown.items()}


def _dotted(keys: Iterable[KeyPressed], until: float) -> list[KeyPressed]:
    return [KeyPressed(each.at, HIDDEN_KEY) if each.at <= until else each for each in keys]
