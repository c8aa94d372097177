"""Call flows as RFC 3665 draws them, seen from one telephone: `-> INVITE` leaves it, `<- 180` reaches it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

METHODS: Final = ("INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "INFO", "OPTIONS")
"""What telephones and the switch say to each other."""

REGISTER: Final = "REGISTER"
SENT: Final = "->"
RECEIVED: Final = "<-"

_STATUS: Final = r"[1-6][0-9]{2}"
_ARROW: Final = re.compile(r"\s*(?P<arrow>->|<-)\s*(?P<name>\S.*?)\s*")
_NAME: Final = re.compile(rf"(?P<status>{_STATUS})(?: to (?P<method>[A-Z]+))?|(?P<request>[A-Z]+)")
_PATTERN: Final = rf"^\s*(->|<-)\s*({_STATUS}( to ({'|'.join(METHODS)}))?|{'|'.join(METHODS)})\s*$"
_EXAMPLE: Final = '"-> INVITE" for what the telephone sends, "<- 200" or "<- 200 to BYE" for what it gets'


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message of a flow."""

    is_sent: bool
    name: str
    """`INVITE`, `200`, `200 to BYE`."""

    @property
    def method(self) -> str | None:
        """The method of a request, or the one a status says it answers; None for a bare status."""
        found = _NAME.fullmatch(self.name)
        return None if found is None else found["request"] or found["method"]

    def fits(self, other: Arrow) -> bool:
        """Whether this line means that message; a bare status answers anything."""
        return self.is_sent is other.is_sent and self.name in {other.name, other.name.partition(" to ")[0]}

    def __str__(self) -> str:
        return f"{SENT if self.is_sent else RECEIVED} {self.name}"


def parse_arrow(value: object) -> Arrow:
    """Read a line of a flow.

    Raises:
        ValueError: It is none; says what to write instead.
    """
    if isinstance(value, Arrow):
        return value
    found = _ARROW.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} has no arrow; write {_EXAMPLE}")
    name = _NAME.fullmatch(found["name"])
    if name is None:
        raise ValueError(f"{value!r} names no message; write {_EXAMPLE}")
    method = name["request"] or name["method"]
    if method is not None and method not in METHODS:
        close = difflib.get_close_matches(method, METHODS, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(METHODS)}"
        raise ValueError(f"{value!r}: there is no request {method}; {hint}")
    return Arrow(found["arrow"] == SENT, found["name"])


def concerned(wanted: Sequence[Arrow], found: Sequence[Arrow]) -> list[Arrow]:
    """The messages a flow is about: without registrations if it names none, and without calls if it names no other."""
    named = {arrow.method for arrow in wanted} - {None}
    if REGISTER not in named:
        return [arrow for arrow in found if arrow.method != REGISTER]
    if named == {REGISTER}:
        return [arrow for arrow in found if arrow.method == REGISTER]
    return list(found)


def difference(wanted: Sequence[Arrow], found: Sequence[Arrow]) -> str:
    """Where two flows part, in words; empty where they do not."""
    for index in range(max(len(wanted), len(found))):
        ours = wanted[index] if index < len(wanted) else None
        theirs = found[index] if index < len(found) else None
        if ours is not None and theirs is not None and ours.fits(theirs):
            continue
        instead = "nothing more" if theirs is None else f"`{theirs}`"
        expected = "nothing more" if ours is None else f"`{ours}`"
        return f"message {index + 1} is {instead}, expected {expected}; the whole flow is {flow_text(found)}"
    return ""


def flow_text(flow: Sequence[Arrow]) -> str:
    """A flow on one line, as it would be written."""
    return f"[{', '.join(map(str, flow))}]"


ArrowLine = Annotated[
    Arrow,
    BeforeValidator(parse_arrow),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PATTERN,
            "description": "A message of a call flow, as the telephone sees it.",
            "examples": ["-> INVITE", "<- 180", "<- 200 to BYE"],
        }
    ),
]
Flow = list[ArrowLine]
