"""What can be saved of a broken request, so that its sender can be told (RFC 3261 §8.2.6, RFC 4475).

Off the usual path and tolerant on purpose: nothing here raises, and nothing it finds is acted upon.
"""

from __future__ import annotations

import re
from typing import Final

from switch.sip.fields import Headers
from switch.sip.headers import Via, salvage_via
from switch.sip.message import COPIED, Request
from switch.sip.methods import ACK
from switch.sip.names import COMMON
from switch.sip.uri import OtherUri

SALVAGED_BYTES_MAX: Final = 16_384
"""How far into a broken request we look for its Via: four times the longest header of RFC 4475."""

_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(r"(?:\r\n|\r|\n)[ \t]+")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_REQUEST_LINE: Final = re.compile(
    r"[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+(?![ \t])(.*)SIP/[0-9]", re.IGNORECASE | re.DOTALL
)


def salvage(data: bytes) -> tuple[Request, Via] | None:
    """Read the header fields that a response must copy, and the hop it goes to.

    None means silence: not recognisably a request, an ACK (which is never answered), or no Via to answer to.
    """
    data = data.lstrip(b"\r\n")[:SALVAGED_BYTES_MAX]
    end = _END.search(data)
    head = (data if end is None else data[: end.start()]).decode("utf-8", "surrogateescape")
    start, *lines = _LINE_END.split(_FOLD.sub(" ", head))
    found = _REQUEST_LINE.match(start)
    if found is None or found.group(1) == ACK:
        return None
    fields: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = COMMON.get(name.rstrip(" \t"))
        # Vias are all copied; of anything else the first stands for all (RFC 4475 §3.3.8 repeats them).
        if key in COPIED and (key == "Via" or key not in fields):
            fields[key] = (*fields.get(key, ()), value.strip(" \t"))
    via = salvage_via(fields["Via"][0]) if "Via" in fields else None
    if via is None:
        return None
    return Request(found.group(1), OtherUri("", found.group(2).strip(" \t")), Headers.of(fields)), via
