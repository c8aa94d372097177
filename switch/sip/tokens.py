"""Identifiers that must be unlike any other (RFC 3261 §8.1.1.4, §8.1.1.7, §19.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switch.sip.headers import MAGIC_COOKIE

if TYPE_CHECKING:
    from random import Random


class Tokens:
    """Makes identifiers out of the given chance: a seeded one in tests, the system's own in production."""

    __slots__ = ("_random",)

    def __init__(self, random: Random) -> None:
        self._random = random

    def branch(self) -> str:
        """A transaction's id: 72 bits behind the cookie."""
        return f"{MAGIC_COOKIE}{self._random.getrandbits(72):018x}"

    def tag(self) -> str:
        """One side's half of a dialog's id: 64 bits, twice what §19.3 asks for."""
        return f"{self._random.getrandbits(64):016x}"

    def call_id(self, host: str) -> str:
        """A Call-ID: 96 bits and the host."""
        return f"{self._random.getrandbits(96):024x}@{host}"

    def cnonce(self) -> str:
        """A client's nonce for digests: 64 bits."""
        return f"{self._random.getrandbits(64):016x}"

    def session_id(self) -> int:
        """The number in the origin line of a description: 62 bits, so that versions have room to count up."""
        return self._random.getrandbits(62)
