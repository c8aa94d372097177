"""Suspicions of a third party in what a far end signals while it is called; pure.

Only what says it clearly counts: a number that was reached as it was dialled may name itself in History-Info too.
"""

from __future__ import annotations

import re
from typing import Final

from switch.sip.message import Response

BEING_FORWARDED: Final = 181
RETARGETED: Final = re.compile(r'index\s*=\s*"?1\.', re.IGNORECASE)
"""An entry below the first: the request went on from where it was sent (RFC 7044 §10.3)."""


def tells_of_forwarding(response: Response) -> bool:
    """Whether the answer to an INVITE says that the call went on to another number, or asks us to send it on.

    181 (RFC 3261 §21.1.3), a redirection (§21.3), History-Info (RFC 7044), Diversion (RFC 5806).
    """
    if response.cseq.method != "INVITE":
        return False
    if response.status == BEING_FORWARDED or response.status in range(300, 400):
        return True
    headers = response.headers
    return "Diversion" in headers.fields or any(map(RETARGETED.search, headers.fields.get("History-Info", ())))
