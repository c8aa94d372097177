"""Session descriptions as values (RFC 8866). Attributes stay in order; lines we do not read are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")

Lines: TypeAlias = tuple[tuple[str, str], ...]
"""Lines that mean nothing to us, as letter and value, in their order."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An `a=` line: a property (`sendrecv`) or a value (`rtpmap:0 PCMU/8000`)."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line: whose session this is, and which version of it (RFC 8866 §5.2)."""

    username: str
    session_id: int
    version: int
    host: str


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """An `m=` line and what belongs to it (RFC 8866 §5.14); port 0 means that it is not used."""

    media: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    """Its own `c=` address, None where the session's counts."""
    attributes: tuple[Attribute, ...] = ()
    port_count: int = 1
    others: Lines = ()

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of a name: empty for a property, None where it is absent."""
        return _attribute(self.attributes, name)

    def values(self, name: str) -> list[str]:
        """The values of all attributes of a name."""
        return [item.value for item in self.attributes if item.name == name and item.value is not None]


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description."""

    origin: Origin
    media: tuple[MediaDescription, ...] = ()
    name: str = "-"
    host: str | None = None
    """The session's `c=` address."""
    timing: str = "0 0"
    attributes: tuple[Attribute, ...] = ()
    others: Lines = ()

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of the session: empty for a property, None where it is absent."""
        return _attribute(self.attributes, name)

    def host_of(self, media: MediaDescription) -> str | None:
        """Where a medium is to be sent (RFC 8866 §5.7)."""
        return media.host if media.host is not None else self.host

    def direction_of(self, media: MediaDescription) -> str:
        """The direction its describer wants: the medium's, else the session's, else both ways (RFC 3264 §5.1)."""
        for attributes in (media.attributes, self.attributes):
            for item in attributes:
                if item.value is None and item.name in DIRECTIONS:
                    return item.name
        return "sendrecv"


def line_rank(letter: str) -> int:
    """Where the grammar wants a line we do not read: 0 before `c=`, 1 between it and `t=`, 2 after (RFC 8866 §9)."""
    if letter in "iuep":
        return 0
    return 1 if letter == "b" else 2


def in_order(lines: Iterable[tuple[str, str]]) -> Lines:
    """Lines as the grammar wants them, as stable as that allows."""
    return tuple(sorted(lines, key=lambda line: line_rank(line[0])))


def parse_address(host: str) -> IPv4Address | IPv6Address | None:
    """An address that can be sent to or is unspecified; None for names, multicast and nonsense.

    An IPv4 address in IPv6 clothes comes back as IPv4.
    """
    try:
        found = ip_address(host)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return None if found.is_multicast or str(found) == "255.255.255.255" else found


def _attribute(attributes: tuple[Attribute, ...], name: str) -> str | None:
    for item in attributes:
        if item.name == name:
            return "" if item.value is None else item.value
    return None
