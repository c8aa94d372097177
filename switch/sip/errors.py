"""Faults in what a peer sent. Raised while parsing, caught once, at the front door."""

from __future__ import annotations

from switch.sip.status import Status


class SipError(Exception):
    """A message, or a part of one, is not what RFC 3261 allows.

    Attributes:
        status: What to answer with, where an answer is due at all.
    """

    def __init__(self, text: str, status: Status = Status.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


class MalformedUriError(SipError):
    """A URI does not match its grammar (RFC 3261 §25.1)."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:200]!r} is not a URI")
        self.text = text


class MalformedHeaderError(SipError):
    """A header field does not match its grammar, or its number is out of range."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name}: {value[:200]!r} does not match its grammar")
        self.name = name
        self.value = value


class MissingHeaderError(SipError):
    """A header field that every message must have is absent (RFC 3261 §8.1.1)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing")
        self.name = name


class RepeatedHeaderError(SipError):
    """A header field that may stand once stands twice (RFC 4475 §3.3.8)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} stands more than once")
        self.name = name


class StartLineError(SipError):
    """The first line is neither a request line nor a status line (RFC 3261 §7.1, §7.2)."""


class FramingError(SipError):
    """Where the header or the body ends cannot be told, or a limit is exceeded."""


class MethodMismatchError(SipError):
    """CSeq names another method than the request line (RFC 4475 §3.1.2.17)."""
