"""Keys in INFO: `application/dtmf-relay` (lines `Signal=5`, `Duration=160`) and `application/dtmf` (the key alone).

Neither was ever standardised; this reads what softphones send.
"""

from __future__ import annotations

from typing import Final

RELAY: Final = "application/dtmf-relay"
PLAIN: Final = "application/dtmf"
KEYS: Final = frozenset("0123456789*#ABCD")
BODY_SIZE_MAX: Final = 256
"""Octets looked at: a key and a duration need about 30."""
KEY_MILLISECONDS: Final = 160
"""How long a key of ours is said to be held: a common press, well above the 40 ms every detector wants."""

_BY_EVENT_NUMBER: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def read_key(media_type: str, body: bytes) -> str | None:
    """The key of an INFO body, None where there is none that we know.

    Args:
        media_type: Content-Type without parameters, in lower case.
        body: The body as received.
    """
    text = body[:BODY_SIZE_MAX].decode("latin-1").strip()
    if media_type == PLAIN:
        return _key(text.partition("\n")[0])
    if media_type != RELAY:
        return None
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "signal":
            return _key(value)
    return None


def write_key(key: str) -> bytes:
    """A body of `application/dtmf-relay`."""
    assert key in KEYS, key
    return f"Signal={key}\r\nDuration={KEY_MILLISECONDS}\r\n".encode()


def _key(text: str) -> str | None:
    key = text.strip().upper()
    key = _BY_EVENT_NUMBER.get(key, key)
    return key if key in KEYS else None
