"""Who a leg is on the wire, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from switch.leg.commands import Fields
from switch.leg.info import PLAIN, RELAY

SDP: Final = "application/sdp"
METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE")
"""What a leg answers; whoever owns the agent may add methods outside of legs."""
ALLOW: Final = ", ".join(METHODS)
BODY_TYPES: Final = frozenset({SDP, RELAY, PLAIN})
ACCEPT: Final = f"{SDP}, {RELAY}, {PLAIN}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The same for all legs of one agent."""

    contact: str
    """The value of Contact: `<sip:host:port>`."""
    product: str
    """The value of Server and User-Agent."""

    def offering(self, description: bytes) -> Fields:
        """Fields of an INVITE, besides Contact."""
        return (("Allow", ALLOW), ("User-Agent", self.product), *_typed(description))

    def answering(self, description: bytes) -> Fields:
        """Fields of a 2xx to INVITE or UPDATE."""
        fields = (("Contact", self.contact), ("Allow", ALLOW), ("Server", self.product))
        return (*fields, *_typed(description))

    def ringing(self, description: bytes) -> Fields:
        """Fields of a provisional response."""
        return (("Contact", self.contact), ("Server", self.product), *_typed(description))


def _typed(description: bytes) -> Fields:
    return (("Content-Type", SDP),) if description else ()
