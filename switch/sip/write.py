"""Values to bytes (RFC 3261 §7)."""

from __future__ import annotations

from switch.sip.message import Request, Response


def write(message: Request | Response) -> bytes:
    """Write a message; Content-Length is counted here.

    Raises:
        AssertionError: A header field or the start line holds a line end. Parsed values cannot; whoever put
            it there would have let somebody smuggle header fields in.
    """
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} SIP/2.0"
    else:
        start = f"SIP/2.0 {message.status} {message.reason}"
    lines = [f"{name}: {value}" for name, values in message.headers.fields.items() for value in values]
    head = "\r\n".join((start, *lines, f"Content-Length: {len(message.body)}\r\n\r\n"))
    line_ends = len(lines) + 3
    if head.count("\n") != line_ends or head.count("\r") != line_ends:
        raise AssertionError(f"a line end inside a header field: {head!r}")
    return head.encode("utf-8", "surrogateescape") + message.body
