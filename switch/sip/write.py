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
        lines = [f"{message.method} {message.uri} SIP/2.0"]
    else:
        lines = [f"SIP/2.0 {message.status} {message.reason}"]
    for name, values in message.headers.fields.items():
        for value in values:
            lines.append(f"{name}: {value}")
    lines.append(f"Content-Length: {len(message.body)}\r\n\r\n")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1:
        raise AssertionError(f"a line end inside a header field: {head!r}")
    return head.encode("utf-8", "surrogateescape") + message.body
