"""Names of the methods that are registered for SIP (RFC 3261 §7.1 and its extensions)."""

from __future__ import annotations

from typing import Final

INVITE: Final = "INVITE"
ACK: Final = "ACK"
BYE: Final = "BYE"
CANCEL: Final = "CANCEL"
OPTIONS: Final = "OPTIONS"
REGISTER: Final = "REGISTER"
PRACK: Final = "PRACK"
INFO: Final = "INFO"
UPDATE: Final = "UPDATE"
MESSAGE: Final = "MESSAGE"
NOTIFY: Final = "NOTIFY"
PUBLISH: Final = "PUBLISH"
REFER: Final = "REFER"
SUBSCRIBE: Final = "SUBSCRIBE"

KNOWN_METHODS: Final = frozenset(
    {
        INVITE,
        ACK,
        BYE,
        CANCEL,
        OPTIONS,
        REGISTER,
        PRACK,
        INFO,
        UPDATE,
        MESSAGE,
        NOTIFY,
        PUBLISH,
        REFER,
        SUBSCRIBE,
    }
)
"""Known but not served is 405; unknown is 501 (RFC 3261 §21.5.2). Method names are case-sensitive."""
