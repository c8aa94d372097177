"""The SIP trace that baresip prints, message by message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from switch.agent.observed import Observed, SipReceived, SipSent, without_secrets
from switch.sip.errors import SipError
from switch.sip.parse import parse_datagram

_BEGIN: Final = b"\x1b[36;1m#\n"
_END: Final = b"\x1b[;m\n"
_WAY: Final = re.compile(rb"UDP (?P<source>[\d.]+:\d+) -> (?P<target>[\d.]+:\d+)\n")

WAITING_MAX: Final = 1_000_000
"""Octets of a message that has not ended: its end never comes."""


class Trace:
    """Takes what baresip prints, in pieces, and gives its messages.

    Args:
        address: Its own, so that what it sent is known from what it received.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._own = b"%s:%d" % (address[0].encode(), address[1])
        self._waiting = b""

    def take(self, printed: bytes, now: float) -> Iterator[Observed]:
        """The messages that are whole with this piece; what is no SIP is left out."""
        waiting = self._waiting + printed
        while True:
            begin = waiting.find(_BEGIN)
            if begin < 0:
                # The mark may have come in part.
                waiting = waiting[-len(_BEGIN) :]
                break
            end = waiting.find(_END, begin)
            if end < 0:
                waiting = waiting[begin:][-WAITING_MAX:]
                break
            message, waiting = waiting[begin + len(_BEGIN) : end], waiting[end + len(_END) :]
            if (seen := self._read(message, now)) is not None:
                yield seen
        self._waiting = waiting

    def _read(self, text: bytes, now: float) -> Observed | None:
        way = _WAY.match(text)
        if way is None:
            return None
        try:
            message = without_secrets(parse_datagram(text[way.end() :]))
        except SipError:
            return None
        if way["source"] == self._own:
            return SipSent(now, _address(way["target"]), message)
        return SipReceived(now, _address(way["source"]), message)


def _address(text: bytes) -> tuple[str, int]:
    host, _, port = text.decode().rpartition(":")
    return host, int(port)
