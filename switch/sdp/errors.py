"""Faults in what a peer described."""

from __future__ import annotations


class SdpError(Exception):
    """A description cannot be used."""


class MalformedDescriptionError(SdpError):
    """A line does not match its grammar (RFC 8866 §9), or a limit is exceeded."""

    def __init__(self, line: int, text: str, reason: str) -> None:
        super().__init__(f"line {line}: {text[:100]!r}: {reason}")
        self.line = line


class NegotiationError(SdpError):
    """An answer does not fit the offer it answers (RFC 3264 §6)."""
