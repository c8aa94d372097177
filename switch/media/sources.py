"""What speaks for the source of a packet: who talked to a switch that died may still send to its ports, and type."""

from __future__ import annotations

from enum import IntEnum

from switch.media.control import Address


class Standing(IntEnum):
    """The more speaks for a source, the rather it is latched: it takes over a leg from one of less."""

    NONE = 0
    PART = 1
    """It has the host or the port of the description, or the host of the signalling: a translator of addresses changed
    the rest, or a host of several addresses took another for its audio, as baresip does."""
    ADDRESS = 2
    """It is what the description told."""


def standing_of(source: Address, told: Address | None, signalled_from: str) -> Standing:
    """What speaks for a source, by the address the description told and the host its signalling comes from."""
    if source == told:
        return Standing.ADDRESS
    (host, port), (told_host, told_port) = source, told or ("", 0)
    return Standing.PART if host in {told_host, signalled_from} or port == told_port else Standing.NONE
