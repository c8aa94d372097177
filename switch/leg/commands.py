"""What a call tells a leg, in the imperative."""

from __future__ import annotations

from dataclasses import dataclass

Fields = tuple[tuple[str, str], ...]
"""Header fields: names and values."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Send a provisional response (inbound, before the answer)."""

    status: int = 180
    description: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """Accept the INVITE with 200 (inbound)."""

    description: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the INVITE with 300 to 699 (inbound)."""

    status: int
    reason: str | None = None
    headers: Fields = ()


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the leg in whatever way its state allows: BYE, CANCEL, or 480."""

    headers: Fields = ()
    """For the BYE, say `Reason` (RFC 3326)."""


@dataclass(frozen=True, slots=True)
class Reoffer:
    """Send a re-INVITE with this description."""

    description: bytes


@dataclass(frozen=True, slots=True)
class AnswerReoffer:
    """Accept the re-INVITE or UPDATE that was told by `Reoffered`."""

    description: bytes


@dataclass(frozen=True, slots=True)
class RefuseReoffer:
    """Refuse it; the session stays as it was."""

    status: int = 488


@dataclass(frozen=True, slots=True)
class SendInfo:
    """Send a key as INFO with application/dtmf-relay."""

    key: str


Command = Ring | Answer | Refuse | HangUp | Reoffer | AnswerReoffer | RefuseReoffer | SendInfo
